//! What a world is made from, beside its description.

use std::fmt::Write as _;
use std::sync::Arc;

use contract::chatday::profile::Profile;
use contract::chatwork::Edition;
use contract::time::UnixMillis;
use sha2::{Digest, Sha256};

/// What the command line says for every world; a description may say otherwise.
#[derive(Clone, Debug, Default)]
pub struct Defaults {
    /// The edition of Chatwork.
    pub chatwork_edition: Edition,
    /// Everything that the public document of Chatday leaves open.
    pub chatday_profile: Arc<Profile>,
}

/// The beginning of one world.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The number that everything made up in this world follows from.
    pub seed: u64,
    /// The world's id.
    pub world_id: &'a str,
    /// The world's clock at its start.
    pub now: UnixMillis,
    /// What holds where the description is silent.
    pub defaults: &'a Defaults,
}

impl Origin<'_> {
    /// A token for whatever the label names, where a description gives none. The order in which tokens are asked for
    /// does not matter.
    pub fn token(&self, label: &str) -> String {
        made_up(self.seed, self.world_id, label)
    }
}

/// A value that nobody gave: 32 lower-case hex characters that follow from seed, world and label alone.
pub fn made_up(seed: u64, world_id: &str, label: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(seed.to_be_bytes());
    // Lengths first, so that no two pairs of world and label run together to the same bytes.
    for part in [world_id, label] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().iter().take(16).fold(String::with_capacity(32), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(seed: u64, world_id: &str, label: &str) -> String {
        Origin { seed, world_id, now: UnixMillis(0), defaults: &Defaults::default() }.token(label)
    }

    #[test]
    fn a_token_follows_from_seed_world_and_label_and_from_nothing_else() {
        let one = token(1, "w1", "chatwork/1001");
        assert_eq!(one.len(), 32);
        assert!(one.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)));
        assert_eq!(one, token(1, "w1", "chatwork/1001"));
        assert_ne!(one, token(2, "w1", "chatwork/1001"));
        assert_ne!(one, token(1, "w2", "chatwork/1001"));
        assert_ne!(one, token(1, "w1", "chatwork/1002"));
        assert_ne!(token(1, "w1", "1x"), token(1, "w11", "x"), "parts must not run together");
    }
}
