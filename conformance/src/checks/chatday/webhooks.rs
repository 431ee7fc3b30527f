//! Real events: acknowledged as the service asks, whatever is written in them.

use bytes::Bytes;
use contract::chatday::clauses::{
    MESSAGE_TYPES, MESSAGE_UNKNOWN_TYPE_RECEIVED, WEBHOOK_ANSWER, WEBHOOK_BODY, WEBHOOK_MEDIA_TYPE, WEBHOOK_OPEN_ENDED,
};
use contract::chatday::webhook::media_type_fault;
use contract::chatday::{Message, Profile};
use contract::service::Service;
use serde_json::{Value as Json, json};

use crate::ask::case::{Case, Trial};
use crate::ask::craft::chatday::{body, body_json, signed};
use crate::ask::craft::{Craft, text};
use crate::check::{Area, Check, Level, Plan};
use crate::checks::answer::{acknowledged, acknowledged_as_plain_ones_are};
use crate::run::verdict::{Deviation, Hint, Judgement};

/// The checks of this file, in report order.
pub const CHECKS: &[Check] = &[
    Check {
        id: "chatday.webhooks.valid-event-is-acknowledged",
        area: Area::Acknowledgement,
        level: Level::Must,
        title: "a valid text event is answered with status 200 and {\"status\":\"SUCCESS\"}",
        rationale: "Chatday takes every other answer for a failure: the end-user's message counts as undelivered, and the \
                    same event comes again.",
        hint: "Answer 200 with the JSON object {\"status\":\"SUCCESS\"}, written exactly so; more keys are fine. A \
               401 here usually means that the receiver has another Chatday-Signature-Token than this run.",
        clauses: &[&WEBHOOK_ANSWER],
        plan: Plan::Examples { cases: plain_text, judge: acknowledged },
        ..Check::blank(Service::Chatday)
    },
    Check {
        id: "chatday.webhooks.everyday-text-is-acknowledged",
        area: Area::Acknowledgement,
        level: Level::Must,
        title: "texts in Thai, Japanese and Vietnamese, with emoji and several lines, are acknowledged",
        rationale: "This is what end-users of the widget write. A receiver that decodes the body as ASCII or Latin-1, or \
                    stores it in a column that cannot hold it, loses exactly these messages.",
        hint: "Read the body as UTF-8, and let the storage hold four-byte characters.",
        clauses: &[&WEBHOOK_ANSWER, &WEBHOOK_BODY],
        plan: Plan::Examples { cases: everyday_texts, judge: acknowledged_as_plain_ones_are },
        ..Check::blank(Service::Chatday)
    },
    Check {
        id: "chatday.webhooks.every-message-type-is-acknowledged",
        area: Area::Acknowledgement,
        level: Level::Must,
        title: "an event of each message type of the profile is acknowledged",
        rationale: "End-users send pictures, stickers and places as well as text. An event whose data is no text must not \
                    break the receiver.",
        hint: "Look at message.type before reading message.data; acknowledge the types that you have no use for.",
        clauses: &[&MESSAGE_TYPES],
        plan: Plan::Examples { cases: each_type, judge: acknowledged_as_plain_ones_are },
        ..Check::blank(Service::Chatday)
    },
    Check {
        id: "chatday.webhooks.answer-is-declared-as-json",
        area: Area::Acknowledgement,
        level: Level::Must,
        title: "the acknowledgement is sent with a JSON media type",
        rationale: "The answer is read as JSON. A body declared as HTML or plain text is one proxy or client library away \
                    from being read as something else.",
        hint: "Send Content-Type: application/json with the acknowledgement.",
        clauses: &[&WEBHOOK_MEDIA_TYPE],
        plan: Plan::Examples { cases: plain_text, judge: declared_as_json },
        ..Check::blank(Service::Chatday)
    },
    Check {
        id: "chatday.webhooks.unknown-fields-are-acknowledged",
        area: Area::Tolerance,
        level: Level::Should,
        title: "events with keys that are not documented yet are acknowledged",
        rationale: "Services add keys without notice. A receiver that refuses what it does not know loses every event from \
                    that day on.",
        hint: "Let the JSON decoder ignore unknown keys (no deny_unknown_fields, no strict schema).",
        clauses: &[&WEBHOOK_OPEN_ENDED],
        plan: Plan::Examples { cases: unknown_fields, judge: acknowledged_as_plain_ones_are },
        ..Check::blank(Service::Chatday)
    },
    Check {
        id: "chatday.webhooks.unknown-message-type-is-acknowledged",
        area: Area::Tolerance,
        level: Level::Should,
        title: "an event with a message type that is not known yet is acknowledged",
        rationale: "The list of types is not public and will grow. A receiver that fails on a new one makes the service \
                    send the same event again and again.",
        hint: "After comparing the secret, acknowledge every type and ignore those without a handler.",
        clauses: &[&MESSAGE_UNKNOWN_TYPE_RECEIVED],
        plan: Plan::Examples { cases: unknown_types, judge: acknowledged_as_plain_ones_are },
        ..Check::blank(Service::Chatday)
    },
];

fn text_case(craft: &Craft<'_>, name: &str, text: &str) -> Case {
    Case::genuine(name, signed(craft, body(craft, &Message::text(text))))
}

fn plain_text(craft: &Craft<'_>) -> Vec<Case> {
    vec![text_case(craft, "text", &format!("conformance: plain event {}", craft.fresh_number()))]
}

fn everyday_texts(craft: &Craft<'_>) -> Vec<Case> {
    text::EVERYDAY.into_iter().map(|(name, text)| text_case(craft, name, text)).collect()
}

/// The examples of the profile's own schemas; a type without one cannot be sent.
fn each_type(craft: &Craft<'_>) -> Vec<Case> {
    let types = craft.policy.profile.message_types.iter();
    types
        .filter_map(|(kind, schema)| {
            let message = Message::new(kind.clone(), schema.examples().first()?.clone());
            Some(Case::genuine(kind.clone(), signed(craft, body(craft, &message))))
        })
        .collect()
}

fn unknown_fields(craft: &Craft<'_>) -> Vec<Case> {
    let message_key = craft.policy.profile.keys.message.clone();
    let add = |name: &str, inside: Option<&str>, key: &str, value: Json| {
        let mut event = body_json(craft, &format!("conformance: with a new key {}", craft.fresh_number()));
        match inside {
            Some(object) => event[object][key] = value,
            None => event[key] = value,
        }
        Case::genuine(name, signed(craft, Bytes::from(event.to_string())))
    };
    vec![
        add("beside-the-message", None, "sent_at", json!(1_760_000_000)),
        add("inside-the-message", Some(&message_key), "reply_to", json!("m-1")),
        add("null", None, "visitor", Json::Null),
        add("object", None, "visitor", json!({"name": "Somying", "tags": ["new"]})),
    ]
}

fn unknown_types(craft: &Craft<'_>) -> Vec<Case> {
    let kind = unknown_type(&craft.policy.profile);
    [("object", json!({"question": "ok?", "answers": [1, 2]})), ("null", Json::Null)]
        .into_iter()
        .map(|(name, data)| Case::genuine(name, signed(craft, body(craft, &Message::new(kind.clone(), data)))))
        .collect()
}

/// A word that the profile does not list.
fn unknown_type(profile: &Profile) -> String {
    let mut kind = "survey".to_owned();
    while profile.message_types.contains_key(&kind) {
        kind.push_str("-2");
    }
    kind
}

fn declared_as_json(trial: &Trial<'_>) -> Judgement {
    let Some(answer) = trial.exchange.answer() else {
        return Judgement::Unsettled(format!("there is no whole answer to look at: {}", trial.exchange.outcome));
    };
    if !answer.status.is_success() {
        return Judgement::Unsettled(format!("the event was not acknowledged: {}", trial.exchange.outcome));
    }
    match media_type_fault(&answer.headers) {
        None => Judgement::Held,
        Some(fault) => Judgement::Deviates(Deviation {
            name: "media-type",
            level: Level::Must,
            message: fault.to_string(),
            expected: "Content-Type: application/json".to_owned(),
            actual: fault.to_string(),
            hint: Hint::OfCheck,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::transcript::{Reply, genuine, good, json, short};

    #[test]
    fn any_json_media_type_will_do_and_html_will_not() {
        let body = || r#"{"status":"SUCCESS"}"#.to_owned();
        let judged = |reply| short(&genuine(declared_as_json, Service::Chatday, reply));
        assert_eq!(judged(good()), "held");
        assert_eq!(judged(Reply::Answer(200, "application/problem+json; charset=UTF-8", body())), "held");
        assert_eq!(judged(Reply::Answer(200, "text/html", body())), "must media-type");
        assert_eq!(judged(json(401, "")), "unsettled");
    }

    #[test]
    fn the_unknown_type_is_one_that_the_profile_does_not_list() {
        let own = Profile::from_toml("[message_types]\nsurvey = { type = 'string' }\n").unwrap();
        assert_eq!(unknown_type(&Profile::default_profile()), "survey");
        assert_eq!(unknown_type(&own), "survey-2");
    }
}
