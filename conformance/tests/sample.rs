//! What the sample integration does after an event: seen at a service's API that only writes down what it is asked.

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use common::watch::{Log, OWN, Watch};
use common::{CHATDAY_TOKEN, integration, secret};
use conformance::ask::effects::Call;
use conformance::sample::flaw::Flaw;
use conformance::sample::server::Sample;
use contract::service::Service;
use serde_json::{Value, json};

/// A sample beside an API that writes down what it is asked.
struct Stage {
    service: Service,
    sample: Sample,
    log: Log,
    _watch: Watch,
}

impl Stage {
    fn new(service: Service, flaw: Option<Flaw>) -> Self {
        let watch = Watch::start(service);
        let integration = integration(service, flaw).with_api(watch.api());
        let sample = Sample::start(integration, ([127, 0, 0, 1], 0).into()).unwrap();
        Self { service, sample, log: watch.log(), _watch: watch }
    }

    fn request(&self, event: &Value, secret_value: Option<&str>) -> String {
        let body = event.to_string();
        let (name, right) = match self.service {
            Service::Chatwork => {
                ("x-chatworkwebhooksignature", secret(self.service).key().unwrap().sign(body.as_bytes()))
            }
            Service::Chatday => ("x-chatday-signature-token", CHATDAY_TOKEN.to_owned()),
        };
        let value = secret_value.unwrap_or(&right);
        format!("POST /webhook HTTP/1.1\r\nhost: x\r\n{name}: {value}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(self.sample.address()).unwrap()
    }

    /// Sends an event and gives the status of the answer.
    fn send(&self, event: &Value) -> u16 {
        self.exchange(&self.request(event, None))
    }

    fn exchange(&self, request: &str) -> u16 {
        let mut stream = self.connect();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut head = [0; 12];
        stream.read_exact(&mut head).unwrap();
        String::from_utf8_lossy(&head[9..]).parse().unwrap()
    }

    /// What was said to these events, and to a last one that marks the end.
    fn replies(&self, events: &[Value]) -> Vec<String> {
        for event in events {
            assert_eq!(self.send(event), 200, "{event}");
        }
        self.send(&self.say(LAST, "the last"));
        let mut count = 1;
        loop {
            let said = shown(&self.log.wait_for(count));
            if said.last().is_some_and(|text| text.ends_with("the last")) {
                return said[..said.len() - 1].to_vec();
            }
            count = said.len() + 1;
        }
    }

    /// A text event; Chatday's have no id.
    fn say(&self, id: u64, text: &str) -> Value {
        match self.service {
            Service::Chatwork => chatwork("message_created", id, 1_001, text, 0),
            Service::Chatday => json!({"message": {"type": "text", "data": text}, "chat_id": "70001"}),
        }
    }
}

const LAST: u64 = 1_999;

fn chatwork(kind: &str, id: u64, author: u64, text: &str, update_time: u64) -> Value {
    json!({"webhook_setting_id": "246", "webhook_event_type": kind, "webhook_event_time": 1_760_000_000, "webhook_event": {
        "message_id": id.to_string(), "room_id": 5_001, "account_id": author, "body": text, "send_time": 1_760_000_000,
        "update_time": update_time,
    }})
}

/// Where each message went, and what it said.
fn shown(calls: &[Call]) -> Vec<String> {
    let text = |call: &Call| call.text.clone().unwrap_or_default();
    calls.iter().map(|call| format!("to {}: {}", call.place.as_deref().unwrap_or_default(), text(call))).collect()
}

/// How many replies the same events lead to.
fn count(service: Service, flaw: Option<Flaw>, events: impl Fn(&Stage) -> Vec<Value>) -> usize {
    let stage = Stage::new(service, flaw);
    stage.replies(&events(&stage)).len()
}

#[test]
fn what_people_write_is_answered_once_where_it_was_written() {
    let stage = Stage::new(Service::Chatwork, None);
    let event = stage.say(9_007_199_254_740_993, "ขอบคุณ [toall] 👍");
    let said = stage.replies(&[event.clone(), event]);
    assert_eq!(
        said,
        [
            "to 5001: [rp aid=1001 to=5001-9007199254740993]\nmessage 9007199254740993 of 1001 in 5001: ขอบคุณ [\u{200b}toall] 👍"
        ]
    );
    let stage = Stage::new(Service::Chatday, None);
    assert_eq!(stage.replies(&[stage.say(1, "お疲れ様です")]), ["to 70001: you wrote: お疲れ様です"]);
}

#[test]
fn two_messages_with_one_text_and_an_edit_are_three_events() {
    let events = |stage: &Stage| {
        let edit = chatwork("message_updated", 7, 1_001, "ok", 1_760_000_001);
        vec![stage.say(7, "ok"), stage.say(8, "ok"), edit.clone(), edit]
    };
    assert_eq!(count(Service::Chatwork, None, events), 3);
    assert_eq!(count(Service::Chatwork, Some(Flaw::NoMemory), events), 4);
    assert_eq!(count(Service::Chatwork, Some(Flaw::RemembersTexts), events), 1);
    assert_eq!(count(Service::Chatwork, Some(Flaw::DropsEdits), events), 2);
}

#[test]
fn it_does_not_answer_itself_and_nothing_that_it_has_no_use_for() {
    let events = |_: &Stage| {
        vec![
            chatwork("message_created", 1, OWN, "me", 0),
            chatwork("message_deleted", 2, 1_001, "you", 0),
            json!({"webhook_event_type": "message_created", "webhook_event": null}),
        ]
    };
    assert_eq!(count(Service::Chatwork, None, events), 0);
    assert_eq!(count(Service::Chatwork, Some(Flaw::AnswersItself), events), 1);
    let events = |_: &Stage| vec![json!({"message": {"type": "sticker", "data": {}}, "chat_id": "1"}), json!({})];
    assert_eq!(count(Service::Chatday, None, events), 0);
}

#[test]
fn a_forged_event_leads_to_nothing_unless_it_is_acted_on_first() {
    for service in Service::ALL {
        for (flaw, expected) in [(None, 0), (Some(Flaw::ActsBeforeVerifying), 1)] {
            let stage = Stage::new(service, flaw);
            assert_eq!(stage.exchange(&stage.request(&stage.say(1, "forged"), Some("AAAA"))), 401);
            assert_eq!(stage.replies(&[]).len(), expected, "{service} {flaw:?}");
        }
    }
}

#[test]
fn texts_are_quoted_as_they_were_written() {
    let text = " e\u{301} か\u{3099} ";
    let ends = |service, flaw, end: &str| {
        let stage = Stage::new(service, flaw);
        let said = stage.replies(&[stage.say(1, text)]);
        assert!(said[0].ends_with(end), "{service} {flaw:?}: {said:?}");
    };
    for service in Service::ALL {
        ends(service, None, &format!(": {text}"));
        ends(service, Some(Flaw::TrimsText), ": e\u{301} か\u{3099}");
        ends(service, Some(Flaw::NormalisesText), ":  é が ");
    }
}

#[test]
fn copies_at_the_same_time_are_one_event_unless_it_is_remembered_late() {
    for (flaw, expected) in [(None, 1..=1), (Some(Flaw::RemembersLate), 2..=8)] {
        let stage = Stage::new(Service::Chatwork, flaw);
        let request = stage.request(&stage.say(1, "at once"), None);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| assert_eq!(stage.exchange(&request), 200));
            }
        });
        let said = stage.replies(&[]).len();
        assert!(expected.contains(&said), "{flaw:?}: {said}");
    }
}

#[test]
fn an_event_whose_sender_leaves_is_still_handled_unless_the_work_leaves_with_it() {
    for service in Service::ALL {
        for (flaw, expected) in [(None, 1), (Some(Flaw::RemembersEarly), 0)] {
            let stage = Stage::new(service, flaw);
            let event = stage.say(1, "and gone");
            let mut stream = stage.connect();
            stream.write_all(stage.request(&event, None).as_bytes()).unwrap();
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            // Closed by the sample: it has seen the end, or has answered before.
            let _ = stream.read_to_end(&mut Vec::new());
            let again: &[Value] = if service == Service::Chatwork { &[event] } else { &[] };
            assert_eq!(stage.replies(again).len(), expected, "{service} {flaw:?}");
        }
    }
}

#[test]
fn half_an_event_leads_to_nothing_unless_it_is_completed_by_guessing() {
    for (flaw, expected) in [(None, 0), (Some(Flaw::ActsOnHalfBody), 1)] {
        let stage = Stage::new(Service::Chatday, flaw);
        let request = stage.request(&stage.say(1, "half of it"), None);
        let mut stream = stage.connect();
        stream.write_all(&request.as_bytes()[..request.len() - 1]).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
        assert_eq!(stage.replies(&[]).len(), expected, "{flaw:?}");
    }
}

#[test]
fn large_ids_are_quoted_with_every_digit() {
    let chats = |flaw| {
        let stage = Stage::new(Service::Chatday, flaw);
        let event = |id: Value| json!({"message": {"type": "text", "data": "x"}, "chat_id": id});
        stage.replies(&[event(json!("9007199254740993")), event(json!(9_007_199_254_740_993_u64))])
    };
    let to = |chat: &str| [format!("to {chat}: you wrote: x"), format!("to {chat}: you wrote: x")];
    assert_eq!(chats(None), to("9007199254740993"));
    assert_eq!(chats(Some(Flaw::FloatIds)), to("9007199254740992"));
    let said = |flaw| {
        let stage = Stage::new(Service::Chatwork, flaw);
        stage.replies(&[stage.say(9_007_199_254_740_993, "x")]).remove(0)
    };
    assert!(said(None).contains("message 9007199254740993 "));
    assert!(said(Some(Flaw::FloatIds)).contains("message 9007199254740992 "));
}

#[test]
fn the_program_answers_through_the_api_that_it_was_told() {
    let watch = Watch::start(Service::Chatday);
    let base = watch.base();
    let mut child =
        program(&["--api-base", &base, "--api-token-env", "API_TOKEN"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    let authority = ready["url"].as_str().unwrap().split('/').nth(2).unwrap().to_owned();
    let body = json!({"message": {"type": "text", "data": "ถึงแล้ว"}, "chat_id": 7}).to_string();
    let mut stream = TcpStream::connect(authority).unwrap();
    let head = format!("x-chatday-signature-token: {CHATDAY_TOKEN}\r\ncontent-length: {}", body.len());
    stream.write_all(format!("POST /webhook HTTP/1.1\r\nhost: x\r\n{head}\r\n\r\n{body}").as_bytes()).unwrap();
    let said = shown(&watch.log().wait_for(1));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(said, ["to 7: you wrote: ถึงแล้ว"]);
}

#[test]
fn an_api_that_cannot_be_called_is_refused_with_a_reason() {
    for (arguments, words) in [
        (
            ["--api-base", "http://192.0.2.7/v2", "--api-token-env", "API_TOKEN"],
            "--api-base: '192.0.2.7' is not this machine",
        ),
        (["--api-base", "nowhere", "--api-token-env", "API_TOKEN"], "--api-base: 'nowhere' is no URL"),
        (
            ["--api-base", "http://127.0.0.1:1/v2", "--api-token-env", "NO_SUCH_VARIABLE"],
            "--api-token-env takes the name",
        ),
    ] {
        let output = program(&arguments).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(words), "{told}");
    }
}

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("conformance"));
    command.env("SECRET", CHATDAY_TOKEN).env("API_TOKEN", "t0ken").stdin(Stdio::null());
    command.args(["sample", "--service", "chatday", "--secret-env", "SECRET"]).args(arguments);
    command
}
