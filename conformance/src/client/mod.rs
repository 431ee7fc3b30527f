//! Judges programs that call Chatwork or Chatday: each is run in small worlds of its own, and what it does there is seen whole.

pub mod scenario;
pub mod scenarios;
