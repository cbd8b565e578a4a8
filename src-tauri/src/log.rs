//! The log: on standard error, quiet unless asked (`PERCH_LOG=debug`), and
//! without a secret, because secret types do not print.

use tracing_subscriber::EnvFilter;

/// Starts logging. Libraries below us stay at warnings: some of them print
/// headers and addresses when asked for more.
pub fn start() {
    let level = std::env::var("PERCH_LOG").ok().filter(|level| level.parse::<tracing::Level>().is_ok());
    let filter = match level {
        Some(level) => format!(
            "warn,perch={level},perch_desktop={level},perch_clerk={level},perch_tinybird={level},perch_dashboard={level},perch_offline={level},perch_keychain={level}"
        ),
        None => "warn".to_owned(),
    };
    tracing_subscriber::fmt().with_env_filter(EnvFilter::new(filter)).with_writer(std::io::stderr).init();
}
