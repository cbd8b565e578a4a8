//! `perchctl token`: what it prints, what it refuses, and that no key is told.

use std::fs;
use std::path::PathBuf;
use std::process::Output;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::{assert_fails, command};

pub const KEY: &str = "p.eyJ1IjoiYWRtaW4ifQ.c2VjcmV0";

const TEMPLATE: &str = r#"{
  "workspace_id": "w",
  "name": "acme {{org.name}}",
  "limits": {"rps": 10},
  "who": ["{{user.full_name}}", "{{user.primary_email_address}}", "{{org.slug}}", "{{org.role}}"],
  "plan": "{{user.public_metadata.plan}}",
  "scopes": [{"type": "PIPES:READ", "resource": "kpis", "fixed_params": {"org_id": "{{org.id}}"}}]
}"#;

/// A folder with the template, and with a connection whose `[token]` has `more`.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().expect("a folder"));
        folder.write("template.json", TEMPLATE);
        folder
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, text).expect("a file");
        path
    }

    fn connection(&self, token: &str) -> PathBuf {
        let clerk = "[clerk]\nissuer = \"https://clerk.acme.example\"\nclient_id = \"a\"\n";
        let tinybird = "[tinybird]\nhost = \"https://api.tinybird.co\"\nworkspace_id = \"w\"\n";
        let token = format!("[token]\nbind = {{ org_id = \"org.id\" }}\n{token}\n");
        self.write("connection.toml", &format!("version = 1\nname = \"Acme\"\n{clerk}{tinybird}{token}"))
    }

    /// Runs `token` for a person of an organization, in this folder.
    fn token(&self, arguments: &[&str]) -> Output {
        let who = ["token", "--user", "user_1", "--org", "org_1"];
        let mut command = command(&[&who, arguments].concat());
        command.current_dir(&self.0).env("ADMIN_TOKEN", KEY).env("EMPTY", " \n").env_remove("UNSET");
        let output = command.output().expect("a run");
        let said = [&output.stdout[..], &output.stderr[..]].concat();
        assert!(!String::from_utf8_lossy(&said).contains("YWRtaW4"), "the key, told");
        output
    }
}

/// The token that was printed alone, and the note beside it.
pub fn signed(output: &Output) -> (String, String) {
    let note = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && note.lines().count() == 1, "{note}");
    let token = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(token.ends_with('\n') && token.matches('.').count() == 2 && token.lines().count() == 1, "{token}");
    (token.trim_end().to_owned(), note)
}

fn claims(output: &Output) -> Value {
    let (token, _) = signed(output);
    let payload = token.split('.').nth(1).expect("its claims");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64url")).expect("JSON")
}

fn seconds(claims: &Value) -> u64 {
    claims["exp"].as_u64().expect("exp") - claims["iat"].as_u64().expect("iat")
}

#[test]
fn a_token_is_printed_alone_and_what_it_is_for_beside_it() {
    let folder = Folder::new();
    let output = folder.token(&["--template", "template.json", "--key-env", "ADMIN_TOKEN"]);
    let (_, note) = signed(&output);
    for told in ["perchctl: ", "rows of org_1", "until 20", "--connection"] {
        assert!(note.contains(told), "{note}");
    }
    let claims = claims(&output);
    assert_eq!(claims["scopes"][0]["fixed_params"], json!({ "org_id": "org_1" }));
    assert_eq!(claims["name"], "acme null:org_1:user_1");
    assert_eq!((seconds(&claims), claims["plan"].clone()), (600, Value::Null));
}

#[test]
fn shortcodes_stand_for_what_is_typed_and_for_what_a_file_tells() {
    let folder = Folder::new();
    folder.write("more.json", r#"{"user": {"public_metadata": {"plan": ["pro", 3]}, "full_name": "Nobody"}}"#);
    let who = ["--name", "Ada Lovelace", "--email", "ada@acme.example", "--org-slug", "acme"];
    let more = ["--org-role", "org:admin", "--org-name", "Acme", "--metadata", "more.json", "--lifetime", "90s"];
    let key = ["--template", "template.json", "--key-env", "ADMIN_TOKEN"];
    let claims = claims(&folder.token(&[&who[..], &more, &key].concat()));
    assert_eq!(claims["who"], json!(["Ada Lovelace", "ada@acme.example", "acme", "org:admin"]));
    assert_eq!(claims["plan"], json!(["pro", 3]));
    assert_eq!((claims["name"].as_str(), seconds(&claims)), (Some("acme Acme:org_1:user_1"), 90));
}

#[test]
fn a_file_of_metadata_names_nobody_and_nothing_that_no_template_could_use() {
    let folder = Folder::new();
    for (text, hint) in [
        ("[]", "no JSON object"),
        ("{\"user\": 1}", "`user` is no JSON object"),
        (r#"{"user": {"publicMetadata": {}}}"#, "`user.publicMetadata` is no shortcode"),
        (r#"{"user": {"public_metadata.plan": 1}}"#, "`user.public_metadata.plan` is no shortcode"),
        (r#"{"organization": {"id": 1}}"#, "`organization.id` is no shortcode"),
        (r#"{"org": {"id": "org_2"}}"#, "--org says"),
        (r#"{"user": {"id": "user_2"}}"#, "--user says"),
    ] {
        folder.write("more.json", text);
        let arguments = ["--template", "template.json", "--metadata", "more.json", "--claims"];
        assert_fails(&folder.token(&arguments), 1, hint);
    }
}

#[test]
fn a_key_comes_from_a_variable_or_a_file_and_from_nowhere_else() {
    let folder = Folder::new();
    let with = |more: &[&str]| folder.token(&[&["--template", "template.json"], more].concat());
    folder.write("key", &format!("{KEY}\r\n"));
    folder.write("empty", "\n");
    let by_variable = claims(&with(&["--key-env", "ADMIN_TOKEN"]));
    let by_file = claims(&with(&["--key-file", "key"]));
    assert_eq!(by_variable["scopes"], by_file["scopes"]);
    for (arguments, code, hint) in [
        (&["--key-env", "UNSET"][..], 1, "UNSET is not set"),
        (&["--key-env", "EMPTY"], 1, "EMPTY is empty"),
        (&["--key-env", ""], 1, "never the key itself"),
        (&["--key-env", KEY], 1, "never the key itself"),
        (&["--key-env", "2KEYS"], 1, "never the key itself"),
        (&["--key-file", "empty"], 1, "empty is empty"),
        (&["--key-file", "nowhere"], 1, "cannot read nowhere"),
        (&["--key-file", "key", "--key-env", "ADMIN_TOKEN"], 2, "--key-file"),
        (&[], 2, "--key-env"),
    ] {
        let output = with(arguments);
        assert_fails(&output, code, hint);
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_connection_gives_template_and_lifetime_and_lets_the_fence_judge() {
    let folder = Folder::new();
    let mint = |template: &str| {
        folder.connection(&format!("source = \"mint\"\nlifetime_seconds = 120\ntemplate = '''{template}'''"))
    };
    let by_connection = ["--connection", "connection.toml", "--key-env", "ADMIN_TOKEN"];
    mint(TEMPLATE);
    let output = folder.token(&by_connection);
    assert_eq!(seconds(&claims(&output)), 120);
    assert!(!signed(&output).1.contains("--connection"), "it was judged");
    let longer = [&by_connection[..], &["--lifetime", "1h"]].concat();
    assert_eq!(seconds(&claims(&folder.token(&longer))), 3_600);

    for (from, to, hint) in [
        ("org_id", "org", "does not fix `org_id` for the pipe `kpis`"),
        ("{{org.id}}", "{{user.id}}", "for someone else"),
        ("\"w\"", "\"other\"", "another Tinybird workspace"),
    ] {
        mint(&TEMPLATE.replace(from, to));
        let output = folder.token(&by_connection);
        assert_fails(&output, 1, hint);
        assert!(output.stdout.is_empty(), "a refused token is not told");
    }
    let short = [&by_connection[..], &["--lifetime", "1s"]].concat();
    mint(TEMPLATE);
    assert_fails(&folder.token(&short), 1, "less than two seconds");
}

#[test]
fn a_connection_whose_template_stands_elsewhere_needs_a_copy_of_it() {
    let folder = Folder::new();
    folder.connection("source = \"broker\"\nurl = \"https://tokens.acme.example\"");
    let arguments = ["--connection", "connection.toml", "--key-env", "ADMIN_TOKEN"];
    assert_fails(&folder.token(&arguments), 1, "(source = \"broker\"); hand a copy of it to --template");
    let with_copy = [&arguments[..], &["--template", "template.json"]].concat();
    assert_eq!(seconds(&claims(&folder.token(&with_copy))), 600);
    folder.write("template.json", &TEMPLATE.replace("org_id", "org"));
    assert_fails(&folder.token(&with_copy), 1, "does not fix `org_id`");
}

#[test]
fn a_person_without_an_organization_has_a_token_of_their_own() {
    let folder = Folder::new();
    let alone = |template: &str| {
        folder.write("template.json", template);
        let who = ["token", "--user", "user_1", "--key-env", "ADMIN_TOKEN", "--template", "template.json"];
        command(&who).current_dir(&folder.0).env("ADMIN_TOKEN", KEY).output().expect("a run")
    };
    let output = alone(&TEMPLATE.replace("{{org.id}}", "{{user.id}}"));
    assert_eq!(claims(&output)["name"], "acme null:personal:user_1");
    assert!(signed(&output).1.contains("rows of user_1"));

    let bound_to_nothing = alone(TEMPLATE);
    assert_fails(&bound_to_nothing, 1, "fixes `org_id` for the pipe `kpis` to null");
    assert!(bound_to_nothing.stdout.is_empty());
    let no_parameters = alone(&TEMPLATE.replace(r#"{"org_id": "{{org.id}}"}"#, "\"{{user.id}}\""));
    assert_fails(&no_parameters, 1, "no object of parameters");
}

#[test]
fn the_claims_are_shown_without_a_key_and_unjudged() {
    let folder = Folder::new();
    folder.connection(&format!("source = \"mint\"\ntemplate = '''{}'''", TEMPLATE.replace("org_id", "org")));
    let output = folder.token(&["--connection", "connection.toml", "--claims"]);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(shown.starts_with("{\n  \"workspace_id\": \"w\",\n") && shown.ends_with("}\n"), "{shown}");
    let claims: Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!((seconds(&claims), claims["nbf"].as_u64()), (600, claims["iat"].as_u64().map(|iat| iat - 5)));
}

#[test]
fn a_template_that_is_wrong_is_told_with_file_line_and_column() {
    let folder = Folder::new();
    folder.write("template.json", &TEMPLATE.replace("org.name", "org.title"));
    let arguments = ["--template", "template.json", "--key-env", "ADMIN_TOKEN"];
    assert_fails(&folder.token(&arguments), 1, "template.json:3:19: `org.title` is no shortcode");
    folder.write("template.json", &format!("\u{feff}{TEMPLATE}"));
    assert_eq!(
        seconds(&claims(&folder.token(&arguments))),
        600,
        "with a byte order mark, as editors on Windows write it"
    );
    fs::write(folder.0.path().join("template.json"), [0xff, 0xfe]).expect("a file");
    assert_fails(&folder.token(&arguments), 1, "cannot read template.json");
}

#[test]
fn a_command_line_that_names_no_tenant_or_no_template_means_nothing() {
    let folder = Folder::new();
    for (arguments, hint) in [
        (&["token", "--template", "template.json", "--key-env", "K"][..], "--user"),
        (&["token", "--user", "u", "--key-env", "K"], "--template"),
        (&["token", "--user", "", "--template", "t", "--claims"], "--user"),
        (&["token", "--user", "u", "--org", "", "--template", "t", "--claims"], "--org"),
        (&["token", "--user", "u", "--org-slug", "s", "--template", "t", "--claims"], "--org"),
        (&["token", "--user", "u", "--template", "t", "--claims", "--lifetime", "10"], "10m"),
    ] {
        assert_fails(&command(arguments).current_dir(&folder.0).output().expect("a run"), 2, hint);
    }
}
