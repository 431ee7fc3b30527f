//! Webhooks that go out, over real sockets: to receivers that behave, and to those that do not.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod chatday;
mod chatwork;
mod clock;
mod hostile;
mod hosts;
mod library;
mod load;
mod modes;
mod receiver;
mod repeat;
mod replay;
mod settings;
mod support;
mod tls;
mod told;
