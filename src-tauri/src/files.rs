//! Where a file goes and what the clipboard takes: both are asked of the system
//! here, so that the web view has no power over either.

use std::path::PathBuf;

use perch_desktop::{Copy, Export, Problem};
use tauri::AppHandle;
use tauri::image::Image;
use tauri_plugin_clipboard_manager::ClipboardExt;
use tauri_plugin_dialog::DialogExt;

/// Asks where a file goes and writes it there. The path, or `None` where the
/// viewer thought better of it.
pub async fn save(app: &AppHandle, file: Export) -> Result<Option<String>, Problem> {
    let chosen = match chosen_by_test(&file) {
        Some(path) => Some(path),
        None => ask(app, &file).await,
    };
    let Some(path) = chosen else { return Ok(None) };
    let saving = tauri::async_runtime::spawn_blocking(move || file.save(&path));
    let saved = saving.await.map_err(|error| Problem::new("not-saved", error.to_string(), "Try it once more."))??;
    Ok(Some(saved.display().to_string()))
}

async fn ask(app: &AppHandle, file: &Export) -> Option<PathBuf> {
    let (answer, chosen) = tokio::sync::oneshot::channel();
    let dialog = app.dialog().file().set_title("Save").set_file_name(&file.name);
    dialog.add_filter(file.kind, &[file.extension]).save_file(move |path| {
        // The command may have been dropped with its window; then nobody waits.
        let _ = answer.send(path);
    });
    chosen.await.ok().flatten()?.into_path().ok()
}

/// Where a test of the window has files go: it has no hands for the system's
/// dialog. No released build looks.
fn chosen_by_test(file: &Export) -> Option<PathBuf> {
    if cfg!(debug_assertions) {
        Some(PathBuf::from(std::env::var_os("PERCH_SAVE_DIR")?).join(&file.name))
    } else {
        None
    }
}

/// Puts a picture or a text into the clipboard.
pub fn copy(app: &AppHandle, copy: Copy) -> Result<(), Problem> {
    let copied = match copy {
        Copy::Image { width, height, rgba } => app.clipboard().write_image(&Image::new_owned(rgba, width, height)),
        Copy::Text(text) => app.clipboard().write_text(text),
    };
    copied.map_err(|error| {
        Problem::new("clipboard", format!("The tile could not be copied ({error})."), "Save it as a file instead.")
    })
}
