//! The pages: who signs in, what they are asked, and what `prompt` changes.

use serde_json::Value;

use crate::browser::{Browser, STATE, code, person, query, redeem, text, userinfo};
use crate::{org, small};

#[tokio::test]
async fn each_person_chooses_among_their_own_organizations_only() {
    let sandbox = small().await;
    for (handle, memberships) in [("noor", 0), ("ada", 1), ("grace", 2), ("linus", 3)] {
        let mut browser = Browser::new(&sandbox);
        let page = browser.open(&query(&sandbox, &[])).await;
        let page = browser.sign_in(&page, person(handle)).await;
        let offered = (0..3).filter(|number| page.body.contains(&format!("value=\"{}\"", org(*number)))).count();
        assert_eq!(offered, memberships, "{handle}");
        assert_eq!(page.body.matches(" checked").count(), memberships.min(1), "{handle}");
    }
}

#[tokio::test]
async fn an_organization_of_others_is_refused_though_the_form_says_so() {
    let sandbox = small().await;
    let mut browser = Browser::new(&sandbox);
    let page = browser.open(&query(&sandbox, &[])).await;
    let consent = browser.sign_in(&page, person("ada")).await;
    for organization in [org(1), "org_nobody", ""] {
        let page = browser.allow(&consent, organization).await;
        assert_eq!((page.status.as_u16(), page.location), (400, None), "{organization}");
    }
    assert!(browser.allow(&consent, org(0)).await.answered("code").is_some());
}

#[tokio::test]
async fn without_the_scope_nobody_is_asked_for_an_organization() {
    let sandbox = small().await;
    let mut browser = Browser::new(&sandbox);
    let page = browser.open(&query(&sandbox, &[("scope", "openid profile")])).await;
    let page = browser.sign_in(&page, person("grace")).await;
    assert!(!page.body.contains("name=\"organization\""));
    assert!(browser.allow(&page, "").await.answered("code").is_some());
}

#[tokio::test]
async fn cancel_is_told_to_the_app_from_both_pages() {
    let sandbox = small().await;
    let mut browser = Browser::new(&sandbox);
    for (path, action) in [("/sign-in", "cancel"), ("/consent", "deny")] {
        let mut page = browser.open(&query(&sandbox, &[("prompt", "login")])).await;
        if path == "/consent" {
            page = browser.sign_in(&page, person("ada")).await;
        }
        let (flow, csrf) = (page.hidden("flow"), page.hidden("csrf"));
        let answer = browser.post(path, &[("flow", &flow), ("csrf", &csrf), ("action", action)]).await;
        assert_eq!(answer.answered("error").as_deref(), Some("access_denied"), "{path}");
        assert_eq!(answer.answered("state").as_deref(), Some(STATE));
        assert_eq!(answer.answered("code"), None);
    }
}

#[tokio::test]
async fn a_wrong_password_signs_nobody_in() {
    let sandbox = small().await;
    let mut browser = Browser::new(&sandbox);
    let page = browser.open(&query(&sandbox, &[])).await;
    let (flow, csrf) = (page.hidden("flow"), page.hidden("csrf"));
    for password in ["", "grace-likes-novels"] {
        let form = [("flow", flow.as_str()), ("csrf", &csrf), ("email", "ada@harbor.example"), ("password", password)];
        let page = browser.post("/sign-in", &form).await;
        assert_eq!(page.status, 422);
        assert!(page.body.contains("id=\"error\""));
        assert_eq!(page.cookie, None);
    }
}

#[tokio::test]
async fn who_agreed_before_is_not_asked_again_unless_the_app_insists() {
    let sandbox = small().await;
    let mut browser = Browser::new(&sandbox);
    let page = browser.open(&query(&sandbox, &[])).await;
    let page = browser.sign_in(&page, person("grace")).await;
    browser.allow(&page, org(1)).await;

    let again = browser.open(&query(&sandbox, &[])).await;
    assert!(again.answered("code").is_some());
    let silent = browser.open(&query(&sandbox, &[("prompt", "none")])).await;
    assert!(silent.answered("code").is_some());

    let consent = browser.open(&query(&sandbox, &[("prompt", "consent")])).await;
    assert!(consent.body.contains("id=\"allow\""));
    let login = browser.open(&query(&sandbox, &[("prompt", "login")])).await;
    assert!(login.body.contains("id=\"sign-in\""));
    // The flow of a forced sign-in cannot be walked around by its address.
    let around = browser.get(&format!("/consent?flow={}", login.hidden("flow"))).await;
    assert!(around.location.is_some_and(|location| location.starts_with("/sign-in")));
}

#[tokio::test]
async fn prompt_none_tells_what_it_would_have_had_to_ask() {
    let sandbox = small().await;
    let mut browser = Browser::new(&sandbox);
    let nobody = browser.open(&query(&sandbox, &[("prompt", "none")])).await;
    assert_eq!(nobody.answered("error").as_deref(), Some("login_required"));

    let page = browser.open(&query(&sandbox, &[])).await;
    browser.sign_in(&page, person("ada")).await;
    let undecided = browser.open(&query(&sandbox, &[("prompt", "none")])).await;
    assert_eq!(undecided.answered("error").as_deref(), Some("consent_required"));
}

#[tokio::test]
async fn another_account_can_be_used_without_starting_again() {
    let sandbox = small().await;
    let mut browser = Browser::new(&sandbox);
    let page = browser.open(&query(&sandbox, &[])).await;
    let page = browser.sign_in(&page, person("ada")).await;
    let (flow, csrf) = (page.hidden("flow"), page.hidden("csrf"));
    let page = browser.post("/switch-account", &[("flow", &flow), ("csrf", &csrf)]).await;
    let page = browser.follow(page).await;
    let page = browser.sign_in(&page, person("linus")).await;
    assert!(page.body.contains("Linus Bergström"));
    assert!(browser.allow(&page, org(2)).await.answered("code").is_some());
}

#[tokio::test]
async fn a_form_from_another_site_or_browser_is_refused() {
    let sandbox = small().await;
    let mut victim = Browser::new(&sandbox);
    let page = victim.open(&query(&sandbox, &[])).await;
    let consent = victim.sign_in(&page, person("ada")).await;
    let (flow, csrf) = (consent.hidden("flow"), consent.hidden("csrf"));
    let with = |proof: &'static str| [("organization", org(0)), ("action", "allow"), ("csrf", proof)];

    // Another site can make the victim's browser post, and cannot read the proof.
    for proof in ["", "AAAA", "not base64!"] {
        let mut form = with(proof).to_vec();
        form.push(("flow", &flow));
        assert_eq!(victim.post("/consent", &form).await.status, 403, "{proof}");
    }
    // An attacker's own browser has a proof of its own, for another flow.
    let mut attacker = Browser::new(&sandbox);
    let own = attacker.open(&query(&sandbox, &[])).await.hidden("csrf");
    for proof in [&own, &csrf] {
        let form = [("organization", org(0)), ("action", "allow"), ("csrf", proof), ("flow", &flow)];
        assert_eq!(attacker.post("/consent", &form).await.status, 403);
    }
    assert_eq!(attacker.get(&format!("/consent?flow={flow}")).await.status, 403);
}

#[tokio::test]
async fn a_cookie_planted_before_sign_in_is_worth_nothing_after() {
    let sandbox = small().await;
    let mut browser = Browser::new(&sandbox);
    let page = browser.open(&query(&sandbox, &[])).await;
    let planted = browser.cookie.clone();
    browser.sign_in(&page, person("ada")).await;
    assert_ne!(browser.cookie, planted);

    let mut attacker = Browser::new(&sandbox);
    attacker.cookie = planted;
    let answer = attacker.open(&query(&sandbox, &[("prompt", "none")])).await;
    assert_eq!(answer.answered("error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn a_consent_sent_twice_gives_one_code() {
    let sandbox = small().await;
    let mut browser = Browser::new(&sandbox);
    let page = browser.open(&query(&sandbox, &[])).await;
    let page = browser.sign_in(&page, person("ada")).await;
    assert!(browser.allow(&page, org(0)).await.answered("code").is_some());
    assert_eq!(browser.allow(&page, org(0)).await.status, 403);
}

#[tokio::test]
async fn what_is_shown_is_escaped_and_says_that_it_is_a_stand_in() {
    let sandbox = small().await;
    let mut browser = Browser::new(&sandbox);
    let page = browser.open(&query(&sandbox, &[])).await;
    let (flow, csrf) = (page.hidden("flow"), page.hidden("csrf"));
    let markup = "\"><script>alert(1)</script>@x.example";
    let form = [("flow", flow.as_str()), ("csrf", &csrf), ("email", markup), ("password", "x")];
    let page = browser.post("/sign-in", &form).await;
    assert!(!page.body.contains("<script"));
    assert!(page.body.contains("&lt;script&gt;"));
    assert!(page.body.contains("a stand-in for Clerk, not Clerk"));

    let page = browser.sign_in(&page, person("linus")).await;
    assert!(page.body.contains("Juniper &amp; Pine"));
    assert!(page.body.contains("a stand-in for Clerk, not Clerk"));
}

#[tokio::test]
async fn pages_forbid_scripts_frames_and_caches() {
    let sandbox = small().await;
    let response = crate::http().get(sandbox.clerk()).send().await.expect("a page");
    let header = |name: &str| response.headers()[name].to_str().expect("text").to_owned();
    assert!(header("content-security-policy").starts_with("default-src 'none'"));
    assert!(header("content-security-policy").contains("frame-ancestors 'none'"));
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("referrer-policy"), "no-referrer");
    assert!(!response.headers().contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn the_cookie_is_for_the_browser_alone() {
    let sandbox = small().await;
    let page = Browser::new(&sandbox).get(&format!("/oauth/authorize?{}", query(&sandbox, &[]))).await;
    let cookie = page.cookie.expect("a cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
}

#[tokio::test]
async fn an_organization_that_somebody_was_removed_from_is_not_offered() {
    let sandbox = small().await;
    let mut browser = Browser::new(&sandbox);
    let page = browser.open(&query(&sandbox, &[])).await;
    let page = browser.sign_in(&page, person("grace")).await;
    assert!(browser.allow(&page, org(1)).await.answered("code").is_some());
    sandbox.end_membership("grace", org(1)).expect("removed");

    // Asked again, although she had agreed: what she chose is not there any more.
    let page = browser.open(&query(&sandbox, &[])).await;
    let offers = |number| page.body.contains(&format!("value=\"{}\"", org(number)));
    assert_eq!([offers(0), offers(1), offers(2)], [true, false, false]);
    assert_eq!(page.body.matches(" checked").count(), 1);
    assert_eq!(browser.allow(&page, org(1)).await.status, 400, "though the form says so");
    assert!(browser.allow(&page, org(0)).await.answered("code").is_some());
    let mut linus = Browser::new(&sandbox);
    let page = linus.open(&query(&sandbox, &[])).await;
    assert!(linus.sign_in(&page, person("linus")).await.body.contains(org(1)), "others stay");
}

#[tokio::test]
async fn who_belongs_nowhere_signs_in_for_no_organization() {
    let sandbox = small().await;
    sandbox.end_membership(person("ada").id, org(0)).expect("removed");
    for handle in ["ada", "noor"] {
        let mut browser = Browser::new(&sandbox);
        let page = browser.open(&query(&sandbox, &[])).await;
        let page = browser.sign_in(&page, person(handle)).await;
        assert!(!page.body.contains("name=\"organization\""), "{handle}");
        let code = browser.allow(&page, "").await.answered("code").expect("a code");
        let (status, tokens) = redeem(&sandbox, &code, &[]).await;
        assert_eq!(status, 200, "{tokens}");
        let (status, claims) = userinfo(&sandbox, &text(&tokens, "access_token")).await;
        assert_eq!((status, &claims["org_id"]), (200, &Value::Null), "{handle}");
        assert_eq!(claims["picture"].is_string(), person(handle).has_image, "{handle}");
    }
}

#[tokio::test]
async fn codes_are_never_the_same() {
    let sandbox = small().await;
    assert_ne!(code(&sandbox, "ada", org(0)).await, code(&sandbox, "ada", org(0)).await);
}
