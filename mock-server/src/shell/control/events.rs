//! `GET /_mock/events`: what happens in a world, as server-sent events.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use contract::wire::form::Form;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde::Serialize;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep, sleep_until};

use super::super::Shared;
use super::super::follow::{Batch, Follower, Wish};
use super::super::http::{WORLD, unknown_world};
use super::super::outgoing::{Outgoing, Stream, Streams};
use super::input::{Refused, Words, bad};
use super::world_of;
use crate::control::event::{Bye, Event, Kind, Reason};
use crate::core::registry::Cell;

/// Answers with the events of a world, from now on or from where the reader was.
pub(super) fn answer(
    shared: &Arc<Shared>,
    parts: &Parts,
    streams: &Streams,
) -> Result<http::Response<Outgoing>, Refused> {
    let mut query = query(parts.uri.query().unwrap_or_default()).map_err(bad)?;
    if let Some(id) = last_event_id(&parts.headers).map_err(bad)? {
        // A browser that comes back repeats its first address, and says here how far it came.
        query.wish.after = Some(id);
    }
    let cell = world(shared, parts, query.world.as_deref())?;
    let body = if parts.method == Method::HEAD {
        Outgoing::Untold
    } else {
        let slot = Arc::clone(&shared.event_readers).try_acquire_owned().map_err(|_| {
            let most = shared.limits.event_readers;
            let words = format!("{most} readers follow events already, and no more are served: end one of them");
            (StatusCode::SERVICE_UNAVAILABLE, vec![words])
        })?;
        let (follower, hello) = Follower::begin(shared, cell, query.wish);
        let start = piece("hello", follower.cursor(), &hello, "retry: 1000\n");
        Outgoing::Events(Box::new(Events {
            follower,
            start: Some(start),
            has_ended: false,
            silence: Silence::new(shared.limits.event_pause),
            _slot: slot,
            _stream: streams.begin(),
        }))
    };
    let mut response = http::Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// The world that the query names, for a browser whose `EventSource` sets no header; else that of the header.
fn world(shared: &Shared, parts: &Parts, named: Option<&str>) -> Result<Arc<Cell>, Refused> {
    let Some(named) = named else { return world_of(shared, &parts.headers) };
    if parts.headers.get(WORLD).is_some_and(|header| header.as_bytes() != named.as_bytes()) {
        let words = format!("the query names the world '{named}', the header X-Mock-World another one: name one");
        return Err(bad(vec![words]));
    }
    let unknown = || (StatusCode::NOT_FOUND, vec![unknown_world(named).words]);
    shared.registry.index().by_id(named).map(Arc::clone).ok_or_else(unknown)
}

/// The body.
pub(crate) struct Events {
    follower: Follower,
    /// The greeting, until it is said.
    start: Option<Bytes>,
    has_ended: bool,
    silence: Silence,
    _slot: OwnedSemaphorePermit,
    _stream: Stream,
}

impl Events {
    /// The next piece of text; `None` at the end. Asked only when the peer has taken what came before.
    pub(crate) fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if self.has_ended {
            return Poll::Ready(None);
        }
        if let Some(start) = self.start.take() {
            return Poll::Ready(Some(start));
        }
        let text = match self.follower.poll_next(cx) {
            Poll::Ready(Batch::Events(events)) => lines(&events),
            Poll::Ready(Batch::Enough) => {
                self.has_ended = true;
                return Poll::Ready(None);
            }
            Poll::Ready(Batch::End(reason)) => {
                self.has_ended = true;
                goodbye(self.follower.cursor(), reason)
            }
            Poll::Pending if self.silence.is_over(cx) => Bytes::from_static(b": nothing new\n\n"),
            Poll::Pending => return Poll::Pending,
        };
        self.silence.begin();
        Poll::Ready(Some(text))
    }
}

/// How long nothing was said.
struct Silence {
    most: Duration,
    timer: Pin<Box<Sleep>>,
}

impl Silence {
    fn new(most: Duration) -> Self {
        Self { most, timer: Box::pin(sleep_until(Instant::now() + most)) }
    }

    fn begin(&mut self) {
        self.timer.as_mut().reset(Instant::now() + self.most);
    }

    fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        self.timer.as_mut().poll(cx).is_ready()
    }
}

fn lines(events: &[Event]) -> Bytes {
    let mut text = Vec::new();
    for event in events {
        write(&mut text, event.what.name(), event.id, &event.what.data(), "");
    }
    text.into()
}

fn goodbye(id: u64, reason: Reason) -> Bytes {
    piece("bye", id, &Bye { reason }, "")
}

fn piece<T: Serialize>(name: &str, id: u64, data: &T, more: &str) -> Bytes {
    let mut text = Vec::new();
    write(&mut text, name, id, &serde_json::to_vec(data).unwrap_or_default(), more);
    text.into()
}

/// One event. JSON holds no line end, so that its data is one line.
fn write(text: &mut Vec<u8>, name: &str, id: u64, data: &[u8], more: &str) {
    text.extend_from_slice(format!("id: {id}\nevent: {name}\n{more}data: ").as_bytes());
    text.extend_from_slice(data);
    text.extend_from_slice(b"\n\n");
}

#[derive(Debug, Default)]
struct Query {
    wish: Wish,
    world: Option<String>,
}

/// The query. A key with an empty value counts as absent; every fault is named.
fn query(text: &str) -> Result<Query, Words> {
    let form = Form::decode(text.as_bytes());
    let (mut faults, mut query) = (Words::new(), Query::default());
    for (key, value) in form.pairs().filter(|(_, value)| !value.is_empty()) {
        let mut number = |least: u64| {
            let number = value.parse().ok().filter(|number| (least..=MOST_NUMBER).contains(number));
            if number.is_none() {
                faults
                    .push(format!("the query parameter '{key}' must be an integer of {least} or more, not '{value}'"));
            }
            number
        };
        match key {
            "after" => query.wish.after = number(0),
            "limit" => query.wish.limit = number(1),
            "world" => query.world = Some(value.to_owned()),
            "types" => {
                for word in value.split(',').map(str::trim) {
                    match Kind::WORDS.iter().find(|(known, _)| *known == word) {
                        Some((_, kind)) => query.wish.kinds.push(*kind),
                        None => faults.push(format!(
                            "the query parameter 'types' holds the unknown type '{word}': expected some of {}",
                            Kind::WORDS.map(|(known, _)| known).join(", ")
                        )),
                    }
                }
            }
            _ => faults.push(format!("unknown query parameter '{key}': expected one of types, after, limit, world")),
        }
    }
    if faults.is_empty() { Ok(query) } else { Err(faults) }
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<u64>, Words> {
    let Some(value) = headers.get(LAST_EVENT_ID).filter(|value| !value.is_empty()) else { return Ok(None) };
    let id = value.to_str().ok().and_then(|text| text.parse().ok()).filter(|id| *id <= MOST_NUMBER);
    let words = || {
        let value = String::from_utf8_lossy(value.as_bytes());
        vec![format!("the header Last-Event-ID must be the id of an event, an integer, not '{value}'")]
    };
    id.map(Some).ok_or_else(words)
}

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const MOST_NUMBER: u64 = i64::MAX as u64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_of_a_query_is_named() {
        let faults = query("types=request,soup,&after=-1&limit=0&colour=red").unwrap_err();
        assert_eq!(faults.len(), 5, "{faults:#?}");
        assert!(faults[0].contains("'soup'") && faults[0].contains("request, delivery, state"), "{faults:#?}");
    }

    #[test]
    fn empty_values_count_as_absent() {
        let query = query("types=state&after=0&limit=&world=").unwrap();
        assert_eq!((query.wish.kinds, query.wish.after), (vec![Kind::State], Some(0)));
        assert_eq!((query.wish.limit, query.world), (None, None));
    }
}
