//! Chatday, for external applications.
//!
//! 1. Chatday issues a **Chatday-Token**; the application calls **Register** with it, as `Authorization: Bearer …`.
//! 2. Register answers with the **Chatday-Signature-Token**; only now can a webhook URL be set.
//! 3. A visitor writes in the widget: Chatday calls the **webhook** with `message` (`type`, `data`) and `chat_id`; the
//!    header `X-Chatday-Signature-Token` carries the signature token as it is. The answer is 200 `{"status":"SUCCESS"}`.
//! 4. The application answers the visitor with **Send Message**.
//!
//! The one public document is silent on much of this. What it says is in [`clauses`] as *documented*; all else is *ours*
//! and comes from the [`Profile`], one TOML file that whoever knows better can edit. Read [`profile`] first, then
//! [`endpoints`], [`gate`], [`message`], [`errors`] and [`webhook`] in the order in which a request meets them.

pub mod answer;
pub mod chat_id;
pub mod clauses;
pub mod endpoints;
pub mod errors;
#[cfg(test)]
mod fixtures;
pub mod gate;
pub mod judge;
pub mod message;
pub mod openapi;
pub mod profile;
pub mod rate_limit;
#[cfg(test)]
pub(crate) mod samples;
pub mod schema;
pub mod strict_json;
pub mod template;
pub mod toml_text;
pub mod webhook;

pub use chat_id::{ChatId, IdKind};
pub use message::Message;
pub use openapi::openapi;
pub use profile::Profile;
