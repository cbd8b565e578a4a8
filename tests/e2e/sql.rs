//! What the tiles should say, asked of the sandbox's rows in SQL that is not
//! the sandbox's own.

use std::collections::BTreeMap;

use perch_sandbox::Sandbox;

const DAY: i64 = 24 * 60 * 60;

/// The id of an organization of the sandbox.
pub fn organization(slug: &str) -> &'static str {
    perch_sandbox::organizations().iter().find(|known| known.slug == slug).expect("an organization of the sandbox").id
}

/// Visits of the last seven days by a column, most first: at most `limit`. The
/// sandbox's rows go on into the future, so the count ends `at` a second.
pub fn visits_by(sandbox: &Sandbox, organization: &str, column: &str, limit: usize, at: i64) -> Vec<(String, String)> {
    let query = format!(
        "SELECT {column}, COUNT(DISTINCT session_id) AS visits FROM events
         WHERE org_id = ?1 AND timestamp >= ?2 AND timestamp <= ?3 GROUP BY {column} ORDER BY visits DESC, {column} LIMIT {limit}"
    );
    let database = sandbox.database();
    let database = database.lock().expect("the database");
    let mut statement = database.prepare(&query).expect("a query");
    let asked = (organization, first_second(at), at);
    let rows = statement.query_map(asked, |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.to_string())));
    rows.expect("rows").collect::<Result<_, _>>().expect("values")
}

/// Pages seen in the last seven days.
pub fn page_views(sandbox: &Sandbox, organization: &str, at: i64) -> i64 {
    let query = "SELECT COUNT(*) FROM events WHERE org_id = ?1 AND timestamp >= ?2 AND timestamp <= ?3";
    let database = sandbox.database();
    let database = database.lock().expect("the database");
    database.query_row(query, (organization, first_second(at), at), |row| row.get(0)).expect("a count")
}

/// Visits of each of the last seven days: a visit counts where it began.
pub fn visits_by_day(sandbox: &Sandbox, organization: &str, at: i64) -> Vec<String> {
    let query = "SELECT began / 86400, COUNT(*) FROM (
           SELECT MIN(timestamp) AS began FROM events WHERE org_id = ?1 AND timestamp >= ?2 AND timestamp <= ?3
           GROUP BY session_id)
         GROUP BY began / 86400";
    let database = sandbox.database();
    let database = database.lock().expect("the database");
    let mut statement = database.prepare(query).expect("a query");
    let rows = statement.query_map((organization, first_second(at), at), |row| Ok((row.get(0)?, row.get(1)?)));
    let days: BTreeMap<i64, i64> = rows.expect("rows").collect::<Result<_, _>>().expect("values");
    // A day of nobody, as today is just after midnight, is a day too.
    let day = |day: i64| days.get(&day).copied().unwrap_or_default().to_string();
    (first_second(at) / DAY..=at / DAY).map(day).collect()
}

/// Visits of all organizations in the last seven days by device, most first.
pub fn visits_of_all_by_device(sandbox: &Sandbox, at: i64) -> Vec<(String, String)> {
    let query = "SELECT device, COUNT(DISTINCT session_id) AS visits FROM events
         WHERE timestamp >= ?1 AND timestamp <= ?2 GROUP BY device ORDER BY visits DESC, device";
    let database = sandbox.database();
    let database = database.lock().expect("the database");
    let mut statement = database.prepare(query).expect("a query");
    let rows = statement.query_map((first_second(at), at), |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.to_string())));
    rows.expect("rows").collect::<Result<_, _>>().expect("values")
}

/// Visits of all organizations in the last seven days.
pub fn visits_of_all(sandbox: &Sandbox, at: i64) -> i64 {
    of_all(sandbox, "COUNT(DISTINCT session_id)", at)
}

/// Pages seen of all organizations in the last seven days.
pub fn page_views_of_all(sandbox: &Sandbox, at: i64) -> i64 {
    of_all(sandbox, "COUNT(*)", at)
}

fn of_all(sandbox: &Sandbox, counted: &str, at: i64) -> i64 {
    let query = format!("SELECT {counted} FROM events WHERE timestamp >= ?1 AND timestamp <= ?2");
    let database = sandbox.database();
    let database = database.lock().expect("the database");
    database.query_row(&query, (first_second(at), at), |row| row.get(0)).expect("a count")
}

/// Midnight (UTC, like the sandbox's days) six days before a second: with its
/// own day, seven.
fn first_second(at: i64) -> i64 {
    at - at % DAY - 6 * DAY
}
