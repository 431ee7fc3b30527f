//! What becomes of an event whose URL was written a little differently.

use contract::chatday::clauses::WEBHOOK_REDIRECT;
use contract::chatwork::webhook::ACKNOWLEDGED;
use contract::service::Service;
use courier::exchange::Delivery;

use crate::ask::case::{Case, Trial};
use crate::ask::craft::Craft;
use crate::check::{Area, Check, Level, Plan};
use crate::checks::answer::unsettled;
use crate::checks::survival::{control_before, lost};
use crate::run::verdict::{Deviation, Hint, Judgement};

const SLASH: Check = Check {
    area: Area::Http,
    level: Level::May,
    title: "the URL with one slash more or less at its end is not redirected",
    rationale: "Many frameworks send /webhook/ on to /webhook, or the other way round. A browser follows; a service that sends \
                events does not, and every one of them is lost while the settings look right.",
    hint: "Worth knowing only, as long as the service's settings hold the URL exactly. Answer at both URLs, or with \
           404 at the other one, which shows the mistake on the first try.",
    plan: Plan::Examples { cases: other_slash, judge: not_redirected },
    ..Check::blank(Service::Chatwork)
};

/// Chatwork's, in report order.
pub const CHATWORK: &[Check] =
    &[Check { id: "chatwork.webhooks.slash-at-the-end-is-not-redirected", clauses: &[&ACKNOWLEDGED], ..SLASH }];

/// Chatday's, in report order.
pub const CHATDAY: &[Check] = &[Check {
    id: "chatday.webhooks.slash-at-the-end-is-not-redirected",
    service: Service::Chatday,
    clauses: &[&WEBHOOK_REDIRECT],
    ..SLASH
}];

fn other_slash(craft: &Craft<'_>) -> Vec<Case> {
    let delivery = craft.text("conformance: at a URL with another end");
    let (path, query) = delivery.target.split_at(delivery.target.find('?').unwrap_or(delivery.target.len()));
    let (name, path) = match path.strip_suffix('/') {
        Some("") => (NO_PATH, path.to_owned()),
        Some(shorter) => ("without-the-slash", shorter.to_owned()),
        None => ("with-a-slash", format!("{path}/")),
    };
    let target = format!("{path}{query}");
    vec![Case::hostile(name, Delivery { target, ..delivery })]
}

/// The endpoint takes its own URL only, so any other answer will do.
fn not_redirected(trial: &Trial<'_>) -> Judgement {
    if let Some(reason) = control_before(trial.before, trial).or_else(|| unsettled("the event", trial.exchange)) {
        return Judgement::Unsettled(reason);
    }
    if let Some(judgement) = lost(trial.after, trial) {
        return judgement;
    }
    if trial.case.name == NO_PATH {
        return Judgement::Moot("the endpoint's URL has no path that could end otherwise".to_owned());
    }
    let Some(answer) = trial.exchange.answer().filter(|answer| answer.status.is_redirection()) else {
        return Judgement::Held;
    };
    Judgement::Deviates(Deviation {
        name: "redirected",
        level: Level::May,
        message: format!("the event at the URL {} is redirected ({})", words(&trial.case.name), answer.status.as_u16()),
        expected: "the answer of a valid event, or 404".to_owned(),
        actual: trial.exchange.outcome.to_string(),
        hint: Hint::OfCheck,
    })
}

fn words(name: &str) -> String {
    name.replace('-', " ")
}

/// The case of an endpoint whose path is a slash and nothing else.
const NO_PATH: &str = "no-path";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ask::policy::ForgeryAnswer;
    use crate::checks::transcript::{Reply, forged, good, json, policy, short};

    #[test]
    fn any_answer_but_a_redirect_will_do() {
        let policy = policy(Service::Chatwork, ForgeryAnswer::Refuse);
        let judged = |own: Reply| short(&forged(not_redirected, &policy, [good(), own, good()]));
        assert_eq!(judged(good()), "held");
        assert_eq!(judged(json(404, "")), "held");
        assert_eq!(judged(json(308, "")), "may redirected");
        assert_eq!(judged(json(301, "")), "may redirected");
        assert_eq!(short(&forged(not_redirected, &policy, [json(404, ""), json(308, ""), good()])), "unsettled");
    }
}
