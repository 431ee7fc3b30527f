//! What an integration does with a webhook: verify, acknowledge, and only then look at what it is.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use contract::chatday::{Profile, webhook as chatday};
use contract::service::Service;
use contract::time::UnixMillis;
use contract::wire::{Request, Response};
use courier::exchange::Delivery;
use http::{Method, StatusCode, header};
use serde_json::Value;

use super::answer::{Answers, error};
use super::event::{Reader, Said, Trouble};
use super::flaw::Flaw;
use super::genuine::Gate;
use super::memory::Memory;
use super::reply::{Api, Reply, Writer};
use crate::ask::secret::Secret;
use crate::run::clock;

/// The path at which events are received.
pub const PATH: &str = "/webhook";

/// One integration.
#[derive(Debug)]
pub struct Integration {
    service: Service,
    profile: Arc<Profile>,
    flaw: Option<Flaw>,
    gate: Gate,
    writer: Option<Writer>,
    handled: Mutex<Memory>,
    /// For [`Flaw::OrderAssumed`] alone.
    created: Mutex<Memory>,
    /// For [`Flaw::Degrades`] alone.
    refused: AtomicUsize,
    clock: fn() -> UnixMillis,
}

/// What becomes of a request.
#[derive(Debug)]
pub enum Reaction {
    /// It is answered.
    Answer(Response),
    /// It is answered, and then the service is called.
    AnswerThenReply(Response, Reply),
    /// The service is called, and then it is answered ([`Flaw::WorksFirst`], [`Flaw::RemembersEarly`]).
    ReplyThenAnswer(Reply, Response),
    /// The connection is closed ([`Flaw::HangsUpOnBadSignature`]).
    HangUp,
    /// The process ends ([`Flaw::DiesOnBadSignature`] and others).
    Die,
}

impl Integration {
    /// An integration that shares this secret with the service.
    pub fn new(service: Service, secret: Secret, profile: Arc<Profile>, flaw: Option<Flaw>) -> Self {
        let handled = Memory::new(match service {
            Service::Chatwork => i64::MAX,
            Service::Chatday => span_of_repetition(&profile),
        });
        Self {
            service,
            gate: Gate::new(service, secret, Arc::clone(&profile), flaw),
            profile,
            flaw,
            writer: None,
            handled: Mutex::new(handled),
            created: Mutex::new(Memory::new(i64::MAX)),
            refused: AtomicUsize::new(0),
            clock: clock::now,
        }
    }

    /// The same, but one that answers what people write through the service's API.
    #[must_use]
    pub fn with_api(self, api: Api) -> Self {
        let writer = Writer { service: self.service, profile: Arc::clone(&self.profile), api, flaw: self.flaw };
        Self { writer: Some(writer), ..self }
    }

    /// The same, but one that had another secret once. A correct one refuses it.
    #[must_use]
    pub fn with_old_secret(self, old: Secret) -> Self {
        Self { gate: self.gate.with_old_secret(old), ..self }
    }

    /// The same, but one that takes the time from elsewhere.
    #[must_use]
    pub fn with_clock(self, clock: fn() -> UnixMillis) -> Self {
        Self { clock, ..self }
    }

    /// The service that it belongs to.
    pub fn service(&self) -> Service {
        self.service
    }

    /// Its mistake.
    pub fn flaw(&self) -> Option<Flaw> {
        self.flaw
    }

    /// What asks the service whose token it has, where that can be asked and matters.
    pub fn who_am_i(&self) -> Option<Delivery> {
        self.writer.as_ref().filter(|_| self.flaw != Some(Flaw::AnswersItself))?.who_am_i()
    }

    /// What becomes of a request.
    pub fn receive(&self, request: &Request) -> Reaction {
        if let Some(answer) = self.turned_away(request) {
            return Reaction::Answer(answer);
        }
        if !self.gate.is_genuine(request) {
            return self.refuse(request);
        }
        if self.flaw == Some(Flaw::StrictClock) && self.is_stale(request.body()) {
            return Reaction::Answer(error(StatusCode::BAD_REQUEST, "the event is too old"));
        }
        match self.reader().read(request.body()) {
            Ok(said) => self.accept(said),
            Err(trouble) => self.fail(trouble, request.body()),
        }
    }

    /// Where the service's API is, if anybody told.
    pub fn api(&self) -> Option<&Api> {
        self.writer.as_ref().map(|writer| &writer.api)
    }

    /// The present moment.
    pub fn now(&self) -> UnixMillis {
        (self.clock)()
    }

    /// A reply is done. Only a flaw waits until now before it remembers the event.
    pub fn is_done(&self, reply: &Reply) {
        if self.flaw == Some(Flaw::RemembersLate) {
            lock(&self.handled).note(&reply.key, self.now());
        }
    }

    /// Whether the headers alone show a forgery ([`Flaw::LeavesBodyUnread`] looks no further).
    pub fn is_forged_at_sight(&self, request: &Request) -> bool {
        match (self.service, self.gate.header(request)) {
            (_, None) => true,
            (Service::Chatday, Some(given)) => given != self.gate.right_value(b""),
            (Service::Chatwork, Some(given)) => given.len() != self.gate.right_value(b"").len(),
        }
    }

    /// The header that carries the secret or the signature ([`Flaw::ExactCaseHeader`] knows one spelling of it).
    pub fn signature_header(&self) -> http::HeaderName {
        self.gate.name()
    }

    /// What is answered before anybody asks who sent it: another path or method, or a body that cannot be read.
    fn turned_away(&self, request: &Request) -> Option<Response> {
        let path = request.uri().path();
        if self.flaw == Some(Flaw::RedirectsSlash) && path == "/webhook/" {
            return Some(super::answer::redirect(StatusCode::PERMANENT_REDIRECT, PATH));
        }
        if path != PATH {
            return Some(error(StatusCode::NOT_FOUND, "there is only /webhook"));
        }
        let headers = request.headers();
        let says = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        if request.method() != Method::POST {
            return self.other_method(request.method());
        }
        if self.flaw == Some(Flaw::RedirectsPlainHttp)
            && headers.get("x-forwarded-proto").is_some_and(|scheme| scheme != "https")
        {
            return Some(super::answer::redirect(StatusCode::MOVED_PERMANENTLY, "https://localhost/webhook"));
        }
        if says(header::CONTENT_ENCODING).is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
            return Some(match self.flaw {
                Some(Flaw::EncodingCrashes) => crash(),
                _ => error(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send the body as it is, without an encoding"),
            });
        }
        if self.flaw == Some(Flaw::LargeBodyCrashes) && request.body().len() > LARGE {
            return Some(crash());
        }
        // A correct integration needs no media type: the signature says who sent it, and there is but one kind of body.
        let media_type = says(header::CONTENT_TYPE);
        let refused = match self.flaw {
            Some(Flaw::TypeRequired) => media_type.is_none(),
            Some(Flaw::ParameterRefused) => media_type.is_some_and(|kind| kind != "application/json"),
            Some(Flaw::TypeByCase) => media_type.is_some_and(|kind| !kind.starts_with("application/json")),
            _ => false,
        };
        refused.then(|| error(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send application/json"))
    }

    fn other_method(&self, method: &Method) -> Option<Response> {
        match self.flaw {
            Some(Flaw::MethodIgnored) if *method != Method::GET => None,
            Some(Flaw::GetCrashes) if *method == Method::GET => Some(crash()),
            _ => {
                let mut refusal = error(StatusCode::METHOD_NOT_ALLOWED, "events are sent with POST");
                refusal.headers_mut().insert(header::ALLOW, http::HeaderValue::from_static("POST"));
                Some(refusal)
            }
        }
    }

    fn accept(&self, said: Option<Said>) -> Reaction {
        if self.flaw == Some(Flaw::Degrades) && self.refused.load(Ordering::SeqCst) > LEAK {
            return Reaction::Answer(error(StatusCode::SERVICE_UNAVAILABLE, "out of handles"));
        }
        let answer = self.answers().acknowledgement();
        let Some(said) = said else { return Reaction::Answer(answer) };
        if self.flaw == Some(Flaw::OrderAssumed) && !self.has_begun(&said) {
            return Reaction::Answer(crash());
        }
        if self.flaw == Some(Flaw::CrashesOnRepetition) && lock(&self.handled).knows(&said.key, self.now()) {
            return Reaction::Answer(crash());
        }
        match (self.reply(said), self.flaw) {
            (None, _) => Reaction::Answer(answer),
            (Some(reply), Some(Flaw::WorksFirst | Flaw::RemembersEarly)) => Reaction::ReplyThenAnswer(reply, answer),
            (Some(reply), _) => Reaction::AnswerThenReply(answer, reply),
        }
    }

    /// What is said back, unless nobody told where, or the event was handled before.
    fn reply(&self, said: Said) -> Option<Reply> {
        let is_new = match self.flaw {
            Some(Flaw::NoMemory) => true,
            Some(Flaw::RemembersLate) => !lock(&self.handled).knows(&said.key, self.now()),
            _ => lock(&self.handled).note(&said.key, self.now()),
        };
        self.writer.as_ref().filter(|_| is_new).map(|writer| writer.reply(said))
    }

    /// Whether the message of an edit was seen before.
    fn has_begun(&self, said: &Said) -> bool {
        let Some(message) = &said.message_id else { return true };
        let is_edit = said.key.starts_with("message_updated");
        let mut created = lock(&self.created);
        if !is_edit {
            created.note(message, self.now());
        }
        created.knows(message, self.now())
    }

    fn refuse(&self, request: &Request) -> Reaction {
        let refusal = error(StatusCode::UNAUTHORIZED, "the signature does not fit");
        let has_other_length = || {
            let right = self.gate.right_value(request.body());
            self.gate.header(request).is_some_and(|given| given.len() != right.len())
        };
        Reaction::Answer(match self.flaw {
            Some(Flaw::DropsSilently) => self.answers().acknowledgement(),
            Some(Flaw::DiesOnBadSignature) => return Reaction::Die,
            Some(Flaw::DiesOnOtherLength) if has_other_length() => return Reaction::Die,
            Some(Flaw::HangsUpOnBadSignature) => return Reaction::HangUp,
            Some(Flaw::CrashesOnBadSignature) => crash(),
            Some(Flaw::CrashesOnOtherLength) if has_other_length() => crash(),
            Some(Flaw::TellsSecret) => {
                let told = format!("the signature is not {}", self.gate.right_value(request.body()));
                error(StatusCode::UNAUTHORIZED, &told)
            }
            Some(Flaw::RefusesWithSuccess) => error(StatusCode::OK, "the signature does not fit"),
            Some(Flaw::RedirectsForgeries) => super::answer::redirect(StatusCode::FOUND, "/login"),
            Some(Flaw::ActsBeforeVerifying) => match self.reader().read(request.body()) {
                Ok(Some(said)) => {
                    return match self.reply(said) {
                        Some(reply) => Reaction::AnswerThenReply(refusal, reply),
                        None => Reaction::Answer(refusal),
                    };
                }
                _ => refusal,
            },
            Some(Flaw::Degrades) => {
                self.refused.fetch_add(1, Ordering::SeqCst);
                refusal
            }
            _ => refusal,
        })
    }

    fn fail(&self, trouble: Trouble, body: &[u8]) -> Reaction {
        let deep = depth(body) > DEEP;
        Reaction::Answer(match (trouble, self.flaw) {
            (Trouble::Crash, _) => crash(),
            (Trouble::Refused, _) => error(StatusCode::BAD_REQUEST, "unexpected event"),
            (Trouble::Malformed, Some(Flaw::DeepBodyCrashes)) if deep => crash(),
            (Trouble::Malformed, Some(Flaw::DeepBodyKills)) if deep => return Reaction::Die,
            (Trouble::Malformed, Some(Flaw::MalformedCrashes)) => crash(),
            (Trouble::Malformed, Some(Flaw::MalformedKills)) => return Reaction::Die,
            (Trouble::Malformed, Some(Flaw::ShowsSettings)) => {
                let page = format!("cannot parse the body\nSETTINGS:\n  SECRET={}\n", self.gate.secret().reveal());
                error(StatusCode::INTERNAL_SERVER_ERROR, &page)
            }
            (Trouble::Malformed, _) => error(StatusCode::BAD_REQUEST, "the body is no JSON object"),
        })
    }

    fn is_stale(&self, body: &[u8]) -> bool {
        let event: Value = serde_json::from_slice(body).unwrap_or_default();
        let now = self.now().seconds();
        event["webhook_event_time"].as_i64().is_some_and(|time| (now - time).abs() > STALE)
    }

    fn reader(&self) -> Reader<'_> {
        Reader { service: self.service, profile: &self.profile, flaw: self.flaw }
    }

    fn answers(&self) -> Answers<'_> {
        Answers { service: self.service, profile: &self.profile, flaw: self.flaw }
    }
}

/// What a framework answers when the handler throws.
pub(super) fn crash() -> Response {
    error(StatusCode::INTERNAL_SERVER_ERROR, "oops")
}

/// How long Chatday repeats an event that it takes for lost, in milliseconds. Its events have no id, so the same bytes within
/// this time count as the same event; later they are somebody who says the same again.
fn span_of_repetition(profile: &Profile) -> i64 {
    let delays = (1..).map_while(|failures| chatday::retry_delay_ms(profile, failures));
    delays.fold(0, |span, delay| span + i64::try_from(delay + profile.webhook.timeout_ms).unwrap_or_default())
}

/// How deep brackets nest, strings aside or not: enough to tell an everyday body from a bomb.
fn depth(body: &[u8]) -> usize {
    let mut deepest = 0_usize;
    body.iter().fold(0_usize, |depth, byte| {
        let depth = match byte {
            b'[' | b'{' => depth + 1,
            b']' | b'}' => depth.saturating_sub(1),
            _ => depth,
        };
        deepest = deepest.max(depth);
        depth
    });
    deepest
}

fn lock(memory: &Mutex<Memory>) -> MutexGuard<'_, Memory> {
    memory.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Nesting at which a parser without a limit of its own is in danger.
const DEEP: usize = 64;
/// Seconds after which [`Flaw::StrictClock`] refuses an event.
const STALE: i64 = 60;
/// Bytes after which [`Flaw::LargeBodyCrashes`] does.
const LARGE: usize = 32 * 1024;
/// Refused events after which [`Flaw::Degrades`] has nothing left.
const LEAK: usize = 250;

/// The largest event that is read, in bytes.
pub(super) const BODY_MAX: usize = 1024 * 1024;

/// What is answered to a larger one.
pub(super) fn too_large() -> Response {
    let mut refusal = Response::new(Bytes::new());
    *refusal.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
    refusal
}
