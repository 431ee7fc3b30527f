//! Sending again what was sent, and asking for it.

use contract::chatwork::signature::WebhookKey;
use serde_json::{Value, json};

use crate::receiver::Receiver;
use crate::support::{call, deliveries, each, frozen, ok, other_writes, post, refused, room_setting, setting, settled};

#[test]
fn a_replay_is_the_same_bytes_and_a_delivery_of_its_own() {
    let (mock, receiver) = (frozen(), Receiver::friendly());
    room_setting(&mock, &receiver.url());
    post(&mock, "สวัสดี");
    settled(&mock);
    let (status, replayed) = call(&mock, "POST", "/deliveries/1/replay", &Value::Null);
    assert_eq!((status, &replayed["replay_of"], &replayed["verdict"]), (201, &json!(1), &json!("delivered")));
    let requests = receiver.wait_for(2);
    assert_eq!(requests[0], requests[1]);
    assert_eq!(ok(&mock, "GET", "/deliveries/2", &Value::Null), replayed);
    assert_eq!(refused(&mock, "POST", "/deliveries/77/replay", &Value::Null).0, 404);
    assert_eq!(refused(&mock, "POST", "/deliveries/x/replay", &Value::Null).0, 404);
}

#[test]
fn a_replay_can_be_edited_and_signed_anew_or_not() {
    let (mock, receiver, other) = (frozen(), Receiver::friendly(), Receiver::friendly());
    let (_, token) = room_setting(&mock, &receiver.url());
    post(&mock, "hello");
    settled(&mock);
    let key = WebhookKey::from_token(&token).unwrap();
    let edit = json!({
        "body": "tampered", "headers": {"User-Agent": null, "X-Note": "1"}, "url": format!("{}?b=1", other.url()),
    });
    ok(&mock, "POST", "/deliveries/1/replay", &edit);
    let (original, forged) = (receiver.wait_for(1).remove(0), other.wait_for(1).remove(0));
    assert_eq!((forged.text(), forged.header("x-note"), forged.header("user-agent")), ("tampered", Some("1"), None));
    assert_eq!(forged.header("x-chatworkwebhooksignature"), original.header("x-chatworkwebhooksignature"));
    let (_, copy) = original.target().split_once('?').unwrap();
    assert_eq!(forged.target(), format!("/hook?b=1&{copy}"));
    assert_eq!(forged.header("host"), Some(other.address.to_string().as_str()));

    ok(&mock, "POST", "/deliveries/1/replay", &json!({"body": {"a": "ก"}, "sign": true}));
    let signed = receiver.wait_for(2).remove(1);
    assert_eq!(signed.text(), r#"{"a":"\u0e01"}"#);
    assert_eq!(signed.header("x-chatworkwebhooksignature"), Some(key.sign(&signed.body).as_str()));
    assert_eq!(receiver.requests().len(), 2);
}

#[test]
fn a_replay_that_cannot_be_sent_is_refused_with_its_reasons() {
    let mock = frozen();
    let receiver = Receiver::friendly();
    let (id, _) = room_setting(&mock, &receiver.url());
    post(&mock, "x");
    settled(&mock);
    let edit = json!({"headers": {"host": "x", "a b": "1", "x-n": 7, "x-e": "ก"}, "bdy": 1});
    let (status, errors) = refused(&mock, "POST", "/deliveries/1/replay", &edit);
    assert_eq!((status, errors.len()), (400, 5), "{errors:?}");
    assert_eq!(refused(&mock, "POST", "/deliveries/1/replay", &json!({"url": "http://192.0.2.1/"})).0, 400);
    call(&mock, "DELETE", &format!("/chatwork/webhooks/{id}"), &Value::Null);
    let (status, errors) = refused(&mock, "POST", "/deliveries/1/replay", &json!({"sign": true}));
    assert_eq!(status, 400);
    assert!(errors[0].starts_with("/sign: the setting"), "{errors:?}");
    ok(&mock, "POST", "/deliveries/1/replay", &json!({}));
    assert_eq!(deliveries(&mock).len(), 2);
}

#[test]
fn deliveries_are_filtered_and_cleared() {
    let mock = frozen();
    let (good, bad) = (Receiver::friendly(), Receiver::answering(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"));
    room_setting(&mock, &good.url());
    let (mention, _) = setting(&mock, &json!({"url": bad.url(), "events": ["mention_to_me"]}));
    other_writes(&mock, 1002, "[To:1001] one");
    other_writes(&mock, 1002, "two");
    settled(&mock);
    let ids = |query: &str| {
        each(ok(&mock, "GET", &format!("/deliveries?{query}"), &Value::Null)["deliveries"].as_array().unwrap(), "id")
    };
    assert_eq!(ids(""), ["1", "2", "3"]);
    assert_eq!(ids("verdict=failed"), ["2"]);
    assert_eq!(ids("status=200&service=chatwork"), ["1", "3"]);
    assert_eq!(ids("event=mention_to_me"), ["2"]);
    assert_eq!(ids(&format!("setting={mention}")), ["2"]);
    assert_eq!(ids("after=1&limit=1"), ["2"]);
    assert_eq!(ids("service=chatday"), [""; 0]);
    let (status, errors) = refused(&mock, "GET", "/deliveries?verdict=lost&colour=red&limit=0", &Value::Null);
    assert_eq!((status, errors.len()), (400, 3));
    assert_eq!(call(&mock, "DELETE", "/deliveries", &Value::Null).0, 204);
    assert_eq!(ids(""), [""; 0]);
    other_writes(&mock, 1002, "three");
    settled(&mock);
    assert_eq!(ids(""), ["4"], "ids go on counting");
}
