//! Every parameter of every operation, as data. An operation's row in [`endpoints`](super::endpoints) names its own.

use super::limits::{BODY_MAX, FILE_MAX_BYTES, ICON_PRESETS, LINK_CODE_MAX, NAME_MAX};

/// What a parameter's value must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text of a length in code points, both ends inclusive.
    Text {
        /// Shortest.
        least: usize,
        /// Longest, where the contract says so.
        most: Option<usize>,
    },
    /// `0` or `1`.
    Flag,
    /// A decimal integer of 0 or more.
    Integer,
    /// A message id: decimal digits.
    MessageId,
    /// Integers separated by commas, at least so many.
    Ids {
        /// Fewest.
        least: usize,
    },
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// 1 to 50 of `A-Z a-z 0-9 _ -`.
    LinkCode,
    /// A file of at most so many bytes, as a part of a multipart body.
    File {
        /// Largest size in bytes.
        most: usize,
    },
}

/// One parameter.
#[derive(Debug, PartialEq, Eq)]
pub struct Param {
    /// Its name on the wire.
    pub name: &'static str,
    /// What its value must be.
    pub kind: Kind,
    /// Whether the operation needs it.
    pub required: bool,
    /// What holds when it is left out, as it would be sent; `None` where leaving it out has a meaning of its own.
    pub default: Option<&'static str>,
    /// What it is for.
    pub words: &'static str,
}

impl Kind {
    /// What a value must be, in words that fit behind "expected".
    pub fn words(self) -> String {
        match self {
            Self::Text { least: 0, most: None } => "any text".to_owned(),
            Self::Text { least, most: None } => format!("{least} characters or more"),
            Self::Text { least, most: Some(most) } => format!("{least} to {most} characters"),
            Self::Flag => "0 or 1".to_owned(),
            Self::Integer => "an integer of 0 or more".to_owned(),
            Self::MessageId => "decimal digits".to_owned(),
            Self::Ids { least: 0 } => "integers separated by commas".to_owned(),
            Self::Ids { least } => format!("at least {least} integer, separated by commas"),
            Self::OneOf(words) => format!("one of {}", words.join(", ")),
            Self::LinkCode => format!("1 to {LINK_CODE_MAX} characters of A-Z a-z 0-9 _ -"),
            Self::File { most } => format!("a file of at most {most} bytes"),
        }
    }
}

const fn required(name: &'static str, kind: Kind, words: &'static str) -> Param {
    Param { name, kind, required: true, default: None, words }
}

const fn optional(name: &'static str, kind: Kind, words: &'static str) -> Param {
    Param { name, kind, required: false, default: None, words }
}

const fn defaulting(name: &'static str, kind: Kind, default: &'static str, words: &'static str) -> Param {
    Param { name, kind, required: false, default: Some(default), words }
}

const NAME_KIND: Kind = Kind::Text { least: 1, most: Some(NAME_MAX) };
const BODY_KIND: Kind = Kind::Text { least: 1, most: Some(BODY_MAX) };
const ANY_TEXT: Kind = Kind::Text { least: 0, most: None };
const STATUS_KIND: Kind = Kind::OneOf(&["open", "done"]);

/// Name of a new room.
pub const NAME: Param = required("name", NAME_KIND, "Name of the group chat");
/// New name of a room.
pub const NEW_NAME: Param = optional("name", NAME_KIND, "New name; left out, it stays");
/// Description of a room or link; empty clears it.
pub const DESCRIPTION: Param = optional("description", ANY_TEXT, "Description; empty clears it");
/// Whether a new room gets an invitation link.
pub const LINK: Param = defaulting("link", Kind::Flag, "0", "1 creates an invitation link");
/// Code of a new room's link.
pub const LINK_CODE: Param = optional("link_code", Kind::LinkCode, "Last part of the link's URL; random when left out");
/// Whether joining by a new room's link needs an administrator's consent.
pub const LINK_NEED_ACCEPTANCE: Param =
    defaulting("link_need_acceptance", Kind::Flag, "1", "1: an administrator must accept who joins by the link");
/// Administrators.
pub const MEMBERS_ADMIN: Param =
    required("members_admin_ids", Kind::Ids { least: 1 }, "Account ids of the administrators");
/// Members.
pub const MEMBERS_MEMBER: Param = optional("members_member_ids", Kind::Ids { least: 0 }, "Account ids of the members");
/// Read-only members.
pub const MEMBERS_READONLY: Param =
    optional("members_readonly_ids", Kind::Ids { least: 0 }, "Account ids of the members who may only read");
/// Icon of a room.
pub const ICON_PRESET: Param = optional("icon_preset", Kind::OneOf(&ICON_PRESETS), "Icon of the group chat");
/// Whether to leave or to delete a room.
pub const ACTION_TYPE: Param = required(
    "action_type",
    Kind::OneOf(&["leave", "delete"]),
    "leave: one's own tasks and files go; delete: everything of everybody goes",
);
/// Whether to fetch the newest messages rather than those since the last fetch.
pub const FORCE: Param = defaulting("force", Kind::Flag, "0", "0: new since one's last fetch; 1: the newest 100");
/// Text of a message.
pub const BODY: Param = required("body", BODY_KIND, "Text of the message, with notation");
/// Whether one's own message stays unread.
pub const SELF_UNREAD: Param = defaulting("self_unread", Kind::Flag, "0", "1: the message stays unread for its author");
/// Up to which message to mark as read.
pub const READ_UP_TO: Param =
    optional("message_id", Kind::MessageId, "Marks up to and including this message; left out, the whole room");
/// From which message on to mark as unread.
pub const UNREAD_FROM: Param =
    required("message_id", Kind::MessageId, "Marks this message and everything later as unread");
/// Whose tasks.
pub const ASSIGNEE: Param = optional("account_id", Kind::Integer, "Account the task is assigned to");
/// Who asked for the tasks.
pub const ASSIGNED_BY: Param = optional("assigned_by_account_id", Kind::Integer, "Account that asked for the task");
/// Which tasks.
pub const TASK_STATUS: Param = defaulting("status", STATUS_KIND, "open", "Open or done tasks");
/// Text of a task.
pub const TASK_BODY: Param = required("body", BODY_KIND, "What is to be done");
/// Who is to do a task.
pub const TO_IDS: Param =
    required("to_ids", Kind::Ids { least: 1 }, "Account ids of members; each gets a task of its own");
/// When a task is due.
pub const TASK_LIMIT: Param = optional("limit", Kind::Integer, "When the task is due, as Unix time in seconds");
/// How a task's due time is meant.
pub const LIMIT_TYPE: Param = defaulting(
    "limit_type",
    Kind::OneOf(&["none", "date", "time"]),
    "time",
    "none: not due; date: due on the day; time: due at the moment",
);
/// New state of a task; the field really is called `body`.
pub const NEW_STATUS: Param = required("body", STATUS_KIND, "New state of the task");
/// Who uploaded the files.
pub const UPLOADER: Param = optional("account_id", Kind::Integer, "Account that uploaded the file");
/// The file itself.
pub const FILE: Param = required("file", Kind::File { most: FILE_MAX_BYTES }, "The file");
/// Text beside an uploaded file.
pub const FILE_MESSAGE: Param = optional("message", BODY_KIND, "Text of the message that carries the file");
/// Whether to make a download URL.
pub const CREATE_DOWNLOAD_URL: Param =
    defaulting("create_download_url", Kind::Flag, "0", "1 adds a URL that works for 30 seconds");
/// Code of a link.
pub const CODE: Param = optional("code", Kind::LinkCode, "Last part of the link's URL; random when left out");
/// Whether joining by a link needs an administrator's consent.
pub const NEED_ACCEPTANCE: Param =
    defaulting("need_acceptance", Kind::Flag, "1", "1: an administrator must accept who joins by the link");
