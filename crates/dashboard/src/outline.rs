//! A first dashboard from what pipes answered: charts that suit the columns, numbers first, then courses over time, then
//! lists, then tables. It is written as the file that an operator goes on with.

use std::fmt::Write;

use perch_chart::{Aggregate, Cells, Good, Kind, Spec, Stacking, headlines, suggest};
use perch_tinybird::{Family, Table};
use toml::Value;

use crate::file::MOST_TILES;
use crate::keys::NEWEST;
use crate::naming;

/// The columns of the grid.
const GRID: usize = 12;
/// As many numbers as stand side by side.
const NUMBERS_A_ROW: usize = 4;
/// In characters.
const LONGEST_TITLE: usize = 100;

/// What a pipe answered.
#[derive(Debug, Clone, Copy)]
pub struct Answered<'a> {
    /// The pipe, as the token's scope names it.
    pub pipe: &'a str,
    /// Its answer.
    pub table: &'a Table,
    /// Whether it asks for days, by `date_from` and `date_to`.
    pub timed: bool,
}

/// The text of a dashboard file with the title, which shows what the pipes answered; `None` where there is none.
pub fn outline(title: &str, answered: &[Answered<'_>]) -> Option<String> {
    let mut drafts: Vec<Draft<'_>> = Vec::new();
    for answer in answered {
        // Two pipes often tell the same number.
        let numbers = numbers(answer).into_iter();
        let new: Vec<_> = numbers.filter(|new| drafts.iter().all(|draft| draft.title != new.title)).collect();
        drafts.extend(new);
        drafts.extend(picture(answer));
    }
    drafts.truncate(MOST_TILES);
    if drafts.is_empty() {
        return None;
    }
    let has_time = answered.iter().any(|answer| answer.timed);
    let mut text = format!("version = {NEWEST}\ntitle = {}\n", quoted(title));
    if has_time {
        text += "\n[time]\ndefault = \"7d\"\nfrom = \"date_from\"\nto = \"date_to\"\n";
    }
    for draft in arranged(drafts) {
        draft.write(&mut text, has_time);
    }
    Some(text)
}

/// A tile before it has its place.
struct Draft<'a> {
    title: String,
    pipe: &'a str,
    timed: bool,
    chart: Spec,
    part: Part,
    width: usize,
    height: usize,
}

/// In which part of the dashboard it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Numbers,
    Courses,
    Lists,
    Tables,
}

/// The answer's own numbers: those of an answer to the viewer's time range, or of one row.
fn numbers<'a>(answer: &Answered<'a>) -> Vec<Draft<'a>> {
    let worth = answer.timed || answer.table.rows() == 1;
    let charts = if worth { headlines(answer.table) } else { Vec::new() };
    let draft = |chart: Spec| Draft {
        title: titled(naming::measure_title, chart.y.first().map_or(answer.pipe, String::as_str)),
        pipe: answer.pipe,
        timed: answer.timed,
        chart,
        part: Part::Numbers,
        width: 3,
        height: 2,
    };
    charts.into_iter().map(draft).collect()
}

/// The answer as one picture. A row of numbers that each have a headline needs none.
fn picture<'a>(answer: &Answered<'a>) -> Option<Draft<'a>> {
    let Answered { pipe, table, timed } = *answer;
    // Which chart suits, the first rows will tell.
    let chart = if table.rows() == 0 { Spec::new(Kind::Auto) } else { suggest(table) };
    if table.rows() == 1 && chart.kind == Kind::Table && headlines(table).len() == table.columns().len() {
        return None;
    }
    let is_time = |name: &String| table.column(name).is_some_and(|column| column.family() == Family::Time);
    let over_time = chart.x.as_ref().is_some_and(is_time);
    let (part, width, height) = match chart.kind {
        Kind::Kpi => (Part::Numbers, 3, 2),
        Kind::Line | Kind::Area | Kind::Column | Kind::Candlestick | Kind::StateTimeline if over_time => {
            (Part::Courses, 6, 4)
        }
        Kind::Donut | Kind::Pie | Kind::Gauge => (Part::Lists, 4, 4),
        Kind::Auto => (Part::Tables, 6, 4),
        Kind::Table => (Part::Tables, 12, 5),
        _ => (Part::Lists, 6, 4),
    };
    let title = match (naming::says_nothing(pipe), over_time && !chart.y.is_empty()) {
        (true, true) => {
            let names: Vec<_> = chart.y.iter().map(|name| titled(naming::measure_title, name)).collect();
            format!("{} over time", lowered(&names))
        }
        (true, false) if chart.kind == Kind::Kpi => titled(naming::measure_title, &chart.y.join(" ")),
        _ => titled(naming::title, pipe),
    };
    let title = title.chars().take(LONGEST_TITLE).collect();
    Some(Draft { title, pipe, timed, chart, part, width, height })
}

/// What a name becomes; one that is nothing but signs stays as it is.
fn titled(title: fn(&str) -> String, name: &str) -> String {
    let title: String = title(name).chars().take(LONGEST_TITLE).collect();
    if title.is_empty() { name.to_owned() } else { title }
}

/// `Visits and pageviews`: the first in capitals alone, unless the others are abbreviations.
fn lowered(titles: &[String]) -> String {
    let lower = |(at, title): (usize, &String)| {
        let mut letters = title.chars();
        match (at, letters.next(), letters.as_str().chars().next()) {
            (1.., Some(first), Some(second)) if !second.is_uppercase() => first.to_lowercase().chain(letters).collect(),
            _ => title.clone(),
        }
    };
    naming::listed(&titles.iter().enumerate().map(lower).collect::<Vec<_>>())
}

/// In reading order, in rows that are full and of one height each.
fn arranged(mut drafts: Vec<Draft<'_>>) -> Vec<Draft<'_>> {
    // Stable: within a part they stay in the order of the pipes.
    drafts.sort_by_key(|draft| draft.part);
    let numbers = drafts.iter().filter(|draft| draft.part == Part::Numbers).count();
    if numbers > 1 {
        let rows = numbers.div_ceil(NUMBERS_A_ROW);
        for row in drafts[..numbers].chunks_mut(numbers.div_ceil(rows)) {
            let width = GRID / row.len();
            row.iter_mut().for_each(|draft| draft.width = width);
        }
    } else if let Some(one) = drafts.first_mut().filter(|first| first.part == Part::Numbers) {
        // One number by itself would leave a row empty: the next one stands beside it.
        (one.width, one.part) = (4, Part::Courses);
    }
    let mut from = 0;
    while from < drafts.len() {
        let (mut until, mut width) = (from, 0);
        while let Some(draft) = drafts.get(until)
            && width + draft.width <= GRID
            && draft.part == drafts[from].part
        {
            width += draft.width;
            until += 1;
        }
        let row = &mut drafts[from..until];
        let height = row.iter().map(|draft| draft.height).max().unwrap_or_default();
        row.iter_mut().for_each(|draft| draft.height = height);
        if let Some(last) = row.last_mut() {
            last.width += GRID - width;
        }
        from = until;
    }
    drafts
}

impl Draft<'_> {
    fn write(&self, text: &mut String, has_time: bool) {
        let mut lines = vec![
            ("title", quoted(&self.title)),
            ("pipe", quoted(self.pipe)),
            ("width", self.width.to_string()),
            ("height", self.height.to_string()),
        ];
        if self.timed && self.chart.kind == Kind::Kpi {
            lines.push(("compare", "true".to_owned()));
        } else if has_time && !self.timed {
            lines.push(("time", "false".to_owned()));
        }
        *text += "\n[[tile]]\n";
        write_lines(text, &lines);
        *text += "[tile.chart]\n";
        write_lines(text, &chart_lines(&self.chart));
    }
}

fn write_lines(text: &mut String, lines: &[(&str, String)]) {
    for (key, value) in lines {
        // Writing to a String does not fail.
        let _ = writeln!(text, "{key} = {value}");
    }
}

/// What [`suggest`] and [`headlines`] say of a chart.
pub(crate) fn chart_lines(chart: &Spec) -> Vec<(&'static str, String)> {
    let mut lines = vec![("kind", quoted(&chart.kind.to_string()))];
    let mut say = |key, value: Option<String>| lines.extend(value.map(|value| (key, value)));
    let names = |names: &[String]| match names {
        [] => None,
        [one] => Some(quoted(one)),
        several => Some(format!("[{}]", several.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", "))),
    };
    say("x", chart.x.as_deref().map(quoted));
    say("y", names(&chart.y));
    say("right", names(&chart.right));
    say("group_by", chart.group_by.as_deref().map(quoted));
    say("cells", (chart.cells == Cells::WeekdayHour).then(|| quoted("weekday-hour")));
    say("cells", (chart.cells == Cells::Calendar).then(|| quoted("calendar")));
    say("stacked", (chart.stacked == Stacking::Sum).then(|| "true".to_owned()));
    say("stacked", (chart.stacked == Stacking::Percent).then(|| quoted("percent")));
    say("aggregate", (chart.aggregate == Aggregate::Mean).then(|| quoted("mean")));
    say("good", (chart.good == Good::Down).then(|| quoted("down")));
    say("format", (chart.format != Default::default()).then(|| quoted(&chart.format.to_string())));
    let formats =
        chart.formats.iter().map(|(name, format)| format!("{} = {}", quoted(name), quoted(&format.to_string())));
    let formats: Vec<_> = formats.collect();
    say("formats", (!formats.is_empty()).then(|| format!("{{ {} }}", formats.join(", "))));
    say("limit", chart.limit.map(|limit| limit.to_string()));
    say("bars", names(&chart.bars));
    say(
        "sort",
        chart
            .sort
            .as_ref()
            .map(|sort| format!("{{ column = {}, descending = {} }}", quoted(&sort.column), sort.descending)),
    );
    lines
}

/// A text as TOML writes it, on one line.
fn quoted(text: &str) -> String {
    match Value::from(text).to_string() {
        one_line if !one_line.contains('\n') => one_line,
        _ => {
            let escape = |letter: char| match letter {
                '"' | '\\' => format!("\\{letter}"),
                letter if letter.is_control() => format!("\\u{:04x}", u32::from(letter)),
                letter => letter.to_string(),
            };
            format!("\"{}\"", text.chars().map(escape).collect::<String>())
        }
    }
}

#[cfg(test)]
mod tests {
    use perch_tinybird::decode;
    use proptest::prelude::*;

    use super::*;
    use crate::{Comparison, Dashboard};

    fn table(columns: &[(&str, &str)], rows: &[&[&str]]) -> Table {
        let meta: Vec<_> = columns.iter().map(|(name, kind)| serde_json::json!({"name": name, "type": kind})).collect();
        let data: Vec<_> = rows
            .iter()
            .map(|row| {
                let cells = columns.iter().zip(*row);
                let cells = cells.map(|((name, _), cell)| {
                    (name.to_string(), serde_json::from_str(cell).unwrap_or_else(|_| serde_json::json!(cell)))
                });
                serde_json::Value::Object(cells.collect())
            })
            .collect();
        let answer = serde_json::json!({"meta": meta, "data": data}).to_string();
        decode(answer.as_bytes()).expect("an answer").table
    }

    fn days() -> Table {
        let columns =
            [("date", "Date"), ("visits", "UInt64"), ("avg_session_sec", "Float64"), ("bounce_rate", "Float64")];
        table(&columns, &[&["2026-01-01", "5", "61.5", "40.5"], &["2026-01-02", "7", "50.0", "38.0"]])
    }

    fn made(answered: &[Answered<'_>]) -> (String, Dashboard) {
        let text = outline("Acme", answered).expect("a dashboard");
        let dashboard = Dashboard::parse("made", &text).unwrap_or_else(|problems| panic!("{problems:?}\n{text}"));
        (text, dashboard)
    }

    #[test]
    fn numbers_come_first_then_courses_then_lists_then_tables() {
        let (days, pages) =
            (days(), table(&[("path", "String"), ("country", "String"), ("hits", "UInt64")], &[&["/", "DE", "4"]]));
        let devices = table(&[("device", "String"), ("visits", "UInt64")], &[&["phone", "4"], &["desk", "9"]]);
        let (text, dashboard) = made(&[
            Answered { pipe: "pages", table: &pages, timed: false },
            Answered { pipe: "top_devices", table: &devices, timed: true },
            Answered { pipe: "kpis", table: &days, timed: true },
        ]);
        let tiles: Vec<_> = dashboard.tiles.iter().map(|tile| (tile.title.as_str(), tile.width, tile.height)).collect();
        let expected = [
            ("Visits", 4, 2),
            ("Average session", 4, 2),
            ("Bounce rate", 4, 2),
            ("Visits and average session over time", 12, 4),
            ("Top devices", 12, 4),
            ("Pages", 12, 5),
        ];
        assert_eq!(tiles.len(), expected.len(), "{text}");
        for (tile, expected) in tiles.iter().zip(expected) {
            assert_eq!((tile.1, tile.2), (expected.1, expected.2), "{text}");
        }
        assert_eq!((tiles[0].0, tiles[2].0, tiles[4].0, tiles[5].0), ("Visits", "Bounce rate", "Top devices", "Pages"));
        assert!(dashboard.tiles[0].compare == Comparison::Previous && dashboard.time.is_some());
        assert!(dashboard.tiles[5].time.is_none(), "a pipe without days has none");
        assert_eq!(dashboard.tiles[2].chart.good, Good::Down);
    }

    #[test]
    fn every_row_is_full() {
        let (days, count) = (days(), table(&[("orders", "UInt64")], &[&["3"]]));
        let lists = table(&[("plan", "String"), ("seats", "UInt64")], &[&["a", "1"], &["b", "2"]]);
        for numbers in 0..7 {
            let names: Vec<_> = (0..numbers).map(|number| format!("orders_{number}")).collect();
            let mut answered: Vec<_> =
                names.iter().map(|pipe| Answered { pipe, table: &count, timed: false }).collect();
            answered.push(Answered { pipe: "sales", table: &days, timed: false });
            answered.push(Answered { pipe: "plans", table: &lists, timed: false });
            let (text, dashboard) = made(&answered);
            let mut width = 0;
            for tile in &dashboard.tiles {
                width += usize::from(tile.width);
                assert!(width <= GRID, "{text}");
                width %= GRID;
            }
            assert_eq!(width, 0, "{text}");
        }
    }

    #[test]
    fn a_pipe_that_answered_no_rows_is_there_and_decides_later() {
        let none = table(&[("a", "String"), ("b", "UInt64")], &[]);
        let (_, dashboard) = made(&[Answered { pipe: "quiet", table: &none, timed: true }]);
        assert_eq!((dashboard.tiles[0].chart.kind, dashboard.tiles[0].title.as_str()), (Kind::Auto, "Quiet"));
        assert_eq!(outline("Nothing", &[]), None);
    }

    proptest! {
        #[test]
        fn whatever_pipes_and_columns_are_called_the_file_can_be_read(
            title in "\\PC{1,40}", columns in prop::collection::btree_set("[^\u{0}]{1,12}", 1..5), pipe in "[a-z_][a-z0-9_]{0,20}"
        ) {
            let columns: Vec<_> = columns.iter().map(|name| (name.as_str(), "UInt64")).collect();
            let row = vec!["7"; columns.len()];
            let table = table(&columns, &[&row, &row]);
            prop_assume!(!title.trim().is_empty());
            let text = outline(&title, &[Answered { pipe: &pipe, table: &table, timed: true }]).expect("a dashboard");
            prop_assert!(Dashboard::parse("made", &text).is_ok(), "{text}");
        }
    }
}
