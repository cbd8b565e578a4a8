//! What changes while a broker runs.

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;

use crate::world::{Answer, World, dashboard, eventually, pipes, text};

const NEW: &str = "p.the-admin-token-that-comes";

/// Whether an answer's token is signed with this admin token.
fn signed_with(answer: &Answer, key: &str) -> bool {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    jsonwebtoken::decode::<Value>(answer.token(), &DecodingKey::from_secret(key.as_bytes()), &validation).is_ok()
}

#[tokio::test]
async fn an_admin_token_is_rotated_by_files_while_the_broker_runs() {
    let world = World::new().await;
    let old = world.sandbox.admin_token();
    world.write("key", old);
    let mut variables = world.keys();
    variables.remove("TINYBIRD_JWT_SECRET");
    let path = |name: &str| world.path(name).display().to_string();
    variables.insert("TINYBIRD_JWT_SECRET_FILE".to_owned(), path("key"));
    let broker = world.broker_at(&world.hand, "[limits]\nburst = 1000", variables).await.expect("a broker");
    let access_token = world.access_token("ada", "harbor-coffee").await;
    let first = broker.token(&access_token).await;
    assert!(signed_with(&first, old));
    assert_eq!(text(&first.body, "key").len(), 8);

    world.write("key", &format!("{NEW}\n"));

    eventually("the new key signs", async || signed_with(&broker.token(&access_token).await, NEW)).await;
    assert_ne!(broker.token(&access_token).await.body["key"], first.body["key"]);
    // A file that is empty for a moment changes nothing.
    world.write("key", "");
    eventually("the empty file is refused", async || {
        broker.metrics().await.contains("perch_broker_reloads_total{result=\"refused\"} 1")
    })
    .await;
    assert!(signed_with(&broker.token(&access_token).await, NEW));
}

#[tokio::test]
async fn while_two_admin_tokens_stand_the_one_that_was_refused_gives_way_to_the_other() {
    let world = World::new().await;
    let old = world.sandbox.admin_token();
    let mut variables = world.keys();
    variables.insert("TINYBIRD_JWT_SECRET".to_owned(), NEW.to_owned());
    variables.insert("TINYBIRD_JWT_SECRET_PREVIOUS".to_owned(), old.to_owned());
    let broker = world.broker_at(&world.hand, "", variables).await.expect("a broker");
    let access_token = world.access_token("ada", "harbor-coffee").await;

    let new = broker.token(&access_token).await;
    let new_key = text(&new.body, "key");
    let after = broker.token_after(&access_token, &new_key).await;

    assert!(signed_with(&new, NEW) && signed_with(&after, old));
    let old_key = text(&after.body, "key");
    assert_ne!(old_key, new_key);
    assert!(signed_with(&broker.token_after(&access_token, &old_key).await, NEW));
    assert!(signed_with(&broker.token_after(&access_token, "00000000").await, NEW));
    assert!(broker.metrics().await.contains("perch_broker_tokens_minted_total{key=\"previous\"} 1"));
}

#[tokio::test]
async fn an_only_admin_token_signs_though_it_was_refused() {
    let world = World::new().await;
    let broker = world.broker("").await;
    let access_token = world.access_token("ada", "harbor-coffee").await;
    let key = text(&broker.token(&access_token).await.body, "key");
    assert!(signed_with(&broker.token_after(&access_token, &key).await, world.sandbox.admin_token()));
}

#[tokio::test]
async fn a_changed_template_and_a_changed_dashboard_are_taken_and_a_wrong_one_is_not() {
    let world = World::new().await;
    let broker = world.broker("[limits]\nburst = 1000").await;
    let access_token = world.access_token("ada", "harbor-coffee").await;
    let read = async || pipes(&world.admit(broker.token(&access_token).await.token(), "ada", "harbor-coffee"));
    assert!(read().await.len() > 1);
    let mut claims: Value = serde_json::from_str(&world.sandbox.claims_template()).expect("a template");
    let only = claims["scopes"].as_array().expect("scopes").iter().find(|scope| scope["resource"] == "kpis").cloned();
    claims["scopes"] = Value::Array(only.into_iter().collect());
    world.write("claims.json", &claims.to_string());
    eventually("the template is taken", async || read().await == ["kpis"]).await;

    world.write("claims.json", "{\"scopes\": [");
    eventually("it is refused", async || broker.metrics().await.contains("reloads_total{result=\"refused\"} 1")).await;
    assert_eq!(read().await, ["kpis"], "what was right goes on");
    world.write("claims.json", &world.sandbox.claims_template());
    eventually("the template is back", async || read().await.len() > 1).await;

    let first = dashboard(&broker.connection(&access_token).await, "web-traffic").expect("a dashboard");
    world.write("dashboards/web-traffic.toml", &first.replace("title = \"Web traffic\"", "title = \"Traffic\""));
    eventually("the dashboard is taken", async || {
        let served = dashboard(&broker.connection(&access_token).await, "web-traffic");
        served.is_some_and(|text| text.contains("title = \"Traffic\""))
    })
    .await;
}

#[tokio::test]
async fn a_running_broker_does_not_change_to_another_clerk() {
    let (world, other) = (World::new().await, World::new().await);
    let broker = world.broker("").await;
    world.write("connection.toml", &other.sandbox.broker_connection_toml(crate::world::PUBLIC_URL));
    eventually("it is refused", async || broker.metrics().await.contains("reloads_total{result=\"refused\"} 1")).await;
    let access_token = world.access_token("ada", "harbor-coffee").await;
    world.admit(broker.token(&access_token).await.token(), "ada", "harbor-coffee");
}

const ONE_RULE: &str = "[[rule]]\nrole = \"org:member\"\npipes = [\"kpis\"]\n";

#[tokio::test]
async fn half_of_a_configuration_does_not_take_the_rules_away() {
    let world = World::new().await;
    let broker = world.broker(&format!("[limits]\nburst = 1000\n{ONE_RULE}")).await;
    let access_token = world.access_token("grace", "harbor-coffee").await;
    let read = async || pipes(&world.admit(broker.token(&access_token).await.token(), "grace", "harbor-coffee"));
    assert_eq!(read().await, ["kpis"]);

    world.write("broker.toml", &world.configuration("[limits]\nburst = 1000\n"));

    eventually("it is refused", async || broker.metrics().await.contains("reloads_total{result=\"refused\"} 1")).await;
    assert_eq!(read().await, ["kpis"], "the rules go on");
    world.write("broker.toml", &world.configuration("rules = \"none\"\n[limits]\nburst = 1000\n"));
    eventually("it is taken on purpose", async || read().await.len() > 1).await;
}

#[tokio::test]
async fn an_admin_token_in_the_public_part_of_a_changed_connection_is_never_served() {
    let world = World::new().await;
    let broker = world.broker("").await;
    let access_token = world.access_token("ada", "harbor-coffee").await;
    let connection = world.sandbox.broker_connection_toml(crate::world::PUBLIC_URL);
    let admin_token = world.sandbox.admin_token();
    let public = format!("[public]\nsource = \"static\"\ntoken = \"{admin_token}\"\n");
    let own = connection.split("[public]").next().expect("a file");
    world.write("connection.toml", &format!("{own}\n{public}"));
    eventually("it is refused", async || broker.metrics().await.contains("reloads_total{result=\"refused\"} 1")).await;
    assert!(!broker.connection(&access_token).await.body.to_string().contains(admin_token));
}
