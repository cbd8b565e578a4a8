//! What the broker counts, for Prometheus. No label is anything that a request
//! brought.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// From a cache's hit to a Clerk that takes all the time it has, in seconds.
const BUCKETS: [f64; 12] = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    route: String,
    status: u16,
    code: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Call {
    call: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Recall {
    what: &'static str,
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Minted {
    key: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reload {
    result: &'static str,
}

fn buckets() -> Histogram {
    Histogram::new(BUCKETS)
}

/// All counts. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Metrics(Arc<Counts>);

struct Counts {
    registry: Registry,
    requests: Family<Request, Counter>,
    durations: Family<Route, Histogram>,
    clerk: Family<Call, Counter>,
    memory: Family<Recall, Counter>,
    minted: Family<Minted, Counter>,
    reloads: Family<Reload, Counter>,
    connections: Gauge,
    shed: Counter<u64, AtomicU64>,
    left_out: Gauge,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let requests = Family::default();
        let durations = Family::new_with_constructor(buckets as fn() -> Histogram);
        let (clerk, memory, minted, reloads) =
            (Family::default(), Family::default(), Family::default(), Family::default());
        let (connections, shed, left_out) = (Gauge::default(), Counter::default(), Gauge::default());
        let mut registry = Registry::with_prefix("perch_broker");
        registry.register("requests", "Requests that were answered", Family::clone(&requests));
        registry.register("request_seconds", "How long requests took", Family::clone(&durations));
        registry.register("clerk_requests", "Requests to Clerk", Family::clone(&clerk));
        registry.register("recalls", "What was known already, and what was not", Family::clone(&memory));
        registry.register("tokens_minted", "Tokens that were handed out, by the admin token", Family::clone(&minted));
        registry.register("reloads", "Changes of the configuration", Family::clone(&reloads));
        registry.register("connections", "Connections that are open", Gauge::clone(&connections));
        registry.register("connections_shed", "Connections closed because of too many", Counter::clone(&shed));
        registry.register("dashboards_left_out", "Dashboards with a mistake", Gauge::clone(&left_out));
        Self(Arc::new(Counts {
            registry,
            requests,
            durations,
            clerk,
            memory,
            minted,
            reloads,
            connections,
            shed,
            left_out,
        }))
    }

    pub(crate) fn answered(&self, route: &str, status: u16, code: &'static str, took: Duration) {
        let route = route.to_owned();
        self.0.durations.get_or_create(&Route { route: route.clone() }).observe(took.as_secs_f64());
        self.0.requests.get_or_create(&Request { route, status, code }).inc();
    }

    pub(crate) fn clerk_asked(&self, call: &'static str, outcome: &'static str) {
        self.0.clerk.get_or_create(&Call { call, outcome }).inc();
    }

    pub(crate) fn recalled(&self, what: &'static str, hit: bool) {
        let result = if hit { "hit" } else { "miss" };
        self.0.memory.get_or_create(&Recall { what, result }).inc();
    }

    pub(crate) fn minted(&self, previous: bool) {
        let key = if previous { "previous" } else { "current" };
        self.0.minted.get_or_create(&Minted { key }).inc();
    }

    pub(crate) fn reloaded(&self, well: bool) {
        let result = if well { "ok" } else { "refused" };
        self.0.reloads.get_or_create(&Reload { result }).inc();
    }

    pub(crate) fn dashboards_left_out(&self, count: usize) {
        self.0.left_out.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    pub(crate) fn connected(&self) {
        self.0.connections.inc();
    }

    pub(crate) fn disconnected(&self) {
        self.0.connections.dec();
    }

    pub(crate) fn shed(&self) {
        self.0.shed.inc();
    }

    /// All of it, in the text format of OpenMetrics.
    pub(crate) fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.0.registry)?;
        Ok(text)
    }
}
