//! Fixed events through every reporter: what people and programs read cannot change unseen.

mod common;

use std::path::Path;

use common::shelf;
use conformance::check::{Area, Kind, Level};
use conformance::report::Reporter;
use conformance::report::github::{Annotations, StepSummary};
use conformance::report::html::Html;
use conformance::report::human::Human;
use conformance::report::json::Json;
use conformance::report::jsonl::Jsonl;
use conformance::report::junit::Junit;
use conformance::report::markdown::Markdown;
use conformance::run::event::{CaseReport, CheckCard, CheckReport, Event, RunCard, RunReport, Subject, Tool};
use conformance::run::evidence::{Evidence, Received, Sent};
use conformance::run::verdict::{Status, Summary};

fn check(position: usize, area: Area, status: Status, words: &str) -> [Event; 2] {
    let id = format!("chatday.webhooks.{words}");
    let title = format!("{} is as the contract asks", words.replace('-', " "));
    let card = CheckCard { id: id.clone(), title: title.clone(), area, level: Level::Must, position };
    let report = CheckReport {
        id: id.clone(),
        title,
        area,
        level: Level::Must,
        clause: "chatday.webhook.answer: The endpoint must answer with 200. (Chatday APIs; documented)".to_owned(),
        status,
        cases: if matches!(status, Status::Skip) { 0 } else { 3 },
        duration_ms: 12,
        message: match status {
            Status::Pass => "3 of 3 cases as the contract asks".to_owned(),
            Status::Skip => "the run was stopped before this check".to_owned(),
            Status::Error => "the receiver does not accept a correctly signed event (case no-header, 3 of 3)".to_owned(),
            _ => "the forged event got the answer of a valid one <b>&</b> | `x` (case ภาษาไทย, 1 of 3)".to_owned(),
        },
        expected: matches!(status, Status::Fail | Status::Warn).then(|| "status 401 (or 400, 403)".to_owned()),
        actual: matches!(status, Status::Fail | Status::Warn).then(|| "200 {\"status\":\"SUCCESS\"}".to_owned()),
        evidence: if status == Status::Fail { vec![evidence()] } else { Vec::new() },
        reproduce: (status == Status::Fail)
            .then(|| "curl -sS -i -X POST 'http://127.0.0.1:8080/webhook' -H \"x-token: ${TOKEN}\" --data-binary '{}'".to_owned()),
        replay: (status == Status::Fail).then(|| format!("{id}@1/ภาษาไทย")),
        hint: matches!(status, Status::Fail | Status::Warn)
            .then(|| "Compare the whole header with the token from Register, in constant time, and answer 401 before doing anything else.".to_owned()),
    };
    [Event::CheckStarted(card), Event::CheckFinished(Box::new(report))]
}

fn evidence() -> Evidence {
    Evidence {
        step: "ภาษาไทย".to_owned(),
        request: Sent {
            method: "POST".to_owned(),
            target: "/webhook".to_owned(),
            headers: vec![("x-chatday-signature-token".to_owned(), "[the secret backwards]".to_owned())],
            body: "{\"message\":{\"type\":\"text\",\"data\":\"สวัสดี 😀\"},\"chat_id\":\"70001\"}".to_owned(),
            body_bytes: 76,
            body_base64: None,
        },
        response: Some(Received {
            status: 200,
            version: "HTTP/1.1".to_owned(),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: "{\"status\":\"SUCCESS\"}".to_owned(),
            body_bytes: 20,
        }),
        fault: None,
        duration_ms: 4,
    }
}

/// A run in which everything happens once.
fn events() -> Vec<Event> {
    let mut events = vec![Event::RunStarted(RunCard {
        tool: Tool { name: "conformance".to_owned(), version: "1.2.3".to_owned() },
        subject: Subject {
            kind: Kind::Webhook,
            service: "chatday".to_owned(),
            target: "http://127.0.0.1:8080/webhook".to_owned(),
        },
        seed: 1,
        started_at: "2026-01-31T02:00:00Z".to_owned(),
        checks: 5,
        shard: None,
        declared: vec!["forged events are dropped whatever their answer says (--forgery-answer any)".to_owned()],
    })];
    events.extend(check(1, Area::Acknowledgement, Status::Pass, "valid-event"));
    let [started, finished] = check(2, Area::Authenticity, Status::Fail, "wrong-secret");
    let case = Event::CaseFinished(CaseReport {
        check: "chatday.webhooks.wrong-secret".to_owned(),
        case: "ภาษาไทย".to_owned(),
        status: Status::Fail,
        deviation: Some("forgery-accepted".to_owned()),
        outcome: "200 {\"status\":\"SUCCESS\"}".to_owned(),
        duration_ms: 4,
        response: evidence().response,
    });
    events.extend([started, case, finished]);
    events.extend(check(3, Area::Authenticity, Status::Error, "missing-secret"));
    events.extend(check(4, Area::Tolerance, Status::Warn, "unknown-type"));
    events.extend(check(5, Area::Tolerance, Status::Skip, "unknown-field"));
    let mut summary = Summary { requests: 21, ..Summary::default() };
    for (status, cases) in
        [(Status::Pass, 3), (Status::Fail, 3), (Status::Error, 3), (Status::Warn, 3), (Status::Skip, 0)]
    {
        summary.count(status, cases);
    }
    events.push(Event::RunFinished(RunReport {
        verdict: summary.verdict(),
        summary,
        duration_ms: 87,
        stopped: true,
        objections: vec![
            "chatday.webhooks.valid-event does not behave as in <a>.snap\n  200\n- ```ok```\n+ <script>ไม่</script>"
                .to_owned(),
        ],
    }));
    events
}

fn told<'a, R: Reporter + 'a>(out: &'a mut Vec<u8>, make: impl FnOnce(&'a mut Vec<u8>) -> R) {
    let mut reporter = make(out);
    for event in events() {
        reporter.tell(&event).unwrap();
    }
}

fn snapshot(name: &str, out: Vec<u8>) {
    let text = String::from_utf8(out).unwrap();
    let mut shelf = shelf();
    shelf.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("../snapshots/conformance/report"));
    shelf.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn the_human_report_reads_as_ever() {
    let mut out = Vec::new();
    told(&mut out, |out| Human::new(anstream::StripStream::new(out)));
    let text = String::from_utf8(out.clone()).unwrap();
    assert!(text.lines().filter(|line| !line.contains("curl ")).all(|line| line.chars().count() <= 100), "{text}");
    snapshot("human", out);
}

#[test]
fn the_json_report_reads_as_ever_and_fits_its_schema() {
    let mut out = Vec::new();
    told(&mut out, Json::new);
    let schema = serde_json::from_str(include_str!("../../fixtures/conformance/report.schema.json")).unwrap();
    assert!(jsonschema::is_valid(&schema, &serde_json::from_slice(&out).unwrap()));
    snapshot("json", out);
}

#[test]
fn the_jsonl_report_reads_as_ever() {
    let mut out = Vec::new();
    told(&mut out, Jsonl::new);
    snapshot("jsonl", out);
}

#[test]
fn the_junit_report_reads_as_ever() {
    let mut out = Vec::new();
    told(&mut out, Junit::new);
    let read = quick_junit::Report::deserialize(out.as_slice()).unwrap();
    assert_eq!((read.tests, read.failures, read.errors), (6, 2, 1), "five checks and an objection");
    let [suite] = read.test_suites.as_slice() else { panic!("one suite") };
    let names: std::collections::BTreeSet<&str> = suite.test_cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), read.tests, "no name stands twice");
    assert!(suite.test_cases.iter().all(|case| case.classname.is_some()));
    snapshot("junit", out);
}

#[test]
fn the_markdown_report_reads_as_ever() {
    let mut out = Vec::new();
    told(&mut out, Markdown::new);
    snapshot("markdown", out);
}

#[test]
fn the_html_report_reads_as_ever() {
    let mut out = Vec::new();
    told(&mut out, Html::new);
    snapshot("html", out);
}

#[test]
fn the_annotations_read_as_ever_and_nothing_before_them_is_a_command() {
    let mut out = Vec::new();
    told(&mut out, |out| Annotations::new(out, "unguessable".to_owned()));
    let text = String::from_utf8(out.clone()).unwrap();
    assert!(text.starts_with("::stop-commands::unguessable\n::unguessable::\n::error "), "{text}");
    assert!(text.lines().all(|line| line.starts_with("::")), "{text}");
    snapshot("github", out);
}

#[test]
fn the_step_summary_is_the_markdown_page() {
    let (mut page, mut summary) = (Vec::new(), Vec::new());
    told(&mut page, Markdown::new);
    told(&mut summary, StepSummary::new);
    assert_eq!(page, summary);
}

/// A page on which every text that an endpoint or a profile can bring along is an attack.
#[test]
fn no_text_becomes_markup_in_the_html_report() {
    let attack =
        "</pre></script><script>alert(1)</script><img src=x onerror=alert(1)>\" ' onload=alert(1) --> ]]> &lt;";
    let mut out = Vec::new();
    let mut html = Html::new(&mut out);
    for mut event in events() {
        match &mut event {
            Event::RunStarted(card) => {
                card.subject.target = attack.to_owned();
                card.declared = vec![attack.to_owned()];
            }
            Event::CheckFinished(report) => {
                for text in [&mut report.id, &mut report.title, &mut report.clause, &mut report.message] {
                    attack.clone_into(text);
                }
                for text in [
                    &mut report.expected,
                    &mut report.actual,
                    &mut report.reproduce,
                    &mut report.replay,
                    &mut report.hint,
                ] {
                    *text = Some(format!("{attack}\n{{\"a\":1}}"));
                }
                report.evidence = vec![evidence()];
                for evidence in &mut report.evidence {
                    attack.clone_into(&mut evidence.step);
                    attack.clone_into(&mut evidence.request.body);
                    let answer = evidence.response.as_mut().unwrap();
                    answer.headers = vec![(attack.to_owned(), attack.to_owned())];
                    attack.clone_into(&mut answer.body);
                }
            }
            Event::RunFinished(report) => report.objections = vec![attack.to_owned()],
            Event::CheckStarted(_) | Event::CaseFinished(_) => {}
        }
        html.tell(&event).unwrap();
    }
    let page = String::from_utf8(out).unwrap();
    assert_eq!(page.matches("<script>").count(), 1, "the report's own");
    assert_eq!(page.matches("</script>").count(), 1);
    assert!(!page.contains("<img") && !page.contains("onerror=alert(1)>"), "{page}");
    assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;&quot;"));
}

#[test]
fn the_catalogue_reads_as_ever() {
    let output = assert_cmd::Command::cargo_bin("conformance").unwrap().arg("list").output().unwrap();
    shelf().bind(|| insta::assert_snapshot!("catalogue", String::from_utf8(output.stdout).unwrap()));
}

#[test]
fn an_explanation_reads_as_ever() {
    let mut command = assert_cmd::Command::cargo_bin("conformance").unwrap();
    let output = command.args(["explain", "chatday.webhooks.answer-is-declared-as-json"]).output().unwrap();
    shelf().bind(|| insta::assert_snapshot!("explanation", String::from_utf8(output.stdout).unwrap()));
}
