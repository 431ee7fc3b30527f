//! A service's API that takes every message and writes it down: what a judged integration calls is seen there.

use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use conformance::ask::effects::{Call, Effects, Mark};
use conformance::sample::reply::Api;
use contract::service::Service;
use courier::address::Endpoint;
use courier::socket::Socket;
use serde_json::{Value, json};

use super::{Raw, read_request, write};

/// The account that the integration's token belongs to.
pub(crate) const OWN: u64 = 1_002;

/// The API. Stops when dropped.
pub(crate) struct Watch {
    endpoint: Endpoint,
    service: Service,
    log: Log,
    _listener: Raw,
}

/// What was called so far, and how slow the answers are.
#[derive(Clone, Debug)]
pub(crate) struct Log(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    began: Instant,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    calls: Vec<Call>,
    delay: Duration,
}

impl Watch {
    pub(crate) fn start(service: Service) -> Self {
        let inner = Inner { began: Instant::now(), state: Mutex::default(), changed: Condvar::new() };
        let log = Log(Arc::new(inner));
        let writing = log.clone();
        let listener = Raw::start(move |mut stream, _| {
            while let Some(request) = read_request(&mut stream) {
                writing.note(service, &request);
                writing.wait_as_told();
                let body = json!({"account_id": OWN, "message_id": "1", "status": "SUCCESS"}).to_string();
                let head = format!("content-type: application/json\r\ncontent-length: {}", body.len());
                write(&mut stream, format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{body}").as_bytes());
            }
        });
        Self { endpoint: Endpoint::parse(&listener.url()).unwrap(), service, log, _listener: listener }
    }

    /// What the integration is told of it.
    pub(crate) fn api(&self) -> Api {
        let address = SocketAddr::new(self.endpoint.host.parse().unwrap(), self.endpoint.port);
        let socket = Socket {
            address: Ok(address),
            authority: self.endpoint.authority.clone(),
            timeout: Duration::from_secs(20),
            connect_timeout: Duration::from_secs(20),
            tls: None,
        };
        let prefix = if self.service == Service::Chatwork { "/v2" } else { "" }.to_owned();
        Api { socket, prefix, token: "t0ken".to_owned() }
    }

    /// Its address, with a slash at the end.
    pub(crate) fn base(&self) -> String {
        self.endpoint.url("/")
    }

    /// What was called.
    pub(crate) fn log(&self) -> Log {
        self.log.clone()
    }
}

impl Log {
    fn note(&self, service: Service, request: &contract::wire::Request) {
        let path = request.uri().path();
        let place = path.strip_prefix("/v2/rooms/").and_then(|rest| rest.split('/').next()).map(str::to_owned);
        let (place, text) = match service {
            _ if request.method() == http::Method::GET => (place, None),
            Service::Chatwork => {
                (place, form_urlencoded::parse(request.body()).next().map(|(_, text)| text.into_owned()))
            }
            Service::Chatday => {
                let body: Value = serde_json::from_slice(request.body()).unwrap();
                let place = body["chat_id"].as_str().map_or_else(|| body["chat_id"].to_string(), str::to_owned);
                (Some(place), body["message"]["data"].as_str().map(str::to_owned))
            }
        };
        let operation = if text.is_some() { "post-messages" } else { "get-me" }.to_owned();
        let at_ms = u64::try_from(self.0.began.elapsed().as_millis()).unwrap();
        self.0.state.lock().unwrap().calls.push(Call { operation, place, text, at_ms });
        self.0.changed.notify_all();
    }

    fn wait_as_told(&self) {
        let since = Instant::now();
        let mut state = self.0.state.lock().unwrap();
        while since.elapsed() < state.delay {
            let left = state.delay.saturating_sub(since.elapsed());
            state = self.0.changed.wait_timeout(state, left).unwrap().0;
        }
    }

    /// The messages so far.
    pub(crate) fn messages(&self) -> Vec<Call> {
        self.0.state.lock().unwrap().calls.iter().filter(|call| call.is_message()).cloned().collect()
    }

    /// The messages, once there are so many. Fails the test if they do not come.
    pub(crate) fn wait_for(&self, count: usize) -> Vec<Call> {
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            let state = self.0.state.lock().unwrap();
            let messages: Vec<Call> = state.calls.iter().filter(|call| call.is_message()).cloned().collect();
            if messages.len() >= count {
                return messages;
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "only {messages:?} came");
            drop(self.0.changed.wait_timeout(state, left).unwrap());
        }
    }
}

impl Effects for Log {
    fn mark(&mut self) -> Mark {
        Mark(u64::try_from(self.0.state.lock().unwrap().calls.len()).unwrap())
    }

    fn calls_since(&mut self, mark: Mark, count: usize, quiet: Duration, within: Duration) -> Vec<Call> {
        let from = usize::try_from(mark.0).unwrap();
        let until = Instant::now() + within;
        let mut state = self.0.state.lock().unwrap();
        let mut last = Instant::now();
        loop {
            let seen = state.calls.len();
            let enough = state.calls[from..].iter().filter(|call| call.is_message()).count() >= count;
            let end = if enough { (last + quiet).min(until) } else { until };
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return state.calls[from..].to_vec();
            }
            state = self.0.changed.wait_timeout(state, left).unwrap().0;
            if state.calls.len() > seen {
                last = Instant::now();
            }
        }
    }

    fn slow_down(&mut self, delay: Duration) {
        self.0.state.lock().unwrap().delay = delay;
        self.0.changed.notify_all();
    }
}
