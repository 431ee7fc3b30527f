//! A frozen clock makes a whole run repeatable: the same script against two mocks leaves the same bytes everywhere.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use contract::service::Service;
use contract::time::UnixMillis;
use mock_server::{Mock, MockServer};
use serde_json::{Value, json};

use crate::receiver::{Receiver, SUCCESS};

/// Everything that came of a run, byte for byte, with a name for each piece.
type Bytes = Vec<(String, Vec<u8>)>;

struct Run<'a> {
    mock: &'a Mock,
    address: SocketAddr,
    saw: Bytes,
}

impl Run<'_> {
    /// One exchange on a connection of its own; whatever comes until its end is kept, and given as text.
    fn send(&mut self, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.write_all(request).unwrap();
        let mut answer = Vec::new();
        // A fault may end the connection in the middle.
        let _ = stream.read_to_end(&mut answer);
        let name = String::from_utf8_lossy(request.split(|byte| *byte == b'\r').next().unwrap()).into_owned();
        let text = String::from_utf8_lossy(&answer).into_owned();
        self.saw.push((name, answer));
        text
    }

    fn with(&mut self, method: &str, target: &str, headers: &str, body: &[u8]) -> String {
        let (address, length) = (self.address, body.len());
        let mut request = format!(
            "{method} {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n"
        )
        .into_bytes();
        request.extend_from_slice(body);
        self.send(&request)
    }

    fn api(&mut self, method: &str, path: &str, form: &str) -> String {
        let token = self.mock.token(Service::Chatwork);
        let headers = format!("X-ChatWorkToken: {token}\r\nContent-Type: application/x-www-form-urlencoded\r\n");
        self.with(method, &format!("/v2{path}"), &headers, form.as_bytes())
    }

    fn chatday(&mut self, method: &str, path: &str, body: &Value) -> String {
        let token = self.mock.token(Service::Chatday);
        let headers = format!("Authorization: Bearer {token}\r\nContent-Type: application/json\r\n");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.with(method, &format!("/chatday{path}"), &headers, body.as_bytes())
    }

    fn control(&mut self, method: &str, path: &str, body: &Value) -> String {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.with(method, &format!("/_mock{path}"), "", body.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 20"), "{method} {path}: {answer}");
        answer
    }
}

/// The body of an answer as JSON.
fn json_of(answer: &str) -> Value {
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap_or_else(|_| panic!("{answer}"))
}

/// Acknowledges two requests of three, by a count that each run begins anew.
fn receiver(count: &Arc<AtomicUsize>) -> Receiver {
    let count = Arc::clone(count);
    Receiver::with(move |_, stream| {
        let refusal: &[u8] = b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n";
        let number = count.fetch_add(1, Ordering::SeqCst);
        let _ = stream.write_all(if number % 3 == 1 { refusal } else { SUCCESS });
    })
}

fn people_and_messages(run: &mut Run<'_>) {
    run.api("GET", "/me", "");
    run.api("POST", "/rooms", "name=%E6%97%A5%E6%9C%AC&members_admin_ids=1001&members_member_ids=1002,1003&link=1");
    let posted = run.api(
        "POST",
        "/rooms/5001/messages",
        "body=%E0%B8%AA%E0%B8%A7%E0%B8%B1%E0%B8%AA%E0%B8%94%E0%B8%B5+[To:1002]",
    );
    let id = json_of(&posted)["message_id"].as_str().unwrap().to_owned();
    run.api("PUT", &format!("/rooms/5001/messages/{id}"), "body=%F0%9F%98%8A+[toall]");
    run.api("POST", "/rooms/5001/tasks", "body=milk&to_ids=1001,1002&limit_type=none");
    run.api("GET", "/rooms/5001/messages?force=1", "");
    let upload = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"お茶.txt\"\r\n\r\nhot\r\n--x--\r\n";
    let token = run.mock.token(Service::Chatwork);
    let headers = format!("X-ChatWorkToken: {token}\r\nContent-Type: multipart/form-data; boundary=x\r\n");
    let file = json_of(&run.with("POST", "/v2/rooms/5001/files", &headers, upload.as_bytes()))["file_id"].to_string();
    run.api("GET", &format!("/rooms/5001/files/{file}?create_download_url=1"), "");
    run.api("GET", "/rooms/999/messages", "");
    run.api("DELETE", &format!("/rooms/5001/messages/{id}"), "");
    for number in 0..12 {
        run.api("POST", "/rooms/5003/messages", &format!("body=too+many+{number}"));
    }
}

fn webhooks(run: &mut Run<'_>, url: &str) {
    let room = json!({"url": url, "events": ["message_created", "message_updated"], "room_id": 5001});
    run.control("POST", "/chatwork/webhooks", &room);
    run.control("POST", "/chatwork/webhooks", &json!({"url": url, "events": ["mention_to_me"]}));
    let often = json!({"mode": {"duplicate": {"copies": 2}}, "times": null, "probability": 0.5});
    run.control("POST", "/deliveries/modes", &often);
    let late = json!({"mode": {"delay": {"ms": 700}}, "times": null, "probability": 0.3});
    run.control("POST", "/deliveries/modes", &late);
    for number in 0..8 {
        let body = json!({"room_id": 5001, "account_id": 1002, "body": format!("[To:1001] มาแล้ว {number}")});
        run.control("POST", "/chatwork/messages", &body);
        run.control("POST", "/clock", &json!({"advance_ms": 250}));
    }
    run.chatday("GET", "/register", &Value::Null);
    run.control("PUT", "/chatday/webhook", &json!({"url": url}));
    for text in ["こんにちは", "ราคาเท่าไหร่คะ"] {
        let message = json!({"chat_id": "70002", "message": {"type": "text", "data": text}});
        run.control("POST", "/chatday/messages", &message);
    }
    run.control("POST", "/chatday/rotate", &json!({"grace_ms": 1000}));
    run.control("POST", "/clock", &json!({"advance_ms": 40_000}));
    run.control("POST", "/deliveries/1/replay", &json!({"body": "{\"edited\":true}", "sign": true}));
    run.control("POST", "/deliveries/settle", &json!({"within_ms": 20_000}));
    run.chatday("POST", "/messages", &json!({"chat_id": "70002", "message": {"type": "text", "data": "👍"}}));
}

fn misbehaviour(run: &mut Run<'_>) {
    let sometimes = json!({"match": {"path": "/v2/my/*"}, "times": null, "probability": 0.4,
        "action": {"respond": {"status": 503, "body": "เดี๋ยวก่อน"}}});
    run.control("POST", "/faults", &sometimes);
    for action in [json!({"close_after_bytes": 40}), json!({"drop_after_commit": true}), json!({"garbage": true})] {
        let rule = json!({"match": {"method": "PUT"}, "times": 1, "action": action});
        run.control("POST", "/faults", &rule);
    }
    let limited =
        json!({"match": {"path": "/v2/contacts"}, "action": {"rate_limit": {"reset_in_s": 3, "scope": "account"}}});
    run.control("POST", "/faults", &limited);
    for _ in 0..10 {
        run.api("GET", "/my/status", "");
    }
    for name in ["one", "two", "three", "four"] {
        run.api("PUT", "/rooms/5001", &format!("name={name}"));
    }
    run.api("GET", "/contacts", "");
    run.control("GET", "/faults", &Value::Null);
    run.control("DELETE", "/faults", &Value::Null);
}

fn consent(run: &mut Run<'_>) {
    let client = run.mock.card().chatwork["oauth"].clone();
    let text = |key: &str| client[key].as_str().unwrap().to_owned();
    let encoded =
        |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    let (id, redirect) = (text("client_id"), encoded(&text("redirect_uri")));
    let url = format!(
        "{}?response_type=code&client_id={}&redirect_uri={redirect}&scope=users.all%3Aread&state=s",
        text("authorize_url"),
        encoded(&id)
    );
    let to = json_of(&run.control("POST", "/oauth/approve", &json!({"url": url})))["redirect_to"]
        .as_str()
        .unwrap()
        .to_owned();
    let code = to.split_once("code=").unwrap().1.split('&').next().unwrap().to_owned();
    let basic = base64_of(&format!("{id}:{}", text("client_secret")));
    let headers = format!("Authorization: Basic {basic}\r\nContent-Type: application/x-www-form-urlencoded\r\n");
    let form = format!("grant_type=authorization_code&code={code}&redirect_uri={redirect}");
    let token =
        json_of(&run.with("POST", "/token", &headers, form.as_bytes()))["access_token"].as_str().unwrap().to_owned();
    let bearer = format!("Authorization: Bearer {token}\r\n");
    assert!(run.with("GET", "/v2/me", &bearer, b"").starts_with("HTTP/1.1 200"));
    run.control("POST", "/clock", &json!({"advance_ms": 3_600_000}));
    assert!(run.with("GET", "/v2/me", &bearer, b"").starts_with("HTTP/1.1 401"));
}

fn base64_of(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// The whole script: what was answered, what receivers were sent, and what the mock remembers of it.
fn run(listen: SocketAddr, receiver: &Receiver) -> (SocketAddr, Bytes) {
    let at = Some(UnixMillis(1_790_000_000_000));
    let mock = MockServer::builder().listen(listen).seed(7).frozen_clock(at).start().unwrap();
    let before = receiver.requests().len();
    let address = mock.local_address();
    let mut run = Run { mock: &mock, address, saw: Bytes::new() };
    people_and_messages(&mut run);
    webhooks(&mut run, &receiver.url());
    misbehaviour(&mut run);
    consent(&mut run);
    run.control("POST", "/worlds", &json!({"seed": 3}));
    for path in ["/requests", "/deliveries", "/state", "/chatwork/webhooks", "/chatday/chats/70002", "/clock"] {
        run.control("GET", path, &Value::Null);
    }
    // The feed holds everything once more, in its order.
    let hello = run.control("GET", "/events?after=0&limit=1", &Value::Null);
    let last = hello.split_once("\"last_id\":").unwrap().1.split('}').next().unwrap().to_owned();
    run.control("GET", &format!("/events?after=0&limit={last}"), &Value::Null);
    let mut saw = run.saw;
    for (number, request) in receiver.requests().into_iter().skip(before).enumerate() {
        saw.push((format!("the receiver's request {number}"), [request.head.into_bytes(), request.body].concat()));
    }
    (address, saw)
}

/// The wall's seconds must show nowhere, so the second run begins in another one.
fn wait_for_another_second() {
    let since = Instant::now();
    let never = Condvar::new();
    let nothing = Mutex::new(());
    let mut held = nothing.lock().unwrap();
    while since.elapsed() < Duration::from_millis(1_100) {
        held = never.wait_timeout(held, Duration::from_millis(1_100)).unwrap().0;
    }
}

#[test]
fn two_whole_runs_under_a_frozen_clock_differ_in_no_byte() {
    let count = Arc::new(AtomicUsize::new(0));
    let receiver = receiver(&count);
    let (address, first) = run(SocketAddr::from(([127, 0, 0, 1], 0)), &receiver);
    // The second mock listens where the first did: its address stands in what it hands out.
    count.store(0, Ordering::SeqCst);
    wait_for_another_second();
    let (_, second) = run(address, &receiver);
    let pieces = first.len().min(second.len());
    for at in 0..pieces {
        let text = |bytes: &Bytes| (bytes[at].0.clone(), String::from_utf8_lossy(&bytes[at].1).into_owned());
        assert_eq!(text(&first), text(&second), "piece {at} of {pieces}");
    }
    assert_eq!(first, second);
    assert!(pieces > 90, "{pieces} pieces were compared");
}
