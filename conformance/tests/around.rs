//! The run around the checks, as a CI job uses it: replay, parts, baseline, snapshots, annotations.

mod common;

use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use common::program::{conformance, file, folder, has_curl, json, replay, run, webhook};
use common::{Raw, read_request, sample, shelf, token};
use conformance::run::shell::curl;
use conformance::sample::flaw::Flaw;
use contract::service::Service;
use courier::address::Endpoint;
use courier::exchange::{Delivery, Hidden, Value as HeaderValue};
use http::HeaderName;
use serde_json::{Value, json};

const WRONG: &str = "chatwork.webhooks.wrong-secret-is-refused";

// --- curl

/// What arrives when a printed line goes through the shell.
fn arrived(delivery: &Delivery) -> http::Request<Bytes> {
    let requests = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&requests);
    let endpoint = Raw::start(move |mut stream, _| {
        if let Some(request) = read_request(&mut stream) {
            seen.lock().unwrap().push(request);
            common::write(&mut stream, b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
    });
    let line = curl(&Endpoint::parse(&endpoint.url()).unwrap(), delivery, None).unwrap();
    let output = Command::new("sh").args(["-c", &line]).env("TOKEN", "s3cret value").output().unwrap();
    assert!(output.status.success(), "{line}\n{}", String::from_utf8_lossy(&output.stderr));
    requests.lock().unwrap().pop().unwrap()
}

#[test]
fn a_printed_line_sends_the_very_bytes_and_headers() {
    if !has_curl() {
        return;
    }
    let hidden = Hidden { sent: "s3cret value".into(), shown: "[secret]".into(), shell: "${TOKEN}".into() };
    let headers = vec![
        (HeaderName::from_static("x-token"), HeaderValue::Secret(hidden)),
        (HeaderName::from_static("x-empty"), HeaderValue::Plain(String::new())),
        (HeaderName::from_static("x-quote"), HeaderValue::Plain("it's \"$HOME\" `x` \\".into())),
    ];
    let long = "ไทย😀".repeat(800);
    let bodies: [&[u8]; 12] = [
        b"",
        b"{}",
        "{\"text\":\"it's ขอบคุณ 😀 $HOME `x` \\\\ !\"}".as_bytes(),
        b"@/etc/hostname",
        b"\0\x01\xff\xfe",
        b"-n leading dash \xff",
        b"100 % \\n %s \xf0\x9f",
        b"\r\n{}\r\n\n",
        b"\xef\xbb\xbf{}",
        "right \u{202e}to left مرحبا".as_bytes(),
        b"\x007 digits after an octal escape",
        long.as_bytes(),
    ];
    for body in bodies {
        let delivery = Delivery {
            method: http::Method::POST,
            target: "/webhook?x={a}&y=[1]&sig=a%2Bb".to_owned(),
            headers: headers.clone(),
            body: Bytes::copy_from_slice(body),
        };
        let request = arrived(&delivery);
        assert_eq!(request.body(), &delivery.body);
        assert_eq!(request.uri(), delivery.target.as_str());
        let mut names: Vec<&str> = request.headers().keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["content-length", "host", "x-empty", "x-quote", "x-token"]);
        for (name, value) in &headers {
            assert_eq!(request.headers()[name], value.sent(), "{name}");
        }
    }
}

#[test]
fn every_printed_line_and_replay_id_of_a_failing_run_shows_the_same_failure() {
    for (service, flaw) in [(Service::Chatwork, Flaw::VerificationOff), (Service::Chatday, Flaw::AnswerSpoilt)] {
        let flawed = sample(service, Some(flaw));
        let mut command = conformance();
        command.env("TOKEN", token(service)).args(["webhook", &flawed.url(), "--service", service.name()]);
        let (code, report) = json(command.args(["--secret-env", "TOKEN"]));
        assert_eq!(code, 1);
        let failed = report["checks"].as_array().unwrap().iter().filter(|check| check["status"] == "fail");
        let mut tried = 0;
        for check in failed {
            tried += 1;
            let id = check["replay"].as_str().unwrap();
            let (code, again) = json(&mut replay(id, &flawed.url(), service));
            assert_eq!(code, 1, "{id}");
            assert_eq!(again["checks"][0]["replay"], check["replay"]);
            assert_eq!(again["checks"][0]["actual"], check["actual"]);
            assert_eq!(again["checks"][0]["cases"], 1, "this case and no other");
            if has_curl() {
                let line = check["reproduce"].as_str().unwrap();
                let output = Command::new("sh").args(["-c", line]).env("TOKEN", token(service)).output().unwrap();
                let deciding = check["evidence"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .find(|step| !step["step"].as_str().unwrap().starts_with("control "));
                let answer = &deciding.unwrap()["response"];
                let printed = String::from_utf8_lossy(&output.stdout).into_owned();
                assert!(printed.starts_with(&format!("HTTP/1.1 {}", answer["status"])), "{line}\n{printed}");
                assert!(printed.ends_with(answer["body"].as_str().unwrap()), "{line}\n{printed}");
            }
        }
        assert!(tried > 0);
    }
}

// --- replay

#[test]
fn a_replayed_case_is_judged_as_in_the_run_it_comes_from() {
    let id = format!("{WRONG}@7/another-token");
    let (code, out, _) = run(&mut replay(&id, &sample(Service::Chatwork, None).url(), Service::Chatwork));
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("seed 7") && out.contains("(1 case, "), "{out}");
    let flawed = sample(Service::Chatwork, Some(Flaw::VerificationOff));
    let (code, report) = json(&mut replay(&id, &flawed.url(), Service::Chatwork));
    assert_eq!(code, 1);
    let steps: Vec<&str> =
        report["checks"][0]["evidence"].as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap()).collect();
    assert_eq!(steps, ["control before", "another-token", "control after"]);
}

#[test]
fn a_report_or_one_entry_of_it_replays_what_failed() {
    let folder = folder("replay");
    let flawed = sample(Service::Chatwork, Some(Flaw::IgnoresSuffix));
    let (_, report) = json(&mut webhook(&flawed.url()));
    let failed: Vec<&Value> =
        report["checks"].as_array().unwrap().iter().filter(|check| check["status"] == "fail").collect();
    let whole = file(&folder, "report.json", &report.to_string());
    let (code, again) = json(&mut replay(&whole, &flawed.url(), Service::Chatwork));
    assert_eq!(code, 1);
    assert_eq!(again["summary"]["failed"], failed.len());
    assert_eq!(again["summary"]["cases"], failed.len());
    let entry = file(&folder, "entry.json", &failed[0].to_string());
    assert_eq!(run(&mut replay(&entry, &flawed.url(), Service::Chatwork)).0, 1);
    assert_eq!(run(&mut replay(&entry, &sample(Service::Chatwork, None).url(), Service::Chatwork)).0, 0);
}

#[test]
fn a_case_that_only_the_file_knows_goes_out_with_the_bytes_that_it_keeps() {
    let folder = folder("kept");
    let flawed = sample(Service::Chatwork, Some(Flaw::VerificationOff));
    let (_, report) = json(webhook(&flawed.url()).args(["--only", WRONG]));
    let mut entry = report["checks"][0].clone();
    entry["replay"] = json!(format!("{WRONG}@1/the-smallest-found"));
    entry["evidence"][1]["step"] = json!("the-smallest-found");
    entry["evidence"][1]["request"]["body"] = json!("\\u{0}…");
    entry["evidence"][1]["request"]["body_bytes"] = json!(3);
    entry["evidence"][1]["request"]["body_base64"] = json!("/wBh");
    let kept = file(&folder, "kept.json", &entry.to_string());
    let bodies = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&bodies);
    let endpoint = Raw::start(move |mut stream, _| {
        if let Some(request) = read_request(&mut stream) {
            seen.lock().unwrap().push(request.body().clone());
            common::write(&mut stream, b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
    });
    let (code, out, err) = run(&mut replay(&kept, &endpoint.url(), Service::Chatwork));
    assert_eq!(code, 1, "{out}{err}");
    let bodies = bodies.lock().unwrap();
    assert_eq!(bodies.len(), 3, "between two control events");
    assert_eq!(bodies[1].as_ref(), b"\xff\0a");
}

#[test]
fn what_cannot_be_replayed_is_refused_with_one_sentence() {
    let folder = folder("refused");
    let refused = |what: &str, words: &str| {
        let (code, _, err) = run(&mut replay(what, "http://127.0.0.1:9/", Service::Chatwork));
        assert_eq!(code, 2, "{err}");
        assert!(err.contains(words), "{err}");
    };
    refused("nonsense", "is no replay id: expected CHECK@SEED/CASE");
    refused("chatwork.webhooks.wrong-secrt-is-refused@1/x", "did you mean");
    refused(&format!("{WRONG}@1/x"), "has no case 'x' with seed 1: its cases are another-token");
    refused(&file(&folder, "x.json", "{}"), "neither a JSON report");
    let (code, _, err) = run(replay(&format!("{WRONG}@1/another-token"), "http://127.0.0.1:9/", Service::Chatwork)
        .args(["--service", "chatday"]));
    assert_eq!(code, 2);
    assert!(err.contains("the case belongs to chatwork"), "{err}");
}

// --- parts

#[test]
fn the_parts_of_a_run_are_joined_into_the_whole() {
    let folder = folder("parts");
    let flawed = sample(Service::Chatwork, Some(Flaw::VerificationOff));
    let (_, whole) = json(&mut webhook(&flawed.url()));
    let parts: Vec<String> = (1..=3)
        .map(|part| {
            let name = folder.join(format!("{part}.json"));
            let report = format!("json={}", name.display());
            run(webhook(&flawed.url()).args(["--shard", &format!("{part}/3"), "--report", &report]));
            name.to_str().unwrap().to_owned()
        })
        .collect();
    let html = folder.join("whole.html");
    let (code, joined) =
        json(conformance().arg("merge").args(&parts).args(["--report", &format!("html={}", html.display())]));
    assert_eq!(code, 1);
    let told = |report: &Value| -> Vec<(String, String)> {
        let checks = report["checks"].as_array().unwrap().iter();
        checks.map(|check| (check["id"].to_string(), check["status"].to_string())).collect()
    };
    assert_eq!(told(&joined), told(&whole));
    assert_eq!(joined["summary"]["failed"], whole["summary"]["failed"]);
    assert_eq!((&joined["verdict"], &joined["shard"]), (&json!("fail"), &Value::Null));
    assert!(fs::read_to_string(html).unwrap().contains("chatwork.webhooks"));

    let refused = |files: &[&String], words: &str| {
        let (code, _, err) = run(conformance().arg("merge").args(files));
        assert_eq!(code, 2, "{err}");
        assert!(err.contains(words), "{err}");
    };
    refused(&[&parts[0], &parts[2]], "part 2 of 3 is missing");
    refused(&[&parts[0], &parts[1], &parts[2], &parts[2]], "part 3 of 3 is there 2 times");
    let mut other: Value = serde_json::from_str(&fs::read_to_string(&parts[1]).unwrap()).unwrap();
    other["seed"] = json!(2);
    let other = file(&folder, "other.json", &other.to_string());
    refused(&[&parts[0], &other, &parts[2]], "was run with another seed");
    refused(&[&file(&folder, "no.json", "[]")], "is no JSON report");
}

// --- baseline

#[test]
fn a_known_failure_is_a_warning_until_it_expires_or_is_mended() {
    let folder = folder("baseline");
    let entry = |expires: &str| {
        format!(
            "[[known]]\ncheck = '{WRONG}'\nreason = '旧版 with no check at all'\nowner = 'ทีมแชต'\nexpires = {expires}\n"
        )
    };
    let good = file(&folder, "good.toml", &entry("9999-12-31"));
    let old = file(&folder, "old.toml", &entry("2020-01-31"));
    let flawed = sample(Service::Chatwork, Some(Flaw::VerificationOff));
    let judged = |url: &str, baseline: &str| json(webhook(url).args(["--only", WRONG, "--baseline", baseline]));

    let (code, report) = judged(&flawed.url(), &good);
    assert_eq!(code, 0, "{report}");
    assert_eq!(report["checks"][0]["status"], "warn");
    let message = report["checks"][0]["message"].as_str().unwrap();
    assert!(message.starts_with("known: 旧版 with no check at all (ทีมแชต, until 9999-12-31). "), "{message}");
    assert_eq!(report["summary"]["warned"], 1);

    let (code, report) = judged(&flawed.url(), &old);
    assert_eq!((code, &report["checks"][0]["status"]), (1, &json!("fail")));
    assert!(report["objections"][0].as_str().unwrap().contains("expired on 2020-01-31"));

    let (code, report) = judged(&sample(Service::Chatwork, None).url(), &good);
    assert_eq!((code, &report["checks"][0]["status"], &report["verdict"]), (1, &json!("pass"), &json!("fail")));
    assert!(report["objections"][0].as_str().unwrap().contains("passes now, so remove it"));

    let faulty = file(&folder, "faulty.toml", "[[known]]\ncheck = 'x'\nexpires = 2026-01-01\n");
    let (code, _, err) = run(webhook(&flawed.url()).args(["--baseline", &faulty]));
    assert_eq!(code, 2);
    assert!(err.contains("/known/0/check: 'x' fits no check"), "{err}");
    assert!(err.contains("'reason'") && err.contains("'owner'"), "{err}");
}

#[test]
fn a_flaky_check_is_repeated_and_named_so() {
    let folder = folder("flaky");
    let only = only_valid_event();
    let entry = format!("[[flaky]]\ncheck = '{only}'\nreason = 'r'\nowner = 'o'\nexpires = 9999-12-31\nrepeat = 4\n");
    let baseline = file(&folder, "flaky.toml", &entry);
    // So many first requests of a run go wrong.
    let judged = |bad: usize| {
        let count = AtomicUsize::new(0);
        let endpoint = Raw::start(move |mut stream, _| {
            if read_request(&mut stream).is_some() {
                let status = if count.fetch_add(1, Ordering::SeqCst) < bad { "500 X" } else { "200 OK" };
                let head = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                common::write(&mut stream, head.as_bytes());
            }
        });
        json(webhook(&endpoint.url()).args(["--only", &only, "--baseline", &baseline]))
    };
    let (code, report) = judged(4);
    assert_eq!((code, &report["checks"][0]["status"]), (0, &json!("flaky")), "{report}");
    assert!(report["checks"][0]["message"].as_str().unwrap().starts_with("passed in attempt 2 of at most 4; before: "));
    assert_eq!(judged(0).1["checks"][0]["status"], "pass");
    assert_eq!(judged(1_000).0, 1);
}

/// The check of the plainest valid event.
fn only_valid_event() -> String {
    let (_, list) = json(conformance().args(["list", "--service", "chatwork", "--kind", "webhook"]));
    list["checks"][0]["id"].as_str().unwrap().to_owned()
}

// --- snapshots

#[test]
fn behaviour_that_changed_fails_the_run_until_it_is_accepted() {
    let folder = folder("snapshots");
    let dir = folder.to_str().unwrap();
    let judged = |flaw, more: &[&str]| {
        let endpoint = sample(Service::Chatwork, flaw);
        run(webhook(&endpoint.url()).args(["--only", WRONG, "--snapshots", dir]).args(more))
    };
    let (code, _, err) = judged(None, &[]);
    assert_eq!(code, 0);
    assert!(err.contains("1 snapshots were written"), "{err}");
    assert_eq!(judged(None, &[]).2, "", "the second run finds the same");

    let (code, out, _) = judged(Some(Flaw::CrashesOnBadSignature), &["--forgery-answer", "any"]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("does not behave as in"), "{out}");
    let waiting = folder.join(format!("{WRONG}.snap.new"));
    assert!(waiting.exists());

    let snapshots = |decision: &str| run(conformance().args(["snapshots", decision, "--dir", dir]));
    let (code, out, _) = snapshots("review");
    assert_eq!(code, 0);
    assert!(out.contains("\n  - ") && out.contains("\n  +   500") && out.contains("1 to decide"), "{out}");
    assert!(waiting.exists(), "it only shows");
    assert!(snapshots("reject").1.contains("rejected"));
    assert!(!waiting.exists());
    assert_eq!(judged(None, &[]).0, 0, "what was expected stays");

    judged(Some(Flaw::CrashesOnBadSignature), &[]);
    assert!(snapshots("accept").1.contains("accepted"));
    assert!(snapshots("review").1.contains("waits for a decision"));
    assert_eq!(judged(None, &["--accept-snapshots"]).0, 0);
    assert_eq!(judged(None, &[]).0, 0);
    let (code, _, err) = run(conformance().args(["snapshots", "review", "--dir", "/no/such/folder"]));
    assert_eq!(code, 2);
    assert!(err.contains("cannot be read"), "{err}");
}

#[test]
fn insta_reads_the_snapshots() {
    let folder = folder("insta");
    let endpoint = sample(Service::Chatwork, None);
    run(webhook(&endpoint.url()).args(["--only", WRONG, "--snapshots", folder.to_str().unwrap()]));
    let text = fs::read_to_string(folder.join(format!("{WRONG}.snap"))).unwrap();
    let contents = text.split_once("\n---\n").unwrap().1;
    shelf().bind(|| insta::assert_snapshot!("observed", text));
    // insta itself finds the file and compares what it reads in it.
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(&folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!(WRONG, contents));
}

// --- GitHub

#[test]
fn annotations_and_the_step_summary_are_written_for_github() {
    let folder = folder("github");
    let summary = file(&folder, "summary.md", "before\n");
    let flawed = sample(Service::Chatwork, Some(Flaw::VerificationOff));
    let judged = |format: &str| {
        run(webhook(&flawed.url()).env("GITHUB_STEP_SUMMARY", &summary).args(["--github", "--format", format]))
    };
    let (code, out, _) = judged("human");
    assert_eq!(code, 1);
    let token = out.lines().next().unwrap().strip_prefix("::stop-commands::").unwrap();
    let (report, annotations) = out.split_once(&format!("\n::{token}::\n")).unwrap();
    assert!(report.contains("✘ FAIL"));
    assert!(annotations.lines().all(|line| line.starts_with("::error title=") || line.starts_with("::warning title=")));
    assert!(annotations.contains(WRONG));
    let page = fs::read_to_string(&summary).unwrap();
    assert!(page.starts_with("before\n# webhook of chatwork: fail"), "{page}");

    let (_, out, err) = judged("json");
    assert!(serde_json::from_str::<Value>(&out).is_ok(), "the document stays one");
    assert!(err.contains("::error title="), "{err}");
    let (code, _, err) = run(webhook(&flawed.url()).args(["--github", "--only", WRONG]));
    assert_eq!(code, 1);
    assert!(err.contains("GITHUB_STEP_SUMMARY is not set"), "{err}");
}

// --- generated cases, scenes and what is spared

#[test]
fn a_generated_case_is_replayed_by_its_id_and_its_smallest_form_from_the_file() {
    let folder = folder("generated");
    let flawed = sample(Service::Chatwork, Some(Flaw::AsciiOnly));
    let (code, report) = json(&mut webhook(&flawed.url()));
    assert_eq!(code, 1);
    let mut generated = report["checks"].as_array().unwrap().iter().filter(|check| {
        let replay = check["replay"].as_str().unwrap_or_default();
        check["status"] == "fail" && replay.contains("/generated-")
    });
    let check = generated.next().expect("a generated text that is not ASCII is refused");
    // The id leads to the smallest form again: what differs are the numbers that no two events share.
    let (code, again) = json(&mut replay(check["replay"].as_str().unwrap(), &flawed.url(), Service::Chatwork));
    assert_eq!(code, 1, "{again}");
    assert_eq!(again["checks"][0]["replay"], check["replay"]);
    let text = |report: &Value| {
        let body = report["evidence"][0]["request"]["body"].as_str().unwrap();
        let event: Value = serde_json::from_str(body).unwrap();
        event["webhook_event"]["body"].as_str().unwrap().replace(|character: char| character.is_ascii_digit(), "")
    };
    assert_eq!(text(&again["checks"][0]), text(check));
    let words = check["message"].as_str().unwrap().split("the smallest found: ").nth(1).unwrap();
    assert!(words.chars().filter(|character| !character.is_ascii()).count() == 1 || words.contains("\\u{"), "{words}");
    // As it was generated, it is made smaller again, by the same way.
    let id = check["replay"].as_str().unwrap();
    let (whole, way) = id.rsplit_once("/generated-").unwrap();
    let number = way.split('.').next().unwrap();
    assert!(way.contains('.'), "{id}: nothing of it was made smaller");
    let (code, again) = json(&mut replay(&format!("{whole}/generated-{number}"), &flawed.url(), Service::Chatwork));
    assert_eq!((code, &again["checks"][0]["replay"]), (1, &check["replay"]));
    let (code, _, err) =
        run(&mut replay(&format!("{whole}/generated-{number}.3.zz"), &flawed.url(), Service::Chatwork));
    assert!(code == 2 && err.contains("has no case"), "{err}");
    let file = file(&folder, "smallest.json", &check.to_string());
    let (code, again) = json(&mut replay(&file, &flawed.url(), Service::Chatwork));
    assert_eq!(code, 1, "{again}");
    let body = |report: &Value| report["evidence"][0]["request"]["body"].clone();
    assert_eq!(body(&again["checks"][0]), body(check), "the smallest form, byte for byte");
    assert_eq!(run(&mut replay(&file, &sample(Service::Chatwork, None).url(), Service::Chatwork)).0, 0);
}

#[test]
fn a_remote_host_is_spared_what_is_hostile_or_a_load_unless_it_is_included() {
    let url = "http://no-such-host.invalid/hook";
    let checks = |more: &[&str]| {
        let (_, report) = json(webhook(url).args(["--allow-remote", "no-such-host.invalid"]).args(more));
        report["checks"].as_array().unwrap().len()
    };
    let spared = checks(&[]);
    let all = checks(&["--include", "hostile,load"]);
    assert!(spared < checks(&["--include", "load"]) && checks(&["--include", "load"]) < all, "{spared} of {all}");
    let (_, list) = json(conformance().args(["list", "--service", "chatwork", "--kind", "webhook"]));
    assert_eq!(all, list["checks"].as_array().unwrap().len());
}
