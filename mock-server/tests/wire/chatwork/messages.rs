//! `/rooms/{room_id}/messages`: fetching, posting, changing and marking.

use serde_json::{Value, json};

use super::refusals;
use crate::common::{AOI, BEN, CHAI, Call, MESSAGE, Wire};

const MESSAGES: &str = "/rooms/5001/messages";
const READ: &str = "/rooms/5001/messages/read";
const UNREAD: &str = "/rooms/5001/messages/unread";

/// Posts, and answers the id.
fn post(wire: &mut Wire, who: &str, room: u64, body: &str) -> String {
    let answer = wire.post(who, &format!("/rooms/{room}/messages"), &[("body", body)]).is(200);
    answer["message_id"].as_str().unwrap().to_owned()
}

fn bodies(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|message| message["body"].as_str().unwrap()).collect()
}

#[test]
fn the_first_fetch_is_everything_and_the_next_only_what_is_new() {
    let mut wire = Wire::start();
    let first = wire.get(AOI, MESSAGES).is(200);
    assert_eq!(bodies(&first)[..3], ["ようこそ 🎉", "[To:1001]葵さん\nสวัสดีครับ", "[deleted]"]);
    assert!(first[0]["message_id"].is_string() && first[0]["update_time"] == 0 && first[1]["update_time"] != 0);
    keep!(wire, "get-messages.200");
    wire.get(AOI, MESSAGES).is(204);
    wire.get(AOI, "/rooms/5006/messages?force=1").is(204);
    keep!(wire, "get-messages.204");

    post(&mut wire, BEN, 5001, "new");
    post(&mut wire, AOI, 5001, "own");
    assert_eq!(bodies(&wire.get(AOI, &format!("{MESSAGES}?force=0")).is(200)), ["new", "own"]);
    wire.get(AOI, MESSAGES).is(204);
    assert_eq!(wire.get(BEN, MESSAGES).is(200).as_array().unwrap().len(), 8, "everybody has a cursor of their own");
}

#[test]
fn force_fetches_again_and_moves_the_cursor_too() {
    let mut wire = Wire::start();
    let all = wire.get(AOI, &format!("{MESSAGES}?force=1")).is(200);
    wire.get(AOI, MESSAGES).is(204);
    assert_eq!(wire.get(AOI, &format!("{MESSAGES}?force=1")).is(200), all);
    keep!(wire, "get-messages.200-force");
    assert_eq!(wire.unread(AOI, 5001), (3, 1), "fetching is not reading");
}

#[test]
fn both_tokens_of_an_account_share_its_cursor() {
    let mut wire = Wire::start();
    wire.get(AOI, MESSAGES).is(200);
    wire.get("wire-token-of-aoi-second", MESSAGES).is(204);
}

#[test]
fn at_most_100_messages_are_fetched_the_newest_and_oldest_first() {
    let mut wire = Wire::with_settings(json!({"limits": {"room": null}}));
    for number in 0..105 {
        post(&mut wire, BEN, 5006, &number.to_string());
    }
    let newest: Vec<String> = (5..105).map(|number| number.to_string()).collect();
    assert_eq!(bodies(&wire.get(AOI, "/rooms/5006/messages").is(200)), newest);
    assert_eq!(bodies(&wire.get(AOI, "/rooms/5006/messages?force=1").is(200)), newest);
    // What did not fit into the first fetch is not "new" for the next one.
    wire.get(AOI, "/rooms/5006/messages").is(204);
}

#[test]
fn a_posted_message_is_unread_for_everybody_else() {
    let mut wire = Wire::start();
    let before = wire.get(CHAI, "/rooms/5001").is(200);
    wire.forget();
    wire.advance(60_000);
    let id = post(&mut wire, BEN, 5001, "こんにちは xin chào 👩‍💻\n\"/\\<>&");
    let after = wire.get(CHAI, "/rooms/5001").is(200);
    assert_eq!(after["unread_num"], before["unread_num"].as_u64().unwrap() + 1);
    assert_eq!(after["message_num"], before["message_num"].as_u64().unwrap() + 1);
    let message = wire.get(CHAI, &format!("{MESSAGES}/{id}")).is(200);
    assert_eq!((&message["send_time"], &message["update_time"]), (&after["last_update_time"], &json!(0)));
    keep!(wire, "post-messages.200");
    assert_eq!(wire.unread(BEN, 5001), (0, 0), "one has read what one wrote");
    let listed = wire.get(CHAI, &format!("{MESSAGES}?force=1")).is(200);
    assert_eq!(listed.as_array().unwrap().last().unwrap(), &message);
}

#[test]
fn with_self_unread_it_is_unread_for_its_author_too() {
    let mut wire = Wire::start();
    wire.post(BEN, MESSAGES, &[("body", "後で読む"), ("self_unread", "1")]).is(200);
    assert_eq!(wire.unread(BEN, 5001), (1, 0));
    keep!(wire, "post-messages.200-self-unread");
}

#[test]
fn a_body_has_1_to_65535_characters_and_is_kept_verbatim() {
    let mut wire = Wire::with_settings(json!({"limits": {"room": null}}));
    let before = wire.state();
    for body in ["", "😀".repeat(65_536).as_str(), "あ".repeat(65_536).as_str()] {
        wire.post(AOI, MESSAGES, &[("body", body)]).refusal(400);
        wire.put(AOI, &format!("{MESSAGES}/{}", MESSAGE[0]), &[("body", body)]).refusal(400);
    }
    wire.is_still(&before);
    for body in [&"😀".repeat(65_535), &"x".repeat(65_535), " ", "\r\n\t", "\u{0}\u{7f}\u{feff}", "e\u{301}"] {
        let id = post(&mut wire, AOI, 5001, body);
        assert_eq!(wire.get(AOI, &format!("{MESSAGES}/{id}")).is(200)["body"], body);
        let edited = format!("/rooms/5001/messages/{id}");
        wire.put(AOI, &edited, &[("body", body)]).is(200);
    }
    wire.forget();
    wire.post(AOI, MESSAGES, &[("body", "")]).refusal(400);
    keep!(wire, "post-messages.400-empty");
}

#[test]
fn a_read_only_member_writes_nothing() {
    let mut wire = Wire::start();
    let before = wire.state();
    let denied = "You don't have permission to send/edit message.";
    assert_eq!(wire.post(CHAI, MESSAGES, &[("body", "x")]).refusal(403), denied);
    keep!(wire, "post-messages.403-read-only");
    assert_eq!(wire.put(CHAI, &format!("{MESSAGES}/{}", MESSAGE[0]), &[("body", "x")]).refusal(403), denied);
    keep!(wire, "put-message.403-read-only");
    wire.delete(CHAI, &format!("{MESSAGES}/{}", MESSAGE[0]), &[]).refusal(403);
    keep!(wire, "delete-message.403-read-only");
    wire.is_still(&before);
}

#[test]
fn one_message_is_the_one_of_the_list() {
    let mut wire = Wire::start();
    let list = wire.get(AOI, MESSAGES).is(200);
    wire.forget();
    for (index, id) in MESSAGE.iter().enumerate() {
        assert_eq!(wire.get(CHAI, &format!("{MESSAGES}/{id}")).is(200), list[index]);
    }
    keep!(wire, "get-message.200");
}

#[test]
fn an_unknown_message_is_not_found_not_even_in_the_next_room() {
    let mut wire = Wire::start();
    let before = wire.state();
    let elsewhere = format!("/rooms/5002/messages/{}", MESSAGE[0]);
    let targets = [elsewhere.as_str(), "/rooms/5001/messages/1", "/rooms/5001/messages/99999999999999999999"];
    for target in targets {
        wire.get(AOI, target).refusal(404);
    }
    keep!(wire, "get-message.404");
    for target in targets {
        wire.put(AOI, target, &[("body", "x")]).refusal(404);
    }
    keep!(wire, "put-message.404");
    for target in targets {
        wire.send(&Call::of(AOI, "DELETE", target)).refusal(404);
    }
    keep!(wire, "delete-message.404");
    for id in [MESSAGE[0], "1", "99999999999999999999"] {
        wire.put(AOI, "/rooms/5002/messages/read", &[("message_id", id)]).refusal(404);
    }
    keep!(wire, "put-messages-read.404");
    for id in [MESSAGE[0], "1", "99999999999999999999"] {
        wire.put(AOI, "/rooms/5002/messages/unread", &[("message_id", id)]).refusal(404);
    }
    keep!(wire, "put-messages-unread.404");
    wire.is_still(&before);
}

#[test]
fn an_author_changes_a_message_and_everybody_sees_when() {
    let mut wire = Wire::start();
    let target = format!("{MESSAGES}/{}", MESSAGE[0]);
    assert_eq!(wire.put(AOI, &target, &[("body", "直した 🛠")]).is(200)["message_id"], MESSAGE[0]);
    let message = wire.get(BEN, &target).is(200);
    assert_eq!((&message["body"], &message["update_time"]), (&json!("直した 🛠"), &json!(crate::common::NOW)));
    keep!(wire, "put-message.200");
    assert_eq!(wire.unread(CHAI, 5001), (0, 0), "an edit makes nothing unread");
}

#[test]
fn a_deleted_message_leaves_a_tombstone() {
    let mut wire = Wire::start();
    let target = format!("{MESSAGES}/{}", MESSAGE[1]);
    let before = wire.get(AOI, "/rooms/5001").is(200);
    wire.forget();
    assert_eq!(wire.send(&Call::of(BEN, "DELETE", &target)).is(200), json!({"message_id": MESSAGE[1]}));
    assert_eq!(wire.get(AOI, &target).is(200)["body"], "[deleted]");
    keep!(wire, "delete-message.200");
    assert_eq!(wire.get(AOI, "/rooms/5001").is(200)["message_num"], before["message_num"]);
    assert_eq!(wire.unread(AOI, 5001), (3, 0), "a tombstone calls nobody");
    wire.put(BEN, &target, &[("body", "x")]).refusal(404);
    wire.send(&Call::of(BEN, "DELETE", &target)).refusal(404);
}

#[test]
fn only_the_author_changes_or_deletes_a_message_not_even_an_admin() {
    let mut wire = Wire::start();
    let before = wire.state();
    let target = format!("{MESSAGES}/{}", MESSAGE[1]);
    wire.put(AOI, &target, &[("body", "x")]).refusal(403);
    keep!(wire, "put-message.403-not-author");
    wire.send(&Call::of(AOI, "DELETE", &target)).refusal(403);
    keep!(wire, "delete-message.403-not-author");
    wire.is_still(&before);
}

#[test]
fn reading_goes_up_to_a_message_or_to_the_end() {
    let mut wire = Wire::start();
    let left = wire.put(AOI, READ, &[("message_id", MESSAGE[1])]).is(200);
    assert_eq!(left, json!({"unread_num": 2, "mention_num": 0}));
    assert_eq!(wire.send(&Call::of(AOI, "PUT", READ)).is(200), json!({"unread_num": 0, "mention_num": 0}));
    assert_eq!(wire.unread(AOI, 5001), (0, 0));
    keep!(wire, "put-messages-read.200");
    wire.send(&Call::of(AOI, "PUT", READ)).refusal(400);
    wire.put(AOI, READ, &[("message_id", MESSAGE[1])]).refusal(400);
    keep!(wire, "put-messages-read.400-already-read");
}

#[test]
fn unreading_goes_from_a_message_to_the_end() {
    let mut wire = Wire::start();
    let all = wire.put(CHAI, UNREAD, &[("message_id", MESSAGE[0])]).is(200);
    assert_eq!(all["unread_num"], wire.get(CHAI, "/rooms/5001").is(200)["message_num"]);
    keep!(wire, "put-messages-unread.200");
    let before = wire.state();
    wire.put(CHAI, UNREAD, &[("message_id", MESSAGE[0])]).refusal(400);
    wire.put(CHAI, UNREAD, &[("message_id", MESSAGE[2])]).refusal(400);
    keep!(wire, "put-messages-unread.400-already-unread");
    wire.is_still(&before);
    // A mention counts again, one's own messages do not call oneself.
    wire.send(&Call::of(AOI, "PUT", READ)).is(200);
    let again = wire.put(AOI, UNREAD, &[("message_id", MESSAGE[1])]).is(200);
    assert_eq!(again["mention_num"], 1);
}

#[test]
fn refuses() {
    refusals::without_a_token("messages");
    refusals::for_strangers("messages");
    refusals::for_parameters("messages");
}
