//! Editing a dashboard: the draft is on the screen at once, in the file when it
//! is saved, and lost by nothing but *Discard*.

use std::fs;
use std::path::PathBuf;

use perch_chart::{Kind, Spec};
use perch_desktop::Desktop;
use perch_desktop::view::{Assignment, Change, DashboardView, EditView, NewTile};

use crate::world::{World, choice, draw, eventually, open, values};

const DASHBOARD: &str = "web-traffic";

/// Where the app keeps the dashboard.
fn file(world: &World, app: &Desktop) -> PathBuf {
    let connection = &app.app_view().connections[0].id;
    world.places().connections().join(connection).join("dashboards/web-traffic.toml")
}

fn read(file: &PathBuf) -> String {
    fs::read_to_string(file).expect("the dashboard's file")
}

fn set(tile: &str, value: Assignment) -> Change {
    Change::Set { tile: tile.to_owned(), values: vec![value] }
}

fn ids(view: &DashboardView) -> Vec<&str> {
    view.tiles.iter().map(|tile| tile.id.as_str()).collect()
}

/// Whether there is something to save, in a dashboard that is being edited.
fn unsaved(view: &DashboardView) -> bool {
    match &view.editing {
        EditView::UnderWay { unsaved, .. } => *unsaved,
        other => panic!("not being edited: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_dashboard_is_edited_saved_and_there_after_a_restart() {
    let world = World::new().await;
    let choice = choice("ada", "harbor-coffee");
    let (app, harbor) = world.visited(&choice).await;
    let file = file(&world, &app);
    let before = read(&file);
    let pages = values(&app, &harbor, "top-pages").await;

    let view = app.begin_edit(&harbor, DASHBOARD).await.expect("begun");
    assert!(!unsaved(&view));
    app.edit(&harbor, DASHBOARD, set("visits", Assignment::Title("Besuche".to_owned()))).await.expect("renamed");
    app.edit(&harbor, DASHBOARD, set("visits", Assignment::Width(6))).await.expect("resized");
    let moved = Change::Move { tile: "top-pages".to_owned(), to: 0, beside: None };
    let view = app.edit(&harbor, DASHBOARD, moved).await.expect("moved");
    assert_eq!(ids(&view)[..2], ["top-pages", "visits"]);
    assert_eq!((view.tiles[1].title.as_str(), view.tiles[1].width), ("Besuche", 6));
    assert!(unsaved(&view));
    assert_eq!(read(&file), before, "nothing is written before it is saved");
    assert_eq!(values(&app, &harbor, "top-pages").await, pages, "the draft is drawn like any dashboard");

    let view = app.undo_edit(&harbor, DASHBOARD).await.expect("taken back");
    assert_eq!(ids(&view)[0], "visits");
    let view = app.save_edit(&harbor, DASHBOARD, false).await.expect("saved");
    assert!(!unsaved(&view));
    let expected = before.replacen(
        "title = \"Visits\"\npipe = \"kpis\"\nwidth = 3\n",
        "title = \"Besuche\"\nid = \"visits\"\npipe = \"kpis\"\nwidth = 6\n",
        1,
    );
    assert_ne!(expected, before);
    assert_eq!(read(&file), expected, "and no other byte has changed");

    let view = app.discard_edit(&harbor, DASHBOARD).await.expect("left");
    assert_eq!((view.tiles[0].title.as_str(), &view.editing), ("Besuche", &EditView::Possible { unsaved: false }));
    drop(app);
    let app = world.app(&choice);
    app.boot().await;
    assert_eq!(open(&app, &harbor).await.tiles[0].title, "Besuche");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_new_tile_is_drawn_by_what_its_pipe_answers() {
    let world = World::new().await;
    let (app, harbor) = world.visited(&choice("ada", "harbor-coffee")).await;
    app.begin_edit(&harbor, DASHBOARD).await.expect("begun");
    let form = app.tile_form(&harbor, DASHBOARD, None).await.expect("a form");
    assert!(form.pipes.iter().any(|pipe| pipe == "top_devices"), "{:?}", form.pipes);
    let tile = NewTile { title: None, pipe: Some("top_devices".to_owned()), chart: Spec::new(Kind::Auto).into() };
    let view = app.edit(&harbor, DASHBOARD, Change::Add { tile, after: None }).await.expect("added");
    let added = view.tiles.last().expect("a tile");
    assert_eq!((added.id.as_str(), added.title.as_str(), added.kind.as_str()), ("top-devices", "Top devices", "donut"));
    let drawn = draw(&app, &harbor, "top-devices").await.expect("a tile");
    assert!(drawn.picture.is_some_and(|picture| !picture.marks.marks.is_empty()), "its answer is here already");

    let form = app.tile_form(&harbor, DASHBOARD, Some("top-devices")).await.expect("a form");
    let keys = form.keys.expect("keys");
    assert_eq!((keys.kind.as_str(), keys.x.as_deref()), ("donut", Some("device")));
    let kind = |name: &str| form.kinds.iter().find(|kind| kind.kind == name).expect("a kind").clone();
    assert!(kind("donut").suits && kind("donut").suggested && kind("bar-list").suits);
    assert!(!kind("candlestick").suits, "there is no time");
    assert!(form.columns.iter().any(|column| column.name == "visits" && column.is_number));

    // Another pipe has other columns: what does not suit them is chosen anew.
    let other = set("top-devices", Assignment::Pipe("kpis".to_owned()));
    app.edit(&harbor, DASHBOARD, other).await.expect("another pipe");
    let keys = app.tile_form(&harbor, DASHBOARD, Some("top-devices")).await.expect("a form").keys.expect("keys");
    assert_eq!((keys.pipe.as_deref(), keys.x.as_deref()), (Some("kpis"), Some("date")), "{keys:?}");
    let drawn = draw(&app, &harbor, "top-devices").await.expect("a tile");
    assert_eq!(drawn.problem, None);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn what_a_chart_says_that_has_no_meaning_any_more_goes_with_its_kind_or_its_pipe() {
    let world = World::new().await;
    let (app, harbor) = world.visited(&choice("ada", "harbor-coffee")).await;
    let file = file(&world, &app);
    let tile = "\n[[tile]]\ntitle = \"Platforms\"\npipe = \"top_devices\"\n[tile.chart]\nkind = ";
    let table = "\"table\"\nbars = \"visits\"\nsort = { column = \"device\", descending = true }\ntotals = true\n";
    let formats = "[tile.chart.formats]\ndevice = \"compact\"\n";
    let around = read(&file);
    fs::write(&file, format!("{around}{tile}{table}{formats}")).expect("written");
    open(&app, &harbor).await;
    values(&app, &harbor, "platforms").await;
    app.begin_edit(&harbor, DASHBOARD).await.expect("begun");

    app.edit(&harbor, DASHBOARD, set("platforms", Assignment::Kind("bar-list".to_owned())))
        .await
        .expect("another kind");
    app.save_edit(&harbor, DASHBOARD, false).await.expect("saved");
    assert_eq!(read(&file), format!("{around}{tile}\"bar-list\"\n{formats}"), "what it still reads stays");

    app.edit(&harbor, DASHBOARD, set("platforms", Assignment::Pipe("kpis".to_owned()))).await.expect("another pipe");
    assert_eq!(draw(&app, &harbor, "platforms").await.expect("a tile").problem, None);
    app.save_edit(&harbor, DASHBOARD, false).await.expect("saved");
    let text = read(&file);
    let platforms = text.strip_prefix(&around).expect("the rest as it was");
    assert!(platforms.contains("pipe = \"kpis\"") && !platforms.contains("device"), "{platforms}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_refused_change_says_why_and_leaves_the_draft() {
    let world = World::new().await;
    let (app, harbor) = world.visited(&choice("ada", "harbor-coffee")).await;
    let early = app.edit(&harbor, DASHBOARD, set("visits", Assignment::Width(6))).await.expect_err("not begun");
    assert_eq!(early.code, "gone");
    app.begin_edit(&harbor, DASHBOARD).await.expect("begun");
    let wrong = app.edit(&harbor, DASHBOARD, set("visits", Assignment::Width(13))).await.expect_err("too wide");
    assert_eq!(wrong.code, "edit-refused");
    assert!(wrong.message.contains("`width` is 13"), "{}", wrong.message);
    assert!(!unsaved(&open(&app, &harbor).await));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_draft_survives_the_end_of_the_app_until_it_is_discarded() {
    let world = World::new().await;
    let choice = choice("ada", "harbor-coffee");
    let (app, harbor) = world.visited(&choice).await;
    app.begin_edit(&harbor, DASHBOARD).await.expect("begun");
    app.edit(&harbor, DASHBOARD, set("visits", Assignment::Height(5))).await.expect("changed");
    drop(app);

    let app = world.app(&choice);
    app.boot().await;
    let view = open(&app, &harbor).await;
    assert_eq!(view.editing, EditView::Possible { unsaved: true });
    assert_eq!(view.tiles[0].height, 2, "the file is as it was");
    let view = app.begin_edit(&harbor, DASHBOARD).await.expect("gone on");
    assert_eq!(view.tiles[0].height, 5);
    assert!(matches!(view.editing, EditView::UnderWay { restored: true, can_undo: true, .. }), "{:?}", view.editing);
    let view = app.discard_edit(&harbor, DASHBOARD).await.expect("discarded");
    assert_eq!((view.tiles[0].height, view.editing), (2, EditView::Possible { unsaved: false }));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_file_that_changed_meanwhile_is_written_over_only_on_request() {
    let world = World::new().await;
    let (app, harbor) = world.visited(&choice("ada", "harbor-coffee")).await;
    let file = file(&world, &app);
    app.begin_edit(&harbor, DASHBOARD).await.expect("begun");
    let view = app.edit(&harbor, DASHBOARD, set("visits", Assignment::Height(5))).await.expect("changed");
    let others = read(&file).replace("Web traffic", "Traffic");
    fs::write(&file, &others).expect("somebody writes");
    assert_eq!(app.save_edit(&harbor, DASHBOARD, false).await.expect_err("refused").code, "file-changed");
    assert_eq!(read(&file), others);
    fs::remove_file(&file).expect("somebody removes");
    // The screen keeps the draft also where the file is gone.
    assert_eq!(app.save_edit(&harbor, DASHBOARD, false).await.expect_err("refused").code, "file-changed");
    fs::write(&file, &others).expect("somebody writes again");
    let saved = app.save_edit(&harbor, DASHBOARD, true).await.expect("written over");
    assert_eq!((saved.title, read(&file).contains("height = 5")), (view.title, true));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_draft_whose_file_is_gone_stays_on_the_screen_until_it_is_saved_or_discarded() {
    let world = World::new().await;
    let (app, harbor) = world.visited(&choice("ada", "harbor-coffee")).await;
    let file = file(&world, &app);
    app.begin_edit(&harbor, DASHBOARD).await.expect("begun");
    app.edit(&harbor, DASHBOARD, set("visits", Assignment::Height(5))).await.expect("changed");
    fs::remove_file(&file).expect("somebody removes");
    // As the window does when it is told that files have changed.
    let view = app.open_dashboard(&harbor, Some(DASHBOARD)).await.expect("the draft");
    assert!(unsaved(&view) && view.tiles[0].height == 5, "{view:?}");
    let saved = app.save_edit(&harbor, DASHBOARD, true).await.expect("written anew");
    assert!(!unsaved(&saved) && read(&file).contains("height = 5"));
    assert!(file.with_added_extension("own").exists(), "the operator's next change leaves it");

    fs::remove_file(&file).expect("somebody removes it again");
    let view = app.discard_edit(&harbor, DASHBOARD).await.expect("another dashboard");
    assert_ne!(view.id, DASHBOARD);
    assert!(!file.exists());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_new_dashboard_does_not_begin_with_the_draft_of_one_whose_file_is_gone() {
    let world = World::new().await;
    let choice = choice("ada", "harbor-coffee");
    let (app, harbor) = world.visited(&choice).await;
    app.begin_edit(&harbor, DASHBOARD).await.expect("begun");
    app.edit(&harbor, DASHBOARD, set("visits", Assignment::Height(5))).await.expect("changed");
    let file = file(&world, &app);
    drop(app);

    fs::remove_file(&file).expect("another tenant of the connection deletes it");
    let app = world.app(&choice);
    app.boot().await;
    let new = app.new_dashboard(&harbor, "Web traffic").await.expect("made");
    assert_eq!((new.id.as_str(), new.editing), ("web-traffic-2", EditView::Possible { unsaved: false }));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_draft_that_cannot_be_saved_is_kept() {
    let world = World::new().await;
    let choice = choice("ada", "harbor-coffee");
    let (app, harbor) = world.visited(&choice).await;
    let file = file(&world, &app);
    let text = read(&file);
    app.begin_edit(&harbor, DASHBOARD).await.expect("begun");
    app.edit(&harbor, DASHBOARD, set("visits", Assignment::Height(5))).await.expect("changed");
    // What nobody can write to, not even root: a folder in the file's place.
    fs::remove_file(&file).expect("removed");
    fs::create_dir_all(file.join("full")).expect("a folder");
    let problem = app.save_edit(&harbor, DASHBOARD, true).await.expect_err("not saved");
    assert_eq!(problem.code, "not-saved");
    assert!(problem.message.contains("your changes are kept"), "{}", problem.message);
    fs::remove_dir_all(&file).expect("removed");
    fs::write(&file, &text).expect("back");
    drop(app);

    let app = world.app(&choice);
    app.boot().await;
    open(&app, &harbor).await;
    let view = app.begin_edit(&harbor, DASHBOARD).await.expect("gone on");
    assert_eq!(view.tiles[0].height, 5);
    app.save_edit(&harbor, DASHBOARD, false).await.expect("saved at last");
    assert_eq!(read(&file), text.replacen("height = 2", "height = 5", 1));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn what_anyone_may_see_is_not_edited_from_here() {
    let world = World::new().await;
    let (app, _) = world.visited(&choice("ada", "harbor-coffee")).await;
    let public = app.app_view().public[0].id.clone();
    let view = app.select_tenant(&public).await.expect("selected").expect("a dashboard");
    assert!(matches!(&view.editing, EditView::Locked { problem } if problem.code == "edited-elsewhere"));
    let refused = app.begin_edit(&public, &view.id).await.expect_err("refused");
    assert_eq!(refused.code, "edited-elsewhere");
    eventually("no draft", || async { app.undo_edit(&public, &view.id).await.err() }).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn whole_dashboards_are_made_copied_and_deleted_and_are_files_like_any() {
    let world = World::new().await;
    let (app, harbor) = world.visited(&choice("ada", "harbor-coffee")).await;
    let folder = file(&world, &app).parent().expect("a folder").to_owned();
    let listed = |view: &DashboardView| view.dashboards.iter().map(|link| link.id.clone()).collect::<Vec<_>>();
    let original = read(&file(&world, &app));

    let copy = app.copy_dashboard(&harbor, DASHBOARD, "Sales, north").await.expect("copied");
    assert_eq!((copy.id.as_str(), copy.title.as_str()), ("sales-north", "Sales, north"));
    let shown = app.open_dashboard(&harbor, None).await.expect("the copy is on the screen");
    assert_eq!(shown.title, "Sales, north");
    let copied = read(&folder.join("sales-north.toml"));
    let differs = copied.lines().zip(original.lines()).filter(|(ours, theirs)| ours != theirs).count();
    assert_eq!((differs, copied.lines().count()), (1, original.lines().count()), "only its title is another");

    let new = app.new_dashboard(&harbor, "Sales, north").await.expect("made");
    assert_eq!((new.id.as_str(), new.tiles.len()), ("sales-north-2", 1));
    app.begin_edit(&harbor, &new.id).await.expect("it can be edited");
    app.edit(&harbor, &new.id, set("about-this-dashboard", Assignment::Height(3))).await.expect("changed");
    let refused = app.new_dashboard(&harbor, " ").await.expect_err("no title");
    assert_eq!(refused.code, "edit-refused");

    app.delete_dashboard(&harbor, &new.id).expect("deleted");
    let view = app.open_dashboard(&harbor, None).await.expect("another one");
    assert!(!listed(&view).contains(&new.id), "{:?}", listed(&view));
    assert!(listed(&view).contains(&"sales-north".to_owned()));
    let mut left: Vec<_> =
        fs::read_dir(&folder).expect("a folder").map(|file| file.expect("a file").file_name()).collect();
    left.retain(|name| name.to_string_lossy().starts_with("sales"));
    left.sort();
    assert_eq!(left, ["sales-north.toml", "sales-north.toml.own"]);
    // A dashboard of the same name begins anew, without the draft of the one before.
    let again = app.new_dashboard(&harbor, "Sales, north").await.expect("made");
    assert!(matches!(again.editing, EditView::Possible { unsaved: false }), "{:?}", again.editing);
}
