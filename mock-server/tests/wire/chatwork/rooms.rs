//! `/rooms` and `/rooms/{room_id}`.

use super::refusals;
use crate::common::{AOI, BEN, CHAI, Call, EVE, Wire};

/// Aoi's new group with herself as admin, and whatever else is given.
fn group(wire: &mut Wire, more: &[(&str, &str)]) -> u64 {
    let form = [&[("name", "新しい部屋"), ("members_admin_ids", "1001")], more].concat();
    wire.post(AOI, "/rooms", &form).is(200)["room_id"].as_u64().unwrap()
}

#[test]
fn rooms_are_listed_pinned_ones_first_and_without_descriptions() {
    let mut wire = Wire::start();
    let rooms = wire.get(AOI, "/rooms").is(200);
    let ids: Vec<u64> = rooms.as_array().unwrap().iter().map(|room| room["room_id"].as_u64().unwrap()).collect();
    assert_eq!(&ids[..2], [5000, 5001], "the pinned ones");
    assert!(rooms.as_array().unwrap().iter().all(|room| room.as_object().unwrap().len() == 13));
    keep!(wire, "get-rooms.200");
    assert_eq!(wire.get(EVE, "/rooms").is(200).as_array().unwrap().len(), 1, "My Chat is always there");
}

#[test]
fn a_room_looks_to_each_member_as_it_is_for_them() {
    let mut wire = Wire::start();
    assert_eq!(wire.get(AOI, "/rooms/5001").is(200).as_object().unwrap().len(), 14);
    assert_eq!(wire.get(CHAI, "/rooms/5001").is(200)["role"], "readonly");
    assert_eq!(wire.get(AOI, "/rooms/5003").is(200)["name"], "Ben Sato");
    assert_eq!(wire.get(BEN, "/rooms/5003").is(200)["name"], "森 葵");
    assert_eq!(wire.get(AOI, "/rooms/5000").is(200)["name"], "マイチャット");
    keep!(wire, "get-room.200");
}

#[test]
fn a_new_room_begins_with_one_system_message() {
    let mut wire = Wire::start();
    let form = [
        ("name", "Dự án 猫 😺"),
        ("description", "一行目\r\n二行目 & more"),
        ("members_admin_ids", "1001"),
        ("members_member_ids", "1002"),
        ("members_readonly_ids", "1003"),
        ("icon_preset", "magcup"),
    ];
    let room = wire.post(AOI, "/rooms", &form).is(200)["room_id"].as_u64().unwrap();
    let shown = wire.get(BEN, &format!("/rooms/{room}")).is(200);
    assert_eq!((&shown["message_num"], &shown["unread_num"]), (&1.into(), &1.into()));
    let messages = wire.get(AOI, &format!("/rooms/{room}/messages")).is(200);
    assert_eq!(
        messages[0]["body"],
        "[info][title][dtext:chatroom_groupchat_created][/title][dtext:chatroom_chatname_is]Dự án 猫 😺\
         [dtext:chatroom_set]\n\n[dtext:chatroom_member_is][piconname:1001][piconname:1002][piconname:1003]\
         [dtext:chatroom_added][/info]"
    );
    keep!(wire, "post-rooms.200");
    assert_eq!(wire.get(AOI, &format!("/rooms/{room}/link")).is(200), serde_json::json!({"public": false}));
}

#[test]
fn a_new_room_may_have_a_link_at_once() {
    let mut wire = Wire::start();
    let room = group(&mut wire, &[("link", "1"), ("link_code", "neko_2026-A"), ("link_need_acceptance", "0")]);
    let link = wire.get(AOI, &format!("/rooms/{room}/link")).is(200);
    assert_eq!(link["url"], "https://example.chatwork.com/g/neko_2026-A");
    assert_eq!(link["need_acceptance"], false);
    keep!(wire, "post-rooms.200-link");
    // Without link=1 a code is nobody's business, even one that is taken.
    group(&mut wire, &[("link", "0"), ("link_code", "open-2026")]);
    // Left out, need_acceptance is 1 and the code is made up.
    let random = group(&mut wire, &[("link", "1")]);
    let link = wire.get(AOI, &format!("/rooms/{random}/link")).is(200);
    assert_eq!((&link["need_acceptance"], link["url"].as_str().unwrap().len()), (&true.into(), 41));
}

#[test]
fn a_code_that_is_taken_makes_no_room() {
    let mut wire = Wire::start();
    let before = wire.state();
    let form = [("name", "x"), ("members_admin_ids", "1001"), ("link", "1"), ("link_code", "open-2026")];
    wire.post(AOI, "/rooms", &form).refusal(400);
    wire.is_still(&before);
    keep!(wire, "post-rooms.400-code-taken");
}

#[test]
fn only_contacts_and_colleagues_can_be_brought_in_each_in_one_role() {
    let mut wire = Wire::start();
    let before = wire.state();
    for stranger in ["1004", "1006", "999999"] {
        wire.post(AOI, "/rooms", &[("name", "x"), ("members_admin_ids", &format!("1001,{stranger}"))]).refusal(403);
    }
    keep!(wire, "post-rooms.403-not-a-contact");
    wire.post(AOI, "/rooms", &[("name", "x"), ("members_admin_ids", "1001"), ("members_member_ids", "1002,1001")])
        .refusal(400);
    keep!(wire, "post-rooms.400-two-roles");
    wire.is_still(&before);
}

#[test]
fn a_name_has_1_to_255_characters() {
    let mut wire = Wire::start();
    for (name, fits) in [("あ".repeat(255), true), ("あ".repeat(256), false), ("😀".repeat(255), true)] {
        let answer = wire.post(AOI, "/rooms", &[("name", &name), ("members_admin_ids", "1001")]);
        assert_eq!(answer.status, if fits { 200 } else { 400 }, "{}", answer.text());
        let answer = wire.put(AOI, "/rooms/5001", &[("name", &name)]);
        assert_eq!(answer.status, if fits { 200 } else { 400 }, "{}", answer.text());
    }
    assert_eq!(wire.get(AOI, "/rooms/5001").is(200)["name"], "😀".repeat(255));
    wire.forget();
    wire.post(AOI, "/rooms", &[("name", ""), ("members_admin_ids", "1001")]).refusal(400);
    keep!(wire, "post-rooms.400-empty-name");
}

#[test]
fn every_icon_is_taken_and_shows_in_the_path() {
    let mut wire = Wire::start();
    for icon in contract::chatwork::limits::ICON_PRESETS {
        wire.put(AOI, "/rooms/5001", &[("icon_preset", icon)]).is(200);
        let path = &wire.get(AOI, "/rooms/5001").is(200)["icon_path"];
        assert_eq!(path, &format!("https://appdata.chatwork.com/icon/ico_{icon}.png"));
    }
    assert_eq!(wire.get(AOI, "/rooms/5001").is(200)["name"], "開発 🚀", "the rest stays");
}

#[test]
fn an_admin_changes_name_description_and_icon() {
    let mut wire = Wire::start();
    wire.put(AOI, "/rooms/5001", &[("name", "改名"), ("description", ""), ("icon_preset", "star")]).is(200);
    let room = wire.get(AOI, "/rooms/5001").is(200);
    assert_eq!((&room["name"], &room["description"]), (&"改名".into(), &"".into()));
    keep!(wire, "put-room.200");
    wire.send(&Call::of(AOI, "PUT", "/rooms/5001")).is(200);
    assert_eq!(wire.get(AOI, "/rooms/5001").is(200), room, "nothing asked, nothing changed");
}

#[test]
fn only_an_admin_changes_a_room_and_my_chat_and_direct_chats_have_none() {
    let mut wire = Wire::start();
    let before = wire.state();
    for (who, room) in [(BEN, 5001), (CHAI, 5001), (AOI, 5000), (AOI, 5003)] {
        wire.put(who, &format!("/rooms/{room}"), &[("name", "x")]).refusal(403);
    }
    wire.is_still(&before);
    keep!(wire, "put-room.403-not-admin");
}

#[test]
fn leaving_takes_ones_own_tasks_and_files_along() {
    let mut wire = Wire::start();
    wire.delete(AOI, "/rooms/5001", &[("action_type", "leave")]).is(204);
    wire.get(AOI, "/rooms/5001").refusal(403);
    let room = wire.get(BEN, "/rooms/5001").is(200);
    assert_eq!((&room["task_num"], &room["file_num"]), (&0.into(), &0.into()));
    keep!(wire, "delete-room.204-leave");
    wire.get(BEN, "/rooms/5001/files").is(204);
    assert_eq!(wire.get(BEN, "/rooms/5001/members").is(200).as_array().unwrap().len(), 2);
    wire.delete(CHAI, "/rooms/5001", &[("action_type", "leave")]).is(204);
    wire.delete(BEN, "/rooms/5001", &[("action_type", "leave")]).is(204);
    wire.get(BEN, "/rooms/5001").refusal(403);
}

#[test]
fn deleting_ends_the_room_for_everybody() {
    let mut wire = Wire::start();
    wire.delete(AOI, "/rooms/5001?action_type=delete", &[]).is(204);
    for who in [AOI, BEN, CHAI] {
        assert_eq!(wire.get(who, "/rooms/5001").refusal(403), "You don't have permission to get this room");
    }
    keep!(wire, "delete-room.204-delete");
    wire.get(AOI, "/my/tasks").is(204);
}

#[test]
fn only_an_admin_deletes_a_room() {
    let mut wire = Wire::start();
    let before = wire.state();
    for who in [BEN, CHAI] {
        wire.delete(who, "/rooms/5001", &[("action_type", "delete")]).refusal(403);
    }
    wire.is_still(&before);
    keep!(wire, "delete-room.403-not-admin");
}

#[test]
fn my_chat_and_direct_chats_can_be_neither_left_nor_deleted() {
    let mut wire = Wire::start();
    let before = wire.state();
    for room in [5000, 5003] {
        for action in ["leave", "delete"] {
            wire.delete(AOI, &format!("/rooms/{room}"), &[("action_type", action)]).refusal(400);
        }
    }
    wire.is_still(&before);
    keep!(wire, "delete-room.400-not-a-group");
}

#[test]
fn refuses() {
    refusals::without_a_token("rooms");
    refusals::for_strangers("rooms");
    refusals::for_parameters("rooms");
}
