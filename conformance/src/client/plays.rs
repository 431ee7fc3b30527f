//! What is being played, and what was seen of it so far.

use std::sync::Arc;

use contract::service::Service;
use mock_server::control::Certificate;
use tokio::task::{JoinHandle, JoinSet};

use super::scenario::Scenario;
use crate::ask::observed::{Ending, Observation};
use crate::run::stop::Stop;

/// Why there is no observation of a scenario.
#[derive(Clone, Debug)]
pub(super) enum Unplayed {
    Stopped,
    TimeOver,
    /// The command does not reach the service where nothing goes wrong.
    NoContact,
    /// A sentence.
    Fault(String),
}

pub(super) type Played = Result<Arc<Observation>, Unplayed>;

/// What is being played, and what was.
#[derive(Debug)]
pub(super) struct Plays {
    pub(super) playing: JoinSet<(usize, Result<Observation, Unplayed>)>,
    pub(super) results: Vec<Option<Played>>,
    /// What the user asked for.
    pub(super) user: Stop,
    /// The same, or that the time is over.
    pub(super) all: Stop,
    pub(super) watch: JoinHandle<()>,
    pub(super) plain: Option<usize>,
}

impl Plays {
    /// What was seen in a scenario, beside what was where nothing goes wrong. Waits for both.
    pub(super) async fn of(&mut self, place: usize) -> Played {
        while self.result(Some(place)).is_none() || (self.plain.is_some() && self.result(self.plain).is_none()) {
            if !self.next().await {
                return Err(Unplayed::Fault("the scenario came to no end".to_owned()));
            }
        }
        let Some(played) = self.result(Some(place)).cloned() else { return Err(Unplayed::Stopped) };
        let seen = played?;
        let plain = match self.result(self.plain) {
            Some(Ok(plain)) if self.plain != Some(place) => Arc::clone(plain),
            _ => return Ok(seen),
        };
        if seen.plain.is_some() {
            return Ok(seen);
        }
        let compared = Arc::new(Observation { plain: Some(plain), ..(*seen).clone() });
        if let Some(result) = self.results.get_mut(place) {
            *result = Some(Ok(Arc::clone(&compared)));
        }
        Ok(compared)
    }

    /// What was seen where nothing goes wrong, if that is among what is played. Waits for it.
    pub(super) async fn plain_seen(&mut self) -> Option<Arc<Observation>> {
        let place = self.plain?;
        self.of(place).await.ok()
    }

    pub(super) fn result(&self, place: Option<usize>) -> Option<&Played> {
        self.results.get(place?)?.as_ref()
    }

    /// Waits for the next scenario that ends; `false` where there is none.
    pub(super) async fn next(&mut self) -> bool {
        match self.playing.join_next().await {
            None => false,
            Some(Ok((place, played))) => {
                let played = played.map(Arc::new).map_err(|why| match (self.all.is_asked(), self.user.is_asked()) {
                    (true, true) => Unplayed::Stopped,
                    (true, false) => Unplayed::TimeOver,
                    (false, _) => why,
                });
                if let Some(result) = self.results.get_mut(place) {
                    *result = Some(played);
                }
                true
            }
            // Its task fell over: its place stays empty, which is said where it is missed.
            Some(Err(_)) => true,
        }
    }

    /// Waits for everything.
    pub(super) async fn end(&mut self) {
        while self.next().await {}
        self.watch.abort();
    }

    pub(super) fn seen(&self) -> impl Iterator<Item = &Observation> {
        self.results.iter().flatten().filter_map(|played| played.as_ref().ok().map(|seen| &**seen))
    }

    /// What the person should know.
    pub(super) fn remarks(&self) -> Vec<String> {
        let left = self.seen().filter(|seen| seen.left_behind > 0).map(|seen| {
            let (count, name) = (seen.left_behind, seen.scenario);
            format!("warning: the command left {count} process(es) behind in {name}; they were ended")
        });
        left.collect()
    }
}

/// Why what was seen says nothing about anything: the command did not get as far as the service.
pub(super) fn unsettled(scenario: &Scenario, seen: &Observation) -> Option<String> {
    let service = scenario.service;
    if let Ending::NotStarted(why) = &seen.ending {
        return Some(format!("the command could not be started: {why}"));
    }
    if !seen.calls.is_empty() || !seen.strays.is_empty() {
        return None;
    }
    let intercepted = seen.given.intercepted;
    if seen.refused_handshakes > 0 {
        return (scenario.certificate == Certificate::Good).then(|| {
            "the command trusts no certificate of the mock's CA: it finds the CA's file in SSL_CERT_FILE, \
             REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE and NODE_EXTRA_CA_CERTS"
                .to_owned()
        });
    }
    if scenario.certificate != Certificate::Good && !seen.connections.is_empty() {
        return None;
    }
    let (address, token, place) = match service {
        Service::Chatwork => ("CHATWORK_BASE_URL", "CHATWORK_API_TOKEN", "room in CHATWORK_ROOM_ID"),
        Service::Chatday => ("CHATDAY_BASE_URL", "CHATDAY_TOKEN", "chat in CHATDAY_CHAT_ID"),
    };
    if seen.left_behind > 0 {
        return Some(format!(
            "the command made no request to {service} and left {} process(es) behind, which were ended with it: what calls \
             the service has to be done before the command ends",
            seen.left_behind
        ));
    }
    Some(match intercepted {
        false => format!(
            "the command made no request to {service}: it finds the address in {address}, the token in {token} and the \
             {place}; a program with the real address built in needs --intercept"
        ),
        true => format!(
            "the command made no request to {service} through the proxy that HTTPS_PROXY names: make its HTTP library use \
             it, or give the program the address in {address} and leave --intercept out"
        ),
    })
}
