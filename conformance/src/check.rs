//! What a check is: plain data, a function that says what to send, and a pure function that judges what came back.

use std::fmt;

use contract::chatday::Profile;
use contract::clause::{Certainty, Clause};
use contract::service::Service;
use proptest::strategy::BoxedStrategy;
use serde::{Deserialize, Serialize};

use crate::ask::case::{Case, Trial};
use crate::ask::craft::Craft;
use crate::ask::observed::Observation;
use crate::ask::policy::Policy;
use crate::ask::scene::{Course, Scene};
use crate::ask::server::{Server, Talk};
use crate::ask::sketch::Sketch;
use crate::run::verdict::Judgement;

/// One thing that is asked of a subject.
#[derive(Debug)]
pub struct Check {
    /// `<service>.<area>.<words>`; stable, never a number.
    pub id: &'static str,
    /// The service whose contract is judged.
    pub service: Service,
    /// What kind of subject it is asked of.
    pub kind: Kind,
    /// The heading under which reports list it.
    pub area: Area,
    /// The highest level that a deviation found by it can have, if its clauses are certain enough:
    /// see [`Check::level_under`].
    pub level: Level,
    /// What is asked, as a statement that holds for a correct subject.
    pub title: &'static str,
    /// Why it matters.
    pub rationale: &'static str,
    /// The usual cause of a deviation, and its cure.
    pub hint: &'static str,
    /// The sentences of the contract that it rests on, the most important first.
    pub clauses: &'static [&'static Clause],
    /// What has to be there besides the endpoint.
    pub needs: Needs,
    /// Whether it sends what a service never would in order to see the endpoint survive it: half requests, huge bodies,
    /// malformed text. To be left out where others depend on the endpoint.
    pub hostile: bool,
    /// Whether it sends many requests in a short time. To be left out where others depend on the endpoint.
    pub load: bool,
    /// How it goes about it.
    pub plan: Plan,
}

/// What a check needs besides the endpoint. Without it the check is skipped, and says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing.
    Nothing,
    /// To see what the integration calls after an event.
    Effects,
    /// The same, and that it answers an event with a message.
    Replies,
    /// A secret that was valid once, and is no more.
    OldSecret,
    /// Leave to change something: a room or chat that the user named.
    Write,
}

/// What kind of subject a check is asked of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// An endpoint that receives webhooks.
    Webhook,
    /// A program that calls the service's API.
    Client,
    /// A server that offers the service's API.
    Api,
}

impl Kind {
    /// The word that command lines and reports use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Client => "client",
            Self::Api => "api",
        }
    }
}

/// The heading under which reports list a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Area {
    /// Real events are received as the service asks.
    Acknowledgement,
    /// Forged events are told from real ones.
    Authenticity,
    /// What the receiver does not know yet does not break it.
    Tolerance,
    /// The transport is spoken as the standards have it.
    Http,
    /// What no service sends does no harm.
    Robustness,
    /// What the integration does with an event.
    Effects,
    /// Whom the token is shown, and how.
    Credentials,
    /// What a request says, and how it is written.
    Requests,
    /// How an answer is shaped, or read.
    Answers,
    /// What follows a refusal or a fault.
    Refusals,
    /// How many requests come in which time.
    Limits,
    /// Connections, and the certificates on them.
    Connections,
    /// Many events are received as well as one. Last, since a receiver may need a rest afterwards.
    Load,
}

impl Area {
    /// Whether what is asked follows from there being a secret at all, however much the documents say about it.
    pub fn is_about_secrets(self) -> bool {
        matches!(self, Self::Authenticity | Self::Credentials)
    }

    /// The heading.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Acknowledgement => "Acknowledgement",
            Self::Authenticity => "Authenticity",
            Self::Tolerance => "Tolerance",
            Self::Http => "HTTP",
            Self::Robustness => "Robustness",
            Self::Load => "Load",
            Self::Effects => "Effects",
            Self::Credentials => "Credentials",
            Self::Requests => "Requests",
            Self::Answers => "Answers",
            Self::Refusals => "Refusals and faults",
            Self::Limits => "Limits",
            Self::Connections => "Connections",
        }
    }
}

/// How much a deviation weighs. The order is meaningful: a later one weighs more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Worth knowing; never fails a run.
    May,
    /// Warned of; fails a run under `--strict`.
    Should,
    /// Fails the run.
    Must,
}

impl Level {
    /// The word that reports print.
    pub fn word(self) -> &'static str {
        match self {
            Self::May => "may",
            Self::Should => "should",
            Self::Must => "must",
        }
    }

    /// The highest level that a clause of this certainty carries.
    pub fn cap(certainty: Certainty) -> Self {
        match certainty {
            Certainty::Documented => Self::Must,
            Certainty::Observed | Certainty::Assumed => Self::Should,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// How a check goes about it.
#[derive(Debug)]
pub enum Plan {
    /// A fixed list of deliveries, each judged on its own. Those that no service would send go between two control events.
    Examples {
        /// What is sent. Pure: the same craft gives the same cases.
        cases: fn(&Craft<'_>) -> Vec<Case>,
        /// What is thought of the answer. Pure.
        judge: fn(&Trial<'_>) -> Judgement,
    },
    /// Several deliveries that are judged together, between two control events.
    Sequence {
        /// What is sent, in which order. Pure: the same craft gives the same scenes.
        scenes: fn(&Craft<'_>) -> Vec<Scene>,
        /// What is thought of all that came back. Pure.
        judge: fn(&Course<'_>) -> Judgement,
    },
    /// As many generated deliveries as the run has time for, each judged on its own. One that deviates is made smaller as
    /// long as it deviates in the same way.
    Property {
        /// What varies, for each of [`TURNS`](crate::ask::sketch::TURNS) cases in a row. The run's seed decides what comes of it.
        sketches: fn(&Policy, u64) -> BoxedStrategy<Sketch>,
        /// What is sent for one choice. Pure.
        make: fn(&Craft<'_>, &Sketch) -> Case,
        /// What is thought of the answer. Pure.
        judge: fn(&Trial<'_>) -> Judgement,
    },
    /// A client, watched in some scenarios; each observation is judged on its own.
    Scenarios {
        /// Names of the scenarios that can show it; empty for all of them.
        scenarios: &'static [&'static str],
        /// What is thought of what was seen. Pure.
        judge: fn(&Observation) -> Judgement,
    },
    /// A server, talked with: what is asked next follows from what was answered before. Ends early with what was found.
    Dialogue {
        /// The calls that it may make, such as `GET /rooms/{room_id}`, for people who want to know beforehand.
        calls: &'static [&'static str],
        /// Asks and judges. Sends only through the server that it is given.
        hold: fn(&mut dyn Server) -> Talk,
    },
}

impl Check {
    /// What the checks of one service are made from: what is not named in a check is as here.
    pub(crate) const fn blank(service: Service) -> Self {
        Self {
            id: "",
            service,
            kind: Kind::Webhook,
            area: Area::Acknowledgement,
            level: Level::Should,
            title: "",
            rationale: "",
            hint: "",
            clauses: &[],
            needs: Needs::Nothing,
            hostile: false,
            load: false,
            plan: Plan::Examples { cases: |_| Vec::new(), judge: |_| Judgement::Held },
        }
    }

    /// The highest level that its clauses justify under a profile. What is ours carries at most a SHOULD, unless the
    /// user's own profile states it.
    ///
    /// A check of authenticity may always be a MUST: telling real events from forged ones is what the public documents
    /// of both services give the secret for, whatever they leave open besides. So may one of credentials: a token that
    /// others get to see opens the account to them, and no document needs to say so.
    pub fn cap(&self, profile: &Profile) -> Level {
        if self.area.is_about_secrets() {
            return Level::Must;
        }
        self.clauses.iter().map(|clause| Level::cap(profile.certainty(clause))).min().unwrap_or(Level::May)
    }

    /// Its level under a profile: as it stands in the catalogue, but never more than its clauses justify.
    pub fn level_under(&self, profile: &Profile) -> Level {
        self.level.min(self.cap(profile))
    }
}
