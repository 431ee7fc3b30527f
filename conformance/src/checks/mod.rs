//! What is asked. One file per area of a service, or of both: entries in a slice, and their functions beneath.

pub(crate) mod answer;
pub mod api;
pub mod chatday;
pub mod chatwork;
pub mod client;
mod course;
pub mod coverage;
mod leak;
pub mod shared;
mod survival;
#[cfg(test)]
pub(crate) mod transcript;
