//! What somebody may do, asked before it is done: the handlers count a limit between the two.

use super::ids::{AccountId, RoomId};
use super::member::Role;
use super::{Error, State};

impl State {
    /// Whether the account may write in a room.
    ///
    /// # Errors
    /// [`Error::NotMember`], [`Error::ReadOnly`].
    pub fn may_write(&self, by: AccountId, room: RoomId) -> Result<(), Error> {
        match self.room(by, room)?.member(by).map(|member| member.role()) {
            Some(Role::Admin | Role::Member) => Ok(()),
            Some(Role::Readonly) | None => Err(Error::ReadOnly),
        }
    }

    /// Whether the account may give tasks to these people in a room.
    ///
    /// # Errors
    /// [`Error::NotMember`], [`Error::ReadOnly`], [`Error::AssigneeNotMember`].
    pub fn may_assign(&self, by: AccountId, room: RoomId, assignees: &[AccountId]) -> Result<(), Error> {
        self.may_write(by, room)?;
        let found = self.room(by, room)?;
        let stranger = assignees.iter().find(|account| found.member(**account).is_none());
        stranger.map_or(Ok(()), |stranger| Err(Error::AssigneeNotMember(*stranger)))
    }
}
