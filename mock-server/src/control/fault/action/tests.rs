use super::headers::MOST_HEADER_BYTES;
use super::*;
use contract::reader::Faults;
use http::{HeaderMap, HeaderName, HeaderValue};

fn load(value: &Value) -> (FaultAction, Vec<String>) {
    let faults = Faults::default();
    let action = FaultAction::load(&Node::root(value, &faults));
    (action, faults.into_sorted().iter().map(ToString::to_string).collect())
}

fn faults(value: &Value) -> Vec<String> {
    load(value).1
}

#[test]
fn every_action_is_read_and_written_back_as_it_was() {
    let actions = [
        json!({"respond": {"status": 503, "headers": {"retry-after": "2", "set-cookie": ["a=1", "b=2"]}, "body": "後で"}}),
        json!({"respond": {"status": 200, "headers": {}, "body": {"ข้อความ": [1, null]}}}),
        json!({"respond": {"status": 502, "headers": {}, "body_base64": "/wA="}}),
        json!({"delay_ms": 1500}),
        json!({"drip": {"bytes": 1, "pause_ms": 50}}),
        json!({"reset": true}),
        json!({"reset": {"after_bytes": 7}}),
        json!({"close_after_bytes": 20}),
        json!({"stall": true}),
        json!({"rate_limit": {"reset_in_s": 2, "scope": "account"}}),
        json!({"rate_limit": {"reset_in_s": -5, "scope": "room", "headers": {"x-ratelimit-limit": null, "x": "y"}}}),
        json!({"rate_limit": {}}),
        json!({"drop_after_commit": true}),
        json!({"garbage": true}),
        json!({"garbage": {"bytes_base64": "/wA="}}),
        json!({"delay_ms": 10, "reset": true}),
    ];
    for action in actions {
        let (read, faults) = load(&action);
        assert_eq!((read.to_value(), faults), (action, vec![]));
    }
}

#[test]
fn an_action_that_is_none_is_told_which_there_are() {
    let told = "no action is asked for: give one of delay_ms, respond, drip, reset, close_after_bytes, stall, rate_limit, \
                drop_after_commit, garbage, such as {\"respond\":{\"status\":503,\"headers\":{\"retry-after\":\"2\"},\
                \"body\":\"later\"}} or {\"reset\":true}";
    assert_eq!(faults(&json!({})), [format!("/: {told}")]);
    let found = faults(&json!({"type": "reset"}));
    assert_eq!(found[0], format!("/: {told}"));
    assert!(found[1].starts_with("/type: unknown key 'type': expected one of delay_ms, respond"), "{found:?}");
    assert_eq!(faults(&json!("reset")), ["/: expected an object, found the text \"reset\""]);
    assert_eq!(faults(&json!({"stall": true, "reset": true})).len(), 1);
    assert!(faults(&json!({"stall": true, "reset": true}))[0].contains("2 actions in one rule"));
}

#[test]
fn every_fault_of_an_action_is_named_with_its_place() {
    let respond = json!({"respond": {"status": 99, "body": "x", "body_base64": "?", "hedders": {},
        "headers": {"a b": "1", "ok": "line\nend", "content-length": "3", "list": ["fine", {}]}}});
    assert_eq!(
        faults(&respond),
        [
            "/respond/body_base64: this is no base64: expected the standard alphabet with padding",
            "/respond/headers/a b: 'a b' is no name of a header",
            "/respond/headers/content-length: content-length follows from the body: for an answer whose framing is \
             broken use garbage with the bytes of the whole answer",
            "/respond/headers/list/1: expected a text, found an object",
            "/respond/headers/ok: no header can carry this value: it holds a line end or another control character",
            "/respond/hedders: unknown key 'hedders': did you mean 'headers'?",
            "/respond/status: expected an integer from 200 to 599, found the number 99",
        ]
    );
    for (action, fault) in [
        (json!({"delay_ms": -1}), "/delay_ms: expected an integer from 0 to 600000, found the number -1"),
        (json!({"stall": 1}), "/stall: expected true, found the number 1"),
        (json!({"reset": false}), "/reset: expected true, or an object with after_bytes, found false"),
        (json!({"garbage": "x"}), "/garbage: expected true, or an object with bytes_base64, found the text \"x\""),
        (json!({"garbage": {}}), "/garbage: the key 'bytes_base64' is missing"),
        (
            json!({"drip": {"bytes": 0, "pause_ms": 1}}),
            "/drip/bytes: expected an integer from 1 to 1048576, found the number 0",
        ),
        (json!({"drip": {"bytes": 1}}), "/drip: the key 'pause_ms' is missing"),
        (
            json!({"close_after_bytes": "7"}),
            "/close_after_bytes: expected an integer of 0 or more, found the text \"7\"",
        ),
        (
            json!({"rate_limit": {"scope": "world"}}),
            "/rate_limit/scope: expected one of account, room, found the text \"world\"",
        ),
        (
            json!({"respond": {"status": 204, "body": "x"}}),
            "/respond/body: an answer with status 204 has no body: leave it out",
        ),
        (
            json!({"respond": {"status": 200, "headers": {"a": null}}}),
            "/respond/headers: 'a' has no value: leave the name out to go without it",
        ),
    ] {
        assert_eq!(faults(&action), [fault]);
    }
}

#[test]
fn bodies_and_heads_are_bounded_to_the_byte() {
    let body = |size: usize| faults(&json!({"respond": {"status": 200, "body": "x".repeat(size)}}));
    assert_eq!(body(MOST_FAULT_BYTES), [""; 0]);
    assert_eq!(body(MOST_FAULT_BYTES + 1), ["/respond/body: the body has 1048577 bytes, at most 1048576 are taken"]);
    let raw = |size: usize| faults(&json!({"garbage": {"bytes_base64": STANDARD.encode(vec![0; size])}}));
    assert_eq!((raw(MOST_FAULT_BYTES).len(), raw(MOST_FAULT_BYTES + 1).len()), (0, 1));
    let head = |size: usize| faults(&json!({"respond": {"status": 200, "headers": {"x": "y".repeat(size - 5)}}}));
    assert_eq!((head(MOST_HEADER_BYTES).len(), head(MOST_HEADER_BYTES + 1).len()), (0, 1));
}

#[test]
fn a_rate_limit_takes_headers_away_and_gives_others() {
    let (action, faults) = load(&json!({"rate_limit": {"headers": {"X-RateLimit-Reset": null, "a": ["1", 2]}}}));
    assert_eq!(faults, [""; 0]);
    let Deed::RateLimit(limited) = action.deed else { panic!("{action:?}") };
    let mut headers = HeaderMap::new();
    for name in ["x-ratelimit-reset", "a", "kept"] {
        headers.append(HeaderName::from_static(name), HeaderValue::from_static("0"));
    }
    limited.dress(&mut headers);
    let values: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    assert_eq!(values, [("kept", "0"), ("a", "1"), ("a", "2")]);
}

#[test]
fn the_library_builds_what_the_json_says() {
    let built = FaultAction::respond(503).header("retry-after", "2").body("後で");
    let json = json!({"respond": {"status": 503, "headers": {"retry-after": 2}, "body": "後で"}});
    assert_eq!(load(&json), (built, vec![]));
    let limited = FaultAction::room_limit(Some(-5)).header("a", "1").without_header("b");
    let read: FaultAction = serde_json::from_value(serde_json::to_value(&limited).unwrap()).unwrap();
    assert_eq!(read, limited);
    let refused = serde_json::from_value::<FaultAction>(json!({"nothing": 1})).unwrap_err();
    assert!(refused.to_string().contains("no action is asked for"), "{refused}");
}
