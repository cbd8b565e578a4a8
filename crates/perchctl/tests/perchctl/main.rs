//! The real binary, run as a person runs it.

mod check;
mod jose;
mod live;
mod render;
mod sandbox;
mod token;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Runs `perchctl` to its end.
fn perchctl(arguments: &[&str]) -> Output {
    command(arguments).output().expect("a run")
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_perchctl"));
    command.args(arguments).env_remove("RUST_LOG");
    command
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden")
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// Asserts a failure that says so in one line.
fn assert_fails(output: &Output, code: i32, hint: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.starts_with("perchctl: ") && said.contains(hint), "{said}");
    assert_eq!(said.matches('\n').count(), 1, "{said}");
}

fn assert_succeeds(output: &Output) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{:?} {said}", output.status);
}

#[test]
fn every_answer_of_the_real_engine_exports_as_the_engines_own_csv() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut exported = 0;
    for entry in fs::read_dir(golden()).expect("the golden answers") {
        let answer = entry.expect("an entry").path();
        let name = answer.file_name().expect("a name").to_string_lossy().into_owned();
        let Some(case) = name.strip_suffix(".json") else { continue };
        let case = case.trim_end_matches(".quoted");
        let out = dir.path().join(&name);
        assert_succeeds(&perchctl(&["export", path(&answer), "-o", path(&out)]));
        let engine = fs::read_to_string(golden().join(format!("{case}.csv"))).expect("the engine's CSV");
        let exported_text = fs::read_to_string(out).expect("an export");
        assert!(exported_text == as_far_as_told(&name, engine), "{name}: {exported_text}");
        exported += 1;
    }
    assert!(exported > 30, "{exported}");
}

/// The engine's CSV without what two of its answers do not tell: a NaN and the
/// infinities come as `null`, and numbers inside a `JSON` value in quotes, where
/// a text of digits looks the same.
fn as_far_as_told(answer: &str, csv: String) -> String {
    match answer {
        "denormals.json" => csv.replace("-inf,", "\\N,").replace("inf,", "\\N,").replace("nan,", "\\N,"),
        "json_variant.quoted.json" => csv.replace("[1,2]", r#"[""1"",""2""]"#),
        _ => csv,
    }
}

#[test]
fn a_hyphen_is_standard_input_and_standard_output() {
    let answer = fs::read(golden().join("floats.json")).expect("an answer");
    let mut running =
        command(&["export", "-", "-o", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a run");
    running.stdin.take().expect("standard input").write_all(&answer).expect("a write");
    let output = running.wait_with_output().expect("an end");
    assert_eq!(output.stdout, fs::read(golden().join("floats.csv")).expect("the engine's CSV"));
}

#[test]
fn a_failed_export_leaves_the_former_file_and_no_other() {
    let dir = tempfile::tempdir().expect("a folder");
    let (answer, out) = (dir.path().join("answer.json"), dir.path().join("out.csv"));
    fs::write(&answer, "{\"meta\": [").expect("a file");
    fs::write(&out, "former").expect("a file");
    assert_fails(&perchctl(&["export", path(&answer), "-o", path(&out)]), 1, "answer.json");
    assert_eq!(fs::read(&out).expect("the former file"), b"former");
    assert_eq!(fs::read_dir(dir.path()).expect("a folder").count(), 2);

    assert_fails(&perchctl(&["export", "/nowhere/answer.json", "-o", "-"]), 1, "cannot read /nowhere/answer.json");
    let big = golden().join("big.json");
    assert_fails(&perchctl(&["export", path(&big), "-o", "/nowhere/out.csv"]), 1, "cannot write /nowhere/out.csv");
}

#[cfg(unix)]
#[test]
fn a_written_file_has_the_modes_of_any_other() {
    use std::os::unix::fs::PermissionsExt;

    let dir = tempfile::tempdir().expect("a folder");
    let (ours, plain) = (dir.path().join("ours.csv"), dir.path().join("plain.csv"));
    assert_succeeds(&perchctl(&["export", path(&golden().join("floats.json")), "-o", path(&ours)]));
    fs::write(&plain, "").expect("a file");
    let mode = |path: &Path| fs::metadata(path).expect("a file").permissions().mode();
    assert_eq!(mode(&ours), mode(&plain));
}

#[test]
fn a_command_line_that_means_nothing_ends_with_2_and_one_line() {
    for (arguments, hint) in [
        (&["rendr"][..], "rendr"),
        (&[], "check, new, schema, token, render, export or sandbox"),
        (&["export", "a.json"], "--output"),
        (&["render", "a.json", "--chart", "pies", "-o", "-"], "bar-list"),
        (&["render", "a.json", "--chart", "line", "--size", "big", "-o", "-"], "800x400"),
        (&["render", "a.json", "--chart", "line", "--theme", "blue", "-o", "-"], "light or dark"),
        (&["render", "a.json", "-o", "-"], "--chart"),
        (&["render", "a.json", "--chart", "line", "-o", "a.gif"], ".svg, .png or .pdf"),
        (&["render", "a.json", "--chart", "line", "--scale", "3", "-o", "a.png"], "1, 2 or 4"),
        (&["render", "a.json", "--chart", "line", "--zone", "Mars", "-o", "-"], "Europe/Berlin"),
        (&["render", "a.json", "--chart", "line", "--stacked", "high", "-o", "-"], "sum or percent"),
        (&["sandbox", "--clerk-port", "70000"], "70000"),
    ] {
        assert_fails(&perchctl(arguments), 2, hint);
    }
    let help = perchctl(&["--help"]);
    assert!(help.status.success() && String::from_utf8_lossy(&help.stdout).contains("sandbox"));
}
