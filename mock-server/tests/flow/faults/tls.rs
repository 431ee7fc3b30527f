//! The same over TLS, behind the proxy, and over HTTP/2.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use contract::service::Service;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http2::SendRequest;
use mock_server::control::{Expectation, Match};
use mock_server::{Limits, MockServer};
use serde_json::{Value, json};

use super::{add, entries, messages_stored};
use crate::intercept::tunnel;
use crate::support::messages;
use crate::tls::http2_client;
use crate::tls_client::{dial, trusting_mock};

const FREE: ([u8; 4], u16) = ([127, 0, 0, 1], 0);
const PATIENCE: Duration = Duration::from_secs(20);

fn mock() -> MockServer {
    let free = SocketAddr::from(FREE);
    MockServer::builder().tls_listen(free).intercept_listen(free).frozen_clock(None).start().unwrap()
}

fn get(mock: &MockServer, path: &str) -> String {
    let token = mock.token(Service::Chatwork);
    format!("GET {path} HTTP/1.1\r\nHost: api.chatwork.com\r\nX-ChatWorkToken: {token}\r\n\r\n")
}

#[test]
fn connections_end_within_tls_as_they_do_without() {
    let mock = mock();
    let ends = |is_intercepted: bool, action: Value| {
        add(&mock, &json!({"action": action}));
        let mut client = match is_intercepted {
            true => tunnel(&mock, "api.chatwork.com"),
            false => dial(&mock, "localhost", &trusting_mock(&mock)).unwrap(),
        };
        let (bytes, ended) = client.send(get(&mock, "/v2/me")).rest();
        (String::from_utf8_lossy(&bytes).into_owned(), ended.err().map(|error| error.kind()))
    };
    for is_intercepted in [false, true] {
        let reset = Some(ErrorKind::ConnectionReset);
        assert_eq!(ends(is_intercepted, json!({"reset": true})), (String::new(), reset));
        assert_eq!(ends(is_intercepted, json!({"reset": {"after_bytes": 12}})), ("HTTP/1.1 200".to_owned(), reset));
        assert_eq!(ends(is_intercepted, json!({"close_after_bytes": 15})), ("HTTP/1.1 200 OK".to_owned(), None));
        assert_eq!(ends(is_intercepted, json!({"drop_after_commit": true})), (String::new(), None));
        assert_eq!(ends(is_intercepted, json!({"garbage": {"bytes_base64": "aGk="}})), ("hi".to_owned(), None));
    }
    assert_eq!(entries(&mock).iter().filter(|(fault, _)| fault.is_some()).count(), 10);
}

#[test]
fn a_drip_goes_on_within_tls() {
    let mock = mock();
    let mut client = dial(&mock, "localhost", &trusting_mock(&mock)).unwrap();
    add(&mock, &json!({"action": {"drip": {"bytes": 50, "pause_ms": 10}}}));
    let started = Instant::now();
    let dripped = client.send(get(&mock, "/v2/rooms")).answer();
    assert!(started.elapsed() >= Duration::from_millis(10) * (dripped.body.len() as u32 / 50));
    assert_eq!(client.send(get(&mock, "/v2/rooms")).answer().body, dripped.body);
}

type Client = SendRequest<Full<Bytes>>;

/// What came of a request: status and body, or nothing.
async fn ask(mock: &MockServer, client: &mut Client, method: &str, path: &str, body: &str) -> Option<(u16, Bytes)> {
    let request = http::Request::builder()
        .method(method)
        .uri(format!("{}{path}", mock.info().unwrap().tls_url.unwrap()))
        .header("x-chatworktoken", mock.token(Service::Chatwork))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Full::from(body.to_owned()))
        .unwrap();
    client.ready().await.ok()?;
    let asked = async {
        let answer = client.send_request(request).await.ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.into_body().collect().await.ok()?.to_bytes()))
    };
    tokio::time::timeout(PATIENCE, asked).await.expect("an end")
}

#[tokio::test]
async fn answers_of_a_rule_are_answers_of_http_2_and_the_connection_goes_on() {
    let mock = mock();
    let mut client = http2_client::<Full<Bytes>>(&mock, "localhost").await;
    let whole = ask(&mock, &mut client, "GET", "/v2/rooms", "").await.unwrap();
    add(&mock, &json!({"action": {"respond": {"status": 503, "body": "後で"}}}));
    add(&mock, &json!({"action": {"rate_limit": {}}}));
    add(&mock, &json!({"action": {"delay_ms": 100}}));
    add(&mock, &json!({"action": {"drip": {"bytes": 100, "pause_ms": 10}}}));
    assert_eq!(ask(&mock, &mut client, "GET", "/v2/me", "").await, Some((503, Bytes::from("後で"))));
    assert_eq!(ask(&mock, &mut client, "GET", "/v2/me", "").await.unwrap().0, 429);
    let started = Instant::now();
    assert_eq!(ask(&mock, &mut client, "GET", "/v2/rooms", "").await.as_ref(), Some(&whole));
    assert!(started.elapsed() >= Duration::from_millis(100));
    let started = Instant::now();
    assert_eq!(ask(&mock, &mut client, "GET", "/v2/rooms", "").await.as_ref(), Some(&whole), "dripped");
    assert!(started.elapsed() >= Duration::from_millis(10) * (whole.1.len() as u32 / 100), "{:?}", started.elapsed());
    assert_eq!(ask(&mock, &mut client, "GET", "/v2/rooms", "").await, Some(whole));
}

#[tokio::test]
async fn what_ends_a_connection_ends_that_of_http_2() {
    let mock = mock();
    let before = messages_stored(&mock);
    for (number, (action, is_served)) in [
        (json!({"reset": true}), false),
        (json!({"reset": {"after_bytes": 5}}), true),
        (json!({"close_after_bytes": 20}), true),
        (json!({"drop_after_commit": true}), true),
        (json!({"garbage": true}), false),
    ]
    .into_iter()
    .enumerate()
    {
        let mut client = http2_client::<Full<Bytes>>(&mock, "localhost").await;
        add(&mock, &json!({"action": action}));
        let stored = messages_stored(&mock);
        assert_eq!(ask(&mock, &mut client, "POST", &messages(&mock), "body=once").await, None, "{action}");
        assert_eq!(messages_stored(&mock), stored + usize::from(is_served), "{action}");
        assert!(client.ready().await.is_err(), "{action}: the connection is gone");
        assert_eq!(entries(&mock)[number].1, if is_served { 200 } else { 0 }, "{action}");
    }
    assert_eq!(messages_stored(&mock), before + 3);
}

#[tokio::test]
async fn a_stalled_stream_of_http_2_lets_others_pass_and_the_mock_end() {
    let free = SocketAddr::from(FREE);
    let limits = Limits { drain_time: Duration::from_secs(3600), ..Limits::default() };
    let mock = MockServer::builder().tls_listen(free).limits(limits).start().unwrap();
    let mut client = http2_client::<Full<Bytes>>(&mock, "localhost").await;
    add(&mock, &json!({"match": {"path": "/v2/rooms"}, "action": {"stall": true}}));
    let url = format!("{}/v2/rooms", mock.info().unwrap().tls_url.unwrap());
    let stalled = client.send_request(http::Request::get(url).body(Full::default()).unwrap());
    let stalled = tokio::spawn(stalled);
    let met = Match { path: Some("/v2/rooms".into()), ..Match::default() };
    let mock = tokio::task::spawn_blocking(move || {
        assert!(mock.expect(&Expectation::at_least(1, met)).unwrap().satisfied);
        mock
    })
    .await
    .unwrap();
    assert_eq!(ask(&mock, &mut client, "GET", "/v2/me", "").await.unwrap().0, 200);
    assert!(!stalled.is_finished());
    tokio::task::spawn_blocking(move || drop(mock)).await.unwrap();
    assert!(tokio::time::timeout(PATIENCE, stalled).await.unwrap().unwrap().is_err());
}
