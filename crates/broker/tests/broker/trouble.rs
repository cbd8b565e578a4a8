//! When Clerk is slow, busy or away.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use perch_sandbox::{Options, Witness};
use reqwest::{StatusCode, header};

use crate::world::{Answer, World, answer, http};

fn wait(answer: &Answer) -> u64 {
    let wait = answer.headers.get(header::RETRY_AFTER).expect("a Retry-After");
    wait.to_str().expect("text").parse().expect("seconds")
}

#[tokio::test]
async fn clerks_429_is_handed_on_and_clerk_left_alone_until_then() {
    let world = World::new().await;
    let broker = world.broker("").await;
    let access_token = world.access_token("ada", "harbor-coffee").await;
    world.sandbox.limit_backend(Some(Duration::from_secs(9)));
    let busy = broker.token(&access_token).await;
    assert_eq!((busy.refusal(), wait(&busy)), ((503, "clerk-busy"), 9));

    world.sandbox.limit_backend(None);
    let asked = world.sandbox.backend_requests();
    world.hand.pass(Duration::from_secs(4));
    let still = broker.token(&access_token).await;
    assert_eq!((still.refusal(), wait(&still)), ((503, "clerk-busy"), 5));
    assert_eq!(world.sandbox.backend_requests(), asked, "nobody was asked");
    world.hand.pass(Duration::from_secs(5));
    world.admit(broker.token(&access_token).await.token(), "ada", "harbor-coffee");
}

#[tokio::test]
async fn without_clerk_nobody_new_gets_a_token_and_who_is_known_does_for_half_a_minute() {
    let world = World::new().await;
    let broker = world.broker("").await;
    let ada = world.access_token("ada", "harbor-coffee").await;
    let grace = world.access_token("grace", "harbor-coffee").await;
    broker.token(&ada).await.token();
    let World { sandbox, hand, .. } = world;
    sandbox.stop().await;

    let unknown = broker.token(&grace).await;
    assert_eq!((unknown.refusal(), wait(&unknown)), ((503, "clerk-unreachable"), 2));
    broker.token(&ada).await.token();
    hand.pass(Duration::from_secs(30));
    assert_eq!(broker.token(&ada).await.refusal(), (503, "clerk-unreachable"));
}

#[tokio::test]
async fn a_secret_key_that_clerk_does_not_take_gives_nobody_a_token() {
    let world = World::new().await;
    let mut variables = world.keys();
    variables.insert("CLERK_SECRET_KEY".to_owned(), "sk_test_of_another_instance".to_owned());
    let broker = world.broker_at(&world.hand, "", variables).await.expect("a broker");
    let refused = broker.token(&world.access_token("ada", "harbor-coffee").await).await;
    assert_eq!(refused.refusal(), (503, "clerk-key-refused"));
}

#[tokio::test]
async fn until_clerks_keys_are_there_the_broker_lives_and_is_not_ready() {
    let away = Arc::new(AtomicBool::new(true));
    let gone = Arc::clone(&away);
    let witness = Witness::new(move |request, next| {
        let gone = gone.load(Ordering::SeqCst) && request.uri().path().starts_with("/.well-known/");
        async move {
            if gone {
                axum::response::IntoResponse::into_response(StatusCode::BAD_GATEWAY)
            } else {
                next.run(request).await
            }
        }
    });
    let world = World::with(Options { witness: Some(witness), ..Options::default() }).await;
    world.write("broker.toml", &world.configuration(""));
    let hand = world.hand.clone();
    let options = perch_broker::Options {
        sources: perch_broker::Sources {
            config: Some(world.path("broker.toml")),
            env_file: None,
            variables: world.keys(),
        },
        clock: perch_broker::Clock::new(move || hand.now()),
        look_again: crate::world::LOOK_AGAIN,
    };
    let running = perch_broker::start(options).await.expect("a broker");
    let origin = format!("http://{}", running.address());
    let access_token = world.access_token("ada", "harbor-coffee").await;
    let get = async |path: &str| answer(http().get(format!("{origin}{path}"))).await;
    assert_eq!(get("/healthz").await.status, 200);
    assert_eq!(get("/readyz").await.refusal(), (503, "not-ready"));
    let early = answer(http().post(format!("{origin}/token")).bearer_auth(&access_token)).await;
    assert_eq!(early.status, 503, "{}", early.body);

    away.store(false, Ordering::SeqCst);
    crate::world::eventually("the broker gets ready", async || get("/readyz").await.status == 200).await;
    let late = answer(http().post(format!("{origin}/token")).bearer_auth(&access_token)).await;
    world.admit(late.token(), "ada", "harbor-coffee");
}

#[tokio::test]
async fn one_question_to_clerk_is_enough_for_everybody_who_asks_meanwhile() {
    let world = World::new().await;
    let broker = world.broker("").await;
    let access_token = world.access_token("linus", "juniper-pine").await;
    let asked = world.sandbox.backend_requests();
    let all = (0..16).map(|_| broker.token(&access_token));
    for answer in futures_util::future::join_all(all).await {
        world.admit(answer.token(), "linus", "juniper-pine");
    }
    assert_eq!(world.sandbox.backend_requests(), asked + 2, "who they are, and where they belong");
}

#[tokio::test]
async fn a_429_for_a_made_up_token_keeps_nobody_from_being_asked_about() {
    let world = World::new().await;
    let broker = world.broker("").await;
    let access_token = world.access_token("ada", "harbor-coffee").await;
    world.sandbox.limit_backend(Some(Duration::from_secs(60)));
    assert_eq!(broker.token("oat_made-up").await.refusal(), (503, "clerk-busy"));

    world.sandbox.limit_backend(None);

    assert_eq!(broker.token("oat_made-up").await.refusal(), (503, "clerk-busy"));
    world.admit(broker.token(&access_token).await.token(), "ada", "harbor-coffee");
}
