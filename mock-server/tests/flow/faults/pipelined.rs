//! Three requests at once on one connection, of which the second meets a fault: the answer before it is not touched by
//! it, and the request behind it waits for its outcome.

use std::io::ErrorKind;

use contract::service::Service;
use mock_server::MockServer;
use mock_server::control::{Expectation, Match};
use serde_json::{Value, json};

use super::{add, connect, entries, get, messages_stored, rest};
use crate::support::{Client, messages, request};

/// A mock, and a connection on which three requests were sent at once: a read, a post that meets the fault, a read.
fn three(action: &Value) -> (MockServer, Client, usize) {
    let mock = MockServer::builder().frozen_clock(None).start().unwrap();
    add(&mock, &json!({"match": {"method": "POST"}, "action": action}));
    let before = messages_stored(&mock);
    let post = request(&mock, "POST", &messages(&mock), mock.token(Service::Chatwork), "body=%E3%81%AF%E3%81%84");
    let mut client = connect(&mock);
    client.send([get(&mock, "/v2/rooms"), post, get(&mock, "/v2/me")].concat());
    (mock, client, before)
}

/// The answers that came whole, and what came behind them.
fn split(mut bytes: &[u8]) -> (Vec<u16>, Vec<u8>) {
    let mut statuses = Vec::new();
    while let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let length =
            head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |at| at.parse().unwrap());
        if !head.starts_with("HTTP/1.1 ") || bytes.len() < end + 4 + length {
            break;
        }
        statuses.push(head[9..12].parse().unwrap());
        bytes = &bytes[end + 4 + length..];
    }
    (statuses, bytes.to_vec())
}

#[test]
fn answers_go_on_in_order_after_one_that_was_canned_late_or_dripped() {
    for (action, status, stored) in [
        (json!({"respond": {"status": 503}}), 503, 0),
        (json!({"delay_ms": 100}), 200, 1),
        (json!({"drip": {"bytes": 7, "pause_ms": 1}}), 200, 1),
        (json!({"drip": {"bytes": 50, "pause_ms": 20}, "delay_ms": 20}), 200, 1),
        (json!({"rate_limit": {"reset_in_s": 1}}), 429, 0),
    ] {
        let (mock, mut client, before) = three(&action);
        let statuses = [(); 3].map(|()| client.answer().status);
        assert_eq!(statuses, [200, status, 200], "{action}");
        assert_eq!(messages_stored(&mock), before + stored, "{action}");
        assert_eq!(entries(&mock), [(None, 200), (Some("f1".into()), status), (None, 200)], "{action}");
    }
}

#[test]
fn the_answer_before_comes_whole_and_the_request_behind_is_not_served_where_the_connection_ends() {
    let reset = Some(ErrorKind::ConnectionReset);
    for (action, status, stored, behind, ending) in [
        (json!({"reset": true}), 0, 0, 0, reset),
        (json!({"reset": {"after_bytes": 12}}), 200, 1, 12, reset),
        (json!({"close_after_bytes": 20}), 200, 1, 20, None),
        (json!({"close_after_bytes": 0}), 200, 1, 0, None),
        (json!({"drop_after_commit": true}), 200, 1, 0, None),
        (json!({"garbage": {"bytes_base64": "AAAAAA=="}}), 0, 0, 4, None),
    ] {
        let (mock, mut client, before) = three(&action);
        let (bytes, ended) = rest(&mut client);
        assert_eq!(ended.err().map(|error| error.kind()), ending, "{action}");
        let (statuses, tail) = split(&bytes);
        assert_eq!((statuses, tail.len()), (vec![200], behind), "{action}");
        assert_eq!(messages_stored(&mock), before + stored, "{action}");
        assert_eq!(entries(&mock), [(None, 200), (Some("f1".into()), status)], "{action}");
    }
}

#[test]
fn an_answer_that_is_shorter_than_the_cut_is_given_whole_and_is_the_last() {
    let (mock, mut client, _) = three(&json!({"close_after_bytes": 1_000_000}));
    let (bytes, ended) = rest(&mut client);
    assert!(ended.is_ok(), "{ended:?}");
    assert_eq!(split(&bytes), (vec![200, 200], vec![]));
    assert_eq!(entries(&mock).len(), 2);
}

#[test]
fn nothing_comes_behind_a_stall() {
    let (mock, mut client, _) = three(&json!({"stall": true}));
    assert_eq!(client.answer().status, 200);
    let met = Match { method: Some("POST".into()), ..Match::default() };
    assert!(mock.expect(&Expectation::at_least(1, met)).unwrap().satisfied);
    client.stream().set_read_timeout(Some(std::time::Duration::from_millis(100))).unwrap();
    assert!(client.try_answer().is_none());
    assert_eq!(entries(&mock), [(None, 200), (Some("f1".into()), 0)]);
}

#[test]
fn a_slow_reader_gets_every_earlier_answer_before_the_cut() {
    let mock = MockServer::start().unwrap();
    let many = 30;
    add(&mock, &json!({"times": many, "action": {"respond": {"status": 200, "body": "ย".repeat(300_000)}}}));
    add(&mock, &json!({"action": {"close_after_bytes": 12}}));
    let mut client = connect(&mock);
    client.send(get(&mock, "/v2/me").repeat(many + 2));
    // The system holds some of it; the rest waits within the mock until the reader begins.
    let met = Match { path: Some("/v2/me".into()), ..Match::default() };
    assert!(mock.expect(&Expectation::at_least(2, met)).unwrap().satisfied);
    let (bytes, ended) = rest(&mut client);
    assert!(ended.is_ok(), "{ended:?}");
    let (statuses, tail) = split(&bytes);
    assert_eq!((statuses.len(), tail.as_slice()), (many, &b"HTTP/1.1 200"[..]));
}

#[test]
fn the_permission_to_send_a_body_does_not_count_as_part_of_the_answer() {
    let mock = MockServer::start().unwrap();
    add(&mock, &json!({"action": {"close_after_bytes": 12}}));
    let token = mock.token(Service::Chatwork);
    // The body comes along although nobody has allowed it yet, so that permission and answer are written together.
    let head =
        format!("POST {} HTTP/1.1\r\nHost: a\r\nX-ChatWorkToken: {token}\r\nExpect: 100-continue\r\n", messages(&mock));
    let form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 6\r\n\r\nbody=a";
    let (bytes, ended) = rest(connect(&mock).send([head.as_str(), form].concat()));
    assert!(ended.is_ok(), "{ended:?}");
    assert_eq!(String::from_utf8(bytes).unwrap(), "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200");
}
