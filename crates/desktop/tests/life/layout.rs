//! A dashboard's file as it may be: with tabs, with mistakes, beside files that are none; and what the viewer
//! compares it with.

use std::fs;

use perch_desktop::view::{CompareWith, RangeView};

use crate::world::{World, choice, draw, eventually, open, values};

const WRONG: &str = "\n[[tile]]\ntitle = \"Too wide\"\npipe = \"kpis\"\nwidth = 13\nsection = \"Far off\"\n[tile.chart]\nkind = \"line\"\n";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_wrong_tile_and_a_file_that_is_no_text_take_nothing_else_from_the_screen() {
    let world = World::new().await;
    let folder = world.folder.path().join("dashboards");
    let file = folder.join("web-traffic.toml");
    let text = fs::read_to_string(&file).expect("a dashboard");
    let text = text.replacen("title = \"Top pages\"", "title = \"Top pages\"\ntab = \"Pages\"", 1);
    fs::write(&file, format!("colour = 1\n{text}{WRONG}")).expect("written");
    fs::write(folder.join("no-text.toml"), b"version = 2\ntitle = \"\xff\"").expect("written");
    fs::write(folder.join("large.toml"), vec![b'#'; 5 * 1024 * 1024]).expect("written");
    fs::create_dir(folder.join("folder.toml")).expect("a folder");

    let (app, harbor) = world.visited(&choice("grace", "harbor-coffee")).await;
    let view = open(&app, &harbor).await;
    assert!(!values(&app, &harbor, "visits").await.is_empty());
    let pages = view.tiles.iter().find(|tile| tile.id == "top-pages").expect("the tile");
    assert_eq!((pages.tab.as_deref(), pages.section.as_deref()), (Some("Pages"), None));
    let [wrong] = view.wrong.as_slice() else { panic!("{:?}", view.wrong) };
    assert_eq!((wrong.after as usize, wrong.title.as_deref()), (view.tiles.len(), Some("Too wide")));
    assert_eq!((wrong.width, wrong.section.as_deref()), (6, Some("Far off")));
    let line =
        format!("colour = 1\n{text}{WRONG}").lines().position(|line| line == "width = 13").expect("the line") + 1;
    assert!(wrong.mistakes[0].starts_with(&format!("web-traffic.toml:{line}:9: `width` is 13")), "{wrong:?}");
    assert_eq!(view.mistakes.len(), 1);
    assert!(view.mistakes[0].starts_with("web-traffic.toml:1:1: `colour` is not a key"), "{:?}", view.mistakes);
    assert_eq!(draw(&app, &harbor, "too-wide").await.expect_err("nothing to ask").code, "gone");

    let told = |id: &str| {
        let link = view.dashboards.iter().find(|link| link.id == id).unwrap_or_else(|| panic!("{id}"));
        link.problem.clone().map(|problem| problem.message).unwrap_or_default()
    };
    assert!(told("no-text").starts_with("no-text.toml:2:10: this is not text in UTF-8"), "{}", told("no-text"));
    assert!(told("large").starts_with("large.toml:1:1: this file is larger"), "{}", told("large"));
    assert!(view.dashboards.iter().all(|link| link.id != "folder"));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn what_the_viewer_compares_with_is_remembered_until_it_is_the_dashboards_own_again() {
    let world = World::new().await;
    let choice = choice("ada", "harbor-coffee");
    let (app, harbor) = world.visited(&choice).await;
    let time = open(&app, &harbor).await.time.expect("a range");
    let labels: Vec<_> = time.comparisons.iter().map(|comparison| comparison.label.as_str()).collect();
    assert_eq!(labels, ["Previous period", "Previous year", "None"]);
    assert_eq!(time.comparison, CompareWith::Previous);
    assert!(time.zone.starts_with("Days in your time zone"), "{}", time.zone);

    // The sandbox's shops are not a year old: there is nothing to compare with, which is another sentence.
    let said = async |app: &perch_desktop::Desktop, word: &str| {
        eventually(word, || async {
            let picture = draw(app, &harbor, "visits").await.expect("a tile").picture?;
            let names = picture.marks.marks.iter().flat_map(|mark| &mark.entries).map(|entry| entry.name.clone());
            names.collect::<Vec<_>>().iter().any(|name| name == word).then_some(())
        })
        .await;
    };
    said(&app, "Before").await;
    let view = app.set_comparison(&harbor, "web-traffic", CompareWith::Year).await.expect("chosen");
    assert_eq!(view.time.expect("a range").comparison, CompareWith::Year);
    said(&app, "Year before").await;
    drop(app);
    let app = world.app(&choice);
    let time = app.boot().await.dashboard.expect("the dashboard is there").time.expect("a range");
    assert_eq!(time.comparison, CompareWith::Year);

    let view = app.set_comparison(&harbor, "web-traffic", CompareWith::Off).await.expect("chosen");
    assert_eq!(view.time.expect("a range").comparison, CompareWith::Off);
    eventually("a number that is compared with nothing", || async {
        let picture = draw(&app, &harbor, "visits").await.expect("a tile").picture?;
        (picture.marks.marks[0].entries.len() == 1).then_some(())
    })
    .await;
    let view = app.set_comparison(&harbor, "web-traffic", CompareWith::Previous).await.expect("chosen");
    assert_eq!(view.time.expect("a range").comparison, CompareWith::Previous);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_preset_that_a_dashboard_no_longer_offers_is_its_default_again() {
    let world = World::new().await;
    let file = world.folder.path().join("dashboards/web-traffic.toml");
    let text = fs::read_to_string(&file).expect("a dashboard");
    let choice = choice("ada", "harbor-coffee");
    let (app, harbor) = world.visited(&choice).await;
    let month = RangeView::Preset { preset: "this-month".to_owned() };
    let view = app.set_time_range(&harbor, "web-traffic", &month).await.expect("a range");
    assert_eq!(view.time.expect("a range").range, month);
    let fewer = text.replacen("[time]\n", "[time]\nzone = \"utc\"\npresets = [\"7d\", \"90d\"]\n", 1);
    fs::write(&file, fewer).expect("written");
    app.open_connection(&world.connection()).await.expect("opened again");
    let time = open(&app, &harbor).await.time.expect("a range");
    assert_eq!(time.range, RangeView::Preset { preset: "7d".to_owned() });
    assert_eq!(time.presets.iter().map(|preset| preset.id.as_str()).collect::<Vec<_>>(), ["7d", "90d"]);
    assert_eq!(time.zone, "Days in UTC, wherever you are");
}
