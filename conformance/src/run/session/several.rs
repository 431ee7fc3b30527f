//! Several deliveries together: at once, on one connection, or beside one that is slow.

use std::time::Duration;

use courier::exchange::{Exchange, Fault};
use courier::line::{Connection, Line};
use courier::raw::Manner;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::{Session, over, travel, unsent, wait_for};
use crate::ask::case::Case;

impl Session {
    /// Sends several cases at once, each on a connection of its own, and waits for what becomes of all of them. Where the
    /// last exchange had no answer they go one by one: who stalls is not to be stormed.
    pub fn send_all(&mut self, cases: &[&Case]) -> Vec<Exchange> {
        if cases.len() < 2 || self.silent > 0 || self.hush().is_some() {
            return cases.iter().map(|case| self.send_case(case)).collect();
        }
        cases.iter().for_each(|case| self.happens(&case.delivery));
        let slots: Vec<Option<Instant>> = cases.iter().map(|_| self.slot()).collect();
        let Self { settings, runtime, until, .. } = self;
        let mut stop = settings.stop.clone();
        let mut exchanges: Vec<Option<Exchange>> = vec![None; cases.len()];
        runtime.block_on(async {
            let mut flying = JoinSet::new();
            for (index, (case, slot)) in cases.iter().zip(slots).enumerate() {
                let (socket, delivery, manner) = (settings.socket.clone(), case.delivery.clone(), case.manner.clone());
                flying.spawn(async move {
                    wait_for(slot).await;
                    (index, travel(&socket, &delivery, manner.as_ref()).await)
                });
            }
            loop {
                tokio::select! {
                    landed = flying.join_next() => match landed {
                        Some(Ok((index, exchange))) => exchanges[index] = Some(exchange),
                        Some(Err(_)) => {}
                        None => return,
                    },
                    () = stop.asked() => return,
                    () = over(*until) => return,
                }
            }
        });
        let landed = cases.iter().zip(exchanges);
        let all: Vec<Exchange> =
            landed.map(|(case, exchange)| exchange.unwrap_or_else(|| unsent(&case.delivery, Fault::Stopped))).collect();
        let silent = self.silent;
        all.iter().for_each(|exchange| self.note(exchange));
        // Of several at once some may wait in vain: the subject has fallen silent only if all did, and that once.
        let answered = all.iter().any(|exchange| exchange.fault().is_none());
        self.silent = if answered { 0 } else { self.silent.min(silent + 1) };
        all
    }

    /// Sends cases one after another on one connection, as long as the subject keeps it, each after an idle time.
    pub fn send_in_line(&mut self, cases: &[(Duration, Case)]) -> Vec<(Exchange, Connection)> {
        let mut sent = Vec::with_capacity(cases.len());
        // The line borrows the way there; a copy of it leaves the session free.
        let socket = self.settings.socket.clone();
        let mut line = Line::new(&socket);
        for (idle, case) in cases {
            if let Some(fault) = self.hush() {
                sent.push((unsent(&case.delivery, fault), Connection::Fresh));
                continue;
            }
            self.happens(&case.delivery);
            let slot = self.slot();
            let Self { settings, runtime, until, .. } = self;
            let mut stop = settings.stop.clone();
            let plain = Manner::default();
            let played = runtime.block_on(async {
                let playing = async {
                    sleep_until(Instant::now() + *idle).await;
                    wait_for(slot).await;
                    line.play(&case.delivery, case.manner.as_ref().unwrap_or(&plain)).await
                };
                tokio::select! {
                    played = playing => Some(played),
                    () = stop.asked() => None,
                    () = over(*until) => None,
                }
            });
            match played {
                Some((exchange, connection)) => {
                    self.note(&exchange);
                    sent.push((exchange, connection));
                }
                None => sent.push((unsent(&case.delivery, Fault::Stopped), Connection::Fresh)),
            }
        }
        sent
    }

    /// Sends one case slowly, and the others one after another while it is on its way. The slow one's exchange comes first.
    pub fn send_beside(&mut self, slow: &Case, others: &[Case]) -> Vec<Exchange> {
        if let Some(fault) = self.hush() {
            return [slow].into_iter().chain(others).map(|case| unsent(&case.delivery, fault.clone())).collect();
        }
        [slow].into_iter().chain(others).for_each(|case| self.happens(&case.delivery));
        let slots: Vec<Option<Instant>> = others.iter().map(|_| self.slot()).collect();
        let Self { settings, runtime, until, .. } = self;
        let mut stop = settings.stop.clone();
        let exchanges = runtime.block_on(async {
            let beside = async {
                let mut exchanges = Vec::with_capacity(others.len());
                // The slow one's head is to be there first.
                sleep_until(Instant::now() + HEAD_START).await;
                for (case, slot) in others.iter().zip(slots) {
                    wait_for(slot).await;
                    exchanges.push(travel(&settings.socket, &case.delivery, case.manner.as_ref()).await);
                }
                exchanges
            };
            let both = async { tokio::join!(travel(&settings.socket, &slow.delivery, slow.manner.as_ref()), beside) };
            tokio::select! {
                (first, others) = both => Some([first].into_iter().chain(others).collect::<Vec<Exchange>>()),
                () = stop.asked() => None,
                () = over(*until) => None,
            }
        });
        let Some(exchanges) = exchanges else {
            let stopped = |case: &Case| unsent(&case.delivery, Fault::Stopped);
            return [slow].into_iter().chain(others).map(stopped).collect();
        };
        exchanges.iter().for_each(|exchange| self.note(exchange));
        exchanges
    }
}

/// How long a slow sender is ahead of the others.
const HEAD_START: Duration = Duration::from_millis(50);
