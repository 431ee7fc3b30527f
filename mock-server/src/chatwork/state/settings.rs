//! What a world decides about the service itself.

/// Which published state of the API a mock follows. Stands in for the contract's type of the same form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Edition {
    /// The older published document.
    #[default]
    Documented,
    /// The service since 2025-07-03.
    July2025,
}

impl Edition {
    /// Both, oldest first.
    pub const ALL: [Self; 2] = [Self::Documented, Self::July2025];

    /// The name that command lines and world files use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::July2025 => "2025-07",
        }
    }
}

/// So many requests in so many seconds. Stands in for the contract's type of the same form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Requests allowed in one window; at least 1.
    pub requests: u32,
    /// Length of a window in seconds; at least 1.
    pub seconds: u32,
}

/// A window of requests. Stands in for the contract's type of the same form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Unix second in which its first request came.
    pub opened_second: i64,
    /// Requests counted in it so far.
    pub used: u32,
}

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
        Self { account: Some(Limit { requests: 300, seconds: 300 }), room: Some(Limit { requests: 10, seconds: 10 }) }
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
}
