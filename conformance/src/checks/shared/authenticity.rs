//! Forged events that are made in the same way for either service.

use contract::chatday::clauses::{SIGNATURE_ROTATION, WEBHOOK_RETRY, WEBHOOK_SIGNATURE};
use contract::chatday::webhook::can_be_sent;
use contract::chatwork::signature::WebhookKey;
use contract::chatwork::webhook::{MANY, QUERY_COPY, SIGNATURE};
use contract::service::Service;
use courier::exchange::{Delivery, Value};
use courier::raw::Manner;
use http::{HeaderName, Method, header};

use crate::ask::case::Case;
use crate::ask::craft::{Craft, chatday, chatwork};
use crate::ask::policy::Policy;
use crate::ask::scene::{Act, Course, Scene};
use crate::ask::sketch::{Sketch, edited, edits};
use crate::check::{Area, Check, Level, Needs, Plan};
use crate::checks::answer::refused;
use crate::checks::course::{deviates, lost, moot};
use crate::checks::leak::tells_nothing;
use crate::checks::survival::by_role;
use crate::run::verdict::Judgement;

const ANY_CHANGE: Check = Check {
    area: Area::Authenticity,
    level: Level::Must,
    title: "a signature that differs from the right one in any place is refused",
    rationale: "Every character counts. A comparison that looks at some of them only, or that stops early, lets a value \
                through that was guessed in part.",
    hint: "Compare the whole value, byte by byte, in constant time. The report shows the smallest change that was \
           found to be let through.",
    plan: Plan::Property { sketches: |policy, turn| edits(changeable(policy), turn), make: changed, judge: refused },
    ..Check::blank(Service::Chatwork)
};

const PUBLISHED: Check = Check {
    area: Area::Authenticity,
    level: Level::Must,
    title: "an event under a secret from public documents or examples is refused",
    rationale: "A value that was copied from an example to get started is known to everybody, and easily stays in the \
                settings as a fallback.",
    hint: "Take the secret from the environment alone, have no default for it, and refuse to start without it.",
    plan: Plan::Examples { cases: published, judge: refused },
    ..Check::blank(Service::Chatwork)
};

const OLD_SECRET: Check = Check {
    area: Area::Authenticity,
    title: "an event under a secret that is no longer valid is refused",
    rationale: "A secret is changed because the old one may be known. As long as the old one is taken as well, nothing has \
                changed.",
    hint: "Keep the old secret only for the time of the change-over, and remove it from the settings afterwards.",
    needs: Needs::OldSecret,
    plan: Plan::Examples { cases: old_secret, judge: refused },
    ..Check::blank(Service::Chatwork)
};

const TWO_HEADERS: Check = Check {
    area: Area::Authenticity,
    level: Level::May,
    title: "an event with two signatures, the right one and a wrong one, is refused",
    rationale: "Two headers of one name are read in different ways by the proxies and programs on the way. Where one \
                part checks the first and another uses the last, the check can be bypassed.",
    hint: "Worth knowing only: count the header's values and refuse more than one.",
    plan: Plan::Examples { cases: two_headers, judge: refused },
    ..Check::blank(Service::Chatwork)
};

const FORWARDED: Check = Check {
    area: Area::Authenticity,
    level: Level::Must,
    title: "X-Forwarded-For, its like and the Host header do not decide what is accepted",
    rationale: "X-Forwarded-For and its like are written by whoever sends the request. A receiver that trusts a \
                \"local\" or \"internal\" sender because of them trusts anybody.",
    hint: "Decide by the secret alone. Let the web server take forwarding headers from your own proxy only.",
    plan: Plan::Examples { cases: forwarded, judge: by_role },
    ..Check::blank(Service::Chatwork)
};

const ERRORS_TELL: Check = Check {
    area: Area::Authenticity,
    level: Level::Must,
    title: "error answers hold no secret, no right signature and no stack trace",
    rationale: "An error page for developers shows settings, paths and values to everybody who can provoke an error, and \
                any request can.",
    hint: "Switch debug pages off outside development, and answer errors with a status and a plain sentence.",
    hostile: true,
    plan: Plan::Examples { cases: provocations, judge: tells_nothing },
    ..Check::blank(Service::Chatwork)
};

/// Chatwork's, in report order.
pub const CHATWORK: &[Check] = &[
    Check { id: "chatwork.webhooks.any-changed-signature-is-refused", clauses: &[&SIGNATURE], ..ANY_CHANGE },
    Check { id: "chatwork.webhooks.published-tokens-are-refused", clauses: &[&SIGNATURE], ..PUBLISHED },
    Check { id: "chatwork.webhooks.old-token-is-refused", clauses: &[&SIGNATURE], ..OLD_SECRET },
    Check { id: "chatwork.webhooks.two-signatures-are-refused", clauses: &[&SIGNATURE], ..TWO_HEADERS },
    Check {
        id: "chatwork.webhooks.header-and-query-copy-agree",
        area: Area::Authenticity,
        level: Level::May,
        title: "an event is not accepted on whichever of its two signatures happens to be right",
        rationale: "The signature comes twice, in the header and in the query. Checking one of them is enough; taking \
                    whichever fits doubles the ways in, and hides that the other is never right.",
        hint: "Worth knowing only: read the header, and leave the query alone.",
        clauses: &[&SIGNATURE, &QUERY_COPY],
        plan: Plan::Sequence { scenes: disagreeing_copies, judge: not_either },
        ..Check::blank(Service::Chatwork)
    },
    Check { id: "chatwork.webhooks.forwarding-headers-change-nothing", clauses: &[&SIGNATURE], ..FORWARDED },
    Check { id: "chatwork.webhooks.errors-tell-no-secret", clauses: &[&SIGNATURE], ..ERRORS_TELL },
    Check {
        id: "chatwork.webhooks.repeated-event-is-answered",
        area: Area::Tolerance,
        title: "the same event sent once more is answered, whether it is handled or dropped",
        rationale: "Whoever has seen a signed event can send it again, and so may a proxy. A receiver that crashes on a \
                    message id that it has stored already is easily brought down.",
        hint: "Look the message id up before storing it, and answer 200 to one that is known.",
        clauses: &[&MANY],
        plan: Plan::Sequence { scenes: twice, judge: answered_twice },
        ..Check::blank(Service::Chatwork)
    },
];

/// Chatday's, in report order.
pub const CHATDAY: &[Check] = &[
    Check {
        id: "chatday.webhooks.any-changed-secret-is-refused",
        service: Service::Chatday,
        title: "a signature token that differs from the right one in any place is refused",
        clauses: &[&WEBHOOK_SIGNATURE],
        ..ANY_CHANGE
    },
    Check {
        id: "chatday.webhooks.published-secrets-are-refused",
        service: Service::Chatday,
        clauses: &[&WEBHOOK_SIGNATURE],
        ..PUBLISHED
    },
    Check {
        id: "chatday.webhooks.old-secret-is-refused",
        service: Service::Chatday,
        clauses: &[&SIGNATURE_ROTATION, &WEBHOOK_SIGNATURE],
        ..OLD_SECRET
    },
    Check {
        id: "chatday.webhooks.two-secrets-are-refused",
        service: Service::Chatday,
        title: "an event with two signature tokens, the right one and a wrong one, is refused",
        clauses: &[&WEBHOOK_SIGNATURE],
        ..TWO_HEADERS
    },
    Check {
        id: "chatday.webhooks.forwarding-headers-change-nothing",
        service: Service::Chatday,
        clauses: &[&WEBHOOK_SIGNATURE],
        ..FORWARDED
    },
    Check {
        id: "chatday.webhooks.errors-tell-no-secret",
        service: Service::Chatday,
        title: "error answers hold no secret and no stack trace",
        clauses: &[&WEBHOOK_SIGNATURE],
        ..ERRORS_TELL
    },
    Check {
        id: "chatday.webhooks.repeated-event-is-acknowledged",
        service: Service::Chatday,
        area: Area::Tolerance,
        title: "the same event sent once more is acknowledged",
        rationale: "A delivery whose answer was lost or wrong comes again with the same bytes. Refusing it as a duplicate \
                    makes the service repeat it until it gives up.",
        hint: "Acknowledge the repetition like the first one, whether or not anything else is done about it.",
        clauses: &[&WEBHOOK_RETRY],
        plan: Plan::Sequence { scenes: twice, judge: answered_twice },
        ..Check::blank(Service::Chatday)
    },
];

/// How many characters of the right value may be changed. The last ones of a Base64 text hold bits that mean nothing.
fn changeable(policy: &Policy) -> usize {
    match policy.service {
        Service::Chatwork => 42,
        Service::Chatday => 64,
    }
}

fn changed(craft: &Craft<'_>, sketch: &Sketch) -> Case {
    let edits = match sketch {
        Sketch::Edits(edits) => edits.as_slice(),
        Sketch::Event { .. } => &[],
    };
    let body = craft.body(&craft.event(&craft.forged_text()));
    let delivery = match craft.policy.service {
        Service::Chatwork => {
            let signature = edited(&chatwork::sign(craft, &body), edits);
            chatwork::delivery(craft, body, Some(&signature))
        }
        Service::Chatday => {
            let value = edited(craft.secret.reveal(), edits);
            // A secret of one character may lose it: an empty header, which is wrong as well.
            let value = if can_be_sent(&value) { value } else { "0".repeat(craft.secret.reveal().len() + 1) };
            let shown = format!("[the secret with {} characters changed]", edits.len());
            let secret = chatday::secret(craft, &shown, "sed 's/.$/0&/'", |_| value.clone());
            chatday::delivery(craft, body, Some(secret))
        }
    };
    Case::forged("changed", delivery)
}

/// Values that public pages and our own examples show.
const PUBLISHED_TOKENS: [(&str, &str); 3] = [
    ("a-public-test-vector", "iY/hmitgwCBlc5DnjAZ8pyRG1HF0zFflfmKmtCDg1wk="),
    ("the-example-of-these-pages", "W6agakRo0Il0Y2blfz7v5TKrGanFzCIWakZcezo/YeU="),
    ("base64-of-secret", "c2VjcmV0"),
];
/// The same for Chatday: its document shows none, so these are placeholders.
const PUBLISHED_SECRETS: [(&str, &str); 4] = [
    ("the-name-of-the-value", "Chatday-Signature-Token"),
    ("the-example-of-these-pages", "Obviously-Fake-Signature-Token-0123"),
    ("secret", "secret"),
    ("changeme", "changeme"),
];

fn published(craft: &Craft<'_>) -> Vec<Case> {
    let body = || craft.body(&craft.event(&craft.forged_text()));
    match craft.policy.service {
        Service::Chatwork => PUBLISHED_TOKENS
            .into_iter()
            .filter_map(|(name, token)| {
                let body = body();
                let signature = WebhookKey::from_token(token).ok()?.sign(&body);
                let is_right = signature == chatwork::sign(craft, &body);
                (!is_right).then(|| Case::forged(name, chatwork::delivery(craft, body, Some(&signature))))
            })
            .collect(),
        Service::Chatday => PUBLISHED_SECRETS
            .into_iter()
            .filter(|(_, value)| *value != craft.secret.reveal())
            .map(|(name, value)| {
                Case::forged(name, chatday::delivery(craft, body(), Some(Value::Plain(value.to_owned()))))
            })
            .collect(),
    }
}

fn old_secret(craft: &Craft<'_>) -> Vec<Case> {
    let Some(old) = &craft.policy.old_secret else { return Vec::new() };
    let body = craft.body(&craft.event(&craft.forged_text()));
    let delivery = match craft.policy.service {
        Service::Chatwork => {
            let signature = old.key().map(|key| key.sign(&body)).unwrap_or_default();
            chatwork::delivery(craft, body, Some(&signature))
        }
        Service::Chatday => {
            let aged = Craft { secret: old, ..*craft };
            chatday::delivery(craft, body, Some(chatday::secret(&aged, "[the old secret]", "", str::to_owned)))
        }
    };
    vec![Case::forged("old-secret", delivery)]
}

fn two_headers(craft: &Craft<'_>) -> Vec<Case> {
    let name = craft.secret_header();
    let add = |right_first: bool| {
        let mut delivery = craft.text("conformance: two values");
        // The query copy would be right whatever the headers say.
        delivery.target = craft.target.to_owned();
        let wrong = (name.clone(), Value::Plain("bm90IHRoZSByaWdodCBvbmUsIGJ1dCBub3QgdG9vIHNob3J0".to_owned()));
        let place = delivery.headers.iter().position(|(known, _)| *known == name).unwrap_or_default();
        delivery.headers.insert(if right_first { place + 1 } else { place }, wrong);
        delivery
    };
    vec![Case::forged("right-one-first", add(true)), Case::forged("wrong-one-first", add(false))]
}

fn disagreeing_copies(craft: &Craft<'_>) -> Vec<Scene> {
    let wrong = craft.forgery("conformance: another event");
    let with = |name: &str, header_is_right: bool| {
        let right = craft.text("conformance: copies of the signature that differ");
        let delivery = if header_is_right {
            Delivery { target: wrong.target.clone(), ..right }
        } else {
            Delivery { headers: wrong.headers.clone(), ..right }
        };
        // Either answer is fine: what is looked at is both of them.
        Case::hostile(name, delivery)
    };
    let cases = vec![with("header-right-query-wrong", true), with("header-wrong-query-right", false)];
    vec![Scene::new("copies-that-differ", vec![Act::Each(cases)])]
}

fn not_either(course: &Course<'_>) -> Judgement {
    if let Some(judgement) = moot(course).or_else(|| lost(course, "an event with a wrong signature")) {
        return judgement;
    }
    let taken = course.steps.iter().filter(|step| course.policy.accepts(&step.exchange)).count();
    if course.steps.is_empty() || taken < course.steps.len() {
        return Judgement::Held;
    }
    deviates(
        "either-copy-suffices",
        Level::May,
        "an event is taken when either copy of its signature is right, though the other is wrong".to_owned(),
        "one of the two copies decides, always the same",
        "both events were acknowledged".to_owned(),
    )
}

/// Senders that a careless receiver trusts.
const WAYS: [(&str, &str, &str); 4] = [
    ("forwarded-for-this-machine", "x-forwarded-for", "127.0.0.1"),
    ("real-ip-of-this-machine", "x-real-ip", "127.0.0.1"),
    ("forwarded-by-this-machine", "forwarded", "for=127.0.0.1;host=localhost;proto=https"),
    ("original-url", "x-original-url", "/health"),
];

fn forwarded(craft: &Craft<'_>) -> Vec<Case> {
    let add = |mut delivery: Delivery, name: &'static str, value: &str| {
        delivery.headers.push((HeaderName::from_static(name), Value::Plain(value.to_owned())));
        delivery
    };
    let genuine = [("x-forwarded-for", "203.0.113.9, 198.51.100.7"), ("x-real-ip", "203.0.113.9")];
    let mut cases: Vec<Case> = genuine
        .into_iter()
        .map(|(name, value)| {
            let delivery = add(craft.text("conformance: from another network"), name, value);
            Case::genuine(format!("valid-with-{name}"), delivery).at_most(Level::Should)
        })
        .collect();
    // Who redirects what came over plain HTTP means well; the service would not follow.
    let plain = add(craft.text("conformance: said to come over plain HTTP"), "x-forwarded-proto", "http");
    cases.push(Case::genuine("valid-with-x-forwarded-proto", plain).at_most(Level::May));
    cases.extend(WAYS.into_iter().map(|(name, header, value)| {
        Case::forged(name, add(craft.forgery("conformance: a forged event"), header, value))
    }));
    let mut local = craft.forgery("conformance: a forged event");
    local.headers.insert(0, (header::HOST, Value::Plain("localhost".to_owned())));
    cases.push(Case::forged("host-of-this-machine", local).sent(Manner::default()));
    cases
}

fn provocations(craft: &Craft<'_>) -> Vec<Case> {
    let broken = |name: &str, body: &'static [u8]| Case::hostile(name, craft.seal(|| bytes::Bytes::from_static(body)));
    let other_type = {
        let mut delivery = craft.text("conformance: another media type");
        for (name, value) in &mut delivery.headers {
            if *name == header::CONTENT_TYPE {
                *value = Value::Plain("application/x-www-form-urlencoded".to_owned());
            }
        }
        Case::hostile("form-media-type", delivery)
    };
    let got = Delivery { method: Method::GET, body: bytes::Bytes::new(), ..craft.forgery("") };
    vec![
        Case::hostile("wrong-secret", craft.forgery("conformance: a forged event")),
        Case::hostile("get", got),
        broken("truncated-json", b"{\"webhook_event\":{\"body\":\"a"),
        broken("no-object", b"[[[[\"a\"]]]]"),
        broken("no-text", b"\xff\xfe\x00\x01"),
        other_type,
    ]
}

fn twice(craft: &Craft<'_>) -> Vec<Scene> {
    let event = craft.text("conformance: an event that comes twice");
    let cases = vec![Case::genuine("first", event.clone()), Case::genuine("again", event)];
    vec![Scene::new("twice", vec![Act::Each(cases)])]
}

/// A service that repeats wants the same answer; where none repeats, any answer below 500 will do.
fn answered_twice(course: &Course<'_>) -> Judgement {
    if let Some(judgement) = moot(course).or_else(|| lost(course, "an event that came twice")) {
        return judgement;
    }
    let [first, again] = course.steps else { return Judgement::Unsettled("two events were not sent".to_owned()) };
    if let Err(refusal) = course.policy.examine(&first.exchange) {
        return Judgement::Unsettled(format!("the event was not acknowledged the first time: {}", refusal.message));
    }
    let below_500 = again.exchange.answer().is_some_and(|answer| !answer.status.is_server_error());
    let fine = match course.policy.service {
        Service::Chatwork => below_500,
        Service::Chatday => course.policy.accepts(&again.exchange),
    };
    if fine {
        return Judgement::Held;
    }
    deviates(
        "repetition-refused",
        Level::Should,
        "the same event, sent once more, is not answered like the first time".to_owned(),
        &course.policy.acknowledgement(),
        again.exchange.outcome.to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ask::case::{Role, Trial};
    use crate::ask::policy::ForgeryAnswer;
    use crate::checks::transcript::{course, good, json, policy, short};

    fn judged(judge: fn(&Course<'_>) -> Judgement, service: Service, role: Role, replies: [&str; 2]) -> String {
        let reply = |word: &str| if word == "good" { good() } else { json(word.parse().unwrap(), "") };
        let steps = replies.map(|word| (role, reply(word)));
        short(&course(judge, &policy(service, ForgeryAnswer::Refuse), good(), steps.into(), good()))
    }

    #[test]
    fn one_copy_of_the_signature_has_to_decide() {
        let taken = |replies| judged(not_either, Service::Chatwork, Role::Hostile, replies);
        assert_eq!(taken(["good", "401"]), "held", "reads the header alone");
        assert_eq!(taken(["401", "good"]), "held", "reads the query alone");
        assert_eq!(taken(["401", "401"]), "held", "reads both");
        assert_eq!(taken(["good", "good"]), "may either-copy-suffices");
    }

    #[test]
    fn a_repetition_is_acknowledged_where_the_service_repeats_and_answered_elsewhere() {
        let twice = |service, replies| judged(answered_twice, service, Role::Genuine, replies);
        assert_eq!(twice(Service::Chatday, ["good", "good"]), "held");
        assert_eq!(twice(Service::Chatday, ["good", "409"]), "should repetition-refused");
        assert_eq!(twice(Service::Chatwork, ["good", "409"]), "held");
        assert_eq!(twice(Service::Chatwork, ["good", "500"]), "should repetition-refused");
        assert_eq!(twice(Service::Chatwork, ["500", "500"]), "unsettled");
    }

    #[test]
    fn a_trial_of_either_role_is_judged_by_its_role() {
        use crate::checks::transcript::{forged, genuine};
        let judge: fn(&Trial<'_>) -> Judgement = by_role;
        assert_eq!(short(&genuine(judge, Service::Chatday, good())), "held");
        let policy = policy(Service::Chatday, ForgeryAnswer::Refuse);
        assert_eq!(short(&forged(judge, &policy, [good(), good(), good()])), "must forgery-accepted");
    }
}
