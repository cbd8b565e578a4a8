//! A pipe's answer, from the bytes of its `.json` to a [`Table`].
//!
//! The answer is one object: `meta` names the columns and their types, `data`
//! has the rows, and counts follow. An answer that is cut short, miscounted, or
//! of another shape than its `meta` says is an error and never a shorter table:
//! a wrong number on a tile is worse than none.

use std::collections::HashMap;

use serde::Deserialize;

use crate::kind::Type;
use crate::rows;
use crate::scan::{Fault, Read, Scanner, TOO_DEEP};
use crate::table::{Column, Table};

/// How many columns an answer may have.
const MAX_COLUMNS: usize = 10_000;

/// What a pipe answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The rows, column by column.
    pub table: Table,
    /// How many rows there would have been without a `LIMIT`, when told.
    pub rows_before_limit: Option<u64>,
    /// What the query cost, when told.
    pub statistics: Option<Statistics>,
}

/// What a query cost the engine.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Statistics {
    /// Seconds.
    pub elapsed: f64,
    /// Rows read to answer.
    pub rows_read: u64,
    /// Bytes read to answer.
    pub bytes_read: u64,
}

/// Why bytes are not a pipe's answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes are not UTF-8.
    #[error("the answer is not text: its byte {at} is not UTF-8")]
    NotText {
        /// Counted from 0.
        at: usize,
    },
    /// The bytes are not the JSON of an answer.
    #[error("the answer{} cannot be read at line {line}, column {column}: {what}", of(cells))]
    Malformed {
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in bytes.
        column: usize,
        /// What was expected.
        what: &'static str,
        /// The answer's column whose cell is wrong, if one is: its name as far as a sentence bears it.
        cells: Option<String>,
    },
    /// Arrays and objects nest deeper than Perch follows.
    #[error("the answer cannot be read at line {line}, column {column}: {TOO_DEEP}")]
    TooDeep {
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in bytes.
        column: usize,
    },
    /// More columns than Perch keeps.
    #[error("the answer has {found} columns, more than the {MAX_COLUMNS} that Perch reads")]
    TooWide {
        /// How many there are.
        found: usize,
    },
    /// The answer lacks a part that every answer has.
    #[error("the answer has no `{0}`")]
    Missing(&'static str),
    /// The answer says how many rows it has, and it has others.
    #[error("the answer has {found} rows where it says {told}: it was cut short or changed on its way")]
    Miscounted {
        /// What `rows` says.
        told: u64,
        /// What came.
        found: usize,
    },
    /// The engine failed after it had begun to answer.
    #[error("the service failed in the middle of its answer")]
    Interrupted {
        /// The engine's own words, for the operator.
        exception: String,
    },
}

impl DecodeError {
    /// A stable name for the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotText { .. } => "answer-not-text",
            Self::Malformed { .. } => "answer-malformed",
            Self::TooDeep { .. } => "answer-too-deep",
            Self::TooWide { .. } => "answer-too-wide",
            Self::Missing(_) => "answer-incomplete",
            Self::Miscounted { .. } => "answer-miscounted",
            Self::Interrupted { .. } => "answer-interrupted",
        }
    }

    /// What a person can do about it.
    pub fn next_step(&self) -> &'static str {
        match self {
            Self::TooDeep { .. } | Self::TooWide { .. } => {
                "Ask whoever set up this dashboard to make the pipe answer with less."
            }
            _ => "Try again. If it stays so, tell whoever set up this dashboard.",
        }
    }

    fn at(text: &str, fault: Fault) -> Self {
        let before = &text.as_bytes()[..fault.at.min(text.len())];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
        if fault.what == TOO_DEEP {
            return Self::TooDeep { line, column };
        }
        Self::Malformed { line, column, what: fault.what, cells: None }
    }

    /// The same, of a cell of this column.
    fn of(self, name: Option<String>) -> Self {
        match self {
            Self::Malformed { line, column, what, .. } => Self::Malformed { line, column, what, cells: name },
            other => other,
        }
    }
}

/// `'s column` and its name, where one is known.
fn of(cells: &Option<String>) -> String {
    cells.as_ref().map_or_else(String::new, |name| format!("'s column `{name}`"))
}

/// A column's name as far as a sentence bears it.
fn spoken(columns: &[Column], index: usize) -> Option<String> {
    const LONGEST: usize = 120;
    let name = columns.get(index)?.name();
    Some(name.chars().map(|character| if character.is_control() { ' ' } else { character }).take(LONGEST).collect())
}

/// Reads the body of a pipe's `.json`. `meta` may stand before or after `data`.
///
/// Takes memory for at most three times the answer's bytes, and those are counted
/// in. Two shapes may take as much again as the answer itself, three times its
/// bytes apart from them: thousands of columns with hardly any rows, and long
/// texts after many short ones in an answer without the spaces that engines write.
pub fn decode(bytes: &[u8]) -> Result<Answer, DecodeError> {
    let text = std::str::from_utf8(bytes).map_err(|error| DecodeError::NotText { at: error.valid_up_to() })?;
    let mut parts = Parts::default();
    let mut scanner = Scanner::new(text);
    let read = scanner.entries(|key, scanner| parts.read(&key, scanner)).and_then(|()| scanner.end());
    read.map_err(|fault| DecodeError::at(text, fault).of(parts.stopped_at.take()))?;

    if let Some(exception) = parts.exception {
        return Err(DecodeError::Interrupted { exception });
    }
    let mut columns = match parts.meta {
        Some(Meta::Columns(columns)) => columns,
        Some(Meta::TooWide { found }) => return Err(DecodeError::TooWide { found }),
        None => return Err(DecodeError::Missing("meta")),
    };
    let data = parts.data.ok_or(DecodeError::Missing("data"))?;
    let found = match data {
        Data::Read { rows } => rows,
        Data::Waiting { at } => rows::read(&mut scanner.moved_to(at), &mut columns, told(text)).map_err(|stopped| {
            let name = stopped.column.and_then(|column| spoken(&columns, column));
            DecodeError::at(text, stopped.fault).of(name)
        })?,
    };
    if let Some(told) = parts.rows.filter(|told| usize::try_from(*told) != Ok(found)) {
        return Err(DecodeError::Miscounted { told, found });
    }
    Ok(Answer {
        table: Table::of_equal(columns),
        rows_before_limit: parts.rows_before_limit,
        statistics: parts.statistics,
    })
}

/// How many rows the end of the answer says there are, before it is read as far
/// as that. ClickHouse writes it after the rows.
fn told(text: &str) -> Option<usize> {
    const KEY: &[u8] = b"\"rows\":";
    let tail = &text.as_bytes()[text.len().saturating_sub(1024)..];
    let key = tail.windows(KEY.len()).rposition(|window| window == KEY)?;
    let rest = tail[key + KEY.len()..].trim_ascii_start();
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()
}

/// The parts of the answer, as they come.
#[derive(Default)]
struct Parts {
    meta: Option<Meta>,
    data: Option<Data>,
    rows: Option<u64>,
    rows_before_limit: Option<u64>,
    statistics: Option<Statistics>,
    exception: Option<String>,
    /// The column whose cell could not be read.
    stopped_at: Option<String>,
}

enum Meta {
    Columns(Vec<Column>),
    /// Stepped over, and so are the rows.
    TooWide {
        found: usize,
    },
}

enum Data {
    Read {
        rows: usize,
    },
    /// Stepped over, because `meta` comes later.
    Waiting {
        at: usize,
    },
}

impl Parts {
    fn read(&mut self, key: &str, scanner: &mut Scanner<'_>) -> Result<(), Fault> {
        match key {
            "meta" if self.meta.is_some() => return Err(scanner.fault("`meta` stands here twice")),
            "data" if self.data.is_some() => return Err(scanner.fault("`data` stands here twice")),
            "meta" => self.meta = Some(read_meta(scanner)?),
            "data" => {
                self.data = Some(match &mut self.meta {
                    Some(Meta::Columns(columns)) => match rows::read(scanner, columns, told(scanner.text())) {
                        Ok(rows) => Data::Read { rows },
                        Err(stopped) => {
                            self.stopped_at = stopped.column.and_then(|column| spoken(columns, column));
                            return Err(stopped.fault);
                        }
                    },
                    _ => {
                        let at = scanner.at();
                        scanner.value()?;
                        Data::Waiting { at }
                    }
                });
            }
            "rows" => self.rows = Some(scanner.unsigned()?),
            "rows_before_limit_at_least" => self.rows_before_limit = Some(scanner.unsigned()?),
            // A curiosity; an answer without it is an answer all the same.
            "statistics" => self.statistics = serde_json::from_str(scanner.value()?).ok(),
            "exception" => self.exception = Some(scanner.string()?.into_owned()),
            _ => {
                scanner.value()?;
            }
        }
        Ok(())
    }
}

/// The columns that `meta` names, without cells yet. They are counted before
/// anything is kept of them.
fn read_meta(scanner: &mut Scanner<'_>) -> Read<Meta> {
    let mut found = 0;
    let mut ahead = scanner.clone();
    ahead.items(|scanner| {
        found += 1;
        scanner.value().map(drop)
    })?;
    if found > MAX_COLUMNS {
        *scanner = ahead;
        return Ok(Meta::TooWide { found });
    }
    let (mut columns, mut types) = (Vec::with_capacity(found), HashMap::new());
    scanner.items(|scanner| {
        let fault = scanner.fault("an entry of `meta` needs a name and a type");
        let (mut name, mut kind) = (None, None);
        scanner.entries(|key, scanner| {
            match &*key {
                "name" => name = Some(scanner.string()?),
                "type" => kind = Some(scanner.string()?),
                _ => drop(scanner.value()?),
            }
            Ok(())
        })?;
        let (name, kind) = name.zip(kind).ok_or(fault)?;
        let kind = types.entry(kind).or_insert_with_key(|text| Type::parse(text));
        columns.push(Column::empty(name, kind.clone()));
        Ok(())
    })?;
    Ok(Meta::Columns(columns))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(text: &str) -> Answer {
        decode(text.as_bytes()).expect(text)
    }

    fn texts(answer: &Answer) -> Vec<Vec<Option<String>>> {
        let row = |row| {
            let columns = answer.table.columns().iter();
            columns.map(|column| column.text(row).map(std::borrow::Cow::into_owned)).collect()
        };
        (0..answer.table.rows()).map(row).collect()
    }

    fn refused(text: &str) -> DecodeError {
        decode(text.as_bytes()).expect_err(text)
    }

    const META: &str = r#""meta":[{"name":"a","type":"UInt8"},{"name":"b","type":"String"}]"#;

    #[test]
    fn meta_may_follow_the_data() {
        let data = r#""data":[{"a":1,"b":"x"},{"a":2,"b":"y"}]"#;
        let before = answer(&format!("{{{META},{data},\"rows\":2}}"));
        let after = answer(&format!("{{\"rows\":2,{data},{META}}}"));
        assert_eq!(texts(&before), texts(&after));
        assert_eq!(texts(&after)[1], [Some("2".to_owned()), Some("y".to_owned())]);
    }

    #[test]
    fn keys_of_a_row_come_in_any_order() {
        let rows = r#"{"b":"x","a":1},{"b":"y","a":2},{"a":3,"b":"z"},{ "b" : "w" , "a" : 4 },{"\u0061":5,"b":""}"#;
        let answer = answer(&format!("{{{META},\"data\":[{rows}],\"rows\":5}}"));
        let numbers: Vec<_> = (0..5).map(|row| answer.table.columns()[0].number(row)).collect();
        assert_eq!(numbers, [1.0, 2.0, 3.0, 4.0, 5.0].map(Some));
        assert_eq!(texts(&answer)[3][1].as_deref(), Some("w"));
    }

    #[test]
    fn two_columns_of_one_name_are_two_columns() {
        let meta = r#""meta":[{"name":"a","type":"UInt8"},{"name":"a","type":"UInt8"}]"#;
        let answer = answer(&format!("{{{meta},\"data\":[{{\"a\":1,\"a\":2}},{{\"a\":3,\"a\":4}}],\"rows\":2}}"));
        assert_eq!(texts(&answer)[1], [Some("3".to_owned()), Some("4".to_owned())]);
    }

    #[test]
    fn a_row_that_is_not_as_meta_says_is_an_error_with_its_place() {
        for (row, hint) in [
            (r#"{"a":1}"#, "column is missing"),
            (r#"{"b":"x"}"#, "column is missing"),
            ("{}", "column is missing"),
            (r#"{"a":1,"b":"x","c":1}"#, "a row has more"),
            (r#"{"a":1,"c":"x"}"#, "no column of this name"),
            (r#"{"a":1,"a":2}"#, "no column of this name"),
            (r#"{"a":1,"b":2}"#, "expected a string"),
            (r#"{"a":-1,"b":"x"}"#, "expected an integer"),
            (r#"{"a":"1x","b":"x"}"#, "expected the closing quote"),
            (r#"{"a":1.5,"b":"x"}"#, "fraction"),
        ] {
            let error = refused(&format!("{{{META},\n\"data\":[{{\"a\":0,\"b\":\"\"}},\n{row}]}}"));
            assert!(error.to_string().contains(hint), "{row}: {error}");
            assert!(error.to_string().contains("line 3"), "{row}: {error}");
            assert_eq!(error.code(), "answer-malformed");
        }
    }

    #[test]
    fn a_cell_that_cannot_be_read_is_told_with_its_column() {
        for (rows, column) in [
            (r#"{"a":1,"b":2}"#, "b"),
            (r#"{"a":1.5,"b":"x"}"#, "a"),
            (r#"{"a":1,"b":"x"},{"b":"x","a":"y"}"#, "a"),
            (r#"{"a":1}"#, "b"),
            (r#"{"b":"x"}"#, "a"),
        ] {
            for text in [format!("{{{META},\"data\":[{rows}]}}"), format!("{{\"data\":[{rows}],{META}}}")] {
                let error = refused(&text).to_string();
                assert!(
                    error.starts_with(&format!("the answer's column `{column}` cannot be read")),
                    "{rows}: {error}"
                );
            }
        }
        let error = refused(&format!("{{{META},\"data\":[{{\"a\":1,\"b\":\"x\"}} 5]}}")).to_string();
        assert!(error.starts_with("the answer cannot be read"), "{error}");
    }

    #[test]
    fn an_answer_that_was_cut_short_is_refused_at_every_byte() {
        let whole = format!("{{{META},\"data\":[{{\"a\":1,\"b\":\"ñ\"}},{{\"a\":2,\"b\":\"y\"}}],\"rows\":2}}");
        assert_eq!(answer(&whole).table.rows(), 2);
        for end in 0..whole.len() {
            assert!(decode(&whole.as_bytes()[..end]).is_err(), "cut at {end}");
        }
        let lost = whole.replace(",{\"a\":2,\"b\":\"y\"}", "");
        assert_eq!(refused(&lost), DecodeError::Miscounted { told: 2, found: 1 });
    }

    #[test]
    fn an_engine_that_failed_half_way_is_no_answer() {
        let text = format!("{{{META},\"data\":[{{\"a\":1,\"b\":\"x\"}}],\"rows\":1,\"exception\":\"Code: 241\"}}");
        assert_eq!(refused(&text).code(), "answer-interrupted");
    }

    #[test]
    fn what_is_no_answer_says_what_is_wrong() {
        assert_eq!(refused("{}"), DecodeError::Missing("meta"));
        assert_eq!(refused(&format!("{{{META}}}")), DecodeError::Missing("data"));
        assert_eq!(refused("[]").code(), "answer-malformed");
        assert_eq!(refused("").code(), "answer-malformed");
        assert_eq!(decode(b"{\"a\": \"\xff\"}").expect_err("bytes"), DecodeError::NotText { at: 7 });
        let deep = format!("{{\"x\":{}", "[".repeat(1_000_000));
        assert_eq!(refused(&deep).code(), "answer-too-deep");
        let wide = vec![r#"{"name":"a","type":"UInt8"}"#; MAX_COLUMNS + 1].join(",");
        assert_eq!(refused(&format!("{{\"meta\":[{wide}],\"data\":[]}}")).code(), "answer-too-wide");
    }

    #[test]
    fn a_float_that_cannot_be_null_and_is_null_is_a_gap() {
        let text =
            r#"{"meta":[{"name":"v","type":"Float64"}],"data":[{"v":null},{"v":"nan"},{"v":"-inf"},{"v":"1.5"}]}"#;
        let answer = answer(text);
        let column = &answer.table.columns()[0];
        assert_eq!(column.number(0), None);
        assert!(column.number(1).is_some_and(f64::is_nan));
        assert_eq!(column.number(2), Some(f64::NEG_INFINITY));
        assert_eq!(column.number(3), Some(1.5));
    }

    #[test]
    fn a_time_keeps_its_columns_own_clock() {
        let text = r#"{"meta":[{"name":"t","type":"DateTime64(3, 'America\/New_York')"},{"name":"d","type":"Date32"},
            {"name":"n","type":"DateTime64(9)"},{"name":"z","type":"DateTime('Nowhere\/Atlantis')"}],
            "data":[{"t":"2026-01-01 00:00:00.700","d":"1925-01-01","n":"1969-12-31 23:59:59.999999999","z":"2026-01-01 00:00:00"}]}"#;
        let answer = answer(text);
        let [t, d, n, z] = answer.table.columns() else { panic!("four columns") };
        assert_eq!(t.time(0), Some(1_767_225_600_700_000));
        assert_eq!(t.instant(0), Some(1_767_225_600_700_000 + 5 * 3_600_000_000));
        assert_eq!(d.time(0), Some(-1_420_070_400_000_000));
        assert_eq!(d.text(0).as_deref(), Some("1925-01-01"));
        assert_eq!(n.time(0), Some(-1));
        assert_eq!(n.text(0).as_deref(), Some("1969-12-31 23:59:59.999999999"));
        assert_eq!((z.time(0), z.instant(0)), (Some(1_767_225_600_000_000), None));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for odd in
            ["2026-02-30 00:00:00", "2026-01-01 24:00:00", "2026-01-01", "2026-01-01 00:00:00Z", "", "2026-1-1 0:0:0 "]
        {
            let text = format!(r#"{{"meta":[{{"name":"t","type":"DateTime"}}],"data":[{{"t":"{odd}"}}]}}"#);
            assert_eq!(refused(&text).code(), "answer-malformed", "{odd}");
        }
    }
}
