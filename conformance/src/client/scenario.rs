//! A scenario: what happens to a client, as data. It says nothing of who judges it: rules name the scenarios that can show
//! what they ask for.

use std::time::Duration;

use contract::service::Service;
use mock_server::control::{Certificate, FaultMatch, FaultRule, Match};
use mock_server::{Mock, MockError};
use serde_json::Value;

use crate::ask::observed::Given;

/// One story that a client is put in. It is run in a world of its own, with a server of its own.
#[derive(Debug)]
pub struct Scenario {
    /// `chatwork.limit-resets-soon`: the service and words that say what happens. Rules and patterns may leave the service
    /// out. The client is told it in `CONFORMANCE_SCENARIO`.
    pub name: &'static str,
    /// The service that is played.
    pub service: Service,
    /// For people, in two or three sentences: what happens to the client, and what a good one does.
    pub story: &'static str,
    /// Changes the default world's description, that of `fixtures/worlds/default.json`, before it begins.
    pub world: Option<fn(&mut Value)>,
    /// Rules of the mock, asked in this order, each with the name that [`ClientCall::fault`] then has. Several rules may have
    /// one name. What the client calls is not known beforehand: match on [`Ground::everything`] where that is possible.
    ///
    /// [`ClientCall::fault`]: crate::ask::observed::ClientCall::fault
    pub faults: fn(&Ground<'_>) -> Vec<(&'static str, FaultRule)>,
    /// How answers differ from the mock's own; those that a fault gives too.
    pub edits: &'static [Edit],
    /// What happens besides, while the client runs.
    pub turns: &'static [Turn],
    /// What the address has before the contract's own paths: `/gateway` makes it `http://127.0.0.1:PORT/gateway/v2`. What
    /// comes without it finds nothing. Empty for none.
    pub prefix: &'static str,
    /// The text that the client may send, from the run's seed; it finds it in `CONFORMANCE_TEXT`.
    pub text: fn(u64) -> String,
    /// Whether another host is played, which has nothing to do with the service: it writes down what it is sent, and answers
    /// 200 with `{}`.
    pub other_host: bool,
    /// Whether the server closes each connection, without a word of warning, as soon as an answer is out.
    pub closes_idle: bool,
    /// What is wrong with the server's certificate. Only where the client is intercepted.
    pub certificate: Certificate,
    /// How the client has to be led to the mock for this.
    pub way: Way,
    /// How often the command is run, one run after the other, in the same world.
    pub runs: u32,
    /// How long one run may take from its first request on; the whole of it never longer than `--command-timeout`.
    pub time: Duration,
}

/// What a scenario's faults may refer to.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// The service that is played.
    pub service: Service,
    /// What the client is given.
    pub given: &'a Given,
    /// Where the client reaches the service: `http://127.0.0.1:PORT/v2`, without a slash at the end.
    pub base_url: &'a str,
    /// Where the other host is: `http://localhost:PORT`, without a slash at the end; empty unless the scenario has one.
    pub other_host: &'a str,
    /// The run's seed.
    pub seed: u64,
    /// Now, in Unix milliseconds: for headers with absolute times.
    pub now_ms: i64,
}

/// How answers differ from the mock's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Every object of a JSON body has fields that the contract does not know: a text, a number, a null, an object, a list.
    AdditiveFields,
    /// Words of which the contract lists a few, such as a role or a status, are others.
    UnknownValues,
    /// Names of headers are written `Like-This`. Without it they are lower case.
    TitleCaseHeaders,
    /// The header `Date`, and every other moment in the headers, is so many seconds away from the true time.
    ClockSkew(i64),
    /// A header more, or with another value.
    Header(&'static str, &'static str),
    /// A header less.
    WithoutHeader(&'static str),
    /// The body is compressed with gzip, for clients that say they take it.
    Gzip,
}

/// Something that happens while the client runs.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    /// The name under which the moment is noted in [`Observation::moments`](crate::ask::observed::Observation::moments).
    pub name: &'static str,
    /// When.
    pub cue: Cue,
    /// What. It blocks, so it is called on a thread where it may.
    pub act: fn(&Mock) -> Result<(), MockError>,
}

/// When a turn is taken. Each is taken once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cue {
    /// So long after the start.
    After(Duration),
    /// Before the answer to this request goes out: the first that turned out to be this operation (any, without one) and was
    /// served with success. The answer waits for it, so everything that the client does on it comes later.
    Served(Option<&'static str>),
    /// The same, before the answer to the first request that met a fault of this name.
    Met(&'static str),
}

/// How a client is led to the mock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By its address or by an intercepting proxy: both will do.
    Any,
    /// Only by an address in its environment: there is none to change where it has the real one built in.
    Address,
    /// Only by an intercepting proxy: there is no TLS without one.
    Intercept,
}

impl Scenario {
    /// What scenarios of one service are made from: nothing goes wrong.
    pub const fn blank(service: Service) -> Self {
        Self {
            name: "",
            service,
            story: "",
            world: None,
            faults: |_| Vec::new(),
            edits: &[],
            turns: &[],
            prefix: "",
            text: |_| "conformance-text: is anybody there?".to_owned(),
            other_host: false,
            closes_idle: false,
            certificate: Certificate::Good,
            way: Way::Any,
            runs: 1,
            time: Duration::from_secs(60),
        }
    }

    /// Its name without the service.
    pub fn words(&self) -> &'static str {
        self.name.split_once('.').map_or(self.name, |(_, words)| words)
    }

    /// Whether a rule that names this scenario means this one: with the service or without.
    pub fn is(&self, name: &str) -> bool {
        self.name == name || self.words() == name
    }

    /// Whether it can be played to a client that is led this way.
    pub fn suits(&self, intercepted: bool) -> bool {
        match self.way {
            Way::Any => true,
            Way::Address => !intercepted,
            Way::Intercept => intercepted,
        }
    }
}

impl Ground<'_> {
    /// Every request to the service.
    pub fn everything(&self) -> Match {
        Match { service: Some(self.service.name().to_owned()), ..Match::default() }
    }

    /// Every request to the service, as rules have it.
    pub fn all(&self) -> FaultMatch {
        FaultMatch { request: self.everything(), token: None }
    }

    /// Requests that turn out to be one operation; `*` stands for any characters.
    pub fn operation(&self, operation: &str) -> Match {
        Match { operation: Some(operation.to_owned()), ..self.everything() }
    }

    /// Requests with one method.
    pub fn method(&self, method: &str) -> Match {
        Match { method: Some(method.to_owned()), ..self.everything() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_may_name_a_scenario_with_its_service_or_without() {
        let scenario = Scenario { name: "chatday.all-is-well", ..Scenario::blank(Service::Chatday) };
        assert!(scenario.is("chatday.all-is-well") && scenario.is("all-is-well"));
        assert!(!scenario.is("chatwork.all-is-well") && !scenario.is("well"));
    }
}
