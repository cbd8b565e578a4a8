//! Whole sign-ins, good and bad.

use std::time::Duration;

use axum::http::header;
use axum::response::IntoResponse;
use perch_clerk::{ClerkError, Prompt, SignIn};
use serde_json::Value;

use crate::browser::{begin, open, sign_in, sign_in_at_provider};
use crate::provider::{Clerk, oauth_error};

#[tokio::test]
async fn a_person_signs_in_for_the_organization_they_chose() {
    let (clerk, provider) = Clerk::discovered().await;
    let (outcome, shown) = sign_in(&provider).await;
    let signed_in = outcome.expect("signed in");

    assert_eq!(signed_in.user.id, "user_ada");
    assert_eq!(signed_in.user.name.as_deref(), Some("Ada Lovelace"));
    let organization = signed_in.organization.expect("an organization");
    assert_eq!((organization.id.as_str(), organization.role.as_deref()), ("org_acme", Some("org:admin")));
    assert_eq!(signed_in.session.refresh_token().expose(), "refresh-2");
    assert!(signed_in.session.expires() > std::time::SystemTime::now() + Duration::from_secs(86_000));

    assert_eq!(shown.status, 200);
    assert!(shown.html.contains("signed in \u{2014} return to Perch"), "{}", shown.html);
    assert_eq!(shown.headers["cache-control"], "no-store");
    assert_eq!(shown.headers["referrer-policy"], "no-referrer");
    assert!(shown.headers["content-security-policy"].to_str().expect("text").starts_with("default-src 'none'"));
    let requests = &clerk.memory().token_requests;
    assert_eq!(requests.len(), 1);
    assert!(!requests[0].contains_key("client_secret"));
}

#[tokio::test]
async fn no_secret_is_printed() {
    let (clerk, provider) = Clerk::discovered().await;
    let begun = SignIn::begin(&provider, Prompt::Consent).await.expect("a listener");
    let before = format!("{begun:?} {provider:?}");
    let url = begun.url().clone();
    let flow = tokio::spawn(begun.finish());
    let callback = sign_in_at_provider(&url).await;
    open(&callback).await.expect("a page");
    let signed_in = flow.await.expect("no panic").expect("signed in");
    let printed = format!("{before} {signed_in:?} {:?}", signed_in.session);

    let memory = clerk.memory();
    let form = &memory.token_requests[0];
    let query: Vec<_> = url.query_pairs().filter(|(name, _)| name == "state" || name == "nonce").collect();
    let secrets = [form["code"].as_str(), form["code_verifier"].as_str(), "opaque-access", "refresh-", "eyJ"];
    for secret in secrets.into_iter().chain(query.iter().map(|(_, value)| &**value)) {
        assert!(!printed.contains(secret), "{secret} in {printed}");
    }
    assert_eq!(query.len(), 2);
}

#[tokio::test]
async fn the_prompt_is_passed_on() {
    let (_clerk, provider) = Clerk::discovered().await;
    for (prompt, said) in [(Prompt::Default, None), (Prompt::Consent, Some("consent")), (Prompt::Login, Some("login"))]
    {
        let sign_in = SignIn::begin(&provider, prompt).await.expect("a listener");
        let found = sign_in.url().query_pairs().find(|(name, _)| name == "prompt").map(|(_, value)| value.into_owned());
        assert_eq!(found.as_deref(), said);
    }
}

#[tokio::test]
async fn a_refusal_ends_the_sign_in_and_says_so() {
    let (_clerk, provider) = Clerk::discovered().await;
    for (error, code) in [
        ("access_denied", "access-denied"),
        ("unauthorized_client", "invalid-client"),
        ("invalid_scope", "scope-missing"),
        ("server_error", "unavailable"),
        ("interaction_required", "refused"),
    ] {
        let waiting = begin(&provider).await;
        let mut callback = sign_in_at_provider(&waiting.url).await;
        let state = callback.query_pairs().find(|(name, _)| name == "state").expect("a state").1.into_owned();
        callback.query_pairs_mut().clear().append_pair("error", error).append_pair("state", &state);
        let shown = open(&callback).await.expect("a page");
        let refused = waiting.flow.await.expect("no panic").expect_err("refused");
        assert_eq!(refused.code(), code, "{error}");
        assert!(shown.html.contains("not signed in"), "{}", shown.html);
        assert!(!refused.next_step().is_empty());
    }
}

#[tokio::test]
async fn a_code_of_another_sign_in_is_worth_nothing() {
    let (_clerk, provider) = Clerk::discovered().await;
    let (mine, theirs) = (begin(&provider).await, begin(&provider).await);
    let (my_callback, their_callback) = (sign_in_at_provider(&mine.url).await, sign_in_at_provider(&theirs.url).await);
    // My state with their code: what an attacker who knows my state would send.
    let value = |url: &url::Url, name: &str| {
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).expect("there")
    };
    let mut injected = my_callback.clone();
    injected
        .query_pairs_mut()
        .clear()
        .append_pair("code", &value(&their_callback, "code"))
        .append_pair("state", &value(&my_callback, "state"));
    open(&injected).await.expect("a page");
    assert!(matches!(mine.flow.await.expect("no panic"), Err(ClerkError::CodeRefused)));
    theirs.flow.abort();
}

#[tokio::test]
async fn userinfo_about_somebody_else_is_refused() {
    let (clerk, provider) = Clerk::discovered().await;
    clerk.bend(|bent| bent.userinfo = Some(Box::new(|claims| claims["sub"] = "user_grace".into())));
    let (outcome, shown) = sign_in(&provider).await;
    assert!(matches!(outcome, Err(ClerkError::AnotherPerson)));
    assert!(shown.html.contains("not signed in"));

    clerk.bend(|bent| bent.userinfo = Some(Box::new(|claims| claims["org_id"] = "org_other".into())));
    assert!(matches!(sign_in(&provider).await.0, Err(ClerkError::AnotherOrganization)));
}

#[tokio::test]
async fn a_redirect_from_the_token_endpoint_is_not_followed() {
    let (clerk, provider) = Clerk::discovered().await;
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = format!("{}/elsewhere", clerk.origin());
        clerk.bend(|bent| {
            bent.token_answer = Some(Box::new(move || {
                let status = axum::http::StatusCode::from_u16(status).expect("a status");
                (status, [(header::LOCATION, elsewhere.clone())]).into_response()
            }));
        });
        let (outcome, _) = sign_in(&provider).await;
        assert!(matches!(outcome, Err(ClerkError::Redirected { endpoint: "token endpoint" })), "{status}");
    }
    assert_eq!(clerk.memory().strayed, 0);
}

#[tokio::test]
async fn the_operators_mistakes_have_a_sentence() {
    let (clerk, provider) = Clerk::discovered().await;
    for (status, error, code) in [
        (401, "invalid_client", "invalid-client"),
        (400, "unauthorized_client", "invalid-client"),
        (400, "invalid_scope", "scope-missing"),
        (401, "unsupported_grant_type", "refused"),
        (400, "invalid_grant", "code-refused"),
        (401, "invalid_grant", "code-refused"),
    ] {
        clerk.bend(|bent| bent.token_answer = Some(Box::new(move || oauth_error(status, error))));
        let refused = sign_in(&provider).await.0.expect_err("refused");
        assert_eq!(refused.code(), code, "{status} {error}");
        assert!(!refused.ends_session());
    }
    for (missing, scope) in [("id_token", "openid"), ("refresh_token", "offline_access")] {
        clerk.bend(|bent| {
            bent.token_answer = None;
            bent.tokens = Some(Box::new(move |tokens: &mut Value| {
                tokens.as_object_mut().expect("an object").remove(missing);
            }));
        });
        let refused = sign_in(&provider).await.0.expect_err("refused");
        assert!(refused.to_string().contains(scope), "{refused}");
    }
}

#[tokio::test]
async fn an_answer_that_is_too_large_or_no_answer_is_refused() {
    let (clerk, provider) = Clerk::discovered().await;
    clerk.bend(|bent| bent.token_answer = Some(Box::new(|| " ".repeat((1 << 20) + 1).into_response())));
    assert!(matches!(sign_in(&provider).await.0, Err(ClerkError::TooLarge { .. })));
    clerk.bend(|bent| bent.token_answer = Some(Box::new(|| "access_token=eyJsecret".into_response())));
    let refused = sign_in(&provider).await.0.expect_err("refused");
    assert_eq!(refused.code(), "not-understood");
    assert!(!format!("{refused:?} {refused}").contains("eyJsecret"));
}

#[tokio::test]
async fn a_browser_that_never_comes_back_is_waited_for_as_long_as_is_told() {
    assert!(ClerkError::NotFinished.to_string().contains("five minutes"));
    assert_eq!(SignIn::PATIENCE, Duration::from_secs(5 * 60));
    let (_clerk, provider) = Clerk::discovered().await;
    let sign_in = SignIn::begin(&provider, Prompt::Default).await.expect("a listener");
    let port = redirect_port(sign_in.url());
    tokio::time::pause();
    let started = tokio::time::Instant::now();
    let refused = sign_in.finish().await.expect_err("never came back");
    assert!(matches!(refused, ClerkError::NotFinished));
    assert!(refused.next_step().contains("http://127.0.0.1/callback"));
    let waited = started.elapsed();
    assert!(waited.abs_diff(SignIn::PATIENCE) < Duration::from_secs(1), "{waited:?}");
    tokio::time::resume();
    assert!(tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err(), "nobody listens any more");
}

pub fn redirect_port(url: &url::Url) -> u16 {
    let redirect = url.query_pairs().find(|(name, _)| name == "redirect_uri").expect("a redirect").1.into_owned();
    url::Url::parse(&redirect).expect("an address").port().expect("a port")
}
