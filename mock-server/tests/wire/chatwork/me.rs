//! `GET /me`.

use super::refusals;
use crate::common::{AOI, Call, EVE, Wire};

#[test]
fn the_profile_has_all_fields_and_unset_ones_are_empty() {
    let mut wire = Wire::start();
    assert_eq!(wire.get(AOI, "/me").is(200).as_object().unwrap().len(), 19);
    let eve = wire.get(EVE, "/me").is(200);
    assert_eq!((&eve["title"], &eve["login_mail"]), (&"".into(), &"account-1005@example.com".into()));
    keep!(wire, "get-me.200");
}

#[test]
fn a_verb_that_the_path_does_not_have_is_no_endpoint() {
    let mut wire = Wire::start();
    for verb in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        let told = wire.send(&Call::of(AOI, verb, "/me")).refusal(400);
        assert_eq!(told, "Invalid Endpoint or HTTP method");
    }
    keep!(wire, "get-me.400-verb");
}

#[test]
fn refuses() {
    refusals::without_a_token("me");
}
