//! Two organizations, one after the other: each sees its own numbers.

use perch_sandbox::Sandbox;

use crate::sql;
use crate::stage::{App, Stage};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the desktop of `make test`"]
async fn each_organization_sees_the_numbers_of_its_own_rows() {
    let stage = Stage::new().await;
    let app = App::start_connected(&stage).await;
    app.sign_in("grace", "harbor-coffee").await;
    shows_the_rows_of(&app, stage.sandbox(), "Harbor Coffee", "harbor-coffee").await;
    app.add_organization("grace", "larkspur-books").await;
    shows_the_rows_of(&app, stage.sandbox(), "Larkspur Books", "larkspur-books").await;
    app.switch_to("Harbor Coffee").await;
    shows_the_rows_of(&app, stage.sandbox(), "Harbor Coffee", "harbor-coffee").await;
    app.quit().await;
}

/// The tiles say what SQL finds in the sandbox's rows of this organization, up
/// to the second at which each tile asked.
pub async fn shows_the_rows_of(app: &App, sandbox: &Sandbox, name: &str, slug: &str) {
    assert_eq!(app.dashboard_of(name).await.len(), 8);
    let organization = sql::organization(slug);
    for (tile, column) in [("top-pages", "pathname"), ("sources", "source"), ("devices", "device")] {
        let (asked, shown) = app.of_one_answer(tile, || app.list(tile)).await;
        let expected = sql::visits_by(sandbox, organization, column, 8, asked);
        assert!(expected.len() >= 3, "{column} of {name} is worth looking at");
        assert_eq!(shown, expected, "{tile} of {name}");
    }
    let (asked, views) = app.of_one_answer("page-views", || app.number("page-views")).await;
    assert_eq!(views, sql::page_views(sandbox, organization, asked).to_string(), "page views of {name}");

    let (asked, days) = app.of_one_answer("visits-over-time", || app.list("visits-over-time")).await;
    let shown: Vec<_> = days.into_iter().map(|(_, visits)| visits).collect();
    assert_eq!(shown, sql::visits_by_day(sandbox, organization, asked), "visits by day of {name}");

    let (asked, visits) = app.of_one_answer("visits", || app.number("visits")).await;
    let days = sql::visits_by_day(sandbox, organization, asked);
    let sum: i64 = days.iter().map(|visits| visits.parse::<i64>().expect("a count")).sum();
    assert_eq!(visits, sum.to_string(), "visits of {name}");
}
