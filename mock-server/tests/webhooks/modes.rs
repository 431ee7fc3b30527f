//! Deliveries otherwise than they should be.

use contract::chatwork::signature::WebhookKey;
use serde_json::{Value, json};

use crate::receiver::{Receiver, Request};
use crate::support::{call, deliveries, each, frozen, ok, other_writes, refused, room_setting, settled};

fn mode(mock: &mock_server::MockServer, rule: &Value) -> u64 {
    ok(mock, "POST", "/deliveries/modes", rule)["id"].as_u64().unwrap()
}

fn texts(requests: &[Request]) -> Vec<String> {
    requests.iter().map(|it| it.json()["webhook_event"]["body"].as_str().unwrap().to_owned()).collect()
}

fn write(mock: &mock_server::MockServer, texts: &[&str]) {
    for text in texts {
        other_writes(mock, 1002, text);
    }
}

#[test]
fn duplicates_are_the_same_bytes_and_deliveries_of_their_own() {
    let (mock, receiver) = (frozen(), Receiver::friendly());
    room_setting(&mock, &receiver.url());
    mode(&mock, &json!({"mode": {"duplicate": {"copies": 2}}, "skip": 1}));
    write(&mock, &["one", "two", "three"]);
    let deliveries = settled(&mock);
    assert_eq!(texts(&receiver.requests()), ["one", "two", "two", "two", "three"]);
    let requests = receiver.requests();
    assert!(requests[1] == requests[2] && requests[2] == requests[3]);
    assert_eq!(each(&deliveries, "copy_of"), ["null", "null", "2", "2", "null"]);
    assert_eq!(each(&deliveries, "modes"), ["[]", "[\"duplicate\"]", "[\"duplicate\"]", "[\"duplicate\"]", "[]"]);
}

#[test]
fn a_reordered_group_comes_backwards_when_it_is_whole() {
    let (mock, receiver) = (frozen(), Receiver::friendly());
    room_setting(&mock, &receiver.url());
    mode(&mock, &json!({"mode": {"reorder": {"hold": 3}}}));
    write(&mock, &["one", "two"]);
    let waiting = settled(&mock);
    assert_eq!(receiver.requests().len(), 0);
    assert_eq!(waiting[1]["why"], "held by the mode reorder: 2 of 3");
    write(&mock, &["three", "four"]);
    settled(&mock);
    assert_eq!(texts(&receiver.requests()), ["three", "two", "one", "four"]);
    mode(&mock, &json!({"mode": {"reorder": {"hold": 3}}}));
    write(&mock, &["five", "six"]);
    assert_eq!(call(&mock, "DELETE", "/deliveries/modes", &Value::Null).0, 204);
    settled(&mock);
    assert_eq!(texts(&receiver.requests())[4..], ["five", "six"], "let go in their order");
}

#[test]
fn a_delayed_delivery_waits_on_the_world_s_clock() {
    let (mock, receiver) = (frozen(), Receiver::friendly());
    room_setting(&mock, &receiver.url());
    mode(&mock, &json!({"mode": {"delay": {"ms": 500}}}));
    write(&mock, &["late", "soon"]);
    settled(&mock);
    assert_eq!(texts(&receiver.requests()), ["soon"]);
    ok(&mock, "POST", "/clock", &json!({"advance_ms": 499}));
    assert_eq!(receiver.requests().len(), 1);
    ok(&mock, "POST", "/clock", &json!({"advance_ms": 1}));
    assert_eq!(texts(&receiver.requests()), ["soon", "late"]);
}

#[test]
fn a_burst_comes_on_as_many_connections_at_once() {
    let mock = frozen();
    let together = std::sync::Arc::new(std::sync::Barrier::new(4));
    let receiver = Receiver::with(move |_, stream| {
        use std::io::Write as _;
        // Nobody is answered before all four are there.
        together.wait();
        let _ = stream.write_all(crate::receiver::SUCCESS);
    });
    room_setting(&mock, &receiver.url());
    mode(&mock, &json!({"mode": {"burst": {"hold": 4}}}));
    write(&mock, &["1", "2", "3", "4"]);
    let deliveries = settled(&mock);
    assert_eq!(each(&deliveries, "verdict"), ["delivered"; 4]);
    assert_eq!(receiver.most_open(), 4);
}

#[test]
fn a_dropped_answer_is_a_failure_of_something_that_came() {
    let (mock, receiver) = (frozen(), Receiver::friendly());
    room_setting(&mock, &receiver.url());
    mode(&mock, &json!({"mode": {"drop_answer": true}}));
    write(&mock, &["came", "next"]);
    let deliveries = settled(&mock);
    assert_eq!(each(&deliveries, "verdict"), ["failed", "delivered"]);
    assert_eq!(deliveries[0]["attempts"][0]["fault"], "answer-dropped");
    let requests = receiver.wait_for(2);
    assert_eq!(texts(&requests).iter().filter(|text| *text == "came").count(), 1);
    let names = |request: &Request| {
        let mut names: Vec<String> =
            request.head.lines().map(|it| it.split(':').next().unwrap().to_owned()).skip(1).collect();
        names.sort();
        names
    };
    assert_eq!(names(&requests[0]), names(&requests[1]), "it is sent as every other");
}

#[test]
fn signatures_can_disagree_be_absent_or_come_from_another_secret() {
    let (mock, receiver) = (frozen(), Receiver::friendly());
    let (_, token) = room_setting(&mock, &receiver.url());
    for (rule, header, query) in [
        (json!({"signature": {"header": "good", "query": "bad"}}), Some(true), Some(false)),
        (json!({"signature": {"header": "bad"}}), Some(false), Some(true)),
        (json!({"signature": {"header": "absent", "query": "good"}}), None, Some(true)),
        (json!({"signature": {"query": "absent"}}), Some(true), None),
        (json!({"rotated_secret": true}), Some(false), Some(false)),
    ] {
        mode(&mock, &json!({"mode": rule}));
        write(&mock, &["สวัสดี"]);
        settled(&mock);
        let request = receiver.requests().pop().unwrap();
        let right = WebhookKey::from_token(&token).unwrap().sign(&request.body);
        let in_header = request.header("x-chatworkwebhooksignature").map(|found| found == right);
        let in_query = request
            .target()
            .split_once('=')
            .map(|(_, value)| percent_encoding::percent_decode_str(value).decode_utf8().unwrap() == right.as_str());
        assert_eq!((in_header, in_query), (header, query), "{rule}");
    }
}

#[test]
fn another_encoding_is_signed_as_it_is_written() {
    let (mock, receiver) = (frozen(), Receiver::friendly());
    let (_, token) = room_setting(&mock, &receiver.url());
    write(&mock, &["สวัสดี 😀"]);
    for encoding in ["pretty", "raw", "reordered", "escaped"] {
        mode(&mock, &json!({"mode": {"encoding": encoding}}));
        write(&mock, &["สวัสดี 😀"]);
        settled(&mock);
        let requests = receiver.requests();
        let (plain, other) = (&requests[0], requests.last().unwrap());
        let signature = WebhookKey::from_token(&token).unwrap().sign(&other.body);
        assert_eq!(other.header("x-chatworkwebhooksignature"), Some(signature.as_str()), "{encoding}");
        assert_eq!(other.json()["webhook_event"]["body"], plain.json()["webhook_event"]["body"]);
        match encoding {
            "pretty" => assert!(other.text().contains("\n  \"webhook_event_type\"")),
            "raw" => assert!(other.text().contains("สวัสดี 😀") && !other.text().contains('\n')),
            "reordered" => {
                assert!(other.text().starts_with("{\"webhook_event\":{\"update_time\":0") && other.text().is_ascii())
            }
            _ => assert_eq!(other.text().len(), plain.text().len()),
        }
    }
}

#[test]
fn rules_are_listed_with_how_they_stand_and_faults_are_named() {
    let mock = frozen();
    let receiver = Receiver::friendly();
    room_setting(&mock, &receiver.url());
    let rule = json!({"match": {"service": "chatwork", "event": "message_*"}, "skip": 0, "times": 2, "probability": 1.0,
                      "mode": {"delay": {"ms": 5}}});
    let id = mode(&mock, &rule);
    write(&mock, &["x"]);
    let listed = ok(&mock, "GET", "/deliveries/modes", &Value::Null)["modes"][0].clone();
    assert_eq!((&listed["id"], &listed["applied"], &listed["seen"]), (&json!(id), &json!(1), &json!(1)));
    assert_eq!((&listed["mode"], &listed["match"]), (&rule["mode"], &rule["match"]));
    let (status, errors) = refused(&mock, "POST", "/deliveries/modes", &json!({"mode": {"dely": 1}, "times": 0}));
    assert_eq!((status, errors.len()), (400, 2), "{errors:?}");
    mock.reset().unwrap();
    assert_eq!(ok(&mock, "GET", "/deliveries/modes", &Value::Null)["modes"], json!([]));
    assert!(deliveries(&mock).is_empty());
}
