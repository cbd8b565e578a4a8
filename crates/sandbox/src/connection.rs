//! The connection files that point Perch at the sandbox, and the claims of the
//! tenants' tokens.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::{ADMIN_TOKEN_NOTE, CLIENT_ID, JWT_TEMPLATE, PUBLIC_TOKEN, WORKSPACE_ID};

/// The claims that a token's template makes: `organization` stands where the
/// organization's id does, `name` is what Tinybird counts rates by.
pub(crate) fn claims(pipes: &[String], organization: &Value, name: &str) -> Value {
    let scopes: Vec<_> = pipes
        .iter()
        .map(|pipe| json!({"type": "PIPES:READ", "resource": pipe, "fixed_params": {"org_id": organization}}))
        .collect();
    json!({"name": name, "workspace_id": WORKSPACE_ID, "limits": {"rps": 30}, "scopes": scopes})
}

/// The claims as a template with Clerk's shortcodes. A name holds tenant and
/// person, because rates are counted by it.
pub(crate) fn template(pipes: &[String]) -> String {
    format!("{:#}", claims(pipes, &json!("{{org.id}}"), "perch:{{org.id}}:{{user.id}}"))
}

/// The text of a file whose tokens the viewer's machine signs, for a sandbox at
/// these addresses whose Tinybird serves `pipes`.
pub(crate) fn connection_toml(clerk: &str, tinybird: &str, pipes: &[String]) -> String {
    let template = template(pipes);
    let token = format!("source = \"mint\"\nbind = {{ org_id = \"org.id\" }}\ntemplate = '''\n{template}\n'''");
    file(&format!(" {ADMIN_TOKEN_NOTE}"), &oauth(clerk), tinybird, &token)
}

/// The text of a file with hosted authentication, whose tokens Clerk signs.
pub(crate) fn hosted_connection_toml(clerk: &str, tinybird: &str) -> String {
    let publishable_key = publishable_key(clerk);
    let sign_in = format!("publishable_key = \"{publishable_key}\"\nsign_in = \"hosted\"");
    let token =
        format!("source = \"clerk-template\"\ntemplate_name = \"{JWT_TEMPLATE}\"\nbind = {{ org_id = \"org.id\" }}");
    file("", &sign_in, tinybird, &token)
}

/// The text of a file whose tokens the broker at `broker` signs.
pub(crate) fn broker_connection_toml(clerk: &str, tinybird: &str, broker: &str) -> String {
    let token = format!("source = \"broker\"\nurl = \"{broker}\"\nbind = {{ org_id = \"org.id\" }}");
    file("", &oauth(clerk), tinybird, &token)
}

fn oauth(clerk: &str) -> String {
    format!("issuer = \"{clerk}\"\nclient_id = \"{CLIENT_ID}\"")
}

/// A connection file with these lines below `[clerk]` and `[token]`.
fn file(note: &str, clerk: &str, tinybird: &str, token: &str) -> String {
    format!(
        r#"# Written by the Perch sandbox.{note}
version = 1
name = "Perch sandbox"

[clerk]
{clerk}

[tinybird]
host = "{tinybird}"
workspace_id = "{WORKSPACE_ID}"

[token]
{token}

[public]
source = "static"
token = "{PUBLIC_TOKEN}"
"#
    )
}

/// The key that names a Frontend API: its host, followed by `$`, in base64.
pub(crate) fn publishable_key(clerk: &str) -> String {
    let host = clerk.trim_start_matches("http://");
    format!("pk_test_{}", STANDARD.encode(format!("{host}$")))
}
