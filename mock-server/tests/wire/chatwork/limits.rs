//! How much one account, and one room, may do in a while. The clock stands still, so every number is exact.

use serde_json::json;

use crate::common::{AOI, BEN, CHAI, Call, DUNG, NOBODY, NOW, Wire};

const MESSAGES: &str = "/rooms/5001/messages";
const EXCEEDED: &str = "Rate limit for message posting per room exceeded.";

#[test]
fn an_account_makes_300_requests_until_the_second_that_the_header_names() {
    let mut wire = Wire::start();
    assert_eq!(wire.get(AOI, "/my/status").limits(), (300, 299, NOW + 300));
    for left in (1..299).rev() {
        let answer = wire.get(AOI, "/my/status");
        assert_eq!((answer.status, answer.limits()), (200, (300, left, NOW + 300)));
    }
    wire.forget();
    assert_eq!(wire.get(AOI, "/me").limits(), (300, 0, NOW + 300));
    wire.forget();
    let refused = wire.get(AOI, "/me");
    assert_eq!((refused.status, refused.limits()), (429, (300, 0, NOW + 300)));
    keep!(wire, "get-me.429-account");

    // Nothing is carried out, whatever is asked, also what is no endpoint; nobody else is concerned.
    let before = wire.state();
    wire.post(AOI, MESSAGES, &[("body", "x")]).refusal(429);
    wire.get(AOI, "/nowhere").refusal(429);
    wire.get("wire-token-of-aoi-second", "/me").refusal(429);
    wire.is_still(&before);
    assert_eq!(wire.get(BEN, "/me").limits(), (300, 299, NOW + 300));
    assert_eq!(wire.get(NOBODY, "/me").status, 401);

    wire.advance(299_999);
    wire.get(AOI, "/me").refusal(429);
    wire.advance(1);
    wire.forget();
    assert_eq!(wire.get(AOI, "/me").limits(), (300, 299, NOW + 600));
    keep!(wire, "get-me.200-after-reset");
}

#[test]
fn both_tokens_of_an_account_draw_on_one_limit() {
    let mut wire = Wire::start();
    assert_eq!(wire.get(AOI, "/me").limits().1, 299);
    assert_eq!(wire.get("wire-token-of-aoi-second", "/me").limits().1, 298);
}

#[test]
fn a_window_opens_with_its_first_request_not_with_the_clock() {
    let mut wire = Wire::start();
    wire.advance(17_500);
    assert_eq!(wire.get(AOI, "/me").limits(), (300, 299, NOW + 317));
    wire.advance(100_000);
    assert_eq!(wire.get(AOI, "/me").limits(), (300, 298, NOW + 317));
}

#[test]
fn every_authenticated_answer_says_what_is_left_and_no_401_does() {
    let mut wire = Wire::start();
    let answers = [
        wire.get(AOI, "/me"),
        wire.get(AOI, "/my/tasks?status=done"),
        wire.get(AOI, "/nowhere"),
        wire.post(AOI, MESSAGES, &[]),
        wire.get(AOI, "/rooms/5007"),
        wire.get(AOI, "/rooms/5001/tasks/9"),
    ];
    for (answer, (status, left)) in
        answers.iter().zip([(200, 299), (204, 298), (400, 297), (400, 296), (403, 295), (404, 294)])
    {
        assert_eq!((answer.status, answer.limits().1), (status, left), "{}", answer.head);
    }
    let refused = wire.get(NOBODY, "/me");
    assert!(refused.status == 401 && !refused.head.contains("ratelimit"), "{}", refused.head);
}

#[test]
fn a_room_takes_10_messages_and_tasks_together_in_10_seconds_from_everybody() {
    let mut wire = Wire::start();
    for number in 0..4 {
        wire.post(AOI, MESSAGES, &[("body", &number.to_string())]).is(200);
        wire.post(BEN, "/rooms/5001/tasks", &[("body", "x"), ("to_ids", "1001,1002,1003")]).is(200);
    }
    // What is refused counts for nothing.
    for _ in 0..5 {
        wire.post(AOI, MESSAGES, &[]).refusal(400);
        wire.post(CHAI, MESSAGES, &[("body", "x")]).refusal(403);
        wire.post(AOI, "/rooms/5001/tasks", &[("body", "x"), ("to_ids", "1004")]).refusal(400);
    }
    wire.post(AOI, MESSAGES, &[("body", "9")]).is(200);
    wire.post(AOI, MESSAGES, &[("body", "10")]).is(200);
    let before = wire.state();
    wire.forget();
    for who in [AOI, BEN] {
        let answer = wire.post(who, MESSAGES, &[("body", "11")]);
        assert_eq!(answer.refusal(429), EXCEEDED);
        assert!(answer.limits().1 > 0, "the account's own limit is not used up");
    }
    keep!(wire, "post-messages.429-room");
    assert_eq!(wire.post(AOI, "/rooms/5001/tasks", &[("body", "x"), ("to_ids", "1001")]).refusal(429), EXCEEDED);
    keep!(wire, "post-tasks.429-room");
    wire.is_still(&before);

    // Nothing else counts against it, and no other room is concerned.
    wire.send(&Call::of(AOI, "POST", "/rooms/5001/files").upload("a", b"a", None)).is(200);
    wire.put(BEN, "/rooms/5001/messages/1999000111222300002", &[("body", "edited")]).is(200);
    wire.put(BEN, "/rooms/5001/tasks/31/status", &[("body", "done")]).is(200);
    wire.post(AOI, "/rooms/5002/messages", &[("body", "x")]).is(200);
    wire.advance(9_999);
    wire.post(AOI, MESSAGES, &[("body", "11")]).refusal(429);
    wire.advance(1);
    wire.post(AOI, MESSAGES, &[("body", "11")]).is(200);
}

#[test]
fn a_world_chooses_its_limits_or_has_none() {
    let mut wire = Wire::with_settings(
        json!({"limits": {"account": {"requests": 2, "seconds": 60}, "room": {"requests": 1, "seconds": 3}}}),
    );
    wire.post(AOI, MESSAGES, &[("body", "1")]).is(200);
    let second = wire.post(AOI, MESSAGES, &[("body", "2")]);
    assert_eq!((second.refusal(429).as_str(), second.limits()), (EXCEEDED, (2, 0, NOW + 60)));
    assert_ne!(wire.get(AOI, "/me").refusal(429), EXCEEDED);

    let mut free = Wire::with_settings(json!({"limits": {"account": null, "room": null}}));
    for _ in 0..400 {
        let answer = free.post(AOI, MESSAGES, &[("body", "x")]);
        assert!(answer.status == 200 && !answer.head.contains("ratelimit"), "{}", answer.head);
    }
    assert_eq!(free.get(DUNG, "/me").header("x-ratelimit-limit"), None);
}
