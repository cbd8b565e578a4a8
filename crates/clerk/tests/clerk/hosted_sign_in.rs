//! Sign-ins by hosted authentication, good and bad.

use axum::http::header::{AUTHORIZATION, COOKIE, LOCATION, ORIGIN, REFERER};
use axum::response::IntoResponse;
use perch_clerk::{ClerkError, ClientToken, HostedSignIn, Picture, SignIn, StrayLink};
use perch_tenant::Secret;
use serde_json::{Value, json};

use crate::hosted_api::{Api, Keeper, SESSION, refusal, return_link, sign_in};

#[tokio::test]
async fn one_sign_in_serves_all_of_a_persons_organizations() {
    let (_api, frontend, mut client, session) = Api::signed_in().await;
    assert_eq!((session.session_id.as_str(), session.user.id.as_str()), (SESSION, "user_ada"));
    assert_eq!(session.user.name.as_deref(), Some("Ada Lovelace"));
    assert_eq!(session.user.email.as_deref(), Some("ada@acme.example"), "the primary address");
    assert_eq!(session.picture.as_ref().map(Picture::address), Some("https://img.clerk.com/ada.png"));

    let memberships = frontend.memberships(&mut client, &session).await.expect("organizations");
    let names: Vec<_> = memberships.iter().map(|member| member.organization.display_name()).collect();
    assert_eq!(names, ["Acme", "Globex"]);
    for member in &memberships {
        let id = member.organization.id.as_str();
        let token = frontend.template_token(&mut client, SESSION, Some(id), "tinybird").await.expect("a token");
        assert_eq!(token.expose(), format!("token-for-{id}"));
    }
    let alone = frontend.template_token(&mut client, SESSION, None, "tinybird").await.expect("a token");
    assert_eq!(alone.expose(), "token-for-user_ada");

    frontend.end(&mut client, SESSION).await.expect("ended");
    let ended = frontend.session(&mut client, "user_ada").await.expect_err("ended");
    assert!(ended.ends_session());
}

#[tokio::test]
async fn every_request_is_a_native_apps_and_no_browsers() {
    let (api, frontend, mut client, session) = Api::signed_in().await;
    api.memory().others.push("sess_phone".to_owned());
    frontend.session(&mut client, "user_ada").await.expect("a session");
    frontend.memberships(&mut client, &session).await.expect("organizations");
    frontend.template_token(&mut client, SESSION, Some("org_acme"), "tinybird").await.expect("a token");
    frontend.end_others(&mut client, SESSION).await.expect("ended");
    frontend.end(&mut client, SESSION).await.expect("ended");

    let asked = &api.memory().asked;
    assert_eq!(asked.len(), 9, "{asked:?}");
    for (number, asked) in asked.iter().enumerate() {
        assert_eq!(asked.query.get("_is_native").map(String::as_str), Some("1"), "{asked:?}");
        assert_eq!(asked.headers.get("clerk-api-version").expect("a version"), "2026-05-12", "{asked:?}");
        for header in [ORIGIN, COOKIE, REFERER] {
            assert!(!asked.headers.contains_key(&header), "{header} in {asked:?}");
        }
        let token = (number > 0).then(|| format!("client-{number}"));
        let sent = asked.headers.get(AUTHORIZATION).map(|value| value.to_str().expect("text"));
        assert_eq!(sent, token.as_deref(), "the newest, without `Bearer`: {asked:?}");
        let whose = asked.line.contains("/v1/me/").then_some(SESSION);
        assert_eq!(asked.query.get("_clerk_session_id").map(String::as_str), whose, "{asked:?}");
    }
}

#[tokio::test]
async fn a_stale_client_token_is_replaced_and_the_sign_in_goes_on() {
    let api = Api::start().await;
    let keeper = Keeper::default();
    let mut client = ClientToken::new(Some(Secret::new("of-last-year")), &keeper);
    let session = sign_in(&api.frontend(), &mut client).await.expect("signed in");
    assert_eq!(session.user.id, "user_ada");
    assert_eq!(api.count("/client/hosted_auth"), 2);
    assert_eq!(keeper.kept(), ["client-1", "client-2", "client-3"]);
}

#[tokio::test]
async fn a_sign_in_page_that_no_browser_should_open_is_refused() {
    let (api, mut client) = (Api::start().await, ClientToken::in_memory());
    let port = api.issuer().join("/").port().expect("a port");
    for (address, host) in [
        ("http://accounts.acme.example/sign-in".to_owned(), "http://accounts.acme.example"),
        ("https://ada@accounts.acme.example/".to_owned(), "https://accounts.acme.example"),
        ("https://ada:secret@accounts.acme.example/".to_owned(), "https://accounts.acme.example"),
        (format!("http://ada@127.0.0.1:{port}/portal/1"), api.origin()),
        ("http://127.0.0.1:1/portal/1".to_owned(), "http://127.0.0.1:1"),
        ("javascript:alert(document.domain)".to_owned(), "javascript:"),
        ("file:///etc/passwd".to_owned(), "file:"),
        ("data:text/html,<script>alert(1)</script>".to_owned(), "data:"),
        ("perch://callback?state=x".to_owned(), "perch:"),
    ] {
        api.bend("/client/hosted_auth", move |body| body["response"]["url"] = address.as_str().into());
        let refused = HostedSignIn::begin(&api.frontend(), &mut client).await.expect_err("refused");
        let ClerkError::EndpointElsewhere { endpoint: "sign-in page", host: told } = &refused else {
            panic!("{refused:?}")
        };
        assert_eq!(told, host);
    }
    for url in [json!(""), json!("/portal/1"), json!(null), json!(7)] {
        api.bend("/client/hosted_auth", move |body| body["response"]["url"] = url.clone());
        let refused = HostedSignIn::begin(&api.frontend(), &mut client).await.expect_err("refused");
        assert_eq!(refused.code(), "not-understood");
    }
    let page = "https://accounts.acme.example/sign-in?redirect=perch";
    api.bend("/client/hosted_auth", move |body| body["response"]["url"] = page.into());
    let begun = HostedSignIn::begin(&api.frontend(), &mut client).await.expect("begun");
    assert_eq!(begun.url().as_str(), page, "the sign-in page is elsewhere, and that is right");
}

#[tokio::test]
async fn the_operators_mistakes_have_a_sentence_and_a_next_step() {
    let (api, mut client) = (Api::start().await, ClientToken::in_memory());
    for (status, reason, parameter, code) in [
        (403, "native_api_disabled", None, "native-api-disabled"),
        (401, "native_api_disabled", None, "native-api-disabled"),
        (422, "form_param_value_invalid", Some("redirect_url"), "redirect-not-registered"),
        (400, "anything_else", Some("redirect_url"), "redirect-not-registered"),
        (422, "form_param_value_invalid", Some("code_challenge"), "refused"),
        (400, "origin_authorization_headers_conflict", None, "refused"),
        (401, "signed_out", None, "refused"),
        (403, "organization_not_enabled_in_instance", None, "organizations-disabled"),
    ] {
        api.answer("/client/hosted_auth", move || refusal(status, reason, parameter));
        let refused = HostedSignIn::begin(&api.frontend(), &mut client).await.expect_err("refused");
        assert_eq!(refused.code(), code, "{status} {reason}");
        assert!(!refused.ends_session() && !refused.next_step().is_empty());
        if code == "refused" {
            assert!(refused.to_string().contains(reason), "{refused}");
        }
    }
}

#[tokio::test]
async fn an_errors_code_is_told_only_where_it_can_be_one() {
    let (api, mut client) = (Api::start().await, ClientToken::in_memory());
    for reason in ["<script>alert(1)</script>", "", "Signed out", "client-1", "eyJhbGciOiJIUzI1NiJ9.e30.c2ln"] {
        api.answer("/client/hosted_auth", move || refusal(400, reason, None));
        let refused = HostedSignIn::begin(&api.frontend(), &mut client).await.expect_err("refused");
        assert!(matches!(&refused, ClerkError::Refused { reason } if reason == "unknown"), "{refused:?}");
    }
    for body in ["", "<html>Forbidden</html>", "{}", r#"{"errors":[]}"#, r#"{"errors":[{"code":7}]}"#] {
        api.answer("/client/hosted_auth", move || (axum::http::StatusCode::FORBIDDEN, body).into_response());
        let refused = HostedSignIn::begin(&api.frontend(), &mut client).await.expect_err("refused");
        assert_eq!(refused.code(), "not-understood", "{body}");
    }
}

#[tokio::test]
async fn redirects_are_never_followed() {
    let (api, frontend, mut client, session) = Api::signed_in().await;
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = format!("{}/elsewhere", api.origin());
        api.memory().instead = Some(Box::new(move |_| {
            let status = axum::http::StatusCode::from_u16(status).expect("a status");
            Some((status, [(LOCATION, elsewhere.clone())]).into_response())
        }));
        let refused = [
            HostedSignIn::begin(&frontend, &mut client).await.map(drop),
            frontend.session(&mut client, "user_ada").await.map(drop),
            frontend.memberships(&mut client, &session).await.map(drop),
            frontend.template_token(&mut client, SESSION, None, "tinybird").await.map(drop),
            frontend.end(&mut client, SESSION).await,
            frontend.end_others(&mut client, SESSION).await.map(drop),
        ];
        for outcome in refused {
            assert!(matches!(outcome, Err(ClerkError::Redirected { .. })), "{status}: {outcome:?}");
        }
        assert_eq!(client.newest().map(Secret::expose), Some(api.token().as_str()), "kept all the same");
    }
    assert_eq!(api.memory().strayed, 0);
}

#[tokio::test]
async fn a_link_counts_once_and_for_its_own_sign_in_only() {
    let (api, mut client) = (Api::start().await, ClientToken::in_memory());
    let mut mine = HostedSignIn::begin(&api.frontend(), &mut client).await.expect("begun");
    let theirs = HostedSignIn::begin(&api.frontend(), &mut client).await.expect("begun");
    let (link, other) = (return_link(mine.url()).await, return_link(theirs.url()).await);

    assert_eq!(mine.accept(&other).err(), Some(StrayLink::State));
    assert_eq!(mine.accept("perch://callback").err(), Some(StrayLink::Missing));
    let returned = mine.accept(&link).expect("strays change nothing");
    assert_eq!(mine.accept(&link).err(), Some(StrayLink::Used));
    assert_eq!(mine.accept(&other).err(), Some(StrayLink::State));

    // A return that got to the wrong sign-in lacks the right proof.
    let crossed = theirs.redeem(returned, &mut client).await.expect_err("refused");
    assert!(matches!(crossed, ClerkError::CodeRefused), "{crossed:?}");
}

#[tokio::test]
async fn a_nonce_that_clerk_refuses_asks_for_another_sign_in() {
    for (status, reason, code) in [
        (401, "authentication_invalid", "code-refused"),
        (404, "resource_not_found", "code-refused"),
        (410, "gone", "code-refused"),
        (422, "form_param_value_invalid", "code-refused"),
        (400, "invalid_query_parameter_value", "code-refused"),
        (400, "pkce_verification_failed", "code-refused"),
        (400, "origin_authorization_headers_conflict", "refused"),
        (401, "native_api_disabled", "native-api-disabled"),
    ] {
        let (api, mut client) = (Api::start().await, ClientToken::in_memory());
        api.answer("POST /v1/client", move || refusal(status, reason, None));
        let refused = sign_in(&api.frontend(), &mut client).await.expect_err("refused");
        assert_eq!(refused.code(), code, "{status} {reason}");
        assert!(!refused.ends_session());
    }
}

#[tokio::test]
async fn only_the_session_that_the_browser_signed_in_is_taken_and_only_if_it_counts() {
    let change = |pointer: &'static str, value: Value| {
        move |body: &mut Value| *body.pointer_mut(pointer).expect("a place") = value.clone()
    };
    const FIRST: &str = "/response/sessions/0";
    for (pointer, value, code) in [
        ("/response", json!(null), "another-session"),
        ("/response/sessions", json!([]), "another-session"),
        ("/response/sessions/0/id", json!("sess_eve"), "another-session"),
        ("/response/sessions/0/status", json!("pending"), "session-pending"),
        ("/response/sessions/0/status", json!("ended"), "session-ended"),
        ("/response/sessions/0/status", json!("revoked"), "session-ended"),
        ("/response/sessions/0/status", json!("dreaming"), "not-understood"),
        ("/response/sessions/0/user", json!(null), "not-understood"),
        (FIRST, json!("sess_ada"), "not-understood"),
        ("/response/sessions", json!(null), "not-understood"),
    ] {
        let (api, mut client) = (Api::start().await, ClientToken::in_memory());
        api.bend("POST /v1/client", change(pointer, value.clone()));
        let refused = sign_in(&api.frontend(), &mut client).await.expect_err("refused");
        assert_eq!(refused.code(), code, "{pointer}: {value}");
    }
}

#[tokio::test]
async fn a_name_stays_text() {
    let (api, mut client) = (Api::start().await, ClientToken::in_memory());
    let html = "<img src=x onerror=alert(1)>";
    api.bend("POST /v1/client", move |body| {
        let user = &mut body["response"]["sessions"][0]["user"];
        user["first_name"] = html.into();
        user["last_name"] = Value::Null;
        user["image_url"] = html.into();
        user["email_addresses"][1]["email_address"] = " ".into();
    });
    let session = sign_in(&api.frontend(), &mut client).await.expect("signed in");
    assert_eq!(session.user.name.as_deref(), Some(html));
    assert_eq!((session.user.email, session.picture), (None, None));
}

#[tokio::test]
async fn somebody_without_a_name_or_a_picture_is_known_by_their_user_name() {
    let (api, mut client) = (Api::start().await, ClientToken::in_memory());
    api.bend("POST /v1/client", |body| {
        let user = &mut body["response"]["sessions"][0]["user"];
        (user["first_name"], user["last_name"]) = (Value::Null, "".into());
        user["has_image"] = false.into();
    });
    let session = sign_in(&api.frontend(), &mut client).await.expect("signed in");
    assert_eq!(session.user.name.as_deref(), Some("ada"));
    assert_eq!(session.picture, None, "Clerk's own drawing of a person is no picture");
}

#[test]
fn the_browser_is_waited_for_as_long_as_by_the_other_way() {
    assert_eq!(HostedSignIn::PATIENCE, SignIn::PATIENCE);
}

#[tokio::test]
async fn no_secret_is_printed() {
    let api = Api::start().await;
    let (frontend, keeper) = (api.frontend(), Keeper::default());
    let mut client = ClientToken::new(Some(Secret::new("client-0")), &keeper);
    let mut begun = HostedSignIn::begin(&frontend, &mut client).await.expect("begun");
    let link = return_link(begun.url()).await;
    let mut printed = vec![format!("{begun:?} {frontend:?} {client:?}")];
    let returned = begun.accept(&link).expect("this sign-in's return");
    let stray = begun.accept(&link).expect_err("used");
    printed.push(format!("{returned:?} {stray:?} {stray} {begun:?}"));
    let session = begun.redeem(returned, &mut client).await.expect("signed in");
    let memberships = frontend.memberships(&mut client, &session).await.expect("organizations");
    let token = frontend.template_token(&mut client, SESSION, Some("org_acme"), "tinybird").await.expect("a token");
    printed.push(format!("{session:?} {memberships:?} {token:?} {client:?}"));
    api.answer("/touch", || "token-for-org_acme client-1 nonce-of-page-0".into_response());
    let error = frontend.template_token(&mut client, SESSION, None, "tinybird").await.expect_err("refused");
    printed.push(format!("{error:?} {error}"));

    let memory = api.memory();
    let form = |line: &str| &memory.asked.iter().find(|asked| asked.line.ends_with(line)).expect("asked").form;
    let (begin, redeem) = (form("/hosted_auth"), form("POST /v1/client"));
    let secrets =
        [&begin["state"], &begin["code_challenge"], &redeem["code_verifier"], &redeem["rotating_token_nonce"]];
    let tokens = ["client-0", "client-1", "client-2", "client-3", "token-for"];
    for secret in secrets.into_iter().map(String::as_str).chain(tokens) {
        assert!(secret.len() > 7, "{secret}");
        assert!(!printed.concat().contains(secret), "{secret} in {printed:?}");
    }
}
