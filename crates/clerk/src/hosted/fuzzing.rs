//! Doors for the fuzz targets, as in `crate::fuzzing`: the deep link, and the
//! Frontend API's answers.

use std::sync::LazyLock;

use futures_util::FutureExt;
use oauth2::CsrfToken;
use reqwest::{Client as Http, Response};
use serde::de::DeserializeOwned;
use url::Url;

use super::answer::{Client, HostedAuth, List, Member, Refusal, Session, TemplateToken, Wrapped};
use super::sign_in::sign_in_page;
use super::{FrontendApi, HostedReturn, HostedSession, Membership};
use crate::ClerkError;
use crate::fuzzing::{STATE, issuer};
use crate::http::{self, Answer};

static API: LazyLock<FrontendApi> = LazyLock::new(|| FrontendApi::new(&Http::new(), &issuer()));

/// What a link brought.
#[derive(Debug)]
pub struct Link {
    /// The nonce that is redeemed.
    pub nonce: String,
    /// The session that the browser created.
    pub session_id: String,
}

/// A link that some program handed over: what it brought, or `None` for a stray.
pub fn deep_link(link: &str) -> Option<Link> {
    let HostedReturn { nonce, session_id } = HostedReturn::parse(link, &CsrfToken::new(STATE.to_owned())).ok()?;
    Some(Link { nonce: nonce.expose().to_owned(), session_id })
}

/// What one answer comes to, by what was asked.
#[derive(Debug)]
pub struct Meaning {
    /// The error that it is, whatever was asked: for nobody in particular, and
    /// for a session.
    pub error: Option<[ClerkError; 2]>,
    /// The sessions of a client.
    pub sessions: Vec<Result<HostedSession, ClerkError>>,
    /// A session that was touched, as far as it counts.
    pub touched: Option<Result<(), ClerkError>>,
    /// A person's organizations.
    pub memberships: Vec<Membership>,
    /// The sign-in page.
    pub page: Option<Result<Url, ClerkError>>,
    /// Whether there is a template's token.
    pub has_token: bool,
}

/// Reads an answer as each of those that Perch asks for.
pub fn fapi(status: u16, body: &[u8]) -> Option<Meaning> {
    let answer = || -> Option<Result<Answer, ClerkError>> {
        let response = hyper::Response::builder().status(status).body(body.to_vec()).ok()?;
        http::read(Response::from(response), "answer").now_or_never()
    };
    let (anyones, sessions) = match (answer()?, answer()?) {
        (Ok(one), Ok(other)) => (one, other),
        (one, other) => {
            let error = one.err().zip(other.err()).map(Into::into);
            return Some(Meaning { error, ..Meaning::nothing() });
        }
    };
    let refusals = Refusal::of(&anyones).zip(Refusal::of(&sessions));
    if let Some((anyones, sessions)) = refusals {
        let error = Some([anyones.into_error(), sessions.of_session()]);
        return Some(Meaning { error, ..Meaning::nothing() });
    }
    let client: Option<Client> = read::<Option<Client>>(&anyones).flatten();
    let members = match read::<List<Member>>(&anyones) {
        Some(List::Page { data, .. } | List::Whole(data)) => data,
        None => Vec::new(),
    };
    Some(Meaning {
        error: None,
        sessions: client.map_or_else(Vec::new, |client| client.sessions).into_iter().map(hosted).collect(),
        touched: read::<Session>(&anyones).map(|session| session.status.check()),
        memberships: members.into_iter().map(|member| API.membership(member)).collect(),
        page: read::<HostedAuth>(&anyones).map(|begun| sign_in_page(&begun.url, API.origin())),
        has_token: anyones.json::<TemplateToken>().is_ok(),
    })
}

fn hosted(session: Session) -> Result<HostedSession, ClerkError> {
    API.hosted_session(session)
}

fn read<T: DeserializeOwned>(answer: &Answer) -> Option<T> {
    answer.json::<Wrapped<T>>().ok().map(|wrapped| wrapped.response)
}

impl Meaning {
    fn nothing() -> Self {
        Self { error: None, sessions: Vec::new(), touched: None, memberships: Vec::new(), page: None, has_token: false }
    }
}
