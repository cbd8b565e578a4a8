//! A pipe's answer. What is read is JSON to serde too, with the same texts and
//! as many rows; every cell can be asked for everything; an export has as many
//! fields in each line; and memory is in proportion to the answer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use peak_alloc::PeakAlloc;
use perch_tinybird::{Family, Table, decode, write_csv};
use serde_json::Value;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

fuzz_target!(|body: &[u8]| {
    HEAP.reset_peak_usage();
    let before = HEAP.current_usage();
    let decoded = decode(body);
    let taken = HEAP.peak_usage().saturating_sub(before);
    // Three times the answer, and what its columns, their types and the tables of their zones take,
    // of which so few bytes can name many.
    let zones = String::from_utf8_lossy(body).matches("DateTime").count();
    let columns: usize = match &decoded {
        Ok(answer) => answer.table.columns().iter().map(|column| 300 + 100 * column.kind().to_string().len()).sum(),
        Err(_) => 100 * body.len(),
    };
    let bound = 8 * 1024 + 3 * body.len() + columns + zones * 256 * 1024;
    assert!(taken <= bound, "{taken} bytes for {}", body.len());

    let table = match decoded {
        Ok(answer) => answer.table,
        Err(error) => {
            assert!(!error.to_string().is_empty() && !error.next_step().is_empty());
            return;
        }
    };
    let columns = table.columns();
    for column in columns {
        assert_eq!(column.len(), table.rows());
        for row in 0..=table.rows() {
            let (text, number, time, instant) =
                (column.text(row), column.number(row), column.time(row), column.instant(row));
            assert!(!column.is_null(row) || (text.is_none() && number.is_none() && time.is_none()));
            assert!(instant.is_none() || time.is_some());
            assert!(time.is_none() || column.family() == Family::Time);
        }
    }
    same_texts(&table, body);

    let mut export = Vec::new();
    write_csv(&table, &mut export).expect("memory");
    // A line of a single empty field is none to the reader, and one of no fields is none at all.
    if columns.len() > 1 {
        let mut reader = csv::Reader::from_reader(export.as_slice());
        let records: Result<Vec<_>, _> = reader.records().collect();
        assert_eq!(records.expect("as many fields as the header").len(), table.rows());
    }
});

/// Serde keeps one value of one name, so two columns of it are not compared.
fn same_texts(table: &Table, body: &[u8]) {
    let value: Value = match serde_json::from_slice(body) {
        Ok(value) => value,
        // RFC 8259 §6 permits numbers that no double reaches.
        Err(error) if error.to_string().contains("out of range") => return,
        Err(error) => panic!("what we read is no JSON: {error}"),
    };
    let rows = value["data"].as_array().expect("rows");
    assert_eq!(rows.len(), table.rows());
    for column in table.columns().iter().filter(|column| column.kind().plain().name() == "String") {
        if table.columns().iter().filter(|other| other.name() == column.name()).count() > 1 {
            continue;
        }
        for (index, row) in rows.iter().enumerate() {
            assert_eq!(column.text(index).as_deref(), row[column.name()].as_str());
        }
    }
}
