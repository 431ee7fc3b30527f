//! What the judges of clients look for in an observation.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use contract::service::Service;
use contract::wire::form::Form;
use contract::wire::multipart;
use serde_json::Value;

use crate::ask::observed::{ClientCall, Ending, Observation};
use crate::check::Level;
use crate::run::verdict::{Deviation, Hint, Judgement};

/// A deviation with the check's own hint.
pub(super) fn deviates(name: &'static str, level: Level, message: String, expected: &str, actual: String) -> Judgement {
    Judgement::Deviates(Deviation { name, level, message, expected: expected.to_owned(), actual, hint: Hint::OfCheck })
}

/// Whether a request sends a message.
pub(super) fn is_send(call: &ClientCall) -> bool {
    matches!(call.operation.as_deref(), Some("post-messages" | "send-message"))
}

/// Whether a request was served with success.
pub(super) fn succeeded(call: &ClientCall) -> bool {
    (200..300).contains(&call.status)
}

/// Whether two requests say the same.
pub(super) fn same(one: &ClientCall, other: &ClientCall) -> bool {
    one.method == other.method && one.target == other.target && one.body == other.body
}

/// How often the program makes this request where nothing goes wrong: once at least.
pub(super) fn usual(seen: &Observation, call: &ClientCall) -> usize {
    let plain = seen.plain.as_deref().map_or(0, |plain| plain.calls.iter().filter(|own| same(own, call)).count());
    plain.max(1)
}

/// Requests that say the same as this one and came after its answer, or after it was cut off.
pub(super) fn repeats<'a>(seen: &'a Observation, call: &'a ClientCall) -> impl Iterator<Item = &'a ClientCall> {
    let since = call.answered_at.unwrap_or(call.at);
    seen.calls.iter().filter(move |later| !std::ptr::eq(*later, call) && later.at >= since && same(later, call))
}

/// Requests that met a fault of the scenario.
pub(super) fn faulted(seen: &Observation) -> impl Iterator<Item = &ClientCall> {
    seen.calls.iter().filter(|call| call.fault.is_some())
}

/// The media type of a request's body, in lower case and without parameters; empty where it has none.
pub(super) fn media_type(call: &ClientCall) -> String {
    let value = call.header("content-type").next().unwrap_or_default();
    let text = String::from_utf8_lossy(value);
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The parts of a multipart body, if it is one.
pub(super) fn parts(call: &ClientCall) -> Option<Result<Vec<multipart::Part>, String>> {
    if media_type(call) != "multipart/form-data" {
        return None;
    }
    let declared = String::from_utf8_lossy(call.header("content-type").next().unwrap_or_default()).into_owned();
    Some(multipart::decode(&declared, &call.body).map_err(|error| error.to_string()))
}

/// The JSON of a body, if it is any.
pub(super) fn json(body: &Bytes) -> Option<Value> {
    serde_json::from_slice(body).ok()
}

/// Every value that a request carries as text: of its query, its form, its parts or its JSON.
pub(super) fn texts(call: &ClientCall) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(query) = call.query() {
        found.extend(Form::decode(query.as_bytes()).pairs().map(|(_, value)| value.to_owned()));
    }
    match (parts(call), json(&call.body)) {
        (Some(parts), _) => {
            let text = |part: &multipart::Part| String::from_utf8_lossy(&part.data).into_owned();
            found.extend(parts.unwrap_or_default().iter().filter(|part| part.name != "file").map(text));
        }
        (None, Some(value)) => strings(&value, &mut found),
        (None, None) if matches!(media_type(call).as_str(), "" | "application/x-www-form-urlencoded") => {
            found.extend(Form::decode(&call.body).pairs().map(|(_, value)| value.to_owned()));
        }
        // Whatever it is, it is no form: a broken JSON body may hold a text all the same.
        (None, None) => found.push(String::from_utf8_lossy(&call.body).into_owned()),
    }
    found
}

fn strings(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(map) => map.values().for_each(|item| strings(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// How often each text was stored.
pub(super) fn stored(seen: &Observation) -> BTreeMap<(&str, &str), usize> {
    let mut counts = BTreeMap::new();
    for message in &seen.stored {
        *counts.entry((message.place.as_str(), message.text.as_str())).or_default() += 1;
    }
    counts
}

/// When the window ends that a 429 tells of, since the start; nothing where it does not say so in a way that can be read.
pub(super) fn opens(seen: &Observation, call: &ClientCall) -> Option<Duration> {
    match seen.service {
        Service::Chatwork => number(call, "x-ratelimit-reset").map(|seconds| seen.at_unix(seconds)),
        Service::Chatday => {
            let seconds = u64::try_from(number(call, "retry-after")?).ok()?;
            Some(call.answered_at.unwrap_or(call.at) + Duration::from_secs(seconds))
        }
    }
}

/// The number in a header of an answer.
pub(super) fn number(call: &ClientCall, header: &str) -> Option<i64> {
    std::str::from_utf8(call.answer_header(header)?).ok()?.trim().parse().ok()
}

/// What the program did where nothing went wrong, if it did well.
///
/// # Errors
/// Why there is nothing to compare with.
pub(super) fn plain(seen: &Observation) -> Result<&Observation, &'static str> {
    match seen.plain.as_deref() {
        None => Err("what the program does where nothing goes wrong was not seen, so there is nothing to compare with"),
        Some(plain) if !plain.claims_success() => {
            Err("the program does not end with status 0 where nothing goes wrong, so there is nothing to compare with")
        }
        Some(plain) => Ok(plain),
    }
}

/// How a program ended, in words.
pub(super) fn ending(seen: &Observation) -> String {
    match &seen.ending {
        Ending::Exited(0) if seen.reports_failure => "it told of a failure in what it answered".to_owned(),
        Ending::Exited(status) => format!("it ended with status {status}"),
        Ending::Signalled(signal) => format!("signal {signal} ended it"),
        Ending::TimedOut => format!("it was still running after {}", seconds(seen.took)),
        Ending::Flooded => "it wrote without end, and was ended".to_owned(),
        Ending::NotStarted(why) => format!("it could not be started: {why}"),
    }
}

/// Whether it was stopped because its time was over.
pub(super) fn timed_out(seen: &Observation) -> bool {
    matches!(seen.ending, Ending::TimedOut | Ending::Flooded)
}

/// A duration as people read it.
pub(super) fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

/// A request as people read it, without what may be secret: its verb and its path, cut where it is long.
pub(super) fn line(call: &ClientCall) -> String {
    let path: String = call.path().chars().take(120).collect();
    format!("{} {path}", call.method)
}

/// Most equal requests that came within a second, and one of them.
pub(super) fn densest(seen: &Observation) -> Option<(usize, &ClientCall)> {
    let within = |first: &ClientCall| {
        let later = |other: &&ClientCall| other.at >= first.at && other.at - first.at <= Duration::from_secs(1);
        seen.calls.iter().filter(later).filter(|other| same(other, first)).count()
    };
    seen.calls.iter().map(|call| (within(call), call)).max_by_key(|(count, _)| *count)
}

/// Whether what it wrote tells of a failure: by this status, or by a usual word.
pub(super) fn tells_of_failure(seen: &Observation, status: u16) -> bool {
    let written = [&seen.stdout[..], &seen.stderr[..]].concat();
    let text = String::from_utf8_lossy(&written).to_lowercase();
    let number = status >= 400 && text.contains(&status.to_string());
    number || FAILURE_WORDS.iter().any(|word| text.contains(word))
}

const FAILURE_WORDS: [&str; 12] = [
    "error",
    "fail",
    "exception",
    "refused",
    "denied",
    "limit",
    "could not",
    "cannot",
    "warn",
    "エラー",
    "失敗",
    "lỗi",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::client::watched::*;

    #[test]
    fn texts_are_found_wherever_a_request_carries_them() {
        let mut call = send(Service::Chatwork, 0, "a b&c", 200);
        assert_eq!(texts(&call), ["a b&c"]);
        call.target += "?body=x+y";
        call.body = Bytes::from_static(b"{\"a\":[\"b\",{\"c\":\"d\"}],\"n\":1}");
        assert_eq!(texts(&call), ["x y", "b", "d"]);
        call.headers.push(("content-type".into(), Bytes::from_static(b"multipart/form-data; boundary=x")));
        call.headers.retain(|(name, value)| name != "content-type" || value.starts_with(b"multi"));
        call.body =
            Bytes::from_static(b"--x\r\nContent-Disposition: form-data; name=\"message\"\r\n\r\nhello\r\n--x--\r\n");
        assert_eq!(texts(&call), ["x y", "hello"]);
    }

    #[test]
    fn repeats_are_equal_requests_after_the_answer() {
        let calls = [send(Service::Chatwork, 0, "a", 429), send(Service::Chatwork, 5, "a", 200)];
        let mut seen = seen(Service::Chatwork, "x", calls.to_vec());
        assert_eq!(repeats(&seen, &seen.calls[0]).count(), 0, "sent before the answer to the first was there");
        seen.calls[1].at = ms(500);
        assert_eq!(repeats(&seen, &seen.calls[0]).count(), 1);
        seen.calls[1].body = Bytes::from_static(b"body=b");
        assert_eq!(repeats(&seen, &seen.calls[0]).count(), 0);
    }

    #[test]
    fn the_densest_second_counts_equal_requests_only() {
        let mut calls: Vec<ClientCall> = (0..5).map(|n| send(Service::Chatwork, n * 300, "a", 429)).collect();
        calls.push(send(Service::Chatwork, 10, "b", 429));
        assert_eq!(densest(&seen(Service::Chatwork, "x", calls)).map(|(count, _)| count), Some(4));
    }

    #[test]
    fn a_window_ends_when_its_header_says() {
        let mut call = send(Service::Chatwork, 0, "a", 429);
        call.answer_headers.push(("x-ratelimit-reset".into(), Bytes::from("1003")));
        let chatwork = seen(Service::Chatwork, "x", vec![call]);
        assert_eq!(opens(&chatwork, &chatwork.calls[0]), Some(ms(3_000)));
        let mut call = send(Service::Chatday, 0, "a", 429);
        call.answer_headers.push(("retry-after".into(), Bytes::from("2")));
        let chatday = seen(Service::Chatday, "x", vec![call]);
        assert_eq!(opens(&chatday, &chatday.calls[0]), Some(ms(2_010)));
    }
}
