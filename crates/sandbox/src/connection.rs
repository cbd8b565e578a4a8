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
    format!(
        r#"# Written by the Perch sandbox. {ADMIN_TOKEN_NOTE}
version = 1
name = "Perch sandbox"

[clerk]
issuer = "{clerk}"
client_id = "{CLIENT_ID}"

[tinybird]
host = "{tinybird}"
workspace_id = "{WORKSPACE_ID}"

[token]
source = "mint"
bind = {{ org_id = "org.id" }}
template = '''
{template}
'''

[public]
source = "static"
token = "{PUBLIC_TOKEN}"
"#
    )
}

/// The text of a file with hosted authentication, whose tokens Clerk signs.
pub(crate) fn hosted_connection_toml(clerk: &str, tinybird: &str) -> String {
    let publishable_key = publishable_key(clerk);
    format!(
        r#"# Written by the Perch sandbox.
version = 1
name = "Perch sandbox"

[clerk]
publishable_key = "{publishable_key}"
sign_in = "hosted"

[tinybird]
host = "{tinybird}"
workspace_id = "{WORKSPACE_ID}"

[token]
source = "clerk-template"
template_name = "{JWT_TEMPLATE}"
bind = {{ org_id = "org.id" }}

[public]
source = "static"
token = "{PUBLIC_TOKEN}"
"#
    )
}

/// The text of a file whose tokens the broker at `broker` signs.
pub(crate) fn broker_connection_toml(clerk: &str, tinybird: &str, broker: &str) -> String {
    format!(
        r#"# Written by the Perch sandbox.
version = 1
name = "Perch sandbox"

[clerk]
issuer = "{clerk}"
client_id = "{CLIENT_ID}"

[tinybird]
host = "{tinybird}"
workspace_id = "{WORKSPACE_ID}"

[token]
source = "broker"
url = "{broker}"
bind = {{ org_id = "org.id" }}

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
