//! Parts of a run that are judged on several machines.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use super::event::Shard;

impl Shard {
    /// Whether a check belongs to this part. It depends on the check's id and on nothing else, so that a check stays in its
    /// part when others are added.
    pub fn holds(self, check: &str) -> bool {
        let digest = Sha256::digest(check.as_bytes());
        let number = digest.iter().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
        number % u64::from(self.of.max(1)) == u64::from(self.index.saturating_sub(1))
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = text.split_once('/').and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
        match read {
            Some((index, of)) if (1..=of).contains(&index) && of <= SHARDS_MAX => Ok(Self { index, of }),
            _ => Err(format!("'{text}' is no part of a run: expected K/N with K from 1 to N, N at most {SHARDS_MAX}")),
        }
    }
}

/// More parts than there will ever be checks.
const SHARDS_MAX: u32 = 1_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_part_is_named_by_its_number_and_how_many_there_are() {
        assert_eq!("2/3".parse(), Ok(Shard { index: 2, of: 3 }));
        for refused in ["", "3", "0/3", "4/3", "1/0", "1/1001", "a/b", "-1/3"] {
            assert!(refused.parse::<Shard>().is_err(), "{refused}");
        }
    }

    proptest! {
        #[test]
        fn every_check_belongs_to_exactly_one_part(id in "[a-z]{1,8}\\.webhooks\\.[a-z-]{1,20}", of in 1_u32..50) {
            let holders = (1..=of).filter(|index| Shard { index: *index, of }.holds(&id)).count();
            prop_assert_eq!(holders, 1);
        }
    }
}
