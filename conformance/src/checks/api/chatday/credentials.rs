//! Whose token opens what. Nothing here shows the real token, so that nothing is activated by it.

use contract::chatday::clauses::{AUTHORIZATION, AUTHORIZATION_HEADER_ONLY, ERROR_UNAUTHORIZED};
use contract::chatday::errors::ErrorKind;
use contract::service::Service;

use super::super::found::{deviates, moot, settle};
use super::verdicts::{Aspect, expect, found, register, send_text};
use crate::ask::server::{Call, Server, Talk, Who};
use crate::check::{Area, Check, Kind, Level, Needs, Plan};

const BASE: Check = Check { kind: Kind::Api, area: Area::Credentials, ..Check::blank(Service::Chatday) };

/// In report order.
pub const CHECKS: &[Check] = &[
    Check {
        id: "chatday.api.register-needs-a-token",
        level: Level::Must,
        title: "Register without the token, or with one that nobody has, is refused",
        rationale: "Register hands out the secret by which webhooks are told from forgeries. Whoever gets it without the \
                    token can forge them.",
        hint: "Look the token of the header Authorization up before anything else, and refuse one that is missing or \
               unknown.",
        clauses: &[&AUTHORIZATION],
        plan: Plan::Dialogue { calls: &["GET register, without a token and with a made-up one"], hold: refused },
        ..BASE
    },
    Check {
        id: "chatday.api.refusal-is-401-with-a-challenge",
        title: "a missing or unknown token is answered 401 with WWW-Authenticate: Bearer",
        rationale: "A client learns from 401 that its token is wrong, and not that it lacks a right, and asks for a \
                    new one.",
        hint: "Answer 401 with WWW-Authenticate: Bearer, and the errors in their envelope.",
        clauses: &[&ERROR_UNAUTHORIZED],
        plan: Plan::Dialogue { calls: &["GET register, without a token and with a made-up one"], hold: challenged },
        ..BASE
    },
    Check {
        id: "chatday.api.send-needs-a-token",
        level: Level::Must,
        title: "Send Message without the token, or with one that nobody has, is refused",
        rationale: "Otherwise anybody writes to customers in the shop's name.",
        hint: "Look the token of the header Authorization up before the body is read.",
        clauses: &[&AUTHORIZATION],
        needs: Needs::Write,
        plan: Plan::Dialogue { calls: &["POST messages, without a token and with a made-up one"], hold: send_refused },
        ..BASE
    },
    Check {
        id: "chatday.api.token-in-the-query-is-none",
        title: "a token in the query instead of the header is refused",
        rationale: "What stands in a URL ends up in logs and in the history of proxies.",
        hint: "Read the token from the header Authorization alone.",
        clauses: &[&AUTHORIZATION_HEADER_ONLY],
        needs: Needs::Write,
        plan: Plan::Dialogue {
            calls: &["GET register with the token in the query (this machine only)"],
            hold: in_query,
        },
        ..BASE
    },
];

fn turned_away(server: &mut dyn Server, call: &Call) -> Talk {
    let heard = server.recall(call);
    let status = heard.answer()?.status();
    if status.is_client_error() {
        return Ok(());
    }
    let words = call.words();
    let who = if call.who == Who::Nobody { "without a token" } else { "with a made-up token" };
    server.show(&[heard]);
    Err(deviates(
        "not-refused",
        format!("{words} {who} was answered with {}", status.as_u16()),
        "a refusal, 400 to 499",
        format!("status {}", status.as_u16()),
    ))
}

fn refused(server: &mut dyn Server) -> Talk {
    for who in [Who::Nobody, Who::Stranger] {
        let call = register(server.facts()).by(who);
        turned_away(server, &call)?;
    }
    Ok(())
}

fn challenged(server: &mut dyn Server) -> Talk {
    for (who, kind) in [(Who::Nobody, ErrorKind::TokenMissing), (Who::Stranger, ErrorKind::TokenUnknown)] {
        let facts = server.facts().clone();
        let heard = server.recall(&register(&facts).by(who));
        if let Some(rule) = facts.profile.errors.get(&kind) {
            expect(&heard, rule.status, "Register without a valid token")?;
        }
        let found = found(&facts, &heard, &[Aspect::Headers]);
        settle(server, found)?;
    }
    Ok(())
}

fn send_refused(server: &mut dyn Server) -> Talk {
    for who in [Who::Nobody, Who::Stranger] {
        let call = send_text(server.facts(), "of nobody")?.by(who);
        turned_away(server, &call)?;
    }
    Ok(())
}

fn in_query(server: &mut dyn Server) -> Talk {
    if !server.facts().local {
        return Err(moot("the token would end up in the logs of another machine"));
    }
    let call = register(server.facts()).by(Who::InQuery);
    let heard = server.call(&call);
    let status = heard.answer()?.status();
    if status.is_client_error() {
        return Ok(());
    }
    Err(deviates(
        "taken",
        "the token is taken from the query",
        "a refusal, 400 to 499",
        format!("status {}", status.as_u16()),
    ))
}
