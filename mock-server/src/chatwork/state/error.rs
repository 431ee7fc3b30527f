//! Why an operation was refused. The words that the caller of the API reads are the contract's.

use super::ids::AccountId;

/// Why an operation was refused. A refused operation has changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// There is no such room, or the caller is not in it: one must not learn which.
    NotMember,
    /// The caller may only read this room.
    ReadOnly,
    /// Only an admin of the room may do this.
    NotAdmin,
    /// Only the author of the message may do this.
    NotAuthor,
    /// My Chat and direct chats can neither be left nor deleted.
    NotAGroup,
    /// The room has no such message.
    UnknownMessage,
    /// The message was deleted; a tombstone can be neither edited nor deleted.
    DeletedMessage,
    /// The message is older than the caller's plan lets them read.
    HiddenMessage,
    /// The messages are already read, or already unread.
    NothingToChange,
    /// The room has no such task.
    UnknownTask,
    /// The room has no such file.
    UnknownFile,
    /// The caller has no such incoming request.
    UnknownRequest,
    /// Neither a contact of the caller, nor of the same organization, nor (for changes) a member already.
    NotInvitable(AccountId),
    /// A group needs at least one admin.
    NoAdmin,
    /// The account stands in two lists of roles.
    TwoRoles(AccountId),
    /// A task needs at least one assignee.
    NoAssignee,
    /// A task can only be given to members of the room.
    AssigneeNotMember(AccountId),
    /// The room has an invitation link already.
    LinkExists,
    /// The room has no invitation link.
    NoLink,
    /// Another room's invitation link has this code.
    CodeTaken,
}
