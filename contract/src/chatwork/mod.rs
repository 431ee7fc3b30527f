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

impl std::str::FromStr for Edition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "documented" => Ok(Self::Documented),
            "2025-07" => Ok(Self::July2025),
            _ => Err(format!("unknown edition '{text}': expected 'documented' or '2025-07'")),
        }
    }
}
