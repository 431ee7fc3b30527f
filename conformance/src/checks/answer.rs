//! The judges that most checks of webhooks share. Pure: from a trial to a judgement.

use contract::service::Service;
use http::StatusCode;

use crate::ask::case::{Fate, Trial};
use crate::ask::policy::ForgeryAnswer;
use crate::check::Level;
use crate::run::verdict::{Deviation, Hint, Judgement};
use courier::exchange::{Answer, Exchange, Fault, Outcome, excerpt};

/// A real event has to be acknowledged.
pub(crate) fn acknowledged(trial: &Trial<'_>) -> Judgement {
    if let Some(reason) = unsettled("the event", trial.exchange) {
        return Judgement::Unsettled(reason);
    }
    match trial.policy.examine(trial.exchange) {
        Ok(()) => Judgement::Held,
        Err(refusal) => Judgement::Deviates(Deviation {
            name: refusal.name,
            level: Level::Must,
            message: refusal.message,
            expected: trial.policy.acknowledgement(),
            actual: trial.exchange.outcome.to_string(),
            hint: cause(trial.policy.service, trial.exchange)
                .map_or(Hint::OfCheck, |cause| Hint::Instead(cause.to_owned())),
        }),
    }
}

/// A real event of a special kind has to be acknowledged, where plain ones are.
pub(crate) fn acknowledged_as_plain_ones_are(trial: &Trial<'_>) -> Judgement {
    let judged = acknowledged(trial);
    let plain = trial.after.and_then(|control| trial.policy.examine(control).err());
    match (&judged, plain) {
        (Judgement::Deviates(_), Some(refusal)) => {
            Judgement::Unsettled(format!("a plain event is not acknowledged either: {}", refusal.message))
        }
        // Path, secret and setting are right, as the plain event shows: only the check's own hint can fit.
        (Judgement::Deviates(deviation), None) if trial.after.is_some() => {
            Judgement::Deviates(Deviation { hint: Hint::OfCheck, ..deviation.clone() })
        }
        _ => judged,
    }
}

/// A forged event has to be refused, and real ones have to be acknowledged before and after it.
pub(crate) fn refused(trial: &Trial<'_>) -> Judgement {
    if let Some(reason) = control_before(trial) {
        return Judgement::Unsettled(reason);
    }
    let forged = forgery(trial);
    if matches!(&forged, Judgement::Deviates(deviation) if deviation.level == Level::Must) {
        return forged;
    }
    control_after(trial).unwrap_or(forged)
}

/// Why nothing can be said about an exchange, if that is so.
pub(crate) fn unsettled(what: &str, exchange: &Exchange) -> Option<String> {
    match &exchange.outcome {
        Outcome::Silent(fault) if fault.is_out_of_reach() => Some(format!("{what} was not delivered: {fault}")),
        Outcome::Answered(answer) if answer.status == StatusCode::TOO_MANY_REQUESTS => {
            Some(format!("{what} was answered with 429: the receiver limits the rate, so run with --rate N"))
        }
        Outcome::Answered(_) | Outcome::Silent(_) => None,
    }
}

/// Rule (a): without an accepted control event, refusing a forged one shows nothing.
pub(crate) fn control_before(trial: &Trial<'_>) -> Option<String> {
    let Some(control) = trial.before else {
        return Some("no control event was sent before the forged one".to_owned());
    };
    if let Some(reason) = unsettled("the control event before the forged one", control) {
        return Some(reason);
    }
    let refusal = trial.policy.examine(control).err()?;
    Some(format!(
        "the receiver does not accept a correctly signed event, so refusing a forged one shows nothing: {}",
        refusal.message
    ))
}

/// Rule (c): the endpoint still serves the next valid event.
fn control_after(trial: &Trial<'_>) -> Option<Judgement> {
    let Some(control) = trial.after else {
        return Some(Judgement::Unsettled("no control event was sent after the forged one".to_owned()));
    };
    match &control.outcome {
        Outcome::Silent(fault @ (Fault::GivenUp | Fault::Stopped)) => {
            return Some(Judgement::Unsettled(format!("the control event after the forged one was not sent: {fault}")));
        }
        Outcome::Answered(_) => {
            if let Some(reason) = unsettled("the control event after the forged one", control) {
                return Some(Judgement::Unsettled(reason));
            }
        }
        Outcome::Silent(_) => {}
    }
    let refusal = trial.policy.examine(control).err()?;
    Some(Judgement::Deviates(Deviation {
        name: "lost-after-forgery",
        level: Level::Must,
        message: format!("after the forged event the next valid one is not acknowledged: {}", refusal.message),
        expected: format!("{} for the valid event that follows", trial.policy.acknowledgement()),
        actual: control.outcome.to_string(),
        hint: Hint::Instead(
            "One bad request takes the endpoint down for everybody: an exception while comparing (unequal lengths, a \
             header that is no text) must end the request, not the process."
                .to_owned(),
        ),
    }))
}

/// The forged event itself.
fn forgery(trial: &Trial<'_>) -> Judgement {
    if let Some(reason) = unsettled("the forged event", trial.exchange) {
        return Judgement::Unsettled(reason);
    }
    let answer = match &trial.exchange.outcome {
        Outcome::Silent(fault) => return unanswered(fault, trial.exchange),
        Outcome::Answered(answer) => answer,
    };
    if trial.policy.accepts(trial.exchange) && looks_like_control(trial, answer) {
        return confirmed(trial);
    }
    if answer.status.is_success() {
        return success_status(trial, answer);
    }
    if answer.status.is_redirection() {
        return redirected(trial, answer);
    }
    if answer.status.is_server_error() {
        return Judgement::Deviates(Deviation {
            name: "forgery-crashes",
            level: Level::Should,
            message: format!("the forged event was refused, but as a fault of the server ({})", answer.status.as_u16()),
            expected: REFUSAL.to_owned(),
            actual: trial.exchange.outcome.to_string(),
            hint: Hint::Instead(
                "Usually an exception while comparing: unequal lengths, a missing header. Check for it and answer 401."
                    .to_owned(),
            ),
        });
    }
    Judgement::Held
}

fn unanswered(fault: &Fault, exchange: &Exchange) -> Judgement {
    Judgement::Deviates(Deviation {
        name: "forgery-unanswered",
        level: Level::Should,
        message: format!("the forged event was not accepted, but got no proper answer either: {fault}"),
        expected: REFUSAL.to_owned(),
        actual: exchange.outcome.to_string(),
        hint: Hint::Instead(
            "Answer 401 instead of dropping the connection: a sender can't tell that from an outage.".to_owned(),
        ),
    })
}

/// The answer of a valid event: acted on, or dropped in silence. From outside both look the same; beside the mock they do
/// not.
fn confirmed(trial: &Trial<'_>) -> Judgement {
    const ANSWER_401: &str = "Answer 401: a wrong secret in your settings then shows itself at once.";
    let (level, name, message, hint) = match (trial.fate, trial.policy.forgery_answer) {
        (Fate::ActedOn(call), _) => (
            Level::Must,
            "forgery-acted-on",
            format!("the forged event got the answer of a valid one, and then the integration called {call}"),
            "It was not only answered but acted on.",
        ),
        (Fate::Dropped, _) => (
            Level::Should,
            "forgery-seen-dropped",
            "the forged event got the answer of a valid one; the mock saw that it had no effect".to_owned(),
            ANSWER_401,
        ),
        (Fate::Unseen, ForgeryAnswer::Refuse) => (
            Level::Must,
            "forgery-accepted",
            "the forged event got the answer of a valid one".to_owned(),
            "If forged events are already dropped without any effect, answer 401, or run with --with-mock, where that is \
             seen, or declare it with --forgery-answer any.",
        ),
        (Fate::Unseen, ForgeryAnswer::Any) => (
            Level::Should,
            "forgery-declared-dropped",
            "the forged event got the answer of a valid one; that it is dropped was declared (--forgery-answer any), \
             not seen"
                .to_owned(),
            ANSWER_401,
        ),
    };
    Judgement::Deviates(Deviation {
        name,
        level,
        message,
        expected: REFUSAL.to_owned(),
        actual: trial.exchange.outcome.to_string(),
        hint: Hint::Besides(hint.to_owned()),
    })
}

fn success_status(trial: &Trial<'_>, answer: &Answer) -> Judgement {
    Judgement::Deviates(Deviation {
        name: "forgery-answered-2xx",
        level: Level::Should,
        message: format!("the forged event was not confirmed, but its status {} says success", answer.status.as_u16()),
        expected: REFUSAL.to_owned(),
        actual: trial.exchange.outcome.to_string(),
        hint: Hint::Instead("Say it in the status too: answer 401 (or 400, 403).".to_owned()),
    })
}

fn redirected(trial: &Trial<'_>, answer: &Answer) -> Judgement {
    Judgement::Deviates(Deviation {
        name: "forgery-redirected",
        level: Level::Should,
        message: format!("the forged event was not refused but redirected ({})", answer.status.as_u16()),
        expected: REFUSAL.to_owned(),
        actual: trial.exchange.outcome.to_string(),
        hint: Hint::Instead(
            "Usually a login page for browsers stands in front of the webhook. Answer 401 instead: a sender does not log \
             in, and the place that it is sent to may take what was refused here."
                .to_owned(),
        ),
    })
}

/// Whether an answer is the one that valid events get. Where the contract leaves the body open, bodies are compared
/// without their digits, since they may hold times and counters.
fn looks_like_control(trial: &Trial<'_>, answer: &Answer) -> bool {
    // Chatday fixes the answer, so accepting it was the whole question.
    if trial.policy.service == Service::Chatday {
        return true;
    }
    let controls: Vec<String> =
        [trial.before, trial.after].into_iter().flatten().filter_map(Exchange::answer).map(outline).collect();
    let body = outline(answer);
    if controls.contains(&body) {
        return true;
    }
    // Valid events are answered each time differently: then a difference shows nothing.
    controls.iter().any(|control| controls.first() != Some(control))
}

fn outline(answer: &Answer) -> String {
    excerpt(&answer.body, OUTLINE).chars().filter(|character| !character.is_ascii_digit()).collect()
}

/// The usual reason for an answer, if it has one.
fn cause(service: Service, exchange: &Exchange) -> Option<&'static str> {
    match &exchange.outcome {
        Outcome::Answered(answer) => match answer.status.as_u16() {
            301 | 302 | 303 | 307 | 308 => {
                Some("Give the final URL: webhooks are not redirected. Often only the trailing slash differs.")
            }
            401 | 403 => Some(
                "A correctly signed event was refused. Is the receiver configured with the same secret as this run? If \
                 so, it computes another signature: over the raw bytes of the body, before any parsing.",
            ),
            400 | 404 | 409 | 422 if service == Service::Chatwork => Some(
                "Is this the path at which the receiver takes POST requests? One that takes events of its own webhook \
                 setting or rooms alone has to be told apart from one that refuses all: name them with --setting-id and \
                 --room-id.",
            ),
            404 | 405 => Some("Is this the path at which the receiver takes POST requests?"),
            415 => Some("The receiver refuses the content type; the service sends application/json."),
            _ => None,
        },
        Outcome::Silent(Fault::Protocol(_)) => Some("Is this an HTTP port? TLS and other protocols answer like this."),
        Outcome::Silent(_) => None,
    }
}

/// What a forged event should be answered with.
pub(crate) const REFUSAL: &str = "status 401 (or 400, 403)";
/// Characters of a body that are compared.
const OUTLINE: usize = 4_096;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ask::policy::Policy;
    use crate::checks::transcript::{Reply, forged, genuine, good, json, policy, short};

    const BOTH: [Service; 2] = Service::ALL;

    fn refusing(service: Service) -> Policy {
        policy(service, ForgeryAnswer::Refuse)
    }

    fn forgery(service: Service, reply: Reply) -> String {
        short(&forged(refused, &refusing(service), [good(), reply, good()]))
    }

    #[test]
    fn a_valid_event_is_acknowledged_by_exactly_200() {
        for service in BOTH {
            assert_eq!(genuine(acknowledged, service, good()), Judgement::Held);
            for status in [201, 202, 204, 206, 400, 401, 500] {
                let judged = genuine(acknowledged, service, json(status, r#"{"status":"SUCCESS"}"#));
                assert_eq!(short(&judged), "must status", "{service} {status}");
            }
            assert_eq!(short(&genuine(acknowledged, service, json(308, ""))), "must redirect");
        }
    }

    #[test]
    fn a_special_event_is_judged_only_where_plain_ones_are_acknowledged() {
        let policy = refusing(Service::Chatwork);
        let judged = |own, after| short(&forged(acknowledged_as_plain_ones_are, &policy, [good(), own, after]));
        assert_eq!(judged(good(), good()), "held");
        assert_eq!(judged(json(400, ""), good()), "must status");
        assert_eq!(judged(json(400, ""), json(400, "")), "unsettled");
    }

    #[test]
    fn where_plain_events_are_acknowledged_the_hint_is_not_about_path_secret_or_setting() {
        let policy = refusing(Service::Chatwork);
        let hint = |judge: fn(&Trial<'_>) -> Judgement, status| match forged(
            judge,
            &policy,
            [good(), json(status, ""), good()],
        ) {
            Judgement::Deviates(deviation) => deviation.hint,
            other => panic!("{other:?}"),
        };
        for status in [308, 400, 401, 404, 415] {
            assert_eq!(hint(acknowledged_as_plain_ones_are, status), Hint::OfCheck, "{status}");
            assert!(matches!(hint(acknowledged, status), Hint::Instead(_)), "{status}");
        }
        assert!(matches!(hint(acknowledged, 404), Hint::Instead(words) if words.contains("--setting-id")));
    }

    #[test]
    fn chatday_wants_its_word_and_chatwork_takes_any_body() {
        for body in ["", "SUCCESS", r#"{"status":"success"}"#, r#"{"ok":true}"#] {
            assert_eq!(genuine(acknowledged, Service::Chatwork, json(200, body)), Judgement::Held);
            assert!(short(&genuine(acknowledged, Service::Chatday, json(200, body))).starts_with("must"), "{body}");
        }
        let more = json(200, r#"{"id":7,"status":"SUCCESS"}"#);
        assert_eq!(genuine(acknowledged, Service::Chatday, more), Judgement::Held);
    }

    #[test]
    fn a_subject_out_of_reach_or_one_that_limits_the_rate_settles_nothing() {
        for reply in [Fault::ConnectRefused, Fault::ConnectTimeout, Fault::UnreachableDns("x".into()), Fault::GivenUp] {
            assert_eq!(short(&genuine(acknowledged, Service::Chatwork, Reply::Silent(reply))), "unsettled");
        }
        assert_eq!(short(&genuine(acknowledged, Service::Chatday, json(429, ""))), "unsettled");
    }

    #[test]
    fn a_subject_that_was_reached_and_did_not_answer_deviates() {
        for (fault, name) in
            [(Fault::HeadTimeout, "head-timeout"), (Fault::Cut, "cut"), (Fault::InterimFlood, "interim-flood")]
        {
            let judged = genuine(acknowledged, Service::Chatwork, Reply::Silent(fault));
            assert_eq!(short(&judged), format!("must {name}"));
        }
        let cut = Reply::Cut(200, "{".to_owned(), Fault::Cut);
        assert_eq!(short(&genuine(acknowledged, Service::Chatwork, cut)), "must cut");
    }

    #[test]
    fn any_refusal_of_a_forgery_is_fine() {
        for service in BOTH {
            for status in [400, 401, 403, 404, 422] {
                assert_eq!(forgery(service, json(status, "")), "held", "{service} {status}");
            }
        }
    }

    #[test]
    fn the_answer_of_a_valid_event_to_a_forgery_is_a_must() {
        for service in BOTH {
            assert_eq!(forgery(service, good()), "must forgery-accepted");
        }
        // More keys make no difference: the service reads `status`.
        let more = json(200, r#"{"status":"SUCCESS","dropped":true}"#);
        assert_eq!(forgery(Service::Chatday, more), "must forgery-accepted");
    }

    #[test]
    fn a_chatwork_answer_with_times_and_counters_in_it_is_recognised() {
        let answers = |number| json(200, &format!(r#"{{"received":{number}}}"#));
        let judged = forged(refused, &refusing(Service::Chatwork), [answers(17), answers(18), answers(19)]);
        assert_eq!(short(&judged), "must forgery-accepted");
        let random = |word: &str| json(200, &format!(r#"{{"id":"{word}"}}"#));
        let judged = forged(refused, &refusing(Service::Chatwork), [random("ab"), random("cd"), random("ef")]);
        assert_eq!(short(&judged), "must forgery-accepted");
    }

    #[test]
    fn a_redirect_is_no_refusal_and_a_rate_limit_shows_nothing() {
        for service in BOTH {
            assert_eq!(forgery(service, json(302, "")), "should forgery-redirected");
            assert_eq!(forgery(service, json(429, "")), "unsettled");
        }
    }

    #[test]
    fn a_success_status_with_another_body_is_a_should() {
        for service in BOTH {
            assert_eq!(forgery(service, json(200, r#"{"error":"bad signature"}"#)), "should forgery-answered-2xx");
        }
        assert_eq!(forgery(Service::Chatwork, json(204, "")), "should forgery-answered-2xx");
    }

    #[test]
    fn refusing_by_falling_over_is_a_should_as_long_as_the_endpoint_lives() {
        assert_eq!(forgery(Service::Chatwork, json(500, "")), "should forgery-crashes");
        assert_eq!(forgery(Service::Chatwork, Reply::Silent(Fault::Cut)), "should forgery-unanswered");
        let dead = [good(), json(500, ""), Reply::Silent(Fault::ConnectRefused)];
        assert_eq!(short(&forged(refused, &refusing(Service::Chatwork), dead)), "must lost-after-forgery");
        let dazed = [good(), json(401, ""), json(503, "")];
        assert_eq!(short(&forged(refused, &refusing(Service::Chatday), dazed)), "must lost-after-forgery");
    }

    #[test]
    fn without_an_accepted_control_event_a_refusal_shows_nothing() {
        for service in BOTH {
            let all_refused = [json(401, ""), json(401, ""), json(401, "")];
            assert_eq!(short(&forged(refused, &refusing(service), all_refused)), "unsettled");
        }
        let busy = [good(), json(401, ""), json(429, "")];
        assert_eq!(short(&forged(refused, &refusing(Service::Chatwork), busy)), "unsettled");
        let stopped = [good(), json(401, ""), Reply::Silent(Fault::Stopped)];
        assert_eq!(short(&forged(refused, &refusing(Service::Chatwork), stopped)), "unsettled");
    }

    #[test]
    fn a_declared_drop_is_a_should_that_says_it_was_not_seen() {
        let declared = policy(Service::Chatday, ForgeryAnswer::Any);
        let Judgement::Deviates(deviation) = forged(refused, &declared, [good(), good(), good()]) else {
            panic!("not judged");
        };
        assert_eq!((deviation.level, deviation.name), (Level::Should, "forgery-declared-dropped"));
        assert!(deviation.message.contains("not seen"));
    }
}
