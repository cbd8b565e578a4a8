//! The pictures of people and organizations, for the window's own `<img>`. The
//! core has fetched and redrawn them; the web view asks no network.

use perch_desktop::Desktop;
use tauri::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use tauri::http::{HeaderValue, Method, Request, Response, StatusCode};
use tauri::{Manager, UriSchemeContext, UriSchemeResponder, Wry};

use crate::window;

/// The scheme: `picture://localhost/NAME`, which Windows spells
/// `http://picture.localhost/NAME`. The content security policy in
/// `tauri.conf.json` lets only images load from it.
pub const SCHEME: &str = "picture";

/// Answers with a picture that the core has, else 404. A name changes with its
/// picture, so that a picture is asked for once.
pub fn answer(context: UriSchemeContext<'_, Wry>, request: Request<Vec<u8>>, responder: UriSchemeResponder) {
    let asked = name(context.webview_label(), &request).map(str::to_owned);
    let desktop = context.app_handle().try_state::<Desktop>().map(|desktop| desktop.inner().clone());
    tauri::async_runtime::spawn_blocking(move || {
        let picture = asked.zip(desktop).and_then(|(name, desktop)| desktop.picture(&name));
        responder.respond(response(picture));
    });
}

/// The name of the picture that our own window asks for.
fn name<'a>(webview: &str, request: &'a Request<Vec<u8>>) -> Option<&'a str> {
    let ours = webview == window::LABEL && request.method() == Method::GET;
    let host = request.uri().host()?;
    (ours && matches!(host, "localhost" | "picture.localhost")).then(|| request.uri().path().strip_prefix('/'))?
}

fn response(picture: Option<Vec<u8>>) -> Response<Vec<u8>> {
    let (status, kept) = match picture {
        Some(_) => (StatusCode::OK, "private, max-age=31536000, immutable"),
        None => (StatusCode::NOT_FOUND, "no-store"),
    };
    let mut response = Response::new(picture.unwrap_or_default());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("image/png"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(kept));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(webview: &str, method: Method, address: &str) -> Option<String> {
        let request = Request::builder().method(method).uri(address).body(Vec::new()).expect("a request");
        name(webview, &request).map(str::to_owned)
    }

    #[test]
    fn the_window_asks_for_a_picture_by_its_name() {
        for address in ["picture://localhost/a1-7", "http://picture.localhost/a1-7"] {
            assert_eq!(asked("main", Method::GET, address).as_deref(), Some("a1-7"), "{address}");
        }
    }

    #[test]
    fn nobody_else_nothing_else_and_nowhere_else() {
        assert_eq!(asked("other", Method::GET, "picture://localhost/a1-7"), None);
        assert_eq!(asked("main", Method::POST, "picture://localhost/a1-7"), None);
        assert_eq!(asked("main", Method::GET, "picture://acme.test/a1-7"), None);
    }

    #[test]
    fn a_picture_is_an_image_and_nothing_else_and_may_be_kept() {
        let response = response(Some(b"png".to_vec()));
        assert_eq!((response.status(), response.body().as_slice()), (StatusCode::OK, b"png".as_slice()));
        assert_eq!(response.headers()[CONTENT_TYPE], "image/png");
        assert_eq!(response.headers()[X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(response.headers()[CACHE_CONTROL], "private, max-age=31536000, immutable");
    }

    #[test]
    fn a_picture_that_is_not_there_is_asked_for_again() {
        let response = response(None);
        assert_eq!((response.status(), response.body().len()), (StatusCode::NOT_FOUND, 0));
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
    }
}
