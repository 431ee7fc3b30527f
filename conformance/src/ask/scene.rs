//! Several deliveries that are judged together, and what is known of them then.

use std::time::Duration;

use super::case::{Case, Role};
use super::effects::Call;
use super::policy::Policy;
use super::secret::Secret;
use courier::exchange::{Delivery, Exchange};
use courier::line::Connection;

/// Several deliveries with a name, sent between two control events.
#[derive(Clone, Debug)]
pub struct Scene {
    /// In words, unique within its check; part of the replay id.
    pub name: String,
    /// In order.
    pub acts: Vec<Act>,
}

/// A part of a scene.
#[derive(Clone, Debug)]
pub enum Act {
    /// One after another, each on a connection of its own.
    Each(Vec<Case>),
    /// All at once, each on a connection of its own.
    Together(Vec<Case>),
    /// One after another on one connection, as long as the subject keeps it; each after so long an idle time.
    Line(Vec<(Duration, Case)>),
    /// The first one slowly; the others, one after another, while it is on its way.
    Beside(Box<Case>, Vec<Case>),
    /// Several at once, time after time, until so much time has gone by; the first time in any case.
    Waves(Vec<Vec<Case>>, Duration),
    /// The real events so far that were not acknowledged, once more, one after another.
    Again,
    /// Nothing is sent: what the integration calls because of the scene's events is awaited.
    Observe {
        /// How many events are expected to lead to some.
        calls: usize,
    },
    /// From here on the service's own API answers only after this long.
    SlowApi(Duration),
}

/// One delivery of a scene and what became of it.
#[derive(Clone, Debug)]
pub struct Step {
    /// What was sent.
    pub case: Case,
    /// What came back.
    pub exchange: Exchange,
    /// On which connection.
    pub connection: Connection,
}

/// Everything that a judge of a scene may look at.
#[derive(Clone, Copy, Debug)]
pub struct Course<'a> {
    /// What the user declared about the subject.
    pub policy: &'a Policy,
    /// The shared secret, which no answer may hold.
    pub secret: &'a Secret,
    /// How long an exchange may take.
    pub timeout: Duration,
    /// The control event before the scene.
    pub before: &'a Exchange,
    /// The deliveries in the order in which the scene names them.
    pub steps: &'a [Step],
    /// What the integration called, one entry for each [`Act::Observe`].
    pub calls: &'a [Vec<Call>],
    /// How many messages a valid text event leads to, as far as that is known: one.
    pub usual: usize,
    /// The control event after the scene.
    pub after: &'a Exchange,
}

impl Scene {
    /// A scene.
    pub fn new(name: impl Into<String>, acts: Vec<Act>) -> Self {
        Self { name: name.into(), acts }
    }

    /// Everything that it sends.
    pub fn deliveries(&self) -> impl Iterator<Item = &Delivery> {
        self.acts.iter().flat_map(Act::cases).map(|case| &case.delivery)
    }
}

impl Act {
    fn cases(&self) -> Vec<&Case> {
        match self {
            Self::Each(cases) | Self::Together(cases) => cases.iter().collect(),
            Self::Line(cases) => cases.iter().map(|(_, case)| case).collect(),
            Self::Beside(slow, others) => [slow.as_ref()].into_iter().chain(others).collect(),
            Self::Waves(waves, _) => waves.iter().flatten().collect(),
            Self::Again | Self::Observe { .. } | Self::SlowApi(_) => Vec::new(),
        }
    }
}

impl Course<'_> {
    /// The deliveries of this role.
    pub fn of(&self, role: Role) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(move |step| step.case.role == role)
    }

    /// The calls of one observation; none where it did not take place.
    pub fn observed(&self, observation: usize) -> &[Call] {
        self.calls.get(observation).map_or(&[], Vec::as_slice)
    }
}
