//! Reads what a call brings. Every fault is named.

use contract::reader::{Fault, Faults, Node};
use contract::service::Service;
use contract::wire::form::Form;
use http::{Method, StatusCode};
use serde_json::Value;

use crate::control::{CertificateChange, ClockChange, Expectation, FaultRule, Match};

/// Faults as sentences.
pub(super) type Words = Vec<String>;

/// A call that is refused: its status, and why.
pub(super) type Refused = (StatusCode, Words);

/// A call in which something is wrong.
pub(super) fn bad(words: Words) -> Refused {
    (StatusCode::BAD_REQUEST, words)
}

/// A new world.
#[derive(Debug, Default)]
pub(super) struct NewWorld {
    pub(super) seed: Option<u64>,
    pub(super) world: Option<Value>,
}

/// A question about the journal.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) matching: Match,
    pub(super) after: u64,
    pub(super) limit: usize,
}

pub(super) fn expectation(body: &[u8]) -> Result<Expectation, Words> {
    read(&json(body)?, Expectation::load)
}

pub(super) fn fault_rule(body: &[u8]) -> Result<FaultRule, Words> {
    read(&json(body)?, FaultRule::load)
}

pub(super) fn clock_change(body: &[u8]) -> Result<ClockChange, Words> {
    read(&json(body)?, ClockChange::load)
}

pub(super) fn certificate_change(body: &[u8]) -> Result<CertificateChange, Words> {
    read(&json(body)?, CertificateChange::load)
}

pub(super) fn new_world(body: &[u8]) -> Result<NewWorld, Words> {
    if body.trim_ascii().is_empty() {
        return Ok(NewWorld::default());
    }
    read(&json(body)?, |node| {
        let object = node.object();
        // The command line takes all 64 bits, so this does too.
        let seed = object.optional("seed").and_then(|node| {
            let seed = node.value().as_u64();
            if seed.is_none() {
                node.expected("an integer from 0 to 18446744073709551615");
            }
            seed
        });
        let world = object.optional("world").map(|node| node.value().clone());
        object.finish();
        NewWorld { seed, world }
    })
}

/// Any JSON.
pub(super) fn json(body: &[u8]) -> Result<Value, Words> {
    serde_json::from_slice(body).map_err(|error| {
        let what = if body.is_empty() {
            "the body is empty: send JSON".to_owned()
        } else {
            format!("the body is no JSON: {error}")
        };
        vec![what]
    })
}

/// The query of `GET /_mock/requests`. A key with an empty value counts as absent.
pub(super) fn query(text: &str) -> Result<Query, Words> {
    let form = Form::decode(text.as_bytes());
    let (mut faults, mut query) = (Words::new(), Query { matching: Match::default(), after: 0, limit: DEFAULT_LIMIT });
    for (key, value) in form.pairs().filter(|(_, value)| !value.is_empty()) {
        let mut number = |least: u64, most: u64| {
            let number = value.parse().ok().filter(|number| (least..=most).contains(number));
            if number.is_none() {
                faults.push(format!(
                    "the query parameter '{key}' must be an integer from {least} to {most}, not '{value}'"
                ));
            }
            number
        };
        match key {
            "after" => query.after = number(0, i64::MAX as u64).unwrap_or_default(),
            "limit" => query.limit = number(1, MOST_LIMIT as u64).unwrap_or_default() as usize,
            "status" => query.matching.status = number(100, 599).and_then(|status| u16::try_from(status).ok()),
            "path" => query.matching.path = Some(value.to_owned()),
            "operation" => query.matching.operation = Some(value.to_owned()),
            "method" if value.parse::<Method>().is_ok() => query.matching.method = Some(value.to_owned()),
            "method" => faults.push(format!("'{value}' is no HTTP method")),
            "service" => match value.parse::<Service>() {
                Ok(service) => query.matching.service = Some(service.name().to_owned()),
                Err(words) => faults.push(words),
            },
            _ => faults.push(format!(
                "unknown query parameter '{key}': expected one of service, method, path, operation, status, after, limit"
            )),
        }
    }
    if faults.is_empty() { Ok(query) } else { Err(faults) }
}

/// Faults as sentences, at a place within the whole body.
pub(super) fn words(faults: Vec<Fault>, prefix: &str) -> Words {
    faults
        .into_iter()
        .map(|fault| Fault { pointer: format!("{prefix}{}", fault.pointer), ..fault })
        .map(|fault| if fault.pointer.is_empty() { fault.message } else { fault.to_string() })
        .collect()
}

pub(super) fn read<T>(value: &Value, load: impl Fn(&Node<'_>) -> T) -> Result<T, Words> {
    let faults = Faults::default();
    let read = load(&Node::root(value, &faults));
    if faults.is_empty() { Ok(read) } else { Err(words(faults.into_sorted(), "")) }
}

const DEFAULT_LIMIT: usize = 10_000;
const MOST_LIMIT: usize = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_of_a_query_is_named() {
        let faults = query("service=slack&status=1&after=x&limit=0&colour=red&method=G%20T").unwrap_err();
        assert_eq!(faults.len(), 6, "{faults:#?}");
        assert!(faults[4].contains("unknown query parameter 'colour'"), "{faults:#?}");
    }

    #[test]
    fn empty_values_count_as_absent() {
        let query = query("service=&method=POST&path=%2Fv2%2F*&status=&after=3&limit=").unwrap();
        assert_eq!((query.after, query.limit), (3, DEFAULT_LIMIT));
        assert_eq!(query.matching.path.as_deref(), Some("/v2/*"));
        assert_eq!((query.matching.service, query.matching.status), (None, None));
    }

    #[test]
    fn a_body_that_is_no_json_says_where() {
        assert!(json(b"{\"a\":}").unwrap_err()[0].contains("line 1 column 6"));
        assert!(json(b"").unwrap_err()[0].contains("empty"));
        assert!(new_world(b" ").unwrap().world.is_none());
        assert!(new_world(br#"{"sead":1}"#).unwrap_err()[0].contains("did you mean 'seed'"));
    }
}
