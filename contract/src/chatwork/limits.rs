//! Every number of the Chatwork contract. Lengths count Unicode code points
//! (clause [`TEXT_LENGTH`](super::clauses::TEXT_LENGTH)).

/// So many requests in so many seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Requests allowed in one window; at least 1.
    pub requests: u32,
    /// Length of a window in seconds; at least 1.
    pub seconds: u32,
}

/// Requests of one account (clause `chatwork.limits.account`).
pub const ACCOUNT: Limit = Limit { requests: 300, seconds: 300 };
/// New messages and tasks of one room, together (clause `chatwork.limits.room`).
pub const ROOM: Limit = Limit { requests: 10, seconds: 10 };
/// Most items in a capped list; there is no pagination.
pub const LIST_CAP: usize = 100;
/// Longest room name.
pub const NAME_MAX: usize = 255;
/// Longest message or task text.
pub const BODY_MAX: usize = 65_535;
/// Longest code of an invitation link.
pub const LINK_CODE_MAX: usize = 50;
/// Largest uploaded file, in bytes: 5 MiB.
pub const FILE_MAX_BYTES: usize = 5_242_880;
/// How long a download URL works, in seconds.
pub const DOWNLOAD_URL_SECONDS: i64 = 30;
/// How far back the Free plan can read messages, in seconds: 40 days.
pub const FREE_PLAN_READABLE_SECONDS: i64 = 40 * 24 * 60 * 60;
/// The icons a group chat can have.
pub const ICON_PRESETS: [&str; 17] = [
    "group", "check", "document", "meeting", "event", "project", "business", "study", "security", "star", "idea",
    "heart", "magcup", "beer", "music", "sports", "travel",
];
