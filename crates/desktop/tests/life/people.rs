//! Several people and organizations on one machine, and how each of them leaves.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use perch_desktop::view::{SignInIntent, SignOutScope, TenantStatus};
use perch_keychain::{Kept, Keychain, Slot};
use perch_sandbox::{Options, Sandbox, Witness};
use perch_tenant::{Secret, TenantId};

use crate::world::{
    World, choice, eventually, fail_to_sign_in, files_below, open, sign_in, sign_in_with, status, values,
};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn signing_out_of_everything_leaves_nobody_and_nothing() {
    let world = World::new().await;
    let choice = choice("grace", "harbor-coffee");
    let app = world.connected(&choice).await;
    let mut tenants = vec![sign_in(&app, "Harbor Coffee").await];
    *choice.lock().expect("the choice") = ("grace", "larkspur-books");
    tenants.push(sign_in(&app, "Larkspur Books").await);
    *choice.lock().expect("the choice") = ("ada", "harbor-coffee");
    tenants.push(sign_in(&app, "Harbor Coffee").await);
    assert_eq!(app.app_view().tenants.len(), 3);

    let grace = app.app_view().tenants.into_iter().find(|tenant| tenant.id == tenants[0]).expect("Grace").person;
    app.sign_out(&SignOutScope::Person { person: grace }).await.expect("signed out");
    assert_eq!(app.app_view().tenants.iter().map(|tenant| &tenant.id).collect::<Vec<_>>(), [&tenants[2]]);

    app.sign_out(&SignOutScope::Everything).await.expect("signed out");
    let view = app.app_view();
    assert_eq!((view.tenants.len(), view.active, view.notices.len()), (0, None, 0));
    assert_eq!(files_below(&world.places().data), Vec::<std::path::PathBuf>::new());
    for tenant in tenants {
        let id = TenantId::try_from(tenant).expect("an id");
        for slot in [Slot::Session(&id), Slot::StoreKey(&id)] {
            assert_eq!(Keychain::open().retrieve(slot).await.expect("an open keychain"), None);
        }
    }
    app.sign_out(&SignOutScope::Everything).await.expect("nobody is there to sign out");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn signing_in_again_as_somebody_else_says_whose_tenant_is_still_closed() {
    let world = World::new().await;
    let choice = choice("grace", "harbor-coffee");
    let (app, harbor) = world.visited(&choice).await;
    world.sandbox().end_sessions().expect("ended");
    world.ahead.store(16 * 60, Ordering::SeqCst);
    eventually("the tenant to close", || async {
        matches!(status(&app, &harbor), TenantStatus::Closed { .. }).then_some(())
    })
    .await;

    *choice.lock().expect("the choice") = ("grace", "larkspur-books");
    sign_in_with(&app, SignInIntent::Again { tenant: harbor.clone() }, "Larkspur Books").await;
    let notice = app.app_view().notices.pop().expect("told");
    assert_eq!(notice.problem.code, "signed-in-as-another");
    assert!(notice.problem.message.contains("Larkspur Books") && notice.problem.message.contains("Harbor Coffee"));
    assert!(matches!(status(&app, &harbor), TenantStatus::Closed { .. }));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn choosing_an_organization_that_is_here_already_is_told() {
    let world = World::new().await;
    let (app, harbor) = world.visited(&choice("grace", "harbor-coffee")).await;
    assert_eq!(sign_in_with(&app, SignInIntent::Organization, "Harbor Coffee").await, harbor);
    eventually("the notice", || async {
        app.app_view().notices.iter().any(|notice| notice.problem.code == "already-here").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn somebody_without_an_organization_is_told_that_one_is_needed() {
    for world in [World::new().await, World::hosted().await] {
        let app = world.connected(&choice("noor", "")).await;
        let problem = fail_to_sign_in(&app, SignInIntent::First).await;
        assert_eq!(problem.code, "organization-needed");
        assert_eq!(app.app_view().tenants.len(), 0);
        assert_eq!(files_below(&world.places().data), Vec::<std::path::PathBuf>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn somebody_without_an_organization_is_a_personal_tenant_where_rows_are_bound_to_people() {
    let world = World::with(Options::default(), |sandbox| {
        sandbox.connection_toml().replace("org_id", "user_id").replace("org.id", "user.id")
    })
    .await;
    let app = world.connected(&choice("noor", "")).await;
    let problem_free = sign_in(&app, "Noor Haddad").await;
    let view = app.app_view();
    assert!(view.tenants[0].personal && view.tenants[0].role.is_none(), "{:?}", view.tenants);
    assert!(!matches!(status(&app, &problem_free), TenantStatus::Closed { .. }));
    app.sign_out(&SignOutScope::Tenant { tenant: problem_free }).await.expect("signed out");
    assert_eq!(files_below(&world.places().data), Vec::<std::path::PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn opaque_access_tokens_and_scopes_of_the_operators_own_serve_as_well() {
    let options =
        Options { opaque_access_tokens: true, custom_scopes: vec!["reports:read".to_owned()], ..Options::default() };
    let world = World::with(options, |sandbox| {
        let scopes =
            "scopes = [\"openid\", \"profile\", \"email\", \"offline_access\", \"user:org:read\", \"reports:read\"]";
        let key = format!("publishable_key = \"{}\"", sandbox.publishable_key());
        let issuer = format!("issuer = \"{}\"", sandbox.clerk());
        sandbox.connection_toml().replace(&issuer, &format!("{key}\n{scopes}"))
    })
    .await;
    let (app, harbor) = world.visited(&choice("grace", "harbor-coffee")).await;
    assert!(!values(&app, &harbor, "top-pages").await.is_empty());
    // The session is renewed with them too.
    world.ahead.store(25 * 60 * 60, Ordering::SeqCst);
    eventually("Perch to be online a day later", || async {
        matches!(status(&app, &harbor), TenantStatus::Online).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn two_processes_that_renew_one_session_at_once_spend_no_token_twice() {
    let world = World::new().await;
    let choice = choice("grace", "harbor-coffee");
    let (app, harbor) = world.visited(&choice).await;
    values(&app, &harbor, "top-pages").await;
    drop(app);
    for _ in 0..5 {
        // Each has nothing but the keychain, so each renews.
        let apps: Vec<_> = (0..4).map(|_| world.app(&choice)).collect();
        for app in &apps {
            app.boot().await;
        }
        for app in &apps {
            eventually("each to be online", || async {
                if let TenantStatus::Closed { problem } = status(app, &harbor) {
                    panic!("the session was lost: {problem:?}");
                }
                matches!(status(app, &harbor), TenantStatus::Online).then_some(())
            })
            .await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn whoever_waits_while_clerk_refuses_the_session_is_told_the_same_without_asking_again() {
    let asked = Arc::new(AtomicUsize::new(0));
    let witness = Witness::new({
        let asked = asked.clone();
        move |request, next| {
            let asked = asked.clone();
            async move {
                if request.uri().path() == "/oauth/token" {
                    asked.fetch_add(1, Ordering::SeqCst);
                    // Long enough for all of them to wait.
                    tokio::time::sleep(Duration::from_millis(300)).await;
                }
                next.run(request).await
            }
        }
    });
    let options = Options { witness: Some(witness), ..Options::default() };
    let world = World::with(options, Sandbox::connection_toml).await;
    let choice = choice("grace", "harbor-coffee");
    let (app, harbor) = world.visited(&choice).await;
    drop(app);
    let id = TenantId::try_from(harbor.clone()).expect("an id");
    let spent = Secret::new("a token that Clerk does not know");
    let kept = Keychain::open().persist(Slot::Session(&id), &spent).await.expect("an open keychain");
    assert_eq!(kept, Kept::InKeychain);
    asked.store(0, Ordering::SeqCst);

    let app = world.app(&choice);
    app.boot().await;
    // The start asks, and so does each tile.
    app.open_dashboard(&harbor, Some("web-traffic")).await.expect("open until Clerk has said no");
    let problem = eventually("the tenant to close", || async {
        match status(&app, &harbor) {
            TenantStatus::Closed { problem } => Some(problem),
            _ => None,
        }
    })
    .await;
    assert_eq!((problem.code, asked.load(Ordering::SeqCst)), ("session-ended", 1));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_sign_out_that_broke_off_is_finished_at_the_next_start() {
    let world = World::new().await;
    let choice = choice("grace", "harbor-coffee");
    let (app, harbor) = world.visited(&choice).await;
    values(&app, &harbor, "top-pages").await;
    drop(app);
    // Broken off right after it was written down.
    let file = world.places().accounts();
    let list = std::fs::read_to_string(&file).expect("a list");
    let marked = list.replace("\"connection\":", "\"standing\": \"leaving\", \"connection\":");
    assert_ne!(marked, list);
    std::fs::write(&file, marked).expect("written");

    let app = world.app(&choice);
    assert_eq!(app.boot().await.app.tenants.len(), 0);
    eventually("the rest to go", || async { files_below(&world.places().data).is_empty().then_some(()) }).await;
    let id = TenantId::try_from(harbor).expect("an id");
    for slot in [Slot::Session(&id), Slot::StoreKey(&id)] {
        assert_eq!(Keychain::open().retrieve(slot).await.expect("an open keychain"), None, "{slot:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_clerk_secret_key_is_neither_kept_nor_repeated() {
    let world = World::new().await;
    let choice = choice("grace", "harbor-coffee");
    let app = world.app(&choice);
    app.open_connection(&world.connection()).await.expect("the connection opens");
    let connection = app.app_view().connections[0].id.clone();
    let problem =
        app.save_signing_key(&connection, " sk_live_abcdefghijklmnop\n".to_owned()).await.expect_err("refused");
    assert_eq!(problem.code, "clerk-secret-key");
    assert!(problem.next_step.contains("Rotate") && !format!("{problem:?}").contains("abcdefgh"));
    let slot = Slot::SigningKey { connection: &connection };
    assert_eq!(Keychain::open().retrieve(slot).await.expect("an open keychain"), None);

    let text = std::fs::read_to_string(world.connection()).expect("a file");
    std::fs::write(world.connection(), format!("# CLERK_SECRET_KEY=sk_test_abcdefgh\n{text}")).expect("written");
    let problem = app.open_connection(&world.connection()).await.expect_err("refused");
    assert!(problem.message.contains("rotate") && !problem.message.contains("abcdefgh"), "{}", problem.message);
    let kept = files_below(&world.places().config).into_iter().filter_map(|file| std::fs::read_to_string(file).ok());
    assert!(kept.into_iter().all(|text| !text.contains("abcdefgh")));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn an_application_without_organizations_is_told_to_the_operator() {
    let options = Options { organizations: false, ..Options::default() };
    let world = World::with(options, Sandbox::connection_toml).await;
    let app = world.connected(&choice("grace", "harbor-coffee")).await;
    let problem = fail_to_sign_in(&app, SignInIntent::First).await;
    assert_eq!(problem.code, "scope-refused");
    assert!(problem.next_step.contains("Operator"), "{problem:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn an_organizations_picture_arrives_as_our_own_png_and_leaves_with_it() {
    let world = World::hosted().await;
    let app = world.connected(&choice("grace", "")).await;
    let harbor = sign_in(&app, "Harbor Coffee").await;
    let path = eventually("a picture", || async {
        app.app_view().tenants.into_iter().find(|tenant| tenant.id == harbor)?.picture
    })
    .await;
    let png = app.picture(&path).expect("a picture");
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
    assert_eq!(app.picture("../accounts.json"), None);
    open(&app, &harbor).await;
    app.sign_out(&SignOutScope::Everything).await.expect("signed out");
    assert_eq!(app.picture(&path), None);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn signing_out_of_everything_also_removes_what_an_unreadable_list_named() {
    let world = World::new().await;
    let choice = choice("grace", "harbor-coffee");
    let (app, harbor) = world.visited(&choice).await;
    values(&app, &harbor, "top-pages").await;
    drop(app);
    std::fs::write(world.places().accounts(), "[{\"connection\"").expect("written");

    let app = world.app(&choice);
    let view = app.boot().await.app;
    assert_eq!((view.tenants.len(), view.notices[0].problem.code), (0, "accounts-unreadable"));
    app.sign_out(&SignOutScope::Everything).await.expect("signed out");
    let id = TenantId::try_from(harbor).expect("an id");
    for slot in [Slot::Session(&id), Slot::StoreKey(&id)] {
        assert_eq!(Keychain::open().retrieve(slot).await.expect("an open keychain"), None, "{slot:?}");
    }
    assert_eq!(files_below(&world.places().stores()), Vec::<std::path::PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn signing_in_by_the_other_way_ends_the_session_of_the_first() {
    let world = World::new().await;
    let choice = choice("grace", "harbor-coffee");
    let (app, harbor) = world.visited(&choice).await;
    let id = TenantId::try_from(harbor.clone()).expect("an id");
    let first = Keychain::open().retrieve(Slot::Session(&id)).await.expect("an open keychain").expect("a token");
    assert!(world.sandbox().takes(first.expose()).expect("a ledger"));

    let file = world.folder.path().join("hosted.toml");
    std::fs::write(&file, world.sandbox().hosted_connection_toml()).expect("written");
    app.open_connection(&file).await.expect("the connection opens");
    let hosted = app.app_view().connections.into_iter().find(|connection| connection.hosted).expect("it").id;
    app.begin_sign_in(&hosted, SignInIntent::First).await.expect("begun");
    eventually("every organization", || async {
        let view = app.app_view();
        (view.sign_in.is_none() && view.tenants.iter().all(|tenant| tenant.connection == hosted)).then_some(())
    })
    .await;
    assert!(app.app_view().tenants.iter().any(|tenant| tenant.id == harbor), "it is the same tenant");
    assert_eq!(Keychain::open().retrieve(Slot::Session(&id)).await.expect("an open keychain"), None);
    assert!(!world.sandbox().takes(first.expose()).expect("a ledger"), "Clerk has ended it");
}
