//! The connection file that points Perch at the sandbox.

use serde_json::json;

use crate::{ADMIN_TOKEN_NOTE, CLIENT_ID, WORKSPACE_ID};

/// The file's text, for a sandbox at these addresses whose Tinybird serves
/// `pipes`.
pub(crate) fn connection_toml(clerk: &str, tinybird: &str, pipes: &[String]) -> String {
    let scopes: Vec<_> = pipes
        .iter()
        .map(|pipe| json!({"type": "PIPES:READ", "resource": pipe, "fixed_params": {"org_id": "{{org.id}}"}}))
        .collect();
    let template = json!({
        // Rates are counted per name, so a name holds tenant and person.
        "name": "perch:{{org.id}}:{{user.id}}",
        "workspace_id": WORKSPACE_ID,
        "limits": {"rps": 30},
        "scopes": scopes,
    });
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
{template:#}
'''
"#
    )
}
