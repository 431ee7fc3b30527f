//! Generated cases. One that deviates is made smaller, as long as it deviates in the same way and the budget lasts; the
//! smallest is sent once more, and that exchange is the evidence.

use std::time::{Duration, Instant};

use proptest::strategy::{BoxedStrategy, Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, RngSeed, TestRng, TestRunner};

pub use super::descent::CASES_MAX;
use super::descent::{Descent, MOVES_MAX, Move};
use super::session::Session;
use super::shell::again;
use super::tally::{Decided, Tally};
use super::trial::{Go, Steps, alone, run};
use super::verdict::{Deviation, Judgement};
use crate::ask::case::{Case, Trial};
use crate::ask::craft::Craft;
use crate::ask::policy::Policy;
use crate::ask::seed::Dice;
use crate::ask::sketch::{Sketch, TURNS};
use crate::check::Check;

/// What a property is made of.
#[derive(Clone, Copy)]
pub(super) struct Property {
    pub(super) sketches: fn(&Policy, u64) -> BoxedStrategy<Sketch>,
    pub(super) make: fn(&Craft<'_>, &Sketch) -> Case,
    pub(super) judge: fn(&Trial<'_>) -> Judgement,
}

type Tree = Box<dyn ValueTree<Value = Sketch>>;

/// Where the cases of a check come from, one after another.
struct Source {
    turns: Vec<BoxedStrategy<Sketch>>,
    runner: TestRunner,
    drawn: usize,
}

impl Source {
    fn new(check: &Check, sketches: fn(&Policy, u64) -> BoxedStrategy<Sketch>, session: &Session) -> Self {
        let turns = (0..TURNS).map(|turn| sketches(&session.settings().policy, turn)).collect();
        Self { turns, runner: runner(session.settings().seed, check.id), drawn: 0 }
    }

    /// The next one. A strategy that gives nothing would be a fault of ours; the check then says that it sent nothing.
    fn next(&mut self) -> Option<Tree> {
        let strategy = self.turns.get(self.drawn % self.turns.len().max(1))?;
        self.drawn += 1;
        strategy.new_tree(&mut self.runner).ok()
    }
}

/// Runs so many cases, up to `jobs` at once, and tells of each.
pub(super) fn judge(
    check: &Check,
    property: Property,
    (cases, jobs, only): (u64, usize, Option<&str>),
    tally: &mut Tally<'_>,
    session: &mut Session,
    tell: &mut dyn FnMut(&Session, &Case, &Steps, &Judgement),
) {
    let mut source = Source::new(check, property.sketches, session);
    let only = only.and_then(|name| name.parse::<Descent>().ok());
    let mut index = 0;
    while index < cases && session.ended().is_none() {
        let most = (cases - index).min(jobs.max(1) as u64);
        let mut trees: Vec<Option<Tree>> = (0..most).map(|_| source.next()).collect();
        let mut batch: Vec<Case> = trees
            .iter_mut()
            .zip(index..)
            .filter_map(|(tree, number)| {
                let tree = tree.as_mut()?;
                if let Some(only) = only.as_ref().filter(|only| only.number == number) {
                    only.retrace(tree.as_mut());
                    let case = (property.make)(&session.craft(check.id), &tree.current());
                    return Some(Case { name: only.to_string(), ..case });
                }
                let sketch = tree.current();
                let case = (property.make)(&session.craft(check.id), &sketch);
                Some(Case { name: name(number), ..case })
            })
            .collect();
        if let Some(only) = &only {
            let name = only.to_string();
            // The trees stay beside their cases. What was made smaller already is sent as it is.
            let place = batch.iter().position(|case| case.name == name);
            let wanted = place.and_then(|place| trees.get_mut(place)?.take());
            trees = wanted.into_iter().map(|tree| (!only.is_smaller()).then_some(tree)).collect();
            batch.retain(|case| case.name == name);
        }
        let mut place = 0;
        let go = run(check.id, batch, jobs, session, &mut |session, case, steps| {
            let tree = trees.get_mut(place).and_then(Option::take);
            place += 1;
            let judgement = tally.capped((property.judge)(&steps.trial(&case, session)), case.most);
            tell(session, &case, &steps, &judgement);
            match (judgement, tree) {
                (Judgement::Deviates(deviation), Some(tree)) => {
                    let remark = tree.current().words();
                    let found = Found { case, steps, deviation, remark };
                    let smallest = shrink(check, property, tree, found, tally, session);
                    let (status, weight) = tally.weigh(&smallest.judgement);
                    tally.count(status, weight, || smallest);
                    Go::Enough
                }
                (judgement, _) => {
                    let (status, weight) = tally.weigh(&judgement);
                    tally.count(status, weight, || decided(check.id, &case, &steps, judgement, None, session));
                    Go::On
                }
            }
        });
        if go == Go::Enough {
            return;
        }
        index += most;
    }
}

/// The first `count` cases that the run's seed gives, as they are before any shrinking.
pub fn generated(
    check: &Check,
    sketches: fn(&Policy, u64) -> BoxedStrategy<Sketch>,
    make: fn(&Craft<'_>, &Sketch) -> Case,
    count: u64,
    session: &Session,
) -> Vec<Case> {
    let mut source = Source::new(check, sketches, session);
    let trees = (0..count).map_while(|number| Some((number, source.next()?.current())));
    trees.map(|(number, sketch)| Case { name: name(number), ..make(&session.craft(check.id), &sketch) }).collect()
}

/// How a generated case is called before anything of it was made smaller.
pub fn name(number: u64) -> String {
    Descent::begin(number).to_string()
}

/// The number of a generated case, from its name; also where it was made smaller.
pub fn number(name: &str) -> Option<u64> {
    name.parse::<Descent>().ok().map(|descent| descent.number)
}

/// A deviation and what showed it.
struct Found {
    case: Case,
    steps: Steps,
    deviation: Deviation,
    remark: String,
}

/// Makes a deviating case smaller.
fn shrink(
    check: &Check,
    property: Property,
    mut tree: Tree,
    found: Found,
    tally: &Tally<'_>,
    session: &mut Session,
) -> Decided {
    let mut descent = found.case.name.parse::<Descent>().unwrap_or_default();
    let started = Instant::now();
    let requests = session.requests();
    let attempt = |sketch: &Sketch, name: String, session: &mut Session| {
        let case = Case { name, ..(property.make)(&session.craft(check.id), sketch) };
        let steps = alone(check.id, &case, session);
        let judgement = tally.capped((property.judge)(&steps.trial(&case, session)), case.most);
        (case, steps, judgement)
    };
    let mut smallest = found;
    let mut best = tree.current();
    let mut smaller = descent.step(tree.as_mut(), Move::Simpler);
    for _ in 0..MOVES_MAX {
        let spent = started.elapsed() > SHRINK_TIME || session.requests() - requests > SHRINK_REQUESTS;
        if !smaller || spent || session.ended().is_some() {
            break;
        }
        let sketch = tree.current();
        let (case, steps, judgement) = attempt(&sketch, descent.to_string(), session);
        let next = match judgement {
            Judgement::Deviates(deviation) if deviation.name == smallest.deviation.name => {
                smallest = Found { case, steps, deviation, remark: sketch.words() };
                best = sketch;
                Move::Simpler
            }
            _ => Move::Back,
        };
        smaller = descent.step(tree.as_mut(), next);
    }
    // Once more: what is reported is what can be seen again.
    let (case, steps, judgement) = attempt(&best, smallest.case.name.clone(), session);
    let remark = Some(format!("the smallest found: {}", smallest.remark));
    match judgement {
        Judgement::Deviates(deviation) if deviation.name == smallest.deviation.name => {
            decided(check.id, &case, &steps, Judgement::Deviates(deviation), remark, session)
        }
        Judgement::Held | Judgement::Moot(_) => {
            decided(check.id, &smallest.case, &smallest.steps, Judgement::Wavers(smallest.deviation), remark, session)
        }
        Judgement::Deviates(_) | Judgement::Unsettled(_) | Judgement::Wavers(_) => {
            decided(check.id, &smallest.case, &smallest.steps, Judgement::Deviates(smallest.deviation), remark, session)
        }
    }
}

fn decided(
    check: &str,
    case: &Case,
    steps: &Steps,
    judgement: Judgement,
    remark: Option<String>,
    session: &Session,
) -> Decided {
    Decided {
        name: case.name.clone(),
        judgement,
        evidence: steps.evidence(case, session),
        reproduce: Some(again(check, case, session)),
        remark,
    }
}

/// A source of choices that follows from the seed and the check alone: no files, nothing from the environment.
fn runner(seed: u64, check: &str) -> TestRunner {
    let bytes = Dice::new(seed, check).bytes(32);
    let config = Config {
        cases: 1,
        max_local_rejects: 1_000,
        max_global_rejects: 1_000,
        failure_persistence: None,
        source_file: None,
        test_name: None,
        max_shrink_iters: 0,
        max_shrink_time: 0,
        max_default_size_range: 100,
        verbose: 0,
        rng_algorithm: RngAlgorithm::ChaCha,
        rng_seed: RngSeed::Fixed(seed),
        ..Config::default()
    };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

/// Requests for making a case smaller, control events included.
const SHRINK_REQUESTS: u64 = 400;
/// Time for that.
const SHRINK_TIME: Duration = Duration::from_secs(10);
