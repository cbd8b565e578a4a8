//! Tells Tauri which command the page may call.

fn main() {
    let manifest = tauri_build::AppManifest::new().commands(&["painted"]);
    if let Err(error) = tauri_build::try_build(tauri_build::Attributes::new().app_manifest(manifest)) {
        panic!("tauri-build: {error:#}");
    }
}
