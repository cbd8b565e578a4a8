//! Whole sign-ins, good and bad.

use std::time::Duration;

use axum::http::header;
use axum::response::IntoResponse;
use perch_clerk::{ClerkError, Prompt, SignIn};
use serde_json::Value;

use crate::browser::{begin, open, parameter, sign_in, sign_in_at_provider};
use crate::provider::{Clerk, oauth_error};

#[tokio::test]
async fn a_person_signs_in_for_the_organization_they_chose() {
    let (clerk, provider) = Clerk::discovered().await;
    let (outcome, shown) = sign_in(&provider).await;
    let signed_in = outcome.expect("signed in");

    assert_eq!(signed_in.user.id, "user_ada");
    assert_eq!(signed_in.user.name.as_deref(), Some("Ada Lovelace"));
    let organization = signed_in.organization.expect("an organization");
    assert_eq!((organization.id.as_str(), organization.slug.as_deref()), ("org_acme", Some("acme")));
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
        ("invalid_scope", "scope-refused"),
        ("server_error", "unavailable"),
        ("interaction_required", "refused"),
    ] {
        let waiting = begin(&provider).await;
        let mut callback = sign_in_at_provider(&waiting.url).await;
        let state = parameter(&callback, "state");
        callback.query_pairs_mut().clear().append_pair("error", error).append_pair("state", &state);
        let shown = open(&callback).await.expect("a page");
        let refused = waiting.flow.await.expect("no panic").expect_err("refused");
        assert_eq!(refused.code(), code, "{error}");
        assert!(shown.html.contains("not signed in"), "{}", shown.html);
        assert!(!refused.next_step().is_empty());
    }
}

#[tokio::test]
async fn what_the_callback_says_is_never_html_on_the_page() {
    let (_clerk, provider) = Clerk::discovered().await;
    for error in ["<script>alert(1)</script>", "access_denied<img src=x>", "\"><b>", "&lt;b&gt;", &"a".repeat(65)] {
        let waiting = begin(&provider).await;
        let mut callback = sign_in_at_provider(&waiting.url).await;
        let state = parameter(&callback, "state");
        callback
            .query_pairs_mut()
            .clear()
            .append_pair("error", error)
            .append_pair("error_description", "<script>alert(2)</script>")
            .append_pair("error_uri", "javascript:alert(3)")
            .append_pair("state", &state);
        let shown = open(&callback).await.expect("a page");
        let refused = waiting.flow.await.expect("no panic").expect_err("refused");
        assert!(matches!(&refused, ClerkError::Refused { reason } if reason == "unknown"), "{error}: {refused}");
        for foreign in ["<script", "<img", "<b>", "&lt;b", "alert", "aaaa"] {
            assert!(!shown.html.contains(foreign), "{foreign} in {}", shown.html);
        }
    }
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
        (400, "invalid_scope", "scope-refused"),
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
async fn a_browser_that_never_comes_back_is_waited_for_as_long_as_is_told() {
    let told = format!("within {} minutes", SignIn::PATIENCE.as_secs() / 60);
    assert!(ClerkError::NotFinished.to_string().contains(&told));
    assert!(SignIn::PATIENCE > Duration::from_secs(10 * 60), "somebody may come back after ten minutes");
    let (_clerk, provider) = Clerk::discovered().await;
    let sign_in = SignIn::begin(&provider, Prompt::Default).await.expect("a listener");
    let port = redirect_port(sign_in.url());
    tokio::time::pause();
    let started = tokio::time::Instant::now();
    let refused = sign_in.finish(std::time::SystemTime::now).await.expect_err("never came back");
    assert!(matches!(refused, ClerkError::NotFinished));
    assert!(refused.next_step().contains("http://127.0.0.1/callback"));
    let waited = started.elapsed();
    assert!(waited.abs_diff(SignIn::PATIENCE) < Duration::from_secs(1), "{waited:?}");
    tokio::time::resume();
    assert!(tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err(), "nobody listens any more");
}

pub fn redirect_port(url: &url::Url) -> u16 {
    url::Url::parse(&parameter(url, "redirect_uri")).expect("an address").port().expect("a port")
}
