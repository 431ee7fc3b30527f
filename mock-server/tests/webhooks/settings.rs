//! Webhook settings of Chatwork by the control API.

use serde_json::{Value, json};

use crate::receiver::Receiver;
use crate::support::{call, deliveries, each, frozen, ok, other_writes, post, refused, room_setting, setting, settled};

const URL: &str = "http://127.0.0.1:9/hook";

#[test]
fn a_setting_is_made_shown_changed_and_removed() {
    let mock = frozen();
    let body = json!({"url": URL, "events": ["message_created"], "room_id": 5001});
    let (status, made) = call(&mock, "POST", "/chatwork/webhooks", &body);
    assert_eq!(status, 201);
    assert_eq!((&made["account_id"], &made["status"]), (&json!(1001), &json!("valid")));
    let path = format!("/chatwork/webhooks/{}", made["webhook_setting_id"].as_str().unwrap());
    assert_eq!(ok(&mock, "GET", &path, &Value::Null), made);
    assert_eq!(ok(&mock, "GET", "/chatwork/webhooks", &Value::Null)["webhooks"], json!([made]));
    let change = json!({"url": "http://localhost:9/other", "events": ["message_updated"], "status": "invalid"});
    let changed = ok(&mock, "PATCH", &path, &change);
    assert_eq!((&changed["url"], &changed["events"]), (&change["url"], &change["events"]));
    assert_eq!(changed["status"], "invalid");
    assert_eq!(refused(&mock, "PATCH", &path, &json!({"events": []})).0, 400);
    assert_eq!(ok(&mock, "GET", &path, &Value::Null), changed);
    assert_eq!(call(&mock, "DELETE", &path, &Value::Null).0, 204);
    for method in ["GET", "DELETE", "PATCH"] {
        let body = if method == "PATCH" { json!({}) } else { Value::Null };
        assert_eq!(refused(&mock, method, &path, &body).0, 404, "{method}");
    }
    room_setting(&mock, URL);
    setting(&mock, &json!({"url": URL, "events": ["mention_to_me"], "account_id": 1002}));
    assert_eq!(call(&mock, "DELETE", "/chatwork/webhooks", &Value::Null).0, 204);
    assert_eq!(ok(&mock, "GET", "/chatwork/webhooks", &Value::Null)["webhooks"], json!([]));
}

#[test]
fn every_fault_of_a_setting_has_a_sentence_with_its_place() {
    let mock = frozen();
    let faults = |body: Value| {
        let (status, errors) = refused(&mock, "POST", "/chatwork/webhooks", &body);
        assert_eq!(status, 400, "{body}");
        errors.join(" | ")
    };
    assert_eq!(
        faults(json!({"urll": URL, "events": ["created"], "room_id": "5001"})),
        "the key 'url' is missing | /events/0: expected one of message_created, message_updated, mention_to_me, found \
         the text \"created\" | /room_id: expected an integer from 1 to 9007199254740991, found the text \"5001\" | /urll: \
         unknown key 'urll': did you mean 'url'?"
    );
    for (events, room, words) in [
        (json!(["message_created"]), json!(77), "no room 77"),
        (json!(["message_created"]), json!(5012), "is not in the room 5012"),
        (json!([]), json!(null), "expected at least one of"),
    ] {
        let sentence = faults(json!({"url": URL, "events": events, "room_id": room}));
        assert!(sentence.contains(words), "{sentence}");
    }
    (0..5).for_each(|_| drop(room_setting(&mock, URL)));
    assert!(faults(json!({"url": URL, "events": ["mention_to_me"]})).contains("5 webhook settings already"));
}

#[test]
fn one_setting_may_report_everything_from_every_room() {
    let (mock, receiver) = (frozen(), Receiver::friendly());
    let everything = ["message_created", "message_updated", "mention_to_me"];
    setting(&mock, &json!({"url": receiver.url(), "events": everything, "room_id": null}));
    other_writes(&mock, 1002, "[To:1001] มาแล้ว");
    let message = json!({"room_id": 5003, "account_id": 1002, "body": "二人だけ"});
    ok(&mock, "POST", "/chatwork/messages", &message);
    assert_eq!(each(&settled(&mock), "event"), ["message_created", "mention_to_me", "message_created"]);
}

#[test]
fn settings_and_their_secrets_belong_to_the_world() {
    let mock = frozen();
    let before = mock.state().unwrap();
    let receiver = Receiver::friendly();
    let (id, token) = room_setting(&mock, &receiver.url());
    post(&mock, &format!("my token is {token}"));
    settled(&mock);
    let state = mock.state().unwrap();
    assert_eq!(state["chatwork"]["webhooks"][0]["token"], token);
    let seen = ok(&mock, "GET", "/deliveries", &Value::Null).to_string()
        + &ok(&mock, "GET", "/requests", &Value::Null).to_string();
    assert!(!seen.contains(&token) && seen.contains("my token is [masked]"), "{seen}");
    assert!(receiver.requests()[0].text().contains(&token), "what goes out is as it was written");
    let other = mock.new_world(None, Some(&json!({"chatwork": {"accounts": [{"id": 1, "name": "ก"}]}}))).unwrap();
    assert_eq!(ok(&other, "GET", "/chatwork/webhooks", &Value::Null)["webhooks"], json!([]));
    mock.reset().unwrap();
    assert_eq!(mock.state().unwrap(), before);
    assert_eq!(deliveries(&mock), Vec::<Value>::new());
    ok(&mock, "PUT", "/state", &state);
    assert_eq!(ok(&mock, "GET", "/chatwork/webhooks", &Value::Null)["webhooks"][0]["webhook_setting_id"], id);
}

#[test]
fn what_waits_for_a_setting_goes_with_it() {
    let mock = frozen();
    let receiver = Receiver::friendly();
    let (id, _) = room_setting(&mock, &receiver.url());
    ok(&mock, "POST", "/deliveries/modes", &json!({"mode": {"delay": {"ms": 1000}}, "times": null}));
    other_writes(&mock, 1002, "one");
    call(&mock, "DELETE", &format!("/chatwork/webhooks/{id}"), &Value::Null);
    ok(&mock, "POST", "/clock", &json!({"advance_ms": 5000}));
    let deliveries = settled(&mock);
    assert_eq!(each(&deliveries, "verdict"), ["dropped"]);
    assert_eq!(receiver.requests().len(), 0);
}

#[test]
fn how_webhooks_are_sent_can_be_changed() {
    let mock = frozen();
    let webhooks = |value: &Value| value["chatwork"]["webhooks"].clone();
    assert_eq!(
        webhooks(&mock.settings().unwrap()),
        json!({"timeout_ms": 5000, "connect_timeout_ms": 2000, "switch_off_after": 10})
    );
    let change = json!({"chatwork": {"webhooks": {"timeout_ms": 50, "switch_off_after": null}}});
    assert_eq!(
        webhooks(&mock.set_settings(&change).unwrap()),
        json!({"timeout_ms": 50, "connect_timeout_ms": 2000, "switch_off_after": null})
    );
    for wrong in
        [json!({"timeout_ms": 0}), json!({"timeout_ms": 60_001}), json!({"switch_off_after": 0}), json!({"x": 1})]
    {
        assert!(mock.set_settings(&json!({"chatwork": {"webhooks": wrong}})).is_err(), "{wrong}");
    }
}
