//! The stand-in for Tinybird's API: `/v0/pipes/NAME.json` over a SQLite of
//! web events. `token` judges who asks, `rate` how often, `parameters` what
//! for; `pipes` holds the questions in SQL, `answer` writes what comes of them as
//! ClickHouse does, and `wire` carries it.

mod answer;
mod endpoint;
mod events;
mod mix;
mod parameters;
mod pipes;
#[cfg(test)]
mod project;
mod rate;
mod recorded;
mod refusal;
mod shops;
mod token;
mod wire;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use axum::Router;
use axum::body::Bytes;
use axum::routing::get;
use rusqlite::Connection;

use crate::clock::unix;
use crate::{Clock, Options, SandboxError};

/// One workspace with its pipes.
pub(crate) struct Tinybird {
    database: Arc<Mutex<Connection>>,
    /// Midnight of the first day with events, in seconds since 1970.
    history_begins: i64,
    /// Where the present stands still, if it does.
    now: Option<SystemTime>,
    clock: Clock,
    recorded: BTreeMap<String, Bytes>,
    rates: rate::Rates,
    queries: AtomicUsize,
}

impl Tinybird {
    /// Makes the events and reads the recorded answers. Takes some tenths of a
    /// second: not for an async thread.
    pub(crate) fn build(options: &Options) -> Result<Self, SandboxError> {
        let recorded = options.answers.as_deref().map(recorded::read).transpose()?.unwrap_or_default();
        let present = unix(options.now.unwrap_or_else(|| options.clock.now()));
        Ok(Self {
            database: Arc::new(Mutex::new(events::build(present, options.events)?)),
            history_begins: events::first_day(present) * events::DAY,
            now: options.now,
            clock: options.clock.clone(),
            recorded,
            rates: rate::Rates::default(),
            queries: AtomicUsize::new(0),
        })
    }

    /// Every pipe that tenants are served, in alphabetical order.
    pub(crate) fn pipe_names(&self) -> Vec<String> {
        let tenants = pipes::all().filter(|pipe| !pipe.public);
        let mut names: Vec<String> = tenants.map(|pipe| pipe.name.to_owned()).collect();
        names.extend(self.recorded.keys().cloned());
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The database of events.
    pub(crate) fn database(&self) -> Arc<Mutex<Connection>> {
        Arc::clone(&self.database)
    }

    /// How many requests for pipes have come.
    pub(crate) fn queries(&self) -> usize {
        self.queries.load(Ordering::Relaxed)
    }

    /// What the pipes take for the present, in seconds since 1970.
    fn present(&self) -> i64 {
        self.now.map_or_else(|| self.clock.unix(), unix)
    }
}

/// All of its endpoints.
pub(crate) fn router(tinybird: Arc<Tinybird>) -> Router {
    let endpoints = Router::new()
        .route("/v0/pipes/{file}", get(endpoint::pipe).post(endpoint::pipe))
        .fallback(endpoint::nothing_here)
        .with_state(tinybird);
    wire::carry(endpoints)
}
