//! What is asked of integrations with Chatwork.

pub mod authenticity;
pub mod webhooks;
