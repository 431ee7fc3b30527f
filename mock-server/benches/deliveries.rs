//! Webhooks per second, and how long a backlog to a receiver that never answers takes.
//!
//! The receiver runs in this process on a thread of its own and answers 200 on one connection for each delivery, as the mock
//! sends them: one at a time for one target. It is started before its mock, and counts what it gets; a lost delivery, or one
//! out of order, ends the run. The stalling one accepts, reads and says nothing: the time-out of the setting is the only end,
//! and the bound that is printed is that of `core::outbox`: the first two time out one after the other, the rest in waves.
//!
//! `cargo bench -p mock-server --bench deliveries` sends 1,000 to the healthy one and 200 to the stalling one, with a
//! time-out of 500 ms; `-- --quick` the same with one of 100 ms. Run with a word, such as `-- POST`, it does nothing: that is
//! for the other bench.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use contract::chatwork::webhook::EventKind;
use mock_server::MockServer;
use serde_json::{Value, json};

const HEALTHY: usize = 1000;
const STALLING: usize = 200;
/// `core::outbox::WAVE`.
const WAVE: usize = mock_server::core::outbox::WAVE;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| !argument.starts_with('-')) {
        return;
    }
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let timeout = Duration::from_millis(if quick { 100 } else { 500 });
    let mut out = std::io::stdout();
    let took = healthy();
    let rate = HEALTHY as f64 / took.as_secs_f64();
    let _ =
        writeln!(out, "{HEALTHY} deliveries to a healthy target, in order and without loss: {took:.2?}, {rate:.0} /s");
    let took = stalling(timeout);
    let waves = u32::try_from((STALLING - 2).div_ceil(WAVE)).unwrap_or(u32::MAX);
    let bound = timeout * (2 + waves);
    let _ = writeln!(
        out,
        "{STALLING} deliveries to a stalling target, time-out {timeout:.2?}: all ended after {took:.2?}; the bound is \
         (2 + {waves}) time-outs, {bound:.2?}, and what the machine takes beside"
    );
}

fn healthy() -> Duration {
    let (address, received) = receiver(true);
    let mock = mock(address, Duration::from_secs(5));
    let started = Instant::now();
    write(&mock, HEALTHY);
    for expected in 0..HEALTHY {
        let number = received.recv_timeout(Duration::from_secs(30)).expect("a delivery is lost");
        assert_eq!(number, expected.to_string(), "out of order");
    }
    let took = started.elapsed();
    assert!(mock.settle().expect("a call").settled);
    assert!(received.try_recv().is_err(), "one came twice");
    took
}

fn stalling(timeout: Duration) -> Duration {
    let (address, received) = receiver(false);
    let mock = mock(address, timeout);
    let started = Instant::now();
    write(&mock, STALLING);
    assert!(mock.settle().expect("a call").settled);
    let took = started.elapsed();
    assert_eq!(received.try_iter().count(), STALLING, "each was really sent");
    let deliveries = mock.deliveries().expect("a call");
    assert!(deliveries.iter().all(|delivery| delivery.verdict == "failed"));
    took
}

fn mock(receiver: SocketAddr, timeout: Duration) -> MockServer {
    let mock = MockServer::start().expect("the mock starts");
    let timeout_ms = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
    let webhooks = json!({"timeout_ms": timeout_ms, "switch_off_after": null});
    mock.set_settings(&json!({"chatwork": {"webhooks": webhooks}})).expect("settings");
    mock.add_room_webhook(&format!("http://{receiver}/hook"), 5001, &[EventKind::MessageCreated]).expect("a setting");
    mock
}

fn write(mock: &MockServer, count: usize) {
    for number in 0..count {
        mock.member_writes(5001, 1002, &number.to_string()).expect("a member writes");
    }
}

/// Tells the text of each message that it gets.
fn receiver(answers: bool) -> (SocketAddr, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            if answers {
                let Some(text) = read(&mut stream) else { continue };
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
                let _ = tell.send(text);
            } else {
                let tell = tell.clone();
                std::thread::spawn(move || {
                    if let Some(text) = read(&mut stream) {
                        let _ = tell.send(text);
                        let _ = stream.read_to_end(&mut Vec::new());
                    }
                });
            }
        }
    });
    (address, told)
}

/// The text of the message in one request.
fn read(stream: &mut TcpStream) -> Option<String> {
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut piece).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(piece.get(..count)?);
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(bytes.get(..end)?).to_ascii_lowercase();
        let length: usize = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())?;
        if let Some(body) = bytes.get(end + 4..).filter(|body| body.len() >= length) {
            let event: Value = serde_json::from_slice(body).ok()?;
            return event.pointer("/webhook_event/body")?.as_str().map(str::to_owned);
        }
    }
}
