//! Tokens of `perchctl token`, read by somebody else: the npm package jose
//! (tests/jose), which verifies each as Tinybird does, by HS256.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::token::{KEY, signed};
use crate::{command, path};

/// What jose makes of each token, by this key.
fn verdicts(key: &str, tokens: &[String]) -> Vec<Value> {
    let mut verifier = Command::new("node")
        .arg("verify.mjs")
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/jose"))
        .env("PERCH_JOSE_KEY", key)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node");
    let lines: String = tokens.iter().map(|token| format!("{token}\n")).collect();
    verifier.stdin.take().expect("its input").write_all(lines.as_bytes()).expect("a write");
    let output = verifier.wait_with_output().expect("an end");
    assert!(output.status.success());
    let lines = String::from_utf8(output.stdout).expect("text");
    let verdicts: Vec<_> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(verdicts.len(), tokens.len());
    verdicts
}

const MORE: &str = r#"{
  "user": {
    "email_verified": false,
    "created_at": 1700000000123,
    "public_metadata": {"plan": {"name": "pro", "seats": 12.5}, "interests": ["hiking", "ñandú"], "free": false, "none": null}
  },
  "org_membership": {"public_metadata": {"desk": 7}}
}"#;

/// A token of a template whose claim `it` is this value.
fn token(it: &Value) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let (template, more) = (folder.path().join("template.json"), folder.path().join("more.json"));
    let scopes = json!([{ "type": "PIPES:READ", "resource": "kpis", "fixed_params": { "org_id": "{{org.id}}" } }]);
    let claims = json!({ "workspace_id": "w", "limits": { "rps": 10 }, "scopes": scopes, "it": it });
    fs::write(&template, claims.to_string()).expect("a file");
    fs::write(&more, MORE).expect("a file");
    let files = ["--template", path(&template), "--metadata", path(&more)];
    let who = ["--user", "user_1", "--org", "org_1", "--name", "Ada {{org.id}} Lovelace", "--key-env", "ADMIN_TOKEN"];
    let mut command = command(&[&["token"], &files[..], &who].concat());
    signed(&command.env("ADMIN_TOKEN", KEY).output().expect("a run")).0
}

#[test]
#[ignore = "needs what `make test` sets up"]
fn jose_verifies_each_feature_of_clerks_templates() {
    let features = [
        // Static values are what they are.
        (json!("plain } text {"), json!("plain } text {")),
        (json!([1, 2.5, true, null]), json!([1, 2.5, true, null])),
        // A shortcode alone keeps its type.
        (json!("{{user.id}}"), json!("user_1")),
        (json!("{{user.email_verified}}"), json!(false)),
        (json!("{{ user.created_at }}"), json!(1_700_000_000_123_u64)),
        (json!("{{user.public_metadata.plan}}"), json!({ "name": "pro", "seats": 12.5 })),
        (json!("{{user.public_metadata.interests}}"), json!(["hiking", "ñandú"])),
        // Inside a text it becomes text.
        (json!("{{org.id}}:{{user.created_at}}!"), json!("org_1:1700000000123!")),
        (json!("seats: {{user.public_metadata.plan.seats}}"), json!("seats: 12.5")),
        // What is missing is null, and the word `null` in a text.
        (json!("{{org.slug}}"), Value::Null),
        (json!("{{user.last_name}} {{user.id}}"), json!("null user_1")),
        (json!("{{user.unsafe_metadata.not.there}}"), Value::Null),
        // || takes the first that is neither null nor false, else the last.
        (json!("{{org.slug || org.id}}"), json!("org_1")),
        (json!("{{user.public_metadata.none || user.public_metadata.free || 'text'}}"), json!("text")),
        (json!("{{org.slug || user.email_verified}}"), json!(false)),
        (json!("{{user.email_verified || org.slug}}"), Value::Null),
        // Literals: texts in single quotes, numbers, truth values.
        (json!("{{org.slug || 'a \"b\" || }} c'}}"), json!("a \"b\" || }} c")),
        (json!("{{org.slug || 30 }}"), json!(30)),
        (json!("{{org.slug || -0.5}}"), json!(-0.5)),
        (json!("{{user.email_verified || true}}"), json!(true)),
        (json!("{{org.slug || ''}}"), json!("")),
        // Dots reach into metadata.
        (json!("{{user.public_metadata.plan.name}}"), json!("pro")),
        (json!("{{org_membership.public_metadata.desk}}"), json!(7)),
        // Objects and lists nest, and their keys are no shortcodes.
        (json!({ "{{user.id}}": [{ "a": ["{{org.id}}"] }] }), json!({ "{{user.id}}": [{ "a": ["org_1"] }] })),
        // What a shortcode stands for is not read again.
        (json!("{{user.full_name}}"), json!("Ada {{org.id}} Lovelace")),
    ];
    let tokens: Vec<_> = features.iter().map(|(it, _)| token(it)).collect();
    for ((it, expected), verdict) in features.iter().zip(verdicts(KEY, &tokens)) {
        assert_eq!(verdict["header"], json!({ "typ": "JWT", "alg": "HS256" }), "{verdict}");
        let claims = &verdict["claims"];
        assert!(claims.as_object().is_some_and(|claims| claims.contains_key("it")), "{it}: {claims}");
        assert_eq!(&claims["it"], expected, "{it}");
        assert_eq!(claims["scopes"][0]["fixed_params"]["org_id"], "org_1");
        assert_eq!(claims["name"], "perch:org_1:user_1");
    }
}

#[test]
#[ignore = "needs what `make test` sets up"]
fn jose_refuses_a_token_by_another_key_and_one_that_was_changed() {
    let token = token(&json!("{{user.id}}"));
    let refused = |key: &str, token: &str| verdicts(key, &[token.to_owned()])[0]["refused"].clone();
    assert_eq!(refused(KEY, &token), Value::Null);
    assert_eq!(refused("another", &token), "ERR_JWS_SIGNATURE_VERIFICATION_FAILED");
    let (signed, signature) = token.rsplit_once('.').expect("a signature");
    let changed = format!("{}A.{signature}", &signed[..signed.len() - 1]);
    assert!(changed != token && refused(KEY, &changed).is_string());
}
