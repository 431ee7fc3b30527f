//! `/rooms/{room_id}/tasks`.

use serde_json::{Value, json};

use super::refusals;
use crate::common::{AOI, BEN, CHAI, MESSAGE, Wire};

const TASKS: &str = "/rooms/5001/tasks";

fn ids(list: &Value) -> Vec<u64> {
    list.as_array().unwrap().iter().map(|task| task["task_id"].as_u64().unwrap()).collect()
}

/// The newest message of a room, as somebody sees it.
fn newest(wire: &mut Wire, who: &str, room: u64) -> Value {
    let list = wire.get(who, &format!("/rooms/{room}/messages?force=1")).is(200);
    list.as_array().unwrap().last().unwrap().clone()
}

#[test]
fn tasks_are_the_open_ones_unless_asked_otherwise() {
    let mut wire = Wire::start();
    assert_eq!(ids(&wire.get(CHAI, TASKS).is(200)), [31]);
    keep!(wire, "get-tasks.200");
    assert_eq!(ids(&wire.get(CHAI, &format!("{TASKS}?status=done")).is(200)), [32]);
    assert_eq!(ids(&wire.get(CHAI, &format!("{TASKS}?account_id=1001&assigned_by_account_id=1002")).is(200)), [31]);
    keep!(wire, "get-tasks.200-filtered");
    wire.get(CHAI, &format!("{TASKS}?account_id=1002")).is(204);
    wire.get(CHAI, &format!("{TASKS}?status=done&assigned_by_account_id=1002")).is(204);
    wire.get(AOI, "/rooms/5006/tasks").is(204);
    keep!(wire, "get-tasks.204");
}

#[test]
fn each_assignee_gets_a_task_and_the_room_one_message() {
    let mut wire = Wire::start();
    let form = [
        ("body", "買い物 🛒\n[To:1002]"),
        ("to_ids", "1002,1001,1002"),
        ("limit", "1767366000"),
        ("limit_type", "date"),
    ];
    assert_eq!(wire.post(AOI, TASKS, &form).is(200), json!({"task_ids": [33, 34]}));
    assert_eq!(ids(&wire.get(AOI, TASKS).is(200)), [34, 33, 31], "the newest first");
    let message = newest(&mut wire, BEN, 5001);
    assert_eq!(
        message["body"],
        "[info][title][dtext:task_added][/title]\
         [task aid=1002 st=open lt=1767366000 ltype=date]買い物 🛒\n[To:1002][/task]\
         [task aid=1001 st=open lt=1767366000 ltype=date]買い物 🛒\n[To:1002][/task][/info]"
    );
    wire.forget();
    wire.post(AOI, TASKS, &form).is(200);
    let room = wire.get(BEN, "/rooms/5001").is(200);
    assert_eq!((&room["mytask_num"], &room["task_num"]), (&json!(2), &json!(5)));
    keep!(wire, "post-tasks.200");
}

#[test]
fn a_limit_is_echoed_and_none_is_zero() {
    let mut wire = Wire::with_settings(json!({"limits": {"room": null}}));
    for (form, time, kind) in [
        (&[("limit", "1767366000")][..], 1_767_366_000_i64, "time"),
        (&[("limit", "1")], 1, "time"),
        (&[("limit", "1767366000"), ("limit_type", "time")], 1_767_366_000, "time"),
        (&[("limit", "1767366000"), ("limit_type", "date")], 1_767_366_000, "date"),
        (&[("limit", "1767366000"), ("limit_type", "none")], 0, "none"),
        (&[], 0, "none"),
    ] {
        let form = [&[("body", "x"), ("to_ids", "1001")], form].concat();
        let made = wire.post(AOI, "/rooms/5000/tasks", &form).is(200);
        let task = wire.get(AOI, &format!("/rooms/5000/tasks/{}", made["task_ids"][0])).is(200);
        assert_eq!((&task["limit_time"], &task["limit_type"]), (&json!(time), &json!(kind)), "{form:?}");
    }
}

#[test]
fn a_task_has_1_to_65535_characters() {
    let mut wire = Wire::start();
    for (body, status) in [("😀".repeat(65_535), 200), ("😀".repeat(65_536), 400), (String::new(), 400)] {
        assert_eq!(wire.post(AOI, TASKS, &[("body", &body), ("to_ids", "1001")]).status, status);
    }
}

#[test]
fn tasks_are_for_members_made_by_those_who_may_write_and_finished_by_any() {
    let mut wire = Wire::start();
    let before = wire.state();
    wire.post(AOI, TASKS, &[("body", "x"), ("to_ids", "1001,1004")]).refusal(400);
    keep!(wire, "post-tasks.400-not-a-member");
    wire.post(CHAI, TASKS, &[("body", "x"), ("to_ids", "1003")]).refusal(403);
    keep!(wire, "post-tasks.403-read-only");
    wire.is_still(&before);
    wire.put(CHAI, &format!("{TASKS}/31/status"), &[("body", "done")]).is(200);
    keep!(wire, "put-task-status.200-read-only");
}

#[test]
fn one_task_is_the_one_of_the_list() {
    let mut wire = Wire::start();
    let list = wire.get(CHAI, TASKS).is(200);
    wire.forget();
    assert_eq!(wire.get(CHAI, &format!("{TASKS}/31")).is(200), list[0]);
    wire.get(CHAI, &format!("{TASKS}/32")).is(200);
    keep!(wire, "get-task.200");
    for target in ["/rooms/5001/tasks/9", "/rooms/5002/tasks/31", "/rooms/5001/tasks/99999999999999999999"] {
        wire.get(AOI, target).refusal(404);
    }
    keep!(wire, "get-task.404");
}

#[test]
fn a_finished_task_is_announced_and_no_longer_mine() {
    let mut wire = Wire::start();
    let status = format!("{TASKS}/31/status");
    assert_eq!(wire.put(AOI, &status, &[("body", "done")]).is(200), json!({"task_id": 31}));
    let room = wire.get(AOI, "/rooms/5001").is(200);
    assert_eq!((&room["mytask_num"], &room["task_num"]), (&json!(0), &json!(0)));
    assert_eq!(wire.get(AOI, &format!("{TASKS}/31")).is(200)["status"], "done");
    keep!(wire, "put-task-status.200");
    let told = newest(&mut wire, BEN, 5001);
    assert!(told["body"].as_str().unwrap().starts_with("[info][title][dtext:task_done][/title]"), "{told}");
    assert_eq!(told["account"]["account_id"], 1001);
    let count = wire.get(BEN, "/rooms/5001").is(200)["message_num"].clone();
    wire.put(AOI, &status, &[("body", "done")]).is(200);
    wire.put(BEN, &status, &[("body", "open")]).is(200);
    let room = wire.get(AOI, "/rooms/5001").is(200);
    assert_eq!((&room["message_num"], &room["mytask_num"]), (&count, &json!(1)), "only finishing is announced");
}

#[test]
fn a_status_is_that_of_a_task_of_the_room() {
    let mut wire = Wire::start();
    let before = wire.state();
    for task in ["5001/tasks/9", "5002/tasks/31", "5001/tasks/99999999999999999999"] {
        wire.put(AOI, &format!("/rooms/{task}/status"), &[("body", "done")]).refusal(404);
    }
    keep!(wire, "put-task-status.404");
    wire.is_still(&before);
    assert_ne!(wire.get(AOI, &format!("{TASKS}/31")).is(200)["message_id"], MESSAGE[0]);
}

#[test]
fn at_most_100_tasks_are_listed_the_newest() {
    let mut wire = Wire::with_settings(json!({"limits": {"room": null}}));
    for _ in 0..51 {
        wire.post(AOI, TASKS, &[("body", "x"), ("to_ids", "1001,1002")]).is(200);
    }
    assert_eq!(ids(&wire.get(AOI, TASKS).is(200)), (35..135).rev().collect::<Vec<u64>>());
}

#[test]
fn refuses() {
    refusals::without_a_token("tasks");
    refusals::for_strangers("tasks");
    refusals::for_parameters("tasks");
}
