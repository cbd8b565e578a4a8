//! Hosted authentication from outside: the portal, the nonce, the client token
//! that changes, and a session that is for one organization at a time.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use perch_sandbox::{Options, Sandbox, organizations};
use perch_tenant::{Connection, SignInMethod, TokenSource};
use reqwest::{Method, header};
use serde_json::{Value, json};

use crate::browser::{Browser, VERIFIER, person, query};
use crate::native::{App, STATE};
use crate::{Hand, NOW, http, org, small, start};

/// The claims of a JWT, unverified.
fn claims(jwt: &Value) -> Value {
    let body = jwt.as_str().and_then(|jwt| jwt.split('.').nth(1)).expect("a JWT");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).expect("base64url")).expect("JSON")
}

/// The ids and the statuses of the sessions that a client lists.
fn sessions(client: &Value) -> Vec<(&str, &str)> {
    let sessions = client["sessions"].as_array().unwrap_or_else(|| panic!("no sessions in {client}"));
    sessions.iter().map(|one| (one["id"].as_str().expect("an id"), one["status"].as_str().expect("a status"))).collect()
}

/// The sandbox and its clock.
async fn at(hand: &Hand) -> Sandbox {
    start(Options { events: 300, clock: hand.clock(), ..Options::default() }).await
}

#[tokio::test]
async fn an_app_gets_the_session_that_the_browser_began() {
    let sandbox = small().await;
    let mut app = App::new(&sandbox);
    let returned = app.browse("grace").await;
    let before = app.get("/v1/client").await;
    assert_eq!(sessions(&before.body["response"]), [], "nobody has it before the nonce is redeemed");

    let redeemed = app.redeem(&returned.nonce, VERIFIER).await;
    assert_eq!(redeemed.status, 200);
    assert!(redeemed.token.is_some(), "redeeming always brings a new token");
    assert_eq!(sessions(&redeemed.body["response"]), [(returned.session.as_str(), "active")]);
    let session = &redeemed.body["response"]["sessions"][0];
    assert_eq!(
        (&session["user"]["id"], &session["last_active_organization_id"]),
        (&json!(person("grace").id), &Value::Null)
    );
    assert_eq!(redeemed.body["response"]["last_active_session_id"], returned.session);
}

#[tokio::test]
async fn a_nonce_works_once_for_its_verifier_its_client_and_ten_minutes() {
    let hand = Hand::new();
    let sandbox = at(&hand).await;
    let mut app = App::new(&sandbox);
    let returned = app.browse("ada").await;
    assert_eq!(app.redeem(&returned.nonce, VERIFIER).await.status, 200);
    let twice = app.redeem(&returned.nonce, VERIFIER).await;
    assert_eq!(twice.refusal(), (400, "invalid_query_parameter_value"));

    let returned = app.browse("ada").await;
    let wrong = app.redeem(&returned.nonce, "another-verifier-of-at-least-forty-three-chars").await;
    assert_eq!(wrong.refusal(), (400, "pkce_verification_failed"));
    assert_eq!(app.redeem(&returned.nonce, VERIFIER).await.status, 400, "who guesses spends it");

    let returned = app.browse("ada").await;
    let mut thief = App::new(&sandbox);
    assert_eq!(thief.redeem(&returned.nonce, VERIFIER).await.status, 400);
    thief.sign_in("grace").await;
    let returned = app.browse("ada").await;
    assert_eq!(thief.redeem(&returned.nonce, VERIFIER).await.status, 400);

    for (seconds, status) in [(599, 200), (600, 400)] {
        let returned = app.browse("ada").await;
        hand.pass(Duration::from_secs(seconds));
        assert_eq!(app.redeem(&returned.nonce, VERIFIER).await.status, status, "{seconds}");
    }
}

#[tokio::test]
async fn only_the_apps_own_scheme_is_an_address_to_go_back_to() {
    let sandbox = small().await;
    let mut app = App::new(&sandbox);
    for redirect in [
        "http://127.0.0.1:49152/callback",
        "https://evil.example/callback",
        "perch://callback/",
        "perch://callback?x=1",
        "perch://user@callback",
        "perch://elsewhere",
        "Perch://callback",
        "evil://callback",
        "callback",
    ] {
        let answer = app.begin(&[("redirect_url", redirect)]).await;
        assert_eq!(answer.status, 422, "{redirect}");
        assert_eq!(answer.body["errors"][0]["meta"]["param_name"], "redirect_url", "{redirect}");
    }
    for (name, value) in [
        ("redirect_url", ""),
        ("code_challenge", ""),
        ("code_challenge", "short"),
        ("state", ""),
        ("mode", "sign-elsewhere"),
    ] {
        let answer = app.begin(&[(name, value)]).await;
        assert_eq!((answer.status, &answer.body["errors"][0]["meta"]["param_name"]), (422, &json!(name)), "{value}");
    }
    for mode in ["sign-in", "sign-up"] {
        assert_eq!(app.begin(&[("mode", mode)]).await.status, 200, "{mode}");
    }
}

#[tokio::test]
async fn a_token_is_stale_once_a_newer_one_was_used() {
    let sandbox = small().await;
    let (mut app, session) = App::signed_in(&sandbox, "linus").await;
    let (mut seen, mut old) = (0, app.token.clone());
    for _ in 0..12 {
        let before = app.token.clone();
        let answer = app.get("/v1/client").await;
        assert_eq!(sessions(&answer.body["response"]), [(session.as_str(), "active")]);
        if answer.token.is_some() {
            assert_ne!(answer.token, before);
            (seen, old) = (seen + 1, before);
        }
    }
    assert!((2..12).contains(&seen), "now and then, not always: {seen}");

    app.get("/v1/client").await;
    let newest = app.token.clone();
    app.token = old;
    let stale = app.get("/v1/client").await;
    assert_eq!(stale.refusal(), (401, "signed_out"));
    let replacement = app.get("/v1/client").await;
    assert_eq!((replacement.status, sessions(&replacement.body["response"])), (200, vec![]));
    app.token = newest;
    assert_eq!(sessions(&app.get("/v1/client").await.body["response"]).len(), 1, "its owner goes on");
}

#[tokio::test]
async fn an_answer_that_was_lost_costs_nobody_their_session() {
    let sandbox = small().await;
    let (mut app, session) = App::signed_in(&sandbox, "ada").await;
    // The app never gets any of the tokens that these answers bring.
    let kept = app.token.clone();
    for _ in 0..10 {
        app.token = kept.clone();
        assert_eq!(sessions(&app.get("/v1/client").await.body["response"]), [(session.as_str(), "active")]);
    }
}

#[tokio::test]
async fn a_token_that_is_not_the_clients_is_refused_with_another() {
    let sandbox = small().await;
    let other = small().await;
    let (mut app, session) = App::signed_in(&sandbox, "ada").await;
    let (theirs, _) = App::signed_in(&other, "ada").await;
    let token = app.token.clone().expect("a token");
    let mut forged = token.clone();
    forged.replace_range(token.rfind('.').expect("a dot") + 1.., "AAAA");
    let session_token = app.post(&format!("/v1/client/sessions/{session}/tokens"), &[]).await;
    let session_token = session_token.body["jwt"].as_str().expect("a token").to_owned();
    for refused in [forged, format!("Bearer {token}"), session_token, theirs.token.expect("a token"), "x".to_owned()] {
        let mut thief = App::new(&sandbox);
        thief.token = Some(refused.clone());
        let answer = thief.get("/v1/client").await;
        assert_eq!(answer.refusal(), (401, "signed_out"), "{refused}");
        assert!(answer.token.is_some_and(|token| token != refused));
    }
    assert!((400..1_280).contains(&token.len()), "as long as Clerk's, and short enough to keep: {}", token.len());
}

#[tokio::test]
async fn the_gate_lets_native_apps_in_and_nobody_else() {
    let sandbox = small().await;
    let (mut app, _) = App::signed_in(&sandbox, "ada").await;
    let both = app.request(Method::GET, "/v1/client").header(header::ORIGIN, "https://evil.example");
    assert_eq!(app.send(both).await.refusal(), (400, "origin_authorization_headers_conflict"));
    let mut page = App::new(&sandbox);
    let origin = page.request(Method::GET, "/v1/client").header(header::ORIGIN, sandbox.clerk());
    assert_eq!(page.send(origin).await.refusal(), (400, "origin_invalid"));
    let plain = http().get(format!("{}/v1/client", sandbox.clerk()));
    assert_eq!(page.send(plain).await.refusal(), (400, "request_header_missing"));
    let twice = page.request(Method::GET, "/v1/client?limit=1&limit=2");
    assert_eq!(page.send(twice).await.refusal(), (400, "malformed_request_parameters"));

    let nobody = page.get("/v1/client").await;
    assert_eq!((nobody.status, &nobody.body), (200, &json!({"response": null, "client": null})));
}

#[tokio::test]
async fn what_the_operator_turned_off_is_refused_by_its_name() {
    let without_native = start(Options { events: 300, native_api: false, ..Options::default() }).await;
    let mut app = App::new(&without_native);
    assert_eq!(app.begin(&[]).await.refusal(), (400, "native_api_disabled"));
    assert_eq!(app.get("/v1/client").await.refusal(), (400, "native_api_disabled"));

    let without_organizations = start(Options { events: 300, organizations: false, ..Options::default() }).await;
    let (mut app, session) = App::signed_in(&without_organizations, "linus").await;
    let disabled = (403, "organization_not_enabled_in_instance");
    assert_eq!(app.get("/v1/me/organization_memberships").await.refusal(), disabled);
    assert_eq!(app.touch(&session, org(0)).await.refusal(), disabled);
    assert_eq!(app.touch(&session, "").await.status, 200);
    assert_eq!(app.get("/v1/me").await.body["response"]["organization_memberships"], json!([]));
}

#[tokio::test]
async fn touch_decides_whose_rows_the_token_is_for() {
    let hand = Hand::new();
    let sandbox = at(&hand).await;
    let (mut app, session) = App::signed_in(&sandbox, "linus").await;
    let template_token = async |app: &mut App| claims(&app.template_token(&session).await.body["jwt"]);
    let bound_to = |claims: &Value| {
        let scopes = claims["scopes"].as_array().expect("scopes").clone();
        let first = scopes[0]["fixed_params"]["org_id"].clone();
        assert!(scopes.len() >= 8 && scopes.iter().all(|scope| scope["fixed_params"]["org_id"] == first));
        first
    };
    let personal = template_token(&mut app).await;
    assert_eq!(bound_to(&personal), Value::Null, "nobody's rows before the first touch");
    assert_eq!(personal["name"], format!("perch:null:{}", person("linus").id));

    for (touched, organization) in [(org(2), org(2)), ("larkspur-books", org(1))] {
        let answer = app.touch(&session, touched).await;
        assert_eq!(answer.body["response"]["last_active_organization_id"], organization);
        let claims = template_token(&mut app).await;
        assert_eq!(bound_to(&claims), organization);
        assert_eq!((&claims["iat"], &claims["nbf"], &claims["exp"]), (&json!(NOW), &json!(NOW - 5), &json!(NOW + 60)));
        assert_eq!((&claims["iss"], &claims["sub"]), (&json!(sandbox.clerk()), &json!(person("linus").id)));
        assert_eq!((&claims["limits"]["rps"], &claims["workspace_id"]), (&json!(30), &json!(sandbox.workspace_id())));
        assert_eq!(claims["name"], format!("perch:{organization}:{}", person("linus").id));
        assert_eq!(claims["sid"], Value::Null);
    }
    let form = [("intent", "focus")];
    let focus = app.post(&format!("/v1/client/sessions/{session}/touch"), &form).await;
    assert_eq!(focus.body["response"]["last_active_organization_id"], org(1), "what is not said stays");
    assert_eq!(focus.body["client"], Value::Null);
    app.touch(&session, "").await;
    assert_eq!(bound_to(&template_token(&mut app).await), Value::Null);
}

#[tokio::test]
async fn an_organization_of_others_cannot_be_made_active() {
    let sandbox = small().await;
    let (mut app, session) = App::signed_in(&sandbox, "ada").await;
    for organization in [org(1), "larkspur-books", "org_nobody"] {
        let answer = app.touch(&session, organization).await;
        assert_eq!(answer.refusal(), (404, "organization_not_found_or_unauthorized"), "{organization}");
    }
    let form = [("organization_id", org(1))];
    let token = app.post(&format!("/v1/client/sessions/{session}/tokens"), &form).await;
    assert_eq!(token.refusal(), (404, "organization_not_found_or_unauthorized"));
    let form = [("intent", "steal_session")];
    let answer = app.post(&format!("/v1/client/sessions/{session}/touch"), &form).await;
    assert_eq!(answer.refusal(), (422, "form_param_value_invalid"));
    let unknown = app.post(&format!("/v1/client/sessions/{session}/tokens/nothing"), &[]).await;
    assert_eq!(unknown.refusal(), (404, "resource_not_found"));
}

#[tokio::test]
async fn a_membership_that_ended_is_gone_from_session_list_and_token() {
    let sandbox = small().await;
    let (mut app, session) = App::signed_in(&sandbox, "grace").await;
    app.touch(&session, org(1)).await;
    sandbox.end_membership("grace", org(1)).expect("removed");

    let token = claims(&app.template_token(&session).await.body["jwt"]);
    assert_eq!(token["scopes"][0]["fixed_params"]["org_id"], Value::Null);
    assert_eq!(app.touch(&session, org(1)).await.status, 404);
    let listed = app.get("/v1/me/organization_memberships?paginated=true").await;
    assert_eq!(listed.body["response"]["total_count"], 1);
    assert_eq!(listed.body["response"]["data"][0]["organization"]["id"], org(0));
    assert_eq!(app.touch(&session, org(0)).await.status, 200, "the session goes on for the others");
}

#[tokio::test]
async fn memberships_come_in_pages_with_roles_and_pictures() {
    let sandbox = small().await;
    let (mut app, session) = App::signed_in(&sandbox, "linus").await;
    let path = format!("/v1/me/organization_memberships?_clerk_session_id={session}");
    let whole = app.get(&path).await.body["response"].clone();
    let ids: Vec<&Value> = whole.as_array().expect("a list").iter().map(|one| &one["organization"]["id"]).collect();
    assert_eq!(ids, [org(0), org(1), org(2)]);
    assert_eq!((&whole[2]["role"], &whole[2]["role_name"]), (&json!("org:admin"), &json!("Admin")));
    for (number, organization) in organizations().iter().enumerate() {
        let told = &whole[number]["organization"];
        assert_eq!(told["has_image"], organization.has_image, "{}", organization.name);
        let picture = http().get(told["image_url"].as_str().expect("an address")).send().await.expect("a picture");
        assert_eq!(picture.headers()["content-type"], "image/png", "{}", organization.name);
    }
    assert_eq!(organizations().iter().filter(|organization| !organization.has_image).count(), 1);

    let page = app.get(&format!("{path}&paginated=true&limit=2&offset=1")).await.body["response"].clone();
    assert_eq!((&page["total_count"], page["data"].as_array().map(Vec::len)), (&json!(3), Some(2)));
    assert_eq!(page["data"][0]["organization"]["id"], org(1));
    for wrong in ["limit=0", "limit=501", "limit=x", "offset=-1"] {
        assert_eq!(app.get(&format!("{path}&{wrong}")).await.refusal(), (422, "form_param_value_invalid"), "{wrong}");
    }
}

#[tokio::test]
async fn pictures_are_different_and_always_the_same() {
    let sandbox = small().await;
    let bytes = async |path: &str| {
        let response = http().get(format!("{}{path}", sandbox.clerk())).send().await.expect("an answer");
        (response.status().as_u16(), response.bytes().await.expect("bytes"))
    };
    let path = |id: &str| format!("/pictures/{id}.png");
    let (status, harbor) = bytes(&path(org(0))).await;
    assert_eq!((status, &harbor[..8]), (200, &b"\x89PNG\r\n\x1a\n"[..]));
    assert_eq!(bytes(&path(org(0))).await.1, harbor);
    assert_ne!(bytes(&path(org(1))).await.1, harbor);
    assert_eq!(bytes("/pictures/org_nobody.png").await.0, 404);
    assert_eq!(bytes("/pictures/..%2Fstyle.css").await.0, 404);
}

#[tokio::test]
async fn an_ended_session_gives_nothing_and_a_removed_one_is_forgotten() {
    let sandbox = small().await;
    let (mut app, ended) = App::signed_in(&sandbox, "ada").await;
    let path = |session: &str, what: &str| format!("/v1/client/sessions/{session}{what}");
    let answer = app.post(&path(&ended, "/end"), &[]).await;
    assert_eq!((answer.status, &answer.body["response"]["status"]), (200, &json!("ended")));
    assert_eq!(sessions(&app.get("/v1/client").await.body["response"]), [(ended.as_str(), "ended")]);
    assert_eq!(app.post(&path(&ended, "/end"), &[]).await.refusal(), (400, "invalid_action_for_session"));
    for what in ["/touch", "/tokens", "/tokens/tinybird"] {
        assert_eq!(app.post(&path(&ended, what), &[]).await.refusal(), (404, "resource_not_found"), "{what}");
    }
    assert_eq!(app.get("/v1/me").await.refusal(), (401, "authentication_invalid"));

    let removed = app.sign_in("grace").await;
    assert_eq!(app.post(&path(&removed, "/remove"), &[]).await.body["response"]["status"], "removed");
    assert_eq!(app.get(&path(&removed, "")).await.refusal(), (404, "resource_not_found"));
    assert_eq!(app.get(&path(&ended, "")).await.body["response"]["status"], "ended");
    assert_eq!(app.get(&path("sess_of_nobody", "")).await.status, 404);

    app.sign_in("linus").await;
    let deleted = app.delete("/v1/client").await;
    assert_eq!((deleted.status, sessions(&deleted.body["response"])), (200, vec![]));
}

#[tokio::test]
async fn a_session_belongs_to_one_client() {
    let sandbox = small().await;
    let (mut app, session) = App::signed_in(&sandbox, "linus").await;
    let (mut elsewhere, other) = App::signed_in(&sandbox, "linus").await;
    for what in ["", "/touch", "/end", "/remove", "/tokens", "/tokens/tinybird"] {
        let path = format!("/v1/client/sessions/{session}{what}");
        let answer = if what.is_empty() { elsewhere.get(&path).await } else { elsewhere.post(&path, &[]).await };
        assert_eq!(answer.refusal(), (404, "resource_not_found"), "{what}");
    }
    let nobody = App::new(&sandbox).get(&format!("/v1/client/sessions/{session}")).await;
    assert_eq!(nobody.refusal(), (401, "authentication_invalid"));
    let named = elsewhere.get(&format!("/v1/me?_clerk_session_id={session}")).await;
    assert_eq!(named.refusal(), (401, "authentication_invalid"));

    // One person in two apps sees both, and can end the other.
    let listed = app.get("/v1/me/sessions/active").await.body;
    let ids: Vec<&Value> = listed.as_array().expect("a list").iter().map(|session| &session["id"]).collect();
    assert_eq!(ids, [&json!(session), &json!(other)]);
    let answer = app.post(&format!("/v1/me/sessions/{other}/revoke"), &[]).await;
    assert_eq!((answer.status, &answer.body["response"]["status"]), (200, &json!("revoked")));
    assert_eq!(elsewhere.get("/v1/me").await.status, 401);
    assert_eq!(app.get("/v1/me").await.body["response"]["id"], person("linus").id);
    let (_, stranger) = App::signed_in(&sandbox, "ada").await;
    assert_eq!(app.post(&format!("/v1/me/sessions/{stranger}/revoke"), &[]).await.status, 404);
}

#[tokio::test]
async fn two_people_and_the_same_person_again_in_one_app() {
    let sandbox = small().await;
    let (mut app, ada) = App::signed_in(&sandbox, "ada").await;
    let grace = app.sign_in("grace").await;
    let client = app.get("/v1/client").await.body["response"].clone();
    assert_eq!(sessions(&client), [(ada.as_str(), "active"), (grace.as_str(), "active")]);
    assert_eq!(app.get("/v1/me").await.body["response"]["id"], person("grace").id);
    let named = app.get(&format!("/v1/me?_clerk_session_id={ada}")).await;
    assert_eq!(named.body["response"]["id"], person("ada").id);

    let again = app.sign_in("ada").await;
    let client = app.get("/v1/client").await.body["response"].clone();
    assert_eq!(sessions(&client), [(grace.as_str(), "active"), (again.as_str(), "active")], "in the old one's place");
}

#[tokio::test]
async fn an_administrator_or_a_week_ends_sessions() {
    let hand = Hand::new();
    let sandbox = at(&hand).await;
    let (mut app, session) = App::signed_in(&sandbox, "ada").await;
    hand.pass(Duration::from_secs(7 * 86_400 - 1));
    assert_eq!(app.template_token(&session).await.status, 200);
    hand.pass(Duration::from_secs(1));
    assert_eq!(app.template_token(&session).await.status, 404);
    assert_eq!(sessions(&app.get("/v1/client").await.body["response"]), [(session.as_str(), "expired")]);

    let (mut app, session) = App::signed_in(&sandbox, "grace").await;
    sandbox.end_sessions().expect("ended");
    assert_eq!(app.template_token(&session).await.status, 404);
    assert_eq!(sessions(&app.get("/v1/client").await.body["response"]), [(session.as_str(), "revoked")]);
}

#[tokio::test]
async fn clients_and_sessions_outlive_a_restart_and_lie_in_no_file_as_they_are() {
    let data = tempfile::tempdir().expect("a folder");
    let options =
        |port| Options { clerk_port: port, data: Some(data.path().to_owned()), events: 300, ..Options::default() };
    let first = start(options(0)).await;
    let (mut app, session) = App::signed_in(&first, "linus").await;
    app.touch(&session, org(1)).await;
    let port = first.clerk().rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    first.stop().await;

    let rotating = claims(&json!(app.token))["rotating_token"].as_str().expect("a token").as_bytes().to_vec();
    for file in std::fs::read_dir(data.path()).expect("the folder") {
        let bytes = std::fs::read(file.expect("a file").path()).expect("its bytes");
        assert!(!bytes.windows(rotating.len()).any(|window| window == rotating));
    }
    let _second = start(options(port)).await;
    let token = claims(&app.template_token(&session).await.body["jwt"]);
    assert_eq!(token["scopes"][0]["fixed_params"]["org_id"], org(1));
}

#[tokio::test]
async fn the_portal_is_the_sign_in_page_of_the_app_that_asked() {
    let sandbox = small().await;
    let mut app = App::new(&sandbox);
    let url = app.begin(&[]).await.body["response"]["url"].as_str().expect("an address").to_owned();
    let path = url.strip_prefix(sandbox.clerk()).expect("an address of the portal");
    assert!(path.starts_with("/portal/"), "{path}");
    let mut browser = Browser::new(&sandbox);
    let page = browser.get(path).await;
    for element in ["id=\"email\"", "id=\"password\"", "id=\"sign-in\"", "id=\"cancel\"", "data-person=\"grace\""] {
        assert!(page.body.contains(element), "{element}");
    }
    let (ticket, csrf) = (page.hidden("ticket"), page.hidden("csrf"));
    let form = |email: &'static str, password: &'static str, csrf: &str| {
        [
            ("ticket", ticket.clone()),
            ("csrf", csrf.to_owned()),
            ("email", email.to_owned()),
            ("password", password.to_owned()),
        ]
    };
    let send = async |browser: &mut Browser, form: &[(&str, String)]| {
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.post("/portal/sign-in", &form).await
    };
    let grace = person("grace");
    let wrong = send(&mut browser, &form(grace.email, "a-wrong-password", &csrf)).await;
    assert_eq!((wrong.status.as_u16(), wrong.body.contains("id=\"error\"")), (422, true));
    assert_eq!(send(&mut browser, &form(grace.email, grace.password, "AAAA")).await.status, 403);
    let right = send(&mut browser, &form(grace.email, grace.password, &csrf)).await;
    let link = right.location.expect("the way back");
    assert!(right.status == 303 && link.starts_with("perch://callback?") && link.contains(STATE), "{link}");

    // A browser that did not go there finds the way again, and another does not.
    for page in [&right.body, &browser.get(path).await.body] {
        assert!(page.contains("id=\"return\"") && page.contains(&link.replace('&', "&amp;")), "{page}");
    }
    assert_eq!(Browser::new(&sandbox).get(path).await.status, 403);
    // The browser is signed in as they are.
    let consent = browser.open(&query(&sandbox, &[])).await;
    assert!(consent.body.contains("Grace Okafor"));
}

#[tokio::test]
async fn who_cancels_on_the_portal_is_not_signed_in() {
    let sandbox = small().await;
    let mut app = App::new(&sandbox);
    let url = app.begin(&[]).await.body["response"]["url"].as_str().expect("an address").to_owned();
    let path = url.strip_prefix(sandbox.clerk()).expect("an address of the portal");
    let mut browser = Browser::new(&sandbox);
    let page = browser.get(path).await;
    let form = [("ticket", page.hidden("ticket")), ("csrf", page.hidden("csrf")), ("action", "cancel".to_owned())];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let cancelled = browser.post("/portal/sign-in", &form).await;
    assert!(cancelled.body.contains("id=\"cancelled\"") && cancelled.location.is_none());
    assert_eq!(browser.get(path).await.status, 403);
    assert_eq!(browser.get("/portal/sign-in?ticket=made-up").await.status, 403);
}

#[tokio::test]
async fn the_hosted_connection_file_is_one_that_perch_reads() {
    let sandbox = small().await;
    let connection = Connection::parse(&sandbox.hosted_connection_toml()).expect("a connection");
    assert_eq!(connection.clerk.issuer.as_str(), sandbox.clerk());
    assert_eq!(connection.clerk.sign_in, SignInMethod::Hosted);
    assert_eq!(connection.tinybird.host.as_str(), sandbox.tinybird());
    let TokenSource::ClerkTemplate { template_name, .. } = &connection.token else { panic!("a template of Clerk's") };
    assert_eq!(&**template_name, "tinybird");
    assert!(sandbox.hosted_connection_toml().contains(&sandbox.publishable_key()));
}
