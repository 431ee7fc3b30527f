//! The bodies under `fixtures/chatday/`, readable by any language: each file is claimed here and held against what the
//! code produces under the default profile.

use std::collections::BTreeSet;
use std::path::Path;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::{Message, Profile, answer, samples, webhook};

/// Name and text of each file of a folder.
macro_rules! files {
    ($folder:literal: $($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("../../../fixtures/chatday/", $folder, "/", $name, ".json")))),+]
    };
}

const RESPONSES: [(&str, &str); 2] = files!("responses": "register", "send-message");
const ERRORS: [(&str, &str); 13] = files!("errors":
    "unknown-path", "method-not-allowed", "token-missing", "token-malformed", "token-repeated", "token-unknown",
    "rate-limited", "body-too-large", "not-json", "malformed-json", "invalid-fields", "not-registered", "unknown-chat",
);
const WEBHOOKS: [(&str, &str); 9] = files!("webhooks":
    "text", "image", "file", "video", "audio", "sticker", "location", "unknown-type", "verify",
);
const ANSWERS: [(&str, &str); 1] = files!("webhooks": "answers");

fn names(files: &[(&'static str, &'static str)]) -> BTreeSet<String> {
    files.iter().map(|(name, _)| format!("{name}.json")).collect()
}

fn folder(name: &str) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/chatday").join(name);
    path.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn parsed(name: &str, text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn every_file_is_claimed() {
    assert_eq!(folder("responses"), names(&RESPONSES));
    assert_eq!(folder("errors"), names(&ERRORS));
    let webhooks: Vec<(&str, &str)> = WEBHOOKS.into_iter().chain(ANSWERS).collect();
    assert_eq!(folder("webhooks"), names(&webhooks));
    let top: BTreeSet<String> = ["errors", "profile.toml", "responses", "webhooks"].map(str::to_owned).into();
    assert_eq!(folder(""), top);
}

#[test]
fn each_answer_of_success_is_the_one_that_the_code_gives() {
    let profile = Profile::default_profile();
    for (name, text) in RESPONSES {
        let response = match name {
            "register" => answer::registered(&profile, "chatday-demo-signature-not-a-secret"),
            _ => answer::sent(&profile, "7"),
        };
        assert_eq!(response.status(), 200);
        assert_eq!(parsed(name, std::str::from_utf8(response.body()).unwrap()), parsed(name, text), "{name}");
    }
}

#[test]
fn each_error_is_the_one_that_the_code_gives() {
    let profile = Profile::default_profile();
    for ((name, text), (sample, error)) in ERRORS.into_iter().zip(samples::errors()) {
        assert_eq!(name, sample, "fixtures and samples stand in the same order");
        let response = error.response(&profile);
        assert_eq!(parsed(name, std::str::from_utf8(response.body()).unwrap()), parsed(name, text), "{name}");
    }
}

#[test]
fn each_webhook_is_byte_for_byte_what_is_sent() {
    let profile = Profile::from_toml("webhook.verification.enabled = true").unwrap();
    for (name, text) in WEBHOOKS {
        let body = match name {
            "verify" => {
                let event = profile.webhook.verification.as_ref().unwrap();
                webhook::body(&profile, &event.chat_id, &Message::new(&event.kind, event.data.clone()))
            }
            "unknown-type" => {
                let data = json!({"title": "ใหม่ 新しい", "cards": [1, null]});
                webhook::body(&profile, &json!("70001"), &Message::new("carousel", data))
            }
            kind => {
                let data = profile.message_types[kind].examples()[0].clone();
                webhook::body(&profile, &json!("70001"), &Message::new(kind, data))
            }
        };
        assert_eq!(std::str::from_utf8(&body).unwrap(), text.trim_end_matches('\n'), "{name}");
    }
}

#[test]
fn each_answer_to_a_webhook_gets_its_verdict() {
    let profile = Profile::default_profile();
    let all = parsed("answers", ANSWERS[0].1);
    let mut seen = BTreeSet::new();
    for case in all["answers"].as_array().unwrap() {
        let mut headers = HeaderMap::new();
        for (name, value) in case["headers"].as_object().into_iter().flatten() {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, HeaderValue::from_str(value.as_str().unwrap()).unwrap());
        }
        let status = StatusCode::from_u16(case["status"].as_u64().unwrap().try_into().unwrap()).unwrap();
        let verdict = webhook::judge_answer(&profile, status, &headers, case["body"].as_str().unwrap().as_bytes());
        let verdict = verdict.err().map_or("acknowledged", |faults| faults[0].name());
        assert_eq!(verdict, case["verdict"], "{}", case["title"]);
        seen.insert(verdict);
    }
    let expected = [
        "acknowledged",
        "empty-body",
        "encoded",
        "key-missing",
        "not-an-object",
        "not-json",
        "other-status",
        "other-word",
        "redirect",
    ];
    assert_eq!(seen, BTreeSet::from(expected), "a verdict without a fixture");
}
