//! What an operator runs the broker with: the unit and the image's recipe.

use std::path::Path;
use std::process::Command;

use crate::process::BINARY;

const UNIT: &str = include_str!("../../perch-broker.service");
const RECIPE: &str = include_str!("../../Containerfile");

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

#[test]
fn systemd_finds_nothing_wrong_with_the_unit() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("perch-broker.service");
    assert!(UNIT.contains("ExecStart=/usr/bin/perch-broker "));
    std::fs::write(&path, UNIT.replace("/usr/bin/perch-broker", BINARY)).expect("written");
    let verify =
        Command::new("systemd-analyze").args(["verify", "--recursive-errors=no", "--man=no"]).arg(&path).output();
    let output = match verify {
        Ok(output) => output,
        // Not every machine on which this is built has systemd.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
        Err(error) => panic!("systemd-analyze does not start: {error}"),
    };
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !told.contains("perch-broker.service"), "{told}");
}

#[test]
fn the_recipe_copies_what_is_there_and_builds_with_the_repositorys_compiler() {
    let copied: Vec<&str> = RECIPE
        .lines()
        .filter_map(|line| line.strip_prefix("COPY "))
        .filter(|rest| !rest.starts_with("--from="))
        .flat_map(|rest| rest.split_whitespace().rev().skip(1))
        .collect();
    assert!(!copied.is_empty());
    for source in copied {
        assert!(root().join(source).exists(), "{source}");
    }
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).expect("a manifest");
    let version =
        manifest.split("rust-version = \"").nth(1).and_then(|rest| rest.split('"').next()).expect("a version");
    assert!(RECIPE.contains(&format!("FROM rust:{version}-")), "{version}");
}

#[test]
fn the_image_is_sent_neither_history_nor_what_was_built_and_all_that_it_is_built_of() {
    let ignored = std::fs::read_to_string(root().join(".dockerignore")).expect("a list");
    let ignored: Vec<&str> = ignored.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    for heavy in [".git", "**/target", "**/node_modules"] {
        assert!(ignored.contains(&heavy), "{heavy}");
    }
    for needed in ["Cargo.toml", "Cargo.lock", "crates", "src", ".cargo", "dashboards"] {
        assert!(ignored.iter().all(|pattern| pattern.rsplit('/').next() != Some(needed)), "{needed}");
    }
}
