//! Where a path leads, and who may go there.

use contract::service::Service;
use http::Uri;

use super::{Shared, control};
use crate::chatwork::is_oauth;
use crate::core::world::DOWNLOAD;

/// What carries a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// Plain HTTP.
    Plain,
    /// TLS at the mock's own address.
    Tls,
    /// TLS with a client that believes that it speaks to the real host.
    Intercepted,
}

/// What a listener serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Role {
    pub(crate) entry: Entry,
    pub(crate) services: bool,
    pub(crate) control: bool,
}

/// Where a path leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mount {
    Service(Service),
    /// Chatwork's consent page and token endpoint.
    OAuth,
    Download,
    Control,
    Nothing,
}

impl Mount {
    pub(super) fn of(path: &str, role: Role) -> Self {
        if let Some(service) = Service::of_path(path).filter(|_| role.services) {
            return Self::Service(service);
        }
        let below = |mount: &str| path.strip_prefix(mount).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if role.services && path.starts_with(DOWNLOAD) {
            Self::Download
        } else if role.services && is_oauth(path) {
            Self::OAuth
        } else if role.control && below(control::MOUNT) {
            Self::Control
        } else {
            Self::Nothing
        }
    }

    /// Whose errors and whose journal.
    pub(super) fn service(self) -> Option<Service> {
        match self {
            Self::Service(service) => Some(service),
            Self::OAuth | Self::Download => Some(Service::Chatwork),
            Self::Control | Self::Nothing => None,
        }
    }
}

impl Shared {
    /// Where a target leads, and what it is below the prefix.
    pub(super) fn mount_of(&self, target: &Uri, role: Role) -> (Mount, Option<Uri>) {
        if self.prefix.is_empty() {
            return (Mount::of(target.path(), role), None);
        }
        let path = target.path_and_query().map_or("/", |target| target.as_str());
        let rest = path.strip_prefix(self.prefix.as_str()).filter(|rest| rest.starts_with('/'));
        match rest.and_then(|rest| rest.parse::<Uri>().ok()) {
            Some(below) => (Mount::of(below.path(), role), Some(below)),
            None => (Mount::of(target.path(), Role { services: false, ..role }), None),
        }
    }
}
