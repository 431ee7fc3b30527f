//! The checks that look at what an integration does: one that echoes what is said to it passes them all, and each mistake is
//! caught. What it calls is written down by hand here instead of going to a mock.

mod common;

use std::collections::BTreeSet;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use common::{Judged, Manner, Raw, integration, judge_watching, read_request, write};
use conformance::ask::effects::{Call, Effects, Mark};
use conformance::run::verdict::{Status, Verdict};
use conformance::sample::flaw::Flaw;
use conformance::sample::receive::{Integration, Reaction};
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
                || (new.iter().filter(|(_, call)| call.is_message()).count() >= count
                    && last.elapsed() >= quiet
                    && started.elapsed() >= quiet)
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
    /// Answers a forged event like a valid one, and does nothing about it.
    DropsSilently,
    /// Answers a forged event like a valid one, and acts on it.
    Believes,
}

/// What is no mistake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Manners {
    /// Says thanks to everything, and nothing else.
    thanks: bool,
    /// How long after its answer it acts.
    late: Duration,
    /// Each message comes twice as often.
    twofold: bool,
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
            // An edit has the id of its message.
            id: format!("{} {}", event["webhook_event"]["message_id"], event["webhook_event"]["update_time"]),
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

fn receiver(service: Service, mistake: Mistake, manners: Manners, log: Arc<Log>) -> Raw {
    let integration = integration(service, None);
    let confirming = integration_of(service, mistake);
    let known = Mutex::new(BTreeSet::new());
    Raw::start(move |mut stream, _| {
        while let Some(request) = read_request(&mut stream) {
            let Reaction::Answer(answer) = integration.receive(&request) else { return };
            let genuine = answer.status() == 200;
            let Reaction::Answer(answer) = confirming.receive(&request) else { return };
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
            let acts = (genuine || matches!(mistake, Mistake::ActsOnForged | Mistake::Believes)) && new;
            pause(manners.late);
            if acts && (message.author != 1_002 || mistake == Mistake::AnswersItself) {
                let place = match mistake {
                    Mistake::FloatRoom => format!("{}", message.place.parse::<f64>().unwrap()),
                    _ => message.place.clone(),
                };
                let text = if manners.thanks { "thanks".to_owned() } else { echo(mistake, &message.text) };
                log.call("get-me", "", None);
                log.call("post-messages", &place, Some(&text));
                if manners.twofold {
                    log.call("post-messages", &place, Some(&text));
                }
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

/// What gives the answers: with these mistakes, that of a valid event to everything.
fn integration_of(service: Service, mistake: Mistake) -> Integration {
    let confirms = matches!(mistake, Mistake::DropsSilently | Mistake::Believes);
    integration(service, confirms.then_some(Flaw::DropsSilently))
}

/// Waits without sleeping: nobody ever sends.
fn pause(time: Duration) {
    let (_sender, never) = std::sync::mpsc::channel::<()>();
    let _ = never.recv_timeout(time);
}

fn judged(service: Service, mistake: Mistake, only: &'static str) -> Judged {
    judged_with(service, mistake, Manners::default(), only)
}

fn judged_with(service: Service, mistake: Mistake, manners: Manners, only: &'static str) -> Judged {
    let log = Arc::new(Log::default());
    let raw = receiver(service, mistake, manners, Arc::clone(&log));
    let manner =
        Manner { thorough: true, strict: true, only, timeout: Duration::from_millis(1_500), ..Manner::default() };
    judge_watching(service, &raw.url(), manner, Some(Box::new(Watch(log))))
}

#[test]
fn an_integration_that_echoes_passes_every_check_of_effects() {
    std::thread::scope(|scope| {
        for service in Service::ALL {
            for only in [
                "*effect*",
                "*answers-before*",
                "*reply*",
                "*another-event*",
                "*markup*",
                "*comes-back*",
                "*duplicate-keys*",
            ] {
                scope.spawn(move || {
                    for check in &judged(service, Mistake::None, only).checks {
                        assert_eq!(check.status, Status::Pass, "{}: {}", check.id, check.message);
                        if check.id.contains("one-effect") {
                            assert!(check.message.contains("as seen after a control event"), "{}", check.message);
                        }
                    }
                });
            }
        }
    });
}

#[test]
fn every_mistake_is_caught_by_the_check_that_looks_for_it() {
    use Mistake::*;
    let both = Service::ALL.as_slice();
    let chatwork = &[Service::Chatwork][..];
    let mistakes = [
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
    ];
    std::thread::scope(|scope| {
        for (mistake, only, services, deviation) in mistakes {
            for service in services {
                scope.spawn(move || {
                    let judged = judged(*service, mistake, only);
                    let [check] = judged.checks.as_slice() else { panic!("{only} names one check") };
                    assert_eq!(check.status, Status::Fail, "{service} {mistake:?}: {}", check.message);
                    assert!(check.message.contains(deviation), "{}", check.message);
                });
            }
        }
    });
}

#[test]
fn an_event_that_is_noted_before_it_is_handled_is_lost_with_the_answer() {
    let judged = judged(Service::Chatday, Mistake::NotesFirst, "*lost-answer-leaves-one-effect");
    assert_eq!(judged.run.verdict, Verdict::Fail, "{}", judged.checks[0].message);
    assert!(judged.checks[0].message.contains("had no effect"), "{}", judged.checks[0].message);
}

#[test]
fn who_takes_its_time_is_not_accused_of_what_came_late() {
    let late = Manners { late: Duration::from_millis(600), ..Manners::default() };
    let patient = Manners { thanks: true, ..late };
    // So late that nobody waits for it: what comes then belongs to events long past.
    let too_late = Manners { late: Duration::from_millis(4_400), ..Manners::default() };
    let far_too_late = Manners { thanks: true, ..too_late };
    let forged = "*forged-event-has-no-effect";
    together(Service::ALL.into_iter().flat_map(|service| {
        [
            (service, Mistake::None, late, forged, Status::Pass),
            (service, Mistake::ActsOnForged, late, forged, Status::Fail),
            (service, Mistake::None, late, "*repeated-event-has-one-effect", Status::Pass),
            (service, Mistake::None, patient, forged, Status::Pass),
            (service, Mistake::ActsOnForged, patient, forged, Status::Fail),
            (service, Mistake::None, too_late, forged, Status::Pass),
            (service, Mistake::None, far_too_late, forged, Status::Pass),
        ]
    }));
}

type Expected = (Service, Mistake, Manners, &'static str, Status);

/// Judges several integrations at once, since most of the time is waiting.
fn together(all: impl Iterator<Item = Expected>) {
    std::thread::scope(|scope| {
        for (service, mistake, manners, only, status) in all {
            scope.spawn(move || {
                let judged = judged_with(service, mistake, manners, only);
                let [check] = judged.checks.as_slice() else { panic!("{only} names one check") };
                assert_eq!(check.status, status, "{service} {mistake:?} {manners:?}: {}", check.message);
            });
        }
    });
}

#[test]
fn who_says_the_same_to_everything_is_judged_by_how_often() {
    let thanks = Manners { thanks: true, ..Manners::default() };
    let twofold = Manners { twofold: true, ..Manners::default() };
    let (twice, same) = ("*repeated-event-has-one-effect", "*same-text-again*");
    let all = [
        (thanks, Mistake::None, twice, Status::Pass),
        (thanks, Mistake::NoDedupe, twice, Status::Fail),
        (thanks, Mistake::None, same, Status::Pass),
        (thanks, Mistake::DedupesByText, same, Status::Fail),
        (twofold, Mistake::None, twice, Status::Pass),
        (twofold, Mistake::NoDedupe, twice, Status::Fail),
    ];
    together(
        all.into_iter().map(|(manners, mistake, only, status)| (Service::Chatwork, mistake, manners, only, status)),
    );
}

#[test]
fn a_silent_drop_is_seen_whatever_the_integration_says_to_valid_events() {
    let thanks = Manners { thanks: true, ..Manners::default() };
    for service in Service::ALL {
        for manners in [Manners::default(), thanks] {
            let deviation = |mistake| {
                let judged = judged_with(service, mistake, manners, "*.empty-s*-is-refused");
                judged.checks[0].message.clone()
            };
            let dropped = deviation(Mistake::DropsSilently);
            assert!(dropped.contains("the mock saw that it had no effect"), "{service} {manners:?}: {dropped}");
            let acted_on = deviation(Mistake::Believes);
            assert!(
                acted_on.contains("then the integration called post-messages"),
                "{service} {manners:?}: {acted_on}"
            );
        }
    }
}
