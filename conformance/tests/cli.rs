//! The program as a user and a CI job call it.

mod common;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use assert_cmd::cargo::CommandCargoExt;
use common::{CHATDAY_TOKEN, Raw, read_request, sample, token};
use conformance::sample::flaw::Flaw;
use contract::service::Service;
use serde_json::Value;

fn conformance() -> Command {
    let mut command = Command::cargo_bin("conformance").unwrap();
    command.env_remove("NO_COLOR").env("TOKEN_FOR_TESTS", "set by each test");
    command
}

/// Exit status, stdout, stderr.
fn run(command: &mut Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn webhook(url: &str, service: Service) -> Command {
    let mut command = conformance();
    command.env("TOKEN_FOR_TESTS", token(service));
    command.args(["webhook", url, "--service", service.name(), "--secret-env", "TOKEN_FOR_TESTS"]);
    command
}

fn json(command: &mut Command) -> (i32, Value) {
    let (code, out, err) = run(command.args(["--format", "json"]));
    (code, serde_json::from_str(&out).unwrap_or_else(|_| panic!("no JSON: {out}{err}")))
}

#[test]
fn a_correct_sample_ends_with_0_and_a_flawed_one_with_1() {
    for service in Service::ALL {
        let correct = sample(service, None);
        let (code, out, err) = run(&mut webhook(&correct.url(), service));
        assert_eq!((code, err.as_str()), (0, ""), "{out}");
        assert!(out.contains("PASS"), "{out}");
        for flaw in [Flaw::VerificationOff, Flaw::AnswerSpoilt, Flaw::Answers204] {
            let flawed = sample(service, Some(flaw));
            let (code, out, _) = run(&mut webhook(&flawed.url(), service));
            assert_eq!(code, 1, "{flaw}: {out}");
            assert!(out.contains("✘ FAIL"), "{out}");
        }
    }
}

#[test]
fn a_secret_comes_from_a_file_too_whose_last_line_end_does_not_count() {
    let file = temporary("secret.txt", &format!("{CHATDAY_TOKEN}\n"));
    let correct = sample(Service::Chatday, None);
    let arguments = ["webhook", &correct.url(), "--service", "chatday", "--secret-file", &file];
    let (code, out, _) = run(conformance().args(arguments));
    assert_eq!(code, 0, "{out}");
    let (code, _, err) = run(conformance()
        .args(["webhook", "http://127.0.0.1:9", "--service", "chatday"])
        .args(["--secret-file", "/no/such/file"]));
    assert_eq!(code, 2);
    assert!(err.contains("the secret cannot be read from /no/such/file"), "{err}");
}

#[test]
fn a_should_fails_only_under_strict() {
    let flawed = sample(Service::Chatday, Some(Flaw::AnswersHtml));
    assert_eq!(run(&mut webhook(&flawed.url(), Service::Chatday)).0, 0);
    assert_eq!(run(webhook(&flawed.url(), Service::Chatday).arg("--strict")).0, 1);
}

#[test]
fn an_own_profile_makes_a_must_of_what_it_states() {
    let file = temporary("profile.toml", "webhook.answer.media_type = 'json'\n");
    let flawed = sample(Service::Chatday, Some(Flaw::AnswersHtml));
    let (code, report) = json(webhook(&flawed.url(), Service::Chatday).args(["--profile", &file]));
    assert_eq!(code, 1);
    let failed = report["checks"].as_array().unwrap().iter().filter(|check| check["status"] == "fail").count();
    assert!(failed >= 1);
}

#[test]
fn nobody_there_ends_with_3_and_a_report_that_says_so() {
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (code, report) = json(&mut webhook(&format!("http://{address}/"), Service::Chatwork));
    assert_eq!((code, report["verdict"].as_str()), (3, Some("error")));
    assert_eq!(report["summary"]["requests"], 0);
    assert_valid(&report);
}

#[test]
fn a_named_remote_host_without_an_address_ends_with_3_and_an_unnamed_one_with_2() {
    let url = "http://no-such-host.invalid/hook";
    let (code, _, err) = run(&mut webhook(url, Service::Chatwork));
    assert_eq!(code, 2);
    assert!(err.contains("--allow-remote no-such-host.invalid"), "{err}");
    let (code, out, err_of_named) =
        run(webhook(url, Service::Chatwork).args(["--allow-remote", "no-such-host.invalid"]));
    assert_eq!(code, 3);
    let words: Vec<&str> = out.split_whitespace().collect();
    assert!(words.join(" ").contains("the name 'no-such-host.invalid' has no address"), "{out}");
    assert_eq!(out.matches("happened").count(), 1, "the same sentence once: {out}");
    assert!(err_of_named.contains("this goes to http://no-such-host.invalid/hook, at most 2 requests a second"));
    assert!(err_of_named.contains("forged  another-token"), "the plan comes first: {err_of_named}");
}

#[test]
fn bad_usage_ends_with_2_and_one_sentence() {
    let url = "http://127.0.0.1:9/hook";
    let refused = |command: &mut Command, words: &str| {
        let (code, out, err) = run(command);
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        assert!(err.contains(words), "{err}");
    };
    refused(webhook(url, Service::Chatwork).env("TOKEN_FOR_TESTS", "not base64!"), "not Base64");
    refused(webhook(url, Service::Chatwork).env("TOKEN_FOR_TESTS", ""), "the secret is empty");
    refused(webhook(url, Service::Chatwork).env_remove("TOKEN_FOR_TESTS"), "no such environment variable");
    refused(webhook(url, Service::Chatwork).args(["--only", "nothing"]), "leave no check to run");
    refused(webhook(url, Service::Chatwork).args(["--skip", "*"]), "leave no check to run");
    refused(webhook(url, Service::Chatwork).args(["--report", "pdf=x.pdf"]), "unknown kind of report 'pdf'");
    refused(
        webhook(url, Service::Chatwork).args(["--report", "json=/dev/null", "--report", "html=/dev/null"]),
        "two reports cannot both be written",
    );
    refused(webhook(url, Service::Chatwork).args(["--ca-file", "x.pem"]), "speaks no TLS");
    refused(webhook(url, Service::Chatwork).args(["--shard", "4/3"]), "is no part of a run");
    refused(webhook(url, Service::Chatwork).args(["--only", "*valid-event*", "--shard", "7/9"]), "holds none of the 1");
    refused(webhook(url, Service::Chatwork).args(["--max-time", "0s"]), "is no time for a run");
    refused(webhook(url, Service::Chatwork).args(["--accept-snapshots"]), "--snapshots");
    refused(webhook(url, Service::Chatwork).args(["--baseline", "/no/such/file"]), "the baseline cannot be read");
    refused(webhook(url, Service::Chatwork).args(["--report", "json=/no/such/folder/x"]), "cannot be written");
    refused(webhook(url, Service::Chatwork).args(["--timeout", "5"]), "is no duration");
    refused(webhook(url, Service::Chatwork).args(["--timeout", "0s"]), "leaves no time");
    refused(webhook(url, Service::Chatwork).args(["--profile", "x"]), "--profile belongs to");
    refused(webhook(url, Service::Chatwork).args(["--setting-id", "x"]), "1 to 20 digits");
    refused(webhook(url, Service::Chatday).args(["--room-id", "7"]), "belong to --service chatwork");
    refused(&mut webhook("ftp://127.0.0.1/hook", Service::Chatwork), "expected http:// or https://");
    refused(&mut webhook("127.0.0.1:80", Service::Chatwork), "is no URL");
    refused(&mut webhook("http://192.0.2.1/hook", Service::Chatwork), "is not this machine");
    refused(conformance().args(["webhook", url, "--service", "slack", "--secret-env", "X"]), "slack");
    refused(conformance().args(["webhook", url, "--service", "chatwork"]), "--secret-env");
    refused(conformance().args(["client", "x"]), "client");
    refused(
        conformance().args(["webhook", url, "--service", "chatday", "--secret-env", "s3cr-et!"]),
        "takes the name of an environment variable",
    );
}

#[test]
fn a_faulty_profile_is_refused_with_every_fault_and_its_place() {
    let file = temporary("faulty.toml", "[webhook]\ntimeout_ms = 0\nmethd = 'POST'\n");
    let (code, _, err) = run(webhook("http://127.0.0.1:9/", Service::Chatday).args(["--profile", &file]));
    assert_eq!(code, 2);
    assert!(err.contains("/webhook/timeout_ms") && err.contains("/webhook/methd"), "{err}");
}

#[test]
fn the_json_report_keeps_its_schema_whatever_happens() {
    for (service, flaw) in [
        (Service::Chatwork, None),
        (Service::Chatday, None),
        (Service::Chatwork, Some(Flaw::VerificationOff)),
        (Service::Chatwork, Some(Flaw::DiesOnBadSignature)),
        (Service::Chatday, Some(Flaw::CrashesOnBadSignature)),
        (Service::Chatday, Some(Flaw::AnswerSpoilt)),
    ] {
        let (_, report) = json(&mut webhook(&sample(service, flaw).url(), service));
        assert_valid(&report);
    }
}

#[test]
fn no_report_holds_the_chatday_secret_even_when_the_receiver_echoes_it() {
    let endpoint = Raw::start(|mut stream, _| {
        if read_request(&mut stream).is_some() {
            let body = format!("{{\"expected\":\"{CHATDAY_TOKEN}\"}}");
            let head = format!("HTTP/1.1 500 X\r\nx-debug: {CHATDAY_TOKEN}\r\ncontent-length: {}\r\n\r\n", body.len());
            common::write(&mut stream, format!("{head}{body}").as_bytes());
        }
    });
    let junit = temporary("echo.xml", "");
    let markdown = temporary("echo.md", "");
    let html = temporary("echo.html", "");
    let summary = temporary("echo-summary.md", "");
    let snapshots = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("echo-snapshots");
    for format in ["human", "json", "jsonl"] {
        let mut command = webhook(&endpoint.url(), Service::Chatday);
        let (_, out, err) = run(command.env("GITHUB_STEP_SUMMARY", &summary).args([
            "--format",
            format,
            "--log-level",
            "debug",
            "--report",
            &format!("junit={junit}"),
            "--report",
            &format!("markdown={markdown}"),
            "--report",
            &format!("html={html}"),
            "--snapshots",
            snapshots.to_str().unwrap(),
            "--accept-snapshots",
            "--github",
        ]));
        let mut files = [&junit, &markdown, &html].map(|file| std::fs::read_to_string(file).unwrap()).concat();
        files += &std::fs::read_to_string(&summary).unwrap();
        for entry in std::fs::read_dir(&snapshots).unwrap() {
            files += &std::fs::read_to_string(entry.unwrap().path()).unwrap();
        }
        for text in [&out, &err, &files] {
            assert!(!text.is_empty());
            assert!(!text.contains(CHATDAY_TOKEN), "{format}");
            assert!(text.contains("[secret]"), "{format}: {text}");
        }
    }
}

#[test]
fn a_printed_curl_line_shows_the_same_failure() {
    for service in Service::ALL {
        let flawed = sample(service, Some(Flaw::IgnoresSuffix));
        let (code, report) = json(webhook(&flawed.url(), service).args(["--only", "*altered*"]));
        assert_eq!(code, 1);
        let line = report["checks"][0]["reproduce"].as_str().unwrap();
        let Ok(output) = Command::new("sh").args(["-c", line]).env("TOKEN_FOR_TESTS", token(service)).output() else {
            continue;
        };
        if output.status.code() == Some(127) {
            // No curl on this machine: nothing to try it with.
            continue;
        }
        let answer = String::from_utf8_lossy(&output.stdout);
        assert!(answer.starts_with("HTTP/1.1 200"), "{line}\n{answer}{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn jsonl_prints_one_event_a_line_from_start_to_end() {
    let correct = sample(Service::Chatwork, None);
    let (_, out, _) = run(webhook(&correct.url(), Service::Chatwork).args(["--format", "jsonl"]));
    let events: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.first().unwrap()["event"], "run-started");
    assert_eq!(events.last().unwrap()["event"], "run-finished");
    let count = |name: &str| events.iter().filter(|event| event["event"] == name).count();
    assert_eq!(count("check-started"), count("check-finished"));
    assert!(count("case-finished") > count("check-finished"));
}

#[test]
fn a_plan_sends_nothing() {
    let url = "http://127.0.0.1:9/hook";
    let (code, out, _) = run(webhook(url, Service::Chatwork).arg("--plan"));
    assert_eq!(code, 0);
    assert!(out.contains("forged  another-token"), "{out}");
    let (_, plan) = json(webhook(url, Service::Chatday).arg("--plan"));
    assert_eq!(plan["schema"], "conformance-plan/1");
}

#[test]
fn list_prints_every_check() {
    let (code, out, _) = run(conformance().args(["list", "--format", "json"]));
    assert_eq!(code, 0);
    let list: Value = serde_json::from_str(&out).unwrap();
    let (_, human, _) = run(conformance().arg("list"));
    for check in list["checks"].as_array().unwrap() {
        assert!(human.contains(check["id"].as_str().unwrap()), "{check}");
    }
    let (_, chatday, _) = run(conformance().args(["list", "--service", "chatday"]));
    assert!(!chatday.contains("chatwork."));
}

#[test]
fn an_unknown_check_ends_with_2_and_the_nearest_id() {
    let (code, _, err) = run(conformance().args(["explain", "chatwork.webhooks.wrong-secret-is-refuse"]));
    assert_eq!(code, 2);
    assert!(err.contains("did you mean 'chatwork.webhooks.wrong-secret-is-refused'?"), "{err}");
}

#[test]
fn help_version_and_completions_are_results() {
    for arguments in [vec!["--help"], vec!["webhook", "--help"], vec!["--version"], vec!["completions", "bash"]] {
        let (code, out, err) = run(conformance().args(&arguments));
        assert_eq!((code, err.as_str()), (0, ""), "{arguments:?}");
        assert!(!out.is_empty());
    }
    let (_, help, _) = run(conformance().arg("--help"));
    assert!(help.contains("130  stopped by Ctrl-C") && help.contains("Examples:"));
    assert!(!help.contains("sample"), "the samples are for trying the judge");
}

#[test]
fn colours_come_only_when_asked_for() {
    let correct = sample(Service::Chatwork, None);
    let colours =
        |arguments: &[&str]| run(webhook(&correct.url(), Service::Chatwork).args(arguments)).1.contains('\x1b');
    assert!(!colours(&[]));
    assert!(!colours(&["--color", "never"]));
    assert!(colours(&["--color", "always"]));
}

#[test]
fn no_line_but_a_command_is_wider_than_100_columns() {
    let flawed = sample(Service::Chatwork, Some(Flaw::DiesOnBadSignature));
    let (_, out, _) = run(&mut webhook(&flawed.url(), Service::Chatwork));
    for line in out.lines().filter(|line| !line.starts_with("           again  ")) {
        assert!(line.chars().count() <= 100, "{line}");
    }
}

#[test]
fn the_sample_prints_a_ready_line_and_is_judged_well() {
    let mut child = conformance()
        .env("TOKEN_FOR_TESTS", CHATDAY_TOKEN)
        .args(["sample", "--service", "chatday", "--secret-env", "TOKEN_FOR_TESTS"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    let ended = run(webhook(ready["url"].as_str().unwrap(), Service::Chatday).args(["--wait", "5s"]));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(ended.0, 0, "{}", ended.1);
}

#[test]
fn the_judge_waits_for_an_endpoint_that_comes_up_late() {
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut child = webhook(&format!("http://{address}/webhook"), Service::Chatwork)
        .args(["--wait", "60s"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("waiting up to 60s"), "{line}");
    let integration = common::integration(Service::Chatwork, None);
    let _sample = conformance::sample::server::Sample::start(integration, address).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn a_rate_keeps_requests_apart() {
    let correct = sample(Service::Chatwork, None);
    let arguments = ["--rate", "50", "--only", "*valid-event*"];
    let (_, report) = json(webhook(&correct.url(), Service::Chatwork).args(arguments));
    assert_eq!(report["summary"]["requests"], 3);
    assert!(report["duration_ms"].as_u64().unwrap() >= 40, "three requests are two gaps of 20 ms: {report}");
}

#[test]
fn ctrl_c_ends_with_130_and_the_report_so_far() {
    let (asked, when_asked) = std::sync::mpsc::channel();
    let asked = std::sync::Mutex::new(asked);
    // Answers the first event and then keeps the judge waiting.
    let endpoint = Raw::start(move |mut stream, stopping| {
        if read_request(&mut stream).is_some() {
            let _ = asked.lock().unwrap().send(());
            while !stopping.load(std::sync::atomic::Ordering::SeqCst) {
                std::thread::park_timeout(std::time::Duration::from_millis(10));
            }
        }
    });
    let html = temporary("stopped.html", "");
    let child = webhook(&endpoint.url(), Service::Chatwork)
        .args(["--format", "json", "--timeout", "60s", "--report", &format!("html={html}")])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    when_asked.recv().unwrap();
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["stopped"], true);
    assert!(std::fs::read_to_string(html).unwrap().contains("Stopped before its end"));
    assert_valid(&report);
}

fn interrupt(child: &Child) {
    // The shell's own kill: a bare machine need not have the program.
    let status = Command::new("sh").args(["-c", &format!("kill -s INT {}", child.id())]).status().unwrap();
    assert!(status.success());
}

fn assert_valid(report: &Value) {
    let schema: Value = serde_json::from_str(include_str!("../../fixtures/conformance/report.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<String> =
        validator.iter_errors(report).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

/// A file with this text, in the folder that cargo gives to tests.
fn temporary(name: &str, text: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}
