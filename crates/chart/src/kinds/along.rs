//! What charts of lines say besides their picture: what lies under the pointer, and the sentence for who does not see.

use std::borrow::Cow;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use super::{NULL, Sheet, also, enumerate};
use crate::clock::Scribe;
use crate::past::Past;
use crate::reduce::{Places, width};
use crate::scale::{Extent, Scale};
use crate::scene::{UNIT, pixels};
use crate::series::{Along, Lines, Series};
use crate::trace::within;
use crate::{Entries, Entry, Hex, Key, Mark, Shape, Words};

use super::line::Drawn;

/// What a value of a series (by its number) at a place is in the picture and in words, where a stack makes of it more
/// than itself.
pub(super) struct Told {
    /// Where it is drawn.
    pub(super) edge: f64,
    /// What its text goes on with: ` (12.3%)`.
    pub(super) note: String,
}

/// Beyond so many series nobody reads a tooltip, and it would weigh more than the picture: then only those with a name
/// are told.
const TOLD: usize = 24;

pub(super) type Tell<'a> = dyn Fn(usize, f64, f64) -> Told + 'a;

/// A value that stands for itself.
pub(super) fn itself(_: usize, _: f64, value: f64) -> Told {
    Told { edge: value, note: String::new() }
}

/// The marks of all places that are shown.
pub(super) fn marks(sheet: &Sheet<'_>, drawn: &Drawn<'_>, tell: &Tell<'_>) -> Vec<Mark> {
    let Drawn { lines, frame, past, .. } = drawn;
    let all = lines.series.len() <= TOLD;
    let same = lines.series.iter().all(|series| !series.right);
    let alone = lines.series.len() == 1;
    let scale = |series: &Series<'_>| if series.right { &frame.right } else { &frame.y };
    let places = places(lines, &frame.x, |series, value| scale(series).place(value) / f64::from(UNIT));
    let mut draft = Draft::for_marks(places.len(), lines.series.len());
    let (mut digits, mut said) = (String::new(), String::new());
    let mut scribe = match &lines.along {
        Along::Time(clock) => Some(Scribe::of(clock)),
        _ => None,
    };
    // Places ascend, and so what stands there is never before what stood at the last one.
    let drawn = lines.shown().filter(|(_, series)| all || !series.faded);
    let mut drawn: Vec<_> =
        drawn.map(|(number, series)| (number, series, (Words::from(&series.name), series.paint.to_hex()), 0)).collect();
    let mut before: Vec<_> =
        past.iter().flat_map(Past::shown).map(|series| (series, series.paint.to_hex(), 0)).collect();
    for x in places {
        let mut first = None;
        let mut put =
            |draft: &mut Draft, series: &Series<'_>, index: usize, (name, color): (Words, Hex), told: Told| {
                let scale = scale(series);
                let value = series.ys[index];
                let y = Some(told.edge).filter(|edge| value.is_finite() && scale.measures(*edge) && scale.holds(*edge));
                let y = y.map(|edge| pixels(scale.at(edge)));
                let amount = Some(value).filter(|value| same && value.is_finite());
                said.clear();
                sheet.write_exact(series.column, series.row(index), &mut digits, &mut said);
                said.push_str(&told.note);
                draft.entries.push(Entry { name, value: said.as_str().into(), amount, color, y });
            };
        // Series of the same rows stand at the same places.
        let mut last: Option<(&Rc<Places>, Range<usize>)> = None;
        for (number, series, look, at) in &mut drawn {
            let here = match &last {
                Some((xs, here)) if Rc::ptr_eq(xs, &series.xs) => here.clone(),
                _ => {
                    *at = reached(&series.xs, *at, x);
                    standing(&series.xs, *at, x)
                }
            };
            for index in here.clone() {
                first.get_or_insert_with(|| series.row(index));
                put(&mut draft, series, index, look.clone(), tell(*number, x, series.ys[index]));
            }
            last = Some((&series.xs, here));
        }
        for (series, color, at) in &mut before {
            *at = reached(&series.xs, *at, x);
            for index in standing(&series.xs, *at, x) {
                let name = past.as_ref().map(|past| past.name(series, series.row(index), alone)).unwrap_or_default();
                put(&mut draft, series, index, (name.into(), *color), itself(0, x, series.ys[index]));
            }
        }
        let Some(row) = first else {
            draft.entries.truncate(draft.marks.last().map_or(0, |mark| mark.entries.end as usize));
            continue;
        };
        let mut mark = MarkDraft { x: pixels(frame.x.at(x)), at: None, key: None, heading: 0..0, entries: 0..0 };
        mark.at = frame.across().map(|_| x);
        if let Along::Names(_) = lines.along {
            mark.key = Some(Key { column: lines.x.name().to_owned(), value: lines.x.text(row).map(Cow::into_owned) });
        }
        draft.mark(mark, |text| match &mut scribe {
            Some(scribe) => scribe.write(x, text),
            None => text.push_str(&lines.along.heading(x, lines.x, row)),
        });
    }
    draft.marks()
}

/// How many series are drawn that no mark tells of.
pub(super) fn untold(lines: &Lines<'_>) -> u32 {
    let silent = lines.shown().filter(|(_, series)| lines.series.len() > TOLD && series.faded);
    silent.count() as u32
}

/// Marks while they are put into words: what all of them are about is one text, and their values are one list.
struct Draft {
    headings: String,
    entries: Vec<Entry>,
    marks: Vec<MarkDraft>,
}

struct MarkDraft {
    x: f32,
    at: Option<f64>,
    key: Option<Key>,
    /// Where its words stand.
    heading: Range<u32>,
    /// Which values are its own.
    entries: Range<u32>,
}

impl Draft {
    fn for_marks(marks: usize, series: usize) -> Self {
        Self {
            headings: String::with_capacity(marks * 32),
            entries: Vec::with_capacity(marks * series.min(8)),
            marks: Vec::with_capacity(marks),
        }
    }

    /// Adds a mark that has the values since the last one.
    fn mark(&mut self, mark: MarkDraft, write: impl FnOnce(&mut String)) {
        let from = self.headings.len() as u32;
        write(&mut self.headings);
        let heading = from..self.headings.len() as u32;
        let entries = self.marks.last().map_or(0, |mark| mark.entries.end)..self.entries.len() as u32;
        self.marks.push(MarkDraft { heading, entries, ..mark });
    }

    fn marks(self) -> Vec<Mark> {
        let (headings, entries): (Arc<str>, _) = (self.headings.into(), Arc::new(self.entries));
        let marks = self.marks.into_iter().map(|mark| Mark {
            shape: Shape::Column { x: mark.x },
            heading: Words::piece(&headings, mark.heading),
            entries: Entries::stretch(&entries, mark.entries),
            parts: Vec::new(),
            at: mark.at,
            keys: mark.key.map_or_else(Vec::new, |key| vec![key]),
            link: None,
        });
        marks.collect()
    }
}

/// The points of a series that stand exactly there.
pub(super) fn found(series: &Series<'_>, x: f64) -> Range<usize> {
    standing(&series.xs, reached(&series.xs, 0, x), x)
}

/// The points from `start` on that stand exactly there, where all before stand before.
fn standing(xs: &[f64], start: usize, x: f64) -> Range<usize> {
    start..start + xs[start..].iter().take_while(|place| **place == x).count()
}

/// The first point from `from` on that is not before a place. It is looked for in wider and wider steps, since the next
/// place is near.
fn reached(xs: &[f64], from: usize, x: f64) -> usize {
    let (mut start, mut step) = (from, 1);
    while xs.get(start + step - 1).is_some_and(|place| *place < x) {
        start += step;
        step *= 2;
    }
    let end = (start + step - 1).min(xs.len());
    start + xs[start..end].partition_point(|place| *place < x)
}

/// The places on a scale that have marks: of each series all of its own, or where there are more than two in a pixel
/// column, those of its least and greatest value there. Series that share their places share their marks. `height` is
/// where a value stands from top to bottom, in pixels.
pub(super) fn places(lines: &Lines<'_>, scale: &Scale, height: impl Fn(&Series<'_>, f64) -> f64) -> Vec<f64> {
    // Beyond so many groups of places, only those of a series with a name count.
    const MOST: usize = 8;
    let all = lines.series.len() <= TOLD;
    let mut groups: Vec<Vec<&Series<'_>>> = Vec::new();
    for (_, series) in lines.shown().filter(|(_, series)| all || !series.faded) {
        let follows =
            |group: &&mut Vec<&Series<'_>>| Rc::ptr_eq(&group[0].xs, &series.xs) || group[0].xs[..] == series.xs[..];
        match groups.iter_mut().find(follows) {
            Some(group) => group.push(series),
            None => groups.push(vec![series]),
        }
    }
    if groups.len() > MOST {
        groups.retain(|group| group.iter().any(|series| !series.faded));
    }
    let own = groups.iter().flat_map(|group| own_places(group, scale, &height));
    let mut places: Vec<f64> = own.collect();
    if groups.len() > 1 {
        places.sort_unstable_by(f64::total_cmp);
    }
    places.dedup();
    places
}

/// The places of series that share them. A peak of each has its own, wherever the others stand there; only where that
/// would be more than a tooltip's list can weigh, one that is hardly higher or lower than what is told beside it has none.
fn own_places(group: &[&Series<'_>], scale: &Scale, height: &impl Fn(&Series<'_>, f64) -> f64) -> Vec<f64> {
    const MOST_ENTRIES: usize = 40_000;
    let first = group[0];
    let xs = &first.xs[within(&first.xs, scale.domain())];
    if xs.len() <= width(xs, scale) * 2 {
        return xs.to_vec();
    }
    let columns = first.xs.columns(scale);
    let peaks: Vec<_> = group.iter().map(|series| series.peaks(scale)).collect();
    let mut kept: Vec<f64> = Vec::with_capacity(columns.len() * 2 * group.len());
    let mut rows: Vec<usize> = Vec::new();
    let mut near = 1.0;
    loop {
        for (index, column) in columns.iter().enumerate() {
            rows.clear();
            for (series, peaks) in group.iter().zip(&peaks) {
                let ys = &series.ys[column.clone()];
                for peak in peaks[index].iter().flat_map(|[_, a, b, _]| [*a, *b]) {
                    let apart = |row: &usize| (height(series, ys[*row]) - height(series, ys[peak])).abs();
                    if !rows.iter().any(|row| *row == peak || near > 0.0 && apart(row) < near) {
                        rows.push(peak);
                    }
                }
            }
            // A column of gaps is a place too.
            if rows.is_empty() {
                rows.push(0);
            }
            rows.sort_unstable();
            kept.extend(rows.iter().map(|row| first.xs[column.start + row]));
        }
        if kept.len() * group.len() <= MOST_ENTRIES || near > 1e3 {
            return kept;
        }
        kept.clear();
        near = f64::max(near * 2.0, 1.0);
    }
}

/// `Line chart of visits by date, from Mon 5 Jan 2026 to Sun 11 Jan 2026; visits: lowest 3, highest 9, last 5.`
pub(super) fn summary(sheet: &Sheet<'_>, drawn: &Drawn<'_>, kind: &str) -> String {
    let lines = &drawn.lines;
    let named = || lines.named().filter(|series| !series.hidden);
    let names = enumerate(named().map(|series| series.name.as_str()));
    let mut summary = format!("{kind} of {names} by {}", crate::text::name(lines.x.name()));
    // Of a number, the engine's own digits.
    let heading = |series: &Series<'_>, index: usize| lines.along.heading(series.xs[index], lines.x, series.row(index));
    let shown = lines.shown().filter_map(|(_, series)| {
        let inside = within(&series.xs, drawn.frame.x.domain());
        (!inside.is_empty()).then_some((series, inside))
    });
    let ends: Vec<_> = shown.collect();
    let first = ends.iter().min_by(|a, b| a.0.xs[a.1.start].total_cmp(&b.0.xs[b.1.start]));
    let last = ends.iter().max_by(|a, b| a.0.xs[a.1.end - 1].total_cmp(&b.0.xs[b.1.end - 1]));
    if let (Some((from, a)), Some((to, b)), false) = (first, last, matches!(lines.along, Along::Names(_))) {
        let (from, to) = (heading(from, a.start), heading(to, b.end - 1));
        summary.push_str(&if from == to { format!(", at {from}") } else { format!(", from {from} to {to}") });
    }
    for series in named().take(3) {
        let inside = within(&series.xs, drawn.frame.x.domain());
        let Extent { least, greatest, .. } = series.extent(inside.clone());
        if least > greatest {
            continue;
        }
        let last = series.ys[inside].iter().rev().find(|y| y.is_finite());
        let format = sheet.format(series.column);
        summary.push_str(&format!(
            "; {}: lowest {}, highest {}, last {}",
            series.name,
            format.headline(least),
            format.headline(greatest),
            last.map_or_else(|| NULL.into(), |value| format.headline(*value)),
        ));
    }
    summary.push('.');
    summary.push_str(&also(sheet.left_out(lines.left_out).as_deref()));
    summary
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_place_is_found_from_wherever_the_search_begins_before_it(
            mut xs in prop::collection::vec(0u8..60, 0..80),
            places in prop::collection::btree_set(0u8..60, 0..40),
        ) {
            xs.sort_unstable();
            let xs: Vec<f64> = xs.into_iter().map(f64::from).collect();
            let mut at = 0;
            for place in places.into_iter().map(f64::from) {
                at = reached(&xs, at, place);
                let expected: Vec<usize> = (0..xs.len()).filter(|index| xs[*index] == place).collect();
                prop_assert_eq!(standing(&xs, at, place).collect::<Vec<_>>(), expected);
                prop_assert_eq!(at, xs.partition_point(|x| *x < place));
            }
        }
    }
}
