//! Clerk's discovery document (OpenID Connect Discovery §3), parsed to the
//! endpoints that Perch uses.

use perch_tenant::Origin;
use serde::Deserialize;
use url::Url;

use crate::ClerkError;

/// Where Clerk's endpoints are. All of them are on the issuer's own origin, so
/// `https`, or `http` on this machine.
#[derive(Debug, Clone)]
pub(crate) struct Metadata {
    pub(crate) authorization: Url,
    pub(crate) token: Url,
    pub(crate) userinfo: Url,
    pub(crate) keys: Url,
    pub(crate) revocation: Option<Url>,
    /// The callback must say who it is from (RFC 9207 §3).
    pub(crate) callback_names_issuer: bool,
}

/// The document as it is written.
#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    userinfo_endpoint: Url,
    jwks_uri: Url,
    revocation_endpoint: Option<Url>,
    code_challenge_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl Metadata {
    /// Reads the document that was fetched from `issuer`.
    ///
    /// The issuer in it must be the one that was asked (OpenID Connect Discovery
    /// §4.3): else a document copied from another provider would send people,
    /// and their codes, there. The endpoints must be on the issuer's own origin,
    /// which is stricter than the standard and how Clerk serves them: a changed
    /// document can then send a code nowhere else.
    pub(crate) fn parse(body: &[u8], issuer: &Origin) -> Result<Self, ClerkError> {
        let document: Document =
            serde_json::from_slice(body).map_err(|_| ClerkError::NotClerk { issuer: issuer.to_string() })?;
        if document.issuer != issuer.as_str() {
            return Err(ClerkError::AnotherIssuer {
                asked: issuer.to_string(),
                answered: document.issuer.chars().filter(|letter| !letter.is_control()).take(200).collect(),
            });
        }
        if document.code_challenge_methods_supported.is_some_and(|methods| !methods.iter().any(|name| name == "S256")) {
            return Err(ClerkError::Unsupported { what: "PKCE with S256" });
        }
        let own = |endpoint: &'static str, url: Url| {
            let bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
            if issuer.holds(&url) && bare {
                Ok(url)
            } else {
                Err(ClerkError::EndpointElsewhere { endpoint, host: url.origin().ascii_serialization() })
            }
        };
        Ok(Self {
            authorization: own("authorization endpoint", document.authorization_endpoint)?,
            token: own("token endpoint", document.token_endpoint)?,
            userinfo: own("userinfo endpoint", document.userinfo_endpoint)?,
            keys: own("key set", document.jwks_uri)?,
            revocation: document.revocation_endpoint.map(|url| own("revocation endpoint", url)).transpose()?,
            callback_names_issuer: document.authorization_response_iss_parameter_supported,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ISSUER: &str = "https://clerk.acme.example";

    fn document() -> Value {
        json!({
            "issuer": ISSUER,
            "authorization_endpoint": format!("{ISSUER}/oauth/authorize"),
            "token_endpoint": format!("{ISSUER}/oauth/token"),
            "userinfo_endpoint": format!("{ISSUER}/oauth/userinfo"),
            "revocation_endpoint": format!("{ISSUER}/oauth/token/revoke"),
            "jwks_uri": format!("{ISSUER}/.well-known/jwks.json"),
            "code_challenge_methods_supported": ["S256"],
        })
    }

    fn parse(document: &Value) -> Result<Metadata, ClerkError> {
        Metadata::parse(document.to_string().as_bytes(), &Origin::parse(ISSUER).expect("an origin"))
    }

    #[test]
    fn clerks_own_document_is_read() {
        let metadata = parse(&document()).expect("endpoints");
        assert_eq!(metadata.token.as_str(), "https://clerk.acme.example/oauth/token");
        assert!(!metadata.callback_names_issuer);
    }

    #[test]
    fn a_document_of_another_issuer_is_refused() {
        for other in ["https://clerk.evil.example", "https://clerk.acme.example/", "http://clerk.acme.example", ""] {
            let mut document = document();
            document["issuer"] = other.into();
            assert!(matches!(parse(&document), Err(ClerkError::AnotherIssuer { .. })), "{other}");
        }
    }

    #[test]
    fn an_endpoint_on_another_site_or_without_tls_is_refused() {
        let endpoints =
            ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "revocation_endpoint", "jwks_uri"];
        for endpoint in endpoints {
            for elsewhere in [
                "https://evil.example/oauth",
                "https://clerk.acme.example.evil.example/oauth",
                "https://clerk.acme.example:8443/oauth",
                "https://clerk.acme.example@evil.example/oauth",
                "https://user:password@clerk.acme.example/oauth",
                "http://clerk.acme.example/oauth",
                "file:///etc/passwd",
                "javascript:alert(1)",
            ] {
                let mut document = document();
                document[endpoint] = elsewhere.into();
                let refused = parse(&document);
                assert!(matches!(refused, Err(ClerkError::EndpointElsewhere { .. })), "{endpoint} at {elsewhere}");
            }
        }
    }

    #[test]
    fn a_provider_without_s256_is_refused() {
        let mut document = document();
        document["code_challenge_methods_supported"] = json!(["plain"]);
        assert!(matches!(parse(&document), Err(ClerkError::Unsupported { .. })));
    }

    #[test]
    fn what_is_no_document_is_not_clerk() {
        let issuer = Origin::parse(ISSUER).expect("an origin");
        for body in ["", "<html>", "{}", "[]", "null"] {
            assert!(matches!(Metadata::parse(body.as_bytes(), &issuer), Err(ClerkError::NotClerk { .. })), "{body}");
        }
    }
}
