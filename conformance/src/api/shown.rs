//! What reports show of a call: never the token, and nothing that people wrote or are called. Words of the contract, counts,
//! times, and the ids of rooms, messages, tasks and files stay: without them nobody could look a difference up.

use contract::chatday::Profile;
use courier::exchange::{Exchange, Outcome, excerpt};
use http::{HeaderMap, HeaderValue};
use serde_json::{Map, Value};

use crate::ask::secret::Secret;
use crate::ask::server::{Facts, Heard, Who};
use crate::run::evidence::Evidence;

/// A call as a report shows it.
pub(super) fn evidence(heard: &Heard, facts: &Facts, token: &Secret) -> Evidence {
    Evidence::of(&heard.call.words(), &masked(heard, facts), token)
}

fn masked(heard: &Heard, facts: &Facts) -> Exchange {
    let mut exchange = heard.exchange.clone();
    if heard.call.who == Who::InQuery {
        let path = exchange.sent.target.split('?').next().unwrap_or_default();
        exchange.sent.target = format!("{path}?[token]");
    }
    if heard.call.private {
        exchange.sent.body = "[what the room had before]".into();
    }
    if let Outcome::Answered(answer) = &mut exchange.outcome {
        answer.headers = headers(&answer.headers);
        answer.body = body(&answer.body, answer.status.as_u16(), &facts.profile).into();
    }
    exchange
}

/// Headers that say something about people or hold secrets are those that nobody thought of: the known ones are shown.
fn headers(all: &HeaderMap) -> HeaderMap {
    let mut shown = HeaderMap::new();
    for (name, value) in all {
        let known = SHOWN.contains(&name.as_str()) || name.as_str().starts_with("x-ratelimit-");
        shown.append(name.clone(), if known { value.clone() } else { HeaderValue::from_static("[masked]") });
    }
    shown
}

fn body(bytes: &[u8], status: u16, profile: &Profile) -> String {
    match serde_json::from_slice::<Value>(bytes) {
        _ if bytes.is_empty() => String::new(),
        Ok(value) => value_of("", &value, profile).to_string(),
        // A page of a proxy or of a framework: what it says is what went wrong.
        Err(_) if status >= 400 => excerpt(bytes, PAGE_SHOWN),
        Err(_) => format!("[{} bytes that are no JSON]", bytes.len()),
    }
}

fn value_of(key: &str, value: &Value, profile: &Profile) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| (name.clone(), value_of(name, value, profile)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.iter().map(|item| value_of(key, item, profile)).collect()),
        Value::String(text) => {
            let word = WORDS.contains(&key) || key == profile.keys.errors || key == profile.keys.status;
            let id = key == "message_id" || key == profile.keys.message_id;
            if word || id || text.is_empty() || text == "[deleted]" {
                return value.clone();
            }
            Value::from(format!("[text of {} characters]", text.chars().count()))
        }
        Value::Number(_) if PEOPLE.contains(&key) => Value::from("[id]"),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// Keys whose values are words of the contract.
const WORDS: [&str; 5] = ["errors", "type", "role", "status", "limit_type"];
/// Keys whose values stand for people.
const PEOPLE: [&str; 6] = ["account_id", "organization_id", "admin", "member", "readonly", "chatwork_id"];
/// Headers whose values are shown.
const SHOWN: [&str; 14] = [
    "allow",
    "cache-control",
    "chatwork-message-limitation",
    "chatwork-message-limitation-summary",
    "connection",
    "content-length",
    "content-type",
    "date",
    "retry-after",
    "server",
    "transfer-encoding",
    "vary",
    "via",
    "www-authenticate",
];
/// Characters of a page that is no JSON.
const PAGE_SHOWN: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_and_what_they_wrote_are_not_shown_and_the_rest_is() {
        let profile = Profile::default_profile();
        let bytes = br#"[{"message_id":"17","account":{"account_id":1001,"name":"Aoi"},"body":"hello","send_time":5,"tel":"0901"}]"#;
        assert_eq!(
            body(bytes, 200, &profile),
            r#"[{"message_id":"17","account":{"account_id":"[id]","name":"[text of 3 characters]"},"body":"[text of 5 characters]","send_time":5,"tel":"[text of 4 characters]"}]"#
        );
        assert_eq!(body(br#"{"errors":["Invalid API token"]}"#, 401, &profile), r#"{"errors":["Invalid API token"]}"#);
        assert_eq!(body(b"<html>", 200, &profile), "[6 bytes that are no JSON]");
    }

    #[test]
    fn a_header_that_nobody_thought_of_is_masked() {
        let mut all = HeaderMap::new();
        all.insert("chatday-signature-token", HeaderValue::from_static("s3cret"));
        all.insert("x-ratelimit-limit", HeaderValue::from_static("300"));
        let shown = headers(&all);
        assert_eq!(shown["chatday-signature-token"], "[masked]");
        assert_eq!(shown["x-ratelimit-limit"], "300");
    }
}
