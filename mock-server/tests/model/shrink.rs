//! Makes a failing sequence short: takes steps out in ever smaller pieces, then simplifies what is left. Steps name
//! things by their place, so whatever remains still makes sense; a few hundred runs are enough.

use crate::step::{Arg, ItemRef, Op, RoomRef, Step, TextRef, Who};

/// Most runs that shrinking may take.
const MOST_RUNS: usize = 1500;

/// The shortest sequence found that still fails.
pub(crate) fn shrink(steps: Vec<Step>, fails: &mut dyn FnMut(&[Step]) -> bool) -> Vec<Step> {
    let mut search = Search { best: steps, fails, runs: 0 };
    search.remove_pieces();
    loop {
        let before = search.runs;
        let changed = search.simplify();
        if !changed || search.runs == before || search.runs >= MOST_RUNS {
            break;
        }
        search.remove_pieces();
    }
    search.best
}

struct Search<'a> {
    best: Vec<Step>,
    fails: &'a mut dyn FnMut(&[Step]) -> bool,
    runs: usize,
}

impl Search<'_> {
    /// Takes the candidate over if it still fails.
    fn offer(&mut self, candidate: Vec<Step>) -> bool {
        if self.runs >= MOST_RUNS {
            return false;
        }
        self.runs += 1;
        let better = (self.fails)(&candidate);
        if better {
            self.best = candidate;
        }
        better
    }

    fn remove_pieces(&mut self) {
        let mut size = self.best.len().div_ceil(2);
        while size > 0 {
            // From the end: what comes after the failure goes first.
            let mut end = self.best.len();
            while end > 0 {
                let start = end.saturating_sub(size);
                let mut candidate = self.best.clone();
                candidate.drain(start..end);
                self.offer(candidate);
                end = start.min(self.best.len());
            }
            size /= 2;
        }
    }

    fn simplify(&mut self) -> bool {
        let mut changed = false;
        for place in 0..self.best.len() {
            let mut at = 0;
            while let Some(simpler) = simpler(&self.best[place]).into_iter().nth(at) {
                let mut candidate = self.best.clone();
                candidate[place] = simpler;
                if self.offer(candidate) {
                    changed = true;
                    at = 0;
                } else {
                    at += 1;
                }
            }
        }
        changed
    }
}

/// Steps that are simpler than this one; following them always ends.
fn simpler(step: &Step) -> Vec<Step> {
    let mut found = Vec::new();
    if step.wait > 0 {
        found.push(Step { wait: 0, ..step.clone() });
    }
    if let Who::Person(place) = step.who
        && place > 0
    {
        found.push(Step { who: Who::Person(0), ..step.clone() });
    }
    let Op::Call { operation, room, item, args } = &step.op else { return found };
    let call = |room, item, args| Step { op: Op::Call { operation: *operation, room, item, args }, ..step.clone() };
    if !matches!(room, RoomRef::Mine(0) | RoomRef::Unknown) {
        found.push(call(RoomRef::Mine(0), *item, args.clone()));
    }
    if let ItemRef::Own(_) | ItemRef::There(_) | ItemRef::Here(1..) = *item {
        found.push(call(*room, ItemRef::Here(0), args.clone()));
    }
    for place in 0..args.len() {
        let mut fewer = args.clone();
        fewer.remove(place);
        found.push(call(*room, *item, fewer));
        for arg in simpler_args(&args[place].1) {
            let mut other = args.clone();
            other[place].1 = arg;
            found.push(call(*room, *item, other));
        }
    }
    found
}

fn simpler_args(arg: &Arg) -> Vec<Arg> {
    match arg {
        Arg::Text(TextRef::Plain(0)) => Vec::new(),
        Arg::Text(TextRef::To(0)) => vec![Arg::Text(TextRef::Plain(0))],
        Arg::Text(_) => vec![Arg::Text(TextRef::Plain(0)), Arg::Text(TextRef::To(0))],
        Arg::People(places) => fewer(places).map(Arg::People).collect(),
        Arg::Members(places) => fewer(places).map(Arg::Members).collect(),
        Arg::Invitable(places) => fewer(places).map(Arg::Invitable).collect(),
        Arg::Message(ItemRef::Own(_) | ItemRef::There(_) | ItemRef::Here(1..)) => vec![Arg::Message(ItemRef::Here(0))],
        Arg::MessageSpelled(_, item) => vec![Arg::Message(*item)],
        _ => Vec::new(),
    }
}

/// The list without one of its items, as long as one is left.
fn fewer(places: &[usize]) -> impl Iterator<Item = Vec<usize>> {
    let count = if places.len() > 1 { places.len() } else { 0 };
    (0..count).map(|place| {
        let mut fewer = places.to_vec();
        fewer.remove(place);
        fewer
    })
}
