//! Every answer that is not success: status and text, each with its clause. Where the service's own text is not
//! published the text is ours, and its clause says so.

use std::borrow::Cow;

use http::StatusCode;

use super::clauses as c;
use super::oauth::{Scope, clauses as oauth};
use super::params::Param;
use crate::clause::Clause;

/// What an operation may not be done for want of rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// Reading a room one is not in. Also a room that does not exist.
    GetRoom,
    /// Reading messages of a room one is not in.
    GetMessages,
    /// Writing or changing a message.
    SendOrEditMessage,
    /// Reading members of a room one is not in.
    GetMembers,
    /// Reading tasks of a room one is not in.
    GetTasks,
    /// Reading files of a room one is not in.
    GetFiles,
    /// Reading the link of a room one is not in.
    GetLink,
    /// Marking messages of a room one is not in.
    MarkMessages,
    /// Changing a room.
    EditRoom,
    /// Leaving a room one is not in.
    LeaveRoom,
    /// Deleting a room.
    DeleteRoom,
    /// Changing the members of a room.
    EditMembers,
    /// Naming an account that is neither a contact nor of one's own organization.
    InviteAccount,
    /// Making or changing a task.
    EditTask,
    /// Uploading a file.
    UploadFile,
    /// Changing a link.
    EditLink,
}

impl Denied {
    /// The sentence of the answer. The first three are recorded from the service; the others follow their pattern.
    pub fn text(self) -> &'static str {
        match self {
            Self::GetRoom => "You don't have permission to get this room",
            Self::GetMessages => "You don't have permission to get messages in this room",
            Self::SendOrEditMessage => "You don't have permission to send/edit message.",
            Self::GetMembers => "You don't have permission to get members in this room",
            Self::GetTasks => "You don't have permission to get tasks in this room",
            Self::GetFiles => "You don't have permission to get files in this room",
            Self::GetLink => "You don't have permission to get the invitation link of this room",
            Self::MarkMessages => "You don't have permission to mark messages in this room",
            Self::EditRoom => "You don't have permission to edit this room",
            Self::LeaveRoom => "You don't have permission to leave this room",
            Self::DeleteRoom => "You don't have permission to delete this room",
            Self::EditMembers => "You don't have permission to edit members in this room",
            Self::InviteAccount => "You don't have permission to add an account that is not your contact",
            Self::EditTask => "You don't have permission to add/edit task in this room",
            Self::UploadFile => "You don't have permission to upload files in this room",
            Self::EditLink => "You don't have permission to edit the invitation link of this room",
        }
    }
}

/// What was not found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Missing {
    Message,
    Task,
    File,
    IncomingRequest,
}

/// What the state does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// PUT read where nothing is unread.
    AlreadyRead,
    /// PUT unread where all of it is unread.
    AlreadyUnread,
    /// POST link where there is one.
    LinkExists,
    /// PUT or DELETE link where there is none.
    LinkDisabled,
    /// A link code that another room has.
    LinkCodeTaken,
    /// The same account in two lists of members.
    MemberInTwoLists,
    /// My Chat or a direct chat where a group chat is needed.
    NotAGroup,
    /// An assignee who is not a member.
    AssigneeNotAMember,
}

impl Unfit {
    fn text(self) -> &'static str {
        match self {
            Self::AlreadyRead => "Messages are already marked as read",
            Self::AlreadyUnread => "Messages are already marked as unread",
            Self::LinkExists => "The invitation link already exists",
            Self::LinkDisabled => "The invitation link is disabled",
            Self::LinkCodeTaken => "The link code is already in use",
            Self::MemberInTwoLists => "An account can have only one role in a room",
            Self::NotAGroup => "This is only possible in group chats",
            Self::AssigneeNotAMember => "Invalid parameter 'to_ids': every account must be a member of the room",
        }
    }
}

/// One refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApiError {
    /// No token, or one that nobody has.
    InvalidToken,
    /// No such path or verb.
    InvalidEndpoint,
    /// A required parameter is missing or empty.
    Required(&'static Param),
    /// A value outside its constraint.
    Invalid(&'static Param),
    /// The state does not allow it.
    Unfit(Unfit),
    /// The access token does not have the scope that the operation needs.
    ScopeMissing(Scope),
    /// The caller may not.
    Forbidden(Denied),
    /// Something below the room is unknown.
    NotFound(Missing),
    /// The account's window is used up.
    AccountLimit,
    /// The room's window is used up.
    RoomLimit,
}

impl ApiError {
    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::InvalidToken => StatusCode::UNAUTHORIZED,
            Self::InvalidEndpoint | Self::Required(_) | Self::Invalid(_) | Self::Unfit(_) => StatusCode::BAD_REQUEST,
            Self::ScopeMissing(_) | Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::AccountLimit | Self::RoomLimit => StatusCode::TOO_MANY_REQUESTS,
        }
    }

    /// The sentence that the peer reads.
    pub fn text(&self) -> Cow<'static, str> {
        match self {
            Self::InvalidToken => "Invalid API token".into(),
            Self::InvalidEndpoint => "Invalid Endpoint or HTTP method".into(),
            Self::Required(param) => format!("Parameter '{}' is required", param.name).into(),
            Self::Invalid(param) => {
                format!("Invalid parameter '{}': expected {}", param.name, param.kind.words()).into()
            }
            Self::Unfit(unfit) => unfit.text().into(),
            Self::ScopeMissing(scope) => {
                format!("You don't have permission to do this: it needs the scope '{scope}'").into()
            }
            Self::Forbidden(denied) => denied.text().into(),
            Self::NotFound(Missing::Message) => "The message is not in this room".into(),
            Self::NotFound(Missing::Task) => "The task is not in this room".into(),
            Self::NotFound(Missing::File) => "The file is not in this room".into(),
            Self::NotFound(Missing::IncomingRequest) => "There is no such contact request".into(),
            Self::AccountLimit => "Rate limit exceeded.".into(),
            Self::RoomLimit => "Rate limit for message posting per room exceeded.".into(),
        }
    }

    /// The clause that it keeps.
    pub fn clause(&self) -> &'static Clause {
        match self {
            Self::InvalidToken => &c::UNAUTHORIZED,
            Self::InvalidEndpoint => &c::UNKNOWN_ENDPOINT,
            Self::Required(_) => &c::REQUIRED,
            Self::Invalid(_) => &c::INVALID_PARAMETER,
            Self::Unfit(_) => &c::BAD_STATE,
            Self::ScopeMissing(_) => &oauth::SCOPE_NEEDED,
            Self::Forbidden(Denied::GetRoom) => &c::ROOM_FORBIDDEN,
            Self::Forbidden(_) => &c::FORBIDDEN,
            Self::NotFound(Missing::IncomingRequest) => &c::REQUEST_NOT_FOUND,
            Self::NotFound(_) => &c::NOT_FOUND,
            Self::AccountLimit => &c::ACCOUNT_LIMIT,
            Self::RoomLimit => &c::ROOM_LIMIT,
        }
    }
}
