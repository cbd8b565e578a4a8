//! What a client asks of `/oauth/authorize`, checked. [`Request::read`] is
//! the only door, and the order of its checks is a rule: until client and
//! address are known to be ours, nothing may be sent to that address.

use url::Url;

use super::parameters::Parameters;
use super::scope::{KnownScopes, Scope};
use crate::CLIENT_ID;

/// The address that a browser is sent back to: `http://127.0.0.1:PORT/callback`
/// with any port, and nothing else (RFC 8252 §7.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Redirect(String);

impl Redirect {
    /// Compared as text, not as a parsed address: what a parser would forgive
    /// (user names, other spellings of the host, dots, cases) does not pass.
    pub(super) fn read(text: &str) -> Option<Self> {
        let port = text.strip_prefix("http://127.0.0.1")?.strip_suffix("/callback")?;
        let registered = port.is_empty();
        let any_port = port.strip_prefix(':').is_some_and(|digits| {
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
            plain && digits.parse::<u16>().is_ok()
        });
        (registered || any_port).then(|| Self(text.to_owned()))
    }

    /// The address as it was asked for.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The address with these parameters.
    pub(super) fn with(&self, parameters: &[(&str, &str)]) -> String {
        // The text was compared to a form that always parses.
        Url::parse_with_params(&self.0, parameters).map_or_else(|_| self.0.clone(), String::from)
    }
}

/// How much the person is to be asked (OpenID Connect Core §3.1.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prompt {
    /// No page at all: a code or an error.
    None,
    /// What is needed, and these in any case.
    Show {
        /// A fresh sign-in.
        login: bool,
        /// The consent page with its organization selector.
        consent: bool,
    },
}

impl Prompt {
    fn read(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        if words == ["none"] {
            return Some(Self::None);
        }
        let known = words.iter().all(|word| matches!(*word, "login" | "consent"));
        known.then(|| Self::Show { login: words.contains(&"login"), consent: words.contains(&"consent") })
    }
}

/// A request that may be answered with a code.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) redirect: Redirect,
    pub(super) state: String,
    pub(super) scope: Scope,
    pub(super) challenge: String,
    pub(super) nonce: Option<String>,
    pub(super) prompt: Prompt,
}

/// Why a request is refused, and who is told.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The person, on a page: the address cannot be trusted with an answer.
    Page(String),
    /// The client, at its address.
    Client { redirect: Redirect, state: Option<String>, error: &'static str, description: String },
}

impl Request {
    /// Reads the query of `/oauth/authorize` at an instance that knows `scopes`.
    pub(super) fn read(query: &[u8], scopes: &KnownScopes) -> Result<Self, Refusal> {
        let parameters = Parameters::read(query)
            .map_err(|name| Refusal::Page(format!("The request holds the parameter “{name}” twice.")))?;
        if parameters.get("client_id") != Some(CLIENT_ID) {
            return Err(Refusal::Page("No OAuth application with this client_id is registered here.".to_owned()));
        }
        let Some(redirect) = parameters.get("redirect_uri").and_then(Redirect::read) else {
            return Err(Refusal::Page(
                "The redirect_uri is not registered. This application is sent back to http://127.0.0.1:PORT/callback, any port, and nowhere else."
                    .to_owned(),
            ));
        };

        let state = parameters.get("state");
        let refuse = |error, description: &str| Refusal::Client {
            redirect: redirect.clone(),
            state: state.map(str::to_owned),
            error,
            description: description.to_owned(),
        };
        if parameters.get("response_type") != Some("code") {
            return Err(refuse("unsupported_response_type", "response_type must be code"));
        }
        if parameters.get("response_mode").is_some_and(|mode| mode != "query") {
            return Err(refuse("invalid_request", "response_mode must be query"));
        }
        let Some(state) = state.filter(|state| state.chars().count() >= 8) else {
            return Err(refuse("invalid_request", "state must have at least 8 characters"));
        };
        if parameters.get("code_challenge_method") != Some("S256") {
            return Err(refuse("invalid_request", "code_challenge_method must be S256"));
        }
        let Some(challenge) = parameters.get("code_challenge").filter(|challenge| is_s256(challenge)) else {
            return Err(refuse("invalid_request", "code_challenge must be a SHA-256 in base64url, 43 characters"));
        };
        let scope = scopes
            .read(parameters.get("scope").unwrap_or("profile email"))
            .map_err(|unknown| refuse("invalid_scope", &format!("the scope {unknown} is not known")))?;
        let Some(prompt) = Prompt::read(parameters.get("prompt").unwrap_or_default()) else {
            return Err(refuse("invalid_request", "prompt must be none, or login, consent or both"));
        };
        Ok(Self {
            state: state.to_owned(),
            challenge: challenge.to_owned(),
            nonce: parameters.get("nonce").map(str::to_owned),
            scope,
            prompt,
            redirect,
        })
    }

    /// Where the browser goes with a code.
    pub(super) fn granted(&self, code: &str) -> String {
        self.redirect.with(&[("code", code), ("state", &self.state)])
    }

    /// Where the browser goes with an error (RFC 6749 §4.1.2.1).
    pub(super) fn refused(&self, error: &str, description: &str) -> String {
        self.redirect.with(&[("error", error), ("error_description", description), ("state", &self.state)])
    }
}

/// Whether a text can be a challenge by S256 (RFC 7636 §4.2): 32 bytes in
/// base64url without padding are 43 characters.
pub(super) fn is_s256(challenge: &str) -> bool {
    challenge.len() == 43 && challenge.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn any_port_of_the_loopback_address_is_ours() {
        for text in ["http://127.0.0.1/callback", "http://127.0.0.1:1/callback", "http://127.0.0.1:65535/callback"] {
            assert!(Redirect::read(text).is_some(), "{text}");
        }
    }

    #[test]
    fn an_address_that_only_looks_like_the_loopback_callback_is_not_ours() {
        for text in [
            "http://localhost:4000/callback",
            "https://127.0.0.1:4000/callback",
            "http://127.0.0.1:4000/callback/",
            "http://127.0.0.1:4000/Callback",
            "http://127.0.0.1:4000/other",
            "http://127.0.0.1:4000/x/../callback",
            "http://127.0.0.1:4000//callback",
            "http://127.0.0.1:4000/callback?x=1",
            "http://127.0.0.1:4000/callback#x",
            "http://127.0.0.1@evil.example/callback",
            "http://127.0.0.1:4000@evil.example/callback",
            "http://evil.example@127.0.0.1:4000/callback",
            "http://127.0.0.1.evil.example/callback",
            "http://127.0.0.1:/callback",
            "http://127.0.0.1:0/callback",
            "http://127.0.0.1:080/callback",
            "http://127.0.0.1:65536/callback",
            "http://127.0.0.1:+80/callback",
            "http://127.1:4000/callback",
            "http://0x7f.0.0.1:4000/callback",
            "http://[::1]:4000/callback",
            "HTTP://127.0.0.1:4000/callback",
            " http://127.0.0.1:4000/callback",
            "http://127.0.0.1:4000\\@evil.example/callback",
            "perch://callback",
            "",
        ] {
            assert_eq!(Redirect::read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_address_that_is_ours_leads_to_this_machine(port in "[^/]{0,12}") {
            let text = format!("http://127.0.0.1{port}/callback");
            if let Some(redirect) = Redirect::read(&text) {
                let url = Url::parse(redirect.as_str()).expect("an address");
                prop_assert_eq!(url.host_str(), Some("127.0.0.1"));
                prop_assert_eq!(url.path(), "/callback");
                prop_assert_eq!(url.username(), "");
            }
        }

        #[test]
        fn an_answer_comes_back_as_it_was_sent(state in "\\PC{8,40}", code in "\\PC{1,40}") {
            let redirect = Redirect::read("http://127.0.0.1:4000/callback").expect("ours");
            let url = Url::parse(&redirect.with(&[("code", &code), ("state", &state)])).expect("an address");
            let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
            prop_assert_eq!(pairs, [("code".to_owned(), code), ("state".to_owned(), state)]);
        }
    }
}
