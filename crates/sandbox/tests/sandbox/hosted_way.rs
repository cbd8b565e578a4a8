//! Perch's own crates on the sandbox by hosted authentication, from the browser
//! to a pipe's answer.

use std::sync::Mutex;
use std::time::SystemTime;

use futures_util::future::BoxFuture;
use perch_clerk::{ClerkError, ClientToken, FrontendApi, HostedSession, HostedSignIn, KeepClientToken, Picture};
use perch_sandbox::{Options, Sandbox, visitor};
use perch_tenant::{Connection, Organization, Secret, Tenant};
use perch_tinybird::{Client, FenceError, Parameters, PipeName, TenantToken, decode};

use crate::browser::person;
use crate::{org, small, start};

/// A keychain that remembers every token it was given.
#[derive(Default)]
struct Keeper(Mutex<Vec<String>>);

impl KeepClientToken for Keeper {
    fn keep<'a>(&'a self, token: &'a Secret) -> BoxFuture<'a, ()> {
        self.0.lock().expect("the keeper").push(token.expose().to_owned());
        Box::pin(async {})
    }
}

fn connection(sandbox: &Sandbox) -> Connection {
    Connection::parse(&sandbox.hosted_connection_toml()).expect("a connection")
}

fn frontend_api(sandbox: &Sandbox) -> FrontendApi {
    let http = perch_clerk::http_client().expect("a client");
    FrontendApi::new(&http, &connection(sandbox).clerk.issuer)
}

/// Signs in as a person would whose browser Perch has opened.
async fn sign_in(sandbox: &Sandbox, client: &mut ClientToken<'_>, handle: &str) -> HostedSession {
    let mut sign_in = HostedSignIn::begin(&frontend_api(sandbox), client).await.expect("a sign-in");
    let link = visitor::return_link(sign_in.url().as_str(), handle).await.expect("the way back");
    let returned = sign_in.accept(&link).expect("this sign-in's return");
    sign_in.redeem(returned, client).await.expect("a session")
}

/// The token of an organization, past the fence or not.
async fn token(
    sandbox: &Sandbox,
    client: &mut ClientToken<'_>,
    session: &HostedSession,
    organization: Option<Organization>,
) -> Result<TenantToken, FenceError> {
    let connection = connection(sandbox);
    let id = organization.as_ref().map(|organization| organization.id.clone());
    let raw = frontend_api(sandbox).template_token(client, &session.session_id, id.as_deref(), "tinybird").await;
    let tenant = Tenant::new(&connection, session.user.clone(), organization);
    TenantToken::admit(raw.expect("a token"), &tenant, connection.token.bindings(), SystemTime::now())
}

#[tokio::test]
async fn one_sign_in_opens_the_pipes_of_every_organization() {
    let sandbox = small().await;
    let (api, keeper) = (frontend_api(&sandbox), Keeper::default());
    let mut client = ClientToken::new(None, &keeper);
    let session = sign_in(&sandbox, &mut client, "linus").await;
    assert_eq!(session.user.display_name(), "Linus Bergström");
    let memberships = api.memberships(&mut client, &session).await.expect("organizations");
    let ids: Vec<&str> = memberships.iter().map(|membership| membership.organization.id.as_str()).collect();
    assert_eq!(ids, [org(0), org(1), org(2)]);
    let pictures: Vec<&Picture> = memberships.iter().filter_map(|membership| membership.picture.as_ref()).collect();
    let picture = pictures[0].fetch(&perch_clerk::http_client().expect("a client")).await.expect("a picture");
    assert!(pictures.len() == 2 && session.picture.is_some() && picture.starts_with(b"\x89PNG"));

    let (tinybird, pipe) = (Client::new().expect("a client"), PipeName::parse("top_pages").expect("a pipe"));
    let mut answers = Vec::new();
    for membership in memberships {
        let token =
            token(&sandbox, &mut client, &session, Some(membership.organization)).await.expect("past the fence");
        let answer = tinybird.query(&token, &pipe, &Parameters::default(), SystemTime::now()).await;
        answers.push(decode(&answer.expect("an answer")).expect("a table").table);
    }
    assert!(answers.iter().all(|table| table.rows() > 0));
    assert_ne!(format!("{:?}", answers[0]), format!("{:?}", answers[1]), "each their own rows");
    let kept = keeper.0.lock().expect("the keeper").clone();
    assert!(kept.len() > 2, "the client token changed on the way: {}", kept.len());
    assert_eq!(kept.last().map(String::as_str), client.newest().map(Secret::expose));
}

#[tokio::test]
async fn a_person_without_an_organization_gets_a_token_that_the_fence_refuses() {
    let sandbox = small().await;
    let mut client = ClientToken::in_memory();
    let session = sign_in(&sandbox, &mut client, "noor").await;
    assert_eq!(session.user.id, person("noor").id);
    assert!(frontend_api(&sandbox).memberships(&mut client, &session).await.expect("organizations").is_empty());
    let refused = token(&sandbox, &mut client, &session, None).await.expect_err("nobody's rows");
    assert_eq!(refused.code(), "tenant-lacks-attribute");
}

#[tokio::test]
async fn a_token_of_another_organization_does_not_pass_the_fence() {
    let sandbox = small().await;
    let (api, connection) = (frontend_api(&sandbox), connection(&sandbox));
    let mut client = ClientToken::in_memory();
    let session = sign_in(&sandbox, &mut client, "grace").await;
    let raw = api.template_token(&mut client, &session.session_id, Some(org(1)), "tinybird").await.expect("a token");
    let personal = api.template_token(&mut client, &session.session_id, None, "tinybird").await.expect("a token");
    let organization = Organization { id: org(0).to_owned(), name: None, slug: None, role: None };
    let tenant = Tenant::new(&connection, session.user, Some(organization));
    let admit = |raw| TenantToken::admit(raw, &tenant, connection.token.bindings(), SystemTime::now());
    assert_eq!(admit(raw).expect_err("another's").code(), "token-other-tenant");
    assert_eq!(admit(personal).expect_err("nobody's").code(), "token-binding-not-text");
}

#[tokio::test]
async fn perch_learns_what_ended() {
    let sandbox = small().await;
    let api = frontend_api(&sandbox);
    let mut client = ClientToken::in_memory();
    let session = sign_in(&sandbox, &mut client, "grace").await;
    sandbox.end_membership("grace", org(1)).expect("removed");
    let removed = api.template_token(&mut client, &session.session_id, Some(org(1)), "tinybird").await;
    assert!(matches!(removed, Err(ClerkError::NotAMember)), "{removed:?}");
    assert_eq!(api.memberships(&mut client, &session).await.expect("organizations").len(), 1);

    let mut elsewhere = ClientToken::in_memory();
    sign_in(&sandbox, &mut elsewhere, "grace").await;
    assert_eq!(api.end_others(&mut client, &session.session_id).await.expect("ended"), 1);
    let other = api.session(&mut elsewhere, &session.user.id).await;
    assert!(matches!(other, Err(ClerkError::SessionEnded)), "{other:?}");
    api.session(&mut client, &session.user.id).await.expect("this one goes on");

    sandbox.end_sessions().expect("ended");
    let ended = api.template_token(&mut client, &session.session_id, Some(org(0)), "tinybird").await;
    assert!(matches!(ended, Err(ClerkError::SessionEnded)), "{ended:?}");
}

#[tokio::test]
async fn perch_signs_out_of_clerk() {
    let sandbox = small().await;
    let api = frontend_api(&sandbox);
    let mut client = ClientToken::in_memory();
    let session = sign_in(&sandbox, &mut client, "ada").await;
    api.end(&mut client, &session.session_id).await.expect("ended");
    let ended = api.session(&mut client, &session.user.id).await;
    assert!(matches!(ended, Err(ClerkError::SessionEnded)), "{ended:?}");
}

#[tokio::test]
async fn the_operators_mistakes_are_told_apart() {
    let sandbox = start(Options { native_api: false, events: 300, ..Options::default() }).await;
    let refused = HostedSignIn::begin(&frontend_api(&sandbox), &mut ClientToken::in_memory()).await;
    assert!(matches!(refused, Err(ClerkError::NativeApiDisabled)), "{refused:?}");

    let sandbox = start(Options { organizations: false, events: 300, ..Options::default() }).await;
    let api = frontend_api(&sandbox);
    let mut client = ClientToken::in_memory();
    let session = sign_in(&sandbox, &mut client, "linus").await;
    let refused = api.memberships(&mut client, &session).await;
    assert!(matches!(refused, Err(ClerkError::OrganizationsDisabled)), "{refused:?}");
    let missing = api.template_token(&mut client, &session.session_id, None, "elsewhere").await;
    assert!(matches!(missing, Err(ClerkError::TemplateMissing { .. })), "{missing:?}");
}
