//! Which columns of a table have a place in the picture, and how wide each is.

use std::sync::OnceLock;

use perch_tinybird::{Column, Family};

use super::cells::{Cells, is_number, sample};
use super::{ARROW, PAD};
use crate::element::{BODY, Look, SMALL};
use crate::font::{self, Weight};
use crate::palette::Paint;
use crate::scene::Anchor;
use crate::text;

const WIDEST: f32 = 320.0;
const NARROWEST: f32 = 64.0;

/// The columns in the picture.
pub(super) struct Grid<'a> {
    pub(super) places: Vec<Place<'a>>,
    /// How many columns are scrolled away at the left.
    pub(super) before: usize,
    /// How many columns are still to come at the right, and where to say so.
    pub(super) after: usize,
    pub(super) more: Option<(f32, String)>,
}

/// A column's place, in CSS pixels.
pub(super) struct Place<'a> {
    pub(super) column: &'a Column,
    pub(super) index: usize,
    pub(super) left: f32,
    pub(super) width: f32,
    pub(super) anchor: Anchor,
    /// What an icon takes before its texts.
    pub(super) inset: f32,
}

impl<'a> Grid<'a> {
    /// As many columns as have room, from the one on that the viewer has scrolled to. The first column says what a row
    /// is about, if it is no number, and stays.
    pub(super) fn of(
        room: f32,
        muted: Paint,
        cells: &Cells<'a>,
        sums: &[Option<String>],
        kept: &[OnceLock<f32>],
        scrolled: usize,
    ) -> Self {
        let widths = Widths { cells, sums, room, kept };
        let all = cells.columns.len();
        let fixed = usize::from(all > 1 && !is_number(cells.columns[0]) && widths.least(0) < room * 0.5);
        let tail = |hidden: usize| match hidden {
            0 => 0.0,
            hidden => Look::new(SMALL, muted).width(&format!("+{hidden}")) + PAD,
        };
        // How many have room after those that are scrolled away.
        let shown = |before: usize| {
            let mut used: f32 = (0..fixed).map(|index| widths.least(index)).sum();
            let rest = all - fixed - before;
            let mut needed = Vec::new();
            for index in fixed + before..all {
                used += widths.least(index);
                needed.push(used);
                if used > room {
                    break;
                }
            }
            let fits = |count: usize| needed.get(count - 1).is_some_and(|used| used + tail(rest - count) <= room);
            (1..=needed.len()).rev().find(|count| fits(*count)).unwrap_or(rest.min(1))
        };
        let mut before = scrolled.min((all - fixed).saturating_sub(1));
        // The last page is a full one.
        while before > 0 && shown(before - 1) + before + fixed > all {
            before -= 1;
        }
        let count = shown(before);
        let after = all - fixed - before - count;
        let indices: Vec<usize> = (0..fixed).chain(fixed + before..fixed + before + count).collect();
        let columns: Vec<&Column> = indices.iter().map(|index| cells.columns[*index]).collect();
        let mut fitted: Vec<f32> = indices.iter().map(|index| widths.wanted(*index)).collect();
        squeeze(&mut fitted, &columns, room - tail(after));
        let mut left = 0.0;
        let places = indices.iter().zip(&columns).zip(&fitted).map(|((index, column), width)| {
            let anchor = if is_number(column) { Anchor::End } else { Anchor::Start };
            let place = Place { column, index: *index, left, width: *width, anchor, inset: cells.inset(*index) };
            left += width;
            place
        });
        let places = places.collect();
        Self { places, before, after, more: (after > 0).then(|| (room - 2.0, format!("+{after}"))) }
    }
}

/// What the columns would like to have, measured for those that are looked at.
struct Widths<'a, 'c> {
    cells: &'c Cells<'a>,
    /// What stands below each column, if there are totals.
    sums: &'c [Option<String>],
    room: f32,
    kept: &'c [OnceLock<f32>],
}

impl Widths<'_, '_> {
    fn wanted(&self, index: usize) -> f32 {
        let measure = || measure(self.cells, index, self.sums.get(index).and_then(Option::as_ref));
        *self.kept[index].get_or_init(measure) + self.cells.inset(index)
    }

    fn least(&self, index: usize) -> f32 {
        let wanted = self.wanted(index);
        match self.cells.columns[index].family() {
            // Half a number is a wrong number, and a time without its hour another time.
            Family::Number | Family::Time => wanted.min(self.room * 0.5),
            _ => wanted.min(NARROWEST),
        }
    }
}

fn measure(cells: &Cells<'_>, index: usize, sum: Option<&String>) -> f32 {
    let name = text::fit(cells.columns[index].name(), WIDEST, SMALL, Weight::SemiBold)
        .map_or(0.0, |fit| font::width(&fit.text, SMALL, Weight::SemiBold));
    let widths = sample(cells.rows).map(|row| {
        let cell = cells.text(index, row);
        // A text of thousands of letters need not be measured to its end.
        let width = text::fit(&cell, WIDEST, BODY, Weight::Regular)
            .map_or(WIDEST, |fit| if fit.cut { WIDEST } else { font::width(&fit.text, BODY, Weight::Regular) });
        width + cells.indent(index, row)
    });
    let total = sum.map_or(0.0, |sum| {
        font::width(&cells.total(index, sum), BODY, Weight::SemiBold) + cells.total_indent(index, sum)
    });
    (widths.fold(total.max(name + ARROW), f32::max) + PAD * 2.0).ceil()
}

/// Makes widths fill the room: what is missing is taken from the widest texts first, what is left over is given to all.
fn squeeze(widths: &mut [f32], columns: &[&Column], room: f32) {
    let total: f32 = widths.iter().sum();
    if total <= room {
        let share = (room - total) / widths.len().max(1) as f32;
        widths.iter_mut().for_each(|width| *width += share);
        return;
    }
    for whole in [false, true] {
        let mine = |index: usize| matches!(columns[index].family(), Family::Number | Family::Time) == whole;
        let least = if whole { 24.0 } else { NARROWEST };
        let others: f32 = widths.iter().enumerate().filter(|(index, _)| !mine(*index)).map(|(_, width)| *width).sum();
        // The one width that no text of this kind may exceed, found from both sides.
        let (mut low, mut high) = (least, WIDEST + PAD * 2.0);
        for _ in 0..24 {
            let cap = (low + high) / 2.0;
            let sum: f32 =
                widths.iter().enumerate().filter(|(index, _)| mine(*index)).map(|(_, width)| width.min(cap)).sum();
            if sum + others <= room { low = cap } else { high = cap }
        }
        for (index, width) in widths.iter_mut().enumerate() {
            if mine(index) {
                *width = width.min(low);
            }
        }
        if widths.iter().sum::<f32>() <= room + 0.5 {
            return;
        }
    }
    // Not even so: all alike.
    let share = room / widths.len().max(1) as f32;
    widths.iter_mut().for_each(|width| *width = width.min(share));
}
