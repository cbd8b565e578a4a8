//! The browser's return: a request to the loopback listener, parsed to what it
//! means for one sign-in, or refused.
//!
//! Any process and any web page on this computer can send requests to the
//! listener. A [`Callback`] therefore exists only for the one request that the
//! authorization server made the browser send; everything else is a [`Stray`],
//! which gets an error page and changes nothing.

use std::borrow::Cow;

use hyper::header::{HOST, HeaderMap, ORIGIN};
use hyper::{Method, Uri};
use oauth2::{AuthorizationCode, CsrfToken};
use perch_tenant::Origin;
use url::form_urlencoded;

/// The path of the redirect address.
pub(crate) const PATH: &str = "/callback";

/// Clerk's codes have a few dozen characters.
const LONGEST_CODE: usize = 4096;

/// What the callback of one sign-in must carry.
#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) port: u16,
    pub(crate) state: CsrfToken,
    pub(crate) issuer: Origin,
    /// The provider promised to name itself (RFC 9207 §3).
    pub(crate) names_issuer: bool,
}

/// How the authorization ended (RFC 6749 §4.1.2).
#[derive(Debug)]
pub(crate) enum Callback {
    /// With a code.
    Granted(AuthorizationCode),
    /// With an error: its code, which has lower-case letters, digits and `_`
    /// only.
    Refused(String),
}

/// Why a request is not this sign-in's callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stray {
    /// Not `GET`.
    Method,
    /// Not `/callback`, or not the origin form (RFC 9112 §3.2.1).
    Target,
    /// `Host` is missing, there twice, or another name for this address: DNS
    /// rebinding.
    Host,
    /// Sent by a page's script, form or image, not by navigation.
    CrossSite,
    /// A parameter that must be there once is there twice.
    Twice,
    /// No `state`, or not exactly one of `code` and `error`.
    Missing,
    /// Another sign-in's `state`.
    State,
    /// Another provider's `iss`, or none where it was promised (RFC 9207 §2.4).
    Issuer,
    /// A code that cannot be one.
    Code,
}

impl Callback {
    /// Parses the head of a request.
    pub(crate) fn parse(
        method: &Method,
        target: &Uri,
        headers: &HeaderMap,
        expected: &Expected,
    ) -> Result<Self, Stray> {
        if method != Method::GET {
            return Err(Stray::Method);
        }
        if target.authority().is_some() || target.path() != PATH {
            return Err(Stray::Target);
        }
        check_sender(headers, expected.port)?;
        let parameters = Parameters::parse(target.query().unwrap_or_default())?;

        let state = parameters.state.ok_or(Stray::Missing)?;
        // oauth2 compares digests, so the time taken tells nothing.
        if CsrfToken::new(state.into_owned()) != expected.state {
            return Err(Stray::State);
        }
        match parameters.issuer {
            Some(issuer) if issuer != expected.issuer.as_str() => return Err(Stray::Issuer),
            None if expected.names_issuer => return Err(Stray::Issuer),
            _ => {}
        }
        match (parameters.code, parameters.error) {
            (Some(code), None) => {
                let plain =
                    !code.is_empty() && code.len() <= LONGEST_CODE && code.chars().all(|c| c.is_ascii_graphic());
                if plain { Ok(Self::Granted(AuthorizationCode::new(code.into_owned()))) } else { Err(Stray::Code) }
            }
            (None, Some(error)) => Ok(Self::Refused(error_code(&error))),
            _ => Err(Stray::Missing),
        }
    }
}

/// The parameters that mean something, each at most once. Others are ignored
/// (RFC 6749 §4.1.2).
#[derive(Default)]
struct Parameters<'a> {
    state: Option<Cow<'a, str>>,
    code: Option<Cow<'a, str>>,
    error: Option<Cow<'a, str>>,
    issuer: Option<Cow<'a, str>>,
}

impl<'a> Parameters<'a> {
    fn parse(query: &'a str) -> Result<Self, Stray> {
        let mut parameters = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let place = match &*name {
                "state" => &mut parameters.state,
                "code" => &mut parameters.code,
                "error" => &mut parameters.error,
                "iss" => &mut parameters.issuer,
                _ => continue,
            };
            if place.replace(value).is_some() {
                return Err(Stray::Twice);
            }
        }
        Ok(parameters)
    }
}

/// That the request is a browser's navigation to 127.0.0.1 itself.
fn check_sender(headers: &HeaderMap, port: u16) -> Result<(), Stray> {
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next().filter(|_| hosts.next().is_none()).ok_or(Stray::Host)?;
    if host.as_bytes() != format!("127.0.0.1:{port}").as_bytes() {
        return Err(Stray::Host);
    }
    // A redirect that the browser follows has neither an `Origin` nor another
    // destination than a document. Browsers that send no fetch metadata are
    // still bound by the state.
    let says_otherwise =
        |name: &str, value: &str| headers.get(name).is_some_and(|given| given.as_bytes() != value.as_bytes());
    if headers.contains_key(ORIGIN)
        || says_otherwise("sec-fetch-mode", "navigate")
        || says_otherwise("sec-fetch-dest", "document")
    {
        return Err(Stray::CrossSite);
    }
    Ok(())
}

/// An OAuth error's code as it may stand in a log and on a page.
pub(crate) fn error_code(text: &str) -> String {
    let plain = !text.is_empty()
        && text.len() <= 64
        && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
    if plain { text.to_owned() } else { "unknown".to_owned() }
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn expected() -> Expected {
        Expected {
            port: 4711,
            state: CsrfToken::new("the-state-of-this-sign-in".to_owned()),
            issuer: Origin::parse("https://clerk.acme.example").expect("an origin"),
            names_issuer: false,
        }
    }

    fn headers() -> HeaderMap {
        HeaderMap::from_iter([(HOST, HeaderValue::from_static("127.0.0.1:4711"))])
    }

    fn parse(target: &str) -> Result<Callback, Stray> {
        parse_with(target, &headers(), &expected())
    }

    fn parse_with(target: &str, headers: &HeaderMap, expected: &Expected) -> Result<Callback, Stray> {
        Callback::parse(&Method::GET, &target.parse().expect("a target"), headers, expected)
    }

    const GOOD: &str = "/callback?code=abc&state=the-state-of-this-sign-in";

    #[test]
    fn a_code_with_the_right_state_is_granted() {
        let Ok(Callback::Granted(code)) = parse(GOOD) else { panic!("granted") };
        assert_eq!(code.secret(), "abc");
        assert!(parse("/callback?x=1&x=2&code=abc&state=the-state-of-this-sign-in").is_ok(), "others are ignored");
    }

    #[test]
    fn a_refusal_with_the_right_state_is_one() {
        let refused = |error: &str| match parse(&format!("/callback?error={error}&state=the-state-of-this-sign-in")) {
            Ok(Callback::Refused(code)) => code,
            other => panic!("{other:?}"),
        };
        assert_eq!(refused("access_denied"), "access_denied");
        assert_eq!(refused("%3Cscript%3Ealert(1)%3C/script%3E"), "unknown");
        assert_eq!(refused(&"a".repeat(65)), "unknown");
    }

    #[test]
    fn every_other_request_is_stray() {
        for (target, stray) in [
            ("/", Stray::Target),
            ("/callback/", Stray::Target),
            ("/Callback?code=abc&state=the-state-of-this-sign-in", Stray::Target),
            ("/%63allback?code=abc&state=the-state-of-this-sign-in", Stray::Target),
            ("//callback?code=abc&state=the-state-of-this-sign-in", Stray::Target),
            ("http://127.0.0.1:4711/callback?code=abc&state=the-state-of-this-sign-in", Stray::Target),
            ("/callback", Stray::Missing),
            ("/callback?code=abc", Stray::Missing),
            ("/callback?state=the-state-of-this-sign-in", Stray::Missing),
            ("/callback?code=abc&error=access_denied&state=the-state-of-this-sign-in", Stray::Missing),
            ("/callback?code=abc&state=another", Stray::State),
            ("/callback?code=abc&state=", Stray::State),
            ("/callback?code=abc&state=the-state-of-this-sign-in%00", Stray::State),
            ("/callback?error=access_denied&state=another", Stray::State),
            ("/callback?code=abc&state=the-state-of-this-sign-in&state=the-state-of-this-sign-in", Stray::Twice),
            ("/callback?code=abc&state=another&state=the-state-of-this-sign-in", Stray::Twice),
            ("/callback?code=abc&code=abc&state=the-state-of-this-sign-in", Stray::Twice),
            ("/callback?code=abc&c%6fde=def&state=the-state-of-this-sign-in", Stray::Twice),
            ("/callback?code=&state=the-state-of-this-sign-in", Stray::Code),
            ("/callback?code=a%0d%0ab&state=the-state-of-this-sign-in", Stray::Code),
            ("/callback?code=abc&state=the-state-of-this-sign-in&iss=https://clerk.evil.example", Stray::Issuer),
            ("/callback?code=abc&state=the-state-of-this-sign-in&iss=https://clerk.acme.example/", Stray::Issuer),
        ] {
            assert_eq!(parse(target).err(), Some(stray), "{target}");
        }
        let long = format!("/callback?code={}&state=the-state-of-this-sign-in", "x".repeat(LONGEST_CODE + 1));
        assert_eq!(parse(&long).err(), Some(Stray::Code));
    }

    #[test]
    fn only_a_navigation_to_this_very_address_counts() {
        for (name, value, stray) in [
            ("host", "localhost:4711", Stray::Host),
            ("host", "127.0.0.1", Stray::Host),
            ("host", "127.0.0.1:4712", Stray::Host),
            ("host", "rebound.evil.example:4711", Stray::Host),
            ("origin", "https://evil.example", Stray::CrossSite),
            ("origin", "null", Stray::CrossSite),
            ("sec-fetch-mode", "no-cors", Stray::CrossSite),
            ("sec-fetch-dest", "image", Stray::CrossSite),
            ("sec-fetch-dest", "iframe", Stray::CrossSite),
        ] {
            let mut headers = headers();
            headers.insert(name, HeaderValue::from_static(value));
            assert_eq!(parse_with(GOOD, &headers, &expected()).err(), Some(stray), "{name}: {value}");
        }
        let mut twice = headers();
        twice.append(HOST, HeaderValue::from_static("127.0.0.1:4711"));
        assert_eq!(parse_with(GOOD, &twice, &expected()).err(), Some(Stray::Host));
        assert_eq!(parse_with(GOOD, &HeaderMap::new(), &expected()).err(), Some(Stray::Host));
        for method in [Method::POST, Method::HEAD, Method::OPTIONS] {
            let stray = Callback::parse(&method, &GOOD.parse().expect("a target"), &headers(), &expected());
            assert_eq!(stray.err(), Some(Stray::Method));
        }
    }

    #[test]
    fn a_provider_that_promised_to_name_itself_must() {
        let expected = Expected { names_issuer: true, ..expected() };
        assert_eq!(parse_with(GOOD, &headers(), &expected).err(), Some(Stray::Issuer));
        let named = format!("{GOOD}&iss=https%3A%2F%2Fclerk.acme.example");
        assert!(parse_with(&named, &headers(), &expected).is_ok());
    }

    proptest! {
        #[test]
        fn nothing_without_the_state_is_a_callback(query in "[a-z=&%0-9+-]{0,80}") {
            prop_assume!(!query.contains("the-state-of-this-sign-in"));
            let target = format!("/callback?{query}");
            prop_assert!(parse(&target).is_err());
        }
    }
}
