//! The judge on real sockets: correct receivers pass, flawed ones are caught by name, hostile ones get a named verdict.

mod common;

use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use common::{Judged, Manner, Raw, integration, judge, read_request, sample, still_writes, write};
use conformance::ask::policy::ForgeryAnswer;
use conformance::run::event::CheckReport;
use conformance::run::verdict::{Status, Verdict};
use conformance::sample::flaw::Flaw;
use conformance::sample::receive::Reaction;
use contract::service::Service;
use contract::wire::Response;
use courier::socket::{BODY_MAX, HEAD_MAX, HEADERS_MAX, INTERIM_MAX};

fn strict() -> Manner {
    Manner { strict: true, ..Manner::default() }
}

fn assert_spotless(judged: &Judged, what: &str) {
    let stained: Vec<_> = judged
        .checks
        .iter()
        .filter(|check| check.status != Status::Pass && !is_out_of_sight(check))
        .map(|check| format!("{}: {} {}", check.status.word(), check.id, check.message))
        .collect();
    assert!(stained.is_empty(), "{what}: {stained:#?}");
    assert_eq!(judged.run.verdict, Verdict::Pass);
}

/// Skipped for want of the mock or of an old secret, neither of which these runs have.
fn is_out_of_sight(check: &CheckReport) -> bool {
    check.status == Status::Skip
        && (check.message.contains("--with-mock") || check.message.contains("--old-secret-env"))
}

#[test]
fn a_correct_integration_passes_everything_under_strict_with_any_seed() {
    for service in Service::ALL {
        let sample = sample(service, None);
        for (seed, thorough) in [(1, true), (2, false), (u64::MAX, false)] {
            assert_spotless(&judge(service, &sample.url(), Manner { seed, thorough, ..strict() }), service.name());
        }
    }
}

#[test]
fn an_accepted_forgery_is_told_with_the_cure_and_the_ways_out_of_a_silent_drop() {
    let sample = sample(Service::Chatday, Some(Flaw::AcceptsEmpty));
    let judged = judge(Service::Chatday, &sample.url(), Manner::default());
    let failed = judged.checks.iter().find(|check| check.status == Status::Fail).unwrap();
    let hint = failed.hint.as_deref().unwrap();
    for words in ["Refuse to start without a token", "answer 401", "--forgery-answer any"] {
        assert!(hint.contains(words), "{hint}");
    }
}

#[test]
fn a_silent_drop_can_be_declared_and_the_report_says_so() {
    for service in Service::ALL {
        let sample = sample(service, Some(Flaw::DropsSilently));
        let declared = Manner { forgery_answer: ForgeryAnswer::Any, ..Manner::default() };
        let judged = judge(service, &sample.url(), declared);
        assert_eq!(judged.run.verdict, Verdict::Pass);
        assert!(judged.with(Status::Warn).contains(&"wrong-secret-is-refused"));
        let warned = judged.checks.iter().find(|check| check.status == Status::Warn).unwrap();
        assert!(warned.message.contains("declared") && warned.message.contains("not seen"), "{}", warned.message);
        assert_eq!(judge(service, &sample.url(), Manner { strict: true, ..declared }).run.verdict, Verdict::Fail);
    }
}

#[test]
fn a_receiver_with_another_secret_fails_the_valid_event_and_settles_no_forgery() {
    let secret = conformance::ask::secret::Secret::new(Service::Chatwork, "b3RoZXItc2VjcmV0", None).unwrap();
    let other = conformance::sample::receive::Integration::new(
        Service::Chatwork,
        secret,
        contract::chatday::Profile::default_profile(),
        None,
    );
    let sample = conformance::sample::server::Sample::start(other, ([127, 0, 0, 1], 0).into()).unwrap();
    let judged = judge(Service::Chatwork, &sample.url(), Manner::default());
    assert_eq!(judged.run.verdict, Verdict::Fail);
    assert!(judged.with(Status::Fail).contains(&"valid-event-is-acknowledged"));
    assert!(judged.with(Status::Error).contains(&"wrong-secret-is-refused"));
    assert!(!judged.with(Status::Pass).iter().any(|id| id.contains("refused")));
}

/// Writes an answer.
type Speak = fn(&mut TcpStream, &Response);

/// A correct receiver that speaks HTTP in its own way.
fn unusual(service: Service, speak: Speak) -> Raw {
    let integration = integration(service, None);
    Raw::start(move |mut stream, _| {
        while let Some(request) = read_request(&mut stream) {
            let Reaction::Answer(answer) = integration.receive(&request) else { return };
            speak(&mut stream, &answer);
        }
    })
}

fn body_with_more_keys(answer: &Response) -> String {
    let mut body: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
    body["received_at"] = "2026-01-31T09:00:00+07:00".into();
    body["ข้อความ"] = serde_json::json!([1, null]);
    serde_json::to_string_pretty(&body).unwrap()
}

#[test]
fn a_receiver_that_is_merely_unusual_passes_under_strict() {
    let ways: [(&str, Speak); 5] = [
        ("HTTP/1.0 without a length", |stream, answer| {
            let head = format!("HTTP/1.0 {} X\r\ncontent-type: application/json\r\n\r\n", answer.status().as_u16());
            write(stream, head.as_bytes());
            write(stream, answer.body());
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }),
        ("closes each connection, no reason phrase", |stream, answer| {
            let head = format!(
                "HTTP/1.1 {} \r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                answer.status().as_u16(),
                answer.body().len()
            );
            write(stream, head.as_bytes());
            write(stream, answer.body());
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }),
        ("chunked, byte by byte, with an extension and a trailer", |stream, answer| {
            let head = format!(
                "HTTP/1.1 {} OK\r\nCONTENT-TYPE: Application/JSON;charset=UTF-8\r\nTransfer-Encoding: chunked\r\n\r\n",
                answer.status().as_u16()
            );
            let chunks: String =
                answer.body().iter().map(|byte| format!("1;x=y\r\n{}\r\n", char::from(*byte))).collect();
            write(stream, format!("{head}{chunks}0\r\nX-Trailer: 1\r\n\r\n").as_bytes());
        }),
        ("more keys, pretty printed", |stream, answer| {
            let body = body_with_more_keys(answer);
            let head = format!(
                "HTTP/1.1 {} OK\r\ncontent-type: application/json; charset=\"utf-8\"\r\ncontent-length: {}\r\n\r\n",
                answer.status().as_u16(),
                body.len()
            );
            write(stream, format!("{head}{body}").as_bytes());
        }),
        ("an interim answer first, then 403 instead of 401", |stream, answer| {
            let status = if answer.status() == 401 { 403 } else { answer.status().as_u16() };
            let head = format!(
                "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                answer.body().len()
            );
            write(stream, head.as_bytes());
            write(stream, answer.body());
        }),
    ];
    for service in Service::ALL {
        for (what, speak) in ways {
            let receiver = unusual(service, speak);
            assert_spotless(&judge(service, &receiver.url(), strict()), what);
        }
    }
}

/// Waits without sleeping: nobody ever sends.
fn pause(millis: u64) {
    let (_sender, receiver) = mpsc::channel::<()>();
    let _ = receiver.recv_timeout(Duration::from_millis(millis));
}

#[test]
fn a_slow_receiver_passes() {
    // Thirty milliseconds for each of some forty events; ten times as much would only make the test ten times as slow.
    let receiver = unusual(Service::Chatday, |stream, answer| {
        pause(30);
        let head = format!(
            "HTTP/1.1 {} OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            answer.status().as_u16(),
            answer.body().len()
        );
        write(stream, head.as_bytes());
        write(stream, answer.body());
    });
    assert_spotless(&judge(Service::Chatday, &receiver.url(), strict()), "slow");
}

/// What a hostile endpoint does with a connection after a whole request.
type Misbehave = fn(&mut TcpStream, &AtomicBool);

/// (what it does, how, the fault in the evidence)
const HOSTILE: [(&str, Misbehave, &str); 14] = [
    ("stalls", |_, stopping| wait_for_end(stopping), "head-timeout"),
    ("drips its head", |stream, stopping| drip(stream, stopping, b"HTTP/1.1 200 OK\r\nx: ", b"y"), "head-timeout"),
    (
        "drips its body",
        |stream, stopping| drip(stream, stopping, b"HTTP/1.1 200 OK\r\ncontent-length: 60000\r\n\r\n", b"y"),
        "body-timeout",
    ),
    ("closes without a word", |_, _| {}, "cut"),
    ("answers garbage", |stream, _| write(stream, b"\x16\x03\x01\x02\x00\x01\x00 what is this\r\n\r\n"), "protocol"),
    ("answers in another version", |stream, _| write(stream, b"HTTP/3.0 200 OK\r\n\r\n"), "protocol"),
    (
        "sends a body without end",
        |stream, stopping| flood(stream, stopping, b"HTTP/1.1 200 OK\r\n\r\n", &[b'x'; 16_384]),
        "too-large",
    ),
    (
        "sends headers without end",
        |stream, stopping| {
            flood(stream, stopping, b"HTTP/1.1 200 OK\r\n", b"x-header: some value that goes on and on\r\n")
        },
        "head-too-large",
    ),
    (
        "sends one header without end",
        |stream, stopping| flood(stream, stopping, b"HTTP/1.1 200 OK\r\nx-header: ", &[b'x'; 4_096]),
        "head-too-large",
    ),
    (
        "sends interim answers without end",
        |stream, stopping| flood(stream, stopping, b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
        "interim-flood",
    ),
    ("cuts its body", |stream, _| write(stream, b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"status\""), "cut"),
    (
        "breaks its chunks",
        |stream, _| write(stream, b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"),
        "protocol",
    ),
    (
        "names two lengths",
        |stream, _| write(stream, b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{} "),
        "protocol",
    ),
    ("dies in the head", |stream, _| write(stream, b"HTTP/1.1 200 OK\r\ncontent-le"), "cut"),
];

fn wait_for_end(stopping: &AtomicBool) {
    while !stopping.load(Ordering::SeqCst) {
        pause(10);
    }
}

fn drip(stream: &mut TcpStream, stopping: &AtomicBool, start: &[u8], drop: &[u8]) {
    let mut alive = still_writes(stream, start);
    while alive && !stopping.load(Ordering::SeqCst) {
        pause(10);
        alive = still_writes(stream, drop);
    }
}

fn flood(stream: &mut TcpStream, stopping: &AtomicBool, start: &[u8], wave: &[u8]) {
    let mut alive = still_writes(stream, start);
    while alive && !stopping.load(Ordering::SeqCst) {
        alive = still_writes(stream, wave);
    }
}

#[test]
fn a_hostile_endpoint_gets_a_named_verdict_and_not_all_the_time_it_wants() {
    for (what, misbehave, fault) in HOSTILE {
        let endpoint = Raw::start(move |mut stream, stopping| {
            if read_request(&mut stream).is_some() {
                misbehave(&mut stream, stopping);
            }
        });
        // Short where waiting is the point; elsewhere long enough for the busiest machine.
        let timeout = Duration::from_millis(if fault.ends_with("timeout") { 400 } else { 5_000 });
        let manner = Manner { timeout, ..Manner::default() };
        let judged = judge(Service::Chatday, &endpoint.url(), manner);
        let first = &judged.checks[0];
        assert_eq!(first.evidence[0].fault.as_deref(), Some(fault), "{what}: {}", first.message);
        assert_eq!(judged.run.verdict, Verdict::Fail, "{what}");
        assert_eq!(judged.with(Status::Pass), [""; 0], "{what}: nothing can pass");
        if fault != "too-large" {
            assert!(judged.run.summary.requests <= 3, "{what}: {} requests", judged.run.summary.requests);
        }
    }
}

#[test]
fn a_connection_that_is_reset_before_the_request_was_read_is_cut() {
    let endpoint = Raw::start(|stream, _| {
        // Closing with unread bytes in the buffer makes the system send a reset.
        let _ = stream.peek(&mut [0; 1]);
    });
    let judged = judge(Service::Chatwork, &endpoint.url(), Manner::default());
    assert_eq!(judged.run.verdict, Verdict::Fail);
    assert_eq!(judged.checks[0].evidence[0].fault.as_deref(), Some("cut"));
}

#[test]
fn chatwork_judges_head_and_body_of_an_endless_answer_apart() {
    let endpoint = Raw::start(|mut stream, stopping| {
        if read_request(&mut stream).is_some() {
            flood(&mut stream, stopping, b"HTTP/1.1 200 OK\r\n\r\n", &[b'x'; 16_384]);
        }
    });
    let judged = judge(Service::Chatwork, &endpoint.url(), Manner::default());
    assert!(judged.with(Status::Pass).contains(&"valid-event-is-acknowledged"));
    assert!(judged.with(Status::Fail).contains(&"answer-is-at-most-2048-bytes"));
}

/// The fault of the first event when every event is answered with these bytes, and the connection is closed.
fn fault_of(answer: String) -> Option<String> {
    let endpoint = Raw::start(move |mut stream, _| {
        if read_request(&mut stream).is_some() {
            write(&mut stream, answer.as_bytes());
        }
    });
    let judged = judge(Service::Chatwork, &endpoint.url(), Manner::default());
    judged.checks[0].evidence[0].fault.clone()
}

#[test]
fn every_limit_holds_at_its_number_and_breaks_one_beyond() {
    let headers = |count: usize| "x: y\r\n".repeat(count - 1);
    let with_headers = |count| format!("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n{}\r\n", headers(count));
    assert_eq!(fault_of(with_headers(HEADERS_MAX)), None);
    assert_eq!(fault_of(with_headers(HEADERS_MAX + 1)).as_deref(), Some("head-too-large"));

    let head = |bytes: usize| {
        let frame = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx: \r\n\r\n";
        frame.replace("x: ", &format!("x: {}", "y".repeat(bytes - frame.len())))
    };
    assert_eq!(head(HEAD_MAX).len(), HEAD_MAX);
    assert_eq!(fault_of(head(HEAD_MAX)), None);
    assert_eq!(fault_of(head(HEAD_MAX + 1)).as_deref(), Some("head-too-large"));

    let interim = |count| format!("{}{}", "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(count), with_headers(1));
    assert_eq!(fault_of(interim(INTERIM_MAX)), None);
    for _ in 0..6 {
        // All in one segment: whether the count or the answer is noticed first is up to chance.
        assert_eq!(fault_of(interim(INTERIM_MAX + 1)).as_deref(), Some("interim-flood"));
    }

    let body = |bytes: usize| format!("HTTP/1.1 200 OK\r\ncontent-length: {bytes}\r\n\r\n{}", "z".repeat(bytes));
    assert_eq!(fault_of(body(BODY_MAX)), None);
    assert_eq!(fault_of(body(BODY_MAX + 1)).as_deref(), Some("too-large"));
}

#[test]
fn nobody_there_settles_nothing() {
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let judged = judge(Service::Chatwork, &format!("http://{address}/webhook"), Manner::default());
    assert_eq!(judged.run.verdict, Verdict::Error);
    assert_eq!(judged.run.summary.requests, 0);
    assert_eq!(judged.with(Status::Error).len(), judged.checks.len());
    assert!(judged.checks[0].message.contains("refused"), "{}", judged.checks[0].message);
}
