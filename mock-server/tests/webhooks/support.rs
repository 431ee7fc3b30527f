//! Calls on a mock, by socket.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use contract::service::Service;
use mock_server::{Mock, MockServer};
use serde_json::{Value, json};

/// Status and JSON of an answer; null where there is no body.
pub(crate) type Answer = (u16, Value);

/// A mock with a frozen clock, whose first person is 森 葵 (1001) and whose first room is 5001.
pub(crate) fn frozen() -> MockServer {
    MockServer::builder().frozen_clock(None).start().unwrap()
}

pub(crate) fn exchange(mock: &Mock, request: &str) -> Answer {
    let mut stream = TcpStream::connect(address(mock)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer:?}"));
    let body = if body.is_empty() { Value::Null } else { serde_json::from_str(body).unwrap() };
    (head[9..12].parse().unwrap(), body)
}

/// A call of the control API.
pub(crate) fn call(mock: &Mock, method: &str, path: &str, body: &Value) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let (address, length, world) = (address(mock), body.len(), &mock.card().id);
    exchange(
        mock,
        &format!(
            "{method} /_mock{path} HTTP/1.1\r\nHost: {address}\r\nX-Mock-World: {world}\r\nConnection: close\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        ),
    )
}

/// A call that must succeed.
pub(crate) fn ok(mock: &Mock, method: &str, path: &str, body: &Value) -> Value {
    let (status, answer) = call(mock, method, path, body);
    assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
    answer
}

/// The sentences of a call that must be refused.
pub(crate) fn refused(mock: &Mock, method: &str, path: &str, body: &Value) -> (u16, Vec<String>) {
    let (status, answer) = call(mock, method, path, body);
    (status, serde_json::from_value(answer["errors"].clone()).unwrap_or_else(|_| panic!("{status} {answer}")))
}

/// A request of the Chatwork API with a form.
pub(crate) fn api(mock: &Mock, method: &str, path: &str, form: &[(&str, &str)]) -> Answer {
    let mut body = String::new();
    for (name, value) in form {
        body.push_str(if body.is_empty() { "" } else { "&" });
        body.push_str(&format!(
            "{name}={}",
            percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC)
        ));
    }
    let (address, length, token) = (address(mock), body.len(), mock.token(Service::Chatwork));
    exchange(
        mock,
        &format!(
            "{method} /v2{path} HTTP/1.1\r\nHost: {address}\r\nX-ChatWorkToken: {token}\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{body}"
        ),
    )
}

/// Posts a message into room 5001; gives its id.
pub(crate) fn post(mock: &Mock, body: &str) -> String {
    let (status, answer) = api(mock, "POST", "/rooms/5001/messages", &[("body", body)]);
    assert_eq!(status, 200, "{answer}");
    answer["message_id"].as_str().unwrap().to_owned()
}

/// Somebody else writes into room 5001; no limit counts it.
pub(crate) fn other_writes(mock: &Mock, account: u64, body: &str) -> String {
    let message = json!({"room_id": 5001, "account_id": account, "body": body});
    ok(mock, "POST", "/chatwork/messages", &message)["message_id"].as_str().unwrap().to_owned()
}

/// Makes a room setting for room 5001; gives its id and token.
pub(crate) fn room_setting(mock: &Mock, url: &str) -> (String, String) {
    setting(mock, &json!({"url": url, "events": ["message_created", "message_updated"], "room_id": 5001}))
}

/// Makes a setting; gives its id and token.
pub(crate) fn setting(mock: &Mock, body: &Value) -> (String, String) {
    let made = ok(mock, "POST", "/chatwork/webhooks", body);
    let text = |key: &str| made[key].as_str().unwrap().to_owned();
    (text("webhook_setting_id"), text("token"))
}

/// Waits until nothing is due and nothing is on its way, and gives all deliveries.
pub(crate) fn settled(mock: &Mock) -> Vec<Value> {
    let settled = ok(mock, "POST", "/deliveries/settle", &json!({"within_ms": 20_000}));
    assert_eq!(settled["settled"], true, "{settled}");
    deliveries(mock)
}

pub(crate) fn deliveries(mock: &Mock) -> Vec<Value> {
    ok(mock, "GET", "/deliveries", &Value::Null)["deliveries"].as_array().unwrap().clone()
}

/// One key of each.
pub(crate) fn each(deliveries: &[Value], key: &str) -> Vec<String> {
    deliveries.iter().map(|one| one[key].as_str().map_or_else(|| one[key].to_string(), str::to_owned)).collect()
}

/// So many events of a kind, from the first one on: the data of each.
pub(crate) fn told(mock: &Mock, kind: &str, count: usize) -> Vec<Value> {
    let mut stream = TcpStream::connect(address(mock)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let query = format!("after=0&types={kind}&limit={count}");
    write!(stream, "GET /_mock/events?{query} HTTP/1.0\r\nHost: localhost\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let of_kind = text.split("\n\n").filter(|block| block.contains(&format!("\nevent: {kind}\n")));
    let data = of_kind.map(|block| block.split_once("\ndata: ").unwrap().1);
    data.map(|data| serde_json::from_str(data).unwrap()).collect()
}

fn address(mock: &Mock) -> String {
    mock.url(Service::Chatwork).strip_prefix("http://").unwrap().strip_suffix("/v2").unwrap().to_owned()
}
