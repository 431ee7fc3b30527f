//! The table of operations. Router, OpenAPI and documentation are derived from it; its values come from the profile.

use http::{Method, StatusCode};

use super::clauses;
use super::profile::Profile;
use crate::clause::Clause;

/// An operation that an external application calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Activates the token.
    Register,
    /// Writes to a visitor.
    SendMessage,
}

impl Operation {
    /// Both, in the order of the document.
    pub const ALL: [Self; 2] = [Self::Register, Self::SendMessage];

    /// Stable name, as journals, reports and OpenAPI spell it.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::SendMessage => "send-message",
        }
    }

    /// What it does, in one sentence.
    pub const fn summary(self) -> &'static str {
        match self {
            Self::Register => "Activates the Chatday-Token and answers with the Chatday-Signature-Token.",
            Self::SendMessage => "Shows a message in the end-user's chat box.",
        }
    }

    /// What is asked of its request and promised of its answer.
    pub const fn clauses(self) -> &'static [&'static Clause] {
        match self {
            Self::Register => &[
                &clauses::REGISTER_METHOD,
                &clauses::REGISTER_PATH,
                &clauses::AUTHORIZATION,
                &clauses::REGISTER_ANSWER,
                &clauses::REGISTER_BODY,
                &clauses::REGISTER_AGAIN,
            ],
            Self::SendMessage => &[
                &clauses::SEND_PATH,
                &clauses::AUTHORIZATION,
                &clauses::SEND_BODY,
                &clauses::SEND_JSON,
                &clauses::SEND_SPELLING,
                &clauses::SEND_EFFECT,
                &clauses::SEND_ANSWER,
            ],
        }
    }

    /// Whether the request has a body.
    pub const fn has_body(self) -> bool {
        matches!(self, Self::SendMessage)
    }
}

/// One row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint<'a> {
    /// The operation.
    pub operation: Operation,
    /// Its method.
    pub method: &'a Method,
    /// Its full path.
    pub path: &'a str,
    /// Its status of success.
    pub success: StatusCode,
}

/// The rows of a profile.
pub fn table(profile: &Profile) -> [Endpoint<'_>; 2] {
    Operation::ALL.map(|operation| match operation {
        Operation::Register => Endpoint {
            operation,
            method: &profile.register.method,
            path: &profile.register.path,
            success: profile.register.status,
        },
        Operation::SendMessage => {
            Endpoint { operation, method: &profile.send.method, path: &profile.send.path, success: profile.send.status }
        }
    })
}

/// What a method and a path lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// An operation.
    Endpoint(Endpoint<'a>),
    /// The path is known, with these methods: the value of `Allow`.
    WrongMethod(String),
    /// Nothing has this path.
    UnknownPath,
}

/// Looks up a request. Paths are compared as they are written: no trailing slash, no other percent-encoding.
pub fn find<'a>(profile: &'a Profile, method: &Method, path: &str) -> Found<'a> {
    let rows = table(profile);
    let mut here = rows.into_iter().filter(|row| row.path == path).peekable();
    if here.peek().is_none() {
        return Found::UnknownPath;
    }
    let mut allow = String::new();
    for row in here {
        if row.method == method {
            return Found::Endpoint(row);
        }
        if !allow.is_empty() {
            allow.push_str(", ");
        }
        allow.push_str(row.method.as_str());
    }
    Found::WrongMethod(allow)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_rows_are_those_of_the_contract() {
        let profile = Profile::default_profile();
        let rows = table(&profile).map(|row| format!("{} {} {}", row.method, row.path, row.operation.id()));
        assert_eq!(rows, ["GET /chatday/register register", "POST /chatday/messages send-message"]);
    }

    #[test]
    fn two_operations_may_share_a_path_and_are_told_apart_by_method() {
        let profile = Profile::from_toml("register.path = '/chatday/api'\nsend.path = '/chatday/api'").unwrap();
        assert_eq!(find(&profile, &Method::PUT, "/chatday/api"), Found::WrongMethod("GET, POST".to_owned()));
        let Found::Endpoint(row) = find(&profile, &Method::POST, "/chatday/api") else { panic!() };
        assert_eq!(row.operation, Operation::SendMessage);
        for path in ["/chatday/register", "/chatday/api/", "/chatday//api", "/chatday/%61pi", "/chatday"] {
            assert_eq!(find(&profile, &Method::GET, path), Found::UnknownPath, "{path}");
        }
    }
}
