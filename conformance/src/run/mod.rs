//! The engine: runs checks one after another, keeps the three rules for forged events, and tells of it in events.

pub mod baseline;
pub mod clock;
mod descent;
pub mod engine;
pub mod event;
pub mod evidence;
pub mod kept;
pub mod ledger;
pub mod property;
pub mod replay;
mod sequence;
pub mod session;
pub mod shard;
pub mod shell;
pub mod stop;
pub(crate) mod tally;
mod trial;
pub mod verdict;
