//! `GET /_mock/requests`: the journal, of which never more is in memory twice than one piece.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue};

use super::super::outgoing::Outgoing;
use super::input::Query;
use crate::core::registry::Cell;

/// The entries that were asked for. What fits one piece comes with its length, and the rest in chunks.
pub(super) fn answer(cell: &Arc<Cell>, query: Query) -> http::Response<Outgoing> {
    let mut requests = Requests::new(cell, query);
    let first = requests.piece().unwrap_or_default();
    let body = if requests.state == State::Over {
        Outgoing::from(first)
    } else {
        requests.first = Some(first);
        Outgoing::Requests(Box::new(requests))
    };
    let mut response = http::Response::new(body);
    *response.status_mut() = StatusCode::OK;
    let kind = HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

/// The body, as far as it has not been told.
pub(crate) struct Requests {
    cell: Arc<Cell>,
    query: Query,
    /// Entries that come while this one is told are not part of it, so that it has an end.
    mark: (u64, u64),
    after: u64,
    told: usize,
    state: State,
    first: Option<Bytes>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Begins,
    GoesOn,
    Over,
}

impl Requests {
    fn new(cell: &Arc<Cell>, query: Query) -> Self {
        let (mark, after) = (cell.lock().mark(), query.after);
        Self { cell: Arc::clone(cell), query, mark, after, told: 0, state: State::Begins, first: None }
    }

    /// The next piece; never waits.
    pub(crate) fn piece(&mut self) -> Option<Bytes> {
        if self.first.is_some() {
            return self.first.take();
        }
        let mut text = match self.state {
            State::Begins => br#"{"requests":["#.to_vec(),
            State::GoesOn => Vec::new(),
            State::Over => return None,
        };
        self.state = State::GoesOn;
        while text.len() < PIECE {
            let (entries, dropped) = self.copy();
            for entry in entries {
                if self.told > 0 {
                    text.push(b',');
                }
                self.told += 1;
                text.extend_from_slice(&serde_json::to_vec(&entry.record()).unwrap_or_default());
            }
            if let Some(dropped) = dropped {
                text.extend_from_slice(format!("],\"dropped\":{dropped}}}").as_bytes());
                self.state = State::Over;
                break;
            }
        }
        Some(text.into())
    }

    /// A few entries, and at the end how many were dropped. The world is let go before they are made into words, for
    /// requests that want to be served.
    fn copy(&mut self) -> (Vec<crate::core::journal::Entry>, Option<u64>) {
        let world = self.cell.lock();
        let (journal, mut entries, mut bytes, mut seen) = (world.journal(), Vec::new(), 0, 0);
        let is_same = world.mark().0 == self.mark.0;
        for entry in journal.after(self.after).take_while(|entry| is_same && entry.id <= self.mark.1).take(AT_ONCE) {
            (seen, self.after) = (seen + 1, entry.id);
            if self.query.matching.allows(entry) {
                bytes += entry.request.body().len();
                entries.push(entry.clone());
            }
            if self.told + entries.len() == self.query.limit {
                return (entries, Some(journal.dropped()));
            }
            if bytes >= PIECE {
                return (entries, None);
            }
        }
        (entries, (seen < AT_ONCE).then(|| journal.dropped()))
    }
}

const AT_ONCE: usize = 64;
/// A piece ends with the entry that reaches this many bytes.
const PIECE: usize = 256 * 1024;
