//! What a check may do: craft deliveries, send them, and look at what came back.

pub mod case;
pub mod craft;
pub mod effects;
pub mod observed;
pub mod policy;
pub mod scene;
pub mod secret;
pub mod seed;
pub mod server;
pub mod sketch;
