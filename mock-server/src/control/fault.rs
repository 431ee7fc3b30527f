//! Fault rules as the control API and the library have them: which requests, how often, and what happens to them.

use std::fmt;
use std::time::Duration;

use contract::reader::Node;
use contract::service::Service;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Match;
use crate::core::capture;

mod action;

pub use action::{
    CannedAnswer, CannedBody, Deed, FaultAction, MOST_DELAY_MS, MOST_FAULT_BYTES, MOST_PAUSE_MS, RateLimited, Scope,
};

/// A fault rule: requests that match meet its action.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaultRule {
    /// Which requests.
    #[serde(rename = "match", default)]
    pub matching: FaultMatch,
    /// How many of them pass first; 0 unless said.
    #[serde(default)]
    pub skip: u64,
    /// How many the rule is applied to, 1 or more; 1 unless said, `null` for all.
    #[serde(default = "once")]
    pub times: Option<u64>,
    /// How likely it is applied to each, from 0 to 1; 1 unless said. Only requests that it was applied to count for
    /// `times`. Draws follow from the world's seed: the same requests meet the same faults again.
    #[serde(default = "certain")]
    pub probability: f64,
    /// What happens to them.
    pub action: FaultAction,
}

/// Which requests a fault rule means. A field that is not given allows anything; `status` is not known yet.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FaultMatch {
    /// What is asked of the request, as for an expectation.
    #[serde(flatten)]
    pub request: Match,
    /// Who calls: an API token as the client sends it, or a `token_id` such as `chatwork/1001` or `chatday/*`. A token is
    /// never shown again: reports have the `token_id` of its owner, or `[masked]` where it has none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub token: Option<String>,
}

/// A rule with what came of it so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaultReport {
    /// Its id: `f1`. Entries of the journal name it as their `fault`.
    pub id: String,
    /// The rule, without secrets.
    #[serde(flatten)]
    pub rule: FaultRule,
    /// How many requests matched, those that it let pass included.
    pub matched: u64,
    /// How many it was applied to.
    pub applied: u64,
}

/// All rules of a world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaultList {
    /// In the order in which they are asked.
    pub faults: Vec<FaultReport>,
}

impl FaultRule {
    /// The next request meets this action.
    pub fn new(action: FaultAction) -> Self {
        Self { matching: FaultMatch::default(), skip: 0, times: once(), probability: certain(), action }
    }

    /// Only requests like these.
    #[must_use]
    pub fn on(mut self, requests: Match) -> Self {
        self.matching.request = requests;
        self
    }

    /// Only requests of this caller: an API token, or a `token_id` such as `chatwork/1001`.
    #[must_use]
    pub fn of(mut self, token: impl Into<String>) -> Self {
        self.matching.token = Some(token.into());
        self
    }

    /// Lets the first so many pass.
    #[must_use]
    pub fn skip(mut self, count: u64) -> Self {
        self.skip = count;
        self
    }

    /// As often as this.
    #[must_use]
    pub fn times(mut self, count: u64) -> Self {
        self.times = Some(count);
        self
    }

    /// Every time.
    #[must_use]
    pub fn always(mut self) -> Self {
        self.times = None;
        self
    }

    /// With this likelihood, from 0 to 1.
    #[must_use]
    pub fn probability(mut self, probability: f64) -> Self {
        self.probability = probability;
        self
    }

    /// Holds the answer back, or whatever stands in its place, beside the action.
    #[must_use]
    pub fn delayed(mut self, by: Duration) -> Self {
        self.action.delay_ms = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self
    }

    /// Reads a rule and notes every fault.
    pub fn load(node: &Node<'_>) -> Self {
        let object = node.object();
        let count = |node: &Node<'_>, least| node.integer(least, i64::MAX).and_then(|count| u64::try_from(count).ok());
        let matching = object.optional("match").map(|node| FaultMatch::load(&node)).unwrap_or_default();
        let skip = object.optional("skip").and_then(|node| count(&node, 0)).unwrap_or(0);
        let times = object.optional("times").map_or(once(), |node| match node.value() {
            Value::Null => None,
            value if value.as_u64().is_some_and(|count| count > 0) => value.as_u64(),
            _ => {
                node.expected("an integer of 1 or more, or null for every time");
                once()
            }
        });
        let probability = object.optional("probability").map_or(certain(), |node| {
            let probability = node.value().as_f64().filter(|number| (0.0..=1.0).contains(number));
            probability.unwrap_or_else(|| {
                node.expected("a number from 0 to 1");
                certain()
            })
        });
        let action = object.required("action").map_or_else(FaultAction::default, |node| FaultAction::load(&node));
        object.finish();
        let rule = Self { matching, skip, times, probability, action };
        rule.check(node);
        rule
    }

    /// What two parts of a rule say against each other.
    fn check(&self, node: &Node<'_>) {
        let is_chatday = self.matching.request.service.as_deref() == Some(Service::Chatday.name());
        if let Deed::RateLimit(RateLimited { scope: Some(_), .. }) = &self.action.deed
            && is_chatday
        {
            node.object().fault_at("action", "rate_limit: Chatday has one limit and no scopes: leave 'scope' out");
        }
    }
}

impl FaultMatch {
    /// Reads a match and notes every fault.
    fn load(node: &Node<'_>) -> Self {
        let object = node.object();
        let token = object.optional_text("token");
        if token.as_deref() == Some("") {
            object.fault_at("token", "the token is empty: leave the key out to mean every caller");
        }
        let request = Match::fields(&object);
        if request.status.is_some() {
            object.fault_at(
                "status",
                "a fault is decided before there is a status: match on service, method, path, operation, token, query, \
                 headers, form or body",
            );
        }
        if request.path.as_deref().is_some_and(|path| path.starts_with(CONTROL)) {
            object.fault_at(
                "path",
                "faults never meet the control API, so that they can always be removed: give a path below /v2, \
                 /chatday or /download",
            );
        }
        for (name, value) in &request.headers {
            if capture::hides(name) && value.bytes().any(|byte| byte != b'*') {
                object.fault_at(
                    "headers",
                    format!(
                        "the value of '{name}' is a secret and is masked before rules see it: use 'token' for an \
                             API token, or '*' for any value"
                    ),
                );
            }
        }
        object.finish();
        Self { request, token }
    }

    /// The token, where a token and no `token_id` is asked for.
    pub(crate) fn secret(&self) -> Option<&str> {
        self.token.as_deref().filter(|token| !is_token_id(token))
    }

    /// The `token_id`, where one is asked for.
    pub(crate) fn token_id(&self) -> Option<&str> {
        self.token.as_deref().filter(|token| is_token_id(token))
    }
}

impl fmt::Debug for FaultMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let token = self.token_id().or(self.secret().map(|_| capture::MASK));
        f.debug_struct("FaultMatch").field("request", &self.request).field("token", &token).finish()
    }
}

/// Whether a text names a caller instead of being its token. No token holds a slash in the tokens' own alphabets but
/// Chatday's, whose tokens do not begin with a service and a slash.
fn is_token_id(text: &str) -> bool {
    Service::ALL.iter().any(|service| text.strip_prefix(service.name()).is_some_and(|rest| rest.starts_with('/')))
}

fn once() -> Option<u64> {
    Some(1)
}

fn certain() -> f64 {
    1.0
}

/// Where the control API is, whatever is mounted beside it.
const CONTROL: &str = "/_mock";

#[cfg(test)]
mod tests {
    use super::*;
    use contract::reader::Faults;
    use serde_json::json;

    fn load(value: &Value) -> (FaultRule, Vec<String>) {
        let faults = Faults::default();
        let rule = FaultRule::load(&Node::root(value, &faults));
        (rule, faults.into_sorted().iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_rule_that_says_only_its_action_meets_the_next_request_whatever_it_is() {
        let (rule, faults) = load(&json!({"action": {"reset": true}}));
        assert_eq!((rule, faults), (FaultRule::new(FaultAction::reset()), vec![]));
        let (rule, faults) = load(&json!({"times": null, "action": {"stall": true}}));
        assert_eq!((rule.times, faults), (None, vec![]));
    }

    #[test]
    fn every_fault_of_a_rule_is_named_with_its_place() {
        let value = json!({
            "match": {"service": "slack", "path": "/_mock/*", "status": 200, "tokn": "x", "token": "",
                "headers": {"Authorization": "Bearer abc", "x-chatworktoken": "*"}},
            "skip": -1, "times": 0, "probability": 1.5, "actions": 1,
        });
        assert_eq!(
            load(&value).1,
            [
                "/: the key 'action' is missing",
                "/actions: unknown key 'actions': did you mean 'action'?",
                "/match/headers: the value of 'Authorization' is a secret and is masked before rules see it: use \
                 'token' for an API token, or '*' for any value",
                "/match/path: faults never meet the control API, so that they can always be removed: give a path below \
                 /v2, /chatday or /download",
                "/match/service: expected one of chatwork, chatday, found the text \"slack\"",
                "/match/status: a fault is decided before there is a status: match on service, method, path, \
                 operation, token, query, headers, form or body",
                "/match/token: the token is empty: leave the key out to mean every caller",
                "/match/tokn: unknown key 'tokn': did you mean 'token'?",
                "/probability: expected a number from 0 to 1, found the number 1.5",
                "/skip: expected an integer of 0 or more, found the number -1",
                "/times: expected an integer of 1 or more, or null for every time, found the number 0",
            ]
        );
        let scoped = json!({"match": {"service": "chatday"}, "action": {"rate_limit": {"scope": "room"}}});
        assert!(load(&scoped).1[0].contains("Chatday has one limit"), "{:?}", load(&scoped).1);
    }

    #[test]
    fn what_the_library_writes_the_server_reads() {
        let on = Match { path: Some("/v2/*".into()), ..Match::default() };
        let rule = FaultRule::new(FaultAction::drip(1, Duration::from_millis(5)))
            .on(on)
            .of("chatwork/1001")
            .skip(2)
            .always()
            .probability(0.25)
            .delayed(Duration::from_secs(1));
        let written = serde_json::to_value(&rule).unwrap();
        assert_eq!(load(&written), (rule.clone(), vec![]));
        let report = FaultReport { id: "f1".into(), rule, matched: 3, applied: 1 };
        let read: FaultReport = serde_json::from_value(serde_json::to_value(&report).unwrap()).unwrap();
        assert_eq!(read, report);
    }

    #[test]
    fn a_token_is_a_token_id_only_where_it_begins_with_a_service() {
        let of = |token: &str| FaultMatch { token: Some(token.into()), ..FaultMatch::default() };
        for id in ["chatwork/1001", "chatwork/*", "chatday/shop"] {
            assert_eq!((of(id).token_id(), of(id).secret()), (Some(id), None));
        }
        for token in ["chatwork", "chatwork-token", "a/b", "chatdays/x"] {
            assert_eq!((of(token).token_id(), of(token).secret()), (None, Some(token)));
        }
        assert!(!format!("{:?}", of("mock-token-for-somebody")).contains("mock-token"));
    }
}
