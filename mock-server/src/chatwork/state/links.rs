//! Invitation links of groups.

use super::ids::{AccountId, RoomId};
use super::room::Link;
use super::{Error, State};

/// How an invitation link shall be.
#[derive(Clone, Copy, Debug)]
pub struct LinkOptions<'a> {
    /// 1 to 50 of `A-Za-z0-9_-`; `None` makes one up.
    pub code: Option<&'a str>,
    /// Whether an admin has to accept those who come by it.
    pub need_acceptance: bool,
    /// May be empty.
    pub description: &'a str,
}

impl State {
    /// A room's invitation link, if it has one.
    ///
    /// # Errors
    /// [`Error::NotMember`].
    pub fn link(&self, account: AccountId, room: RoomId) -> Result<Option<&Link>, Error> {
        Ok(self.room(account, room)?.link.as_ref())
    }

    /// Makes an invitation link.
    ///
    /// # Errors
    /// [`Error::NotMember`], [`Error::NotAdmin`], [`Error::LinkExists`], [`Error::CodeTaken`].
    pub fn create_link(&mut self, by: AccountId, room: RoomId, options: LinkOptions<'_>) -> Result<(), Error> {
        if self.room_as_admin(by, room)?.link.is_some() {
            return Err(Error::LinkExists);
        }
        self.put_link(by, room, options)
    }

    /// Replaces an invitation link. Its own code may be kept by naming it.
    ///
    /// # Errors
    /// [`Error::NotMember`], [`Error::NotAdmin`], [`Error::NoLink`], [`Error::CodeTaken`].
    pub fn update_link(&mut self, by: AccountId, room: RoomId, options: LinkOptions<'_>) -> Result<(), Error> {
        if self.room_as_admin(by, room)?.link.is_none() {
            return Err(Error::NoLink);
        }
        self.put_link(by, room, options)
    }

    /// Removes an invitation link.
    ///
    /// # Errors
    /// [`Error::NotMember`], [`Error::NotAdmin`], [`Error::NoLink`].
    pub fn delete_link(&mut self, by: AccountId, room: RoomId) -> Result<(), Error> {
        let link = self.room_as_admin(by, room)?.link.take().ok_or(Error::NoLink)?;
        self.by_code.remove(&link.code);
        Ok(())
    }

    /// A link whose code no room but `room` has.
    pub(super) fn new_link(&mut self, options: LinkOptions<'_>, room: Option<RoomId>) -> Result<Link, Error> {
        let taken = |state: &Self, code: &str| state.by_code.get(code).is_some_and(|owner| Some(*owner) != room);
        let code = match options.code {
            Some(code) if taken(self, code) => return Err(Error::CodeTaken),
            Some(code) => code.to_owned(),
            None => {
                let mut code = self.counters.next_code();
                while self.by_code.contains_key(&code) {
                    code = self.counters.next_code();
                }
                code
            }
        };
        Ok(Link { code, need_acceptance: options.need_acceptance, description: options.description.to_owned() })
    }

    fn put_link(&mut self, by: AccountId, room: RoomId, options: LinkOptions<'_>) -> Result<(), Error> {
        let link = self.new_link(options, Some(room))?;
        let code = link.code.clone();
        if let Some(old) = self.room_as_admin(by, room)?.link.replace(link) {
            self.by_code.remove(&old.code);
        }
        self.by_code.insert(code, room);
        Ok(())
    }
}
