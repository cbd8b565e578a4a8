//! `perchctl sandbox`: the stand-in for Clerk and Tinybird, by itself.

use std::fmt::Write;
use std::fs;
use std::future::Future;
use std::io;
use std::path::Path;

use perch_sandbox::{Options, people};

use crate::arguments::Sandbox;
use crate::{Failure, files};

pub(crate) fn run(arguments: &Sandbox) -> Result<(), Failure> {
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::Runtime)?;
    runtime.block_on(serve(arguments))
}

async fn serve(arguments: &Sandbox) -> Result<(), Failure> {
    // Listened for before anything is printed, so that whoever reads the
    // addresses can end the sandbox at once.
    let asked_to_end = asked_to_end().map_err(Failure::Runtime)?;
    let sandbox = perch_sandbox::Sandbox::start(Options {
        clerk_port: arguments.clerk_port,
        tinybird_port: arguments.tinybird_port,
        answers: arguments.answers.clone(),
        data: arguments.data.clone(),
        ..Options::default()
    })
    .await?;
    if let Some(folder) = &arguments.connection {
        let text = if arguments.hosted { sandbox.hosted_connection_toml() } else { sandbox.connection_toml() };
        write_connection(folder, &text)?;
    }
    files::print(greeting(&sandbox, arguments.connection.as_deref()).as_bytes())?;
    asked_to_end.await;
    sandbox.stop().await;
    Ok(())
}

/// What is printed once the sandbox answers: a name and a value a line.
fn greeting(sandbox: &perch_sandbox::Sandbox, connection: Option<&Path>) -> String {
    let mut text = String::from("Perch sandbox, a stand-in for Clerk and Tinybird. Ctrl-C ends it.\n");
    let mut line = |name: &str, value: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name:<14} {value}");
    };
    line("clerk", sandbox.clerk());
    line("client id", sandbox.client_id());
    line("tinybird", sandbox.tinybird());
    line("workspace id", sandbox.workspace_id());
    line("admin token", sandbox.admin_token());
    for person in people() {
        line("sign in as", &format!("{} with the password {}", person.email, person.password));
    }
    if let Some(folder) = connection {
        line("connection", &folder.join("connection.toml").display().to_string());
    }
    text
}

fn write_connection(folder: &Path, text: &str) -> Result<(), Failure> {
    let dashboards = folder.join("dashboards");
    fs::create_dir_all(&dashboards).map_err(|source| Failure::Write { path: dashboards.clone(), source })?;
    files::write(&folder.join("connection.toml"), text.as_bytes())?;
    for (name, text) in perch_sandbox::Sandbox::dashboards() {
        files::write(&dashboards.join(format!("{name}.toml")), text.as_bytes())?;
    }
    Ok(())
}

/// Waits for Ctrl-C, or for whoever runs this to end it.
#[cfg(unix)]
fn asked_to_end() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn asked_to_end() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without a handler Ctrl-C ends the process by itself.
        let _ = tokio::signal::ctrl_c().await;
    })
}
