//! The engine over a real server and a real sealed store.

mod interleavings;
mod keeping;
mod public;
mod schedules;
mod stand_in;

use std::sync::atomic::Ordering;
use std::sync::{Arc, LazyLock};

use futures_util::future::join_all;
use perch_chart::{Setting, Size, Theme, View};
use perch_dashboard::{Comparison, EngineError, Enough, Preset, Selection, TimeRange};
use perch_offline::{Question, Store};
use perch_tenant::Secret;
use stand_in::{Clock, Mood, Server, Visit, row, shown, tile};

static WEEK: LazyLock<Selection> = LazyLock::new(|| TimeRange::Last(Preset::Days7).into());

/// A server, a folder, a clock, and one organization's visit.
struct Scene {
    server: Server,
    dir: tempfile::TempDir,
    clock: Clock,
    visit: Visit,
}

impl Scene {
    async fn new() -> Self {
        let server = Server::start().await;
        let dir = tempfile::tempdir().expect("a folder");
        let clock = Clock::new();
        let visit = Visit::begin(dir.path(), &server.address, "org_a", &clock);
        Self { server, dir, clock, visit }
    }

    /// The same organization, as after a restart.
    fn again(&self) -> Visit {
        Visit::begin(self.dir.path(), &self.server.address, "org_a", &self.clock)
    }
}

fn org_a(number: u32) -> (String, u32) {
    ("org_a".to_owned(), number)
}

#[tokio::test]
async fn what_was_seen_last_is_there_at_once_and_what_is_fresh_after() {
    let scene = Scene::new().await;
    let tile = tile("kpis", "parameters = { limit = 10 }");
    assert!(scene.visit.engine.seen(&tile, &WEEK).is_none());
    let fresh = scene.visit.engine.refresh(&tile, &WEEK).await.expect("an answer");
    assert_eq!(shown(&fresh), org_a(1));
    assert_eq!(scene.server.requests(), ["kpis.json?date_from=2026-06-04&date_to=2026-06-10&limit=10"]);

    scene.clock.turn(3_600);
    let visit = scene.again();
    let seen = visit.engine.seen(&tile, &WEEK).expect("what was seen");
    assert_eq!((shown(&seen), seen.fetched), (org_a(1), fresh.fetched));
    assert_eq!(scene.server.requests().len(), 1, "nothing was asked for it");
    assert!(visit.engine.is_stale(&tile, &WEEK));
    let fresh = visit.engine.refresh(&tile, &WEEK).await.expect("an answer");
    assert_eq!((shown(&fresh), fresh.fetched), (org_a(2), scene.clock.now()));
    assert_eq!(shown(&visit.engine.seen(&tile, &WEEK).expect("what was seen")), org_a(2));
}

#[tokio::test]
async fn one_question_asked_five_times_is_one_request() {
    let scene = Scene::new().await;
    let tiles = [tile("kpis", ""), tile("kpis", "width = 12"), tile("kpis", "id = \"other\"")];
    let asked = tiles.iter().cycle().take(5).map(|tile| scene.visit.engine.refresh(tile, &WEEK));
    for answer in join_all(asked).await {
        assert_eq!(shown(&answer.expect("an answer")), org_a(1));
    }
    assert_eq!(scene.server.requests().len(), 1);

    let others = [tile("kpis", "parameters = { limit = 1 }"), tile("top_pages", ""), tile("kpis", "time = false")];
    join_all(others.iter().map(|tile| scene.visit.engine.refresh(tile, &WEEK))).await;
    scene.visit.engine.refresh(&tiles[0], &TimeRange::Last(Preset::Today).into()).await.expect("an answer");
    assert_eq!(scene.server.requests().len(), 5, "another question is another request");
    scene.visit.engine.refresh(&tiles[0], &WEEK).await.expect("an answer");
    assert_eq!(scene.server.requests().len(), 6, "a question that was answered may be asked again");
}

#[tokio::test]
async fn an_answer_that_is_fresh_enough_is_not_asked_for_again_by_another_tile() {
    let scene = Scene::new().await;
    let (engine, first) = (&scene.visit.engine, tile("kpis", ""));
    let compares = tile("kpis", "compare = true");
    let hasty = perch_dashboard::Tile { refresh: std::time::Duration::from_secs(10), ..tile("kpis", "") };
    engine.refresh_unless(&first, &WEEK, Enough::Fresh).await.expect("an answer");
    scene.clock.turn(20);
    let data = engine.refresh_unless(&first, &WEEK, Enough::Fresh).await.expect("an answer");
    assert_eq!((shown(&data), scene.server.requests().len()), (org_a(1), 1));
    let data = engine.refresh_unless(&compares, &WEEK, Enough::Fresh).await.expect("an answer");
    assert_eq!(shown(&data), org_a(1), "only the period before was missing");
    assert_eq!(scene.server.requests().len(), 2);
    engine.refresh_unless(&hasty, &WEEK, Enough::Fresh).await.expect("an answer");
    assert_eq!(scene.server.requests().len(), 3, "its own life is shorter");

    let click = scene.clock.now();
    for tile in [&first, &hasty] {
        engine.refresh_unless(tile, &WEEK, Enough::Since(click)).await.expect("an answer");
    }
    assert_eq!(scene.server.requests().len(), 3, "asked for at this very moment");
    scene.clock.turn(1);
    for _ in 0..2 {
        engine.refresh_unless(&first, &WEEK, Enough::Since(scene.clock.now())).await.expect("an answer");
    }
    assert_eq!(scene.server.requests().len(), 4, "a click is one request");
}

#[tokio::test]
async fn the_days_requests_are_counted_and_then_nothing_is_asked_until_midnight() {
    let scene = Scene::new().await;
    let (engine, tile) = (&scene.visit.engine, tile("kpis", ""));
    assert_eq!(engine.allowance(), None);
    let limit = |requests: u32| Some(requests.try_into().expect("a budget"));
    engine.limit_requests(limit(2));
    engine.refresh(&tile, &WEEK).await.expect("an answer");
    assert_eq!(engine.allowance().map(|allowance| allowance.left), Some(1));
    engine.refresh(&tile, &WEEK).await.expect("an answer");

    let error = engine.refresh(&tile, &WEEK).await.expect_err("the day is spent");
    let midnight = scene.clock.now() + std::time::Duration::from_secs(12 * 3_600);
    assert!(matches!(error, EngineError::DailyRequests { again } if again == midnight), "{error:?}");
    assert_eq!(scene.server.requests().len(), 2, "nothing was asked");
    assert_eq!(shown(&engine.seen(&tile, &WEEK).expect("what was seen")), org_a(2));
    assert!(engine.failure(&tile, &WEEK).is_none(), "nothing was tried");

    let visit = scene.again();
    visit.engine.limit_requests(limit(2));
    visit.engine.refresh(&tile, &WEEK).await.expect_err("a restart gives no more");
    scene.clock.turn(12 * 3_600);
    visit.engine.refresh(&tile, &WEEK).await.expect("the next day");
}

#[tokio::test]
async fn a_refused_token_costs_two_of_the_days_requests() {
    let scene = Scene::new().await;
    let (engine, tile) = (&scene.visit.engine, tile("kpis", ""));
    engine.limit_requests(Some(10.try_into().expect("a budget")));
    scene.server.refuse(scene.visit.tokens.current().expose());
    engine.refresh(&tile, &WEEK).await.expect("an answer");
    assert_eq!(engine.allowance().map(|allowance| allowance.left), Some(8));
}

#[tokio::test]
async fn each_repetition_after_a_lost_answer_is_one_of_the_days_requests() {
    let scene = Scene::new().await;
    let (engine, tile) = (&scene.visit.engine, tile("kpis", ""));
    engine.limit_requests(Some(6.try_into().expect("a budget")));
    scene.server.set(Mood::Stumbles);
    engine.refresh(&tile, &WEEK).await.expect_err("no answer");
    assert_eq!(scene.server.requests().len(), 4);
    assert_eq!(engine.allowance().map(|allowance| allowance.left), Some(2));
    let error = engine.refresh(&tile, &WEEK).await.expect_err("no answer");
    assert!(matches!(error, EngineError::Pipe(_)), "what failed is what there is to tell: {error:?}");
    assert_eq!(scene.server.requests().len(), 6, "none is asked that the day has not");
    assert_eq!(engine.allowance().map(|allowance| allowance.left), Some(0));
}

#[tokio::test]
async fn a_filter_is_a_question_of_its_own_and_each_answer_is_kept() {
    let scene = Scene::new().await;
    let (engine, heeds, stays) = (&scene.visit.engine, tile("kpis", ""), tile("top_pages", "filters = []"));
    let phones = Selection { filters: [("device".to_owned(), vec!["mobile".to_owned()])].into(), ..WEEK.clone() };
    engine.refresh(&heeds, &WEEK).await.expect("an answer");
    engine.refresh(&heeds, &phones).await.expect("an answer");
    engine.refresh(&stays, &phones).await.expect("an answer");
    let week = "date_from=2026-06-04&date_to=2026-06-10";
    assert_eq!(
        scene.server.requests(),
        [format!("kpis.json?{week}"), format!("kpis.json?{week}&device=mobile"), format!("top_pages.json?{week}"),]
    );
    assert_eq!(shown(&engine.seen(&heeds, &WEEK).expect("what was seen")), org_a(1));
    assert_eq!(shown(&engine.seen(&heeds, &phones).expect("what was seen")), org_a(2));
    let tablets = Selection { filters: [("device".to_owned(), vec!["tablet".to_owned()])].into(), ..WEEK.clone() };
    assert!(engine.seen(&heeds, &tablets).is_none(), "nobody looked at tablets");
    assert_eq!(shown(&engine.seen(&stays, &tablets).expect("the same for all")), org_a(3));
}

#[tokio::test]
async fn several_values_go_as_a_list_and_a_bound_parameter_gets_what_its_filter_or_tenant_has() {
    let scene = Scene::new().await;
    let engine = &scene.visit.engine;
    let bound =
        tile("kpis", "parameters = { dev = { filter = \"device\" }, who = { tenant = \"org.id\" } }\ntime = false");
    let both = Selection {
        filters: [("device".to_owned(), vec!["mobile".to_owned(), "tablet".to_owned()])].into(),
        ..WEEK.clone()
    };
    engine.refresh(&bound, &both).await.expect("an answer");
    engine.refresh(&bound, &WEEK).await.expect("an answer");
    let requests = scene.server.requests();
    assert_eq!(requests, ["kpis.json?dev=mobile%2Ctablet&who=org_a", "kpis.json?who=org_a"]);
    assert_eq!(shown(&engine.seen(&bound, &both).expect("what was seen")), org_a(1));

    let slug = tile("kpis", "parameters = { who = { tenant = \"org.slug\" } }\ntime = false");
    assert!(engine.is_stale(&slug, &WEEK));
    let missing = engine.refresh(&slug, &WEEK).await.expect_err("this tenant has no slug");
    assert_eq!(missing.code(), "not-of-tenant");
    assert!(missing.to_string().contains("org.slug"), "{missing}");
    assert_eq!(engine.failure(&slug, &WEEK).expect("a failure").error.code(), "not-of-tenant");
    assert_eq!(scene.server.requests().len(), 2, "nothing was asked");
}

#[tokio::test]
async fn a_text_is_drawn_and_asks_nothing() {
    let scene = Scene::new().await;
    let text = "version = 1\ntitle = \"T\"\n[[tile]]\ntitle = \"A\"\n[tile.chart]\nkind = \"text\"\ntext = \"Rows *are* counted\"\n";
    let tile = perch_dashboard::Dashboard::parse("test", text).expect("a dashboard").tiles.remove(0);
    let engine = &scene.visit.engine;
    assert!(engine.seen(&tile, &WEEK).is_none() && !engine.is_stale(&tile, &WEEK));
    assert_eq!(engine.refresh(&tile, &WEEK).await.expect_err("nothing to ask").code(), "nothing-to-ask");
    let size = Size { width: 400, height: 200 };
    let drawing = engine.draw(None, &tile, &View::default(), &Setting::default(), size, Theme::Light);
    assert!(drawing.expect("a drawing").svg.contains("counted"));
    assert!(scene.server.requests().is_empty());
}

#[tokio::test]
async fn whoever_still_waits_gets_the_answer_when_the_first_asker_leaves() {
    let scene = Scene::new().await;
    scene.server.hold_after(0);
    let tile = tile("kpis", "");
    let first = tokio::spawn({
        let (engine, tile) = (scene.visit.engine.clone(), tile.clone());
        async move { engine.refresh(&tile, &WEEK).await }
    });
    scene.server.wait_for(1).await;
    let second = tokio::spawn({
        let (engine, tile) = (scene.visit.engine.clone(), tile.clone());
        async move { engine.refresh(&tile, &WEEK).await }
    });
    tokio::task::yield_now().await;
    first.abort();
    assert!(first.await.is_err());
    scene.server.release();
    assert_eq!(shown(&second.await.expect("a task").expect("an answer")), org_a(1));
    assert_eq!(scene.server.requests().len(), 1);
}

#[tokio::test]
async fn what_the_token_may_no_longer_read_is_forgotten() {
    let scene = Scene::new().await;
    let tile = tile("revenue", "time = false");
    let (engine, now) = (&scene.visit.engine, scene.clock.now());
    // Of a visit in which the person's token still named the pipe.
    let answer = br#"{"meta": [{"name": "org", "type": "String"}, {"name": "n", "type": "UInt8"}],
        "data": [{"org": "org_a", "n": 7}], "rows": 1}"#;
    engine.store().put(&Question::new("revenue"), answer, now, "test").expect("kept");
    assert_eq!(shown(&engine.seen(&tile, &WEEK).expect("what was seen")), org_a(7));
    let error = engine.refresh(&tile, &WEEK).await.expect_err("not in the token");
    assert_eq!(error.code(), "pipe-not-in-token");
    assert!(engine.seen(&tile, &WEEK).is_none());
    assert!(scene.again().engine.seen(&tile, &WEEK).is_none(), "also after a restart");
    assert!(scene.server.requests().is_empty());
}

#[tokio::test]
async fn a_failed_refresh_keeps_the_last_good_answer_with_its_age_and_the_reason() {
    let scene = Scene::new().await;
    let (engine, tile) = (&scene.visit.engine, tile("kpis", ""));
    let good = engine.refresh(&tile, &WEEK).await.expect("an answer");
    scene.clock.turn(600);
    scene.server.set(Mood::Refuses);
    let error = engine.refresh(&tile, &WEEK).await.expect_err("a refusal");
    assert_eq!((error.code(), error.is_offline()), ("pipe-bad-request", false));
    assert!(!error.next_step().is_empty());

    let seen = engine.seen(&tile, &WEEK).expect("the last good answer");
    assert_eq!((shown(&seen), seen.fetched), (org_a(1), good.fetched));
    let failure = seen.failure.expect("the reason");
    assert_eq!((failure.error.code(), failure.at, failure.times), ("pipe-bad-request", scene.clock.now(), 1));

    scene.server.set(Mood::Answers);
    let fresh = engine.refresh(&tile, &WEEK).await.expect("an answer");
    assert!(fresh.failure.is_none());
    assert_eq!(shown(&fresh), org_a(3));
}

#[tokio::test]
async fn without_the_service_what_was_seen_stays_and_the_reason_is_offline() {
    let scene = Scene::new().await;
    let tile = tile("kpis", "");
    scene.visit.engine.refresh(&tile, &WEEK).await.expect("an answer");
    scene.server.stop();
    // Two days later: `7d` means other dates now, and is still what was seen.
    scene.clock.turn(2 * 86_400);
    let visit = scene.again();
    let error = visit.engine.refresh(&tile, &WEEK).await.expect_err("no service");
    assert!(error.is_offline(), "{error:?}");
    let seen = visit.engine.seen(&tile, &WEEK).expect("what was seen");
    assert_eq!(shown(&seen), org_a(1));
    assert_eq!(seen.dates.map(|dates| dates.to.to_string()).as_deref(), Some("2026-06-10"), "it says of which days");
    assert!(seen.failure.expect("the reason").error.is_offline());
}

#[tokio::test]
async fn an_answer_that_does_not_decode_is_an_error_and_is_never_kept() {
    let scene = Scene::new().await;
    let tile = tile("kpis", "");
    scene.visit.engine.refresh(&tile, &WEEK).await.expect("an answer");
    scene.server.set(Mood::Babbles);
    let error = scene.visit.engine.refresh(&tile, &WEEK).await.expect_err("no answer");
    assert!(matches!(error, EngineError::Answer(_)), "{error:?}");
    assert_eq!(shown(&scene.again().engine.seen(&tile, &WEEK).expect("the last good one")), org_a(1));
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_the_question_repeated_once() {
    let scene = Scene::new().await;
    let (engine, tokens, tile) = (&scene.visit.engine, &scene.visit.tokens, tile("kpis", ""));
    scene.server.refuse(tokens.current().expose());
    assert_eq!(shown(&engine.refresh(&tile, &WEEK).await.expect("an answer")), org_a(2));
    assert_eq!(tokens.renewals.load(Ordering::SeqCst), 2, "the first token and one more");

    // Ten tiles refused at once renew it once.
    scene.server.refuse(tokens.current().expose());
    let tiles: Vec<_> =
        (0..10).map(|limit| stand_in::tile("kpis", &format!("parameters = {{ limit = {limit} }}"))).collect();
    for answer in join_all(tiles.iter().map(|tile| engine.refresh(tile, &WEEK))).await {
        answer.expect("an answer");
    }
    assert_eq!(tokens.renewals.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_refusal_that_a_new_token_does_not_help_is_reported() {
    let scene = Scene::new().await;
    let (_, tenant) = stand_in::tenant(&scene.server.address, "org_b");
    let store = Store::for_this_visit(&tenant.id()).expect("a store");
    let visit = Visit::begin(scene.dir.path(), &scene.server.address, "org_b", &scene.clock);
    // The source hands out one token whatever it is asked for.
    let stuck = Arc::new(Stuck(visit.tokens.current()));
    scene.server.refuse(stuck.0.expose());
    let engine = Visit::engine(&tenant, store, stuck, &scene.clock);
    let error = engine.refresh(&tile("kpis", ""), &WEEK).await.expect_err("refused");
    assert_eq!(error.code(), "pipe-forbidden");
    assert_eq!(scene.server.requests().len(), 2, "asked twice, not for ever");
}

struct Stuck(Arc<perch_tinybird::TenantToken>);

impl perch_dashboard::Tokens for Stuck {
    fn token(
        &self,
        _fresh: bool,
    ) -> futures_util::future::BoxFuture<'_, Result<Arc<perch_tinybird::TenantToken>, perch_dashboard::TokenError>>
    {
        Box::pin(async { Ok(Arc::clone(&self.0)) })
    }

    fn source(&self) -> &str {
        "mint"
    }
}

#[tokio::test]
async fn a_token_of_another_tenant_asks_for_nothing() {
    let scene = Scene::new().await;
    let (_, tenant) = stand_in::tenant(&scene.server.address, "org_b");
    let store = Store::for_this_visit(&tenant.id()).expect("a store");
    let engine = Visit::engine(&tenant, store, Arc::clone(&scene.visit.tokens) as _, &scene.clock);
    let error = engine.refresh(&tile("kpis", ""), &WEEK).await.expect_err("refused");
    assert!(matches!(error, EngineError::OtherTenant), "{error:?}");
    assert_eq!(scene.server.requests().len(), 0);
}

#[tokio::test]
async fn a_store_of_another_tenant_is_neither_read_nor_written() {
    let scene = Scene::new().await;
    let tile = tile("kpis", "");
    scene.visit.engine.refresh(&tile, &WEEK).await.expect("an answer");
    let store = Store::open(scene.dir.path(), &scene.visit.tenant.id(), &Secret::new("0".repeat(64)));
    let other = Visit::begin(scene.dir.path(), &scene.server.address, "org_b", &scene.clock);
    let engine = Visit::engine(&other.tenant, store.expect("a store").store, other.tokens, &scene.clock);
    assert!(engine.seen(&tile, &WEEK).is_none());
    assert!(matches!(engine.refresh(&tile, &WEEK).await, Err(EngineError::Closed)));
    assert_eq!(scene.server.requests().len(), 1);
}

#[tokio::test]
async fn an_answer_that_arrives_after_sign_out_is_kept_nowhere() {
    let scene = Scene::new().await;
    scene.server.hold_after(0);
    let tile = tile("kpis", "");
    let waiting = tokio::spawn({
        let (engine, tile) = (scene.visit.engine.clone(), tile.clone());
        async move { engine.refresh(&tile, &WEEK).await }
    });
    scene.server.wait_for(1).await;
    scene.visit.engine.close();
    Store::remove(scene.dir.path(), &scene.visit.tenant.id()).expect("removed");
    scene.server.release();
    assert!(matches!(waiting.await.expect("a task"), Err(EngineError::Closed)));
    assert!(scene.visit.engine.seen(&tile, &WEEK).is_none());
    assert_eq!(std::fs::read_dir(scene.dir.path()).expect("a folder").count(), 0);
    assert!(matches!(scene.visit.engine.refresh(&tile, &WEEK).await, Err(EngineError::Closed)));
    assert_eq!(scene.server.requests().len(), 1);
}

#[tokio::test]
async fn a_tile_is_stale_when_its_life_is_over_or_its_days_have_moved() {
    let scene = Scene::new().await;
    let (engine, clock) = (&scene.visit.engine, &scene.clock);
    let minute = tile("kpis", "");
    assert!(engine.is_stale(&minute, &WEEK), "never seen");
    engine.refresh(&minute, &WEEK).await.expect("an answer");
    assert!(!engine.is_stale(&minute, &WEEK));
    clock.turn(59);
    assert!(!engine.is_stale(&minute, &WEEK));
    clock.turn(1);
    assert!(engine.is_stale(&minute, &WEEK));

    let long = stand_in::tile("top_pages", "");
    let long = perch_dashboard::Tile { refresh: std::time::Duration::from_secs(5 * 86_400), ..long };
    let fixed: Selection = "2026-06-01..2026-06-02".parse::<TimeRange>().expect("a range").into();
    engine.refresh(&long, &WEEK).await.expect("an answer");
    engine.refresh(&long, &fixed).await.expect("an answer");
    clock.turn(86_400);
    assert!(engine.is_stale(&long, &WEEK), "the last seven days are other days tomorrow");
    assert!(!engine.is_stale(&long, &fixed));
    clock.turn(-2 * 86_400);
    assert!(engine.is_stale(&long, &fixed), "a clock set back makes no answer young");
}

#[tokio::test]
async fn after_a_failure_a_tile_waits_longer_each_time() {
    let scene = Scene::new().await;
    let (engine, tile) = (&scene.visit.engine, tile("kpis", ""));
    scene.server.set(Mood::Refuses);
    for (times, wait) in (1..).zip([5, 10, 20, 40, 60, 60]) {
        engine.refresh(&tile, &WEEK).await.expect_err("a refusal");
        assert!(engine.seen(&tile, &WEEK).is_none());
        assert_eq!(engine.failure(&tile, &WEEK).expect("the reason").times, times);
        scene.clock.turn(wait - 1);
        assert!(!engine.is_stale(&tile, &WEEK), "{wait}");
        scene.clock.turn(1);
        assert!(engine.is_stale(&tile, &WEEK), "{wait}");
    }
}

#[tokio::test]
async fn a_tile_that_compares_asks_for_the_period_before_too() {
    let scene = Scene::new().await;
    let tile = tile("kpis", "compare = true");
    let data = scene.visit.engine.refresh(&tile, &WEEK).await.expect("an answer");
    let mut requests = scene.server.requests();
    requests.sort();
    assert_eq!(
        requests,
        ["kpis.json?date_from=2026-05-28&date_to=2026-06-03", "kpis.json?date_from=2026-06-04&date_to=2026-06-10",]
    );
    let previous = row(data.previous.as_deref().expect("the period before"));
    assert_ne!(previous, shown(&data));
    assert!(scene.again().engine.seen(&tile, &WEEK).expect("what was seen").previous.is_some());

    // A day later only one of the two arrives: the other is of another period.
    scene.clock.turn(86_400);
    let alone = perch_dashboard::Tile { compare: Comparison::Off, ..tile.clone() };
    scene.visit.engine.refresh(&alone, &WEEK).await.expect("an answer");
    assert!(scene.visit.engine.seen(&tile, &WEEK).expect("what was seen").previous.is_none());
    assert!(scene.visit.engine.is_stale(&tile, &WEEK));
}

#[tokio::test]
async fn the_viewer_compares_with_a_year_before_or_with_nothing_and_each_is_a_question_of_its_own() {
    let scene = Scene::new().await;
    let engine = &scene.visit.engine;
    let (tile, plain) = (tile("kpis", "compare = true"), tile("kpis", ""));
    let with = |comparison| Selection { comparison: Some(comparison), ..WEEK.clone() };
    let year = engine.refresh(&tile, &with(Comparison::Year)).await.expect("an answer");
    let asked = || {
        let mut requests = scene.server.requests();
        requests.sort();
        requests
    };
    let (now, a_year_before) = (
        "kpis.json?date_from=2026-06-04&date_to=2026-06-10".to_owned(),
        "kpis.json?date_from=2025-06-04&date_to=2025-06-10".to_owned(),
    );
    assert_eq!(asked(), [a_year_before.clone(), now.clone()]);
    assert_eq!(year.comparison, Comparison::Year);
    let seen = |comparison| engine.seen(&tile, &with(comparison)).expect("what was seen");
    assert!(seen(Comparison::Year).previous.is_some());
    assert!(seen(Comparison::Previous).previous.is_none(), "a year before is not the period before");
    assert!(seen(Comparison::Off).previous.is_none() && !engine.is_stale(&tile, &with(Comparison::Off)));
    assert!(engine.is_stale(&tile, &with(Comparison::Previous)));
    // A tile that compares with nothing does not because the viewer does.
    engine.refresh(&plain, &with(Comparison::Year)).await.expect("an answer");
    assert!(engine.seen(&plain, &with(Comparison::Year)).expect("what was seen").previous.is_none());
    assert_eq!(asked(), [a_year_before, now.clone(), now]);
}

#[tokio::test]
async fn days_of_the_dashboards_own_zone_are_other_days_than_the_viewers() {
    let scene = Scene::new().await;
    let in_zone = |zone: &str| {
        let text = format!(
            "version = 2\ntitle = \"T\"\n[time]\nzone = \"{zone}\"\n[[tile]]\ntitle = \"A\"\npipe = \"kpis\"\n[tile.chart]\nkind = \"table\"\n"
        );
        perch_dashboard::Dashboard::parse("test", &text).expect("a dashboard").tiles.remove(0)
    };
    let engine = &scene.visit.engine;
    let [viewers, far] = ["viewer", "Pacific/Kiritimati"].map(in_zone);
    engine.refresh(&viewers, &WEEK).await.expect("an answer");
    assert!(engine.seen(&far, &WEEK).is_none(), "the answer holds other days");
    engine.refresh(&far, &WEEK).await.expect("an answer");
    // Days that are named are the same everywhere.
    let fixed: Selection = "2026-06-01..2026-06-02".parse::<TimeRange>().expect("a range").into();
    engine.refresh(&viewers, &fixed).await.expect("an answer");
    assert!(engine.seen(&far, &fixed).is_some());
}

#[tokio::test]
async fn an_answer_is_drawn_and_a_chart_that_does_not_fit_it_says_why() {
    let scene = Scene::new().await;
    let table = tile("kpis", "");
    let size = Size { width: 400, height: 240 };
    let data = scene.visit.engine.refresh(&table, &WEEK).await.expect("an answer");
    let drawing = scene
        .visit
        .engine
        .draw(Some(&data), &table, &View::default(), &Setting::default(), size, Theme::Dark)
        .expect("a drawing");
    assert!(drawing.svg.contains("org_a"));
    let mut wrong = table;
    wrong.chart.y = vec!["visits".to_owned()];
    let error = scene
        .visit
        .engine
        .draw(Some(&data), &wrong, &View::default(), &Setting::default(), size, Theme::Dark)
        .expect_err("no such column");
    assert_eq!(error.code(), "no-column");
}
