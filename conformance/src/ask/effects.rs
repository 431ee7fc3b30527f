//! What the integration does after an event: the calls that it makes to the service's own API.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use contract::time::UnixMillis;

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

    /// What the integration called since a mark, oldest first. Waits until `count` messages have come and no other call has
    /// followed for `quiet`; at most for `within`.
    fn calls_since(&mut self, mark: Mark, count: usize, quiet: Duration, within: Duration) -> Vec<Call>;

    /// Waits until nothing was called for `quiet`; at most for `within`.
    fn calm(&mut self, quiet: Duration, within: Duration) {
        let now = self.mark();
        self.calls_since(now, 0, quiet, within);
    }

    /// From now on every answer of the API waits for so long; zero for not at all.
    fn slow_down(&mut self, delay: Duration);

    /// Where the API is, if others may know.
    fn base_url(&self) -> Option<&str> {
        None
    }

    /// The account whose token the integration used last, as far as that was seen. Chatday has none.
    fn account(&self) -> Option<u64> {
        None
    }

    /// Whether the last call was refused because nobody has its token.
    fn is_refused(&self) -> bool {
        false
    }
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
        let reads = ["get-", "GET ", "HEAD ", "OPTIONS ", "oauth-", "register", "download-"];
        !reads.iter().any(|word| self.operation.starts_with(word))
    }

    /// In a report.
    pub fn words(&self) -> String {
        let place = self.place.as_deref().map(|place| format!(" in {place}")).unwrap_or_default();
        format!("{}{place}", self.operation)
    }

    /// The numbers of the run's events that its text holds.
    pub fn quoted(&self, now: UnixMillis) -> BTreeSet<u64> {
        self.text.as_deref().map(|text| numbers(text.as_bytes(), now)).unwrap_or_default()
    }
}

/// The numbers of a run's events in a text or a body: each event has numbers that no other has, in its text too, so that
/// whoever repeats one says which event is meant.
pub fn numbers(text: &[u8], now: UnixMillis) -> BTreeSet<u64> {
    let runs = text.split(|byte| !byte.is_ascii_digit()).filter_map(|run| std::str::from_utf8(run).ok()?.parse().ok());
    let began = u64::try_from(now.0).unwrap_or_default();
    runs.filter(|number: &u64| number / EVENTS_MAX == began).collect()
}

/// The number of an event of this run.
pub fn number(now: UnixMillis, serial: u64) -> u64 {
    u64::try_from(now.0).unwrap_or_default().saturating_mul(EVENTS_MAX).saturating_add(serial)
}

/// Events of one run have numbers below this, behind the milliseconds of its start.
const EVENTS_MAX: u64 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_known_by_its_number_wherever_that_stands() {
        let now = UnixMillis(1_760_000_000_000);
        let (first, second) = (number(now, 0), number(now, 7));
        let text = format!("[rp aid=1003 to=5001-{first}]\nคุณเขียนว่า {second}, and 1760000000000 or {first}0");
        assert_eq!(numbers(text.as_bytes(), now), [first, second].into());
        assert_eq!(numbers(text.as_bytes(), UnixMillis(now.0 + 1)), [].into(), "of another run");
    }
}
