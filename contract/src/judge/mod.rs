//! Holds one exchange against the contract of Chatwork: status, headers, body. Pure; reads raw JSON, never the types
//! that a server answers with.

mod body;
mod headers;

use std::fmt;

use http::StatusCode;

use crate::chatwork::Endpoint;
use crate::chatwork::clauses as c;
use crate::clause::Clause;
use crate::wire::Response;

/// One departure of an answer from the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The clause that is not kept.
    pub clause: &'static Clause,
    /// JSON pointer into the body, or a header's name, or `status`.
    pub place: String,
    /// What the contract asks for.
    pub expected: String,
    /// What was found.
    pub actual: String,
}

impl Violation {
    pub(crate) fn new(
        clause: &'static Clause,
        place: impl Into<String>,
        expected: impl Into<String>,
        actual: impl Into<String>,
    ) -> Self {
        Self { clause, place: place.into(), expected: expected.into(), actual: actual.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, found {} [{}]", self.place, self.expected, self.actual, self.clause.id)
    }
}

/// How strictly an answer is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Strictness {
    /// Whether the account limit is switched off, so that no rate limit headers are asked for.
    pub without_account_limit: bool,
}

/// Judges an answer to a request. `endpoint` is the operation that the request named, `None` when it named none.
pub fn exchange(endpoint: Option<&'static Endpoint>, response: &Response, strictness: Strictness) -> Vec<Violation> {
    let mut found = Vec::new();
    status(endpoint, response.status(), &mut found);
    headers::judge(response, strictness, &mut found);
    body::judge(endpoint, response, &mut found);
    found
}

fn status(endpoint: Option<&'static Endpoint>, status: StatusCode, found: &mut Vec<Violation>) {
    let code = status.as_u16();
    let always = [401, 429];
    match endpoint {
        Some(endpoint) => {
            let mut allowed: Vec<u16> =
                endpoint.successes().chain(endpoint.refusals.iter().copied()).chain(always).collect();
            if !allowed.contains(&code) {
                allowed.sort_unstable();
                let clause = endpoint.clauses.first().copied().unwrap_or(&c::ERROR_ENVELOPE);
                found.push(Violation::new(clause, "status", format!("one of {allowed:?}"), code.to_string()));
            }
        }
        None if code == 400 || always.contains(&code) => {}
        None => found.push(Violation::new(&c::UNKNOWN_ENDPOINT, "status", "400", code.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chatwork::answer;
    use crate::chatwork::errors::{ApiError, Missing};
    use crate::chatwork::ratelimit::Standing;
    use crate::chatwork::{Operation, types};
    use http::HeaderValue;
    use http::header::CONTENT_TYPE;

    const STANDING: Standing = Standing { allowed: true, limit: 300, remaining: 299, reset_second: 1_760_000_300 };

    fn with_limits(mut response: Response) -> Response {
        answer::add_rate_headers(&mut response, STANDING);
        response
    }

    fn clauses(operation: Operation, response: &Response) -> Vec<&'static str> {
        let endpoint = Some(Endpoint::of(operation));
        exchange(endpoint, response, Strictness::default()).into_iter().map(|violation| violation.clause.id).collect()
    }

    #[test]
    fn answers_that_keep_the_contract_have_no_violation() {
        let posted = with_limits(answer::ok(&types::MessageId { message_id: "19" }));
        assert_eq!(clauses(Operation::PostMessages, &posted), [""; 0]);
        assert_eq!(clauses(Operation::GetMessages, &with_limits(answer::no_content())), [""; 0]);
        let missing = with_limits(answer::refusal(&ApiError::NotFound(Missing::Message)));
        assert_eq!(clauses(Operation::GetMessage, &missing), [""; 0]);
        assert_eq!(clauses(Operation::GetMe, &answer::refusal(&ApiError::InvalidToken)), [""; 0]);
    }

    #[test]
    fn each_departure_is_found() {
        let ok = || with_limits(answer::ok(&types::MessageId { message_id: "19" }));
        let spoil = |edit: &dyn Fn(&mut Response)| {
            let mut response = ok();
            edit(&mut response);
            clauses(Operation::PostMessages, &response)
        };
        assert_eq!(spoil(&|r| *r.status_mut() = StatusCode::CREATED)[0], "chatwork.messages.posted");
        assert_eq!(spoil(&|r| drop(r.headers_mut().remove("x-ratelimit-reset"))), ["chatwork.limits.headers"]);
        assert_eq!(
            spoil(&|r| drop(r.headers_mut().insert("x-ratelimit-remaining", HeaderValue::from_static("301")))),
            ["chatwork.limits.headers"]
        );
        assert_eq!(
            spoil(&|r| drop(r.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html")))),
            ["chatwork.transport.json-body"]
        );
        assert_eq!(spoil(&|r| *r.body_mut() = r#"{"message_id":19}"#.into()), ["chatwork.transport.ids"]);
        assert_eq!(spoil(&|r| *r.body_mut() = r#"{"message_id": "19"}"#.into()), ["chatwork.transport.json-text"]);
        assert_eq!(spoil(&|r| *r.body_mut() = "oops".into()), ["chatwork.transport.json-body"]);
        let empty = with_limits(answer::with_body(StatusCode::OK, b"[]".to_vec()));
        assert_eq!(clauses(Operation::GetMessages, &empty), ["chatwork.lists.empty"]);
        let unauthorized = with_limits(answer::refusal(&ApiError::InvalidToken));
        assert_eq!(clauses(Operation::GetMe, &unauthorized), ["chatwork.limits.no-headers-on-401"]);
        let bare = with_limits(answer::with_body(StatusCode::FORBIDDEN, br#"{"errors":[]}"#.to_vec()));
        assert_eq!(clauses(Operation::GetMe, &bare), ["chatwork.errors.envelope"]);
        let undocumented = with_limits(answer::refusal(&ApiError::NotFound(Missing::Message)));
        assert_eq!(clauses(Operation::GetMe, &undocumented), ["chatwork.me.profile"]);
        let mut chatty = with_limits(answer::no_content());
        *chatty.body_mut() = "{}".into();
        assert_eq!(clauses(Operation::GetMessages, &chatty), ["chatwork.transport.no-content"]);
    }
}
