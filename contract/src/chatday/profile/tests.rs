use super::*;
use crate::chatday::errors::TABLE;
use proptest::prelude::*;
use serde_json::json;

fn faults(text: &str) -> Vec<String> {
    Profile::from_toml(text).unwrap_err().iter().map(ToString::to_string).collect()
}

/// JSON pointers of all values that are neither tables nor inside a schema.
fn leaves(value: &Value, pointer: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(map) if !pointer.starts_with("/message_types/") => {
            for (key, value) in map {
                leaves(value, &format!("{pointer}/{key}"), found);
            }
        }
        _ => found.push(pointer.to_owned()),
    }
}

fn all_leaves() -> Vec<String> {
    let mut found = Vec::new();
    leaves(Profile::default_value(), "", &mut found);
    found
}

/// A description that states one value only.
fn stating(pointer: &str, value: Value) -> Value {
    pointer.rsplit('/').filter(|step| !step.is_empty()).fold(value, |below, step| json!({step: below}))
}

#[test]
fn the_default_profile_says_what_the_contract_page_says() {
    let profile = Profile::default_profile();
    assert_eq!((profile.register.method.as_str(), profile.register.path.as_str()), ("GET", "/chatday/register"));
    assert_eq!((profile.send.method.as_str(), profile.send.path.as_str()), ("POST", "/chatday/messages"));
    assert_eq!(profile.webhook.timeout_ms, 5000);
    assert_eq!(profile.webhook.retry_delays_ms, [1000, 5000, 25_000]);
    assert_eq!(profile.webhook.verification, None);
    assert_eq!(profile.limits, Limits { body_bytes: 1 << 20, rate: None });
    assert_eq!(profile.errors.len(), TABLE.len());
    let types: Vec<&str> = profile.message_types.keys().map(String::as_str).collect();
    assert_eq!(types, ["audio", "file", "image", "location", "sticker", "text", "video"]);
}

#[test]
fn every_key_of_the_default_file_has_a_comment_that_says_doc_or_ours() {
    let mut comment = String::new();
    for line in DEFAULT_TOML.lines() {
        if let Some(words) = line.strip_prefix('#') {
            comment.push_str(words);
        } else if line.contains(" = ") {
            assert!(
                comment
                    .split(|character: char| !character.is_alphanumeric())
                    .any(|word| matches!(word, "doc" | "ours")),
                "'{line}' has no comment above it that says doc or ours"
            );
            comment.clear();
        } else {
            comment.clear();
        }
    }
}

#[test]
fn three_faults_are_three_sentences_each_with_its_place() {
    let text = "[send]\npath = '/messages'\n[webhook]\ntimeout_m = 9\n[errors.unknown_chat]\nstatus = 200\n";
    assert_eq!(
        faults(text),
        [
            "/errors/unknown_chat/status: expected an integer from 400 to 599, found the number 200",
            "/send/path: '/messages' is not below /chatday/: the mock serves Chatday there",
            "/webhook/timeout_m: unknown key 'timeout_m': did you mean 'timeout_ms'?",
        ]
    );
}

#[test]
fn what_cannot_work_is_refused_with_its_reason() {
    for (text, place, reason) in [
        (
            "send.path = '/chatday/register'\nsend.method = 'POST'\nregister.method = 'POST'",
            "/",
            "both POST /chatday/register",
        ),
        ("send.path = '/chatday/'", "/send/path", "expected a path"),
        ("send.path = '/chatday/a/../b'", "/send/path", "expected a path"),
        ("send.path = '/chatday/ส่ง'", "/send/path", "expected a path"),
        ("send.path = '/chatday/a?b'", "/send/path", "expected a path"),
        ("send.method = 'GET'", "/send/method", "one of POST, PUT, PATCH"),
        ("send.status = 204", "/send/status", "has no body"),
        ("keys.chat_id = 'message'", "/keys/chat_id", "spelt like 'message'"),
        ("keys.data = ''", "/keys/data", "1 to 64 characters"),
        ("words.error = 'SUCCESS'", "/words/error", "word of success"),
        ("register.header = 'Signature Token'", "/register/header", "the name of a header"),
        ("webhook.signature_header = 'Content-Length'", "/webhook/signature_header", "meaning of its own"),
        (
            "register.token_in_body = false\nregister.token_in_header = false",
            "/register/token_in_header",
            "one of them must",
        ),
        ("webhook.content_type = 'text/plain'", "/webhook/content_type", "a JSON media type"),
        ("webhook.retry_delays_ms = [1, -1]", "/webhook/retry_delays_ms/1", "from 0 to 86400000"),
        ("webhook.verification.chat_id = 7", "/webhook/verification/chat_id", "expected a string"),
        (
            "ids.chat_id = 'integer'\nwebhook.verification.chat_id = 'x'",
            "/webhook/verification/chat_id",
            "expected an integer",
        ),
        ("errors.token_unknown.text = '{token}'", "/errors/token_unknown/text", "no word in braces"),
        ("errors.teapot.status = 418", "/errors/teapot", "unknown key 'teapot'"),
        (
            "message_types.text = {type = 'string', pattern = 'x'}",
            "/message_types/text/pattern",
            "unknown key 'pattern'",
        ),
        ("register = 5", "/register", "expected an object"),
        ("limits.body_bytes = 1048577", "/limits/body_bytes", "from 1 to 1048576"),
        ("authorization.challenge = ' Bearer'", "/authorization/challenge", "visible ASCII"),
    ] {
        let found = faults(text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert!(found[0].starts_with(&format!("{place}: ")) && found[0].contains(reason), "{text}: {}", found[0]);
    }
}

#[test]
fn a_profile_remembers_what_its_own_file_stated() {
    let profile = Profile::from_toml("[webhook]\ntimeout_ms = 5000\n[message_types]\nsticker = false\n").unwrap();
    for stated in ["/webhook", "/webhook/timeout_ms", "/message_types", "/message_types/sticker"] {
        assert!(profile.states(stated), "{stated}");
    }
    for silent in ["/webhook/method", "/send", "/message_types/text"] {
        assert!(!profile.states(silent), "{silent}");
    }
    assert_eq!(profile.certainty(&clauses::WEBHOOK_TIMEOUT), Certainty::Documented);
    assert_eq!(profile.certainty(&clauses::WEBHOOK_RETRY), Certainty::Assumed);
    assert_eq!(Profile::default_profile().certainty(&clauses::WEBHOOK_TIMEOUT), Certainty::Assumed);
    assert_eq!(profile.certainty(&clauses::WEBHOOK_ANSWER), Certainty::Documented);
}

#[test]
fn a_type_is_added_replaced_whole_or_taken_out() {
    let text = "[message_types]\nsticker = false\nimage = { type = 'string' }\n'カルーセル' = true\n";
    let profile = Profile::from_toml(text).unwrap();
    let types: Vec<&str> = profile.message_types.keys().map(String::as_str).collect();
    assert_eq!(types, ["audio", "file", "image", "location", "text", "video", "カルーセル"]);
    assert_eq!(*profile.message_types["image"].to_value(), json!({"type": "string"}));
}

#[test]
fn the_verification_event_follows_the_kind_of_chat_ids() {
    let on = "webhook.verification.enabled = true\n";
    let event = |text: &str| Profile::from_toml(&format!("{on}{text}")).unwrap().webhook.verification.unwrap();
    assert_eq!(event(""), Verification { kind: "verify".into(), data: Value::Null, chat_id: json!("verify") });
    assert_eq!(event("ids.chat_id = 'integer'").chat_id, json!(0));
    assert_eq!(event("webhook.verification.data = {a = 1}").data, json!({"a": 1}));
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        (0_i64..700).prop_map(Value::from),
        any::<f32>().prop_filter("JSON has it", |number| number.is_finite()).prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        "[A-Za-z-]{1,12}".prop_map(Value::from),
        "/chatday/[a-z/]{1,8}".prop_map(Value::from),
        Just(json!("integer")),
        Just(json!("accept")),
        Just(json!("text")),
        Just(json!("PUT")),
        prop::collection::vec(0_i64..90_000, 0..4).prop_map(Value::from),
        Just(json!({})),
        Just(json!({"type": "string"})),
    ]
}

proptest! {
    #[test]
    fn a_single_changed_key_is_either_honoured_or_a_fault_at_its_place(
        pointer in prop::sample::select(all_leaves()),
        value in any_value(),
    ) {
        let text = toml::to_string(&stating(&pointer, value.clone())).unwrap();
        let default = Profile::default_profile();
        match Profile::from_toml(&text) {
            Ok(profile) => {
                prop_assert!(profile.states(&pointer));
                let same = Profile { stated: BTreeSet::new(), ..profile } == Profile { stated: BTreeSet::new(), ..(*default).clone() };
                // Two keys act only together with another one that is off by default.
                let waits = pointer.starts_with("/webhook/verification/") || pointer == "/limits/window_ms";
                let unchanged = Profile::default_value().pointer(&pointer) == Some(&value);
                let header_case = pointer.ends_with("header");
                let removed = pointer.starts_with("/message_types/");
                prop_assert!(waits || header_case || removed || same == unchanged, "{} had no effect", text);
            }
            Err(faults) => {
                let table = pointer.rsplit_once('/').map_or("", |(table, _)| table);
                for fault in &faults {
                    prop_assert!(
                        fault.pointer.is_empty() || fault.pointer.starts_with(table),
                        "{text}: the fault {fault} is elsewhere"
                    );
                }
                prop_assert!(!faults.is_empty());
            }
        }
    }

    #[test]
    fn any_text_is_a_profile_or_has_faults(text in "\\PC{0,40}|(\\[?[a-z_.]{1,9}\\]? ?=? ?[0-9'\\[]{0,3}\n){0,5}") {
        if let Err(faults) = Profile::from_toml(&text) {
            prop_assert!(!faults.is_empty());
        }
    }
}
