//! Contacts, and the requests to become one.

use contract::time::UnixMillis;

use super::account::{Contact, ContactRequest};
use super::ids::{AccountId, RequestId, RoomId};
use super::member::Role;
use super::room::{Kind, Room};
use super::{Error, LIST_CAP, State};

/// What [`State::accept_request`] made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestAccepted {
    /// The new contact.
    pub account: AccountId,
    /// The direct chat with them.
    pub room: RoomId,
}

impl State {
    /// The contacts of an account, by account id.
    pub fn contacts(&self, account: AccountId) -> Vec<Contact<'_>> {
        let others = self.contacts.get(&account).into_iter().flatten();
        others.filter_map(|(id, room)| Some(Contact { account: self.accounts.get(id)?, room: *room })).collect()
    }

    /// One contact of an account.
    pub fn contact(&self, account: AccountId, other: AccountId) -> Option<Contact<'_>> {
        Some(Contact { account: self.accounts.get(&other)?, room: self.direct_room(account, other)? })
    }

    /// Who asks to become a contact of the account: oldest first, at most [`LIST_CAP`].
    pub fn incoming_requests(&self, account: AccountId) -> Vec<&ContactRequest> {
        self.requests.values().filter(|request| request.to == account).take(LIST_CAP).collect()
    }

    /// Accepts a request: the two are contacts, with a direct chat, and no request between them is left.
    ///
    /// # Errors
    /// [`Error::UnknownRequest`].
    pub fn accept_request(&mut self, by: AccountId, id: RequestId, now: UnixMillis) -> Result<RequestAccepted, Error> {
        let from = self.incoming(by, id)?;
        self.requests.retain(|_, request| {
            !((request.from, request.to) == (from, by) || (request.from, request.to) == (by, from))
        });
        let room = match self.direct_room(by, from) {
            Some(room) => room,
            None => self.open_direct_room(by, from, now.seconds()),
        };
        Ok(RequestAccepted { account: from, room })
    }

    /// Turns a request down.
    ///
    /// # Errors
    /// [`Error::UnknownRequest`].
    pub fn reject_request(&mut self, by: AccountId, id: RequestId) -> Result<(), Error> {
        self.incoming(by, id)?;
        self.requests.remove(&id);
        Ok(())
    }

    pub(super) fn direct_room(&self, one: AccountId, other: AccountId) -> Option<RoomId> {
        self.contacts.get(&one)?.get(&other).copied()
    }

    /// Makes two people contacts: their direct chat, where both are plain members.
    pub(super) fn open_direct_room(&mut self, one: AccountId, other: AccountId, now: i64) -> RoomId {
        let id = self.counters.next_room();
        let mut room = Room::new(id, Kind::Direct, now);
        for account in [one, other] {
            room.join(account, Role::Member);
            self.rooms_of.entry(account).or_default().insert(id);
        }
        self.rooms.insert(id, room);
        self.contacts.entry(one).or_default().insert(other, id);
        self.contacts.entry(other).or_default().insert(one, id);
        id
    }

    fn incoming(&self, to: AccountId, id: RequestId) -> Result<AccountId, Error> {
        let request = self.requests.get(&id).filter(|request| request.to == to);
        request.map(|request| request.from).ok_or(Error::UnknownRequest)
    }
}
