//! What leaves the screen is not asked for any longer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use perch_desktop::view::RangeView;
use perch_sandbox::Options;

use crate::world::{World, choice, eventually, open, sign_in};

/// A Tinybird that never answers, and sees who waits and who has gone.
#[derive(Clone, Default)]
struct Silent {
    begun: Arc<AtomicUsize>,
    gone: Arc<AtomicUsize>,
}

/// One who waits, until dropped.
struct Waiting(Arc<AtomicUsize>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Silent {
    async fn start(&self) -> String {
        let silent = self.clone();
        let wait = async move || {
            silent.begun.fetch_add(1, Ordering::SeqCst);
            let _waiting = Waiting(silent.gone.clone());
            std::future::pending::<()>().await;
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(wait)).await });
        origin
    }

    /// Waits until so many have begun, and so many of them have gone.
    async fn has_seen(&self, begun: usize, gone: usize) {
        let seen = || (self.begun.load(Ordering::SeqCst), self.gone.load(Ordering::SeqCst));
        eventually("requests", || async { (seen() == (begun, gone)).then_some(()) }).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_changed_filter_and_another_dashboard_end_the_requests_of_the_one_before() {
    let silent = Silent::default();
    let origin = silent.start().await;
    let world =
        World::with(Options::default(), |sandbox| sandbox.connection_toml().replace(sandbox.tinybird(), &origin)).await;
    let app = world.connected(&choice("grace", "harbor-coffee")).await;
    let harbor = sign_in(&app, "Harbor Coffee").await;
    open(&app, &harbor).await;
    // Eight tiles have five questions between them.
    silent.has_seen(5, 0).await;

    let day = RangeView::Between { from: "2026-01-01".to_owned(), to: "2026-01-02".to_owned() };
    app.set_time_range(&harbor, "web-traffic", &day).await.expect("chosen");
    silent.has_seen(10, 5).await;

    app.open_dashboard(&harbor, Some("who-visits")).await.expect("opened");
    eventually("the requests to end", || async { (silent.gone.load(Ordering::SeqCst) == 10).then_some(()) }).await;
}
