//! One message, and who it calls.

use std::cell::OnceCell;
use std::fmt;

use contract::chatwork::notation::mentions;

use super::ids::{AccountId, MessageId};

/// What stands in place of a deleted message's text.
pub const TOMBSTONE: &str = "[deleted]";

/// One message of a room. A deleted one stays, as a tombstone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its id; ascending within the world.
    pub id: MessageId,
    /// Who wrote it; they may have left the room.
    pub author: AccountId,
    /// The text, verbatim; [`TOMBSTONE`] once deleted.
    pub body: Box<str>,
    /// Unix seconds.
    pub send_time: i64,
    /// Unix seconds of the last edit or of the deletion; 0 before.
    pub update_time: i64,
    /// Whether only a tombstone is left.
    pub deleted: bool,
    /// Who the text calls.
    pub mentioned: Mentioned,
    /// The message as JSON, made when first asked for.
    pub rendered: Rendered,
}

impl Message {
    /// A fresh message.
    pub fn new(id: MessageId, author: AccountId, body: &str, send_time: i64) -> Self {
        Self {
            id,
            author,
            body: body.into(),
            send_time,
            update_time: 0,
            deleted: false,
            mentioned: Mentioned::by(body),
            rendered: Rendered::default(),
        }
    }

    /// Whether the text calls somebody. Nobody is called by what they wrote themselves.
    pub fn mentions(&self, account: AccountId) -> bool {
        self.author != account && self.mentioned.includes(account)
    }
}

/// Who a text calls, kept small: most texts call nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mentioned {
    /// Nobody.
    Nobody,
    /// These accounts, ascending; whether they are in the room is not asked here.
    Accounts(Box<[AccountId]>),
    /// Everyone in the room.
    Everyone,
}

impl Mentioned {
    /// Reads the notation of a text.
    pub fn by(body: &str) -> Self {
        if !body.contains('[') {
            return Self::Nobody;
        }
        let found = mentions(body);
        if found.everyone {
            Self::Everyone
        } else if found.accounts.is_empty() {
            Self::Nobody
        } else {
            Self::Accounts(found.accounts.into_iter().map(AccountId).collect())
        }
    }

    /// Whether the account is among them; whoever wrote the text is not excepted here.
    pub fn includes(&self, account: AccountId) -> bool {
        match self {
            Self::Nobody => false,
            Self::Accounts(accounts) => accounts.binary_search(&account).is_ok(),
            Self::Everyone => true,
        }
    }
}

/// A message's JSON, made at most once between two changes of the message. It is no part of the state: two messages
/// are equal whether or not they were rendered.
#[derive(Clone, Default)]
pub struct Rendered(OnceCell<Box<[u8]>>);

impl Rendered {
    /// The bytes, made by `render` if they are not there yet.
    pub fn or_render(&self, render: impl FnOnce() -> Box<[u8]>) -> &[u8] {
        self.0.get_or_init(render)
    }

    pub(super) fn clear(&mut self) {
        self.0.take();
    }
}

impl PartialEq for Rendered {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Rendered {}

impl fmt::Debug for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.get().is_some() { "Rendered(yes)" } else { "Rendered(no)" })
    }
}
