//! The three documents by which a client finds everything else, in the shapes
//! of Clerk's specification (`WellKnown.*`).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::Clerk;

/// OpenID Connect Discovery 1.0 §3.
pub(super) async fn openid_configuration(State(clerk): State<Arc<Clerk>>) -> Json<Value> {
    let mut document = common(&clerk);
    document["introspection_endpoint"] = endpoint(&clerk, "/oauth/token_info");
    document["userinfo_endpoint"] = endpoint(&clerk, "/oauth/userinfo");
    document["response_modes_supported"] = json!(["query"]);
    document["backchannel_logout_supported"] = json!(false);
    document["frontchannel_logout_supported"] = json!(false);
    Json(document)
}

/// RFC 8414 §2.
pub(super) async fn authorization_server(State(clerk): State<Arc<Clerk>>) -> Json<Value> {
    Json(common(&clerk))
}

/// RFC 7517 §5.
pub(super) async fn jwks(State(clerk): State<Arc<Clerk>>) -> Json<Value> {
    Json(json!(clerk.keys.published()))
}

fn common(clerk: &Clerk) -> Value {
    json!({
        "issuer": clerk.issuer,
        "authorization_endpoint": endpoint(clerk, "/oauth/authorize"),
        "token_endpoint": endpoint(clerk, "/oauth/token"),
        "revocation_endpoint": endpoint(clerk, "/oauth/token/revoke"),
        "jwks_uri": endpoint(clerk, "/.well-known/jwks.json"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": ["none"],
        "scopes_supported": clerk.scopes.iter().collect::<Vec<_>>(),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": [
            "aud", "auth_time", "email", "email_verified", "exp", "family_name", "given_name", "iat", "iss", "name",
            "nonce", "org_id", "picture", "sub",
        ],
        "code_challenge_methods_supported": ["S256"],
    })
}

fn endpoint(clerk: &Clerk, path: &str) -> Value {
    Value::String(format!("{}{path}", clerk.issuer))
}
