//! The configuration while the broker runs: read again every few seconds, and
//! taken when it has changed and is right. One that is wrong is logged, and
//! what was right before goes on.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::admission::Admission;
use crate::clock::Clock;
use crate::config_error::ConfigError;
use crate::policy::Policy;
use crate::settings::{Settings, Sources};

/// Whether all is right, as `perch-broker check` asks. What is wrong with
/// dashboards, each of which would be left out, a line each.
///
/// # Errors
/// The first thing with which the broker would not start.
pub fn check(sources: &Sources, now: SystemTime) -> Result<Vec<String>, ConfigError> {
    let (_, settings) = Settings::load(sources, now);
    Ok(settings?.policy.left_out.iter().map(ToString::to_string).collect())
}

/// Watches for changes, for ever.
pub(crate) async fn watch(
    admission: Arc<Admission>,
    sources: Sources,
    clock: Clock,
    every: Duration,
    mut last: [u8; 32],
) {
    loop {
        tokio::time::sleep(every).await;
        admission.tidy();
        let (theirs, now) = (sources.clone(), clock.now());
        let Ok((digest, settings)) = tokio::task::spawn_blocking(move || Settings::load(&theirs, now)).await else {
            continue;
        };
        if digest == last {
            continue;
        }
        last = digest;
        match settings {
            Ok(settings) if settings.policy.connection.clerk.issuer != admission.policy().connection.clerk.issuer => {
                admission.metrics.reloaded(false);
                tracing::error!("the connection names another Clerk instance now: start the broker again");
            }
            Ok(settings) => {
                admission.metrics.reloaded(true);
                tracing::info!("the configuration has changed and was read anew");
                tell_left_out(&admission, &settings.policy);
                admission.take(settings.policy);
            }
            Err(error) => {
                admission.metrics.reloaded(false);
                tracing::error!(code = error.code(), %error, "the configuration has changed and is wrong: the old one goes on");
            }
        }
    }
}

/// Tells which dashboards are not served.
pub(crate) fn tell_left_out(admission: &Admission, policy: &Policy) {
    let mut files: Vec<&str> = policy.left_out.iter().map(|finding| finding.file.as_str()).collect();
    files.dedup();
    admission.metrics.dashboards_left_out(files.len());
    for finding in &policy.left_out {
        tracing::warn!(%finding, "a dashboard with a mistake is left out");
    }
}
