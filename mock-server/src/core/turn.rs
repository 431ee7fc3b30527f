//! What a handler sees of the outside, and what it leaves behind for the journal.

use contract::clause::Clause;
use contract::time::UnixMillis;

use crate::control::event::Change;

/// One request's view of the outside.
#[derive(Debug)]
pub struct Turn<'a> {
    /// The world's clock at this request.
    pub now: UnixMillis,
    /// Where this mock is reached, such as `http://127.0.0.1:4010`, without a trailing slash: the start of download URLs.
    pub base_url: &'a str,
    /// The id of this world; part of download URLs.
    pub world_id: &'a str,
    /// The operation that the request turned out to be: `get-room-messages`, `register`.
    pub operation: Option<&'static str>,
    /// Who called, in words that hold no secret: `chatwork/1001`, `chatwork/1001/<client_id>` with an access token,
    /// `oauth/<client_id>`, `chatday/shop`.
    pub token_id: Option<String>,
    /// What was remarkable about the request, for whoever runs the mock. Never sent to the peer.
    pub notes: Vec<Note>,
    /// What the request changed, in order, for whoever follows the world.
    pub changes: Vec<Change>,
}

/// A remark about one request, kept in the journal as a violation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The clause that the request departed from.
    pub clause: &'static Clause,
    /// What was seen, for the operator. Holds no secret.
    pub detail: String,
}

impl<'a> Turn<'a> {
    /// A turn at a moment, before anything is known about the request.
    pub fn new(now: UnixMillis, base_url: &'a str, world_id: &'a str) -> Self {
        Self { now, base_url, world_id, operation: None, token_id: None, notes: Vec::new(), changes: Vec::new() }
    }

    /// Tells of a change.
    pub fn changed(&mut self, change: Change) {
        self.changes.push(change);
    }

    /// Leaves a remark.
    pub fn note(&mut self, clause: &'static Clause, detail: impl Into<String>) {
        self.notes.push(Note { clause, detail: detail.into() });
    }
}
