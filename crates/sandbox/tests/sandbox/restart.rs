//! Stopping and starting again.

use std::time::Instant;

use perch_sandbox::{Options, Sandbox, SandboxError};
use rusqlite::Connection;

use crate::browser::{Browser, person, query, refresh, signed_in, text, userinfo};
use crate::{now, org, small, start};

#[tokio::test]
async fn the_same_folder_and_ports_are_the_same_service() {
    let data = tempfile::tempdir().expect("a folder");
    let first = start(Options { data: Some(data.path().to_owned()), events: 300, ..Options::default() }).await;
    let port = |origin: &str| origin.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    let ports = (port(first.clerk()), port(first.tinybird()));
    let again = Options {
        clerk_port: ports.0,
        tinybird_port: ports.1,
        data: Some(data.path().to_owned()),
        events: 300,
        ..Options::default()
    };
    let tokens = signed_in(&first, "grace", org(1)).await;
    let mut browser = Browser::new(&first);
    let page = browser.open(&query(&first, &[])).await;
    let page = browser.sign_in(&page, person("ada")).await;
    browser.allow(&page, org(0)).await;
    let connection = first.connection_toml();
    first.stop().await;

    let second = start(again).await;
    assert_eq!(second.connection_toml(), connection);
    assert_eq!(userinfo(&second, &text(&tokens, "access_token")).await.0, 200);
    let (status, renewed) = refresh(&second, &text(&tokens, "refresh_token")).await;
    assert_eq!((status, renewed["refresh_token"].is_string()), (200, true));
    // The browser is still signed in, and has agreed before.
    assert!(browser.open(&query(&second, &[("prompt", "none")])).await.answered("code").is_some());
}

#[tokio::test]
async fn a_stopped_or_dropped_sandbox_answers_no_more() {
    let sandbox = small().await;
    let (clerk, tinybird) = (sandbox.clerk().to_owned(), sandbox.tinybird().to_owned());
    assert!(crate::http().get(&clerk).send().await.is_ok());
    sandbox.stop().await;
    for origin in [clerk, tinybird] {
        assert!(crate::http().get(origin).send().await.is_err());
    }

    let sandbox = small().await;
    let clerk = sandbox.clerk().to_owned();
    drop(sandbox);
    let began = Instant::now();
    while crate::http().get(&clerk).send().await.is_ok() {
        assert!(began.elapsed().as_secs() < 2, "it still answers");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_port_that_is_taken_is_an_error_that_names_it() {
    let sandbox = small().await;
    let port: u16 = sandbox.clerk().rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    let error = Sandbox::start(Options { clerk_port: port, ..Options::default() }).await.err().expect("an error");
    assert!(matches!(error, SandboxError::Port { .. }));
    assert!(error.to_string().contains(&port.to_string()), "{error}");
}

#[tokio::test]
async fn a_data_folder_that_cannot_be_is_an_error_that_names_it() {
    let data = tempfile::NamedTempFile::new().expect("a file");
    let options = Options { data: Some(data.path().to_owned()), events: 300, ..Options::default() };
    let error = Sandbox::start(options).await.err().expect("an error");
    assert_eq!(error.code(), "sandbox-data");
    assert!(error.to_string().contains(&data.path().display().to_string()), "{error}");
}

#[tokio::test]
async fn nothing_in_the_data_folder_opens_anything() {
    let data = tempfile::tempdir().expect("a folder");
    let sandbox = start(Options { data: Some(data.path().to_owned()), events: 300, ..Options::default() }).await;
    let tokens = signed_in(&sandbox, "ada", org(0)).await;
    sandbox.stop().await;
    for name in ["refresh_token", "access_token", "id_token"] {
        let token = text(&tokens, name).into_bytes();
        for file in std::fs::read_dir(data.path()).expect("the folder") {
            let bytes = std::fs::read(file.expect("a file").path()).expect("its bytes");
            assert!(!bytes.windows(token.len()).any(|window| window == token), "{name}");
        }
    }
}

#[tokio::test]
async fn the_same_present_has_the_same_rows() {
    let options = || Options { now: Some(now()), events: 5_000, ..Options::default() };
    let (first, second) = (start(options()).await, start(options()).await);
    let rows = |sandbox: &Sandbox| {
        let database = sandbox.database();
        let database = database.lock().expect("the database");
        table(&database)
    };
    assert!(rows(&first).len() > 5_000);
    assert_eq!(rows(&first), rows(&second));
}

fn table(database: &Connection) -> Vec<String> {
    let mut query = database
        .prepare("SELECT concat_ws('|', timestamp, org_id, session_id, pathname, source, location, device, browser) FROM events")
        .expect("a query");
    let rows = query.query_map([], |row| row.get(0)).expect("rows");
    rows.collect::<Result<_, _>>().expect("texts")
}

#[tokio::test]
async fn it_starts_with_two_hundred_thousand_events_of_every_organization() {
    let sandbox = start(Options::default()).await;
    let database = sandbox.database();
    let database = database.lock().expect("the database");
    let count = |sql: &str| database.query_row(sql, [], |row| row.get::<_, i64>(0)).expect("a count");
    assert!(count("SELECT COUNT(*) FROM events WHERE timestamp <= unixepoch()") >= 200_000);
    assert_eq!(count("SELECT COUNT(DISTINCT org_id) FROM events"), 3);
    let days = "SELECT COUNT(DISTINCT date(timestamp, 'unixepoch')) FROM events WHERE timestamp <= unixepoch()";
    assert_eq!(count(days), 91);
}
