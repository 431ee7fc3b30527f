//! What the judges of scenes share.

use crate::ask::case::Role;
use crate::ask::scene::{Course, Step};
use crate::check::Level;
use crate::checks::answer::unsettled;
use crate::run::verdict::{Deviation, Hint, Judgement};
use courier::exchange::{Fault, Outcome};

/// Why a scene shows nothing, if that is so: there is no accepted control event before it, or something was not sent.
pub(super) fn moot(course: &Course<'_>) -> Option<Judgement> {
    let unsettled_as = |reason| Some(Judgement::Unsettled(reason));
    if let Some(reason) = unsettled("the control event before", course.before) {
        return unsettled_as(reason);
    }
    if let Err(refusal) = course.policy.examine(course.before) {
        return unsettled_as(format!(
            "the receiver does not accept a plain valid event, so nothing else shows anything: {}",
            refusal.message
        ));
    }
    let reason = course.steps.iter().find_map(|step| unsettled(&format!("'{}'", step.case.name), &step.exchange))?;
    // An endpoint that refuses connections in the middle of a scene has not been out of reach all the time.
    if course.steps.iter().any(|step| matches!(step.exchange.outcome, Outcome::Silent(Fault::ConnectRefused))) {
        return None;
    }
    unsettled_as(reason)
}

/// The first real event of a scene that was not acknowledged.
pub(super) fn first_unacknowledged<'a>(course: &'a Course<'_>) -> Option<(&'a Step, String)> {
    course.of(Role::Genuine).filter(|step| step.case.awaits_answer()).find_map(|step| {
        let refusal = course.policy.examine(&step.exchange).err()?;
        Some((step, refusal.message))
    })
}

/// The endpoint does not serve the next valid event.
pub(super) fn lost(course: &Course<'_>, what: &str) -> Option<Judgement> {
    match &course.after.outcome {
        Outcome::Silent(fault @ (Fault::GivenUp | Fault::Stopped)) => {
            return Some(Judgement::Unsettled(format!("the control event afterwards was not sent: {fault}")));
        }
        Outcome::Answered(_) => {
            if let Some(reason) = unsettled("the control event afterwards", course.after) {
                return Some(Judgement::Unsettled(reason));
            }
        }
        Outcome::Silent(_) => {}
    }
    let refusal = course.policy.examine(course.after).err()?;
    Some(deviates(
        "lost-afterwards",
        Level::Must,
        format!("after {what} the next valid event is not acknowledged: {}", refusal.message),
        &format!("{} for the valid event that follows", course.policy.acknowledgement()),
        course.after.outcome.to_string(),
    ))
}

/// A deviation with the check's own hint.
pub(super) fn deviates(name: &'static str, level: Level, message: String, expected: &str, actual: String) -> Judgement {
    Judgement::Deviates(Deviation { name, level, message, expected: expected.to_owned(), actual, hint: Hint::OfCheck })
}
