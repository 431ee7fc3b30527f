//! The two published states of the API: before and since 2025-07-03.

use std::fmt;
use std::str::FromStr;

use crate::clause::Holds;

/// Which published state of the API a mock follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Edition {
    /// The older published document: `?method=PUT|DELETE` overrides POST; query and form parameters are merged and
    /// the form wins.
    #[default]
    Documented,
    /// The service since 2025-07-03: no override, and POST and PUT read only the body.
    July2025,
}

impl Edition {
    /// Both, oldest first.
    pub const ALL: [Self; 2] = [Self::Documented, Self::July2025];

    /// The name that command lines and world files use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::July2025 => "2025-07",
        }
    }

    /// Whether a clause holds in this edition.
    pub fn keeps(self, holds: Holds) -> bool {
        match holds {
            Holds::Always => true,
            Holds::UntilJuly2025 => self == Self::Documented,
            Holds::SinceJuly2025 => self == Self::July2025,
        }
    }
}

impl fmt::Display for Edition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Edition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|edition| edition.name() == text)
            .ok_or_else(|| format!("unknown edition '{text}': expected 'documented' or '2025-07'"))
    }
}
