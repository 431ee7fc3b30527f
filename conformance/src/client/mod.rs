//! Where a mock runs beside what is judged.

pub mod beside;
