//! Every answer of the real engine in `tests/golden`, decoded and written as
//! CSV again, beside the CSV that the engine itself printed.

use std::fs;
use std::path::{Path, PathBuf};

use perch_tinybird::{Column, decode, write_csv};

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden")
}

fn read(name: &str) -> Vec<u8> {
    fs::read(golden().join(name)).expect(name)
}

fn export(name: &str) -> String {
    let answer = decode(&read(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut csv = Vec::new();
    write_csv(&answer.table, &mut csv).expect("memory");
    String::from_utf8(csv).expect("text")
}

/// What an answer does not tell cannot be exported. In these two, JSON has
/// lost what the engine's CSV still shows:
///
/// - `denormals.json` has `null` for a NaN and for both infinities;
/// - `json_variant.quoted.json` has its 64-bit integers in quotes inside a
///   `JSON` value, where a string of digits looks the same.
fn as_far_as_told(answer: &str, engine: &str) -> String {
    match answer {
        "denormals.json" => engine.replace("-inf,", "\\N,").replace("inf,", "\\N,").replace("nan,", "\\N,"),
        "json_variant.quoted.json" => engine.replace("[1,2]", r#"[""1"",""2""]"#),
        _ => engine.to_owned(),
    }
}

#[test]
fn every_answer_is_exported_as_the_engine_prints_it() {
    let mut compared = 0;
    for entry in fs::read_dir(golden()).expect("golden") {
        let name = entry.expect("an entry").file_name().into_string().expect("a name");
        let Some(case) = name.strip_suffix(".json") else { continue };
        let case = case.strip_suffix(".quoted").unwrap_or(case);
        let engine = String::from_utf8(read(&format!("{case}.csv"))).expect("text");
        assert!(export(&name) == as_far_as_told(&name, &engine), "{name} is exported as\n{}", export(&name));
        compared += 1;
    }
    assert!(compared >= 50, "only {compared} answers in tests/golden");
}

fn column(name: &str, column: &str) -> Column {
    decode(&read(name)).expect(name).table.column(column).expect(column).clone()
}

#[test]
fn a_clock_that_jumps_forward_stays_true_to_the_instant() {
    let (madrid, utc) = (column("datetimes.json", "madrid"), column("datetimes.json", "utc"));
    // The two columns differ in what they call UTC, not in how time goes on:
    // from the second row to the third, Madrid's clock skips an hour.
    let step = |column: &Column, row| column.instant(row + 1).zip(column.instant(row)).map(|(next, now)| next - now);
    for row in 0..4 {
        assert_eq!(step(&madrid, row), step(&utc, row), "row {row}");
    }
    assert_eq!(madrid.time(2).zip(madrid.time(1)).map(|(next, now)| next - now), Some(2 * 3_600_000_000));
}

#[test]
fn digits_beyond_a_double_are_kept() {
    let wide = column("wide_ints.json", "u256");
    assert_eq!(
        wide.text(0).as_deref(),
        Some("115792089237316195423570985008687907853269984665640564039457584007913129639935")
    );
    assert_eq!(wide.number(0), Some(1.157920892373162e77));
    assert_eq!(column("decimals.json", "d128").text(0).as_deref(), Some("12345678901234567890.123456789"));
    assert_eq!(column("ints.quoted.json", "u64").text(0).as_deref(), Some("18446744073709551596"));
}

#[test]
fn nulls_are_gaps_and_not_zeros() {
    let gaps = column("gaps.json", "v");
    assert_eq!((gaps.number(0), gaps.number(3)), (Some(0.0), None));
    assert!(gaps.is_null(4) && !gaps.is_null(5));
}
