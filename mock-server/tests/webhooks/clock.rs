//! Moving the clock, and waiting.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use mock_server::MockServer;
use serde_json::{Value, json};

use crate::receiver::{Receiver, SUCCESS};
use crate::support::{deliveries, each, frozen, ok, other_writes, room_setting, settled};

fn delayed(mock: &MockServer, url: &str, delays: &[i64]) {
    room_setting(mock, url);
    for ms in delays {
        ok(mock, "POST", "/deliveries/modes", &json!({"mode": {"delay": {"ms": ms}}}));
        other_writes(mock, 1002, &format!("after {ms}"));
    }
}

#[test]
fn an_advance_goes_from_moment_to_moment_and_answers_when_all_has_settled() {
    let (mock, receiver) = (frozen(), Receiver::friendly());
    delayed(&mock, &receiver.url(), &[300, 100, 200]);
    let start = mock.clock().unwrap().now_ms;
    let clock = ok(&mock, "POST", "/clock", &json!({"advance_ms": 250}));
    assert_eq!(clock["now_ms"], start + 250);
    assert_eq!(receiver.requests().len(), 2);
    let began: Vec<i64> =
        deliveries(&mock)[1..].iter().map(|it| it["attempts"][0]["began_ms"].as_i64().unwrap() - start).collect();
    assert_eq!(began, [100, 200]);
    assert_eq!(mock.settle().unwrap().next_due_in_ms, Some(50));
    let to = contract::time::UnixMillis(start + 1000).to_rfc3339();
    assert_eq!(ok(&mock, "POST", "/clock", &json!({"set": to}))["now_ms"], start + 1000);
    let last = deliveries(&mock)[0]["attempts"][0]["began_ms"].as_i64().unwrap();
    assert_eq!(last - start, 300, "setting the clock forward passes through the same moments");
}

#[test]
fn a_clock_that_is_set_back_sends_nothing_early() {
    let (mock, receiver) = (frozen(), Receiver::friendly());
    delayed(&mock, &receiver.url(), &[100]);
    let start = mock.clock().unwrap().now_ms;
    ok(&mock, "POST", "/clock", &json!({"set": contract::time::UnixMillis(start - 5000).to_rfc3339()}));
    ok(&mock, "POST", "/clock", &json!({"advance_ms": 5099}));
    assert_eq!(receiver.requests().len(), 0);
    ok(&mock, "POST", "/clock", &json!({"advance_ms": 1}));
    assert_eq!(receiver.requests().len(), 1);
}

#[test]
fn two_runs_under_a_frozen_clock_leave_the_same_record() {
    let receiver = Receiver::with(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
    });
    let run = || {
        let at = contract::time::UnixMillis(1_790_000_000_000);
        let mock = MockServer::builder().frozen_clock(Some(at)).start().unwrap();
        ok(&mock, "POST", "/deliveries/modes", &json!({"mode": {"duplicate": {}}, "times": null, "probability": 0.5}));
        delayed(&mock, &receiver.url(), &[30, 10, 20, 10]);
        ok(&mock, "POST", "/clock", &json!({"advance_ms": 100}));
        ok(&mock, "GET", "/deliveries", &Value::Null).to_string()
    };
    assert_eq!(run(), run());
}

#[test]
fn a_running_clock_sends_by_itself_when_the_moment_comes() {
    let mock = MockServer::start().unwrap();
    let receiver = Receiver::friendly();
    delayed(&mock, &receiver.url(), &[50]);
    receiver.wait_for(1);
    delayed(&mock, &receiver.url(), &[3_600_000]);
    mock.advance(Duration::from_secs(3600)).unwrap();
    // Once for the new setting, and once for the old one, which no mode held back.
    assert_eq!(receiver.requests().len(), 3);
    assert_eq!(each(&settled(&mock), "verdict"), ["delivered"; 3]);
}

#[test]
fn a_frozen_clock_that_is_let_go_sends_what_becomes_due() {
    let (mock, receiver) = (frozen(), Receiver::friendly());
    delayed(&mock, &receiver.url(), &[50]);
    settled(&mock);
    assert_eq!(receiver.requests().len(), 0);
    mock.resume().unwrap();
    receiver.wait_for(1);
}

#[test]
fn two_who_advance_at_once_advance_one_after_the_other() {
    let (mock, receiver) = (frozen(), Receiver::friendly());
    delayed(&mock, &receiver.url(), &[100, 200, 300, 400]);
    let start = mock.clock().unwrap().now_ms;
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| mock.advance(Duration::from_millis(100)).unwrap());
        }
    });
    assert_eq!(mock.clock().unwrap().now_ms, start + 400);
    let began: Vec<i64> =
        deliveries(&mock).iter().map(|it| it["attempts"][0]["began_ms"].as_i64().unwrap() - start).collect();
    assert_eq!(began, [100, 200, 300, 400]);
}

#[test]
fn whoever_comes_second_moves_the_clock_on_from_where_the_first_has_brought_it() {
    let mock = frozen();
    let gate = Arc::new(Barrier::new(2));
    let held = Arc::clone(&gate);
    let receiver = Receiver::with(move |number, stream| {
        if number == 0 {
            held.wait();
        }
        let _ = stream.write_all(SUCCESS);
    });
    delayed(&mock, &receiver.url(), &[100, 200, 300, 400, 500, 600]);
    let start = mock.clock().unwrap().now_ms;
    std::thread::scope(|scope| {
        let first = scope.spawn(|| mock.advance(Duration::from_millis(1000)).unwrap().now_ms);
        receiver.wait_for(1);
        let second = scope.spawn(|| mock.advance(Duration::from_millis(50)).unwrap().now_ms);
        gate.wait();
        assert_eq!((first.join().unwrap(), second.join().unwrap()), (start + 1000, start + 1050));
    });
}

#[test]
fn a_caller_that_leaves_while_it_waits_leaves_nothing_behind() {
    let mock = frozen();
    let gate = Arc::new(Barrier::new(2));
    let held = Arc::clone(&gate);
    let receiver = Receiver::with(move |number, stream| {
        if number == 0 {
            held.wait();
        }
        let _ = stream.write_all(SUCCESS);
    });
    delayed(&mock, &receiver.url(), &[100, 200]);
    let address = mock.local_address();
    let leave = |path: &str, body: &str| {
        let mut stream = TcpStream::connect(address).unwrap();
        let length = body.len();
        write!(stream, "POST /_mock{path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {length}\r\n\r\n{body}")
            .unwrap();
        stream
    };
    let advancing = leave("/clock", "{\"advance_ms\": 1000}");
    receiver.wait_for(1);
    let settling = leave("/deliveries/settle", "{\"within_ms\": 60000}");
    drop((advancing, settling));
    gate.wait();
    // The right to move the clock is free again, and what is due later is still sent at its moment.
    mock.advance(Duration::from_millis(1000)).unwrap();
    assert_eq!(each(&settled(&mock), "verdict"), ["delivered"; 2]);
    let started = Instant::now();
    drop(mock);
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn settling_answers_in_time_where_something_does_not_end() {
    let mock = frozen();
    let gate = Arc::new(Barrier::new(2));
    let held = Arc::clone(&gate);
    let receiver = Receiver::with(move |_, stream| {
        held.wait();
        let _ = stream.write_all(SUCCESS);
    });
    room_setting(&mock, &receiver.url());
    other_writes(&mock, 1002, "x");
    receiver.wait_for(1);
    let early = ok(&mock, "POST", "/deliveries/settle", &json!({"within_ms": 20}));
    assert_eq!((&early["settled"], &early["in_flight"]), (&json!(false), &json!(1)));
    gate.wait();
    assert!(mock.settle().unwrap().settled);
}

#[test]
fn a_mock_that_ends_lets_what_is_on_its_way_come_back() {
    let mock = MockServer::start().unwrap();
    let answered = Arc::new(Barrier::new(2));
    let waits = Arc::clone(&answered);
    let receiver = Receiver::with(move |_, stream| {
        waits.wait();
        let _ = stream.write_all(SUCCESS);
        // Whatever is left of the connection: a cut one would be reset.
        let mut rest = Vec::new();
        assert!(std::io::Read::read_to_end(stream, &mut rest).is_ok());
        waits.wait();
    });
    room_setting(&mock, &receiver.url());
    other_writes(&mock, 1002, "x");
    receiver.wait_for(1);
    let ending = std::thread::spawn(move || drop(mock));
    answered.wait();
    answered.wait();
    ending.join().unwrap();
}
