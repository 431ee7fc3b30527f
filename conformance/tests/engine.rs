//! How the engine goes about it: generated cases shrink to something readable, what happens once only is flaky, a run ends
//! when its time is over, and how many are sent at once changes no verdict.

mod common;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::{Manner, Raw, integration, judge, read_request, sample, write};
use conformance::run::event::Event;
use conformance::run::verdict::{Status, Verdict};
use conformance::sample::flaw::Flaw;
use conformance::sample::receive::Reaction;
use contract::service::Service;
use contract::wire::Request;

const TEXTS: Manner = Manner {
    strict: false,
    seed: 1,
    timeout: Duration::from_secs(5),
    forgery_answer: conformance::ask::policy::ForgeryAnswer::Refuse,
    cases: 200,
    jobs: 4,
    thorough: true,
    only: "*any-text-is-acknowledged",
    old_secret: None,
    max_time: None,
};

/// A correct receiver, except for requests that it refuses with 400.
fn refusing(service: Service, refuses: impl Fn(&Request) -> bool + Send + Sync + 'static) -> Raw {
    let integration = integration(service, None);
    Raw::start(move |mut stream, _| {
        while let Some(request) = read_request(&mut stream) {
            let Reaction::Answer(answer) = integration.receive(&request) else { return };
            let status = if refuses(&request) { 400 } else { answer.status().as_u16() };
            let head = format!(
                "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                answer.body().len()
            );
            write(&mut stream, head.as_bytes());
            write(&mut stream, answer.body());
        }
    })
}

fn text_of(request: &Request) -> String {
    let event: serde_json::Value = serde_json::from_slice(request.body()).unwrap_or_default();
    event["message"]["data"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_generated_case_shrinks_to_what_matters_and_the_same_seed_finds_the_same() {
    let raw = refusing(Service::Chatday, |request| text_of(request).contains('\u{2028}'));
    let message = |seed| {
        let judged = judge(Service::Chatday, &raw.url(), Manner { seed, ..TEXTS });
        let check = &judged.checks[0];
        assert_eq!(check.status, Status::Fail);
        assert!(check.evidence.iter().any(|evidence| evidence.step == "control after"), "{:?}", check.evidence);
        check.message.clone()
    };
    let first = message(7);
    assert!(first.contains(r#"the smallest found: text "\u{2028}""#), "{first}");
    assert_eq!(message(7), first);
}

#[test]
fn what_happens_once_and_never_again_is_flaky_and_no_failure() {
    let happened = AtomicBool::new(false);
    let raw = refusing(Service::Chatday, move |request| {
        text_of(request).contains("👍") && !happened.swap(true, Ordering::SeqCst)
    });
    // One at a time: among others a refused event is sent once more before it counts.
    let judged = judge(Service::Chatday, &raw.url(), Manner { jobs: 1, ..TEXTS });
    assert_eq!(judged.checks[0].status, Status::Flaky, "{}", judged.checks[0].message);
    assert_eq!(judged.run.verdict, Verdict::Pass);
}

#[test]
fn a_run_ends_when_its_time_is_over_and_still_reports_every_check() {
    let sample = sample(Service::Chatday, None);
    let over = Manner { max_time: Some(Duration::ZERO), ..Manner::default() };
    let judged = judge(Service::Chatday, &sample.url(), over);
    assert_eq!(judged.run.verdict, Verdict::Error);
    assert!(!judged.run.stopped);
    assert_eq!(judged.with(Status::Error).len(), judged.checks.len());
    assert!(judged.checks[0].message.contains("the run's time was over"), "{}", judged.checks[0].message);

    let slow = refusing(Service::Chatday, |_| {
        let (_sender, never) = std::sync::mpsc::channel::<()>();
        let _ = never.recv_timeout(Duration::from_millis(100));
        false
    });
    let short = Manner { max_time: Some(Duration::from_millis(500)), ..Manner::default() };
    let judged = judge(Service::Chatday, &slow.url(), short);
    assert!(!judged.with(Status::Pass).is_empty());
    assert!(judged.run.duration_ms < 2_000, "{} ms", judged.run.duration_ms);
    let last = judged.checks.last().unwrap();
    assert_eq!((last.status, last.message.as_str()), (Status::Error, "the run's time was over before this check"));
}

#[test]
fn how_many_are_sent_at_once_changes_no_verdict() {
    for flaw in [Flaw::PrefixCompare, Flaw::CrashesOnBadSignature, Flaw::AsciiOnly] {
        let sample = sample(Service::Chatwork, Some(flaw));
        let statuses = |jobs| {
            let judged = judge(Service::Chatwork, &sample.url(), Manner { jobs, ..Manner::default() });
            judged.checks.into_iter().map(|check| (check.id, check.status)).collect::<Vec<_>>()
        };
        assert_eq!(statuses(1), statuses(16), "{flaw}");
    }
}

#[test]
fn many_cases_are_counted_and_one_is_kept() {
    let sample = sample(Service::Chatday, None);
    let judged = judge(Service::Chatday, &sample.url(), Manner { cases: 2_000, ..TEXTS });
    assert_eq!(judged.checks[0].cases, 2_000);
    assert_eq!(judged.checks[0].evidence.len(), 1);
    let told = judged.events.iter().filter(|event| matches!(event, Event::CaseFinished(_))).count();
    assert_eq!(told, 2_000);
}
