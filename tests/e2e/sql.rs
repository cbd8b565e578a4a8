//! What the tiles should say, asked of the sandbox's rows in SQL that is not
//! the sandbox's own.

use std::time::{SystemTime, UNIX_EPOCH};

use perch_sandbox::Sandbox;

const DAY: i64 = 24 * 60 * 60;

/// The id of an organization of the sandbox.
pub fn organization(slug: &str) -> &'static str {
    perch_sandbox::organizations().iter().find(|known| known.slug == slug).expect("an organization of the sandbox").id
}

/// Visits of the last seven days by a column, most first: at most `limit`.
pub fn visits_by(sandbox: &Sandbox, organization: &str, column: &str, limit: usize) -> Vec<(String, String)> {
    let query = format!(
        "SELECT {column}, COUNT(DISTINCT session_id) AS visits FROM events
         WHERE org_id = ?1 AND timestamp >= ?2 GROUP BY {column} ORDER BY visits DESC, {column} LIMIT {limit}"
    );
    let database = sandbox.database();
    let database = database.lock().expect("the database");
    let mut statement = database.prepare(&query).expect("a query");
    let rows =
        statement.query_map((organization, first_second()), |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.to_string())));
    rows.expect("rows").collect::<Result<_, _>>().expect("values")
}

/// Pages seen in the last seven days.
pub fn page_views(sandbox: &Sandbox, organization: &str) -> String {
    let query = "SELECT COUNT(*) FROM events WHERE org_id = ?1 AND timestamp >= ?2";
    let database = sandbox.database();
    let database = database.lock().expect("the database");
    let count: i64 = database.query_row(query, (organization, first_second()), |row| row.get(0)).expect("a count");
    count.to_string()
}

/// Midnight (UTC, like the sandbox's days) six days ago: with today, seven days.
fn first_second() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_secs();
    let now = i64::try_from(now).expect("a clock of this age");
    now - now % DAY - 6 * DAY
}
