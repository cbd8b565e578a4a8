//! The core under the window: what it is given, and where its events go.

use std::sync::Arc;
use std::time::SystemTime;

use perch_desktop::{Desktop, Event, Places, Surroundings};
use tauri::{App, AppHandle, Emitter, Manager};
use tauri_plugin_opener::OpenerExt;

use crate::window;

/// Opens the core and gives it to the app's commands.
pub fn open(app: &mut App) -> Result<(), Box<dyn std::error::Error>> {
    let bundled = app.path().resource_dir().map(|resources| resources.join("bundled")).ok();
    let places = Places::from_environment(bundled)
        .ok_or("this account has no home folder; set PERCH_CONFIG_DIR and PERCH_DATA_DIR")?;
    let (events, browser) = (app.handle().clone(), app.handle().clone());
    let surroundings = Surroundings {
        places,
        clock: Arc::new(SystemTime::now),
        locale: locale(),
        events: Box::new(move |event| pass_on(&events, event)),
        // The opener's error repeats the whole address, so it is not told.
        browser: Box::new(move |url| browser.opener().open_url(url, None::<&str>).is_ok()),
        links_arrive: Box::new(links_arrive),
    };
    let desktop =
        tauri::async_runtime::block_on(async { Desktop::open(surroundings) }).map_err(|problem| problem.message)?;
    // The store opens while the web view starts, which takes longer.
    tauri::async_runtime::spawn({
        let desktop = desktop.clone();
        async move { desktop.boot().await }
    });
    app.manage(desktop);
    Ok(())
}

/// The viewer's locale as the system says it. The one of no country at all, `C`, is read as English.
fn locale() -> String {
    let told = sys_locale::get_locale().filter(|locale| !["C", "POSIX"].contains(&locale.as_str()));
    told.unwrap_or_else(|| "en".to_owned())
}

/// Whether the process that the system starts for a link finds this one: it asks
/// the session's message bus.
#[cfg(target_os = "linux")]
fn links_arrive() -> bool {
    gio::bus_get_sync(gio::BusType::Session, gio::Cancellable::NONE).is_ok()
}

/// Whether the process that the system starts for a link finds this one: on
/// Windows it does. macOS starts none, it sends an event, which nobody hears yet.
#[cfg(not(target_os = "linux"))]
fn links_arrive() -> bool {
    cfg!(windows)
}

fn pass_on(app: &AppHandle, event: Event) {
    let sent = match event {
        Event::App(view) => app.emit("app", view),
        Event::Tile(tile) => app.emit("tile", tile),
        Event::Opened(opened) => app.emit("opened", opened),
        Event::OfflineCopy(changed) => app.emit("offline-copy", changed),
        Event::Dashboards => app.emit("dashboards", ()),
        Event::Attention => {
            window::bring_to_front(app);
            Ok(())
        }
    };
    if let Err(error) = sent {
        tracing::warn!(%error, "an event did not reach the window");
    }
}
