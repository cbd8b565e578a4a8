//! The one window.

use perch_desktop::Desktop;
use tauri::utils::config::Color;
use tauri::{
    App, AppHandle, DragDropEvent, Manager, Theme, Url, UserAttentionType, WebviewUrl, WebviewWindow,
    WebviewWindowBuilder, WindowEvent,
};

const LABEL: &str = "main";

/// The page's background, so that nothing flashes before the first paint.
/// The same values as `--ground` in `ui/src/styles/tokens.css`.
const LIGHT: Color = Color(0xf5, 0xf6, 0xf7, 255);
const DARK: Color = Color(0x0e, 0x10, 0x14, 255);

/// Opens the window. The web view keeps nothing on disk, except under a
/// WebDriver, which cannot reach an ephemeral one on WebKitGTK.
pub fn open(app: &mut App) -> tauri::Result<()> {
    let driven = std::env::var_os("TAURI_WEBVIEW_AUTOMATION").is_some();
    let window = WebviewWindowBuilder::new(app, LABEL, WebviewUrl::default())
        .title("Perch")
        .inner_size(1280.0, 860.0)
        .min_inner_size(420.0, 480.0)
        .incognito(!driven)
        .on_navigation(is_our_own)
        .build()?;
    #[cfg(target_os = "linux")]
    paint_with_the_processor(&window)?;
    let theme = window.theme().unwrap_or(Theme::Light);
    window.set_background_color(Some(if theme == Theme::Dark { DARK } else { LIGHT }))?;
    let handle = app.handle().clone();
    window.on_window_event(move |event| {
        if let WindowEvent::DragDrop(DragDropEvent::Drop { paths, .. }) = event {
            for path in paths.clone() {
                let desktop = handle.state::<Desktop>().inner().clone();
                tauri::async_runtime::spawn(async move {
                    if let Err(problem) = desktop.open_connection(&path).await {
                        desktop.tell(problem);
                    }
                });
            }
        }
    });
    Ok(())
}

/// Perch is text and a few pictures that stand still. For those WebKitGTK takes
/// longer to set up its graphics context and compile shaders than to paint: a
/// third of the time from start to dashboard (`make bench`). Decided before the
/// page's first frame.
#[cfg(target_os = "linux")]
fn paint_with_the_processor(window: &WebviewWindow) -> tauri::Result<()> {
    use webkit2gtk::{HardwareAccelerationPolicy, SettingsExt, WebViewExt};

    window.with_webview(|webview| {
        if let Some(settings) = WebViewExt::settings(&webview.inner()) {
            settings.set_hardware_acceleration_policy(HardwareAccelerationPolicy::Never);
        }
    })
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
