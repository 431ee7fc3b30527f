//! A mock of one's own, a plain socket to it, and a story of what was said, kept as a snapshot.
//!
//! Requests are written by hand, byte for byte, and answers are read whole: an HTTP library would tidy both up. Every
//! answer of Chatwork is also held against the contract by `contract::judge`.

mod answer;
mod call;

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use contract::chatwork::endpoints::Endpoint;
use contract::judge::{self, Strictness};
use contract::route;
use contract::service::Service;
use contract::wire::form::Form;
use http::Method;
use mock_server::MockServer;
use serde_json::{Value, json};

pub(crate) use answer::Answer;
pub(crate) use call::Call;

/// The Unix second at which the world of these tests stands still.
pub(crate) const NOW: i64 = 1_767_323_045;

/// The people of the world, by their tokens.
pub(crate) const AOI: &str = "wire-token-of-aoi";
pub(crate) const BEN: &str = "wire-token-of-ben";
pub(crate) const CHAI: &str = "wire-token-of-chai";
pub(crate) const DUNG: &str = "wire-token-of-dung";
pub(crate) const EVE: &str = "wire-token-of-eve";
pub(crate) const FUMI: &str = "wire-token-of-fumi";
/// Nobody's token.
pub(crate) const NOBODY: &str = "wire-token-of-nobody";

/// What a snapshot says instead of a secret.
const SECRETS: [(&str, &str); 12] = [
    // Longer ones first, since one begins with another.
    ("wire-token-of-aoi-second", "(aoi's second token)"),
    (AOI, "(aoi)"),
    (BEN, "(ben)"),
    (CHAI, "(chai)"),
    (DUNG, "(dung)"),
    (EVE, "(eve)"),
    (FUMI, "(fumi)"),
    (NOBODY, "(nobody)"),
    ("wire-chatday-shop", "(shop)"),
    ("wire-chatday-newcomer", "(newcomer)"),
    ("wire-signature-of-shop", "(signature token of shop)"),
    ("wire-signature-of-newcomer", "(signature token of newcomer)"),
];

/// The first three messages of room 5001.
pub(crate) const MESSAGE: [&str; 3] = ["1999000111222300001", "1999000111222300002", "1999000111222300003"];

/// Keeps the story so far as the snapshot `<endpoint>.<case>`, and begins a new one.
macro_rules! keep {
    ($wire:expr, $name:expr) => {{
        let name: &str = &$name;
        let story = $wire.take_story();
        $crate::common::shelf(name).bind(|| insta::assert_snapshot!(name, story));
    }};
}

/// A mock, and what was said to it.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) mock: MockServer,
    address: SocketAddr,
    strictness: Strictness,
    honours_override: bool,
    story: String,
    /// What this story must not tell, and what it says instead.
    hidden: Vec<(String, &'static str)>,
}

impl Wire {
    /// A mock with the world of these tests.
    pub(crate) fn start() -> Self {
        Self::with(|_| {})
    }

    /// The same with something changed.
    pub(crate) fn with(change: impl FnOnce(&mut Value)) -> Self {
        let mut world: Value = serde_json::from_str(include_str!("../world.json")).expect("JSON");
        change(&mut world);
        let limits = &world["chatwork"]["settings"]["limits"];
        let without_account_limit = limits.get("account").is_some_and(Value::is_null);
        let honours_override = world["chatwork"]["settings"]["edition"] != json!("2025-07");
        let mock = MockServer::builder().world(world).seed(1).start().expect("a mock");
        Self::of(mock, Strictness { without_account_limit }, honours_override)
    }

    /// A mock that is started otherwise, with the world of these tests.
    pub(crate) fn on<E: std::fmt::Debug>(start: impl FnOnce(Value) -> Result<MockServer, E>) -> Self {
        let world = serde_json::from_str(include_str!("../world.json")).expect("JSON");
        Self::of(start(world).expect("a mock"), Strictness::default(), true)
    }

    fn of(mock: MockServer, strictness: Strictness, honours_override: bool) -> Self {
        let url = mock.url(Service::Chatwork);
        let address = url.trim_start_matches("http://").trim_end_matches("/v2").parse().expect("an address");
        Self { mock, address, strictness, honours_override, story: String::new(), hidden: Vec::new() }
    }

    /// The same with Chatwork's settings.
    pub(crate) fn with_settings(settings: Value) -> Self {
        Self::with(|world| world["chatwork"]["settings"] = settings)
    }

    pub(crate) fn get(&mut self, token: &str, path: &str) -> Answer {
        self.send(&Call::of(token, "GET", path))
    }

    pub(crate) fn post(&mut self, token: &str, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(&Call::of(token, "POST", path).form(form))
    }

    pub(crate) fn put(&mut self, token: &str, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(&Call::of(token, "PUT", path).form(form))
    }

    pub(crate) fn delete(&mut self, token: &str, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(&Call::of(token, "DELETE", path).form(form))
    }

    /// Sends a call, judges the answer, and tells both in the story.
    pub(crate) fn send(&mut self, call: &Call) -> Answer {
        let answer = self.raw(&call.bytes()).unwrap_or_else(|| panic!("no answer to {}", call.in_short()));
        self.judge(call, &answer);
        if !self.story.is_empty() {
            self.story.push_str("\n* * *\n\n");
        }
        let head = answer.head.replace("\r\n", "\n");
        let (call, body) = (call.told(), String::from_utf8_lossy(&answer.body));
        write!(self.story, "{call}\n{}\n", self.without_address(&head, &body)).unwrap();
        if !body.is_empty() {
            write!(self.story, "\n{}\n", body.replace(&self.address.to_string(), "{address}")).unwrap();
        }
        answer
    }

    /// Writes bytes onto a fresh connection and reads all that comes back; `None` where nothing does.
    pub(crate) fn raw(&self, bytes: &[u8]) -> Option<Answer> {
        let mut stream = TcpStream::connect(self.address).expect("the mock accepts");
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        // The mock may refuse, and close, before it has read all of it.
        let _ = stream.write_all(bytes);
        let mut whole = Vec::new();
        let mut buffer = [0; 16 * 1024];
        loop {
            let answer = Answer::read(&whole);
            let length = |answer: &Answer| match answer.header("content-length") {
                // What HEAD is told is the length of what GET would be sent.
                Some(digits) if !bytes.starts_with(b"HEAD ") => digits.parse().expect("a length"),
                _ => 0,
            };
            if answer.as_ref().is_some_and(|answer| answer.body.len() >= length(answer)) {
                // Complete, as its length has it. What else is to come on this connection comes now.
                let _ = stream.shutdown(Shutdown::Write);
                let _ = stream.read_to_end(&mut whole);
                let answer = Answer::read(&whole)?;
                assert_eq!(answer.body.len(), length(&answer), "bytes behind the answer: {answer:?}");
                return Some(answer);
            }
            match stream.read(&mut buffer) {
                Ok(0) | Err(_) => return answer,
                Ok(count) => whole.extend_from_slice(&buffer[..count]),
            }
        }
    }

    /// Writes bytes, says that no more will come, and reads what comes back.
    pub(crate) fn raw_and_hang_up(&self, bytes: &[u8]) -> Option<Answer> {
        let mut stream = TcpStream::connect(self.address).expect("the mock accepts");
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.write_all(bytes).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut whole = Vec::new();
        let _ = stream.read_to_end(&mut whole);
        Answer::read(&whole)
    }

    /// The story so far, without secrets; the next one begins.
    pub(crate) fn take_story(&mut self) -> String {
        let mut story = std::mem::take(&mut self.story);
        for (secret, name) in self.hidden.iter().map(|(secret, name)| (secret.as_str(), *name)).chain(SECRETS) {
            story = story.replace(secret, name);
        }
        story
    }

    /// Keeps a secret that was made up meanwhile out of the stories.
    pub(crate) fn hide(&mut self, secret: &str, name: &'static str) {
        self.hidden.push((secret.to_owned(), name));
    }

    /// Leaves what was said so far out of the story.
    pub(crate) fn forget(&mut self) {
        self.story.clear();
    }

    /// Moves the world's clock on.
    pub(crate) fn advance(&self, millis: u64) {
        self.mock.advance(Duration::from_millis(millis)).expect("the clock moves");
    }

    /// The whole world without the windows of the accounts, which every authenticated request moves.
    pub(crate) fn state(&self) -> Value {
        let mut state = self.mock.state().expect("a state");
        if let Some(windows) = state["chatwork"]["windows"].as_object_mut() {
            windows.remove("accounts");
        }
        state
    }

    /// Fails unless the world is what it was.
    #[track_caller]
    pub(crate) fn is_still(&self, before: &Value) {
        if let Some(place) = difference("", before, &self.state()) {
            panic!("the world has changed at {place}");
        }
    }

    /// Unread messages and mentions of somebody in a room.
    pub(crate) fn unread(&mut self, token: &str, room: u64) -> (u64, u64) {
        let room = self.get(token, &format!("/rooms/{room}")).is(200);
        (room["unread_num"].as_u64().unwrap(), room["mention_num"].as_u64().unwrap())
    }

    /// The clauses noted in the journal for the newest request.
    pub(crate) fn noted(&self) -> Vec<String> {
        let newest = self.mock.requests().expect("a journal").pop().expect("a request");
        newest.violations.into_iter().map(|violation| violation.clause).collect()
    }

    fn judge(&self, call: &Call, answer: &Answer) {
        if !call.target.starts_with("/v2") {
            return;
        }
        let (path, query) = call.target.split_once('?').unwrap_or((&call.target, ""));
        let query = Form::decode(query.as_bytes());
        let overridden = query.value("method").filter(|_| self.honours_override && call.verb == "POST");
        let overridden = overridden.filter(|verb| ["PUT", "DELETE"].contains(verb));
        let verb: Method = overridden.unwrap_or(&call.verb).parse().expect("a verb");
        let endpoint = route::chatwork(&verb, path).map(|found| found.endpoint);
        let violations = judge::exchange(endpoint, &answer.as_response(), self.strictness);
        let told: Vec<String> = violations.iter().map(ToString::to_string).collect();
        assert!(told.is_empty(), "{}\n{}\n{told:#?}", call.in_short(), answer.text());
        let dates = answer.head.lines().filter(|line| line.to_ascii_lowercase().starts_with("date:")).count();
        assert_eq!(dates, 1, "{}", answer.head);
    }

    /// A head that does not change with the port that the mock was given.
    fn without_address(&self, head: &str, body: &str) -> String {
        if !body.contains(&self.address.to_string()) {
            return head.to_owned();
        }
        let lines = head.lines().map(|line| match line.split_once(": ") {
            Some(("content-length", _)) => "content-length: {length}",
            _ => line,
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// The first place where two values differ, and how.
fn difference(place: &str, before: &Value, after: &Value) -> Option<String> {
    let pairs: Vec<(String, &Value, &Value)> = match (before, after) {
        (Value::Object(one), Value::Object(other)) if one.keys().eq(other.keys()) => {
            one.iter().map(|(key, value)| (key.clone(), value, &other[key])).collect()
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            one.iter().zip(other).enumerate().map(|(index, (one, other))| (index.to_string(), one, other)).collect()
        }
        _ => return (before != after).then(|| format!("{place}: {before} became {after}")),
    };
    pairs.into_iter().find_map(|(key, one, other)| difference(&format!("{place}/{key}"), one, other))
}

/// Where a snapshot belongs.
pub(crate) fn shelf(name: &str) -> insta::Settings {
    let endpoint = name.split('.').next().unwrap_or_default();
    let below = area(endpoint).unwrap_or_else(|| panic!("'{name}': no endpoint has the name '{endpoint}'"));
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(root().join("snapshots/mock-server").join(below));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}

/// The folder of an endpoint's snapshots.
pub(crate) fn area(endpoint: &str) -> Option<String> {
    let chatwork = contract::chatwork::endpoints::ENDPOINTS.iter().find(|row| row.name == endpoint);
    chatwork.map(|row: &Endpoint| format!("chatwork/{}", row.area)).or_else(|| match endpoint {
        "download-file" => Some("chatwork/files".to_owned()),
        "oauth-authorize" | "oauth-token" => Some("chatwork/oauth".to_owned()),
        "register" => Some("chatday/register".to_owned()),
        "send-message" => Some("chatday/messages".to_owned()),
        _ => None,
    })
}

/// The workspace.
pub(crate) fn root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
