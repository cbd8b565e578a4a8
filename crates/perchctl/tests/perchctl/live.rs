//! `perchctl new` and `perchctl check --live`, against a sandbox that runs.

use std::fs;
use std::path::{Path, PathBuf};

use perch_sandbox::{organizations, people};
use tempfile::TempDir;

use crate::sandbox::Running;
use crate::{assert_fails, assert_succeeds, path, perchctl};

/// A sandbox, its connection file, and its admin token in a file.
struct World {
    folder: TempDir,
    running: Running,
}

impl World {
    /// Without the sample dashboards.
    fn new() -> Self {
        let world = Self::with_samples();
        fs::remove_dir_all(world.file("dashboards")).expect("removed");
        world
    }

    fn with_samples() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let running = Running::start(&["--connection", path(folder.path())]);
        fs::write(folder.path().join("key"), &running.said["admin token"]).expect("written");
        Self { folder, running }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> std::process::Output {
        let key = self.file("key");
        let access = ["--user", people()[0].id, "--org", organizations()[0].id, "--key-file", path(&key)];
        perchctl(&[arguments, &access].concat())
    }

    fn put(&self, text: &str) {
        let file = self.file("dashboards/web.toml");
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(file, text).expect("written");
    }

    /// What `check --live` says, without the folder's name and without notes.
    fn check(&self) -> (Option<i32>, Vec<String>) {
        let output = self.run(&["check", path(self.folder.path()), "--live"]);
        let said = String::from_utf8(output.stdout).expect("text");
        let lines = said.lines().filter(|line| !line.contains(": note: "));
        let lines = lines.map(|line| line.trim_start_matches(path(self.folder.path())).to_owned());
        (output.status.code(), lines.collect())
    }
}

const TIME: &str = "version = 1\ntitle = \"Web\"\n\n[time]\ndefault = \"7d\"\n";

fn tile(rest: &str) -> String {
    format!("{TIME}\n[[tile]]\ntitle = \"Visits\"\n{rest}\n")
}

#[test]
fn a_first_dashboard_is_made_of_the_pipes_and_fits_them() {
    let world = World::new();
    let (file, connection) = (world.file("dashboards/first.toml"), world.file("connection.toml"));
    let make = || world.run(&["new", path(&file), "--connection", path(&connection), "--title", "Harbor"]);
    let output = make();
    assert_succeeds(&output);
    let said = String::from_utf8(output.stdout).expect("text");
    assert!(said.contains(" tiles from 12 pipes") && !said.contains("left out"), "{said}");

    let text = fs::read_to_string(&file).expect("a dashboard");
    for part in ["title = \"Harbor\"", "[time]", "title = \"Top pages\"", "kind = \"kpi\"", "kind = \"funnel\""] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let tiles: Vec<_> = text.split("[[tile]]").filter(|tile| tile.contains("time = false")).collect();
    // These look back from now, or at all there ever was; all others ask for days.
    for (tile, pipe) in tiles.iter().zip(["trend", "sources", "locations"]) {
        assert!(tile.contains(&format!("pipe = \"{pipe}\"")), "{pipe}: {tiles:#?}");
    }
    assert_eq!(tiles.len(), 3, "{tiles:#?}");

    let (code, lines) = world.check();
    assert_eq!(code, Some(0), "{lines:#?}");
    assert!(lines[0].contains("nor in what their pipes answer"), "{lines:#?}");
    assert_fails(&make(), 1, "is there already");
    assert_eq!(fs::read_to_string(&file).expect("the same"), text);
}

#[test]
fn the_sample_dashboards_fit_the_pipes() {
    let (code, lines) = World::with_samples().check();
    assert_eq!((code, lines.len()), (Some(0), 1), "{lines:#?}");
}

#[test]
fn what_the_pipes_do_not_answer_is_told_at_its_place() {
    let world = World::new();
    for (rest, place, told) in [
        (
            "pipe = \"kpis\"\n[tile.chart]\nkind = \"line\"\ny = [\"visits\", \"pageview\"]",
            "12:16",
            "write \"pageviews\"",
        ),
        ("pipe = \"kpis\"\n[tile.chart]\nkind = \"line\"\nx = \"dat\"", "12:5", "write \"date\""),
        ("pipe = \"top_pages\"\n[tile.chart]\nkind = \"donut\"\ny = \"pathname\"", "12:5", "needs numbers"),
        ("pipe = \"top_pages\"\n[tile.chart]\nkind = \"candlestick\"", "11:8", "no column of the answer"),
        (
            "pipe = \"top_pages\"\nparameters = { limit = \"ten\" }\n[tile.chart]\nkind = \"table\"",
            "10:24",
            "could not answer",
        ),
    ] {
        world.put(&tile(rest));
        let (code, lines) = world.check();
        assert_eq!((code, lines.len()), (Some(1), 1), "{lines:#?}");
        assert!(lines[0].starts_with(&format!("/dashboards/web.toml:{place}: ")), "{place}: {lines:#?}");
        assert!(lines[0].contains(told), "{told}: {lines:#?}");
    }
}

#[test]
fn what_a_filter_cannot_offer_is_told_at_its_place() {
    let world = World::new();
    let tile = "[[tile]]\ntitle = \"Visits\"\npipe = \"kpis\"\n[tile.chart]\nkind = \"line\"\n";
    for (pipe, value, label, place, told) in [
        ("location", "location", "country", "11:8", "did you mean `locations`"),
        ("locations", "locatoin", "country", "12:9", "write \"location\""),
        ("locations", "location", "xyz", "13:9", "write one of"),
    ] {
        let options = format!("[filter.options]\npipe = \"{pipe}\"\nvalue = \"{value}\"\nlabel = \"{label}\"\n");
        let time = TIME.replace("version = 1", "version = 2");
        world.put(&format!("{time}\n[[filter]]\nname = \"location\"\nkind = \"select\"\n{options}\n{tile}"));
        let (code, lines) = world.check();
        assert_eq!((code, lines.len()), (Some(1), 1), "{lines:#?}");
        assert!(lines[0].starts_with(&format!("/dashboards/web.toml:{place}: ")), "{place}: {lines:#?}");
        assert!(lines[0].contains(told), "{told}: {lines:#?}");
    }
}

#[test]
fn a_token_that_was_copied_from_the_app_does_too() {
    let world = World::new();
    world.put(&tile("pipe = \"kpis\"\n[tile.chart]\nkind = \"line\""));
    let connection = world.file("connection.toml");
    let token = world.run(&["token", "--connection", path(&connection)]);
    let token_file = world.file("token");
    fs::write(&token_file, token.stdout).expect("written");
    let check = |folder: &Path| perchctl(&["check", path(folder), "--live", "--token-file", path(&token_file)]);
    assert_succeeds(&check(world.folder.path()));

    let text = fs::read_to_string(&connection).expect("a connection");
    fs::write(&connection, text.replace("bind = { org_id", "bind = { shop_id")).expect("written");
    assert!(!check(world.folder.path()).status.success());
    assert_fails(&perchctl(&["check", path(world.folder.path()), "--live"]), 2, "--token-file");
}

#[test]
fn a_service_that_is_gone_is_a_failure_and_no_problem_of_the_file() {
    let mut world = World::new();
    world.put(&tile("pipe = \"kpis\"\n[tile.chart]\nkind = \"line\""));
    world.running.stop();
    let output = world.run(&["check", path(world.folder.path()), "--live"]);
    assert_fails(&output, 1, "the pipes could not be asked");
}
