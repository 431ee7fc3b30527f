//! What an integration does with a webhook: verify, acknowledge, and only then look at what it is.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use contract::chatday::{Profile, webhook as chatday};
use contract::chatwork::signature::WebhookKey;
use contract::chatwork::webhook as chatwork;
use contract::service::Service;
use contract::wire::header::CHATWORK_SIGNATURE;
use contract::wire::json::to_ascii;
use contract::wire::{Request, Response};
use http::{HeaderName, Method, StatusCode, header};
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use super::flaw::Flaw;
use crate::ask::secret::Secret;

/// The path at which events are received.
pub const PATH: &str = "/webhook";

/// One integration.
#[derive(Debug)]
pub struct Integration {
    service: Service,
    secret: Secret,
    profile: Arc<Profile>,
    flaw: Option<Flaw>,
    /// For [`Flaw::RemembersSignatures`] alone.
    seen: Mutex<BTreeSet<String>>,
}

/// What becomes of a request.
#[derive(Debug)]
pub enum Reaction {
    /// It is answered.
    Answer(Response),
    /// The process ends ([`Flaw::DiesOnBadSignature`]).
    Die,
}

impl Integration {
    /// An integration that shares this secret with the service.
    pub fn new(service: Service, secret: Secret, profile: Arc<Profile>, flaw: Option<Flaw>) -> Self {
        Self { service, secret, profile, flaw, seen: Mutex::default() }
    }

    /// The service that it belongs to.
    pub fn service(&self) -> Service {
        self.service
    }

    /// What becomes of a request.
    pub fn receive(&self, request: &Request) -> Reaction {
        if request.uri().path() != PATH {
            return Reaction::Answer(error(StatusCode::NOT_FOUND, "there is only /webhook"));
        }
        if request.method() != Method::POST {
            let mut refusal = error(StatusCode::METHOD_NOT_ALLOWED, "events are sent with POST");
            refusal.headers_mut().insert(header::ALLOW, http::HeaderValue::from_static("POST"));
            return Reaction::Answer(refusal);
        }
        if !self.is_genuine(request) {
            return self.refuse(request.body());
        }
        match serde_json::from_slice::<Value>(request.body()) {
            Ok(event) if self.takes(&event, request.body()) => Reaction::Answer(self.acknowledge()),
            Ok(_) => Reaction::Answer(error(StatusCode::BAD_REQUEST, "unexpected event")),
            Err(_) => Reaction::Answer(error(StatusCode::BAD_REQUEST, "the body is no JSON")),
        }
    }

    fn is_genuine(&self, request: &Request) -> bool {
        if self.flaw == Some(Flaw::VerificationOff) {
            return true;
        }
        let name = match self.service {
            Service::Chatwork => CHATWORK_SIGNATURE,
            Service::Chatday => self.profile.webhook.signature_header.clone(),
        };
        let given = match self.flaw {
            Some(Flaw::DecodesQueryTwice) => query_copy_decoded_twice(request).map(Cow::Owned),
            _ => sole_header(request, &name).map(Cow::Borrowed),
        };
        let Some(given) = given.as_deref() else { return self.flaw == Some(Flaw::AcceptsMissing) };
        match self.flaw {
            Some(Flaw::AcceptsEmpty) if given.trim().is_empty() => return true,
            Some(Flaw::AcceptsNull) if matches!(given, "null" | "undefined") => return true,
            _ => {}
        }
        let right = self.right_value(request.body());
        let wrong_but_taken = match self.flaw {
            Some(Flaw::PrefixCompare) => !given.is_empty() && right.starts_with(given),
            Some(Flaw::IgnoresSuffix) => given.starts_with(&right),
            Some(Flaw::IgnoresPrefix) => given.ends_with(&right),
            Some(Flaw::IgnoresCase) => given.eq_ignore_ascii_case(&right),
            Some(Flaw::EmptyKey) => signature_under(b"", request.body()).as_deref() == Some(given),
            Some(Flaw::RemembersSignatures) => self.seen.lock().unwrap_or_else(PoisonError::into_inner).contains(given),
            _ => false,
        };
        let right = bool::from(right.as_bytes().ct_eq(given.as_bytes()));
        if right && self.flaw == Some(Flaw::RemembersSignatures) {
            self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(given.to_owned());
        }
        right || wrong_but_taken
    }

    /// What the header of a real event with this body holds.
    fn right_value(&self, body: &[u8]) -> String {
        let secret = self.secret.reveal();
        match (self.service, self.flaw) {
            (Service::Chatday, _) => secret.to_owned(),
            (Service::Chatwork, Some(Flaw::UndecodedToken)) => {
                signature_under(secret.as_bytes(), body).unwrap_or_default()
            }
            (Service::Chatwork, Some(Flaw::AsciiOnly)) => {
                // Hashes what its JSON library would write, in which nothing is escaped.
                let rewritten = serde_json::from_slice::<Value>(body).map(|value| value.to_string());
                self.sign(rewritten.unwrap_or_default().as_bytes())
            }
            (Service::Chatwork, Some(Flaw::RewritesJson)) => {
                self.sign(&serde_json::from_slice::<Value>(body).map(|value| to_ascii(&value)).unwrap_or_default())
            }
            (Service::Chatwork, Some(Flaw::TrimsBody)) => self.sign(body.trim_ascii()),
            (Service::Chatwork, _) => self.sign(body),
        }
    }

    fn sign(&self, body: &[u8]) -> String {
        self.secret.key().map(|key| key.sign(body)).unwrap_or_default()
    }

    /// Whether the event is acknowledged. A correct integration takes everything that the service sends.
    fn takes(&self, event: &Value, body: &[u8]) -> bool {
        let (kind, data) = match self.service {
            Service::Chatwork => (&event["webhook_event_type"], &event["webhook_event"]["body"]),
            Service::Chatday => {
                let keys = &self.profile.keys;
                (&event[&keys.message][&keys.kind], &event[&keys.message][&keys.data])
            }
        };
        match self.flaw {
            Some(Flaw::AsciiOnly) => body.is_ascii(),
            Some(Flaw::TextOnly) => data.is_string(),
            Some(Flaw::StrictTypes) => kind.as_str().is_some_and(|kind| match self.service {
                Service::Chatwork => chatwork::EventKind::from_word(kind).is_some(),
                Service::Chatday => self.profile.message_types.contains_key(kind),
            }),
            Some(Flaw::StrictFields) => has_only_documented_keys(self.service, event),
            _ => true,
        }
    }

    fn acknowledge(&self) -> Response {
        let status = match self.flaw {
            Some(Flaw::Answers204) => return answer(StatusCode::NO_CONTENT, "application/json", String::new()),
            Some(Flaw::AnswersRedirect) => {
                let mut redirect = answer(StatusCode::PERMANENT_REDIRECT, "text/plain", String::new());
                redirect.headers_mut().insert(header::LOCATION, http::HeaderValue::from_static("/webhook/"));
                return redirect;
            }
            Some(Flaw::AnswerSpoilt) if self.service == Service::Chatwork => StatusCode::ACCEPTED,
            _ => StatusCode::OK,
        };
        let body = match (self.service, self.flaw) {
            (Service::Chatwork, Some(Flaw::TooLongAnswer)) => "x".repeat(chatwork::ANSWER_BODY_MAX + 1),
            (Service::Chatwork, _) => json!({"ok": true}).to_string(),
            (Service::Chatday, Some(Flaw::AnswerSpoilt)) => chatday::acknowledgement(&self.profile).to_lowercase(),
            (Service::Chatday, _) => chatday::acknowledgement(&self.profile),
        };
        answer(status, if self.flaw == Some(Flaw::AnswersHtml) { "text/html" } else { "application/json" }, body)
    }

    fn refuse(&self, body: &[u8]) -> Reaction {
        let refusal = "the signature does not fit";
        match self.flaw {
            Some(Flaw::DropsSilently) => Reaction::Answer(self.acknowledge()),
            Some(Flaw::DiesOnBadSignature) => Reaction::Die,
            Some(Flaw::TellsSecret) => {
                let told = format!("the signature is not {}", self.right_value(body));
                Reaction::Answer(error(StatusCode::UNAUTHORIZED, &told))
            }
            Some(Flaw::CrashesOnBadSignature) => Reaction::Answer(error(StatusCode::INTERNAL_SERVER_ERROR, "oops")),
            Some(Flaw::RefusesWithSuccess) => Reaction::Answer(error(StatusCode::OK, refusal)),
            _ => Reaction::Answer(error(StatusCode::UNAUTHORIZED, refusal)),
        }
    }
}

/// The value of a header that stands exactly once.
fn sole_header<'a>(request: &'a Request, name: &HeaderName) -> Option<&'a str> {
    let mut values = request.headers().get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

/// For [`Flaw::DecodesQueryTwice`]: the second time a `+` becomes a blank.
fn query_copy_decoded_twice(request: &Request) -> Option<String> {
    let mut pairs = form_urlencoded::parse(request.uri().query()?.as_bytes());
    let (_, value) = pairs.find(|(key, _)| key == chatwork::QUERY_PARAMETER)?;
    Some(value.replace('+', " "))
}

fn signature_under(key: &[u8], body: &[u8]) -> Option<String> {
    WebhookKey::from_bytes(key).ok().map(|key| key.sign(body))
}

fn has_only_documented_keys(service: Service, event: &Value) -> bool {
    let documented: &[&str] = match service {
        Service::Chatwork => &[
            "webhook_setting_id",
            "webhook_event_type",
            "webhook_event_time",
            "webhook_event",
            "message_id",
            "room_id",
            "account_id",
            "from_account_id",
            "to_account_id",
            "body",
            "send_time",
            "update_time",
        ],
        Service::Chatday => &["message", "type", "data", "chat_id", "url", "name", "size", "package_id", "sticker_id"],
    };
    let fits = |object: &Value| {
        object.as_object().is_none_or(|object| object.keys().all(|key| documented.contains(&key.as_str())))
    };
    fits(event) && fits(&event["webhook_event"]) && fits(&event["message"])
}

fn error(status: StatusCode, sentence: &str) -> Response {
    answer(status, "application/json", json!({"error": sentence}).to_string())
}

fn answer(status: StatusCode, media_type: &'static str, body: String) -> Response {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, http::HeaderValue::from_static(media_type));
    response
}
