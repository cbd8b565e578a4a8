//! `GET|POST /v0/pipes/NAME.json`: the order in which a request is judged.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use url::form_urlencoded;

use super::parameters::Question;
use super::rate::Verdict;
use super::refusal::Refusal;
use super::token::Claims;
use super::{Tinybird, pipes};

/// The endpoint.
pub(super) async fn pipe(
    State(tinybird): State<Arc<Tinybird>>,
    Path(file): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    tinybird.queries.fetch_add(1, Ordering::Relaxed);
    let claims = match Claims::of(&headers, tinybird.clock.unix()) {
        Ok(claims) => claims,
        Err(refusal) => return refusal.into_response(),
    };
    let verdict = claims.rps().map(|rps| tinybird.rates.take(&claims.name, rps, tinybird.clock.now()));
    let answer = match verdict {
        Some(Verdict { allowed: false, limit, .. }) => Err(Refusal::rate(limit)),
        _ => answer(&tinybird, &claims, &file, query.as_deref(), &headers, &body).await,
    };
    let json = |bytes| ([(header::CONTENT_TYPE, "application/json; charset=utf-8")], bytes).into_response();
    let mut response = answer.map_or_else(Refusal::into_response, json);
    if let Some(verdict) = verdict {
        verdict.tell(response.headers_mut());
    }
    response
}

/// Any other path.
pub(super) async fn nothing_here(uri: Uri) -> Refusal {
    Refusal::no_such_pipe(uri.path())
}

async fn answer(
    tinybird: &Arc<Tinybird>,
    claims: &Claims,
    file: &str,
    query: Option<&str>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Bytes, Refusal> {
    let name = file.strip_suffix(".json").unwrap_or(file);
    let recorded = tinybird.recorded.get(name);
    let pipe = pipes::all().find(|pipe| pipe.name == name);
    if file == name || (recorded.is_none() && pipe.is_none()) {
        return Err(Refusal::no_such_pipe(file));
    }
    let fixed = claims.reads(name)?;
    let mut parameters = requested(query, headers, body)?;
    // What is fixed cannot be asked for differently: this is all that keeps
    // one tenant's rows from another.
    parameters.extend(fixed);
    if let Some(bytes) = recorded {
        return Ok(bytes.clone());
    }
    let Some(pipe) = pipe else { return Err(Refusal::no_such_pipe(file)) };
    let question = Question::read(&parameters, tinybird.present())?;

    let asked = Arc::clone(tinybird);
    let answer = tokio::task::spawn_blocking(move || {
        let database = asked.database.lock().unwrap_or_else(PoisonError::into_inner);
        pipe.answer(&database, &question, asked.history_begins)
    });
    let answer = answer.await.map_err(|error| Refusal::failed(&error.to_string()))?;
    answer.map(|answer| answer.to_json().into()).map_err(|error| Refusal::failed(&error.to_string()))
}

/// The parameters of the query, and of the body, which wins.
fn requested(query: Option<&str>, headers: &HeaderMap, body: &[u8]) -> Result<BTreeMap<String, String>, Refusal> {
    let mut parameters: BTreeMap<String, String> =
        form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect();
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.starts_with("application/json") {
        let object: BTreeMap<String, Value> =
            serde_json::from_slice(body).map_err(|error| Refusal::request(&format!("Invalid JSON body: {error}")))?;
        let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        parameters.extend(object.into_iter().map(|(name, value)| (name, text(value))));
    } else {
        parameters.extend(form_urlencoded::parse(body).into_owned());
    }
    Ok(parameters)
}
