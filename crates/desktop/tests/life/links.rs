//! Links to dashboards: made of what is on the screen, and followed by whoever
//! may see it anyway.

use perch_desktop::Desktop;
use perch_desktop::view::{DashboardView, RangeView};

use crate::world::{World, active, choice, eventually, open, sign_in};

fn notices(app: &Desktop) -> Vec<&'static str> {
    app.app_view().notices.iter().map(|notice| notice.problem.code).collect()
}

async fn notice(app: &Desktop, code: &str) {
    eventually(code, || async { notices(app).contains(&code).then_some(()) }).await;
}

fn values(view: &DashboardView, name: &str) -> Vec<String> {
    view.filters.iter().find(|filter| filter.name == name).expect("the filter").values.clone()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_link_restores_the_range_and_the_filters_for_another_member_of_the_organization() {
    let mut world = World::new().await;
    let (ada, harbor) = world.visited(&choice("ada", "harbor-coffee")).await;
    let month = RangeView::Preset { preset: "30d".to_owned() };
    ada.set_time_range(&harbor, "web-traffic", &month).await.expect("set");
    ada.set_filter(&harbor, "web-traffic", "device", &["mobile".to_owned()]).await.expect("set");
    let link = ada.dashboard_link(&harbor, "web-traffic").expect("a link");
    assert!(link.starts_with("perch://open/?") && !link.contains("eyJ"), "{link}");
    assert!(ada.dashboard_link(&harbor, "who-visits").is_err(), "only of what is on the screen");

    let _first = world.another_machine();
    let grace = world.connected(&choice("grace", "harbor-coffee")).await;
    grace.follow_link(&link);
    notice(&grace, "link-to-nobody-here").await;
    let here = sign_in(&grace, "Harbor Coffee").await;
    assert_ne!(here, harbor, "another person is another tenant");
    grace.open_dashboard(&here, Some("who-visits")).await.expect("another dashboard");
    grace.follow_link(&link);
    let view = eventually("the link's dashboard", || async {
        let view = grace.open_dashboard(&here, None).await.ok()?;
        (view.id == "web-traffic").then_some(view)
    })
    .await;
    assert_eq!(values(&view, "device"), ["mobile"]);
    assert_eq!(view.time.expect("a filter").range, month);
    assert_eq!(notices(&grace), ["link-to-nobody-here"]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_link_leads_only_to_what_is_here_and_says_of_everything_else_that_it_is_not() {
    let world = World::new().await;
    let (app, harbor) = world.visited(&choice("grace", "harbor-coffee")).await;
    let link = app.dashboard_link(&harbor, "web-traffic").expect("a link");
    let connection = app.app_view().connections[0].id.clone();
    for (link, code) in [
        ("perch://open/".to_owned(), "link-missing"),
        (format!("{link}&token=secret-of-nobody"), "link-unknown"),
        (link.replace(&connection, "0000000000000000"), "link-to-elsewhere"),
        (link.replace("organization=org_", "organization=org_of_evil_"), "link-to-nobody-here"),
        (link.replace("web-traffic", "not-there"), "link-to-no-dashboard"),
        (format!("{link}&filter.unknown=x"), "link-in-part"),
        (format!("{link}&filter.x={}", "y".repeat(9_000)), "link-too-long"),
    ] {
        app.follow_link(&link);
        notice(&app, code).await;
    }
    let told: String = app.app_view().notices.iter().map(|notice| notice.problem.message.clone()).collect();
    assert!(!told.contains("evil") && !told.contains("secret"), "no word of a link is shown: {told}");
    assert_eq!(active(&app.app_view()).map(|(id, _)| id), Some(harbor.clone()), "nobody else's is on the screen");
    open(&app, &harbor).await;
    app.follow_link("perch://callback?state=a");
    notice(&app, "stray-link").await;
}
