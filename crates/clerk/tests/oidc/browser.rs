//! The viewer's browser, as far as the provider's pages need one: cookies,
//! redirects, links, and forms without script.

use reqwest::header::LOCATION;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};
use url::Url;

pub struct Browser(Client);

/// Where the browser stopped.
pub enum Arrived {
    /// At a page.
    Page(Page),
    /// On the way back to Perch, which is not asked yet.
    Callback(Url),
}

pub struct Page {
    pub status: u16,
    pub html: String,
    url: Url,
}

impl Browser {
    pub fn new() -> Self {
        let client = Client::builder().cookie_store(true).redirect(Policy::none()).no_proxy().build();
        Self(client.expect("a client"))
    }

    /// Opens an address and follows where the provider leads.
    pub async fn open(&self, url: &Url) -> Arrived {
        self.arrive(self.0.get(url.clone())).await
    }

    async fn arrive(&self, mut request: RequestBuilder) -> Arrived {
        loop {
            let response = request.send().await.expect("an answer");
            let url = response.url().clone();
            let Some(location) = response.headers().get(LOCATION) else {
                let status = response.status().as_u16();
                return Arrived::Page(Page { status, html: response.text().await.expect("a page"), url });
            };
            let next = url.join(location.to_str().expect("text")).expect("an address");
            if next.origin() != url.origin() {
                return Arrived::Callback(next);
            }
            request = self.0.get(next);
        }
    }

    /// Sends a page's form, with what it holds and what was `typed`.
    async fn submit(&self, page: &Page, typed: &[(&str, &str)]) -> Arrived {
        let form = page.html.split("<form").nth(1).and_then(|rest| rest.split("</form>").next()).expect("a form");
        let action = page.url.join(&attribute(form, "action").expect("an action")).expect("an address");
        let mut fields: Vec<(String, String)> = form
            .split("<input")
            .skip(1)
            .filter_map(|input| {
                let input = input.split('>').next()?;
                Some((attribute(input, "name")?, attribute(input, "value")?))
            })
            .collect();
        fields.extend(typed.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())));
        self.arrive(self.0.post(action).form(&fields)).await
    }

    /// Signs in as Ada, up to the consent page.
    async fn to_consent_as_ada(&self, url: &Url) -> Page {
        let login = self.open(url).await.page();
        let consent = self.submit(&login, &[("login", "ada"), ("password", "anything")]).await.page();
        assert!(consent.html.contains("user:org:read"), "{}", consent.html);
        consent
    }

    /// Signs in as Ada and consents: the callback.
    pub async fn sign_in_as_ada(&self, url: &Url) -> Url {
        let consent = self.to_consent_as_ada(url).await;
        self.submit(&consent, &[]).await.callback()
    }

    /// Signs in as Ada and does not consent: the callback.
    pub async fn decline_as_ada(&self, url: &Url) -> Url {
        let consent = self.to_consent_as_ada(url).await;
        let cancel = consent.html.split("<a ").find(|link| link.contains("Cancel")).expect("a link");
        let cancel = consent.url.join(&attribute(cancel, "href").expect("an address")).expect("an address");
        self.open(&cancel).await.callback()
    }
}

impl Arrived {
    pub fn page(self) -> Page {
        match self {
            Self::Page(page) => page,
            Self::Callback(url) => panic!("the browser was sent to {url}"),
        }
    }

    fn callback(self) -> Url {
        match self {
            Self::Callback(url) => url,
            Self::Page(page) => panic!("the browser stopped at {}: {} {}", page.url, page.status, page.html),
        }
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let value = tag.split(&format!("{name}=\"")).nth(1)?.split('"').next()?;
    Some(value.replace("&amp;", "&"))
}
