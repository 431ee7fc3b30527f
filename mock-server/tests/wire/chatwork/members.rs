//! `/rooms/{room_id}/members`.

use serde_json::json;

use super::refusals;
use crate::common::{AOI, BEN, CHAI, Wire};

const MEMBERS: &str = "/rooms/5001/members";

#[test]
fn members_are_listed_with_their_roles() {
    let mut wire = Wire::start();
    let members = wire.get(CHAI, MEMBERS).is(200);
    let roles: Vec<&str> = members.as_array().unwrap().iter().map(|member| member["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["admin", "member", "readonly"]);
    keep!(wire, "get-members.200");
}

#[test]
fn a_new_list_replaces_the_old_one() {
    let mut wire = Wire::start();
    let roles = wire.put(AOI, MEMBERS, &[("members_admin_ids", "1001, 1002"), ("members_readonly_ids", "")]).is(200);
    assert_eq!(roles, json!({"admin": [1001, 1002], "member": [], "readonly": []}));
    assert_eq!(wire.get(BEN, "/rooms/5001").is(200)["role"], "admin");
    wire.get(CHAI, "/rooms/5001").refusal(403);
    keep!(wire, "put-members.200");
}

#[test]
fn an_admin_can_make_oneself_less() {
    let mut wire = Wire::start();
    let form = [("members_admin_ids", "1002"), ("members_member_ids", "1003"), ("members_readonly_ids", "1001")];
    wire.put(AOI, MEMBERS, &form).is(200);
    wire.put(AOI, MEMBERS, &form).refusal(403);
    // Chai is no contact of Ben's, nor a colleague; but already a member.
    wire.put(BEN, MEMBERS, &[("members_admin_ids", "1002,1003")]).is(200);
    wire.get(AOI, MEMBERS).refusal(403);
}

#[test]
fn only_admins_choose_members_and_only_among_people_they_know() {
    let mut wire = Wire::start();
    let before = wire.state();
    for who in [BEN, CHAI] {
        wire.put(who, MEMBERS, &[("members_admin_ids", "1001")]).refusal(403);
    }
    wire.put(AOI, "/rooms/5003/members", &[("members_admin_ids", "1001")]).refusal(403);
    keep!(wire, "put-members.403-not-admin");
    for stranger in ["1004", "424242"] {
        wire.put(AOI, MEMBERS, &[("members_admin_ids", "1001"), ("members_member_ids", stranger)]).refusal(403);
    }
    keep!(wire, "put-members.403-not-a-contact");
    wire.put(AOI, MEMBERS, &[("members_admin_ids", "1001,1002"), ("members_readonly_ids", "1002")]).refusal(400);
    keep!(wire, "put-members.400-two-roles");
    wire.is_still(&before);
}

#[test]
fn refuses() {
    refusals::without_a_token("members");
    refusals::for_strangers("members");
    refusals::for_parameters("members");
}
