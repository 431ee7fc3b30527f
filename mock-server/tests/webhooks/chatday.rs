//! Chatday's webhooks: the settings page, the widget, the schedule of repetitions.

use std::io::Write as _;
use std::sync::Arc;

use contract::chatday::profile::Profile;
use contract::service::Service;
use mock_server::MockServer;
use serde_json::{Value, json};

use crate::receiver::{Receiver, SUCCESS};
use crate::support::{deliveries, exchange, frozen, ok, refused, settled};

const CHAT: &str = "70002";

pub(crate) fn register(mock: &MockServer) -> String {
    let address = mock.local_address();
    let token = mock.token(Service::Chatday);
    let head = format!(
        "GET /chatday/register HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    exchange(mock, &head).1["Chatday-Signature-Token"].as_str().unwrap().to_owned()
}

pub(crate) fn visitor(mock: &MockServer, text: &str) -> Value {
    let message = json!({"chat_id": CHAT, "message": {"type": "text", "data": text}});
    ok(mock, "POST", "/chatday/messages", &message)
}

/// A mock whose application has registered, and its signature token.
fn registered(profile: &str) -> (MockServer, String) {
    let profile = Profile::from_toml(profile).unwrap();
    let mock = MockServer::builder().profile(profile).frozen_clock(None).start().unwrap();
    let token = register(&mock);
    (mock, token)
}

#[test]
fn the_url_can_be_set_only_after_register() {
    let mock = MockServer::builder().frozen_clock(None).start().unwrap();
    let mut state = mock.state().unwrap();
    state["chatday"]["applications"][0]["registered"] = json!(false);
    ok(&mock, "PUT", "/state", &state);
    let receiver = Receiver::friendly();
    let (status, errors) = refused(&mock, "PUT", "/chatday/webhook", &json!({"url": receiver.url()}));
    assert_eq!(status, 409);
    assert!(errors[0].contains("has not called Register yet"), "{errors:?}");
    register(&mock);
    let set = ok(&mock, "PUT", "/chatday/webhook", &json!({"url": receiver.url()}));
    assert_eq!((&set["url"], &set["verification"]), (&json!(receiver.url()), &json!(null)));
    let shown = ok(&mock, "GET", "/chatday/webhook", &Value::Null);
    assert_eq!(shown["webhooks"][0]["url"], receiver.url());
    assert_eq!(refused(&mock, "PUT", "/chatday/webhook", &json!({"url": null, "application": "no"})).0, 404);
    ok(&mock, "PUT", "/chatday/webhook", &json!({"url": null}));
    assert_eq!(visitor(&mock, "anybody?")["delivery"], json!(null));
}

#[test]
fn a_delivery_that_is_due_later_is_told_at_once_as_it_stands() {
    let (mock, _) = registered("");
    let receiver = Receiver::friendly();
    ok(&mock, "PUT", "/chatday/webhook", &json!({"url": receiver.url()}));
    ok(&mock, "POST", "/deliveries/modes", &json!({"mode": {"delay": {"ms": 500}}}));
    let delivery = visitor(&mock, "เดี๋ยวก่อน")["delivery"].clone();
    assert_eq!((&delivery["verdict"], &delivery["attempts"]), (&json!("waiting"), &json!([])));
    ok(&mock, "POST", "/clock", &json!({"advance_ms": 500}));
    assert_eq!(deliveries(&mock)[0]["verdict"], "delivered");
}

#[test]
fn a_visitor_s_message_is_answered_with_its_delivery() {
    let (mock, signature) = registered("");
    let receiver = Receiver::friendly();
    ok(&mock, "PUT", "/chatday/webhook", &json!({"url": receiver.url()}));
    let answer = visitor(&mock, "こんにちは 🌸");
    let request = receiver.wait_for(1).remove(0);
    assert_eq!(request.text(), r#"{"message":{"type":"text","data":"こんにちは 🌸"},"chat_id":"70002"}"#);
    assert_eq!(request.header("x-chatday-signature-token"), Some(signature.as_str()));
    assert_eq!(request.header("content-type"), Some("application/json; charset=utf-8"));
    let delivery = &answer["delivery"];
    assert_eq!((&delivery["verdict"], &delivery["event"]), (&json!("delivered"), &json!("message")));
    assert_eq!(delivery["request"]["headers"]["x-chatday-signature-token"], "[masked]");
    assert!(!answer.to_string().contains(&signature));
    let chat = mock.chat(CHAT).unwrap();
    assert_eq!(chat["messages"].as_array().unwrap().last().unwrap()["message_id"], answer["message_id"]);
    let (status, errors) =
        refused(&mock, "POST", "/chatday/messages", &json!({"chat_id": "9", "message": {"type": "text", "data": "x"}}));
    assert_eq!((status, errors.len()), (404, 1));
}

#[test]
fn a_failed_delivery_is_repeated_after_1_5_and_25_seconds_with_the_same_bytes_and_given_up() {
    let (mock, _) = registered("");
    let receiver = Receiver::answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    ok(&mock, "PUT", "/chatday/webhook", &json!({"url": receiver.url()}));
    let first = visitor(&mock, "สวัสดี")["delivery"].clone();
    assert_eq!((&first["verdict"], first["attempts"].as_array().unwrap().len()), (&json!("waiting"), 1));
    assert!(first["why"].as_str().unwrap().contains("no key 'status'"), "{first}");
    for (advance, count) in [(999, 1), (1, 2), (4999, 2), (1, 3), (24_999, 3), (1, 4), (100_000, 4)] {
        ok(&mock, "POST", "/clock", &json!({"advance_ms": advance}));
        assert_eq!(receiver.requests().len(), count, "after {advance} ms more");
    }
    let requests = receiver.requests();
    assert!(requests.iter().all(|request| *request == requests[0]), "{requests:?}");
    let delivery = deliveries(&mock).remove(0);
    assert_eq!(delivery["verdict"], "given-up");
    let began: Vec<i64> =
        delivery["attempts"].as_array().unwrap().iter().map(|it| it["began_ms"].as_i64().unwrap()).collect();
    let start = began[0];
    assert_eq!(began, [start, start + 1000, start + 6000, start + 31_000]);
    assert_eq!(delivery["attempts"][3]["fault"], "key-missing");
}

#[test]
fn one_advance_over_the_whole_schedule_sends_each_repetition_at_its_moment() {
    let (mock, _) = registered("webhook.retry_delays_ms = [10, 20]");
    let receiver = Receiver::with(|number, stream| {
        let _ = stream.write_all(if number < 2 { b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n" } else { SUCCESS });
    });
    ok(&mock, "PUT", "/chatday/webhook", &json!({"url": receiver.url()}));
    visitor(&mock, "x");
    let before = mock.clock().unwrap().now_ms;
    let after = ok(&mock, "POST", "/clock", &json!({"advance_ms": 3_600_000}));
    assert_eq!(after["now_ms"], before + 3_600_000);
    let delivery = deliveries(&mock).remove(0);
    assert_eq!((&delivery["verdict"], &delivery["why"]), (&json!("delivered"), &json!(null)));
    let began: Vec<i64> =
        delivery["attempts"].as_array().unwrap().iter().map(|it| it["began_ms"].as_i64().unwrap() - before).collect();
    assert_eq!(began, [0, 10, 30]);
}

#[test]
fn the_verification_call_and_the_time_out_follow_the_profile() {
    let profile = "webhook.timeout_ms = 60\nwebhook.retry_delays_ms = []\nwebhook.verification = { enabled = true }";
    let (mock, _) = registered(profile);
    let stop = Arc::new(std::sync::Barrier::new(2));
    let held = Arc::clone(&stop);
    let receiver = Receiver::with(move |number, stream| {
        if number == 0 {
            let _ = stream.write_all(SUCCESS);
        } else {
            held.wait();
        }
    });
    let set = ok(&mock, "PUT", "/chatday/webhook", &json!({"url": receiver.url()}));
    assert_eq!(
        (&set["verification"]["event"], &set["verification"]["verdict"]),
        (&json!("verification"), &json!("delivered"))
    );
    assert!(receiver.requests()[0].text().contains("verify"));
    let slow = visitor(&mock, "x")["delivery"].clone();
    assert_eq!((&slow["verdict"], &slow["attempts"][0]["fault"]), (&json!("given-up"), &json!("head-timeout")));
    stop.wait();
}

#[test]
fn after_a_rotation_new_deliveries_carry_the_new_token_and_repetitions_the_old_bytes() {
    let (mock, old) = registered("");
    let receiver = Receiver::answering(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
    ok(&mock, "PUT", "/chatday/webhook", &json!({"url": receiver.url()}));
    visitor(&mock, "before");
    let rotated = ok(&mock, "POST", "/chatday/rotate", &json!({"grace_ms": 60_000}));
    let new = rotated["signature_token"].as_str().unwrap().to_owned();
    assert_ne!(new, old);
    assert_eq!(rotated["accepted_signature_tokens"], json!([new, old]));
    visitor(&mock, "after");
    ok(&mock, "POST", "/clock", &json!({"advance_ms": 1000}));
    let requests = receiver.requests();
    let tokens: Vec<&str> =
        requests.iter().map(|request| request.header("x-chatday-signature-token").unwrap()).collect();
    assert_eq!(tokens, [old.as_str(), &new, &old, &new]);
    assert_eq!(register(&mock), new);
    let seen = ok(&mock, "GET", "/deliveries", &Value::Null).to_string();
    assert!(!seen.contains(&new) && !seen.contains(&old));
    assert_eq!(refused(&mock, "POST", "/chatday/rotate", &json!({"grace_ms": -1})).0, 400);
}

#[test]
fn a_caller_need_not_wait() {
    let mock = frozen();
    register(&mock);
    let receiver = Receiver::friendly();
    ok(&mock, "PUT", "/chatday/webhook", &json!({"url": receiver.url()}));
    let message = json!({"chat_id": CHAT, "message": {"type": "text", "data": "x"}, "wait": false});
    assert_eq!(ok(&mock, "POST", "/chatday/messages", &message)["delivery"]["verdict"], "waiting");
    assert_eq!(settled(&mock)[0]["verdict"], "delivered");
}
