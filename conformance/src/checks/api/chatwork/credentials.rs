//! Whose token opens what.

use contract::chatwork::clauses::{
    BEARER, NO_RATE_HEADERS_ON_401, TOKEN_HEADER, TOKEN_NOT_IN_QUERY, UNAUTHORIZED, UNAUTHORIZED_TEXT,
};
use contract::service::Service;
use courier::raw::Names;
use http::header::WWW_AUTHENTICATE;

use super::super::found::{deviates, moot, settle, unsettled};
use super::verdicts::{Aspect, found};
use crate::ask::server::{Call, Heard, Server, Talk, Who};
use crate::check::{Area, Check, Kind, Level, Plan};

const BASE: Check = Check { kind: Kind::Api, area: Area::Credentials, ..Check::blank(Service::Chatwork) };

/// In report order.
pub const CHECKS: &[Check] = &[
    Check {
        id: "chatwork.api.own-token-is-taken",
        level: Level::Must,
        title: "a request with the token in its header is served",
        rationale: "All other checks rest on it. A server that refuses its own token is not set up, or is another server.",
        hint: "Check that the token belongs to this server, and that BASE_URL ends in /v2.",
        clauses: &[&TOKEN_HEADER],
        plan: Plan::Dialogue { calls: &["GET /me"], hold: own_token },
        ..BASE
    },
    Check {
        id: "chatwork.api.token-header-in-any-case",
        level: Level::Must,
        title: "the token's header is read in any case",
        rationale: "Older pages write X-ChatWorkToken, newer ones x-chatworktoken, and HTTP/2 knows small letters only: all \
                    of them are the same header.",
        hint: "Look the header up without regard to case.",
        clauses: &[&TOKEN_HEADER],
        plan: Plan::Dialogue { calls: &["GET /my/status"], hold: any_case },
        ..BASE
    },
    Check {
        id: "chatwork.api.no-token-is-refused",
        level: Level::Must,
        title: "a request without a token is answered 401",
        rationale: "A client that forgot its token has to learn it from the status; 403 or 200 would send it looking for \
                    something else.",
        hint: "Ask for the token before everything else, and answer 401.",
        clauses: &[&UNAUTHORIZED],
        plan: Plan::Dialogue { calls: &["GET /me without a token"], hold: |server| unauthorized(server, Who::Nobody) },
        ..BASE
    },
    Check {
        id: "chatwork.api.wrong-token-is-refused",
        level: Level::Must,
        title: "a token that nobody has is answered 401",
        rationale: "A revoked token looks just like an unknown one; a client tells its user to enter a new one when \
                    it sees 401.",
        hint: "Answer 401 to a token that is not known, as to none.",
        clauses: &[&UNAUTHORIZED],
        plan: Plan::Dialogue {
            calls: &["GET /me with a made-up token"],
            hold: |server| unauthorized(server, Who::Stranger),
        },
        ..BASE
    },
    Check {
        id: "chatwork.api.refusal-of-a-token-says-so",
        title: "401 says 'Invalid API token' in the envelope of errors",
        rationale: "Clients were written against this sentence. The documents write 'token', the service was seen to \
                    write 'Token'; both are fine.",
        hint: "Answer {\"errors\":[\"Invalid API token\"]}.",
        clauses: &[&UNAUTHORIZED_TEXT, &UNAUTHORIZED],
        plan: Plan::Dialogue { calls: &["GET /me with a made-up token"], hold: refusal_text },
        ..BASE
    },
    Check {
        id: "chatwork.api.token-in-the-query-is-none",
        level: Level::Must,
        title: "a token in the query instead of the header is refused with 401",
        rationale: "What stands in a URL ends up in logs and in the history of proxies. A service that takes tokens there \
                    teaches clients to put them there.",
        hint: "Read the token from the header alone.",
        clauses: &[&TOKEN_NOT_IN_QUERY],
        plan: Plan::Dialogue { calls: &["GET /me with the token in the query (this machine only)"], hold: in_query },
        ..BASE
    },
    Check {
        id: "chatwork.api.bad-bearer-token-is-challenged",
        level: Level::Must,
        title: "a bad OAuth access token is answered 401 with a Bearer challenge",
        rationale: "An OAuth client fetches a new access token when it reads invalid_token there, and only then.",
        hint: "Answer 401 with WWW-Authenticate: Bearer error=\"invalid_token\", \
               error_description=\"The access token expired\".",
        clauses: &[&BEARER],
        plan: Plan::Dialogue { calls: &["GET /me with a made-up access token"], hold: bearer },
        ..BASE
    },
    Check {
        id: "chatwork.api.no-limits-on-401",
        title: "an answer 401 has no X-RateLimit headers",
        rationale: "The limits are those of an account, and without a token it is not known whose. Numbers there \
                    would be somebody else's.",
        hint: "Count a request, and tell the count, only after its token was accepted.",
        clauses: &[&NO_RATE_HEADERS_ON_401],
        plan: Plan::Dialogue { calls: &["GET /me without a token", "GET /me with a made-up token"], hold: no_limits },
        ..BASE
    },
];

fn own_token(server: &mut dyn Server) -> Talk {
    let heard = server.recall(&Call::get("/me"));
    let status = heard.answer()?.status().as_u16();
    match status {
        401 | 403 => Err(deviates(
            "refused",
            format!("the token is refused with {status}"),
            "the token's own account",
            format!("status {status}"),
        )),
        _ => Ok(()),
    }
}

fn any_case(server: &mut dyn Server) -> Talk {
    own_token(server).map_err(|_| unsettled("the token is not taken in the usual spelling either"))?;
    for names in [Names::Title, Names::Upper, Names::Mixed] {
        let heard = server.call(&Call { names: Some(names), ..Call::get("/my/status") });
        if heard.answer()?.status() == 401 {
            return Err(deviates(
                "one-spelling",
                "the same token is refused when the name of its header is spelt in other letters",
                "the answer that the usual spelling gets",
                "status 401",
            ));
        }
    }
    Ok(())
}

fn unauthorized(server: &mut dyn Server, who: Who) -> Talk {
    let heard = server.recall(&Call::get("/me").by(who));
    refused(&heard)?;
    let found = found(&heard, &[Aspect::Errors]);
    settle(server, found)
}

fn refused(heard: &Heard) -> Talk {
    let status = heard.answer()?.status().as_u16();
    if status == 401 {
        return Ok(());
    }
    Err(deviates(
        "not-401",
        format!("{} was answered with {status}", heard.call.words()),
        "status 401",
        format!("status {status}"),
    ))
}

fn refusal_text(server: &mut dyn Server) -> Talk {
    let heard = server.recall(&Call::get("/me").by(Who::Stranger));
    refused(&heard)?;
    let body = heard.json().unwrap_or_default();
    let sentence = body["errors"][0].as_str().unwrap_or_default();
    if sentence.eq_ignore_ascii_case(SENTENCE) {
        return Ok(());
    }
    let actual = if sentence.is_empty() { "no sentence".to_owned() } else { sentence.to_owned() };
    Err(deviates("another-text", "the sentence of the refusal is another one", SENTENCE, actual))
}

fn in_query(server: &mut dyn Server) -> Talk {
    if !server.facts().local {
        return Err(moot("the token would end up in the logs of another machine"));
    }
    let heard = server.call(&Call::get("/me").by(Who::InQuery));
    refused(&heard)
}

fn bearer(server: &mut dyn Server) -> Talk {
    let heard = server.recall(&Call::get("/me").by(Who::StrangeBearer));
    refused(&heard)?;
    let challenge = heard.header(&WWW_AUTHENTICATE).unwrap_or_default();
    let fits = challenge.len() > 6 && challenge.as_bytes()[..6].eq_ignore_ascii_case(b"Bearer");
    if fits && challenge.contains("error=\"invalid_token\"") {
        return Ok(());
    }
    let actual = if challenge.is_empty() { "no such header" } else { challenge };
    Err(deviates(
        "no-challenge",
        "the refusal does not challenge for a Bearer token",
        "WWW-Authenticate: Bearer error=\"invalid_token\", …",
        actual,
    ))
}

fn no_limits(server: &mut dyn Server) -> Talk {
    let mut all = Vec::new();
    for who in [Who::Nobody, Who::Stranger] {
        let heard = server.recall(&Call::get("/me").by(who));
        refused(&heard).map_err(|_| unsettled("a missing or wrong token is not answered 401"))?;
        all.extend(found(&heard, &[Aspect::RateOn401]));
    }
    settle(server, all)
}

const SENTENCE: &str = "Invalid API token";
