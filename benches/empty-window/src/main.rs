//! An empty window of the same size and kind as Perch's, which says on standard
//! error when its page was painted.

/// The page was painted: the words that the bench waits for.
#[tauri::command]
fn painted() {
    eprintln!("painted");
}

fn main() -> tauri::Result<()> {
    tauri::Builder::default()
        .invoke_handler(tauri::generate_handler![painted])
        .setup(|app| {
            // As Perch does: a WebDriver cannot reach an ephemeral web view.
            let driven = std::env::var_os("TAURI_WEBVIEW_AUTOMATION").is_some();
            tauri::WebviewWindowBuilder::new(app, "main", tauri::WebviewUrl::default())
                .title("Empty")
                .inner_size(1280.0, 860.0)
                .incognito(!driven)
                .build()?;
            Ok(())
        })
        .run(tauri::generate_context!())
}
