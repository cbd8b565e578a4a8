//! What the static token of the connection file reads: totals of all shops, and
//! nothing else.

use std::collections::HashMap;

use perch_sandbox::{Options, Sandbox};
use perch_tenant::Connection;
use reqwest::StatusCode;
use serde_json::Value;

use crate::{NOW, http, now, org, start};

const DAY: i64 = 86_400;

async fn ask(sandbox: &Sandbox, question: &str) -> (StatusCode, Value) {
    let connection = Connection::parse(&sandbox.connection_toml()).expect("a connection");
    let token = connection.public.expect("a public token").token;
    let address = format!("{}/v0/pipes/{question}", sandbox.tinybird());
    let response = http().get(address).bearer_auth(token.expose()).send().await.expect("an answer");
    (response.status(), response.json().await.expect("JSON"))
}

/// Visits and pages of all shops by day of their beginning, counted from the rows.
fn counted(sandbox: &Sandbox) -> HashMap<i64, (u64, u64)> {
    let database = sandbox.database();
    let database = database.lock().expect("the database");
    let mut statement = database.prepare("SELECT session_id, timestamp FROM events").expect("a query");
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
    let first = NOW as i64 / DAY * DAY - 6 * DAY;
    let mut visits: HashMap<i64, (i64, u64)> = HashMap::new();
    for row in rows {
        let (visit, at): (i64, i64) = row.expect("a row");
        if (first..=NOW as i64).contains(&at) {
            let (began, pages) = visits.entry(visit).or_insert((at, 0));
            (*began, *pages) = (at.min(*began), *pages + 1);
        }
    }
    let mut days = HashMap::new();
    for (began, pages) in visits.into_values() {
        let day = days.entry(began / DAY).or_insert((0, 0));
        *day = (day.0 + 1, day.1 + pages);
    }
    days
}

#[tokio::test]
async fn anyone_is_told_the_totals_of_all_shops_and_an_organization_changes_nothing() {
    let sandbox = start(Options { now: Some(now()), events: 20_000, ..Options::default() }).await;
    let counted = counted(&sandbox);
    for question in ["overview.json".to_owned(), format!("overview.json?org_id={}", org(0))] {
        let (status, answer) = ask(&sandbox, &question).await;
        assert_eq!(status, 200, "{answer}");
        let rows = answer["data"].as_array().expect("rows");
        assert_eq!(rows.len(), 7);
        for (day, row) in (NOW as i64 / DAY - 6..).zip(rows) {
            let told = (row["visits"].as_u64().expect("a count"), row["pageviews"].as_u64().expect("a count"));
            assert_eq!(told, counted[&day], "{row}");
        }
    }
    let (_, answer) = ask(&sandbox, "overview_devices.json").await;
    let devices = answer["data"].as_array().expect("rows");
    let visits: u64 = devices.iter().filter_map(|row| row["visits"].as_u64()).sum();
    assert_eq!(visits, counted.values().map(|(visits, _)| visits).sum::<u64>(), "a visit has one device");
}

#[tokio::test]
async fn the_static_token_reads_no_tenants_pipe_and_no_tenants_template_names_a_public_one() {
    let sandbox = start(Options { events: 300, ..Options::default() }).await;
    for pipe in ["kpis", "top_pages", "trend"] {
        let (status, answer) = ask(&sandbox, &format!("{pipe}.json?org_id={}", org(0))).await;
        assert_eq!(status, 403, "{pipe}");
        assert!(answer["error"].as_str().expect("an error").contains(pipe), "{answer}");
    }
    for text in [sandbox.connection_toml(), sandbox.hosted_connection_toml()] {
        let connection = Connection::parse(&text).expect("a connection");
        assert!(connection.public.is_some());
        assert!(connection.token.template().is_none_or(|template| !template.contains("overview")));
    }
}
