//! Real events: acknowledged as the service asks, whatever is written in them.

use bytes::Bytes;
use contract::chatwork::webhook::{ACKNOWLEDGED, ANSWER_BODY_MAX, ANSWER_SIZE, BODY, EventKind, OPEN_ENDED, SIGNATURE};
use contract::service::Service;
use contract::wire::json::to_ascii;
use serde_json::{Value as Json, json};

use crate::ask::case::{Case, Trial};
use crate::ask::craft::chatwork::{event, event_json, room_id, signed};
use crate::ask::craft::{Craft, text};
use crate::check::{Area, Check, Level, Plan};
use crate::checks::answer::{acknowledged, acknowledged_as_plain_ones_are};
use crate::run::verdict::{Deviation, Hint, Judgement};
use courier::exchange::{Fault, Outcome};

/// The checks of this file, in report order.
pub const CHECKS: &[Check] = &[
    Check {
        id: "chatwork.webhooks.valid-event-is-acknowledged",
        area: Area::Acknowledgement,
        level: Level::Must,
        title: "a valid event of each type is answered with status 200",
        rationale: "Chatwork never sends a failed delivery again, so an event that is not acknowledged is lost; and when \
                    the error rate grows it switches the webhook off until somebody switches it on by hand.",
        hint: "Answer 200 (not 201, 202 or 204) as soon as the signature is verified, and do slow work afterwards. A \
               401 here usually means that the receiver has another token than this run, or hashes a body that was \
               parsed and written again.",
        clauses: &[&ACKNOWLEDGED],
        plan: Plan::Examples { cases: each_kind, judge: acknowledged },
        ..Check::blank(Service::Chatwork)
    },
    Check {
        id: "chatwork.webhooks.answer-is-at-most-2048-bytes",
        area: Area::Acknowledgement,
        level: Level::Must,
        title: "the answer to a valid event has at most 2,048 bytes of body",
        rationale: "A longer answer counts as an error, although its status is 200: the delivery is reported as \
                    failed, and raises the error rate that switches the webhook off.",
        hint: "Usually a whole web page or the processed data is sent back. An empty body is enough.",
        clauses: &[&ANSWER_SIZE],
        plan: Plan::Examples { cases: each_kind, judge: short_enough },
        ..Check::blank(Service::Chatwork)
    },
    Check {
        id: "chatwork.webhooks.everyday-text-is-acknowledged",
        area: Area::Acknowledgement,
        level: Level::Must,
        title: "events with texts in Thai, Japanese and Vietnamese, with emoji and several lines, are acknowledged",
        rationale: "The signature covers the raw bytes, in which such characters are \\u escapes. A receiver that parses and \
                    re-writes the body before hashing, or decodes it as ASCII, refuses exactly the messages that people \
                    write every day.",
        hint: "Hash the bytes as they arrived, before any JSON or text decoding.",
        clauses: &[&ACKNOWLEDGED, &SIGNATURE, &BODY],
        plan: Plan::Examples { cases: everyday_texts, judge: acknowledged_as_plain_ones_are },
        ..Check::blank(Service::Chatwork)
    },
    Check {
        id: "chatwork.webhooks.unknown-fields-are-acknowledged",
        area: Area::Tolerance,
        level: Level::Should,
        title: "events with fields that are not documented yet are acknowledged",
        rationale: "Services add fields without notice. A receiver that refuses what it does not know loses every event \
                    from that day on.",
        hint: "Let the JSON decoder ignore unknown fields (no deny_unknown_fields, no strict schema).",
        clauses: &[&OPEN_ENDED],
        plan: Plan::Examples { cases: unknown_fields, judge: acknowledged_as_plain_ones_are },
        ..Check::blank(Service::Chatwork)
    },
    Check {
        id: "chatwork.webhooks.unknown-event-type-is-acknowledged",
        area: Area::Tolerance,
        level: Level::Should,
        title: "an event of a type that is not documented yet is acknowledged",
        rationale: "A new type of event answered with an error raises the error rate, and that switches the webhook off for \
                    the types that the receiver does know.",
        hint: "After verifying the signature, answer 200 to every type and ignore those without a handler.",
        clauses: &[&OPEN_ENDED],
        plan: Plan::Examples { cases: unknown_types, judge: acknowledged_as_plain_ones_are },
        ..Check::blank(Service::Chatwork)
    },
];

fn each_kind(craft: &Craft<'_>) -> Vec<Case> {
    EventKind::ALL
        .into_iter()
        .map(|kind| {
            Case::genuine(kind.word(), signed(craft, || event(craft, kind, "conformance: a plain event").body()))
        })
        .collect()
}

fn everyday_texts(craft: &Craft<'_>) -> Vec<Case> {
    text::EVERYDAY
        .into_iter()
        .map(|(name, text)| Case::genuine(name, signed(craft, || event(craft, EventKind::MessageCreated, text).body())))
        .collect()
}

fn unknown_fields(craft: &Craft<'_>) -> Vec<Case> {
    let add = |name: &str, path: &[&str], key: &str, value: Json| {
        let body = || {
            let mut event = event_json(craft, EventKind::MessageCreated, "conformance: with a new field");
            let place = path.iter().fold(&mut event, |place, step| &mut place[*step]);
            place[key] = value.clone();
            Bytes::from(to_ascii(&event))
        };
        Case::genuine(name, signed(craft, body))
    };
    vec![
        add("beside-the-event", &[], "webhook_delivery_id", json!("d-1")),
        add("inside-the-event", &["webhook_event"], "thread_id", json!("77")),
        add("null", &["webhook_event"], "reply_to", Json::Null),
        add("object", &[], "webhook_context", json!({"attempt": 1, "tags": ["new"]})),
    ]
}

/// Keeps the ids of tasks as small as real ones are.
const TASK_IDS: u64 = 1_000_000_000;

fn unknown_types(craft: &Craft<'_>) -> Vec<Case> {
    let typed = |name: &str, word: &str, detail: fn(&Craft<'_>, Json) -> Json| {
        let body = || {
            let mut event = event_json(craft, EventKind::MessageCreated, "conformance: a new type of event");
            event["webhook_event_type"] = json!(word);
            event["webhook_event"] = detail(craft, event["webhook_event"].take());
            Bytes::from(to_ascii(&event))
        };
        Case::genuine(name, signed(craft, body))
    };
    vec![
        typed("same-fields", "message_deleted", |_, detail| detail),
        typed(
            "other-fields",
            "task_created",
            |craft, _| json!({"task_id": craft.fresh_number() % TASK_IDS, "room_id": room_id(craft), "limit_time": 0}),
        ),
    ]
}

/// The size counts whatever the status is; a status other than 200 is another check's business.
fn short_enough(trial: &Trial<'_>) -> Judgement {
    let answer = match &trial.exchange.outcome {
        Outcome::Silent(fault) => return Judgement::Unsettled(format!("there is no answer to measure: {fault}")),
        Outcome::Answered(answer) => answer,
    };
    let endless = answer.cut == Some(Fault::TooLarge);
    if answer.body.len() <= ANSWER_BODY_MAX && !endless {
        return match &answer.cut {
            Some(fault) => Judgement::Unsettled(format!("the answer's size is not known: {fault}")),
            None => Judgement::Held,
        };
    }
    let size = if endless { format!("more than {}", answer.body.len()) } else { answer.body.len().to_string() };
    Judgement::Deviates(Deviation {
        name: "answer-too-long",
        level: Level::Must,
        message: format!("the body of the answer has {size} bytes, {ANSWER_BODY_MAX} are allowed"),
        expected: format!("at most {ANSWER_BODY_MAX} bytes of body"),
        actual: trial.exchange.outcome.to_string(),
        hint: Hint::OfCheck,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::transcript::{Reply, genuine, json, short};

    fn judged(reply: Reply) -> String {
        short(&genuine(short_enough, Service::Chatwork, reply))
    }

    #[test]
    fn an_answer_of_2048_bytes_is_fine_and_one_byte_more_is_not() {
        assert_eq!(judged(json(200, &"x".repeat(2_048))), "held");
        assert_eq!(judged(json(200, &"x".repeat(2_049))), "must answer-too-long");
    }

    #[test]
    fn an_endless_answer_is_too_long_and_a_missing_one_cannot_be_measured() {
        assert_eq!(judged(Reply::Cut(200, "x".repeat(65_536), Fault::TooLarge)), "must answer-too-long");
        assert_eq!(judged(Reply::Cut(200, "x".to_owned(), Fault::Cut)), "unsettled");
        assert_eq!(judged(Reply::Silent(Fault::HeadTimeout)), "unsettled");
    }
}
