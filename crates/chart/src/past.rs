//! The period before: its series, moved so that they begin where those of today do.

use perch_tinybird::Table;

use crate::Earlier;
use crate::columns::Columns;
use crate::kinds::Sheet;
use crate::series::{self, Along, Lines, Series};

/// The period before behind the series of this one.
pub(crate) struct Past<'a> {
    /// Those that have one of the same name today, with that one's number in [`Lines::series`].
    pub(crate) series: Vec<(usize, Series<'a>)>,
    along: Along,
    shift: f64,
    earlier: Earlier,
}

impl<'a> Past<'a> {
    /// The period before of all series that are drawn by name, if there is one and the viewer has not turned it off.
    pub(crate) fn read(sheet: &Sheet<'a>, lines: &Lines<'_>) -> Option<Self> {
        let earlier = sheet.input.earlier;
        let table =
            sheet.input.previous.filter(|_| !sheet.input.view.hidden.iter().any(|name| name == earlier.name()))?;
        let (columns, x) = columns(sheet, table, lines)?;
        // A period before that cannot be drawn is no reason not to draw this one.
        let mut past = series::read(sheet, table, &columns, x, None).ok()?;
        let (here, there) = (lines.span()?, past.span()?);
        let shift = match (&lines.along, &past.along) {
            (Along::Names(now), Along::Names(before)) => {
                let index: Vec<Option<usize>> =
                    before.iter().map(|name| now.iter().position(|other| other == name)).collect();
                past.series.iter_mut().for_each(|series| series.place(|x| index[x as usize].map(|index| index as f64)));
                0.0
            }
            (Along::Names(_), _) | (_, Along::Names(_)) => return None,
            _ => here.0 - there.0,
        };
        // A longer period before does not widen this one.
        past.series.iter_mut().for_each(|series| series.place(|x| Some(x + shift).filter(|x| *x <= here.1)));
        let ghost = sheet.palette.ghost;
        let several = lines.series.len() > 1;
        let matched = past.series.into_iter().filter_map(|mut series| {
            let (number, now) = lines.series.iter().enumerate().find(|(_, now)| now.name == series.name)?;
            series.paint = if several { now.paint.faint(0.45) } else { ghost };
            (series.right, series.hidden) = (now.right, now.hidden);
            (!now.faded && !series.xs.is_empty()).then_some((number, series))
        });
        let series: Vec<(usize, Series<'a>)> = matched.collect();
        (!series.is_empty()).then_some(Self { series, along: past.along, shift, earlier })
    }

    /// Those whose series of today is drawn.
    pub(crate) fn shown(&self) -> impl Iterator<Item = &Series<'a>> {
        self.series.iter().map(|(_, series)| series).filter(|series| !series.hidden)
    }

    /// What a value of the period before is called, at a place of today.
    pub(crate) fn name(&self, series: &Series<'_>, x: f64, alone: bool) -> String {
        let who = if alone { String::new() } else { format!("{}, ", series.name) };
        let before = if alone { self.earlier.name() } else { self.earlier.after_a_word() };
        match &self.along {
            Along::Time(clock) => format!("{who}{before} ({})", clock.write(x - self.shift)),
            _ => format!("{who}{before}"),
        }
    }
}

/// The columns of the same names in the table of the period before.
fn columns<'a>(
    sheet: &Sheet<'a>,
    table: &'a Table,
    lines: &Lines<'_>,
) -> Option<(Columns<'a>, &'a perch_tinybird::Column)> {
    let x = table.column(lines.x.name())?;
    let y: Vec<_> = sheet.columns.y.iter().filter_map(|column| table.column(column.name())).collect();
    let group = match sheet.columns.group {
        Some(group) => Some(table.column(group.name())?),
        None => None,
    };
    (!y.is_empty()).then(|| (Columns { x: Some(x), y, group, ..Columns::default() }, x))
}
