//! The control API: JSON in, calls on worlds, JSON out.

mod clock;
mod deliveries;
pub(crate) mod events;
mod expect;
mod faults;
mod input;
mod oauth;
pub(crate) mod requests;
mod route;
mod waiting;
mod webhooks;
mod worlds;

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use contract::time::UnixMillis;
use contract::wire::Response;
use http::header::{ALLOW, AUTHORIZATION, DATE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use self::route::{Route, Unrouted};
use super::Shared;
use super::clock::wall;
use super::head::Refusal;
use super::http::bearer;
use super::outgoing::{Outgoing, Streams};
use crate::core::refusal;
use crate::core::registry::Cell;

/// Where the control API is mounted.
pub(crate) const MOUNT: &str = "/_mock";

/// Answers one call of somebody whom [`admit`] let in.
pub(crate) async fn answer(
    shared: &Arc<Shared>,
    parts: Parts,
    body: Bytes,
    streams: &Streams,
    started: Option<Instant>,
) -> http::Response<Outgoing> {
    let mut response = call(shared, &parts, &body, streams).await;
    date(&mut response, now(shared, &parts));
    shared.log(started, &parts.method, &parts.uri, &response, "-");
    response
}

/// The time of the world that a call names: under a frozen clock the same script gets the same bytes here too.
fn now(shared: &Shared, parts: &Parts) -> UnixMillis {
    let index = shared.registry.index();
    let cell = shared.named_world(&index, &parts.headers).unwrap_or_else(|_| shared.registry.default_world());
    let cell = Arc::clone(cell);
    drop(index);
    let now_ms = cell.lock().clock(wall()).now_ms;
    UnixMillis(now_ms)
}

/// Dates an answer that comes from no world's service.
pub(crate) fn date<B>(response: &mut http::Response<B>, now: UnixMillis) {
    if let Ok(value) = HeaderValue::try_from(now.to_http_date()) {
        response.headers_mut().insert(DATE, value);
    }
}

/// One call, of whoever may call: over a socket or from the process itself.
pub(crate) async fn call(
    shared: &Arc<Shared>,
    parts: &Parts,
    body: &Bytes,
    streams: &Streams,
) -> http::Response<Outgoing> {
    match Route::of(&parts.method, parts.uri.path()) {
        Ok(Route::Events) => events::answer(shared, parts, streams),
        Ok(Route::Requests) => journal(shared, parts),
        route => return whole(shared, route, parts, body).await.map(Outgoing::from),
    }
    .unwrap_or_else(|(status, words)| refusal::errors(status, &words).map(Outgoing::from))
}

/// What the journal holds.
fn journal(shared: &Shared, parts: &Parts) -> Result<http::Response<Outgoing>, input::Refused> {
    let cell = world_of(shared, &parts.headers)?;
    let query = input::query(parts.uri.query().unwrap_or_default()).map_err(input::bad)?;
    Ok(requests::answer(&cell, query))
}

/// The world that a call means.
fn world_of(shared: &Shared, headers: &HeaderMap) -> Result<Arc<Cell>, input::Refused> {
    let index = shared.registry.index();
    let named = shared.named_world(&index, headers).map(Arc::clone);
    named.map_err(|unknown| (unknown.status, vec![unknown.words]))
}

/// An answer in one piece.
async fn whole(shared: &Arc<Shared>, route: Result<Route, Unrouted>, parts: &Parts, body: &Bytes) -> Response {
    let route = match route {
        Ok(route) => route,
        Err(Unrouted::Unknown) => {
            let words = format!("the control API has nothing at '{}'", parts.uri.path());
            return refusal::errors(StatusCode::NOT_FOUND, &[words]);
        }
        Err(Unrouted::WrongMethod(allow)) => {
            let words = format!("{} is not allowed at '{}': use {allow}", parts.method, parts.uri.path());
            let mut response = refusal::errors(StatusCode::METHOD_NOT_ALLOWED, &[words]);
            response.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
            return response;
        }
    };
    let cell = match world_of(shared, &parts.headers) {
        Ok(cell) => cell,
        Err((status, words)) => return refusal::errors(status, &words),
    };
    let response = match route {
        Route::Deliveries(route) => ended(deliveries::call(shared, &cell, &route, parts, body).await),
        Route::Webhooks(route) => ended(webhooks::call(shared, &cell, &route, body).await),
        Route::ChangeClock => match input::clock_change(body) {
            Ok(change) => refusal::json(StatusCode::OK, &clock::change(shared, &cell, change).await),
            Err(faults) => refusal::errors(StatusCode::BAD_REQUEST, &faults),
        },
        Route::Expect => match input::expectation(body) {
            Ok(expectation) => {
                refusal::json(StatusCode::OK, &expect::wait(Arc::clone(&cell), &expectation, &shared.stop).await)
            }
            Err(faults) => refusal::errors(StatusCode::BAD_REQUEST, &faults),
        },
        Route::ApproveOAuth => ended(oauth::approve(shared, &cell, parts, body)),
        route => ended(worlds::call(shared, &cell, &route, body)),
    };
    shared.ring(&cell);
    response
}

/// An answer, or the faults of what the caller sent.
fn ended(answer: Result<Response, input::Words>) -> Response {
    answer.unwrap_or_else(|faults| refusal::errors(StatusCode::BAD_REQUEST, &faults))
}

/// Whether the caller may call at all. Asked before the body is read: a stranger gets no room for one.
pub(crate) fn admit(shared: &Shared, parts: &Parts) -> Result<(), Refusal> {
    if !shared.hosts.allow(&parts.headers) {
        let words = "the control API is not served under this Host, which could be a page from elsewhere \
                     (DNS rebinding): use the listen address or localhost, or start the mock with --public-url";
        return Err(Refusal::new(StatusCode::FORBIDDEN, words));
    }
    if !parts.method.is_safe() && !shared.hosts.allow_origins(&parts.headers) {
        let words = "the control API changes nothing for a page from elsewhere, which the header Origin says this call \
                     comes from: call from a program, or from a page on this machine or under --public-url";
        return Err(Refusal::new(StatusCode::FORBIDDEN, words));
    }
    let Some(token) = &shared.control_token else { return Ok(()) };
    let given = parts.headers.get(AUTHORIZATION).and_then(|value| bearer(value.as_bytes())).unwrap_or_default();
    // Digests have one length, so that neither content nor length of the token shows in the time.
    let (given, wanted) = (Sha256::digest(given), Sha256::digest(token));
    if bool::from(given.as_slice().ct_eq(wanted.as_slice())) {
        return Ok(());
    }
    let words = "this control API asks for 'Authorization: Bearer <token>' with the token of --control-token-env";
    Err(Refusal::new(StatusCode::UNAUTHORIZED, words))
}
