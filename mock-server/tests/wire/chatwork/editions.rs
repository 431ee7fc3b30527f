//! The two published states of the API: `?method=` and parameters in the query.

use serde_json::json;

use crate::common::{AOI, BEN, Call, MESSAGE, Wire};

fn july_2025() -> Wire {
    Wire::with_settings(json!({"edition": "2025-07"}))
}

#[test]
fn the_older_document_lets_post_stand_for_put_and_delete_and_the_journal_says_so() {
    let mut wire = Wire::start();
    let call = Call::of(AOI, "POST", "/rooms/5001?method=PUT").form(&[("name", "改名")]);
    wire.send(&call).is(200);
    assert!(wire.noted().contains(&"chatwork.transport.method-override-abolished".to_owned()), "{:?}", wire.noted());
    assert_eq!(wire.get(AOI, "/rooms/5001").is(200)["name"], "改名");
    keep!(wire, "put-room.200-method-override");
    let target = format!("/rooms/5001/messages/{}?method=DELETE", MESSAGE[1]);
    wire.send(&Call::of(BEN, "POST", &target)).is(200);
    assert!(wire.noted().contains(&"chatwork.transport.method-override-abolished".to_owned()));
    keep!(wire, "delete-message.200-method-override");
}

#[test]
fn an_override_is_upper_case_and_on_post_and_overrides_nothing_else() {
    let mut wire = Wire::start();
    let before = wire.state();
    for (verb, target) in [
        ("POST", "/rooms/5001?method=put"),
        ("POST", "/rooms/5001?method=GET"),
        ("POST", "/rooms/5001?method="),
        ("POST", "/rooms/5001"),
    ] {
        wire.send(&Call::of(AOI, verb, target).form(&[("name", "x")])).refusal(400);
    }
    wire.send(&Call::of(AOI, "GET", "/rooms/5001?method=DELETE&action_type=delete")).is(200);
    wire.is_still(&before);
}

#[test]
fn since_july_2025_the_override_is_ignored_and_noted() {
    let mut wire = july_2025();
    let before = wire.state();
    let told = wire.send(&Call::of(AOI, "POST", "/rooms/5001?method=PUT").form(&[("name", "改名")])).refusal(400);
    assert_eq!(told, "Invalid Endpoint or HTTP method");
    assert!(wire.noted().contains(&"chatwork.transport.method-override-abolished".to_owned()));
    wire.is_still(&before);
    keep!(wire, "put-room.400-method-override-2025-07");
    // The real verb counts: this posts.
    wire.send(&Call::of(AOI, "POST", "/rooms/5001/messages?method=PUT").form(&[("body", "x")])).is(200);
}

#[test]
fn since_july_2025_only_the_body_is_read() {
    let mut wire = july_2025();
    let answer = wire.send(&Call::of(AOI, "POST", "/rooms/5001/messages?body=hello"));
    assert_eq!(answer.refusal(400), "Parameter 'body' is required");
    assert_eq!(answer.header("content-length"), Some("43"));
    assert_eq!(wire.noted(), ["chatwork.transport.body-only"]);
    keep!(wire, "post-messages.400-query-2025-07");

    let mut older = Wire::start();
    older.send(&Call::of(AOI, "POST", "/rooms/5001/messages?body=hello")).is(200);
    assert_eq!(older.noted(), ["chatwork.transport.body-only"]);
    keep!(older, "post-messages.200-query");
}

#[test]
fn json_bodies_are_read_by_no_operation() {
    for mut wire in [Wire::start(), july_2025()] {
        let call = Call::of(AOI, "POST", "/rooms/5001/messages").body("application/json", r#"{"body":"hello"}"#);
        assert_eq!(wire.send(&call).refusal(400), "Parameter 'body' is required");
        assert_eq!(wire.noted(), ["chatwork.transport.json-ignored"]);
        keep!(wire, "post-messages.400-json");
    }
}
