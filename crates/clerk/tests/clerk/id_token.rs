//! ID tokens that must not be believed, each in a whole sign-in.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use perch_clerk::{ClerkError, IdTokenError, Provider};
use serde_json::{Value, json};

use crate::browser::sign_in;
use crate::provider::{Bent, CLIENT_ID, Clerk, now, rsa_key};

/// Signs in at a provider bent like this, and says why it failed.
async fn refused(bend: impl FnOnce(&Clerk, &mut Bent)) -> IdTokenError {
    let (clerk, provider) = Clerk::discovered().await;
    clerk.bend(|bent| bend(&clerk, bent));
    reason(&provider).await
}

async fn reason(provider: &Provider) -> IdTokenError {
    match sign_in(provider).await.0 {
        Err(ClerkError::IdToken(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

fn claims(change: impl Fn(&mut Value) + Send + 'static) -> impl FnOnce(&Clerk, &mut Bent) {
    move |_, bent| bent.claims = Some(Box::new(change))
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[tokio::test]
async fn an_unsigned_token() {
    let reason = refused(|_, bent| {
        bent.sign = Some(Box::new(|_, claims| {
            format!("{}.{}.", part(&json!({"alg": "none", "typ": "JWT", "kid": "ins_1"})), part(claims))
        }));
    });
    assert_eq!(reason.await, IdTokenError::Algorithm);
}

#[tokio::test]
async fn a_token_signed_with_the_public_key_as_a_secret() {
    let reason = refused(|clerk, bent| {
        let modulus = clerk.public_key()["n"].as_str().expect("a modulus").to_owned();
        bent.sign = Some(Box::new(move |_, claims| {
            let header = Header { kid: Some("ins_1".to_owned()), ..Header::new(Algorithm::HS256) };
            let key = EncodingKey::from_secret(modulus.as_bytes());
            jsonwebtoken::encode(&header, claims, &key).expect("signed")
        }));
    });
    assert_eq!(reason.await, IdTokenError::Algorithm);
}

#[tokio::test]
async fn a_token_signed_with_another_key_under_the_same_id() {
    let reason = refused(|_, bent| {
        let (key, _) = rsa_key("ins_1");
        bent.sign = Some(Box::new(move |header, claims| jsonwebtoken::encode(header, claims, &key).expect("signed")));
    });
    assert_eq!(reason.await, IdTokenError::Signature);
}

#[tokio::test]
async fn a_token_whose_claims_were_changed_after_signing() {
    let (clerk, provider) = Clerk::discovered().await;
    let (key, jwk) = rsa_key("ins_1");
    clerk.bend(|bent| {
        bent.keys = Some(Box::new(move |keys| keys["keys"] = json!([jwk])));
        bent.sign = Some(Box::new(move |header, claims| {
            let signed = jsonwebtoken::encode(header, claims, &key).expect("signed");
            let mut parts: Vec<_> = signed.split('.').map(str::to_owned).collect();
            let mut changed = claims.clone();
            changed["sub"] = "user_grace".into();
            parts[1] = part(&changed);
            parts.join(".")
        }));
    });
    assert_eq!(reason(&provider).await, IdTokenError::Signature);
}

#[tokio::test]
async fn a_key_that_clerk_does_not_have_or_has_for_another_use() {
    let unknown = refused(|_, bent| bent.header = Some(Box::new(|header| header.kid = Some("ins_9".to_owned()))));
    assert_eq!(unknown.await, IdTokenError::UnknownKey);
    let unnamed = refused(|_, bent| bent.header = Some(Box::new(|header| header.kid = None)));
    assert_eq!(unnamed.await, IdTokenError::UnknownKey);
    let encrypting = refused(|_, bent| bent.keys = Some(Box::new(|keys| keys["keys"][0]["use"] = "enc".into())));
    assert_eq!(encrypting.await, IdTokenError::UnknownKey);
}

#[tokio::test]
async fn an_access_token_in_its_place() {
    for kind in ["at+jwt", "application/at+jwt"] {
        let reason = refused(move |_, bent| {
            bent.header = Some(Box::new(move |header| header.typ = Some(kind.to_owned())));
        });
        assert_eq!(reason.await, IdTokenError::Type);
    }
}

#[tokio::test]
async fn a_token_with_an_extension_that_must_be_understood() {
    let reason = refused(|_, bent| bent.header = Some(Box::new(|header| header.crit = Some(vec!["b64".to_owned()]))));
    assert_eq!(reason.await, IdTokenError::Malformed);
}

#[tokio::test]
async fn a_token_of_another_issuer() {
    assert_eq!(
        refused(claims(|claims| claims["iss"] = "https://clerk.evil.example".into())).await,
        IdTokenError::Issuer
    );
}

#[tokio::test]
async fn a_token_for_another_application() {
    for audience in [
        json!({"aud": "oauth_app_2"}),
        json!({"aud": ["oauth_app_2", "oauth_app_3"], "azp": CLIENT_ID}),
        json!({"aud": [CLIENT_ID, "oauth_app_2"]}),
        json!({"aud": [CLIENT_ID, "oauth_app_2"], "azp": "oauth_app_2"}),
        json!({"aud": CLIENT_ID, "azp": "oauth_app_2"}),
        json!({"aud": []}),
    ] {
        let said = audience.to_string();
        let reason = refused(claims(move |claims| {
            for (name, value) in audience.as_object().expect("an object") {
                claims[name] = value.clone();
            }
        }));
        assert_eq!(reason.await, IdTokenError::Audience, "{said}");
    }
}

#[tokio::test]
async fn a_token_for_several_applications_that_was_issued_to_this_one_is_fine() {
    let (clerk, provider) = Clerk::discovered().await;
    clerk.bend(|bent| {
        bent.claims = Some(Box::new(|claims| {
            claims["aud"] = json!(["oauth_app_2", CLIENT_ID]);
            claims["azp"] = CLIENT_ID.into();
        }));
    });
    assert!(sign_in(&provider).await.0.is_ok());
}

#[tokio::test]
async fn a_token_of_another_time() {
    let expired = refused(claims(|claims| claims["exp"] = (now() - 62).into()));
    assert_eq!(expired.await, IdTokenError::Expired);
    let future = refused(claims(|claims| claims["iat"] = (now() + 120).into()));
    assert_eq!(future.await, IdTokenError::FromFuture);
}

#[tokio::test]
async fn clocks_may_be_a_minute_apart() {
    let (clerk, provider) = Clerk::discovered().await;
    clerk.bend(|bent| {
        bent.claims = Some(Box::new(|claims| {
            claims["iat"] = (now() + 50).into();
            claims["exp"] = (now() - 50).into();
        }));
    });
    assert!(sign_in(&provider).await.0.is_ok());
}

#[tokio::test]
async fn a_wrong_clock_is_named_and_by_how_much() {
    let (clerk, provider) = Clerk::discovered().await;
    // Clerk lives an hour later than this computer: its `Date` says so too.
    let (key, jwk) = rsa_key("ins_1");
    let origin = clerk.origin().to_owned();
    clerk.bend(|bent| {
        bent.keys = Some(Box::new(move |keys| keys["keys"] = json!([jwk])));
        bent.token_answer = Some(Box::new(move || {
            let header = Header { kid: Some("ins_1".to_owned()), ..Header::new(Algorithm::RS256) };
            let claims = json!({
                "iss": origin, "sub": "user_ada", "aud": CLIENT_ID, "iat": now() + 3_600, "exp": now() + 90_000,
            });
            let id_token = jsonwebtoken::encode(&header, &claims, &key).expect("signed");
            let date = httpdate(now() + 3_600);
            let tokens =
                json!({"access_token": "a", "token_type": "Bearer", "refresh_token": "r", "id_token": id_token});
            axum::response::IntoResponse::into_response(([("date", date)], axum::Json(tokens)))
        }));
    });
    let refused = sign_in(&provider).await.0.expect_err("refused");
    assert!(matches!(refused, ClerkError::ClockSkew { seconds: -3_605..=-3_590, .. }), "{refused:?}");
    assert!(refused.to_string().contains("60 minutes behind") || refused.to_string().contains("61 minutes behind"));
}

fn httpdate(seconds: u64) -> String {
    httpdate::fmt_http_date(std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds))
}

#[tokio::test]
async fn a_token_of_another_sign_in() {
    assert_eq!(refused(claims(|claims| claims["nonce"] = "another".into())).await, IdTokenError::Nonce);
    let without = claims(|claims| {
        claims.as_object_mut().expect("an object").remove("nonce");
    });
    assert_eq!(refused(without).await, IdTokenError::Nonce);
}

/// `at_hash` of an access token (OpenID Connect Core §3.1.3.6).
fn hash_of(access_token: &str) -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, access_token.as_bytes());
    URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16])
}

#[tokio::test]
async fn a_token_of_another_access_token() {
    for hash in [hash_of("opaque-access-of-somebody-else"), String::new(), "not a hash".to_owned()] {
        let reason = refused(claims(move |claims| claims["at_hash"] = hash.clone().into()));
        assert_eq!(reason.await, IdTokenError::AccessToken);
    }
    assert_eq!(refused(claims(|claims| claims["at_hash"] = 7.into())).await, IdTokenError::Malformed);
}

#[tokio::test]
async fn a_token_of_the_access_token_that_came_with_it_is_fine() {
    let (clerk, provider) = Clerk::discovered().await;
    clerk.bend(|bent| {
        bent.tokens = Some(Box::new(|tokens| tokens["access_token"] = "oat_1".into()));
        bent.claims = Some(Box::new(|claims| claims["at_hash"] = hash_of("oat_1").into()));
    });
    assert!(sign_in(&provider).await.0.is_ok());
    clerk.bend(|bent| bent.claims = Some(Box::new(|claims| claims["at_hash"] = Value::Null)));
    assert!(sign_in(&provider).await.0.is_ok());
}

#[tokio::test]
async fn a_token_without_what_it_must_say() {
    for missing in ["sub", "aud", "exp", "iat"] {
        let without = claims(move |claims| {
            claims.as_object_mut().expect("an object").remove(missing);
        });
        assert_eq!(refused(without).await, IdTokenError::Malformed, "{missing}");
    }
    for text in ["", "x", "a.b.c", "....", "eyJhbGciOiJSUzI1NiJ9"] {
        let reason = refused(move |_, bent| bent.sign = Some(Box::new(move |_, _| text.to_owned()))).await;
        assert!(matches!(reason, IdTokenError::Malformed | IdTokenError::Algorithm), "{text}: {reason:?}");
    }
}
