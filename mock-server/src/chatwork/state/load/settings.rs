//! Reads and changes what a world decides about the service itself.

use contract::reader::{Node, Object};
use serde_json::{Value, json};

use super::read::{named, words};
use crate::chatwork::state::State;
use crate::chatwork::state::settings::{Edition, Limit, Limits, Plan, Settings, TokenError, WebhookSettings};

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
        let webhooks = object.optional("webhooks").map(|node| webhooks(node.object(), self.webhooks));
        object.finish();
        Self {
            edition: edition.unwrap_or(self.edition),
            token_error: token_error.unwrap_or(self.token_error),
            plan: plan.unwrap_or(self.plan),
            limits: limits.unwrap_or(self.limits),
            webhooks: webhooks.unwrap_or(self.webhooks),
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
            "webhooks": {
                "timeout_ms": self.webhooks.timeout_ms,
                "connect_timeout_ms": self.webhooks.connect_timeout_ms,
                "switch_off_after": self.webhooks.switch_off_after,
            },
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

fn webhooks(object: Object<'_>, known: WebhookSettings) -> WebhookSettings {
    let millis = |key| object.optional_integer(key, 1, MOST_TIMEOUT_MS).map(i64::cast_unsigned);
    let switch_off_after = match object.optional("switch_off_after") {
        None => known.switch_off_after,
        Some(node) if node.value().is_null() => None,
        Some(node) => node.integer(1, i64::from(u32::MAX)).and_then(|count| u32::try_from(count).ok()),
    };
    let read = WebhookSettings {
        timeout_ms: millis("timeout_ms").unwrap_or(known.timeout_ms),
        connect_timeout_ms: millis("connect_timeout_ms").unwrap_or(known.connect_timeout_ms),
        switch_off_after,
    };
    object.finish();
    read
}

/// Longest time-out of a delivery: 60 s.
const MOST_TIMEOUT_MS: i64 = 60_000;
