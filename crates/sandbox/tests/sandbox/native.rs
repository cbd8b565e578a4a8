//! A native app's side of hosted authentication: it asks the Frontend API,
//! keeps the newest client token, and lets a visitor be the person's browser.

use perch_sandbox::{Sandbox, visitor};
use reqwest::{Method, RequestBuilder, StatusCode, header};
use serde_json::Value;
use url::Url;

use crate::browser::{VERIFIER, challenge};

pub const RETURN_ADDRESS: &str = "perch://callback";
pub const STATE: &str = "the-state-of-one-sign-in";

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Its content type.
    pub kind: Option<String>,
    pub body: Value,
    /// The client token that it brought.
    pub token: Option<String>,
}

impl Answer {
    /// The code of its first error.
    pub fn code(&self) -> &str {
        self.body["errors"][0]["code"].as_str().unwrap_or_else(|| panic!("no error in {}", self.body))
    }

    /// The status and the code of a refusal.
    pub fn refusal(&self) -> (u16, &str) {
        (self.status, self.code())
    }
}

/// The app.
pub struct App {
    http: reqwest::Client,
    origin: String,
    /// The newest client token.
    pub token: Option<String>,
}

impl App {
    pub fn new(sandbox: &Sandbox) -> Self {
        Self { http: crate::http(), origin: sandbox.clerk().to_owned(), token: None }
    }

    /// An app in which `handle` is signed in, and the session's id.
    pub async fn signed_in(sandbox: &Sandbox, handle: &str) -> (Self, String) {
        let mut app = Self::new(sandbox);
        let session = app.sign_in(handle).await;
        (app, session)
    }

    /// Signs somebody in: the session's id.
    pub async fn sign_in(&mut self, handle: &str) -> String {
        let returned = self.browse(handle).await;
        let answer = self.redeem(&returned.nonce, VERIFIER).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        returned.session
    }

    /// Begins a sign-in and lets the browser come back.
    pub async fn browse(&mut self, handle: &str) -> Returned {
        let answer = self.begin(&[]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.body["response"]["object"], "hosted_auth");
        let url = answer.body["response"]["url"].as_str().expect("an address");
        Returned::read(&visitor::return_link(url, handle).await.expect("the way back"))
    }

    /// Asks for an address to open, with some fields replaced; an empty value
    /// leaves one out.
    pub async fn begin(&mut self, changes: &[(&str, &str)]) -> Answer {
        let challenge = challenge(VERIFIER);
        let mut form = vec![("redirect_url", RETURN_ADDRESS), ("code_challenge", challenge.as_str()), ("state", STATE)];
        for (name, value) in changes {
            form.retain(|(known, _)| known != name);
            if !value.is_empty() {
                form.push((name, value));
            }
        }
        self.post("/v1/client/hosted_auth", &form).await
    }

    pub async fn redeem(&mut self, nonce: &str, verifier: &str) -> Answer {
        let form = [("_method", "GET"), ("rotating_token_nonce", nonce), ("code_verifier", verifier)];
        self.post("/v1/client", &form).await
    }

    /// Makes the session active for an organization; an empty one is the person.
    pub async fn touch(&mut self, session: &str, organization: &str) -> Answer {
        let form = [("active_organization_id", organization)];
        self.post(&format!("/v1/client/sessions/{session}/touch"), &form).await
    }

    /// Asks for the tenant's token.
    pub async fn template_token(&mut self, session: &str) -> Answer {
        self.post(&format!("/v1/client/sessions/{session}/tokens/tinybird"), &[]).await
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        let request = self.request(Method::GET, path);
        self.send(request).await
    }

    pub async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        let mut request = self.request(Method::POST, path);
        if !form.is_empty() {
            request = request.form(form);
        }
        self.send(request).await
    }

    pub async fn delete(&mut self, path: &str) -> Answer {
        let request = self.request(Method::DELETE, path);
        self.send(request).await
    }

    /// A request as the app makes one, for a test to change.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut url = Url::parse(&format!("{}{path}", self.origin)).expect("an address");
        url.query_pairs_mut().append_pair("_is_native", "1");
        let request = self.http.request(method, url);
        match &self.token {
            Some(token) => request.header(header::AUTHORIZATION, token),
            None => request,
        }
    }

    /// Sends a request, and keeps the client token that the answer brings.
    pub async fn send(&mut self, request: RequestBuilder) -> Answer {
        let response = request.send().await.expect("an answer");
        let text = |name| response.headers().get(name).map(|value| value.to_str().expect("text").to_owned());
        let (token, kind) = (text(header::AUTHORIZATION), text(header::CONTENT_TYPE));
        self.token = token.clone().or(self.token.take());
        let status = response.status();
        assert_ne!(status, StatusCode::INTERNAL_SERVER_ERROR);
        Answer { status: status.as_u16(), kind, body: response.json().await.expect("JSON"), token }
    }
}

/// What the browser brought back.
pub struct Returned {
    pub nonce: String,
    pub session: String,
}

impl Returned {
    fn read(link: &str) -> Self {
        let url = Url::parse(link).expect("an address");
        assert!(link.starts_with("perch://callback?"), "{link}");
        let mut pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        pairs.sort();
        let [(_, session), (_, nonce), (_, state)] = &pairs[..] else { panic!("three parameters: {link}") };
        let names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["created_session_id", "rotating_token_nonce", "state"]);
        assert_eq!(state, STATE);
        Self { nonce: nonce.clone(), session: session.clone() }
    }
}
