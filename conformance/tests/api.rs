//! `conformance api` as a CI job calls it: against the mock, against what is no such server, and with what it must not show.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use assert_cmd::cargo::CommandCargoExt;
use contract::service::Service;
use contract::wire::Response;
use http::HeaderValue;
use mock_server::MockServer;
use mock_server::witness::{Asked, Hold, Witness};
use serde_json::{Value, json};

fn api(url: &str, service: Service, token: &str) -> Command {
    let mut command = Command::cargo_bin("conformance").unwrap();
    command.env_remove("NO_COLOR").env_remove("GITHUB_STEP_SUMMARY").env("TOKEN", token);
    command.args(["api", url, "--service", service.name(), "--token-env", "TOKEN"]);
    command
}

fn of(mock: &MockServer, service: Service) -> Command {
    api(mock.url(service), service, mock.token(service))
}

/// Exit status, stdout, stderr.
fn run(command: &mut Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn report(command: &mut Command) -> (i32, Value) {
    let (code, out, err) = run(command.args(["--format", "json"]));
    (code, serde_json::from_str(&out).unwrap_or_else(|_| panic!("no JSON: {out}{err}")))
}

fn check<'a>(report: &'a Value, words: &str) -> &'a Value {
    let checks = report["checks"].as_array().unwrap();
    let fits = |check: &&Value| check["id"].as_str().is_some_and(|id| id.ends_with(&format!(".api.{words}")));
    checks.iter().find(fits).unwrap_or_else(|| panic!("no {words}"))
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("api").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

// --- against the mock

#[test]
fn without_write_only_get_goes_out_and_nothing_changes() {
    for service in Service::ALL {
        let mock = MockServer::start().unwrap();
        let before = mock.state().unwrap();
        let (code, report) = report(of(&mock, service).arg("--strict"));
        assert_eq!(code, 0, "{report}");
        let requests = mock.requests().unwrap();
        assert!(requests.iter().all(|request| request.method == "GET"), "{service}");
        assert_eq!(requests.len() as u64, report["summary"]["requests"].as_u64().unwrap());
        // A fifth of the limit, for the sake of the real service.
        assert!(requests.len() <= 60, "{service}: {}", requests.len());
        if service == Service::Chatday {
            assert_eq!(mock.state().unwrap()["chatday"], before["chatday"], "Register was not called");
        }
        assert_eq!(report["subject"]["kind"], "api");
    }
}

#[test]
fn what_is_written_is_taken_back_and_stays_in_the_named_room() {
    let mock = MockServer::start().unwrap();
    let room = |state: &Value, id: u64| {
        let rooms = state["chatwork"]["rooms"].as_array().unwrap();
        rooms.iter().find(|room| room["id"] == id).unwrap().clone()
    };
    let before = mock.state().unwrap();
    let (code, report) = report(of(&mock, Service::Chatwork).args(["--write", "--room-id", "5001", "--strict"]));
    assert_eq!(code, 0, "{report}");
    let after = mock.state().unwrap();
    for key in ["name", "description", "icon_preset", "link"] {
        assert_eq!(room(&before, 5001)[key], room(&after, 5001)[key], "{key}");
    }
    let messages = |state: &Value| room(state, 5001)["messages"].as_array().unwrap().clone();
    let (old, new) = (messages(&before), messages(&after));
    // A task's own messages are the system's: those stay, with the tasks, which the API cannot delete.
    let left = new.iter().skip(old.len()).filter(|message| message["deleted"] != true);
    let texts: Vec<String> = left.map(|message| message["body"].to_string()).collect();
    assert!(texts.iter().all(|text| text.contains("dtext:task_")), "{texts:?}");
    let tasks = room(&after, 5001)["tasks"].as_array().unwrap().clone();
    let made = tasks.iter().filter(|task| task["body"].as_str().unwrap().contains("conformance test"));
    assert!(made.clone().count() > 0 && made.clone().all(|task| task["status"] == "done"), "{tasks:?}");
    for other in [5000, 5002, 5003, 5004] {
        assert_eq!(room(&before, other)["messages"], room(&after, other)["messages"], "{other}");
    }
    let written = mock.requests().unwrap().into_iter().filter(|request| request.method != "GET");
    for request in written {
        assert!(
            request.path.starts_with("/v2/rooms/5001") || request.path == "/v2/me",
            "{} {}",
            request.method,
            request.path
        );
    }
}

/// Answers who looks at a message only after a while.
#[derive(Debug)]
struct Lingers;

impl Witness for Lingers {
    fn hold(&self, asked: &Asked<'_>) -> Option<Hold> {
        let until = tokio::time::Instant::now() + Duration::from_secs(4);
        (asked.operation == Some("get-message")).then(|| Box::pin(tokio::time::sleep_until(until)) as Hold)
    }
}

#[test]
fn what_was_written_is_taken_back_when_the_time_is_over_too() {
    let mock = MockServer::builder().witness(Arc::new(Lingers)).start().unwrap();
    let only = ["--only", "*.message-is-stored-as-written", "--max-time", "2s"];
    let (code, report) = report(of(&mock, Service::Chatwork).args(["--write", "--room-id", "5001"]).args(only));
    assert_eq!(code, 3, "{report}");
    assert!(
        check(&report, "message-is-stored-as-written")["message"].as_str().unwrap().contains("time was over"),
        "{report}"
    );
    let verbs: Vec<String> = mock.requests().unwrap().into_iter().map(|request| request.method).collect();
    assert_eq!(verbs, ["GET", "POST", "GET", "DELETE"]);
}

#[test]
fn the_edition_that_is_asked_for_is_the_one_that_is_judged() {
    let mock = MockServer::start().unwrap();
    let only = ["--only", "*method-override*", "--only", "*query-of-post*"];
    let (code, report) = report(
        of(&mock, Service::Chatwork).args(["--write", "--room-id", "5001", "--chatwork-edition", "2025-07"]).args(only),
    );
    assert_eq!(code, 1, "{report}");
    assert_eq!(check(&report, "method-override-is-gone")["status"], "fail");
    assert_eq!(check(&report, "query-of-post-is-ignored")["status"], "fail");
    assert_eq!(check(&report, "method-override-is-honoured")["status"], "skip");
}

// --- what a report says, and does not

/// A server that has moved on: a field more, another one less, and a word that is new.
#[derive(Debug)]
struct Drifted;

impl Witness for Drifted {
    fn answering(&self, asked: &Asked<'_>, answer: &mut Response) {
        if asked.operation != Some("get-rooms") {
            return;
        }
        let mut rooms: Value = serde_json::from_slice(answer.body()).unwrap();
        for room in rooms.as_array_mut().unwrap() {
            room["pinned_at"] = json!("yesterday");
            room["type"] = json!("channel");
            room.as_object_mut().unwrap().shift_remove("icon_path");
        }
        *answer.body_mut() = contract::wire::json::to_ascii(&rooms).into();
    }
}

#[test]
fn a_difference_names_its_clause_with_the_source_and_the_change_that_would_make_it_fit() {
    let mock = MockServer::builder().witness(Arc::new(Drifted)).start().unwrap();
    let (code, report) = report(&mut of(&mock, Service::Chatwork));
    assert_eq!(code, 1);
    let rooms = check(&report, "get-rooms");
    let (message, hint) = (rooms["message"].as_str().unwrap(), rooms["hint"].as_str().unwrap());
    assert!(
        message.contains("3 differences")
            && message.contains("[chatwork.rooms.fields; RAML of github.com/chatwork/api]"),
        "{message}"
    );
    for change in [
        "shape of get-rooms: add the field `pinned_at` (string)",
        "shape of get-rooms: make the field `icon_path` optional",
        "shape of get-rooms: add \"channel\" to the words of `type`",
    ] {
        assert!(hint.contains(change), "{hint}");
    }
    assert!(rooms["reproduce"].as_str().unwrap().contains("x-chatworktoken: $TOKEN"), "{rooms}");
}

/// A server all of whose answers are wrong, so that everything that can be shown is.
#[derive(Debug)]
struct Wrong;

impl Witness for Wrong {
    fn answering(&self, asked: &Asked<'_>, answer: &mut Response) {
        let token = asked.request.headers().get("x-chatworktoken").cloned();
        // It echoes the token, too.
        answer.headers_mut().insert("x-debug", token.unwrap_or_else(|| HeaderValue::from_static("none")));
        let Ok(mut body) = serde_json::from_slice::<Value>(answer.body()) else { return };
        match &mut body {
            Value::Array(items) => items.iter_mut().for_each(|item| item["one_more"] = json!("森 葵")),
            other => other["one_more"] = json!("森 葵"),
        }
        *answer.body_mut() = body.to_string().into();
    }
}

#[test]
fn no_report_shows_the_token_or_what_people_wrote_or_are_called() {
    let folder = folder("masked");
    let mock = MockServer::builder().self_check(false).witness(Arc::new(Wrong)).start().unwrap();
    let mut command = of(&mock, Service::Chatwork);
    command.args(["--write", "--room-id", "5001", "--log-level", "debug"]);
    for kind in ["json", "junit", "html", "markdown"] {
        command.arg("--report").arg(format!("{kind}={}", folder.join(kind).display()));
    }
    let (code, out, err) = run(&mut command);
    assert_eq!(code, 1, "{err}");
    let mut pages = vec![("output".to_owned(), out), ("talk".to_owned(), err)];
    for kind in ["json", "junit", "html", "markdown"] {
        pages.push((kind.to_owned(), fs::read_to_string(folder.join(kind)).unwrap()));
    }
    for (name, page) in pages {
        // Token, name, department, mail, a message, a room's name: of the built-in world.
        for secret in
            [mock.token(Service::Chatwork), "森 葵", "企画部", "aoi@example.com", "スライド最終版", "新製品ローンチ"]
        {
            assert!(!page.contains(secret), "{name} shows {secret}");
        }
    }
}

#[test]
fn the_signature_token_of_chatday_is_not_shown() {
    let folder = folder("signature");
    let file = folder.join("report.json");
    #[derive(Debug)]
    struct Renamed;
    impl Witness for Renamed {
        fn answering(&self, _: &Asked<'_>, answer: &mut Response) {
            *answer.status_mut() = http::StatusCode::ACCEPTED;
        }
    }
    let mock = MockServer::builder().self_check(false).witness(Arc::new(Renamed)).start().unwrap();
    let (code, out, err) = run(of(&mock, Service::Chatday)
        .args(["--write", "--chat-id", "70001"])
        .arg("--report")
        .arg(format!("json={}", file.display())));
    assert_ne!(code, 0);
    let page = fs::read_to_string(file).unwrap();
    assert!(page.contains("register"), "{page}");
    for text in [out, err, page] {
        assert!(
            !text.contains("chatday-demo-signature-not-a-secret") && !text.contains(mock.token(Service::Chatday)),
            "{text}"
        );
    }
}

// --- what is no such server

/// Answers each connection in its own way until it is dropped.
struct Hostile {
    address: String,
    over: Arc<AtomicBool>,
    met: Arc<AtomicUsize>,
}

impl Hostile {
    fn start(act: fn(TcpStream, &AtomicBool)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (over, met) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (ends, meets) = (Arc::clone(&over), Arc::clone(&met));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ends.load(Ordering::SeqCst) {
                    return;
                }
                meets.fetch_add(1, Ordering::SeqCst);
                let ends = Arc::clone(&ends);
                let Ok(stream) = stream else { continue };
                std::thread::spawn(move || act(stream, &ends));
            }
        });
        Self { address, over, met }
    }

    fn judged(&self, more: &[&str]) -> (i32, Value) {
        let url = format!("http://{}/v2", self.address);
        report(api(&url, Service::Chatwork, "some-token-of-a-test").args(more))
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(&self.address);
    }
}

fn head(stream: &mut TcpStream) {
    let mut read = Vec::new();
    let mut byte = [0; 1];
    while !read.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count > 0) {
        read.push(byte[0]);
    }
}

#[test]
fn a_server_that_stalls_is_given_up_soon() {
    let stalls = Hostile::start(|mut stream, _| {
        head(&mut stream);
        // Until the judge hangs up.
        let _ = stream.read(&mut [0; 1]);
    });
    let (code, report) = stalls.judged(&["--timeout", "300ms"]);
    assert_eq!(code, 3, "{report}");
    assert_eq!(report["verdict"], "error");
    assert_eq!(report["summary"]["requests"], 3);
    assert!(stalls.met.load(Ordering::SeqCst) <= 5);
}

#[test]
fn a_server_that_never_ends_its_answer_is_given_up_soon() {
    let endless = Hostile::start(|mut stream, over| {
        head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n[");
        while !over.load(Ordering::SeqCst) && stream.write_all(&[b' '; 4096]).is_ok() {}
    });
    let (code, report) = endless.judged(&["--timeout", "300ms"]);
    assert_eq!(code, 3, "{report}");
    assert_eq!(report["summary"]["passed"], 0);
}

#[test]
fn what_is_no_http_is_told_and_passes_nothing() {
    let garbage = Hostile::start(|mut stream, _| {
        head(&mut stream);
        let _ = stream.write_all(b"\x00\xffSSH-2.0-x\r\n\r\n");
    });
    let (code, report) = garbage.judged(&[]);
    assert_eq!(code, 3, "{report}");
    assert!(check(&report, "get-me")["message"].as_str().unwrap().contains("GET /me: "), "{report}");
}

#[test]
fn another_web_server_fails_and_nothing_of_it_is_taken_for_a_pass() {
    let page = Hostile::start(|mut stream, _| {
        head(&mut stream);
        let body = "<html>It works!</html>";
        let head = format!("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\n\r\n", body.len());
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
    });
    let (code, report) = page.judged(&["--strict"]);
    assert_eq!(code, 1, "{report}");
    assert_eq!(check(&report, "answers-are-json")["status"], "fail");
    assert_eq!(check(&report, "no-token-is-refused")["status"], "fail");
    let passed = report["checks"].as_array().unwrap().iter().filter(|check| check["status"] == "pass");
    let ids: Vec<_> = passed.map(|check| check["id"].as_str().unwrap()).collect();
    // It was there, and took the token as it takes everything.
    assert_eq!(ids, ["chatwork.api.own-token-is-taken", "chatwork.api.token-header-in-any-case"]);
}

#[test]
fn the_time_of_a_run_is_kept() {
    let slow = Hostile::start(|mut stream, over| {
        head(&mut stream);
        let until = Instant::now() + Duration::from_millis(250);
        stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        while Instant::now() < until && !over.load(Ordering::SeqCst) {
            let _ = stream.read(&mut [0; 1]);
        }
        let _ = stream.write_all(b"HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\ncontent-length: 16\r\n\r\n{\"errors\":[\"x\"]}");
    });
    let (code, report) = slow.judged(&["--max-time", "1s", "--timeout", "5s"]);
    assert_eq!(code, 1, "the first checks are settled: {report}");
    let message = check(&report, "limit-is-300")["message"].as_str().unwrap().to_owned();
    assert!(message.contains("time was over"), "{message}");
    assert_eq!(check(&report, "limit-is-300")["status"], "error");
}

#[test]
fn nobody_there_is_an_error_and_not_a_pass() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v2", listener.local_addr().unwrap());
    drop(listener);
    let (code, report) = report(&mut api(&url, Service::Chatwork, "some-token-of-a-test"));
    assert_eq!(code, 3);
    assert_eq!(report["summary"]["requests"], 0);
}

#[test]
fn a_run_that_meets_the_limit_waits_until_the_server_lets_it_on() {
    let mock = MockServer::start().unwrap();
    mock.set_settings(&json!({"chatwork": {"limits": {"account": {"requests": 12, "seconds": 2}}}})).unwrap();
    let (code, out, err) = run(of(&mock, Service::Chatwork).args(["--only", "*.get-*"]));
    assert_eq!(code, 0, "{out}");
    assert!(mock.requests().unwrap().len() > 12, "{err}");
    assert!(mock.requests().unwrap().iter().all(|request| request.status != 429), "it rests before it is refused");
}

// --- on the command line

#[test]
fn a_run_that_cannot_be_meant_is_refused_with_what_to_do() {
    let url = "http://127.0.0.1:9/v2";
    let refused = |command: &mut Command, words: &str| {
        let (code, out, err) = run(command);
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        assert!(err.contains(words), "{err}");
    };
    let chatwork = || api(url, Service::Chatwork, "some-token-of-a-test");
    refused(chatwork().arg("--write"), "--room-id ID");
    refused(api(url, Service::Chatday, "x").arg("--write"), "--chat-id ID");
    refused(chatwork().args(["--chat-id", "7"]), "--room-id");
    refused(api(url, Service::Chatday, "x").args(["--room-id", "7"]), "--chat-id");
    refused(api(url, Service::Chatday, "x").args(["--chatwork-edition", "2025-07"]), "--service chatwork");
    refused(chatwork().args(["--chatwork-edition", "2024"]), "2025-07");
    refused(chatwork().args(["--only", "nothing"]), "list --kind api");
    refused(&mut api(url, Service::Chatwork, " "), "the token is empty");
    refused(&mut api(url, Service::Chatwork, "a b"), "holds a blank");
    refused(&mut api("http://192.0.2.1/v2", Service::Chatwork, "x"), "is not this machine");
    refused(&mut api("http://127.0.0.1:9/v2?x=1", Service::Chatwork, "x"), "BASE_URL has a query");
    refused(&mut api("nonsense", Service::Chatwork, "x"), "such as http://127.0.0.1:4010/v2\n");
    refused(&mut api("nonsense", Service::Chatday, "x"), "such as http://127.0.0.1:4010/chatday\n");
    refused(chatwork().args(["--ca-file", "x"]), "speaks no TLS");
    refused(chatwork().args(["--baseline", "/no/such/file"]), "cannot be read");
    let mut typed = Command::cargo_bin("conformance").unwrap();
    typed.args(["api", url, "--service", "chatwork", "--token-env", "s3cr-et!"]);
    let (code, _, err) = run(&mut typed);
    assert!(code == 2 && err.contains("takes the name of an environment variable") && !err.contains("s3cr"), "{err}");
}

#[test]
fn a_plan_says_what_each_check_may_send_and_sends_nothing() {
    let mock = MockServer::start().unwrap();
    let (code, out, _) = run(of(&mock, Service::Chatwork).arg("--plan"));
    assert_eq!(code, 0);
    assert!(out.contains("nothing is sent") && out.contains("GET /rooms/{room_id}/messages?force=1"), "{out}");
    assert!(!out.contains("POST"), "{out}");
    let (_, written, _) =
        run(of(&mock, Service::Chatwork).args(["--plan", "--write", "--room-id", "5001", "--format", "json"]));
    let plan: Value = serde_json::from_str(&written).unwrap();
    assert_eq!(plan["schema"], "conformance-plan/1");
    assert!(written.contains("POST /rooms/{room_id}/messages"), "{written}");
    assert!(mock.requests().unwrap().is_empty());
}

#[test]
fn a_known_difference_does_not_fail_the_run() {
    let folder = folder("baseline");
    let file = folder.join("known.toml");
    let known = "[[known]]\ncheck = \"chatwork.api.get-rooms\"\nreason = \"the service has moved on\"\nowner = \"us\"\nexpires = \"2099-01-01\"\n\
                 [[known]]\ncheck = \"chatwork.api.own-room-is-my-chat\"\nreason = \"the same\"\nowner = \"us\"\nexpires = \"2099-01-01\"\n";
    fs::write(&file, known).unwrap();
    let mock = MockServer::builder().self_check(false).witness(Arc::new(Drifted)).start().unwrap();
    let (code, out, _) = run(of(&mock, Service::Chatwork)
        .args(["--only", "*.get-rooms", "--only", "*.own-room*", "--only", "*.get-me"])
        .arg("--baseline")
        .arg(&file));
    assert_eq!(code, 0, "{out}");
}

#[test]
fn the_checks_are_listed_and_explained() {
    let conformance = || Command::cargo_bin("conformance").unwrap();
    let (code, out, _) = run(conformance().args(["list", "--kind", "api", "--service", "chatwork"]));
    assert!(code == 0 && out.contains("chatwork api: Limits") && !out.contains("chatday"), "{out}");
    let (code, out, _) = run(conformance().args(["explain", "chatwork.api.reset-is-a-moment-ahead"]));
    assert_eq!(code, 0);
    assert!(out.contains("api BASE_URL --service chatwork --token-env VAR"), "{out}");
    assert!(out.contains("chatwork.limits.headers"), "{out}");
}
