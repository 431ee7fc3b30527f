//! One long run in which nothing goes wrong: whatever somebody's own test suite sends is looked at.

use std::time::Duration;

use contract::service::Service;

use super::scenario::Scenario;
use crate::check::{Check, Plan};

/// The scenario that is played.
pub fn scenario(service: Service) -> &'static Scenario {
    match service {
        Service::Chatwork => &CHATWORK,
        Service::Chatday => &CHATDAY,
    }
}

/// Whether a check looks at whatever a client does, rather than at what it does in a story.
pub fn is_for(check: &Check) -> bool {
    matches!(check.plan, Plan::Scenarios { scenarios: [], .. })
}

static CHATWORK: Scenario = Scenario { name: "chatwork.observed", ..OBSERVED };
static CHATDAY: Scenario = Scenario { name: "chatday.observed", service: Service::Chatday, ..OBSERVED };

const OBSERVED: Scenario = Scenario {
    story: "Nothing goes wrong. Whatever the command sends is looked at.",
    time: Duration::from_secs(24 * 60 * 60),
    ..Scenario::blank(Service::Chatwork)
};
