//! What the charts of the benches show: a pipe's answer with a time and two
//! numbers a row, and the line chart of both.

use std::fmt::Write as _;

use perch_chart::{Kind, Spec};

/// The column along the bottom.
const TIME: &str = "time";

/// The columns of the two lines.
const VALUES: [&str; 2] = ["visits", "seconds"];

/// A line for each of the two numbers, over time.
pub fn chart() -> Spec {
    Spec { x: Some(TIME.to_owned()), y: VALUES.map(str::to_owned).into(), ..Spec::new(Kind::Line) }
}

/// An answer as ClickHouse writes it, its rows ten seconds apart: visits that
/// rise and fall with the day, and how many seconds each took. Another `seed`,
/// another course.
pub fn answer(rows: usize, seed: u64) -> String {
    let mut text = String::with_capacity(rows * 84 + 512);
    text.push_str("{\n\t\"meta\":\n\t[\n");
    for (name, kind, end) in [(TIME, "DateTime", ","), (VALUES[0], "UInt32", ","), (VALUES[1], "Float64", "")] {
        let _ = write!(text, "\t\t{{\n\t\t\t\"name\": \"{name}\",\n\t\t\t\"type\": \"{kind}\"\n\t\t}}{end}\n");
    }
    text.push_str("\t],\n\n\t\"data\":\n\t[\n");
    let mut chance = seed;
    for row in 0..rows {
        // Knuth's linear congruence: the same answer at each run.
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let [low, high, ..] = chance.to_be_bytes().map(f64::from);
        let course = row as f64 / rows as f64 * 20.0 + seed as f64;
        let visits = (500.0 + 300.0 * course.sin() + low).round();
        let seconds = ((40.0 + 10.0 * (course * 0.7).cos() + high / 10.0) * 100.0).round() / 100.0;
        let (day, second) = (row / 8_640, row % 8_640 * 10);
        let (month, day) = (1 + day / 28 % 12, 1 + day % 28);
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        let _ =
            write!(text, "\t\t{{\n\t\t\t\"{TIME}\": \"2026-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}\",\n");
        let _ = write!(text, "\t\t\t\"{}\": {visits},\n\t\t\t\"{}\": {seconds}\n\t\t}}", VALUES[0], VALUES[1]);
        text.push_str(if row + 1 < rows { ",\n" } else { "\n" });
    }
    let _ = write!(text, "\t],\n\n\t\"rows\": {rows},\n\n\t\"statistics\":\n\t{{\n\t\t\"elapsed\": 0.01,\n");
    let _ = write!(text, "\t\t\"rows_read\": {rows},\n\t\t\"bytes_read\": {rows}\n\t}}\n}}\n");
    text
}

#[cfg(test)]
mod tests {
    use perch_chart::{Input, Size, Theme};

    use super::*;

    #[test]
    fn the_answer_is_json_whose_rows_become_two_lines_with_their_own_values() {
        let text = answer(500, 3);
        let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let table = perch_tinybird::decode(text.as_bytes()).expect("an answer").table;
        let size = Size { width: 800, height: 400 };
        let drawing = perch_chart::draw(&Input::from(&table), &chart(), size, Theme::Light).expect("a chart");
        let marks = drawing.marks.marks;
        assert_eq!(json["data"].as_array().map(Vec::len), Some(500));
        assert_eq!(marks.len(), 500);
        for (mark, row) in marks.iter().zip(json["data"].as_array().expect("rows")) {
            let said: Vec<_> = mark.entries.iter().map(|entry| (entry.name.as_str(), entry.amount)).collect();
            assert_eq!(said, VALUES.map(|name| (name, row[name].as_f64())));
        }
    }

    #[test]
    fn the_times_of_a_million_rows_ascend() {
        let table = perch_tinybird::decode(answer(1_000_000, 1).as_bytes()).expect("an answer").table;
        let time = table.column(TIME).expect("times");
        assert!((1..table.rows()).all(|row| time.time(row - 1) < time.time(row)));
    }
}
