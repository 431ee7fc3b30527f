//! What an endpoint was seen to do, kept in files, so that a change of behaviour is seen too.
//!
//! The files are insta's (`cargo insta review` reads them), written by hand: insta's own entry points assert, panic, and
//! want to know the test that calls them.

pub mod file;
pub mod mask;
pub mod observed;
pub mod shelf;
