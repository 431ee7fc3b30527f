//! Writes down what a client does, whole, and has the scenario's script carried out on the way.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use contract::service::Service;
use contract::wire::Response;
use http::{HeaderMap, Uri};
use mock_server::witness::{Asked, Head, Hold, Witness};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::Instant;

use super::edit;
use super::scenario::{Cue, Edit, Turn};
use crate::ask::observed::{ClientCall, Connection};
use crate::run::clock;

/// A turn that is to be taken now, and who waits for its end.
#[derive(Debug)]
pub struct Due {
    /// Its place among the scenario's turns.
    pub turn: usize,
    /// Told when it was taken.
    pub taken: oneshot::Sender<()>,
}

/// What was seen of one scenario.
#[derive(Debug)]
pub struct Recorder {
    started: Instant,
    service: Service,
    edits: &'static [Edit],
    turns: &'static [Turn],
    due: mpsc::UnboundedSender<Due>,
    log: Mutex<Log>,
    /// Told with every end of an answer.
    calm: Notify,
    /// How many requests there were.
    requests: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Log {
    calls: Vec<ClientCall>,
    places: BTreeMap<u64, usize>,
    /// Requests that turned out to be the other service's.
    foreign: Vec<usize>,
    connections: Vec<Connection>,
    in_flight: usize,
    peak: usize,
    /// Names of the scenario's faults by the ids of the mock.
    faults: BTreeMap<String, &'static str>,
    /// Which turns were taken.
    taken: Vec<usize>,
}

/// What there is to see at the end.
#[derive(Debug, Default)]
pub struct Recorded {
    /// Requests to the service.
    pub calls: Vec<ClientCall>,
    /// Every connection.
    pub connections: Vec<Connection>,
    /// Most requests under way at once.
    pub peak_in_flight: usize,
}

impl Recorder {
    /// Records from now on. Turns that become due are told of at the other end.
    pub fn new(
        service: Service,
        edits: &'static [Edit],
        turns: &'static [Turn],
    ) -> (Arc<Self>, mpsc::UnboundedReceiver<Due>) {
        let (due, told) = mpsc::unbounded_channel();
        let (started, log, calm) = (Instant::now(), Mutex::default(), Notify::new());
        let requests = watch::Sender::new(0);
        (Arc::new(Self { started, service, edits, turns, due, log, calm, requests }), told)
    }

    /// The moment that everything is counted from.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// How many requests there were, as it changes.
    pub fn requests(&self) -> watch::Receiver<u64> {
        self.requests.subscribe()
    }

    /// Names a fault by the mock's id of its rule.
    pub fn name_fault(&self, id: String, name: &'static str) {
        self.log().faults.insert(id, name);
    }

    /// Waits until nothing is under way; not for ever.
    pub async fn settled(&self, most: Duration) {
        let settled = async {
            loop {
                let told = self.calm.notified();
                if self.log().in_flight == 0 {
                    return;
                }
                told.await;
            }
        };
        let _ = tokio::time::timeout(most, settled).await;
    }

    /// What was seen. Nothing more is kept then.
    pub fn finish(&self) -> Recorded {
        let log = std::mem::take(&mut *self.log());
        let own = |(place, _): &(usize, ClientCall)| !log.foreign.contains(place);
        let calls = log.calls.into_iter().enumerate().filter(own).map(|(_, call)| call).collect();
        Recorded { calls, connections: log.connections, peak_in_flight: log.peak }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, exchange: u64, change: impl FnOnce(&mut ClientCall)) {
        let mut log = self.log();
        let place = log.places.get(&exchange).copied();
        if let Some(call) = place.and_then(|place| log.calls.get_mut(place)) {
            change(call);
        }
    }
}

impl Witness for Recorder {
    fn opened(&self, connection: u64, _: bool) {
        let opened_at = self.started.elapsed();
        let mut log = self.log();
        let place = usize::try_from(connection).unwrap_or(usize::MAX);
        // They are told of in order; one that was not would have no place.
        if place == log.connections.len() {
            log.connections.push(Connection { opened_at, closed_at: None, requests: 0 });
        }
    }

    fn closed(&self, connection: u64) {
        let now = self.started.elapsed();
        let place = usize::try_from(connection).unwrap_or(usize::MAX);
        if let Some(connection) = self.log().connections.get_mut(place) {
            connection.closed_at = Some(now);
        }
    }

    fn began(&self, head: &Head<'_>) {
        let connection = usize::try_from(head.connection).unwrap_or(usize::MAX);
        let call = ClientCall {
            at: self.started.elapsed(),
            answered_at: None,
            connection,
            method: head.method.to_string(),
            target: target(head.target),
            headers: pairs(head.headers),
            body: Bytes::new(),
            status: 0,
            answer_headers: Vec::new(),
            answer_body: Bytes::new(),
            operation: None,
            fault: None,
            violations: Vec::new(),
        };
        let mut log = self.log();
        let place = log.calls.len();
        log.calls.push(call);
        log.places.insert(head.exchange, place);
        log.in_flight += 1;
        log.peak = log.peak.max(log.in_flight);
        if let Some(connection) = log.connections.get_mut(connection) {
            connection.requests += 1;
        }
        drop(log);
        self.requests.send_modify(|count| *count += 1);
    }

    fn asked(&self, asked: &Asked<'_>) {
        let fault = asked.fault.and_then(|id| self.log().faults.get(id).copied());
        if asked.service.is_some_and(|service| service != self.service) {
            let mut log = self.log();
            let place = log.places.get(&asked.exchange).copied();
            log.foreign.extend(place);
        }
        self.change(asked.exchange, |call| {
            let body = asked.request.body();
            call.body = body.slice(..body.len().min(BODY_KEPT));
            call.status = asked.status;
            call.operation = asked.operation.map(str::to_owned);
            call.fault = fault;
            let told = asked.violations.iter();
            call.violations = told.map(|found| (found.clause.clone(), found.detail.clone())).collect();
        });
    }

    fn answering(&self, asked: &Asked<'_>, answer: &mut Response) {
        if asked.service.is_none_or(|service| service == self.service) {
            edit::apply(self.edits, self.service, asked.request.headers(), clock::now(), answer);
        }
        self.change(asked.exchange, |call| {
            call.answer_headers = pairs(answer.headers());
            call.answer_body = answer.body().slice(..answer.body().len().min(ANSWER_KEPT));
        });
    }

    fn hold(&self, asked: &Asked<'_>) -> Option<Hold> {
        if self.turns.is_empty() {
            return None;
        }
        let fault = asked.fault.and_then(|id| self.log().faults.get(id).copied());
        let is_due = |turn: &Turn| match turn.cue {
            Cue::After(_) => false,
            Cue::Met(name) => fault == Some(name),
            Cue::Served(operation) => {
                let served = asked.fault.is_none() && (200..300).contains(&asked.status);
                served && asked.operation.is_some() && operation.is_none_or(|wanted| asked.operation == Some(wanted))
            }
        };
        let mut waits = Vec::new();
        for (place, _) in self.turns.iter().enumerate().filter(|(_, turn)| is_due(turn)) {
            let mut log = self.log();
            if log.taken.contains(&place) {
                continue;
            }
            log.taken.push(place);
            let (taken, wait) = oneshot::channel();
            if self.due.send(Due { turn: place, taken }).is_ok() {
                waits.push(wait);
            }
        }
        (!waits.is_empty()).then(|| -> Hold {
            Box::pin(async move {
                for wait in waits {
                    // Whoever takes the turns may have ended with the scenario.
                    let _ = wait.await;
                }
            })
        })
    }

    fn ended(&self, exchange: u64, is_whole: bool) {
        let now = self.started.elapsed();
        self.change(exchange, |call| call.answered_at = is_whole.then_some(now));
        {
            let mut log = self.log();
            log.in_flight = log.in_flight.saturating_sub(1);
        }
        self.calm.notify_waiters();
    }
}

/// Path and query as they stood in the request line; the whole target where it was in absolute form.
fn target(uri: &Uri) -> String {
    uri.path_and_query().map_or_else(|| uri.to_string(), |target| target.as_str().to_owned())
}

/// Names and values.
pub(super) fn pairs(headers: &HeaderMap) -> Vec<(String, Bytes)> {
    let value = |value: &http::HeaderValue| Bytes::copy_from_slice(value.as_bytes());
    headers.iter().map(|(name, found)| (name.as_str().to_owned(), value(found))).collect()
}

/// Bytes that are kept of a request's body.
const BODY_KEPT: usize = 1024 * 1024;
/// Bytes that are kept of an answer's body.
const ANSWER_KEPT: usize = 64 * 1024;
