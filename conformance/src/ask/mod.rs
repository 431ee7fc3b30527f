//! What a check may do: craft deliveries, send them, and look at what came back.

pub mod case;
pub mod craft;
pub mod policy;
pub mod secret;
pub mod seed;
