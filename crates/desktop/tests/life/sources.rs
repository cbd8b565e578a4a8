//! Where dashboards come from: from nothing but the token's pipes, from files that somebody edits, from the program's
//! own package, and for some of the people only.

use std::fs;

use perch_desktop::view::{DashboardView, EditView};
use perch_desktop::{Desktop, Places};
use perch_sandbox::Sandbox;

use crate::world::{World, choice, eventually, sign_in};

/// The dashboard that a tenant has, once there is one.
async fn first_dashboard(app: &Desktop, tenant: &str) -> DashboardView {
    eventually("a dashboard", || async { app.open_dashboard(tenant, None).await.ok() }).await
}

fn titles(view: &DashboardView) -> Vec<&str> {
    view.dashboards.iter().map(|link| link.title.as_str()).collect()
}

/// A world without dashboards, whose connection lets tokens read these pipes.
async fn without_dashboards(pipes: &[&str]) -> World {
    let keep = pipes.iter().map(|pipe| format!("\"{pipe}\"")).collect::<Vec<_>>();
    let world = World::with(Default::default(), |sandbox: &Sandbox| {
        let text = sandbox.connection_toml();
        let (before, template) = text.split_once("template = '''").expect("a template");
        let (template, after) = template.split_once("'''").expect("its end");
        let mut claims: serde_json::Value = serde_json::from_str(template).expect("claims");
        let scopes = claims["scopes"].as_array_mut().expect("scopes");
        let some = scopes[0].clone();
        scopes.retain(|scope| keep.contains(&scope["resource"].to_string()));
        if pipes.contains(&"gone") {
            let mut gone = some;
            gone["resource"] = "gone".into();
            scopes.push(gone);
        }
        format!("{before}template = '''\n{claims:#}\n'''{after}")
    })
    .await;
    fs::remove_dir_all(world.folder.path().join("dashboards")).expect("removed");
    world
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn without_a_file_a_dashboard_is_made_of_the_pipes_and_kept_for_a_visit_without_a_network() {
    let mut world = without_dashboards(&["kpis", "top_pages", "gone"]).await;
    let choice = choice("grace", "harbor-coffee");
    let app = world.connected(&choice).await;
    let harbor = sign_in(&app, "Harbor Coffee").await;
    let first = app.open_dashboard(&harbor, None).await;
    assert!(first.as_ref().is_ok() || first.is_err_and(|problem| problem.code == "making-dashboard"));
    let view = first_dashboard(&app, &harbor).await;
    let tiles: Vec<_> = view.tiles.iter().map(|tile| (tile.title.as_str(), tile.kind.as_str())).collect();
    assert!(tiles.contains(&("Visits", "kpi")) && tiles.iter().any(|tile| tile.0 == "Top pages"), "{tiles:?}");
    assert!(view.time.is_some(), "both pipes ask for days");
    let made = view.made.expect("it was made");
    assert_eq!(made.left_out.len(), 1);
    assert_eq!(made.left_out[0].pipe, "gone");

    drop(app);
    world.stop_sandbox().await;
    let app = world.app(&choice);
    let again = app.boot().await.dashboard.expect("what was made");
    assert_eq!((again.tiles, again.made.is_some()), (view.tiles, true));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_token_that_reads_other_pipes_makes_another_dashboard() {
    let world = without_dashboards(&["kpis"]).await;
    let app = world.connected(&choice("grace", "harbor-coffee")).await;
    let harbor = sign_in(&app, "Harbor Coffee").await;
    let before = first_dashboard(&app, &harbor).await;
    assert!(before.tiles.iter().all(|tile| tile.title != "Top sources"));

    let text = fs::read_to_string(world.connection()).expect("a connection");
    fs::write(world.connection(), text.replace("\"resource\": \"kpis\"", "\"resource\": \"top_sources\""))
        .expect("written");
    app.open_connection(&world.connection()).await.expect("opened");
    app.open_dashboard(&harbor, None).await.expect("the one that is there");
    app.refresh_dashboard(&harbor, "from-your-pipes").expect("refreshed");
    eventually("another dashboard", || async {
        let view = app.open_dashboard(&harbor, None).await.ok()?;
        view.tiles.iter().any(|tile| tile.title == "Top sources").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_file_that_changes_beside_the_opened_one_changes_the_dashboard_and_a_broken_one_keeps_it() {
    let world = World::new().await;
    let (app, harbor) = world.visited(&choice("grace", "harbor-coffee")).await;
    let file = world.folder.path().join("dashboards/web-traffic.toml");
    let text = fs::read_to_string(&file).expect("a dashboard");
    let title = async || app.open_dashboard(&harbor, Some("web-traffic")).await.expect("a dashboard").title;

    fs::write(&file, text.replace("title = \"Web traffic\"", "title = \"Shop traffic\"")).expect("written");
    eventually("the new title", || async { (title().await == "Shop traffic").then_some(()) }).await;

    fs::write(&file, "version = 1\ntitle = \"Half").expect("written");
    let broken = || async {
        let view = app.open_dashboard(&harbor, Some("web-traffic")).await.expect("as it was");
        let told = view.problem.is_some_and(|problem| problem.message.starts_with("web-traffic.toml:2:"));
        told.then_some(view.title)
    };
    assert_eq!(eventually("the mistake", broken).await, "Shop traffic");

    fs::write(&file, &text).expect("written");
    eventually("the old title", || async { (title().await == "Web traffic").then_some(()) }).await;
    fs::remove_dir_all(file.parent().expect("a folder")).expect("pulled out");
    fs::remove_file(world.connection()).expect("pulled out");
    assert_eq!(title().await, "Web traffic", "the copy stays");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_dashboard_for_some_is_shown_to_them_alone() {
    let world = World::new().await;
    let folder = world.folder.path().join("dashboards");
    let text = fs::read_to_string(folder.join("who-visits.toml")).expect("a dashboard");
    for (id, line) in
        [("harbor", "organizations = [\"harbor-coffee\"]"), ("others", "organizations = [\"larkspur-books\"]")]
    {
        let title = format!("title = \"Only {id}\"\n{line}");
        fs::write(folder.join(format!("{id}.toml")), text.replace("title = \"Who visits\"", &title)).expect("written");
    }
    let (app, harbor) = world.visited(&choice("grace", "harbor-coffee")).await;
    let view = app.open_dashboard(&harbor, None).await.expect("a dashboard");
    assert!(titles(&view).contains(&"Only harbor"), "{:?}", titles(&view));
    assert!(!titles(&view).contains(&"Only others"), "{:?}", titles(&view));
    assert_eq!(app.open_dashboard(&harbor, Some("others")).await.expect_err("for others").code, "gone");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_connection_that_came_with_the_program_is_there_at_the_first_start() {
    let world = World::new().await;
    let choice = choice("grace", "harbor-coffee");
    let places = Places { bundled: Some(world.folder.path().to_owned()), ..world.places() };
    let app = world.app_at(places.clone(), &choice);
    assert_eq!(app.app_view().connections.len(), 1);
    drop(app);
    fs::write(world.folder.path().join("dashboards/new.toml"), "version = 1").expect("a newer package");
    let app = world.app_at(places, &choice);
    assert_eq!(app.app_view().connections.len(), 1);
    assert!(world.places().connections().join(&app.app_view().connections[0].id).join("dashboards/new.toml").is_file());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_dashboard_that_was_made_is_kept_as_a_file_and_can_be_edited_then() {
    let world = without_dashboards(&["kpis", "top_pages"]).await;
    let app = world.connected(&choice("grace", "harbor-coffee")).await;
    let harbor = sign_in(&app, "Harbor Coffee").await;
    let made = first_dashboard(&app, &harbor).await;
    assert!(matches!(&made.editing, EditView::Locked { problem } if problem.code == "made"), "{:?}", made.editing);

    let kept = app.copy_dashboard(&harbor, &made.id, &made.title).await.expect("kept");
    assert_eq!((&kept.title, titles(&kept), kept.made.is_some()), (&made.title, titles(&made), false));
    assert_eq!(kept.dashboards.iter().map(|link| link.id.as_str()).collect::<Vec<_>>(), [kept.id.as_str()]);
    let view = app.begin_edit(&harbor, &kept.id).await.expect("it has a file");
    assert!(matches!(view.editing, EditView::UnderWay { unsaved: false, .. }));

    // With the file gone, there is what was made again.
    app.delete_dashboard(&harbor, &kept.id).expect("deleted");
    assert_eq!(first_dashboard(&app, &harbor).await.id, made.id);
}
