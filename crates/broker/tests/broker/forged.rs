//! Tokens that Clerk did not sign, or not for here.

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use perch_sandbox::{Options, organizations};
use serde_json::{Value, json};

use crate::world::{World, http, person, text};

/// The claims that Clerk would give Ada now.
fn claims(world: &World) -> Value {
    let now = world.hand.now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
    json!({
        "iss": world.sandbox.clerk(), "client_id": world.sandbox.client_id(), "sub": person("ada"), "jti": "oat_forged",
        "iat": now, "nbf": now, "exp": now + 86_400, "scope": "openid user:org:read", "org_id": organizations()[0].id,
    })
}

/// The instance's published key.
async fn published(world: &World) -> Value {
    let address = format!("{}/.well-known/jwks.json", world.sandbox.clerk());
    let set: Value = http().get(address).send().await.expect("an answer").json().await.expect("keys");
    set["keys"][0].clone()
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn header(algorithm: Algorithm, kind: &str, kid: &str) -> Header {
    let mut header = Header::new(algorithm);
    header.typ = Some(kind.to_owned());
    header.kid = Some(kid.to_owned());
    header
}

/// A key of somebody else's.
fn another_key() -> EncodingKey {
    let key = KeyPair::generate(KeySize::Rsa2048).expect("a key");
    let der: Pkcs8V1Der<'_> = key.as_der().expect("its form");
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der.as_ref()));
    EncodingKey::from_rsa_pem(pem.as_bytes()).expect("a key")
}

#[tokio::test]
async fn an_unsigned_token_is_refused() {
    let world = World::new().await;
    let broker = world.broker("").await;
    let kid = text(&published(&world).await, "kid");
    for algorithm in ["none", "None", "NONE", "nOnE"] {
        let head = part(&json!({"alg": algorithm, "typ": "at+jwt", "kid": kid}));
        for signature in ["", "AA"] {
            let answer = broker.token(&format!("{head}.{}.{signature}", part(&claims(&world)))).await;
            assert_eq!(answer.refusal(), (401, "access-token-algorithm"), "{algorithm}");
        }
    }
    let good = world.access_token("ada", "harbor-coffee").await;
    let (signed, _) = good.rsplit_once('.').expect("a signature");
    assert_eq!(broker.token(&format!("{signed}.")).await.refusal(), (401, "access-token-signature"));
}

#[tokio::test]
async fn the_public_key_is_no_secret_to_sign_with() {
    let world = World::new().await;
    let broker = world.broker("").await;
    let key = published(&world).await;
    let modulus = text(&key, "n");
    let bytes = URL_SAFE_NO_PAD.decode(&modulus).expect("a modulus");
    for secret in [modulus.as_bytes(), bytes.as_slice(), key.to_string().as_bytes()] {
        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            let head = header(algorithm, "at+jwt", &text(&key, "kid"));
            let forged = jsonwebtoken::encode(&head, &claims(&world), &EncodingKey::from_secret(secret));
            let answer = broker.token(&forged.expect("a token")).await;
            assert_eq!(answer.refusal(), (401, "access-token-algorithm"));
        }
    }
}

#[tokio::test]
async fn another_key_does_not_sign_under_clerks_name_nor_under_its_own() {
    let world = World::new().await;
    let broker = world.broker("").await;
    let (key, kid) = (another_key(), text(&published(&world).await, "kid"));
    // Clerk was asked for its keys at the start, and may be asked again.
    world.hand.pass(std::time::Duration::from_secs(60));
    for (kid, code) in [(kid.as_str(), "access-token-signature"), ("ins_another", "access-token-unknown-key")] {
        let forged = jsonwebtoken::encode(&header(Algorithm::RS256, "at+jwt", kid), &claims(&world), &key);
        assert_eq!(broker.token(&forged.expect("a token")).await.refusal(), (401, code));
    }
    // RS384 by the right name is not what Clerk signs with.
    let forged = jsonwebtoken::encode(&header(Algorithm::RS384, "at+jwt", &kid), &claims(&world), &key);
    assert_eq!(broker.token(&forged.expect("a token")).await.refusal(), (401, "access-token-algorithm"));
}

#[tokio::test]
async fn a_good_token_with_other_claims_is_refused() {
    let world = World::new().await;
    let broker = world.broker("").await;
    let good = world.access_token("ada", "harbor-coffee").await;
    let parts: Vec<&str> = good.split('.').collect();
    let mut claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).expect("claims")).expect("claims");
    claims["org_id"] = json!(organizations()[2].id);
    let forged = format!("{}.{}.{}", parts[0], part(&claims), parts[2]);
    assert_eq!(broker.token(&forged).await.refusal(), (401, "access-token-signature"));
}

#[tokio::test]
async fn another_instances_token_is_refused() {
    let (world, other) = (World::new().await, World::new().await);
    let broker = world.broker("").await;
    let theirs = other.access_token("ada", "harbor-coffee").await;
    world.hand.pass(std::time::Duration::from_secs(60));
    assert_eq!(broker.token(&theirs).await.refusal(), (401, "access-token-unknown-key"));
}

#[tokio::test]
async fn another_issuers_token_is_refused_though_the_key_is_the_same() {
    let data = tempfile::tempdir().expect("a folder");
    let options = || Options { data: Some(data.path().to_owned()), ..Options::default() };
    let world = World::with(options()).await;
    let other = World::with(options()).await;
    let broker = world.broker("").await;
    let theirs = other.access_token("ada", "harbor-coffee").await;
    assert_eq!(broker.token(&theirs).await.refusal(), (401, "access-token-issuer"));
    let own = world.access_token("ada", "harbor-coffee").await;
    world.admit(broker.token(&own).await.token(), "ada", "harbor-coffee");
}

#[tokio::test]
async fn a_stream_of_unknown_keys_does_not_become_a_stream_of_questions() {
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = std::sync::Arc::clone(&asked);
    let witness = perch_sandbox::Witness::new(move |request, next| {
        if request.uri().path() == "/.well-known/jwks.json" {
            counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        }
        async move { next.run(request).await }
    });
    let world = World::with(Options { witness: Some(witness), ..Options::default() }).await;
    let broker = world.broker("").await;
    let key = another_key();
    let forge = |kid: &str| {
        jsonwebtoken::encode(&header(Algorithm::RS256, "at+jwt", kid), &claims(&world), &key).expect("a token")
    };
    // Who comes with one that Clerk has just begun to use is not sent away.
    for number in 0..20 {
        let answer = broker.token(&forge(&format!("ins_{number}"))).await;
        assert_eq!(answer.refusal(), (503, "key-not-known-yet"));
        assert_eq!(answer.headers["retry-after"], "60");
    }
    assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), 1, "at the start");
    world.hand.pass(std::time::Duration::from_secs(60));
    assert_eq!(broker.token(&forge("ins_0")).await.refusal(), (401, "access-token-unknown-key"));
    for number in 1..5 {
        assert_eq!(broker.token(&forge(&format!("ins_{number}"))).await.refusal(), (503, "key-not-known-yet"));
    }
    assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), 2, "and once more");
}
