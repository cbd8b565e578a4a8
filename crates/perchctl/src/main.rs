//! `perchctl`, the command line of Perch: what can be done without a window.
//!
//! Parse, run, turn the outcome into an exit code: 0 for done, 1 for a failure
//! or a problem found, 2 for a command line that says nothing meaningful.

mod arguments;
mod asking;
mod check;
mod export;
mod failure;
mod files;
mod new;
mod render;
mod sandbox;
mod token;

use std::io::Write;
use std::process::ExitCode;
use std::time::SystemTime;

use arguments::Command;
use failure::Failure;

fn main() -> ExitCode {
    let command = match arguments::parse() {
        Ok(command) => command,
        Err(answer) => return answer,
    };
    log_if_asked();
    match run(&command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Where standard error is closed, the exit code must do.
            let _ = writeln!(std::io::stderr(), "perchctl: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Check(arguments) => check::run(arguments, SystemTime::now()),
        Command::Schema => files::print(perch_dashboard::SCHEMA.as_bytes()),
        Command::New(arguments) => new::run(arguments, SystemTime::now()),
        Command::Token(arguments) => token::run(arguments, SystemTime::now()),
        Command::Render(arguments) => render::run(arguments),
        Command::Export(arguments) => export::run(arguments),
        Command::Sandbox(arguments) => sandbox::run(arguments),
    }
}

/// Standard error belongs to the one line that says what failed, so the log
/// speaks only when `RUST_LOG` asks it to.
fn log_if_asked() {
    if std::env::var_os("RUST_LOG").is_some() {
        tracing_subscriber::fmt()
            .with_writer(std::io::stderr)
            .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
            .init();
    }
}
