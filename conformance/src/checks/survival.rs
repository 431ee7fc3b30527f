//! The judges of requests that no service sends: whatever they are answered, the next real event has to be acknowledged.

use contract::service::Service;
use http::{StatusCode, Version};

use crate::ask::case::{Role, Trial};
use crate::check::Level;
use crate::checks::answer::{acknowledged_as_plain_ones_are, refused, unsettled};
use crate::run::verdict::{Deviation, Hint, Judgement};
use courier::exchange::{Exchange, Fault, Outcome};

/// Any answer below 500 will do.
pub(crate) fn survived(trial: &Trial<'_>) -> Judgement {
    judged(trial, |fault| matches!(fault, Fault::HungUp))
}

/// Any answer below 500 will do, and so does an end of the connection: who is sent too much need not read all of it.
pub(crate) fn survived_or_closed(trial: &Trial<'_>) -> Judgement {
    judged(trial, |fault| matches!(fault, Fault::HungUp | Fault::Cut | Fault::ConnectFailed(_)))
}

fn judged(trial: &Trial<'_>, is_fine: fn(&Fault) -> bool) -> Judgement {
    if let Some(reason) = control_before(trial.before, trial) {
        return Judgement::Unsettled(reason);
    }
    if let Some(judgement) = lost(trial.after, trial) {
        return judgement;
    }
    own(trial, is_fine)
}

/// Real ones are acknowledged and forged ones refused; what is neither is survived.
pub(crate) fn by_role(trial: &Trial<'_>) -> Judgement {
    match trial.case.role {
        Role::Genuine => acknowledged_as_plain_ones_are(trial),
        Role::Forged => refused(trial),
        Role::Hostile => survived(trial),
    }
}

/// A real event in an unusual form has to be acknowledged, or refused by the status that says that this form is not
/// understood. A receiver that speaks HTTP/1.0 need not know it.
pub(crate) fn acknowledged_or_declined(trial: &Trial<'_>) -> Judgement {
    let judged = acknowledged_as_plain_ones_are(trial);
    let declines = |status: StatusCode| matches!(status.as_u16(), 411 | 417 | 501);
    let declined = trial.exchange.answer().is_some_and(|answer| declines(answer.status));
    let older = trial.after.and_then(Exchange::answer).is_some_and(|plain| plain.version == Version::HTTP_10);
    match judged {
        Judgement::Deviates(_) if declined || older => Judgement::Held,
        other => other,
    }
}

/// A long event has to be acknowledged. One that is refused as too long is worth knowing.
pub(crate) fn acknowledged_or_too_long(trial: &Trial<'_>) -> Judgement {
    let too_long = trial.exchange.answer().is_some_and(|answer| answer.status == StatusCode::PAYLOAD_TOO_LARGE);
    match acknowledged_as_plain_ones_are(trial) {
        Judgement::Deviates(deviation) if too_long => {
            Judgement::Deviates(Deviation { name: "too-long", level: Level::May, ..deviation })
        }
        other => other,
    }
}

/// Another method than the service's is survived. One that is processed like the service's own is worth knowing.
pub(crate) fn not_processed(trial: &Trial<'_>) -> Judgement {
    let judged = survived(trial);
    if judged != Judgement::Held || !trial.policy.accepts(trial.exchange) {
        return judged;
    }
    let control = trial.before.and_then(Exchange::answer).map(|answer| &answer.body);
    let own = trial.exchange.answer().map(|answer| &answer.body);
    // Chatday's acknowledgement is unmistakable; a bare 200 may be any page.
    if trial.policy.service == Service::Chatwork && control != own {
        return Judgement::Held;
    }
    Judgement::Deviates(Deviation {
        name: "method-processed",
        level: Level::May,
        message: format!("a {} is answered like a valid event", trial.case.delivery.method),
        expected: "status 405 with Allow".to_owned(),
        actual: trial.exchange.outcome.to_string(),
        hint: Hint::OfCheck,
    })
}

/// Without an accepted control event, surviving shows nothing.
pub(crate) fn control_before(control: Option<&Exchange>, trial: &Trial<'_>) -> Option<String> {
    let Some(control) = control else { return Some("no control event was sent before".to_owned()) };
    if let Some(reason) = unsettled("the control event before", control) {
        return Some(reason);
    }
    let refusal = trial.policy.examine(control).err()?;
    Some(format!(
        "the receiver does not accept a plain valid event, so nothing else shows anything: {}",
        refusal.message
    ))
}

/// The endpoint does not serve the next valid event.
pub(crate) fn lost(control: Option<&Exchange>, trial: &Trial<'_>) -> Option<Judgement> {
    let Some(control) = control else {
        return Some(Judgement::Unsettled("no control event was sent afterwards".to_owned()));
    };
    match &control.outcome {
        Outcome::Silent(fault @ (Fault::GivenUp | Fault::Stopped)) => {
            return Some(Judgement::Unsettled(format!("the control event afterwards was not sent: {fault}")));
        }
        Outcome::Answered(_) => {
            if let Some(reason) = unsettled("the control event afterwards", control) {
                return Some(Judgement::Unsettled(reason));
            }
        }
        Outcome::Silent(_) => {}
    }
    let refusal = trial.policy.examine(control).err()?;
    Some(Judgement::Deviates(Deviation {
        name: "lost-afterwards",
        level: Level::Must,
        message: format!("after this request the next valid event is not acknowledged: {}", refusal.message),
        expected: format!("{} for the valid event that follows", trial.policy.acknowledgement()),
        actual: control.outcome.to_string(),
        hint: Hint::Besides(
            "One odd request takes the endpoint down for everybody: an exception must end the request, not the process, \
             and no worker may wait for a sender that has left."
                .to_owned(),
        ),
    }))
}

fn own(trial: &Trial<'_>, is_fine: fn(&Fault) -> bool) -> Judgement {
    if let Some(reason) = unsettled("the request", trial.exchange) {
        return Judgement::Unsettled(reason);
    }
    let (name, message) = match &trial.exchange.outcome {
        Outcome::Silent(fault) if is_fine(fault) => return Judgement::Held,
        Outcome::Silent(fault) => ("unanswered", format!("the request got no answer: {fault}")),
        // A method, a coding or a version that is not implemented is said so by these.
        Outcome::Answered(answer) if matches!(answer.status.as_u16(), 501 | 505) => return Judgement::Held,
        Outcome::Answered(answer) if answer.status.is_server_error() => {
            ("crashes", format!("the request was answered as a fault of the server ({})", answer.status.as_u16()))
        }
        Outcome::Answered(_) => return Judgement::Held,
    };
    Judgement::Deviates(Deviation {
        name,
        level: Level::Should,
        message,
        expected: "an answer with a status below 500".to_owned(),
        actual: trial.exchange.outcome.to_string(),
        hint: Hint::OfCheck,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ask::policy::ForgeryAnswer;
    use crate::checks::transcript::{Reply, forged, good, json, policy, short};

    fn judged(judge: fn(&Trial<'_>) -> Judgement, replies: [Reply; 3]) -> String {
        short(&forged(judge, &policy(Service::Chatwork, ForgeryAnswer::Refuse), replies))
    }

    #[test]
    fn whatever_is_below_500_survives_and_so_does_what_is_not_implemented() {
        for status in [200, 204, 400, 401, 404, 405, 413, 415, 501, 505] {
            assert_eq!(judged(survived, [good(), json(status, ""), good()]), "held", "{status}");
        }
        assert_eq!(judged(survived, [good(), json(500, ""), good()]), "should crashes");
        assert_eq!(judged(survived, [good(), json(503, ""), good()]), "should crashes");
    }

    #[test]
    fn hanging_up_is_a_crash_unless_it_was_sent_too_much() {
        let cut = || [good(), Reply::Silent(Fault::Cut), good()];
        assert_eq!(judged(survived, cut()), "should unanswered");
        assert_eq!(judged(survived_or_closed, cut()), "held");
        assert_eq!(
            judged(survived_or_closed, [good(), Reply::Silent(Fault::HeadTimeout), good()]),
            "should unanswered"
        );
        assert_eq!(judged(survived, [good(), Reply::Silent(Fault::HungUp), good()]), "held");
    }

    #[test]
    fn an_endpoint_that_is_gone_afterwards_is_a_must_and_one_that_never_was_there_shows_nothing() {
        let gone = || Reply::Silent(Fault::ConnectRefused);
        assert_eq!(judged(survived, [good(), json(400, ""), gone()]), "must lost-afterwards");
        assert_eq!(judged(survived, [good(), json(400, ""), json(500, "")]), "must lost-afterwards");
        assert_eq!(judged(survived, [json(401, ""), json(400, ""), json(401, "")]), "unsettled");
        assert_eq!(judged(survived, [good(), gone(), good()]), "unsettled");
        assert_eq!(judged(survived, [good(), json(400, ""), json(429, "")]), "unsettled");
    }

    #[test]
    fn a_form_that_is_not_understood_may_be_declined_and_a_long_text_too() {
        assert_eq!(judged(acknowledged_or_declined, [good(), good(), good()]), "held");
        assert_eq!(judged(acknowledged_or_declined, [good(), json(411, ""), good()]), "held");
        assert_eq!(judged(acknowledged_or_declined, [good(), json(401, ""), good()]), "must status");
        assert_eq!(judged(acknowledged_or_too_long, [good(), json(413, ""), good()]), "may too-long");
        assert_eq!(judged(acknowledged_or_too_long, [good(), json(500, ""), good()]), "must status");
    }

    #[test]
    fn a_method_that_is_processed_is_worth_knowing_and_a_page_is_not() {
        assert_eq!(judged(not_processed, [good(), json(405, ""), good()]), "held");
        assert_eq!(judged(not_processed, [good(), good(), good()]), "may method-processed");
        assert_eq!(judged(not_processed, [good(), json(200, "<html>"), good()]), "held");
        assert_eq!(judged(not_processed, [good(), json(500, ""), good()]), "should crashes");
    }
}
