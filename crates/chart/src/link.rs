//! Which web addresses from data or a dashboard's text may be opened in the system browser.

use url::Url;

/// The address as a browser would open it, if it is absolute, `http` or `https`, and names no user, which is how an
/// address hides where it leads.
pub(crate) fn address(text: &str) -> Option<String> {
    let url = Url::parse(text.trim()).ok()?;
    let plain = ["http", "https"].contains(&url.scheme()) && url.username().is_empty() && url.password().is_none();
    (plain && url.has_host()).then(|| url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_absolute_address_of_the_web_is_a_link() {
        assert_eq!(address(" https://example.com/a?b#c ").as_deref(), Some("https://example.com/a?b#c"));
        assert_eq!(address("HTTP://Example.com").as_deref(), Some("http://example.com/"));
        let refused = [
            "",
            "/blog",
            "//example.com",
            "example.com",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "https://",
            "https://bank.example@evil.example/",
            "https://user:secret@example.com",
        ];
        for text in refused {
            assert_eq!(address(text), None, "{text}");
        }
    }
}
