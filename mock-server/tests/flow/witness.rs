//! Somebody in the same process who sees everything and may change answers.

use std::sync::{Arc, Mutex, PoisonError};

use contract::service::Service;
use contract::wire::Response;
use http::HeaderValue;
use mock_server::control::{FaultAction, FaultRule};
use mock_server::witness::{Asked, Head, Hold, Witness};
use mock_server::{Builder, MockServer};
use tokio::sync::Notify;

use crate::support::{Client, chatwork, exchange, messages, request};

/// Writes down what it is told, as lines.
#[derive(Debug, Default)]
struct Scribe {
    lines: Mutex<Vec<String>>,
    /// Told with every line.
    told: Notify,
    /// Opens the gate for answers that are held.
    gate: Arc<Notify>,
    holds: bool,
}

impl Scribe {
    fn note(&self, line: String) {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        self.told.notify_one();
    }

    fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until a line is there.
    fn wait(&self, line: &str) -> Vec<String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let there = async {
            loop {
                let lines = self.lines();
                if lines.iter().any(|found| found == line) {
                    return lines;
                }
                self.told.notified().await;
            }
        };
        let patience = std::time::Duration::from_secs(20);
        let found = runtime.block_on(async { tokio::time::timeout(patience, there).await });
        found.unwrap_or_else(|_| panic!("no '{line}' in {:#?}", self.lines()))
    }
}

impl Witness for Scribe {
    fn opened(&self, connection: u64, is_tls: bool) {
        self.note(format!("opened {connection} {is_tls}"));
    }

    fn closed(&self, connection: u64) {
        self.note(format!("closed {connection}"));
    }

    fn began(&self, head: &Head<'_>) {
        let token = head.headers.get("x-chatworktoken").map(|token| String::from_utf8_lossy(token.as_bytes()));
        let (exchange, connection, method, target) = (head.exchange, head.connection, head.method, head.target);
        self.note(format!("began {exchange} on {connection}: {method} {target} {}", token.unwrap_or_default()));
    }

    fn asked(&self, asked: &Asked<'_>) {
        let body = String::from_utf8_lossy(asked.request.body());
        let (service, operation) = (asked.service.map(Service::name), asked.operation);
        let violations: Vec<&str> = asked.violations.iter().map(|violation| violation.clause.as_str()).collect();
        let (exchange, fault, status) = (asked.exchange, asked.fault, asked.status);
        self.note(format!("asked {exchange} {service:?} {operation:?} {fault:?} {violations:?} {status} {body:?}"));
    }

    fn answering(&self, asked: &Asked<'_>, answer: &mut Response) {
        answer.headers_mut().insert("x-seen", HeaderValue::from(asked.exchange));
        *answer.body_mut() = "edited 🖊".into();
    }

    fn hold(&self, _: &Asked<'_>) -> Option<Hold> {
        let gate = Arc::clone(&self.gate);
        self.holds.then(|| -> Hold { Box::pin(async move { gate.notified().await }) })
    }

    fn ended(&self, exchange: u64, is_whole: bool) {
        self.note(format!("ended {exchange} {is_whole}"));
    }
}

fn watched(change: impl FnOnce(Builder) -> Builder) -> (MockServer, Arc<Scribe>) {
    let scribe = Arc::new(Scribe::default());
    (change(MockServer::builder().witness(scribe.clone())).start().unwrap(), scribe)
}

#[test]
fn a_witness_sees_each_request_unmasked_with_what_it_turned_out_to_be_and_changes_its_answer() {
    let (mock, scribe) = watched(|builder| builder);
    let path = messages(&mock);
    let mut client = Client::connect(&mock.local_address().to_string());
    let token = mock.token(Service::Chatwork);
    let posted = client.send(request(&mock, "POST", &path, token, "body=%F0%9F%91%8D")).answer();
    assert_eq!((posted.status, posted.body.as_str(), posted.header("x-seen")), (200, "edited 🖊", Some("0")));
    let lost = client.send(request(&mock, "GET", "/v2/nowhere?a=%20b", "wrong", "")).answer();
    assert_eq!((lost.status, lost.header("x-seen")), (401, Some("1")));
    assert_eq!(client.send(request(&mock, "GET", "/else", token, "")).answer().status, 404);
    let renamed = client.send(request(&mock, "POST", "/v2/rooms/5001?method=PUT", token, "name=x")).answer();
    assert_eq!(renamed.status, 200);
    let control = client.send("GET /_mock/health HTTP/1.1\r\nHost: localhost\r\n\r\n").answer();
    assert_eq!((control.status, control.header("x-seen")), (200, None), "the control API is not a witness's to see");
    drop(client);
    let lines = scribe.wait("closed 0");
    assert_eq!(
        lines,
        [
            "opened 0 false".to_owned(),
            format!("began 0 on 0: POST {path} {token}"),
            r#"asked 0 Some("chatwork") Some("post-messages") None [] 200 "body=%F0%9F%91%8D""#.to_owned(),
            "ended 0 true".to_owned(),
            "began 1 on 0: GET /v2/nowhere?a=%20b wrong".to_owned(),
            r#"asked 1 Some("chatwork") None None [] 401 """#.to_owned(),
            "ended 1 true".to_owned(),
            format!("began 2 on 0: GET /else {token}"),
            r#"asked 2 None None None [] 404 """#.to_owned(),
            "ended 2 true".to_owned(),
            format!("began 3 on 0: POST /v2/rooms/5001?method=PUT {token}"),
            r#"asked 3 Some("chatwork") Some("put-room") None ["chatwork.transport.method-override-abolished"] 200 "name=x""#.to_owned(),
            "ended 3 true".to_owned(),
            "closed 0".to_owned(),
        ]
    );
}

#[test]
fn a_witness_is_told_which_fault_an_answer_met_and_whether_all_of_it_was_handed_over() {
    let (mock, scribe) = watched(|builder| builder);
    let actions = [
        (FaultAction::respond(503), "503", true),
        (FaultAction::drip(8, std::time::Duration::ZERO), "200", true),
        (FaultAction::close_after_bytes(1_000_000), "200", true),
        (FaultAction::close_after_bytes(20), "200", false),
        (FaultAction::reset_after(20), "200", false),
        (FaultAction::drop_after_commit(), "0", false),
        (FaultAction::reset(), "0", false),
        (FaultAction::garbage(), "0", false),
    ];
    for (number, (action, status, is_whole)) in actions.into_iter().enumerate() {
        let fault = mock.fault(&FaultRule::new(action.clone())).unwrap();
        let mut client = Client::connect(&mock.local_address().to_string());
        client.send(request(&mock, "GET", "/v2/me", mock.token(Service::Chatwork), ""));
        // Whatever comes: the end of the connection, or an answer.
        let _ = client.try_answer();
        drop(client);
        let lines = scribe.wait(&format!("ended {number} {is_whole}"));
        let operation = "get-me";
        let id = fault.id().to_owned();
        let asked = format!(r#"asked {number} Some("chatwork") Some("{operation}") Some("{id}") [] {status} """#);
        assert!(lines.contains(&asked), "{action:?}: {lines:#?}");
    }
}

#[test]
fn an_answer_waits_for_its_witness_and_a_client_that_leaves_meanwhile_gets_none() {
    let scribe = Arc::new(Scribe { holds: true, ..Scribe::default() });
    let mock = MockServer::builder().witness(scribe.clone()).start().unwrap();
    let get = request(&mock, "GET", "/v2/me", mock.token(Service::Chatwork), "");
    let address = mock.local_address().to_string();
    let mut patient = Client::connect(&address);
    patient.send(&get);
    scribe.wait(r#"asked 0 Some("chatwork") Some("get-me") None [] 200 """#);
    assert!(!scribe.lines().contains(&"ended 0 true".to_owned()));
    scribe.gate.notify_one();
    assert_eq!(patient.answer().status, 200);
    let mut hasty = Client::connect(&address);
    hasty.send(&get);
    scribe.wait(r#"asked 1 Some("chatwork") Some("get-me") None [] 200 """#);
    drop(hasty);
    scribe.wait("ended 1 false");
}

#[test]
fn what_the_listener_refuses_is_seen_too() {
    let (mock, scribe) = watched(|builder| builder);
    let long = format!("POST /v2/me HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n", 2 * 1024 * 1024);
    assert_eq!(exchange(&mock, long).status, 413);
    scribe.wait(r#"asked 0 Some("chatwork") None None [] 413 """#);
    let unknown = "GET /v2/me HTTP/1.1\r\nHost: localhost\r\nX-Mock-World: none\r\n\r\n";
    assert_eq!(exchange(&mock, unknown).status, 404);
    scribe.wait(r#"asked 1 Some("chatwork") None None [] 404 """#);
}

#[test]
fn below_a_prefix_everything_is_served_and_beside_it_nothing_is() {
    let (mock, scribe) = watched(|builder| builder.mounted_at("/gateway/"));
    let url = format!("http://{}/gateway/v2", mock.local_address());
    assert_eq!(mock.url(Service::Chatwork), url);
    let mut client = Client::connect(&mock.local_address().to_string());
    let mut get = |target: &str| {
        let (token, host) = (mock.token(Service::Chatwork), mock.local_address());
        let head = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nX-ChatWorkToken: {token}\r\n\r\n");
        client.send(head).answer().status
    };
    assert_eq!(get("/gateway/v2/me?x=1"), 200);
    assert_eq!(get("/v2/me"), 404);
    assert_eq!(get("/gatewayv2/me"), 404);
    assert_eq!(get("/_mock/health"), 200, "the control API stays where it is");
    let seen = scribe.lines();
    assert!(seen.iter().any(|line| line.contains("GET /gateway/v2/me?x=1")), "as it came: {seen:?}");
}

#[test]
fn names_of_headers_are_written_in_title_case_on_demand() {
    let mock = MockServer::builder().title_case_headers(true).start().unwrap();
    let answer = chatwork(&mock, "GET", "/v2/me", "");
    let names: Vec<&str> = answer.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.contains(&"X-Ratelimit-Remaining") && names.contains(&"Content-Type"), "{names:?}");
}
