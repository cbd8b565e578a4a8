//! Filters: a question of their own, values to choose from that are one too, kept
//! for the tenant, in a link, and gone with one word.

use std::sync::atomic::Ordering;
use std::time::Duration;

use perch_desktop::Desktop;
use perch_desktop::view::{DashboardView, FilterOptionsView, FilterView, TenantStatus};

use crate::world::{World, choice, eventually, open, status, values};

/// A filter of the dashboard, as it stands.
fn named(view: DashboardView, name: &str) -> FilterView {
    view.filters.into_iter().find(|filter| filter.name == name).expect("the filter")
}

/// The value that a filter of the dashboard has.
async fn chosen(app: &Desktop, tenant: &str, name: &str) -> Vec<String> {
    named(open(app, tenant).await, name).values
}

fn texts(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
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

    let google = texts(&["google.com"]);
    let view = app.set_filter(&harbor, "web-traffic", "source", &google).await.expect("set");
    let source = named(view, "source");
    assert_eq!((source.column.as_str(), &source.values, source.is_set), ("source", &google, true));
    let some = pages(app.clone()).await;
    assert!(0 < some && some < all, "{some} of {all}");
    assert_eq!(values(&app, &harbor, "sources").await, sources, "where one chooses, all choices stay");

    drop(app);
    let app = world.app(&choice);
    app.boot().await;
    assert_eq!(chosen(&app, &harbor, "source").await, google);
    assert_eq!(pages(app.clone()).await, some);

    app.clear_filters(&harbor, "web-traffic").await.expect("cleared");
    assert_eq!(chosen(&app, &harbor, "source").await, texts(&[]));
    eventually("all pages", || async { (pages(app.clone()).await >= all).then_some(()) }).await;
    let unknown = app.set_filter(&harbor, "web-traffic", "pathname", &texts(&["/"])).await.expect_err("no such filter");
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

/// The kinds that are no click, beside the sample's filters.
const KINDS: &str = r#"
[[filter]]
name = "location"
label = "Country"
kind = "multi-select"
default = ["US", "CA"]
[filter.options]
pipe = "locations"
value = "location"
label = "country"

[[filter]]
name = "origin"
column = "source"
kind = "select"
[filter.options]
pipe = "sources"
value = "source"
filters = ["location"]

[[filter]]
name = "browser"
kind = "text"

[[filter]]
name = "least"
kind = "number"
min = 1
max = 10

[[filter]]
name = "buyers"
kind = "toggle"
on = "1"
off = "0"
default = true
"#;

/// Puts [`KINDS`] among the filters of the sample dashboard.
pub fn put_kinds(world: &World) {
    let file = world.folder.path().join("dashboards/web-traffic.toml");
    let text = std::fs::read_to_string(&file).expect("a dashboard");
    std::fs::write(&file, text.replacen("[[tile]]", &format!("{KINDS}\n[[tile]]"), 1)).expect("written");
}

/// A visit to the sample dashboard with them.
async fn with_kinds(world: &World) -> (Desktop, String) {
    put_kinds(world);
    world.visited(&choice("grace", "harbor-coffee")).await
}

/// What can be chosen, once it has come.
async fn options(app: &Desktop, tenant: &str, name: &str) -> FilterOptionsView {
    eventually(name, || async {
        let view = app.filter_options(tenant, "web-traffic", name).await.expect("a list");
        (!view.refreshing).then_some(view)
    })
    .await
}

fn offered(view: &FilterOptionsView) -> Vec<&str> {
    view.options.iter().map(|option| option.value.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn what_a_dashboard_begins_with_counts_until_the_viewer_chose_and_clear_takes_all_away() {
    let world = World::new().await;
    let (app, harbor) = with_kinds(&world).await;
    assert_eq!(chosen(&app, &harbor, "location").await, texts(&["US", "CA"]));
    let labels = || async { named(open(&app, &harbor).await, "location").labels };
    eventually("the countries' names", || async {
        (labels().await == texts(&["United States", "Canada"])).then_some(())
    })
    .await;
    let begun = add_up(&values(&app, &harbor, "top-pages").await);
    app.set_filter(&harbor, "web-traffic", "browser", &texts(&["  Firefox "])).await.expect("set");
    assert_eq!(chosen(&app, &harbor, "browser").await, texts(&["Firefox"]));
    assert_eq!(chosen(&app, &harbor, "location").await, texts(&["US", "CA"]), "not touched yet");

    let view = app.clear_filters(&harbor, "web-traffic").await.expect("cleared");
    assert!(view.filters.iter().all(|filter| !filter.is_set), "{:?}", view.filters);
    assert_eq!(named(view, "buyers").values, texts(&["0"]), "a toggle that is off says so to pipes");
    eventually("all pages", || async { (add_up(&values(&app, &harbor, "top-pages").await) > begun).then_some(()) })
        .await;
    let app = {
        drop(app);
        world.app(&choice("grace", "harbor-coffee"))
    };
    app.boot().await;
    assert_eq!(chosen(&app, &harbor, "location").await, texts(&[]), "cleared is kept, too");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn values_come_from_a_pipe_heed_other_filters_and_are_there_without_a_network() {
    let mut world = World::new().await;
    let (app, harbor) = with_kinds(&world).await;
    let countries = options(&app, &harbor, "location").await;
    let labels: Vec<_> = countries.options.iter().map(|option| option.label.as_str()).collect();
    assert!(labels.is_sorted() && labels.contains(&"United Kingdom"), "as the pipe sorts them: {labels:?}");
    assert!(countries.fetched.is_some() && countries.problem.is_none());
    app.clear_filters(&harbor, "web-traffic").await.expect("cleared");
    values(&app, &harbor, "top-pages").await;
    let all = options(&app, &harbor, "origin").await;
    app.set_filter(&harbor, "web-traffic", "location", &texts(&["JP"])).await.expect("set");
    let some = options(&app, &harbor, "origin").await;
    assert!(offered(&some).iter().all(|source| offered(&all).contains(source)), "{some:?}");
    let counted = |view: &FilterOptionsView| offered(view).join(" ");
    assert_ne!(counted(&some), counted(&all), "the most frequent first, and Japan's are others");

    world.stop_sandbox().await;
    // Nobody has noticed yet: what is asked for now does not come.
    app.set_filter(&harbor, "web-traffic", "location", &texts(&["MX"])).await.expect("set");
    offline(&app, &harbor).await;
    let unseen = options(&app, &harbor, "origin").await;
    assert!(unseen.options.is_empty() && unseen.problem.is_some(), "{unseen:?}");
    app.set_filter(&harbor, "web-traffic", "location", &[]).await.expect("set");
    assert_eq!(offered(&options(&app, &harbor, "origin").await), offered(&all));
}

/// Waits until the app has noticed that nobody answers.
async fn offline(app: &Desktop, tenant: &str) {
    eventually("offline to be noticed", || async {
        app.refresh_dashboard(tenant, "web-traffic").expect("asked");
        let status = app.app_view().tenants.into_iter().find(|view| view.id == tenant)?.status;
        matches!(status, TenantStatus::Offline { .. }).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn without_a_network_only_what_was_seen_can_be_chosen_and_the_rest_says_why() {
    let mut world = World::new().await;
    let (app, harbor) = with_kinds(&world).await;
    app.clear_filters(&harbor, "web-traffic").await.expect("cleared");
    values(&app, &harbor, "top-pages").await;
    options(&app, &harbor, "location").await;
    for chosen in [&["JP"][..], &["JP", "US"]] {
        app.set_filter(&harbor, "web-traffic", "location", &texts(chosen)).await.expect("set");
        values(&app, &harbor, "top-pages").await;
        options(&app, &harbor, "location").await;
    }
    world.stop_sandbox().await;
    offline(&app, &harbor).await;

    let available = |view: FilterOptionsView| {
        let options = view.options.into_iter().filter(|option| option.available);
        options.map(|option| option.value).collect::<Vec<_>>()
    };
    // With Japan and the United States chosen, a press on either takes it away.
    let offered = available(options(&app, &harbor, "location").await);
    assert_eq!(offered, texts(&["US"]), "Japan alone was seen, the United States alone were not");
    let view = open(&app, &harbor).await;
    assert!(view.seen_unfiltered && named(view.clone(), "location").seen_otherwise);
    assert!(!named(view, "buyers").seen_otherwise, "nobody looked at buyers only");

    for (name, values) in [("location", &["US"][..]), ("buyers", &["1"]), ("browser", &["Firefox"]), ("source", &["x"])]
    {
        let refused = app.set_filter(&harbor, "web-traffic", name, &texts(values)).await.expect_err(name);
        assert_eq!(refused.code, "not-seen", "{name}");
    }
    assert_eq!(chosen(&app, &harbor, "location").await, texts(&["JP", "US"]), "what was chosen stays");
    app.set_filter(&harbor, "web-traffic", "location", &texts(&["JP"])).await.expect("it was seen");
    assert!(!values(&app, &harbor, "top-pages").await.is_empty());
    app.clear_filters(&harbor, "web-traffic").await.expect("it was seen");
    assert_eq!(available(options(&app, &harbor, "location").await), texts(&["JP"]));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn the_values_of_a_filter_are_asked_again_while_its_button_is_in_view_and_nothing_is_paused() {
    let world = World::new().await;
    let (app, harbor) = with_kinds(&world).await;
    let fetched = async || options(&app, &harbor, "location").await.fetched.expect("answered");
    let first = fetched().await;
    let show = |seen: &[&str]| app.show_tiles(&harbor, "web-traffic", texts(seen), true).expect("on the screen");
    let pass = async || {
        world.ahead.fetch_add(3_600, Ordering::SeqCst);
        app.show_window(true);
        tokio::time::sleep(Duration::from_millis(1_500)).await;
    };
    show(&["top-pages"]);
    pass().await;
    assert_eq!(fetched().await, first, "nobody sees it");

    // Before it is in view: an hour has passed already.
    app.pause(&harbor, "web-traffic", true).expect("paused");
    show(&["filter:location"]);
    pass().await;
    assert_eq!(fetched().await, first, "the dashboard is paused");
    app.pause(&harbor, "web-traffic", false).expect("goes on");
    eventually("newer values", || async { (fetched().await > first).then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn an_open_list_of_values_is_told_of_the_end_of_offline_like_every_tile() {
    let mut world = World::new().await;
    let (app, harbor) = with_kinds(&world).await;
    options(&app, &harbor, "location").await;
    // So that nothing is asked for the list, which would tell of it too.
    app.show_tiles(&harbor, "web-traffic", texts(&["top-pages"]), true).expect("on the screen");
    world.stop_sandbox().await;
    eventually("offline to be noticed", || async {
        app.refresh_dashboard(&harbor, "web-traffic").expect("asked");
        matches!(status(&app, &harbor), TenantStatus::Offline { .. }).then_some(())
    })
    .await;
    world.redrawn.lock().expect("the tiles").clear();
    world.ahead.store(8 * 24 * 60 * 60, Ordering::SeqCst);
    eventually("the list to be told of", || async {
        world.redrawn.lock().expect("the tiles").contains("filter:location").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_value_that_is_no_longer_offered_stays_and_says_so_and_what_no_filter_takes_is_refused() {
    let world = World::new().await;
    let (app, harbor) = with_kinds(&world).await;
    options(&app, &harbor, "location").await;
    let view = app.set_filter(&harbor, "web-traffic", "location", &texts(&["US", "AQ"])).await.expect("set");
    let country = named(view, "location");
    assert_eq!((country.values, country.gone), (texts(&["US", "AQ"]), texts(&["AQ"])));
    for (name, values, code) in [
        ("least", &["11"][..], "filter-number"),
        ("least", &["one"], "filter-number"),
        ("buyers", &["2"], "filter-toggle"),
        ("origin", &["a", "b"], "filter-one-value"),
        ("location", &["a,b"], "filter-comma"),
    ] {
        let refused = app.set_filter(&harbor, "web-traffic", name, &texts(values)).await.expect_err(code);
        assert_eq!(refused.code, code);
    }
    let view = app.set_filter(&harbor, "web-traffic", "least", &texts(&[" 5.0 "])).await.expect("set");
    assert_eq!(named(view, "least").values, texts(&["5"]));
    assert_eq!(app.filter_options(&harbor, "web-traffic", "least").await.expect_err("no list").code, "gone");
}
