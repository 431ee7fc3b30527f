//! How deliveries travel.

pub mod address;
pub mod socket;
