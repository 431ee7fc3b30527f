//! Judges programs that call Chatwork or Chatday: each is run in small worlds of its own, and what it does there is seen whole.
//! And the one place that knows the mock: [`beside`] runs it beside a judged endpoint.

pub mod beside;
pub mod drive;
pub mod edit;
pub mod environment;
mod excerpt;
pub mod observe;
pub mod process;
pub mod record;
pub mod run;
pub mod scenario;
pub mod scenarios;
pub mod stage;
pub mod stranger;
pub mod sweep;
mod tally;
