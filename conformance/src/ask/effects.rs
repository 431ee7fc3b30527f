//! What the integration does after an event: the calls that it makes to the service's own API.

use std::fmt;
use std::time::Duration;

/// One call of the integration to the service's API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The operation's name in the contract, such as `post-room-message` or `send-message`.
    pub operation: String,
    /// The room or chat that it is about, as the call spells it.
    pub place: Option<String>,
    /// The text that it sends, if it sends one.
    pub text: Option<String>,
    /// Milliseconds since the start of the watch.
    pub at_ms: u64,
}

/// A moment of the watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(pub u64);

/// Watches the service's API.
pub trait Effects: fmt::Debug {
    /// Now.
    fn mark(&mut self) -> Mark;

    /// What the integration called since a mark, oldest first. Waits until `count` calls have come and no other has
    /// followed for `quiet`; at most for `within`.
    fn calls_since(&mut self, mark: Mark, count: usize, quiet: Duration, within: Duration) -> Vec<Call>;

    /// From now on every answer of the API waits for so long; zero for not at all.
    fn slow_down(&mut self, delay: Duration);
}

/// What the integration does with a valid text event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It sends a message.
    Reply,
    /// Nothing that the API sees.
    None,
}

impl Effect {
    /// In a sentence.
    pub fn words(self) -> &'static str {
        match self {
            Self::Reply => "a valid text event is answered with a message",
            Self::None => "a valid text event leads to no message",
        }
    }
}

impl Call {
    /// Whether it sends a message.
    pub fn is_message(&self) -> bool {
        self.text.is_some()
    }

    /// Whether it changes anything, as far as its name tells.
    pub fn is_effect(&self) -> bool {
        !self.operation.starts_with("get-") && self.operation != "register"
    }
}
