//! What happens to clients of Chatday.

use contract::service::Service;

use crate::client::scenario::Scenario;

/// In the order in which they are listed.
pub const SCENARIOS: &[Scenario] = &[Scenario {
    name: "chatday.all-is-well",
    story: "Nothing goes wrong. A good client does what it is for, shows its token to nobody else, and ends with status 0.",
    ..Scenario::blank(Service::Chatday)
}];
