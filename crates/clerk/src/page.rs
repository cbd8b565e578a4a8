//! The page that the browser ends on. Plain HTML, no script, nothing loaded
//! from anywhere; its content security policy allows its own style, by its
//! hash, and nothing else.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Response, StatusCode};
use sha2::{Digest, Sha256};

use crate::ClerkError;

const STYLE: &str = "\
:root{color-scheme:light dark;--ground:#f5f6f7;--ink:#1b1f24;--quiet:#5c6570;--accent:#2563c4}\
@media(prefers-color-scheme:dark){:root{--ground:#0e1014;--ink:#e9ecf0;--quiet:#a0a8b3;--accent:#6ea8fe}}\
body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--ground);color:var(--ink);\
font:17px/1.5 system-ui,sans-serif}\
main{max-width:30rem;padding:2rem}\
p.name{margin:0;color:var(--accent);font-weight:600}\
h1{margin:.25rem 0 .5rem;font-size:1.6rem;line-height:1.25;font-weight:600}\
p{margin:0;color:var(--quiet)}";

static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

/// What the browser shows at the end.
#[derive(Debug)]
pub(crate) struct Page {
    status: StatusCode,
    heading: String,
    text: String,
}

impl Page {
    /// It worked.
    pub(crate) fn signed_in() -> Self {
        Self {
            status: StatusCode::OK,
            heading: "You're signed in \u{2014} return to Perch".to_owned(),
            text: "You can close this tab.".to_owned(),
        }
    }

    /// It did not.
    pub(crate) fn failed(error: &ClerkError) -> Self {
        Self {
            // The browser did what it should: the page is there, the sign-in is not.
            status: StatusCode::OK,
            heading: "You're not signed in \u{2014} return to Perch".to_owned(),
            text: format!("{error} {}", error.next_step()),
        }
    }

    /// A request that has nothing to do with this sign-in.
    pub(crate) fn stray() -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            heading: "Nothing to do here".to_owned(),
            text: "This address finishes one sign-in to Perch, and this request is not part of it. Return to Perch and sign in from there.".to_owned(),
        }
    }

    /// The page as an HTTP response.
    pub(crate) fn into_response(self) -> Response<String> {
        let (heading, text) = (escape(&self.heading), escape(&self.text));
        let mut response = Response::new(format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
             <title>{heading}</title><style>{STYLE}</style></head>\
             <body><main><p class=\"name\">Perch</p><h1>{heading}</h1><p>{text}</p></main></body></html>\n"
        ));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(CONTENT_SECURITY_POLICY, POLICY.clone());
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    }
}

/// Text as HTML text.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_runs_nothing_and_loads_nothing() {
        let response = Page::signed_in().into_response();
        let policy = response.headers()[CONTENT_SECURITY_POLICY].to_str().expect("text");
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
        assert!(!policy.contains("unsafe"));
        let html = response.body();
        assert!(html.contains("return to Perch"));
        for forbidden in ["<script", "style=", "href=", "src=", "http://", "https://"] {
            assert!(!html.contains(forbidden), "{forbidden}");
        }
    }

    #[test]
    fn what_an_error_says_is_text_and_not_html() {
        let answered = "<img src=x onerror=alert(1)>".to_owned();
        let error = ClerkError::AnotherIssuer { asked: "https://clerk.acme.example".to_owned(), answered };
        let response = Page::failed(&error).into_response();
        assert!(!response.body().contains("<img"));
        assert!(response.body().contains("&lt;img"));
    }
}
