//! Sends what worlds have in their outboxes. One task looks after all worlds: it sleeps until a world rings, something
//! becomes due on a running clock, or the mock ends; each delivery then has a task of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use courier::exchange::{self, Fault, Outcome};
use courier::socket::Socket;
use http::header::CONNECTION;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use super::{Shared, clock};
use crate::core::registry::Cell;
use crate::core::world::{Sent, Shipment};

/// Most deliveries of all worlds that are on their way at once.
pub(crate) const MOST_IN_FLIGHT: usize = 64;

/// How worlds tell the sending task that it must look.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    rung: Mutex<BTreeMap<Box<str>, Arc<Cell>>>,
    notify: Notify,
}

impl Bell {
    /// Says that a world may have something to send.
    pub(crate) fn ring(&self, cell: &Arc<Cell>) {
        self.rung.lock().unwrap_or_else(PoisonError::into_inner).insert(cell.id().into(), Arc::clone(cell));
        self.notify.notify_one();
    }

    fn answer(&self) -> BTreeMap<Box<str>, Arc<Cell>> {
        std::mem::take(&mut *self.rung.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Sends until the mock is told to end, then until what is on its way has come back or the time for it is over.
pub(crate) async fn run(shared: Arc<Shared>) {
    let mut sender = Sender {
        room: Arc::new(Semaphore::new(MOST_IN_FLIGHT)),
        timers: Timers::default(),
        on_their_way: JoinSet::new(),
        shared,
    };
    let shared = Arc::clone(&sender.shared);
    loop {
        let next = sender.timers.first();
        tokio::select! {
            () = shared.bell.notify.notified() => {}
            () = at(next) => {}
            Some(ended) = sender.on_their_way.join_next() => {
                if let Err(error) = ended {
                    tracing::error!("fault of the mock: a delivery ended without a record: {error}");
                }
                continue;
            }
            () = shared.stop.heard() => break,
        }
        let mut cells = shared.bell.answer();
        cells.extend(sender.timers.take_due(Instant::now()));
        for cell in cells.into_values() {
            sender.look(&cell);
        }
    }
    let all = async { while sender.on_their_way.join_next().await.is_some() {} };
    if timeout(shared.limits.drain_time, all).await.is_err() {
        tracing::warn!("some webhooks were still on their way after {:?} and are cut off", shared.limits.drain_time);
    }
}

struct Sender {
    shared: Arc<Shared>,
    room: Arc<Semaphore>,
    timers: Timers,
    on_their_way: JoinSet<()>,
}

impl Sender {
    /// Sends what is due in a world, and remembers when to look again.
    fn look(&mut self, cell: &Arc<Cell>) {
        let most = self.room.available_permits();
        let (shipments, wait) = cell.lock().take_due(clock::wall(), most);
        self.timers.set(cell, wait.map(|millis| Instant::now() + Duration::from_millis(millis)));
        if shipments.len() == most {
            // No room left: looked at again when the next one comes back.
            self.timers.starve(cell);
        }
        for shipment in shipments {
            let Ok(permit) = Arc::clone(&self.room).try_acquire_owned() else { return };
            let (shared, cell) = (Arc::clone(&self.shared), Arc::clone(cell));
            self.on_their_way.spawn(async move {
                let sent = send(&shared, &shipment).await;
                come_back(&shared, &cell, &shipment, sent, permit);
            });
        }
    }
}

fn come_back(shared: &Shared, cell: &Arc<Cell>, shipment: &Shipment, sent: Sent, permit: OwnedSemaphorePermit) {
    cell.lock().settle(shipment, sent, clock::wall());
    drop(permit);
    shared.bell.ring(cell);
}

async fn send(shared: &Shared, shipment: &Shipment) -> Sent {
    let parcel = &shipment.parcel;
    let target = match shared.targets.find(&parcel.url).await {
        Ok(target) => target,
        Err(words) => return Sent::Refused(words),
    };
    let socket = Socket {
        address: target.address,
        authority: target.endpoint.authority,
        connect_timeout: Duration::from_millis(shipment.connect_timeout_ms),
        tls: target.tls,
        timeout: Duration::from_millis(shipment.timeout_ms),
    };
    let mut headers: Vec<(http::HeaderName, exchange::Value)> = Vec::with_capacity(parcel.headers.len() + 1);
    for (name, value) in &parcel.headers {
        // What a header was made from is text; what is not cannot be sent by this way.
        let Ok(text) = value.to_str() else {
            let words = format!("the header '{name}' holds bytes that are no text");
            return Sent::Tried(Outcome::Silent(Fault::Protocol(words)));
        };
        headers.push((name.clone(), exchange::Value::Plain(text.to_owned())));
    }
    headers.push((CONNECTION, exchange::Value::Plain("close".to_owned())));
    let delivery = exchange::Delivery {
        method: parcel.method.clone(),
        target: parcel.target.clone(),
        headers,
        body: parcel.body.clone(),
    };
    if shipment.drop_answer {
        return match socket.send_only(&delivery).await {
            Ok(()) => Sent::AnswerDropped,
            Err(fault) => Sent::Tried(Outcome::Silent(fault)),
        };
    }
    Sent::Tried(socket.exchange(&delivery).await.outcome)
}

/// When to look at which world again.
#[derive(Default)]
struct Timers {
    by_moment: BTreeSet<(Instant, Box<str>)>,
    by_world: BTreeMap<Box<str>, (Instant, Arc<Cell>)>,
    /// Worlds that had more to send than there was room for.
    starving: BTreeMap<Box<str>, Arc<Cell>>,
}

impl Timers {
    fn set(&mut self, cell: &Arc<Cell>, moment: Option<Instant>) {
        if let Some((old, _)) = self.by_world.remove(cell.id()) {
            self.by_moment.remove(&(old, cell.id().into()));
        }
        if let Some(moment) = moment {
            self.by_moment.insert((moment, cell.id().into()));
            self.by_world.insert(cell.id().into(), (moment, Arc::clone(cell)));
        }
    }

    fn starve(&mut self, cell: &Arc<Cell>) {
        self.starving.insert(cell.id().into(), Arc::clone(cell));
    }

    fn first(&self) -> Option<Instant> {
        self.by_moment.first().map(|(moment, _)| *moment)
    }

    fn take_due(&mut self, now: Instant) -> BTreeMap<Box<str>, Arc<Cell>> {
        let mut due = std::mem::take(&mut self.starving);
        while let Some((moment, world)) = self.by_moment.pop_first() {
            if moment > now {
                self.by_moment.insert((moment, world));
                break;
            }
            if let Some((_, cell)) = self.by_world.remove(&world) {
                due.insert(world, cell);
            }
        }
        due
    }
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
