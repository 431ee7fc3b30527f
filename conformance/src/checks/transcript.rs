//! Hand-written transcripts for the judges' own tests.

use std::time::Duration;

use bytes::Bytes;
use contract::chatday::Profile;
use contract::service::Service;
use http::{HeaderMap, HeaderValue, StatusCode, Version, header};

use crate::ask::case::{Case, Fate, Role, Trial};
use crate::ask::effects::Call;
use crate::ask::policy::{ForgeryAnswer, Origin, Policy};
use crate::ask::scene::{Course, Step};
use crate::ask::secret::Secret;
use crate::run::verdict::Judgement;
use courier::exchange::{Answer, Delivery, Exchange, Fault, Outcome};
use courier::line::Connection;

/// What came back, in short.
pub(crate) enum Reply {
    /// Status, media type, body.
    Answer(u16, &'static str, String),
    /// Status, body, and what cut it.
    Cut(u16, String, Fault),
    /// No head.
    Silent(Fault),
    /// The acknowledgement, after so long.
    Late(Duration),
}

/// A JSON answer.
pub(crate) fn json(status: u16, body: &str) -> Reply {
    Reply::Answer(status, "application/json", body.to_owned())
}

/// The answer that acknowledges an event of either service.
pub(crate) fn good() -> Reply {
    json(200, r#"{"status":"SUCCESS"}"#)
}

/// The secret of every transcript: Base64, so that it serves both services.
pub(crate) const SECRET: &str = "b3RoZXIvc2VjcmV0P2Zvcg==";

/// [`SECRET`].
pub(crate) fn secret(service: Service) -> Secret {
    Secret::new(service, SECRET, None).unwrap()
}

pub(crate) fn policy(service: Service, forgery_answer: ForgeryAnswer) -> Policy {
    Policy {
        service,
        profile: Profile::default_profile(),
        forgery_answer,
        origin: Origin::default(),
        marked: false,
        old_secret: None,
        effect: None,
    }
}

/// Judges a genuine event that got this reply.
pub(crate) fn genuine(judge: fn(&Trial<'_>) -> Judgement, service: Service, reply: Reply) -> Judgement {
    let policy = policy(service, ForgeryAnswer::Refuse);
    let case = case(Role::Genuine);
    let exchange = exchange(reply);
    judge(&Trial {
        case: &case,
        policy: &policy,
        secret: &secret(service),
        before: None,
        exchange: &exchange,
        after: None,
        fate: &Fate::Unseen,
    })
}

/// Judges a forged event between two control events.
pub(crate) fn forged(judge: fn(&Trial<'_>) -> Judgement, policy: &Policy, replies: [Reply; 3]) -> Judgement {
    fated(judge, policy, replies, &Fate::Unseen)
}

/// The same, with what was seen to become of it.
pub(crate) fn fated(
    judge: fn(&Trial<'_>) -> Judgement,
    policy: &Policy,
    [before, own, after]: [Reply; 3],
    fate: &Fate,
) -> Judgement {
    let case = case(Role::Forged);
    let (before, own, after) = (exchange(before), exchange(own), exchange(after));
    judge(&Trial {
        case: &case,
        policy,
        secret: &secret(policy.service),
        before: Some(&before),
        exchange: &own,
        after: Some(&after),
        fate,
    })
}

/// Judges a scene between two control events: what each delivery was, and what it got.
pub(crate) fn course(
    judge: fn(&Course<'_>) -> Judgement,
    policy: &Policy,
    before: Reply,
    steps: Vec<(Role, Reply)>,
    after: Reply,
) -> Judgement {
    watched(judge, policy, [before, after], steps, &[], 1)
}

/// The same, with a name for each delivery.
pub(crate) fn named(
    judge: fn(&Course<'_>) -> Judgement,
    policy: &Policy,
    steps: Vec<(&'static str, Role, Reply)>,
) -> Judgement {
    let step = |(name, role, reply): (&str, Role, Reply)| Step {
        case: Case { name: name.to_owned(), ..case(role) },
        exchange: exchange(reply),
        connection: Connection::Fresh,
    };
    let steps: Vec<Step> = steps.into_iter().map(step).collect();
    judged(judge, policy, [good(), good()], &steps, &[], 1)
}

/// The same, with what the integration called.
pub(crate) fn watched(
    judge: fn(&Course<'_>) -> Judgement,
    policy: &Policy,
    [before, after]: [Reply; 2],
    steps: Vec<(Role, Reply)>,
    calls: &[Vec<Call>],
    usual: usize,
) -> Judgement {
    let step = |(role, reply)| Step { case: case(role), exchange: exchange(reply), connection: Connection::Fresh };
    let steps: Vec<Step> = steps.into_iter().map(step).collect();
    judged(judge, policy, [before, after], &steps, calls, usual)
}

/// Judges one acknowledged event with this body, and what the integration called after it.
pub(crate) fn with_body(
    judge: fn(&Course<'_>) -> Judgement,
    policy: &Policy,
    body: &'static [u8],
    calls: &[Vec<Call>],
) -> Judgement {
    let mut case = case(Role::Genuine);
    case.delivery.body = Bytes::from_static(body);
    let steps = [Step { case, exchange: exchange(good()), connection: Connection::Fresh }];
    judged(judge, policy, [good(), good()], &steps, calls, 1)
}

fn judged(
    judge: fn(&Course<'_>) -> Judgement,
    policy: &Policy,
    [before, after]: [Reply; 2],
    steps: &[Step],
    calls: &[Vec<Call>],
    usual: usize,
) -> Judgement {
    judge(&Course {
        policy,
        secret: &secret(policy.service),
        timeout: Duration::from_secs(5),
        before: &exchange(before),
        steps,
        calls,
        usual,
        after: &exchange(after),
    })
}

/// Level and name of the deviation, `held`, or `unsettled`.
pub(crate) fn short(judgement: &Judgement) -> String {
    match judgement {
        Judgement::Held => "held".to_owned(),
        Judgement::Moot(_) => "moot".to_owned(),
        Judgement::Unsettled(_) => "unsettled".to_owned(),
        Judgement::Deviates(deviation) => format!("{} {}", deviation.level, deviation.name),
        Judgement::Wavers(deviation) => format!("wavers {}", deviation.name),
    }
}

fn case(role: Role) -> Case {
    Case { role, ..Case::genuine("case", delivery()) }
}

fn delivery() -> Delivery {
    Delivery { method: http::Method::POST, target: "/".to_owned(), headers: Vec::new(), body: Bytes::new() }
}

fn exchange(reply: Reply) -> Exchange {
    let answer = |status, media_type: &'static str, body: String, cut| {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        let status = StatusCode::from_u16(status).unwrap();
        Outcome::Answered(Answer { status, version: Version::HTTP_11, headers, body: Bytes::from(body), cut })
    };
    let outcome = match reply {
        Reply::Answer(status, media_type, body) => answer(status, media_type, body, None),
        Reply::Cut(status, body, fault) => answer(status, "application/json", body, Some(fault)),
        Reply::Silent(fault) => Outcome::Silent(fault),
        Reply::Late(took) => return Exchange { took, ..exchange(good()) },
    };
    Exchange { sent: delivery(), outcome, took: Duration::from_millis(1) }
}
