//! One world: two services, a clock and a journal. A pure function of requests and of the wall's time.

mod deliveries;
mod faults;
mod feed;
mod replays;
mod verdicts;
mod webhooks;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;

use contract::clause::Clause;
use contract::judge::Strictness;
use contract::reader::{Fault, Faults, Node};
use contract::service::Service;
use contract::time::UnixMillis;
use contract::wire::{Request, Response};
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

use crate::chatwork::Approval;
use crate::control::event::Change;
use crate::control::{ClockChange, ClockState, WorldCard};
use crate::core::capture::Capture;
use crate::core::clock::Clock;
use crate::core::description::{Blueprint, Keys, Parts};
use crate::core::faults::{FaultId, Rules};
use crate::core::feed::Feed;
use crate::core::journal::{Caps, Entry, Journal};
use crate::core::outbox::Bounds;
use crate::core::refusal;
use crate::core::self_check;
use crate::core::turn::{Note, Turn};
use crate::{chatday, chatwork};

use self::deliveries::Deliveries;
pub use self::deliveries::{Sent, Shipment};
pub use self::replays::Replay;

/// The mock itself failed.
pub static OWN_FAULT: Clause = Clause::assumed(
    "mock.own-fault",
    "A handler of the mock panicked. That is a fault of the mock, not of the caller.",
);
/// The listener refused a request before a service saw it.
pub static REFUSED: Clause = Clause::assumed(
    "mock.listener",
    "The listener's limits and the rules of HTTP/1.1 hold before a service sees a request.",
);

/// One world.
#[derive(Debug)]
pub struct World {
    blueprint: Blueprint,
    /// The wall's time at which the world began; a frozen clock without a moment of its own begins there again.
    born: UnixMillis,
    clock: Clock,
    chatwork: chatwork::State,
    chatday: chatday::State,
    journal: Journal,
    caps: Caps,
    feed: Feed,
    rules: Rules,
    date: (i64, HeaderValue),
    own_faults: Vec<String>,
    /// Those who wait for something to happen.
    waiting: BTreeMap<u64, Waker>,
    last_waiter: u64,
    /// How often the journal began anew.
    resets: u64,
    has_ended: bool,
    deliveries: Deliveries,
}

/// What a request is sent into, beside the world.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// The wall's time.
    pub wall: UnixMillis,
    /// Where this mock is reached, without a trailing slash.
    pub base_url: &'a str,
}

impl World {
    /// Begins a world.
    ///
    /// # Errors
    /// Every fault of its description.
    pub fn begin(blueprint: Blueprint, caps: Caps, feed: Caps, wall: UnixMillis) -> Result<Self, Vec<Fault>> {
        let (parts, seed) = (blueprint.assemble(wall, wall)?, blueprint.seed);
        let rules = Rules::new(seed);
        Ok(Self {
            blueprint,
            rules,
            born: wall,
            clock: parts.clock,
            chatwork: parts.chatwork,
            chatday: parts.chatday,
            journal: Journal::new(caps),
            caps,
            feed: Feed::new(feed),
            date: (i64::MIN, HeaderValue::from_static("")),
            own_faults: Vec::new(),
            waiting: BTreeMap::new(),
            last_waiter: 0,
            resets: 0,
            has_ended: false,
            deliveries: Deliveries::new(Bounds::default(), seed),
        })
    }

    /// Serves one request and writes it down, with the fault rule that it met.
    fn serve(
        &mut self,
        request: &Request,
        capture: Capture,
        around: Surroundings<'_>,
        fault: Option<FaultId>,
    ) -> Response {
        let now = self.clock.now(around.wall);
        let service = capture.service;
        let (chatwork, chatday) = (&mut self.chatwork, &mut self.chatday);
        let mut turn = Turn::new(now, around.base_url, &self.blueprint.id);
        let served = guarded(service, || match service {
            Service::Chatwork if request.uri().path().starts_with(DOWNLOAD) => chatwork.download(request, &mut turn),
            Service::Chatwork if chatwork::is_oauth(request.uri().path()) => chatwork.authorize(request, &mut turn),
            Service::Chatwork => chatwork.handle(request, &mut turn),
            Service::Chatday => chatday.handle(request, &mut turn),
        });
        let (operation, token_id, mut notes, changes) = (turn.operation, turn.token_id, turn.notes, turn.changes);
        let mut response = served.unwrap_or_else(|failed| {
            let (response, note) = *failed;
            self.own_faults.push(note.detail.clone());
            notes.push(note);
            response
        });
        let path = request.uri().path();
        if self.blueprint.self_check && !path.starts_with(DOWNLOAD) && !chatwork::is_oauth(path) {
            let found = match service {
                Service::Chatwork => {
                    let limits = self.chatwork.settings.limits;
                    self_check::chatwork(
                        operation,
                        &response,
                        Strictness { without_account_limit: limits.account.is_none() },
                    )
                }
                Service::Chatday => self_check::chatday(self.chatday.profile(), operation, &response),
            };
            self.own_faults.extend(found.iter().map(|note| note.detail.clone()));
            notes.extend(found);
        }
        let date = self.date(now);
        response.headers_mut().insert(http::header::DATE, date);
        let status = response.status().as_u16();
        let entry = Entry { id: 0, event: 0, at: now, request: capture, status, fault, operation, notes };
        self.write_down(entry, token_id.as_deref());
        for change in changes {
            self.feed.push(change);
        }
        self.follow_up(now);
        response
    }

    /// Writes down a request that the listener refused, and dates the answer.
    pub fn refuse(&mut self, capture: Capture, mut response: Response, words: &str, wall: UnixMillis) -> Response {
        let now = self.clock.now(wall);
        let date = self.date(now);
        response.headers_mut().insert(http::header::DATE, date);
        let (status, notes) = (response.status().as_u16(), vec![Note { clause: &REFUSED, detail: words.to_owned() }]);
        let entry = Entry { id: 0, event: 0, at: now, request: capture, status, fault: None, operation: None, notes };
        self.write_down(entry, None);
        response
    }

    /// Writes down a request that was answered by the end of its connection: status 0.
    pub fn hang_up(&mut self, capture: Capture, clause: &'static Clause, words: &str, wall: UnixMillis) {
        let (at, notes) = (self.clock.now(wall), vec![Note { clause, detail: words.to_owned() }]);
        let entry = Entry { id: 0, event: 0, at, request: capture, status: 0, fault: None, operation: None, notes };
        self.write_down(entry, None);
    }

    /// The world's id.
    pub fn id(&self) -> &str {
        &self.blueprint.id
    }

    /// What selects this world, and what nobody may read.
    pub fn keys(&self) -> Keys {
        Keys::of(&self.chatwork, &self.chatday)
    }

    /// The mock's own faults since the last call, for its log. They stand in the journal too.
    pub fn take_own_faults(&mut self) -> Vec<String> {
        std::mem::take(&mut self.own_faults)
    }

    /// How the world is reached.
    pub fn card(&self, base_url: &str) -> WorldCard {
        let with_url = |service: Service, card: Value| {
            let mut whole = json!({"base_url": format!("{base_url}{}", service.mount())});
            if let (Some(whole), Value::Object(card)) = (whole.as_object_mut(), card) {
                whole.extend(card);
            }
            whole
        };
        let mut chatwork = with_url(Service::Chatwork, self.chatwork.card());
        if let Some(chatwork) = chatwork.as_object_mut() {
            chatwork.insert("oauth".to_owned(), self.chatwork.oauth.card(base_url));
        }
        WorldCard { id: self.blueprint.id.clone(), chatwork, chatday: with_url(Service::Chatday, self.chatday.card()) }
    }

    /// What the world was made from, and when: for [`World::reset`].
    pub fn beginning(&self) -> (Blueprint, UnixMillis) {
        (self.blueprint.clone(), self.born)
    }

    /// Back to the seed: state, clock, settings and journal as they were when the world began, and no fault rules.
    pub fn reset(&mut self, parts: Parts) {
        self.take_on(parts);
        self.feed.take_over(&mut self.journal);
        self.journal = Journal::new(self.caps);
        self.rules = Rules::new(self.blueprint.seed);
        self.resets += 1;
        self.deliveries.reset();
        self.tell(Change::Reset);
    }

    /// The whole world, as a description that begins an equal one.
    pub fn dump(&mut self, wall: UnixMillis) -> Value {
        let mut whole = serde_json::Map::new();
        if let Some(start) = self.clock.as_start(wall) {
            let at = start.at.unwrap_or(wall).to_rfc3339();
            whole.insert("clock".to_owned(), json!({"at": at, "frozen": start.frozen}));
        }
        whole.insert("chatwork".to_owned(), self.chatwork.dump());
        whole.insert("chatday".to_owned(), self.chatday.dump());
        Value::Object(whole)
    }

    /// Becomes another description. The journal and the fault rules stay: they are the operator's, not the world's. So
    /// does what a reset goes back to.
    pub fn replace(&mut self, parts: Parts) {
        self.take_on(parts);
        self.withdraw_all("the world's state was replaced before it was sent");
        self.tell(Change::Replaced);
    }

    /// What can be changed while the world runs.
    pub fn settings(&self) -> Value {
        json!({"chatwork": self.chatwork.settings()})
    }

    /// Changes settings, all or none.
    ///
    /// # Errors
    /// Every fault; the settings are then as they were.
    pub fn set_settings(&mut self, change: &Value) -> Result<(), Vec<Fault>> {
        let faults = Faults::default();
        let object = Node::root(change, &faults).object();
        let mut changed = None;
        if let Some(node) = object.optional("chatwork") {
            let mut chatwork = self.chatwork.clone();
            chatwork.set_settings(&node);
            changed = Some(chatwork);
        }
        object.finish();
        if !faults.is_empty() {
            return Err(faults.into_sorted());
        }
        if let Some(changed) = changed {
            self.chatwork = changed;
            self.tell(Change::Settings);
        }
        Ok(())
    }

    /// Consents to an OAuth client, or refuses it, without the page: where the browser would be sent.
    ///
    /// # Errors
    /// What the page would tell instead.
    pub(crate) fn decide(&mut self, approval: &Approval, around: Surroundings<'_>) -> Result<String, String> {
        let mut turn = Turn::new(self.clock.now(around.wall), around.base_url, &self.blueprint.id);
        let decided = self.chatwork.decide(approval, &mut turn);
        let changes = turn.changes;
        changes.into_iter().for_each(|change| self.tell(change));
        decided
    }

    /// One Chatday chat as its end-user sees it.
    pub fn chat(&self, chat_id: &str) -> Option<Value> {
        self.chatday.chat_view(chat_id)
    }

    /// The world's time.
    pub fn clock(&mut self, wall: UnixMillis) -> ClockState {
        let now = self.clock.now(wall);
        ClockState { now: now.to_rfc3339(), now_ms: now.0, frozen: self.clock.is_frozen() }
    }

    /// Moves the clock.
    pub fn change_clock(&mut self, change: ClockChange, wall: UnixMillis) {
        if let Some(to) = change.set {
            self.clock.set(to, wall);
        }
        self.clock.advance(change.advance_ms.unwrap_or(0));
        if change.freeze {
            self.clock.freeze(wall);
        }
        if change.resume {
            self.clock.resume(wall);
        }
        self.deliveries.changed();
        let clock = self.clock(wall);
        self.tell(Change::Clock(clock));
    }

    /// What was asked of this world.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Forgets what was asked.
    pub fn clear_journal(&mut self) {
        self.feed.take_over(&mut self.journal);
        self.tell(Change::JournalCleared);
    }

    /// How far the journal is: how often it began anew, and its newest id. Another one means that something happened.
    pub fn mark(&self) -> (u64, u64) {
        (self.resets, self.journal.last_id())
    }

    /// Wakes a task when [`World::mark`] changes or the feed goes on, once. The number is for [`World::stop_waiting`].
    pub fn wait(&mut self, waker: &Waker) -> u64 {
        self.last_waiter += 1;
        self.waiting.insert(self.last_waiter, waker.clone());
        self.last_waiter
    }

    /// Forgets one who waited.
    pub fn stop_waiting(&mut self, waiter: u64) {
        self.waiting.remove(&waiter);
    }

    fn take_on(&mut self, parts: Parts) {
        (self.clock, self.chatwork, self.chatday) = (parts.clock, parts.chatwork, parts.chatday);
    }

    fn write_down(&mut self, mut entry: Entry, token_id: Option<&str>) {
        entry.event = self.feed.number();
        entry.request.push_tail(token_id.unwrap_or_default());
        self.journal.push(entry);
        self.wake();
    }

    fn wake(&mut self) {
        while let Some((_, waker)) = self.waiting.pop_first() {
            waker.wake();
        }
    }

    /// The `Date` header, formatted once for each second.
    fn date(&mut self, now: UnixMillis) -> HeaderValue {
        if self.date.0 != now.seconds() {
            let text = now.to_http_date();
            self.date = (now.seconds(), HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("")));
        }
        self.date.1.clone()
    }
}

/// Serves a request, and survives a handler that panics. Its state is then as far as the handler had come: going on with
/// it, and saying so, beats the end of every other test that uses this process.
fn guarded(service: Service, handler: impl FnOnce() -> Response) -> Result<Response, Box<(Response, Note)>> {
    catch_unwind(AssertUnwindSafe(handler)).map_err(|_| {
        let detail = "the handler panicked; the mock's stderr has the trace".to_owned();
        let response = refusal::response(Some(service), StatusCode::INTERNAL_SERVER_ERROR, OWN_FAULT_WORDS);
        Box::new((response, Note { clause: &OWN_FAULT, detail }))
    })
}

/// Where the download addresses of files begin.
pub const DOWNLOAD: &str = "/download/";
const OWN_FAULT_WORDS: &str =
    "the mock failed on this request. This is a fault of the mock, not of the request: its stderr has the trace";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handler_that_panics_gives_a_500_in_the_form_of_its_service_and_a_note() {
        for (service, form) in
            [(Service::Chatwork, "{\"errors\":[\"the mock failed"), (Service::Chatday, "{\"status\":\"ERROR\",")]
        {
            let (response, note) = *guarded(service, || panic!("on purpose")).unwrap_err();
            assert_eq!(response.status(), 500);
            assert!(response.body().starts_with(form.as_bytes()), "{response:?}");
            assert_eq!(note.clause, &OWN_FAULT);
        }
    }
}
