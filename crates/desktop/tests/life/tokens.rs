//! A tenant's token over its life: fetched before it is needed, by one question
//! at a time, and only for what is on the screen.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use perch_desktop::Desktop;
use perch_sandbox::{Options, Sandbox, Witness};
use tokio::sync::Semaphore;

use crate::world::{World, choice, draw, eventually, open, sign_in, values};

/// Four fifths of the life of a token of Clerk's, and a second.
const DUE: u64 = 49;

/// How many questions the eight tiles of the dashboard have between them.
const QUESTIONS: usize = 5;

/// Counts the tokens that Clerk is asked for from its template, and lets each
/// pass when there is a permit.
#[derive(Clone)]
struct Gate {
    asked: Arc<AtomicUsize>,
    permits: Arc<Semaphore>,
}

impl Gate {
    fn open() -> Self {
        Self { asked: Arc::default(), permits: Arc::new(Semaphore::new(1_000)) }
    }

    fn close(&self) {
        self.permits.forget_permits(usize::MAX >> 4);
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    async fn world(&self) -> World {
        let gate = self.clone();
        let witness = Witness::new(move |request, next| {
            let gate = gate.clone();
            async move {
                if request.uri().path().contains("/tokens/") {
                    gate.asked.fetch_add(1, Ordering::SeqCst);
                    gate.permits.acquire().await.expect("never closed").forget();
                }
                next.run(request).await
            }
        });
        let options = Options { witness: Some(witness), ..Options::default() };
        World::with(options, Sandbox::hosted_connection_toml).await
    }

    async fn asked_for(&self, times: usize) {
        eventually("Clerk to be asked for a token", || async { (self.asked() >= times).then_some(()) }).await;
        assert_eq!(self.asked(), times);
    }
}

/// Asks for all tiles anew, and waits until every one has come.
async fn refresh(world: &World, app: &Desktop, tenant: &str) {
    let before = world.sandbox().pipe_queries();
    app.refresh_dashboard(tenant, "web-traffic").expect("refreshed");
    settled(app, tenant).await;
    assert!(world.sandbox().pipe_queries() >= before + QUESTIONS);
}

/// Waits until no tile is being asked for.
async fn settled(app: &Desktop, tenant: &str) {
    for tile in open(app, tenant).await.tiles {
        eventually(&tile.title, || async {
            let drawn = draw(app, tenant, &tile.id).await.expect("a tile");
            (!drawn.refreshing).then_some(())
        })
        .await;
    }
}

fn pass(world: &World, seconds: u64) {
    world.ahead.fetch_add(seconds, Ordering::SeqCst);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn the_next_token_is_fetched_ahead_once_and_no_tile_waits_for_it() {
    let gate = Gate::open();
    let world = gate.world().await;
    let (app, harbor) = world.visited(&choice("grace", "")).await;
    values(&app, &harbor, "top-pages").await;
    settled(&app, &harbor).await;
    gate.asked_for(1).await;

    gate.close();
    pass(&world, DUE);
    // Only seconds are left of the token: the window comes back, and the app looks at once.
    app.show_window(true);
    gate.asked_for(2).await;
    // It is under way and does not come: tiles are asked for with the one at hand.
    refresh(&world, &app, &harbor).await;
    assert_eq!(gate.asked(), 2, "one question at a time");
    gate.permits.add_permits(1);
    let first = app.reveal_token(&harbor).await.expect("a token").token.clone();
    eventually("the next token", || async {
        (app.reveal_token(&harbor).await.expect("a token").token != first).then_some(())
    })
    .await;
    refresh(&world, &app, &harbor).await;
    assert_eq!(gate.asked(), 2, "the new one is used");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn no_pipe_is_asked_with_a_token_that_ends_and_all_wait_for_one_question() {
    let gate = Gate::open();
    let world = gate.world().await;
    let (app, harbor) = world.visited(&choice("grace", "")).await;
    values(&app, &harbor, "top-pages").await;
    settled(&app, &harbor).await;
    gate.close();
    // As after sleep: the clock jumps over the token's end.
    pass(&world, 58);
    gate.asked_for(2).await;
    let before = world.sandbox().pipe_queries();
    app.refresh_dashboard(&harbor, "web-traffic").expect("refreshed");
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(world.sandbox().pipe_queries(), before, "nothing is asked with two seconds left");
    assert_eq!(gate.asked(), 2, "every tile waits for the same question");
    gate.permits.add_permits(1);
    eventually("the tiles", || async { (world.sandbox().pipe_queries() >= before + QUESTIONS).then_some(()) }).await;
    assert_eq!(gate.asked(), 2);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn only_the_tenant_on_the_screen_has_its_token_renewed() {
    let gate = Gate::open();
    let world = gate.world().await;
    let app = world.connected(&choice("grace", "")).await;
    let harbor = sign_in(&app, "Harbor Coffee").await;
    open(&app, &harbor).await;
    values(&app, &harbor, "top-pages").await;
    let larkspur = app.app_view().tenants.into_iter().find(|tenant| tenant.id != harbor).expect("another").id;
    app.select_tenant(&larkspur).await.expect("switched");
    open(&app, &larkspur).await;
    values(&app, &larkspur, "top-pages").await;
    gate.asked_for(2).await;
    for round in 1..=3 {
        pass(&world, DUE);
        gate.asked_for(2 + round).await;
    }
}
