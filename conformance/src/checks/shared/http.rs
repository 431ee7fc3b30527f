//! Real events as any sender may write them, and methods that no webhook has.

use std::time::Duration;

use bytes::Bytes;
use contract::chatday::clauses::{WEBHOOK_ANSWER, WEBHOOK_HTTP, WEBHOOK_SIGNATURE, WEBHOOK_SURVIVES};
use contract::chatwork::webhook::{ACKNOWLEDGED, HTTP, SIGNATURE, SURVIVES};
use contract::service::Service;
use courier::exchange::{Delivery, Value};
use courier::line::Connection;
use courier::raw::{Manner, Names, Pace};
use http::{Method, header};

use crate::ask::case::{Case, Role};
use crate::ask::craft::Craft;
use crate::ask::scene::{Act, Course, Scene, Step};
use crate::check::{Area, Check, Level, Plan};
use crate::checks::answer::acknowledged_as_plain_ones_are;
use crate::checks::course::{deviates, first_unacknowledged, lost, moot};
use crate::checks::survival::{acknowledged_or_declined, not_processed, survived};
use crate::run::verdict::Judgement;

const HEADER_NAMES: Check = Check {
    area: Area::Http,
    level: Level::Must,
    title: "header names are read in any case",
    rationale: "The documents spell the header in capitals and small letters, HTTP libraries and proxies send small letters \
                only, and both are the same header. A look-up by exact spelling works with one sender and fails with the \
                next.",
    hint: "Use the framework's header look-up, which ignores case, instead of indexing a plain dictionary.",
    plan: Plan::Examples { cases: header_names, judge: acknowledged_as_plain_ones_are },
    ..Check::blank(Service::Chatwork)
};

const MEDIA_TYPES: Check = Check {
    area: Area::Http,
    title: "every way to write the media type of JSON in UTF-8 is accepted",
    rationale: "A parameter, quotes or capitals in Content-Type change nothing in its meaning. A receiver that compares the \
                whole text refuses events when a library on the other side changes its style.",
    hint: "Compare the media type without its parameters and without regard to case, or do not look at it.",
    plan: Plan::Examples { cases: media_types, judge: acknowledged_as_plain_ones_are },
    ..Check::blank(Service::Chatwork)
};

const CHUNKED: Check = Check {
    area: Area::Http,
    title: "a chunked body is read whole, also when a chunk ends inside a character",
    rationale: "A proxy may pass a body on in chunks, without its length. A receiver that reads Content-Length bytes sees an \
                empty body; one that decodes each piece by itself breaks the character that is cut.",
    hint: "Let the framework read the body, join the bytes, and decode them once. A server that takes no chunks \
           answers 411.",
    plan: Plan::Examples { cases: chunked, judge: acknowledged_or_declined },
    ..Check::blank(Service::Chatwork)
};

const EXPECT: Check = Check {
    area: Area::Http,
    title: "an event sent with Expect: 100-continue gets an answer",
    rationale: "Some HTTP clients announce a body and wait for leave to send it. A receiver that does not know this may \
                wait for the body while the sender waits for the receiver.",
    hint: "Web servers do this by themselves; one that you wrote answers 100 Continue, or 417.",
    plan: Plan::Examples { cases: expecting, judge: acknowledged_or_declined },
    ..Check::blank(Service::Chatwork)
};

const KEPT: Check = Check {
    area: Area::Http,
    level: Level::Must,
    title: "valid and forged events on one connection are told apart, one after another",
    rationale: "Senders keep connections open. A refusal that leaves the body unread makes the next request begin in \
                the middle of the last one, and state that is kept for a connection lets a forged event pass for the \
                one before it.",
    hint: "Read the body also where the request is refused, or close the connection; keep nothing from one request to the \
           next.",
    plan: Plan::Sequence { scenes: kept_connection, judge: told_apart },
    ..Check::blank(Service::Chatwork)
};

const IDLE: Check = Check {
    area: Area::Http,
    title: "events on a connection that was idle for a while are not lost",
    rationale: "Between two events there may be seconds. A receiver that closes idle connections is fine, as long as \
                an event that arrives at that moment is answered, or the connection is closed so plainly before \
                reading it that the sender can send it again.",
    hint: "Set the idle timeout of the web server longer than that of the proxy in front of it.",
    plan: Plan::Sequence { scenes: idle_connection, judge: none_lost },
    ..Check::blank(Service::Chatwork)
};

const PROBES: Check = Check {
    area: Area::Http,
    title: "GET, HEAD and OPTIONS do not crash the endpoint",
    rationale: "Browsers, link previews and monitors ask every address that they find. A handler that expects a body \
                fails, fills the log, and may show a page with internals.",
    hint: "Route POST alone to the handler, and answer other methods 405 with Allow: POST.",
    plan: Plan::Examples { cases: probes, judge: survived },
    ..Check::blank(Service::Chatwork)
};

const METHODS: Check = Check {
    area: Area::Http,
    title: "PUT, PATCH and DELETE do not crash the endpoint, and are not processed as events",
    rationale: "An event comes with one method. What is routed regardless of the method is reachable in ways that nobody \
                looked at.",
    hint: "Route the webhook's method alone to the handler, and answer others 405 with Allow.",
    plan: Plan::Examples { cases: other_methods, judge: not_processed },
    ..Check::blank(Service::Chatwork)
};

const ENCODINGS: Check = Check {
    area: Area::Http,
    title: "a Content-Encoding that does not fit the body does not crash the endpoint",
    rationale: "Some proxies compress, and some label what is plain. A framework that unpacks before the handler sees the \
                body fails outside the handler's own error handling.",
    hint: "Answer 415 or 400 to an encoding that you do not take; catch the errors of unpacking.",
    hostile: true,
    plan: Plan::Examples { cases: encodings, judge: survived },
    ..Check::blank(Service::Chatwork)
};

/// Chatwork's, in report order.
pub const CHATWORK: &[Check] = &[
    Check { id: "chatwork.webhooks.header-names-in-any-case", clauses: &[&SIGNATURE], ..HEADER_NAMES },
    Check { id: "chatwork.webhooks.media-type-in-any-spelling", clauses: &[&HTTP], ..MEDIA_TYPES },
    Check { id: "chatwork.webhooks.chunked-body-is-read", clauses: &[&HTTP], ..CHUNKED },
    Check { id: "chatwork.webhooks.expect-continue-is-answered", clauses: &[&HTTP], ..EXPECT },
    Check { id: "chatwork.webhooks.kept-connection-tells-apart", clauses: &[&ACKNOWLEDGED, &SIGNATURE], ..KEPT },
    Check { id: "chatwork.webhooks.idle-connection-loses-nothing", clauses: &[&HTTP], ..IDLE },
    Check { id: "chatwork.webhooks.get-head-options-do-not-crash", clauses: &[&SURVIVES], ..PROBES },
    Check { id: "chatwork.webhooks.other-methods-are-not-processed", clauses: &[&SURVIVES], ..METHODS },
    Check { id: "chatwork.webhooks.content-encoding-does-not-crash", clauses: &[&SURVIVES], ..ENCODINGS },
];

/// Chatday's, in report order.
pub const CHATDAY: &[Check] = &[
    Check {
        id: "chatday.webhooks.header-names-in-any-case",
        service: Service::Chatday,
        clauses: &[&WEBHOOK_SIGNATURE],
        ..HEADER_NAMES
    },
    Check {
        id: "chatday.webhooks.media-type-in-any-spelling",
        service: Service::Chatday,
        clauses: &[&WEBHOOK_HTTP],
        ..MEDIA_TYPES
    },
    Check {
        id: "chatday.webhooks.chunked-body-is-read",
        service: Service::Chatday,
        clauses: &[&WEBHOOK_HTTP],
        ..CHUNKED
    },
    Check {
        id: "chatday.webhooks.expect-continue-is-answered",
        service: Service::Chatday,
        clauses: &[&WEBHOOK_HTTP],
        ..EXPECT
    },
    Check {
        id: "chatday.webhooks.kept-connection-tells-apart",
        service: Service::Chatday,
        clauses: &[&WEBHOOK_ANSWER, &WEBHOOK_SIGNATURE],
        ..KEPT
    },
    Check {
        id: "chatday.webhooks.idle-connection-loses-nothing",
        service: Service::Chatday,
        clauses: &[&WEBHOOK_HTTP],
        ..IDLE
    },
    Check {
        id: "chatday.webhooks.get-head-options-do-not-crash",
        service: Service::Chatday,
        clauses: &[&WEBHOOK_SURVIVES],
        ..PROBES
    },
    Check {
        id: "chatday.webhooks.other-methods-are-not-processed",
        service: Service::Chatday,
        clauses: &[&WEBHOOK_SURVIVES],
        ..METHODS
    },
    Check {
        id: "chatday.webhooks.content-encoding-does-not-crash",
        service: Service::Chatday,
        clauses: &[&WEBHOOK_SURVIVES],
        ..ENCODINGS
    },
];

fn header_names(craft: &Craft<'_>) -> Vec<Case> {
    let spelt = |name: &str, names: Names| {
        let manner = Manner { names, ..Manner::default() };
        Case::genuine(name, craft.text("conformance: header names")).sent(manner)
    };
    let mut cases = vec![spelt("small-letters", Names::Lower), spelt("capitalised", Names::Title)];
    if craft.policy.service == Service::Chatwork {
        cases.push(spelt("as-documented", Names::Spelt("X-ChatWorkWebhookSignature")));
    }
    cases.push(spelt("capitals", Names::Upper));
    cases.push(spelt("mixed", Names::Mixed).at_most(Level::Should));
    cases
}

fn with_media_type(craft: &Craft<'_>, name: &str, media_type: Option<&str>) -> Case {
    let mut delivery = craft.text("conformance: a media type");
    delivery.headers.retain(|(name, _)| *name != header::CONTENT_TYPE);
    delivery.headers.extend(media_type.map(|text| (header::CONTENT_TYPE, Value::Plain(text.to_owned()))));
    Case::genuine(name, delivery)
}

fn media_types(craft: &Craft<'_>) -> Vec<Case> {
    vec![
        with_media_type(craft, "bare", Some("application/json")),
        with_media_type(craft, "charset", Some("application/json; charset=utf-8")),
        with_media_type(craft, "charset-in-capitals-without-blank", Some("application/json;charset=UTF-8")),
        with_media_type(craft, "charset-in-quotes", Some("application/json; charset=\"utf-8\"")),
        with_media_type(craft, "capitals", Some("Application/JSON")),
        with_media_type(craft, "none", None).at_most(Level::May),
    ]
}

/// Raw characters of two, three and four bytes; Chatwork's own spelling has none.
fn unescaped(craft: &Craft<'_>) -> Delivery {
    craft.seal(|| Bytes::from(craft.event(&format!("conformance: ข้ é 👍 {}", craft.fresh_number())).to_string()))
}

fn chunked(craft: &Craft<'_>) -> Vec<Case> {
    let cut = |name: String, cuts: &dyn Fn(&[u8]) -> Vec<usize>| {
        let delivery = unescaped(craft);
        let cuts = cuts(&delivery.body);
        Case::genuine(name, delivery).sent(Manner { pace: Pace::Chunked { cuts }, ..Manner::default() })
    };
    let mut cases = vec![
        cut("one-chunk".to_owned(), &|_| Vec::new()),
        cut("byte-by-byte".to_owned(), &|body| (1..body.len()).collect()),
    ];
    // Inside the first of each width: two bytes, three, four.
    for (width, inside) in [(3, 1), (3, 2), (2, 1), (4, 1), (4, 2), (4, 3)] {
        let name = format!("after-byte-{inside}-of-{width}");
        cases.push(cut(name, &|body| first_of_width(body, width).map(|at| at + inside).into_iter().collect()));
    }
    cases
}

/// Where the first character of so many bytes begins.
fn first_of_width(body: &[u8], width: usize) -> Option<usize> {
    let text = std::str::from_utf8(body).ok()?;
    text.char_indices().find(|(_, character)| character.len_utf8() == width).map(|(at, _)| at)
}

fn expecting(craft: &Craft<'_>) -> Vec<Case> {
    let manner = Manner { pace: Pace::Expecting { patience: CONTINUE }, ..Manner::default() };
    vec![Case::genuine("expect-100-continue", craft.text("conformance: a body that waits")).sent(manner)]
}

fn kept_connection(craft: &Craft<'_>) -> Vec<Scene> {
    // They go one after another: twice over each kind is enough where each takes long.
    let events = if craft.rhythm.latency > QUICK { KEPT_WHEN_SLOW } else { KEPT_EVENTS };
    let cases = (0..events).map(|number| {
        let case = match number % 4 {
            1 => Case::forged(format!("forged-{number}"), craft.forgery("conformance: a forged event")),
            3 => {
                // Its signature was right, for the event before it.
                let valid = craft.text("conformance: on a kept connection");
                let forged = craft.forgery("conformance: a longer forged event on a kept connection");
                Case::forged(format!("forged-{number}"), Delivery { body: valid.body, ..forged })
            }
            _ => Case::genuine(format!("valid-{number}"), craft.text("conformance: on a kept connection")),
        };
        (Duration::ZERO, case)
    });
    vec![Scene::new("many-on-one-connection", vec![Act::Line(cases.collect())])]
}

fn told_apart(course: &Course<'_>) -> Judgement {
    if let Some(judgement) = moot(course) {
        return judgement;
    }
    let kept = |step: &Step| match step.connection {
        Connection::Kept => "on the connection of the one before it",
        Connection::Again => "sent again on a new connection, since the kept one had been closed",
        Connection::Fresh => "on a connection of its own",
    };
    if let Some((step, why)) = first_unacknowledged(course) {
        return deviates(
            "lost-on-kept-connection",
            Level::Must,
            format!("'{}', a valid event {}, is not acknowledged: {why}", step.case.name, kept(step)),
            &course.policy.acknowledgement(),
            step.exchange.outcome.to_string(),
        );
    }
    // That forged events are refused at all is another check's question: here it counts only if some are.
    let taken = |step: &&Step| course.policy.accepts(&step.exchange);
    let forged = course.of(Role::Forged).count();
    let mistaken = course.of(Role::Forged).filter(taken).count();
    if mistaken > 0 && mistaken < forged {
        let step = course.of(Role::Forged).find(taken).map(|step| (step, kept(step)));
        let (name, way) = step.map_or(("", ""), |(step, way)| (step.case.name.as_str(), way));
        return deviates(
            "forgery-accepted-on-kept-connection",
            Level::Must,
            format!("'{name}', a forged event {way}, got the answer of a valid one; others were refused"),
            "a refusal of every forged event",
            format!("{mistaken} of {forged} forged events acknowledged"),
        );
    }
    lost(course, "many events on one connection").unwrap_or(Judgement::Held)
}

fn idle_connection(craft: &Craft<'_>) -> Vec<Scene> {
    let gaps = [0, 50, 200, 600];
    let cases = gaps.map(|gap| {
        let event = craft.text("conformance: after an idle time");
        (Duration::from_millis(gap), Case::genuine(format!("after-{gap}-ms"), event))
    });
    vec![Scene::new("growing-gaps", vec![Act::Line(cases.into())])]
}

fn none_lost(course: &Course<'_>) -> Judgement {
    if let Some(judgement) = moot(course) {
        return judgement;
    }
    let Some((step, why)) = first_unacknowledged(course) else {
        return lost(course, "an idle connection").unwrap_or(Judgement::Held);
    };
    deviates(
        "lost-after-idling",
        Level::Should,
        format!("'{}', a valid event on an idle connection, is not acknowledged: {why}", step.case.name),
        &course.policy.acknowledgement(),
        step.exchange.outcome.to_string(),
    )
}

fn probes(craft: &Craft<'_>) -> Vec<Case> {
    [Method::GET, Method::HEAD, Method::OPTIONS]
        .into_iter()
        .map(|method| {
            let name = method.as_str().to_ascii_lowercase();
            let delivery =
                Delivery { method, target: craft.target.to_owned(), headers: Vec::new(), body: Bytes::new() };
            Case::hostile(name, delivery)
        })
        .collect()
}

fn other_methods(craft: &Craft<'_>) -> Vec<Case> {
    [Method::POST, Method::PUT, Method::PATCH, Method::DELETE]
        .into_iter()
        .filter(|method| *method != craft.control().method)
        .map(|method| {
            let name = method.as_str().to_ascii_lowercase();
            Case::hostile(name, Delivery { method, ..craft.text("conformance: with another method") })
        })
        .collect()
}

fn encodings(craft: &Craft<'_>) -> Vec<Case> {
    ["gzip", "deflate", "br", "utf-8", "gzip, gzip"]
        .into_iter()
        .map(|encoding| {
            let mut delivery = craft.text("conformance: plain, whatever is said");
            delivery.headers.push((header::CONTENT_ENCODING, Value::Plain(encoding.to_owned())));
            Case::hostile(encoding.replace(", ", "-and-"), delivery)
        })
        .collect()
}

/// A sender waits so long for `100 Continue`, then sends all the same.
const CONTINUE: Duration = Duration::from_secs(1);
/// Events on one connection.
const KEPT_EVENTS: usize = 20;
/// The same where the latest answer took longer than [`QUICK`].
const KEPT_WHEN_SLOW: usize = 8;
/// An answer that takes no longer costs little.
const QUICK: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ask::policy::ForgeryAnswer;
    use crate::checks::transcript::{Reply, course, good, json, policy, short};
    use courier::exchange::Fault;

    fn judged(judge: fn(&Course<'_>) -> Judgement, steps: Vec<(Role, Reply)>) -> String {
        short(&course(judge, &policy(Service::Chatwork, ForgeryAnswer::Refuse), good(), steps, good()))
    }

    #[test]
    fn valid_and_forged_events_on_one_connection_are_told_apart() {
        use Role::{Forged, Genuine};
        let no = || json(401, "");
        assert_eq!(judged(told_apart, vec![(Genuine, good()), (Forged, no()), (Genuine, good())]), "held");
        let stale = vec![(Genuine, good()), (Forged, no()), (Genuine, json(400, ""))];
        assert_eq!(judged(told_apart, stale), "must lost-on-kept-connection");
        let mixed = vec![(Genuine, good()), (Forged, good()), (Forged, no()), (Genuine, good())];
        assert_eq!(judged(told_apart, mixed), "must forgery-accepted-on-kept-connection");
        let never = vec![(Genuine, good()), (Forged, good()), (Forged, good())];
        assert_eq!(judged(told_apart, never), "held", "another check's question");
    }

    #[test]
    fn an_event_that_is_lost_on_an_idle_connection_is_told() {
        let steps = |last| vec![(Role::Genuine, good()), (Role::Genuine, last)];
        assert_eq!(judged(none_lost, steps(good())), "held");
        assert_eq!(judged(none_lost, steps(Reply::Silent(Fault::Cut))), "should lost-after-idling");
        assert_eq!(judged(none_lost, steps(Reply::Silent(Fault::Stopped))), "unsettled");
    }

    #[test]
    fn cuts_are_made_inside_a_character() {
        let body = "aข\u{e9}👍".as_bytes();
        assert_eq!(first_of_width(body, 3), Some(1));
        assert_eq!(first_of_width(body, 2), Some(4));
        assert_eq!(first_of_width(body, 4), Some(6));
    }
}
