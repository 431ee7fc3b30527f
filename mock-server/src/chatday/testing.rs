//! What several tests of this module need.

use std::sync::Arc;

use contract::chatday::Profile;
use contract::reader::{Faults, Node};
use contract::time::UnixMillis;
use serde_json::Value;

use super::State;
use crate::core::{Defaults, Origin};

/// The moment at which every test world starts: 2027-01-15T08:00:00Z.
pub(crate) const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

/// The Chatday part of the default world.
pub(crate) fn default_world() -> Value {
    crate::core::description::default_description().unwrap()["chatday"].take()
}

/// Loads a description at a moment under a profile, given as TOML; else its faults as sentences.
pub(crate) fn load_at(world: &Value, now: UnixMillis, profile: &str) -> Result<State, Vec<String>> {
    load_as(world, profile, |defaults| Origin { seed: 1, world_id: "default", now, defaults })
}

/// The same with an origin of the test's own.
#[expect(clippy::field_reassign_with_default, reason = "says only what matters here, however many fields there are")]
pub(crate) fn load_as(
    world: &Value,
    profile: &str,
    origin: impl FnOnce(&Defaults) -> Origin<'_>,
) -> Result<State, Vec<String>> {
    let mut defaults = Defaults::default();
    defaults.chatday_profile = Arc::new(Profile::from_toml(profile).unwrap());
    let faults = Faults::default();
    let state = State::load(&Node::root(world, &faults), &origin(&defaults));
    let faults: Vec<String> = faults.into_sorted().iter().map(ToString::to_string).collect();
    if faults.is_empty() { Ok(state) } else { Err(faults) }
}
