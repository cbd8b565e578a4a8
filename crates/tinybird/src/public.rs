//! The token of what anyone may see.
//!
//! It stands in a connection file, which every viewer has, and it binds no
//! tenant. So it is a type of its own: nothing makes a
//! [`TenantToken`](crate::TenantToken) of it, and what asks for a tenant's rows
//! does not take it.

use std::collections::BTreeSet;
use std::fmt;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use perch_tenant::{Origin, Secret};
use serde_json::{Map, Value};

use crate::token::{FenceError, read_living, read_pipe, read_rps, read_scopes};

/// The longest token, in bytes.
const LONGEST: usize = 4096;

/// A token of a workspace that reads what anyone may see: one of Tinybird's
/// static tokens, which tell a client nothing, or a JWT.
#[derive(Clone)]
pub struct PublicToken {
    raw: Secret,
    host: Origin,
    jwt: Option<Jwt>,
}

/// What a JWT says of itself.
#[derive(Clone)]
struct Jwt {
    claims: Value,
    expires: SystemTime,
    pipes: BTreeSet<String>,
}

/// Why a token was refused. It was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublicTokenError {
    /// It is no token, or a JWT that cannot be read.
    #[error("the public token in the connection file is no token")]
    Malformed,
    /// A JWT whose `exp` has passed, or is about to.
    #[error("the public token in the connection file has expired")]
    Expired,
    /// A JWT for another workspace.
    #[error("the public token in the connection file is for another Tinybird workspace")]
    OtherWorkspace,
    /// A JWT that may do more than read pipes, or nothing at all.
    #[error("the public token in the connection file must read pipes and do nothing else")]
    OtherScope,
}

impl PublicTokenError {
    /// A stable name for the kind of refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "public-token-malformed",
            Self::Expired => "public-token-expired",
            Self::OtherWorkspace => "public-token-other-workspace",
            Self::OtherScope => "public-token-other-scope",
        }
    }

    /// What a person can do about it.
    pub fn next_step(&self) -> &'static str {
        match self {
            Self::Expired => "Ask your operator for a new connection file.",
            Self::Malformed | Self::OtherWorkspace | Self::OtherScope => {
                "Ask your operator to write another token below [public]: one of this workspace that reads public pipes."
            }
        }
    }
}

impl From<FenceError> for PublicTokenError {
    fn from(error: FenceError) -> Self {
        match error {
            FenceError::Expired | FenceError::NearlyExpired => Self::Expired,
            FenceError::OtherWorkspace => Self::OtherWorkspace,
            FenceError::NoScopes | FenceError::OtherScope { .. } => Self::OtherScope,
            _ => Self::Malformed,
        }
    }
}

impl PublicToken {
    /// Takes a token that reads what anyone may see in a workspace at `host`.
    ///
    /// What a static token may do is known to Tinybird alone. A JWT says it, so
    /// one that has expired, is for another workspace, or does anything but read
    /// pipes is refused.
    pub fn new(raw: Secret, host: Origin, workspace_id: &str, now: SystemTime) -> Result<Self, PublicTokenError> {
        let text = raw.expose();
        if text.is_empty() || text.len() > LONGEST || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(PublicTokenError::Malformed);
        }
        let jwt = if is_jwt(text) {
            let (claims, expires) = read_living(text, workspace_id, now)?;
            let pipes = read_scopes(&claims)?.iter().map(|scope| read_pipe(scope).map(str::to_owned));
            let pipes = pipes.collect::<Result<_, _>>()?;
            Some(Jwt { claims: Value::Object(claims), expires, pipes })
        } else {
            None
        };
        Ok(Self { raw, host, jwt })
    }

    /// The only host it may be sent to.
    pub fn host(&self) -> &Origin {
        &self.host
    }

    /// When Tinybird stops accepting it; `None` where it does not say.
    pub fn expires(&self) -> Option<SystemTime> {
        Some(self.jwt.as_ref()?.expires)
    }

    /// All its claims, for showing; `None` where it tells none.
    pub fn claims(&self) -> Option<&Value> {
        Some(&self.jwt.as_ref()?.claims)
    }

    /// Whether it may read `pipe`, by name or by id, as far as it says.
    pub fn reads(&self, pipe: &str) -> bool {
        self.jwt.as_ref().is_none_or(|jwt| jwt.pipes.contains(pipe))
    }

    /// How many requests a second Tinybird accepts of it, where it says so.
    pub fn rps(&self) -> Option<u32> {
        read_rps(self.claims()?)
    }

    /// The name under which Tinybird counts its requests; empty where it tells
    /// none, which no tenant's token does.
    pub fn name(&self) -> &str {
        self.claims().and_then(|claims| claims.get("name")).and_then(Value::as_str).unwrap_or_default()
    }

    /// The token itself, for the wire.
    pub fn expose(&self) -> &str {
        self.raw.expose()
    }
}

impl fmt::Debug for PublicToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PublicToken").field("host", &self.host).finish_non_exhaustive()
    }
}

/// Whether a text begins with a JWT's header (RFC 7519 §5): a static token
/// begins with `p.`, which is no object.
fn is_jwt(text: &str) -> bool {
    let header = text.split('.').next().and_then(|header| URL_SAFE_NO_PAD.decode(header).ok());
    header.is_some_and(|header| serde_json::from_slice::<Map<String, Value>>(&header).is_ok())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn take(text: &str) -> Result<PublicToken, PublicTokenError> {
        let host = Origin::parse("https://api.tinybird.co").expect("an origin");
        PublicToken::new(Secret::new(text), host, "w", UNIX_EPOCH + Duration::from_secs(NOW))
    }

    fn jwt(claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.c2ln", part(&json!({"alg": "HS256", "typ": "JWT"})), part(claims))
    }

    fn claims() -> Value {
        let scope = json!({"type": "PIPES:READ", "resource": "overview"});
        json!({"workspace_id": "w", "name": "anyone", "exp": NOW + 60, "scopes": [scope], "limits": {"rps": 5}})
    }

    #[test]
    fn a_static_token_tells_nothing_and_is_taken_as_it_is() {
        let token = take("p.eyJ1IjoiMSIsImlkIjoiMiJ9.sig").expect("a token");
        assert_eq!((token.expires(), token.claims(), token.rps(), token.name()), (None, None, None, ""));
        assert!(token.reads("anything"));
    }

    #[test]
    fn a_jwt_is_held_to_what_it_says() {
        let token = take(&jwt(&claims())).expect("a token");
        assert_eq!(token.expires(), Some(UNIX_EPOCH + Duration::from_secs(NOW + 60)));
        assert_eq!((token.rps(), token.name()), (Some(5), "anyone"));
        assert!(token.reads("overview") && !token.reads("kpis"));
    }

    #[test]
    fn a_jwt_that_is_not_for_reading_pipes_of_this_workspace_is_refused() {
        let with = |key: &str, value: Value| {
            let mut claims = claims();
            claims[key] = value;
            take(&jwt(&claims)).expect_err(key)
        };
        assert_eq!(with("exp", json!(NOW)), PublicTokenError::Expired);
        assert_eq!(with("exp", json!(NOW + 1)), PublicTokenError::Expired);
        assert_eq!(with("exp", Value::Null), PublicTokenError::Malformed);
        assert_eq!(with("workspace_id", json!("other")), PublicTokenError::OtherWorkspace);
        for scopes in [json!([]), json!([{"type": "DATASOURCES:READ", "resource": "events"}])] {
            assert_eq!(with("scopes", scopes), PublicTokenError::OtherScope);
        }
        let unsigned = jwt(&claims()).replace("c2ln", "");
        assert_eq!(take(&unsigned).expect_err("unsigned"), PublicTokenError::Malformed);
    }

    #[test]
    fn it_does_not_print_itself() {
        let printed = format!("{:?}", take("p.eyJ1IjoiMSJ9.sig").expect("a token"));
        assert!(!printed.contains("eyJ") && printed.contains("api.tinybird.co"), "{printed}");
    }

    proptest! {
        #[test]
        fn what_cannot_stand_in_a_header_is_no_token(text in "\\PC{0,20}") {
            let fits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
            prop_assert_eq!(take(&text).is_ok(), fits);
        }
    }
}
