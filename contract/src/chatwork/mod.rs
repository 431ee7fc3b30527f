//! Chatwork API v2.

pub mod signature;

/// Which state of the public documents a mock follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Edition {
    /// The older page.
    #[default]
    Documented,
    /// As the service behaves since 2025-07-03.
    July2025,
}

impl Edition {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Documented, Self::July2025];

    /// The name that command lines and world files use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::July2025 => "2025-07",
        }
    }
}
