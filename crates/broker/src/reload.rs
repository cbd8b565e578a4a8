//! The configuration while the broker runs: read again every few seconds, and
//! taken when it has changed and is right. One that is wrong is logged, and
//! what was right before goes on.
//!
//! A file that is being written can be right for a moment and say less than it
//! will: so a change counts once two looks in a row have seen the same, and one
//! that would leave no rule where there were some has to say so.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::admission::Admission;
use crate::clock::Clock;
use crate::config_error::ConfigError;
use crate::policy::Policy;
use crate::settings::{Settings, Sources};

/// Whether all is right, as `perch-broker check` asks. What is wrong with
/// dashboards, each of which would be left out or lack a tile, a line each.
///
/// # Errors
/// The first thing with which the broker would not start.
pub fn check(sources: &Sources, now: SystemTime) -> Result<Vec<String>, ConfigError> {
    let (_, settings) = Settings::load(sources, now);
    let Policy { mut left_out, tiles_left_out, .. } = settings?.policy;
    left_out.extend(tiles_left_out);
    Ok(left_out.iter().map(ToString::to_string).collect())
}

/// What the looks at the configuration have seen.
struct Looks {
    /// What was decided on, taken or refused.
    decided: [u8; 32],
    /// What the last look saw.
    last: [u8; 32],
}

impl Looks {
    fn new(digest: [u8; 32]) -> Self {
        Self { decided: digest, last: digest }
    }

    /// Whether what is seen now is to be decided on: it is new, and has been
    /// seen twice in a row.
    fn settle(&mut self, digest: [u8; 32]) -> bool {
        let again = std::mem::replace(&mut self.last, digest) == digest;
        let settled = again && digest != self.decided;
        if settled {
            self.decided = digest;
        }
        settled
    }
}

/// Watches for changes, for ever.
pub(crate) async fn watch(
    admission: Arc<Admission>,
    sources: Sources,
    clock: Clock,
    every: Duration,
    digest: [u8; 32],
) {
    let mut looks = Looks::new(digest);
    loop {
        tokio::time::sleep(every).await;
        let (theirs, now) = (sources.clone(), clock.now());
        let Ok((digest, settings)) = tokio::task::spawn_blocking(move || Settings::load(&theirs, now)).await else {
            continue;
        };
        if !looks.settle(digest) {
            continue;
        }
        let running = admission.policy();
        let settings = settings.and_then(|settings| match settings.policy.rules.lost_since(&running.rules) {
            true => Err(ConfigError::RulesLost),
            false => Ok(settings),
        });
        match settings {
            Ok(settings) if settings.policy.connection.clerk.issuer != running.connection.clerk.issuer => {
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

/// Tells which dashboards are not served, and which without some of their tiles.
pub(crate) fn tell_left_out(admission: &Admission, policy: &Policy) {
    let mut files: Vec<&str> = policy.left_out.iter().map(|finding| finding.file.as_str()).collect();
    files.dedup();
    admission.metrics.dashboards_left_out(files.len());
    for finding in &policy.left_out {
        tracing::warn!(%finding, "a dashboard with a mistake is left out");
    }
    for finding in &policy.tiles_left_out {
        tracing::warn!(%finding, "a tile with a mistake is left out, and the rest of its dashboard is served");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_seen_for_one_look_only_is_never_decided_on() {
        let mut looks = Looks::new([0; 32]);
        let decided = [0, 1, 0, 1, 2, 2, 2, 0, 0, 2].map(|seen| looks.settle([seen; 32]));
        assert_eq!(decided, [false, false, false, false, false, true, false, false, true, false]);
    }
}
