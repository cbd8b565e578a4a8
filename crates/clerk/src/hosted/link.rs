//! The browser's return: a deep link, parsed to what it means for one sign-in,
//! or refused.
//!
//! Any web page and any program on this computer can send Perch a link. A
//! [`HostedReturn`] therefore exists only for one that knows the sign-in's
//! state; everything else is a [`StrayLink`] and changes nothing.

use std::borrow::Cow;
use std::fmt;

use oauth2::CsrfToken;
use perch_tenant::Secret;
use url::form_urlencoded;

/// Clerk's links have some hundred characters.
const LONGEST: usize = 8 * 1024;

/// What the browser brought back: Clerk's word that somebody signed in, to be
/// redeemed once.
pub struct HostedReturn {
    pub(super) nonce: Secret,
    pub(super) session_id: String,
}

/// Why a link is not this sign-in's return.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StrayLink {
    /// More than 8 KiB.
    #[error("The link is too long.")]
    TooLong,
    /// Characters that no address has (RFC 3986 §2), in it or behind a `%`.
    #[error("The link has characters that none of Clerk's has.")]
    Characters,
    /// Another scheme than `perch`.
    #[error("The link is not for Perch.")]
    Scheme,
    /// Not `perch://callback` and a query: another host, a user, a port, a path,
    /// a fragment.
    #[error("The link does not lead to where a sign-in ends.")]
    Address,
    /// One of the three parameters is missing or empty.
    #[error("The link lacks something that a sign-in brings back.")]
    Missing,
    /// One of the three parameters is there twice.
    #[error("The link says the same thing twice.")]
    Twice,
    /// A parameter that does not belong there.
    #[error("The link says more than a sign-in brings back.")]
    Extra,
    /// Another sign-in's state.
    #[error("The link belongs to another sign-in.")]
    State,
    /// The link came back already.
    #[error("The sign-in came back already.")]
    Used,
}

impl HostedReturn {
    /// Reads a link for the sign-in with this state.
    ///
    /// What comes before the query is compared as it is written, and nothing is
    /// normalised but two things that browsers and systems do to a link before
    /// they hand it over: the scheme may be in capitals (RFC 3986 §3.1), and
    /// the path may be `/` instead of empty.
    pub(super) fn parse(link: &str, expected: &CsrfToken) -> Result<Self, StrayLink> {
        if link.len() > LONGEST {
            return Err(StrayLink::TooLong);
        }
        if !is_plain(link) {
            return Err(StrayLink::Characters);
        }
        let (scheme, rest) = link.split_once(':').ok_or(StrayLink::Scheme)?;
        if !scheme.eq_ignore_ascii_case("perch") {
            return Err(StrayLink::Scheme);
        }
        let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
        if !matches!(address, "//callback" | "//callback/") || query.contains('#') {
            return Err(StrayLink::Address);
        }
        let Parameters { state, nonce, session_id } = Parameters::parse(query)?;
        let (state, nonce, session_id) = (given(state)?, given(nonce)?, given(session_id)?);
        // oauth2 compares digests, so the time taken tells nothing.
        if CsrfToken::new(state.into_owned()) != *expected {
            return Err(StrayLink::State);
        }
        let is_id = session_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        if !is_plain(&nonce) || !is_id {
            return Err(StrayLink::Characters);
        }
        Ok(Self { nonce: Secret::new(nonce), session_id: session_id.into_owned() })
    }
}

/// The three parameters, each at most once, and no other.
#[derive(Default)]
struct Parameters<'l> {
    state: Option<Cow<'l, str>>,
    nonce: Option<Cow<'l, str>>,
    session_id: Option<Cow<'l, str>>,
}

impl<'l> Parameters<'l> {
    fn parse(query: &'l str) -> Result<Self, StrayLink> {
        let mut parameters = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let place = match &*name {
                "state" => &mut parameters.state,
                "rotating_token_nonce" => &mut parameters.nonce,
                "created_session_id" => &mut parameters.session_id,
                _ => return Err(StrayLink::Extra),
            };
            if place.replace(value).is_some() {
                return Err(StrayLink::Twice);
            }
        }
        Ok(parameters)
    }
}

fn given(value: Option<Cow<'_, str>>) -> Result<Cow<'_, str>, StrayLink> {
    value.filter(|value| !value.is_empty()).ok_or(StrayLink::Missing)
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

impl fmt::Debug for HostedReturn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("HostedReturn").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STATE: &str = "the-state-of-this-sign-in";
    const QUERY: &str = "state=the-state-of-this-sign-in&rotating_token_nonce=n0nce&created_session_id=sess_1";

    fn parse(link: &str) -> Result<HostedReturn, StrayLink> {
        HostedReturn::parse(link, &CsrfToken::new(STATE.to_owned()))
    }

    #[test]
    fn the_link_with_the_state_is_the_return() {
        let shuffled = "created_session_id=sess_1&rotating_token_nonce=n0nce&state=the-state-of-this-sign-in";
        for link in [
            format!("perch://callback?{QUERY}"),
            format!("perch://callback?{shuffled}"),
            format!("perch://callback/?{QUERY}"),
            format!("PERCH://callback?{QUERY}"),
            format!("Perch://callback/?{QUERY}"),
            format!("perch://callback?{QUERY}&"),
            format!("perch://callback?{}", QUERY.replace("state=the", "st%61te=%74he")),
        ] {
            let returned = parse(&link).expect("the return");
            assert_eq!((returned.nonce.expose(), returned.session_id.as_str()), ("n0nce", "sess_1"), "{link}");
        }
    }

    #[test]
    fn every_other_link_is_stray() {
        let without = |part: &str| format!("perch://callback?{}", QUERY.replace(part, ""));
        let with = |more: &str| format!("perch://callback?{QUERY}{more}");
        let changed = |from: &str, to: &str| format!("perch://callback?{}", QUERY.replace(from, to));
        let fill = |length: usize| {
            let start = with("");
            changed("n0nce", &"n".repeat(length - start.len() + "n0nce".len()))
        };
        for (link, stray) in [
            (String::new(), StrayLink::Scheme),
            ("perch".to_owned(), StrayLink::Scheme),
            (format!("kestrel://callback?{QUERY}"), StrayLink::Scheme),
            (format!("https://callback?{QUERY}"), StrayLink::Scheme),
            (format!("xperch://callback?{QUERY}"), StrayLink::Scheme),
            (format!("//callback?{QUERY}"), StrayLink::Scheme),
            (format!("perch:callback?{QUERY}"), StrayLink::Address),
            (format!("perch:/callback?{QUERY}"), StrayLink::Address),
            (format!("perch:///callback?{QUERY}"), StrayLink::Address),
            (format!("perch:\\\\callback?{QUERY}"), StrayLink::Address),
            (format!("perch:?{QUERY}"), StrayLink::Address),
            (format!("perch://?{QUERY}"), StrayLink::Address),
            (format!("perch://evil.example?{QUERY}"), StrayLink::Address),
            (format!("perch://callback.evil.example?{QUERY}"), StrayLink::Address),
            (format!("perch://callback.?{QUERY}"), StrayLink::Address),
            (format!("perch://CALLBACK?{QUERY}"), StrayLink::Address),
            (format!("perch://%63allback?{QUERY}"), StrayLink::Address),
            (format!("perch://callback:7181?{QUERY}"), StrayLink::Address),
            (format!("perch://callback:?{QUERY}"), StrayLink::Address),
            (format!("perch://ada@callback?{QUERY}"), StrayLink::Address),
            (format!("perch://ada:secret@callback?{QUERY}"), StrayLink::Address),
            (format!("perch://@callback?{QUERY}"), StrayLink::Address),
            (format!("perch://callback//?{QUERY}"), StrayLink::Address),
            (format!("perch://callback/x?{QUERY}"), StrayLink::Address),
            (format!("perch://callback/..?{QUERY}"), StrayLink::Address),
            (format!("perch://callback/%2e?{QUERY}"), StrayLink::Address),
            (format!("perch://callback&{QUERY}"), StrayLink::Address),
            (format!("perch://callback#?{QUERY}"), StrayLink::Address),
            (with("#"), StrayLink::Address),
            (with("#top"), StrayLink::Address),
            ("perch://callback".to_owned(), StrayLink::Missing),
            ("perch://callback?".to_owned(), StrayLink::Missing),
            (without("state=the-state-of-this-sign-in&"), StrayLink::Missing),
            (without("rotating_token_nonce=n0nce&"), StrayLink::Missing),
            (without("&created_session_id=sess_1"), StrayLink::Missing),
            (without("the-state-of-this-sign-in"), StrayLink::Missing),
            (without("n0nce"), StrayLink::Missing),
            (without("sess_1"), StrayLink::Missing),
            (with("&state=the-state-of-this-sign-in"), StrayLink::Twice),
            (with("&state=another"), StrayLink::Twice),
            (with("&state="), StrayLink::Twice),
            (with("&rotating_token_nonce=n0nce"), StrayLink::Twice),
            (with("&created_session_id=sess_2"), StrayLink::Twice),
            (with("&created%5Fsession%5fid=sess_2"), StrayLink::Twice),
            (with("&st%61te=another"), StrayLink::Twice),
            (with("&error=access_denied"), StrayLink::Extra),
            (with("&State=the-state-of-this-sign-in"), StrayLink::Extra),
            (with("&state[]=another"), StrayLink::Extra),
            (with("&state;=another"), StrayLink::Extra),
            (with("&="), StrayLink::Extra),
            (with("?state=another"), StrayLink::Characters),
            (changed("the-state", "another-state"), StrayLink::State),
            (changed("sign-in", "sign-i"), StrayLink::State),
            (changed("sign-in", "sign-in%00"), StrayLink::State),
            (changed("the-state", "The-state"), StrayLink::State),
            (changed("n0nce", "n0%0d%0ance"), StrayLink::Characters),
            (changed("n0nce", "n0+nce"), StrayLink::Characters),
            (changed("n0nce", "n%C3%B6nce"), StrayLink::Characters),
            (changed("sess_1", "sess_1%00"), StrayLink::Characters),
            (changed("sess_1", "..%2Fsess_1"), StrayLink::Characters),
            (format!("perch://call\nback?{QUERY}"), StrayLink::Characters),
            (format!(" perch://callback?{QUERY}"), StrayLink::Characters),
            (with("\r\n"), StrayLink::Characters),
            (changed("n0nce", "nönce"), StrayLink::Characters),
            (fill(LONGEST + 1), StrayLink::TooLong),
            (fill(64 * 1024), StrayLink::TooLong),
        ] {
            assert_eq!(parse(&link).err(), Some(stray), "{link}");
        }
        assert!(parse(&fill(LONGEST)).is_ok());
    }

    #[test]
    fn a_return_prints_nothing_of_what_it_holds() {
        let printed = format!("{:?}", parse(&format!("perch://callback?{QUERY}")).expect("the return"));
        assert_eq!(printed, "HostedReturn { .. }");
    }

    proptest! {
        #[test]
        fn nothing_without_the_state_is_a_return(link in any::<String>(), query in "[a-z_=&%0-9+-]{0,120}") {
            prop_assume!(!query.contains(STATE));
            prop_assert!(parse(&link).is_err());
            for start in ["perch://callback?", "perch://callback?rotating_token_nonce=n&created_session_id=s&state="] {
                let link = format!("{start}{query}");
                prop_assert!(parse(&link).is_err(), "{}", link);
            }
        }

        #[test]
        fn a_good_link_with_anything_in_between_is_the_same_return_or_none(
            at in 0..=(17 + QUERY.len()), more in "[ -~]{0,12}",
        ) {
            let mut link = format!("perch://callback?{QUERY}");
            link.insert_str(at, &more);
            if let Ok(returned) = parse(&link) {
                prop_assert!(link.starts_with("perch://callback") && link.contains(STATE));
                prop_assert!(returned.nonce.expose().bytes().all(|byte| byte.is_ascii_graphic()));
            }
        }
    }
}
