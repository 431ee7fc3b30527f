//! What each of these checks is for: a receiver with the one mistake that it looks for, and otherwise correct, is caught.

mod common;

use std::collections::BTreeSet;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use common::{ELSEWHERE, Judged, Manner, Raw, integration, judge, read_with_head, token, write};
use conformance::run::event::Event;
use conformance::sample::receive::Reaction;
use contract::chatwork::signature::WebhookKey;
use contract::service::Service;
use contract::wire::{Request, Response};
use http::{Method, StatusCode};
use serde_json::Value as Json;

/// What a receiver sees of a request besides its content.
struct Seen<'a> {
    request: &'a Request,
    head: &'a str,
    /// The first of a connection is 1.
    on_connection: usize,
    /// Since the request before it on the same connection.
    idle: Duration,
    /// In how many reads it came.
    reads: usize,
    /// What a correct receiver answers.
    right: &'a Response,
}

impl Seen<'_> {
    fn json(&self) -> Json {
        serde_json::from_slice(self.request.body()).unwrap_or_default()
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(self.request.body()).into_owned()
    }

    fn header(&self, name: &str) -> &str {
        self.request.headers().get(name).map_or("", |value| value.to_str().unwrap_or(""))
    }

    fn is_genuine(&self) -> bool {
        self.right.status() == 200
    }

    fn signature(&self, service: Service) -> &str {
        self.header(if service == Service::Chatwork {
            "x-chatworkwebhooksignature"
        } else {
            "x-chatday-signature-token"
        })
    }
}

/// What a mistaken receiver does instead of the right thing.
enum Instead {
    /// As a correct one does.
    Right,
    /// This status, with an empty object.
    Status(u16),
    /// This status and body.
    Body(u16, &'static str),
    /// The answer of a valid event.
    Accept,
    /// The right thing, after a while.
    Late(Duration),
}

use Instead::{Accept, Body, Late, Right, Status};

fn when(mistaken: bool, instead: Instead) -> Instead {
    if mistaken { instead } else { Right }
}

/// (words of the id, a mistake, the deviation)
type Kill = (&'static str, Mistake, &'static str);
type Mistake = Box<dyn Fn(&Seen<'_>) -> Instead + Send + Sync>;

fn receiver(service: Service, mistake: Mistake, leaves_half: Option<Arc<AtomicBool>>) -> Raw {
    let integration = integration(service, None);
    Raw::start(move |mut stream: TcpStream, _| {
        let mut on_connection = 0;
        let mut last = Instant::now();
        loop {
            let mut peeked = [0; 1];
            let came = stream.peek(&mut peeked).is_ok_and(|count| count > 0);
            let idle = last.elapsed();
            let Some((request, head, reads)) = read_with_head(&mut stream) else {
                if let (true, Some(half)) = (came, &leaves_half) {
                    half.store(true, Ordering::SeqCst);
                }
                return;
            };
            on_connection += 1;
            let Reaction::Answer(right) = integration.receive(&request) else { return };
            let seen = Seen { request: &request, head: &head, on_connection, idle, reads, right: &right };
            let accepted = match service {
                Service::Chatwork => r#"{"ok":true}"#,
                Service::Chatday => r#"{"status":"SUCCESS"}"#,
            };
            let plain = String::from_utf8_lossy(right.body()).into_owned();
            let (status, body) = match mistake(&seen) {
                Right => (right.status().as_u16(), plain.as_str()),
                Status(status) => (status, "{}"),
                Body(status, body) => (status, body),
                Accept => (200, accepted),
                Late(pause) => {
                    wait(pause);
                    (right.status().as_u16(), plain.as_str())
                }
            };
            let body = if request.method() == Method::HEAD { "" } else { body };
            let answer = format!(
                "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            write(&mut stream, answer.as_bytes());
            last = Instant::now();
        }
    })
}

/// Waits without sleeping: nobody ever sends.
fn wait(pause: Duration) {
    let (_sender, never) = std::sync::mpsc::channel::<()>();
    let _ = never.recv_timeout(pause);
}

/// The names of the deviations that a check found, whatever they weigh.
fn deviations(judged: &Judged) -> BTreeSet<String> {
    let found = judged.events.iter().filter_map(|event| match event {
        Event::CaseFinished(case) => case.deviation.clone(),
        _ => None,
    });
    found.collect()
}

fn right_signature(seen: &Seen<'_>, token: &str) -> String {
    WebhookKey::from_token(token).unwrap().sign(seen.request.body())
}

fn account(seen: &Seen<'_>) -> u64 {
    let event = seen.json();
    let id = &event["webhook_event"]["account_id"];
    id.as_u64().or_else(|| event["chat_id"].as_str()?.parse().ok()).unwrap_or_default()
}

fn kills(service: Service) -> Vec<Kill> {
    let mut kills = content();
    kills.extend(transport());
    kills.extend(stateful(service));
    kills.extend(if service == Service::Chatwork { chatwork() } else { chatday() });
    kills
}

/// What is written in an event.
fn content() -> Vec<Kill> {
    vec![
        (
            "any-text-is-acknowledged",
            Box::new(|seen| {
                when(seen.json().to_string().chars().any(|c| c > '\u{2000}' && c < '\u{2030}'), Status(500))
            }),
            "status",
        ),
        (
            "any-spelling-is-acknowledged",
            Box::new(|seen| when(seen.text().contains(['\n', '\t']), Status(401))),
            "status",
        ),
        (
            "any-additions-are-acknowledged",
            Box::new(|seen| when(seen.text().contains("\"new_"), Status(400))),
            "status",
        ),
        ("large-ids-are-acknowledged", Box::new(|seen| when(account(seen) > 1 << 31, Status(400))), "status"),
        (
            "control-characters-do-not-crash",
            Box::new(|seen| when(seen.text().contains("\\u0000"), Status(500))),
            "crashes",
        ),
        (
            "forwarding-headers-change-nothing",
            Box::new(|seen| when(seen.header("x-forwarded-for") == "127.0.0.1", Accept)),
            "forgery-accepted",
        ),
        (
            "errors-tell-no-secret",
            Box::new(|seen| {
                when(seen.right.status().is_client_error(), Body(400, "Traceback (most recent call last):\n  File x"))
            }),
            "trace-told",
        ),
    ]
}

/// How it is sent.
fn transport() -> Vec<Kill> {
    vec![
        ("header-names-in-any-case", Box::new(|seen| when(seen.head.contains("X-CHAT"), Status(401))), "status"),
        (
            "media-type-in-any-spelling",
            Box::new(|seen| when(seen.header("content-type").contains('"'), Status(415))),
            "status",
        ),
        (
            "chunked-body-is-read",
            Box::new(|seen| when(!seen.header("transfer-encoding").is_empty(), Status(401))),
            "status",
        ),
        (
            "expect-continue-is-answered",
            Box::new(|seen| when(!seen.header("expect").is_empty(), Status(400))),
            "status",
        ),
        (
            "kept-connection-tells-apart",
            Box::new(|seen| when(seen.on_connection > 2 && seen.is_genuine(), Status(400))),
            "lost-on-kept-connection",
        ),
        (
            "idle-connection-loses-nothing",
            Box::new(|seen| when(seen.on_connection > 1 && seen.idle > Duration::from_millis(400), Status(408))),
            "lost-after-idling",
        ),
        (
            "get-head-options-do-not-crash",
            Box::new(|seen| when(seen.request.method() == Method::GET, Status(500))),
            "crashes",
        ),
        (
            "other-methods-are-not-processed",
            Box::new(|seen| when(seen.request.method() == Method::PUT, Accept)),
            "method-processed",
        ),
        (
            "content-encoding-does-not-crash",
            Box::new(|seen| when(seen.header("content-encoding") == "gzip", Status(500))),
            "crashes",
        ),
        ("long-text-is-acknowledged", Box::new(|seen| when(seen.request.body().len() > 4_500, Status(500))), "status"),
        (
            "malformed-body-does-not-crash",
            Box::new(|seen| when(seen.right.status() == StatusCode::BAD_REQUEST, Status(500))),
            "crashes",
        ),
        ("slow-sender-is-not-in-the-way", Box::new(|seen| when(seen.reads > 3, Status(400))), "slow-event-lost"),
        (
            "large-body-does-not-crash",
            Box::new(|seen| when(seen.request.body().len() > 500_000, Status(500))),
            "crashes",
        ),
    ]
}

/// What came before.
fn stateful(service: Service) -> Vec<Kill> {
    let mut kills: Vec<Kill> = Vec::new();
    let known = Mutex::new(BTreeSet::new());
    let repeats: Mistake = Box::new(move |seen| {
        let new = known.lock().unwrap().insert(seen.request.body().to_vec());
        when(seen.is_genuine() && !new, Status(500))
    });
    let twice =
        if service == Service::Chatwork { "repeated-event-is-answered" } else { "repeated-event-is-acknowledged" };
    kills.push((twice, repeats, "repetition-refused"));
    let racing = Mutex::new(BTreeSet::new());
    let races: Mistake = Box::new(move |seen| {
        let new = racing.lock().unwrap().insert(seen.request.body().to_vec());
        when(!new, Status(500))
    });
    kills.push(("identical-events-at-once-are-answered", races, "duplicates-crash"));
    // The smallest burst has four events, and a control event goes before it.
    let count = AtomicUsize::new(0);
    let limits: Mistake = Box::new(move |_| when(count.fetch_add(1, Ordering::SeqCst) >= 3, Status(503)));
    kills.push(("burst-is-acknowledged", limits, "burst-lost"));
    let bad = AtomicUsize::new(0);
    let tires: Mistake = Box::new(move |seen| {
        let refused = if seen.is_genuine() { bad.load(Ordering::SeqCst) } else { bad.fetch_add(1, Ordering::SeqCst) };
        when(seen.is_genuine() && refused > 50, Late(Duration::from_millis(700)))
    });
    kills.push(("bad-events-do-not-wear-it-out", tires, "slower-afterwards"));
    kills
}

fn chatwork() -> Vec<Kill> {
    let service = Service::Chatwork;
    let messages = Mutex::new(BTreeSet::new());
    let strict_order: Mistake = Box::new(move |seen| {
        let event = seen.json();
        let id = event["webhook_event"]["message_id"].to_string();
        let mut known = messages.lock().unwrap();
        match event["webhook_event_type"].as_str() {
            Some("message_updated") => when(!known.contains(&id), Status(500)),
            _ => {
                known.insert(id);
                Right
            }
        }
    });
    vec![
        ("events-in-another-order-are-acknowledged", strict_order, "order-assumed"),
        (
            "times-may-differ-from-the-clock",
            Box::new(|seen| {
                let time = seen.json()["webhook_event_time"].as_i64().unwrap_or_default();
                when((time - 1_760_000_000).abs() > 60, Status(400))
            }),
            "status",
        ),
        (
            "numbers-in-other-notation-are-acknowledged",
            Box::new(|seen| when(seen.json()["webhook_event_time"].is_f64(), Status(400))),
            "status",
        ),
        (
            "any-changed-signature-is-refused",
            Box::new(move |seen| {
                let right = right_signature(seen, token(service));
                when(seen.signature(service).get(..3) == right.get(..3), Accept)
            }),
            "forgery-accepted",
        ),
        (
            "published-tokens-are-refused",
            Box::new(move |seen| when(seen.signature(service) == right_signature(seen, "c2VjcmV0"), Accept)),
            "forgery-accepted",
        ),
        (
            "old-token-is-refused",
            Box::new(move |seen| when(seen.signature(service) == right_signature(seen, OLD), Accept)),
            "forgery-accepted",
        ),
        (
            "two-signatures-are-refused",
            Box::new(move |seen| when(seen.signature(service) == right_signature(seen, token(service)), Accept)),
            "forgery-accepted",
        ),
        (
            "header-and-query-copy-agree",
            Box::new(move |seen| {
                let right = right_signature(seen, token(service)).replace('=', "%3D");
                when(seen.request.uri().query().is_some_and(|query| query.ends_with(&right)), Accept)
            }),
            "either-copy-suffices",
        ),
    ]
}

fn chatday() -> Vec<Kill> {
    let service = Service::Chatday;
    vec![
        (
            "any-changed-secret-is-refused",
            Box::new(move |seen| when(seen.signature(service).get(..6) == token(service).get(..6), Accept)),
            "forgery-accepted",
        ),
        (
            "published-secrets-are-refused",
            Box::new(move |seen| when(seen.signature(service) == "changeme", Accept)),
            "forgery-accepted",
        ),
        (
            "old-secret-is-refused",
            Box::new(move |seen| when(seen.signature(service) == OLD, Accept)),
            "forgery-accepted",
        ),
        (
            "two-secrets-are-refused",
            Box::new(move |seen| when(seen.signature(service) == token(service), Accept)),
            "forgery-accepted",
        ),
    ]
}

/// A secret that was valid once.
const OLD: &str = "b2xkLXNlY3JldC1vbGQtc2VjcmV0";

fn caught(service: Service, words: &'static str, raw: &Raw) -> BTreeSet<String> {
    let only = format!("{service}.webhooks.{words}");
    // A pattern lives as long as its check: for ever.
    let only = conformance::catalog::find(&only).unwrap_or_else(|| panic!("there is no check {only}")).id;
    let manner = Manner { thorough: true, only, cases: 48, old_secret: Some(OLD), ..Manner::default() };
    deviations(&judge(service, &raw.url(), manner))
}

#[test]
fn every_check_catches_the_mistake_that_it_looks_for() {
    let mut shown = BTreeSet::from(["half-request-does-no-harm"]);
    for service in Service::ALL {
        for (words, mistake, deviation) in kills(service) {
            let raw = receiver(service, mistake, None);
            let found = caught(service, words, &raw);
            assert!(found.contains(deviation), "{service} {words}: {found:?} without {deviation}");
            shown.insert(words);
        }
        let half = Arc::new(AtomicBool::new(false));
        let broken = Arc::clone(&half);
        let dies: Mistake = Box::new(move |_| when(broken.load(Ordering::SeqCst), Status(500)));
        let found = caught(service, "half-request-does-no-harm", &receiver(service, dies, Some(half)));
        assert!(found.contains("lost-afterwards"), "{service} half-request-does-no-harm: {found:?}");
    }
    let listed = BTreeSet::from(ELSEWHERE);
    assert_eq!(shown, listed);
}

#[test]
fn a_correct_receiver_of_this_page_is_not_caught() {
    for service in Service::ALL {
        let manner = Manner { thorough: true, strict: true, ..Manner::default() };
        let raw = receiver(service, Box::new(|_| Right), None);
        let judged = judge(service, &raw.url(), manner);
        assert_eq!(deviations(&judged), BTreeSet::new(), "{service}");
        assert_eq!(judged.run.summary.errored + judged.run.summary.failed, 0, "{service}");
    }
}
