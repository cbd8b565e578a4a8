//! Filters by a click: a question of their own, kept for the tenant, and gone with one word.

use perch_desktop::Desktop;

use crate::world::{World, choice, eventually, open, values};

/// The value that a filter of the dashboard has.
async fn chosen(app: &Desktop, tenant: &str, name: &str) -> Option<String> {
    let filters = open(app, tenant).await.filters;
    filters.into_iter().find(|filter| filter.name == name).expect("the filter").value
}

fn add_up(values: &[String]) -> u64 {
    values.iter().map(|value| value.replace(',', "").parse::<u64>().expect("a count")).sum()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_filter_narrows_every_tile_but_its_own_and_is_kept_until_it_is_cleared() {
    let world = World::new().await;
    let choice = choice("grace", "harbor-coffee");
    let (app, harbor) = world.visited(&choice).await;
    let pages = |app: Desktop| {
        let harbor = harbor.clone();
        async move { add_up(&values(&app, &harbor, "top-pages").await) }
    };
    let (all, sources) = (pages(app.clone()).await, values(&app, &harbor, "sources").await);

    let view = app.set_filter(&harbor, "web-traffic", "source", Some("google.com")).await.expect("set");
    let source = view.filters.iter().find(|filter| filter.name == "source").expect("the filter");
    assert_eq!((source.column.as_str(), source.value.as_deref()), ("source", Some("google.com")));
    let some = pages(app.clone()).await;
    assert!(0 < some && some < all, "{some} of {all}");
    assert_eq!(values(&app, &harbor, "sources").await, sources, "where one chooses, all choices stay");

    drop(app);
    let app = world.app(&choice);
    app.boot().await;
    assert_eq!(chosen(&app, &harbor, "source").await.as_deref(), Some("google.com"));
    assert_eq!(pages(app.clone()).await, some);

    app.clear_filters(&harbor, "web-traffic").await.expect("cleared");
    assert_eq!(chosen(&app, &harbor, "source").await, None);
    eventually("all pages", || async { (pages(app.clone()).await >= all).then_some(()) }).await;
    let unknown = app.set_filter(&harbor, "web-traffic", "pathname", Some("/")).await.expect_err("no such filter");
    assert_eq!(unknown.code, "gone");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn only_a_web_address_that_a_tile_shows_is_opened() {
    let world = World::new().await;
    let file = world.folder.path().join("dashboards/web-traffic.toml");
    let text = std::fs::read_to_string(&file).expect("a dashboard");
    let note = "[[tile]]\ntitle = \"Notes\"\n[tile.chart]\nkind = \"text\"\n\
                text = \"See [the guide](https://example.com/guide) or [this](javascript:alert(1)).\"\n";
    std::fs::write(&file, format!("{text}\n{note}")).expect("written");
    let (app, harbor) = world.visited(&choice("grace", "harbor-coffee")).await;
    let follow = async |tile: &str, link: &str| {
        app.open_link(&harbor, "web-traffic", tile, link).await.map_err(|problem| problem.code)
    };
    assert_eq!(follow("notes", "https://example.com/guide").await, Ok(()));
    assert_eq!(follow("notes", "https://example.com/other").await, Err("gone"));
    assert_eq!(follow("notes", "javascript:alert(1)").await, Err("gone"));
    assert_eq!(follow("sources", "https://example.com/guide").await, Err("gone"));
}
