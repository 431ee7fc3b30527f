//! Where a world comes from: what its loader may know besides the description.

use contract::chatwork::Edition;
use contract::time::UnixMillis;
use sha2::{Digest, Sha256};

/// The start of one world.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// Seed of everything that would be random elsewhere.
    pub seed: u64,
    /// The id of the world; `default` for the first one.
    pub world_id: &'a str,
    /// The world's clock at its start; relative times of the description count from here.
    pub now: UnixMillis,
    /// What holds where the description is silent.
    pub defaults: &'a Defaults,
}

/// What the command line says for every world.
#[derive(Clone, Debug, Default)]
pub struct Defaults {
    /// The edition of the Chatwork API.
    pub chatwork_edition: Edition,
}

impl Origin<'_> {
    /// A token for a label: 32 lower-case hexadecimal characters of SHA-256 over seed, world id and label. Pure, and
    /// independent of what was asked before.
    pub fn token(&self, label: &str) -> String {
        let mut digest = Sha256::new();
        digest.update(self.seed.to_be_bytes());
        for part in [self.world_id, label] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part.as_bytes());
        }
        digest.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}
