//! Where a service lives: scheme, host and port, nothing else.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// The origin of a service (RFC 6454 §4): `https` anywhere, `http` for
/// loopback hosts only. Has no path, query, fragment or credentials.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(Url);

/// Why a text is not an [`Origin`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// Not a URL at all.
    #[error("`{0}` is not an address; write it like https://api.tinybird.co")]
    NotAUrl(String),
    /// `http` to a host that is not this machine, or another scheme.
    #[error("`{0}` must start with https:// (http:// is accepted for 127.0.0.1, [::1] and localhost only)")]
    NotSecure(String),
    /// A path, a query, a fragment or credentials.
    #[error("`{0}` must be an origin alone: no path, no query, no user name")]
    NotBare(String),
}

impl Origin {
    /// Reads an origin. A single trailing `/` is accepted and dropped.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        let url = Url::parse(text).map_err(|_| OriginError::NotAUrl(text.to_owned()))?;
        let loopback = match url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => return Err(OriginError::NotAUrl(text.to_owned())),
        };
        if !(url.scheme() == "https" || (url.scheme() == "http" && loopback)) {
            return Err(OriginError::NotSecure(text.to_owned()));
        }
        let bare = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        if !bare {
            return Err(OriginError::NotBare(text.to_owned()));
        }
        Ok(Self(url))
    }

    /// The origin without a trailing slash, as an OAuth issuer is written.
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// The address of `path` (which starts with `/`) at this origin.
    pub fn join(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(path);
        url
    }

    /// Whether `url` has this scheme, host and port.
    pub fn holds(&self, url: &Url) -> bool {
        url.origin() == self.0.origin()
    }
}

impl TryFrom<String> for Origin {
    type Error = OriginError;

    fn try_from(text: String) -> Result<Self, OriginError> {
        Self::parse(&text)
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.as_str().to_owned()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Origin({})", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_and_loopback_http_are_origins() {
        for text in [
            "https://api.tinybird.co",
            "https://clerk.example.com/",
            "http://127.0.0.1:7181",
            "http://[::1]:80",
            "http://localhost:3000",
        ] {
            assert!(Origin::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn plain_http_to_another_machine_is_refused() {
        for text in ["http://api.tinybird.co", "http://10.0.0.1", "http://127.0.0.1.example.com", "ftp://127.0.0.1"] {
            assert!(matches!(Origin::parse(text), Err(OriginError::NotSecure(_))), "{text}");
        }
    }

    #[test]
    fn an_origin_carries_nothing_but_scheme_host_and_port() {
        for text in ["https://a.example/v0", "https://a.example/?x=1", "https://a.example/#f", "https://u:p@a.example"]
        {
            assert!(matches!(Origin::parse(text), Err(OriginError::NotBare(_))), "{text}");
        }
        assert_eq!(
            Origin::parse("https://A.example:443/").map(|origin| origin.to_string()),
            Ok("https://a.example".to_owned())
        );
    }
}
