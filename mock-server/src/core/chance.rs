//! Chance that comes out the same every time: what rules with a probability draw.
//!
//! A number follows from the world's seed, the rule and the count of its draws, and from nothing else: what other rules
//! do, or when, changes none of them.

/// A rule that draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// A fault rule, by its number.
    Fault(u64),
    /// A rule for deliveries, by its number.
    Delivery(u64),
}

/// A number of `0.0..1.0` with 53 random bits.
pub fn draw(seed: u64, rule: Rule, number: u64) -> f64 {
    // Seed and rule are mixed first: neighbouring rules must not read the same sequence one step apart.
    let (kind, rule) = match rule {
        Rule::Fault(rule) => (1, rule),
        Rule::Delivery(rule) => (2, rule),
    };
    let start = mix(mix(mix(seed) ^ kind) ^ rule);
    let bits = mix(start.wrapping_add(number.wrapping_mul(GOLDEN)));
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

/// The output function of SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", 2014), whose
/// state goes on by [`GOLDEN`]. Because it does, number n of a sequence can be had without those before it.
fn mix(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    state ^ (state >> 31)
}

/// 2^64 divided by the golden ratio, odd.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn splitmix64_gives_the_numbers_that_are_published() {
        // The first three of the sequence that starts at 1234567, as published with several implementations.
        let numbers = (1..=3_u64).map(|n| mix(1_234_567_u64.wrapping_add(n.wrapping_mul(GOLDEN)))).collect::<Vec<_>>();
        assert_eq!(numbers, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn draws_follow_from_seed_rule_and_number_and_are_spread_evenly() {
        let pattern = |seed, rule| (1..=64).map(|number| draw(seed, rule, number) < 0.5).collect::<Vec<_>>();
        assert_eq!(pattern(1, Rule::Fault(1)), pattern(1, Rule::Fault(1)));
        assert_ne!(pattern(1, Rule::Fault(1)), pattern(2, Rule::Fault(1)));
        assert_ne!(pattern(1, Rule::Fault(1)), pattern(1, Rule::Fault(2)));
        assert_ne!(pattern(1, Rule::Fault(1)), pattern(1, Rule::Delivery(1)));
        let hits = (1..=10_000).filter(|number| draw(3, Rule::Fault(1), *number) < 0.25).count();
        assert!((2300..2700).contains(&hits), "{hits}");
    }

    proptest! {
        #[test]
        fn a_draw_is_below_one_so_that_probability_1_always_and_0_never_applies(seed: u64, rule: u64, number: u64) {
            prop_assert!((0.0..1.0).contains(&draw(seed, Rule::Fault(rule), number)));
        }
    }
}
