//! A person without a browser, for tests and benches: walks the sandbox's own
//! pages over HTTP, form by form, as one with a browser would.

use reqwest::{Client, Response, StatusCode, header, redirect};
use url::Url;

use crate::{organizations, people};

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
/// like `grace`), allows the app an `organization` (a slug), and goes back to
/// the app. Answers with the app's own page.
///
/// # Errors
/// When a page is not what it should be, or nobody answers.
pub async fn allow(url: &str, person: &str, organization: &str) -> Result<String, VisitorError> {
    let person =
        people().iter().find(|known| known.handle == person).ok_or_else(|| VisitorError::Nobody(person.to_owned()))?;
    let organization = organizations()
        .iter()
        .find(|known| known.slug == organization)
        .ok_or_else(|| VisitorError::Nobody(organization.to_owned()))?;
    let mut visitor = Visitor::new()?;
    let sign_in = visitor.open(url).await?;
    let credentials = [("email", person.email), ("password", person.password), ("action", "sign-in")];
    let consent = visitor.submit(&sign_in, "/sign-in", &credentials).await?;
    let choice = [("organization", organization.id), ("action", "allow")];
    Ok(visitor.submit(&consent, "/consent", &choice).await?.body)
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

    async fn open(&mut self, url: &str) -> Result<Page, VisitorError> {
        let response = self.send(self.http.get(url)).await?;
        self.follow(response).await
    }

    /// Submits the form of a page, with its hidden fields.
    async fn submit(&mut self, page: &Page, path: &str, fields: &[(&str, &str)]) -> Result<Page, VisitorError> {
        let (flow, csrf) = (page.hidden("flow")?, page.hidden("csrf")?);
        let mut form = vec![("flow", flow), ("csrf", csrf)];
        form.extend_from_slice(fields);
        let mut action = page.url.clone();
        action.set_path(path);
        action.set_query(None);
        let response = self.send(self.http.post(action).form(&form)).await?;
        self.follow(response).await
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
