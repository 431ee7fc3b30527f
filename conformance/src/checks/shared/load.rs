//! Many events in a short time: as many as a busy minute brings.

use std::collections::BTreeSet;
use std::time::Duration;

use contract::chatday::clauses::{WEBHOOK_MANY, WEBHOOK_SURVIVES};
use contract::chatwork::webhook::{EventKind, MANY, SURVIVES};
use contract::service::Service;
use serde_json::json;

use crate::ask::case::{Case, Role};
use crate::ask::craft::Craft;
use crate::ask::craft::chatwork::event_json;
use crate::ask::scene::{Act, Course, Scene, Step};
use crate::check::{Area, Check, Level, Plan};
use crate::checks::course::{deviates, first_unacknowledged, lost, moot};
use crate::run::verdict::Judgement;
use courier::exchange::{Fault, Outcome};

const BURST: Check = Check {
    area: Area::Load,
    title: "a burst of events is acknowledged, at once or when sent again",
    rationale: "An announcement can bring as many events in a second as a quiet day does. What is refused or not \
                answered then is lost where the service does not send it again.",
    hint: "Put events into a queue and answer at once; let the web server hold connections that wait (its backlog), and \
           do not count the service's own requests against a limit for visitors.",
    load: true,
    plan: Plan::Sequence { scenes: burst, judge: none_lost },
    ..Check::blank(Service::Chatwork)
};

const AT_ONCE: Check = Check {
    area: Area::Load,
    title: "identical events at the same moment are answered without a crash",
    rationale: "Two workers find at the same moment that an event is new, both store it, and the second one fails. It \
                shows under load only.",
    hint: "Let the storage decide (a unique key, an insert that ignores what is there) instead of looking first.",
    load: true,
    plan: Plan::Sequence { scenes: identical, judge: all_answered },
    ..Check::blank(Service::Chatwork)
};

const WEAR: Check = Check {
    area: Area::Load,
    title: "hundreds of bad events leave the endpoint as quick as before",
    rationale: "Connections, tasks and log entries that a refusal leaves behind add up, and anybody can send bad events.",
    hint: "Look for what is opened before the check of the secret and not closed after a refusal.",
    hostile: true,
    load: true,
    plan: Plan::Sequence { scenes: wear, judge: as_quick_as_before },
    ..Check::blank(Service::Chatwork)
};

/// Chatwork's, in report order.
pub const CHATWORK: &[Check] = &[
    Check {
        id: "chatwork.webhooks.events-in-another-order-are-acknowledged",
        area: Area::Tolerance,
        title: "an edit that comes before its message, and a mention before either, are acknowledged",
        rationale: "No order is promised, and two connections overtake each other. A receiver that looks up the message of \
                    an edit and does not find it must not fail.",
        hint: "Treat an edit of an unknown message as the message itself, or ignore it; answer 200 either way.",
        clauses: &[&MANY],
        plan: Plan::Sequence { scenes: another_order, judge: all_acknowledged },
        ..Check::blank(Service::Chatwork)
    },
    Check { id: "chatwork.webhooks.identical-events-at-once-are-answered", clauses: &[&MANY], ..AT_ONCE },
    Check { id: "chatwork.webhooks.burst-is-acknowledged", clauses: &[&MANY], ..BURST },
    Check { id: "chatwork.webhooks.bad-events-do-not-wear-it-out", clauses: &[&SURVIVES], ..WEAR },
];

/// Chatday's, in report order.
pub const CHATDAY: &[Check] = &[
    Check {
        id: "chatday.webhooks.identical-events-at-once-are-answered",
        service: Service::Chatday,
        clauses: &[&WEBHOOK_MANY],
        ..AT_ONCE
    },
    Check {
        id: "chatday.webhooks.burst-is-acknowledged",
        service: Service::Chatday,
        clauses: &[&WEBHOOK_MANY],
        ..BURST
    },
    Check {
        id: "chatday.webhooks.bad-events-do-not-wear-it-out",
        service: Service::Chatday,
        clauses: &[&WEBHOOK_SURVIVES],
        ..WEAR
    },
];

fn another_order(craft: &Craft<'_>) -> Vec<Scene> {
    let about = |name: &str, kind: EventKind, id: &str| {
        let body = || {
            let mut event = event_json(craft, kind, "conformance: in another order");
            event["webhook_event"]["message_id"] = json!(id);
            // Made anew until its signature reads well, so something else has to differ.
            event["webhook_event"]["body"] = json!(format!("conformance: another order {}", craft.fresh_number()));
            craft.body(&event)
        };
        Case::genuine(name, craft.seal(body))
    };
    let first = craft.fresh_number().to_string();
    let second = craft.fresh_number().to_string();
    vec![
        Scene::new(
            "edit-before-message",
            vec![Act::Each(vec![
                about("edit", EventKind::MessageUpdated, &first),
                about("message", EventKind::MessageCreated, &first),
            ])],
        ),
        Scene::new(
            "mention-before-message",
            vec![Act::Each(vec![
                about("mention", EventKind::MentionToMe, &second),
                about("message", EventKind::MessageCreated, &second),
            ])],
        ),
    ]
}

fn all_acknowledged(course: &Course<'_>) -> Judgement {
    if let Some(judgement) = moot(course) {
        return judgement;
    }
    let Some((step, why)) = first_unacknowledged(course) else {
        return lost(course, "events in another order").unwrap_or(Judgement::Held);
    };
    deviates(
        "order-assumed",
        Level::Should,
        format!("'{}' is not acknowledged: {why}", step.case.name),
        &course.policy.acknowledgement(),
        step.exchange.outcome.to_string(),
    )
}

/// As many as a receiver that serves one after another could answer in a quarter of the time allowed.
fn bearable(craft: &Craft<'_>, most: usize) -> usize {
    let share = craft.rhythm.timeout / 4;
    let each = craft.rhythm.latency.max(Duration::from_millis(1));
    usize::try_from(share.as_millis() / each.as_millis().max(1)).unwrap_or(most).clamp(4, most)
}

fn burst(craft: &Craft<'_>) -> Vec<Scene> {
    let cases = (1..=bearable(craft, BURST_MOST))
        .map(|number| Case::genuine(format!("event-{number}"), craft.text("conformance: one of many")))
        .collect();
    vec![Scene::new("burst", vec![Act::Together(cases), Act::Again])]
}

fn none_lost(course: &Course<'_>) -> Judgement {
    if let Err(refusal) = course.policy.examine(course.before) {
        return Judgement::Unsettled(format!("the receiver does not accept a plain valid event: {}", refusal.message));
    }
    let unsent = |step: &&Step| {
        matches!(step.exchange.outcome, Outcome::Silent(Fault::GivenUp | Fault::Stopped | Fault::UnreachableDns(_)))
    };
    if course.steps.iter().any(|step| unsent(&step)) {
        return Judgement::Unsettled("the burst was not sent whole".to_owned());
    }
    let taken = |step: &&Step| course.policy.accepts(&step.exchange);
    let names: BTreeSet<&str> = course.steps.iter().map(|step| step.case.name.as_str()).collect();
    let taken_names: BTreeSet<&str> = course.steps.iter().filter(taken).map(|step| step.case.name.as_str()).collect();
    let Some(missed) = course.steps.iter().find(|step| !taken(step)) else {
        return lost(course, "a burst of events").unwrap_or(Judgement::Held);
    };
    let (total, gone) = (names.len(), names.len() - taken_names.len());
    let expected = format!("{} for each of them", course.policy.acknowledgement());
    let actual = missed.exchange.outcome.to_string();
    if gone > 0 {
        let message = format!("{gone} of {total} events at once were not acknowledged, nor when sent once more");
        return deviates("burst-lost", Level::Should, message, &expected, actual);
    }
    if course.policy.service == Service::Chatday {
        // The service sends again what was not acknowledged, and then it was.
        return lost(course, "a burst of events").unwrap_or(Judgement::Held);
    }
    let again = course.steps.len() - total;
    let message = format!(
        "{again} of {total} events at once were acknowledged only when sent once more, which Chatwork never does"
    );
    deviates("burst-missed", Level::May, message, &expected, actual)
}

fn identical(craft: &Craft<'_>) -> Vec<Scene> {
    let event = craft.text("conformance: the same, several times at once");
    let cases = (1..=IDENTICAL).map(|number| Case::genuine(format!("copy-{number}"), event.clone())).collect();
    vec![Scene::new("at-once", vec![Act::Together(cases)])]
}

/// One of them has to be acknowledged; the others may be refused as duplicates, but not by falling over.
fn all_answered(course: &Course<'_>) -> Judgement {
    if let Some(judgement) = moot(course) {
        return judgement;
    }
    let broken = course
        .of(Role::Genuine)
        .find(|step| step.exchange.answer().is_none_or(|answer| answer.status.is_server_error()));
    let taken = course.of(Role::Genuine).any(|step| course.policy.accepts(&step.exchange));
    match broken {
        None if taken => lost(course, "identical events at once").unwrap_or(Judgement::Held),
        None => deviates(
            "none-taken",
            Level::Should,
            "of identical events at the same moment none was acknowledged".to_owned(),
            &format!("{} for one of them at least", course.policy.acknowledgement()),
            course.steps.first().map(|step| step.exchange.outcome.to_string()).unwrap_or_default(),
        ),
        Some(step) => deviates(
            "duplicates-crash",
            Level::Should,
            format!("'{}', one of identical events at the same moment, was not answered properly", step.case.name),
            "an answer with a status below 500 to each of them",
            step.exchange.outcome.to_string(),
        ),
    }
}

fn wear(craft: &Craft<'_>) -> Vec<Scene> {
    let probe = |part: &str| {
        Act::Each((1..=PROBES).map(|number| Case::genuine(format!("{part}-{number}"), craft.control())).collect())
    };
    let wave = |wave: usize| {
        let forged = |number| {
            Case::forged(format!("bad-{wave}-{number}"), craft.forgery("conformance: one of many forged events"))
        };
        (1..=WAVE).map(forged).collect()
    };
    let acts = [probe("before"), Act::Waves((1..=WAVES).map(wave).collect(), WEAR_TIME), probe("after")];
    vec![Scene::new("bad-events", acts.into())]
}

fn as_quick_as_before(course: &Course<'_>) -> Judgement {
    if let Some(judgement) = moot(course).or_else(|| lost(course, "hundreds of bad events")) {
        return judgement;
    }
    if let Some((step, why)) = first_unacknowledged(course) {
        return deviates(
            "worn-out",
            Level::Should,
            format!("'{}', a valid event among hundreds of bad ones, is not acknowledged: {why}", step.case.name),
            &course.policy.acknowledgement(),
            step.exchange.outcome.to_string(),
        );
    }
    let quickest = |part: &str| {
        let probes = course.of(Role::Genuine).filter(|step| step.case.name.starts_with(part));
        probes.map(|step| step.exchange.took).min().unwrap_or_default()
    };
    let (before, after) = (quickest("before"), quickest("after"));
    // The quickest of several, and much slower than before: a busy machine must not decide.
    if after < before * SLOWER + SLOWER_AT_LEAST {
        return Judgement::Held;
    }
    let bad = course.of(Role::Forged).count();
    deviates(
        "slower-afterwards",
        Level::Should,
        format!("after {bad} bad events a valid one takes {} ms at best", after.as_millis()),
        &format!("about {} ms, as before", before.as_millis()),
        format!("{} ms", after.as_millis()),
    )
}

/// Events of a burst.
const BURST_MOST: usize = 50;
/// Copies of one event at once.
const IDENTICAL: usize = 8;
/// Valid events by which the time is taken.
const PROBES: usize = 3;
/// Bad events at once: as many as the shortest queue of connections holds.
const WAVE: usize = 4;
/// How often, at most.
const WAVES: usize = 125;
/// How long they may take together.
const WEAR_TIME: Duration = Duration::from_secs(3);
/// Slower than so many times the time before, and this besides, is slower.
const SLOWER: u32 = 5;
/// See [`SLOWER`].
const SLOWER_AT_LEAST: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ask::policy::ForgeryAnswer;
    use crate::checks::transcript::{Reply, course, good, json, policy, short};

    fn judged(judge: fn(&Course<'_>) -> Judgement, replies: Vec<Reply>) -> String {
        let steps = replies.into_iter().map(|reply| (Role::Genuine, reply)).collect();
        short(&course(judge, &policy(Service::Chatwork, ForgeryAnswer::Refuse), good(), steps, good()))
    }

    #[test]
    fn every_event_of_a_burst_counts_and_a_second_try_too_where_the_service_makes_one() {
        let burst = |service, replies: Vec<(&'static str, Reply)>| {
            let steps = replies.into_iter().map(|(name, reply)| (name, Role::Genuine, reply)).collect();
            short(&crate::checks::transcript::named(none_lost, &policy(service, ForgeryAnswer::Refuse), steps))
        };
        let gone = || Reply::Silent(Fault::ConnectTimeout);
        for service in Service::ALL {
            assert_eq!(burst(service, vec![("1", good()), ("2", good())]), "held");
            assert_eq!(
                burst(service, vec![("1", good()), ("2", json(429, "")), ("2", json(429, ""))]),
                "should burst-lost"
            );
            assert_eq!(burst(service, vec![("1", good()), ("2", gone()), ("2", gone())]), "should burst-lost");
            assert_eq!(burst(service, vec![("1", good()), ("2", Reply::Silent(Fault::Stopped))]), "unsettled");
        }
        let second = || vec![("1", good()), ("2", gone()), ("2", good())];
        assert_eq!(burst(Service::Chatday, second()), "held");
        assert_eq!(burst(Service::Chatwork, second()), "may burst-missed");
    }

    #[test]
    fn of_identical_events_one_has_to_be_taken_and_none_may_crash() {
        assert_eq!(judged(all_answered, vec![good(), json(409, "")]), "held");
        assert_eq!(judged(all_answered, vec![good(), json(500, "")]), "should duplicates-crash");
        assert_eq!(judged(all_answered, vec![json(409, ""), json(409, "")]), "should none-taken");
    }

    #[test]
    fn events_in_another_order_are_acknowledged() {
        assert_eq!(judged(all_acknowledged, vec![good(), good()]), "held");
        assert_eq!(judged(all_acknowledged, vec![json(500, ""), good()]), "should order-assumed");
    }

    #[test]
    fn an_endpoint_that_is_slower_or_gone_after_bad_events_is_worn_out() {
        let timed = |after| {
            let mut steps = vec![("before-1", good()), ("bad-1", json(401, "")), ("after-1", after)];
            let named = steps.drain(..).map(|(name, reply)| {
                let role = if name.starts_with("bad") { Role::Forged } else { Role::Genuine };
                (name, role, reply)
            });
            let policy = policy(Service::Chatwork, ForgeryAnswer::Refuse);
            short(&crate::checks::transcript::named(as_quick_as_before, &policy, named.collect()))
        };
        assert_eq!(timed(good()), "held");
        assert_eq!(timed(Reply::Late(Duration::from_millis(200))), "held");
        assert_eq!(timed(Reply::Late(Duration::from_millis(900))), "should slower-afterwards");
        assert_eq!(timed(json(503, "")), "should worn-out");
    }
}
