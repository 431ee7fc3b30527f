//! Requests per second of the mock, as a ratio to a bare hyper server that answers the same bytes, in one run.
//!
//! Both servers run in this process on one thread each, and only one of them is asked at a time; the asking thread keeps
//! 16 connections busy, one request in flight on each. Rounds alternate between the two, and the ratio is the median of the
//! rounds' ratios, so that a machine whose speed drifts does not decide. Nothing is asserted: figures are for reading.
//!
//! The mock runs as it does for a user with `--log-level warn`: journal on, limits off (300 requests in 5 minutes would end
//! the run at once), a frozen clock so that both answer the same `Date`.
//!
//! `cargo bench -p mock-server` runs 15 rounds of 400 ms; `-- --quick` runs 3 of 100 ms, to see that it works; `-- POST` runs
//! the scenarios whose names hold that word, for a profile of one.

use std::convert::Infallible;
use std::io::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use mock_server::MockServer;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const CONNECTIONS: usize = 16;
const TOKEN: &str = "bench-token-000000000000000000000";
const HISTORY: usize = 100_000;

struct Scenario {
    name: &'static str,
    goal: f64,
    request: String,
}

fn scenarios() -> Vec<Scenario> {
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nx-chatworktoken: {TOKEN}\r\n\r\n");
    let body = "body=%E3%81%93%E3%82%93%E3%81%AB%E3%81%A1%E3%81%AF+bench&self_unread=0";
    let post = format!(
        "POST /v2/rooms/5001/messages HTTP/1.1\r\nhost: 127.0.0.1\r\nx-chatworktoken: {TOKEN}\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    vec![
        Scenario { name: "GET /v2/my/status", goal: 0.80, request: get("/v2/my/status") },
        Scenario { name: "POST message", goal: 0.65, request: post },
        Scenario { name: "GET 100 of 100,000 messages", goal: 0.80, request: get("/v2/rooms/5002/messages?force=1") },
    ]
}

fn world() -> Value {
    let messages: Vec<Value> = (0..HISTORY)
        .map(|number| {
            json!({
                "id": (1_900_000_000_000_000_000_u64 + number as u64).to_string(),
                "account": 1001 + number % 2,
                "body": format!("message {number}: สวัสดี こんにちは, how is the launch going?"),
                "send_time": 1_750_000_000 + number,
            })
        })
        .collect();
    let members = json!([{"account": 1001, "role": "admin"}, {"account": 1002, "role": "member"}]);
    json!({
        "clock": {"at": "2026-01-31T09:00:00Z", "frozen": true},
        "chatwork": {
            "settings": {"limits": {"account": null, "room": null}},
            "accounts": [{"id": 1001, "name": "Aoi Mori", "token": TOKEN}, {"id": 1002, "name": "Ben Sato"}],
            "rooms": [
                {"id": 5001, "kind": "group", "name": "Posting", "members": members},
                {"id": 5002, "kind": "group", "name": "History", "members": members, "messages": messages},
            ],
        },
    })
}

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let (rounds, length) = if quick { (3, Duration::from_millis(100)) } else { (15, Duration::from_millis(400)) };
    let mock = MockServer::builder().world(world()).journal_limit(100_000).start().expect("the mock starts");
    let asking = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut table = format!("{:<30}{:>14}{:>14}{:>8}{:>7}\n", "scenario", "mock /s", "bare hyper /s", "ratio", "goal");
    let words: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let chosen = |scenario: &Scenario| words.is_empty() || words.iter().any(|word| scenario.name.contains(word));
    for scenario in scenarios().into_iter().filter(chosen) {
        let answer = asking.block_on(first_answer(mock.local_address(), &scenario.request));
        let bare = bare_hyper(&answer);
        let (mut mocks, mut bares, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..=rounds {
            let ours =
                asking.block_on(requests_per_second(mock.local_address(), &scenario.request, answer.len(), length));
            let theirs = asking.block_on(requests_per_second(bare, &scenario.request, answer.len(), length));
            // The first round warms both up.
            if round > 0 {
                mocks.push(ours);
                bares.push(theirs);
                ratios.push(ours / theirs);
            }
        }
        let (ours, theirs, ratio) = (median(&mut mocks), median(&mut bares), median(&mut ratios));
        table += &format!("{:<30}{ours:>14.0}{theirs:>14.0}{ratio:>8.2}{:>7.2}\n", scenario.name, scenario.goal);
    }
    let _ = write!(std::io::stdout(), "{table}");
}

fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

async fn first_answer(address: SocketAddr, request: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.expect("the server accepts");
    stream.write_all(request.as_bytes()).await.expect("the server reads");
    let mut answer = Vec::new();
    loop {
        let mut chunk = [0; 65_536];
        let read = stream.read(&mut chunk).await.expect("the server answers");
        assert!(read > 0, "the server closed early");
        answer.extend_from_slice(&chunk[..read]);
        if let Some((head, body)) = parts(&answer) {
            assert!(head.starts_with("HTTP/1.1 200"), "{head}");
            let length = header(head, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
            if body.len() == length {
                return answer;
            }
        }
    }
}

fn parts(answer: &[u8]) -> Option<(&str, &[u8])> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    Some((std::str::from_utf8(&answer[..end]).ok()?, &answer[end + 4..]))
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        line.split_once(": ").filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    })
}

/// A server that does nothing but collect the request and answer these bytes.
fn bare_hyper(answer: &[u8]) -> SocketAddr {
    let (head, body) = parts(answer).expect("a whole answer");
    let body = Bytes::copy_from_slice(body);
    let headers: Vec<(HeaderName, HeaderValue)> = head
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")))
        .collect();
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            tell.send(listener.local_addr().expect("an address")).expect("the bench listens");
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                let _ = stream.set_nodelay(true);
                let (headers, body) = (headers.clone(), body.clone());
                tokio::task::spawn(async move {
                    let service = service_fn(move |request: hyper::Request<Incoming>| {
                        let (headers, body) = (headers.clone(), body.clone());
                        async move {
                            let _ = request.into_body().collect().await;
                            let mut response = hyper::Response::new(Full::new(body));
                            for (name, value) in headers {
                                response.headers_mut().insert(name, value);
                            }
                            Ok::<_, Infallible>(response)
                        }
                    });
                    let _ = http1::Builder::new()
                        .auto_date_header(false)
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
    });
    told.recv().expect("the bare server listens")
}

/// Keeps every connection busy for a while. Both servers answer every request with the same number of bytes, so counting
/// bytes is reading answers.
async fn requests_per_second(address: SocketAddr, request: &str, answer_length: usize, length: Duration) -> f64 {
    let started = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..CONNECTIONS {
        let request = request.to_owned();
        tasks.push(tokio::task::spawn(async move {
            let mut stream = TcpStream::connect(address).await.expect("the server accepts");
            stream.set_nodelay(true).expect("a TCP stream");
            let mut answer = vec![0; answer_length];
            let mut done = 0_u32;
            while started.elapsed() < length {
                stream.write_all(request.as_bytes()).await.expect("the server reads");
                stream.read_exact(&mut answer).await.expect("the server answers");
                assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
                done += 1;
            }
            done
        }));
    }
    let mut done = 0;
    for task in tasks {
        done += task.await.expect("a connection failed");
    }
    f64::from(done) / started.elapsed().as_secs_f64()
}
