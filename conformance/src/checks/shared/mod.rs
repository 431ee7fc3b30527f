//! What is asked of integrations with either service: the same questions, each on the clauses of its own contract.

pub mod authenticity;
pub mod effects;
pub mod http;
pub mod load;
pub mod redirects;
pub mod robustness;
pub mod text;
