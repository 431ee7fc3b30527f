//! What is asked of programs that call a service. Each rule looks at what a program was seen to do, and applies only where it
//! did something that the rule is about: who never retries is not blamed for how it retries, and who gives up with a
//! status other than 0 has said so.

pub mod answers;
pub mod connections;
pub mod credentials;
pub mod failures;
pub mod limits;
mod look;
pub mod pace;
pub mod requests;
pub mod resets;
pub mod retries;
pub mod text;
pub mod uploads;
#[cfg(test)]
mod watched;

use contract::service::Service;

use crate::check::{Check, Kind};
use crate::run::verdict::Judgement;

/// What the checks of clients are made from.
const fn blank(service: Service) -> Check {
    Check { kind: Kind::Client, ..Check::blank(service) }
}

/// The same check, asked of clients of Chatday; with other words where those for Chatwork do not fit.
macro_rules! chatday {
    ($check:expr, $id:literal, $clauses:expr $(, $field:ident: $words:literal)*) => {
        Check { id: $id, service: Service::Chatday, clauses: $clauses, $($field: $words,)* ..$check }
    };
}
use chatday;

fn moot(why: impl Into<String>) -> Judgement {
    Judgement::Moot(why.into())
}
