//! What people and programs read. Reporters consume events and know nothing of targets and checks.

pub mod diff;
pub mod document;
pub mod github;
pub mod html;
pub mod human;
pub mod index;
pub mod json;
pub mod jsonl;
pub mod junit;
pub(crate) mod look;
pub mod markdown;
pub mod progress;
pub(crate) mod text;

use std::io;

use crate::run::event::Event;

/// Something that is told of a run as it happens.
pub trait Reporter {
    /// Takes note of an event.
    ///
    /// # Errors
    /// When what it writes to refuses.
    fn tell(&mut self, event: &Event) -> io::Result<()>;
}
