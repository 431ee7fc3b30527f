//! Deliveries otherwise than they should be, on demand: rules that say what is done to the next ones. A rule counts the
//! deliveries that fit it, passes by the first `skip` of them, and is applied `times` times, each time with its
//! probability, which follows from the world's seed alone. All rules that fit are applied, in the order they were made.

use bytes::Bytes;
use contract::service::Service;
use contract::wire::json::to_ascii;
use serde_json::Value;

use super::chance::{self, draw};
use super::matching::glob;
use super::seal::{Mark, Seal};
use crate::control::mode::{DeliveryMode, DeliveryModeRule, Encoding, ModeReport};

/// Most rules at once.
pub const MOST_RULES: usize = 1000;

/// The rules of one world.
#[derive(Debug)]
pub struct Modes {
    seed: u64,
    rules: Vec<Rule>,
    last_id: u64,
}

#[derive(Debug)]
struct Rule {
    id: u64,
    rule: DeliveryModeRule,
    /// Deliveries that fitted.
    seen: u64,
    /// How often it was applied; a group that is held counts as one.
    applied: u64,
    /// Ids of what it holds.
    held: Vec<u64>,
}

/// What is done to one delivery.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Names of the modes.
    pub names: Vec<&'static str>,
    /// How it is signed.
    pub seal: Seal,
    /// How its JSON is written.
    pub encoding: Option<Encoding>,
    /// Further copies.
    pub copies: u32,
    /// Milliseconds of the world's time that it waits.
    pub delay_ms: i64,
    /// Whether the answer is not waited for.
    pub drop_answer: bool,
    /// The rule that holds it, and why, in words.
    pub holder: Option<(u64, String)>,
}

/// What a rule lets go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Released {
    /// In the order in which they are sent.
    pub ids: Vec<u64>,
    /// Whether they do not wait for each other.
    pub at_once: bool,
}

impl Modes {
    /// No rules.
    pub fn new(seed: u64) -> Self {
        Self { seed, rules: Vec::new(), last_id: 0 }
    }

    /// Adds a rule, and gives it as it stands; `None` where there are too many.
    pub fn add(&mut self, rule: DeliveryModeRule) -> Option<ModeReport> {
        if self.rules.len() >= MOST_RULES {
            return None;
        }
        self.last_id += 1;
        self.rules.push(Rule { id: self.last_id, rule, seen: 0, applied: 0, held: Vec::new() });
        self.rules.last().map(Rule::report)
    }

    /// All rules and how they stand.
    pub fn reports(&self) -> Vec<ModeReport> {
        self.rules.iter().map(Rule::report).collect()
    }

    /// Takes all rules away. What they held is let go, in the order in which it happened.
    pub fn clear(&mut self) -> Released {
        let mut ids: Vec<u64> = self.rules.drain(..).flat_map(|rule| rule.held).collect();
        ids.sort_unstable();
        Released { ids, at_once: false }
    }

    /// What is to be done to the next delivery.
    pub fn plan(&mut self, service: Service, event: &str, url: &str) -> Plan {
        let mut plan = Plan::default();
        let seed = self.seed;
        for rule in self.rules.iter_mut().filter(|rule| rule.fits(service, event, url)) {
            // What is held already cannot be held twice.
            let holds = rule.rule.mode.hold().is_some();
            if (holds && plan.holder.is_some()) || !rule.takes(seed) {
                continue;
            }
            plan.names.push(rule.rule.mode.name());
            match &rule.rule.mode {
                DeliveryMode::Duplicate { copies } => plan.copies += copies,
                DeliveryMode::Delay { ms } => plan.delay_ms = plan.delay_ms.saturating_add(*ms),
                DeliveryMode::DropAnswer => plan.drop_answer = true,
                DeliveryMode::Signature { header, query } => plan.seal = Seal { header: *header, query: *query },
                DeliveryMode::RotatedSecret => plan.seal = Seal { header: Mark::Bad, query: Mark::Bad },
                DeliveryMode::Encoding(encoding) => plan.encoding = Some(*encoding),
                DeliveryMode::Reorder { hold } | DeliveryMode::Burst { hold } => {
                    let (name, number) = (rule.rule.mode.name(), rule.held.len() + 1);
                    plan.holder = Some((rule.id, format!("held by the mode {name}: {number} of {hold}")));
                }
            }
        }
        plan
    }

    /// Notes what a rule holds; gives what it lets go once there is enough of it.
    pub fn hold(&mut self, rule: u64, delivery: u64) -> Option<Released> {
        let rule = self.rules.iter_mut().find(|found| found.id == rule)?;
        rule.held.push(delivery);
        if rule.held.len() < rule.rule.mode.hold()? {
            return None;
        }
        rule.applied += 1;
        let mut ids = std::mem::take(&mut rule.held);
        let at_once = matches!(rule.rule.mode, DeliveryMode::Burst { .. });
        if !at_once {
            ids.reverse();
        }
        Some(Released { ids, at_once })
    }
}

impl Rule {
    fn fits(&self, service: Service, event: &str, url: &str) -> bool {
        let matching = &self.rule.matching;
        matching.service.as_deref().is_none_or(|wanted| wanted == service.name())
            && matching.event.as_deref().is_none_or(|wanted| glob(wanted, event.as_bytes()))
            && matching.url.as_deref().is_none_or(|wanted| glob(wanted, url.as_bytes()))
    }

    /// Counts a delivery that fits, and says whether the rule is applied to it.
    fn takes(&mut self, seed: u64) -> bool {
        let number = self.seen;
        self.seen += 1;
        let spent = self.rule.times.is_some_and(|times| self.applied >= times);
        if number < self.rule.skip
            || spent
            || draw(seed, chance::Rule::Delivery(self.id), number) >= self.rule.probability
        {
            return false;
        }
        // A group counts once it is whole.
        self.applied += u64::from(self.rule.mode.hold().is_none());
        true
    }

    fn report(&self) -> ModeReport {
        ModeReport {
            id: self.id,
            rule: self.rule.clone(),
            seen: self.seen,
            applied: self.applied,
            held: self.held.clone(),
        }
    }
}

/// The same JSON, written otherwise; the bytes as they are where they are no JSON.
pub fn encoded(body: &Bytes, encoding: Encoding) -> Bytes {
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return body.clone() };
    let text = match encoding {
        Encoding::Pretty => serde_json::to_vec_pretty(&value).unwrap_or_default(),
        Encoding::Raw => serde_json::to_vec(&value).unwrap_or_default(),
        Encoding::Escaped => to_ascii(&value),
        // In the notation that the service itself has chosen.
        Encoding::Reordered if body.is_ascii() => to_ascii(&reordered(value)),
        Encoding::Reordered => serde_json::to_vec(&reordered(value)).unwrap_or_default(),
    };
    text.into()
}

fn reordered(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            Value::Object(map.into_iter().rev().map(|(key, value)| (key, reordered(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(reordered).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::mode::DeliveryMatch;

    fn rule(mode: DeliveryMode) -> DeliveryModeRule {
        DeliveryModeRule { matching: DeliveryMatch::default(), skip: 0, times: Some(1), probability: 1.0, mode }
    }

    fn plan(modes: &mut Modes) -> Vec<&'static str> {
        modes.plan(Service::Chatwork, "message_created", "http://127.0.0.1:9/hook").names
    }

    #[test]
    fn a_rule_skips_is_applied_and_is_spent() {
        let mut modes = Modes::new(1);
        modes.add(DeliveryModeRule { skip: 1, times: Some(2), ..rule(DeliveryMode::DropAnswer) }).unwrap();
        let names: Vec<usize> = (0..5).map(|_| plan(&mut modes).len()).collect();
        assert_eq!(names, [0, 1, 1, 0, 0]);
        let report = modes.reports().remove(0);
        assert_eq!((report.id, report.seen, report.applied), (1, 5, 2));
    }

    #[test]
    fn only_what_fits_is_counted() {
        let mut modes = Modes::new(1);
        let matching = |event: &str, url: &str| DeliveryMatch {
            service: Some("chatwork".to_owned()),
            event: Some(event.to_owned()),
            url: Some(url.to_owned()),
        };
        modes.add(DeliveryModeRule { matching: matching("mention_*", "*"), ..rule(DeliveryMode::DropAnswer) }).unwrap();
        modes.add(DeliveryModeRule { matching: matching("*", "*/hook"), ..rule(DeliveryMode::RotatedSecret) }).unwrap();
        assert_eq!(modes.plan(Service::Chatday, "mention_to_me", "http://a/hook").names, [""; 0]);
        assert_eq!(plan(&mut modes), ["rotated_secret"]);
        assert_eq!(modes.plan(Service::Chatwork, "mention_to_me", "http://a/hook").names, ["drop_answer"]);
    }

    #[test]
    fn a_group_is_let_go_when_it_is_whole_backwards_or_at_once() {
        for (mode, released) in [
            (DeliveryMode::Reorder { hold: 3 }, Released { ids: vec![9, 8, 7], at_once: false }),
            (DeliveryMode::Burst { hold: 3 }, Released { ids: vec![7, 8, 9], at_once: true }),
        ] {
            let mut modes = Modes::new(1);
            modes.add(rule(mode)).unwrap();
            let mut last = None;
            for (number, id) in [7, 8, 9].into_iter().enumerate() {
                let (holder, why) = modes.plan(Service::Chatwork, "e", "u").holder.unwrap();
                assert!(why.ends_with(&format!("{} of 3", number + 1)), "{why}");
                last = modes.hold(holder, id);
            }
            assert_eq!(last, Some(released));
            assert!(modes.plan(Service::Chatwork, "e", "u").holder.is_none(), "one group, then the rule is spent");
        }
    }

    #[test]
    fn what_is_still_held_is_let_go_with_the_rules() {
        let mut modes = Modes::new(1);
        modes.add(rule(DeliveryMode::Reorder { hold: 3 })).unwrap();
        let (holder, _) = modes.plan(Service::Chatwork, "e", "u").holder.unwrap();
        assert_eq!(modes.hold(holder, 4), None);
        assert_eq!(modes.clear(), Released { ids: vec![4], at_once: false });
        assert!(modes.reports().is_empty());
    }

    #[test]
    fn probability_follows_from_the_seed_alone() {
        let hits = |seed| {
            let mut modes = Modes::new(seed);
            let half = DeliveryModeRule { times: None, probability: 0.5, ..rule(DeliveryMode::DropAnswer) };
            modes.add(half).unwrap();
            (0..1000).map(|_| !plan(&mut modes).is_empty()).collect::<Vec<bool>>()
        };
        assert_eq!(hits(7), hits(7));
        assert_ne!(hits(7), hits(8));
        assert!((400..600).contains(&hits(7).iter().filter(|hit| **hit).count()));
    }

    #[test]
    fn every_encoding_is_the_same_json_in_other_bytes() {
        let body = Bytes::from_static(br#"{"b":{"text":"\u0e01 [To:1]","n":[1,2]},"a":0}"#);
        let value: Value = serde_json::from_slice(&body).unwrap();
        for (encoding, differs) in
            [(Encoding::Pretty, true), (Encoding::Raw, true), (Encoding::Escaped, false), (Encoding::Reordered, true)]
        {
            let written = encoded(&body, encoding);
            assert_eq!(serde_json::from_slice::<Value>(&written).unwrap(), value, "{encoding:?}");
            assert_eq!(written != body, differs, "{encoding:?}");
        }
        assert_eq!(encoded(&body, Encoding::Reordered), r#"{"a":0,"b":{"n":[1,2],"text":"\u0e01 [To:1]"}}"#);
        assert_eq!(encoded(&Bytes::from_static(b"no json"), Encoding::Pretty), "no json");
    }
}
