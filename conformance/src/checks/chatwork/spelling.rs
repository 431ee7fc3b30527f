//! Real events in unusual but right spellings: the signature covers the bytes, whatever they mean.

use bytes::Bytes;
use contract::chatwork::webhook::{EventKind, QUERY_COPY, SIGNATURE};
use contract::service::Service;
use contract::wire::json::to_ascii;
use serde_json::Value as Json;

use crate::ask::case::Case;
use crate::ask::craft::Craft;
use crate::ask::craft::chatwork::{event, event_json, signed, signed_with};
use crate::check::{Area, Check, Level, Plan};
use crate::checks::answer::acknowledged_as_plain_ones_are;

/// The checks of this file, in report order.
pub const CHECKS: &[Check] = &[
    Check {
        id: "chatwork.webhooks.signature-covers-the-raw-bytes",
        area: Area::Acknowledgement,
        level: Level::Must,
        title: "a correctly signed event is acknowledged however its JSON is written",
        rationale: "JSON can write the same value in many ways: spaces, the order of keys, escapes. A receiver that \
                    parses and re-writes the body before hashing works only as long as its library writes JSON as the \
                    service's does.",
        hint: "Hash the bytes as they arrived. Web frameworks often hand over a parsed body only: ask for the raw one \
               (express.raw, request.get_data(), await request.body(), php://input).",
        clauses: &[&SIGNATURE],
        plan: Plan::Examples { cases: spellings, judge: acknowledged_as_plain_ones_are },
        ..Check::blank(Service::Chatwork)
    },
    Check {
        id: "chatwork.webhooks.body-is-not-trimmed-before-hashing",
        area: Area::Acknowledgement,
        level: Level::Should,
        title: "a correctly signed event with spaces or a line end around its JSON is acknowledged",
        rationale: "The signature covers the whole body. One that is trimmed on its way through a framework, or read line by \
                    line, gives another signature.",
        hint: "Hash the body as it arrived: do not trim it, and do not read it as lines.",
        clauses: &[&SIGNATURE],
        plan: Plan::Examples { cases: surroundings, judge: acknowledged_as_plain_ones_are },
        ..Check::blank(Service::Chatwork)
    },
    Check {
        id: "chatwork.webhooks.plus-and-slash-in-signatures-are-read",
        area: Area::Acknowledgement,
        level: Level::Must,
        title: "an event whose signature holds a + or a / is acknowledged",
        rationale: "Three out of four signatures hold one of the two. A receiver that takes the copy in the query and \
                    decodes it twice reads a space for each +; one that does not decode it compares %2B and %2F. \
                    Either refuses just these events, which looks like chance.",
        hint: "Percent-decode chatwork_webhook_signature exactly once, or take the header instead.",
        clauses: &[&QUERY_COPY, &SIGNATURE],
        plan: Plan::Examples { cases: plus_and_slash, judge: acknowledged_as_plain_ones_are },
        ..Check::blank(Service::Chatwork)
    },
];

/// Written without quotes and backslashes, so that its JSON can be re-spelt as text.
const TEXT: &str = "conformance: ขอบคุณ 世界 👍 https://example.com/a";

fn spellings(craft: &Craft<'_>) -> Vec<Case> {
    let spell = |name: &str, spelt: fn(&Json) -> String| {
        let body = || Bytes::from(spelt(&event_json(craft, EventKind::MessageCreated, TEXT)));
        Case::genuine(name, signed(craft, body))
    };
    vec![
        spell("unescaped", Json::to_string),
        spell("partly-escaped", |event| event.to_string().replace('世', "\\u4e16")),
        spell("upper-case-escapes", |event| upper_case_escapes(&compact(event))),
        spell("escaped-slashes", |event| compact(event).replace('/', "\\/")),
        spell("blanks-after-colons", |event| compact(event).replace("\":", "\": ")),
        spell("indented", |event| format!("{event:#}")),
        spell("other-order-of-keys", backwards),
        // Under a key that no document names: what happens to numbers that receivers read is asked elsewhere.
        spell("number-with-a-zero-at-the-end", |event| compact(event).replacen('{', "{\"new_number\":1.50,", 1))
            .at_most(Level::Should),
    ]
}

/// As Chatwork spells it.
fn compact(event: &Json) -> String {
    String::from_utf8_lossy(&to_ascii(event)).into_owned()
}

/// `\u0e01` becomes `\u0E01`.
fn upper_case_escapes(body: &str) -> String {
    let mut pieces = body.split("\\u");
    let mut spelt = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(4).unwrap_or((piece, ""));
        spelt.push_str("\\u");
        spelt.push_str(&digits.to_ascii_uppercase());
        spelt.push_str(rest);
    }
    spelt
}

/// The last key first.
fn backwards(event: &Json) -> String {
    let fields = event.as_object().into_iter().flatten();
    let mut fields: Vec<String> = fields.map(|(key, value)| format!("{}:{value}", Json::from(key.as_str()))).collect();
    fields.reverse();
    format!("{{{}}}", fields.join(","))
}

fn surroundings(craft: &Craft<'_>) -> Vec<Case> {
    let surround = |name: &str, before: &str, after: &str| {
        let body = || {
            let body = event(craft, EventKind::MessageCreated, "conformance: a body with blanks around it").body();
            Bytes::from([before.as_bytes(), &body, after.as_bytes()].concat())
        };
        Case::genuine(name, signed(craft, body))
    };
    vec![
        surround("newline-at-the-end", "", "\n"),
        surround("line-end-at-the-end", "", "\r\n"),
        surround("blanks-at-the-start", "  ", ""),
    ]
}

fn plus_and_slash(craft: &Craft<'_>) -> Vec<Case> {
    let case = |name: &str, with: char, without: char| {
        let fits = |signature: &str| signature.contains(with) && !signature.contains(without);
        let body = || event(craft, EventKind::MessageCreated, "conformance: a telling signature").body();
        Case::genuine(name, signed_with(craft, fits, body))
    };
    vec![case("plus", '+', '/'), case("slash", '/', '+')]
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::collections::BTreeSet;

    use contract::time::UnixMillis;

    use super::*;
    use crate::ask::craft::Rhythm;
    use crate::ask::policy::ForgeryAnswer;
    use crate::ask::secret::Secret;
    use crate::checks::transcript::policy;

    fn bodies(cases: fn(&Craft<'_>) -> Vec<Case>) -> Vec<Case> {
        let policy = policy(Service::Chatwork, ForgeryAnswer::Refuse);
        let secret = Secret::new(Service::Chatwork, "W6agakRo0Il0Y2blfz7v5TKrGanFzCIWakZcezo/YeU=", None).unwrap();
        let now = UnixMillis::from_seconds(1_760_000_000);
        let serial = Cell::new(0);
        cases(&Craft {
            secret: &secret,
            policy: &policy,
            now,
            seed: 1,
            check: "c",
            target: "/",
            rhythm: Rhythm::default(),
            serial: &serial,
            after: None,
        })
    }

    #[test]
    fn every_spelling_has_the_same_meaning_and_bytes_of_its_own() {
        let mut spelt = BTreeSet::new();
        for case in bodies(spellings).into_iter().chain(bodies(surroundings)) {
            let event: Json = serde_json::from_slice(&case.delivery.body).unwrap();
            assert!(event["webhook_event"]["body"].as_str().unwrap().starts_with("conformance: "), "{}", case.name);
            assert_ne!(case.delivery.body, to_ascii(&event), "{}: spelt as ever", case.name);
            let id = event["webhook_event"]["message_id"].as_str().unwrap();
            let body = String::from_utf8_lossy(&case.delivery.body).replace(id, "");
            assert!(spelt.insert(body), "{}: spelt like another case", case.name);
        }
    }

    #[test]
    fn signatures_hold_the_character_that_the_case_is_named_after() {
        let targets: Vec<String> = bodies(plus_and_slash).into_iter().map(|case| case.delivery.target).collect();
        assert!(targets[0].contains("%2B") && !targets[0].contains("%2F"), "{targets:?}");
        assert!(targets[1].contains("%2F") && !targets[1].contains("%2B"), "{targets:?}");
    }

    #[test]
    fn escapes_are_spelt_in_upper_case_and_nothing_else_is() {
        assert_eq!(upper_case_escapes(r#"{"a":"\u0e01bc\ud83d\udc4d"}"#), r#"{"a":"\u0E01bc\uD83D\uDC4D"}"#);
    }
}
