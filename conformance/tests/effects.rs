//! The checks that look at what an integration does: one that echoes what is said to it passes them all, and each mistake is
//! caught. What it calls is written down by hand here instead of going to a mock.

mod common;

use std::collections::BTreeSet;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use common::{Judged, Manner, Raw, integration, judge_watching, read_request, write};
use conformance::ask::effects::{Call, Effects, Mark};
use conformance::run::verdict::{Status, Verdict};
use conformance::sample::receive::Reaction;
use contract::service::Service;
use serde_json::Value as Json;

/// The calls of one integration, oldest first.
#[derive(Debug, Default)]
struct Log {
    calls: Mutex<Vec<(Instant, Call)>>,
    came: Condvar,
    delay: Mutex<Duration>,
}

impl Log {
    fn call(&self, operation: &str, place: &str, text: Option<&str>) {
        let call = Call {
            operation: operation.to_owned(),
            place: Some(place.to_owned()),
            text: text.map(str::to_owned),
            at_ms: 0,
        };
        self.calls.lock().unwrap().push((Instant::now(), call));
        self.came.notify_all();
    }
}

#[derive(Debug)]
struct Watch(Arc<Log>);

impl Effects for Watch {
    fn mark(&mut self) -> Mark {
        Mark(self.0.calls.lock().unwrap().len() as u64)
    }

    fn calls_since(&mut self, mark: Mark, count: usize, quiet: Duration, within: Duration) -> Vec<Call> {
        let started = Instant::now();
        let from = usize::try_from(mark.0).unwrap();
        let mut calls = self.0.calls.lock().unwrap();
        loop {
            let new = &calls[from.min(calls.len())..];
            let last = new.last().map_or(started, |(at, _)| *at);
            if started.elapsed() >= within
                || (new.len() >= count && last.elapsed() >= quiet && started.elapsed() >= quiet)
            {
                return new.iter().map(|(_, call)| call.clone()).collect();
            }
            calls = self.0.came.wait_timeout(calls, Duration::from_millis(10)).unwrap().0;
        }
    }

    fn slow_down(&mut self, delay: Duration) {
        *self.0.delay.lock().unwrap() = delay;
    }
}

/// One mistake of an integration that echoes; `None` is a correct one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mistake {
    None,
    ActsOnForged,
    NoDedupe,
    Races,
    DedupesByText,
    WorksFirst,
    FloatRoom,
    AnswersItself,
    EchoesMarkup,
    CutsBytes,
    BothRooms,
    NotesFirst,
}

struct Message {
    id: String,
    author: u64,
    place: String,
    text: String,
}

fn message(service: Service, event: &Json) -> Option<Message> {
    Some(match service {
        Service::Chatwork => Message {
            id: event["webhook_event"]["message_id"].as_str()?.to_owned(),
            author: event["webhook_event"]["account_id"].as_u64()?,
            place: event["webhook_event"]["room_id"].to_string(),
            text: event["webhook_event"]["body"].as_str()?.to_owned(),
        },
        Service::Chatday => Message {
            id: event.to_string(),
            author: 0,
            place: event["chat_id"].as_str()?.to_owned(),
            text: event["message"]["data"].as_str()?.to_owned(),
        },
    })
}

fn echo(mistake: Mistake, text: &str) -> String {
    let quiet = if mistake == Mistake::EchoesMarkup { text.to_owned() } else { text.replace(['[', ']'], "") };
    if mistake == Mistake::CutsBytes {
        return String::from_utf8_lossy(&quiet.as_bytes()[..quiet.len().min(200)]).into_owned();
    }
    quiet
}

fn receiver(service: Service, mistake: Mistake, log: Arc<Log>) -> Raw {
    let integration = integration(service, None);
    let known = Mutex::new(BTreeSet::new());
    Raw::start(move |mut stream, _| {
        while let Some(request) = read_request(&mut stream) {
            let Reaction::Answer(answer) = integration.receive(&request) else { return };
            let genuine = answer.status() == 200;
            let body = String::from_utf8_lossy(answer.body());
            let head = format!(
                "HTTP/1.1 {} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                answer.status().as_u16(),
                body.len()
            );
            if mistake != Mistake::WorksFirst && mistake != Mistake::NotesFirst {
                write(&mut stream, head.as_bytes());
            }
            let event: Json = serde_json::from_slice(request.body()).unwrap_or_default();
            let Some(message) = message(service, &event) else {
                write(&mut stream, head.as_bytes());
                continue;
            };
            let key = if mistake == Mistake::DedupesByText { message.text.clone() } else { message.id.clone() };
            let new = match mistake {
                Mistake::NoDedupe => true,
                Mistake::Races => {
                    let new = !known.lock().unwrap().contains(&key);
                    pause(Duration::from_millis(100));
                    known.lock().unwrap().insert(key);
                    new
                }
                _ => known.lock().unwrap().insert(key),
            };
            if mistake == Mistake::NotesFirst {
                // Answers, and handles the event only if that reached the sender.
                pause(Duration::from_millis(20));
                if !common::still_writes(&mut stream, head.as_bytes()) || stream.take_error().ok().flatten().is_some() {
                    continue;
                }
            }
            let acts = (genuine || mistake == Mistake::ActsOnForged) && new;
            if acts && (message.author != 1_002 || mistake == Mistake::AnswersItself) {
                let place = match mistake {
                    Mistake::FloatRoom => format!("{}", message.place.parse::<f64>().unwrap()),
                    _ => message.place.clone(),
                };
                let text = echo(mistake, &message.text);
                log.call("get-me", "", None);
                log.call("post-messages", &place, Some(&text));
                if mistake == Mistake::BothRooms && event.to_string().contains("987654321") {
                    log.call("post-messages", "5001", Some(&text));
                }
            }
            if mistake == Mistake::WorksFirst {
                let delay = *log.delay.lock().unwrap();
                pause(delay);
                write(&mut stream, head.as_bytes());
            }
        }
    })
}

/// Waits without sleeping: nobody ever sends.
fn pause(time: Duration) {
    let (_sender, never) = std::sync::mpsc::channel::<()>();
    let _ = never.recv_timeout(time);
}

fn judged(service: Service, mistake: Mistake, only: &'static str) -> Judged {
    let log = Arc::new(Log::default());
    let raw = receiver(service, mistake, Arc::clone(&log));
    let manner =
        Manner { thorough: true, strict: true, only, timeout: Duration::from_millis(1_500), ..Manner::default() };
    judge_watching(service, &raw.url(), manner, Some(Box::new(Watch(log))))
}

#[test]
fn an_integration_that_echoes_passes_every_check_of_effects() {
    for service in Service::ALL {
        for only in
            ["*effect*", "*answers-before*", "*reply*", "*same-text*", "*markup*", "*comes-back*", "*duplicate-keys*"]
        {
            let judged = judged(service, Mistake::None, only);
            for check in &judged.checks {
                assert_eq!(check.status, Status::Pass, "{}: {}", check.id, check.message);
                if check.id.contains("one-effect") {
                    assert!(check.message.contains("as seen after a control event"), "{}", check.message);
                }
            }
        }
    }
}

#[test]
fn every_mistake_is_caught_by_the_check_that_looks_for_it() {
    use Mistake::*;
    let both = Service::ALL.as_slice();
    let chatwork = &[Service::Chatwork][..];
    for (mistake, only, services, deviation) in [
        (ActsOnForged, "*forged-event-has-no-effect", both, "the integration called"),
        (NoDedupe, "*repeated-event-has-one-effect", chatwork, "more than one effect"),
        (Races, "*events-at-once-have-one-effect", chatwork, "more than one effect"),
        (DedupesByText, "*same-text-again-is-another-event", chatwork, "had no effect"),
        (WorksFirst, "*answers-before-it-works", both, "so does the integration"),
        (FloatRoom, "*reply-goes-to-its-*", both, "went elsewhere"),
        (AnswersItself, "*own-messages-get-no-reply", chatwork, "was answered"),
        (EchoesMarkup, "*markup-is-not-echoed", chatwork, "as markup"),
        (CutsBytes, "*text-comes-back-whole", both, "cut in two"),
        (BothRooms, "*duplicate-keys-have-one-meaning", chatwork, "two rooms"),
    ] {
        for service in services {
            let judged = judged(*service, mistake, only);
            assert_eq!(judged.checks.len(), 1, "{only}");
            assert_eq!(judged.checks[0].status, Status::Fail, "{service} {mistake:?}: {}", judged.checks[0].message);
            assert!(judged.checks[0].message.contains(deviation), "{}", judged.checks[0].message);
        }
    }
}

#[test]
fn an_event_that_is_noted_before_it_is_handled_is_lost_with_the_answer() {
    let judged = judged(Service::Chatday, Mistake::NotesFirst, "*lost-answer-leaves-one-effect");
    assert_eq!(judged.run.verdict, Verdict::Fail, "{}", judged.checks[0].message);
    assert!(judged.checks[0].message.contains("had no effect"), "{}", judged.checks[0].message);
}
