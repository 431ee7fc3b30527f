//! Where webhooks may go.

use mock_server::MockServer;
use serde_json::json;

use crate::receiver::Receiver;
use crate::support::{frozen, ok, post, refused, room_setting, settled};

#[test]
fn only_this_machine_is_called_unless_a_host_was_named() {
    let mock = frozen();
    for url in [
        "http://192.0.2.7/hook",
        "http://0.0.0.0:9/hook",
        "http://[::]:9/hook",
        "http://[::ffff:192.0.2.7]/hook",
        "http://169.254.169.254/latest",
        "http://[fe80::1]/",
        "http://nowhere.invalid/hook",
        "https://192.0.2.7/hook",
        "https://nowhere.invalid/hook",
        "ftp://127.0.0.1/hook",
        "http://me:hunter2@127.0.0.1/hook",
        "https://me:hunter2@127.0.0.1/hook",
        "http://127.0.0.1:99999/hook",
        "/hook",
        "",
    ] {
        let body = json!({"url": url, "events": ["mention_to_me"]});
        let (status, errors) = refused(&mock, "POST", "/chatwork/webhooks", &body);
        assert_eq!((status, errors.len()), (400, 1), "{url}");
        assert!(errors[0].starts_with("/url: ") && !errors[0].contains("hunter2"), "{errors:?}");
    }
    for url in ["http://127.0.0.2:9/", "http://localhost:9/x?y=1", "http://[::1]:9/", "http://[::ffff:127.0.0.1]:9/"] {
        ok(&mock, "POST", "/chatwork/webhooks", &json!({"url": url, "events": ["mention_to_me"]}));
    }
}

#[test]
fn a_named_host_is_taken_and_only_it() {
    let mock = MockServer::builder().allow_webhook_host("0.0.0.0").allow_webhook_host("Hooks.invalid").start().unwrap();
    let receiver = Receiver::friendly();
    room_setting(&mock, &format!("http://0.0.0.0:{}/hook", receiver.address.port()));
    post(&mock, "x");
    assert_eq!(settled(&mock)[0]["verdict"], "delivered");
    ok(&mock, "POST", "/chatwork/webhooks", &json!({"url": "http://hooks.invalid/", "events": ["mention_to_me"]}));
    let other = json!({"url": "http://192.0.2.7/", "events": ["mention_to_me"]});
    assert_eq!(refused(&mock, "POST", "/chatwork/webhooks", &other).0, 400);
    let _ = mock.member_writes(5001, 1002, "[To:1001] hello").unwrap();
    let delivery = settled(&mock).pop().unwrap();
    assert_eq!(
        (&delivery["verdict"], &delivery["attempts"][0]["fault"]),
        (&json!("failed"), &json!("unreachable-dns"))
    );
}

#[test]
fn a_world_s_target_elsewhere_is_refused_when_it_is_to_be_called() {
    let world = json!({"chatwork": {
        "accounts": [{"id": 1, "name": "葵"}],
        "rooms": [{"id": 5001, "members": [1]}],
        "webhooks": [{"account": 1, "room": 5001, "events": ["message_created"], "url": "http://192.0.2.7/hook"}],
    }});
    let mock = MockServer::builder().world(world).frozen_clock(None).start().unwrap();
    post(&mock, "x");
    let delivery = settled(&mock).remove(0);
    assert_eq!(delivery["verdict"], "refused");
    assert!(delivery["why"].as_str().unwrap().contains("--allow-webhook-host 192.0.2.7"), "{delivery}");
    let webhook = mock.webhooks().unwrap().remove(0);
    assert_eq!(
        (&webhook["failed"], &webhook["delivered"]),
        (&json!(0), &json!(0)),
        "what is not sent counts for nothing"
    );
}
