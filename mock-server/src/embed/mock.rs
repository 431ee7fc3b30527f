//! One world of a mock, wherever the mock runs: the same methods, carried by the control API.

use std::sync::Arc;

use contract::service::Service;
use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::events::Events;
use super::local::InProcess;
use super::remote::Socket;
use crate::control::{Certificate, CertificateChange, Info, TlsState, WorldCard};

/// Why a call on a mock failed.
#[derive(Debug, thiserror::Error)]
pub enum MockError {
    /// The mock refused the call, and said why.
    #[error("the mock refused {call} with {status}: {}", .errors.join("; "))]
    Refused {
        /// Method and target.
        call: String,
        /// Status of the answer.
        status: u16,
        /// Its sentences.
        errors: Vec<String>,
    },
    /// The mock could not be reached, or did not speak as it should.
    #[error("no answer from the mock at {address}: {reason}")]
    Unreachable {
        /// Where it was looked for.
        address: String,
        /// What happened.
        reason: String,
    },
    /// The mock has ended.
    #[error("the mock has ended")]
    Ended,
}

/// A handle on one world. Clones are handles on the same one. All methods block; none panics inside a runtime.
#[derive(Clone, Debug)]
pub struct Mock {
    backend: Backend,
    control_url: String,
    card: WorldCard,
}

#[derive(Clone, Debug)]
pub(super) enum Backend {
    InProcess(Arc<InProcess>),
    Socket(Arc<Socket>),
}

/// One call of the control API.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) method: Method,
    /// Below the control API's mount, with a leading slash.
    pub(super) path: String,
    pub(super) world: &'a str,
    pub(super) body: Vec<u8>,
}

/// Status and body.
pub(super) type Reply = (u16, Vec<u8>);

impl Backend {
    fn send(&self, call: &Call<'_>) -> Result<Reply, MockError> {
        match self {
            Self::InProcess(backend) => backend.send(call),
            Self::Socket(backend) => backend.send(call),
        }
    }
}

impl Mock {
    /// A handle on the default world of a mock that runs elsewhere. `control_url` is that of the ready line, such as
    /// `http://127.0.0.1:4010/_mock`; `token` is the one of `--control-token-env`, where the mock asks for it.
    ///
    /// # Errors
    /// The mock cannot be reached or refuses the call.
    pub fn connect(control_url: &str, token: Option<&str>) -> Result<Self, MockError> {
        Self::new(Backend::Socket(Arc::new(Socket::new(control_url, token)?)))
    }

    /// A handle on the default world.
    pub(super) fn new(backend: Backend) -> Result<Self, MockError> {
        let info: Info = ask(&backend, "", Method::GET, "/info".to_owned(), None::<&()>)?;
        let card = WorldCard { id: DEFAULT.to_owned(), chatwork: info.chatwork, chatday: info.chatday };
        Ok(Self { backend, control_url: info.control_url, card })
    }

    /// Where a service is reached: `http://127.0.0.1:4010/v2`, without a trailing slash.
    pub fn url(&self, service: Service) -> &str {
        self.service(service).get("base_url").and_then(Value::as_str).unwrap_or_default()
    }

    /// The API token of this world's first person, or of its Chatday account.
    pub fn token(&self, service: Service) -> &str {
        self.service(service).get("token").and_then(Value::as_str).unwrap_or_default()
    }

    /// Where the control API is reached.
    pub fn control_url(&self) -> &str {
        &self.control_url
    }

    /// Id, addresses, tokens and first ids of this world.
    pub fn card(&self) -> &WorldCard {
        &self.card
    }

    /// A further world: the default one anew, or a description; with tokens of its own. It lives until
    /// [`Mock::delete_world`] or the end of the mock.
    ///
    /// # Errors
    /// The description has faults: all are named.
    pub fn new_world(&self, seed: Option<u64>, description: Option<&Value>) -> Result<Self, MockError> {
        let mut body = json!({});
        if let Some(map) = body.as_object_mut() {
            map.extend(seed.map(|seed| ("seed".to_owned(), json!(seed))));
            map.extend(description.map(|world| ("world".to_owned(), world.clone())));
        }
        let card = self.ask(Method::POST, "/worlds", Some(&body))?;
        Ok(Self { card, ..self.clone() })
    }

    /// Ends this world.
    ///
    /// # Errors
    /// It is the default one.
    pub fn delete_world(self) -> Result<(), MockError> {
        self.send::<()>(Method::DELETE, format!("/worlds/{}", self.card.id), None).map(drop)
    }

    /// Takes this world back to its seed: state, clock, settings and journal; fault rules are gone.
    ///
    /// # Errors
    /// The mock cannot be reached.
    pub fn reset(&self) -> Result<(), MockError> {
        self.send::<()>(Method::POST, "/reset".to_owned(), None).map(drop)
    }

    /// The whole world as a description.
    ///
    /// # Errors
    /// The mock cannot be reached.
    pub fn state(&self) -> Result<Value, MockError> {
        self.ask::<(), _>(Method::GET, "/state", None)
    }

    /// Replaces the whole world, all or nothing. Tokens may change by it.
    ///
    /// # Errors
    /// The state has faults: all are named, and the world is as it was.
    pub fn set_state(&mut self, state: &Value) -> Result<(), MockError> {
        self.card = self.ask(Method::PUT, "/state", Some(state))?;
        Ok(())
    }

    /// What can be changed while the world runs: edition, limits.
    ///
    /// # Errors
    /// The mock cannot be reached.
    pub fn settings(&self) -> Result<Value, MockError> {
        self.ask::<(), _>(Method::GET, "/settings", None)
    }

    /// Changes settings, all or none; answers all of them.
    ///
    /// # Errors
    /// The change has faults: all are named.
    pub fn set_settings(&self, change: &Value) -> Result<Value, MockError> {
        self.ask(Method::PATCH, "/settings", Some(change))
    }

    /// Follows what happens in this world from now on: requests, and what changes otherwise. A loop over it ends with
    /// the mock; [`Events::next_within`] does not wait for longer than it is told.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use mock_server::MockServer;
    /// use mock_server::control::event::{Change, Happening};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockServer::start()?;
    /// let mut events = mock.events()?;
    /// mock.advance(Duration::from_secs(300))?;
    /// mock.reset()?;
    ///
    /// let first = events.next_within(Duration::from_secs(10))?.ok_or("nothing happened")?;
    /// assert!(matches!(first.what, Happening::State(Change::Clock(_))));
    /// let second = events.next_within(Duration::from_secs(10))?.ok_or("nothing more happened")?;
    /// assert_eq!((second.id, second.what), (first.id + 1, Happening::State(Change::Reset)));
    ///
    /// drop(mock);
    /// assert_eq!(events.count(), 0);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The mock cannot be reached, or has as many readers as it serves.
    pub fn events(&self) -> Result<Events, MockError> {
        self.follow(None)
    }

    /// Follows what happens in this world after an event, given by its id; 0 for all that is remembered.
    ///
    /// # Errors
    /// As [`Mock::events`].
    pub fn events_after(&self, id: u64) -> Result<Events, MockError> {
        self.follow(Some(id))
    }

    /// Addresses of the mock, as the ready line has them: the TLS listener and the proxy too.
    ///
    /// # Errors
    /// The mock cannot be reached.
    pub fn info(&self) -> Result<Info, MockError> {
        self.ask::<(), _>(Method::GET, "/info", None)
    }

    /// Which certificate is served, the CA to trust, and what clients made of it. It is one for all worlds.
    ///
    /// # Errors
    /// The mock cannot be reached, or serves no TLS.
    pub fn tls(&self) -> Result<TlsState, MockError> {
        self.ask::<(), _>(Method::GET, "/tls", None)
    }

    /// Serves another certificate from the next handshake on, to all worlds. Names such as `expired.localhost` get their
    /// bad one without it.
    ///
    /// # Errors
    /// The mock cannot be reached, or serves no TLS.
    pub fn set_certificate(&self, certificate: Certificate) -> Result<TlsState, MockError> {
        self.ask(Method::PUT, "/tls", Some(&CertificateChange { certificate }))
    }

    /// What somebody does in a browser who is sent to an authorize URL and allows the client what it asks for: answers
    /// where the browser is sent then, with the code or an error in the query. `account_id` is the first account without it.
    ///
    /// # Errors
    /// The consent page would not work: its error, with its number.
    pub fn approve(&self, authorize_url: &str, account_id: Option<u64>) -> Result<String, MockError> {
        let mut body = json!({"url": authorize_url});
        if let (Some(map), Some(account_id)) = (body.as_object_mut(), account_id) {
            map.insert("account_id".to_owned(), json!(account_id));
        }
        self.redirect_to(&body)
    }

    /// The same for somebody who denies it.
    ///
    /// # Errors
    /// As with [`Mock::approve`].
    pub fn deny(&self, authorize_url: &str) -> Result<String, MockError> {
        self.redirect_to(&json!({"url": authorize_url, "deny": true}))
    }

    fn redirect_to(&self, body: &Value) -> Result<String, MockError> {
        let answer: Value = self.ask(Method::POST, "/oauth/approve", Some(body))?;
        Ok(answer.get("redirect_to").and_then(Value::as_str).unwrap_or_default().to_owned())
    }

    /// One Chatday chat as its end-user sees it.
    ///
    /// # Errors
    /// There is no such chat.
    pub fn chat(&self, chat_id: &str) -> Result<Value, MockError> {
        let id = percent_encoding::utf8_percent_encode(chat_id, percent_encoding::NON_ALPHANUMERIC);
        self.ask::<(), _>(Method::GET, &format!("/chatday/chats/{id}"), None)
    }

    fn follow(&self, after: Option<u64>) -> Result<Events, MockError> {
        match &self.backend {
            Backend::InProcess(backend) => backend.follow(&self.card.id, after),
            Backend::Socket(backend) => {
                let after = after.map_or_else(String::new, |after| format!("?after={after}"));
                let (method, path) = (Method::GET, format!("/events{after}"));
                let call = Call { method, path, world: &self.card.id, body: Vec::new() };
                backend.follow(&call)?.map_err(|(status, bytes)| refused(&call, status, &bytes))
            }
        }
    }

    fn service(&self, service: Service) -> &Value {
        match service {
            Service::Chatwork => &self.card.chatwork,
            Service::Chatday => &self.card.chatday,
        }
    }

    pub(super) fn ask<B: Serialize, T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&B>,
    ) -> Result<T, MockError> {
        ask(&self.backend, &self.card.id, method, path.to_owned(), body)
    }

    pub(super) fn send<B: Serialize>(
        &self,
        method: Method,
        path: String,
        body: Option<&B>,
    ) -> Result<Vec<u8>, MockError> {
        send(&self.backend, &self.card.id, method, path, body)
    }
}

fn ask<B: Serialize, T: DeserializeOwned>(
    backend: &Backend,
    world: &str,
    method: Method,
    path: String,
    body: Option<&B>,
) -> Result<T, MockError> {
    let call = format!("{method} {path}");
    let bytes = send(backend, world, method, path, body)?;
    serde_json::from_slice(&bytes).map_err(|error| MockError::Unreachable {
        address: call,
        reason: format!("the answer cannot be read: {error}"),
    })
}

fn send<B: Serialize>(
    backend: &Backend,
    world: &str,
    method: Method,
    path: String,
    body: Option<&B>,
) -> Result<Vec<u8>, MockError> {
    let body = body.map(contract::wire::json::to_ascii).unwrap_or_default();
    let call = Call { method, path, world, body };
    let (status, bytes) = backend.send(&call)?;
    if (200..300).contains(&status) {
        return Ok(bytes);
    }
    Err(refused(&call, status, &bytes))
}

fn refused(call: &Call<'_>, status: u16, answer: &[u8]) -> MockError {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    let list = answer.get("errors").and_then(Value::as_array).into_iter().flatten();
    let errors = list.filter_map(|error| error.as_str().map(str::to_owned)).collect();
    MockError::Refused { call: format!("{} {}", call.method, call.path), status, errors }
}

const DEFAULT: &str = crate::core::description::DEFAULT_ID;
