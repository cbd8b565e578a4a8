//! What the web view may ask: one function a command, each one call of the
//! core. What a command does is said at [`Desktop`].

use std::collections::BTreeMap;

use perch_desktop::view::{
    BootView, Change, CompareWith, CopyFormat, DashboardFormat, DashboardView, FilterOptionsView, OfflineCopyView,
    RangeView, RevealedToken, SignInIntent, SignOutScope, TileForm, TileFormat, TileRequest, TileView, TokenView, View,
};
use perch_desktop::{Desktop, Problem};
use tauri::ipc::Invoke;
use tauri::{AppHandle, State, Wry};
use tauri_plugin_clipboard_manager::ClipboardExt;
use tauri_plugin_dialog::DialogExt;

use crate::files;

type App<'a> = State<'a, Desktop>;

/// All commands, for the app's builder. `build.rs` has the same list.
pub fn all() -> impl Fn(Invoke<Wry>) -> bool + Send + Sync + 'static {
    tauri::generate_handler![
        boot,
        start_demo,
        open_connection,
        remove_connection,
        save_signing_key,
        forget_signing_key,
        begin_sign_in,
        cancel_sign_in,
        copy_sign_in_address,
        open_sign_in_address,
        select_tenant,
        sign_out,
        sign_out_others,
        open_dashboard,
        set_time_range,
        set_comparison,
        set_filter,
        clear_filters,
        filter_options,
        copy_dashboard_link,
        open_link,
        begin_edit,
        edit,
        undo_edit,
        redo_edit,
        save_edit,
        discard_edit,
        new_dashboard,
        copy_dashboard,
        delete_dashboard,
        tile_form,
        draw_tile,
        refresh_tile,
        refresh_dashboard,
        show_tiles,
        pause,
        make_available_offline,
        copy_tile_detail,
        export_tile,
        copy_tile,
        export_dashboard,
        token,
        reveal_token,
        dismiss_notice,
        painted,
    ]
}

#[tauri::command]
async fn boot(app: App<'_>) -> Result<BootView, Problem> {
    Ok(app.boot().await)
}

#[tauri::command]
async fn start_demo(app: App<'_>) -> Result<(), Problem> {
    app.start_demo().await
}

#[tauri::command]
async fn open_connection(app: App<'_>, window: AppHandle) -> Result<(), Problem> {
    let (answer, chosen) = tokio::sync::oneshot::channel();
    window.dialog().file().set_title("Open a connection file").add_filter("Connection", &["toml"]).pick_file(
        move |file| {
            // The command may have been dropped with its window; then nobody waits.
            let _ = answer.send(file);
        },
    );
    match chosen.await.ok().flatten().and_then(|file| file.into_path().ok()) {
        Some(file) => app.open_connection(&file).await,
        None => Ok(()),
    }
}

#[tauri::command]
async fn remove_connection(app: App<'_>, connection: String) -> Result<(), Problem> {
    app.remove_connection(&connection).await
}

#[tauri::command]
async fn save_signing_key(app: App<'_>, connection: String, key: String) -> Result<(), Problem> {
    app.save_signing_key(&connection, key).await
}

#[tauri::command]
async fn forget_signing_key(app: App<'_>, connection: String) -> Result<(), Problem> {
    app.forget_signing_key(&connection).await
}

#[tauri::command]
async fn begin_sign_in(app: App<'_>, connection: String, intent: SignInIntent) -> Result<(), Problem> {
    app.begin_sign_in(&connection, intent).await
}

#[tauri::command]
fn cancel_sign_in(app: App<'_>) {
    app.cancel_sign_in();
}

#[tauri::command]
fn copy_sign_in_address(app: App<'_>, window: AppHandle) -> Result<(), Problem> {
    window.clipboard().write_text(app.sign_in_address()?).map_err(|error| not_copied("The address", &error))
}

fn not_copied(what: &str, error: &dyn std::error::Error) -> Problem {
    Problem::new("clipboard", format!("{what} could not be copied ({error})."), "Select the text and copy it by hand.")
}

#[tauri::command]
fn open_sign_in_address(app: App<'_>) -> Result<(), Problem> {
    app.open_sign_in_address()
}

#[tauri::command]
async fn select_tenant(app: App<'_>, tenant: String) -> Result<Option<DashboardView>, Problem> {
    app.select_tenant(&tenant).await
}

#[tauri::command]
async fn sign_out(app: App<'_>, scope: SignOutScope) -> Result<(), Problem> {
    app.sign_out(&scope).await
}

#[tauri::command]
async fn sign_out_others(app: App<'_>, tenant: String) -> Result<u32, Problem> {
    app.sign_out_others(&tenant).await
}

#[tauri::command]
async fn open_dashboard(app: App<'_>, tenant: String, dashboard: Option<String>) -> Result<DashboardView, Problem> {
    app.open_dashboard(&tenant, dashboard.as_deref()).await
}

#[tauri::command]
async fn set_time_range(
    app: App<'_>,
    tenant: String,
    dashboard: String,
    range: RangeView,
) -> Result<DashboardView, Problem> {
    app.set_time_range(&tenant, &dashboard, &range).await
}

#[tauri::command]
async fn set_comparison(
    app: App<'_>,
    tenant: String,
    dashboard: String,
    comparison: CompareWith,
) -> Result<DashboardView, Problem> {
    app.set_comparison(&tenant, &dashboard, comparison).await
}

#[tauri::command]
async fn set_filter(
    app: App<'_>,
    tenant: String,
    dashboard: String,
    name: String,
    values: Vec<String>,
) -> Result<DashboardView, Problem> {
    app.set_filter(&tenant, &dashboard, &name, &values).await
}

#[tauri::command]
async fn clear_filters(app: App<'_>, tenant: String, dashboard: String) -> Result<DashboardView, Problem> {
    app.clear_filters(&tenant, &dashboard).await
}

#[tauri::command]
async fn filter_options(
    app: App<'_>,
    tenant: String,
    dashboard: String,
    name: String,
) -> Result<FilterOptionsView, Problem> {
    app.filter_options(&tenant, &dashboard, &name).await
}

#[tauri::command]
fn copy_dashboard_link(app: App<'_>, window: AppHandle, tenant: String, dashboard: String) -> Result<(), Problem> {
    let link = app.dashboard_link(&tenant, &dashboard)?;
    window.clipboard().write_text(link).map_err(|error| not_copied("The link", &error))
}

#[tauri::command]
async fn begin_edit(app: App<'_>, tenant: String, dashboard: String) -> Result<DashboardView, Problem> {
    app.begin_edit(&tenant, &dashboard).await
}

#[tauri::command]
async fn edit(app: App<'_>, tenant: String, dashboard: String, change: Change) -> Result<DashboardView, Problem> {
    app.edit(&tenant, &dashboard, change).await
}

#[tauri::command]
async fn undo_edit(app: App<'_>, tenant: String, dashboard: String) -> Result<DashboardView, Problem> {
    app.undo_edit(&tenant, &dashboard).await
}

#[tauri::command]
async fn redo_edit(app: App<'_>, tenant: String, dashboard: String) -> Result<DashboardView, Problem> {
    app.redo_edit(&tenant, &dashboard).await
}

#[tauri::command]
async fn save_edit(app: App<'_>, tenant: String, dashboard: String, overwrite: bool) -> Result<DashboardView, Problem> {
    app.save_edit(&tenant, &dashboard, overwrite).await
}

#[tauri::command]
async fn discard_edit(app: App<'_>, tenant: String, dashboard: String) -> Result<DashboardView, Problem> {
    app.discard_edit(&tenant, &dashboard).await
}

#[tauri::command]
async fn new_dashboard(app: App<'_>, tenant: String, title: String) -> Result<DashboardView, Problem> {
    app.new_dashboard(&tenant, &title).await
}

#[tauri::command]
async fn copy_dashboard(
    app: App<'_>,
    tenant: String,
    dashboard: String,
    title: String,
) -> Result<DashboardView, Problem> {
    app.copy_dashboard(&tenant, &dashboard, &title).await
}

#[tauri::command]
async fn delete_dashboard(app: App<'_>, tenant: String, dashboard: String) -> Result<(), Problem> {
    app.delete_dashboard(&tenant, &dashboard)
}

#[tauri::command]
async fn tile_form(app: App<'_>, tenant: String, dashboard: String, tile: Option<String>) -> Result<TileForm, Problem> {
    app.tile_form(&tenant, &dashboard, tile.as_deref()).await
}

#[tauri::command]
async fn open_link(app: App<'_>, tenant: String, dashboard: String, tile: String, link: String) -> Result<(), Problem> {
    app.open_link(&tenant, &dashboard, &tile, &link).await
}

#[tauri::command]
async fn draw_tile(app: App<'_>, request: TileRequest) -> Result<TileView, Problem> {
    app.draw_tile(&request).await
}

#[tauri::command]
async fn refresh_tile(app: App<'_>, tenant: String, dashboard: String, tile: String) -> Result<(), Problem> {
    app.refresh_tile(&tenant, &dashboard, &tile)
}

#[tauri::command]
async fn refresh_dashboard(app: App<'_>, tenant: String, dashboard: String) -> Result<(), Problem> {
    app.refresh_dashboard(&tenant, &dashboard)
}

#[tauri::command]
async fn show_tiles(
    app: App<'_>,
    tenant: String,
    dashboard: String,
    tiles: Vec<String>,
    visible: bool,
) -> Result<(), Problem> {
    app.show_tiles(&tenant, &dashboard, tiles, visible)
}

#[tauri::command]
async fn pause(app: App<'_>, tenant: String, dashboard: String, paused: bool) -> Result<(), Problem> {
    app.pause(&tenant, &dashboard, paused)
}

#[tauri::command]
async fn make_available_offline(
    app: App<'_>,
    tenant: String,
    dashboard: String,
    on: bool,
) -> Result<OfflineCopyView, Problem> {
    app.make_available_offline(&tenant, &dashboard, on)
}

#[tauri::command]
fn copy_tile_detail(
    app: App<'_>,
    window: AppHandle,
    tenant: String,
    dashboard: String,
    tile: String,
) -> Result<(), Problem> {
    let detail = app.tile_detail(&tenant, &dashboard, &tile)?;
    window.clipboard().write_text(detail).map_err(|error| not_copied("The details", &error))
}

#[tauri::command]
async fn export_tile(
    app: App<'_>,
    window: AppHandle,
    request: TileRequest,
    format: TileFormat,
    scale: u32,
) -> Result<Option<String>, Problem> {
    files::save(&window, app.export_tile(&request, format, scale).await?).await
}

#[tauri::command]
async fn copy_tile(app: App<'_>, window: AppHandle, request: TileRequest, format: CopyFormat) -> Result<(), Problem> {
    files::copy(&window, app.copy_tile(&request, format).await?)
}

#[tauri::command]
async fn export_dashboard(
    app: App<'_>,
    window: AppHandle,
    tenant: String,
    dashboard: String,
    views: BTreeMap<String, View>,
    format: DashboardFormat,
) -> Result<Option<String>, Problem> {
    let DashboardFormat::Pdf = format;
    files::save(&window, app.export_dashboard(&tenant, &dashboard, views).await?).await
}

#[tauri::command]
async fn token(app: App<'_>, tenant: String) -> Result<TokenView, Problem> {
    app.token(&tenant).await
}

#[tauri::command]
async fn reveal_token(app: App<'_>, tenant: String) -> Result<RevealedToken, Problem> {
    app.reveal_token(&tenant).await
}

#[tauri::command]
fn dismiss_notice(app: App<'_>, id: u32) {
    app.dismiss_notice(id);
}

/// The first dashboard stands on the screen with every tile drawn: what the
/// start is measured by (`make bench`).
#[tauri::command]
fn painted() {
    tracing::info!("painted");
}
