//! Runs generated sequences, and tells a failing one as a list that a person can follow.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use contract::chatwork::Endpoint;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};

use crate::call::account_of;
use crate::generate::steps;
use crate::observe;
use crate::shrink::shrink;
use crate::start::ACTORS;
use crate::state::Model;
use crate::step::{Step, Who};
use crate::world::{Exchanged, NOT_EQUAL, World};

/// How many operations all runs make together; `MODEL_OPERATIONS` asks for another number.
const OPERATIONS: usize = 10_000;
/// `MODEL_SEED` asks for another one.
const SEED: u64 = 20_261_121;
/// How many steps lie between two looks at the caller's counts; the last step is always looked at.
const GLANCE_EVERY: usize = 2;
/// How many steps lie between two looks at everything that one person sees.
const LOOK_EVERY: usize = 40;
/// Who looks before the first step, and after the last reload: an admin of all groups, and one whose plan hides old messages.
const ADMIN_AND_FREE: [usize; 2] = [0, 4];

/// One way to run.
pub(crate) struct Run {
    /// Its part of all operations, in percent.
    pub(crate) percent: usize,
    /// The world at the start of each sequence.
    pub(crate) start: fn() -> Model,
    /// Steps of one sequence.
    pub(crate) length: usize,
    /// Milliseconds between two steps, at most.
    pub(crate) most_wait: i64,
}

/// How often each operation gave each status.
pub(crate) type Seen = BTreeMap<(&'static str, u16), usize>;

/// Runs; panics with the shortest failing sequence.
pub(crate) fn run(run: &Run) -> Seen {
    #[expect(clippy::disallowed_methods, reason = "how long and from which seed is for the caller of the test to say")]
    let number =
        |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number in the environment"));
    let operations = number("MODEL_OPERATIONS").map_or(OPERATIONS, |wanted| usize::try_from(wanted).unwrap());
    let seed = number("MODEL_SEED").unwrap_or(SEED);
    let cases = (operations * run.percent / 100).div_ceil(run.length);
    let config = Config {
        cases: u32::try_from(cases).unwrap(),
        // Sequences are made short by `shrink`, which takes out many steps at once.
        max_shrink_iters: 0,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(seed),
        ..Config::default()
    };
    let seen = RefCell::new(Seen::new());
    let outcome = TestRunner::new(config).run(&steps(run.length, run.most_wait), |steps| {
        let mut story = |_: &Step, _: &World, exchanged: Option<&Exchanged>| {
            let Some(Exchanged { got, call }) = exchanged else { return };
            let name = call.operation.map_or("nowhere", |operation| Endpoint::of(operation).name);
            *seen.borrow_mut().entry((name, got.status)).or_default() += 1;
        };
        play((run.start)(), &steps, &mut story).map_err(TestCaseError::fail)
    });
    match outcome {
        Ok(()) => seen.into_inner(),
        Err(TestError::Fail(_, steps)) => {
            // A failure that everybody can see must not shrink into one that only a dump shows.
            let outcome =
                |steps: &[Step]| play((run.start)(), steps, &mut |_, _, _| {}).map_err(|told| told == NOT_EQUAL);
            let kind = outcome(&steps);
            let shortest = shrink(steps, &mut |steps| outcome(steps) == kind);
            panic!("seed {seed}:\n{}", tell((run.start)(), &shortest))
        }
        Err(TestError::Abort(reason)) => panic!("the generator gave up: {reason}"),
    }
}

/// Takes all steps, and looks at the world in between and at the end.
fn play(start: Model, steps: &[Step], story: &mut dyn FnMut(&Step, &World, Option<&Exchanged>)) -> Result<(), String> {
    let mut world = World::start(start);
    observe::everything(&world, ADMIN_AND_FREE.into_iter())?;
    for (place, step) in steps.iter().enumerate() {
        let exchanged = world.step(step);
        story(step, &world, exchanged.as_ref().ok().and_then(Option::as_ref));
        exchanged?;
        if let Who::Person(who) = step.who
            && (place % GLANCE_EVERY == 0 || place + 1 == steps.len())
        {
            observe::glance(&mut world, who % ACTORS)?;
        }
        if place % LOOK_EVERY == LOOK_EVERY - 1 {
            observe::everything(&world, std::iter::once(place / LOOK_EVERY))?;
        }
    }
    observe::everything(&world, 0..ACTORS)?;
    observe::strangers(&world)?;
    // After dump and load the state is equal, and everybody sees what they saw.
    world.reload()?;
    observe::everything(&world, ADMIN_AND_FREE.into_iter())
}

/// The steps of a failing sequence, each with its answer; the last line says what went wrong.
fn tell(start: Model, steps: &[Step]) -> String {
    let mut told = String::new();
    let mut before = World::start(start.clone());
    let mut story = |step: &Step, world: &World, exchanged: Option<&Exchanged>| {
        let who = account_of(step.who, &world.model).map_or_else(|| format!("{:?}", step.who), |id| id.to_string());
        let call = crate::call::Call::resolve(step.who, &step.op, &before.model);
        let request = call.map_or_else(|| "dump and load".to_owned(), |call| call.to_string());
        let _ = write!(told, "+{} ms {who} {request}", step.wait);
        if let Some(Exchanged { got, .. }) = exchanged {
            let body: String = got.body.to_string().chars().take(160).collect();
            let _ = write!(told, " -> {} {body}", got.status);
        }
        told.push('\n');
        before = world.clone();
    };
    let outcome = play(start, steps, &mut story);
    let _ = write!(told, "=> {}", outcome.err().unwrap_or_else(|| "nothing went wrong this time".to_owned()));
    told
}
