//! Where dashboards come from, in the real window: made of the pipes where there is no file, and of a file as soon as
//! somebody writes one. Screenshots stay in `target/demo`.

use std::fs;
use std::path::Path;

use crate::stage::{App, Stage, eventually};

const WRITTEN: &str = "version = 1\ntitle = \"By hand\"\n[time]\n[[tile]]\ntitle = \"Visits\"\npipe = \"kpis\"\n\
                       width = 12\nheight = 4\n[tile.chart]\nkind = \"line\"\ny = \"visits\"\n";

async fn shoot(name: &str, app: &App) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/demo");
    fs::create_dir_all(&folder).expect("a folder");
    let picture = app.window().screenshot().await.expect("a picture");
    fs::write(folder.join(format!("sources-{name}.png")), picture).expect("a file");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the desktop of `make test`"]
async fn a_connection_without_dashboards_shows_the_pipes_and_then_what_somebody_writes() {
    let stage = Stage::new().await;
    fs::remove_dir_all(stage.dashboards()).expect("removed");
    let app = App::start_connected(&stage).await;
    app.sign_in("grace", "harbor-coffee").await;
    app.find("made-note").await;
    let tiles = app.dashboard_of("Harbor Coffee").await;
    assert!(tiles.len() > 8 && tiles.contains(&"top-pages".to_owned()), "{tiles:?}");
    shoot("made", &app).await;
    app.window().set_window_size(420, 860).await.expect("a narrow window");
    shoot("made-narrow", &app).await;
    app.window().set_window_size(1280, 860).await.expect("a window");

    // Nothing is clicked from here on.
    let title = async |expected: &str| {
        eventually(expected, || async {
            let shown = app.find("dashboard").await.text().await.ok()?;
            shown.starts_with(expected).then_some(())
        })
        .await;
    };
    fs::create_dir(stage.dashboards()).expect("a folder");
    let file = stage.dashboards().join("mine.toml");
    fs::write(&file, WRITTEN).expect("written");
    title("By hand").await;
    fs::write(&file, WRITTEN.replace("By hand", "By other hands")).expect("written");
    title("By other hands").await;
    fs::write(&file, WRITTEN.replace("title = \"By hand\"", "title = \"By ha")).expect("written");
    let told = app.find("file-problem").await.text().await.expect("a text");
    assert!(told.contains("mine.toml:2:"), "{told}");
    title("By other hands").await;
    shoot("broken", &app).await;
    app.quit().await;
}
