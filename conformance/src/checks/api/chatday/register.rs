//! Register. It activates the token, so it needs leave to change something.

use contract::chatday::clauses::{REGISTER_AGAIN, REGISTER_ANSWER, REGISTER_BODY};
use contract::service::Service;

use super::super::found::{deviates, settle, unsettled};
use super::verdicts::{Aspect, found, register, registered, signature_token};
use crate::ask::server::{Server, Talk};
use crate::check::{Area, Check, Kind, Level, Needs, Plan};

const BASE: Check =
    Check { kind: Kind::Api, area: Area::Answers, needs: Needs::Write, ..Check::blank(Service::Chatday) };

/// In report order.
pub const CHECKS: &[Check] = &[
    Check {
        id: "chatday.api.register-answers-with-the-signature-token",
        level: Level::Must,
        title: "Register answers with the Chatday-Signature-Token",
        rationale: "Without it an integration cannot tell real webhooks from forged ones.",
        hint: "Answer with the signature token, in the place that your profile gives it.",
        clauses: &[&REGISTER_ANSWER],
        plan: Plan::Dialogue { calls: &["GET register"], hold: token },
        ..BASE
    },
    Check {
        id: "chatday.api.register-answers-as-the-profile-says",
        title: "the answer of Register has the status, the words and the keys of the profile",
        rationale: "The public document says only that the token is in the answer. Clients are written against the rest, too.",
        hint: "Answer as the profile says, or say in your own profile (--profile) how the server answers.",
        clauses: &[&REGISTER_BODY],
        plan: Plan::Dialogue { calls: &["GET register"], hold: body },
        ..BASE
    },
    Check {
        id: "chatday.api.register-again-gives-the-same",
        title: "Register called again answers with the same signature token",
        rationale: "An integration registers at each start. A new token each time makes its other instances, which \
                    hold the one before, refuse real webhooks.",
        hint: "Make the signature token once, and answer it from then on.",
        clauses: &[&REGISTER_AGAIN],
        plan: Plan::Dialogue { calls: &["GET register, twice"], hold: again },
        ..BASE
    },
];

fn token(server: &mut dyn Server) -> Talk {
    let heard = server.recall(&register(&server.facts().clone()));
    let answer = heard.answer()?;
    let facts = server.facts();
    if answer.status().is_success() && signature_token(facts, &heard).is_some() {
        return Ok(());
    }
    let place = &facts.profile.keys.signature_token;
    Err(deviates(
        "no-token",
        format!("Register was answered with {} and no signature token", answer.status().as_u16()),
        format!("success, with the token under {place}"),
        format!("status {}, no {place}", answer.status().as_u16()),
    ))
}

fn body(server: &mut dyn Server) -> Talk {
    let heard = registered(server)?;
    let found = found(server.facts(), &heard, &[Aspect::Body, Aspect::Media]);
    settle(server, found)
}

fn again(server: &mut dyn Server) -> Talk {
    let first = registered(server)?;
    let call = register(server.facts());
    let second = server.call(&call);
    second.answer()?;
    let facts = server.facts();
    match (signature_token(facts, &first), signature_token(facts, &second)) {
        (Some(first), Some(second)) if first == second => Ok(()),
        (Some(_), Some(_)) => {
            Err(deviates("another-token", "Register gave another signature token", "the same token", "another one"))
        }
        _ => Err(unsettled("Register does not answer with a signature token each time")),
    }
}
