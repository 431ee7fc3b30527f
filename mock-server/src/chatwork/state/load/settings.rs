//! Reads and changes what a world decides about the service itself.

use contract::reader::{Node, Object};
use serde_json::{Value, json};

use super::read::{named, words};
use crate::chatwork::state::State;
use crate::chatwork::state::settings::{Edition, Limit, Limits, Plan, Settings, TokenError};

impl State {
    /// The settings, in the form that a description has.
    pub fn settings(&self) -> Value {
        self.settings.dump()
    }

    /// Changes the settings that are given; the others stay. Faults are noted in the node's list.
    pub fn set_settings(&mut self, node: &Node<'_>) {
        self.settings = self.settings.changed(node);
    }
}

impl Settings {
    /// These settings with those that a description gives in their place.
    pub(super) fn changed(self, node: &Node<'_>) -> Self {
        let object = node.object();
        let edition = named(&object, "edition", &words(Edition::ALL, Edition::name));
        let token_error = named(&object, "token_error", &words(TokenError::ALL, TokenError::text));
        let plan = named(&object, "plan", &words(Plan::ALL, Plan::name));
        let limits = object.optional("limits").map(|node| limits(node.object(), self.limits));
        object.finish();
        Self {
            edition: edition.unwrap_or(self.edition),
            token_error: token_error.unwrap_or(self.token_error),
            plan: plan.unwrap_or(self.plan),
            limits: limits.unwrap_or(self.limits),
        }
    }

    /// In the form that a description has.
    pub(in crate::chatwork::state) fn dump(self) -> Value {
        let limit = |limit: Option<Limit>| {
            limit.map(|Limit { requests, seconds }| json!({"requests": requests, "seconds": seconds}))
        };
        json!({
            "edition": self.edition.name(),
            "token_error": self.token_error.text(),
            "plan": self.plan.name(),
            "limits": {"account": limit(self.limits.account), "room": limit(self.limits.room)},
        })
    }
}

fn limits(object: Object<'_>, known: Limits) -> Limits {
    let one = |key: &'static str, otherwise: Option<Limit>| match object.optional(key) {
        None => otherwise,
        Some(node) if node.value().is_null() => None,
        Some(node) => {
            let limit = node.object();
            let number = |key| u32::try_from(limit.integer(key, 1, i64::from(u32::MAX))).unwrap_or(1);
            let read = Limit { requests: number("requests"), seconds: number("seconds") };
            limit.finish();
            Some(read)
        }
    };
    let limits = Limits { account: one("account", known.account), room: one("room", known.room) };
    object.finish();
    limits
}
