//! The period before: its series, moved to where the same days stand now.

use std::collections::HashMap;

use perch_tinybird::{Column, Table};

use crate::Earlier;
use crate::columns::Columns;
use crate::kinds::Sheet;
use crate::periods::Shift;
use crate::series::{self, Along, Lines, Series};

/// The period before behind the series of this one.
pub(crate) struct Past<'a> {
    /// Those that have one of the same name today, with that one's number in [`Lines::series`].
    pub(crate) series: Vec<(usize, Series<'a>)>,
    along: Along,
    /// Where each row stood before it was moved.
    places: Vec<f64>,
    earlier: Earlier,
}

/// The table of the earlier time, if there is one and the viewer has not turned it off.
pub(crate) fn table<'a>(sheet: &Sheet<'a>) -> Option<&'a Table> {
    let input = sheet.input;
    input.previous.filter(|_| !input.view.hidden.iter().any(|name| name == input.earlier.name()))
}

impl<'a> Past<'a> {
    /// The period before of all series that are drawn by name.
    pub(crate) fn read(sheet: &Sheet<'a>, lines: &Lines<'_>) -> Option<Self> {
        let table = table(sheet)?;
        let (columns, x) = columns(sheet, table, lines.x, &sheet.columns.y)?;
        // A period before that cannot be drawn is no reason not to draw this one.
        let mut past = series::read(sheet, table, &columns, x, None).ok()?;
        let (here, there) = (lines.span()?, past.span()?);
        let (_, places) = Along::read(x, sheet).ok()?;
        {
            let moved = mover(sheet, (&lines.along, here), (&past.along, there))?;
            // A longer period before does not widen this one.
            past.series.iter_mut().for_each(|series| series.place(|x| moved(x).filter(|x| *x <= here.1)));
        }
        let ghost = sheet.palette.ghost;
        let several = lines.series.len() > 1;
        let matched = past.series.into_iter().filter_map(|mut series| {
            let (number, now) = lines.series.iter().enumerate().find(|(_, now)| now.name == series.name)?;
            series.paint = if several { now.paint.faint(0.45) } else { ghost };
            (series.right, series.hidden) = (now.right, now.hidden);
            (!now.faded && !series.xs.is_empty()).then_some((number, series))
        });
        let series: Vec<(usize, Series<'a>)> = matched.collect();
        (!series.is_empty()).then_some(Self { series, along: past.along, places, earlier: sheet.input.earlier })
    }

    /// Those whose series of today is drawn.
    pub(crate) fn shown(&self) -> impl Iterator<Item = &Series<'a>> {
        self.series.iter().map(|(_, series)| series).filter(|series| !series.hidden)
    }

    /// What a value of the period before is called, which is one of its rows.
    pub(crate) fn name(&self, series: &Series<'_>, row: usize, alone: bool) -> String {
        let who = if alone { String::new() } else { format!("{}, ", series.name) };
        let before = if alone { self.earlier.name() } else { self.earlier.after_a_word() };
        match &self.along {
            Along::Time(clock) => format!("{who}{before} ({})", clock.write(self.places[row])),
            _ => format!("{who}{before}"),
        }
    }
}

/// Where what stood at a place of the period before stands now: moments as [`Shift`] says, categories by their names,
/// numbers where they are. `None` where the two measure nothing alike.
pub(crate) fn mover<'b>(
    sheet: &Sheet<'_>,
    (now, here): (&'b Along, (f64, f64)),
    (before, there): (&'b Along, (f64, f64)),
) -> Option<Box<dyn Fn(f64) -> Option<f64> + 'b>> {
    Some(match (now, before) {
        (Along::Time(clock), Along::Time(_)) => {
            let shift = Shift::of(sheet.input.periods, clock, (here.0, there.0));
            Box::new(move |x| shift.forth(x))
        }
        (Along::Number, Along::Number) => Box::new(Some),
        (Along::Names(now), Along::Names(before)) => {
            let index: HashMap<&str, usize> = now.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
            let index: Vec<Option<usize>> = before.iter().map(|name| index.get(name.as_str()).copied()).collect();
            Box::new(move |x| index[x as usize].map(|index| index as f64))
        }
        _ => return None,
    })
}

/// The columns of the same names in the table of the period before.
pub(crate) fn columns<'a>(
    sheet: &Sheet<'a>,
    table: &'a Table,
    x: &Column,
    y: &[&Column],
) -> Option<(Columns<'a>, &'a Column)> {
    let x = table.column(x.name())?;
    let y: Vec<_> = y.iter().filter_map(|column| table.column(column.name())).collect();
    let group = match sheet.columns.group {
        Some(group) => Some(table.column(group.name())?),
        None => None,
    };
    (!y.is_empty()).then(|| (Columns { x: Some(x), y, group, ..Columns::default() }, x))
}
