//! `/incoming_requests`.

use super::refusals;
use crate::common::{AOI, Call, DUNG, EVE, Wire};

const ONE: &str = "/incoming_requests/81";

#[test]
fn requests_are_listed_for_the_one_who_is_asked() {
    let mut wire = Wire::start();
    assert_eq!(wire.get(AOI, "/incoming_requests").is(200).as_array().unwrap().len(), 2);
    keep!(wire, "get-incoming-requests.200");
    wire.get(DUNG, "/incoming_requests").is(204);
    wire.get(EVE, "/incoming_requests").is(204);
    keep!(wire, "get-incoming-requests.204");
}

#[test]
fn an_accepted_request_becomes_a_contact_and_a_direct_chat() {
    let mut wire = Wire::start();
    let contact = wire.send(&Call::of(AOI, "PUT", ONE)).is(200);
    let chat = contact["room_id"].as_u64().unwrap();
    let seen_by_dung = wire.get(DUNG, &format!("/rooms/{chat}")).is(200);
    assert_eq!((&seen_by_dung["type"], &seen_by_dung["name"]), (&"direct".into(), &"森 葵".into()));
    keep!(wire, "put-incoming-request.200");
    assert_eq!(wire.get(AOI, "/incoming_requests").is(200).as_array().unwrap().len(), 1);
    assert_eq!(wire.get(DUNG, "/contacts").is(200)[0]["room_id"], chat);
    assert_eq!(wire.get(AOI, "/contacts").is(200).as_array().unwrap().len(), 3);
    wire.post(DUNG, &format!("/rooms/{chat}/messages"), &[("body", "chào")]).is(200);
    assert_eq!(wire.unread(AOI, chat), (1, 0));
}

#[test]
fn a_rejected_request_is_gone_without_a_trace() {
    let mut wire = Wire::start();
    assert_eq!(wire.send(&Call::of(AOI, "DELETE", ONE)).text(), "");
    keep!(wire, "delete-incoming-request.204");
    assert_eq!(wire.get(AOI, "/incoming_requests").is(200).as_array().unwrap().len(), 1);
    wire.get(DUNG, "/contacts").is(204);
}

#[test]
fn a_request_can_be_answered_once_and_only_by_the_one_who_is_asked() {
    for (verb, name) in [("PUT", "put-incoming-request.404"), ("DELETE", "delete-incoming-request.404")] {
        let mut wire = Wire::start();
        let before = wire.state();
        for (who, id) in [(AOI, "999"), (DUNG, "81"), (EVE, "81"), (AOI, "99999999999999999999")] {
            wire.send(&Call::of(who, verb, &format!("/incoming_requests/{id}"))).refusal(404);
        }
        wire.is_still(&before);
        keep!(wire, name);
        wire.send(&Call::of(AOI, verb, ONE));
        wire.send(&Call::of(AOI, verb, ONE)).refusal(404);
    }
}

#[test]
fn refuses() {
    refusals::without_a_token("incoming-requests");
}
