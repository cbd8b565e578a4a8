//! What the pipes answer, beside counts made here, row by row, from the same
//! events.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use perch_sandbox::{Options, Sandbox};
use serde_json::{Value, json};

use crate::{Hand, NOW, ask, now, org, start};

const DAY: i64 = 86_400;
/// The range that most tests ask for: the last 30 days with today.
const RANGE: &str = "date_from=2026-10-23&date_to=2026-11-21";

#[derive(Clone)]
struct Event {
    at: i64,
    session: i64,
    pathname: String,
    source: String,
    location: String,
    device: String,
    browser: String,
}

async fn sandbox() -> Sandbox {
    start(Options { now: Some(now()), events: 20_000, ..Options::default() }).await
}

/// An organization's events in [`RANGE`], up to [`NOW`].
fn events(sandbox: &Sandbox, org_id: &str) -> Vec<Event> {
    let range = NOW as i64 - NOW as i64 % DAY - 29 * DAY..=NOW as i64;
    all_events(sandbox, org_id).into_iter().filter(|event| range.contains(&event.at)).collect()
}

/// All of an organization's events, those to come too.
fn all_events(sandbox: &Sandbox, org_id: &str) -> Vec<Event> {
    let database = sandbox.database();
    let database = database.lock().expect("the database");
    let mut query = database
        .prepare(
            "SELECT timestamp, session_id, pathname, source, location, device, browser FROM events WHERE org_id = ?1",
        )
        .expect("a query");
    let rows = query.query_map([org_id], |row| {
        Ok(Event {
            at: row.get(0)?,
            session: row.get(1)?,
            pathname: row.get(2)?,
            source: row.get(3)?,
            location: row.get(4)?,
            device: row.get(5)?,
            browser: row.get(6)?,
        })
    });
    rows.expect("rows").collect::<Result<_, _>>().expect("events")
}

/// The visits of some events: each one's views, the earliest first.
fn visits(events: &[Event]) -> Vec<Vec<Event>> {
    let mut visits: HashMap<i64, Vec<Event>> = HashMap::new();
    for event in events {
        visits.entry(event.session).or_default().push(event.clone());
    }
    let mut visits: Vec<_> = visits.into_values().collect();
    visits.iter_mut().for_each(|visit| visit.sort_by_key(|event| event.at));
    visits
}

fn rows(answer: &Value) -> &Vec<Value> {
    let rows = answer["data"].as_array().expect("rows");
    assert_eq!(answer["rows"].as_u64(), Some(rows.len() as u64));
    rows
}

/// Whether a number is `expected`, rounded to so many digits.
fn rounded(value: &Value, expected: f64, digits: i32) -> bool {
    value.as_f64().is_some_and(|number| (number - expected).abs() <= 0.5 * 10_f64.powi(-digits) + 1e-9)
}

#[tokio::test]
async fn kpis_by_day_are_what_the_events_say() {
    let sandbox = sandbox().await;
    for number in 0..3 {
        let answer = ask(&sandbox, Some(org(number)), &format!("kpis.json?{RANGE}")).await;
        assert_eq!(answer["meta"][0], json!({"name": "date", "type": "Date"}));
        let visits = visits(&events(&sandbox, org(number)));
        assert_eq!(rows(&answer).len(), 30);
        for (index, row) in rows(&answer).iter().enumerate() {
            let day = NOW as i64 / DAY - 29 + index as i64;
            let of_day: Vec<_> = visits.iter().filter(|visit| visit[0].at / DAY == day).collect();
            let count = of_day.len() as f64;
            assert_eq!(row["visits"], of_day.len());
            assert_eq!(row["pageviews"], of_day.iter().map(|visit| visit.len()).sum::<usize>());
            let bounced = of_day.iter().filter(|visit| visit.len() == 1).count() as f64;
            let seconds: i64 = of_day.iter().map(|visit| visit[visit.len() - 1].at - visit[0].at).sum();
            assert!(rounded(&row["bounce_rate"], 100.0 * bounced / count, 2), "{row}");
            assert!(rounded(&row["avg_session_sec"], seconds as f64 / count, 1), "{row}");
        }
        let last = rows(&answer).last().expect("a row");
        assert_eq!(last["date"], "2026-11-21");
    }
}

#[tokio::test]
async fn kpis_of_a_single_day_come_by_the_hour() {
    let sandbox = sandbox().await;
    let day = ask(&sandbox, Some(org(2)), "kpis.json?date_from=2026-11-20&date_to=2026-11-20").await;
    assert_eq!(day["meta"][0], json!({"name": "date", "type": "DateTime"}));
    assert_eq!(rows(&day).len(), 24);
    assert_eq!(rows(&day)[5]["date"], "2026-11-20 05:00:00");
    let of_day: Vec<_> = visits(&events(&sandbox, org(2)))
        .into_iter()
        .filter(|visit| visit[0].at / DAY == NOW as i64 / DAY - 1)
        .collect();
    for (hour, row) in rows(&day).iter().enumerate() {
        let count = of_day.iter().filter(|visit| visit[0].at % DAY / 3600 == hour as i64).count();
        assert_eq!(row["visits"], count, "{hour}");
        // An hour without a visit has no rate; it does not have a rate of zero.
        assert_eq!(row["bounce_rate"].is_null(), count == 0, "{row}");
    }
    let today = ask(&sandbox, Some(org(2)), "kpis.json?date_from=2026-11-21&date_to=2026-11-21").await;
    assert_eq!(rows(&today).len(), 13, "hours that have not come are not told");
}

#[tokio::test]
async fn a_filter_leaves_the_visits_that_it_names() {
    let sandbox = sandbox().await;
    let sum = |answer: &Value| rows(answer).iter().filter_map(|row| row["visits"].as_u64()).sum::<u64>();
    for column in ["device", "browser", "location", "source"] {
        let all = ask(&sandbox, Some(org(0)), &format!("top_{column}s.json?{RANGE}")).await;
        let kpis = sum(&ask(&sandbox, Some(org(0)), &format!("kpis.json?{RANGE}")).await);
        assert_eq!(sum(&all), kpis);
        let first = &rows(&all)[0];
        let value = first[column].as_str().expect("a name");
        let left = ask(&sandbox, Some(org(0)), &format!("kpis.json?{RANGE}&{column}={value}")).await;
        assert_eq!(sum(&left), first["visits"].as_u64().expect("a count"), "{column}");
        assert!(sum(&left) < kpis);
        let second = &rows(&all)[1];
        let both = format!("{value},{}", second[column].as_str().expect("a name"));
        let left = ask(&sandbox, Some(org(0)), &format!("kpis.json?{RANGE}&{column}={both}")).await;
        let wanted = [first, second].map(|row| row["visits"].as_u64().expect("a count"));
        assert_eq!(sum(&left), wanted.iter().sum::<u64>(), "{column}: a list is any of its items");
    }
}

#[tokio::test]
async fn what_can_be_chosen_is_what_ever_came_whatever_the_days() {
    let sandbox = sandbox().await;
    let nothing = "date_from=2020-01-01&date_to=2020-01-02";
    let events: Vec<_> = all_events(&sandbox, org(0)).into_iter().filter(|event| event.at <= NOW as i64).collect();
    let locations = ask(&sandbox, Some(org(0)), &format!("locations.json?{nothing}")).await;
    let told: BTreeSet<_> = rows(&locations).iter().filter_map(|row| row["location"].as_str()).collect();
    assert_eq!(told, events.iter().map(|event| event.location.as_str()).collect());
    let names: Vec<_> = rows(&locations).iter().filter_map(|row| row["country"].as_str()).collect();
    assert!(names.is_sorted() && names.contains(&"Germany"), "{names:?}");
    let sources = ask(&sandbox, Some(org(0)), "sources.json?location=DE").await;
    let told: BTreeSet<_> = rows(&sources).iter().filter_map(|row| row["source"].as_str()).collect();
    let german = events.iter().filter(|event| event.location == "DE");
    assert_eq!(told, german.map(|event| event.source.as_str()).collect());
}

#[tokio::test]
async fn days_before_the_history_are_not_told_as_empty() {
    let sandbox = sandbox().await;
    let answer = ask(&sandbox, Some(org(0)), "kpis.json?date_from=2026-01-01&date_to=2026-11-21").await;
    assert_eq!(rows(&answer).len(), 91);
    let before = ask(&sandbox, Some(org(0)), "kpis.json?date_from=2026-01-01&date_to=2026-02-01").await;
    assert!(rows(&before).is_empty());
    let backwards = ask(&sandbox, Some(org(0)), "kpis.json?date_from=2026-11-21&date_to=2026-11-01").await;
    assert!(rows(&backwards).is_empty());
}

#[tokio::test]
async fn the_trend_has_a_row_for_each_of_the_last_thirty_minutes() {
    let sandbox = sandbox().await;
    let answer = ask(&sandbox, Some(org(0)), "trend.json").await;
    assert_eq!(rows(&answer).len(), 30);
    assert_eq!(rows(&answer)[29]["t"], "2026-11-21 12:34:00");
    let events = events(&sandbox, org(0));
    let mut total = 0;
    for (index, row) in rows(&answer).iter().enumerate() {
        let minute = NOW as i64 / 60 - 29 + index as i64;
        let seen: BTreeSet<i64> =
            events.iter().filter(|event| event.at / 60 == minute).map(|event| event.session).collect();
        assert_eq!(row["visits"], seen.len(), "{row}");
        total += seen.len();
    }
    assert!(total > 0);
}

#[tokio::test]
async fn the_demo_goes_on_for_a_day_and_no_pipe_runs_ahead_of_it() {
    let hand = Hand::new();
    let sandbox = start(Options { events: 2_000, clock: hand.clock(), ..Options::default() }).await;
    let whole = "date_from=2026-08-01&date_to=2026-11-30";
    for hours in [0, 8, 16, 24] {
        let now = NOW as i64 + hours * 3600;
        for number in 0..3 {
            let ask = async |query: &str| ask(&sandbox, Some(org(number)), query).await;
            let happened: Vec<_> =
                all_events(&sandbox, org(number)).into_iter().filter(|event| event.at <= now).collect();
            let visits = visits(&happened).len() as u64;

            let trend = ask("trend.json").await;
            let seen = |row: &Value| row["visits"].as_u64().expect("a count");
            assert!(rows(&trend).iter().map(seen).sum::<u64>() > 0, "after {hours} hours");
            for pipe in ["kpis", "hours", "heatmap", "top_browsers", "top_devices", "top_locations", "top_sources"] {
                let answer = ask(&format!("{pipe}.json?{whole}")).await;
                assert_eq!(rows(&answer).iter().map(seen).sum::<u64>(), visits, "{pipe} after {hours} hours");
            }
            let pages = ask(&format!("top_pages.json?{whole}")).await;
            let told: u64 = rows(&pages).iter().filter_map(|row| row["pageviews"].as_u64()).sum();
            assert_eq!(told, happened.len() as u64, "top_pages after {hours} hours");
            let funnel = ask(&format!("funnel.json?{whole}")).await;
            assert_eq!(rows(&funnel)[0]["sessions"], visits, "funnel after {hours} hours");
        }
        hand.pass(Duration::from_secs(8 * 3600));
    }
}

#[tokio::test]
async fn each_ranking_counts_visits_and_puts_the_largest_first() {
    let sandbox = sandbox().await;
    type Of = fn(&Event) -> &String;
    let rankings: [(&str, &str, Of); 5] = [
        ("top_pages", "pathname", |event| &event.pathname),
        ("top_sources", "source", |event| &event.source),
        ("top_locations", "location", |event| &event.location),
        ("top_devices", "device", |event| &event.device),
        ("top_browsers", "browser", |event| &event.browser),
    ];
    for (pipe, column, of) in rankings {
        let events = events(&sandbox, org(1));
        let mut counted: BTreeMap<&str, BTreeSet<i64>> = BTreeMap::new();
        for event in &events {
            counted.entry(of(event)).or_default().insert(event.session);
        }
        let answer = ask(&sandbox, Some(org(1)), &format!("{pipe}.json?{RANGE}")).await;
        assert_eq!(rows(&answer).len(), counted.len(), "{pipe}");
        assert!(counted.len() > 2, "{pipe}");
        for row in rows(&answer) {
            let name = row[column].as_str().expect("a name");
            assert_eq!(row["visits"], counted[name].len(), "{pipe}: {name}");
        }
        let sizes: Vec<u64> = rows(&answer).iter().filter_map(|row| row["visits"].as_u64()).collect();
        assert!(sizes.is_sorted_by(|one, next| one >= next), "{pipe}");
    }
}

#[tokio::test]
async fn a_limit_cuts_the_rows_and_tells_how_many_there_were() {
    let sandbox = sandbox().await;
    let all = ask(&sandbox, Some(org(0)), &format!("top_pages.json?{RANGE}")).await;
    let two = ask(&sandbox, Some(org(0)), &format!("top_pages.json?{RANGE}&limit=2")).await;
    assert_eq!(rows(&two)[..], rows(&all)[..2]);
    assert_eq!(two["rows_before_limit_at_least"], rows(&all).len());
    assert_eq!(rows(&ask(&sandbox, Some(org(0)), "top_pages.json?limit=0").await).len(), 0);
}

#[tokio::test]
async fn the_funnel_counts_visits_that_came_so_far_or_further() {
    let sandbox = sandbox().await;
    let answer = ask(&sandbox, Some(org(0)), &format!("funnel.json?{RANGE}")).await;
    let visits = visits(&events(&sandbox, org(0)));
    let reached = |visit: &[Event], step: usize| {
        let path = |wanted: &str| visit.iter().any(|event| event.pathname == wanted);
        let product = visit.iter().any(|event| event.pathname.starts_with("/shop/"));
        let steps = [true, product, path("/cart"), path("/checkout"), path("/thank-you")];
        steps[step..].iter().any(|reached| *reached)
    };
    let counts: Vec<u64> = rows(&answer).iter().filter_map(|row| row["sessions"].as_u64()).collect();
    let expected: Vec<u64> =
        (0..5).map(|step| visits.iter().filter(|visit| reached(visit, step)).count() as u64).collect();
    assert_eq!(counts, expected);
    assert!(counts.is_sorted_by(|one, next| one > next), "every step loses somebody: {counts:?}");
    assert!(counts[4] > 0);
}

#[tokio::test]
async fn the_heat_map_has_every_hour_of_the_week() {
    let sandbox = sandbox().await;
    let answer = ask(&sandbox, Some(org(1)), &format!("heatmap.json?{RANGE}")).await;
    assert_eq!(rows(&answer).len(), 168);
    let mut counted: HashMap<(usize, i64), usize> = HashMap::new();
    for visit in visits(&events(&sandbox, org(1))) {
        // 1970-01-01 was a Thursday.
        let weekday = (visit[0].at / DAY + 3) % 7;
        *counted.entry((weekday as usize, visit[0].at % DAY / 3600)).or_default() += 1;
    }
    let names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    for row in rows(&answer) {
        let weekday = names.iter().position(|name| row["weekday"] == *name).expect("a weekday");
        let hour = row["hour"].as_i64().expect("an hour");
        assert_eq!(row["visits"], counted.get(&(weekday, hour)).copied().unwrap_or_default(), "{row}");
    }
}

#[tokio::test]
async fn the_hours_of_the_day_add_up_to_all_visits() {
    let sandbox = sandbox().await;
    let answer = ask(&sandbox, Some(org(2)), &format!("hours.json?{RANGE}")).await;
    let mut counted = [0_u64; 24];
    for visit in visits(&events(&sandbox, org(2))) {
        counted[(visit[0].at % DAY / 3600) as usize] += 1;
    }
    let told: Vec<u64> = rows(&answer).iter().filter_map(|row| row["visits"].as_u64()).collect();
    assert_eq!(told, counted);
}

#[tokio::test]
async fn a_parameter_of_the_wrong_type_is_a_bad_request() {
    let sandbox = sandbox().await;
    let token = crate::sign(&sandbox, &crate::claims(&sandbox, Some(org(0)), 4_000_000_000));
    for query in ["date_from=yesterday", "date_to=2026-02-30", "limit=many", "limit=-1", "limit="] {
        let address = format!("{}/v0/pipes/top_pages.json?{query}", sandbox.tinybird());
        let response = crate::http().get(address).bearer_auth(&token).send().await.expect("an answer");
        assert_eq!(response.status(), 400, "{query}");
        let body: Value = response.json().await.expect("JSON");
        assert!(body["error"].is_string() && body["documentation"].is_string(), "{query}: {body}");
    }
}

#[tokio::test]
async fn a_query_is_never_part_of_the_sql() {
    let sandbox = sandbox().await;
    let attack = "top_pages.json?org_id=x'%20OR%20'1'='1";
    assert!(rows(&ask(&sandbox, None, attack).await).is_empty());
}

#[tokio::test]
async fn recorded_answers_arrive_byte_for_byte() {
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden");
    let options = Options { answers: Some(golden.into()), now: Some(now()), events: 300, ..Options::default() };
    let sandbox = start(options).await;
    let token = crate::sign(&sandbox, &crate::claims(&sandbox, Some(org(0)), 4_000_000_000));
    for name in ["strings", "big", "datetimes", "funnel", "odd_names"] {
        let address = format!("{}/v0/pipes/{name}.json?date_from=ignored", sandbox.tinybird());
        let response = crate::http().get(&address).bearer_auth(&token).send().await.expect("an answer");
        let bytes = response.bytes().await.expect("a body");
        assert!(bytes == std::fs::read(format!("{golden}/{name}.json")).expect("the file"), "{name}");
        assert_eq!(crate::http().get(&address).send().await.expect("an answer").status(), 403, "{name}");
    }
    // The sandbox's own pipes are still there.
    assert!(!rows(&ask(&sandbox, Some(org(0)), "kpis.json").await).is_empty());
}

#[tokio::test]
async fn organizations_differ_in_size_and_mix() {
    let sandbox = sandbox().await;
    let mut sizes = Vec::new();
    let mut first_devices = BTreeSet::new();
    for number in 0..3 {
        sizes.push(visits(&events(&sandbox, org(number))).len());
        let devices = ask(&sandbox, Some(org(number)), &format!("top_devices.json?{RANGE}")).await;
        first_devices.insert(rows(&devices)[0]["device"].to_string());
    }
    assert!(sizes[0] > sizes[1] && sizes[1] > sizes[2], "{sizes:?}");
    assert_eq!(first_devices.len(), 2);
}
