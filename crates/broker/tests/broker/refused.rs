//! Who is turned away, though Clerk signed what they show.

use std::sync::Mutex;
use std::time::Duration;

use futures_util::future::BoxFuture;
use perch_clerk::{ClientToken, FrontendApi, HostedSignIn, KeepClientToken};
use perch_sandbox::{Options, Witness, organizations, visitor};
use perch_tenant::{Connection, Secret};
use reqwest::header;

use crate::world::{Answer, Hand, World, answer, http, person, text};

const DAY: Duration = Duration::from_secs(86_400);

#[track_caller]
fn assert_refused(answer: &Answer, code: &str) {
    assert_eq!(answer.refusal(), (401, code));
    assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer error=\"invalid_token\"");
    let error = &answer.body["error"];
    assert!(!text(error, "message").is_empty() && !text(error, "next_step").is_empty());
}

#[tokio::test]
async fn an_id_token_is_no_access_token() {
    let world = World::new().await;
    let broker = world.broker("").await;
    let tokens = visitor::tokens(&world.sandbox, "ada", "harbor-coffee").await.expect("tokens");
    assert_refused(&broker.token(&text(&tokens, "id_token")).await, "access-token-other-kind");
    assert_refused(&broker.connection(&text(&tokens, "id_token")).await, "access-token-other-kind");
    assert_refused(&broker.token(&text(&tokens, "refresh_token")).await, "access-token-malformed");
}

/// Keeps the newest client token.
#[derive(Default)]
struct Keeper(Mutex<String>);

impl KeepClientToken for Keeper {
    fn keep<'a>(&'a self, token: &'a Secret) -> BoxFuture<'a, ()> {
        token.expose().clone_into(&mut self.0.lock().expect("the keeper"));
        Box::pin(async {})
    }
}

#[tokio::test]
async fn a_session_token_and_a_template_token_are_no_access_tokens() {
    let world = World::new().await;
    let broker = world.broker("").await;
    let connection = Connection::parse(&world.sandbox.hosted_connection_toml()).expect("a connection");
    let api = FrontendApi::new(&perch_clerk::http_client().expect("a client"), &connection.clerk.issuer);
    let keeper = Keeper::default();
    let mut client = ClientToken::new(None, &keeper);
    let mut sign_in = HostedSignIn::begin(&api, &mut client).await.expect("a sign-in");
    let link = visitor::return_link(sign_in.url().as_str(), "ada").await.expect("the way back");
    let returned = sign_in.accept(&link).expect("this sign-in's return");
    let session = sign_in.redeem(returned, &mut client).await.expect("a session");

    let organization = Some(organizations()[0].id);
    let template = api.template_token(&mut client, &session.session_id, organization, "tinybird").await;
    let template = template.expect("the template's token");
    assert_refused(&broker.token(template.expose()).await, "access-token-algorithm");

    let address = format!("{}/v1/client/sessions/{}/tokens?_is_native=1", world.sandbox.clerk(), session.session_id);
    let client_token = keeper.0.lock().expect("the keeper").clone();
    let told = answer(http().post(address).header(header::AUTHORIZATION, &client_token)).await;
    assert_refused(&broker.token(&text(&told.body, "jwt")).await, "access-token-other-kind");
    assert_refused(&broker.token(&client_token).await, "access-token-other-kind");
}

#[tokio::test]
async fn an_access_token_is_good_for_its_day_and_five_seconds() {
    let world = World::new().await;
    let broker = world.broker("").await;
    let access_token = world.access_token("ada", "harbor-coffee").await;
    world.hand.pass(DAY + Duration::from_secs(4));
    broker.token(&access_token).await.token();
    world.hand.pass(Duration::from_secs(1));
    assert_refused(&broker.token(&access_token).await, "access-token-expired");
}

#[tokio::test]
async fn an_access_token_from_the_future_is_not_valid_yet() {
    let world = World::new().await;
    let hand = Hand::new();
    hand.turn_back(Duration::from_secs(3_600));
    let broker = world.broker_at(&hand, "", world.keys()).await.expect("a broker");
    let access_token = world.access_token("ada", "harbor-coffee").await;
    assert_refused(&broker.token(&access_token).await, "access-token-not-yet");
}

#[tokio::test]
async fn a_token_of_another_application_is_refused() {
    let world = World::new().await;
    let connection = world.sandbox.broker_connection_toml(crate::world::PUBLIC_URL);
    world.write("connection.toml", &connection.replace(world.sandbox.client_id(), "another_application"));
    let broker = world.broker("").await;
    let access_token = world.access_token("ada", "harbor-coffee").await;
    assert_refused(&broker.token(&access_token).await, "access-token-other-application");

    let both = format!("client_ids = [\"another_application\", \"{}\"]", world.sandbox.client_id());
    let broker = world.broker(&both).await;
    world.admit(broker.token(&access_token).await.token(), "ada", "harbor-coffee");
}

#[tokio::test]
async fn an_opaque_token_of_another_application_is_refused() {
    let world = World::with(Options { opaque_access_tokens: true, ..Options::default() }).await;
    let connection = world.sandbox.broker_connection_toml(crate::world::PUBLIC_URL);
    world.write("connection.toml", &connection.replace(world.sandbox.client_id(), "another_application"));
    let broker = world.broker("").await;
    let access_token = world.access_token("ada", "harbor-coffee").await;
    assert_refused(&broker.token(&access_token).await, "access-token-other-application");
}

#[tokio::test]
async fn a_revoked_an_expired_and_an_unknown_opaque_token_are_refused() {
    let world = World::with(Options { opaque_access_tokens: true, ..Options::default() }).await;
    let broker = world.broker("").await;
    let access_token = world.access_token("ada", "harbor-coffee").await;
    broker.token(&access_token).await.token();
    let form = [("token", access_token.as_str()), ("client_id", world.sandbox.client_id())];
    let revoked = http().post(format!("{}/oauth/token/revoke", world.sandbox.clerk())).form(&form).send().await;
    assert_eq!(revoked.expect("an answer").status(), 200);
    world.hand.pass(Duration::from_secs(31));
    assert_refused(&broker.token(&access_token).await, "access-token-revoked");

    let ended = world.access_token("grace", "harbor-coffee").await;
    world.sandbox.end_sessions().expect("they end");
    assert_refused(&broker.token(&ended).await, "access-token-revoked");
    let expired = world.access_token("linus", "harbor-coffee").await;
    world.hand.pass(DAY);
    assert_refused(&broker.token(&expired).await, "access-token-expired");
    assert_refused(&broker.token("oat_made_up").await, "access-token-revoked");
}

#[tokio::test]
async fn what_the_backend_api_says_of_an_opaque_token_stands_whatever_userinfo_says() {
    let generous = Witness::new(|request, next| async move {
        if request.uri().path() == "/oauth/userinfo" {
            let info = serde_json::json!({"sub": person("ada"), "org_id": organizations()[0].id});
            return axum::response::IntoResponse::into_response(axum::Json(info));
        }
        next.run(request).await
    });
    let options = Options { opaque_access_tokens: true, witness: Some(generous), ..Options::default() };
    let world = World::with(options).await;
    let broker = world.broker("").await;
    let (revoked, expired) =
        (world.access_token("ada", "harbor-coffee").await, world.access_token("ada", "harbor-coffee").await);
    broker.token(&revoked).await.token();
    let form = [("token", revoked.as_str()), ("client_id", world.sandbox.client_id())];
    http().post(format!("{}/oauth/token/revoke", world.sandbox.clerk())).form(&form).send().await.expect("an answer");
    world.hand.pass(Duration::from_secs(31));
    assert_refused(&broker.token(&revoked).await, "access-token-revoked");
    world.hand.pass(DAY);
    assert_refused(&broker.token(&expired).await, "access-token-expired");
    // Nor is a token another person's because userinfo says so.
    let grace = world.access_token("grace", "harbor-coffee").await;
    assert_eq!(broker.token(&grace).await.refusal(), (503, "clerk-not-understood"));
}

#[tokio::test]
async fn a_sign_in_for_no_organization_gets_nothing() {
    for opaque_access_tokens in [false, true] {
        let world = World::with(Options { opaque_access_tokens, ..Options::default() }).await;
        let broker = world.broker("").await;
        let answer = broker.token(&world.access_token("noor", "").await).await;
        assert_eq!(answer.refusal(), (403, "no-organization"));
    }
}

#[tokio::test]
async fn whoever_left_the_organization_gets_nothing_half_a_minute_later_at_most() {
    let world = World::new().await;
    let broker = world.broker("").await;
    let access_token = world.access_token("grace", "larkspur-books").await;
    broker.token(&access_token).await.token();

    world.sandbox.end_membership("grace", organizations()[1].id).expect("it ends");

    world.hand.pass(Duration::from_secs(29));
    broker.token(&access_token).await.token();
    world.hand.pass(Duration::from_secs(1));
    assert_eq!(broker.token(&access_token).await.refusal(), (403, "not-a-member"));
    assert_eq!(broker.connection(&access_token).await.refusal(), (403, "not-a-member"));
    let other = world.access_token("grace", "harbor-coffee").await;
    world.admit(broker.token(&other).await.token(), "grace", "harbor-coffee");
}

#[tokio::test]
async fn a_request_cannot_say_for_whom_it_is() {
    let world = World::new().await;
    let broker = world.broker("").await;
    let access_token = world.access_token("grace", "harbor-coffee").await;
    let other = organizations()[2].id;
    let address = format!("{}/token?org_id={other}&organization={other}", broker.origin);
    let request = http().post(address).bearer_auth(&access_token);
    let request = request.header("x-organization", other).header("x-forwarded-user", person("linus"));
    world.admit(answer(request).await.token(), "grace", "harbor-coffee");
    let body = serde_json::json!({"org_id": other});
    let answer = answer(http().post(format!("{}/token", broker.origin)).bearer_auth(&access_token).json(&body)).await;
    assert_eq!(answer.refusal(), (400, "body-malformed"));
}

#[tokio::test]
async fn without_an_access_token_there_is_a_challenge_and_nothing_else() {
    let world = World::new().await;
    let broker = world.broker("").await;
    let address = format!("{}/token", broker.origin);
    for request in [
        http().post(&address),
        http().post(&address).basic_auth("ada", Some("secret")),
        http().post(&address).header(header::AUTHORIZATION, "Bearer"),
    ] {
        let answer = answer(request).await;
        assert_eq!(answer.refusal(), (401, "no-access-token"));
        assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer");
    }
    for odd in ["a.b", "a.b.c.d", "..", "é", &"a".repeat(9_000)] {
        let request = http().post(&address).header(header::AUTHORIZATION, format!("Bearer {odd}").as_bytes());
        let status = answer(request).await.status.as_u16();
        assert!(status == 401, "{status} for {odd}");
    }
    assert_eq!(answer(http().get(&address)).await.refusal(), (405, "no-such-method"));
    assert_eq!(answer(http().get(format!("{}/", broker.origin))).await.refusal(), (404, "no-such-path"));
}

#[tokio::test]
async fn a_body_is_small_and_json_or_not_there() {
    let world = World::new().await;
    let broker = world.broker("").await;
    let access_token = world.access_token("ada", "harbor-coffee").await;
    let post = || http().post(format!("{}/token", broker.origin)).bearer_auth(&access_token);
    assert_eq!(
        answer(post().body("{}").header(header::CONTENT_TYPE, "text/plain")).await.refusal(),
        (415, "body-not-json")
    );
    assert_eq!(answer(post().body("{}")).await.refusal(), (415, "body-not-json"));
    let json =
        |text: &str| post().body(text.to_owned()).header(header::CONTENT_TYPE, "application/json; charset=utf-8");
    assert_eq!(answer(json("{")).await.refusal(), (400, "body-malformed"));
    assert_eq!(answer(json("{\"refused_key\": \"xyz\"}")).await.refusal(), (400, "body-malformed"));
    assert_eq!(answer(json("{}")).await.status, 200);
    assert_eq!(answer(json(&" ".repeat(4_097))).await.refusal(), (413, "body-too-large"));
}

#[tokio::test]
async fn a_body_of_ten_megabytes_is_refused_and_not_read() {
    let world = World::new().await;
    let broker = world.broker("").await;
    let access_token = world.access_token("ada", "harbor-coffee").await;
    let head = format!("POST /token HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {access_token}\r\n");
    // It is told at once, before a byte of the body has come.
    let told = exchange(&broker.running, &format!("{head}content-length: 10485760\r\n\r\n"), 0).await;
    assert!(told.starts_with("HTTP/1.1 413") && told.contains("body-too-large"), "{told}");
    // And where the length is not told, by its first bytes too many.
    let told = exchange(&broker.running, &format!("{head}transfer-encoding: chunked\r\n\r\n"), 10 << 20).await;
    assert!(told.starts_with("HTTP/1.1 413") && told.contains("body-too-large"), "{told}");
    world.admit(broker.token(&access_token).await.token(), "ada", "harbor-coffee");
}

#[tokio::test]
async fn a_head_without_end_is_refused() {
    let world = World::new().await;
    let broker = world.broker("").await;
    for head in [format!("x-long: {}\r\n", "a".repeat(64 << 10)), "x-many: a\r\n".repeat(100)] {
        let told = exchange(&broker.running, &format!("GET /healthz HTTP/1.1\r\nhost: a\r\n{head}\r\n"), 0).await;
        assert!(told.starts_with("HTTP/1.1 431"), "{told}");
    }
}

/// Sends a text, and chunks of a body for as long as they are taken, at most
/// `body` bytes; then reads until the broker hangs up.
async fn exchange(broker: &perch_broker::Running, text: &str, body: usize) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let stream = tokio::net::TcpStream::connect(broker.address()).await.expect("a connection");
    let (mut read, mut write) = stream.into_split();
    write.write_all(text.as_bytes()).await.expect("sent");
    let sending = tokio::spawn(async move {
        let chunk = format!("400\r\n{}\r\n", "a".repeat(1_024));
        let mut sent = 0;
        while sent < body && write.write_all(chunk.as_bytes()).await.is_ok() {
            sent += 1_024;
        }
        (sent, write)
    });
    let mut told = Vec::new();
    // A reset after the answer is a way of hanging up.
    let reading = async {
        let mut bytes = [0; 4_096];
        while let Ok(count @ 1..) = read.read(&mut bytes).await {
            told.extend_from_slice(&bytes[..count]);
        }
    };
    tokio::time::timeout(Duration::from_secs(10), reading).await.expect("an end");
    let (sent, _) = sending.await.expect("sent");
    assert!(sent == 0 || sent < body, "all of it was taken");
    String::from_utf8_lossy(&told).into_owned()
}

#[tokio::test]
async fn one_person_cannot_ask_without_end_and_keeps_nobody_else_waiting() {
    let world = World::new().await;
    let broker = world.broker("[limits]\nrequests_per_minute = 1\nburst = 2").await;
    let ada = world.access_token("ada", "harbor-coffee").await;
    for _ in 0..2 {
        broker.token(&ada).await.token();
    }
    let refused = broker.token(&ada).await;
    assert_eq!(refused.refusal(), (429, "too-many-requests"));
    assert_eq!(refused.headers[header::RETRY_AFTER], "60");
    world.hand.pass(Duration::from_secs(59));
    assert_eq!(broker.token(&ada).await.headers[header::RETRY_AFTER], "1");
    world.hand.pass(Duration::from_secs(1));
    broker.token(&ada).await.token();
    broker.token(&world.access_token("grace", "harbor-coffee").await).await.token();
}

#[tokio::test]
async fn made_up_opaque_tokens_are_no_stream_of_questions_and_take_nothing_from_who_is_known() {
    let world = World::with(Options { opaque_access_tokens: true, ..Options::default() }).await;
    let broker = world.broker("[limits]\nopaque_checks_per_second = 2").await;
    let real = world.access_token("ada", "harbor-coffee").await;
    broker.token(&real).await.token();
    world.hand.pass(Duration::from_secs(30));
    let before = world.sandbox.backend_requests();
    let mut codes = Vec::new();
    for number in 0..12 {
        codes.push(broker.token(&format!("oat_{number}")).await.refusal().1.to_owned());
    }
    assert_eq!(codes.iter().filter(|code| *code == "access-token-revoked").count(), 2, "{codes:?}");
    assert_eq!(codes.iter().filter(|code| *code == "too-many-checks").count(), 10, "{codes:?}");
    assert_eq!(world.sandbox.backend_requests(), before + 2);
    // Asked about again, in the middle of it.
    broker.token(&real).await.token();
    assert_eq!(broker.token("oat_more").await.refusal(), (503, "too-many-checks"));
    world.hand.pass(Duration::from_secs(1));
    assert_refused(&broker.token("oat_more").await, "access-token-revoked");
}

#[tokio::test]
async fn where_opaque_tokens_are_forbidden_clerk_is_not_asked_about_any() {
    let world = World::with(Options { opaque_access_tokens: true, ..Options::default() }).await;
    let broker = world.broker("opaque_tokens = false").await;
    let before = world.sandbox.backend_requests();
    assert_refused(&broker.token(&world.access_token("ada", "harbor-coffee").await).await, "access-token-opaque");
    assert_eq!(world.sandbox.backend_requests(), before);
}

#[tokio::test]
async fn who_is_banned_gets_nothing_though_their_membership_says_nothing_of_it_and_a_lock_is_no_ban() {
    use axum::routing::get;
    for told_of in ["banned", "locked"] {
        let out = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let told = std::sync::Arc::clone(&out);
        let user = get(move || {
            let mut user = serde_json::json!({"id": person("ada"), "banned": false, "locked": false});
            user[told_of] = told.load(std::sync::atomic::Ordering::SeqCst).into();
            async move { axum::Json(user) }
        });
        let organization = serde_json::json!({"id": organizations()[0].id});
        let page = serde_json::json!({"data": [{"role": "org:admin", "organization": organization}], "total_count": 1});
        let memberships = get(async move || axum::Json(page));
        let routes = axum::Router::new().route("/v1/users/{id}", user);
        let routes = routes.route("/v1/users/{id}/organization_memberships", memberships);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = tokio::spawn(async move { axum::serve(listener, routes).await });
        let world = World::new().await;
        let mut variables = world.keys();
        variables.insert("PERCH_BROKER_CLERK_API".to_owned(), format!("http://{address}"));
        let broker = world.broker_at(&world.hand, "", variables).await.expect("a broker");
        let access_token = world.access_token("ada", "harbor-coffee").await;
        broker.token(&access_token).await.token();

        out.store(true, std::sync::atomic::Ordering::SeqCst);
        world.hand.pass(Duration::from_secs(30));

        if told_of == "banned" {
            assert_eq!(broker.token(&access_token).await.refusal(), (403, "account-closed"));
            assert_eq!(broker.connection(&access_token).await.refusal(), (403, "account-closed"));
        } else {
            broker.token(&access_token).await.token();
        }
        server.abort();
    }
}

#[tokio::test]
async fn the_body_of_somebody_unknown_is_not_waited_for() {
    let world = World::new().await;
    let broker = world.broker("[limits]\nbody_seconds = 600").await;
    for (credentials, code) in [("", "no-access-token"), ("authorization: Bearer a.b\r\n", "access-token-malformed")] {
        let head = format!("POST /token HTTP/1.1\r\nhost: a\r\n{credentials}content-length: 100\r\n\r\n");
        let told = exchange(&broker.running, &head, 0).await;
        assert!(told.starts_with("HTTP/1.1 401") && told.contains(code), "{told}");
    }
}

#[tokio::test]
async fn somebody_without_the_metadata_of_a_filter_is_turned_away_unless_it_has_a_fallback() {
    let world = World::new().await;
    let access_token = world.access_token("ada", "harbor-coffee").await;
    let claims = world.sandbox.claims_template();
    let by_team = |team: &str| claims.replace("\"org_id\":", &format!("\"team\": \"{team}\", \"org_id\":"));

    world.write("claims.json", &by_team("{{org_membership.public_metadata.team}}"));
    let answer = world.broker("").await.token(&access_token).await;
    assert_eq!(answer.refusal(), (403, "token-null-parameter"));
    assert!(text(&answer.body["error"], "next_step").contains("metadata"), "{}", answer.body);

    world.write("claims.json", &by_team("{{org_membership.public_metadata.team || 'none'}}"));
    let answer = world.broker("").await.token(&access_token).await;
    let token = world.admit(answer.token(), "ada", "harbor-coffee");
    assert_eq!(token.claims()["scopes"][0]["fixed_params"]["team"], "none");
}
