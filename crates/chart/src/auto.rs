//! Which kind of chart suits an answer, by what its columns are called and hold. The first line that fits decides:
//!
//! | the answer has | it is drawn as |
//! |---|---|
//! | lists, maps, places on the Earth, or nothing to compare | table |
//! | one row with one number | KPI |
//! | one row with more | table |
//! | a time, and `open`, `high`, `low`, `close` | candlestick |
//! | a time, a state, and perhaps whose it is | state timeline |
//! | a time and numbers, with names that are nearly as many as the rows | table |
//! | a time, a name and a number that adds up | stacked columns for fewer than 15 times, else a stacked area |
//! | a time, a name and another number | a line for each name |
//! | a time and one number that adds up | columns for fewer than 15 times, else an area |
//! | a time and numbers | lines; of two that are far apart, one at the right |
//! | a weekday, an hour and a number | heat map |
//! | steps whose number never grows | funnel |
//! | codes of countries, and a number | map |
//! | two names and a number | heat map, if most pairs are there |
//! | a name and a number | donut of few shares, columns for few short names, bars for losses, else a bar list |
//! | a name and two or three numbers alike | grouped columns for few names |
//! | two numbers | scatter |
//! | many rows of one number | histogram |
//! | anything else | table, with bars behind the first number that adds up |

mod sight;

use perch_tinybird::{Family, Table};

use crate::{Aggregate, Cells, ChartError, Good, Kind, Sort, Spec, Stacking, Style};
use sight::Sight;

/// Fewer times than this are single days or hours that can be told apart.
const FEW_TIMES: usize = 15;
/// As many shares as a donut bears.
const SHARES: usize = 6;
/// As many series as can be told apart.
const SERIES: usize = 8;
/// As many names as stand side by side along the bottom.
const SIDE_BY_SIDE: usize = 12;
/// As many numbers as stand side by side above a picture.
const HEADLINES: usize = 4;

/// What suits the table: a kind, the columns that it shows, and how their numbers are written.
pub fn suggest(table: &Table) -> Spec {
    let sights = Sight::all(table);
    let mut spec = choose(table, &sights);
    for sight in &sights {
        let format = sight.format();
        if format != crate::Format::default() {
            spec.formats.insert(sight.name(), format);
        }
    }
    // A sentence about columns is only worth something if the kind can draw them.
    if crate::check(&spec, table).is_err() {
        spec = Spec { formats: spec.formats, ..rows(&sights) };
    }
    spec
}

/// The numbers of an answer that are worth a headline each, as KPIs: those of one row, or those over time, whose course
/// a KPI shows in small. None where [`suggest`] already says one number.
pub fn headlines(table: &Table) -> Vec<Spec> {
    let sights = Sight::all(table);
    let measures = sights.iter().filter(|sight| sight.is_measure() && sight.held > 0);
    let times: Vec<&Sight<'_>> = sights.iter().filter(|sight| sight.is_time()).collect();
    let named = sights.iter().any(Sight::is_name);
    let drawn = choose(table, &sights).kind;
    let time = match times.as_slice() {
        [time] if [Kind::Line, Kind::Area, Kind::Column].contains(&drawn) && !named => Some(*time),
        [] if table.rows() == 1 && drawn == Kind::Table && !named => None,
        _ => return Vec::new(),
    };
    measures.take(HEADLINES).map(|measure| headline(measure, time)).collect()
}

fn headline(measure: &Sight<'_>, time: Option<&Sight<'_>>) -> Spec {
    let adds_up = measure.adds_up();
    let format = match measure.format() {
        format if format == crate::Format::default() && adds_up => Style::Compact.into(),
        format => format,
    };
    Spec {
        x: time.map(Sight::name),
        y: vec![measure.name()],
        aggregate: if adds_up { Aggregate::Sum } else { Aggregate::Mean },
        good: if measure.is_bad() { Good::Down } else { Good::default() },
        format,
        ..Spec::new(Kind::Kpi)
    }
}

/// A spec whose kind is [`Kind::Auto`], with a kind: what it says itself stays, the rest is suggested.
pub(crate) fn resolve(spec: &Spec, table: &Table) -> Spec {
    let suggested = suggest(table);
    let mut formats = suggested.formats;
    formats.retain(|_, _| spec.format == crate::Format::default());
    formats.extend(spec.formats.clone());
    let pick = |said: &Option<String>, suggested: Option<String>| said.clone().or(suggested);
    let resolved = Spec {
        kind: suggested.kind,
        x: pick(&spec.x, suggested.x),
        y: if spec.y.is_empty() { suggested.y } else { spec.y.clone() },
        group_by: pick(&spec.group_by, suggested.group_by),
        right: match &spec.right[..] {
            // A stack has one axis.
            [] if spec.stacked == Stacking::None => suggested.right,
            said => said.to_vec(),
        },
        stacked: if spec.stacked == Stacking::None { suggested.stacked } else { spec.stacked },
        bars: if spec.bars.is_empty() { suggested.bars } else { spec.bars.clone() },
        sort: spec.sort.clone().or(suggested.sort),
        limit: spec.limit.or(suggested.limit),
        formats: formats.clone(),
        ..spec.clone()
    };
    match crate::check(&resolved, table) {
        // What the dashboard names and is not there is told.
        Ok(()) | Err(ChartError::NoColumn { .. }) => resolved,
        Err(_) => Spec { kind: Kind::Table, y: Vec::new(), group_by: None, size: None, formats, ..spec.clone() },
    }
}

fn choose(table: &Table, sights: &[Sight<'_>]) -> Spec {
    let rows_ = || rows(sights);
    let odd = |sight: &Sight<'_>| sight.column.family() == Family::Other || sight.is_place();
    if table.rows() == 0 || sights.iter().any(odd) {
        return rows_();
    }
    let measures: Vec<&Sight<'_>> = sights.iter().filter(|sight| sight.is_measure() && sight.held > 0).collect();
    let names: Vec<&Sight<'_>> = sights.iter().filter(|sight| sight.is_name()).collect();
    let times: Vec<&Sight<'_>> = sights.iter().filter(|sight| sight.is_time()).collect();
    if table.rows() == 1 {
        return match measures.as_slice() {
            [one] if names.is_empty() => Spec { y: vec![one.name()], ..Spec::new(Kind::Kpi) },
            _ => rows_(),
        };
    }
    match times.as_slice() {
        [time] => over_time(time, &names, &measures, sights).unwrap_or_else(rows_),
        [] => by_name(table, &names, &measures, sights).unwrap_or_else(rows_),
        _ => rows_(),
    }
}

fn over_time(time: &Sight<'_>, names: &[&Sight<'_>], measures: &[&Sight<'_>], sights: &[Sight<'_>]) -> Option<Spec> {
    let x = Some(time.name());
    const CANDLE: [&str; 4] = ["open", "high", "low", "close"];
    let called = |name: &&str| measures.iter().find(|measure| measure.is_called(name));
    if let Some(candle) = CANDLE.iter().map(called).collect::<Option<Vec<_>>>() {
        return Some(Spec { x, y: candle.iter().map(|sight| sight.name()).collect(), ..Spec::new(Kind::Candlestick) });
    }
    if measures.is_empty() {
        let state = names.iter().find(|name| name.is_state())?;
        let others: Vec<_> = names.iter().filter(|name| name.column.name() != state.column.name()).collect();
        let group_by = match others.as_slice() {
            [] => None,
            [one] if one.distinct <= 40 => Some(one.name()),
            _ => return None,
        };
        return Some(Spec { x, y: vec![state.name()], group_by, ..Spec::new(Kind::StateTimeline) });
    }
    let first = measures.first()?;
    match names {
        [] => Some(series_over_time(time, measures)),
        [name] if name.distinct * 2 <= name.held || time.distinct < time.held => {
            let many = name.distinct > 60 || sights.len() > 4;
            let y = vec![first.name()];
            let spec = Spec { x, y, group_by: Some(name.name()), limit: Some(SERIES), ..Spec::new(Kind::Line) };
            match first.adds_up() {
                _ if many => None,
                true if time.distinct < FEW_TIMES => Some(Spec { kind: Kind::Column, stacked: Stacking::Sum, ..spec }),
                true => Some(Spec { kind: Kind::Area, stacked: Stacking::Sum, ..spec }),
                false => Some(Spec { limit: None, ..spec }),
            }
        }
        _ => None,
    }
}

fn series_over_time(time: &Sight<'_>, measures: &[&Sight<'_>]) -> Spec {
    let x = Some(time.name());
    if let [one] = measures {
        let kind = match one.adds_up() {
            true if time.distinct < FEW_TIMES => Kind::Column,
            true => Kind::Area,
            false => Kind::Line,
        };
        return Spec { x, y: vec![one.name()], ..Spec::new(kind) };
    }
    // One axis measures what is of one size and one unit.
    let first = measures[0];
    let alike = |sight: &&&Sight<'_>| {
        let (a, b) = (first.reach().max(f64::MIN_POSITIVE), sight.reach().max(f64::MIN_POSITIVE));
        sight.format() == first.format() && (a / b).max(b / a) < 30.0
    };
    let y: Vec<String> = measures.iter().filter(alike).take(SERIES).map(|sight| sight.name()).collect();
    match (y.len(), measures) {
        (1, [_, second, ..]) => {
            let y = vec![first.name(), second.name()];
            Spec { x, y, right: vec![second.name()], ..Spec::new(Kind::Line) }
        }
        _ => Spec { x, y, ..Spec::new(Kind::Line) },
    }
}

fn by_name(table: &Table, names: &[&Sight<'_>], measures: &[&Sight<'_>], sights: &[Sight<'_>]) -> Option<Spec> {
    let first = measures.first()?;
    let y = vec![first.name()];
    let hour = sights.iter().find(|sight| sight.is_hour());
    let weekday = sights.iter().find(|sight| sight.is_weekday());
    if let (Some(hour), Some(weekday), [_]) = (hour, weekday, measures) {
        let (x, group_by) = (Some(hour.name()), Some(weekday.name()));
        return Some(Spec { x, y, group_by, cells: Cells::Columns, ..Spec::new(Kind::HeatMap) });
    }
    match (names, measures) {
        ([name], [value]) => Some(one_by_name(table, name, value)),
        ([a, b], [_]) => {
            let grid = a.distinct * b.distinct;
            let fits = a.distinct > 1 && b.distinct > 1 && a.distinct <= 60 && b.distinct <= 60;
            let (x, group) = if a.distinct >= b.distinct { (a, b) } else { (b, a) };
            let (x, group_by) = (Some(x.name()), Some(group.name()));
            (fits && table.rows() <= grid && table.rows() * 5 >= grid * 2).then(|| Spec {
                x,
                y,
                group_by,
                ..Spec::new(Kind::HeatMap)
            })
        }
        ([name], [_, rest @ ..]) => {
            let alike = rest.len() < 3
                && rest.iter().all(|sight| {
                    sight.format() == first.format()
                        && sight.reach() < first.reach() * 10.0
                        && first.reach() < sight.reach() * 10.0
                });
            let few = name.distinct == table.rows() && table.rows() <= SIDE_BY_SIDE && name.longest <= 16;
            let y = measures.iter().map(|sight| sight.name()).collect();
            (alike && few).then(|| Spec { x: Some(name.name()), y, ..Spec::new(Kind::Column) })
        }
        ([], [a, b]) if sights.len() == 2 && table.rows() > 2 => {
            Some(Spec { x: Some(a.name()), y: vec![b.name()], ..Spec::new(Kind::Scatter) })
        }
        ([], [_]) if sights.len() == 1 && table.rows() >= 20 => Some(Spec { y, ..Spec::new(Kind::Histogram) }),
        _ => None,
    }
}

fn one_by_name(table: &Table, name: &Sight<'_>, value: &Sight<'_>) -> Spec {
    let (rows, once) = (table.rows(), name.distinct == table.rows());
    let numbers: Vec<f64> = (0..rows.min(50)).filter_map(|row| value.column.number(row)).collect();
    let shrinks = numbers.windows(2).all(|pair| pair[0] >= pair[1]);
    let kind = if name.is_step() && once && shrinks && rows <= SIDE_BY_SIDE && !value.is_negative() {
        Kind::Funnel
    } else if name.is_country() && name.distinct > 2 && !value.is_negative() {
        Kind::Map
    } else if value.is_negative() {
        if rows <= SIDE_BY_SIDE && name.longest <= 12 { Kind::Column } else { Kind::Bar }
    } else if value.adds_up() && (2..=SHARES).contains(&name.distinct) && name.longest <= 20 {
        Kind::Donut
    } else if once && rows <= SIDE_BY_SIDE && name.longest <= 10 {
        Kind::Column
    } else {
        Kind::BarList
    };
    Spec { x: Some(name.name()), y: vec![value.name()], ..Spec::new(kind) }
}

/// The rows themselves.
fn rows(sights: &[Sight<'_>]) -> Spec {
    let counted = sights.iter().find(|sight| sight.adds_up() && sight.distinct > 2);
    let bars = counted.filter(|_| sights.len() <= 20).map(Sight::name).into_iter().collect();
    // What happened last is looked for first.
    let time = sights.iter().find(|sight| sight.is_time() && sight.distinct > 2);
    let sort = time.map(|time| Sort { column: time.name(), descending: true });
    Spec { bars, sort, ..Spec::new(Kind::Table) }
}
