//! The mock beside a webhook run: the integration calls it instead of the service, and what it calls is judged too.

use std::fmt;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use contract::chatday::Profile;
use contract::chatday::gate::is_token;
use contract::chatwork::webhook::EventKind;
use contract::service::Service;
use contract::wire::form::Form;
use contract::wire::multipart;
use mock_server::control::{Count, Expectation, FaultAction, FaultRule, Match, RecordedRequest};
use mock_server::core::description::default_description;
use mock_server::{FaultGuard, Mock, MockServer, StartError};
use serde_json::{Value, json};

use crate::ask::effects::{Call, Effects, Mark};
use crate::ask::policy::{Origin, Policy};
use crate::ask::secret::Secret;

/// Where the mock is to be, and what the integration shows it.
#[derive(Clone)]
pub struct Wish {
    /// Where it listens; port 0 picks a free one.
    pub address: SocketAddr,
    /// The integration's own API token, in the place of the built-in world's.
    pub token: Option<String>,
}

impl fmt::Debug for Wish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wish").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Why a text cannot be a token of a service; nothing if it can. The text is not repeated.
pub fn no_token(service: Service, text: &str) -> Option<&'static str> {
    let fits = match service {
        Service::Chatwork => text.len() <= 255 && text.bytes().all(|byte| byte.is_ascii_graphic()),
        Service::Chatday => text.len() <= 512 && is_token(text),
    };
    match service {
        _ if fits && !text.is_empty() => None,
        Service::Chatwork => Some("expected 1 to 255 visible ASCII characters without blanks"),
        Service::Chatday => Some("expected 1 to 512 letters, digits and -._~+/, then any ="),
    }
}

/// A mock that runs until this is dropped.
#[derive(Debug)]
pub struct Beside {
    mock: MockServer,
    policy: Policy,
    /// The Chatwork account that the integration's token belongs to.
    account: u64,
}

impl Beside {
    /// Starts the mock; it accepts when this returns. Its world is the built-in one, changed as far as the run needs it: no
    /// limits, since the judge sends more events than people do; the rooms and chats that events name; and for Chatday the
    /// run's secret as the signature token, which Register hands out.
    ///
    /// # Errors
    /// One sentence: why the mock cannot be had there.
    pub fn start(wish: &Wish, policy: &Policy, secret: &Secret) -> Result<Self, String> {
        let (world, account) = world(wish, policy, secret)?;
        let mut profile = Profile::clone(&policy.profile);
        profile.limits.rate = None;
        let builder = MockServer::builder().listen(wish.address).world(world).self_check(false);
        let started = builder.profile(profile).start();
        let mock = started.map_err(|error| refused(wish.address, &error))?;
        Ok(Self { mock, policy: policy.clone(), account })
    }

    /// Where the service's API is.
    pub fn base_url(&self) -> &str {
        self.mock.url(self.policy.service)
    }

    /// The token that the integration shows.
    pub fn token(&self) -> &str {
        self.mock.token(self.policy.service)
    }

    /// Where the mock says what it is: addresses, ids and tokens.
    pub fn info_url(&self) -> String {
        format!("{}/info", self.mock.control_url())
    }

    /// Where events come from in this world.
    pub fn origin(&self) -> Origin {
        Origin { account: Some(self.account), ..self.policy.origin.clone() }
    }

    /// What sees the integration's calls.
    pub fn watch(&self) -> Watch {
        Watch {
            mock: Mock::clone(&self.mock),
            service: self.policy.service,
            profile: Arc::clone(&self.policy.profile),
            base_url: self.base_url().to_owned(),
            began: Instant::now(),
            calls: Vec::new(),
            seen: 0,
            account: None,
            refused: false,
            slow: None,
        }
    }
}

/// The built-in world as the run needs it, and the integration's account in it.
fn world(wish: &Wish, policy: &Policy, secret: &Secret) -> Result<(Value, u64), String> {
    let mut world = default_description().map_err(|_| "the built-in world cannot be read".to_owned())?;
    let chatwork = &mut world["chatwork"];
    chatwork["settings"]["limits"] = json!({"account": null, "room": null});
    let accounts: Vec<u64> = listed(&chatwork["accounts"]).filter_map(|account| account["id"].as_u64()).collect();
    let mut own = accounts.first().copied().unwrap_or_default();
    if let (Service::Chatwork, Some(token)) = (policy.service, &wish.token) {
        // The token of one of the others makes the integration that one.
        let owner = listed(&chatwork["accounts"]).find(|account| account["token"] == token.as_str());
        match owner.and_then(|account| account["id"].as_u64()) {
            Some(id) => own = id,
            None => chatwork["accounts"][0]["token"] = json!(token),
        }
    }
    let known: Vec<u64> = listed(&chatwork["rooms"]).filter_map(|room| room["id"].as_u64()).collect();
    let further = FURTHER_PLACES.into_iter().filter(|id| *id <= NUMBER_MAX);
    for id in further.chain(policy.origin.room_id).filter(|id| !known.contains(id)) {
        if id > NUMBER_MAX {
            return Err(format!("--room-id {id} is larger than any room of the mock: the largest is {NUMBER_MAX}"));
        }
        if let Some(rooms) = chatwork["rooms"].as_array_mut() {
            rooms.push(json!({"id": id, "kind": "group", "name": format!("Room {id}"), "members": accounts}));
        }
    }
    let chatday = &mut world["chatday"];
    if policy.service == Service::Chatday {
        let application = &mut chatday["applications"][0];
        application["signature_token"] = json!(secret.reveal());
        // Who does not register at each start has done so before.
        application["registered"] = json!(true);
        if let Some(token) = &wish.token {
            application["token"] = json!(token);
        }
    }
    let name = chatday["applications"][0]["name"].clone();
    if let Some(chats) = chatday["chats"].as_array_mut() {
        let visitor = json!({"name": "conformance"});
        let chat = |id: u64| json!({"chat_id": id.to_string(), "application": name, "visitor": visitor});
        chats.extend(FURTHER_PLACES.into_iter().map(chat));
    }
    Ok((world, own))
}

fn listed(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn refused(address: SocketAddr, error: &StartError) -> String {
    match error {
        StartError::Listen { source, .. } if source.kind() == ErrorKind::AddrInUse => format!(
            "--with-mock {address}: another program uses this address: end that one, or give another one (port 0 picks a \
             free port)"
        ),
        StartError::Exposed(_) => format!(
            "--with-mock {address}: this address can be reached from other machines: give one of 127.0.0.1, such as \
             127.0.0.1:4010"
        ),
        StartError::Listen { source, .. } => format!("--with-mock {address}: the mock cannot listen there: {source}"),
        other => format!("--with-mock {address}: the mock does not start: {other}"),
    }
}

/// Sees at the mock what the integration calls.
#[derive(Debug)]
pub struct Watch {
    mock: Mock,
    service: Service,
    profile: Arc<Profile>,
    base_url: String,
    began: Instant,
    calls: Vec<Call>,
    /// The newest request that was looked at.
    seen: u64,
    /// The account that called last.
    account: Option<u64>,
    /// Whether the last call was refused for its token.
    refused: bool,
    slow: Option<FaultGuard>,
}

impl Watch {
    /// Takes over what was called since the last time.
    fn read(&mut self) {
        // A mock that has ended has seen nothing more.
        let Ok(requests) = self.mock.requests_after(self.seen) else { return };
        for request in requests {
            self.seen = request.id;
            if request.service == self.service.name() {
                self.take(&request);
            }
        }
    }

    fn take(&mut self, request: &RecordedRequest) {
        let caller = request.token_id.as_deref().and_then(|id| id.split('/').nth(1)?.parse().ok());
        self.account = caller.or(self.account);
        self.refused = request.status == 401;
        let body = match &request.body_base64 {
            Some(encoded) => STANDARD.decode(encoded).unwrap_or_default(),
            None => request.body.clone().into_bytes(),
        };
        let (place, text) = match self.service {
            Service::Chatwork => (room(&request.path), form_text(request, &body)),
            Service::Chatday => self.message(&body),
        };
        let operation = request.operation.clone().unwrap_or_else(|| format!("{} {}", request.method, request.path));
        let at_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.calls.push(Call { operation, place, text, at_ms });
    }

    /// Chat and data of a message; data that is no text as its JSON.
    fn message(&self, body: &[u8]) -> (Option<String>, Option<String>) {
        let keys = &self.profile.keys;
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let plain = |value: &Value| match value {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        (plain(&body[&keys.chat_id]), plain(&body[&keys.message][&keys.data]))
    }

    /// Waits until something is called that was not looked at yet; false if nothing can come any more.
    fn wait(&self, time: Duration) -> bool {
        let expectation = Expectation {
            matching: Match { service: Some(self.service.name().to_owned()), ..Match::default() },
            count: Count { min: 1, max: None },
            after: self.seen,
            within_ms: u64::try_from(time.as_millis()).unwrap_or(u64::MAX).clamp(1, MOST_WAIT_MS),
        };
        self.mock.expect(&expectation).is_ok()
    }
}

/// Writes the message that an event tells of into the mock's world, or changes it. Nothing where it is there already.
fn written(mock: &Mock, event: &Value) -> Option<()> {
    let message = &event["webhook_event"];
    let room = message["room_id"].as_u64()?;
    let author = message["account_id"].as_u64().or_else(|| message["from_account_id"].as_u64())?;
    let (id, body) = (message["message_id"].as_str()?, message["body"].as_str()?);
    let is_edit = event["webhook_event_type"] == EventKind::MessageUpdated.word();
    let is_new = mock.member_writes_as(room, author, id, body).is_ok();
    if is_edit {
        return mock.member_edits(room, author, id, body).ok();
    }
    is_new.then_some(())
}

/// The room in the path of a call.
fn room(path: &str) -> Option<String> {
    let mut parts = path.split('/').skip_while(|part| *part != "rooms");
    parts.nth(1).filter(|id| !id.is_empty()).map(str::to_owned)
}

/// What a call of Chatwork says: the text of a message or task, or what comes with a file.
fn form_text(request: &RecordedRequest, body: &[u8]) -> Option<String> {
    if request.method == "GET" {
        return None;
    }
    let content_type = request.headers.get("content-type").map(String::as_str).unwrap_or_default();
    if !content_type.starts_with("multipart/") {
        return Form::decode(body).value("body").map(str::to_owned);
    }
    let parts = multipart::decode(content_type, &Bytes::copy_from_slice(body)).ok()?;
    let said = parts.into_iter().find(|part| part.name == "message")?;
    Some(String::from_utf8_lossy(&said.data).into_owned())
}

impl Effects for Watch {
    fn mark(&mut self) -> Mark {
        self.read();
        Mark(self.calls.len() as u64)
    }

    fn calls_since(&mut self, mark: Mark, count: usize, quiet: Duration, within: Duration) -> Vec<Call> {
        let from = usize::try_from(mark.0).unwrap_or(usize::MAX);
        let until = Instant::now() + within;
        let mut last = Instant::now();
        loop {
            let known = self.calls.len();
            self.read();
            if self.calls.len() > known {
                last = Instant::now();
            }
            let new = self.calls.get(from..).unwrap_or_default();
            let enough = new.iter().filter(|call| call.is_message()).count() >= count;
            let end = if enough { until.min(last + quiet) } else { until };
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || !self.wait(left) {
                return self.calls.get(from..).unwrap_or_default().to_vec();
            }
        }
    }

    fn happens(&mut self, event: &[u8]) {
        if self.service == Service::Chatwork
            && let Ok(event) = serde_json::from_slice::<Value>(event)
        {
            // What the mock's world has no place for cannot be read there either.
            let _ = written(&self.mock, &event);
        }
    }

    fn slow_down(&mut self, delay: Duration) {
        self.slow = None;
        if !delay.is_zero() {
            let all = Match { service: Some(self.service.name().to_owned()), ..Match::default() };
            let rule = FaultRule::new(FaultAction::delay(delay)).on(all).always();
            self.slow = self.mock.fault(&rule).ok();
        }
    }

    fn base_url(&self) -> Option<&str> {
        Some(&self.base_url)
    }

    fn account(&self) -> Option<u64> {
        self.account
    }

    fn is_refused(&self) -> bool {
        self.refused
    }
}

/// Rooms and chats beside the built-in ones that events come from: ids beyond 31 bits and beyond a float.
const FURTHER_PLACES: [u64; 2] = [2_147_483_649, 9_007_199_254_740_993];
/// The largest room id that the mock has.
const NUMBER_MAX: u64 = mock_server::chatwork::state::ids::NUMBER_MAX;
/// The longest wait of one expectation.
const MOST_WAIT_MS: u64 = mock_server::control::MOST_WITHIN_MS;
