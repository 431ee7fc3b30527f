//! `/my/status` and `/my/tasks`.

use serde_json::json;

use super::refusals;
use crate::common::{AOI, BEN, CHAI, DUNG, EVE, Wire};

#[test]
fn the_status_counts_rooms_messages_mentions_and_tasks() {
    let mut wire = Wire::start();
    let status = wire.get(AOI, "/my/status").is(200);
    let expected = json!({"unread_room_num": 1, "mention_room_num": 1, "mytask_room_num": 1,
        "unread_num": 3, "mention_num": 1, "mytask_num": 1});
    assert_eq!(status, expected);
    wire.get(EVE, "/my/status").is(200);
    keep!(wire, "get-my-status.200");
}

#[test]
fn the_status_is_the_sum_over_the_rooms() {
    let mut wire = Wire::start();
    for (from, room) in [(BEN, 5001), (BEN, 5003), (CHAI, 5013), (BEN, 5006)] {
        wire.post(from, &format!("/rooms/{room}/messages"), &[("body", "[To:1001] สวัสดี")]).is(200);
        wire.post(from, &format!("/rooms/{room}/messages"), &[("body", "二つ目")]).is(200);
    }
    wire.post(BEN, "/rooms/5006/tasks", &[("body", "x"), ("to_ids", "1001,1002")]).is(200);
    for person in [AOI, BEN, CHAI, DUNG] {
        let rooms = wire.get(person, "/rooms").is(200);
        let status = wire.get(person, "/my/status").is(200);
        for (of_rooms, total, count) in [
            ("unread_room_num", "unread_num", "unread_num"),
            ("mention_room_num", "mention_num", "mention_num"),
            ("mytask_room_num", "mytask_num", "mytask_num"),
        ] {
            let counts: Vec<u64> = rooms.as_array().unwrap().iter().map(|room| room[count].as_u64().unwrap()).collect();
            assert_eq!(status[total], counts.iter().sum::<u64>(), "{person} {total}");
            assert_eq!(status[of_rooms], counts.iter().filter(|count| **count > 0).count(), "{person} {of_rooms}");
        }
    }
}

#[test]
fn my_tasks_are_the_open_ones_of_all_rooms_unless_asked_otherwise() {
    let mut wire = Wire::start();
    wire.post(AOI, "/rooms/5000/tasks", &[("body", "掃除"), ("to_ids", "1001"), ("limit_type", "none")]).is(200);
    wire.forget();
    assert_eq!(wire.get(AOI, "/my/tasks").is(200).as_array().unwrap().len(), 2);
    keep!(wire, "get-my-tasks.200");
    assert_eq!(wire.get(AOI, "/my/tasks?assigned_by_account_id=1002").is(200).as_array().unwrap().len(), 1);
    assert_eq!(wire.get(BEN, "/my/tasks?status=done").is(200)[0]["task_id"], 32);
    keep!(wire, "get-my-tasks.200-filtered");
}

#[test]
fn without_a_task_there_is_no_content() {
    let mut wire = Wire::start();
    wire.get(EVE, "/my/tasks").is(204);
    wire.get(AOI, "/my/tasks?status=done").is(204);
    wire.get(AOI, "/my/tasks?assigned_by_account_id=9007199254740993").is(204);
    keep!(wire, "get-my-tasks.204");
}

#[test]
fn at_most_100_tasks_are_listed_and_they_are_the_newest() {
    let mut wire = Wire::with_settings(json!({"limits": {"room": null}}));
    for _ in 0..100 {
        wire.post(AOI, "/rooms/5000/tasks", &[("body", "x"), ("to_ids", "1001")]).is(200);
    }
    let tasks = wire.get(AOI, "/my/tasks").is(200);
    let ids: Vec<u64> = tasks.as_array().unwrap().iter().map(|task| task["task_id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), 100);
    assert!(ids.windows(2).all(|pair| pair[0] > pair[1]) && !ids.contains(&31), "{ids:?}");
}

#[test]
fn refuses() {
    refusals::without_a_token("my");
    refusals::for_parameters("my");
}
