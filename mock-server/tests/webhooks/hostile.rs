//! Receivers that misbehave: each ends in bounded time with a clear record, and the mock goes on serving.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use mock_server::MockServer;
use serde_json::{Value, json};

use crate::receiver::Receiver;
use crate::support::{api, frozen, other_writes, post, room_setting, settled};

/// Time for an answer in these tests.
const TIMEOUT_MS: u64 = 300;

fn impatient() -> MockServer {
    let mock = frozen();
    let settings = json!({"chatwork": {"webhooks": {"timeout_ms": TIMEOUT_MS}}});
    mock.set_settings(&settings).unwrap();
    mock
}

/// The record of one delivery to a receiver; it must end within the time-out and some slack.
fn outcome(manner: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> Value {
    let (mock, receiver) = (impatient(), Receiver::with(move |_, stream| manner(stream)));
    room_setting(&mock, &receiver.url());
    let started = Instant::now();
    post(&mock, "hello");
    let delivery = settled(&mock).remove(0);
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    assert_eq!(delivery["attempts"].as_array().unwrap().len(), 1);
    assert_eq!(api(&mock, "GET", "/me", &[]).0, 200, "the mock goes on serving");
    delivery
}

fn answer(bytes: &'static [u8]) -> Value {
    outcome(move |stream| {
        let _ = stream.write_all(bytes);
    })
}

fn fault(delivery: &Value) -> (&str, &str) {
    let why = delivery["why"].as_str().unwrap_or_else(|| panic!("{delivery}"));
    assert!(!why.is_empty());
    (delivery["verdict"].as_str().unwrap(), delivery["attempts"][0]["fault"].as_str().unwrap())
}

/// Until the other side has had enough.
fn pour(stream: &mut TcpStream, piece: &[u8]) {
    while stream.write_all(piece).is_ok() {}
}

/// Until the other side hangs up.
fn stall(stream: &mut TcpStream) {
    let _ = stream.read_to_end(&mut Vec::new());
}

#[test]
fn a_receiver_that_refuses_the_connection() {
    let mock = impatient();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    room_setting(&mock, &format!("http://{closed}/hook"));
    post(&mock, "hello");
    let delivery = settled(&mock).remove(0);
    assert_eq!(fault(&delivery), ("failed", "connect-refused"));
    assert_eq!(delivery["attempts"][0]["answer"], json!(null));
}

#[test]
fn a_receiver_that_accepts_and_stalls() {
    assert_eq!(fault(&outcome(stall)), ("failed", "head-timeout"));
}

#[test]
fn a_receiver_that_never_reads() {
    let mock = impatient();
    // Nobody accepts: the connection comes about in the backlog, and that is all.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    room_setting(&mock, &format!("http://{}/hook", listener.local_addr().unwrap()));
    other_writes(&mock, 1002, &"ก".repeat(65_535));
    assert_eq!(fault(&settled(&mock)[0]), ("failed", "head-timeout"));
}

#[test]
fn a_receiver_that_drips() {
    let drip = |head: &'static [u8]| {
        outcome(move |stream| {
            let _ = stream.write_all(head);
            // Each piece comes when the one before was taken; only a deadline over the whole ends it.
            let _ = stream.set_read_timeout(Some(Duration::from_millis(20)));
            while stream.write_all(b"x").is_ok() && !matches!(stream.read(&mut [0]), Ok(0)) {}
        })
    };
    assert_eq!(fault(&drip(b"HTTP/1.1 200 OK\r\nx-slow: ")), ("failed", "head-timeout"));
    let body = drip(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
    assert_eq!(fault(&body), ("failed", "body-timeout"));
    assert_eq!(body["attempts"][0]["answer"]["status"], 200);
}

#[test]
fn a_receiver_without_end() {
    let body = outcome(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        pour(stream, format!("4000\r\n{}\r\n", "x".repeat(0x4000)).as_bytes());
    });
    assert_eq!(fault(&body), ("failed", "too-large"));
    let kept = &body["attempts"][0]["answer"];
    assert_eq!((kept["body"].as_str().unwrap().len(), &kept["length"]), (4096, &json!(65_536)));
    let head = outcome(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nx-a: ");
        pour(stream, &[b'x'; 4096]);
    });
    assert_eq!(fault(&head), ("failed", "head-too-large"));
    let interim = outcome(|stream| pour(stream, b"HTTP/1.1 103 Early Hints\r\n\r\n"));
    assert_eq!(fault(&interim), ("failed", "interim-flood"));
}

#[test]
fn a_receiver_that_speaks_something_else() {
    assert_eq!(fault(&answer(b"220 mail.example ESMTP\r\n")), ("failed", "protocol"));
    assert_eq!(fault(&answer(b"\x16\x03\x01\x00\x00garbage\r\n\r\n")), ("failed", "protocol"));
    assert_eq!(fault(&answer(b"")), ("failed", "cut"));
    assert_eq!(fault(&answer(b"HTTP/1.1 200")), ("failed", "cut"));
}

#[test]
fn a_receiver_whose_body_is_cut() {
    let short = answer(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    assert_eq!(fault(&short), ("failed", "cut"));
    assert_eq!(short["attempts"][0]["answer"]["body"], "abc");
    let reset = outcome(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
        let socket = socket2::SockRef::from(&*stream);
        let _ = socket.set_linger(Some(Duration::ZERO));
    });
    assert_eq!(fault(&reset), ("failed", "cut"));
    let two = answer(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab");
    assert_eq!(fault(&two), ("failed", "protocol"));
}

#[test]
fn answers_that_are_no_acknowledgement() {
    for (bytes, name) in [
        (b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n".as_slice(), "other-status"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "other-status"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "other-status"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "redirect"),
    ] {
        assert_eq!(fault(&answer(bytes)), ("failed", name));
    }
}

#[test]
fn an_answer_may_have_2048_bytes_and_not_one_more() {
    let answering = |length: usize| {
        outcome(move |stream| {
            let body = "x".repeat(length);
            let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
        })
    };
    assert_eq!(answering(2048)["verdict"], "delivered");
    let long = answering(2049);
    assert_eq!(fault(&long), ("failed", "too-large"));
    assert_eq!(long["why"], "the body has 2049 bytes: at most 2,048 are allowed");
}
