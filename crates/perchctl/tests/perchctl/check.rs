//! `perchctl check` on folders.

use std::fs;
use std::path::Path;

use crate::{assert_fails, assert_succeeds, path, perchctl};

const CONNECTION: &str = r#"version = 1
name = "Acme Analytics"

[clerk]
issuer = "https://clerk.acme.example"
client_id = "oauth_app_1"

[tinybird]
host = "https://api.tinybird.co"
workspace_id = "w"

[token]
source = "mint"
bind = { org_id = "org.id" }
template = '''{"workspace_id": "w", "scopes": [{"type": "PIPES:READ", "resource": "kpis", "fixed_params": {"org_id": "{{org.id}}"}}]}'''
"#;

const DASHBOARD: &str = r#"version = 1
title = "Web traffic"

[[tile]]
title = "Visits"
pipe = "kpis"
[tile.chart]
kind = "line"
"#;

/// A folder with a connection and one dashboard.
fn folder(connection: &str, dashboard: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    fs::create_dir(dir.path().join("dashboards")).expect("a folder");
    fs::write(dir.path().join("connection.toml"), connection).expect("a file");
    fs::write(dir.path().join("dashboards/web.toml"), dashboard).expect("a file");
    fs::write(dir.path().join("dashboards/notes.txt"), "no dashboard").expect("a file");
    dir
}

fn lines(dir: &Path, stdout: &[u8]) -> Vec<String> {
    let text = String::from_utf8(stdout.to_vec()).expect("text");
    text.lines().map(|line| line.trim_start_matches(path(dir)).to_owned()).collect()
}

#[test]
fn a_folder_without_a_problem_gives_a_summary() {
    let dir = folder(CONNECTION, DASHBOARD);
    for target in [dir.path().to_owned(), dir.path().join("connection.toml")] {
        let output = perchctl(&["check", path(&target)]);
        assert_succeeds(&output);
        let summary = "/connection.toml: no problems in the connection, 1 dashboard and 1 tile; token source: mint";
        assert_eq!(lines(dir.path(), &output.stdout), [summary]);
    }
    fs::remove_dir_all(dir.path().join("dashboards")).expect("removed");
    let output = perchctl(&["check", path(dir.path())]);
    assert_succeeds(&output);
    assert!(lines(dir.path(), &output.stdout)[0].contains("0 dashboards"));
}

#[test]
fn each_problem_is_a_line_with_file_line_and_column() {
    let dir = folder(
        &CONNECTION.replace("https://api", "http://api"),
        &DASHBOARD.replace("pipe", "pype").replace("line", "lines"),
    );
    let output = perchctl(&["check", path(dir.path())]);
    assert_fails(&output, 1, "3 problems");
    let lines = lines(dir.path(), &output.stdout);
    let starts = ["/connection.toml:9:8: ", "/dashboards/web.toml:6:1: ", "/dashboards/web.toml:8:8: "];
    assert_eq!(lines.len(), starts.len(), "{lines:#?}");
    for (line, start) in lines.iter().zip(starts) {
        assert!(line.starts_with(start), "{lines:#?}");
    }
}

#[test]
fn a_parameter_that_the_token_fixes_is_a_problem() {
    let fixed = DASHBOARD.replace("[tile.chart]", "parameters = { org_id = \"org_other\" }\n[tile.chart]");
    let dir = folder(CONNECTION, &fixed);
    let output = perchctl(&["check", path(dir.path())]);
    assert_fails(&output, 1, "1 problem to");
    let lines = lines(dir.path(), &output.stdout);
    assert!(lines[0].starts_with("/dashboards/web.toml:7:16: `org_id` is fixed by the token"), "{lines:?}");
}

#[test]
fn a_file_that_is_not_there_is_a_failure() {
    assert_fails(&perchctl(&["check", "/nowhere"]), 1, "cannot read /nowhere");
}

/// The connection, with a broker that fills a template of its own.
fn by_broker() -> String {
    let before = CONNECTION.split("[token]").next().expect("a file");
    let source = "source = \"broker\"\nurl = \"https://tokens.acme.example\"";
    format!("{before}[token]\n{source}\nbind = {{ org_id = \"org.id\" }}\n")
}

#[test]
fn what_could_not_be_checked_is_noted_and_no_problem() {
    let dir = folder(&by_broker(), DASHBOARD);
    let output = perchctl(&["check", path(dir.path())]);
    assert_succeeds(&output);
    let lines = lines(dir.path(), &output.stdout);
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert!(lines[0].starts_with("/connection.toml:14:7: note: the broker at https://tokens.acme"), "{lines:#?}");
    let summary = "/connection.toml: no problems in the connection, 1 dashboard and 1 tile";
    assert_eq!(lines[1], format!("{summary}; token source: broker, whose template was not checked"));
}

#[test]
fn a_copy_of_the_brokers_template_is_checked_too() {
    let dir = folder(&by_broker(), DASHBOARD);
    let template = dir.path().join("template.json");
    let check = |claims: &str| {
        fs::write(&template, claims).expect("a file");
        perchctl(&["check", path(dir.path()), "--template", path(&template)])
    };
    let claims = CONNECTION.split("'''").nth(1).expect("a template");
    let output = check(claims);
    assert_succeeds(&output);
    let summary = lines(dir.path(), &output.stdout);
    assert_eq!(summary.len(), 1, "{summary:#?}");
    assert!(summary[0].contains("token source: broker, by the template ") && summary[0].ends_with("/template.json"));

    for (from, to, told) in [
        ("{{org.id}}", "{{org.idd}}", "/template.json:1:107: `org.idd` is no shortcode; did you mean"),
        ("kpis", "kpi", "/dashboards/web.toml:6:8: no scope of the token reads the pipe `kpis`"),
    ] {
        let output = check(&claims.replace(from, to));
        assert_fails(&output, 1, "1 problem to");
        let lines = lines(dir.path(), &output.stdout);
        assert!(lines.len() == 1 && lines[0].starts_with(told), "{lines:#?}");
    }
}

#[test]
fn the_schema_of_dashboards_is_printed_as_it_stands_in_the_documentation() {
    let output = perchctl(&["schema"]);
    assert_succeeds(&output);
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/dashboard.schema.json");
    assert_eq!(output.stdout, fs::read(kept).expect("the schema"));
}

#[test]
fn what_no_editor_would_write_is_told_at_its_place_and_takes_no_other_file_along() {
    let dir = folder(CONNECTION, DASHBOARD);
    let write = |name: &str, bytes: &[u8]| {
        fs::write(dir.path().join("dashboards").join(name), bytes).expect("a file");
    };
    let tile = "[[tile]]\ntitle = \"A\"\npipe = \"kpis\"\n[tile.chart]\nkind = \"table\"\n";
    write("a-mark.toml", format!("\u{feff}{}", DASHBOARD.replace('\n', "\r\n")).as_bytes());
    write("b-large.toml", format!("version = 2\ntitle = \"{}\"\n{tile}", "a".repeat(1_000_000)).as_bytes());
    write("c-many.toml", format!("version = 2\ntitle = \"Many\"\n{}", tile.repeat(10_000)).as_bytes());
    write("d-no-text.toml", b"version = 2\ntitle = \"\xff\"");
    let off = tile.replace("[tile.chart]", "width = 13\n[tile.chart]");
    write("e-off.toml", format!("version = 2\ntitle = \"Off\"\n{off}{tile}").as_bytes());
    write("WEB.TOML", DASHBOARD.as_bytes());
    let output = perchctl(&["check", path(dir.path())]);
    assert_eq!(output.status.code(), Some(1));
    let told = lines(&dir.path().join("dashboards"), &output.stdout);
    let starts = [
        "/b-large.toml:2:9: `title` must have between 1 and 200 characters",
        "/c-many.toml:1003:1: a dashboard has at most 200 tiles, and this is one of 10000",
        "/d-no-text.toml:2:10: this is not text in UTF-8",
        "/e-off.toml:6:9: `width` is 13; write a whole number from 1 to 12",
        "/web.toml:1:1: ",
    ];
    assert_eq!(told.len(), starts.len(), "{told:#?}");
    for (line, start) in told.iter().zip(starts) {
        assert!(line.starts_with(start) && line.chars().count() < 400, "{line}");
    }
}
