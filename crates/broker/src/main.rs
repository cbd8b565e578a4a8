//! `perch-broker`: signs tenants' tokens for an operator. Parse, run, turn the
//! outcome into an exit code: 0 for done, 1 for a failure or a mistake found, 2
//! for a command line that says nothing meaningful.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use clap::{Parser, Subcommand};
use perch_broker::{Clock, ConfigError, Options, Sources, StartError};
use tracing_subscriber::EnvFilter;

/// How often the configuration is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// What `--help` ends with: all that can be configured, for whoever has the
/// program and not its repository.
const OPTIONS: &str = concat!(
    "Options of broker.toml, and the variables that win over them:
  listen                            PERCH_BROKER_LISTEN
  metrics_listen                    PERCH_BROKER_METRICS_LISTEN
  public_url                        PERCH_BROKER_PUBLIC_URL
  connection                        PERCH_BROKER_CONNECTION
  name                              PERCH_BROKER_NAME
  bind
  client_ids                        PERCH_BROKER_CLIENT_IDS (with commas)
  template                          PERCH_BROKER_TEMPLATE
  pipes                             PERCH_BROKER_PIPES (with commas)
  lifetime_seconds                  PERCH_BROKER_LIFETIME_SECONDS
  memory_seconds                    PERCH_BROKER_MEMORY_SECONDS
  clerk_api                         PERCH_BROKER_CLERK_API
  opaque_tokens                     PERCH_BROKER_OPAQUE_TOKENS
  rules = \"none\", or [[rule]] with role or permission, and pipes
  [limits] connections              PERCH_BROKER_CONNECTIONS
           requests_per_minute      PERCH_BROKER_REQUESTS_PER_MINUTE
           burst                    PERCH_BROKER_BURST
           opaque_checks_per_second PERCH_BROKER_OPAQUE_CHECKS_PER_SECOND
           header_seconds           PERCH_BROKER_HEADER_SECONDS
           body_seconds             PERCH_BROKER_BODY_SECONDS
           stop_seconds             PERCH_BROKER_STOP_SECONDS

Keys: CLERK_SECRET_KEY, TINYBIRD_JWT_SECRET and, while that is replaced,
TINYBIRD_JWT_SECRET_PREVIOUS; or each with _FILE, the path of a file with the key.
PERCH_LOG=debug says more.

",
    env!("CARGO_PKG_REPOSITORY"),
    "/blob/main/crates/broker/README.md tells of each."
);

/// Signs tenants' tokens for an operator, so that no viewer's machine has the
/// workspace's admin token.
#[derive(Parser)]
#[command(version, after_help = OPTIONS)]
struct Arguments {
    /// The configuration, usually broker.toml; without it everything stands in variables
    #[arg(long, global = true, value_name = "FILE", env = "PERCH_BROKER_CONFIG")]
    config: Option<PathBuf>,
    /// A file of variables, such as the Clerk and Tinybird template's .env
    #[arg(long, global = true, value_name = "FILE", env = "PERCH_BROKER_ENV_FILE")]
    env_file: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Check the configuration, the connection, the template and the dashboards, and exit
    Check,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}\n{next}", next = .0.next_step())]
    Config(#[from] ConfigError),
    #[error("{0}\n{next}", next = .0.next_step())]
    Start(#[from] StartError),
    #[error("{count} {} to put right; what has one is not served\nMend what the lines above name, and check again.", if *count == 1 { "problem" } else { "problems" })]
    Dashboards { count: usize },
    #[error("{0}\nSee that standard output is open, and that the machine's limits let the broker start threads.")]
    System(#[from] std::io::Error),
}

fn main() -> ExitCode {
    let Arguments { config, env_file, command } = Arguments::parse();
    // What is not text is no variable of ours.
    let variables =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let sources = Sources { config, env_file, variables: variables.collect() };
    let outcome = match command {
        Some(Command::Check) => check(&sources),
        None => serve(sources),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Where standard error is closed, the exit code must do.
            let _ = writeln!(std::io::stderr(), "perch-broker: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn check(sources: &Sources) -> Result<(), Failure> {
    let left_out = perch_broker::check(sources, SystemTime::now())?;
    let mut out = std::io::stdout();
    for problem in &left_out {
        writeln!(out, "{problem}")?;
    }
    match left_out.len() {
        0 => Ok(writeln!(out, "perch-broker: the configuration is right")?),
        count => Err(Failure::Dashboards { count }),
    }
}

fn serve(sources: Sources) -> Result<(), Failure> {
    log();
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        // Listened for before anybody can know that we are here.
        let asked_to_end = asked_to_end()?;
        let options = Options { sources, clock: Clock::system(), look_again: LOOK_AGAIN };
        let broker = perch_broker::start(options).await?;
        asked_to_end.await;
        tracing::info!("stopping");
        broker.stop().await;
        Ok(())
    })
}

/// One line of JSON an event, on standard output. `PERCH_LOG` says how much.
fn log() {
    let filter = EnvFilter::try_from_env("PERCH_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().json().flatten_event(true).with_env_filter(filter).init();
}

#[cfg(unix)]
fn asked_to_end() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn asked_to_end() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Where it cannot be listened for, the process is ended otherwise.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
