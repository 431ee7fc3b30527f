//! What Chatday sends to an application's webhook URL, and what the application must answer.

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde_json::{Map, Value};

use super::message::Message;
use super::profile::Profile;
use super::{clauses, strict_json};
use crate::clause::Clause;
use crate::wire::header::{is_json, media_type};

/// Headers in the order in which they are sent.
pub type Headers = Vec<(HeaderName, HeaderValue)>;

/// The request of one event: method, headers (`Content-Type`, then the signature header; the sender adds `Host` and
/// `Content-Length`), and the body in the profile's spelling, `message` first. A repetition sends the same bytes.
///
/// The signature token is sent as it is and marked sensitive, so that no `Debug` output shows it. A token that no header
/// can carry (a control character in it; [`can_be_sent`]) leaves the header out.
pub fn request(
    profile: &Profile,
    signature_token: &str,
    chat_id: &Value,
    message: &Message,
) -> (Method, Headers, Bytes) {
    let rules = &profile.webhook;
    let mut headers = vec![(CONTENT_TYPE, rules.content_type.clone())];
    if let Ok(mut value) = HeaderValue::from_str(signature_token) {
        value.set_sensitive(true);
        headers.push((rules.signature_header.clone(), value));
    }
    (rules.method.clone(), headers, body(profile, chat_id, message))
}

/// The body of one event.
pub fn body(profile: &Profile, chat_id: &Value, message: &Message) -> Bytes {
    let mut event = Map::new();
    event.insert(profile.keys.message.clone(), message.to_wire(profile));
    event.insert(profile.keys.chat_id.clone(), chat_id.clone());
    Bytes::from(Value::Object(event).to_string())
}

/// How long to wait, in milliseconds, before a delivery that has failed this often (1 or more) is repeated with the same
/// bytes. `None`: it is given up (clause `chatday.webhook.retry`).
pub fn retry_delay_ms(profile: &Profile, failures: usize) -> Option<u64> {
    profile.webhook.retry_delays_ms.get(failures.checked_sub(1)?).copied()
}

/// Whether a text can be a signature token: 1 to 512 visible ASCII characters without blanks.
pub fn can_be_sent(signature_token: &str) -> bool {
    (1..=512).contains(&signature_token.len()) && signature_token.bytes().all(|byte| byte.is_ascii_graphic())
}

/// One way in which an answer fails to acknowledge a webhook.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerFault {
    /// A redirect, which is never followed.
    #[error("the answer is the redirect {status}{}: redirects are not followed, answer at the URL itself", to(.location.as_ref()))]
    Redirect {
        /// 300 to 399.
        status: u16,
        /// Where it points, if that is readable.
        location: Option<String>,
    },
    /// Another status, also another success such as 201 or 204.
    #[error("the status is {found}: expected {expected}")]
    Status {
        /// The status that acknowledges.
        expected: u16,
        /// What was found.
        found: u16,
    },
    /// The body is compressed though nobody asked for it.
    #[error("the body is encoded as '{found}': the call doesn't ask for an encoding, send it plain")]
    Encoded {
        /// Value of `Content-Encoding`.
        found: String,
    },
    /// The media type is not JSON. Fails a delivery only where the profile says so.
    #[error("the media type is {}: expected application/json", .found.as_deref().unwrap_or("missing"))]
    MediaType {
        /// What was found.
        found: Option<String>,
    },
    /// No body.
    #[error("the body is empty: expected {expected}")]
    EmptyBody {
        /// The acknowledgement.
        expected: String,
    },
    /// The body is no JSON text.
    #[error("the body is not valid JSON: {detail}")]
    NotJson {
        /// The first fault.
        detail: String,
    },
    /// The body is JSON of another kind.
    #[error("the body is {found}: expected the object {expected}")]
    NotObject {
        /// The acknowledgement.
        expected: String,
        /// What was found.
        found: String,
    },
    /// The key is missing.
    #[error("the body has no key '{key}': expected {expected}")]
    KeyMissing {
        /// The key.
        key: String,
        /// The acknowledgement.
        expected: String,
    },
    /// The key has another value, also another case of the word.
    #[error("'{key}' is {found}: expected exactly \"{expected}\"")]
    OtherWord {
        /// The key.
        key: String,
        /// The word that acknowledges.
        expected: String,
        /// What was found.
        found: String,
    },
}

impl AnswerFault {
    /// The verdict in words, as fixtures and reports spell it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Redirect { .. } => "redirect",
            Self::Status { .. } => "other-status",
            Self::Encoded { .. } => "encoded",
            Self::MediaType { .. } => "other-media-type",
            Self::EmptyBody { .. } => "empty-body",
            Self::NotJson { .. } => "not-json",
            Self::NotObject { .. } => "not-an-object",
            Self::KeyMissing { .. } => "key-missing",
            Self::OtherWord { .. } => "other-word",
        }
    }

    /// The clause that the answer departs from.
    pub fn clause(&self) -> &'static Clause {
        match self {
            Self::Redirect { .. } => &clauses::WEBHOOK_REDIRECT,
            Self::MediaType { .. } => &clauses::WEBHOOK_MEDIA_TYPE,
            _ => &clauses::WEBHOOK_ANSWER,
        }
    }
}

/// Whether an answer acknowledges a webhook (clause `chatday.webhook.answer`). Extra keys are fine.
///
/// # Errors
/// Every fault that fails the delivery. With a wrong status only that: such an answer's body is not an acknowledgement
/// gone wrong but something else.
pub fn judge_answer(
    profile: &Profile,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(), Vec<AnswerFault>> {
    let rules = &profile.webhook.answer;
    if status.is_redirection() {
        let location = headers.get(LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
        return Err(vec![AnswerFault::Redirect { status: status.as_u16(), location }]);
    }
    if status != rules.status {
        return Err(vec![AnswerFault::Status { expected: rules.status.as_u16(), found: status.as_u16() }]);
    }
    let encodings = headers.get_all(CONTENT_ENCODING).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    if let Some(found) = encodings.into_iter().find(|found| !found.trim().eq_ignore_ascii_case("identity")) {
        return Err(vec![AnswerFault::Encoded { found: found.into_owned() }]);
    }
    let mut faults: Vec<AnswerFault> =
        media_type_fault(headers).filter(|_| rules.json_media_type).into_iter().collect();
    faults.extend(judge_body(profile, body).err());
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

/// The fault of an answer's media type, whether the profile lets it fail a delivery or not
/// (clause `chatday.webhook.media-type`).
pub fn media_type_fault(headers: &HeaderMap) -> Option<AnswerFault> {
    let found = media_type(headers);
    (!found.as_deref().is_some_and(is_json)).then_some(AnswerFault::MediaType { found })
}

/// The body that acknowledges a webhook: `{"status":"SUCCESS"}` in the profile's spelling.
pub fn acknowledgement(profile: &Profile) -> String {
    let rules = &profile.webhook.answer;
    let mut body = Map::new();
    body.insert(rules.key.clone(), Value::from(rules.word.clone()));
    Value::Object(body).to_string()
}

fn judge_body(profile: &Profile, body: &[u8]) -> Result<(), AnswerFault> {
    let rules = &profile.webhook.answer;
    let expected = acknowledgement(profile);
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(AnswerFault::EmptyBody { expected });
    }
    let value = strict_json::read(body).map_err(|detail| AnswerFault::NotJson { detail })?;
    let Some(map) = value.as_object() else {
        return Err(AnswerFault::NotObject { expected, found: crate::reader::describe(&value) });
    };
    match map.get(&rules.key) {
        None => Err(AnswerFault::KeyMissing { key: rules.key.clone(), expected }),
        Some(Value::String(word)) if *word == rules.word => Ok(()),
        Some(other) => Err(AnswerFault::OtherWord {
            key: rules.key.clone(),
            expected: rules.word.clone(),
            found: crate::reader::describe(other),
        }),
    }
}

fn to(location: Option<&String>) -> String {
    location.map(|location| format!(" to {location}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn judge(profile: &Profile, status: u16, headers: &[(HeaderName, &str)], body: &[u8]) -> Vec<String> {
        let headers =
            headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap())).collect();
        let verdict = judge_answer(profile, StatusCode::from_u16(status).unwrap(), &headers, body);
        verdict.err().unwrap_or_default().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_event_is_sent_as_the_contract_says() {
        let profile = Profile::default_profile();
        let (method, headers, body) = request(&profile, "a-secret", &json!("70001"), &Message::text("สวัสดี 😀"));
        assert_eq!(method, Method::POST);
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        assert_eq!(
            headers,
            [("content-type", "application/json; charset=utf-8"), ("x-chatday-signature-token", "a-secret")]
        );
        assert_eq!(body, r#"{"message":{"type":"text","data":"สวัสดี 😀"},"chat_id":"70001"}"#);
    }

    #[test]
    fn an_event_follows_the_profile_and_hides_its_secret_from_debug_output() {
        let profile = Profile::from_toml(
            "[keys]\nmessage = 'Message'\n[webhook]\nmethod = 'PUT'\nsignature_header = 'X-Secret'\n",
        )
        .unwrap();
        let sent = request(&profile, "a-secret", &json!(7), &Message::text("a"));
        assert_eq!((sent.0.as_str(), sent.1[1].0.as_str()), ("PUT", "x-secret"));
        assert_eq!(sent.2, r#"{"Message":{"type":"text","data":"a"},"chat_id":7}"#);
        assert!(!format!("{sent:?}").contains("a-secret"));
        assert_eq!(request(&profile, "a\nb", &json!(7), &Message::text("a")).1.len(), 1);
        assert!(can_be_sent("a-b") && !can_be_sent("") && !can_be_sent("a b") && !can_be_sent("ก"));
    }

    #[test]
    fn a_failed_delivery_is_repeated_after_1_5_and_25_seconds_and_then_given_up() {
        let profile = Profile::default_profile();
        let waits: Vec<Option<u64>> = (0..=4).map(|failures| retry_delay_ms(&profile, failures)).collect();
        assert_eq!(waits, [None, Some(1000), Some(5000), Some(25_000), None]);
        let never = Profile::from_toml("webhook.retry_delays_ms = []").unwrap();
        assert_eq!(retry_delay_ms(&never, 1), None);
    }

    #[test]
    fn only_200_with_the_exact_word_acknowledges() {
        let profile = Profile::default_profile();
        for body in
            [r#"{"status":"SUCCESS"}"#, " {\"a\":[],\"status\":\"SUCCESS\"}\r\n", r#"{"stat\u0075s":"SUCCESS"}"#]
        {
            assert_eq!(judge(&profile, 200, &[], body.as_bytes()), [""; 0], "{body}");
        }
        let ok = r#"{"status":"SUCCESS"}"#.as_bytes();
        for (status, headers, body, verdict) in [
            (201, vec![], ok, "the status is 201: expected 200"),
            (204, vec![], b"".as_slice(), "the status is 204: expected 200"),
            (500, vec![], b"<html>", "the status is 500: expected 200"),
            (
                308,
                vec![(LOCATION, "/hook/")],
                ok,
                "the answer is the redirect 308 to /hook/: redirects are not followed, answer at the URL itself",
            ),
            (304, vec![], b"", "the answer is the redirect 304: redirects are not followed, answer at the URL itself"),
            (
                200,
                vec![(CONTENT_ENCODING, "gzip")],
                b"\x1f\x8b",
                "the body is encoded as 'gzip': the call doesn't ask for an encoding, send it plain",
            ),
            (200, vec![], b" \r\n", r#"the body is empty: expected {"status":"SUCCESS"}"#),
            (200, vec![], b"SUCCESS", "the body is not valid JSON: expected value at line 1 column 1"),
            (
                200,
                vec![],
                br#""SUCCESS""#,
                r#"the body is the text "SUCCESS": expected the object {"status":"SUCCESS"}"#,
            ),
            (200, vec![], br#"{"Status":"SUCCESS"}"#, r#"the body has no key 'status': expected {"status":"SUCCESS"}"#),
            (200, vec![], br#"{"status":"success"}"#, r#"'status' is the text "success": expected exactly "SUCCESS""#),
            (200, vec![], br#"{"status":true}"#, r#"'status' is true: expected exactly "SUCCESS""#),
            (
                200,
                vec![],
                br#"{"status":"ERROR","status":"SUCCESS"}"#,
                r#"the body is not valid JSON: the key "status" stands twice at line 1 column 26"#,
            ),
        ] {
            assert_eq!(judge(&profile, status, &headers, body), [verdict]);
        }
    }

    #[test]
    fn the_media_type_is_a_remark_unless_the_profile_asks_for_json() {
        let ok = br#"{"status":"SUCCESS"}"#;
        let html = [(CONTENT_TYPE, "text/html")];
        assert_eq!(judge(&Profile::default_profile(), 200, &html, ok), [""; 0]);
        let strict = Profile::from_toml("webhook.answer.media_type = 'json'").unwrap();
        assert_eq!(judge(&strict, 200, &html, ok), ["the media type is text/html: expected application/json"]);
        assert_eq!(judge(&strict, 200, &[], ok), ["the media type is missing: expected application/json"]);
        assert_eq!(judge(&strict, 200, &[(CONTENT_TYPE, "Application/JSON; charset=UTF-8")], ok), [""; 0]);
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
        assert_eq!(media_type_fault(&headers).unwrap().clause().id, "chatday.webhook.media-type");
    }

    #[test]
    fn the_acknowledgement_follows_the_profile() {
        let profile = Profile::from_toml("[webhook.answer]\nstatus = 202\nkey = 'ok'\nword = 'yes'\n").unwrap();
        assert_eq!(judge(&profile, 202, &[], br#"{"ok":"yes"}"#), [""; 0]);
        assert_eq!(judge(&profile, 200, &[], br#"{"ok":"yes"}"#), ["the status is 200: expected 202"]);
        assert_eq!(
            judge(&profile, 202, &[], br#"{"status":"SUCCESS"}"#),
            [r#"the body has no key 'ok': expected {"ok":"yes"}"#]
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged_without_a_panic(status in 100_u16..1000, body in prop::collection::vec(any::<u8>(), 0..64)) {
            let verdict = judge(&Profile::default_profile(), status, &[], &body);
            prop_assert!(!verdict.is_empty());
        }
    }
}
