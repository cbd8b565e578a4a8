//! What a person takes along: pictures, rows and pages of what they see.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use perch_chart::View;
use perch_desktop::Copy;
use perch_desktop::view::{CopyFormat, TileFormat, TileRequest};

use crate::world::{World, choice, open, values};

fn request(tenant: &str, tile: &str) -> TileRequest {
    TileRequest {
        tenant: tenant.to_owned(),
        dashboard: "web-traffic".to_owned(),
        tile: tile.to_owned(),
        width: 480,
        height: 260,
        dark: false,
        view: View::default(),
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_tile_is_taken_along_as_what_is_on_the_screen_and_as_all_of_its_rows() {
    let world = World::new().await;
    let (app, harbor) = world.visited(&choice("grace", "harbor-coffee")).await;
    let shown = values(&app, &harbor, "top-pages").await;
    let request = request(&harbor, "top-pages");

    let png = app.export_tile(&request, TileFormat::Png, 2).await.expect("a PNG");
    assert!(png.bytes.starts_with(b"\x89PNG") && png.name.starts_with("Top pages, ") && png.name.ends_with(".png"));
    let svg = app.export_tile(&request, TileFormat::Svg, 1).await.expect("an SVG");
    assert!(String::from_utf8(svg.bytes).expect("UTF-8").contains(">Top pages</text>"));

    let csv = app.export_tile(&request, TileFormat::Csv, 1).await.expect("a CSV");
    let csv = String::from_utf8(csv.bytes).expect("UTF-8");
    for value in &shown {
        assert!(csv.contains(&value.replace(',', "")), "{value} in {csv}");
    }
    let json = app.export_tile(&request, TileFormat::Json, 1).await.expect("JSON");
    let rows: Vec<serde_json::Value> = serde_json::from_slice(&json.bytes).expect("a list");
    assert_eq!(rows.len(), csv.lines().count() - 1);

    assert_eq!(app.copy_tile(&request, CopyFormat::Csv).await.expect("a copy"), Copy::Text(csv));
    let Copy::Image { width, height, rgba } = app.copy_tile(&request, CopyFormat::Png).await.expect("a copy") else {
        panic!("a picture")
    };
    assert_eq!(rgba.len(), (width * height * 4) as usize);
    assert!(rgba.chunks_exact(4).all(|pixel| pixel[3] == 255) && rgba.iter().any(|byte| *byte < 128));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_dashboard_is_taken_along_as_pages_also_without_a_network() {
    let mut world = World::new().await;
    let (app, harbor) = world.visited(&choice("grace", "harbor-coffee")).await;
    values(&app, &harbor, "top-pages").await;
    world.stop_sandbox().await;
    let pdf = app.export_dashboard(&harbor, "web-traffic", BTreeMap::new()).await.expect("a PDF");
    assert!(pdf.bytes.starts_with(b"%PDF-") && pdf.bytes.len() > 10_000);
    assert_eq!(pdf.extension, "pdf");
    let saved = pdf.save(&world.places().data.join("out.pdf")).expect("saved");
    assert_eq!(std::fs::read(saved).expect("a file"), pdf.bytes);

    let nothing = View { search: "what is on no page".to_owned(), as_table: true, ..View::default() };
    let views = BTreeMap::from([("top-pages".to_owned(), nothing)]);
    let emptier = app.export_dashboard(&harbor, "web-traffic", views).await.expect("a PDF");
    assert!(emptier.bytes.len() + 300 < pdf.bytes.len(), "{} and {}", emptier.bytes.len(), pdf.bytes.len());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn what_may_not_be_shown_may_not_be_taken_along() {
    let mut world = World::new().await;
    let choice = choice("ada", "harbor-coffee");
    let (app, harbor) = world.visited(&choice).await;
    values(&app, &harbor, "top-pages").await;
    let other = app.export_tile(&request("perch:nobody", "top-pages"), TileFormat::Csv, 1).await;
    assert_eq!(other.expect_err("refused").code, "gone");
    drop(app);
    world.stop_sandbox().await;

    world.ahead.store(8 * 24 * 60 * 60, Ordering::SeqCst);
    let app = world.app(&choice);
    app.boot().await;
    open(&app, &harbor).await;
    for format in [TileFormat::Csv, TileFormat::Png] {
        let over = app.export_tile(&request(&harbor, "top-pages"), format, 1).await;
        assert_eq!(over.expect_err("refused").code, "offline-over");
    }
    assert_eq!(
        app.export_dashboard(&harbor, "web-traffic", BTreeMap::new()).await.expect_err("refused").code,
        "offline-over"
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_picture_that_is_too_large_is_refused_in_a_sentence() {
    let world = World::new().await;
    let (app, harbor) = world.visited(&choice("grace", "harbor-coffee")).await;
    values(&app, &harbor, "top-pages").await;
    let huge = TileRequest { width: 9_000, height: 9_000, ..request(&harbor, "top-pages") };
    assert_eq!(app.export_tile(&huge, TileFormat::Png, 4).await.expect_err("refused").code, "too-large");
    let scale = app.export_tile(&request(&harbor, "top-pages"), TileFormat::Png, 3).await;
    assert_eq!(scale.expect_err("refused").code, "scale");
}
