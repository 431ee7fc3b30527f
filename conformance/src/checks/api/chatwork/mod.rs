//! Chatwork's API.

pub mod answers;
pub mod credentials;
pub mod files;
pub mod limits;
pub mod links;
pub mod meaning;
pub mod messages;
pub mod refusals;
pub mod requests;
pub mod tasks;
mod text;
mod tour;
mod verdicts;
