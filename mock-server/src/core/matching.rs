//! Whether a request, or an entry of the journal, is one that somebody asked about, and if not, why.

use contract::wire::form::Form;
use serde_json::Value;

use super::capture::Capture;
use super::journal::Entry;
use crate::control::{BodyMatch, Match};

/// What of a request can be asked about.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The request, masked.
    pub request: &'a Capture,
    /// What it turned out to be.
    pub operation: Option<&'a str>,
    /// Who called; empty where nobody was known.
    pub token_id: &'a [u8],
    /// Status of the answer; 0 before there is one.
    pub status: u16,
}

impl<'a> From<&'a Entry> for Seen<'a> {
    fn from(entry: &'a Entry) -> Self {
        let (operation, token_id) = (entry.operation, entry.token_id());
        Self { request: &entry.request, operation, token_id, status: entry.status }
    }
}

impl Match {
    /// Whether a request is meant that has no answer yet. A match that asks for a status means none.
    pub fn fits(&self, seen: Seen<'_>) -> bool {
        self.differences(seen).next().is_none()
    }

    /// Whether the entry is meant.
    pub fn allows(&self, entry: &Entry) -> bool {
        self.differences(entry.into()).next().is_none()
    }

    /// How many of the things asked for the entry lacks.
    pub fn distance(&self, entry: &Entry) -> usize {
        self.differences(entry.into()).count()
    }

    /// Why the entry is not meant, one sentence for each difference.
    pub fn explain(&self, entry: &Entry) -> Vec<String> {
        self.differences(entry.into()).map(|difference| difference.to_string()).collect()
    }

    /// Cheap tests first; nothing is formatted before somebody prints it.
    fn differences<'a>(&'a self, seen: Seen<'a>) -> impl Iterator<Item = Difference<'a>> {
        let request = seen.request;
        let named = |what, expected: &'a Option<String>, actual: &'a [u8]| {
            expected.as_deref().filter(|expected| !glob(expected, actual)).map(|expected| Difference {
                what,
                name: "",
                expected: Expected::Text(expected),
                actual: Some(actual.into()),
            })
        };
        let method = self.method.as_deref().filter(|method| !method.eq_ignore_ascii_case(request.method.as_str()));
        let status = self.status.filter(|status| *status != seen.status);
        let operation = seen.operation.unwrap_or_default().as_bytes();
        (named("service", &self.service, request.service.name().as_bytes()).into_iter())
            .chain(method.map(|expected| Difference {
                what: "method",
                name: "",
                expected: Expected::Text(expected),
                actual: Some(request.method.as_str().as_bytes().into()),
            }))
            .chain(named("path", &self.path, request.path()))
            .chain(named("operation", &self.operation, operation))
            .chain(named("token_id", &self.token_id, seen.token_id))
            .chain(status.map(|expected| Difference {
                what: "status",
                name: "",
                expected: Expected::Status(expected),
                actual: Some(seen.status.to_string().into_bytes().into()),
            }))
            .chain(self.header_differences(request))
            .chain(pair_differences("query", &self.query, request.query()))
            .chain(pair_differences("form", &self.form, request.body()))
            .chain(self.body.as_ref().filter(|body| !body.allows(request.body())).map(|body| Difference {
                what: "body",
                name: "",
                expected: Expected::Body(body),
                actual: Some(request.body().into()),
            }))
    }

    fn header_differences<'a>(&'a self, request: &'a Capture) -> impl Iterator<Item = Difference<'a>> {
        self.headers.iter().filter_map(|(name, expected)| {
            let mut values = request.headers().filter(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes()));
            let first = values.next();
            let fits = first.into_iter().chain(values).any(|(_, value)| glob(expected, value));
            let actual = first.map(|(_, value)| value.into());
            (!fits).then_some(Difference { what: "headers", name, expected: Expected::Text(expected), actual })
        })
    }
}

impl BodyMatch {
    fn allows(&self, body: &[u8]) -> bool {
        match self {
            Self::Contains(text) => String::from_utf8_lossy(body).contains(text.as_str()),
            Self::Equals(text) => body == text.as_bytes(),
            Self::Json(expected) => serde_json::from_slice::<Value>(body).is_ok_and(|actual| holds(&actual, expected)),
        }
    }
}

struct Difference<'a> {
    what: &'static str,
    name: &'a str,
    expected: Expected<'a>,
    actual: Option<std::borrow::Cow<'a, [u8]>>,
}

enum Expected<'a> {
    Text(&'a str),
    Status(u16),
    Body(&'a BodyMatch),
}

impl std::fmt::Display for Difference<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.what)?;
        if !self.name.is_empty() {
            write!(f, " '{}'", self.name)?;
        }
        match &self.expected {
            Expected::Text(text) => write!(f, ": expected '{text}'")?,
            Expected::Status(status) => write!(f, ": expected {status}")?,
            Expected::Body(BodyMatch::Contains(text)) => write!(f, ": expected a body that contains '{text}'")?,
            Expected::Body(BodyMatch::Equals(text)) => write!(f, ": expected '{text}'")?,
            Expected::Body(BodyMatch::Json(value)) => write!(f, ": expected JSON with {value}")?,
        }
        match self.actual.as_deref() {
            None | Some([]) => f.write_str(", was absent"),
            Some(bytes) => {
                let text = String::from_utf8_lossy(bytes);
                let short: String = text.chars().take(LONGEST_QUOTE).collect();
                write!(f, ", was '{short}{}'", if short.len() < text.len() { "…" } else { "" })
            }
        }
    }
}

fn pair_differences<'a>(
    what: &'static str,
    expected: &'a std::collections::BTreeMap<String, String>,
    encoded: &[u8],
) -> impl Iterator<Item = Difference<'a>> + use<'a> {
    // Decoding costs allocations: only for whoever asks about parameters.
    let form = if expected.is_empty() { Form::default() } else { Form::decode(encoded) };
    expected.iter().filter_map(move |(name, wanted)| {
        let actual = form.value(name);
        let fits = actual.is_some_and(|value| glob(wanted, value.as_bytes()));
        let actual = actual.map(|value| value.as_bytes().to_vec().into());
        (!fits).then_some(Difference { what, name, expected: Expected::Text(wanted), actual })
    })
}

/// Whether every key of `expected` is in `actual` with such a value. Lists and plain values are compared whole.
fn holds(actual: &Value, expected: &Value) -> bool {
    match (actual, expected) {
        (Value::Object(actual), Value::Object(expected)) => {
            expected.iter().all(|(key, wanted)| actual.get(key).is_some_and(|found| holds(found, wanted)))
        }
        (Value::Array(actual), Value::Array(expected)) => {
            actual.len() == expected.len() && actual.iter().zip(expected).all(|(found, wanted)| holds(found, wanted))
        }
        _ => actual == expected,
    }
}

/// Whether a text fits a pattern in which `*` stands for any run of bytes. Linear in the text for each `*`.
pub(crate) fn glob(pattern: &str, text: &[u8]) -> bool {
    let mut pieces = pattern.split('*').map(str::as_bytes);
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let Some(last) = pieces.next_back() else { return rest.is_empty() };
    for piece in pieces.filter(|piece| !piece.is_empty()) {
        let Some(at) = rest.windows(piece.len()).position(|window| window == piece) else { return false };
        rest = rest.get(at + piece.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

/// Most characters of a value that a difference quotes.
const LONGEST_QUOTE: usize = 120;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::capture::Capture;
    use contract::service::Service;
    use contract::time::UnixMillis;
    use serde_json::json;
    use std::collections::BTreeMap;

    fn entry(body: &str) -> Entry {
        let request = http::Request::post("/v2/rooms/7/messages?force=1")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(())
            .unwrap();
        let secrets = [].into_iter().collect();
        let (method, uri, headers) = (request.method(), request.uri(), request.headers());
        let mut capture = Capture::of(Service::Chatwork, method, uri, headers, body.as_bytes(), &secrets);
        capture.push_tail("chatwork/1001");
        let operation = Some("post-room-messages");
        let (at, notes) = (UnixMillis(0), Vec::new());
        Entry { id: 1, event: 1, at, request: capture, status: 200, fault: None, operation, notes }
    }

    fn pair(name: &str, value: &str) -> BTreeMap<String, String> {
        BTreeMap::from([(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn a_star_stands_for_any_run_and_nothing_else_is_special() {
        for (pattern, text) in
            [("*", ""), ("*", "a/b"), ("/v2/*", "/v2/"), ("a*c*e", "abcde"), ("*ล*", "สวัสดีลา"), ("a**b", "ab")]
        {
            assert!(glob(pattern, text.as_bytes()), "{pattern} {text}");
        }
        for (pattern, text) in
            [("", "a"), ("/v2", "/v2/"), ("a*b*a", "aba a b"), ("a*a", "a"), ("?", "x"), ("*b", "ba")]
        {
            assert!(!glob(pattern, text.as_bytes()), "{pattern} {text}");
        }
    }

    #[test]
    fn every_field_must_fit() {
        let all = Match {
            service: Some("chatwork".into()),
            method: Some("post".into()),
            path: Some("/v2/rooms/*/messages".into()),
            query: pair("force", "1"),
            headers: pair("Content-Type", "application/*"),
            form: pair("body", "こん*"),
            body: Some(BodyMatch::Contains("body=".into())),
            status: Some(200),
            operation: Some("post-*".into()),
            token_id: Some("chatwork/1001".into()),
        };
        let sent = entry("body=こんにちは");
        assert_eq!(all.explain(&sent), [""; 0]);
        let spoilt = [
            Match { service: Some("chatday".into()), ..all.clone() },
            Match { method: Some("GET".into()), ..all.clone() },
            Match { path: Some("/v2/rooms".into()), ..all.clone() },
            Match { query: pair("force", "0"), ..all.clone() },
            Match { headers: pair("x-absent", "*"), ..all.clone() },
            Match { form: pair("body", "さよなら"), ..all.clone() },
            Match { body: Some(BodyMatch::Equals("body=".into())), ..all.clone() },
            Match { status: Some(400), ..all.clone() },
            Match { operation: Some("get-me".into()), ..all.clone() },
            Match { token_id: Some("chatwork/1".into()), ..all },
        ];
        for wrong in spoilt {
            assert_eq!(wrong.distance(&sent), 1, "{wrong:?}");
            assert!(!wrong.allows(&sent));
        }
    }

    #[test]
    fn a_difference_says_what_was_expected_and_what_was_there() {
        let wanted =
            Match { form: pair("body", "bye"), status: Some(429), headers: pair("x-a", "1"), ..Match::default() };
        assert_eq!(
            wanted.explain(&entry("body=hello")),
            [
                "status: expected 429, was '200'",
                "headers 'x-a': expected '1', was absent",
                "form 'body': expected 'bye', was 'hello'",
            ]
        );
    }

    #[test]
    fn json_bodies_may_hold_more_than_was_asked_for() {
        let wanted = |value: Value| BodyMatch::Json(value);
        let body = br#"{"message":{"type":"text","data":"hi"},"chat_id":"c","list":[1,2]}"#;
        assert!(wanted(json!({"message": {"type": "text"}})).allows(body));
        assert!(wanted(json!({"list": [1, 2]})).allows(body));
        assert!(!wanted(json!({"list": [1]})).allows(body));
        assert!(!wanted(json!({"message": {"type": "image"}})).allows(body));
        assert!(!wanted(json!({})).allows(b"no json"));
    }
}
