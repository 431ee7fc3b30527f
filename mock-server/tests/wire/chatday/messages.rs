//! Send Message.

use contract::chatday::profile::Profile;
use mock_server::MockServer;
use serde_json::{Value, json};

use super::{call, refusal};
use crate::common::{Call, Wire};

const SHOP: &str = "wire-chatday-shop";
const NEWCOMER: &str = "wire-chatday-newcomer";
const JSON: &str = "application/json; charset=utf-8";

fn send(body: impl Into<Vec<u8>>) -> Call {
    call(SHOP, "POST", "/messages").body(JSON, body)
}

fn message(kind: &str, data: &Value) -> Call {
    send(json!({"message": {"type": kind, "data": data}, "chat_id": "70001"}).to_string())
}

#[test]
fn a_message_shows_in_the_visitors_chat_box() {
    let mut wire = Wire::start();
    let answer = wire.send(&message("text", &json!("มีค่ะ 🙏 ありがとう"))).is(200);
    assert_eq!(answer["status"], "SUCCESS");
    assert!(answer["message_id"].is_string(), "{answer}");
    keep!(wire, "send-message.200");
    let chat = wire.mock.chat("70001").unwrap();
    let last = chat["messages"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["message"], json!({"type": "text", "data": "มีค่ะ 🙏 ありがとう"}));
    assert_eq!(last["message_id"], answer["message_id"]);
}

#[test]
fn every_type_of_message_is_taken_with_its_data() {
    let mut wire = Wire::start();
    for (kind, data) in [
        ("text", json!("x")),
        ("text", json!("あ".repeat(5000))),
        ("image", json!({"url": "https://shop.example/รูป.png"})),
        ("file", json!({"url": "https://shop.example/1", "name": "ใบเสนอราคา.pdf", "size": 0})),
        ("video", json!({"url": "https://shop.example/お茶.mp4", "name": "お茶"})),
        ("audio", json!({"url": "https://shop.example/1", "size": 9_007_199_254_740_991_u64})),
        ("sticker", json!({"package_id": "1", "sticker_id": "13"})),
        ("location", json!({"latitude": 13.7563, "longitude": 100.5018, "title": "กรุงเทพมหานคร"})),
        ("location", json!({"latitude": -90, "longitude": 180})),
    ] {
        wire.send(&message(kind, &data)).is(200);
    }
}

#[test]
fn data_that_does_not_fit_its_type_is_refused_and_named() {
    let mut wire = Wire::start();
    let before = wire.state();
    for (kind, data) in [
        ("text", json!("")),
        ("text", json!(1)),
        ("text", json!({"text": "x"})),
        ("image", json!("https://shop.example/1.png")),
        ("image", json!({"name": "x"})),
        ("image", json!({"url": 1, "size": -1})),
        ("sticker", json!({"package_id": "1"})),
        ("location", json!({"latitude": "13", "longitude": 181})),
        ("poem", json!("x")),
        ("TEXT", json!("x")),
    ] {
        refusal(&wire.send(&message(kind, &data)), 400);
    }
    keep!(wire, "send-message.400-data");
    refusal(&wire.send(&message("text", &json!("あ".repeat(5001)))), 400);
    wire.is_still(&before);
}

#[test]
fn fields_that_are_missing_or_of_another_kind_are_all_named() {
    let mut wire = Wire::start();
    let before = wire.state();
    for body in [
        json!({}),
        json!({"message": {"type": "text", "data": "x"}}),
        json!({"chat_id": "70001"}),
        json!({"message": "x", "chat_id": "70001"}),
        json!({"message": {"type": "text"}, "chat_id": "70001"}),
        json!({"message": {"data": "x"}, "chat_id": "70001"}),
        json!({"message": {"type": 1, "data": "x"}, "chat_id": 70001}),
        json!({"Message": {"Type": "text", "Data": "x"}, "chat_id": "70001"}),
        json!({"message": {"type": null, "data": null}, "chat_id": null}),
        json!([]),
        json!("x"),
        Value::Null,
    ] {
        refusal(&wire.send(&send(body.to_string())), 400);
    }
    let named = refusal(&wire.send(&send("{}")), 400);
    assert_eq!(named.len(), 2, "{named:?}");
    keep!(wire, "send-message.400-fields");
    wire.is_still(&before);
}

#[test]
fn text_that_is_no_json_is_refused_with_the_place() {
    let mut wire = Wire::start();
    let before = wire.state();
    for body in [
        &b"{"[..],
        b"{\"message\":}",
        b"{'message':1}",
        b"message=x",
        b"{}{}",
        b"{\"chat_id\":\"1\",\"chat_id\":\"2\"}",
        b"\"\xff\"",
        b"\"\\ud800\"",
        b"NaN",
    ] {
        refusal(&wire.send(&send(body)), 400);
    }
    keep!(wire, "send-message.400-json");
    refusal(&wire.send(&send("[".repeat(100_000))), 400);
    refusal(&wire.send(&call(SHOP, "POST", "/messages").header("content-type", JSON)), 400);
    wire.is_still(&before);
}

#[test]
fn what_is_not_sent_as_json_is_refused() {
    let mut wire = Wire::start();
    let before = wire.state();
    let body = r#"{"message":{"type":"text","data":"x"},"chat_id":"70001"}"#;
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=tis-620"] {
        refusal(&wire.send(&call(SHOP, "POST", "/messages").body(content_type, body)), 415);
    }
    let mut untyped = send(body);
    untyped.headers.pop();
    refusal(&wire.send(&untyped), 415);
    keep!(wire, "send-message.415");
    refusal(&wire.send(&send(body).header("content-type", JSON)), 415);
    refusal(&wire.send(&send(body).header("content-encoding", "gzip")), 415);
    wire.is_still(&before);
}

#[test]
fn a_token_must_be_registered_and_known() {
    let mut wire = Wire::start();
    let before = wire.state();
    let body = r#"{"message":{"type":"text","data":"x"},"chat_id":"70002"}"#;
    refusal(&wire.send(&call(NEWCOMER, "POST", "/messages").body(JSON, body)), 403);
    keep!(wire, "send-message.403-not-registered");
    refusal(&wire.send(&Call::new("POST", "/chatday/messages").body(JSON, body)), 401);
    refusal(&wire.send(&call("nobody", "POST", "/messages").body(JSON, body)), 401);
    keep!(wire, "send-message.401");
    wire.is_still(&before);
}

#[test]
fn a_chat_of_nobody_and_one_of_another_application_are_alike_unknown() {
    let mut wire = Wire::start();
    let before = wire.state();
    for chat in ["70002", "79999", "", "ห้อง", "70001 "] {
        let body = json!({"message": {"type": "text", "data": "x"}, "chat_id": chat}).to_string();
        let answer = wire.send(&send(body));
        refusal(&answer, if chat.is_empty() { answer.status } else { 404 });
        assert!([400, 404].contains(&answer.status), "{chat}: {}", answer.head);
    }
    keep!(wire, "send-message.404-chat");
    wire.is_still(&before);
}

#[test]
fn other_verbs_are_refused_with_what_is_allowed() {
    let mut wire = Wire::start();
    for verb in ["GET", "PUT", "DELETE", "PATCH"] {
        let answer = wire.send(&call(SHOP, verb, "/messages"));
        refusal(&answer, 405);
        assert_eq!(answer.header("allow"), Some("POST"), "{}", answer.head);
    }
    let head = wire.raw(&call(SHOP, "HEAD", "/messages").bytes()).unwrap();
    assert_eq!((head.status, head.header("allow")), (405, Some("POST")));
    wire.forget();
    wire.send(&call(SHOP, "GET", "/messages"));
    keep!(wire, "send-message.405");
}

#[test]
fn a_body_over_1_mib_is_too_large() {
    let mut wire = Wire::start();
    let before = wire.state();
    let padded = |size: usize| {
        let body = r#"{"message":{"type":"text","data":"x"},"chat_id":"70001"}"#;
        send(format!("{body}{}", " ".repeat(size - body.len())))
    };
    for size in [1_048_577, 10 * 1_048_576] {
        let answer = wire.raw(&padded(size).bytes()).unwrap();
        refusal(&answer, 413);
    }
    wire.is_still(&before);
    wire.send(&padded(1_048_576)).is(200);
}

#[test]
fn what_breaks_http_is_refused_in_the_service_s_form() {
    let mut wire = Wire::start();
    let before = wire.state();
    for head in ["", "host: a\r\nhost: b\r\n", "host: a b\r\n"] {
        let request = format!("GET /chatday/register HTTP/1.1\r\n{head}authorization: Bearer {NEWCOMER}\r\n\r\n");
        refusal(&wire.raw(request.as_bytes()).unwrap(), 400);
    }
    let wide = call(NEWCOMER, "GET", "/register").header("x-y", &"y".repeat(33_000));
    refusal(&wire.raw(&wide.bytes()).unwrap(), 431);
    wire.is_still(&before);
    wire.send(&call(SHOP, "GET", "/register")).is(200);
}

#[test]
fn unknown_keys_are_ignored_and_noted() {
    let mut wire = Wire::start();
    let body = r#"{"message":{"type":"text","data":"x","lang":"th"},"chat_id":"70001","extra":1}"#;
    wire.send(&send(body)).is(200);
    assert_eq!(wire.noted(), ["chatday.send.unknown-keys"]);
}

#[test]
fn a_limit_of_the_profile_is_per_token_and_says_when_to_come_again() {
    let profile = Profile::from_toml("limits.requests = 2\nlimits.window_ms = 10000").unwrap();
    let mut wire = Wire::on(|world| MockServer::builder().world(world).seed(1).profile(profile).start());
    wire.send(&call(SHOP, "GET", "/register")).is(200);
    wire.send(&message("text", &json!("2"))).is(200);
    wire.forget();
    let answer = wire.send(&message("text", &json!("3")));
    refusal(&answer, 429);
    assert_eq!(answer.header("retry-after"), Some("10"));
    keep!(wire, "send-message.429");
    wire.send(&call(NEWCOMER, "GET", "/register")).is(200);
    wire.advance(9_999);
    let answer = wire.send(&message("text", &json!("3")));
    assert_eq!((answer.status, answer.header("retry-after")), (429, Some("1")));
    wire.advance(1);
    wire.send(&message("text", &json!("3"))).is(200);
}
