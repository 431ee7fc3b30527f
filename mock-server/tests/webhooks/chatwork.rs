//! Chatwork's events, from the change to the receiver.

use contract::chatwork::signature::WebhookKey;
use serde_json::{Value, json};

use crate::receiver::{Receiver, Request};
use crate::support::{api, each, frozen, ok, other_writes, post, refused, room_setting, setting, settled};

/// Kind and text of each event.
fn told(requests: &[Request]) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    requests
        .iter()
        .map(|request| request.json())
        .map(|body| (text(&body["webhook_event_type"]), text(&body["webhook_event"]["body"])))
        .collect()
}

#[test]
fn a_message_posted_through_the_api_reaches_the_receiver_signed() {
    let (mock, receiver) = (frozen(), Receiver::friendly());
    let (setting, token) = room_setting(&mock, &receiver.url());
    let message = post(&mock, "สวัสดี こんにちは 😀");
    let request = receiver.wait_for(1).remove(0);
    let signature = WebhookKey::from_token(&token).unwrap().sign(&request.body);
    assert_eq!(request.header("x-chatworkwebhooksignature"), Some(signature.as_str()));
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("user-agent"), Some("ChatWork-Webhook/1.0.0"));
    assert_eq!(request.header("accept-encoding"), None);
    assert!(request.target().starts_with("/hook?chatwork_webhook_signature="), "{}", request.head);
    assert!(request.text().is_ascii());
    let body = request.json();
    assert_eq!(body["webhook_setting_id"], setting);
    assert_eq!(body["webhook_event_type"], "message_created");
    assert_eq!(body["webhook_event"]["message_id"], message);
    assert_eq!(body["webhook_event"]["body"], "สวัสดี こんにちは 😀");
    let delivery = settled(&mock).remove(0);
    assert_eq!((&delivery["verdict"], &delivery["why"]), (&json!("delivered"), &json!(null)));
    assert_eq!(delivery["attempts"][0]["answer"]["status"], 200);
}

#[test]
fn the_record_holds_the_exact_bytes_that_came() {
    let (mock, receiver) = (frozen(), Receiver::friendly());
    room_setting(&mock, &format!("{}?team=%E0%B8%81", receiver.url()));
    post(&mock, "hello");
    let (request, delivery) = (receiver.wait_for(1).remove(0), settled(&mock).remove(0));
    let sent = &delivery["request"];
    assert_eq!((&sent["method"], &sent["target"]), (&json!("POST"), &json!(request.target())));
    assert!(request.target().starts_with("/hook?team=%E0%B8%81&chatwork_webhook_signature="));
    assert_eq!(sent["body"], request.text());
    let mut names: Vec<&str> = request.head.lines().skip(1).map(|line| line.split_once(": ").unwrap().0).collect();
    names.sort_unstable();
    assert_eq!(sent["headers"].as_object().unwrap().keys().collect::<Vec<_>>(), names);
    for name in names {
        assert_eq!(sent["headers"][name], request.header(name).unwrap(), "{name}");
    }
}

#[test]
fn posts_edits_tasks_files_and_others_are_told_in_their_order() {
    let (mock, receiver) = (frozen(), Receiver::friendly());
    room_setting(&mock, &receiver.url());
    let first = post(&mock, "one");
    other_writes(&mock, 1002, "two");
    assert_eq!(api(&mock, "PUT", &format!("/rooms/5001/messages/{first}"), &[("body", "one, edited")]).0, 200);
    assert_eq!(api(&mock, "POST", "/rooms/5001/tasks", &[("body", "buy milk"), ("to_ids", "1002")]).0, 200);
    assert_eq!(api(&mock, "DELETE", &format!("/rooms/5001/messages/{first}"), &[]).0, 200);
    other_writes(&mock, 1003, "last");
    settled(&mock);
    let told = told(&receiver.requests());
    let kinds: Vec<(&str, bool)> =
        told.iter().map(|(kind, text)| (kind.as_str(), text.contains("task_added"))).collect();
    assert_eq!(
        kinds,
        [
            ("message_created", false),
            ("message_created", false),
            ("message_updated", false),
            ("message_created", true),
            ("message_created", false)
        ]
    );
    assert_eq!((told[2].1.as_str(), told[4].1.as_str()), ("one, edited", "last"));
}

#[test]
fn mentions_reach_the_one_who_is_called_once() {
    let (mock, receiver) = (frozen(), Receiver::friendly());
    setting(&mock, &json!({"url": receiver.url(), "events": ["mention_to_me"], "room_id": null}));
    for body in [
        "[To:1001] [To:1001] and [rp aid=1001 to=5001-1]",
        "[To:1003] somebody else",
        "[toall] everyone",
        "[qt][qtmeta aid=1][To:1001][/qt] quoted",
        "[code][To:1001][/code]",
    ] {
        other_writes(&mock, 1002, body);
    }
    post(&mock, "[To:1001] [toall] myself");
    settled(&mock);
    let requests = receiver.requests();
    let told = told(&requests);
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[1], ("mention_to_me".to_owned(), "[toall] everyone".to_owned()));
    let event = &requests[0].json()["webhook_event"];
    assert_eq!((&event["from_account_id"], &event["to_account_id"]), (&json!(1002), &json!(1001)));
}

#[test]
fn what_another_member_writes_is_read_counted_and_unlimited() {
    let mock = frozen();
    let unread =
        |mock: &mock_server::MockServer| api(mock, "GET", "/rooms/5001", &[]).1["unread_num"].as_u64().unwrap();
    let before = unread(&mock);
    (0..30).for_each(|number| drop(other_writes(&mock, 1002, &format!("{number}"))));
    assert_eq!(unread(&mock), before + 30, "30 messages in one moment: no room limit counts them");
    let read_only =
        ok(&mock, "GET", "/state", &Value::Null)["chatwork"]["rooms"].as_array().unwrap().iter().find_map(|room| {
            let members = room["members"].as_array().unwrap();
            let member = members.iter().find(|member| member["role"] == "readonly")?;
            Some((room["id"].as_u64().unwrap(), member["account"].as_u64().unwrap()))
        });
    let (room, account) = read_only.unwrap();
    let write = |room: u64, account: u64, body: &str| {
        refused(&mock, "POST", "/chatwork/messages", &json!({"room_id": room, "account_id": account, "body": body}))
    };
    assert_eq!(
        write(room, account, "x"),
        (400, vec![format!("/account_id: the account {account} may only read the room {room}")])
    );
    assert_eq!(write(5003, 1004, "x"), (400, vec!["/account_id: the account 1004 is not in the room 5003".to_owned()]));
    assert_eq!(write(5001, 9, "x"), (400, vec!["/account_id: this world has no account 9".to_owned()]));
    assert_eq!(write(77, 1002, "x"), (400, vec!["/room_id: this world has no room 77".to_owned()]));
    assert_eq!(write(5001, 1002, ""), (400, vec!["/body: expected 1 to 65535 characters, found 0".to_owned()]));
    assert_eq!(write(5001, 1002, &"x".repeat(65_536)).0, 400);
}

#[test]
fn another_member_writes_with_a_chosen_id_and_changes_it_later() {
    let mock = frozen();
    let receiver = Receiver::friendly();
    ok(
        &mock,
        "POST",
        "/chatwork/webhooks",
        &json!({"url": receiver.url(), "room_id": 5001, "events": ["message_created", "message_updated"]}),
    );
    let id = "5370000000000000001";
    mock.member_writes_as(5001, 1002, id, "ครั้งแรก").unwrap();
    mock.member_edits(5001, 1002, id, "แก้แล้ว 👍").unwrap();
    settled(&mock);
    assert_eq!(
        told(&receiver.requests()),
        [("message_created".to_owned(), "ครั้งแรก".to_owned()), ("message_updated".to_owned(), "แก้แล้ว 👍".to_owned())]
    );
    assert_eq!(receiver.requests()[0].json()["webhook_event"]["message_id"], id);
    let read = api(&mock, "GET", &format!("/rooms/5001/messages/{id}"), &[]).1;
    assert_eq!((&read["message_id"], &read["body"]), (&json!(id), &json!("แก้แล้ว 👍")));
    let next = api(&mock, "POST", "/rooms/5001/messages", &[("body", "後で")]).1["message_id"].clone();
    assert!(
        next.as_str().unwrap().parse::<u64>().unwrap() > id.parse::<u64>().unwrap(),
        "later ones are higher: {next}"
    );

    let write = |id: Value| {
        let message = json!({"room_id": 5001, "account_id": 1002, "message_id": id, "body": "x"});
        refused(&mock, "POST", "/chatwork/messages", &message)
    };
    let too_low = "/message_id: expected one that is higher than those of all messages of this world and at most \
                   9000000000000000000, as later messages have higher ids";
    assert_eq!(write(json!(id)), (400, vec![too_low.to_owned()]));
    assert_eq!(write(json!("9000000000000000001")), (400, vec![too_low.to_owned()]));
    for spoilt in [json!("x7"), json!("07"), json!(5_370_000_000_000_000_002_u64)] {
        let (status, words) = write(spoilt.clone());
        assert!(status == 400 && words[0].starts_with("/message_id: expected a text"), "{spoilt}: {words:?}");
    }
    let edit = |id: &str, account: u64| {
        let message = json!({"room_id": 5001, "account_id": account, "body": "x"});
        refused(&mock, "PUT", &format!("/chatwork/messages/{id}"), &message)
    };
    assert_eq!(edit(id, 1003), (400, vec![format!("/account_id: the message {id} is not one of the account 1003")]));
    for unknown in ["7", "x7"] {
        assert_eq!(edit(unknown, 1002), (404, vec![format!("the room 5001 has no message '{unknown}', or no more")]));
    }
    let owned = api(&mock, "POST", "/rooms/5001/messages", &[("body", "gone soon")]).1["message_id"].clone();
    let owned = owned.as_str().unwrap();
    assert_eq!(api(&mock, "DELETE", &format!("/rooms/5001/messages/{owned}"), &[]).0, 200);
    assert_eq!(edit(owned, 1001).0, 404, "it was deleted");
}

#[test]
fn a_failed_delivery_is_never_sent_again_and_ten_in_a_row_switch_the_setting_off() {
    let mock = frozen();
    let receiver = Receiver::with(|number, stream| {
        use std::io::Write as _;
        let status = if number < 10 { "500 Oops" } else { "200 OK" };
        let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
    });
    let (id, _) = room_setting(&mock, &receiver.url());
    (0..12).for_each(|number| drop(other_writes(&mock, 1002, &format!("{number}"))));
    ok(&mock, "POST", "/clock", &json!({"advance_ms": 86_400_000}));
    let deliveries = settled(&mock);
    assert_eq!(each(&deliveries, "verdict"), [["failed"; 10].as_slice(), &["dropped"; 2]].concat());
    assert_eq!(deliveries[0]["why"], "the status is 500: expected 200");
    assert_eq!(deliveries[0]["attempts"][0]["fault"], "other-status");
    assert!(deliveries[11]["why"].as_str().unwrap().contains("switched off"), "{}", deliveries[11]);
    assert_eq!(receiver.requests().len(), 10);
    let webhook = ok(&mock, "GET", &format!("/chatwork/webhooks/{id}"), &Value::Null);
    assert_eq!((&webhook["status"], &webhook["failed"]), (&json!("invalid"), &json!(10)));
    let webhook = ok(&mock, "PATCH", &format!("/chatwork/webhooks/{id}"), &json!({"status": "valid"}));
    assert_eq!(webhook["failures_in_a_row"], 0);
    post(&mock, "back again");
    assert_eq!(settled(&mock).last().unwrap()["verdict"], "delivered");
    let webhook = ok(&mock, "GET", &format!("/chatwork/webhooks/{id}"), &Value::Null);
    assert_eq!(webhook["delivered"], 1);
}

#[test]
fn the_public_vector_goes_out_with_the_signature_that_the_service_sent() {
    let receiver = Receiver::friendly();
    let person = |id: u64| json!({"id": id, "name": format!("Person {id}"), "token": format!("token-of-{id}")});
    let world = json!({
        "clock": {"at": "2018-01-22T14:02:47Z", "frozen": true},
        "chatwork": {
            "accounts": [person(2_739_132), person(2_861_671)],
            "rooms": [{"id": 93_207_172, "members": [2_739_132, 2_861_671]}],
            "webhooks": [{
                "id": 581, "account": 2_739_132, "events": ["mention_to_me"], "url": receiver.url(),
                "token": "iY/hmitgwCBlc5DnjAZ8pyRG1HF0zFflfmKmtCDg1wk=",
            }],
        },
    });
    let mock = mock_server::MockServer::builder().world(world).start().unwrap();
    let text = "[rp aid=2739132 to=93207172-1007287785163345920] sue445\ntest";
    let message = json!({"room_id": 93_207_172, "account_id": 2_861_671, "body": text});
    ok(&mock, "POST", "/chatwork/messages", &message);
    settled(&mock);
    // The recorded event has a message id of the real service, and was recorded a second after the message was sent.
    let mut recorded = receiver.wait_for(1)[0].json();
    assert_eq!(recorded["webhook_event_time"], 1_516_629_767);
    assert_eq!(recorded["webhook_setting_id"], "581");
    recorded["webhook_event"]["message_id"] = json!("1007287971738591232");
    recorded["webhook_event"]["send_time"] = json!(1_516_629_766);
    let replayed = ok(&mock, "POST", "/deliveries/1/replay", &json!({"body": recorded, "sign": true}));
    assert_eq!(replayed["verdict"], "delivered");
    let request = receiver.wait_for(2).remove(1);
    assert_eq!(
        request.text(),
        r#"{"webhook_setting_id":"581","webhook_event_type":"mention_to_me","webhook_event_time":1516629767,"webhook_event":{"from_account_id":2861671,"to_account_id":2739132,"room_id":93207172,"message_id":"1007287971738591232","body":"[rp aid=2739132 to=93207172-1007287785163345920] sue445\ntest","send_time":1516629766,"update_time":0}}"#
    );
    let signature = "NTIUzbXiwLvM7C/MT3Kd75Lw1w2N5tyWtcEieKiqhY0=";
    assert_eq!(request.header("x-chatworkwebhooksignature"), Some(signature));
    assert_eq!(request.target(), "/hook?chatwork_webhook_signature=NTIUzbXiwLvM7C%2FMT3Kd75Lw1w2N5tyWtcEieKiqhY0%3D");
}
