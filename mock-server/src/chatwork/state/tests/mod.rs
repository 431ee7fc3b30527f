//! Tests of the state as a whole; what concerns one file alone stands at its bottom.

use contract::reader::{Faults, Node};
use contract::time::UnixMillis;
use serde_json::{Value, json};

use super::{AccountId, RoomId, State};
use crate::core::{Defaults, Origin};

mod description;
mod fetching;
mod members;
mod model;
mod operations;
mod reading;
mod webhooks;

/// The start of the worlds in these tests.
const START: UnixMillis = UnixMillis::from_seconds(1_760_000_000);
const AOI: AccountId = AccountId(1);
const BEN: AccountId = AccountId(2);
const CHIE: AccountId = AccountId(3);
const DUNG: AccountId = AccountId(4);
const GROUP: RoomId = RoomId(10);
const DIRECT: RoomId = RoomId(11);

/// Two organizations with two people each. Aoi (admin) and Ben share a group; Aoi and Chie are contacts.
fn description() -> Value {
    json!({
        "organizations": [{"id": 1, "name": "例示製作所"}, {"id": 2, "name": "บริษัทตัวอย่าง"}],
        "accounts": [
            {"id": 1, "name": "森 葵"}, {"id": 2, "name": "Ben"},
            {"id": 3, "name": "ชิเอะ", "organization_id": 2}, {"id": 4, "name": "Dũng", "organization_id": 2}
        ],
        "rooms": [{"id": 10, "name": "企画", "members": [1, 2]}, {"id": 11, "kind": "direct", "members": [1, 3]}],
    })
}

fn load(value: &Value) -> Result<State, Vec<String>> {
    let faults = Faults::default();
    let defaults = Defaults::default();
    let origin = Origin { seed: 7, world_id: "default", now: START, defaults: &defaults };
    let state = State::load(&Node::root(value, &faults), &origin);
    let faults: Vec<String> = faults.into_sorted().iter().map(ToString::to_string).collect();
    if faults.is_empty() { Ok(state) } else { Err(faults) }
}

fn world() -> State {
    load(&description()).unwrap()
}

/// So many seconds after the start.
fn after(seconds: i64) -> UnixMillis {
    START.plus_millis(seconds * 1000)
}

/// Unread messages and mentions of somebody in a room.
fn counts(state: &State, account: AccountId, room: RoomId) -> (usize, u32) {
    let view = state.room_view(account, room).unwrap();
    (view.unread_num, view.mention_num)
}
