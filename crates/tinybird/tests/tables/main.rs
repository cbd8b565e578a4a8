//! Random tables of random types, written as ClickHouse writes them, come back
//! the same, value by value.

mod engine;
mod kinds;

use perch_tinybird::{Column, Table, decode, write_csv};
use proptest::prelude::*;

use engine::{Layout, Sample, csv, layouts, samples, text};
use kinds::Cell;

fn table(sample: &Sample, layout: Layout) -> Table {
    let answer = layout.answer(sample);
    decode(answer.as_bytes()).unwrap_or_else(|error| panic!("{error}: {answer}")).table
}

/// Asks a column for one cell in every way.
fn same(column: &Column, row: usize, cell: &Cell) -> Result<(), TestCaseError> {
    let place = format!("{} {}, row {row}", column.name(), column.kind());
    prop_assert_eq!(column.text(row).map(|text| text.into_owned()), text(cell), "{}", &place);
    prop_assert_eq!(column.is_null(row), matches!(cell, Cell::Null), "{}", &place);
    let number = column.number(row).map(f64::to_bits);
    match cell {
        Cell::Bool(value) => prop_assert_eq!(number, Some(f64::from(u8::from(*value)).to_bits()), "{}", &place),
        Cell::Integer(digits, _) | Cell::Decimal(digits) => {
            let nearest: f64 = digits.parse().expect("a number");
            prop_assert_eq!(number, Some(nearest.to_bits()), "{}", &place);
        }
        Cell::Float(value) if value.is_nan() => prop_assert!(column.number(row).is_some_and(f64::is_nan), "{}", &place),
        Cell::Float(value) => prop_assert_eq!(number, Some(value.to_bits()), "{}", &place),
        Cell::Null | Cell::Time(_) => prop_assert_eq!(number, None, "{}", &place),
        Cell::Text(_) | Cell::List(_) | Cell::Tuple(_) | Cell::Map(_) => {}
    }
    let (time, instant) = (column.time(row), column.instant(row));
    match cell {
        Cell::Time(moment) => {
            prop_assert_eq!(time, Some(moment.micros), "{}", &place);
            // An hour that a clock shows twice is its first.
            let shift = moment.instant - instant.unwrap_or(i64::MAX);
            prop_assert!(shift == 0 || (0..=24 * 3_600_000_000).contains(&shift), "{} {:?}", &place, instant);
        }
        _ => prop_assert_eq!((time, instant), (None, None), "{}", &place),
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
    fn a_random_table_comes_back_the_same(sample in samples(12), layout in layouts()) {
        let table = table(&sample, layout);
        prop_assert_eq!((table.rows(), table.columns().len()), (sample.rows, sample.columns.len()));
        for (column, expected) in table.columns().iter().zip(&sample.columns) {
            prop_assert_eq!(column.name(), &expected.name);
            prop_assert_eq!(column.kind().to_string(), expected.kind.text());
            for (row, cell) in expected.cells.iter().enumerate() {
                same(column, row, &layout.told(cell))?;
            }
        }
    }

    #[test]
    fn a_random_table_is_exported_as_the_engine_would(sample in samples(12), layout in layouts()) {
        let mut export = Vec::new();
        write_csv(&table(&sample, layout), &mut export).expect("memory");
        prop_assert_eq!(String::from_utf8(export).expect("text"), csv(&sample, layout));
    }

    #[test]
    fn an_export_is_read_back_by_others(sample in samples(12), layout in layouts()) {
        let table = table(&sample, layout);
        let mut export = Vec::new();
        write_csv(&table, &mut export).expect("memory");
        let mut reader = csv::Reader::from_reader(export.as_slice());
        let width = reader.headers().expect("a header").len();
        let records: Vec<_> = reader.records().map(|record| record.expect("as many fields as the header")).collect();
        prop_assert_eq!(records.len(), table.rows());
        // A tuple's parts are fields of their own: then its columns have no field with their name.
        for (column, place) in table.columns().iter().zip(0..width).take_while(|(column, _)| column.kind().name() != "Tuple") {
            for (row, record) in records.iter().enumerate() {
                let text = column.text(row);
                prop_assert_eq!(&record[place], text.as_deref().unwrap_or("\\N"));
            }
        }
    }

    #[test]
    fn a_changed_byte_never_makes_another_shape(sample in samples(6), layout in layouts(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = layout.answer(&sample).into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        // It may still be an answer, if the byte was within a value; then it has the rows that it says.
        if let Ok(answer) = decode(&bytes) {
            let body: Body = serde_json::from_slice(&bytes).expect("what we read is JSON");
            prop_assert_eq!(answer.table.rows(), body.data.len());
        }
    }
}
