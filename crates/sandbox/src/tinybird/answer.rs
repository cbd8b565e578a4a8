//! An answer in the bytes of ClickHouse's `FORMAT JSON`, which is what a real
//! pipe sends: tabs, a line for each value, `/` escaped.

use std::fmt::Write as _;
use std::time::Duration;

use rusqlite::types::Value;

/// What an event takes on average, for `bytes_read`.
const EVENT_BYTES: u64 = 80;

/// Rows with ClickHouse's names for their types.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    /// Name and type.
    pub(super) columns: Vec<(&'static str, &'static str)>,
    pub(super) rows: Vec<Vec<Value>>,
    /// How many rows there were before a limit, where there is one.
    pub(super) rows_before_limit: Option<usize>,
    pub(super) elapsed: Duration,
    pub(super) rows_read: u64,
}

impl Answer {
    /// The body of the response.
    pub(super) fn to_json(&self) -> String {
        let meta = self.columns.iter().map(|(name, kind)| {
            let fields = [("name", text(name)), ("type", text(kind))];
            object(&fields)
        });
        let data = self.rows.iter().map(|row| {
            let fields: Vec<(&str, String)> =
                self.columns.iter().zip(row).map(|((name, _), value)| (*name, json(value))).collect();
            object(&fields)
        });
        let mut body = format!("{{\n\t\"meta\":\n{},\n\n\t\"data\":\n{},\n\n", list(meta), list(data));
        let mut count = |name, number| {
            // Writing to a String does not fail.
            let _ = write!(body, "\t\"{name}\": {number},\n\n");
        };
        count("rows", self.rows.len());
        if let Some(before) = self.rows_before_limit {
            count("rows_before_limit_at_least", before);
        }
        let _ = write!(
            body,
            "\t\"statistics\":\n\t{{\n\t\t\"elapsed\": {},\n\t\t\"rows_read\": {},\n\t\t\"bytes_read\": {}\n\t}}\n}}\n",
            self.elapsed.as_secs_f64(),
            self.rows_read,
            self.rows_read * EVENT_BYTES
        );
        body
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    format!("\t[\n{}\n\t]", items.join(",\n"))
}

fn object(fields: &[(&str, String)]) -> String {
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("\t\t\t{}: {value}", text(name))).collect();
    format!("\t\t{{\n{}\n\t\t}}", fields.join(",\n"))
}

fn json(value: &Value) -> String {
    match value {
        Value::Null | Value::Blob(_) => "null".to_owned(),
        Value::Integer(number) => number.to_string(),
        // As in the engine's answers, what JSON cannot say is null.
        Value::Real(number) if number.is_finite() => number.to_string(),
        Value::Real(_) => "null".to_owned(),
        Value::Text(words) => text(words),
    }
}

fn text(words: &str) -> String {
    serde_json::Value::from(words).to_string().replace('/', "\\/")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads an answer of the real engine into ours.
    fn read(golden: &serde_json::Value) -> Answer {
        let texts = |value: &serde_json::Value| -> &'static str {
            Box::leak(value.as_str().expect("a text").to_owned().into_boxed_str())
        };
        let columns: Vec<_> = golden["meta"]
            .as_array()
            .expect("columns")
            .iter()
            .map(|column| (texts(&column["name"]), texts(&column["type"])))
            .collect();
        let rows = golden["data"].as_array().expect("rows").iter().map(|row| {
            let value = |name: &&str| match &row[*name] {
                serde_json::Value::Number(number) if number.is_i64() => Value::Integer(number.as_i64().expect("i64")),
                serde_json::Value::Number(number) => Value::Real(number.as_f64().expect("f64")),
                serde_json::Value::String(words) => Value::Text(words.clone()),
                _ => Value::Null,
            };
            columns.iter().map(|(name, _)| value(name)).collect()
        });
        Answer {
            rows: rows.collect(),
            rows_before_limit: None,
            elapsed: Duration::from_secs_f64(golden["statistics"]["elapsed"].as_f64().expect("seconds")),
            rows_read: golden["statistics"]["rows_read"].as_u64().expect("a count"),
            columns,
        }
    }

    #[test]
    fn our_answers_have_the_engines_own_bytes() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/");
        for name in ["funnel", "heat", "groups", "one_row_kpi", "all_null", "datetimes", "enums", "empty"] {
            let bytes = std::fs::read_to_string(format!("{folder}{name}.json")).expect("a golden answer");
            let golden: serde_json::Value = serde_json::from_str(&bytes).expect("JSON");
            let rows = bytes.split("\t\"statistics\"").next().expect("rows");
            let ours = read(&golden).to_json();
            // How long it took and how much it read is the engine's own affair.
            assert_eq!(ours.split("\t\"statistics\"").next(), Some(rows), "{name}");
            assert!(serde_json::from_str::<serde_json::Value>(&ours).is_ok(), "{name}");
        }
    }
}
