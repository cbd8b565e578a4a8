//! The picture of a person or an organization: where it is, and its bytes. The
//! address comes from outside, so it may lead to Clerk's own pictures and to
//! public sites, and nowhere on this machine or in its network.

use perch_tenant::Origin;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Client, StatusCode};
use url::{Host, Url};

use crate::{ClerkError, http};

const ENDPOINT: &str = "picture server";

/// Clerk's longest addresses have some hundred characters.
const LONGEST: usize = 2048;

/// What is asked for, and nothing else taken: each of these is pixels alone. An
/// SVG could hold a script.
const TYPES: [&str; 4] = ["image/png", "image/jpeg", "image/webp", "image/gif"];

/// The top-level domains that never leave a machine or its network (RFC 6761,
/// RFC 6762, and ICANN's reservation of `internal`).
const PRIVATE: [&str; 3] = ["localhost", "local", "internal"];

/// A picture's address as Clerk gave it: `https` on a host with a public name,
/// or on the Frontend API's own origin. At most 2,048 characters, no
/// credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture(Url);

impl Picture {
    /// Reads an address in one of Clerk's answers. One that Perch would not ask
    /// is no picture: a picture is never worth an error.
    pub(crate) fn parse(text: &str, issuer: &Origin) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let url = Url::parse(text).ok()?;
        let bare = url.username().is_empty() && url.password().is_none();
        (bare && (issuer.holds(&url) || is_public(&url))).then_some(Self(url))
    }

    /// Reads an address that Perch kept in a file, with the same checks: the
    /// file may have been changed since.
    pub fn parse_kept(text: &str, issuer: &Origin) -> Option<Self> {
        Self::parse(text, issuer)
    }

    /// The address, to be kept.
    pub fn address(&self) -> &str {
        self.0.as_str()
    }

    /// The picture's bytes: PNG, JPEG, WebP or GIF, a mebibyte at most. Neither
    /// credentials nor a referrer are sent. `http` must be an
    /// [`http_client`](crate::http_client).
    ///
    /// # Errors
    /// [`ClerkError::Redirected`], [`ClerkError::TooLarge`],
    /// [`ClerkError::NotUnderstood`] for another type or no picture, and those
    /// of the network.
    pub async fn fetch(&self, http: &Client) -> Result<Vec<u8>, ClerkError> {
        let request = http.get(self.0.clone()).header(ACCEPT, TYPES.join(", ")).build()?;
        let answer = http::send(http, request, ENDPOINT).await?;
        let told = answer.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = told.split(';').next().unwrap_or_default().trim();
        if answer.status != StatusCode::OK || !TYPES.iter().any(|known| essence.eq_ignore_ascii_case(known)) {
            return Err(ClerkError::NotUnderstood { endpoint: ENDPOINT });
        }
        Ok(answer.body)
    }
}

/// Whether the host has a public name. What has another, or only an address, may
/// be this machine, a router, a printer or a cloud's metadata.
fn is_public(url: &Url) -> bool {
    let named = match url.host() {
        Some(Host::Domain(name)) => match name.trim_end_matches('.').rsplit_once('.') {
            Some((_, top)) => !PRIVATE.contains(&top),
            None => false,
        },
        _ => false,
    };
    named && url.scheme() == "https"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issuer() -> Origin {
        Origin::parse("https://clerk.acme.example").expect("an origin")
    }

    fn sandbox() -> Origin {
        Origin::parse("http://127.0.0.1:4711").expect("an origin")
    }

    #[test]
    fn clerks_pictures_and_those_on_its_own_origin_are_taken() {
        for (text, issuer) in [
            ("https://img.clerk.com/eyJ0eXBlIjoiZGVmYXVsdCJ9?width=80", issuer()),
            ("https://clerk.acme.example/pictures/ada.png", issuer()),
            ("http://127.0.0.1:4711/pictures/ada.png", sandbox()),
        ] {
            let picture = Picture::parse(text, &issuer).expect("a picture");
            assert_eq!(picture.address(), text);
            assert_eq!(Picture::parse_kept(picture.address(), &issuer), Some(picture));
        }
        let long = |length: usize| format!("https://img.clerk.com/{}", "a".repeat(length - 22));
        assert!(Picture::parse(&long(LONGEST), &issuer()).is_some());
        assert!(Picture::parse(&long(LONGEST + 1), &issuer()).is_none());
    }

    #[test]
    fn every_other_address_is_no_picture() {
        let long = format!("https://img.clerk.com/{}", "a".repeat(4096));
        for text in [
            "",
            "ada.png",
            "//img.clerk.com/ada.png",
            "http://img.clerk.com/ada.png",
            "data:image/png;base64,iVBORw0KGgo=",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "https:///etc/passwd",
            "perch://callback",
            "<img src=x onerror=alert(1)>",
            "https://<script>alert(1)</script>/",
            "https://ada@img.clerk.com/ada.png",
            "https://ada:secret@img.clerk.com/ada.png",
            "https://:secret@clerk.acme.example/ada.png",
            "https://localhost/ada.png",
            "https://LOCALHOST./ada.png",
            "https://pictures.localhost/ada.png",
            "https://printer.local./ada.png",
            "https://metadata.google.internal/ada.png",
            "https://intranet/ada.png",
            "https://127.0.0.1/ada.png",
            "https://127.1/ada.png",
            "https://2130706433/ada.png",
            "https://[::1]/ada.png",
            "https://[::ffff:127.0.0.1]/ada.png",
            "https://10.0.0.1/ada.png",
            "https://169.254.169.254/latest/meta-data",
            "http://127.0.0.1:4711/ada.png",
            "http://clerk.acme.example/ada.png",
            &long,
        ] {
            assert_eq!(Picture::parse(text, &issuer()), None, "{text}");
            assert_eq!(Picture::parse_kept(text, &issuer()), None, "{text}");
        }
        for text in ["http://127.0.0.1:4712/ada.png", "https://127.0.0.1:4711/ada.png", "http://ada@127.0.0.1:4711/"] {
            assert_eq!(Picture::parse(text, &sandbox()), None, "{text}");
        }
    }
}
