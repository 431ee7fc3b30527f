//! Webhooks that go out: from what happened to the outbox, and from the outbox to whoever sends.

use std::collections::BTreeMap;
use std::task::Waker;

use bytes::Bytes;
use contract::chatwork::webhook::{self, EventKind};
use contract::service::Service;
use contract::time::UnixMillis;
use courier::exchange::Outcome;

use super::World;
use crate::chatday;
use crate::chatwork::state::{Webhook, WebhookId};
use crate::control::event::{Change, Phase};
use crate::control::{DeliveryModeRule, ModeReport};
use crate::core::feed::{Step, Written};
use crate::core::modes::{Modes, Plan, encoded};
use crate::core::outbox::{Bounds, Delivery, Draft, Outbox, Parcel, Verdict};
use crate::core::seal::{self, Seal};

/// What a world sends, and who waits for it.
#[derive(Debug)]
pub(super) struct Deliveries {
    pub(super) outbox: Outbox,
    modes: Modes,
    seed: u64,
    bounds: Bounds,
    /// Counts up when the outbox begins anew: reports from before are then about nothing.
    generation: u64,
    /// Whether somebody moves the clock step by step.
    is_moving: bool,
    /// Whether the sender must look, because something new may be due.
    rings: bool,
    /// Those who wait for any change of the outbox.
    waiting: BTreeMap<u64, Waker>,
    last_waiter: u64,
}

impl Deliveries {
    pub(super) fn new(bounds: Bounds, seed: u64) -> Self {
        Self {
            outbox: Outbox::new(bounds),
            modes: Modes::new(seed),
            seed,
            bounds,
            generation: 0,
            is_moving: false,
            rings: false,
            waiting: BTreeMap::new(),
            last_waiter: 0,
        }
    }

    /// Back to an empty outbox whose ids begin at 1, without modes.
    pub(super) fn reset(&mut self) {
        self.outbox = Outbox::new(self.bounds);
        self.modes = Modes::new(self.seed);
        self.generation += 1;
        self.changed();
    }

    pub(super) fn changed(&mut self) {
        self.rings = true;
        while let Some((_, waker)) = self.waiting.pop_first() {
            waker.wake();
        }
    }
}

/// One attempt to be made.
#[derive(Clone, Debug)]
pub struct Shipment {
    /// The delivery.
    pub id: u64,
    /// What is sent.
    pub parcel: Parcel,
    /// From the start of connecting to the end of the answer, in milliseconds of real time.
    pub timeout_ms: u64,
    /// Until the connection has come about, in milliseconds of real time.
    pub connect_timeout_ms: u64,
    /// Whether the connection is closed before the answer is read.
    pub drop_answer: bool,
    generation: u64,
}

/// What became of a shipment.
#[derive(Clone, Debug)]
pub enum Sent {
    /// It went out, or was tried to.
    Tried(Outcome),
    /// It went out, and the answer was not waited for.
    AnswerDropped,
    /// Its target may not be called: why, in one sentence.
    Refused(String),
}

impl World {
    /// Queues what follows from the changes since the last call. Every operation is followed by it.
    pub(super) fn follow_up(&mut self, now: UnixMillis) {
        let happened = self.chatwork.take_happened();
        if happened.is_empty() {
            return self.chatwork.keep_room_for_happenings(happened);
        }
        happened.iter().for_each(|happened| self.feed.push_message(Written::of(happened)));
        self.wake();
        let mut calls = Vec::new();
        if self.chatwork.webhooks().next().is_some() {
            for call in happened.iter().flat_map(|happened| self.chatwork.calls(happened, now)) {
                calls.push((call.webhook.clone(), call.kind, call.body));
            }
        }
        self.chatwork.keep_room_for_happenings(happened);
        for (webhook, kind, body) in calls {
            self.queue_chatwork(&webhook, kind, body, now);
        }
    }

    /// Queues what one Chatday application is told.
    pub(super) fn queue_chatday(&mut self, mut event: chatday::Event, what: &'static str, now: UnixMillis) -> u64 {
        let plan = self.deliveries.modes.plan(Service::Chatday, what, &event.url);
        if let Some(encoding) = plan.encoding {
            event.body = encoded(&event.body, encoding);
        }
        let parcel = seal::chatday(event, what, &self.chatday.profile().webhook.signature_header, plan.seal);
        self.queue_planned(parcel, plan, now)
    }

    fn queue_chatwork(&mut self, webhook: &Webhook, kind: EventKind, body: Bytes, now: UnixMillis) {
        if !webhook.valid {
            let mut draft = Draft::new(seal::chatwork(webhook, kind, body, Seal::default()), now);
            draft.dropped = Some(SWITCHED_OFF.to_owned());
            self.queue(draft, now);
            return;
        }
        let plan = self.deliveries.modes.plan(Service::Chatwork, kind.word(), &webhook.url);
        let body = plan.encoding.map_or(body.clone(), |encoding| encoded(&body, encoding));
        let parcel = seal::chatwork(webhook, kind, body, plan.seal);
        self.queue_planned(parcel, plan, now);
    }

    /// Queues one delivery as it is, and gives its id.
    pub(super) fn queue(&mut self, draft: Draft, now: UnixMillis) -> u64 {
        let id = self.deliveries.outbox.push(draft, now);
        self.deliveries.changed();
        // Where the queue is full it is settled at once, and may be forgotten at once.
        let is_settled = self.deliveries.outbox.get(id).is_none_or(|delivery| delivery.verdict.is_final());
        self.tell_of_delivery(id, if is_settled { Phase::Settled } else { Phase::Queued });
        id
    }

    /// Tells whoever follows the world what happened to a delivery.
    fn tell_of_delivery(&mut self, delivery: u64, phase: Phase) {
        self.feed.push_delivery(Step { delivery, phase, generation: self.deliveries.generation });
        self.wake();
    }

    /// The delivery of a step that was told, as it stands now; `None` where it is forgotten.
    pub fn delivery_of(&self, step: Step) -> Option<&Delivery> {
        self.deliveries.outbox.get(step.delivery).filter(|_| step.generation == self.deliveries.generation)
    }

    /// Drops what waits and fits, and tells of it.
    pub(super) fn drop_waiting(&mut self, fits: impl Fn(&Delivery) -> bool, why: &str) {
        for id in self.deliveries.outbox.drop_waiting(fits, why) {
            self.tell_of_delivery(id, Phase::Settled);
        }
        self.deliveries.changed();
    }

    /// Queues one delivery and its copies.
    fn queue_planned(&mut self, parcel: Parcel, plan: Plan, now: UnixMillis) -> u64 {
        let mut draft = Draft::new(parcel, now);
        draft.due = now.plus_millis(plan.delay_ms);
        draft.modes = plan.names;
        draft.drop_answer = plan.drop_answer;
        let (holder, why) = plan.holder.unzip();
        draft.held = why;
        let first = self.queue(draft.clone(), now);
        draft.copy_of = Some(first);
        let copies: Vec<u64> = (0..plan.copies).map(|_| self.queue(draft.clone(), now)).collect();
        for id in std::iter::once(first).chain(copies) {
            if let Some(released) = holder.and_then(|holder| self.deliveries.modes.hold(holder, id)) {
                self.deliveries.outbox.release(released.ids, released.at_once, now);
            }
        }
        self.deliveries.changed();
        first
    }

    /// The rules for deliveries otherwise than they should be.
    pub fn delivery_modes(&self) -> Vec<ModeReport> {
        self.deliveries.modes.reports()
    }

    /// Adds such a rule; `None` where there are too many.
    pub fn add_delivery_mode(&mut self, rule: DeliveryModeRule) -> Option<ModeReport> {
        let added = self.deliveries.modes.add(rule)?;
        self.tell(Change::DeliveryModeAdded { mode: added.id });
        Some(added)
    }

    /// Takes all such rules away, and lets go what they held.
    pub fn clear_delivery_modes(&mut self, wall: UnixMillis) {
        let now = self.clock.now(wall);
        let released = self.deliveries.modes.clear();
        self.deliveries.outbox.release(released.ids, released.at_once, now);
        self.deliveries.changed();
        self.tell(Change::DeliveryModesCleared);
    }

    /// Ends what waits: it is not sent. What is on its way goes on.
    pub fn withdraw_all(&mut self, why: &str) {
        self.drop_waiting(|_| true, why);
    }

    /// Whether the sender must look at this world; asked once after each call.
    pub fn take_ring(&mut self) -> bool {
        std::mem::take(&mut self.deliveries.rings)
    }

    /// Takes what is due, at most so many, and says in how many milliseconds of real time something will be due by itself:
    /// never under a frozen clock.
    pub fn take_due(&mut self, wall: UnixMillis, most: usize) -> (Vec<Shipment>, Option<u64>) {
        let (now, frozen) = (self.clock.now(wall), self.clock.is_frozen());
        let taken = self.deliveries.outbox.take(now, frozen, most);
        let shipments =
            taken.iter().filter_map(|id| self.deliveries.outbox.get(*id)).map(|it| self.shipment(it)).collect();
        let next = self.deliveries.outbox.next_due(now).filter(|_| !frozen);
        (shipments, next.map(|due| due.0.saturating_sub(now.0).max(1).unsigned_abs()))
    }

    fn shipment(&self, delivery: &Delivery) -> Shipment {
        let chatwork = self.chatwork.settings.webhooks;
        let (timeout_ms, connect_timeout_ms) = match delivery.parcel.service {
            Service::Chatwork => (chatwork.timeout_ms, chatwork.connect_timeout_ms),
            Service::Chatday => (self.chatday.profile().webhook.timeout_ms, webhook::CONNECT_TIMEOUT_MS),
        };
        Shipment {
            id: delivery.id,
            parcel: delivery.parcel.clone(),
            timeout_ms,
            connect_timeout_ms,
            drop_answer: delivery.drop_answer,
            generation: self.deliveries.generation,
        }
    }

    /// Notes what became of a shipment.
    pub fn settle(&mut self, shipment: &Shipment, sent: Sent, wall: UnixMillis) {
        if shipment.generation != self.deliveries.generation {
            return;
        }
        let now = self.clock.now(wall);
        let Some(delivery) = self.deliveries.outbox.get(shipment.id) else { return };
        let (failures, is_replay) = (delivery.attempts.len(), delivery.replay_of.is_some());
        let mut reported = self.judge(shipment.parcel.service, sent);
        let failed = reported.verdict == Verdict::Failed;
        let mut retry = None;
        let mut switched_off = None;
        match shipment.parcel.service {
            Service::Chatday if failed && !is_replay => {
                let delay = contract::chatday::webhook::retry_delay_ms(self.chatday.profile(), failures);
                retry = delay.map(|delay| now.plus_millis(i64::try_from(delay).unwrap_or(i64::MAX)));
                if retry.is_none() {
                    reported.verdict = Verdict::GivenUp;
                }
            }
            Service::Chatwork if !is_replay && reported.verdict != Verdict::Refused => {
                let id = shipment.parcel.setting.parse().map(WebhookId).ok();
                switched_off = id.filter(|id| self.chatwork.count_delivery(*id, !failed));
            }
            Service::Chatday | Service::Chatwork => {}
        }
        self.deliveries.outbox.attempted(shipment.id, reported, retry, now);
        self.tell_of_delivery(shipment.id, if retry.is_some() { Phase::Tried } else { Phase::Settled });
        if let Some(id) = switched_off {
            self.tell(Change::WebhookSwitchedOff { webhook_setting_id: id.to_string() });
            let its = |it: &Delivery| {
                it.parcel.service == Service::Chatwork
                    && it.parcel.setting == shipment.parcel.setting
                    && it.replay_of.is_none()
            };
            self.drop_waiting(its, SWITCHED_OFF);
        }
        self.deliveries.changed();
    }

    /// Whether a delivery is due, or on its way, and was not tried yet.
    pub fn is_about_to_try(&mut self, id: u64, wall: UnixMillis) -> bool {
        let now = self.clock.now(wall);
        let is_to_be_tried = |delivery: &Delivery| !delivery.was_tried() && !delivery.is_held() && delivery.due <= now;
        self.deliveries.outbox.get(id).is_some_and(is_to_be_tried)
    }

    /// Whether nothing is on its way and nothing is due.
    pub fn is_quiet(&mut self, wall: UnixMillis) -> bool {
        let now = self.clock.now(wall);
        self.deliveries.outbox.is_quiet(now)
    }

    /// In how many milliseconds of the world's time something becomes due that is not due yet.
    pub fn next_due(&mut self, wall: UnixMillis) -> Option<i64> {
        let now = self.clock.now(wall);
        self.deliveries.outbox.next_due(now).map(|due| due.0.saturating_sub(now.0))
    }

    /// Takes the right to move the clock. False while somebody else has it; when it is given back, those who wait for the
    /// outbox are woken.
    pub fn begin_move(&mut self) -> bool {
        !std::mem::replace(&mut self.deliveries.is_moving, true)
    }

    /// Gives the right back.
    pub fn end_move(&mut self) {
        self.deliveries.is_moving = false;
        self.deliveries.changed();
    }

    /// What is sent and was sent.
    pub fn outbox(&self) -> &Outbox {
        &self.deliveries.outbox
    }

    /// Forgets what is settled.
    pub fn clear_deliveries(&mut self) {
        self.deliveries.outbox.clear();
        self.tell(Change::DeliveriesCleared);
    }

    /// Wakes a task when the outbox changes, once. The number is for [`World::stop_waiting_for_deliveries`].
    pub fn wait_for_deliveries(&mut self, waker: &Waker) -> u64 {
        self.deliveries.last_waiter += 1;
        self.deliveries.waiting.insert(self.deliveries.last_waiter, waker.clone());
        self.deliveries.last_waiter
    }

    /// Forgets one who waited.
    pub fn stop_waiting_for_deliveries(&mut self, waiter: u64) {
        self.deliveries.waiting.remove(&waiter);
    }
}

const SWITCHED_OFF: &str = "the setting is switched off (status invalid): too many deliveries in a row failed, or somebody \
                            made it so; PATCH its status to valid";

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Wake, Waker};

    use super::*;
    use crate::core::clock::ClockStart;
    use crate::core::description::{Blueprint, DEFAULT_ID, default_description};
    use crate::core::journal::Caps;
    use crate::core::origin::Defaults;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn world() -> World {
        let caps = Caps { bytes: 1 << 20, entries: 100 };
        let blueprint = Blueprint {
            id: DEFAULT_ID.to_owned(),
            seed: 1,
            description: default_description().unwrap(),
            clock: ClockStart::default(),
            defaults: Defaults::default(),
            self_check: false,
        };
        World::begin(blueprint, caps, caps, UnixMillis(1_790_000_000_000)).unwrap()
    }

    #[test]
    fn the_right_to_move_the_clock_is_had_by_one_at_a_time_and_who_waits_for_it_is_woken() {
        let (mut world, woken) = (world(), Arc::new(Woken::default()));
        assert!(world.begin_move());
        assert!(!world.begin_move());
        world.wait_for_deliveries(&Waker::from(Arc::clone(&woken)));
        world.end_move();
        assert_eq!(woken.0.load(Ordering::SeqCst), 1);
        assert!(world.begin_move());
    }

    #[test]
    fn who_has_stopped_waiting_is_not_woken() {
        let (mut world, woken) = (world(), Arc::new(Woken::default()));
        let waiter = world.wait_for_deliveries(&Waker::from(Arc::clone(&woken)));
        world.stop_waiting_for_deliveries(waiter);
        world.end_move();
        assert_eq!(woken.0.load(Ordering::SeqCst), 0);
        assert!(world.deliveries.waiting.is_empty());
    }

    #[test]
    fn a_report_from_before_a_reset_is_about_nothing() {
        let wall = UnixMillis(1_790_000_000_000);
        let mut world = world();
        let new = crate::chatwork::state::NewWebhook {
            account: world.first_account().unwrap(),
            room: None,
            events: &[EventKind::MentionToMe],
            url: "http://127.0.0.1:9/",
        };
        let mention = |world: &mut World| {
            world.add_webhook(&new).unwrap();
            let (by, room) = (crate::chatwork::state::AccountId(1002), crate::chatwork::state::RoomId(5001));
            world.member_writes(by, room, None, "[To:1001] สวัสดี", wall).unwrap();
        };
        mention(&mut world);
        assert!(world.take_ring());
        let (shipments, _) = world.take_due(wall, 64);
        let parts = world.beginning().0.assemble(wall, wall).unwrap();
        world.reset(parts);
        mention(&mut world);
        world.settle(&shipments[0], Sent::AnswerDropped, wall);
        assert_eq!(world.outbox().get(1).unwrap().verdict, Verdict::Waiting);
        assert!(!world.is_quiet(wall));
    }
}
