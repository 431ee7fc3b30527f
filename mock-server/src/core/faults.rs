//! Fault rules of one world: which request meets which. Pure; what the rules do is in [`super::conduct`].
//!
//! How a request finds its rule:
//! 1. Rules are asked in the order in which they were added.
//! 2. A rule that the request fits counts it as matched. It lets the request pass on to the next rule while it skips,
//!    when it has been applied as often as it may, and when its draw is lost.
//! 3. The first rule that does not let it pass is applied. Rules behind it neither see nor count the request.

use std::fmt;
use std::sync::Arc;

use contract::reader::Fault;

use super::chance::{self, draw};
use crate::control::{FaultAction, FaultReport, FaultRule};

/// Most rules of one world.
pub const MOST_RULES: usize = 1000;
/// Most bytes of JSON that the rules of one world may have been sent as, together: 64 MiB.
pub const MOST_BYTES: usize = 64 * 1024 * 1024;

/// The number of a rule; counts up from 1 in each world and is not used twice before a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FaultId(pub u64);

impl fmt::Display for FaultId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "f{}", self.0)
    }
}

impl FaultId {
    /// Reads `f1`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('f').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
        digits.parse().ok().map(Self)
    }
}

/// The rules of one world, in the order in which they are asked.
#[derive(Debug)]
pub struct Rules {
    seed: u64,
    rules: Vec<Rule>,
    bytes: usize,
    last_id: u64,
}

#[derive(Debug)]
struct Rule {
    id: FaultId,
    rule: Arc<FaultRule>,
    bytes: usize,
    matched: u64,
    applied: u64,
    drawn: u64,
}

/// A rule that is applied to a request.
#[derive(Clone, Debug)]
pub struct Met {
    /// Which one.
    pub id: FaultId,
    /// Whether this was the last time that it may be applied.
    pub is_used_up: bool,
    rule: Arc<FaultRule>,
}

impl Met {
    /// What it does.
    pub fn action(&self) -> &FaultAction {
        &self.rule.action
    }
}

impl Rules {
    /// No rules, in a world with this seed.
    pub fn new(seed: u64) -> Self {
        Self { seed, rules: Vec::new(), bytes: 0, last_id: 0 }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Adds a rule behind all others. `bytes` is the size of the JSON that it was sent as.
    ///
    /// # Errors
    /// There are [`MOST_RULES`] already, or they take [`MOST_BYTES`].
    pub fn add(&mut self, rule: FaultRule, bytes: usize) -> Result<FaultId, Fault> {
        let whole = |message: String| Fault { pointer: String::new(), message };
        if self.rules.len() >= MOST_RULES {
            return Err(whole(format!(
                "this world has {MOST_RULES} fault rules already: remove some with DELETE /_mock/faults/{{id}}, or all \
                 with DELETE /_mock/faults"
            )));
        }
        if bytes > MOST_BYTES - self.bytes {
            return Err(whole(format!(
                "the fault rules of this world would take more than {} MiB: remove some with DELETE /_mock/faults/{{id}}",
                MOST_BYTES >> 20
            )));
        }
        self.last_id += 1;
        self.bytes += bytes;
        let id = FaultId(self.last_id);
        self.rules.push(Rule { id, rule: Arc::new(rule), bytes, matched: 0, applied: 0, drawn: 0 });
        Ok(id)
    }

    /// Removes a rule; `false` where there is none with that number.
    pub fn remove(&mut self, id: FaultId) -> bool {
        let Some(at) = self.rules.iter().position(|rule| rule.id == id) else { return false };
        self.bytes -= self.rules.remove(at).bytes;
        true
    }

    /// Removes all rules. Their numbers go on counting, so that the journal stays unambiguous.
    pub fn clear(&mut self) {
        self.rules.clear();
        self.bytes = 0;
    }

    /// Every rule with its counts, in order.
    pub fn reports(&self) -> impl Iterator<Item = FaultReport> {
        self.rules.iter().map(Rule::report)
    }

    /// One rule with its counts.
    pub fn report(&self, id: FaultId) -> Option<FaultReport> {
        self.rules.iter().find(|rule| rule.id == id).map(Rule::report)
    }

    /// The rule that a request meets, if any. `fits` says whether a rule means the request at all.
    pub fn choose(&mut self, fits: impl Fn(&FaultRule) -> bool) -> Option<Met> {
        let seed = self.seed;
        let mut meant = self.rules.iter_mut().filter(|rule| fits(&rule.rule));
        let met = meant.find_map(|rule| rule.takes(seed).then_some(rule))?;
        let is_used_up = met.rule.times.is_some_and(|times| met.applied >= times);
        Some(Met { id: met.id, is_used_up, rule: Arc::clone(&met.rule) })
    }
}

impl Rule {
    /// Counts a request that fits, and says whether the rule is applied to it.
    fn takes(&mut self, seed: u64) -> bool {
        self.matched += 1;
        if self.matched <= self.rule.skip || self.rule.times.is_some_and(|times| self.applied >= times) {
            return false;
        }
        self.drawn += 1;
        let is_hit = draw(seed, chance::Rule::Fault(self.id.0), self.drawn) < self.rule.probability;
        self.applied += u64::from(is_hit);
        is_hit
    }

    fn report(&self) -> FaultReport {
        let (id, rule) = (self.id.to_string(), FaultRule::clone(&self.rule));
        FaultReport { id, rule, matched: self.matched, applied: self.applied }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::FaultMatch;
    use proptest::prelude::*;

    /// A rule for the methods that are named.
    fn rule(methods: &str, skip: u64, times: Option<u64>, probability: f64) -> FaultRule {
        let mut rule = FaultRule::new(FaultAction::reset());
        rule.matching = FaultMatch { token: Some(methods.to_owned()), ..FaultMatch::default() };
        FaultRule { skip, times, probability, ..rule }
    }

    fn choose(rules: &mut Rules, method: char) -> Option<u64> {
        let fits = |rule: &FaultRule| rule.matching.token.as_deref().unwrap_or_default().contains(method);
        rules.choose(fits).map(|met| met.id.0)
    }

    fn rules(all: &[FaultRule]) -> Rules {
        let mut rules = Rules::new(7);
        for rule in all {
            rules.add(rule.clone(), 10).unwrap();
        }
        rules
    }

    #[test]
    fn a_rule_skips_then_is_applied_as_often_as_it_may_and_goes_on_counting() {
        let mut rules = rules(&[rule("a", 2, Some(3), 1.0)]);
        let met: Vec<_> = (0..7).map(|_| choose(&mut rules, 'a').is_some()).collect();
        assert_eq!(met, [false, false, true, true, true, false, false]);
        let report = rules.report(FaultId(1)).unwrap();
        assert_eq!((report.matched, report.applied), (7, 3));
    }

    #[test]
    fn a_request_that_a_rule_lets_pass_meets_the_next_one_and_no_rule_behind_the_one_that_is_applied_counts_it() {
        let mut rules = rules(&[rule("a", 1, Some(1), 1.0), rule("ab", 0, None, 1.0), rule("ab", 0, None, 1.0)]);
        assert_eq!(['a', 'a', 'a', 'b'].map(|method| choose(&mut rules, method)), [Some(2), Some(1), Some(2), Some(2)]);
        let counts: Vec<_> = rules.reports().map(|report| (report.matched, report.applied)).collect();
        assert_eq!(counts, [(3, 1), (3, 3), (0, 0)]);
    }

    #[test]
    fn numbers_are_not_used_twice_and_removed_rules_are_gone() {
        let mut rules = rules(&[rule("a", 0, None, 1.0), rule("a", 0, None, 1.0)]);
        assert!(rules.remove(FaultId(1)) && !rules.remove(FaultId(1)));
        assert_eq!(choose(&mut rules, 'a'), Some(2));
        rules.clear();
        assert_eq!((choose(&mut rules, 'a'), rules.bytes), (None, 0));
        assert_eq!(rules.add(rule("a", 0, None, 1.0), 1), Ok(FaultId(3)));
        assert_eq!((FaultId::parse("f3"), FaultId::parse("f+3"), FaultId::parse("3")), (Some(FaultId(3)), None, None));
    }

    #[test]
    fn rules_are_bounded_in_number_and_in_bytes() {
        let mut rules = Rules::new(1);
        for _ in 0..MOST_RULES {
            rules.add(rule("a", 0, None, 1.0), 1).unwrap();
        }
        assert!(rules.add(rule("a", 0, None, 1.0), 1).unwrap_err().message.contains("1000 fault rules already"));
        rules.clear();
        rules.add(rule("a", 0, None, 1.0), MOST_BYTES - 1).unwrap();
        rules.add(rule("a", 0, None, 1.0), 1).unwrap();
        assert!(rules.add(rule("a", 0, None, 1.0), 1).unwrap_err().message.contains("more than 64 MiB"));
        assert!(rules.remove(FaultId(1002)));
        rules.add(rule("a", 0, None, 1.0), 1).unwrap();
    }

    /// What the head of this file says, as a list that is gone through anew for every request: counts are told from the
    /// history instead of being kept.
    fn model(rules: &[FaultRule], methods: &[char]) -> Vec<Option<u64>> {
        // For each rule: whether it was applied, for every request that it saw and that fits.
        let mut seen: Vec<Vec<bool>> = vec![Vec::new(); rules.len()];
        let mut outcomes = Vec::new();
        for method in methods {
            let mut outcome = None;
            for (at, rule) in rules.iter().enumerate() {
                if outcome.is_some() || !rule.matching.token.as_deref().unwrap().contains(*method) {
                    continue;
                }
                let history = &seen[at];
                let before = history.iter().filter(|applied| **applied).count() as u64;
                let skips = (history.len() as u64) < rule.skip;
                let spent = rule.times.is_some_and(|times| before >= times);
                let applies = !skips && !spent && rule.probability > 0.5;
                seen[at].push(applies);
                outcome = applies.then_some(at as u64 + 1);
            }
            outcomes.push(outcome);
        }
        outcomes
    }

    fn any_rule() -> impl Strategy<Value = FaultRule> {
        let probability = prop_oneof![4 => Just(1.0), 1 => Just(0.0)];
        ("[abc]{1,3}", 0_u64..4, proptest::option::of(1_u64..4), probability)
            .prop_map(|(methods, skip, times, probability)| rule(&methods, skip, times, probability))
    }

    proptest! {
        #[test]
        fn rules_are_chosen_as_the_list_says(
            all in proptest::collection::vec(any_rule(), 0..6),
            methods in proptest::collection::vec(prop_oneof![Just('a'), Just('b'), Just('c')], 0..40),
        ) {
            let mut rules = rules(&all);
            let met: Vec<_> = methods.iter().map(|method| choose(&mut rules, *method)).collect();
            prop_assert_eq!(&met, &model(&all, &methods));
            for report in rules.reports() {
                let applied = met.iter().filter(|id| id.map(|id| FaultId(id).to_string()).as_ref() == Some(&report.id));
                prop_assert_eq!(applied.count() as u64, report.applied);
                prop_assert!(report.applied <= report.matched);
            }
        }
    }
}
