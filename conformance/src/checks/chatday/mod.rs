//! What is asked of integrations with Chatday.

pub mod authenticity;
pub mod webhooks;
