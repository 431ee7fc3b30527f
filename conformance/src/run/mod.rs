//! The engine: runs checks one after another, keeps the three rules for forged events, and tells of it in events.

pub mod clock;
pub mod engine;
pub mod event;
pub mod evidence;
pub mod property;
mod sequence;
pub mod session;
pub mod stop;
mod tally;
mod trial;
pub mod verdict;
