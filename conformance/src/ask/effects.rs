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

    /// A real event with this body is about to be sent: what it tells of is so in the service from now on.
    fn happens(&mut self, event: &[u8]) {
        let _ = event;
    }

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
    runs.filter(|number| is_number(*number, now)).collect()
}

/// The number of an event of this run. Numbers ascend with the events and with the runs, and are so far apart that those of
/// events in between ([`number_after`]) fit between them, and the ids of replies between all of these.
pub fn number(now: UnixMillis, serial: u64) -> u64 {
    first(now).saturating_add(serial.saturating_mul(STRIDE))
}

/// The number of an event that is told of right after the one with this number, and before the next one of [`number`]; none
/// if there is no room left, or if the run has no such number.
pub fn number_after(before: u64, now: UnixMillis) -> Option<u64> {
    let between = before.checked_sub(first(now))? % STRIDE / STEP;
    (between + 1 < STEPS).then(|| before.checked_add(STEP)).flatten()
}

/// Whether this is the number of an event of the run that began then.
pub fn is_number(number: u64, now: UnixMillis) -> bool {
    let Some(distance) = number.checked_sub(first(now)) else { return false };
    let (serial, rest) = (distance / STRIDE, distance % STRIDE);
    serial < EVENTS_MAX && rest % STEP == 0 && rest / STEP < STEPS
}

fn first(now: UnixMillis) -> u64 {
    u64::try_from(now.0).unwrap_or_default().saturating_mul(NUMBERS_PER_MS)
}

/// Events of one run, at most.
const EVENTS_MAX: u64 = 1_000_000;
/// How far numbers of one run are from each other. A prime, so that numbers of different runs hardly ever meet.
const STRIDE: u64 = 100_000_000_003;
/// How far numbers in between are from each other: further than a hundred message ids of the mock.
const STEP: u64 = 100_000_000;
/// Numbers in between, at most, the first one included.
const STEPS: u64 = 999;
/// How far the first numbers of runs are from each other for each millisecond between them. They have 19 digits, and are
/// beyond the message ids that the mock's world begins with.
const NUMBERS_PER_MS: u64 = 2_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_known_by_its_number_wherever_that_stands() {
        let now = UnixMillis(1_760_000_000_000);
        let (first, second) = (number(now, 0), number(now, 7));
        let text = format!("[rp aid=1003 to=5001-{first}]\nคุณเขียนว่า {second}, and 1760000000000 or {first}0");
        assert_eq!(numbers(text.as_bytes(), now), [first, second].into());
        for other in [now.0 + 1, now.0 - 1, now.0 + 60_000, now.0 - 60_000] {
            assert_eq!(numbers(text.as_bytes(), UnixMillis(other)), [].into(), "of another run");
        }
        assert_eq!(first.to_string().len(), 19);
    }

    #[test]
    fn numbers_in_between_ascend_and_belong_to_the_run() {
        let now = UnixMillis(1_760_000_000_000);
        let mut last = number(now, 3);
        for place in 1..STEPS {
            let next = number_after(last, now).unwrap();
            assert!(last < next && next < number(now, 4) && is_number(next, now), "{place}");
            last = next;
        }
        assert_eq!(number_after(last, now), None);
        assert_eq!(number_after(7, now), None, "of no run");
        assert!(!is_number(last + 1, now) && !is_number(last - 1, now));
    }
}
