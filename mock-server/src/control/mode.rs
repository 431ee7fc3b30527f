//! The control API's values about deliveries otherwise than they should be.

use contract::reader::{Node, Object};
use contract::service::Service;
use serde_json::{Value, json};

use crate::core::clock::MOST_ADVANCE_MS;
use crate::core::seal::Mark;

/// Most deliveries that one rule holds, and most copies that it makes of one.
pub const MOST_OF_A_GROUP: i64 = 64;

/// What is done to some deliveries.
#[derive(Clone, Debug, PartialEq)]
pub struct DeliveryModeRule {
    /// Which deliveries.
    pub matching: DeliveryMatch,
    /// So many of them are passed by first.
    pub skip: u64,
    /// It is applied so many times; `None` is always. Of `reorder` and `burst`, so many groups.
    pub times: Option<u64>,
    /// How likely it is applied, from 0 to 1.
    pub probability: f64,
    /// What is done.
    pub mode: DeliveryMode,
}

/// Which deliveries are meant. A field that is not given allows anything; `*` in `event` and `url` stands for any run of
/// characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryMatch {
    /// `chatwork` or `chatday`.
    pub service: Option<String>,
    /// `message_created`, `message_updated`, `mention_to_me`; `message`, `verification`.
    pub event: Option<String>,
    /// The URL of the setting.
    pub url: Option<String>,
}

/// What is done to a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryMode {
    /// It is sent again so many times, with the same bytes.
    Duplicate {
        /// Further copies, 1 to 64.
        copies: u32,
    },
    /// So many are held, then sent in reverse order.
    Reorder {
        /// 2 to 64.
        hold: usize,
    },
    /// It waits for so long on the world's clock.
    Delay {
        /// Milliseconds.
        ms: i64,
    },
    /// So many are held, then sent all at once, each on a connection of its own.
    Burst {
        /// 2 to 64.
        hold: usize,
    },
    /// The connection is closed before the answer is read: the receiver has the event, the sender does not know.
    DropAnswer,
    /// The two places of a signature do not agree. Chatday has the header only.
    Signature {
        /// The header.
        header: Mark,
        /// The copy in the query.
        query: Mark,
    },
    /// It is signed with a secret that is not the setting's.
    RotatedSecret,
    /// Its JSON is written otherwise, and signed as it is written.
    Encoding(Encoding),
}

/// Another way to write the same JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// With line breaks and indents.
    Pretty,
    /// Compact, with characters beyond ASCII as they are.
    Raw,
    /// Compact, with characters beyond ASCII as `\u` escapes.
    Escaped,
    /// With the keys of every object in reverse order.
    Reordered,
}

impl Encoding {
    const WORDS: [(&'static str, Self); 4] =
        [("pretty", Self::Pretty), ("raw", Self::Raw), ("escaped", Self::Escaped), ("reordered", Self::Reordered)];
}

/// A rule and how it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct ModeReport {
    /// Counts up from 1 in each world.
    pub id: u64,
    /// The rule.
    pub rule: DeliveryModeRule,
    /// Deliveries that fitted it.
    pub seen: u64,
    /// How often it was applied.
    pub applied: u64,
    /// Ids of the deliveries that it holds.
    pub held: Vec<u64>,
}

impl ModeReport {
    /// As the control API prints it.
    pub fn to_value(&self) -> Value {
        let mut value = self.rule.to_value();
        if let Some(map) = value.as_object_mut() {
            map.insert("id".to_owned(), json!(self.id));
            map.insert("seen".to_owned(), json!(self.seen));
            map.insert("applied".to_owned(), json!(self.applied));
            map.insert("held".to_owned(), json!(self.held));
        }
        value
    }
}

impl DeliveryMode {
    /// The word of the control API.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Duplicate { .. } => "duplicate",
            Self::Reorder { .. } => "reorder",
            Self::Delay { .. } => "delay",
            Self::Burst { .. } => "burst",
            Self::DropAnswer => "drop_answer",
            Self::Signature { .. } => "signature",
            Self::RotatedSecret => "rotated_secret",
            Self::Encoding(_) => "encoding",
        }
    }

    /// How many deliveries it holds before it lets them go.
    pub fn hold(&self) -> Option<usize> {
        match self {
            Self::Reorder { hold } | Self::Burst { hold } => Some(*hold),
            _ => None,
        }
    }

    /// As `POST /_mock/deliveries/modes` takes it.
    pub fn to_value(&self) -> Value {
        fn word<T: PartialEq>(words: &[(&'static str, T)], meaning: &T) -> Value {
            json!(words.iter().find(|(_, found)| found == meaning).map(|(word, _)| word))
        }
        match self {
            Self::Duplicate { copies } => json!({"duplicate": {"copies": copies}}),
            Self::Reorder { hold } => json!({"reorder": {"hold": hold}}),
            Self::Delay { ms } => json!({"delay": {"ms": ms}}),
            Self::Burst { hold } => json!({"burst": {"hold": hold}}),
            Self::DropAnswer => json!({"drop_answer": true}),
            Self::Signature { header, query } => {
                json!({"signature": {"header": word(&Mark::WORDS, header), "query": word(&Mark::WORDS, query)}})
            }
            Self::RotatedSecret => json!({"rotated_secret": true}),
            Self::Encoding(encoding) => json!({"encoding": word(&Encoding::WORDS, encoding)}),
        }
    }

    fn load(node: &Node<'_>) -> Option<Self> {
        let object = node.object();
        let group = |key, least| {
            let object = object.optional(key)?.object();
            let number = match object.optional("copies").filter(|_| key == "duplicate") {
                Some(node) => node.integer(least, MOST_OF_A_GROUP),
                None if key == "duplicate" => Some(1),
                None => object.required("hold").and_then(|node| node.integer(least, MOST_OF_A_GROUP)),
            };
            object.finish();
            Some(number.and_then(|number| usize::try_from(number).ok()))
        };
        let found = [
            group("duplicate", 1)
                .map(|copies| copies.map(|copies| Self::Duplicate { copies: u32::try_from(copies).unwrap_or(1) })),
            group("reorder", 2).map(|hold| hold.map(|hold| Self::Reorder { hold })),
            object.optional("delay").map(|node| {
                let object = node.object();
                let ms = object.integer("ms", 0, MOST_ADVANCE_MS);
                object.finish();
                Some(Self::Delay { ms })
            }),
            group("burst", 2).map(|hold| hold.map(|hold| Self::Burst { hold })),
            only_true(&object, "drop_answer").then_some(Some(Self::DropAnswer)),
            object.optional("signature").map(|node| {
                let object = node.object();
                let mark = |key| object.optional(key).and_then(|node| node.one_of(&Mark::WORDS)).unwrap_or_default();
                let (header, query) = (mark("header"), mark("query"));
                object.finish();
                Some(Self::Signature { header, query })
            }),
            only_true(&object, "rotated_secret").then_some(Some(Self::RotatedSecret)),
            object.optional("encoding").map(|node| node.one_of(&Encoding::WORDS).map(Self::Encoding)),
        ];
        object.finish();
        if found.iter().flatten().count() > 1 || node.value().as_object().is_some_and(|map| map.len() > 1) {
            node.fault("one rule has one mode: make a rule for each");
        } else if node.value().as_object().is_some_and(serde_json::Map::is_empty) {
            node.fault(
                "no mode is given: expected one of duplicate, reorder, delay, burst, drop_answer, signature, \
                 rotated_secret, encoding",
            );
        }
        found.into_iter().flatten().flatten().next()
    }
}

impl DeliveryModeRule {
    /// Reads a rule and notes every fault.
    pub fn load(node: &Node<'_>) -> Option<Self> {
        let object = node.object();
        let matching = object.optional("match").map(|node| DeliveryMatch::load(&node)).unwrap_or_default();
        let count = |key, least| object.optional_integer(key, least, i64::MAX).map(i64::cast_unsigned);
        let skip = count("skip", 0).unwrap_or(0);
        let times = match object.optional("times") {
            Some(node) if node.value().is_null() => None,
            Some(_) => count("times", 1),
            None => Some(1),
        };
        let probability = object.optional("probability").map_or(Some(1.0), |node| {
            let number = node.value().as_f64().filter(|number| (0.0..=1.0).contains(number));
            if number.is_none() {
                node.expected("a number from 0 to 1");
            }
            number
        });
        let mode = object.required("mode").and_then(|node| DeliveryMode::load(&node));
        object.finish();
        Some(Self { matching, skip, times, probability: probability?, mode: mode? })
    }

    /// As `POST /_mock/deliveries/modes` takes it.
    pub fn to_value(&self) -> Value {
        let texts = [("service", &self.matching.service), ("event", &self.matching.event), ("url", &self.matching.url)];
        let given = texts.into_iter().filter_map(|(key, text)| Some((key.to_owned(), json!(text.as_deref()?))));
        json!({
            "match": Value::Object(given.collect()),
            "skip": self.skip,
            "times": self.times,
            "probability": self.probability,
            "mode": self.mode.to_value(),
        })
    }

    /// A rule that is applied to the next delivery.
    pub fn once(mode: DeliveryMode) -> Self {
        Self { matching: DeliveryMatch::default(), skip: 0, times: Some(1), probability: 1.0, mode }
    }
}

impl DeliveryMatch {
    fn load(node: &Node<'_>) -> Self {
        let object = node.object();
        let services = Service::ALL.map(|service| (service.name(), service));
        let service = object.optional("service").and_then(|word| word.one_of(&services));
        let service = service.map(|service| service.name().to_owned());
        let found = Self { service, event: object.optional_text("event"), url: object.optional_text("url") };
        object.finish();
        found
    }
}

fn only_true(object: &Object<'_>, key: &'static str) -> bool {
    match object.optional(key) {
        Some(node) if node.value() != &Value::Bool(true) => {
            node.expected("true");
            false
        }
        node => node.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::reader::Faults;

    fn load(value: &Value) -> (Option<DeliveryModeRule>, Vec<String>) {
        let faults = Faults::default();
        let rule = DeliveryModeRule::load(&Node::root(value, &faults));
        (rule, faults.into_sorted().iter().map(ToString::to_string).collect())
    }

    #[test]
    fn every_mode_is_read_as_it_is_written() {
        for mode in [
            DeliveryMode::Duplicate { copies: 2 },
            DeliveryMode::Reorder { hold: 3 },
            DeliveryMode::Delay { ms: 500 },
            DeliveryMode::Burst { hold: 64 },
            DeliveryMode::DropAnswer,
            DeliveryMode::Signature { header: Mark::Good, query: Mark::Absent },
            DeliveryMode::RotatedSecret,
            DeliveryMode::Encoding(Encoding::Reordered),
        ] {
            let rule = DeliveryModeRule {
                matching: DeliveryMatch { event: Some("mention_*".to_owned()), ..DeliveryMatch::default() },
                skip: 1,
                times: None,
                probability: 0.25,
                mode,
            };
            assert_eq!(load(&rule.to_value()), (Some(rule), vec![]));
        }
        let shortest = load(&json!({"mode": {"duplicate": {}}}));
        assert_eq!(shortest, (Some(DeliveryModeRule::once(DeliveryMode::Duplicate { copies: 1 })), vec![]));
    }

    #[test]
    fn every_fault_of_a_rule_is_named() {
        let (_, faults) = load(&json!({
            "match": {"service": "slack"}, "skip": -1, "times": 0, "probability": 2,
            "mode": {"reorder": {"hold": 1}, "signature": {"header": "wrong", "querry": "bad"}},
        }));
        assert_eq!(
            faults,
            [
                "/match/service: expected one of chatwork, chatday, found the text \"slack\"",
                "/mode: one rule has one mode: make a rule for each",
                "/mode/reorder/hold: expected an integer from 2 to 64, found the number 1",
                "/mode/signature/header: expected one of good, bad, absent, found the text \"wrong\"",
                "/mode/signature/querry: unknown key 'querry': did you mean 'query'?",
                "/probability: expected a number from 0 to 1, found the number 2",
                "/skip: expected an integer of 0 or more, found the number -1",
                "/times: expected an integer of 1 or more, found the number 0",
            ]
        );
        assert!(load(&json!({"mode": {}})).1[0].starts_with("/mode: no mode is given"));
        assert!(load(&json!({})).1[0].contains("'mode' is missing"));
    }
}
