//! Tells Tauri which commands exist, so that the capabilities can name each
//! one, and where the capabilities are: this package's manifest stands at the
//! repository's root, not here.

/// Every command that the web view may be allowed to call.
const COMMANDS: &[&str] = &[
    "boot",
    "start_demo",
    "open_connection",
    "remove_connection",
    "save_signing_key",
    "forget_signing_key",
    "begin_sign_in",
    "cancel_sign_in",
    "copy_sign_in_address",
    "open_sign_in_address",
    "select_tenant",
    "sign_out",
    "sign_out_others",
    "open_dashboard",
    "set_time_range",
    "set_comparison",
    "set_filter",
    "clear_filters",
    "filter_options",
    "copy_dashboard_link",
    "open_link",
    "begin_edit",
    "edit",
    "undo_edit",
    "redo_edit",
    "save_edit",
    "discard_edit",
    "new_dashboard",
    "copy_dashboard",
    "delete_dashboard",
    "tile_form",
    "draw_tile",
    "refresh_tile",
    "refresh_dashboard",
    "show_tiles",
    "pause",
    "make_available_offline",
    "copy_tile_detail",
    "export_tile",
    "copy_tile",
    "export_dashboard",
    "token",
    "reveal_token",
    "dismiss_notice",
    "painted",
];

fn main() {
    let attributes = tauri_build::Attributes::new()
        .app_manifest(tauri_build::AppManifest::new().commands(COMMANDS))
        .capabilities_path_pattern("src-tauri/capabilities/**/*");
    if let Err(error) = tauri_build::try_build(attributes) {
        panic!("tauri-build: {error:#}");
    }
}
