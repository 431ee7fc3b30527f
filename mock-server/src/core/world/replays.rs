//! Webhooks that go out once more: as they were, or with edits.

use bytes::Bytes;
use contract::chatwork::webhook::EventKind;
use contract::service::Service;
use contract::time::UnixMillis;
use http::{HeaderName, HeaderValue};

use super::World;
use crate::chatwork::state::{Webhook, WebhookId};
use crate::core::outbox::{Draft, Parcel};
use crate::core::seal::{self, Seal};

/// How a delivery is to differ from the one that it repeats.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replay {
    /// Headers that are set, or with `None` left out.
    pub headers: Vec<(HeaderName, Option<HeaderValue>)>,
    /// Another body.
    pub body: Option<Bytes>,
    /// Another target.
    pub url: Option<String>,
    /// Whether it is signed anew, with the secret that its setting has now, over the body that it has now.
    pub sign: bool,
}

impl World {
    /// Sends a delivery again, as it was or with edits; once, whatever becomes of it. Gives the new delivery's id; `None`
    /// where there is no such delivery.
    ///
    /// # Errors
    /// One sentence: it is to be signed anew, and its setting is gone.
    pub fn replay(&mut self, id: u64, edit: Replay, wall: UnixMillis) -> Result<Option<u64>, String> {
        let now = self.clock.now(wall);
        let Some(original) = self.deliveries.outbox.get(id) else { return Ok(None) };
        let mut parcel = original.parcel.clone();
        if let Some(url) = edit.url {
            // The copy of the signature, if there is one, moves along.
            let copy = parcel.target.strip_prefix(&seal::target_of(&parcel.url)).unwrap_or_default();
            let (base, copy) = (seal::target_of(&url), copy.trim_start_matches(['?', '&']));
            let joint = if base.contains('?') { '&' } else { '?' };
            parcel.target = if copy.is_empty() { base } else { format!("{base}{joint}{copy}") };
            parcel.url = url;
        }
        if let Some(body) = edit.body {
            parcel.body = body;
        }
        if edit.sign {
            parcel = self.signed_anew(parcel)?;
        }
        let signature = &self.chatday.profile().webhook.signature_header;
        for (name, value) in edit.headers {
            parcel.headers.retain(|(found, _)| *found != name);
            if let Some(mut value) = value {
                value.set_sensitive(name == *signature);
                parcel.headers.push((name, value));
            }
        }
        let draft = Draft { replay_of: Some(id), ..Draft::new(parcel, now) };
        Ok(Some(self.queue(draft, now)))
    }

    fn signed_anew(&self, mut parcel: Parcel) -> Result<Parcel, String> {
        let gone = |parcel: &Parcel| {
            format!("sign: the setting '{}' is gone, so nobody has its secret: leave sign out", parcel.setting)
        };
        match parcel.service {
            Service::Chatwork => {
                let id = parcel.setting.parse().map(WebhookId).ok();
                let found = id.and_then(|id| self.chatwork.webhook(id)).ok_or_else(|| gone(&parcel))?;
                let kind = EventKind::from_word(parcel.event).ok_or_else(|| gone(&parcel))?;
                let webhook = Webhook { url: parcel.url.clone(), ..found.clone() };
                Ok(seal::chatwork(&webhook, kind, parcel.body, Seal::default()))
            }
            Service::Chatday => {
                let value = self.chatday.signature_value(&parcel.setting).ok_or_else(|| gone(&parcel))?;
                let name = self.chatday.profile().webhook.signature_header.clone();
                parcel.headers.retain(|(found, _)| *found != name);
                parcel.headers.push((name, value));
                Ok(parcel)
            }
        }
    }
}
