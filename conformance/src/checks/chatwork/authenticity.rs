//! Forged events: told from real ones by their signature.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use contract::chatwork::webhook::{EventKind, QUERY_COPY, SIGNATURE};
use contract::service::Service;
use contract::wire::json::to_ascii;
use serde_json::json;

use crate::ask::case::{Case, Role, Trial};
use crate::ask::craft::Craft;
use crate::ask::craft::chatwork::{
    author, control, delivery, event, event_json, room_id, sign, signature_under, signed, signed_with,
};
use crate::check::{Area, Check, Level, Plan};
use crate::checks::answer::{acknowledged, refused};
use crate::checks::leak::keeps_the_secret;
use crate::run::verdict::{Deviation, Hint, Judgement};

/// The checks of this file, in report order.
pub const CHECKS: &[Check] = &[
    Check {
        id: "chatwork.webhooks.wrong-secret-is-refused",
        area: Area::Authenticity,
        level: Level::Must,
        title: "an event signed with another token is refused",
        rationale: "The address of a webhook is no secret. Without a check of the signature anybody who knows it can make \
                    the integration believe that something was said in a room.",
        hint: "Compute Base64(HMAC-SHA256(decoded token, raw body)), compare it with the header in constant time, and \
               answer 401 before doing anything else.",
        clauses: &[&SIGNATURE],
        plan: Plan::Examples { cases: wrong_secret, judge: refused },
        ..Check::blank(Service::Chatwork)
    },
    Check {
        id: "chatwork.webhooks.missing-signature-is-refused",
        area: Area::Authenticity,
        level: Level::Must,
        title: "an event without any signature is refused",
        rationale: "A check that is skipped when there is nothing to compare protects against nobody.",
        hint: "Treat a missing header like a wrong one: answer 401.",
        clauses: &[&SIGNATURE, &QUERY_COPY],
        plan: Plan::Examples { cases: missing, judge: refused },
        ..Check::blank(Service::Chatwork)
    },
    Check {
        id: "chatwork.webhooks.empty-signature-is-refused",
        area: Area::Authenticity,
        level: Level::Must,
        title: "an event whose signature is empty, or a word such as null, is refused",
        rationale: "An empty value is what a missing one turns into on its way through proxies and frameworks; a comparison \
                    with an empty or unset expectation then succeeds.",
        hint: "Refuse an empty signature before comparing, and refuse to start without a token.",
        clauses: &[&SIGNATURE],
        plan: Plan::Examples { cases: empty, judge: refused },
        ..Check::blank(Service::Chatwork)
    },
    Check {
        id: "chatwork.webhooks.empty-key-is-refused",
        area: Area::Authenticity,
        level: Level::Must,
        title: "an event signed with an empty key is refused",
        rationale: "A receiver whose token is unset computes its signatures with an empty key, and so can everybody.",
        hint: "Refuse to start when the token is empty or missing from the environment.",
        clauses: &[&SIGNATURE],
        plan: Plan::Examples { cases: empty_key, judge: refused },
        ..Check::blank(Service::Chatwork)
    },
    Check {
        id: "chatwork.webhooks.token-is-decoded-before-use",
        area: Area::Authenticity,
        level: Level::Must,
        title: "the key of the signature is the Base64-decoded token, not the token's text",
        rationale: "HMAC takes any bytes as a key, so using the token's text raises no error; it only computes signatures \
                    that Chatwork never sends, and every real event is refused.",
        hint: "Base64-decode the token before handing it to HMAC.",
        clauses: &[&SIGNATURE],
        plan: Plan::Examples { cases: both_keys, judge: decoded },
        ..Check::blank(Service::Chatwork)
    },
    Check {
        id: "chatwork.webhooks.signature-of-another-body-is-refused",
        area: Area::Authenticity,
        level: Level::Must,
        title: "the signature of one event is refused on another",
        rationale: "A signature seen once, in a log or a proxy, must not let whoever found it say something else.",
        hint: "Compute the signature over this request's body; a list of known signatures is no check.",
        clauses: &[&SIGNATURE],
        plan: Plan::Examples { cases: another_body, judge: used_before },
        ..Check::blank(Service::Chatwork)
    },
    Check {
        id: "chatwork.webhooks.changed-body-is-refused",
        area: Area::Authenticity,
        level: Level::Must,
        title: "an event whose body was changed after signing is refused",
        rationale: "The signature is there to cover every byte: text, room and author alike.",
        hint: "Hash the whole raw body, not selected fields of it.",
        clauses: &[&SIGNATURE],
        plan: Plan::Examples { cases: changed_body, judge: refused },
        ..Check::blank(Service::Chatwork)
    },
    Check {
        id: "chatwork.webhooks.altered-signature-is-refused",
        area: Area::Authenticity,
        level: Level::Must,
        title: "a signature that is cut, extended or otherwise close to the right one is refused",
        rationale: "Comparing a prefix lets an attacker guess piece by piece; comparing values of unequal length throws an \
                    exception in many libraries, which takes the request or the whole process down.",
        hint: "Compare the whole value in constant time, and treat another length as a plain mismatch.",
        clauses: &[&SIGNATURE],
        plan: Plan::Examples { cases: altered, judge: refused },
        ..Check::blank(Service::Chatwork)
    },
    Check {
        id: "chatwork.webhooks.signature-in-another-notation-is-refused",
        area: Area::Authenticity,
        level: Level::Must,
        title: "the right signature in another notation, such as hexadecimal, or with something around it, is refused",
        rationale: "Chatwork sends one spelling of a signature: standard Base64 with its padding. A receiver that \
                    takes others decodes leniently or searches instead of comparing, and nobody knows what else it \
                    takes.",
        hint: "Compare the header, as text, with the Base64 text of your own HMAC in constant time. Decoding the header \
               first lets lenient Base64 decoders take more than one spelling.",
        clauses: &[&SIGNATURE],
        plan: Plan::Examples { cases: other_notations, judge: refused },
        ..Check::blank(Service::Chatwork)
    },
    Check {
        id: "chatwork.webhooks.refusal-tells-no-secret",
        area: Area::Authenticity,
        level: Level::Must,
        title: "the answer to a forged event holds neither the token nor the right signature",
        rationale: "Whoever sends a forged event and reads in the answer what was expected sends the right one next.",
        hint: "Answer with a plain 401. \"Expected x, got y\" belongs in a log at most, and there without the secret; pages \
               with stack traces and settings must be off in production.",
        clauses: &[&SIGNATURE],
        plan: Plan::Examples { cases: wrong_secret, judge: keeps_the_secret },
        ..Check::blank(Service::Chatwork)
    },
];

/// A forged event with this signature. None when it happens to be the right one: HMAC fills a short key up with zeros, so a
/// token of zeros is the empty key.
fn forged(craft: &Craft<'_>, name: &str, signature_of: impl Fn(&Bytes) -> Option<String>) -> Option<Case> {
    let body = event(craft, EventKind::MessageCreated, &craft.forged_text()).body();
    let signature = signature_of(&body);
    if signature.as_deref() == Some(sign(craft, &body).as_str()) {
        return None;
    }
    Some(Case::forged(name, delivery(craft, body, signature.as_deref())))
}

fn wrong_secret(craft: &Craft<'_>) -> Vec<Case> {
    let other = craft.dice("other-key").bytes(32);
    let mut near = STANDARD.decode(craft.secret.reveal().trim()).unwrap_or_else(|_| vec![0; 32]);
    if let Some(last) = near.last_mut() {
        *last ^= 1;
    }
    let other = forged(craft, "another-token", |body| signature_under(&other, body));
    let near = forged(craft, "token-with-one-bit-changed", |body| signature_under(&near, body));
    other.into_iter().chain(near).collect()
}

fn missing(craft: &Craft<'_>) -> Vec<Case> {
    forged(craft, "neither-header-nor-query", |_| None).into_iter().collect()
}

fn empty(craft: &Craft<'_>) -> Vec<Case> {
    [("empty", ""), ("null", "null"), ("undefined", "undefined")]
        .into_iter()
        .filter_map(|(name, value)| forged(craft, name, |_| Some(value.to_owned())))
        .collect()
}

fn empty_key(craft: &Craft<'_>) -> Vec<Case> {
    forged(craft, "empty-key", |body| signature_under(b"", body)).into_iter().collect()
}

fn both_keys(craft: &Craft<'_>) -> Vec<Case> {
    let text = craft.secret.reveal().trim().as_bytes();
    let as_text = forged(craft, "text-of-the-token", |body| signature_under(text, body));
    [Case::genuine("decoded-token", control(craft))].into_iter().chain(as_text).collect()
}

/// A real event first, so that its signature is one that the receiver has seen and accepted.
fn another_body(craft: &Craft<'_>) -> Vec<Case> {
    let seen = signed(craft, || event(craft, EventKind::MessageCreated, "conformance: an event of its own").body());
    let signature = sign(craft, &seen.body);
    let reused = forged(craft, "another-event", |_| Some(signature.clone()));
    [Case::genuine("its-own-event", seen)].into_iter().chain(reused).collect()
}

fn changed_body(craft: &Craft<'_>) -> Vec<Case> {
    let change = |name: &str, pointer: &str, value: serde_json::Value| {
        let mut event = event_json(craft, EventKind::MessageCreated, &craft.forged_text());
        let signature = sign(craft, &to_ascii(&event));
        if let Some(place) = event.pointer_mut(pointer) {
            *place = value;
        }
        Case::forged(name, delivery(craft, Bytes::from(to_ascii(&event)), Some(&signature)))
    };
    vec![
        change("another-text", "/webhook_event/body", json!(craft.forged_text())),
        change("another-room", "/webhook_event/room_id", json!(room_id(craft) ^ 1)),
        change("another-author", "/webhook_event/account_id", json!(author(craft) + 2)),
    ]
}

fn altered(craft: &Craft<'_>) -> Vec<Case> {
    let alter = |name: &str, change: fn(&str) -> String| forged(craft, name, |body| Some(change(&sign(craft, body))));
    let altered = [
        alter("cut-by-four", |right| right.chars().take(right.chars().count().saturating_sub(4)).collect()),
        alter("one-shorter", |right| right.chars().take(right.chars().count().saturating_sub(1)).collect()),
        alter("one-longer", |right| format!("{right}=")),
        alter("first-character", |right| right.chars().take(1).collect()),
        alter("extended", |right| format!("{right}AAAA")),
        alter("other-case", |right| right.chars().map(swap_case).collect()),
        alter("very-long", |right| right.chars().cycle().take(4_096).collect()),
    ];
    altered.into_iter().flatten().collect()
}

fn other_notations(craft: &Craft<'_>) -> Vec<Case> {
    let respell = |name: &str, change: fn(&str) -> String| {
        // With a `+` in it, so that the other alphabet of Base64 makes a difference.
        let real = signed_with(
            craft,
            |signature| signature.contains('+'),
            || event(craft, EventKind::MessageCreated, &craft.forged_text()).body(),
        );
        let signature = change(&sign(craft, &real.body));
        Case::forged(name, delivery(craft, real.body, Some(&signature)))
    };
    vec![
        respell("url-safe-alphabet", |right| right.replace('+', "-").replace('/', "_")),
        respell("hexadecimal", |right| {
            STANDARD.decode(right).unwrap_or_default().iter().map(|byte| format!("{byte:02x}")).collect()
        }),
        respell("inner-blank", |right| right.chars().take(20).chain([' ']).chain(right.chars().skip(20)).collect()),
        respell("named-digest", |right| format!("sha256={right}")),
    ]
}

fn swap_case(character: char) -> char {
    if character.is_ascii_lowercase() { character.to_ascii_uppercase() } else { character.to_ascii_lowercase() }
}

/// The real event makes the signature known; whether it is acknowledged is another check's question.
fn used_before(trial: &Trial<'_>) -> Judgement {
    match trial.case.role {
        Role::Genuine => preparation(trial),
        Role::Forged | Role::Hostile => refused(trial),
    }
}

/// A real event without which the case after it shows nothing.
fn preparation(trial: &Trial<'_>) -> Judgement {
    match acknowledged(trial) {
        Judgement::Deviates(deviation) => Judgement::Unsettled(format!(
            "the receiver does not accept a correctly signed event: {}",
            deviation.message
        )),
        other => other,
    }
}

/// As for other forgeries; but a receiver that takes the text's signature and not the real one gives itself away.
fn decoded(trial: &Trial<'_>) -> Judgement {
    if trial.case.role == Role::Genuine {
        return preparation(trial);
    }
    let refuses_real = trial.before.is_some_and(|control| !trial.policy.accepts(control));
    if refuses_real && trial.policy.accepts(trial.exchange) {
        return Judgement::Deviates(Deviation {
            name: "token-used-as-text",
            level: Level::Must,
            message: "an event signed with the token's text is accepted, and a correctly signed one is not".to_owned(),
            expected: "signatures made with the Base64-decoded token".to_owned(),
            actual: trial.exchange.outcome.to_string(),
            hint: Hint::OfCheck,
        });
    }
    refused(trial)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ask::policy::ForgeryAnswer;
    use crate::checks::transcript::{forged, genuine, good, json, policy, short};

    #[test]
    fn a_receiver_that_takes_only_the_texts_signature_gives_itself_away() {
        let policy = policy(Service::Chatwork, ForgeryAnswer::Refuse);
        let judged = |replies| short(&forged(decoded, &policy, replies));
        assert_eq!(judged([good(), json(401, ""), good()]), "held");
        assert_eq!(judged([json(401, ""), good(), json(401, "")]), "must token-used-as-text");
        assert_eq!(judged([json(401, ""), json(401, ""), json(401, "")]), "unsettled");
        assert_eq!(judged([good(), good(), good()]), "must forgery-accepted");
    }

    #[test]
    fn a_signature_seen_before_must_not_open_the_door_again() {
        let policy = policy(Service::Chatwork, ForgeryAnswer::Refuse);
        assert_eq!(short(&forged(used_before, &policy, [good(), json(401, ""), good()])), "held");
        assert_eq!(short(&forged(used_before, &policy, [good(), good(), good()])), "must forgery-accepted");
        assert_eq!(short(&genuine(used_before, Service::Chatwork, good())), "held");
        assert_eq!(short(&genuine(used_before, Service::Chatwork, json(401, ""))), "unsettled");
    }
}
