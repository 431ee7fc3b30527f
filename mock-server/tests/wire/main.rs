//! The wire, from outside: what stands on the socket. The files mirror the tables of endpoints; the exchanges are kept as
//! snapshots below `snapshots/mock-server/<service>/<area>/<endpoint>.<case>.snap`.

#[macro_use]
mod common;

mod bad_input;
mod chatday;
mod chatwork;
mod shelf;
