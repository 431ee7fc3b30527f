//! Chatwork API v2: what it promises, as data.
//!
//! [`endpoints`] is the table from which the router, the OpenAPI document, the README's table and the wire tests'
//! list are derived. [`clauses`] holds the sentences, [`errors`] every answer that is not success.

pub mod answer;
pub mod arguments;
pub mod clauses;
pub mod edition;
pub mod endpoints;
pub mod errors;
pub mod gate;
pub mod hosts;
pub mod limits;
pub mod notation;
pub mod oauth;
pub mod params;
pub mod ratelimit;
pub mod shapes;
pub mod signature;
mod source;
pub mod types;
pub mod webhook;

pub use edition::Edition;
pub use endpoints::{Endpoint, Operation};
pub use errors::ApiError;
