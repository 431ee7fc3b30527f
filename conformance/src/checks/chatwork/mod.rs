//! What is asked of integrations with Chatwork.

pub mod authenticity;
pub mod spelling;
pub mod webhooks;
