//! The scopes that a connection asks for, and those that Clerk grants.

use perch_clerk::{ClerkError, Prompt, SignIn};
use serde_json::Value;

use crate::browser::{begin, open, parameter, sign_in, sign_in_at_provider};
use crate::provider::{Clerk, oauth_error};

/// What a sign-in that asks for `asked` comes to when the token endpoint says
/// that it granted `granted`.
async fn granted(asked: &[&str], granted: &'static str) -> Result<(), ClerkError> {
    let clerk = Clerk::start().await;
    let provider = clerk.discover_for(asked).await;
    clerk.bend(|bent| bent.tokens = Some(Box::new(move |tokens| tokens["scope"] = granted.into())));
    sign_in(&provider).await.0.map(|_| ())
}

const ASKED: [&str; 5] = ["openid", "profile", "email", "offline_access", "user:org:read"];

#[tokio::test]
async fn the_scopes_are_asked_for_as_the_connection_file_names_them() {
    let clerk = Clerk::start().await;
    let scopes = ["offline_access", "openid", "public_metadata", "acme:reports:read"];
    let provider = clerk.discover_for(&scopes).await;
    let sign_in = SignIn::begin(&provider, Prompt::Default).await.expect("a listener");
    assert_eq!(parameter(sign_in.url(), "scope"), scopes.join(" "));
}

#[tokio::test]
async fn the_organizations_scope_is_named_when_it_was_not_granted() {
    for told in ["openid profile email offline_access", "openid offline_access user:org:reader", ""] {
        let refused = granted(&ASKED, told).await.expect_err(told);
        assert!(matches!(refused, ClerkError::ScopeMissing { scope: "user:org:read" }), "{told}: {refused}");
        assert!(refused.to_string().contains("user:org:read"), "{refused}");
        assert!(refused.next_step().contains("turn on organizations"), "{}", refused.next_step());
    }
}

#[tokio::test]
async fn a_scope_that_shows_in_what_it_brings_is_named_when_that_is_missing() {
    for (member, missing) in [("id_token", "openid"), ("refresh_token", "offline_access")] {
        let (clerk, provider) = Clerk::discovered().await;
        clerk.bend(|bent| {
            bent.tokens = Some(Box::new(move |tokens| {
                tokens.as_object_mut().expect("an object").remove(member);
            }));
        });
        let refused = sign_in(&provider).await.0.expect_err(missing);
        assert!(matches!(refused, ClerkError::ScopeMissing { scope } if scope == missing), "{member}: {refused}");
    }
    // Clerk's own example tells no `offline_access` beside a refresh token.
    assert!(granted(&ASKED, "openid profile email user:org:read").await.is_ok());
}

#[tokio::test]
async fn other_scopes_may_be_missing_or_more() {
    assert!(granted(&ASKED, "user:org:read offline_access openid").await.is_ok());
    assert!(granted(&ASKED, "openid profile email offline_access user:org:read more").await.is_ok());
    // Nobody asked for the organization: this connection's tenants are people.
    assert!(granted(&["openid", "offline_access"], "openid offline_access").await.is_ok());
}

#[tokio::test]
async fn a_refused_scope_says_that_organizations_may_be_off_where_one_was_asked_for() {
    let clerk = Clerk::start().await;
    clerk.bend(|bent| bent.token_answer = Some(Box::new(|| oauth_error(400, "invalid_scope"))));
    for (scopes, organization) in [(&ASKED[..], true), (&ASKED[..4], false)] {
        let provider = clerk.discover_for(scopes).await;
        let at_token_endpoint = sign_in(&provider).await.0.expect_err("refused");

        let waiting = begin(&provider).await;
        let mut callback = sign_in_at_provider(&waiting.url).await;
        let state = parameter(&callback, "state");
        callback.query_pairs_mut().clear().append_pair("error", "invalid_scope").append_pair("state", &state);
        open(&callback).await.expect("a page");
        let at_authorization = waiting.flow.await.expect("no panic").expect_err("refused");

        for refused in [at_token_endpoint, at_authorization] {
            assert_eq!(refused.code(), "scope-refused");
            assert_eq!(refused.to_string().contains("organizations may be turned off"), organization, "{refused}");
            assert_eq!(refused.next_step().contains("turn on organizations"), organization);
        }
    }
}

#[tokio::test]
async fn an_access_token_is_never_parsed() {
    // A JWT to look at, and none; a JWT for another organization; the characters of RFC 6750 §2.1.
    let not_ours = "eyJhbGciOiJub25lIn0.eyJvcmdfaWQiOiJvcmdfb3RoZXIiLCJleHAiOjF9.";
    for token in ["oat_2x", "eyJ.broken.jwt", not_ours, "a-b.c_d~e+f/g=="] {
        let (clerk, provider) = Clerk::discovered().await;
        clerk.bend(|bent| {
            bent.tokens = Some(Box::new(move |tokens: &mut Value| tokens["access_token"] = token.into()));
        });
        let signed_in = sign_in(&provider).await.0.expect(token);
        assert_eq!(signed_in.organization.map(|it| it.id).as_deref(), Some("org_acme"));
        assert_eq!(signed_in.session.who(&provider).await.expect("who").0.id, "user_ada");
    }
}
