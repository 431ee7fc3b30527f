//! The signature token of an application and its rotation (clause `chatday.register.rotation`).

use std::fmt::Write as _;

use contract::time::UnixMillis;
use http::HeaderValue;
use sha2::{Digest, Sha256};

use super::secret::Secret;
use super::state::State;
use super::webhooks::Refused;

/// The current signature token, and the one before it while its grace lasts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Signature {
    pub(super) current: Secret,
    pub(super) previous: Option<Previous>,
}

/// A signature token that was rotated away.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Previous {
    pub(super) token: Secret,
    /// The first moment at which it is valid no more.
    pub(super) until: UnixMillis,
}

impl Signature {
    pub(super) fn new(token: impl Into<String>) -> Self {
        Self { current: Secret::new(token), previous: None }
    }

    pub(super) fn current(&self) -> &str {
        self.current.reveal()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &str> {
        let previous = self.previous.as_ref().map(|previous| previous.token.reveal());
        [self.current()].into_iter().chain(previous)
    }

    /// The next token follows from this one alone, so that the same world rotates the same way again.
    fn rotate(&mut self, grace_ms: i64, now: UnixMillis) {
        let digest = Sha256::new().chain_update("chatday signature after ").chain_update(self.current()).finalize();
        let next = digest.iter().take(16).fold(String::with_capacity(32), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
        let old = std::mem::replace(&mut self.current, Secret::new(next));
        self.previous = (grace_ms > 0).then(|| Previous { token: old, until: now.plus_millis(grace_ms) });
    }
}

impl State {
    /// Gives an application a new signature token, which its next Register answers with and its next webhook carries.
    /// The old one stays valid for `grace_ms` milliseconds (0 or more; the profile's `register.rotation_grace_ms`
    /// without it). An older one that was still in its grace is dropped.
    ///
    /// # Errors
    /// [`Refused::UnknownApplication`], or [`Refused::Invalid`] for a negative grace.
    pub fn rotate_signature(
        &mut self,
        application: &str,
        grace_ms: Option<i64>,
        now: UnixMillis,
    ) -> Result<(), Refused> {
        let grace_ms = grace_ms.unwrap_or(self.profile.register.rotation_grace_ms);
        if grace_ms < 0 {
            return Err(Refused::Invalid(vec![format!("grace_ms: expected 0 or more, found {grace_ms}")]));
        }
        self.application_mut(application)?.signature.rotate(grace_ms, now);
        Ok(())
    }

    /// What the signature header of an application's next webhook holds, marked sensitive.
    pub fn signature_value(&self, application: &str) -> Option<HeaderValue> {
        let found = self.applications.iter().find(|found| found.name == application)?;
        let mut value = HeaderValue::from_str(found.signature.current()).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// The signature tokens of an application that a receiver may accept at a moment, the current one first. Empty for
    /// an application that doesn't exist.
    pub fn accepted_signatures(&self, application: &str, now: UnixMillis) -> Vec<String> {
        let Some(found) = self.applications.iter().find(|found| found.name == application) else { return Vec::new() };
        let previous = found.signature.previous.as_ref().filter(|previous| now < previous.until);
        let previous = previous.map(|previous| previous.token.reveal().to_owned());
        [found.signature.current().to_owned()].into_iter().chain(previous).collect()
    }
}
