//! The judge of what a refusal gives away. Pure: from a trial to a judgement.

use crate::ask::case::Trial;
use crate::check::Level;
use crate::checks::answer::{control_before, unsettled};
use crate::checks::survival::lost;
use crate::run::verdict::{Deviation, Hint, Judgement};
use courier::exchange::{Answer, Outcome};

/// The answer to a forged event holds neither the secret nor the signature that would have been right.
pub(crate) fn keeps_the_secret(trial: &Trial<'_>) -> Judgement {
    if let Some(reason) = control_before(trial) {
        return Judgement::Unsettled(reason);
    }
    if let Some(reason) = unsettled("the forged event", trial.exchange) {
        return Judgement::Unsettled(reason);
    }
    told_secret(trial).unwrap_or(Judgement::Held)
}

/// The answer to a request that provokes an error holds neither the secret, nor the signature that would have been right,
/// nor the inside of the program.
pub(crate) fn tells_nothing(trial: &Trial<'_>) -> Judgement {
    if let Some(reason) = control_before(trial).or_else(|| unsettled("the request", trial.exchange)) {
        return Judgement::Unsettled(reason);
    }
    if let Some(told) = told_secret(trial) {
        return told;
    }
    // Whoever is gone for good is told of here: later checks find nobody on whom they could show it.
    if let Some(gone) = lost(trial.after, trial) {
        return gone;
    }
    let Outcome::Answered(answer) = &trial.exchange.outcome else { return Judgement::Held };
    let body = String::from_utf8_lossy(&answer.body);
    let Some(trace) = TRACES.into_iter().find(|trace| body.contains(trace)) else { return Judgement::Held };
    Judgement::Deviates(Deviation {
        name: "trace-told",
        level: Level::Should,
        message: format!("the answer shows the inside of the program (it holds '{trace}')"),
        expected: "a plain sentence, or nothing".to_owned(),
        actual: trial.exchange.outcome.to_string(),
        hint: Hint::OfCheck,
    })
}

/// What stack traces of common languages and frameworks hold.
const TRACES: [&str; 9] = [
    "Traceback (most recent call last)",
    "\n    at ",
    "/node_modules/",
    "goroutine 1 [",
    "stack backtrace:",
    "Stack trace:",
    "SQLSTATE[",
    "Werkzeug Debugger",
    "java.lang.",
];

fn told_secret(trial: &Trial<'_>) -> Option<Judgement> {
    // Who hangs up tells nothing; that it is no proper refusal is another check's business.
    let Outcome::Answered(answer) = &trial.exchange.outcome else { return None };
    let secret = trial.secret.reveal().to_owned();
    let signature = trial.secret.key().map(|key| key.sign(&trial.exchange.sent.body));
    let told = [("the secret itself", Some(secret)), ("the signature that would have been right", signature)]
        .into_iter()
        .find(|(_, text)| text.as_ref().is_some_and(|text| text.len() >= TELLING && holds(answer, text)));
    let (what, _) = told?;
    Some(Judgement::Deviates(Deviation {
        name: "secret-told",
        level: Level::Must,
        message: format!("the answer holds {what}"),
        expected: "an answer that holds neither the secret nor what is made from it".to_owned(),
        actual: trial.exchange.outcome.to_string(),
        hint: Hint::OfCheck,
    }))
}

fn holds(answer: &Answer, text: &str) -> bool {
    // PHP writes `/` in JSON as `\/`.
    let body = String::from_utf8_lossy(&answer.body).replace("\\/", "/");
    body.contains(text) || answer.headers.values().any(|value| String::from_utf8_lossy(value.as_bytes()).contains(text))
}

/// A shorter secret may stand in an answer by chance.
const TELLING: usize = 8;

#[cfg(test)]
mod tests {
    use contract::service::Service;

    use super::*;
    use crate::ask::policy::ForgeryAnswer;
    use crate::checks::transcript::{Reply, SECRET, forged, good, json, policy, secret, short};
    use courier::exchange::Fault;

    fn judged(service: Service, body: &str) -> String {
        let policy = policy(service, ForgeryAnswer::Refuse);
        short(&forged(keeps_the_secret, &policy, [good(), json(401, body), good()]))
    }

    #[test]
    fn a_refusal_that_names_the_secret_or_the_right_signature_gives_it_away() {
        let right = secret(Service::Chatwork).key().unwrap().sign(b"");
        for service in Service::ALL {
            assert_eq!(judged(service, r#"{"error":"the signature does not fit"}"#), "held");
            assert_eq!(judged(service, &format!(r#"{{"expected":"{SECRET}"}}"#)), "must secret-told");
        }
        assert_eq!(judged(Service::Chatwork, &format!("expected {right}")), "must secret-told");
        assert_eq!(judged(Service::Chatwork, &format!("expected {}", right.replace('/', "\\/"))), "must secret-told");
    }

    #[test]
    fn an_error_page_for_developers_is_told_from_a_plain_sentence() {
        let policy = policy(Service::Chatwork, ForgeryAnswer::Refuse);
        let judged = |body: &str| short(&forged(tells_nothing, &policy, [good(), json(500, body), good()]));
        assert_eq!(judged("something went wrong, at least once"), "held");
        assert_eq!(judged("TypeError: x\n    at Object.<anonymous> (/app/index.js:3:1)"), "should trace-told");
        assert_eq!(judged(SECRET), "must secret-told");
    }

    #[test]
    fn an_endpoint_that_a_provoked_error_took_down_is_told_of() {
        let policy = policy(Service::Chatwork, ForgeryAnswer::Refuse);
        let judged = |own, after| short(&forged(tells_nothing, &policy, [good(), own, after]));
        let gone = || Reply::Silent(Fault::ConnectRefused);
        assert_eq!(judged(Reply::Silent(Fault::Cut), gone()), "must lost-afterwards");
        assert_eq!(judged(json(400, ""), good()), "held");
    }

    #[test]
    fn a_receiver_that_accepts_nothing_shows_nothing() {
        let policy = policy(Service::Chatday, ForgeryAnswer::Refuse);
        assert_eq!(short(&forged(keeps_the_secret, &policy, [json(401, ""), json(401, SECRET), good()])), "unsettled");
        assert_eq!(short(&forged(keeps_the_secret, &policy, [good(), json(429, ""), good()])), "unsettled");
    }

    #[test]
    fn a_receiver_that_hangs_up_tells_nothing() {
        let policy = policy(Service::Chatday, ForgeryAnswer::Refuse);
        assert_eq!(short(&forged(keeps_the_secret, &policy, [good(), Reply::Silent(Fault::Cut), good()])), "held");
        let gone = Reply::Silent(Fault::ConnectRefused);
        assert_eq!(short(&forged(keeps_the_secret, &policy, [good(), gone, good()])), "unsettled");
    }
}
