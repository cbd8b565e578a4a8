//! The parameters of a query or a form. OAuth forbids to send one twice
//! (RFC 6749 §3.1), and two readers that pick different ones of the two are
//! how a check is passed by, so a repeated name refuses the request whole.

use std::collections::HashMap;

use url::form_urlencoded;

/// Parameters by name, each once.
#[derive(Debug, Default)]
pub(super) struct Parameters(HashMap<String, String>);

impl Parameters {
    /// Reads `a=1&b=2`; the error names the parameter that stands twice.
    pub(super) fn read(encoded: &[u8]) -> Result<Self, String> {
        let mut read = HashMap::new();
        for (name, value) in form_urlencoded::parse(encoded) {
            if read.insert(name.to_string(), value.into_owned()).is_some() {
                return Err(name.into_owned());
            }
        }
        Ok(Self(read))
    }

    /// The value of a parameter as it was sent, empty or not: in Clerk's
    /// Frontend API an empty one can mean something.
    pub(super) fn sent(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The value of a parameter. One that is empty counts as absent
    /// (RFC 6749 §3.1).
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.sent(name).filter(|value| !value.is_empty())
    }
}
