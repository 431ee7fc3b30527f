//! The conversation with a server whose API is judged: how calls are sent and paced, what reports show of them, and the run
//! around it.

pub mod governor;
pub mod run;
pub mod session;
mod shown;

/// Most requests in the time of the account's limit to a host that is not this machine, unless the user says otherwise: a
/// fifth of the limit, so that the account's other programs go on as before.
pub const REMOTE_REQUESTS: u32 = contract::chatwork::limits::ACCOUNT.requests / 5;
