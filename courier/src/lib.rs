//! One exchange with somebody else's endpoint: how a webhook travels, whoever sends it. The mock's sender and the judge
//! use the same one, so that what the one calls "too large" is what the other does.
//!
//! | module | what it holds |
//! |---|---|
//! | [`address`] | the URL taken apart, resolved once, and the guard that keeps calls on this machine |
//! | [`exchange`] | what is sent and what came back, as values, with a name for everything that can go wrong |
//! | [`raw`] | hand-written requests, as values: names in any case, chunks, pauses, half a body |
//! | [`line`](mod@line) | a connection that is kept, and on which hand-written requests go out; same bounds, same faults |
//! | [`socket`] | the exchange itself: one connection, one deadline, one cap; nothing is followed, nothing is repeated |
//! | [`tls`] | whom to trust, and what is wrong with a certificate; never switched off |

pub mod address;
pub mod exchange;
pub mod line;
pub mod raw;
pub mod socket;
pub mod tls;
