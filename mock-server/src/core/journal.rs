//! What a world remembers of the requests that it was sent: a ring that is bounded by bytes, not only by count.

use std::collections::VecDeque;

use contract::time::UnixMillis;

use super::capture::Capture;
use super::faults::FaultId;
use super::turn::Note;
use crate::control::{RecordedRequest, Violation, text_or_base64};

/// How much a journal keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Most bytes of all entries together, bookkeeping included.
    pub bytes: usize,
    /// Most entries.
    pub entries: usize,
}

/// One request and what became of it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Counts up from 1 in each world.
    pub id: u64,
    /// Its number among everything that happened in the world.
    pub event: u64,
    /// The world's time.
    pub at: UnixMillis,
    /// The request, masked. Its tail is the caller's name.
    pub request: Capture,
    /// Status of the answer; 0 where a fault let none begin.
    pub status: u16,
    /// The fault rule that it met.
    pub fault: Option<FaultId>,
    /// What the request turned out to be.
    pub operation: Option<&'static str>,
    /// What was remarkable.
    pub notes: Vec<Note>,
}

impl Entry {
    /// Who called, in words that hold no secret; empty where nobody was known.
    pub fn token_id(&self) -> &[u8] {
        self.request.tail()
    }

    /// The entry as the control API prints it.
    pub fn record(&self) -> RecordedRequest {
        let words = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut headers = std::collections::BTreeMap::<String, String>::new();
        for (name, value) in self.request.headers() {
            let value = String::from_utf8_lossy(value);
            headers
                .entry(words(name))
                .and_modify(|all| {
                    all.push_str(", ");
                    all.push_str(&value);
                })
                .or_insert_with(|| value.into_owned());
        }
        let (body, body_base64) = text_or_base64(self.request.body());
        let token_id = self.token_id();
        RecordedRequest {
            id: self.id,
            at_ms: self.at.0,
            service: self.request.service.name().to_owned(),
            method: self.request.method.as_str().to_owned(),
            path: words(self.request.path()),
            query: words(self.request.query()),
            headers,
            body,
            body_base64,
            body_is_cut: self.request.body_is_cut,
            token_id: (!token_id.is_empty()).then(|| words(token_id)),
            status: self.status,
            fault: self.fault.map(|fault| fault.to_string()),
            operation: self.operation.map(str::to_owned),
            violations: self.violations(),
        }
    }

    /// What was remarkable, as the control API prints it.
    pub fn violations(&self) -> Vec<Violation> {
        let told = |note: &Note| Violation { clause: note.clause.id.to_owned(), detail: note.detail.clone() };
        self.notes.iter().map(told).collect()
    }

    /// The entry with at most so many bytes of its body.
    pub fn excerpt(&self, most_body: usize) -> Self {
        Self { request: self.request.excerpt(most_body), notes: self.notes.clone(), ..*self }
    }

    /// Bytes that it takes, bookkeeping included.
    pub(super) fn size(&self) -> usize {
        let notes: usize = self.notes.iter().map(|note| note.detail.capacity() + size_of::<Note>()).sum();
        size_of::<Self>() + self.request.heap_size() + notes
    }
}

/// The ring.
#[derive(Debug)]
pub struct Journal {
    entries: VecDeque<Entry>,
    caps: Caps,
    bytes: usize,
    dropped: u64,
    last_id: u64,
}

impl Journal {
    /// An empty journal.
    pub fn new(caps: Caps) -> Self {
        Self { entries: VecDeque::new(), caps, bytes: 0, dropped: 0, last_id: 0 }
    }

    /// Adds an entry, gives it its id, and forgets the oldest ones that no longer fit.
    pub fn push(&mut self, mut entry: Entry) {
        self.last_id += 1;
        entry.id = self.last_id;
        self.bytes += entry.size();
        self.entries.push_back(entry);
        while self.bytes > self.caps.bytes || self.entries.len() > self.caps.entries {
            let Some(oldest) = self.entries.pop_front() else { break };
            self.bytes -= oldest.size();
            self.dropped += 1;
        }
    }

    /// The newest entry.
    pub fn newest(&self) -> Option<&Entry> {
        self.entries.back()
    }

    /// Entries after an id, oldest first.
    pub fn after(&self, id: u64) -> impl Iterator<Item = &Entry> {
        let start = self.entries.partition_point(|entry| entry.id <= id);
        self.entries.range(start..)
    }

    /// The first entry whose event comes after one.
    pub fn after_event(&self, event: u64) -> Option<&Entry> {
        let start = self.entries.partition_point(|entry| entry.event <= event);
        self.entries.get(start)
    }

    /// The id of the newest entry that there ever was; 0 before the first.
    pub fn last_id(&self) -> u64 {
        self.last_id
    }

    /// How many entries were forgotten because they no longer fitted.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Forgets everything, and hands it over; ids go on counting.
    pub fn empty(&mut self) -> VecDeque<Entry> {
        self.bytes = 0;
        self.dropped = 0;
        std::mem::take(&mut self.entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::service::Service;
    use http::{HeaderMap, Method, Uri};

    fn entry(body: &[u8]) -> Entry {
        let uri = Uri::from_static("/v2/me?a=1");
        let secrets = [].into_iter().collect();
        let request = Capture::of(Service::Chatwork, &Method::GET, &uri, &HeaderMap::new(), body, &secrets);
        let operation = Some("get-me");
        Entry { id: 0, event: 0, at: UnixMillis(7), request, status: 200, fault: None, operation, notes: Vec::new() }
    }

    fn ids(journal: &Journal) -> Vec<u64> {
        journal.after(0).map(|entry| entry.id).collect()
    }

    #[test]
    fn the_oldest_entries_go_when_there_are_too_many() {
        let mut journal = Journal::new(Caps { bytes: usize::MAX, entries: 3 });
        (0..5).for_each(|_| journal.push(entry(b"")));
        assert_eq!(ids(&journal), [3, 4, 5]);
        assert_eq!(journal.dropped(), 2);
        assert_eq!(journal.after(4).map(|entry| entry.id).collect::<Vec<_>>(), [5]);
        assert_eq!(journal.after(99).count(), 0);
    }

    #[test]
    fn bytes_are_bounded_at_the_exact_cap() {
        let one = entry(&[b'x'; 1000]).size();
        let mut journal = Journal::new(Caps { bytes: 3 * one, entries: usize::MAX });
        (0..3).for_each(|_| journal.push(entry(&[b'x'; 1000])));
        assert_eq!((ids(&journal), journal.dropped()), (vec![1, 2, 3], 0));
        journal.push(entry(&[b'x'; 1000]));
        assert_eq!((ids(&journal), journal.dropped()), (vec![2, 3, 4], 1));
        journal.push(entry(&vec![b'x'; 10 * one]));
        assert_eq!(ids(&journal), [0; 0], "an entry that is larger than the whole ring is not kept either");
        assert_eq!(journal.bytes, 0);
    }

    #[test]
    fn clearing_forgets_entries_but_not_the_count() {
        let mut journal = Journal::new(Caps { bytes: 1 << 20, entries: 10 });
        journal.push(entry(b""));
        assert_eq!(journal.empty().len(), 1);
        assert_eq!((ids(&journal), journal.bytes), (vec![], 0));
        journal.push(entry(b""));
        assert_eq!(ids(&journal), [2]);
    }

    #[test]
    fn a_body_that_is_no_text_is_kept_as_base64_too() {
        let record = entry(b"\xff\x00").record();
        assert_eq!(record.body, "\u{fffd}\u{0}");
        assert_eq!(record.body_base64.as_deref(), Some("/wA="));
        assert_eq!(entry("ไทย".as_bytes()).record().body_base64, None);
        assert_eq!(record.query, "a=1");
    }
}
