//! The pipes: each a question in SQL, the types of its columns in ClickHouse's
//! words, and what it does with `limit`.
//!
//! Those of tenants filter by organization only when `org_id` is defined. That
//! is the trap which real pipes set (see the fence in `perch-tinybird`): a token
//! without the fixed parameter sees every organization's rows. Those that anyone
//! may ask tell totals of all organizations, and know none of them.

use rusqlite::types::Value;
use rusqlite::{Connection, StatementStatus, ToSql};

use super::answer::Answer;
use super::events::DAY;
use super::parameters::Question;

/// The rows that a question is about. Those after the present are there
/// already, and have not happened. A filter is a list, split at commas as
/// `Array(location, 'String')` splits it.
const ASKED: &str =
    "(:org_id IS NULL OR org_id = :org_id) AND timestamp >= :from AND timestamp < :until AND timestamp <= :now
     AND (:device IS NULL OR instr(',' || :device || ',', ',' || device || ',') > 0)
     AND (:browser IS NULL OR instr(',' || :browser || ',', ',' || browser || ',') > 0)
     AND (:location IS NULL OR instr(',' || :location || ',', ',' || location || ',') > 0)
     AND (:source IS NULL OR instr(',' || :source || ',', ',' || source || ',') > 0)";

/// One pipe.
pub(super) struct Pipe {
    /// The name in its address.
    pub(super) name: &'static str,
    /// Columns with ClickHouse's types.
    columns: &'static [(&'static str, &'static str)],
    /// `{asked}` stands for the filter.
    sql: &'static str,
    /// Whether `limit` cuts its rows.
    limited: bool,
    /// Whether anyone may ask it, and no tenant's token does.
    pub(super) public: bool,
}

/// The rows that a question of anyone's is about: everybody's, to count them.
const ASKED_BY_ANYONE: &str = "timestamp >= :from AND timestamp < :until AND timestamp <= :now";

/// Every pipe, in alphabetical order.
pub(super) fn all() -> impl Iterator<Item = &'static Pipe> {
    PIPES.iter()
}

/// A visit counts where it started: each belongs to one hour and one day, so
/// that hours add up to days and days to weeks. An hour without a visit is
/// there, with no rate rather than a rate of zero. Rates are in percent.
const KPIS: &str = "
    WITH RECURSIVE
    buckets(begins) AS (
        SELECT :first WHERE :first < :end
        UNION ALL
        SELECT begins + :step FROM buckets WHERE begins + :step < :end
    ),
    visits AS (
        SELECT MIN(timestamp) AS began, MAX(timestamp) - MIN(timestamp) AS seconds, COUNT(*) AS pages
        FROM events WHERE {asked} GROUP BY session_id
    ),
    counted AS (
        SELECT began - began % :step AS begins, COUNT(*) AS visits, SUM(pages) AS pageviews,
               ROUND(100 * AVG(pages = 1), 2) AS bounce_rate, ROUND(AVG(seconds), 1) AS avg_session_sec
        FROM visits GROUP BY 1
    )
    SELECT CASE WHEN :step = 86400 THEN date(begins, 'unixepoch') ELSE datetime(begins, 'unixepoch') END,
           COALESCE(visits, 0), COALESCE(pageviews, 0), bounce_rate, avg_session_sec
    FROM buckets LEFT JOIN counted USING (begins) ORDER BY begins";

/// The minute under way and the 29 before it.
const TREND: &str = "
    WITH RECURSIVE
    minutes(begins) AS (
        SELECT :now - :now % 60 - 29 * 60
        UNION ALL
        SELECT begins + 60 FROM minutes WHERE begins + 60 <= :now
    ),
    counted AS (
        SELECT timestamp - timestamp % 60 AS begins, COUNT(DISTINCT session_id) AS visits
        FROM events
        WHERE (:org_id IS NULL OR org_id = :org_id)
          AND timestamp >= :now - :now % 60 - 29 * 60 AND timestamp <= :now
        GROUP BY 1
    )
    SELECT datetime(begins, 'unixepoch'), COALESCE(visits, 0)
    FROM minutes LEFT JOIN counted USING (begins) ORDER BY begins";

/// Each step counts the visits that came so far or further.
const FUNNEL: &str = "
    WITH reached AS (
        SELECT MAX(CASE
            WHEN pathname = '/thank-you' THEN 5
            WHEN pathname = '/checkout' THEN 4
            WHEN pathname = '/cart' THEN 3
            WHEN pathname LIKE '/shop/%' THEN 2
            ELSE 1 END) AS step
        FROM events WHERE {asked} GROUP BY session_id
    ),
    steps(number, step) AS (
        VALUES (1, 'Visited'), (2, 'Viewed a product'), (3, 'Added to cart'), (4, 'Began checkout'), (5, 'Purchased')
    )
    SELECT steps.step, COUNT(reached.step)
    FROM steps LEFT JOIN reached ON reached.step >= steps.number
    GROUP BY number ORDER BY number";

/// Monday first, as ClickHouse's `toDayOfWeek` counts. All 168 hours are there.
const HEATMAP: &str = "
    WITH RECURSIVE
    hours(number) AS (SELECT 0 UNION ALL SELECT number + 1 FROM hours WHERE number < 167),
    visits AS (SELECT MIN(timestamp) AS began FROM events WHERE {asked} GROUP BY session_id),
    -- 1970-01-01 was a Thursday: three days after a Monday.
    counted AS (SELECT (began / 3600 + 72) % 168 AS number, COUNT(*) AS visits FROM visits GROUP BY 1)
    SELECT substr('MonTueWedThuFriSatSun', number / 24 * 3 + 1, 3), number % 24, COALESCE(visits, 0)
    FROM hours LEFT JOIN counted USING (number) ORDER BY number";

/// When people come, whatever the day. All 24 hours are there.
const HOURS: &str = "
    WITH RECURSIVE
    hours(hour) AS (SELECT 0 UNION ALL SELECT hour + 1 FROM hours WHERE hour < 23),
    visits AS (SELECT MIN(timestamp) AS began FROM events WHERE {asked} GROUP BY session_id),
    counted AS (SELECT began / 3600 % 24 AS hour, COUNT(*) AS visits FROM visits GROUP BY 1)
    SELECT hour, COALESCE(visits, 0) FROM hours LEFT JOIN counted USING (hour) ORDER BY hour";

/// Where visits ever came from, by the countries' names: what can be chosen,
/// whatever the days.
const LOCATIONS: &str = "
    WITH names(location, country) AS (
        VALUES ('AU', 'Australia'), ('CA', 'Canada'), ('DE', 'Germany'), ('DK', 'Denmark'), ('FI', 'Finland'),
               ('FR', 'France'), ('GB', 'United Kingdom'), ('IE', 'Ireland'), ('JP', 'Japan'), ('MX', 'Mexico'),
               ('NL', 'Netherlands'), ('NO', 'Norway'), ('NZ', 'New Zealand'), ('SE', 'Sweden'),
               ('US', 'United States')
    )
    SELECT location, COALESCE(country, location) AS country, COUNT(DISTINCT session_id)
    FROM events LEFT JOIN names USING (location)
    WHERE (:org_id IS NULL OR org_id = :org_id) AND timestamp <= :now
    GROUP BY location ORDER BY country";

/// What ever brought visits, from these places only where some are named.
const SOURCES: &str = "
    SELECT source, COUNT(DISTINCT session_id) AS visits FROM events
    WHERE (:org_id IS NULL OR org_id = :org_id) AND timestamp <= :now
      AND (:location IS NULL OR instr(',' || :location || ',', ',' || location || ',') > 0)
    GROUP BY source ORDER BY visits DESC, source";

/// Days of all shops together. A day without a visit is there.
const OVERVIEW: &str = "
    WITH RECURSIVE
    days(begins) AS (
        SELECT :first WHERE :first < :end
        UNION ALL
        SELECT begins + 86400 FROM days WHERE begins + 86400 < :end
    ),
    visits AS (SELECT MIN(timestamp) AS began, COUNT(*) AS pages FROM events WHERE {asked} GROUP BY session_id),
    counted AS (
        SELECT began - began % 86400 AS begins, COUNT(*) AS visits, SUM(pages) AS pageviews FROM visits GROUP BY 1
    )
    SELECT date(begins, 'unixepoch'), COALESCE(visits, 0), COALESCE(pageviews, 0)
    FROM days LEFT JOIN counted USING (begins) ORDER BY begins";

const WEEKDAY: &str = "Enum8('Mon' = 1, 'Tue' = 2, 'Wed' = 3, 'Thu' = 4, 'Fri' = 5, 'Sat' = 6, 'Sun' = 7)";

static PIPES: [Pipe; 14] = [
    Pipe {
        name: "funnel",
        columns: &[("step", "String"), ("sessions", "UInt64")],
        sql: FUNNEL,
        limited: false,
        public: false,
    },
    Pipe {
        name: "heatmap",
        columns: &[("weekday", WEEKDAY), ("hour", "UInt8"), ("visits", "UInt64")],
        sql: HEATMAP,
        limited: false,
        public: false,
    },
    Pipe {
        name: "hours",
        columns: &[("hour", "UInt8"), ("visits", "UInt64")],
        sql: HOURS,
        limited: false,
        public: false,
    },
    Pipe {
        name: "kpis",
        columns: &[
            ("date", "Date"),
            ("visits", "UInt64"),
            ("pageviews", "UInt64"),
            ("bounce_rate", "Nullable(Float64)"),
            ("avg_session_sec", "Nullable(Float64)"),
        ],
        sql: KPIS,
        limited: false,
        public: false,
    },
    Pipe {
        name: "locations",
        columns: &[("location", "LowCardinality(String)"), ("country", "String"), ("visits", "UInt64")],
        sql: LOCATIONS,
        limited: false,
        public: false,
    },
    Pipe {
        name: "overview",
        columns: &[("date", "Date"), ("visits", "UInt64"), ("pageviews", "UInt64")],
        sql: OVERVIEW,
        limited: false,
        public: true,
    },
    Pipe {
        name: "overview_devices",
        columns: &[("device", "LowCardinality(String)"), ("visits", "UInt64")],
        sql: "SELECT device, COUNT(DISTINCT session_id) AS visits FROM events WHERE {asked}
              GROUP BY device ORDER BY visits DESC, device",
        limited: true,
        public: true,
    },
    Pipe {
        name: "sources",
        columns: &[("source", "LowCardinality(String)"), ("visits", "UInt64")],
        sql: SOURCES,
        limited: false,
        public: false,
    },
    Pipe {
        name: "top_browsers",
        columns: &[("browser", "LowCardinality(String)"), ("visits", "UInt64")],
        sql: "SELECT browser, COUNT(DISTINCT session_id) AS visits FROM events WHERE {asked}
              GROUP BY browser ORDER BY visits DESC, browser",
        limited: true,
        public: false,
    },
    Pipe {
        name: "top_devices",
        columns: &[("device", "LowCardinality(String)"), ("visits", "UInt64")],
        sql: "SELECT device, COUNT(DISTINCT session_id) AS visits FROM events WHERE {asked}
              GROUP BY device ORDER BY visits DESC, device",
        limited: true,
        public: false,
    },
    Pipe {
        name: "top_locations",
        columns: &[("location", "LowCardinality(String)"), ("visits", "UInt64")],
        sql: "SELECT location, COUNT(DISTINCT session_id) AS visits FROM events WHERE {asked}
              GROUP BY location ORDER BY visits DESC, location",
        limited: true,
        public: false,
    },
    Pipe {
        name: "top_pages",
        columns: &[("pathname", "String"), ("visits", "UInt64"), ("pageviews", "UInt64")],
        sql: "SELECT pathname, COUNT(DISTINCT session_id) AS visits, COUNT(*) FROM events WHERE {asked}
              GROUP BY pathname ORDER BY visits DESC, pathname",
        limited: true,
        public: false,
    },
    Pipe {
        name: "top_sources",
        columns: &[("source", "LowCardinality(String)"), ("visits", "UInt64")],
        sql: "SELECT source, COUNT(DISTINCT session_id) AS visits FROM events WHERE {asked}
              GROUP BY source ORDER BY visits DESC, source",
        limited: true,
        public: false,
    },
    Pipe {
        name: "trend",
        columns: &[("t", "DateTime"), ("visits", "UInt64")],
        sql: TREND,
        limited: false,
        public: false,
    },
];

#[cfg(test)]
impl Pipe {
    pub(super) fn columns(&self) -> &'static [(&'static str, &'static str)] {
        self.columns
    }

    pub(super) fn sql(&self) -> &'static str {
        self.sql
    }

    pub(super) fn is_limited(&self) -> bool {
        self.limited
    }
}

impl Pipe {
    /// Asks the database. Days before `history_begins` and hours after the
    /// present are not told as empty: nothing is known of them.
    pub(super) fn answer(
        &self,
        database: &Connection,
        question: &Question,
        history_begins: i64,
    ) -> rusqlite::Result<Answer> {
        let by_hour = self.name == "kpis" && question.is_single_day();
        let step = if by_hour { 3600 } else { DAY };
        let first = question.from.max(history_begins);
        let end = question.until.min(question.now + 1);
        let parameters: [(&str, &dyn ToSql); 11] = [
            (":org_id", &question.org_id),
            (":from", &question.from),
            (":until", &question.until),
            (":now", &question.now),
            (":first", &first),
            (":end", &end),
            (":step", &step),
            (":device", &question.device),
            (":browser", &question.browser),
            (":location", &question.location),
            (":source", &question.source),
        ];
        let started = std::time::Instant::now();
        let mut statement =
            database.prepare(&self.sql.replace("{asked}", if self.public { ASKED_BY_ANYONE } else { ASKED }))?;
        // A question binds only what it mentions.
        let mut bound = Vec::with_capacity(parameters.len());
        for parameter in parameters {
            if statement.parameter_index(parameter.0)?.is_some() {
                bound.push(parameter);
            }
        }
        let width = self.columns.len();
        let rows = statement.query_map(bound.as_slice(), |row| (0..width).map(|column| row.get(column)).collect())?;
        let mut rows: Vec<Vec<Value>> = rows.collect::<rusqlite::Result<_>>()?;
        let scanned = statement.reset_status(StatementStatus::FullscanStep);

        let rows_before_limit = self.limited.then_some(rows.len());
        if self.limited {
            rows.truncate(usize::try_from(question.limit).unwrap_or_default());
        }
        let kind = |kind: &'static str| if by_hour && kind == "Date" { "DateTime" } else { kind };
        Ok(Answer {
            columns: self.columns.iter().map(|(name, declared)| (*name, kind(declared))).collect(),
            rows,
            rows_before_limit,
            elapsed: started.elapsed(),
            rows_read: u64::from(scanned.unsigned_abs()),
        })
    }
}
