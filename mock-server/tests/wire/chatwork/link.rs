//! `/rooms/{room_id}/link`.

use serde_json::json;

use super::refusals;
use crate::common::{AOI, BEN, CHAI, Call, Wire};

const CLOSED: &str = "/rooms/5001/link";
const OPEN: &str = "/rooms/5002/link";

#[test]
fn a_link_is_shown_or_said_to_be_none() {
    let mut wire = Wire::start();
    assert_eq!(wire.get(CHAI, CLOSED).is(200), json!({"public": false}));
    let open = json!({"public": true, "url": "https://example.chatwork.com/g/open-2026", "need_acceptance": false,
        "description": "どなたでも"});
    assert_eq!(wire.get(BEN, OPEN).is(200), open);
    keep!(wire, "get-link.200");
}

#[test]
fn an_admin_makes_a_link() {
    let mut wire = Wire::start();
    let form = [("code", "neko_1-Z"), ("need_acceptance", "0"), ("description", "ยินดีต้อนรับ & 🐈")];
    let link = wire.post(AOI, CLOSED, &form).is(200);
    assert_eq!(wire.get(CHAI, CLOSED).is(200), link);
    keep!(wire, "post-link.200");
}

#[test]
fn a_link_that_nobody_described_has_a_random_code_and_needs_acceptance() {
    let mut wire = Wire::start();
    let link = wire.send(&Call::of(AOI, "POST", CLOSED)).is(200);
    assert_eq!((&link["need_acceptance"], &link["description"]), (&json!(true), &json!("")));
    keep!(wire, "post-link.200-random");
    let changed = wire.send(&Call::of(AOI, "PUT", CLOSED)).is(200);
    assert_ne!(changed["url"], link["url"], "a code that is left out is a new one");
}

#[test]
fn a_code_has_1_to_50_characters_and_one_room() {
    let mut wire = Wire::start();
    for code in ["a".repeat(51).as_str(), "あ", "a b", "a/b", ""] {
        wire.post(AOI, CLOSED, &[("code", code)]).refusal(400);
        wire.put(AOI, OPEN, &[("code", code)]).refusal(400);
    }
    wire.post(AOI, CLOSED, &[("code", &"a".repeat(50))]).is(200);
    wire.send(&Call::of(AOI, "DELETE", CLOSED)).is(200);
    wire.forget();
    let before = wire.state();
    for code in ["open-2026", "taken"] {
        wire.post(AOI, CLOSED, &[("code", code)]).refusal(400);
    }
    keep!(wire, "post-link.400-code-taken");
    wire.put(AOI, OPEN, &[("code", "taken")]).refusal(400);
    keep!(wire, "put-link.400-code-taken");
    wire.is_still(&before);
}

#[test]
fn an_admin_changes_a_link_and_may_keep_its_code() {
    let mut wire = Wire::start();
    let link = wire.put(AOI, OPEN, &[("code", "open-2026"), ("description", "新しい説明")]).is(200);
    assert_eq!(link["need_acceptance"], true, "1 where it is left out");
    assert_eq!(wire.get(BEN, OPEN).is(200), link);
    keep!(wire, "put-link.200");
    // The old code is free again once it was changed.
    wire.put(AOI, OPEN, &[("code", "other")]).is(200);
    wire.post(AOI, CLOSED, &[("code", "open-2026")]).is(200);
}

#[test]
fn an_admin_takes_a_link_away_and_its_code_is_free() {
    let mut wire = Wire::start();
    assert_eq!(wire.send(&Call::of(AOI, "DELETE", OPEN)).is(200), json!({"public": false}));
    assert_eq!(wire.get(BEN, OPEN).is(200), json!({"public": false}));
    keep!(wire, "delete-link.200");
    wire.post(AOI, CLOSED, &[("code", "open-2026")]).is(200);
}

#[test]
fn a_link_is_made_once_and_changed_only_while_it_exists() {
    let mut wire = Wire::start();
    let before = wire.state();
    wire.post(AOI, OPEN, &[("code", "second")]).refusal(400);
    keep!(wire, "post-link.400-exists");
    wire.put(AOI, CLOSED, &[("code", "second")]).refusal(400);
    keep!(wire, "put-link.400-disabled");
    wire.send(&Call::of(AOI, "DELETE", CLOSED)).refusal(400);
    keep!(wire, "delete-link.400-disabled");
    wire.is_still(&before);
}

#[test]
fn only_admins_make_change_or_remove_a_link() {
    let mut wire = Wire::start();
    let before = wire.state();
    for (who, path) in [(BEN, CLOSED), (CHAI, CLOSED), (AOI, "/rooms/5000/link"), (AOI, "/rooms/5003/link")] {
        wire.post(who, path, &[("code", "x")]).refusal(403);
    }
    keep!(wire, "post-link.403-not-admin");
    wire.put(BEN, OPEN, &[("code", "x")]).refusal(403);
    keep!(wire, "put-link.403-not-admin");
    wire.send(&Call::of(BEN, "DELETE", OPEN)).refusal(403);
    keep!(wire, "delete-link.403-not-admin");
    wire.is_still(&before);
}

#[test]
fn refuses() {
    refusals::without_a_token("link");
    refusals::for_strangers("link");
    refusals::for_parameters("link");
}
