//! A browser without a window: keeps the cookie, fills forms in, and tells
//! where it was sent. And the app's side of a sign-in.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use perch_sandbox::{Person, Sandbox, people};
use reqwest::{RequestBuilder, Response, StatusCode, header};
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::{Url, form_urlencoded};

pub const CALLBACK: &str = "http://127.0.0.1:49152/callback";
pub const STATE: &str = "a-state-nobody-guesses";
pub const NONCE: &str = "a-nonce-nobody-guesses";
pub const VERIFIER: &str = "a-verifier-of-at-least-forty-three-characters";
pub const SCOPE: &str = "openid profile email offline_access user:org:read";

/// What came back.
pub struct Page {
    pub status: StatusCode,
    pub location: Option<String>,
    pub cookie: Option<String>,
    pub body: String,
}

impl Page {
    /// The value of a hidden field.
    pub fn hidden(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        let rest = self.body.split_once(&start).unwrap_or_else(|| panic!("no {name} in {}", self.body)).1;
        rest.split_once('"').expect("the value's end").0.to_owned()
    }

    /// The parameters with which the browser was sent back to the app.
    pub fn answer(&self) -> Vec<(String, String)> {
        let location = self.location.as_deref().unwrap_or_else(|| panic!("sent nowhere: {}", self.body));
        let url = Url::parse(location).expect("an absolute address");
        assert_eq!(&url[..url::Position::AfterPath], CALLBACK);
        url.query_pairs().into_owned().collect()
    }

    /// One of them.
    pub fn answered(&self, name: &str) -> Option<String> {
        self.answer().into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

/// The browser.
pub struct Browser {
    http: reqwest::Client,
    origin: String,
    pub cookie: Option<String>,
}

impl Browser {
    pub fn new(sandbox: &Sandbox) -> Self {
        Self { http: crate::http(), origin: sandbox.clerk().to_owned(), cookie: None }
    }

    pub async fn get(&mut self, path: &str) -> Page {
        let request = self.http.get(format!("{}{path}", self.origin));
        self.send(request).await
    }

    pub async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Page {
        let request = self.http.post(format!("{}{path}", self.origin)).form(form);
        self.send(request).await
    }

    async fn send(&mut self, request: RequestBuilder) -> Page {
        let request = match &self.cookie {
            Some(cookie) => request.header(header::COOKIE, cookie),
            None => request,
        };
        let page = read(request.send().await.expect("an answer")).await;
        if let Some(cookie) = &page.cookie {
            self.cookie = cookie.split(';').next().map(str::to_owned);
        }
        page
    }

    /// Opens the address that an app opened, up to the first page or answer.
    pub async fn open(&mut self, query: &str) -> Page {
        let page = self.get(&format!("/oauth/authorize?{query}")).await;
        self.follow(page).await
    }

    /// Follows redirects within the sandbox.
    pub async fn follow(&mut self, mut page: Page) -> Page {
        while let Some(path) = page.location.clone().filter(|location| location.starts_with('/')) {
            page = self.get(&path).await;
        }
        page
    }

    /// Signs in on a sign-in page, and returns what comes next.
    pub async fn sign_in(&mut self, page: &Page, person: &Person) -> Page {
        let (flow, csrf) = (page.hidden("flow"), page.hidden("csrf"));
        let form = [
            ("flow", flow.as_str()),
            ("csrf", &csrf),
            ("email", person.email),
            ("password", person.password),
            ("action", "sign-in"),
        ];
        let page = self.post("/sign-in", &form).await;
        self.follow(page).await
    }

    /// Allows on a consent page.
    pub async fn allow(&mut self, page: &Page, organization: &str) -> Page {
        let (flow, csrf) = (page.hidden("flow"), page.hidden("csrf"));
        let form = [("flow", flow.as_str()), ("csrf", &csrf), ("organization", organization), ("action", "allow")];
        self.post("/consent", &form).await
    }
}

async fn read(response: Response) -> Page {
    let text = |name| response.headers().get(name).map(|value| value.to_str().expect("text").to_owned());
    let (status, location, cookie) = (response.status(), text(header::LOCATION), text(header::SET_COOKIE));
    Page { status, location, cookie, body: response.text().await.expect("a body") }
}

/// A person by the short name.
pub fn person(handle: &str) -> &'static Person {
    people().iter().find(|person| person.handle == handle).expect("somebody of that name")
}

/// The challenge of a verifier (RFC 7636 §4.2).
pub fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

/// The query of a good authorization request, with some parameters replaced;
/// an empty value leaves one out.
pub fn query(sandbox: &Sandbox, changes: &[(&str, &str)]) -> String {
    let challenge = challenge(VERIFIER);
    let mut parameters = vec![
        ("client_id", sandbox.client_id()),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", SCOPE),
        ("state", STATE),
        ("nonce", NONCE),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in changes {
        parameters.retain(|(known, _)| known != name);
        if !value.is_empty() {
            parameters.push((name, value));
        }
    }
    form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}

/// A code for `handle` in the organization, got by the pages.
pub async fn code(sandbox: &Sandbox, handle: &str, organization: &str) -> String {
    let mut browser = Browser::new(sandbox);
    let page = browser.open(&query(sandbox, &[])).await;
    let page = browser.sign_in(&page, person(handle)).await;
    let page = browser.allow(&page, organization).await;
    assert_eq!(page.answered("state").as_deref(), Some(STATE));
    page.answered("code").unwrap_or_else(|| panic!("no code: {:?}", page.answer()))
}

/// A form for one of the token endpoints.
pub fn form(sandbox: &Sandbox, path: &str, form: &[(&str, &str)]) -> RequestBuilder {
    crate::http().post(format!("{}{path}", sandbox.clerk())).form(form)
}

/// Posts a form to one of the token endpoints: status and body.
pub async fn post(sandbox: &Sandbox, path: &str, fields: &[(&str, &str)]) -> (u16, Value) {
    answer(form(sandbox, path, fields)).await
}

/// The form that gives a code for tokens, with some fields replaced; an empty
/// value leaves one out.
pub fn redemption(sandbox: &Sandbox, code: &str, changes: &[(&str, &str)]) -> RequestBuilder {
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("client_id", sandbox.client_id()),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    for (name, value) in changes {
        fields.retain(|(known, _)| known != name);
        if !value.is_empty() {
            fields.push((name, value));
        }
    }
    form(sandbox, "/oauth/token", &fields)
}

/// Gives a code for tokens.
pub async fn redeem(sandbox: &Sandbox, code: &str, changes: &[(&str, &str)]) -> (u16, Value) {
    answer(redemption(sandbox, code, changes)).await
}

async fn answer(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    let body = response.text().await.expect("a body");
    (status, serde_json::from_str(&body).unwrap_or(Value::String(body)))
}

/// Gives a refresh token for new ones.
pub async fn refresh(sandbox: &Sandbox, token: &str) -> (u16, Value) {
    let form = [("grant_type", "refresh_token"), ("client_id", sandbox.client_id()), ("refresh_token", token)];
    post(sandbox, "/oauth/token", &form).await
}

/// Signs somebody in: the token endpoint's answer.
pub async fn signed_in(sandbox: &Sandbox, handle: &str, organization: &str) -> Value {
    let (status, tokens) = redeem(sandbox, &code(sandbox, handle, organization).await, &[]).await;
    assert_eq!(status, 200, "{tokens}");
    tokens
}

/// Asks who the owner of an access token is.
pub async fn userinfo(sandbox: &Sandbox, token: &str) -> (u16, Value) {
    let request = crate::http().get(format!("{}/oauth/userinfo", sandbox.clerk())).bearer_auth(token);
    let response = request.send().await.expect("an answer");
    (response.status().as_u16(), response.json().await.expect("JSON"))
}

/// A text member of an answer.
pub fn text(answer: &Value, name: &str) -> String {
    answer[name].as_str().unwrap_or_else(|| panic!("no {name} in {answer}")).to_owned()
}
