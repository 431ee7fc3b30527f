//! The way from a generated case to a smaller one, as part of its name: with the seed it leads to the same case again.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use proptest::strategy::ValueTree;

/// A generated case: its number, and what was done to make it smaller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Descent {
    /// From 0.
    pub(super) number: u64,
    /// In order; none for the case as it was generated.
    moves: Vec<Move>,
}

/// One move in the tree of smaller cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Move {
    /// Towards something smaller, because the case still deviated.
    Simpler,
    /// Back a little, because it did not.
    Back,
}

impl Descent {
    /// The case as it was generated.
    pub(super) fn begin(number: u64) -> Self {
        Self { number, moves: Vec::new() }
    }

    /// Moves on; false when there is nowhere to go, and the tree is as it was.
    pub(super) fn step<T: ValueTree + ?Sized>(&mut self, tree: &mut T, next: Move) -> bool {
        let moved = next.carry_out(tree);
        if moved {
            self.moves.push(next);
        }
        moved
    }

    /// Whether anything was made smaller.
    pub(super) fn is_smaller(&self) -> bool {
        !self.moves.is_empty()
    }

    /// Goes the same way again in a tree that is as it was generated.
    pub(super) fn retrace<T: ValueTree + ?Sized>(&self, tree: &mut T) {
        for step in &self.moves {
            step.carry_out(tree);
        }
    }
}

impl Move {
    fn carry_out<T: ValueTree + ?Sized>(self, tree: &mut T) -> bool {
        match self {
            Self::Simpler => tree.simplify(),
            Self::Back => tree.complicate(),
        }
    }
}

/// `generated-3`, or with the moves behind it as hexadecimal digits of four each: `generated-3.9.ff8`.
impl fmt::Display for Descent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{NAME}{}", self.number)?;
        if self.moves.is_empty() {
            return Ok(());
        }
        write!(f, ".{}.", self.moves.len())?;
        for four in self.moves.chunks(4) {
            let digit = (0..4).fold(0, |digit, place| (digit << 1) | u8::from(four.get(place) == Some(&Move::Simpler)));
            f.write_char(char::from_digit(digit.into(), 16).unwrap_or('0'))?;
        }
        Ok(())
    }
}

impl FromStr for Descent {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        let rest = name.strip_prefix(NAME).ok_or(())?;
        let (number, moves) = match rest.split_once('.') {
            None => (rest, Vec::new()),
            Some((number, moves)) => (number, read(moves).ok_or(())?),
        };
        let number = number.parse().ok().filter(|number| *number < CASES_MAX).ok_or(())?;
        Ok(Self { number, moves })
    }
}

fn read(text: &str) -> Option<Vec<Move>> {
    let (count, digits) = text.split_once('.')?;
    let count: usize = count.parse().ok().filter(|count| (1..=MOVES_MAX).contains(count))?;
    let digits: Vec<u32> = digits.chars().map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
    let simpler = |place: usize| digits.get(place / 4).is_some_and(|digit| digit & (8 >> (place % 4)) != 0);
    let moves = (0..count).map(|place| if simpler(place) { Move::Simpler } else { Move::Back });
    (digits.len() == count.div_ceil(4)).then(|| moves.collect())
}

/// How generated cases are called, before their number.
const NAME: &str = "generated-";
/// The most generated cases of a check.
pub const CASES_MAX: u64 = 1_000_000;
/// The most moves that a name may hold.
pub(super) const MOVES_MAX: usize = 200;

#[cfg(test)]
mod tests {
    use proptest::strategy::{Strategy as _, ValueTree as _};
    use proptest::test_runner::TestRunner;

    use super::*;

    #[test]
    fn a_name_reads_as_it_is_written_and_no_other_is_one() {
        let mut long = Descent::begin(999_999);
        long.moves = (0..MOVES_MAX).map(|place| if place % 3 == 0 { Move::Back } else { Move::Simpler }).collect();
        let five =
            Descent { number: 3, moves: vec![Move::Simpler, Move::Simpler, Move::Back, Move::Simpler, Move::Back] };
        assert_eq!(five.to_string(), "generated-3.5.d0");
        for descent in [Descent::begin(0), five, long] {
            assert_eq!(descent.to_string().parse(), Ok(descent));
        }
        for refused in [
            "generated-",
            "generated-x",
            "generated-1000000",
            "generated-1.",
            "generated-1.5.d",
            "generated-1.0.",
            "event",
        ] {
            assert_eq!(refused.parse::<Descent>(), Err(()), "{refused}");
        }
    }

    #[test]
    fn the_same_way_leads_to_the_same_value() {
        let strategy = proptest::collection::vec(0..1_000_u32, 1..20);
        let tree = || strategy.new_tree(&mut TestRunner::deterministic()).unwrap();
        let (mut there, mut descent) = (tree(), Descent::begin(0));
        let deviates = |value: &[u32]| value.iter().any(|number| *number > 100);
        assert!(deviates(&there.current()), "otherwise there is no way to go");
        let mut next = Move::Simpler;
        while descent.step(&mut there, next) {
            next = if deviates(&there.current()) { Move::Simpler } else { Move::Back };
        }
        let mut again = tree();
        descent.to_string().parse::<Descent>().unwrap().retrace(&mut again);
        assert_eq!(again.current(), there.current());
        assert!(descent.is_smaller() && again.current() != tree().current());
    }
}
