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

/// What must be switched on for a key to act at all.
fn context(pointer: &str) -> Value {
    match pointer {
        "/limits/window_ms" => json!({"limits": {"requests": 9}}),
        "/webhook/verification/enabled" => json!({}),
        pointer if pointer.starts_with("/webhook/verification/") => {
            json!({"webhook": {"verification": {"enabled": true}}})
        }
        _ => json!({}),
    }
}

/// A profile without its memory of what was stated.
fn rules(profile: Profile) -> Profile {
    Profile { stated: BTreeSet::new(), ..profile }
}

/// Whether a value is the default one; the names of headers and media types have no case.
fn unchanged(pointer: &str, value: &Value) -> bool {
    let default = Profile::default_value().pointer(pointer);
    match (default, value) {
        (Some(Value::String(default)), Value::String(value)) if pointer.ends_with("header") => {
            default.eq_ignore_ascii_case(value)
        }
        _ => default == Some(value),
    }
}

/// Another value that a key can have.
fn another(pointer: &str, default: &Value) -> Value {
    let (table, key) = pointer.rsplit_once('/').unwrap();
    match (default, table, key) {
        (_, "/message_types", _) => json!({"type": "integer"}),
        (Value::Bool(flag), ..) => json!(!flag),
        (Value::Number(number), _, "body_bytes") => json!(number.as_i64().unwrap() - 1),
        (Value::Number(number), ..) => json!(number.as_i64().unwrap() + if key == "window_ms" { 1000 } else { 1 }),
        (_, "/hosts", _) => json!(["chat.example.jp"]),
        (Value::Array(_), ..) => json!([7]),
        (_, "/ids", _) => json!("integer"),
        (_, _, "method") => json!("PUT"),
        (_, _, "path") => json!("/chatday/other"),
        (_, _, "format") => json!("text"),
        (_, _, "unknown_types") => json!("accept"),
        (_, _, "media_type") => json!("json"),
        (_, _, "content_type") => json!("application/json"),
        _ => json!("other"),
    }
}

#[test]
fn every_key_of_the_file_is_honoured_and_remembered() {
    let all = all_leaves();
    assert!(all.len() > 70, "{all:?}");
    for pointer in all {
        let value = another(&pointer, Profile::default_value().pointer(&pointer).unwrap());
        let context = context(&pointer);
        let mut stated = context.clone();
        lay_over(&mut stated, &stating(&pointer, value.clone()), "", &mut BTreeSet::new());
        let profile = Profile::from_value(&stated).unwrap_or_else(|faults| panic!("{pointer} = {value}: {faults:?}"));
        assert!(profile.states(&pointer), "{pointer} is forgotten");
        assert_ne!(rules(profile), rules(Profile::from_value(&context).unwrap()), "{pointer} = {value} has no effect");
    }
}

#[test]
fn hosts_are_names_without_scheme_port_or_address() {
    let hosts = |names: Value| Profile::from_value(&json!({"hosts": {"api": names}}));
    assert_eq!(hosts(json!(["chat.example", "xn--p3t.jp"])).unwrap().hosts, ["chat.example", "xn--p3t.jp"]);
    let wrong =
        ["", "localhost", "Chat.example", "chat.example:443", "https://chat.example", "10.0.0.1", "a..b", "-a.b"];
    for name in wrong {
        let faults = hosts(json!([name])).unwrap_err();
        assert_eq!(faults.len(), 1, "{name}: {faults:?}");
        assert_eq!(faults[0].pointer, "/hosts/api/0");
    }
    assert_eq!(hosts(json!([])).unwrap_err()[0].message, "expected 1 to 8 host names, found 0");
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
        let context = context(&pointer);
        let mut stated = context.clone();
        lay_over(&mut stated, &stating(&pointer, value.clone()), "", &mut BTreeSet::new());
        let text = toml::to_string(&stated).unwrap();
        match Profile::from_toml(&text) {
            Ok(profile) => {
                prop_assert!(profile.states(&pointer));
                let same = rules(profile) == rules(Profile::from_value(&context).unwrap());
                prop_assert_eq!(same, unchanged(&pointer, &value), "{} had no effect", text);
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
