//! What a person does in a visit: sign in, look, go offline, come back, leave.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use perch_desktop::view::{RangeView, SignInIntent, SignOutScope, TenantStatus};
use perch_desktop::{Desktop, Places, Surroundings};
use perch_keychain::{Keychain, Slot};
use perch_sandbox::visitor;
use perch_tenant::TenantId;

use crate::world::{World, choice, draw, eventually, files_below, open, sign_in, status, values};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn two_organizations_see_their_own_rows_and_switching_needs_no_network() {
    let mut world = World::new().await;
    let choice = choice("grace", "harbor-coffee");
    let (app, harbor) = world.visited(&choice).await;
    let of_harbor = values(&app, &harbor, "top-pages").await;

    *choice.lock().expect("the choice") = ("grace", "larkspur-books");
    let larkspur = sign_in(&app, "Larkspur Books").await;
    open(&app, &larkspur).await;
    let of_larkspur = values(&app, &larkspur, "top-pages").await;
    assert_ne!(of_harbor, of_larkspur);

    world.stop_sandbox().await;
    app.select_tenant(&harbor).await.expect("switched");
    open(&app, &harbor).await;
    assert_eq!(values(&app, &harbor, "top-pages").await, of_harbor);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_tile_of_a_tenant_that_is_not_on_the_screen_is_refused() {
    let world = World::new().await;
    let choice = choice("grace", "harbor-coffee");
    let (app, harbor) = world.visited(&choice).await;
    *choice.lock().expect("the choice") = ("grace", "larkspur-books");
    let larkspur = sign_in(&app, "Larkspur Books").await;
    open(&app, &larkspur).await;
    assert_eq!(draw(&app, &harbor, "top-pages").await.expect_err("refused").code, "gone");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn what_was_seen_is_there_after_a_restart_without_a_network_until_the_days_are_over() {
    let mut world = World::new().await;
    let choice = choice("ada", "harbor-coffee");
    let (app, harbor) = world.visited(&choice).await;
    let seen = values(&app, &harbor, "top-pages").await;
    drop(app);
    world.stop_sandbox().await;

    let app = world.app(&choice);
    let boot = app.boot().await;
    assert_eq!(boot.dashboard.expect("the dashboard is there").tenant, harbor);
    open(&app, &harbor).await;
    assert_eq!(values(&app, &harbor, "top-pages").await, seen);
    eventually("offline to be noticed", || async {
        matches!(status(&app, &harbor), TenantStatus::Offline { .. }).then_some(())
    })
    .await;
    drop(app);

    world.ahead.store(8 * 24 * 60 * 60, Ordering::SeqCst);
    let app = world.app(&choice);
    app.boot().await;
    open(&app, &harbor).await;
    assert_eq!(draw(&app, &harbor, "top-pages").await.expect_err("closed").code, "offline-over");
    eventually("the tenant to close", || async {
        matches!(status(&app, &harbor), TenantStatus::Closed { .. }).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn sign_out_works_offline_and_leaves_no_file_and_no_tenant() {
    let mut world = World::new().await;
    let (app, harbor) = world.visited(&choice("ada", "harbor-coffee")).await;
    values(&app, &harbor, "top-pages").await;
    let data = world.folder.path().join("data");
    assert!(!files_below(&data).is_empty(), "signed in, something is kept");

    world.stop_sandbox().await;
    app.sign_out(&SignOutScope::Tenant { tenant: harbor.clone() }).await.expect("signed out");
    let view = app.app_view();
    assert_eq!((view.tenants.len(), view.active, view.notices.len()), (0, None, 0));
    assert_eq!(files_below(&data), Vec::<std::path::PathBuf>::new());
    assert!(view.connections[0].signing_key.is_wanted(), "the admin token left with the last tenant");
    let id = TenantId::try_from(harbor).expect("an id");
    let connection = &view.connections[0].id;
    let keychain = Keychain::open();
    for slot in [Slot::Session(&id), Slot::StoreKey(&id), Slot::SigningKey { connection }] {
        assert_eq!(keychain.retrieve(slot).await.expect("an open keychain"), None, "{slot:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_session_that_clerk_ended_closes_its_tenant_and_takes_what_was_seen_along() {
    let world = World::new().await;
    let choice = choice("ada", "harbor-coffee");
    let (app, harbor) = world.visited(&choice).await;
    values(&app, &harbor, "top-pages").await;
    drop(app);
    world.sandbox().end_sessions().expect("ended");

    let app = world.app(&choice);
    app.boot().await;
    eventually("the tenant to close", || async {
        matches!(status(&app, &harbor), TenantStatus::Closed { .. }).then_some(())
    })
    .await;
    assert!(draw(&app, &harbor, "top-pages").await.is_err());
    let stores = world.folder.path().join("data/stores");
    eventually("what was seen to go", || async { files_below(&stores).is_empty().then_some(()) }).await;
    assert_eq!(sign_in(&app, "Harbor Coffee").await, harbor);
    eventually("the tenant to open again", || async {
        matches!(status(&app, &harbor), TenantStatus::Online).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_cancelled_sign_in_closes_its_listener_and_the_next_one_works() {
    let world = World::new().await;
    let addresses = Arc::new(Mutex::new(Vec::<String>::new()));
    let opened = addresses.clone();
    let app = Desktop::open(Surroundings {
        places: Places {
            config: world.folder.path().join("config"),
            data: world.folder.path().join("data"),
            bundled: None,
        },
        clock: Arc::new(SystemTime::now),
        locale: "en".to_owned(),
        events: Box::new(|_| {}),
        links_arrive: Box::new(|| true),
        browser: Box::new(move |url| {
            opened.lock().expect("the list").push(url.to_owned());
            true
        }),
    })
    .expect("the app opens");
    app.open_connection(&world.folder.path().join("connection.toml")).await.expect("the connection opens");
    let connection = app.app_view().connections[0].id.clone();

    app.begin_sign_in(&connection, SignInIntent::First).await.expect("begun");
    let first = eventually("an address", || async { app.sign_in_address().ok() }).await;
    app.begin_sign_in(&connection, SignInIntent::First).await.expect("pressed twice");
    // The address is shown before the browser has it.
    let opened_twice = || async {
        let opened = addresses.lock().expect("the list").clone();
        (opened.len() == 2).then_some(opened)
    };
    let opened = eventually("the same address to be opened again", opened_twice).await;
    assert_eq!(opened, [first.clone(), first.clone()]);

    app.cancel_sign_in();
    assert_eq!(app.app_view().sign_in, None);
    eventually("the listener to close", || async { visitor::allow(&first, "ada", "harbor-coffee").await.err() }).await;
    app.begin_sign_in(&connection, SignInIntent::First).await.expect("begun again");
    let second = eventually("another address", || async { app.sign_in_address().ok() }).await;
    assert_ne!(first, second);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn opening_the_connection_again_signs_nobody_out() {
    let world = World::new().await;
    let choice = choice("ada", "harbor-coffee");
    let app = world.connected(&choice).await;
    let harbor = sign_in(&app, "Harbor Coffee").await;
    drop(app);
    // As with `perch connection.toml`: the session is renewed at the start, and
    // meanwhile the file is opened, more than once.
    let app = world.app(&choice);
    app.boot().await;
    for _ in 0..3 {
        app.open_connection(&world.folder.path().join("connection.toml")).await.expect("opened again");
        open(&app, &harbor).await;
    }
    eventually("Perch to be online", || async { matches!(status(&app, &harbor), TenantStatus::Online).then_some(()) })
        .await;
    assert!(!values(&app, &harbor, "top-pages").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn signing_in_again_renews_the_same_tenant_also_after_a_restart() {
    let world = World::new().await;
    let choice = choice("ada", "harbor-coffee");
    let app = world.connected(&choice).await;
    let first = sign_in(&app, "Harbor Coffee").await;
    open(&app, &first).await;
    let seen = values(&app, &first, "top-pages").await;
    let connection = app.app_view().connections[0].id.clone();
    app.begin_sign_in(&connection, SignInIntent::Organization).await.expect("begun");
    eventually("the second sign-in", || async { app.app_view().sign_in.is_none().then_some(()) }).await;
    assert_eq!(app.app_view().tenants.len(), 1);
    open(&app, &first).await;
    assert_eq!(values(&app, &first, "top-pages").await, seen);
    drop(app);

    let app = world.app(&choice);
    app.boot().await;
    eventually("Perch to be online", || async { matches!(status(&app, &first), TenantStatus::Online).then_some(()) })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn somebody_who_left_the_organization_is_shown_nothing_more() {
    let world = World::new().await;
    let (app, harbor) = world.visited(&choice("grace", "harbor-coffee")).await;
    values(&app, &harbor, "top-pages").await;
    let organization = perch_sandbox::organizations()[0].id;
    world.sandbox().end_membership("grace", organization).expect("a membership");
    world.ahead.store(16 * 60, Ordering::SeqCst);
    let code = eventually("the tenant to close", || async {
        match status(&app, &harbor) {
            TenantStatus::Closed { problem } => Some(problem.code),
            _ => None,
        }
    })
    .await;
    assert_eq!(code, "session-of-another-organization");
    assert!(draw(&app, &harbor, "top-pages").await.is_err());
    app.open_connection(&world.folder.path().join("connection.toml")).await.expect("opened again");
    assert!(matches!(status(&app, &harbor), TenantStatus::Closed { .. }), "opening its connection opens nothing");
    let id = TenantId::try_from(harbor).expect("an id");
    eventually("its session to leave the keychain", || async {
        Keychain::open().retrieve(Slot::Session(&id)).await.expect("an open keychain").is_none().then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn an_answer_that_confirms_nothing_does_not_stretch_offline() {
    let mut world = World::new().await;
    let choice = choice("ada", "harbor-coffee");
    let (app, harbor) = world.visited(&choice).await;
    values(&app, &harbor, "top-pages").await;
    drop(app);
    let clerk = world.sandbox().clerk().trim_start_matches("http://").to_owned();
    world.stop_sandbox().await;

    // Somebody else answers at Clerk's address.
    let listener = tokio::net::TcpListener::bind(clerk).await.expect("the port is free again");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            tokio::io::AsyncWriteExt::write_all(&mut stream, answer).await.ok();
        }
    });
    world.ahead.store(8 * 24 * 60 * 60, Ordering::SeqCst);
    let app = world.app(&choice);
    app.boot().await;
    eventually("the tenant to close", || async {
        matches!(status(&app, &harbor), TenantStatus::Closed { .. }).then_some(())
    })
    .await;
    open(&app, &harbor).await;
    assert_eq!(draw(&app, &harbor, "top-pages").await.expect_err("closed").code, "offline-over");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn another_time_range_is_another_answer_and_is_remembered() {
    let world = World::new().await;
    let choice = choice("ada", "harbor-coffee");
    let (app, harbor) = world.visited(&choice).await;
    let week = values(&app, &harbor, "top-pages").await;
    let month = RangeView::Preset { preset: "30d".to_owned() };
    app.set_time_range(&harbor, "web-traffic", &month).await.expect("a range");
    let of_month = eventually("the month", || async {
        let values = values(&app, &harbor, "top-pages").await;
        (values != week).then_some(values)
    })
    .await;
    let backwards = RangeView::Between { from: "2026-11-20".to_owned(), to: "2026-11-01".to_owned() };
    assert_eq!(app.set_time_range(&harbor, "web-traffic", &backwards).await.expect_err("refused").code, "time-range");
    drop(app);
    let app = world.app(&choice);
    let dashboard = app.boot().await.dashboard.expect("the dashboard is there");
    assert_eq!(dashboard.time.expect("a range").range, month);
    assert_eq!(values(&app, &harbor, "top-pages").await, of_month);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_that_is_asked_for_twice_starts_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = Desktop::open(Surroundings {
        places: Places { config: folder.path().join("config"), data: folder.path().join("data"), bundled: None },
        clock: Arc::new(SystemTime::now),
        locale: "en".to_owned(),
        events: Box::new(|_| {}),
        links_arrive: Box::new(|| true),
        browser: Box::new(|_| true),
    })
    .expect("the app opens");
    let (first, second) = tokio::join!(app.start_demo(), app.start_demo());
    assert_eq!((first, second), (Ok(()), Ok(())));
    let connections = app.app_view().connections;
    assert_eq!(connections.len(), 1);
    assert!(connections[0].demo && connections[0].demo_running && !connections[0].signing_key.is_wanted());
}
