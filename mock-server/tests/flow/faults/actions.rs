//! What each action does to one request.

use std::io::{ErrorKind, Write as _};
use std::time::{Duration, Instant};

use contract::service::Service;
use mock_server::control::{Expectation, Match};
use mock_server::{Limits, MockServer};
use serde_json::json;

use super::{add, connect, entries, get, messages_stored, rest};
use crate::support::{chatwork, exchange, messages, request};

const ME: &str = "/v2/me";

#[test]
fn respond_is_the_whole_answer_and_nothing_is_served() {
    let mock = MockServer::builder().frozen_clock(None).start().unwrap();
    let (path, before) = (messages(&mock), messages_stored(&mock));
    let headers = json!({"Retry-After": 2, "Set-Cookie": ["a=1", "b=2"]});
    let id =
        add(&mock, &json!({"action": {"respond": {"status": 503, "headers": headers, "body": "後でもう一度 🙏"}}}));
    let mut client = connect(&mock);
    let post = request(&mock, "POST", &path, mock.token(Service::Chatwork), "body=hello");
    let answer = client.send(&post).answer();
    assert_eq!((answer.status, answer.body.as_str()), (503, "後でもう一度 🙏"));
    let names: Vec<_> = answer.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["retry-after", "set-cookie", "set-cookie", "date", "content-length"]);
    assert_eq!(messages_stored(&mock), before);
    assert_eq!(client.send(&post).answer().status, 200, "the connection goes on");
    assert_eq!(messages_stored(&mock), before + 1);
    let met = &mock.requests().unwrap()[0];
    assert_eq!((met.fault.as_deref(), met.status), (Some(id.as_str()), 503));
    let named = (met.operation.as_deref(), met.token_id.as_deref());
    assert_eq!(named, (Some("post-messages"), Some("chatwork/1001")), "although nothing was served");
    assert_eq!(mock.requests().unwrap()[1].fault, None);
}

#[test]
fn respond_takes_json_bytes_no_body_and_a_date_of_its_own() {
    let mock = MockServer::start().unwrap();
    let old = "Sun, 06 Nov 1994 08:49:37 GMT";
    add(
        &mock,
        &json!({"action": {"respond": {"status": 200, "body": {"ข้อความ": [1, null]}, "headers": {"date": old}}}}),
    );
    add(&mock, &json!({"action": {"respond": {"status": 502, "body_base64": "PGgxPk5vIT4="}}}));
    add(&mock, &json!({"action": {"respond": {"status": 204}}}));
    let json = chatwork(&mock, "GET", ME, "");
    assert_eq!((json.body.as_str(), json.header("date"), json.headers.len()), (r#"{"ข้อความ":[1,null]}"#, Some(old), 2));
    let html = chatwork(&mock, "GET", ME, "");
    assert_eq!((html.status, html.body.as_str()), (502, "<h1>No!>"));
    let none = chatwork(&mock, "GET", ME, "");
    assert_eq!((none.status, none.body.as_str(), none.headers.len()), (204, "", 1));
}

#[test]
fn a_delayed_answer_is_served_at_once_and_given_late() {
    let mock = MockServer::start().unwrap();
    add(&mock, &json!({"action": {"delay_ms": 800}}));
    let mut client = connect(&mock);
    let started = Instant::now();
    client.send(get(&mock, ME));
    let asked = Match { path: Some(ME.into()), status: Some(200), ..Match::default() };
    assert!(mock.expect(&Expectation::at_least(1, asked)).unwrap().satisfied, "the journal has it at once");
    assert!(started.elapsed() < Duration::from_millis(800), "too late to tell anything");
    assert_eq!(client.answer().status, 200);
    assert!(started.elapsed() >= Duration::from_millis(800), "{:?}", started.elapsed());
    assert_eq!(client.send(get(&mock, ME)).answer().status, 200);
}

#[test]
fn a_delay_goes_with_another_action() {
    let mock = MockServer::start().unwrap();
    add(&mock, &json!({"action": {"delay_ms": 200, "respond": {"status": 500}}}));
    add(&mock, &json!({"action": {"delay_ms": 200, "reset": true}}));
    let started = Instant::now();
    assert_eq!(chatwork(&mock, "GET", ME, "").status, 500);
    let (bytes, ended) = rest(connect(&mock).send(get(&mock, ME)));
    assert_eq!((bytes.len(), ended.unwrap_err().kind()), (0, ErrorKind::ConnectionReset));
    assert!(started.elapsed() >= Duration::from_millis(400));
}

#[test]
fn a_drip_gives_the_same_answer_in_pieces_and_the_connection_goes_on() {
    let mock = MockServer::builder().frozen_clock(None).start().unwrap();
    let mut client = connect(&mock);
    let whole = client.send(get(&mock, "/v2/rooms")).answer();
    add(&mock, &json!({"action": {"drip": {"bytes": 100, "pause_ms": 20}}}));
    let started = Instant::now();
    let dripped = client.send(get(&mock, "/v2/rooms")).answer();
    // Only the limit headers may tell them apart, and they have the same lengths.
    let pieces = whole.body.len().div_ceil(100) as u32;
    assert!(pieces > 4, "{pieces}");
    assert!(started.elapsed() >= Duration::from_millis(20) * (pieces - 1), "{:?}", started.elapsed());
    assert_eq!((dripped.status, &dripped.body), (200, &whole.body));
    assert_eq!(client.send(get(&mock, ME)).answer().status, 200);
    assert_eq!(entries(&mock)[1], (Some("f1".into()), 200));
}

#[test]
fn a_drip_begins_with_the_first_byte_of_the_head() {
    let mock = MockServer::start().unwrap();
    add(&mock, &json!({"action": {"drip": {"bytes": 1, "pause_ms": 60_000}}}));
    let mut client = connect(&mock);
    client.send(get(&mock, ME));
    let mut first = [0; 16];
    assert_eq!(std::io::Read::read(client.stream(), &mut first).unwrap(), 1);
    assert_eq!(first[0], b'H');
    client.stream().set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    assert!(std::io::Read::read(client.stream(), &mut first).is_err(), "the next piece is a minute away");
}

#[test]
fn whoever_is_dripped_at_is_not_idle_and_pauses_are_not_held_against_it() {
    let short = Duration::from_millis(150);
    let limits = Limits { head_time: short, write_pause: short, ..Limits::default() };
    let mock = MockServer::builder().limits(limits).start().unwrap();
    add(&mock, &json!({"action": {"drip": {"bytes": 60, "pause_ms": 200}}}));
    let mut client = connect(&mock);
    let started = Instant::now();
    assert_eq!(client.send(get(&mock, ME)).answer().status, 200);
    assert!(started.elapsed() > 4 * short, "too quick to tell anything: {:?}", started.elapsed());
    assert_eq!(
        client.send(get(&mock, ME)).answer().status,
        200,
        "the time of the next head counts from the answer's end"
    );
    assert!(client.is_closed(), "and an idle connection still ends");
}

#[test]
fn a_reset_comes_before_any_byte_and_nothing_is_served() {
    let mock = MockServer::start().unwrap();
    let before = messages_stored(&mock);
    add(&mock, &json!({"action": {"reset": true}}));
    let post = request(&mock, "POST", &messages(&mock), mock.token(Service::Chatwork), "body=lost");
    let (bytes, ended) = rest(connect(&mock).send(&post));
    assert_eq!((bytes.len(), ended.unwrap_err().kind()), (0, ErrorKind::ConnectionReset));
    assert_eq!(messages_stored(&mock), before);
    assert_eq!(entries(&mock), [(Some("f1".into()), 0)]);
}

#[test]
fn a_reset_after_some_bytes_comes_after_exactly_these_and_the_request_is_served() {
    let mock = MockServer::start().unwrap();
    let before = messages_stored(&mock);
    add(&mock, &json!({"action": {"reset": {"after_bytes": 12}}}));
    let post = request(&mock, "POST", &messages(&mock), mock.token(Service::Chatwork), "body=kept");
    let (bytes, ended) = rest(connect(&mock).send(&post));
    assert_eq!((bytes.as_slice(), ended.unwrap_err().kind()), (&b"HTTP/1.1 200"[..], ErrorKind::ConnectionReset));
    assert_eq!(messages_stored(&mock), before + 1);
    assert_eq!(entries(&mock), [(Some("f1".into()), 200)]);
}

#[test]
fn close_after_bytes_cuts_to_the_byte_and_closes_in_order() {
    let mock = MockServer::builder().frozen_clock(None).start().unwrap();
    let whole = |mock: &MockServer| {
        mock.reset().unwrap();
        add(mock, &json!({"action": {"close_after_bytes": 1_000_000}}));
        let (bytes, ended) = rest(connect(mock).send(get(mock, ME)));
        assert!(ended.is_ok(), "{ended:?}");
        bytes
    };
    let whole = whole(&mock);
    assert!(whole.starts_with(b"HTTP/1.1 200 OK\r\n") && whole.ends_with(b"}"), "a shorter answer is given whole");
    for count in [0, 1, 20, whole.len() - 1, whole.len()] {
        mock.reset().unwrap();
        add(&mock, &json!({"action": {"close_after_bytes": count}}));
        let (bytes, ended) = rest(connect(&mock).send(get(&mock, ME)));
        assert!(ended.is_ok(), "{ended:?}");
        assert_eq!(bytes, whole[..count], "{count}");
        assert_eq!(entries(&mock), [(Some("f1".into()), 200)]);
    }
}

#[test]
fn a_stall_is_in_the_journal_at_once_and_lasts_until_the_client_leaves() {
    let limits = Limits { connections: 1, head_time: Duration::from_millis(100), ..Limits::default() };
    let mock = MockServer::builder().limits(limits).start().unwrap();
    mock.fault(&serde_json::from_value(json!({"action": {"stall": true}})).unwrap()).unwrap().keep();
    let mut client = connect(&mock);
    // The second request, which is sent ahead, must not keep the mock from noticing that the client leaves.
    client.send(get(&mock, ME)).send(get(&mock, ME));
    let met = Match { status: None, path: Some(ME.into()), ..Match::default() };
    assert!(mock.expect(&Expectation::at_least(1, met)).unwrap().satisfied);
    assert_eq!(entries(&mock), [(Some("f1".into()), 0)]);
    client.stream().set_read_timeout(Some(Duration::from_millis(400))).unwrap();
    let (bytes, ended) = rest(&mut client);
    assert_eq!((bytes.len(), ended.unwrap_err().kind()), (0, ErrorKind::WouldBlock), "no time-out of the mock ends it");
    drop(client);
    assert_eq!(chatwork(&mock, "GET", ME, "").status, 200, "its place among the connections is free again");
}

#[test]
fn a_stalled_connection_does_not_keep_the_mock_from_ending() {
    let limits = Limits { drain_time: Duration::from_secs(3600), ..Limits::default() };
    let mock = MockServer::builder().limits(limits).start().unwrap();
    add(&mock, &json!({"times": null, "action": {"stall": true}}));
    let mut client = connect(&mock);
    client.send(get(&mock, ME));
    let met = Match { path: Some(ME.into()), ..Match::default() };
    assert!(mock.expect(&Expectation::at_least(1, met)).unwrap().satisfied);
    drop(mock);
    assert!(rest(&mut client).0.is_empty());
}

#[test]
fn an_account_s_limit_answers_as_documented_and_costs_nothing() {
    let mock = MockServer::builder().frozen_clock(None).start().unwrap();
    add(&mock, &json!({"times": 2, "action": {"rate_limit": {"reset_in_s": 2, "scope": "account"}}}));
    let now = mock.clock().unwrap().now_ms / 1000;
    let before = messages_stored(&mock);
    for _ in 0..2 {
        let answer = chatwork(&mock, "POST", &messages(&mock), "body=again");
        assert_eq!((answer.status, answer.body.as_str()), (429, r#"{"errors":["Rate limit exceeded."]}"#));
        let names: Vec<_> = answer.headers.iter().map(|(name, _)| name.as_str()).collect();
        let limits = ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"];
        assert_eq!(names, [&["content-type", "content-length", "vary"][..], &limits, &["date"]].concat());
        assert_eq!(limits.map(|name| answer.header(name).unwrap().to_owned()), ["300", "0", &(now + 2).to_string()]);
    }
    assert_eq!(messages_stored(&mock), before);
    assert_eq!(chatwork(&mock, "GET", ME, "").header("x-ratelimit-remaining"), Some("299"));
}

#[test]
fn a_room_s_limit_has_the_exact_text_and_leaves_the_account_credit() {
    let mock = MockServer::builder().frozen_clock(None).start().unwrap();
    let now = mock.clock().unwrap().now_ms / 1000;
    add(&mock, &json!({"action": {"rate_limit": {"scope": "room"}}}));
    let answer = chatwork(&mock, "POST", &messages(&mock), "body=again");
    let text = r#"{"errors":["Rate limit for message posting per room exceeded."]}"#;
    assert_eq!((answer.status, answer.body.as_str()), (429, text));
    assert_eq!(answer.header("x-ratelimit-remaining"), Some("299"));
    assert_eq!(answer.header("x-ratelimit-reset"), Some((now + 300).to_string().as_str()));
    assert_eq!(chatwork(&mock, "GET", ME, "").header("x-ratelimit-remaining"), Some("298"), "it has counted");
    let none_left = json!({"chatwork": {"limits": {"account": {"requests": 3, "seconds": 300}}}});
    mock.set_settings(&none_left).unwrap();
    add(&mock, &json!({"skip": 1, "action": {"rate_limit": {"scope": "room"}}}));
    chatwork(&mock, "GET", ME, "");
    assert_eq!(
        chatwork(&mock, "GET", ME, "").header("x-ratelimit-remaining"),
        Some("1"),
        "never none: that is the other limit"
    );
}

#[test]
fn resets_can_be_past_far_absent_or_nonsense() {
    let mock = MockServer::builder().frozen_clock(None).start().unwrap();
    let now = mock.clock().unwrap().now_ms / 1000;
    let reset = |limited: serde_json::Value| {
        add(&mock, &json!({"action": {"rate_limit": limited}}));
        let answer = chatwork(&mock, "GET", ME, "");
        assert_eq!((answer.status, answer.header("x-ratelimit-remaining")), (429, Some("0")));
        answer.header("x-ratelimit-reset").map(str::to_owned)
    };
    assert_eq!(reset(json!({"reset_in_s": -60})), Some((now - 60).to_string()));
    assert_eq!(reset(json!({"reset_in_s": 86_400})), Some((now + 86_400).to_string()));
    assert_eq!(reset(json!({})), Some((now + 300).to_string()));
    assert_eq!(reset(json!({"headers": {"x-ratelimit-reset": null}})), None);
    assert_eq!(reset(json!({"headers": {"X-RateLimit-Reset": "soon"}})).as_deref(), Some("soon"));
    assert_eq!(reset(json!({"headers": {"x-ratelimit-reset": now * 1000}})), Some((now * 1000).to_string()));
}

#[test]
fn chatday_s_limit_has_retry_after() {
    let mock = MockServer::start().unwrap();
    let ask = || {
        let token = mock.token(Service::Chatday);
        exchange(&mock, format!("GET /chatday/register HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n"))
    };
    for (limited, seconds) in [(json!({"reset_in_s": 2}), "2"), (json!({}), "1"), (json!({"reset_in_s": -3}), "0")] {
        add(&mock, &json!({"match": {"service": "chatday"}, "action": {"rate_limit": limited}}));
        let answer = ask();
        assert_eq!((answer.status, answer.header("retry-after")), (429, Some(seconds)));
        assert_eq!(answer.json()["status"], "ERROR");
    }
    assert_eq!(ask().status, 200);
    assert_eq!(mock.requests().unwrap()[0].token_id.as_deref(), Some("chatday/shop"));
}

#[test]
fn drop_after_commit_keeps_the_effect_and_says_nothing() {
    let mock = MockServer::start().unwrap();
    let before = messages_stored(&mock);
    add(&mock, &json!({"action": {"drop_after_commit": true}}));
    let post = request(&mock, "POST", &messages(&mock), mock.token(Service::Chatwork), "body=once");
    let (bytes, ended) = rest(connect(&mock).send(&post));
    assert!(bytes.is_empty() && ended.is_ok(), "{bytes:?} {ended:?}");
    assert_eq!(messages_stored(&mock), before + 1);
    assert_eq!(entries(&mock), [(Some("f1".into()), 200)]);
}

#[test]
fn garbage_is_no_http_unless_the_rule_gives_the_bytes() {
    let mock = MockServer::start().unwrap();
    add(&mock, &json!({"action": {"garbage": true}}));
    // "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"
    let lie = "SFRUUC8xLjEgMjAwIE9LDQpDb250ZW50LUxlbmd0aDogOQ0KDQpzaG9ydA==";
    add(&mock, &json!({"action": {"garbage": {"bytes_base64": lie}}}));
    let (bytes, ended) = rest(connect(&mock).send(get(&mock, ME)));
    assert!(ended.is_ok() && !bytes.is_empty() && !bytes.starts_with(b"HTTP"), "{bytes:?} {ended:?}");
    let (bytes, ended) = rest(connect(&mock).send(get(&mock, ME)));
    assert!(ended.is_ok(), "{ended:?}");
    assert_eq!(bytes, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort");
    assert_eq!(entries(&mock), [(Some("f1".into()), 0), (Some("f2".into()), 0)]);
}

#[test]
fn a_peer_that_takes_nothing_of_a_drip_is_dropped() {
    let limits = Limits { write_pause: Duration::from_millis(200), ..Limits::default() };
    let mock = MockServer::builder().limits(limits).start().unwrap();
    mock.set_settings(&json!({"chatwork": {"limits": {"room": null}}})).unwrap();
    // More than the system holds for a peer that does not read: each letter is six bytes of the answer.
    let long = format!("body={}", "%E0%B8%81".repeat(65_535));
    for _ in 0..20 {
        assert_eq!(chatwork(&mock, "POST", &messages(&mock), &long).status, 200);
    }
    add(&mock, &json!({"action": {"drip": {"bytes": 1_000_000, "pause_ms": 1}}}));
    let mut client = connect(&mock);
    client.send(get(&mock, &format!("{}?force=1", messages(&mock))));
    // Nothing is read here: the server's writes stall, and once it has dropped us, ours fail.
    let error = loop {
        if let Err(error) = client.stream().write_all(&[b'x'; 65536]) {
            break error;
        }
    };
    assert!(matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{error:?}");
}
