//! The client token, which any answer may replace.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use futures_util::future::BoxFuture;
use futures_util::{StreamExt, stream};
use perch_clerk::{ClerkError, ClientToken, FrontendApi, KeepClientToken};
use perch_tenant::Secret;

use crate::hosted_api::{Api, Keeper, SESSION, refusal};
use crate::provider::Answer;

/// A client that is signed in, as it is at the next start of Perch.
fn kept<'k>(client: &ClientToken<'_>, keeper: &'k Keeper) -> ClientToken<'k> {
    ClientToken::new(client.newest().cloned(), keeper)
}

async fn ask(frontend: &FrontendApi, client: &mut ClientToken<'_>) -> Result<(), ClerkError> {
    frontend.session(client, "user_ada").await.map(drop)
}

#[tokio::test]
async fn the_token_of_each_answer_is_kept_and_the_next_request_has_it() {
    let (api, frontend, client, session) = Api::signed_in().await;
    let keeper = Keeper::default();
    let mut client = kept(&client, &keeper);
    frontend.memberships(&mut client, &session).await.expect("organizations");
    frontend.template_token(&mut client, SESSION, Some("org_acme"), "tinybird").await.expect("a token");
    frontend.end(&mut client, SESSION).await.expect("ended");
    assert_eq!(keeper.kept(), ["client-3", "client-4", "client-5", "client-6"]);
    assert_eq!(client.newest().map(Secret::expose), Some(api.token().as_str()));
}

#[tokio::test]
async fn an_answer_without_a_token_or_with_the_same_one_keeps_nothing() {
    let (api, frontend, client, _) = Api::signed_in().await;
    let keeper = Keeper::default();
    let mut client = kept(&client, &keeper);
    api.memory().silent = true;
    ask(&frontend, &mut client).await.expect("a session");
    let same = api.token();
    for token in ["", same.as_str()] {
        let token = token.to_owned();
        api.answer("GET /v1/client", move || {
            let body = r#"{"response": null, "client": null}"#;
            ([("authorization", token.clone())], body).into_response()
        });
        let ended = ask(&frontend, &mut client).await.expect_err("no session");
        assert!(matches!(ended, ClerkError::SessionEnded));
    }
    assert_eq!((keeper.kept(), client.newest().map(Secret::expose)), (vec![], Some(same.as_str())));
}

#[tokio::test]
async fn the_token_is_kept_before_anything_else_of_an_answer_counts() {
    let (api, frontend, client, _) = Api::signed_in().await;
    let gigabyte = || {
        Body::from_stream(
            stream::repeat([b' '; 1 << 16])
                .take(1 << 14)
                .map(|bytes| Ok::<_, std::io::Error>(axum::body::Bytes::from_owner(bytes))),
        )
    };
    let answers: [(&str, Answer); 7] = [
        ("unavailable", Box::new(|| StatusCode::BAD_GATEWAY.into_response())),
        ("rate-limited", Box::new(|| StatusCode::TOO_MANY_REQUESTS.into_response())),
        ("redirected", Box::new(|| (StatusCode::FOUND, [("location", "/elsewhere")]).into_response())),
        ("session-ended", Box::new(|| refusal(401, "authentication_invalid", None))),
        ("refused", Box::new(|| refusal(400, "malformed_request_parameters", None))),
        ("not-understood", Box::new(|| "{\"response\":".into_response())),
        ("too-large", Box::new(move || gigabyte().into_response())),
    ];
    for (code, answer) in answers {
        let keeper = Keeper::default();
        let mut client = kept(&client, &keeper);
        api.answer("GET /v1/client", answer);
        let error = ask(&frontend, &mut client).await.expect_err(code);
        assert_eq!(error.code(), code);
        assert_eq!(keeper.kept(), [api.token()], "{code}");
        assert_eq!(client.newest().map(Secret::expose), Some(api.token().as_str()), "{code}");
    }
}

#[tokio::test]
async fn an_answer_that_never_ends_is_not_waited_for_and_its_token_is_kept() {
    let (api, frontend, client, _) = Api::signed_in().await;
    let keeper = Keeper::default();
    let mut client = kept(&client, &keeper);
    api.answer("/end", || {
        let endless = stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            Some((Ok::<_, std::io::Error>(" "), ()))
        });
        Body::from_stream(endless).into_response()
    });
    let started = Instant::now();
    let error = frontend.end(&mut client, SESSION).await.expect_err("no end");
    assert!(matches!(error, ClerkError::Timeout), "{error:?}");
    assert!((4..8).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
    assert_eq!(keeper.kept(), [api.token()]);
}

/// A keychain that asks its owner first, for longer than any answer is waited
/// for.
#[derive(Default)]
struct AsksItsOwner(Keeper);

impl KeepClientToken for AsksItsOwner {
    fn keep<'a>(&'a self, token: &'a Secret) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            tokio::time::pause();
            tokio::time::advance(Duration::from_secs(60)).await;
            tokio::time::resume();
            self.0.keep(token).await;
        })
    }
}

#[tokio::test]
async fn no_patience_ends_before_the_token_is_kept() {
    let (api, frontend, client, _) = Api::signed_in().await;
    let keeper = AsksItsOwner::default();
    let mut client = ClientToken::new(client.newest().cloned(), &keeper);
    // Whether its answer is still waited for is another question.
    let _ = ask(&frontend, &mut client).await;
    assert_eq!(keeper.0.kept(), [api.token()]);
}

#[tokio::test]
async fn a_question_is_repeated_exactly_once_with_the_token_that_replaces_a_stale_one() {
    let (api, frontend, client, _) = Api::signed_in().await;
    let keeper = Keeper::default();
    let mut client = kept(&client, &keeper);
    // Clerk keeps on refusing, each time with another token.
    api.answer("GET /v1/client", || refusal(401, "signed_out", None));
    let ended = ask(&frontend, &mut client).await.expect_err("signed out");
    assert!(ended.ends_session(), "{ended:?}");
    assert_eq!(api.count("GET /v1/client"), 2);
    let sent: Vec<_> = api.memory().asked[2..].iter().map(|asked| asked.headers["authorization"].clone()).collect();
    assert_eq!(sent, ["client-2", "client-3"]);
    assert_eq!(keeper.kept(), ["client-3", "client-4"]);
}

#[tokio::test]
async fn no_question_is_repeated_for_another_reason_or_without_another_token() {
    let (api, frontend, mut client, _) = Api::signed_in().await;
    for (status, code) in [(401, "authentication_invalid"), (403, "signed_out"), (400, "signed_out")] {
        api.answer("GET /v1/client", move || refusal(status, code, None));
        let before = api.count("GET /v1/client");
        ask(&frontend, &mut client).await.expect_err("refused");
        assert_eq!(api.count("GET /v1/client") - before, 1, "{status} {code}");
    }
    api.memory().silent = true;
    api.answer("GET /v1/client", || refusal(401, "signed_out", None));
    let before = api.count("GET /v1/client");
    let ended = ask(&frontend, &mut client).await.expect_err("signed out");
    assert!(ended.ends_session());
    assert_eq!(api.count("GET /v1/client") - before, 1);
}

#[tokio::test]
async fn silence_and_trouble_end_no_session() {
    let (api, frontend, mut client, session) = Api::signed_in().await;
    for status in [400, 403, 404, 429, 500, 502, 503] {
        api.memory().instead = Some(Box::new(move |_| {
            let status = StatusCode::from_u16(status).expect("a status");
            Some((status, "<html>A proxy's own page</html>").into_response())
        }));
        for outcome in [
            ask(&frontend, &mut client).await,
            frontend.memberships(&mut client, &session).await.map(drop),
            frontend.template_token(&mut client, SESSION, Some("org_acme"), "tinybird").await.map(drop),
            frontend.end_others(&mut client, SESSION).await.map(drop),
        ] {
            let error = outcome.expect_err("trouble");
            assert!(!error.ends_session() && !matches!(error, ClerkError::NotAMember), "{status}: {error:?}");
        }
    }
    // What says 401 and is not Clerk's is no answer of Clerk's either.
    api.answer("GET /v1/client", || (StatusCode::UNAUTHORIZED, "Sign in to the hotel's network").into_response());
    assert!(!ask(&frontend, &mut client).await.expect_err("trouble").ends_session());
    // Nobody listens there.
    drop(api);
    let nowhere = perch_tenant::Origin::parse("http://127.0.0.1:1").expect("an origin");
    let frontend = FrontendApi::new(&perch_clerk::http_client().expect("a client"), &nowhere);
    assert!(ask(&frontend, &mut client).await.expect_err("nobody").is_offline());
}
