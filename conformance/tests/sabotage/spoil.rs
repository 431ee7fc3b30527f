//! Ways to spoil an answer.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use conformance::check::Level;
use contract::chatwork::Edition;
use contract::clause::Clause;
use contract::service::Service;
use contract::wire::Response;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, StatusCode};
use mock_server::witness::{Asked, Witness};
use serde_json::Value;

/// One way in which a server breaks the contract.
#[derive(Clone, Copy)]
pub(crate) struct Sabotage {
    pub(crate) word: &'static str,
    pub(crate) service: Service,
    pub(crate) edition: Edition,
    /// What the server does, in a sentence.
    pub(crate) what: &'static str,
    /// The sentence of the contract that it breaks.
    pub(crate) clause: &'static Clause,
    /// What it weighs: at least one check has to find it at this level.
    pub(crate) weight: Level,
    pub(crate) spoil: fn(&Spoilt<'_>, &mut Response),
}

/// What a sabotage knows of a request.
pub(crate) struct Spoilt<'a> {
    pub(crate) asked: &'a Asked<'a>,
    /// How many requests came before it.
    pub(crate) before: usize,
    /// How many that the sabotage counted by itself came before it.
    pub(crate) counter: &'a AtomicUsize,
}

impl Spoilt<'_> {
    /// The operation; nothing for what the contract does not know.
    pub(crate) fn of(&self, operation: &str) -> bool {
        self.asked.operation == Some(operation)
    }

    pub(crate) fn path(&self) -> &str {
        self.asked.request.uri().path()
    }

    pub(crate) fn query(&self, part: &str) -> bool {
        self.asked.request.uri().query().is_some_and(|query| query.contains(part))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.asked.request.headers().get(name)?.to_str().ok()
    }

    pub(crate) fn count(&self) -> usize {
        self.counter.fetch_add(1, Ordering::SeqCst)
    }
}

/// Spoils the answers of a mock.
pub(crate) struct Saboteur {
    pub(crate) sabotage: Sabotage,
    seen: AtomicUsize,
    counter: AtomicUsize,
    /// The sabotage itself fell over: what the mock made of that is not what was meant.
    pub(crate) fell: AtomicBool,
}

impl fmt::Debug for Saboteur {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Saboteur({})", self.sabotage.word)
    }
}

impl Saboteur {
    pub(crate) fn new(sabotage: Sabotage) -> Self {
        Self { sabotage, seen: AtomicUsize::new(0), counter: AtomicUsize::new(0), fell: AtomicBool::new(false) }
    }
}

impl Witness for Saboteur {
    fn answering(&self, asked: &Asked<'_>, answer: &mut Response) {
        let before = self.seen.fetch_add(1, Ordering::SeqCst);
        let spoilt = Spoilt { asked, before, counter: &self.counter };
        let whole = catch_unwind(AssertUnwindSafe(|| (self.sabotage.spoil)(&spoilt, answer)));
        self.fell.fetch_or(whole.is_err(), Ordering::SeqCst);
    }
}

pub(crate) fn json(answer: &mut Response, edit: impl FnOnce(&mut Value)) {
    let Ok(mut value) = serde_json::from_slice(answer.body()) else { return };
    edit(&mut value);
    *answer.body_mut() = contract::wire::json::to_ascii(&value).into();
}

/// Every object of an answer of success: the body itself, or each item of a list.
pub(crate) fn each(answer: &mut Response, edit: impl Fn(&mut Value)) {
    if !answer.status().is_success() {
        return;
    }
    json(answer, |value| match value {
        Value::Array(items) => items.iter_mut().for_each(edit),
        Value::Object(_) => edit(value),
        _ => {}
    });
}

pub(crate) fn set(answer: &mut Response, key: &str, new: impl Into<Value>) {
    let new = new.into();
    each(answer, |item| item[key] = new.clone());
}

pub(crate) fn drop_key(answer: &mut Response, key: &str) {
    each(answer, |item| {
        item.as_object_mut().map(|fields| fields.shift_remove(key));
    });
}

pub(crate) fn as_text(answer: &mut Response, key: &str) {
    each(answer, |item| item[key] = Value::from(item[key].to_string()));
}

pub(crate) fn status(answer: &mut Response, code: u16) {
    *answer.status_mut() = StatusCode::from_u16(code).unwrap();
}

pub(crate) fn body(answer: &mut Response, text: &str) {
    *answer.body_mut() = text.to_owned().into();
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
}

pub(crate) fn header(answer: &mut Response, name: &'static str, value: &str) {
    answer.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
}

/// A header that is one number, as another.
pub(crate) fn number(answer: &mut Response, name: &'static str, edit: impl Fn(i64) -> i64) {
    let told = answer.headers().get(name).and_then(|value| value.to_str().ok()?.parse().ok());
    if let Some(told) = told {
        header(answer, name, &edit(told).to_string());
    }
}

/// Whether an answer is of this status.
pub(crate) fn was(answer: &Response, code: u16) -> bool {
    answer.status().as_u16() == code
}
