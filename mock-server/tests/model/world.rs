//! The mock and the model side by side: one request goes to both, and the answers must agree.

use bytes::Bytes;
use contract::chatwork::Endpoint;
use contract::judge::{self, Strictness};
use contract::reader::{Faults, Node};
use contract::time::UnixMillis;
use contract::wire::{Request, Response};
use mock_server::chatwork::State;
use mock_server::chatwork::state::Limits;
use mock_server::core::{Defaults, Origin, Turn};
use serde_json::Value;

use crate::call::Call;
use crate::predict::{Body, Expected, Eyes, Got};
use crate::start::{self, START};
use crate::state::Model;
use crate::step::{Op, Step};

const BASE_URL: &str = "http://127.0.0.1:4010";
const WORLD_ID: &str = "default";
const SEED: u64 = 11;

/// The same world twice: as the mock keeps it, and as the model does.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) mock: State,
    pub(crate) model: Model,
    /// Unix milliseconds.
    pub(crate) now: i64,
}

/// One exchange that went as expected.
#[derive(Clone, Debug)]
pub(crate) struct Exchanged {
    pub(crate) got: Got,
    pub(crate) call: Call,
}

impl World {
    pub(crate) fn start(model: Model) -> Self {
        let now = START * 1000 + 250;
        let mock = load(&start::description(&model), now).unwrap();
        Self { mock, model, now }
    }

    /// Takes one step; `None` for one that is no request.
    ///
    /// # Errors
    /// What the mock did otherwise than the model.
    pub(crate) fn step(&mut self, step: &Step) -> Result<Option<Exchanged>, String> {
        self.now += step.wait;
        if let Op::Reload = step.op {
            self.reload()?;
        }
        let Some(call) = Call::resolve(step.who, &step.op, &self.model) else { return Ok(None) };
        self.exchange(call).map(Some)
    }

    /// Sends one request to both.
    ///
    /// # Errors
    /// What the mock did otherwise than the model.
    pub(crate) fn exchange(&mut self, call: Call) -> Result<Exchanged, String> {
        let request = call.request(&self.model);
        let response = send(&mut self.mock, &request, self.now);
        let got = Got { status: response.status().as_u16(), body: body_of(&response) };
        let before = || format!("{} {}", got.status, got.body);
        let strictness = Strictness { without_account_limit: self.model.account_limit.is_none() };
        let violations = judge::exchange(call.operation.map(Endpoint::of), &response, strictness);
        if let Some(violation) = violations.first() {
            return Err(format!("expected no violation of the contract, got {violation} in {}", before()));
        }
        let eyes = Spectacles { mock: &self.mock, now: self.now };
        let expected = self.model.answer(&call, self.now.div_euclid(1000), &got, &eyes);
        let expected = expected.map_err(|sentence| format!("{sentence}, in {}", before()))?;
        compare(&expected, &response, &got)?;
        Ok(Exchanged { got, call })
    }

    /// Writes the mock's state down and reads it again: nothing may be lost.
    ///
    /// # Errors
    /// A fault of the description, or that the state is another one.
    pub(crate) fn reload(&mut self) -> Result<(), String> {
        let reloaded = load(&self.mock.dump(), self.now)?;
        if reloaded != self.mock {
            return Err("expected an equal state after dump and load, got another one".to_owned());
        }
        self.mock = reloaded;
        Ok(())
    }

    /// A copy to look at, in which looking counts against no limit.
    pub(crate) fn copy_without_limits(&self) -> Self {
        let mut copy = self.clone();
        copy.mock.settings.limits = Limits { account: None, room: None };
        (copy.model.account_limit, copy.model.room_limit) = (None, None);
        copy
    }
}

fn load(description: &Value, now: i64) -> Result<State, String> {
    let faults = Faults::default();
    let defaults = Defaults::default();
    let origin = Origin { seed: SEED, world_id: WORLD_ID, now: UnixMillis(now), defaults: &defaults };
    let state = State::load(&Node::root(description, &faults), &origin);
    match faults.into_sorted().as_slice() {
        [] => Ok(state),
        faults => Err(format!("expected a description without faults, got {faults:?}")),
    }
}

pub(crate) fn send(mock: &mut State, request: &Request, now: i64) -> Response {
    mock.handle(request, &mut Turn::new(UnixMillis(now), BASE_URL, WORLD_ID))
}

fn body_of(response: &Response) -> Value {
    serde_json::from_slice(response.body()).unwrap_or(Value::Null)
}

fn compare(expected: &Expected, response: &Response, got: &Got) -> Result<(), String> {
    let differs = |what: &str| Err(format!("expected {what}, got {} {}", got.status, got.body));
    if expected.status != got.status {
        return differs(&match &expected.body {
            Body::Json(value) => format!("{} {value}", expected.status),
            Body::Error(text) => format!("{} {text:?}", expected.status),
            Body::Empty | Body::Unknown => expected.status.to_string(),
        });
    }
    match &expected.body {
        Body::Empty if !response.body().is_empty() => return differs("no body"),
        Body::Json(value) if *value != got.body => return Err(difference(value, &got.body)),
        Body::Error(text) if !got.body["errors"][0].as_str().is_some_and(|error| error.contains(text)) => {
            return differs(&format!("{} {text:?}", expected.status));
        }
        _ => {}
    }
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
    let limitation = header("chatwork-message-limitation") == Some("true");
    if limitation != expected.limitation {
        return differs(&format!("chatwork-message-limitation: {}", expected.limitation));
    }
    let limits = ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"].map(header);
    let standing = expected.standing.map(|it| [it.limit.to_string(), it.remaining.to_string(), it.reset.to_string()]);
    let wanted = standing.as_ref().map_or([None; 3], |it| [0, 1, 2].map(|at| Some(it[at].as_str())));
    if limits != wanted {
        return Err(format!("expected the limit headers {wanted:?}, got {limits:?}"));
    }
    Ok(())
}

/// Where two bodies part, down to the smallest piece.
fn difference(expected: &Value, got: &Value) -> String {
    fn walk(expected: &Value, got: &Value, pointer: &str) -> String {
        match (expected, got) {
            (Value::Object(one), Value::Object(other)) if one.keys().all(|key| other.contains_key(key)) => {
                let parted = other.iter().find(|(key, value)| one.get(*key) != Some(value));
                parted.map_or_else(String::new, |(key, value)| {
                    walk(one.get(key).unwrap_or(&Value::Null), value, &format!("{pointer}/{key}"))
                })
            }
            (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
                let parted = one.iter().zip(other).position(|(one, other)| one != other).unwrap_or(0);
                walk(&one[parted], &other[parted], &format!("{pointer}/{parted}"))
            }
            _ => format!("expected {expected} at '{pointer}', got {got}"),
        }
    }
    walk(expected, got, "")
}

/// Looks through a copy of the mock.
struct Spectacles<'a> {
    mock: &'a State,
    now: i64,
}

impl Eyes for Spectacles<'_> {
    fn look(&self, account: u64, path: &str) -> Value {
        let mut copy = self.mock.clone();
        copy.settings.limits = Limits { account: None, room: None };
        let request =
            http::Request::get(path).header("x-chatworktoken", start::token(account)).body(Bytes::new()).unwrap();
        body_of(&send(&mut copy, &request, self.now))
    }

    fn download(&self, url: &str, later: i64) -> Option<Vec<u8>> {
        let request = http::Request::get(url.strip_prefix(BASE_URL)?).body(Bytes::new()).ok()?;
        let mut turn = Turn::new(UnixMillis(self.now + later * 1000), BASE_URL, WORLD_ID);
        let response = self.mock.download(&request, &mut turn);
        (response.status() == 200).then(|| response.body().to_vec())
    }
}
