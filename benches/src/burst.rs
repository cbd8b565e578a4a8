//! `burst_60`: sixty tiles that ask at once with a token of ten requests a
//! second, beside the least time that the limit allows: ten at once, and the
//! others as they are allowed. Each asks once: a 429 is an error of the bench.

use std::time::{Duration, SystemTime};

use perch_sandbox::{Options, Sandbox};
use perch_tinybird::{Client, Parameters, PipeName, TenantToken};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::comparison::Comparison;
use crate::error::BenchError;
use crate::tenant;

const TILES: u32 = 60;
const RPS: u32 = 10;

/// How often the sixty ask, with tokens of different names.
const ROUNDS: usize = 3;

/// Asks the sandbox.
pub async fn compare() -> Result<Comparison, BenchError> {
    // The limit is what is measured, not how long a pipe counts.
    let sandbox = Sandbox::start(Options { events: 1_000, ..Options::default() }).await?;
    let mut times = Vec::new();
    for round in 0..ROUNDS {
        times.push(burst(&sandbox, round).await?);
    }
    let asked = sandbox.pipe_queries();
    sandbox.stop().await;
    match asked - ROUNDS * TILES as usize {
        0 => Comparison::of("burst_60", &times, "the least that 10 requests a second allow", &[least()])
            .ok_or_else(|| BenchError::InVain("a single burst".to_owned())),
        extra => Err(BenchError::Repeated { extra }),
    }
}

fn least() -> Duration {
    Duration::from_secs(1) * (TILES - RPS) / RPS
}

async fn burst(sandbox: &Sandbox, round: usize) -> Result<Duration, BenchError> {
    let mut tenant = tenant::tenant(sandbox.tinybird(), sandbox.workspace_id())?;
    // Rates are counted by the token's name, and the name holds the person.
    tenant.user.id = format!("user_bench_{round}");
    let mut template: serde_json::Value =
        serde_json::from_str(&sandbox.claims_template()).map_err(std::io::Error::from)?;
    template["limits"]["rps"] = RPS.into();
    let signer = tenant::signer(sandbox.admin_token(), &template.to_string())?;
    let now = SystemTime::now();
    let raw = signer.sign(&tenant, &tenant, now)?;
    let token = TenantToken::admit(raw, &tenant, &tenant::bindings()?, now)?;
    let pipe = PipeName::parse("kpis").map_err(|error| BenchError::InVain(error.to_string()))?;

    let client = Client::new()?;
    let begun = Instant::now();
    let mut tiles = JoinSet::new();
    for _ in 0..TILES {
        let (client, token, pipe) = (client.clone(), token.clone(), pipe.clone());
        tiles.spawn(async move { client.query(&token, &pipe, &Parameters::default(), SystemTime::now()).await });
    }
    while let Some(tile) = tiles.join_next().await {
        tile.map_err(|_| BenchError::InVain("a tile".to_owned()))??;
    }
    Ok(begun.elapsed())
}
