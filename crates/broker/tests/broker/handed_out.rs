//! What a member gets.

use std::time::{Duration, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use perch_sandbox::{Options, Sandbox, organizations};
use perch_tenant::{Connection, TokenSource};
use perch_tinybird::{Client, Parameters, PipeName};
use reqwest::header;
use serde_json::json;

use crate::world::{PUBLIC_URL, World, answer, dashboard, http, person, pipes, text};

#[tokio::test]
async fn a_members_token_reads_their_organizations_pipes() {
    let world = World::new().await;
    let broker = world.broker("lifetime_seconds = 900").await;
    let access_token = world.access_token("grace", "larkspur-books").await;

    let answer = broker.token(&access_token).await;

    let token = world.admit(answer.token(), "grace", "larkspur-books");
    assert_eq!(token.claims()["name"], json!(format!("perch:{}:{}", organizations()[1].id, person("grace"))));
    assert_eq!(token.expires(), world.hand.now() + Duration::from_secs(900));
    let expires_at = token.expires().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    assert_eq!(answer.body["expires_at"], json!(expires_at));
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
    let pipe = PipeName::parse("top_pages").expect("a pipe");
    let rows = Client::new().expect("a client").query(&token, &pipe, &Parameters::default(), world.hand.now()).await;
    assert!(rows.is_ok(), "Tinybird takes it");
}

#[tokio::test]
async fn an_opaque_access_token_gives_the_same() {
    let world = World::with(Options { opaque_access_tokens: true, ..Options::default() }).await;
    let broker = world.broker("").await;
    for (handle, slug) in [("grace", "larkspur-books"), ("linus", "juniper-pine")] {
        let access_token = world.access_token(handle, slug).await;
        assert!(!access_token.contains('.'));
        let answer = broker.token(&access_token).await;
        world.admit(answer.token(), handle, slug);
    }
}

#[tokio::test]
async fn where_tokens_are_bound_to_the_person_nobody_needs_an_organization() {
    let world = World::new().await;
    let connection = world.sandbox.broker_connection_toml(PUBLIC_URL);
    world.write("connection.toml", &connection.replace("org_id = \"org.id\"", "user_id = \"user.id\""));
    let claims = world.sandbox.claims_template();
    world.write("claims.json", &claims.replace("org_id", "user_id").replace("{{org.id}}", "{{user.id}}"));
    let broker = world.broker("").await;
    let asked = world.sandbox.backend_requests();

    let answer = broker.token(&world.access_token("noor", "").await).await;

    let claims = answer.token().split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok()).expect("claims");
    let claims: serde_json::Value = serde_json::from_slice(&claims).expect("claims");
    assert_eq!(claims["scopes"][0]["fixed_params"], json!({"user_id": person("noor")}));
    assert_eq!(world.sandbox.backend_requests(), asked + 1, "whether Noor is there");
}

#[tokio::test]
async fn what_the_template_asks_of_a_person_is_looked_up() {
    let world = World::new().await;
    let claims = world.sandbox.claims_template();
    let more = r#""first": "{{user.first_name}}", "role": "{{org.role}}", "mail": "<{{user.primary_email_address}}>","#;
    world.write("claims.json", &claims.replacen('{', &format!("{{{more}"), 1));
    let (broker, asked) = (world.broker("").await, world.sandbox.backend_requests());
    let answer = broker.token(&world.access_token("grace", "harbor-coffee").await).await;
    let token = world.admit(answer.token(), "grace", "harbor-coffee");
    let told = ["first", "role", "mail"].map(|claim| text(token.claims(), claim));
    assert_eq!(told, ["Grace", "org:member", "<grace@larkspur.example>"]);
    assert_eq!(world.sandbox.backend_requests(), asked + 2, "who she is, and where she belongs");
}

#[tokio::test]
async fn a_role_gets_what_the_rules_give_it() {
    let world = World::new().await;
    let rules = r#"
[[rule]]
role = "org:admin"
pipes = ["*"]
[[rule]]
role = "org:member"
pipes = ["kpis", "trend"]
"#;
    let broker = world.broker(rules).await;
    let admin = broker.token(&world.access_token("grace", "larkspur-books").await).await;
    assert!(pipes(&world.admit(admin.token(), "grace", "larkspur-books")).len() > 5);
    let member = broker.token(&world.access_token("grace", "harbor-coffee").await).await;
    assert_eq!(pipes(&world.admit(member.token(), "grace", "harbor-coffee")), ["kpis", "trend"]);

    let world = World::new().await;
    let broker = world.broker(&rules.replace("org:member", "org:guest")).await;
    let nothing = broker.token(&world.access_token("grace", "harbor-coffee").await).await;
    assert_eq!(nothing.refusal(), (403, "nothing-allowed"));
    let nothing = broker.connection(&world.access_token("linus", "harbor-coffee").await).await;
    assert_eq!(nothing.refusal(), (403, "nothing-allowed"));
}

#[tokio::test]
async fn a_permission_gets_what_the_rules_give_it() {
    let world = World::new().await;
    let rule = "[[rule]]\npermission = \"org:sys_profile:manage\"\npipes = [\"funnel\"]\n";
    let broker = world.broker(rule).await;
    let admin = broker.token(&world.access_token("ada", "harbor-coffee").await).await;
    assert_eq!(pipes(&world.admit(admin.token(), "ada", "harbor-coffee")), ["funnel"]);
    let member = broker.token(&world.access_token("linus", "harbor-coffee").await).await;
    assert_eq!(member.refusal(), (403, "nothing-allowed"));
}

#[tokio::test]
async fn the_connection_is_served_with_the_dashboards_that_a_role_may_read() {
    let world = World::new().await;
    world.write("dashboards/broken.toml", "version = 1\ntitle = 3\n");
    let broker = world
        .broker(
            "[[rule]]\nrole = \"org:member\"\npipes = [\"kpis\", \"top_devices\", \"top_pages\", \"top_sources\"]\n[[rule]]\nrole = \"org:admin\"\npipes = [\"*\"]\n",
        )
        .await;

    let served = broker.connection(&world.access_token("grace", "larkspur-books").await).await;

    assert_eq!(served.status, 200, "{}", served.body);
    let connection = Connection::parse(&text(&served.body, "connection")).expect("a connection");
    let TokenSource::Broker { url, bind } = &connection.token else { panic!("a broker") };
    assert_eq!((url.as_str(), bind.iter().count()), (PUBLIC_URL, 1));
    for (id, text) in Sandbox::dashboards() {
        assert_eq!(dashboard(&served, id).as_deref(), Some(*text));
    }
    assert_eq!(dashboard(&served, "broken"), None, "one with a mistake is left out");
    assert!(broker.metrics().await.contains("perch_broker_dashboards_left_out 1"));

    // A member reads all pipes of one dashboard, two of another, and what anyone
    // may see.
    let served = broker.connection(&world.access_token("grace", "harbor-coffee").await).await;
    for (id, theirs) in [("web-traffic", true), ("who-visits", false), ("site-overview", true)] {
        assert_eq!(dashboard(&served, id).is_some(), theirs, "{id}");
    }
}

#[tokio::test]
async fn a_tile_with_a_mistake_is_left_out_and_the_rest_of_its_dashboard_is_served() {
    let world = World::new().await;
    let tile = |title: &str, pipe: &str| {
        format!("# About {title}\n[[tile]]\ntitle = \"{title}\"\npipe = \"{pipe}\"\n[tile.chart]\nkind = \"table\"\n")
    };
    let head = "version = 2\ntitle = \"Some\"\n\n";
    let misspelt = tile("Typo", "top_pages").replace("pipe", "pipes");
    let (good, other) = (tile("Good", "kpis"), tile("Other", "top_pages"));
    let unknown = tile("Unknown", "no_such_pipe");
    world.write("dashboards/some.toml", &format!("{head}{misspelt}\n{good}\n{unknown}\n{other}"));
    world.write("dashboards/none.toml", &format!("{head}{misspelt}"));
    let broker = world.broker("").await;

    let served = broker.connection(&world.access_token("ada", "harbor-coffee").await).await;

    let some = dashboard(&served, "some").expect("served");
    assert_eq!(some, format!("{head}{good}\n{other}"), "as its writer has it, without what nobody can show");
    assert_eq!(dashboard(&served, "none"), None, "none of its tiles can be shown");
    assert!(broker.metrics().await.contains("perch_broker_dashboards_left_out 1"));
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let world = World::new().await;
    let broker = world.broker("").await;
    let access_token = world.access_token("ada", "harbor-coffee").await;
    let first = broker.connection(&access_token).await;
    let tag = first.headers[header::ETAG].to_str().expect("a tag").to_owned();
    assert_eq!(tag.len(), 66, "a quoted SHA-256");
    let again = async |known: &str| {
        let request = http().get(format!("{}/connection", broker.origin)).bearer_auth(&access_token);
        answer(request.header(header::IF_NONE_MATCH, known)).await
    };
    let known = again(&format!("\"other\", W/{tag}")).await;
    assert_eq!((known.status.as_u16(), known.headers[header::ETAG].to_str().ok()), (304, Some(tag.as_str())));
    assert_eq!(again("\"other\"").await.status, 200);
}

#[tokio::test]
async fn two_brokers_behind_one_address_answer_alike() {
    let world = World::new().await;
    let (one, other) = (world.broker("").await, world.broker("").await);
    let access_token = world.access_token("linus", "juniper-pine").await;
    let (first, second) = (one.token(&access_token).await, other.token(&access_token).await);
    assert_eq!(first.token(), second.token(), "at the same moment, from the same files");
    assert_eq!(first.body["key"], second.body["key"]);
    let (first, second) = (one.connection(&access_token).await, other.connection(&access_token).await);
    assert_eq!(first.headers[header::ETAG], second.headers[header::ETAG]);
}

#[tokio::test]
async fn metrics_count_and_can_stand_on_an_address_of_their_own() {
    let world = World::new().await;
    let broker = world.broker("metrics_listen = \"127.0.0.1:0\"").await;
    let access_token = world.access_token("ada", "harbor-coffee").await;
    for _ in 0..2 {
        broker.token(&access_token).await.token();
    }
    assert_eq!(broker.get("/metrics", "").await.refusal(), (404, "no-such-path"));
    let address = broker.running.metrics_address().expect("an address");
    let metrics = http().get(format!("http://{address}/metrics")).send().await.expect("an answer");
    let metrics = metrics.text().await.expect("a text");
    for line in [
        "perch_broker_requests_total{route=\"/token\",status=\"200\",code=\"ok\"} 2",
        "perch_broker_request_seconds_count{route=\"/token\"} 2",
        "perch_broker_tokens_minted_total{key=\"current\"} 2",
        "perch_broker_clerk_requests_total{call=\"memberships\",outcome=\"ok\"} 1",
        "perch_broker_recalls_total{what=\"person\",result=\"hit\"} 1",
    ] {
        assert!(metrics.contains(line), "{line} in\n{metrics}");
    }
    let elsewhere = http().get(format!("http://{address}/token")).send().await.expect("an answer");
    assert_eq!(elsewhere.status(), 404);
}
