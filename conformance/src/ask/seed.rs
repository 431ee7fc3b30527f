//! Choices that look random and are not: everything follows from the run's seed, the check and the case.

use sha2::{Digest, Sha256};

/// A sequence of numbers that is the same for the same seed and label.
#[derive(Clone, Debug)]
pub struct Dice {
    state: u64,
}

impl Dice {
    /// A sequence of its own for each label, so that a new check does not move the choices of the others.
    pub fn new(seed: u64, label: &str) -> Self {
        let digest = Sha256::new().chain_update(seed.to_be_bytes()).chain_update(label.as_bytes()).finalize();
        let state = digest.iter().take(8).fold(0_u64, |state, byte| (state << 8) | u64::from(*byte));
        Self { state }
    }

    /// The next number (SplitMix64).
    pub fn roll(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `low` to `high`, both included. `low` when the range is empty.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        let span = high.saturating_sub(low).saturating_add(1);
        low + self.roll() % span
    }

    /// So many bytes.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        std::iter::repeat_with(|| self.roll().to_be_bytes()).flatten().take(count).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_label_give_the_same_numbers_and_others_give_others() {
        let numbers = |seed, label: &str| {
            let mut dice = Dice::new(seed, label);
            [dice.roll(), dice.roll(), dice.between(10, 20)]
        };
        assert_eq!(numbers(1, "a"), numbers(1, "a"));
        assert_ne!(numbers(1, "a"), numbers(2, "a"));
        assert_ne!(numbers(1, "a"), numbers(1, "b"));
        assert!((10..=20).contains(&numbers(1, "a")[2]));
    }

    #[test]
    fn as_many_bytes_come_as_were_asked_for() {
        assert_eq!(Dice::new(1, "a").bytes(33).len(), 33);
    }
}
