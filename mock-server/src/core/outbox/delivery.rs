//! One delivery: what is sent, frozen when it happened, and what became of it.

use bytes::Bytes;
use contract::service::Service;
use contract::time::UnixMillis;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::Place;

/// What is sent, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// Whose webhook it is.
    pub service: Service,
    /// What happened: `message_created`; Chatday's are `message` and `verification`.
    pub event: &'static str,
    /// Id of the Chatwork setting, or name of the Chatday application.
    pub setting: String,
    /// Where it goes, as the setting has it.
    pub url: String,
    /// The method.
    pub method: Method,
    /// Path and query on the request line.
    pub target: String,
    /// In the order they are sent; `Host`, `Content-Length` and `Connection` are the sender's. What is a secret is marked
    /// sensitive.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body.
    pub body: Bytes,
}

/// A delivery to be queued.
#[derive(Clone, Debug)]
pub struct Draft {
    /// What is sent.
    pub parcel: Parcel,
    /// The first moment at which it is sent.
    pub due: UnixMillis,
    /// The modes that were applied to it.
    pub modes: Vec<&'static str>,
    /// Whether the sender closes without reading the answer.
    pub drop_answer: bool,
    /// Waits until it is released, for the reason given.
    pub held: Option<String>,
    /// Is not sent at all, for the reason given.
    pub dropped: Option<String>,
    /// The delivery that this one repeats on demand.
    pub replay_of: Option<u64>,
    /// The delivery that this one is a copy of.
    pub copy_of: Option<u64>,
}

impl Draft {
    /// A plain one, due at once.
    pub fn new(parcel: Parcel, now: UnixMillis) -> Self {
        Self {
            parcel,
            due: now,
            modes: Vec::new(),
            drop_answer: false,
            held: None,
            dropped: None,
            replay_of: None,
            copy_of: None,
        }
    }
}

/// How a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Not settled yet: it waits, or it is on its way.
    Waiting,
    /// Acknowledged.
    Delivered,
    /// Not acknowledged, and never sent again.
    Failed,
    /// Not acknowledged, as often as the schedule allows.
    GivenUp,
    /// Not sent: its target may not be called.
    Refused,
    /// Not sent, for another reason.
    Dropped,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Waiting, Self::Delivered, Self::Failed, Self::GivenUp, Self::Refused, Self::Dropped];

    /// The word of the control API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::GivenUp => "given-up",
            Self::Refused => "refused",
            Self::Dropped => "dropped",
        }
    }

    /// Whether it will not change any more.
    pub fn is_final(self) -> bool {
        self != Self::Waiting
    }
}

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The world's time when it began.
    pub began: UnixMillis,
    /// The world's time when it ended; none while it lasts.
    pub ended: Option<UnixMillis>,
    /// What came back.
    pub answer: Option<Answered>,
    /// The stable name of what was wrong.
    pub fault: Option<&'static str>,
    /// The same in one sentence.
    pub why: Option<String>,
}

/// An answer as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// The start of its body, at most [`Answered::MOST_BODY`] bytes.
    pub body: Bytes,
    /// Bytes of body that were read.
    pub length: usize,
}

impl Answered {
    /// Bytes of a body that are kept: 4 KiB.
    pub const MOST_BODY: usize = 4096;
}

/// How an attempt went, judged.
#[derive(Clone, Debug)]
pub struct Reported {
    /// What the delivery is if this was its last attempt.
    pub verdict: Verdict,
    /// The answer, if one came.
    pub answer: Option<Answered>,
    /// The stable name of what was wrong.
    pub fault: Option<&'static str>,
    /// The same in one sentence.
    pub why: Option<String>,
    /// Whether it failed because its time was over.
    pub timed_out: bool,
}

impl Attempt {
    pub(super) fn begun(now: UnixMillis) -> Self {
        Self { began: now, ended: None, answer: None, fault: None, why: None }
    }

    pub(super) fn end(&mut self, reported: Reported, now: UnixMillis) {
        // A clock may be set back meanwhile.
        self.ended = Some(now);
        (self.answer, self.fault, self.why) = (reported.answer, reported.fault, reported.why);
    }

    fn size(&self) -> usize {
        let answer = self.answer.as_ref().map_or(0, |answer| {
            let headers: usize =
                answer.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 64).sum();
            answer.body.len() + headers
        });
        size_of::<Self>() + answer + self.why.as_ref().map_or(0, String::len)
    }
}

/// A delivery and its record.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Counts up from 1 in each world.
    pub id: u64,
    /// The world's time of the event.
    pub at: UnixMillis,
    /// What is sent.
    pub parcel: Parcel,
    /// Each attempt.
    pub attempts: Vec<Attempt>,
    /// How it stands.
    pub verdict: Verdict,
    /// Why it stands like that, where that needs a reason.
    pub why: Option<String>,
    /// The moment at which it is due, or was last.
    pub due: UnixMillis,
    /// The modes that were applied.
    pub modes: Vec<&'static str>,
    /// Whether the sender closes without reading the answer.
    pub drop_answer: bool,
    /// The delivery that this one repeats on demand.
    pub replay_of: Option<u64>,
    /// The delivery that this one is a copy of.
    pub copy_of: Option<u64>,
    /// What the outbox has counted for it.
    pub(super) counted: Counted,
    pub(super) order: u64,
    pub(super) is_held: bool,
    pub(super) is_burst: bool,
}

/// Bytes that an outbox has counted for one delivery.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counted {
    pub(super) bytes: usize,
    /// Those that count against the queue.
    pub(super) queued: usize,
}

impl Delivery {
    pub(super) fn new(id: u64, draft: Draft, now: UnixMillis) -> Self {
        let verdict = if draft.dropped.is_some() { Verdict::Dropped } else { Verdict::Waiting };
        Self {
            id,
            at: now,
            parcel: draft.parcel,
            attempts: Vec::new(),
            verdict,
            is_held: draft.held.is_some(),
            why: draft.dropped.or(draft.held),
            due: draft.due,
            modes: draft.modes,
            drop_answer: draft.drop_answer,
            replay_of: draft.replay_of,
            copy_of: draft.copy_of,
            counted: Counted::default(),
            order: 0,
            is_burst: false,
        }
    }

    pub(super) fn end(&mut self, verdict: Verdict, why: Option<String>) {
        (self.verdict, self.why, self.is_held) = (verdict, why, false);
    }

    /// Whether it is neither settled nor on its way.
    pub fn is_waiting(&self) -> bool {
        !self.verdict.is_final() && self.attempts.last().is_none_or(|attempt| attempt.ended.is_some())
    }

    /// Whether it waits for others, by a mode.
    pub fn is_held(&self) -> bool {
        self.is_held
    }

    /// Whether its first attempt is over, or there will be none.
    pub fn was_tried(&self) -> bool {
        self.verdict.is_final() || self.attempts.first().is_some_and(|attempt| attempt.ended.is_some())
    }

    pub(super) fn place(&self) -> Place {
        (self.due, self.order, self.id)
    }

    pub(super) fn size(&self) -> usize {
        let parcel = &self.parcel;
        let headers: usize = parcel.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 64).sum();
        let texts = parcel.setting.len() + parcel.url.len() + parcel.target.len() + parcel.body.len();
        let attempts: usize = self.attempts.iter().map(Attempt::size).sum();
        size_of::<Self>() + headers + texts + attempts + self.why.as_ref().map_or(0, String::len)
    }
}
