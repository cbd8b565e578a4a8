//! Perch, the desktop app: a window around [`perch_desktop::Desktop`]. Each
//! concern gives itself to the app in a function of its own; this file only
//! says in which order.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod arguments;
mod commands;
mod core;
#[cfg(target_os = "linux")]
mod dumps;
mod files;
mod link;
mod log;
mod pictures;
#[cfg(target_os = "linux")]
mod scheme;
mod window;

use std::process::ExitCode;

use arguments::Arguments;
use clap::Parser;

fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    window::paint_with_the_processor();
    let arguments = Arguments::parse();
    log::start();
    #[cfg(target_os = "linux")]
    dumps::forbid();
    let app = tauri::Builder::default()
        .plugin(tauri_plugin_single_instance::init(arguments::follow_second_start))
        .plugin(tauri_plugin_opener::init())
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_clipboard_manager::init())
        .register_asynchronous_uri_scheme_protocol(pictures::SCHEME, pictures::answer)
        .invoke_handler(commands::all())
        .setup(move |app| {
            core::open(app)?;
            window::open(app)?;
            arguments.follow(app.handle());
            #[cfg(target_os = "linux")]
            scheme::register();
            Ok(())
        })
        .build(tauri::generate_context!());
    match app {
        Ok(app) => {
            let code = app.run_return(window::quit_in_peace);
            ExitCode::from(u8::try_from(code).unwrap_or(1))
        }
        Err(error) => {
            tracing::error!(%error, "Perch could not start");
            ExitCode::FAILURE
        }
    }
}
