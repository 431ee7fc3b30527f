//! What no service sends: broken bodies, half requests, slow senders, huge and deep bodies. None of it may do harm.

use std::time::Duration;

use bytes::Bytes;
use contract::chatday::clauses::{MESSAGE_TYPES, WEBHOOK_ANSWER, WEBHOOK_HTTP, WEBHOOK_SURVIVES};
use contract::chatwork::clauses::MESSAGE_POSTED;
use contract::chatwork::webhook::{ACKNOWLEDGED, HTTP, SURVIVES};
use contract::service::Service;
use courier::raw::{End, Manner, Pace, Place};
use serde_json::{Value as Json, json};

use crate::ask::case::{Case, Role};
use crate::ask::craft::Craft;
use crate::ask::scene::{Act, Course, Scene};
use crate::check::{Area, Check, Level, Plan};
use crate::checks::course::{deviates, lost, moot};
use crate::checks::survival::{acknowledged_or_too_long, survived, survived_or_closed};
use crate::run::verdict::Judgement;

const LONG_TEXT: Check = Check {
    title: "an event with the longest text that the service allows is acknowledged",
    rationale: "Frameworks limit the size of a body, often to 100 KB. A message has up to 65,535 characters, and in \
                JSON with escapes a Japanese one takes six bytes: the longest messages meet that limit, and they are \
                the ones that somebody took pains over.",
    hint: "Allow the webhook's route at least 512 KB.",
    plan: Plan::Examples { cases: long_texts, judge: acknowledged_or_too_long },
    ..Check::blank(Service::Chatwork)
};

const MALFORMED: Check = Check {
    area: Area::Robustness,
    level: Level::Must,
    title: "a correctly signed body that is no event does not crash the endpoint",
    rationale: "A right signature or secret says who sent a body, not that it is well formed. Code that reads fields \
                without looking ends in an exception; where that ends the process, one bad delivery stops them all. \
                The next real event has to be acknowledged.",
    hint: "Parse in one place, answer 400 where that fails, and check the type of what you read.",
    hostile: true,
    plan: Plan::Examples { cases: malformed, judge: survived },
    ..Check::blank(Service::Chatwork)
};

const HALF: Check = Check {
    area: Area::Robustness,
    level: Level::Must,
    title: "a sender that leaves in the middle of a request does no harm",
    rationale: "Connections break. A worker that waits for the rest without a limit is lost, and after a few of them \
                the endpoint serves nobody. The next real event has to be acknowledged.",
    hint: "Give reading a request a timeout, and treat its early end as the end of that request alone.",
    hostile: true,
    plan: Plan::Examples { cases: half_requests, judge: survived },
    ..Check::blank(Service::Chatwork)
};

const SLOW: Check = Check {
    area: Area::Robustness,
    title: "an event that comes slowly is acknowledged, and others need not wait for it",
    rationale: "A body may come in pieces with pauses between them. A receiver that reads once takes the first piece for the \
                whole; one that serves one connection at a time makes everybody wait for the slowest.",
    hint: "Read until the body's end. Let the web server read requests before a worker takes them, or have more workers \
           than one.",
    hostile: true,
    plan: Plan::Sequence { scenes: slow_sender, judge: not_in_the_way },
    ..Check::blank(Service::Chatwork)
};

const LARGE: Check = Check {
    area: Area::Robustness,
    title: "large and deeply nested bodies do not crash the endpoint",
    rationale: "Reading without a limit fills the memory; a recursive parser ends in an overflow of the stack, which in many \
                languages nothing can catch.",
    hint: "Limit the size of a body (answer 413) and the depth of JSON before anything else reads them. In Python a deep body \
           ends in a RecursionError, which no `except ValueError` catches: answer 400 there too.",
    hostile: true,
    plan: Plan::Examples { cases: large, judge: survived_or_closed },
    ..Check::blank(Service::Chatwork)
};

/// Chatwork's, in report order.
pub const CHATWORK: &[Check] = &[
    Check { id: "chatwork.webhooks.long-text-is-acknowledged", clauses: &[&MESSAGE_POSTED], ..LONG_TEXT },
    Check { id: "chatwork.webhooks.malformed-body-does-not-crash", clauses: &[&ACKNOWLEDGED], ..MALFORMED },
    Check { id: "chatwork.webhooks.half-request-does-no-harm", clauses: &[&ACKNOWLEDGED], ..HALF },
    Check { id: "chatwork.webhooks.slow-sender-is-not-in-the-way", clauses: &[&HTTP], ..SLOW },
    Check { id: "chatwork.webhooks.large-body-does-not-crash", clauses: &[&SURVIVES], ..LARGE },
];

/// Chatday's, in report order.
pub const CHATDAY: &[Check] = &[
    Check {
        id: "chatday.webhooks.long-text-is-acknowledged",
        service: Service::Chatday,
        rationale: "By default a text has up to 5,000 characters, which in JSON with escapes can take six bytes each. \
                    A column, a queue or a framework with a smaller limit loses the longest messages, the ones that \
                    somebody took pains over.",
        hint: "Allow the webhook's route at least 64 KB, and let the storage hold the longest text.",
        clauses: &[&MESSAGE_TYPES],
        ..LONG_TEXT
    },
    Check {
        id: "chatday.webhooks.malformed-body-does-not-crash",
        service: Service::Chatday,
        title: "a body that is no event does not crash the endpoint, although it comes with the right secret",
        clauses: &[&WEBHOOK_ANSWER],
        ..MALFORMED
    },
    Check {
        id: "chatday.webhooks.half-request-does-no-harm",
        service: Service::Chatday,
        clauses: &[&WEBHOOK_ANSWER],
        ..HALF
    },
    Check {
        id: "chatday.webhooks.slow-sender-is-not-in-the-way",
        service: Service::Chatday,
        clauses: &[&WEBHOOK_HTTP],
        ..SLOW
    },
    Check {
        id: "chatday.webhooks.large-body-does-not-crash",
        service: Service::Chatday,
        clauses: &[&WEBHOOK_SURVIVES],
        ..LARGE
    },
];

fn long_texts(craft: &Craft<'_>) -> Vec<Case> {
    let longest = match craft.policy.service {
        Service::Chatwork => CHATWORK_LONGEST,
        Service::Chatday => CHATDAY_LONGEST,
    };
    // The text's own start and number take the rest.
    let filled = |filler: &str| filler.repeat(longest - 64);
    vec![
        Case::genuine("longest-in-ascii", craft.text(&filled("x"))),
        Case::genuine("longest-in-japanese", craft.text(&filled("長"))).at_most(Level::May),
    ]
}

fn malformed(craft: &Craft<'_>) -> Vec<Case> {
    let raw = |name: &str, body: Vec<u8>| Case::hostile(name, craft.seal(|| Bytes::from(body.clone())));
    let whole = craft.body(&craft.event(&format!("conformance: a broken event {}", craft.fresh_number())));
    let half = whole.slice(..whole.len() / 2).to_vec();
    let mut cases = vec![
        raw("empty", Vec::new()),
        raw("truncated", half),
        raw("garbage-at-the-end", [&whole[..], b"}}"].concat()),
        raw("byte-order-mark", [b"\xef\xbb\xbf", &whole[..]].concat()),
        raw("not-utf-8", whole.iter().map(|byte| if *byte == b'c' { 0xff } else { *byte }).collect()),
    ];
    for (name, body) in [("array", "[]"), ("text", "\"event\""), ("number", "7"), ("null", "null"), ("no-keys", "{}")] {
        cases.push(raw(name, body.as_bytes().to_vec()));
    }
    let inner = match craft.policy.service {
        Service::Chatwork => "webhook_event",
        Service::Chatday => craft.policy.profile.keys.message.as_str(),
    };
    for (name, value) in [("inner-null", Json::Null), ("inner-text", json!("x")), ("inner-list", json!([1, null]))] {
        let mut event = craft.event("conformance: a broken event");
        event[inner] = value;
        cases.push(raw(name, craft.body(&event).to_vec()));
    }
    cases
}

fn half_requests(craft: &Craft<'_>) -> Vec<Case> {
    let event = || craft.text("conformance: half a request");
    let body = event().body.len();
    let leave = |name: &str, end: End| Case::hostile(name, event()).sent(Manner { end, ..Manner::default() });
    vec![
        leave("in-the-head", End::HangUp(Place::Head)),
        leave("after-the-head", End::HangUp(Place::Body(0))),
        leave("in-the-body", End::HangUp(Place::Body(body / 2))),
        leave("before-the-last-bytes", End::HangUp(Place::Body(body.saturating_sub(2)))),
        leave("reset-in-the-body", End::Reset(Place::Body(body / 2))),
        leave("without-awaiting-the-answer", End::Reset(Place::Body(usize::MAX))),
    ]
}

fn slow_sender(craft: &Craft<'_>) -> Vec<Scene> {
    let slow = craft.text("conformance: a text that comes in pieces");
    let cuts: Vec<usize> = (1..PIECES).map(|piece| piece * slow.body.len() / PIECES).collect();
    let manner = Manner { pace: Pace::Pieces { cuts, pause: PIECE_PAUSE }, ..Manner::default() };
    let others = (1..=3)
        .map(|number| Case::genuine(format!("beside-{number}"), craft.text("conformance: beside a slow sender")))
        .collect();
    vec![Scene::new("slow-sender", vec![Act::Beside(Box::new(Case::genuine("slow", slow).sent(manner)), others)])]
}

fn not_in_the_way(course: &Course<'_>) -> Judgement {
    if let Some(judgement) = moot(course).or_else(|| lost(course, "a slow sender")) {
        return judgement;
    }
    let Some((slow, others)) = course.steps.split_first() else {
        return Judgement::Unsettled("nothing was sent".to_owned());
    };
    for step in course.of(Role::Genuine) {
        if let Err(refusal) = course.policy.examine(&step.exchange) {
            let (name, what) = if std::ptr::eq(step, slow) {
                ("slow-event-lost", "the event that comes in pieces")
            } else {
                ("lost-beside-slow-sender", "an event beside a slow sender")
            };
            return deviates(
                name,
                Level::Should,
                format!("{what} is not acknowledged: {}", refusal.message),
                &course.policy.acknowledgement(),
                step.exchange.outcome.to_string(),
            );
        }
    }
    // The first of the others set out when the slow one's head was there; waiting for its end shows.
    let pauses = PIECE_PAUSE * u32::try_from(PIECES).unwrap_or(1);
    let waited = others.first().map(|step| step.exchange.took).unwrap_or_default();
    let usual = course.before.took;
    if waited < usual + pauses / 2 {
        return Judgement::Held;
    }
    deviates(
        "waits-for-slow-sender",
        Level::May,
        format!(
            "an event beside a slow sender was answered after {} ms, as if it had to wait for it",
            waited.as_millis()
        ),
        &format!("about {} ms, as without one", usual.as_millis()),
        format!("{} ms", waited.as_millis()),
    )
}

fn large(craft: &Craft<'_>) -> Vec<Case> {
    let padded = |name: &str, bytes: usize| {
        let delivery = craft.seal(|| {
            let mut event = craft.event("conformance: a large event");
            event["padding"] = json!("x".repeat(bytes));
            craft.body(&event)
        });
        Case::hostile(name, delivery)
    };
    let nested = |name: &str, depth: usize| {
        let delivery = craft.seal(|| {
            let mut event = craft.event("conformance: a deep event");
            event["depth"] = json!("DEPTH");
            let text = String::from_utf8_lossy(&craft.body(&event)).into_owned();
            let nest = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            Bytes::from(text.replace("\"DEPTH\"", &nest))
        });
        Case::hostile(name, delivery)
    };
    vec![
        padded("64-kilobytes", 64 * 1024),
        padded("1-megabyte", 1024 * 1024),
        padded("2-megabytes", 2 * 1024 * 1024),
        nested("100-deep", 100),
        nested("1000-deep", 1_000),
        nested("100000-deep", 100_000),
    ]
}

/// Characters of the longest message ([`MESSAGE_POSTED`]).
const CHATWORK_LONGEST: usize = 65_535;
/// Characters of the longest text ([`MESSAGE_TYPES`]).
const CHATDAY_LONGEST: usize = 5_000;
/// Pieces of a slow body.
const PIECES: usize = 6;
/// Before each of them.
const PIECE_PAUSE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ask::policy::ForgeryAnswer;
    use crate::checks::transcript::{Reply, course, good, json, policy, short};

    fn judged(own: Reply, other: Reply) -> String {
        let steps = vec![(Role::Genuine, own), (Role::Genuine, other)];
        short(&course(not_in_the_way, &policy(Service::Chatday, ForgeryAnswer::Refuse), good(), steps, good()))
    }

    #[test]
    fn a_slow_event_and_those_beside_it_have_to_be_acknowledged() {
        assert_eq!(judged(good(), good()), "held");
        assert_eq!(judged(json(400, ""), good()), "should slow-event-lost");
        assert_eq!(judged(good(), json(503, "")), "should lost-beside-slow-sender");
    }

    #[test]
    fn waiting_for_a_slow_sender_is_worth_knowing() {
        let late = Reply::Late(Duration::from_millis(550));
        assert_eq!(judged(good(), late), "may waits-for-slow-sender");
        assert_eq!(judged(good(), Reply::Late(Duration::from_millis(40))), "held");
    }
}
