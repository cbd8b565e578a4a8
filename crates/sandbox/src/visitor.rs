//! A person without a browser, for tests and benches: walks the sandbox's own
//! pages over HTTP, form by form, as one with a browser would.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Client, Response, StatusCode, header, redirect};
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::Url;

use crate::{Person, Sandbox, organizations, people};

/// Why the visitor did not get back to the app.
#[derive(Debug, thiserror::Error)]
pub enum VisitorError {
    /// Nobody answered.
    #[error("the page did not answer: {0}")]
    Http(#[from] reqwest::Error),
    /// A page was not the one that the visitor expected.
    #[error("{what} at {url}, which answered {status}")]
    Page {
        /// What was expected and not there.
        what: &'static str,
        /// Where.
        url: String,
        /// With which status.
        status: StatusCode,
    },
    /// No such person or organization lives in the sandbox.
    #[error("nobody called {0} lives in the sandbox")]
    Nobody(String),
}

/// Opens `url`, which an app gave to the browser; signs `person` in (a handle,
/// like `grace`), allows the app an `organization` (a slug, or nothing for
/// somebody who belongs nowhere), and goes back to the app. Answers with the
/// app's own page.
///
/// # Errors
/// When a page is not what it should be, or nobody answers.
pub async fn allow(url: &str, person: &str, organization: &str) -> Result<String, VisitorError> {
    let mut visitor = Visitor::new()?;
    let answer = visitor.consent(url, person, organization).await?;
    Ok(visitor.follow(answer).await?.body)
}

/// The tokens of an app in which `person` has signed in for an `organization`,
/// without the app: what `/oauth/token` answers. As for [`allow`].
///
/// # Errors
/// As for [`allow`].
pub async fn tokens(sandbox: &Sandbox, person: &str, organization: &str) -> Result<Value, VisitorError> {
    const REDIRECT: &str = "http://127.0.0.1/callback";
    const VERIFIER: &str = "the-verifier-of-a-visitor-who-needs-no-app-for-it";
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    let mut url = sandbox.clerk().to_owned();
    url.push_str("/oauth/authorize?response_type=code&prompt=consent&state=of-a-visitor&code_challenge_method=S256");
    url.push_str(&format!("&client_id={}&redirect_uri={REDIRECT}&code_challenge={challenge}", sandbox.client_id()));
    url.push_str("&scope=openid+profile+email+offline_access+user:org:read");
    let mut visitor = Visitor::new()?;
    let answer = visitor.consent(&url, person, organization).await?;
    let code = location(&answer)
        .and_then(|url| url.query_pairs().find(|(name, _)| name == "code").map(|(_, code)| code.into_owned()));
    let code = code.ok_or_else(|| VisitorError::Page {
        what: "there is no code",
        url: answer.url().to_string(),
        status: answer.status(),
    })?;
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", sandbox.client_id()),
        ("redirect_uri", REDIRECT),
        ("code", &code),
        ("code_verifier", VERIFIER),
    ];
    let answer = visitor.http.post(format!("{}/oauth/token", sandbox.clerk())).form(&form).send().await?;
    Ok(answer.error_for_status()?.json().await?)
}

/// Opens `url`, which an app with hosted authentication gave to the browser,
/// and signs `person` in (a handle). Answers with where the browser is sent
/// then, `perch://callback?…`, without going there.
///
/// # Errors
/// As for [`allow`].
pub async fn return_link(url: &str, person: &str) -> Result<String, VisitorError> {
    let person = known(person)?;
    let mut visitor = Visitor::new()?;
    let sign_in = visitor.open(url).await?;
    let credentials = [("email", person.email), ("password", person.password), ("action", "sign-in")];
    let answer = visitor.submit(&sign_in, "/portal/sign-in", "ticket", &credentials).await?;
    match answer.headers().get(header::LOCATION).and_then(|link| link.to_str().ok()) {
        Some(link) => Ok(link.to_owned()),
        None => Err(VisitorError::Page {
            what: "there is no way back",
            url: answer.url().to_string(),
            status: answer.status(),
        }),
    }
}

fn known(handle: &str) -> Result<&'static Person, VisitorError> {
    people().iter().find(|known| known.handle == handle).ok_or_else(|| VisitorError::Nobody(handle.to_owned()))
}

struct Visitor {
    http: Client,
    cookie: Option<String>,
}

struct Page {
    url: Url,
    status: StatusCode,
    body: String,
}

impl Visitor {
    fn new() -> Result<Self, reqwest::Error> {
        Ok(Self { http: Client::builder().redirect(redirect::Policy::none()).no_proxy().build()?, cookie: None })
    }

    /// Signs in and allows: the answer that sends the browser back to the app.
    async fn consent(&mut self, url: &str, person: &str, organization: &str) -> Result<Response, VisitorError> {
        let person = known(person)?;
        let organization = match organization {
            "" => "",
            slug => {
                let known = organizations().iter().find(|known| known.slug == slug);
                known.ok_or_else(|| VisitorError::Nobody(slug.to_owned()))?.id
            }
        };
        let sign_in = self.open(url).await?;
        let credentials = [("email", person.email), ("password", person.password), ("action", "sign-in")];
        let answer = self.submit(&sign_in, "/sign-in", "flow", &credentials).await?;
        let consent = self.follow(answer).await?;
        let choice = [("organization", organization), ("action", "allow")];
        self.submit(&consent, "/consent", "flow", &choice).await
    }

    async fn open(&mut self, url: &str) -> Result<Page, VisitorError> {
        let response = self.send(self.http.get(url)).await?;
        self.follow(response).await
    }

    /// Submits the form of a page with its hidden fields, one of which says
    /// what the page `belongs_to`.
    async fn submit(
        &mut self,
        page: &Page,
        path: &str,
        belongs_to: &'static str,
        fields: &[(&str, &str)],
    ) -> Result<Response, VisitorError> {
        let mut form = vec![(belongs_to, page.hidden(belongs_to)?), ("csrf", page.hidden("csrf")?)];
        form.extend_from_slice(fields);
        let mut action = page.url.clone();
        action.set_path(path);
        action.set_query(None);
        self.send(self.http.post(action).form(&form)).await
    }

    async fn follow(&mut self, mut response: Response) -> Result<Page, VisitorError> {
        while let Some(next) = location(&response) {
            response = self.send(self.http.get(next)).await?;
        }
        Ok(Page { url: response.url().clone(), status: response.status(), body: response.text().await? })
    }

    async fn send(&mut self, mut request: reqwest::RequestBuilder) -> Result<Response, VisitorError> {
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let response = request.send().await?;
        let cookie = response.headers().get(header::SET_COOKIE).and_then(|cookie| cookie.to_str().ok());
        if let Some(cookie) = cookie.and_then(|cookie| cookie.split(';').next()) {
            self.cookie = Some(cookie.to_owned());
        }
        Ok(response)
    }
}

impl Page {
    /// The value of a hidden field.
    fn hidden(&self, name: &'static str) -> Result<&str, VisitorError> {
        let start = format!("name=\"{name}\" value=\"");
        let value = self.body.split_once(&start).and_then(|(_, rest)| rest.split_once('"'));
        value.map(|(value, _)| value).ok_or_else(|| VisitorError::Page {
            what: "there is no form",
            url: self.url.to_string(),
            status: self.status,
        })
    }
}

/// Where a redirect leads, made absolute.
fn location(response: &Response) -> Option<Url> {
    let location = response.headers().get(header::LOCATION)?.to_str().ok()?;
    response.url().join(location).ok()
}
