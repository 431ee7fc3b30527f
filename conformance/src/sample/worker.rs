//! What happens after the answer: the service's API is called, one reply after another.

use std::sync::Arc;
use std::time::Duration;

use courier::exchange::{Delivery, Exchange};
use http::StatusCode;
use serde_json::Value;
use tokio::sync::{OnceCell, mpsc};
use tokio::time::Instant;

use super::receive::Integration;
use super::reply::Reply;
use contract::wire::header::RATE_RESET;

/// Calls the service for one integration.
#[derive(Debug)]
pub(super) struct Desk {
    integration: Arc<Integration>,
    /// The account that its own messages come from, once it is known.
    account: OnceCell<String>,
}

impl Desk {
    pub(super) fn new(integration: Arc<Integration>) -> Self {
        Self { integration, account: OnceCell::new() }
    }

    /// Carries out replies in the order in which they were put down, for as long as anybody can put one down.
    pub(super) async fn work(&self, mut replies: mpsc::Receiver<Reply>) {
        while let Some(reply) = replies.recv().await {
            self.carry_out(&reply).await;
        }
    }

    /// Sends one reply, unless it would answer the integration itself.
    pub(super) async fn carry_out(&self, reply: &Reply) {
        if self.is_wanted(reply).await {
            for delivery in [Some(&reply.delivery), reply.elsewhere.as_ref()].into_iter().flatten() {
                self.call(delivery).await;
            }
        }
        self.integration.is_done(reply);
    }

    async fn is_wanted(&self, reply: &Reply) -> bool {
        let Some(question) = self.integration.who_am_i() else { return true };
        let known = self.account.get_or_try_init(|| async {
            let exchange = self.call(&question).await.ok_or(())?;
            let me: Value = serde_json::from_slice(&exchange.answer().ok_or(())?.body).map_err(drop)?;
            me["account_id"].as_u64().map(|id| id.to_string()).ok_or(())
        });
        // Who does not know itself must not speak: it might answer its own words for ever.
        known.await.is_ok_and(|account| reply.author.as_ref() != Some(account))
    }

    /// Calls the service; when it asks to wait, waits and calls again, a few times.
    async fn call(&self, delivery: &Delivery) -> Option<Exchange> {
        let api = self.integration.api()?;
        for _ in 0..ATTEMPTS {
            let exchange = api.socket.exchange(delivery).await;
            match exchange.answer() {
                Some(answer) if answer.status == StatusCode::TOO_MANY_REQUESTS => {
                    tokio::time::sleep_until(Instant::now() + self.pause(answer)).await;
                }
                _ => return Some(exchange),
            }
        }
        None
    }

    fn pause(&self, answer: &courier::exchange::Answer) -> Duration {
        let number = |name| answer.headers.get(name).and_then(|value| value.to_str().ok()?.parse::<i64>().ok());
        let reset = number(RATE_RESET).map(|reset| reset - self.integration.now().seconds());
        let seconds = number(http::header::RETRY_AFTER).or(reset).unwrap_or(1);
        Duration::from_secs(u64::try_from(seconds.clamp(1, PAUSE_MAX)).unwrap_or(1))
    }
}

/// How often a call is tried that is told to wait.
const ATTEMPTS: usize = 3;
/// The longest wait between two attempts, in seconds: the longest window of the services.
const PAUSE_MAX: i64 = 300;
