//! What an operation has changed, for whoever tells others: webhooks, feeds. A value names what it is about and copies no
//! text, and the list keeps its room, so that noting costs nothing where nobody listens.

use super::State;
use super::ids::{MessageId, RoomId};
use super::message::Mentioned;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happened {
    /// A message was written: by a person, or by the service in somebody's name.
    MessageCreated {
        /// Where.
        room: RoomId,
        /// Which.
        message: MessageId,
    },
    /// Its author changed a message.
    MessageUpdated {
        /// Where.
        room: RoomId,
        /// Which.
        message: MessageId,
        /// Whom its old text called.
        mentioned_before: Mentioned,
    },
    /// Its author deleted a message.
    MessageDeleted {
        /// Where.
        room: RoomId,
        /// Which.
        message: MessageId,
    },
}

/// What has happened since it was last asked for. It is on its way out and no part of the state: two states are equal
/// whatever is in it.
#[derive(Clone, Debug, Default)]
pub struct Happenings(Vec<Happened>);

impl PartialEq for Happenings {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Happenings {}

impl Happenings {
    pub(super) fn note(&mut self, what: Happened) {
        self.0.push(what);
    }
}

impl State {
    /// Takes what has happened since the last time, oldest first. [`State::keep_room_for_happenings`] takes the empty
    /// list back.
    pub fn take_happened(&mut self) -> Vec<Happened> {
        std::mem::take(&mut self.happened.0)
    }

    /// Takes back the list that [`State::take_happened`] gave, so that the next change needs no memory of its own.
    pub fn keep_room_for_happenings(&mut self, mut list: Vec<Happened>) {
        if self.happened.0.is_empty() && list.capacity() <= MOST_KEPT {
            list.clear();
            self.happened.0 = list;
        }
    }
}

const MOST_KEPT: usize = 64;
