//! A token, as Tinybird judges it. A tenant's: HS256 with the workspace's admin
//! token as the key, and claims that say which pipes it reads, with which
//! fixed parameters, how often and until when. Or the workspace's static one,
//! which reads what anyone may see, and of which only Tinybird knows that.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, header};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::Value;

use super::pipes::{self, Pipe};
use super::refusal::Refusal;
use crate::{ADMIN_TOKEN, PUBLIC_TOKEN, WORKSPACE_ID};

/// The claims of a token whose signature, expiry and workspace are right.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    workspace_id: String,
    /// Rates are counted by this.
    pub(super) name: String,
    exp: i64,
    #[serde(default)]
    scopes: Vec<Scope>,
    #[serde(default)]
    limits: Limits,
}

#[derive(Debug, Deserialize)]
struct Scope {
    #[serde(rename = "type")]
    kind: String,
    resource: String,
    #[serde(default)]
    fixed_params: BTreeMap<String, Value>,
}

#[derive(Debug, Default, Deserialize)]
struct Limits {
    rps: Option<u32>,
}

impl Claims {
    /// Judges the token of a request.
    pub(super) fn of(headers: &HeaderMap, now: i64) -> Result<Self, Refusal> {
        let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let Some(token) = bearer.and_then(|text| text.strip_prefix("Bearer ")) else {
            return Err(Refusal::token("There is no authentication token: send Authorization: Bearer TOKEN"));
        };
        if token == PUBLIC_TOKEN {
            return Ok(Self::of_anyone());
        }
        let mut validation = Validation::new(Algorithm::HS256);
        // Expiry is judged by the sandbox's clock, not by the machine's.
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        let key = DecodingKey::from_secret(ADMIN_TOKEN.as_bytes());
        let claims = jsonwebtoken::decode::<Self>(token, &key, &validation)
            .map_err(|error| Refusal::token(&format!("Invalid authentication token: {error}")))?
            .claims;
        if claims.workspace_id != WORKSPACE_ID {
            return Err(Refusal::token("Invalid authentication token: workspace not found"));
        }
        if claims.exp <= now {
            return Err(Refusal::token("Invalid authentication token: the token has expired"));
        }
        Ok(claims)
    }

    fn of_anyone() -> Self {
        let scope = |pipe: &Pipe| Scope {
            kind: "PIPES:READ".to_owned(),
            resource: pipe.name.to_owned(),
            fixed_params: BTreeMap::new(),
        };
        let scopes = pipes::all().filter(|pipe| pipe.public).map(scope).collect();
        let (workspace_id, name) = (WORKSPACE_ID.to_owned(), "public".to_owned());
        Self { workspace_id, name, exp: i64::MAX, scopes, limits: Limits::default() }
    }

    /// The fixed parameters with which it reads `pipe`, as request parameters.
    pub(super) fn reads(&self, pipe: &str) -> Result<BTreeMap<String, String>, Refusal> {
        let scope = self.scopes.iter().find(|scope| scope.kind == "PIPES:READ" && scope.resource == pipe);
        let Some(scope) = scope else {
            return Err(Refusal::token(&format!("The token has no PIPES:READ scope for the pipe '{pipe}'")));
        };
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Ok(scope.fixed_params.iter().map(|(name, value)| (name.clone(), text(value))).collect())
    }

    /// Requests a second, if they are limited.
    pub(super) fn rps(&self) -> Option<u32> {
        self.limits.rps
    }
}
