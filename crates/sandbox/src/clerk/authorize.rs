//! The pages of an authorization, in the order that a person meets them:
//! the client's request, sign-in, consent, and back to the client.

use std::sync::Arc;

use axum::extract::{Query, RawForm, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect as SeeOther, Response};
use maud::Markup;
use serde::Deserialize;

use super::browser::Browser;
use super::flow::Flow;
use super::ledger::SignIn;
use super::pages::SignInForm;
use super::parameters::Parameters;
use super::request::{Prompt, Refusal, Request};
use super::{Clerk, opaque, pages};
use crate::SandboxError;
use crate::people::{self, Person};

/// Which flow a page belongs to.
#[derive(Deserialize)]
pub(super) struct FlowQuery {
    #[serde(default)]
    flow: String,
}

/// Why a page is not shown or a form not taken.
pub(super) enum Stop {
    /// The flow is over, another browser's, or never was; or a form does not
    /// carry the proof that it is ours.
    NotYours,
    /// A form holds something that ours do not offer.
    Nonsense(&'static str),
    /// The sandbox itself failed.
    Failed(String),
}

impl IntoResponse for Stop {
    fn into_response(self) -> Response {
        match self {
            Self::NotYours => pages::refusal(
                StatusCode::FORBIDDEN,
                "This page is out of date, or belongs to another browser. Go back to the app and start again.",
            ),
            Self::Nonsense(why) => pages::refusal(StatusCode::BAD_REQUEST, why),
            Self::Failed(why) => {
                tracing::error!(why, "the sandbox's Clerk failed");
                pages::refusal(StatusCode::INTERNAL_SERVER_ERROR, "The sandbox failed; its log says why.")
            }
        }
    }
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<SandboxError> for Stop {
    fn from(error: SandboxError) -> Self {
        Self::Failed(error.to_string())
    }
}

/// `GET /`: for whoever opens the address by hand.
pub(super) async fn home(State(clerk): State<Arc<Clerk>>) -> Markup {
    pages::home(&clerk.issuer)
}

/// `GET /oauth/authorize`: where a client sends the browser.
pub(super) async fn authorize(
    State(clerk): State<Arc<Clerk>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Stop> {
    let request = match Request::read(query.unwrap_or_default().as_bytes(), &clerk.scopes) {
        Ok(request) => request,
        Err(Refusal::Page(why)) => return Ok(pages::refusal(StatusCode::BAD_REQUEST, &why)),
        Err(Refusal::Client { redirect, state, error, description }) => {
            let mut answer = vec![("error", error), ("error_description", description.as_str())];
            answer.extend(state.as_deref().map(|state| ("state", state)));
            return Ok(see(&redirect.with(&answer)));
        }
    };
    let (browser, is_new) = match clerk.browsers.met(&headers) {
        Some(browser) => (browser, false),
        None => (clerk.browsers.name()?, true),
    };
    let signed_in = clerk.ledger.signed_in(&browser.kept_name())?;

    let (login, consent) = match request.prompt {
        Prompt::None => return without_a_page(&clerk, &request, signed_in.as_ref()),
        Prompt::Show { login, consent } => (login, consent),
    };
    if let Some(sign_in) = signed_in.as_ref().filter(|_| !login && !consent)
        && let Some(organization) = settled(&clerk, &request, sign_in)?
    {
        return grant(&clerk, &request, sign_in, organization.as_deref());
    }
    let must_sign_in = login || signed_in.is_none();
    let id = opaque::token("flow_")?;
    let flow = Flow { request, browser: browser.kept_name(), must_sign_in, began: clerk.clock.unix() };
    clerk.flows.begin(id.clone(), flow);
    let mut response = see(&next_page(&id, must_sign_in));
    if is_new {
        set_cookie(&clerk, &browser, &mut response);
    }
    Ok(response)
}

/// `GET /sign-in`.
pub(super) async fn sign_in_page(
    State(clerk): State<Arc<Clerk>>,
    Query(FlowQuery { flow: id }): Query<FlowQuery>,
    headers: HeaderMap,
) -> Result<Markup, Stop> {
    let (browser, _) = follow(&clerk, &headers, &id)?;
    Ok(sign_in_form(&clerk, &id, &browser, None))
}

/// `POST /sign-in`.
pub(super) async fn sign_in(
    State(clerk): State<Arc<Clerk>>,
    headers: HeaderMap,
    RawForm(form): RawForm,
) -> Result<Response, Stop> {
    let (form, id, browser, flow) = take(&clerk, &headers, &form)?;
    if form.get("action") == Some("cancel") {
        return Ok(deny(&clerk, &id, &flow));
    }
    let email = form.get("email").unwrap_or_default().trim();
    let password = form.get("password").unwrap_or_default();
    let Some(person) = people::with_credentials(email, password) else {
        let page = sign_in_form(&clerk, &id, &browser, Some(email));
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    };

    let renamed = enter(&clerk, &browser, person)?;
    clerk.flows.change(&id, |flow| {
        flow.browser = renamed.kept_name();
        flow.must_sign_in = false;
    });
    let mut response = see(&next_page(&id, false));
    set_cookie(&clerk, &renamed, &mut response);
    Ok(response)
}

/// `POST /switch-account`: signs out here and asks who it is instead.
pub(super) async fn switch_account(
    State(clerk): State<Arc<Clerk>>,
    headers: HeaderMap,
    RawForm(form): RawForm,
) -> Result<Response, Stop> {
    let (_, id, browser, _) = take(&clerk, &headers, &form)?;
    clerk.ledger.sign_out(&browser.kept_name())?;
    clerk.flows.change(&id, |flow| flow.must_sign_in = true);
    Ok(see(&next_page(&id, true)))
}

/// `GET /consent`.
pub(super) async fn consent_page(
    State(clerk): State<Arc<Clerk>>,
    Query(FlowQuery { flow: id }): Query<FlowQuery>,
    headers: HeaderMap,
) -> Result<Response, Stop> {
    let (browser, flow) = follow(&clerk, &headers, &id)?;
    let signed_in = clerk.ledger.signed_in(&browser.kept_name())?;
    let Some(sign_in) = signed_in.filter(|_| !flow.must_sign_in) else { return Ok(see(&next_page(&id, true))) };
    let proof = clerk.browsers.proof(&browser);
    let memberships = clerk.ledger.memberships(sign_in.person)?;
    Ok(pages::consent(&id, &proof, &flow.request.scope, &sign_in, &memberships).into_response())
}

/// `POST /consent`.
pub(super) async fn consent(
    State(clerk): State<Arc<Clerk>>,
    headers: HeaderMap,
    RawForm(form): RawForm,
) -> Result<Response, Stop> {
    let (form, id, browser, flow) = take(&clerk, &headers, &form)?;
    let signed_in = clerk.ledger.signed_in(&browser.kept_name())?;
    let Some(sign_in) = signed_in.filter(|_| !flow.must_sign_in) else { return Ok(see(&next_page(&id, true))) };
    match form.get("action") {
        Some("allow") => {}
        Some("deny") => return Ok(deny(&clerk, &id, &flow)),
        _ => return Err(Stop::Nonsense("The form says neither Allow nor Cancel.")),
    }
    let memberships = clerk.ledger.memberships(sign_in.person)?;
    // Whoever belongs nowhere has nothing to choose, and signs in all the same.
    let organization = if flow.request.scope.asks_for_organization() && !memberships.is_empty() {
        let chosen = form.get("organization").unwrap_or_default();
        let Some(membership) = memberships.iter().find(|membership| membership.organization.id == chosen) else {
            return Err(Stop::Nonsense("Choose one of your organizations."));
        };
        Some(membership.organization.id)
    } else {
        None
    };
    if !clerk.flows.end(&id) {
        return Err(Stop::NotYours);
    }
    clerk.ledger.consent(&browser.kept_name(), sign_in.person, &flow.request.scope, organization)?;
    grant(&clerk, &flow.request, &sign_in, organization)
}

/// Signs a person in in a browser, which gets another name.
pub(super) fn enter(clerk: &Clerk, browser: &Browser, person: &Person) -> Result<Browser, Stop> {
    let renamed = clerk.browsers.name()?;
    clerk.ledger.sign_out(&browser.kept_name())?;
    clerk.ledger.sign_in(&renamed.kept_name(), person, clerk.clock.unix())?;
    Ok(renamed)
}

/// `prompt=none`: a code if nothing needs asking, else the reason
/// (OpenID Connect Core §3.1.2.6).
fn without_a_page(clerk: &Clerk, request: &Request, signed_in: Option<&SignIn>) -> Result<Response, Stop> {
    let Some(sign_in) = signed_in else {
        return Ok(see(&request.refused("login_required", "nobody is signed in in this browser")));
    };
    match settled(clerk, request, sign_in)? {
        Some(organization) => grant(clerk, request, sign_in, organization.as_deref()),
        None => Ok(see(&request.refused("consent_required", "the person has not agreed to this yet"))),
    }
}

/// The organization to grant for, when the person agreed to as much before:
/// the one last chosen in this browser. `None` when they must be asked.
fn settled(clerk: &Clerk, request: &Request, sign_in: &SignIn) -> Result<Option<Option<String>>, Stop> {
    if !clerk.ledger.has_consented(sign_in.person, &request.scope)? {
        return Ok(None);
    }
    if !request.scope.asks_for_organization() {
        return Ok(Some(None));
    }
    // The ledger forgets the choice when the membership ends.
    Ok(sign_in.organization.clone().map(Some))
}

fn grant(clerk: &Clerk, request: &Request, sign_in: &SignIn, organization: Option<&str>) -> Result<Response, Stop> {
    let code = opaque::token("clk_code_")?;
    clerk.ledger.grant(&code, request, sign_in, organization, clerk.clock.unix())?;
    Ok(see(&request.granted(&code)))
}

fn deny(clerk: &Clerk, id: &str, flow: &Flow) -> Response {
    clerk.flows.end(id);
    see(&flow.request.refused("access_denied", "the person did not allow it"))
}

/// The browser and the flow of a page.
fn follow(clerk: &Clerk, headers: &HeaderMap, id: &str) -> Result<(Browser, Flow), Stop> {
    let browser = clerk.browsers.met(headers).ok_or(Stop::NotYours)?;
    let flow = clerk.flows.find(id, &browser.kept_name(), clerk.clock.unix()).ok_or(Stop::NotYours)?;
    Ok((browser, flow))
}

/// A form with its flow's id, the browser and the flow, if it was one of ours.
fn take(clerk: &Clerk, headers: &HeaderMap, form: &[u8]) -> Result<(Parameters, String, Browser, Flow), Stop> {
    let form = Parameters::read(form).map_err(|_| Stop::Nonsense("The form holds a field twice."))?;
    let id = form.get("flow").unwrap_or_default().to_owned();
    let (browser, flow) = follow(clerk, headers, &id)?;
    if !clerk.browsers.is_ours(&browser, form.get("csrf").unwrap_or_default()) {
        return Err(Stop::NotYours);
    }
    Ok((form, id, browser, flow))
}

fn sign_in_form(clerk: &Clerk, flow: &str, browser: &Browser, refused: Option<&str>) -> Markup {
    let csrf = clerk.browsers.proof(browser);
    pages::sign_in(&SignInForm { action: "/sign-in", name: "flow", value: flow, csrf: &csrf }, refused)
}

fn next_page(id: &str, must_sign_in: bool) -> String {
    let page = if must_sign_in { "sign-in" } else { "consent" };
    format!("/{page}?flow={id}")
}

fn see(address: &str) -> Response {
    SeeOther::to(address).into_response()
}

/// Tells a browser its name.
pub(super) fn set_cookie(clerk: &Clerk, browser: &Browser, response: &mut Response) {
    if let Some(cookie) = clerk.browsers.cookie(browser) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
}
