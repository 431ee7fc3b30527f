//! Chatday's.

use conformance::check::Level::{Must, Should};
use contract::chatday::clauses as c;
use contract::chatwork::Edition::Documented;
use contract::service::Service;
use http::Method;

use super::spoil::{Sabotage, body, drop_key, header, json, set, status, was};

macro_rules! sabotages {
    ($($word:literal $weight:ident $clause:ident $what:literal $spoil:expr;)+) => {
        /// Every one.
        pub(crate) const ALL: &[Sabotage] = &[$(Sabotage {
            word: $word,
            service: Service::Chatday,
            edition: Documented,
            what: $what,
            clause: &c::$clause,
            weight: $weight,
            spoil: $spoil,
        }),+];
    };
}

const REGISTERED: &str = r#"{"status":"SUCCESS","Chatday-Signature-Token":"x"}"#;
const SENT: &str = r#"{"status":"SUCCESS","message_id":"1"}"#;

sabotages! {
    "register-for-anybody" Must AUTHORIZATION "Register answers without a token."
        |s, a| if s.of("register") && was(a, 401) { status(a, 200); body(a, REGISTERED) };
    "403-for-a-wrong-token" Should ERROR_UNAUTHORIZED "A wrong token is answered 403."
        |s, a| if s.header("authorization").is_some() && was(a, 401) { status(a, 403) };
    "no-challenge" Should ERROR_UNAUTHORIZED "401 lacks WWW-Authenticate." |_, a| { a.headers_mut().remove("www-authenticate"); };
    "send-for-anybody" Must AUTHORIZATION "Send Message answers without a token."
        |s, a| if s.of("send-message") && was(a, 401) { status(a, 200); body(a, SENT) };
    "token-in-the-query" Should AUTHORIZATION_HEADER_ONLY "A token in the query is taken."
        |s, a| if s.query("token=") { status(a, 200); body(a, REGISTERED) };
    "message-refused" Must SEND_BODY "Every message is answered 500." |s, a| if s.of("send-message") && was(a, 200) { status(a, 500) };
    "same-message-id" Should SEND_ANSWER "Every message gets the same id." |s, a| if s.of("send-message") && was(a, 200) { set(a, "message_id", "1") };
    "message-id-as-number" Should SEND_ANSWER "message_id is a number." |s, a| if s.of("send-message") && was(a, 200) { set(a, "message_id", 7) };
    "201-for-a-message" Should SEND_ANSWER "A message is answered 201." |s, a| if s.of("send-message") && was(a, 200) { status(a, 201) };
    "stickers-refused" Should MESSAGE_TYPES "Stickers are refused."
        |s, a| if String::from_utf8_lossy(s.asked.request.body()).contains("sticker") { status(a, 400) };
    "more-keys-refused" Should SEND_UNKNOWN_KEYS "A key more is refused."
        |s, a| if String::from_utf8_lossy(s.asked.request.body()).contains("conformance_test") { status(a, 400) };
    "scheme-in-one-case" Should AUTHORIZATION_HEADER_ONLY "The scheme bearer is not known."
        |s, a| if s.header("authorization").is_some_and(|value| value.starts_with("bearer")) { status(a, 401) };
    "no-signature-token" Must REGISTER_ANSWER "Register answers without the signature token."
        |s, a| if s.of("register") && was(a, 200) { drop_key(a, "Chatday-Signature-Token"); a.headers_mut().remove("chatday-signature-token"); };
    "another-word" Should REGISTER_BODY "Register answers status 'ok'." |s, a| if s.of("register") && was(a, 200) { set(a, "status", "ok") };
    "another-signature-token" Should REGISTER_AGAIN "Register gives another token each time."
        |s, a| if s.of("register") && was(a, 200) { let count = s.count(); set(a, "Chatday-Signature-Token", format!("token-{count}")) };
    "400-for-an-unknown-path" Should ERROR_UNKNOWN_PATH "An unknown path is answered 400." |_, a| if was(a, 404) { status(a, 400) };
    "405-without-allow" Should ERROR_METHOD "405 lacks Allow." |_, a| { a.headers_mut().remove("allow"); };
    "404-for-a-wrong-method" Should ERROR_METHOD "A wrong method is answered 404."
        |s, a| if *s.asked.request.method() == Method::GET && was(a, 405) { status(a, 404) };
    "error-not-errors" Should ERROR_ENVELOPE "Errors stand under 'error'."
        |_, a| json(a, |value| if let Some(errors) = value.as_object_mut().and_then(|all| all.shift_remove("errors")) {
            value["error"] = errors;
        });
    "html-errors" Should ERROR_ENVELOPE "What is not found is answered with a page in HTML."
        |_, a| if was(a, 404) { body(a, "<html>"); header(a, "content-type", "text/html") };
    "500-for-malformed-json" Should ERROR_BAD_REQUEST "Malformed JSON is answered 500."
        |s, a| if s.asked.request.body() == "{\"message\":" { status(a, 500) };
    "missing-field-unnamed" Should ERROR_BAD_REQUEST "A missing field is not named."
        |_, a| if was(a, 400) { body(a, r#"{"status":"ERROR","errors":["Bad request"]}"#) };
    "any-media-type" Should ERROR_MEDIA_TYPE "Any media type is taken." |_, a| if was(a, 415) { status(a, 200); body(a, SENT) };
    "large-bodies-taken" Should ERROR_TOO_LARGE "A body over the limit is answered 400." |_, a| if was(a, 413) { status(a, 400) };
    "unknown-chat-taken" Should SEND_UNKNOWN_CHAT "A message to a chat that is not there is taken."
        |s, a| if s.of("send-message") && was(a, 404) { status(a, 200); body(a, SENT) };
    "unknown-type-taken" Should MESSAGE_UNKNOWN_TYPE_SENT "A message of an unknown type is taken."
        |s, a| if String::from_utf8_lossy(s.asked.request.body()).contains("\"conformance-test\"") { status(a, 200); body(a, SENT) };
}
