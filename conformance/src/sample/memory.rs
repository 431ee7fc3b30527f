//! Which events were seen already. Bounded in number, and where the service says so in time.

use std::collections::{BTreeMap, VecDeque};

use contract::time::UnixMillis;

/// The keys of the last events.
#[derive(Debug)]
pub(super) struct Memory {
    noted: BTreeMap<String, UnixMillis>,
    order: VecDeque<String>,
    span_ms: i64,
}

impl Memory {
    /// A memory that forgets a key after so many milliseconds.
    pub(super) fn new(span_ms: i64) -> Self {
        Self { noted: BTreeMap::new(), order: VecDeque::new(), span_ms }
    }

    /// Whether a key was noted and not forgotten since.
    pub(super) fn knows(&self, key: &str, now: UnixMillis) -> bool {
        self.noted.get(key).is_some_and(|noted| now.0.saturating_sub(noted.0) <= self.span_ms)
    }

    /// Notes a key; says whether it is new.
    pub(super) fn note(&mut self, key: &str, now: UnixMillis) -> bool {
        if self.knows(key, now) {
            return false;
        }
        if self.noted.insert(key.to_owned(), now).is_none() {
            self.order.push_back(key.to_owned());
        }
        if self.order.len() > CAPACITY
            && let Some(oldest) = self.order.pop_front()
        {
            self.noted.remove(&oldest);
        }
        true
    }
}

/// Keys that are kept.
const CAPACITY: usize = 4_096;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_760_000_000_000);

    #[test]
    fn a_key_is_new_once_until_thousands_have_followed_it() {
        let mut memory = Memory::new(i64::MAX);
        assert!(memory.note("first", NOW) && !memory.note("first", NOW) && memory.knows("first", NOW));
        for number in 1..CAPACITY {
            assert!(memory.note(&number.to_string(), NOW));
        }
        assert!(memory.knows("first", NOW));
        assert!(memory.note("last", NOW));
        assert!(!memory.knows("first", NOW) && memory.knows("1", NOW));
        assert_eq!((memory.noted.len(), memory.order.len()), (CAPACITY, CAPACITY));
    }

    #[test]
    fn a_key_is_new_again_after_its_time() {
        let mut memory = Memory::new(1_000);
        assert!(memory.note("key", NOW));
        assert!(!memory.note("key", UnixMillis(NOW.0 + 1_000)));
        assert!(memory.note("key", UnixMillis(NOW.0 + 1_001)));
        assert!(!memory.note("key", UnixMillis(NOW.0 + 2_001)));
        assert_eq!(memory.order.len(), 1);
    }
}
