//! The Account Portal: the page on which a person signs in for an app, in
//! their own browser, and from which that browser goes back to the app.

use std::sync::Arc;

use axum::extract::{Query, RawForm, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use url::Url;

use super::attempts::{Arrival, Attempt, Waiting};
use super::sessions::{Session, Status};
use super::start::RETURN_ADDRESS;
use crate::clerk::authorize::{Stop, enter, set_cookie};
use crate::clerk::pages::{self, SignInForm};
use crate::clerk::parameters::Parameters;
use crate::clerk::{Clerk, opaque};
use crate::people;

/// Which sign-in a page belongs to.
#[derive(Deserialize)]
pub(super) struct TicketQuery {
    #[serde(default)]
    ticket: String,
}

/// `GET /portal/sign-in`. It asks who it is also where somebody is signed in,
/// so that a person can sign in to the app as somebody else.
pub(super) async fn sign_in_page(
    State(clerk): State<Arc<Clerk>>,
    Query(TicketQuery { ticket }): Query<TicketQuery>,
    headers: HeaderMap,
) -> Result<Response, Stop> {
    let attempt = clerk.attempts.find(&ticket, clerk.clock.unix()).ok_or(Stop::NotYours)?;
    let (browser, is_new) = match clerk.browsers.met(&headers) {
        Some(browser) => (browser, false),
        None => (clerk.browsers.name()?, true),
    };
    if let Some(arrival) = attempt.arrival {
        return again(&arrival, &browser.kept_name());
    }
    let csrf = clerk.browsers.proof(&browser);
    let form = SignInForm { action: "/portal/sign-in", name: "ticket", value: &ticket, csrf: &csrf };
    let mut response = pages::sign_in(&form, None).into_response();
    if is_new {
        set_cookie(&clerk, &browser, &mut response);
    }
    Ok(response)
}

/// `POST /portal/sign-in`.
pub(super) async fn sign_in(
    State(clerk): State<Arc<Clerk>>,
    headers: HeaderMap,
    RawForm(form): RawForm,
) -> Result<Response, Stop> {
    let form = Parameters::read(&form).map_err(|_| Stop::Nonsense("The form holds a field twice."))?;
    let now = clerk.clock.unix();
    let ticket = form.get("ticket").unwrap_or_default();
    let attempt = clerk.attempts.find(ticket, now).ok_or(Stop::NotYours)?;
    let browser = clerk.browsers.met(&headers).ok_or(Stop::NotYours)?;
    let csrf = form.get("csrf").unwrap_or_default();
    if !clerk.browsers.is_ours(&browser, csrf) {
        return Err(Stop::NotYours);
    }
    if let Some(arrival) = attempt.arrival {
        return again(&arrival, &browser.kept_name());
    }
    if form.get("action") == Some("cancel") {
        clerk.attempts.end(ticket);
        return Ok(pages::cancelled().into_response());
    }
    let email = form.get("email").unwrap_or_default().trim();
    let password = form.get("password").unwrap_or_default();
    let Some(person) = people::with_credentials(email, password) else {
        let form = SignInForm { action: "/portal/sign-in", name: "ticket", value: ticket, csrf };
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, pages::sign_in(&form, Some(email))).into_response());
    };

    let renamed = enter(&clerk, &browser, person)?;
    let moment = now * 1_000;
    let session = Session {
        id: opaque::id("sess_")?,
        client: attempt.client.clone(),
        person,
        organization: None,
        status: Status::Active,
        created_at: moment,
        updated_at: moment,
        last_active_at: moment,
    };
    let nonce = opaque::token("")?;
    let link = link_back(&attempt, &nonce, &session.id)?;
    let arrival = Arrival { browser: renamed.kept_name(), link: link.clone() };
    let waiting = Waiting { challenge: attempt.challenge, session, since: now };
    if !clerk.attempts.arrive(ticket, arrival, &nonce, waiting) {
        return Err(Stop::NotYours);
    }
    let location = HeaderValue::try_from(&link).map_err(|error| Stop::Failed(error.to_string()))?;
    let headers = [(header::LOCATION, location)];
    let mut response = (StatusCode::SEE_OTHER, headers, pages::signed_in(&link)).into_response();
    set_cookie(&clerk, &renamed, &mut response);
    Ok(response)
}

/// For a browser that did not follow the way back: the same way once more.
fn again(arrival: &Arrival, browser: &str) -> Result<Response, Stop> {
    if arrival.browser == browser { Ok(pages::signed_in(&arrival.link).into_response()) } else { Err(Stop::NotYours) }
}

fn link_back(attempt: &Attempt, nonce: &str, session: &str) -> Result<String, Stop> {
    let parameters =
        [("state", attempt.state.as_str()), ("rotating_token_nonce", nonce), ("created_session_id", session)];
    let url = Url::parse_with_params(RETURN_ADDRESS, parameters);
    url.map(String::from).map_err(|error| Stop::Failed(error.to_string()))
}
