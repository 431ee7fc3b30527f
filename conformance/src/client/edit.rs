//! Changes answers as a scenario says.

use bytes::Bytes;
use contract::service::Service;
use contract::time::UnixMillis;
use contract::wire::Response;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, DATE, HeaderName, VARY};
use http::{HeaderMap, HeaderValue};
use serde_json::{Map, Value, json};

use super::scenario::Edit;

/// Changes an answer to a request with these headers. `now` is the true time.
pub fn apply(edits: &[Edit], service: Service, asked: &HeaderMap, now: UnixMillis, answer: &mut Response) {
    for edit in edits {
        match *edit {
            Edit::AdditiveFields => change_json(answer, add_fields),
            Edit::UnknownValues => change_json(answer, |value| rename_words(service, value)),
            // The mock writes them so.
            Edit::TitleCaseHeaders => {}
            Edit::ClockSkew(seconds) => skew(answer.headers_mut(), seconds, now),
            Edit::Header(name, value) => {
                answer.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
            Edit::WithoutHeader(name) => {
                answer.headers_mut().remove(name);
            }
            Edit::Gzip => compress(asked, answer),
        }
    }
}

fn change_json(answer: &mut Response, change: impl FnOnce(&mut Value)) {
    let Ok(mut value) = serde_json::from_slice::<Value>(answer.body()) else { return };
    change(&mut value);
    *answer.body_mut() = Bytes::from(value.to_string());
}

/// In every object: a text, a number, a null, an object and a list that the contract does not know.
fn add_fields(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(add_fields),
        Value::Object(map) => {
            map.values_mut().for_each(add_fields);
            let more = json!({
                "x_added_text": "added later ✨",
                "x_added_number": 9_007_199_254_740_993_i64,
                "x_added_null": null,
                "x_added_object": {"id": 1},
                "x_added_list": ["a", 1],
            });
            if let Value::Object(more) = more {
                map.extend(more);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Words of which the contract lists a few.
fn rename_words(service: Service, value: &mut Value) {
    // Chatday lists the outcome alone, and that is no word that may grow.
    if service == Service::Chatday {
        return;
    }
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| rename_words(service, item)),
        Value::Object(map) => rename_in(service, map),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn rename_in(service: Service, map: &mut Map<String, Value>) {
    for (key, value) in map.iter_mut() {
        match value {
            Value::String(word) if WORDS.contains(&key.as_str()) => *word = format!("{word}_of_a_new_kind"),
            other => rename_words(service, other),
        }
    }
}

/// Keys of Chatwork's answers whose values are words of a list.
const WORDS: [&str; 4] = ["role", "type", "status", "limit_type"];

fn skew(headers: &mut HeaderMap, seconds: i64, now: UnixMillis) {
    let date = UnixMillis(now.0.saturating_add(seconds.saturating_mul(1000))).to_http_date();
    if let Ok(date) = HeaderValue::try_from(date) {
        headers.insert(DATE, date);
    }
    let reset = headers.get(RESET).and_then(|value| value.to_str().ok()?.parse::<i64>().ok());
    if let Some(reset) = reset {
        headers.insert(RESET, HeaderValue::from(reset.saturating_add(seconds)));
    }
}

const RESET: &str = "x-ratelimit-reset";

fn compress(asked: &HeaderMap, answer: &mut Response) {
    let takes = asked.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok()).any(takes_gzip);
    if !takes || answer.body().is_empty() {
        return;
    }
    *answer.body_mut() = Bytes::from(gzip(answer.body()));
    answer.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    answer.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
}

fn takes_gzip(accepted: &str) -> bool {
    accepted.split(',').any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let refused = weight.trim().strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0));
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

/// A gzip stream (RFC 1952) of blocks that are stored as they are (RFC 1951, 3.2.4): whoever can read gzip can read this.
fn gzip(body: &[u8]) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let mut blocks = body.chunks(usize::from(u16::MAX)).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        out.push(u8::from(blocks.peek().is_none()));
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&(!length).to_le_bytes());
        out.extend_from_slice(block);
    }
    out.extend_from_slice(&crc32(body).to_le_bytes());
    out.extend_from_slice(&u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes());
    out
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(edits: &[Edit], service: Service, asked: &HeaderMap, body: &Value) -> Response {
        let mut answer = Response::new(Bytes::from(body.to_string()));
        answer.headers_mut().insert(RESET, HeaderValue::from_static("1000"));
        apply(edits, service, asked, UnixMillis(1_000_000), &mut answer);
        answer
    }

    #[test]
    fn every_object_of_an_answer_gets_fields_that_nobody_knows() {
        let answer = edited(&[Edit::AdditiveFields], Service::Chatwork, &HeaderMap::new(), &json!([{"a": {"b": 1}}]));
        let value: Value = serde_json::from_slice(answer.body()).unwrap();
        assert_eq!(value[0]["a"]["b"], 1);
        assert_eq!(value[0]["a"]["x_added_null"], Value::Null);
        assert!(value[0].get("x_added_list").is_some() && value[0]["x_added_object"].get("x_added_text").is_none());
    }

    #[test]
    fn words_of_a_list_become_others_and_the_outcome_of_chatday_does_not() {
        let body = json!({"status": "open", "body": "status", "members": [{"role": "admin"}]});
        let answer = edited(&[Edit::UnknownValues], Service::Chatwork, &HeaderMap::new(), &body);
        let value: Value = serde_json::from_slice(answer.body()).unwrap();
        assert_eq!(
            value,
            json!({"status": "open_of_a_new_kind", "body": "status", "members": [{"role": "admin_of_a_new_kind"}]})
        );
        let chatday =
            edited(&[Edit::UnknownValues], Service::Chatday, &HeaderMap::new(), &json!({"status": "SUCCESS"}));
        assert_eq!(chatday.body(), r#"{"status":"SUCCESS"}"#);
    }

    #[test]
    fn a_clock_that_is_wrong_is_wrong_in_every_header() {
        let answer = edited(&[Edit::ClockSkew(-300)], Service::Chatwork, &HeaderMap::new(), &json!({}));
        assert_eq!(answer.headers()[RESET], "700");
        assert_eq!(answer.headers()[DATE], UnixMillis(700_000).to_http_date());
    }

    #[test]
    fn gzip_goes_to_whoever_takes_it_and_holds_what_it_should() {
        let takes = |value| HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(value))]);
        for refused in [HeaderMap::new(), takes("br, gzip;q=0"), takes("identity")] {
            let answer = edited(&[Edit::Gzip], Service::Chatwork, &refused, &json!({"a": 1}));
            assert_eq!(answer.headers().get(CONTENT_ENCODING), None);
        }
        let answer = edited(&[Edit::Gzip], Service::Chatwork, &takes("deflate, GZIP;q=0.5"), &json!({"a": 1}));
        assert_eq!(answer.headers()[CONTENT_ENCODING], "gzip");
        assert_eq!(answer.body().get(15..22), Some(&b"{\"a\":1}"[..]));
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926, "the check value of CRC-32");
    }
}
