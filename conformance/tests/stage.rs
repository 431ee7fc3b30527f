//! What is seen of a program, and what a scenario's script does to it: the judge's eyes and hands, without any rule.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::Path;
use std::time::Duration;

use conformance::ask::observed::{Ending, Observation};
use conformance::client::process::Program;
use conformance::client::scenario::{Cue, Edit, Scenario, Turn};
use conformance::client::stage::{self, Manner, Setup};
use conformance::run::stop;
use contract::chatday::Profile;
use contract::service::Service;
use mock_server::control::{FaultAction, FaultRule};

/// Calls the service as it is told to, on one connection unless that is closed, and writes what comes to stdout.
const CLIENT: &str = r#"
import http.client, json, os, sys
from urllib.parse import urlencode, urlsplit
env = os.environ
chatwork, chatday = urlsplit(env["CHATWORK_BASE_URL"]), urlsplit(env["CHATDAY_BASE_URL"])
connection = http.client.HTTPConnection(chatwork.netloc, timeout=20)
def call(method, path, body=None, headers={}):
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        print(method, answer.status, text.decode("latin-1"), dict(answer.headers))
        return answer.status, answer
    except OSError as error:
        print(method, type(error).__name__)
        connection.close()
        return 0, None
token = {"X-ChatWorkToken": env["CHATWORK_API_TOKEN"]}
form = {**token, "Content-Type": "application/x-www-form-urlencoded"}
room = f"{chatwork.path}/rooms/{env['CHATWORK_ROOM_ID']}/messages"
def send(text): return call("POST", room, urlencode({"body": text}), form)
def me(): return call("GET", f"{chatwork.path}/me", None, token)
"#;

fn played(name: &str, scenario: &'static Scenario, script: &str) -> Observation {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("stage");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join(format!("{name}.py"));
    fs::write(&file, format!("{CLIENT}\n{script}\n")).unwrap();
    let setup = Setup {
        program: Program { name: "python3".into(), arguments: vec![file.into()] },
        manner: Manner::Run,
        seed: 1,
        run: format!("stage-{name}"),
        command_timeout: Duration::from_secs(60),
        profile: Profile::default_profile(),
        intercept: None,
    };
    let (_stopper, mut stop) = stop::channel();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(stage::play(scenario, &setup, &mut stop)).unwrap()
}

fn statuses(seen: &Observation) -> Vec<u16> {
    seen.calls.iter().map(|call| call.status).collect()
}

fn stdout(seen: &Observation) -> String {
    String::from_utf8_lossy(&seen.stdout).into_owned()
}

#[test]
fn every_request_is_seen_whole_with_what_it_turned_out_to_be_and_what_came_of_it() {
    static SCENARIO: Scenario = Scenario { name: "chatwork.whole", ..Scenario::blank(Service::Chatwork) };
    let script = "send('a & b 👍'); me(); call('GET', chatday.path + '/register'); call('GET', chatwork.path + '/nowhere')\nsys.exit(4)";
    let seen = played("whole", &SCENARIO, script);
    assert_eq!(
        (statuses(&seen), &seen.ending),
        (vec![200, 200, 401], &Ending::Exited(4)),
        "the other service's is left out"
    );
    let sent = &seen.calls[0];
    assert_eq!((sent.method.as_str(), sent.operation.as_deref()), ("POST", Some("post-messages")));
    assert_eq!(sent.target, format!("/v2/rooms/{}/messages", seen.given.place));
    assert_eq!(&sent.body[..], b"body=a+%26+b+%F0%9F%91%8D");
    assert_eq!(sent.header("x-chatworktoken").collect::<Vec<_>>(), [seen.given.token.as_bytes()]);
    assert!(sent.answer_body.starts_with(b"{\"message_id\":"), "{sent:?}");
    assert!(sent.answer_header("x-ratelimit-remaining").is_some() && sent.answered_at.unwrap() >= sent.at);
    assert_eq!(seen.calls[2].operation, None);
    assert_eq!((seen.connections.len(), seen.connections[0].requests, seen.peak_in_flight), (1, 4, 1));
    let stored: Vec<_> = seen.stored.iter().map(|message| (message.place.as_str(), message.text.as_str())).collect();
    assert_eq!(stored, [(seen.given.place.as_str(), "a & b 👍")], "what was there before does not count");
}

#[test]
fn a_client_meets_the_faults_of_its_scenario_by_their_names_and_the_other_host_is_there() {
    static SCENARIO: Scenario = Scenario {
        name: "chatwork.faults",
        other_host: true,
        prefix: "/gateway",
        faults: |ground| {
            let redirect = FaultAction::respond(302).header("location", format!("{}/elsewhere", ground.other_host));
            vec![
                ("redirected", FaultRule::new(redirect).on(ground.operation("get-me"))),
                ("lost", FaultRule::new(FaultAction::drop_after_commit()).on(ground.everything())),
            ]
        },
        ..Scenario::blank(Service::Chatwork)
    };
    let script = "
status, answer = me()
connection.close()
send('kept'); send('again')
stranger = urlsplit(answer.headers['Location'])
connection = http.client.HTTPConnection(stranger.netloc)
call('POST', stranger.path, 'hello', {'X-Own': 'yes'})
connection = http.client.HTTPConnection(chatwork.netloc)
call('GET', '/v2/me', None, token)
";
    let seen = played("faults", &SCENARIO, script);
    let met: Vec<_> = seen.calls.iter().map(|call| (call.status, call.fault, call.target.as_str())).collect();
    let room = format!("/gateway/v2/rooms/{}/messages", seen.given.place);
    let expected = [
        (302, Some("redirected"), "/gateway/v2/me"),
        (0, Some("lost"), room.as_str()),
        (200, None, room.as_str()),
        (404, None, "/v2/me"),
    ];
    assert_eq!(met, expected, "{}", stdout(&seen));
    assert_eq!(seen.calls[1].answered_at, None);
    assert_eq!(seen.stored.iter().map(|message| message.text.as_str()).collect::<Vec<_>>(), ["kept", "again"]);
    assert_eq!(seen.given.prefix, "/gateway/v2");
    let stray = &seen.strays[0];
    assert_eq!((stray.method.as_str(), stray.target.as_str(), &stray.body[..]), ("POST", "/elsewhere", &b"hello"[..]));
    assert_eq!(stray.header("x-own").count(), 1);
    assert!(stdout(&seen).contains("POST 200 {}"), "{}", stdout(&seen));
}

#[test]
fn a_turn_is_taken_before_the_answer_that_it_follows_is_there() {
    static SCENARIO: Scenario = Scenario {
        name: "chatwork.turns",
        turns: &[
            Turn {
                name: "message-written",
                cue: Cue::Served(Some("get-me")),
                act: |mock| mock.member_writes(5001, 1002, "hi").map(drop),
            },
            Turn { name: "never", cue: Cue::Met("no such fault"), act: |_| Ok(()) },
            Turn { name: "in-time", cue: Cue::After(Duration::from_millis(1)), act: |_| Ok(()) },
        ],
        ..Scenario::blank(Service::Chatwork)
    };
    let script = "me(); call('GET', room + '?force=1', None, token); me(); call('GET', room + '?force=1', None, token)";
    let seen = played("turns", &SCENARIO, script);
    let written =
        |place: usize| String::from_utf8_lossy(&seen.calls[place].answer_body).matches("\"body\":\"hi\"").count();
    assert_eq!((written(1), written(3)), (1, 1), "it is taken once, and before the next request");
    assert_eq!(seen.moments.keys().copied().collect::<Vec<_>>(), ["in-time", "message-written"]);
    assert!(seen.moments["message-written"] <= seen.calls[0].answered_at.unwrap());
}

#[test]
fn answers_are_changed_as_the_scenario_says() {
    static SCENARIO: Scenario = Scenario {
        name: "chatwork.edits",
        edits: &[
            Edit::AdditiveFields,
            Edit::TitleCaseHeaders,
            Edit::Gzip,
            Edit::Header("x-more", "1"),
            Edit::WithoutHeader("x-ratelimit-limit"),
        ],
        ..Scenario::blank(Service::Chatwork)
    };
    let script = "
import gzip
connection.request('GET', chatwork.path + '/me', None, {**token, 'Accept-Encoding': 'gzip'})
answer = connection.getresponse()
print(sorted(json.loads(gzip.decompress(answer.read())))[-1], [name for name, _ in answer.getheaders()])
";
    let seen = played("edits", &SCENARIO, script);
    let out = stdout(&seen);
    assert!(
        out.starts_with("x_added_text ") && out.contains("'X-More'") && out.contains("'X-Ratelimit-Reset'"),
        "{out}"
    );
    assert!(!out.contains("'X-Ratelimit-Limit'"), "{out}");
}

#[test]
fn idle_connections_are_closed_and_a_program_may_be_run_twice_in_one_world() {
    static SCENARIO: Scenario =
        Scenario { name: "chatday.twice", closes_idle: true, runs: 2, ..Scenario::blank(Service::Chatday) };
    let script = "
own = {'Authorization': 'Bearer ' + env['CHATDAY_TOKEN'], 'Content-Type': 'application/json'}
connection = http.client.HTTPConnection(chatday.netloc)
for number in range(2):
    path = urlsplit(env['CHATDAY_SEND_URL']).path
    message = {'chat_id': env['CHATDAY_CHAT_ID'], 'message': {'type': 'text', 'data': f'{number}'}}
    call('POST', path, json.dumps(message), own)
";
    let seen = played("twice", &SCENARIO, script);
    // A client that sends its second request on the old connection finds nobody there.
    assert_eq!((seen.runs.len(), statuses(&seen)), (2, vec![200; 2]), "{}", stdout(&seen));
    assert_eq!(stdout(&seen).matches("RemoteDisconnected").count(), 2, "{}", stdout(&seen));
    assert_eq!(seen.stored.iter().map(|message| message.text.as_str()).collect::<Vec<_>>(), ["0", "0"]);
    assert_eq!(seen.stored[0].place, seen.given.place);
    let requests: Vec<usize> = seen.connections.iter().map(|connection| connection.requests).collect();
    assert_eq!(requests, [1; 2], "each connection ends with its answer");
    assert!(seen.calls.iter().all(|call| call.fault.is_none() && call.answered_at.is_some()));
}
