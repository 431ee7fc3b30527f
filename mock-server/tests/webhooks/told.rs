//! What `GET /_mock/events` tells of webhooks.

use std::io::Write as _;
use std::time::Duration;

use contract::service::Service;
use mock_server::Mock;
use mock_server::control::event::{Happening, Phase};
use serde_json::{Value, json};

use crate::receiver::{Receiver, SUCCESS};
use crate::support::{api, call, exchange, frozen, ok, post, room_setting, settled, told};

const NO: &[u8] = b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n";

fn one(mock: &Mock, id: u64) -> Value {
    ok(mock, "GET", &format!("/deliveries/{id}"), &Value::Null)
}

fn register(mock: &Mock) {
    let token = mock.token(Service::Chatday);
    let head = "GET /chatday/register HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer ";
    assert_eq!(exchange(mock, &format!("{head}{token}\r\n\r\n")).0, 200);
}

#[test]
fn a_delivery_is_told_with_its_record_and_without_secrets() {
    let mock = frozen();
    let receiver = Receiver::friendly();
    let token = mock.token(Service::Chatwork).to_owned();
    room_setting(&mock, &format!("{}?key={token}", receiver.url()));
    post(&mock, "สวัสดี 😊 [To:1002]");
    settled(&mock);
    let told = told(&mock, "delivery", 2);
    assert_eq!(told, [one(&mock, 1), one(&mock, 1)], "when it was queued, and when it was settled");
    assert_eq!((&told[0]["verdict"], &told[0]["event"]), (&json!("delivered"), &json!("message_created")));
    assert!(!told[0].to_string().contains(&token) && told[0]["url"].as_str().unwrap().contains("[masked]"), "{told:?}");
    assert!(receiver.requests()[0].target().contains(&token), "it was sent as it is");
}

#[test]
fn each_step_is_told_and_a_forgotten_delivery_by_what_is_known() {
    let mock = frozen();
    register(&mock);
    let receiver = Receiver::with(|number, stream| {
        let _ = stream.write_all(if number == 0 { NO } else { SUCCESS });
    });
    ok(&mock, "PUT", "/chatday/webhook", &json!({"url": receiver.url()}));
    let message = json!({"chat_id": "70002", "message": {"type": "text", "data": "こんにちは"}});
    ok(&mock, "POST", "/chatday/messages", &message);
    mock.advance(Duration::from_secs(1)).unwrap();
    settled(&mock);
    let records = told(&mock, "delivery", 3);
    assert_eq!(records[2], one(&mock, 1));
    assert_eq!(records[2]["attempts"].as_array().unwrap().len(), 2);
    mock.clear_deliveries().unwrap();
    let phase = |phase: &str| json!({"id": 1, "phase": phase});
    assert_eq!(told(&mock, "delivery", 3), [phase("queued"), phase("tried"), phase("settled")]);
}

#[test]
fn a_delivery_of_before_a_reset_is_not_mistaken_for_the_one_that_has_its_number_now() {
    let mock = frozen();
    let receiver = Receiver::friendly();
    for text in ["before", "หลัง"] {
        room_setting(&mock, &receiver.url());
        post(&mock, text);
        settled(&mock);
        if text == "before" {
            mock.reset().unwrap();
        }
    }
    let told = told(&mock, "delivery", 4);
    assert_eq!(told[..2], [json!({"id": 1, "phase": "queued"}), json!({"id": 1, "phase": "settled"})]);
    assert_eq!(told[2..], [one(&mock, 1), one(&mock, 1)]);
}

#[test]
fn of_a_large_body_a_part_is_told() {
    let mock = frozen();
    let receiver = Receiver::friendly();
    room_setting(&mock, &receiver.url());
    post(&mock, "x");
    let body = format!("x{}", "ก".repeat(30_000));
    ok(&mock, "POST", "/deliveries/1/replay", &json!({"body": body}));
    settled(&mock);
    let told = told(&mock, "delivery", 4).pop().unwrap();
    let (sent, whole) = (&told["request"], &one(&mock, 2)["request"]);
    let text = sent["body"].as_str().unwrap();
    assert_eq!((&sent["body_is_cut"], sent.get("body_base64")), (&json!(true), None));
    assert!(body.starts_with(text) && (65_534..=65_536).contains(&text.len()), "{}", text.len());
    assert_eq!(sent["headers"], whole["headers"], "its length is that of the whole body");
    assert_eq!((whole["body"].as_str(), whole.get("body_is_cut")), (Some(body.as_str()), None));
}

#[test]
fn the_library_tells_of_deliveries_here_and_from_elsewhere() {
    let mock = frozen();
    let receiver = Receiver::friendly();
    room_setting(&mock, &receiver.url());
    let remote = Mock::connect(mock.control_url(), None).unwrap();
    post(&mock, "สวัสดี");
    settled(&mock);
    let of_deliveries = |mock: &Mock| {
        let all = mock.events_after(0).unwrap().map(|event| event.unwrap().what);
        all.filter(|what| what.name() == "delivery").take(2).collect::<Vec<_>>()
    };
    let record = Happening::Delivery(Box::new(mock.delivery(1).unwrap()));
    assert_eq!(of_deliveries(&mock), [record.clone(), record]);
    assert_eq!(of_deliveries(&mock), of_deliveries(&remote));
    mock.clear_deliveries().unwrap();
    assert_eq!(of_deliveries(&mock), of_deliveries(&remote));
    assert!(
        matches!(&of_deliveries(&mock)[1], Happening::ForgottenDelivery(it) if (it.id, it.phase) == (1, Phase::Settled))
    );
}

#[test]
fn what_becomes_of_messages_is_told_whoever_writes_them() {
    let mock = frozen();
    let id = post(&mock, "สวัสดี");
    let path = format!("/rooms/5001/messages/{id}");
    assert_eq!(api(&mock, "PUT", &path, &[("body", "😊")]).0, 200);
    assert_eq!(api(&mock, "DELETE", &path, &[]).0, 200);
    let message = json!({"room_id": 5001, "account_id": 1002, "body": "お茶"});
    let other = ok(&mock, "POST", "/chatwork/messages", &message)["message_id"].clone();
    let expected = |kind: &str, id: &Value| json!({"kind": kind, "room_id": 5001, "message_id": id});
    let id = json!(id);
    let each =
        [("message-created", &id), ("message-updated", &id), ("message-deleted", &id), ("message-created", &other)];
    assert_eq!(told(&mock, "state", 4), each.map(|(kind, id)| expected(kind, id)));
}

#[test]
fn what_becomes_of_webhook_settings_is_told() {
    let mock = frozen();
    register(&mock);
    let (id, _) = room_setting(&mock, "http://127.0.0.1:9/");
    let path = format!("/chatwork/webhooks/{id}");
    ok(&mock, "PATCH", &path, &json!({"url": "http://127.0.0.1:9/other"}));
    assert_eq!(call(&mock, "PATCH", &path, &json!({"events": []})).0, 400);
    assert_eq!((0..2).map(|_| call(&mock, "DELETE", &path, &Value::Null).0).collect::<Vec<_>>(), [204, 404]);
    ok(&mock, "DELETE", "/chatwork/webhooks", &Value::Null);
    let made = ok(&mock, "POST", "/deliveries/modes", &json!({"mode": {"drop_answer": true}}));
    ok(&mock, "DELETE", "/deliveries/modes", &Value::Null);
    ok(&mock, "PUT", "/chatday/webhook", &json!({"url": "http://127.0.0.1:9/"}));
    ok(&mock, "POST", "/chatday/rotate", &json!({}));
    ok(&mock, "DELETE", "/deliveries", &Value::Null);
    let application = &mock.state().unwrap()["chatday"]["applications"][0]["name"];
    let expected = [
        json!({"kind": "webhook-added", "webhook_setting_id": id}),
        json!({"kind": "webhook-changed", "webhook_setting_id": id}),
        json!({"kind": "webhook-removed", "webhook_setting_id": id}),
        json!({"kind": "webhooks-cleared"}),
        json!({"kind": "delivery-mode-added", "mode": made["id"]}),
        json!({"kind": "delivery-modes-cleared"}),
        json!({"kind": "chatday-webhook", "application": application}),
        json!({"kind": "signature-rotated", "application": application}),
        json!({"kind": "deliveries-cleared"}),
    ];
    assert_eq!(told(&mock, "state", 10)[1..], expected, "behind the registration");
}

#[test]
fn a_setting_that_is_switched_off_is_told_behind_the_delivery_that_did_it() {
    let mock = frozen();
    let receiver = Receiver::answering(NO);
    mock.set_settings(&json!({"chatwork": {"webhooks": {"switch_off_after": 1}}})).unwrap();
    let (id, _) = room_setting(&mock, &receiver.url());
    post(&mock, "x");
    settled(&mock);
    let told = told(&mock, "state", 4);
    assert_eq!(told[3], json!({"kind": "webhook-switched-off", "webhook_setting_id": id}), "{told:?}");
}
