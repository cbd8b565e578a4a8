//! The fence: the only door to a [`TenantToken`].
//!
//! A pipe filters by the parameters that its token fixes. A pipe whose filter
//! is optional shows **every tenant's rows** to a token that lacks the
//! parameter, so a token that does not name the tenant must never be sent.
//! A client cannot check the signature in general, and does not need to:
//! Tinybird does. What the client checks is that the token, once accepted,
//! shows this tenant's rows and nothing else. Whoever holds a [`TenantToken`]
//! holds the proof.

use std::collections::BTreeSet;
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use perch_tenant::{Attribute, Bindings, Origin, Secret, Tenant, TenantId};
use serde_json::{Map, Value};

/// A token must live this long to be worth sending: a request takes time.
pub(crate) const LEAST_LIFE: Duration = Duration::from_secs(2);

/// The one scope that a tenant's token may have.
const READ: &str = "PIPES:READ";

/// A token that reads this tenant's rows and nothing else.
#[derive(Clone)]
pub struct TenantToken {
    raw: Secret,
    claims: Value,
    tenant: TenantId,
    host: Origin,
    expires: SystemTime,
    pipes: BTreeSet<String>,
}

/// Why a token was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FenceError {
    /// Not a signed JWT with an object of claims.
    #[error("the token for this organization cannot be read: {why}")]
    Malformed {
        /// What is wrong with it.
        why: &'static str,
    },
    /// Its `exp` has passed.
    #[error("the token for this organization has expired")]
    Expired,
    /// It would expire on its way.
    #[error("the token for this organization has less than two seconds left")]
    NearlyExpired,
    /// Its `workspace_id` is not the connection's.
    #[error("the token is for another Tinybird workspace")]
    OtherWorkspace,
    /// It has no scope.
    #[error("the token gives access to nothing")]
    NoScopes,
    /// A scope is of another type than `PIPES:READ`.
    #[error("the token may do more than read pipes: it has the scope `{scope}`")]
    OtherScope {
        /// The scope's type.
        scope: String,
    },
    /// A scope does not fix a parameter that the connection binds.
    #[error("the token does not fix `{parameter}` for the pipe `{pipe}`, so it could show other organizations' rows")]
    Unbound {
        /// The scope's pipe.
        pipe: String,
        /// The parameter.
        parameter: String,
    },
    /// A scope fixes the parameter to something that is no text.
    #[error("the token fixes `{parameter}` for the pipe `{pipe}` to something that is no text")]
    NotText {
        /// The scope's pipe.
        pipe: String,
        /// The parameter.
        parameter: String,
    },
    /// A scope fixes the parameter to another tenant's value.
    #[error("the token is for someone else: it fixes `{parameter}` for the pipe `{pipe}` to another value")]
    OtherTenant {
        /// The scope's pipe.
        pipe: String,
        /// The parameter.
        parameter: String,
    },
    /// A scope fixes a parameter, bound or not, to null or to something that
    /// holds one.
    #[error(
        "the token fixes `{parameter}` for the pipe `{pipe}` to null, so it could show rows that are kept from this person"
    )]
    NullParameter {
        /// The scope's pipe.
        pipe: String,
        /// The parameter.
        parameter: String,
    },
    /// What a scope fixes is no object.
    #[error("what the token fixes for the pipe `{pipe}` is no object of parameters")]
    NoParameters {
        /// The scope's pipe.
        pipe: String,
    },
    /// The tenant has no value to compare with.
    #[error("this sign-in has no `{attribute}`, which the connection binds `{parameter}` to")]
    TenantLacks {
        /// The parameter.
        parameter: String,
        /// The attribute of the tenant.
        attribute: Attribute,
    },
}

impl FenceError {
    /// A stable name for the kind of refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "token-malformed",
            Self::Expired => "token-expired",
            Self::NearlyExpired => "token-nearly-expired",
            Self::OtherWorkspace => "token-other-workspace",
            Self::NoScopes => "token-no-scopes",
            Self::OtherScope { .. } => "token-other-scope",
            Self::Unbound { .. } => "token-unbound",
            Self::NotText { .. } => "token-binding-not-text",
            Self::OtherTenant { .. } => "token-other-tenant",
            Self::NullParameter { .. } => "token-null-parameter",
            Self::NoParameters { .. } => "token-no-parameters",
            Self::TenantLacks { .. } => "tenant-lacks-attribute",
        }
    }

    /// What a person can do about it.
    pub fn next_step(&self) -> &'static str {
        match self {
            Self::Expired | Self::NearlyExpired => {
                "Try again. If it stays so, check that this computer's clock is right."
            }
            Self::TenantLacks { .. } => "Sign in again and choose an organization.",
            Self::OtherWorkspace => {
                "Ask your operator to make the workspace in the claims template that of the connection file."
            }
            Self::Malformed { .. } | Self::NoScopes | Self::OtherScope { .. } => {
                "Ask your operator to check the claims template: it needs scopes of type PIPES:READ and no other."
            }
            Self::NullParameter { .. } => {
                "Ask your operator to give you the metadata that the claims template names there, or to write a fallback in it: {{… || 'none'}}."
            }
            Self::Unbound { .. } | Self::NotText { .. } | Self::OtherTenant { .. } | Self::NoParameters { .. } => {
                "Ask your operator to check `fixed_params` in the claims template against `bind` in the connection file."
            }
        }
    }
}

impl TenantToken {
    /// Reads a token's claims and lets it in only if they bind it to `tenant`:
    /// it is for the tenant's workspace, it lives for two seconds or more, it
    /// does nothing but read pipes, and every one of its scopes fixes every
    /// parameter of `bind` to exactly this tenant's value, and none to null.
    pub fn admit(raw: Secret, tenant: &Tenant, bind: &Bindings, now: SystemTime) -> Result<Self, FenceError> {
        let (claims, expires) = read_living(raw.expose(), &tenant.workspace_id, now)?;
        let scopes = read_scopes(&claims)?;
        let pipes = scopes.iter().map(|scope| bound_pipe(scope, tenant, bind)).collect::<Result<_, _>>()?;
        Ok(Self {
            raw,
            claims: Value::Object(claims),
            tenant: tenant.id(),
            host: tenant.tinybird.clone(),
            expires,
            pipes,
        })
    }

    /// Whose rows it reads.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The only host it may be sent to.
    pub fn host(&self) -> &Origin {
        &self.host
    }

    /// When Tinybird stops accepting it.
    pub fn expires(&self) -> SystemTime {
        self.expires
    }

    /// All its claims, for showing.
    pub fn claims(&self) -> &Value {
        &self.claims
    }

    /// Whether one of its scopes names `pipe`, by name or by id.
    pub fn reads(&self, pipe: &str) -> bool {
        self.pipes.contains(pipe)
    }

    /// What its scopes name: pipes, by name or by id, in alphabetical order.
    pub fn pipes(&self) -> impl Iterator<Item = &str> {
        self.pipes.iter().map(String::as_str)
    }

    /// How many requests a second Tinybird accepts under its name.
    pub fn rps(&self) -> Option<u32> {
        read_rps(&self.claims)
    }

    /// The name under which Tinybird counts its requests.
    pub fn name(&self) -> &str {
        self.claims.get("name").and_then(Value::as_str).unwrap_or_default()
    }

    /// The token itself, for the wire.
    pub fn expose(&self) -> &str {
        self.raw.expose()
    }
}

impl fmt::Debug for TenantToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tenant, host, expires, .. } = self;
        formatter
            .debug_struct("TenantToken")
            .field("tenant", tenant)
            .field("host", host)
            .field("expires", expires)
            .finish_non_exhaustive()
    }
}

/// The claims of a JWT for this workspace that lives for two seconds or more,
/// and when it expires.
pub(crate) fn read_living(
    raw: &str,
    workspace_id: &str,
    now: SystemTime,
) -> Result<(Map<String, Value>, SystemTime), FenceError> {
    let claims = read_claims(raw)?;
    let expires = expiry(&claims)?;
    match expires.duration_since(now) {
        Err(_) => return Err(FenceError::Expired),
        Ok(left) if left < LEAST_LIFE => return Err(FenceError::NearlyExpired),
        Ok(_) => {}
    }
    if claims.get("workspace_id").and_then(Value::as_str) != Some(workspace_id) {
        return Err(FenceError::OtherWorkspace);
    }
    Ok((claims, expires))
}

/// The scopes, of which there is at least one.
pub(crate) fn read_scopes(claims: &Map<String, Value>) -> Result<&[Value], FenceError> {
    match claims.get("scopes") {
        Some(Value::Array(scopes)) if !scopes.is_empty() => Ok(scopes),
        None | Some(Value::Null | Value::Array(_)) => Err(FenceError::NoScopes),
        Some(_) => Err(FenceError::Malformed { why: "its scopes are no list" }),
    }
}

/// The pipe that a scope reads.
pub(crate) fn read_pipe(scope: &Value) -> Result<&str, FenceError> {
    let malformed = |why| FenceError::Malformed { why };
    let scope = scope.as_object().ok_or(malformed("one of its scopes is no object"))?;
    let kind = scope.get("type").and_then(Value::as_str).ok_or(malformed("one of its scopes has no type"))?;
    if kind != READ {
        return Err(FenceError::OtherScope { scope: kind.to_owned() });
    }
    let pipe = scope.get("resource").and_then(Value::as_str).filter(|pipe| !pipe.is_empty());
    pipe.ok_or(malformed("one of its scopes names no pipe"))
}

/// How many requests a second the claims allow.
pub(crate) fn read_rps(claims: &Value) -> Option<u32> {
    let rps = claims.pointer("/limits/rps")?.as_u64()?;
    u32::try_from(rps).ok().filter(|rps| *rps > 0)
}

/// The claims of a JWT in its compact form (RFC 7519 §7.2), unverified.
fn read_claims(raw: &str) -> Result<Map<String, Value>, FenceError> {
    let malformed = |why| FenceError::Malformed { why };
    let parts: Vec<&str> = raw.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        return Err(malformed("it has not the three parts of a JWT"));
    };
    let object = |part: &str, why| -> Result<Map<String, Value>, FenceError> {
        let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed(why))?;
        serde_json::from_slice(&bytes).map_err(|_| malformed(why))
    };
    let header = object(header, "its header is no JSON")?;
    let algorithm = header.get("alg").and_then(Value::as_str).unwrap_or("none");
    if signature.is_empty() || algorithm.eq_ignore_ascii_case("none") || URL_SAFE_NO_PAD.decode(signature).is_err() {
        return Err(malformed("it is not signed"));
    }
    object(payload, "its claims are no JSON")
}

/// `exp` (RFC 7519 §4.1.4): seconds, perhaps with a fraction, which is cut off.
fn expiry(claims: &Map<String, Value>) -> Result<SystemTime, FenceError> {
    let malformed = FenceError::Malformed { why: "it does not say when it expires" };
    let exp = claims.get("exp").ok_or(malformed.clone())?;
    let seconds = match (exp.as_u64(), exp.as_f64()) {
        (Some(seconds), _) => seconds,
        (None, Some(seconds)) if seconds >= 0.0 => seconds as u64,
        _ => return Err(malformed),
    };
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).ok_or(malformed)
}

/// The pipe of a scope that is bound to the tenant.
fn bound_pipe(scope: &Value, tenant: &Tenant, bind: &Bindings) -> Result<String, FenceError> {
    let pipe = read_pipe(scope)?.to_owned();
    let fixed = scope.get("fixed_params");
    for (parameter, attribute) in bind.iter() {
        let (pipe, parameter) = (pipe.clone(), parameter.to_owned());
        let own = tenant.attribute(attribute).filter(|own| !own.is_empty());
        let Some(own) = own else { return Err(FenceError::TenantLacks { parameter, attribute }) };
        match fixed.and_then(|fixed| fixed.get(&parameter)) {
            Some(Value::String(value)) if value == own => {}
            Some(Value::String(_)) => return Err(FenceError::OtherTenant { pipe, parameter }),
            None => return Err(FenceError::Unbound { pipe, parameter }),
            Some(_) => return Err(FenceError::NotText { pipe, parameter }),
        }
    }
    refuse_null(scope)?;
    Ok(pipe)
}

/// Refuses a scope that fixes a parameter to null, as a shortcode does that
/// stands for nothing: a pipe takes that for a parameter that is not there, and
/// leaves out the filter that it is for.
pub(crate) fn refuse_null(scope: &Value) -> Result<(), FenceError> {
    let pipe = || scope.get("resource").and_then(Value::as_str).unwrap_or_default().to_owned();
    let Some(fixed) = scope.get("fixed_params") else { return Ok(()) };
    let fixed = fixed.as_object().ok_or_else(|| FenceError::NoParameters { pipe: pipe() })?;
    match fixed.iter().find(|(_, value)| holds_null(value)) {
        Some((parameter, _)) => Err(FenceError::NullParameter { pipe: pipe(), parameter: parameter.clone() }),
        None => Ok(()),
    }
}

fn holds_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.iter().any(holds_null),
        Value::Object(entries) => entries.values().any(holds_null),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}
