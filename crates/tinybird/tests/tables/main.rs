//! Random tables, written as ClickHouse writes them, come back the same.

use perch_tinybird::{Table, decode, write_csv};
use proptest::prelude::*;
use serde_json::{Value, json};

/// How an answer may be laid out; ClickHouse's own way is the first of each.
#[derive(Debug, Clone, Copy)]
struct Layout {
    pretty: bool,
    quoted: bool,
    meta_last: bool,
    shuffled: bool,
}

#[derive(Debug, Clone)]
struct Row {
    int: i64,
    maybe: Option<u64>,
    float: f64,
    text: String,
    word: Option<String>,
    /// Seconds since the epoch, within what `DateTime` holds.
    second: u32,
    milli: u16,
    list: Vec<u64>,
}

prop_compose! {
    fn row()(
        int in any::<i64>(),
        maybe in prop::option::of(any::<u64>()),
        float in prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO,
        text in any::<String>(),
        word in prop::option::of("[a-c]{0,2}"),
        second in any::<u32>(),
        milli in 0..1000_u16,
        list in prop::collection::vec(any::<u64>(), 0..4),
    ) -> Row {
        Row { int, maybe, float, text, word, second, milli, list }
    }
}

prop_compose! {
    fn layout()(pretty in any::<bool>(), quoted in any::<bool>(), meta_last in any::<bool>(), shuffled in any::<bool>()) -> Layout {
        Layout { pretty, quoted, meta_last, shuffled }
    }
}

fn clock(row: &Row) -> String {
    let time = jiff::Timestamp::from_second(i64::from(row.second)).expect("a time");
    format!("{}.{:03}", time.strftime("%F %T"), row.milli)
}

fn answer(rows: &[Row], layout: Layout) -> String {
    let meta = json!([
        { "name": "int", "type": "Int64" },
        { "name": "maybe", "type": "Nullable(UInt64)" },
        { "name": "float", "type": "Float64" },
        { "name": "text", "type": "String" },
        { "name": "word", "type": "LowCardinality(Nullable(String))" },
        { "name": "time", "type": "DateTime64(3, 'UTC')" },
        { "name": "list", "type": "Array(UInt64)" },
    ]);
    let number = |number: Value| if layout.quoted && number.is_number() { json!(number.to_string()) } else { number };
    let data: Vec<Value> = rows
        .iter()
        .enumerate()
        .map(|(index, row)| {
            let mut pairs = vec![
                ("int", number(json!(row.int))),
                ("maybe", number(json!(row.maybe))),
                ("float", json!(row.float)),
                ("text", json!(row.text)),
                ("word", json!(row.word)),
                ("time", json!(clock(row))),
                ("list", row.list.iter().map(|item| number(json!(item))).collect()),
            ];
            if layout.shuffled {
                let places = pairs.len();
                pairs.rotate_left(index * index % places);
            }
            pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
        })
        .collect();
    let rows = json!(data.len());
    let whole = if layout.meta_last {
        json!({ "data": data, "rows": rows, "meta": meta })
    } else {
        json!({ "meta": meta, "data": data, "rows": rows })
    };
    let text = if layout.pretty { serde_json::to_string_pretty(&whole) } else { serde_json::to_string(&whole) };
    text.expect("json").replace('/', "\\/")
}

fn list(row: &Row) -> String {
    let items: Vec<_> = row.list.iter().map(u64::to_string).collect();
    format!("[{}]", items.join(","))
}

fn texts(row: &Row) -> [Option<String>; 7] {
    [
        Some(row.int.to_string()),
        row.maybe.map(|maybe| maybe.to_string()),
        // Compared as a number below: its notation has a test of its own.
        None,
        Some(row.text.clone()),
        row.word.clone(),
        Some(clock(row)),
        Some(list(row)),
    ]
}

fn same(table: &Table, rows: &[Row]) -> Result<(), TestCaseError> {
    prop_assert_eq!(table.rows(), rows.len());
    for (index, row) in rows.iter().enumerate() {
        let found = |name: &str| table.column(name).expect(name).text(index).map(|text| text.into_owned());
        let names = ["int", "maybe", "float", "text", "word", "time", "list"];
        for (name, expected) in names.iter().zip(texts(row)).filter(|(name, _)| **name != "float") {
            prop_assert_eq!(found(name), expected, "{} of row {}", name, index);
        }
        let float = table.column("float").and_then(|column| column.number(index));
        prop_assert_eq!(float.map(f64::to_bits), Some(row.float.to_bits()));
        let micros = i64::from(row.second) * 1_000_000 + i64::from(row.milli) * 1_000;
        prop_assert_eq!(table.column("time").and_then(|column| column.instant(index)), Some(micros));
    }
    Ok(())
}

/// The body as serde_json sees it, without the values: `1e999` is JSON, and
/// only a number where somebody wants a double.
#[derive(serde::Deserialize)]
struct Body {
    data: Vec<serde::de::IgnoredAny>,
}

proptest! {
    #[test]
    fn a_random_table_comes_back_the_same(rows in prop::collection::vec(row(), 0..80), layout in layout()) {
        let answer = decode(answer(&rows, layout).as_bytes()).expect("an answer");
        same(&answer.table, &rows)?;
    }

    #[test]
    fn an_export_is_read_back_by_others(rows in prop::collection::vec(row(), 0..20), layout in layout()) {
        let answer = decode(answer(&rows, layout).as_bytes()).expect("an answer");
        let mut csv = Vec::new();
        write_csv(&answer.table, &mut csv).expect("memory");
        let read: Vec<Vec<String>> = csv::Reader::from_reader(csv.as_slice())
            .into_records()
            .map(|record| record.expect("a record").iter().map(str::to_owned).collect())
            .collect();
        prop_assert_eq!(read.len(), rows.len());
        for (read, row) in read.iter().zip(&rows) {
            prop_assert_eq!(read[2].parse::<f64>().map(f64::to_bits), Ok(row.float.to_bits()));
            for (place, expected) in texts(row).into_iter().enumerate().filter(|(place, _)| *place != 2) {
                prop_assert_eq!(&read[place], &expected.unwrap_or("\\N".to_owned()));
            }
        }
    }

    #[test]
    fn a_changed_byte_never_makes_another_shape(rows in prop::collection::vec(row(), 1..6), layout in layout(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = answer(&rows, layout).into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        // It may still be an answer, if the byte was within a value; then it has the rows that it says.
        if let Ok(answer) = decode(&bytes) {
            let body: Body = serde_json::from_slice(&bytes).expect("what we read is JSON");
            prop_assert_eq!(answer.table.rows(), body.data.len());
        }
    }
}
