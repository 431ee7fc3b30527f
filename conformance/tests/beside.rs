//! The mock beside a run: what a sample integration calls there is judged as well as what it answers.

mod common;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::program::{conformance, json, run};
use common::{CHATDAY_TOKEN, Judged, Manner, integration, judge, judge_watching, secret, token};
use conformance::ask::effects::Effects;
use conformance::ask::policy::{ForgeryAnswer, Origin, Policy};
use conformance::check::Level;
use conformance::client::beside::{Beside, Wish};
use conformance::run::verdict::Status;
use conformance::sample::flaw::Flaw;
use conformance::sample::reply::Api;
use conformance::sample::server::Sample;
use contract::chatday::Profile;
use contract::service::Service;
use courier::address::Endpoint;
use courier::socket::Socket;

/// What the mock's own page says: the tokens of the built-in world.
const AOI: &str = "mock-token-for-aoi-mori-00000000";
const BEN: &str = "mock-token-for-ben-carter-000000";
const SHOP: &str = "chatday-demo-token-not-a-secret";

fn policy(service: Service) -> Policy {
    Policy {
        service,
        profile: Profile::default_profile(),
        forgery_answer: ForgeryAnswer::Refuse,
        origin: Origin::default(),
        marked: false,
        old_secret: None,
        effect: None,
    }
}

fn beside(service: Service) -> Beside {
    let wish = Wish { address: SocketAddr::from(([127, 0, 0, 1], 0)), token: None };
    Beside::start(&wish, &policy(service), &secret(service)).unwrap()
}

/// A sample that calls the API at this URL with this token.
fn calling(service: Service, flaw: Option<Flaw>, base_url: &str, token: &str) -> Sample {
    let endpoint = Endpoint::parse(base_url).unwrap();
    let socket = Socket {
        address: Ok(SocketAddr::new(endpoint.host.parse().unwrap(), endpoint.port)),
        authority: endpoint.authority.clone(),
        timeout: Duration::from_secs(20),
        connect_timeout: Duration::from_secs(20),
        tls: None,
    };
    // Chatday's paths are whole in its profile.
    let prefix = if service == Service::Chatwork { "/v2" } else { "" }.to_owned();
    let api = Api { socket, prefix, token: token.to_owned() };
    Sample::start(integration(service, flaw).with_api(api), ([127, 0, 0, 1], 0).into()).unwrap()
}

fn first_token(service: Service) -> &'static str {
    if service == Service::Chatwork { AOI } else { SHOP }
}

/// A sample with this flaw, judged beside the mock.
fn judged(service: Service, flaw: Option<Flaw>, only: &'static str) -> Judged {
    let beside = beside(service);
    let sample = calling(service, flaw, beside.base_url(), first_token(service));
    let manner = Manner { thorough: true, only, cases: 4, timeout: Duration::from_secs(2), ..Manner::default() };
    judge_watching(service, &sample.url(), manner, Some(Box::new(beside.watch())))
}

#[test]
fn each_mistake_in_what_is_called_is_caught() {
    use Flaw::*;
    let both = Service::ALL.as_slice();
    let chatwork = &[Service::Chatwork][..];
    let mistakes = [
        (ActsBeforeVerifying, "*forged-event-has-no-effect", both, Status::Fail),
        (NoMemory, "*repeated-event-has-one-effect", chatwork, Status::Warn),
        (RemembersLate, "*events-at-once-have-one-effect", chatwork, Status::Warn),
        (RemembersTexts, "*same-text-again*", chatwork, Status::Warn),
        (AnswersItself, "*own-messages-get-no-reply", chatwork, Status::Warn),
        (EchoesMarkup, "*markup-is-not-echoed", chatwork, Status::Warn),
        (WorksFirst, "*answers-before-it-works", both, Status::Warn),
        (FloatIds, "*reply-goes-to-its-*", both, Status::Warn),
        (CutsCharacters, "*text-comes-back-whole", both, Status::Warn),
    ];
    // Most of the time is waiting.
    std::thread::scope(|scope| {
        for (flaw, only, services, status) in mistakes {
            for service in services {
                scope.spawn(move || {
                    let judged = judged(*service, Some(flaw), only);
                    let [check] = judged.checks.as_slice() else { panic!("{only} names one check") };
                    assert_eq!(check.status, status, "{service} {flaw}: {}", check.message);
                });
            }
        }
    });
}

#[test]
fn a_forgery_that_is_dropped_in_silence_is_a_warning_where_the_mock_sees_that_and_fails_elsewhere() {
    for service in Service::ALL {
        let only = "*-is-refused";
        let dropped = judged(service, Some(Flaw::DropsSilently), only);
        let warned = dropped.with(Status::Warn);
        assert!(warned.len() >= 4 && dropped.with(Status::Fail).is_empty(), "{service}: {:?}", dropped.checks);
        let seen = dropped.checks.iter().find(|check| check.status == Status::Warn).unwrap();
        assert!(seen.message.contains("the mock saw that it had no effect"), "{}", seen.message);

        let flawed = common::sample(service, Some(Flaw::DropsSilently));
        let unseen = judge(service, &flawed.url(), Manner { only, cases: 4, ..Manner::default() });
        assert_eq!(unseen.with(Status::Fail), warned, "{service}");

        let acted = judged(service, Some(Flaw::VerificationOff), only);
        assert!(acted.with(Status::Warn).is_empty(), "{service}: {:?}", acted.checks);
        let call = acted.checks.iter().find(|check| check.status == Status::Fail).unwrap();
        assert!(call.level == Level::Must && call.message.contains("then the integration called"), "{}", call.message);
    }
}

#[test]
fn what_is_called_is_known_by_operation_place_and_text() {
    for service in Service::ALL {
        let beside = beside(service);
        let mut watch = beside.watch();
        let authority = Endpoint::parse(beside.base_url()).unwrap().authority;
        let call = |head: &str, body: &str| {
            let token = first_token(service);
            let credential = match service {
                Service::Chatwork => format!("x-chatworktoken: {token}"),
                Service::Chatday => format!("authorization: Bearer {token}"),
            };
            let mut stream = TcpStream::connect(&authority).unwrap();
            let length = body.len();
            let head = format!("{head}\r\nhost: {authority}\r\n{credential}\r\nconnection: close");
            write!(stream, "{head}\r\ncontent-length: {length}\r\n\r\n{body}").unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        };
        let mark = watch.mark();
        let (form, json) = ("content-type: application/x-www-form-urlencoded", "content-type: application/json");
        let expected = match service {
            Service::Chatwork => {
                call(&format!("POST /v2/rooms/5001/messages HTTP/1.1\r\n{form}"), "self_unread=1&body=%E0%B8%81+%26+b");
                call("GET /v2/rooms/9007199254740993/messages HTTP/1.1", "");
                let multipart = "POST /v2/rooms/5001/files HTTP/1.1\r\ncontent-type: multipart/form-data; boundary=x";
                call(multipart, "--x\r\ncontent-disposition: form-data; name=\"message\"\r\n\r\nさくら\r\n--x--\r\n");
                call("PATCH /v2/rooms HTTP/1.1", "");
                assert_eq!(watch.calls_since(mark, 2, Duration::ZERO, SOON).len(), 4);
                assert_eq!((watch.account(), watch.is_refused()), (Some(1_001), false));
                vec![
                    ("post-messages", Some("5001"), Some("ก & b"), true),
                    ("get-messages", Some("9007199254740993"), None, false),
                    ("post-files", Some("5001"), Some("さくら"), true),
                    ("PATCH /v2/rooms", None, None, true),
                ]
            }
            Service::Chatday => {
                // Register hands out the run's own secret, and the chats of the judge's events are there.
                assert!(call("GET /chatday/register HTTP/1.1", "").contains(CHATDAY_TOKEN));
                let send = format!("POST /chatday/messages HTTP/1.1\r\n{json}");
                for chat in ["70001", "9007199254740993"] {
                    let body = format!(r#"{{"message":{{"type":"text","data":"สวัสดี"}},"chat_id":"{chat}"}}"#);
                    assert!(call(&send, &body).starts_with("HTTP/1.1 200"), "{chat}");
                }
                vec![
                    ("register", None, None, false),
                    ("send-message", Some("70001"), Some("สวัสดี"), true),
                    ("send-message", Some("9007199254740993"), Some("สวัสดี"), true),
                ]
            }
        };
        let calls = watch.calls_since(mark, 2, Duration::ZERO, SOON);
        let seen: Vec<_> = calls
            .iter()
            .map(|call| (call.operation.as_str(), call.place.as_deref(), call.text.as_deref(), call.is_effect()))
            .collect();
        assert_eq!(seen, expected);
        assert_eq!(watch.calls_since(mark, 3, Duration::ZERO, Duration::ZERO).len(), expected.len(), "does not wait");
    }
}

const SOON: Duration = Duration::from_secs(10);

/// What an integration at `mock` that looks each event up, and marks it as read, makes of one body: the status of its answer.
fn looked_up(mock: &Endpoint, event: &serde_json::Value) -> u16 {
    let message = &event["webhook_event"];
    let (room, id) = (&message["room_id"], message["message_id"].as_str().unwrap());
    let ask = |method: &str, path: &str, form: &str| {
        let (authority, length) = (&mock.authority, form.len());
        let head =
            format!("{method} /v2/rooms/{room}/messages/{path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close");
        let kind = "content-type: application/x-www-form-urlencoded";
        let mut stream = TcpStream::connect(authority).unwrap();
        let credential = format!("x-chatworktoken: {AOI}");
        write!(stream, "{head}\r\n{credential}\r\n{kind}\r\ncontent-length: {length}\r\n\r\n{form}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let body = answer.split("\r\n\r\n").nth(1).unwrap().to_owned();
        (answer[9..12].parse::<u16>().unwrap(), body)
    };
    let (status, body) = ask("GET", id, "");
    let read: serde_json::Value = serde_json::from_str(&body).unwrap();
    if status != 200 || read["body"] != message["body"] {
        return 403;
    }
    let (status, body) = ask("PUT", "read", &format!("message_id={id}"));
    // One that was edited, or told of twice, has been read already.
    if status == 200 || body.contains("already") { 200 } else { 500 }
}

/// Serves that integration.
fn serve_looking_up(listener: &TcpListener, mock: &Endpoint) {
    for stream in listener.incoming() {
        let mut stream = BufReader::new(stream.unwrap());
        let mut length = 0;
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).unwrap();
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        if length == 0 || stream.read_exact(&mut body).is_err() {
            continue;
        }
        let status = serde_json::from_slice(&body).map_or(400, |event| looked_up(mock, &event));
        write!(stream.get_mut(), "HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
    }
}

#[test]
fn what_events_tell_of_can_be_read_and_what_forgeries_tell_of_cannot() {
    let judged = |only: &'static str| {
        let beside = beside(Service::Chatwork);
        let mock = Endpoint::parse(beside.base_url()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/webhook", listener.local_addr().unwrap());
        std::thread::spawn(move || serve_looking_up(&listener, &mock));
        let manner = Manner { only, cases: 24, ..Manner::default() };
        let judged = judge_watching(Service::Chatwork, &url, manner, Some(Box::new(beside.watch())));
        let statuses: Vec<Status> = judged.checks.iter().map(|check| check.status).collect();
        assert!(statuses.iter().all(|status| *status == Status::Pass), "{:?}", judged.checks);
        statuses
    };
    // Each kind of event: created, edited, a mention.
    assert_eq!(judged("*.valid-event-is-*"), [Status::Pass]);
    assert_eq!(judged("*any-text*"), [Status::Pass]);
    // It does not even look at signatures.
    assert_eq!(judged("*wrong-secret-is-refused"), [Status::Pass]);
}

#[test]
fn there_is_no_limit_in_the_way_of_as_many_replies_as_there_are_events() {
    let beside = beside(Service::Chatwork);
    let mut watch = beside.watch();
    let sample = calling(Service::Chatwork, None, beside.base_url(), AOI);
    let manner = Manner { only: "*any-*", cases: 48, ..Manner::default() };
    let mark = watch.mark();
    let judged = judge_watching(Service::Chatwork, &sample.url(), manner, Some(Box::new(beside.watch())));
    assert!(judged.run.summary.requests > 60);
    let calls = watch.calls_since(mark, 48, Duration::from_millis(100), SOON);
    assert!(calls.iter().filter(|call| call.is_message()).count() >= 48 && !watch.is_refused());
}

// --- the program

/// An address that was free a moment ago.
fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn webhook(url: &str, service: Service) -> Command {
    let mut command = conformance();
    command.env("TOKEN", token(service)).args(["webhook", url, "--service", service.name(), "--secret-env", "TOKEN"]);
    command
}

/// The program's own sample, run as a program.
struct Integration(Child, String);

impl Integration {
    fn start(service: Service, mock: SocketAddr, api_token: &str) -> Self {
        Self::start_at(([127, 0, 0, 1], 0).into(), service, mock, api_token)
    }

    fn start_at(own: SocketAddr, service: Service, mock: SocketAddr, api_token: &str) -> Self {
        let base = format!("http://{mock}{}", if service == Service::Chatwork { "/v2" } else { "" });
        let mut command = conformance();
        command.env("TOKEN", token(service)).env("API_TOKEN", api_token).stdout(Stdio::piped());
        command.args(["sample", "--service", service.name(), "--secret-env", "TOKEN", "--listen", &own.to_string()]);
        let mut child = command.args(["--api-base", &base, "--api-token-env", "API_TOKEN"]).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
        Self(child, ready["url"].as_str().unwrap().to_owned())
    }
}

impl Drop for Integration {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
fn a_correct_integration_passes_every_check_of_its_calls_under_strict() {
    for service in Service::ALL {
        let mock = free_address();
        let integration = Integration::start(service, mock, first_token(service));
        let mut command = webhook(&integration.1, service);
        command.args(["--strict", "--with-mock", &mock.to_string()]);
        for only in ["*effect*", "*reply*", "*answers-before*", "*whole", "*same-text*", "*markup*", "*one-meaning"] {
            command.args(["--only", only]);
        }
        let (code, report) = json(&mut command);
        assert_eq!(code, 0, "{report:#}");
        let statuses: BTreeSet<&str> =
            report["checks"].as_array().unwrap().iter().map(|check| check["status"].as_str().unwrap()).collect();
        assert_eq!(statuses, ["pass"].into());
        let (_, out, err) =
            run(webhook(&integration.1, service).args(["--with-mock", &mock.to_string(), "--only", "*-is-refused"]));
        let words: Vec<&str> = out.split_whitespace().collect();
        assert!(words.join(" ").contains(&format!("as far as it calls http://{mock}/")), "{out}");
        assert!(err.contains(&format!("http://{mock}/_mock/info")), "{err}");
    }
}

#[test]
fn an_integration_may_bring_its_own_token_or_be_anybody_of_the_world() {
    let mock = free_address();
    let only = ["--only", "*own-messages*", "--only", "*same-text*"];
    for (own, is_named) in [("my-own-token", true), (BEN, true), (BEN, false)] {
        let integration = Integration::start(Service::Chatwork, mock, own);
        let mut command = webhook(&integration.1, Service::Chatwork);
        command.env("OWN", own).args(["--strict", "--with-mock", &mock.to_string()]).args(only);
        if is_named {
            command.args(["--api-token-env", "OWN"]);
        }
        let (code, report) = json(&mut command);
        assert_eq!((code, report["summary"]["passed"].as_u64()), (0, Some(2)), "{report:#}");
    }
    // A token that nobody has is said to be one, instead of an integration that does nothing.
    let integration = Integration::start(Service::Chatwork, mock, "nobodys-token");
    let (code, report) =
        json(webhook(&integration.1, Service::Chatwork).args(["--with-mock", &mock.to_string()]).args(only));
    assert_eq!(code, 3, "{report:#}");
    let message = report["checks"][0]["message"].as_str().unwrap();
    assert!(message.contains("--api-token-env") && !message.contains("nobodys-token"), "{message}");
}

#[test]
fn a_mock_that_cannot_be_had_ends_with_2_and_one_sentence() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let refused = |command: &mut Command, words: &str| {
        let (code, out, err) = run(command);
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        assert!(err.contains(words), "{err}");
        assert!(!err.contains("two words"), "no token: {err}");
    };
    let begin = || webhook("http://127.0.0.1:9/hook", Service::Chatwork);
    let other = "another program uses this address: end that one, or give another one (port 0 picks a free port)";
    refused(begin().args(["--with-mock", &address]), &format!("--with-mock {address}: {other}"));
    refused(begin().args(["--with-mock", "0.0.0.0:0"]), "can be reached from other machines");
    refused(begin().args(["--with-mock", "4010"]), "such as 127.0.0.1:4010");
    refused(begin().args(["--api-token-env", "TOKEN"]), "--with-mock");
    let own = ["--with-mock", "127.0.0.1:0", "--api-token-env", "OWN"];
    refused(begin().args(own).env_remove("OWN"), "--api-token-env OWN: there is no such environment variable");
    refused(begin().args(own).env("OWN", "two words"), "without blanks");
    refused(begin().args(own).env("OWN", ""), "expected 1 to 255");
    let room = ["--with-mock", "127.0.0.1:0", "--room-id", "9007199254740993"];
    refused(begin().args(room), "larger than any room of the mock");
}

#[test]
fn the_mock_listens_before_the_endpoint_does_and_says_where() {
    let endpoint = free_address();
    let mut command = webhook(&format!("http://{endpoint}/webhook"), Service::Chatwork);
    command.args(["--with-mock", "127.0.0.1:0", "--wait", "30s", "--only", "*own-messages*"]);
    let mut waiting = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(waiting.stderr.take().unwrap()).read_line(&mut line).unwrap();
    let base_url = line.split("the API at ").nth(1).and_then(|rest| rest.split(';').next()).unwrap();
    let mock = Endpoint::parse(base_url).unwrap().authority.parse().unwrap();
    let integration = Integration::start_at(endpoint, Service::Chatwork, mock, AOI);
    let output = waiting.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    drop(integration);
}

#[test]
fn a_plan_says_that_calls_are_looked_at_and_starts_no_mock() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let plan = ["--plan", "--with-mock", &address];
    let (code, out, _) = run(webhook("http://127.0.0.1:9/hook", Service::Chatday).args(plan));
    assert!(code == 0 && out.contains(&format!("http://{address} is looked at too")), "{out}");
    let (_, plan) = json(webhook("http://127.0.0.1:9/hook", Service::Chatday).args(plan));
    assert_eq!(plan["with_mock"], address.as_str());
}
