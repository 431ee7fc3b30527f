//! The two services, and where each one is mounted on a mock server.

use std::fmt;
use std::str::FromStr;

use crate::clause::Clause;

/// A chat service that this project knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// Chatwork API v2.
    Chatwork,
    /// Chatday, for external applications.
    Chatday,
}

impl Service {
    /// Both, in the order in which tables and reports list them.
    pub const ALL: [Self; 2] = [Self::Chatwork, Self::Chatday];

    /// Lower-case name, as command lines and JSON spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Chatwork => "chatwork",
            Self::Chatday => "chatday",
        }
    }

    /// The path prefix under which a mock serves it, without a trailing slash.
    pub fn mount(self) -> &'static str {
        match self {
            Self::Chatwork => "/v2",
            Self::Chatday => "/chatday",
        }
    }

    /// The clause that the service is reached over HTTPS only.
    pub fn https_only(self) -> &'static Clause {
        match self {
            Self::Chatwork => &crate::chatwork::clauses::HTTPS_ONLY,
            Self::Chatday => &crate::chatday::clauses::HTTPS_ONLY,
        }
    }

    /// The service that owns a request path, if any: the mount itself or anything below it.
    pub fn of_path(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| {
            path.strip_prefix(service.mount()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Service {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|service| service.name() == text)
            .ok_or_else(|| format!("unknown service '{text}': expected 'chatwork' or 'chatday'"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_belongs_to_the_service_whose_mount_is_its_first_segment() {
        assert_eq!(Service::of_path("/v2/me"), Some(Service::Chatwork));
        assert_eq!(Service::of_path("/v2"), Some(Service::Chatwork));
        assert_eq!(Service::of_path("/v2x/me"), None);
        assert_eq!(Service::of_path("/chatday/register"), Some(Service::Chatday));
        assert_eq!(Service::of_path("/"), None);
    }
}
