//! Whether a server keeps the contract. A check is a dialogue: it asks, looks at the answer, and asks again. What is read
//! once is not asked for a second time, so that a run stays far below the limits of a service that others depend on.

pub mod chatday;
pub mod chatwork;
mod found;
