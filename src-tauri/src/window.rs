//! The one window.

use std::time::Duration;

use perch_desktop::Desktop;
use tauri::utils::config::Color;
use tauri::{
    App, AppHandle, DragDropEvent, Manager, RunEvent, Theme, Url, UserAttentionType, WebviewUrl, WebviewWindow,
    WebviewWindowBuilder, WindowEvent,
};

/// The name by which capabilities and protocols know it.
pub const LABEL: &str = "main";

/// How long a window manager takes to minimize a window after it has taken the
/// focus from it.
const MANAGER_TAKES: Duration = Duration::from_millis(500);

/// The page's background, so that nothing flashes before the first paint.
/// The same values as `--ground` in `ui/src/styles/tokens.css`.
const LIGHT: Color = Color(0xf5, 0xf6, 0xf7, 255);
const DARK: Color = Color(0x0e, 0x10, 0x14, 255);

/// Lets WebKitGTK paint, and put together what it painted, without the graphics
/// card. Perch is text and a few pictures that stand still: for those, compiling
/// shaders takes longer than painting, a seventh of the time from start to
/// dashboard, and the card's driver takes a sixth of the memory (`make bench`).
/// Nor can a window stay blank with drivers that WebKitGTK and the card disagree
/// about. Under a WebDriver the card stays: some of its commands wait for the card
/// to show something, for ever where nothing changes.
///
/// WebKitGTK takes this from the environment only. Call it before anything else
/// runs: the environment is no place for two threads. Whoever has set it
/// otherwise keeps it.
#[cfg(target_os = "linux")]
pub fn paint_with_the_processor() {
    let names = ["WEBKIT_SKIA_ENABLE_CPU_RENDERING", "WEBKIT_DISABLE_COMPOSITING_MODE"];
    for name in &names[..if is_driven() { 1 } else { 2 }] {
        // It fails for a malformed name only, and then WebKitGTK paints as it likes.
        let _ = glib::setenv(name, "1", false);
    }
}

/// Whether a WebDriver drives the window.
fn is_driven() -> bool {
    std::env::var_os("TAURI_WEBVIEW_AUTOMATION").is_some()
}

/// Opens the window. The web view keeps nothing on disk, except under a
/// WebDriver, which cannot reach an ephemeral one on WebKitGTK.
pub fn open(app: &mut App) -> tauri::Result<()> {
    let window = WebviewWindowBuilder::new(app, LABEL, WebviewUrl::default())
        .title("Perch")
        .inner_size(1280.0, 860.0)
        .min_inner_size(420.0, 480.0)
        .incognito(!is_driven())
        .on_navigation(is_our_own)
        .build()?;
    let theme = window.theme().unwrap_or(Theme::Light);
    window.set_background_color(Some(if theme == Theme::Dark { DARK } else { LIGHT }))?;
    let handle = app.handle().clone();
    window.on_window_event(move |event| match event {
        WindowEvent::DragDrop(DragDropEvent::Drop { paths, .. }) => {
            for path in paths.clone() {
                let desktop = handle.state::<Desktop>().inner().clone();
                tauri::async_runtime::spawn(async move {
                    if let Err(problem) = desktop.open_connection(&path).await {
                        desktop.tell(problem);
                    }
                });
            }
        }
        // No event says that a window was minimized: the focus leaves it then, and comes back.
        WindowEvent::Focused(_) => tell_whether_seen(&handle),
        _ => {}
    });
    Ok(())
}

/// Tells the core whether the system shows the window: now, and once more when
/// the window manager has done what it is about to.
fn tell_whether_seen(app: &AppHandle) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        for wait in [Duration::ZERO, MANAGER_TAKES] {
            tokio::time::sleep(wait).await;
            let Some(window) = app.get_webview_window(LABEL) else { return };
            // Where the system does not say, the window counts as seen.
            let seen = !window.is_minimized().unwrap_or(false) && window.is_visible().unwrap_or(true);
            app.state::<Desktop>().show_window(seen);
        }
    });
}

/// Quits when no renewal is under way any more; meanwhile the window is gone
/// already.
pub fn quit_in_peace(app: &AppHandle, event: RunEvent) {
    // With a code, it is we who quit.
    if let RunEvent::ExitRequested { api, code: None, .. } = event {
        api.prevent_exit();
        let app = app.clone();
        tauri::async_runtime::spawn(async move {
            app.state::<Desktop>().finish_renewals().await;
            app.exit(0);
        });
    }
}

/// Tauri serves the app's own files from `tauri://localhost`, and from
/// `http(s)://tauri.localhost` on Windows. The window shows nothing else.
fn is_our_own(url: &Url) -> bool {
    let origin = (url.scheme(), url.host_str(), url.port());
    matches!(origin, ("tauri", Some("localhost"), None) | ("http" | "https", Some("tauri.localhost"), None))
}

/// Shows the window above the browser that the viewer comes back from.
pub fn bring_to_front(app: &AppHandle) {
    let Some(window) = app.get_webview_window(LABEL) else { return };
    let raise = |window: &WebviewWindow| {
        window.unminimize()?;
        window.show()?;
        window.set_focus()?;
        window.request_user_attention(Some(UserAttentionType::Informational))
    };
    if let Err(error) = raise(&window) {
        tracing::info!(%error, "the window could not be brought to the front");
    }
}
