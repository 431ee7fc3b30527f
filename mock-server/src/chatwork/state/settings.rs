//! What a world decides about the service itself.

use contract::chatwork::{limits, webhook};

pub use contract::chatwork::Edition;
pub use contract::chatwork::limits::Limit;
pub use contract::chatwork::ratelimit::Window;

/// How the text of a 401 is spelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenError {
    /// As the documents print it.
    #[default]
    Documented,
    /// As the live service prints it.
    Live,
}

impl TokenError {
    /// Both spellings.
    pub const ALL: [Self; 2] = [Self::Documented, Self::Live];

    /// The text itself.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Documented => "Invalid API token",
            Self::Live => "Invalid API Token",
        }
    }
}

/// What somebody pays, and so how far back they can read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Plan {
    /// Only messages of the last 40 days can be read.
    Free,
    /// All messages can be read.
    #[default]
    Paid,
}

impl Plan {
    /// Both plans.
    pub const ALL: [Self; 2] = [Self::Free, Self::Paid];

    /// The name that world files use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Paid => "paid",
        }
    }
}

/// The rate limits of a world; `None` is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Requests of one account.
    pub account: Option<Limit>,
    /// New messages and tasks of one room, together.
    pub room: Option<Limit>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { account: Some(limits::ACCOUNT), room: Some(limits::ROOM) }
    }
}

/// What a world decides about the service itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The published state of the API that is followed.
    pub edition: Edition,
    /// The spelling of the 401 text.
    pub token_error: TokenError,
    /// The plan of every account that has none of its own.
    pub plan: Plan,
    /// The rate limits.
    pub limits: Limits,
    /// How webhooks are sent.
    pub webhooks: WebhookSettings,
}

/// How webhooks are sent (clauses `chatwork.webhooks.timeout` and `chatwork.webhooks.switch-off-after`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebhookSettings {
    /// From the start of connecting to the end of the answer, in milliseconds of real time.
    pub timeout_ms: u64,
    /// Until the connection has come about, in milliseconds of real time.
    pub connect_timeout_ms: u64,
    /// Failures in a row that switch a setting off; `None` is never.
    pub switch_off_after: Option<u32>,
}

impl Default for WebhookSettings {
    fn default() -> Self {
        Self {
            timeout_ms: webhook::TIMEOUT_MS,
            connect_timeout_ms: webhook::CONNECT_TIMEOUT_MS,
            switch_off_after: Some(webhook::FAILURES_MAX),
        }
    }
}
