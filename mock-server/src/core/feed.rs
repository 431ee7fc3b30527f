//! Everything that happened in a world, in one order: what readers of `GET /_mock/events` follow.
//!
//! Requests stand in the journal already, so the feed keeps only what does not, and gives every event its number. A
//! reader has a cursor and nothing else: it asks for the first event after it, and what is gone by then it is told of as
//! lost. So no reader, however slow, makes anybody wait or costs memory here.

use std::collections::VecDeque;

use super::journal::{Caps, Entry, Journal};
use crate::chatwork::state::{Happened, MessageId, RoomId};
use crate::control::event::{Change, Phase};

/// The ring of what the journal does not keep.
#[derive(Debug)]
pub struct Feed {
    ring: VecDeque<Item>,
    caps: Caps,
    bytes: usize,
    last_id: u64,
}

#[derive(Debug)]
struct Item {
    id: u64,
    what: What,
}

#[derive(Debug)]
enum What {
    /// An entry that the journal gave away when it was emptied: a reader may not have come to it yet.
    Request(Box<Entry>),
    State(Change),
    Message(Written),
    Delivery(Step),
}

/// What became of a message of Chatwork. Made into a [`Change`] for whoever reads, so that it costs nothing where nobody
/// does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    act: Act,
    room: RoomId,
    message: MessageId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Created,
    Updated,
    Deleted,
}

impl Written {
    /// The same in fewer words.
    pub fn of(happened: &Happened) -> Self {
        let (act, room, message) = match happened {
            Happened::MessageCreated { room, message } => (Act::Created, room, message),
            Happened::MessageUpdated { room, message, .. } => (Act::Updated, room, message),
            Happened::MessageDeleted { room, message } => (Act::Deleted, room, message),
        };
        Self { act, room: *room, message: *message }
    }

    /// As it is told.
    pub fn change(self) -> Change {
        let (room_id, message_id) = (self.room.0, self.message.to_string());
        match self.act {
            Act::Created => Change::MessageCreated { room_id, message_id },
            Act::Updated => Change::MessageUpdated { room_id, message_id },
            Act::Deleted => Change::MessageDeleted { room_id, message_id },
        }
    }
}

/// What happened to a delivery. Its record is looked up for whoever reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its id.
    pub delivery: u64,
    /// What happened.
    pub phase: Phase,
    /// Which outbox it belongs to: ids begin anew with each reset.
    pub generation: u64,
}

/// The first event after a cursor, and where the cursor stands behind it.
#[derive(Debug)]
pub struct Next<'a> {
    /// The event's id; of lost events that of the last one.
    pub id: u64,
    /// The event.
    pub found: Found<'a>,
}

/// An event, where it lies.
#[derive(Debug)]
pub enum Found<'a> {
    /// A request.
    Request(&'a Entry),
    /// A change.
    State(&'a Change),
    /// A change of a message.
    Message(Written),
    /// A step of a delivery.
    Delivery(Step),
    /// So many events that are not there any more.
    Lost(u64),
}

impl Feed {
    /// A feed in which nothing has happened.
    pub fn new(caps: Caps) -> Self {
        Self { ring: VecDeque::new(), caps, bytes: 0, last_id: 0 }
    }

    /// The id of the newest event; 0 before the first.
    pub fn last_id(&self) -> u64 {
        self.last_id
    }

    /// The number of an event that the journal keeps.
    pub fn number(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Adds a change.
    pub fn push(&mut self, change: Change) {
        self.append(What::State(change));
    }

    /// Adds a change of a message.
    pub fn push_message(&mut self, written: Written) {
        self.append(What::Message(written));
    }

    /// Adds a step of a delivery.
    pub fn push_delivery(&mut self, step: Step) {
        self.append(What::Delivery(step));
    }

    /// Keeps what the journal held, the newest of it that fits, for readers that have not come to it yet.
    pub fn take_over(&mut self, journal: &mut Journal) {
        let mut room = self.caps.bytes;
        let entries = journal.empty();
        let fitting = entries.iter().rev().take_while(|entry| {
            let fits = entry.size() <= room;
            room = room.saturating_sub(entry.size());
            fits
        });
        let gone = entries.len() - fitting.count();
        for entry in entries.into_iter().skip(gone) {
            self.add(Item { id: entry.event, what: What::Request(Box::new(entry)) });
        }
        self.ring.make_contiguous().sort_by_key(|item| item.id);
        self.make_fit();
    }

    /// The first event after a cursor, of this feed and its world's journal; `None` where there is none yet.
    pub fn next<'a>(&'a self, journal: &'a Journal, cursor: u64) -> Option<Next<'a>> {
        let start = self.ring.partition_point(|item| item.id <= cursor);
        let own = self.ring.get(start).map(|item| {
            let found = match &item.what {
                What::Request(entry) => Found::Request(entry),
                What::State(change) => Found::State(change),
                What::Message(written) => Found::Message(*written),
                What::Delivery(step) => Found::Delivery(*step),
            };
            Next { id: item.id, found }
        });
        let request = journal.after_event(cursor).map(|entry| Next { id: entry.event, found: Found::Request(entry) });
        let first = own.into_iter().chain(request).min_by_key(|next| next.id);
        let reached = first.as_ref().map_or(self.last_id, |first| first.id - 1);
        if reached > cursor {
            return Some(Next { id: reached, found: Found::Lost(reached - cursor) });
        }
        first
    }

    fn append(&mut self, what: What) {
        let id = self.number();
        self.add(Item { id, what });
        self.make_fit();
    }

    fn add(&mut self, item: Item) {
        self.bytes += item.size();
        self.ring.push_back(item);
    }

    fn make_fit(&mut self) {
        while self.bytes > self.caps.bytes || self.ring.len() > self.caps.entries {
            let Some(oldest) = self.ring.pop_front() else { break };
            self.bytes -= oldest.size();
        }
    }
}

impl Item {
    fn size(&self) -> usize {
        let held = match &self.what {
            What::Request(entry) => entry.size(),
            What::State(change) => change.heap_size(),
            What::Message(_) | What::Delivery(_) => 0,
        };
        size_of::<Self>() + held
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::capture::Capture;
    use contract::service::Service;
    use contract::time::UnixMillis;
    use http::{HeaderMap, Method, Uri};
    use proptest::prelude::*;

    const MANY: Caps = Caps { bytes: 1 << 20, entries: 1000 };

    fn entry(event: u64) -> Entry {
        let uri = Uri::from_static("/v2/me");
        let secrets = [].into_iter().collect();
        let request = Capture::of(Service::Chatwork, &Method::GET, &uri, &HeaderMap::new(), b"", &secrets);
        let (at, notes) = (UnixMillis(7), Vec::new());
        Entry { id: 0, event, at, request, status: 200, fault: None, operation: None, notes }
    }

    /// What a reader that starts at a cursor is told, as words.
    fn told(feed: &Feed, journal: &Journal, mut cursor: u64) -> Vec<String> {
        let mut words = Vec::new();
        while let Some(next) = feed.next(journal, cursor) {
            assert!(next.id > cursor, "a reader always gets on");
            cursor = next.id;
            words.push(match next.found {
                Found::Request(entry) => format!("request {}", entry.event),
                Found::State(_) | Found::Message(_) | Found::Delivery(_) => format!("state {}", next.id),
                Found::Lost(count) => format!("lost {count}"),
            });
        }
        assert_eq!(cursor, feed.last_id());
        words
    }

    #[test]
    fn requests_and_changes_come_in_one_order() {
        let (mut feed, mut journal) = (Feed::new(MANY), Journal::new(MANY));
        feed.push(Change::Settings);
        journal.push(entry(feed.number()));
        feed.push(Change::Reset);
        journal.push(entry(feed.number()));
        assert_eq!(told(&feed, &journal, 0), ["state 1", "request 2", "state 3", "request 4"]);
        assert_eq!(told(&feed, &journal, 2), ["state 3", "request 4"]);
        assert_eq!(told(&feed, &journal, 4), [""; 0]);
    }

    #[test]
    fn what_is_gone_is_counted_where_it_stood() {
        let few = Caps { entries: 1, ..MANY };
        let (mut feed, mut journal) = (Feed::new(few), Journal::new(few));
        (0..3).for_each(|_| journal.push(entry(feed.number())));
        (0..3).for_each(|_| feed.push(Change::Settings));
        assert_eq!(told(&feed, &journal, 0), ["lost 2", "request 3", "lost 2", "state 6"]);
        let mut none = Journal::new(Caps { entries: 0, ..MANY });
        (0..2).for_each(|_| none.push(entry(feed.number())));
        assert_eq!(told(&feed, &none, 6), ["lost 2"], "also at the end, where nothing comes after it");
    }

    #[test]
    fn a_journal_that_is_emptied_takes_nothing_from_readers_that_are_behind() {
        let (mut feed, mut journal) = (Feed::new(MANY), Journal::new(MANY));
        journal.push(entry(feed.number()));
        feed.push(Change::Settings);
        journal.push(entry(feed.number()));
        feed.take_over(&mut journal);
        feed.push(Change::JournalCleared);
        assert_eq!(told(&feed, &journal, 0), ["request 1", "state 2", "request 3", "state 4"]);
        assert_eq!(journal.after(0).count(), 0);
    }

    #[test]
    fn bytes_are_bounded_whatever_the_journal_held() {
        let caps = Caps { bytes: 4 * (size_of::<Item>() + entry(1).size()), entries: 1000 };
        let (mut feed, mut journal) = (Feed::new(caps), Journal::new(MANY));
        (0..100).for_each(|_| journal.push(entry(feed.number())));
        feed.take_over(&mut journal);
        assert!(feed.bytes <= caps.bytes);
        let told = told(&feed, &journal, 0);
        assert_eq!((told[0].as_str(), told.len()), ("lost 96", 5), "{told:?}");
        (0..1000).for_each(|_| feed.push(Change::Settings));
        assert!(feed.bytes <= caps.bytes);
        assert_eq!(feed.bytes, feed.ring.iter().map(Item::size).sum::<usize>());
    }

    proptest! {
        /// Whatever happens, and however little is kept: every reader is told of every event, as itself or as lost.
        #[test]
        fn every_event_is_told_or_counted(steps in prop::collection::vec(0_u8..4, 0..200), keep in 0_usize..20, at in 0_u64..100) {
            let caps = Caps { entries: keep, ..MANY };
            let (mut feed, mut journal) = (Feed::new(caps), Journal::new(caps));
            for step in steps {
                match step {
                    0 | 1 => journal.push(entry(feed.number())),
                    2 => feed.push(Change::Settings),
                    _ => feed.take_over(&mut journal),
                }
            }
            let from = at.min(feed.last_id());
            let (mut expected, mut cursor) = (from, from);
            while let Some(next) = feed.next(&journal, cursor) {
                expected += if let Found::Lost(count) = next.found { count } else { 1 };
                prop_assert_eq!(next.id, expected);
                cursor = next.id;
            }
            prop_assert_eq!(expected, feed.last_id());
        }
    }
}
