//! What is asked. One file per area of a service: entries in a slice, and their functions beneath.

pub(crate) mod answer;
pub mod chatday;
pub mod chatwork;
mod leak;
#[cfg(test)]
pub(crate) mod transcript;
