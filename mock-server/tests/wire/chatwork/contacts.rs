//! `GET /contacts`.

use super::refusals;
use crate::common::{AOI, EVE, Wire};

#[test]
fn contacts_come_with_their_direct_chats() {
    let mut wire = Wire::start();
    let contacts = wire.get(AOI, "/contacts").is(200);
    let rooms: Vec<u64> = contacts.as_array().unwrap().iter().map(|item| item["room_id"].as_u64().unwrap()).collect();
    assert_eq!(rooms, [5003, 5013]);
    keep!(wire, "get-contacts.200");
}

#[test]
fn without_a_contact_there_is_no_content() {
    let mut wire = Wire::start();
    wire.get(EVE, "/contacts").is(204);
    keep!(wire, "get-contacts.204");
}

#[test]
fn refuses() {
    refusals::without_a_token("contacts");
}
