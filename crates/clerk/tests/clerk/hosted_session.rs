//! What a hosted session is asked for: itself, its organizations, their tokens,
//! its end.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::IntoResponse;
use perch_clerk::{ClerkError, ClientToken, FrontendApi, Picture};
use perch_tenant::Secret;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::hosted_api::{Api, SESSION, membership, refusal};

async fn token(frontend: &FrontendApi, client: &mut ClientToken<'_>, whom: &str) -> Result<Secret, ClerkError> {
    frontend.template_token(client, SESSION, Some(whom), "tinybird").await
}

#[tokio::test]
async fn a_session_is_there_as_long_as_clerk_says_so() {
    let (api, frontend, mut client, _) = Api::signed_in().await;
    let session = frontend.session(&mut client, "user_ada").await.expect("a session");
    assert_eq!((session.session_id.as_str(), session.user.display_name()), (SESSION, "Ada Lovelace"));
    for (status, code) in [
        ("pending", "session-pending"),
        ("ended", "session-ended"),
        ("revoked", "session-ended"),
        ("expired", "session-ended"),
        ("removed", "session-ended"),
        ("abandoned", "session-ended"),
        ("dreaming", "not-understood"),
    ] {
        api.memory().status = Some(status);
        let error = frontend.session(&mut client, "user_ada").await.expect_err(status);
        assert_eq!(error.code(), code, "{status}");
    }
    api.memory().status = None;
    assert!(frontend.session(&mut client, "user_ada").await.expect_err("none").ends_session());
    api.bend("GET /v1/client", |body| body["response"] = Value::Null);
    assert!(frontend.session(&mut client, "user_ada").await.expect_err("no client").ends_session());
}

#[tokio::test]
async fn another_persons_session_is_not_this_ones() {
    let (api, frontend, mut client, _) = Api::signed_in().await;
    assert!(frontend.session(&mut client, "user_grace").await.expect_err("another's").ends_session());

    // Beside another person's, and beside an older one that is over, theirs is found.
    api.bend("GET /v1/client", |body| {
        let sessions = body["response"]["sessions"].as_array_mut().expect("sessions");
        let (mut grace, mut old) = (sessions[0].clone(), sessions[0].clone());
        (grace["id"], grace["user"]["id"]) = ("sess_grace".into(), "user_grace".into());
        (old["id"], old["status"]) = ("sess_old".into(), "ended".into());
        sessions.insert(0, grace);
        sessions.push(old);
    });
    assert_eq!(frontend.session(&mut client, "user_ada").await.expect("a session").session_id, SESSION);
    assert_eq!(frontend.session(&mut client, "user_grace").await.expect("a session").session_id, "sess_grace");

    // A session of nobody proves neither.
    api.bend("GET /v1/client", |body| body["response"]["sessions"][0]["user"] = Value::Null);
    let error = frontend.session(&mut client, "user_ada").await.expect_err("of nobody");
    assert_eq!(error.code(), "not-understood");
}

#[tokio::test]
async fn organizations_come_with_role_permissions_and_picture_and_html_stays_text() {
    let (api, frontend, mut client, session) = Api::signed_in().await;
    let html = "<script>alert(1)</script>";
    let mut plain = membership("org_plain", html);
    plain["organization"]["has_image"] = false.into();
    (plain["permissions"], plain["public_user_data"]) = (Value::Null, Value::Null);
    let mut evil = membership("org_evil", " ");
    evil["organization"]["image_url"] = "javascript:alert(1)".into();
    api.memory().organizations = vec![membership("org_acme", "Acme"), plain, evil];

    let memberships = frontend.memberships(&mut client, &session).await.expect("organizations");
    let [acme, plain, evil] = memberships.as_slice() else { panic!("{memberships:?}") };
    assert_eq!(acme.organization.role.as_deref(), Some("org:admin"));
    assert_eq!(
        (acme.organization.slug.as_deref(), acme.permissions.as_slice()),
        (Some("acme"), &["org:reports:read".to_owned()][..])
    );
    assert_eq!(acme.picture.as_ref().map(Picture::address), Some("https://img.clerk.com/org_acme.png"));
    assert_eq!(plain.organization.name.as_deref(), Some(html));
    assert_eq!((plain.picture.clone(), plain.permissions.len()), (None, 0));
    assert_eq!((evil.organization.display_name(), evil.picture.clone()), ("evil", None));
}

#[tokio::test]
async fn somebody_in_hundreds_of_organizations_sees_each_once() {
    let (api, frontend, mut client, session) = Api::signed_in().await;
    for count in [0, 1, 99, 100, 101, 250] {
        let all: Vec<_> = (0..count).map(|number| membership(&format!("org_{number}"), "Acme")).collect();
        api.memory().organizations = all;
        let before = api.count("/organization_memberships");
        let memberships = frontend.memberships(&mut client, &session).await.expect("organizations");
        let ids: Vec<_> = memberships.iter().map(|member| member.organization.id.clone()).collect();
        let expected: Vec<_> = (0..count).map(|number| format!("org_{number}")).collect();
        assert_eq!(ids, expected);
        assert_eq!(api.count("/organization_memberships") - before, (count as usize).div_ceil(100).max(1), "{count}");
    }
    // A new one at the head moves the last of this page to the next.
    let twice = |number: usize| if number == 100 { 99 } else { number };
    api.memory().organizations = (0..150).map(|number| membership(&format!("org_{}", twice(number)), "Acme")).collect();
    assert_eq!(frontend.memberships(&mut client, &session).await.expect("organizations").len(), 149);
    // All at once, as `paginated=false` has it.
    api.bend("/organization_memberships", |body| body["response"] = body["response"]["data"].take());
    assert_eq!(frontend.memberships(&mut client, &session).await.expect("organizations").len(), 100);
}

#[tokio::test]
async fn shorter_pages_than_asked_for_hide_nobody_and_a_shorter_list_than_told_is_refused() {
    let (api, frontend, mut client, session) = Api::signed_in().await;
    api.memory().organizations = (0..120).map(|number| membership(&format!("org_{number}"), "Acme")).collect();
    api.bend("/organization_memberships", |body| {
        body["response"]["data"].as_array_mut().expect("a page").truncate(50);
    });
    assert_eq!(frontend.memberships(&mut client, &session).await.expect("organizations").len(), 120);
    // Whoever is missing would look as if they had left.
    api.bend("/organization_memberships", |body| body["response"]["total_count"] = json!(121));
    let error = frontend.memberships(&mut client, &session).await.expect_err("one is missing");
    assert!(matches!(error, ClerkError::NotUnderstood { endpoint: "list of organizations" }), "{error:?}");
}

#[tokio::test]
async fn a_list_without_end_is_given_up() {
    let (api, frontend, mut client, session) = Api::signed_in().await;
    let page: Vec<_> = (0..100).map(|number| membership(&format!("org_{number}"), "Acme")).collect();
    api.bend("/organization_memberships", move |body| body["response"] = json!({"data": page}));
    let error = frontend.memberships(&mut client, &session).await.expect_err("no end");
    assert!(matches!(error, ClerkError::TooLarge { endpoint: "list of organizations" }), "{error:?}");
    assert_eq!(api.count("/organization_memberships"), 100);
}

#[tokio::test]
async fn another_persons_organizations_are_refused_and_so_are_none_to_have() {
    let (api, frontend, mut client, session) = Api::signed_in().await;
    api.memory().organizations[1]["public_user_data"]["user_id"] = "user_grace".into();
    let error = frontend.memberships(&mut client, &session).await.expect_err("another's");
    assert!(matches!(error, ClerkError::AnotherPerson), "{error:?}");

    for (status, code, told) in [
        (403, "organization_not_enabled_in_instance", "organizations-disabled"),
        (401, "authentication_invalid", "session-ended"),
        (422, "form_param_value_invalid", "refused"),
    ] {
        api.answer("/organization_memberships", move || refusal(status, code, None));
        let error = frontend.memberships(&mut client, &session).await.expect_err("refused");
        assert_eq!(error.code(), told, "{status} {code}");
    }
}

#[tokio::test]
async fn two_organizations_at_once_get_their_own_tokens() {
    let (api, frontend, client, _) = Api::signed_in().await;
    let client = Arc::new(Mutex::new(client));
    let asking: Vec<_> = (0..20)
        .map(|number| {
            let (frontend, client) = (frontend.clone(), Arc::clone(&client));
            let whom = if number % 2 == 0 { "org_acme" } else { "org_globex" };
            tokio::spawn(async move { (whom, token(&frontend, &mut *client.lock().await, whom).await) })
        })
        .collect();
    for task in asking {
        let (whom, outcome) = task.await.expect("no panic");
        assert_eq!(outcome.expect("a token").expose(), format!("token-for-{whom}"));
    }
    assert_eq!(api.count("/tokens/tinybird"), 20);
}

#[tokio::test]
async fn a_session_that_is_active_for_another_organization_gets_no_token() {
    let (api, frontend, mut client, _) = Api::signed_in().await;
    for (asked, active) in [
        (Some("org_acme"), json!("org_globex")),
        (Some("org_acme"), json!(null)),
        (Some("org_acme"), json!("")),
        (Some("org_acme"), json!("org_acme ")),
        // Where Clerk makes everybody choose an organization.
        (None, json!("org_acme")),
    ] {
        let told = active.clone();
        api.bend("/touch", move |body| body["response"]["last_active_organization_id"] = told.clone());
        let error = frontend.template_token(&mut client, SESSION, asked, "tinybird").await.expect_err("another's");
        assert!(matches!(error, ClerkError::AnotherOrganization), "{asked:?} {active}: {error:?}");
    }
    api.bend("/touch", |body| body["response"]["last_active_organization_id"] = "".into());
    frontend.template_token(&mut client, SESSION, None, "tinybird").await.expect("nobody's but the person's");
    api.bend("/touch", |body| body["response"]["id"] = "sess_eve".into());
    let error = token(&frontend, &mut client, "org_acme").await.expect_err("another session");
    assert!(matches!(error, ClerkError::AnotherSession), "{error:?}");
    assert_eq!(api.count("/tokens/tinybird"), 1);
}

#[tokio::test]
async fn a_session_that_does_not_count_gets_no_token() {
    let (api, frontend, mut client, _) = Api::signed_in().await;
    for (status, code) in [("pending", "session-pending"), ("revoked", "session-ended"), ("dreaming", "not-understood")]
    {
        api.memory().status = Some(status);
        assert_eq!(token(&frontend, &mut client, "org_acme").await.expect_err(status).code(), code);
    }
    assert_eq!(api.count("/tokens/tinybird"), 0);
}

#[tokio::test]
async fn what_clerk_refuses_at_a_touch_is_the_organization_or_the_session() {
    let (api, frontend, mut client, _) = Api::signed_in().await;
    assert_eq!(token(&frontend, &mut client, "org_other").await.expect_err("no member").code(), "not-a-member");
    for (whom, status, reason, code) in [
        (Some("org_acme"), 403, "organization_not_found_or_unauthorized", "not-a-member"),
        (Some("org_acme"), 404, "organization_not_found_or_unauthorized", "not-a-member"),
        (Some("org_acme"), 422, "not_a_member_in_organization", "not-a-member"),
        (Some("org_acme"), 404, "resource_not_found", "not-a-member"),
        (Some("org_acme"), 400, "malformed_request_parameters", "refused"),
        (Some("org_acme"), 401, "authentication_invalid", "session-ended"),
        (Some("org_acme"), 403, "organization_not_enabled_in_instance", "organizations-disabled"),
        (Some("org_acme"), 403, "native_api_disabled", "native-api-disabled"),
        (None, 403, "user_locked", "refused"),
        (None, 404, "resource_not_found", "refused"),
    ] {
        api.answer("/touch", move || refusal(status, reason, None));
        let error = frontend.template_token(&mut client, SESSION, whom, "tinybird").await.expect_err("refused");
        assert_eq!(error.code(), code, "{whom:?} {status} {reason}");
    }
    // The same words, but the client no longer holds the session.
    api.memory().instead = None;
    for (status, code) in [(None, "session-ended"), (Some("ended"), "session-ended")] {
        api.memory().status = status;
        api.answer("/touch", || refusal(404, "resource_not_found", None));
        assert_eq!(token(&frontend, &mut client, "org_acme").await.expect_err("gone").code(), code);
    }
    assert_eq!(api.count("/tokens/tinybird"), 0);
}

#[tokio::test]
async fn a_template_that_is_not_there_is_the_operators_to_make() {
    let (api, frontend, mut client, _) = Api::signed_in().await;
    for name in ["tinibird", "a/../end", "..%2Fend", "?x=1#", "<script>"] {
        let error = frontend.template_token(&mut client, SESSION, None, name).await.expect_err("no template");
        assert!(matches!(&error, ClerkError::TemplateMissing { name: told } if told == name), "{error:?}");
    }
    assert_eq!(api.count("/end"), 0, "a name stays one segment of the path");
    for (status, reason, code) in [
        (401, "authentication_invalid", "session-ended"),
        (403, "native_api_disabled", "native-api-disabled"),
        (400, "malformed_request_parameters", "refused"),
    ] {
        api.answer("/tokens/tinybird", move || refusal(status, reason, None));
        assert_eq!(token(&frontend, &mut client, "org_acme").await.expect_err("refused").code(), code);
    }
    api.answer("/tokens/tinybird", || "{}".into_response());
    assert_eq!(token(&frontend, &mut client, "org_acme").await.expect_err("no token").code(), "not-understood");
}

#[tokio::test]
async fn a_session_that_is_over_has_ended() {
    let (api, frontend, mut client, _) = Api::signed_in().await;
    frontend.end(&mut client, SESSION).await.expect("ended");
    assert_eq!(api.memory().status, None);
    frontend.end(&mut client, SESSION).await.expect("it was over already");
    api.answer("/end", || refusal(401, "authentication_invalid", None));
    frontend.end(&mut client, SESSION).await.expect("it was over already");

    api.answer("/end", || refusal(400, "malformed_request_parameters", None));
    assert_eq!(frontend.end(&mut client, SESSION).await.expect_err("not ended").code(), "refused");
    api.answer("/end", || StatusCode::SERVICE_UNAVAILABLE.into_response());
    assert!(frontend.end(&mut client, SESSION).await.expect_err("not ended").is_offline());
    api.answer("/end", || StatusCode::NOT_FOUND.into_response());
    assert_eq!(frontend.end(&mut client, SESSION).await.expect_err("not Clerk's word").code(), "not-understood");
}

#[tokio::test]
async fn every_other_session_ends_and_this_one_stays() {
    let (api, frontend, mut client, _) = Api::signed_in().await;
    assert_eq!(frontend.end_others(&mut client, SESSION).await.expect("none"), 0);
    api.memory().others = ["sess_phone", "sess_laptop", "sess_kiosk"].map(str::to_owned).to_vec();
    // One that ended by itself since the list was made is not counted.
    api.bend("/sessions/active", |body| {
        body.as_array_mut().expect("sessions").push(json!({"id": "sess_gone", "status": "active"}));
    });
    assert_eq!(frontend.end_others(&mut client, SESSION).await.expect("ended"), 3);
    assert_eq!(api.memory().others, Vec::<String>::new());
    assert_eq!(api.memory().status, Some("active"));
    assert_eq!(api.count("sess_ada/revoke"), 0);
    assert_eq!(token(&frontend, &mut client, "org_acme").await.expect("a token").expose(), "token-for-org_acme");
}

#[tokio::test]
async fn a_session_that_clerk_does_not_end_is_told() {
    let (api, frontend, mut client, _) = Api::signed_in().await;
    api.memory().others = ["sess_phone", "sess_laptop"].map(str::to_owned).to_vec();
    for (status, reason, code) in [
        (403, "session_reverification_required", "reverification-needed"),
        (401, "authentication_invalid", "session-ended"),
    ] {
        api.answer("sess_phone/revoke", move || refusal(status, reason, None));
        assert_eq!(frontend.end_others(&mut client, SESSION).await.expect_err("not ended").code(), code);
    }
    api.memory().instead = None;
    assert_eq!(frontend.end_others(&mut client, SESSION).await.expect("ended"), 2);
    api.memory().status = None;
    assert!(frontend.end_others(&mut client, SESSION).await.expect_err("no session").ends_session());
}
