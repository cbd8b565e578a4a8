//! `store_size`: what an answer takes in the sealed store, beside the same
//! answer as a plain file of JSON: kilobytes where other benches have
//! milliseconds. The answers are the sandbox's to every tile of its dashboards
//! over every range that they offer, and the store is its whole file, with all
//! that it needs besides.

use std::path::Path;
use std::time::SystemTime;

use jiff::tz::TimeZone;
use perch_dashboard::{Dashboard, Preset, TimeRange};
use perch_offline::{Question, Store};
use perch_sandbox::{Options, Sandbox};
use perch_tenant::{Secret, Tenant};
use perch_tinybird::{Client, Parameters, TenantToken};

use crate::comparison::{Comparison, Unit};
use crate::error::BenchError;
use crate::tenant;

/// Asks the sandbox, and weighs what came.
pub async fn compare() -> Result<Comparison, BenchError> {
    let sandbox = Sandbox::start(Options::default()).await?;
    let tenant = tenant_of(&sandbox)?;
    let answers = answers(&sandbox, &tenant).await?;
    sandbox.stop().await;
    let folder = tempfile::tempdir()?;
    let ours = weigh(folder.path(), &tenant, &answers)?;
    let plain = answers.iter().map(|(_, answer)| answer.len() as u64).sum();
    let each = |bytes: u64| [bytes as f64 / 1_000.0 / answers.len() as f64];
    Comparison::of_numbers("store_size", &each(ours), "plain files of the same JSON", &each(plain), Unit::Kilobytes)
        .ok_or_else(|| BenchError::InVain("a single answer".to_owned()))
}

fn tenant_of(sandbox: &Sandbox) -> Result<Tenant, BenchError> {
    let mut tenant = tenant::tenant(sandbox.tinybird(), sandbox.workspace_id())?;
    if let (Some(organization), Some(known)) = (&mut tenant.organization, perch_sandbox::organizations().first()) {
        organization.id = known.id.to_owned();
    }
    Ok(tenant)
}

async fn answers(sandbox: &Sandbox, tenant: &Tenant) -> Result<Vec<(Question, Vec<u8>)>, BenchError> {
    let signer = tenant::signer(sandbox.admin_token(), &sandbox.claims_template())?;
    let (now, client) = (SystemTime::now(), Client::new()?);
    let token = TenantToken::admit(signer.sign(tenant, tenant, now)?, tenant, &tenant::bindings()?, now)?;
    let mut answers = Vec::new();
    for (id, text) in Sandbox::dashboards() {
        let dashboard = Dashboard::parse(id, text).map_err(|_| BenchError::InVain(format!("the dashboard {id}")))?;
        for (tile, preset) in dashboard.tiles.iter().flat_map(|tile| Preset::ALL.map(|preset| (tile, preset))) {
            // What anyone may see has a token of its own.
            let (Some(pipe), Some(time), false) = (&tile.pipe, &tile.time, tile.public) else { continue };
            let dates = TimeRange::Last(preset).dates(now, &TimeZone::UTC);
            let mut parameters = Parameters::default();
            parameters.insert(time.from.clone(), dates.from);
            parameters.insert(time.to.clone(), dates.to);
            let asked = [(time.from.clone(), preset.as_str().to_owned()), ("tile".to_owned(), tile.id.clone())];
            let question = Question { pipe: pipe.as_str().to_owned(), parameters: asked.into() };
            answers.push((question, client.query(&token, pipe, &parameters, now).await?));
        }
    }
    Ok(answers)
}

/// The bytes of a store's file with these answers.
fn weigh(folder: &Path, tenant: &Tenant, answers: &[(Question, Vec<u8>)]) -> Result<u64, BenchError> {
    let store = Store::open(folder, &tenant.id(), &Secret::new("5a".repeat(32)))?.store;
    for (question, answer) in answers {
        store.put(question, answer, SystemTime::now(), "https://api.tinybird.co (mint)")?;
    }
    drop(store);
    let sizes =
        std::fs::read_dir(folder)?.map(|entry| Ok(entry?.metadata()?.len())).collect::<std::io::Result<Vec<_>>>();
    Ok(sizes?.into_iter().sum())
}
