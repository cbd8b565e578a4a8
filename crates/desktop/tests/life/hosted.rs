//! Hosted authentication: one sign-in for every organization of the person, and
//! tokens that Clerk signs.

use std::sync::atomic::Ordering;

use perch_desktop::view::{SignInIntent, SignOutScope, TenantStatus};
use perch_keychain::{Keychain, Slot};
use perch_tenant::{Origin, PersonId};

use crate::world::{
    Elsewhere, World, choice, draw, eventually, fail_to_sign_in, files_below, open, sign_in, sign_in_with, status,
    values,
};

fn names(app: &perch_desktop::Desktop) -> Vec<String> {
    let mut names: Vec<_> = app.app_view().tenants.into_iter().map(|tenant| tenant.name).collect();
    names.sort();
    names
}

fn id_of(app: &perch_desktop::Desktop, name: &str) -> String {
    app.app_view().tenants.into_iter().find(|tenant| tenant.name == name).expect("the organization").id
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn every_organization_is_there_after_one_sign_in_and_each_sees_its_own_rows() {
    let world = World::hosted().await;
    let app = world.connected(&choice("grace", "")).await;
    assert!(!app.app_view().connections[0].signing_key.is_wanted(), "no key of the workspace is on this machine");
    let harbor = sign_in(&app, "Harbor Coffee").await;
    assert_eq!(names(&app), ["Harbor Coffee", "Larkspur Books"]);
    open(&app, &harbor).await;
    let of_harbor = values(&app, &harbor, "top-pages").await;

    let larkspur = id_of(&app, "Larkspur Books");
    app.select_tenant(&larkspur).await.expect("switched").expect("a dashboard");
    open(&app, &larkspur).await;
    assert_ne!(values(&app, &larkspur, "top-pages").await, of_harbor);

    let view = app.app_view();
    assert!(view.tenants.iter().all(|tenant| tenant.role.is_some() && tenant.person == view.tenants[0].person));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_hosted_session_is_there_after_a_restart_also_without_a_network() {
    let mut world = World::hosted().await;
    let choice = choice("grace", "");
    let app = world.connected(&choice).await;
    let harbor = sign_in(&app, "Harbor Coffee").await;
    open(&app, &harbor).await;
    let seen = values(&app, &harbor, "top-pages").await;
    drop(app);

    let app = world.app(&choice);
    app.boot().await;
    eventually("Perch to be online", || async { matches!(status(&app, &harbor), TenantStatus::Online).then_some(()) })
        .await;
    drop(app);
    world.stop_sandbox().await;
    let app = world.app(&choice);
    app.boot().await;
    open(&app, &harbor).await;
    assert_eq!(values(&app, &harbor, "top-pages").await, seen);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn signing_out_of_one_organization_leaves_the_others_and_of_the_person_leaves_nothing() {
    let world = World::hosted().await;
    let choice = choice("grace", "");
    let app = world.connected(&choice).await;
    let harbor = sign_in(&app, "Harbor Coffee").await;
    let larkspur = id_of(&app, "Larkspur Books");
    let person = app.app_view().tenants[0].person.clone();
    let issuer = Origin::parse(world.sandbox().clerk()).expect("an origin");
    let grace = perch_sandbox::people().iter().find(|person| person.handle == "grace").expect("Grace").id;
    let grace = PersonId::new(&issuer, grace);
    assert_eq!(grace.as_str(), person);

    app.sign_out(&SignOutScope::Tenant { tenant: harbor }).await.expect("signed out");
    assert_eq!(names(&app), ["Larkspur Books"]);
    assert!(Keychain::open().retrieve(Slot::Client(&grace)).await.expect("an open keychain").is_some());
    app.select_tenant(&larkspur).await.expect("switched");
    open(&app, &larkspur).await;
    assert!(!values(&app, &larkspur, "top-pages").await.is_empty());

    app.sign_out(&SignOutScope::Person { person }).await.expect("signed out");
    let view = app.app_view();
    assert_eq!((view.tenants.len(), view.notices.len()), (0, 0), "{:?}", view.notices);
    assert_eq!(Keychain::open().retrieve(Slot::Client(&grace)).await.expect("an open keychain"), None);
    assert_eq!(files_below(&world.places().data), Vec::<std::path::PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_session_that_clerk_ended_closes_every_organization_of_the_person() {
    let world = World::hosted().await;
    let choice = choice("grace", "");
    let app = world.connected(&choice).await;
    let harbor = sign_in(&app, "Harbor Coffee").await;
    let larkspur = id_of(&app, "Larkspur Books");
    open(&app, &harbor).await;
    values(&app, &harbor, "top-pages").await;
    world.sandbox().end_sessions().expect("ended");
    world.ahead.store(16 * 60, Ordering::SeqCst);
    for tenant in [&harbor, &larkspur] {
        let code = eventually("the tenant to close", || async {
            match status(&app, tenant) {
                TenantStatus::Closed { problem } => Some(problem.code),
                _ => None,
            }
        })
        .await;
        assert_eq!(code, "session-ended");
    }
    assert!(draw(&app, &harbor, "top-pages").await.is_err());

    let again = SignInIntent::Again { tenant: larkspur.clone() };
    assert_eq!(sign_in_with(&app, again, "Larkspur Books").await, larkspur, "the awaited one is on the screen");
    assert_eq!(names(&app), ["Harbor Coffee", "Larkspur Books"]);
    for tenant in [&larkspur, &harbor] {
        app.select_tenant(tenant).await.expect("switched");
        open(&app, tenant).await;
        assert!(!values(&app, tenant, "top-pages").await.is_empty(), "and each is open");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn an_organization_that_the_person_left_closes_alone() {
    let world = World::hosted().await;
    let app = world.connected(&choice("grace", "")).await;
    let harbor = sign_in(&app, "Harbor Coffee").await;
    let larkspur = id_of(&app, "Larkspur Books");
    open(&app, &harbor).await;
    let organization = perch_sandbox::organizations()[0].id;
    world.sandbox().end_membership("grace", organization).expect("a membership");
    world.ahead.store(16 * 60, Ordering::SeqCst);
    eventually("the tenant to close", || async {
        matches!(status(&app, &harbor), TenantStatus::Closed { .. }).then_some(())
    })
    .await;
    app.select_tenant(&larkspur).await.expect("switched");
    open(&app, &larkspur).await;
    assert!(!values(&app, &larkspur, "top-pages").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn looking_for_new_organizations_asks_clerk_and_no_browser() {
    let world = World::hosted().await;
    let app = world.connected(&choice("grace", "")).await;
    let harbor = sign_in(&app, "Harbor Coffee").await;
    sign_in_with(&app, SignInIntent::Organization, "Harbor Coffee").await;
    assert_eq!(app.app_view().notices[0].problem.code, "no-more-organizations");
    app.sign_out(&SignOutScope::Tenant { tenant: harbor.clone() }).await.expect("signed out");
    assert_eq!(sign_in_with(&app, SignInIntent::Organization, "Harbor Coffee").await, harbor);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn several_people_are_apart_and_sessions_elsewhere_end_on_demand() {
    let world = World::hosted().await;
    let choice = choice("grace", "");
    let app = world.connected(&choice).await;
    let harbor = sign_in(&app, "Harbor Coffee").await;
    *choice.lock().expect("the choice") = ("ada", "");
    let of_ada = sign_in(&app, "Harbor Coffee").await;
    assert_ne!(harbor, of_ada, "the same organization, another person");
    assert_eq!(app.app_view().tenants.len(), 3);

    // Grace is signed in on another machine too.
    let mut elsewhere = Elsewhere::sign_in(world.sandbox(), "grace").await;
    assert!(!elsewhere.has_ended().await);
    assert_eq!(app.sign_out_others(&harbor).await, Ok(1));
    assert_eq!(app.sign_out_others(&harbor).await, Ok(0));
    assert!(elsewhere.has_ended().await);
    app.select_tenant(&harbor).await.expect("switched");
    open(&app, &harbor).await;
    assert!(!values(&app, &harbor, "top-pages").await.is_empty(), "this session goes on");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_link_that_belongs_to_no_sign_in_is_told_and_changes_nothing() {
    let world = World::hosted().await;
    let app = world.connected(&choice("grace", "")).await;
    let stray = "perch://callback?state=x&rotating_token_nonce=y&created_session_id=z";
    app.follow_link(stray);
    assert_eq!(app.app_view().notices.remove(0).problem.code, "stray-link");
    // While a sign-in waits, a stray one comes before its own.
    world.links_before.lock().expect("the links").push(stray.to_owned());
    sign_in(&app, "Harbor Coffee").await;
    let told: Vec<_> = app.app_view().notices.into_iter().map(|notice| notice.problem).collect();
    assert!(told.iter().any(|problem| problem.message.contains("another sign-in")), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn an_application_without_the_native_api_says_how_to_mend_it() {
    let options = perch_sandbox::Options { native_api: false, ..Default::default() };
    let world = World::with(options, perch_sandbox::Sandbox::hosted_connection_toml).await;
    let app = world.connected(&choice("grace", "")).await;
    let problem = fail_to_sign_in(&app, SignInIntent::First).await;
    assert_eq!(problem.code, "native-api-disabled");
    assert!(problem.next_step.contains("Native API"));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn where_no_link_can_arrive_the_viewer_is_told_before_the_browser_opens() {
    let mut world = World::hosted().await;
    world.links_arrive = false;
    let app = world.connected(&choice("grace", "")).await;
    assert_eq!(fail_to_sign_in(&app, SignInIntent::First).await.code, "links-do-not-arrive");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn a_hosted_application_without_organizations_is_told_to_the_operator() {
    let options = perch_sandbox::Options { organizations: false, ..Default::default() };
    let world = World::with(options, perch_sandbox::Sandbox::hosted_connection_toml).await;
    let app = world.connected(&choice("grace", "")).await;
    assert_eq!(fail_to_sign_in(&app, SignInIntent::First).await.code, "organizations-disabled");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn clerks_refusal_of_a_token_closes_the_tenant_without_a_quarter_of_an_hour_between() {
    let world = World::hosted().await;
    let app = world.connected(&choice("grace", "")).await;
    let harbor = sign_in(&app, "Harbor Coffee").await;
    open(&app, &harbor).await;
    values(&app, &harbor, "top-pages").await;
    world.sandbox().end_membership("grace", perch_sandbox::organizations()[0].id).expect("a membership");
    // Clerk's tokens live a minute; its word on the session is taken for fifteen.
    world.ahead.store(2 * 60, Ordering::SeqCst);
    eventually("the tenant to close", || async {
        let _ = app.refresh_dashboard(&harbor, "web-traffic");
        matches!(status(&app, &harbor), TenantStatus::Closed { .. }).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the keychain of `make test`"]
async fn the_same_person_by_both_ways_keeps_each_session_to_itself() {
    let world = World::hosted().await;
    let choice = choice("grace", "larkspur-books");
    let app = world.connected(&choice).await;
    let harbor = sign_in(&app, "Harbor Coffee").await;
    let issuer = Origin::parse(world.sandbox().clerk()).expect("an origin");
    let grace = perch_sandbox::people().iter().find(|person| person.handle == "grace").expect("Grace").id;
    let grace = PersonId::new(&issuer, grace);
    // Another workspace, or it would be the same tenant.
    let other = world.sandbox().connection_toml().replace(world.sandbox().workspace_id(), "another-workspace");
    let file = world.folder.path().join("other.toml");
    std::fs::write(&file, other).expect("written");
    app.open_connection(&file).await.expect("the connection opens");
    let connections = app.app_view().connections;
    let oauth = connections.iter().find(|connection| !connection.hosted).expect("the other connection").id.clone();
    app.begin_sign_in(&oauth, SignInIntent::First).await.expect("begun");
    eventually("the second sign-in", || async {
        let view = app.app_view();
        (view.sign_in.is_none() && view.tenants.len() == 3).then_some(())
    })
    .await;

    for tenant in [&harbor, &id_of_hosted(&app, &oauth, "Larkspur Books")] {
        app.sign_out(&SignOutScope::Tenant { tenant: tenant.clone() }).await.expect("signed out");
    }
    assert_eq!(app.app_view().tenants.len(), 1, "the OAuth sign-in is still there");
    let left = Keychain::open().retrieve(Slot::Client(&grace)).await.expect("an open keychain");
    assert_eq!(left, None, "the hosted session left with the last of its organizations");
}

fn id_of_hosted(app: &perch_desktop::Desktop, oauth: &str, name: &str) -> String {
    let tenants = app.app_view().tenants;
    tenants.into_iter().find(|tenant| tenant.name == name && tenant.connection != oauth).expect("a tenant").id
}
