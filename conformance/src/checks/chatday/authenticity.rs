//! Forged events: told from real ones by the shared secret in their header.

use bytes::Bytes;
use contract::chatday::Message;
use contract::chatday::clauses::WEBHOOK_SIGNATURE;
use contract::service::Service;

use crate::ask::case::Case;
use crate::ask::craft::Craft;
use crate::ask::craft::chatday::{body, delivery, secret};
use crate::check::{Area, Check, Level, Plan};
use crate::checks::answer::refused;
use crate::checks::leak::keeps_the_secret;
use courier::exchange::Value;

/// The checks of this file, in report order.
pub const CHECKS: &[Check] = &[
    Check {
        id: "chatday.webhooks.wrong-secret-is-refused",
        area: Area::Authenticity,
        level: Level::Must,
        title: "an event with another signature token is refused",
        rationale: "The address of a webhook is no secret. Without a check of the signature token anybody who knows \
                    it can speak as an end-user and make the integration answer in somebody else's chat.",
        hint: "Compare the whole header with the Chatday-Signature-Token from Register, in constant time, and answer 401 \
               before doing anything else.",
        clauses: &[&WEBHOOK_SIGNATURE],
        plan: Plan::Examples { cases: wrong_secret, judge: refused },
        ..Check::blank(Service::Chatday)
    },
    Check {
        id: "chatday.webhooks.missing-secret-is-refused",
        area: Area::Authenticity,
        level: Level::Must,
        title: "an event without a signature token is refused",
        rationale: "A check that is skipped when there is nothing to compare protects against nobody.",
        hint: "Treat a missing header like a wrong one: answer 401.",
        clauses: &[&WEBHOOK_SIGNATURE],
        plan: Plan::Examples { cases: missing, judge: refused },
        ..Check::blank(Service::Chatday)
    },
    Check {
        id: "chatday.webhooks.empty-secret-is-refused",
        area: Area::Authenticity,
        level: Level::Must,
        title: "an event whose signature token is empty, or a word such as null, is refused",
        rationale: "An unset token in the receiver's own settings is an empty text, and equals the empty header that anybody \
                    can send.",
        hint: "Refuse to start without a token, and refuse an empty header before comparing.",
        clauses: &[&WEBHOOK_SIGNATURE],
        plan: Plan::Examples { cases: empty, judge: refused },
        ..Check::blank(Service::Chatday)
    },
    Check {
        id: "chatday.webhooks.altered-secret-is-refused",
        area: Area::Authenticity,
        level: Level::Must,
        title: "a signature token that is cut, extended or changed in case is refused",
        rationale: "Comparing a prefix, or without regard to case, makes guessing a matter of hours; comparing values of \
                    unequal length throws an exception in many libraries, which takes the request or the process down.",
        hint: "Compare the whole value byte by byte in constant time, and treat another length as a plain mismatch.",
        clauses: &[&WEBHOOK_SIGNATURE],
        plan: Plan::Examples { cases: altered, judge: refused },
        ..Check::blank(Service::Chatday)
    },
    Check {
        id: "chatday.webhooks.refusal-tells-no-secret",
        area: Area::Authenticity,
        level: Level::Must,
        title: "the answer to a forged event does not hold the secret",
        rationale: "Whoever sends a forged event and reads in the answer what was expected sends the right one next.",
        hint: "Answer with a plain 401. \"Expected x, got y\" belongs in a log at most, and there without the secret; pages \
               with stack traces and settings must be off in production.",
        clauses: &[&WEBHOOK_SIGNATURE],
        plan: Plan::Examples { cases: wrong_secret, judge: keeps_the_secret },
        ..Check::blank(Service::Chatday)
    },
];

/// Forged events with these values in the header. A value that happens to be the right one is left out: a secret of digits
/// is the same in other case, and one that reads the same backwards is itself.
fn forged<'a>(craft: &Craft<'_>, values: impl IntoIterator<Item = (&'a str, Option<Value>)>) -> Vec<Case> {
    let right = craft.secret.reveal();
    values
        .into_iter()
        .filter(|(_, value)| value.as_ref().is_none_or(|value| value.sent().trim() != right))
        .map(|(name, value)| {
            let body: Bytes = body(craft, &Message::text(craft.forged_text()));
            Case::forged(name, delivery(craft, body, value))
        })
        .collect()
}

fn wrong_secret(craft: &Craft<'_>) -> Vec<Case> {
    let other: String = craft.dice("other-secret").bytes(16).iter().map(|byte| format!("{byte:02x}")).collect();
    let backwards = secret(craft, "[the secret backwards]", "rev", |right| right.chars().rev().collect());
    forged(craft, [("another-token", Some(Value::Plain(other))), ("backwards", Some(backwards))])
}

fn missing(craft: &Craft<'_>) -> Vec<Case> {
    forged(craft, [("no-header", None)])
}

fn empty(craft: &Craft<'_>) -> Vec<Case> {
    let words = [("empty", ""), ("null", "null"), ("undefined", "undefined")];
    forged(craft, words.map(|(name, word)| (name, Some(Value::Plain(word.to_owned())))))
}

fn altered(craft: &Craft<'_>) -> Vec<Case> {
    let cut = secret(craft, "[the secret without its last character]", "sed 's/.$//'", |right| {
        right.chars().take(right.chars().count().saturating_sub(1)).collect()
    });
    let extended = secret(craft, "[the secret and an x]", "sed 's/$/x/'", |right| format!("{right}x"));
    let first =
        secret(craft, "[the first character of the secret]", "cut -c 1", |right| right.chars().take(1).collect());
    let long = secret(
        craft,
        "[the secret over and over]",
        "awk '{while(length<4096)$0=$0$0;print substr($0,1,4096)}'",
        |right| right.chars().cycle().take(4_096).collect(),
    );
    let prefixed = secret(craft, "[an x and the secret]", "sed 's/^/x/'", |right| format!("x{right}"));
    let inner = secret(craft, "[the secret with a blank after its first character]", "sed 's/./& /'", |right| {
        right.chars().take(1).chain([' ']).chain(right.chars().skip(1)).collect()
    });
    let swapped = secret(craft, "[the secret in other case]", "tr 'a-zA-Z' 'A-Za-z'", |right| {
        right.chars().map(swap_case).collect()
    });
    let values = [
        ("cut", cut),
        ("first-character", first),
        ("very-long", long),
        ("extended", extended),
        ("prefixed", prefixed),
        ("inner-blank", inner),
        ("other-case", swapped),
    ];
    forged(craft, values.map(|(name, value)| (name, Some(value))))
}

fn swap_case(character: char) -> char {
    if character.is_ascii_lowercase() { character.to_ascii_uppercase() } else { character.to_ascii_lowercase() }
}
