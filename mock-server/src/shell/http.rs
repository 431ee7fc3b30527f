//! From hyper to a world and back. The way of a request without a body arms no timer, spawns no task and waits for
//! nobody.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use contract::service::Service;
use contract::wire::header::CHATWORK_TOKEN;
use contract::wire::{Request, Response};
use http::header::{AUTHORIZATION, CONNECTION, HeaderName, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, Version};
use hyper::body::{Body as _, Incoming};

use super::head::{self, Refusal};
use super::line::Line;
use super::mount::{Entry, Mount, Role};
use super::outgoing::{Outgoing, Streams};
use super::timer::ConnectionTimer;
use super::witness::{Facts, Seat, Sight, Telling};
use super::{Shared, body, clock, conduct, control, log, whose};
use crate::core::capture::Capture;
use crate::core::conduct::Reply;
use crate::core::refusal;
use crate::core::registry::{Cell, Index};
use crate::core::world::{DOWNLOAD, Surroundings};

/// Selects a world where no token does.
pub(crate) const WORLD: HeaderName = HeaderName::from_static("x-mock-world");

/// One connection's service.
#[derive(Debug)]
pub(crate) struct Exchange {
    role: Role,
    shared: Arc<Shared>,
    /// For connections on which one body at a time is waited for.
    bodies: Option<ConnectionTimer>,
    streams: Streams,
    line: Arc<Line>,
    /// Who sees it.
    seat: Option<Arc<Seat>>,
}

impl Exchange {
    /// Where several bodies come at once, each is timed for itself.
    pub(crate) fn new(
        role: Role,
        shared: Arc<Shared>,
        streams: Streams,
        line: Arc<Line>,
        seat: Option<Arc<Seat>>,
    ) -> Self {
        let bodies = (!line.is_multiplexed()).then(ConnectionTimer::default);
        Self { role, shared, bodies, streams, line, seat }
    }
}

impl hyper::service::Service<http::Request<Incoming>> for Exchange {
    type Response = http::Response<Outgoing>;
    type Error = HungUp;
    type Future = Answer;

    fn call(&self, request: http::Request<Incoming>) -> Answer {
        let started = log::enabled().then(Instant::now);
        let (mut parts, body) = request.into_parts();
        let shared = &self.shared;
        let (mount, below) = shared.mount_of(&parts.uri, self.role);
        let seat = self.seat.as_ref().filter(|_| mount != Mount::Control);
        let sight = seat.map(|seat| seat.begin(&parts));
        if let Some(below) = below {
            parts.uri = below;
        }
        let most = shared.most_body(mount, &parts);
        let adopted = if parts.version == Version::HTTP_2 { head::adopt_authority(&mut parts) } else { Ok(()) };
        let checked = adopted.and_then(|()| head::check(&parts, &shared.limits));
        let refusal = checked.and_then(|()| shared.right_host(self.role, &parts)).err().or_else(|| {
            // What `Content-Length` announces is refused before it is read.
            (body.size_hint().lower() > most as u64).then(|| body::too_long(most))
        });
        let refusal = refusal.or_else(|| (mount == Mount::Control).then(|| control::admit(shared, &parts).err())?);
        if let Some(refusal) = refusal {
            let response = shared.refuse(mount, &parts, &refusal, Some(body), started);
            let Some(sight) = sight else { return Answer::Now(Some(response)) };
            let (reply, telling) = sight.refused(parts, mount.service(), response);
            return self.later(reply, Some(telling));
        }
        make_origin_form(&mut parts.uri);
        if shared.require_https && self.role.entry == Entry::Plain && mount.service().is_some() {
            shared.hang_up(mount, &parts, "plain HTTP with --require-https");
            if let Some(sight) = sight {
                sight.hung_up(parts, mount.service());
            }
            return Answer::HungUp;
        }
        let entry = self.role.entry;
        if body.is_end_stream() && mount != Mount::Control {
            let (reply, telling) = shared.answer(entry, mount, parts, Bytes::new(), started, sight);
            if reply.conduct.is_none() && telling.is_none() {
                return Answer::Now(Some(reply.response));
            }
            return self.later(reply, telling);
        }
        let timer = self.bodies.clone().unwrap_or_default();
        let (shared, streams, line) = (Arc::clone(shared), self.streams.clone(), Arc::clone(&self.line));
        Answer::Later(Box::pin(async move {
            match body::collect(body, most, &shared.limits, &timer).await {
                Ok(body) if mount == Mount::Control => {
                    Ok(control::answer(&shared, parts, body, &streams, started).await)
                }
                Ok(body) => {
                    let (reply, telling) = shared.answer(entry, mount, parts, body, started, sight);
                    conduct::give(&shared, &line, reply, telling).await
                }
                Err(unread) => {
                    let response = shared.refuse(mount, &parts, &unread.refusal, unread.rest, started);
                    let Some(sight) = sight else { return Ok(response.map(Outgoing::from)) };
                    let (reply, telling) = sight.refused(parts, mount.service(), response);
                    conduct::give(&shared, &line, reply, Some(telling)).await
                }
            }
        }))
    }
}

impl Exchange {
    /// An answer that waits for something.
    fn later(&self, reply: Reply, telling: Option<Telling>) -> Answer {
        let (shared, line) = (Arc::clone(&self.shared), Arc::clone(&self.line));
        Answer::Later(Box::pin(async move { conduct::give(&shared, &line, reply, telling).await }))
    }
}

/// The connection is closed without an answer.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("closed without an answer")]
pub(crate) struct HungUp;

/// An answer that is there already, or that waits for a body or for its time, or none.
pub(crate) enum Answer {
    HungUp,
    Now(Option<Response>),
    Later(Pin<Box<dyn Future<Output = <Self as Future>::Output> + Send>>),
}

impl Future for Answer {
    type Output = Result<http::Response<Outgoing>, HungUp>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Self::HungUp => Poll::Ready(Err(HungUp)),
            Self::Now(response) => Poll::Ready(Ok(response.take().unwrap_or_default().map(Outgoing::from))),
            Self::Later(waiting) => waiting.as_mut().poll(cx),
        }
    }
}

impl Shared {
    /// Sends a request into its world.
    fn answer(
        &self,
        entry: Entry,
        mount: Mount,
        parts: Parts,
        body: Bytes,
        started: Option<Instant>,
        sight: Option<Sight>,
    ) -> (Reply, Option<Telling>) {
        let turn_away = |parts: Parts, body, refusal: &Refusal, sight: Option<Sight>| {
            let mut reply = Reply::from(self.refuse(mount, &parts, refusal, None, started));
            let facts = Facts::refused(mount.service());
            let telling = sight.map(|sight| sight.settle(&Request::from_parts(parts, body), &facts, &mut reply));
            (reply, telling)
        };
        let Some(service) = mount.service() else {
            let words = if parts.method == Method::CONNECT {
                "this address is no proxy: start the mock with --intercept-listen for one".to_owned()
            } else {
                format!("there is nothing at '{}': {}", parts.uri.path(), self.mounts(entry))
            };
            return turn_away(parts, body, &Refusal::new(StatusCode::NOT_FOUND, words), sight);
        };
        let (cell, capture) = {
            let index = self.registry.index();
            let cell = match self.select(&index, mount, &parts, &body) {
                Ok(cell) => Arc::clone(cell),
                Err(refusal) => {
                    drop(index);
                    return turn_away(parts, body, &refusal, sight);
                }
            };
            let capture = Capture::of(service, &parts.method, &parts.uri, &parts.headers, &body, index.secrets());
            (cell, capture)
        };
        let request = Request::from_parts(parts, body);
        let base_url = self.base_url_of(entry, request.headers());
        let around = Surroundings { wall: clock::wall(), base_url: &base_url };
        let (mut reply, facts, own_faults, rings) = {
            let mut world = cell.lock();
            let reply = world.handle(&request, capture, around);
            let facts = sight.as_ref().and_then(|_| world.journal().newest().map(Facts::of));
            (reply, facts, world.take_own_faults(), world.take_ring())
        };
        if rings {
            self.bell.ring(&cell);
        }
        for fault in own_faults {
            tracing::error!("fault of the mock: {} in world {}: {fault}", request.method(), cell.id());
        }
        match &reply.conduct {
            None => self.log(started, request.method(), request.uri(), &reply.response, cell.id()),
            Some(conduct) => {
                let outcome = format_args!("{} fault={}", conduct.status, conduct.fault);
                self.log_line(started, request.method(), request.uri(), outcome, cell.id());
            }
        }
        let facts = facts.unwrap_or_default();
        let telling = sight.map(|sight| sight.settle(&request, &facts, &mut reply));
        (reply, telling)
    }

    /// Writes down a request to which the connection is closed without an answer.
    pub(super) fn hang_up(&self, mount: Mount, parts: &Parts, why: &str) {
        let Some(service) = mount.service() else { return };
        let index = self.registry.index();
        let cell = Arc::clone(self.select(&index, mount, parts, b"").unwrap_or_else(|_| self.registry.default_world()));
        let capture = Capture::of(service, &parts.method, &parts.uri, &parts.headers, b"", index.secrets());
        drop(index);
        let words = format!("{why}: {}", service.https_only().words);
        tracing::warn!("{} for {service} closed without an answer: {words}", parts.method);
        cell.lock().hang_up(capture, service.https_only(), &words, clock::wall());
    }

    /// Whether a client of the proxy means a host that is mocked.
    fn right_host(&self, role: Role, parts: &Parts) -> Result<(), Refusal> {
        let is_right =
            role.entry != Entry::Intercepted || head::host_name(&parts.headers).is_none_or(|host| self.is_mocked(host));
        if is_right {
            return Ok(());
        }
        let words = format!("this connection serves {} only: ask for one of them in Host", self.mocked().join(", "));
        Err(Refusal::new(StatusCode::MISDIRECTED_REQUEST, words))
    }

    /// Where a caller reaches the mock: what the addresses that it is given begin with.
    fn base_url_of(&self, entry: Entry, headers: &HeaderMap) -> Cow<'_, str> {
        match entry {
            Entry::Plain => (&*self.base_url).into(),
            Entry::Tls => self.tls_base_url.as_deref().unwrap_or(&self.base_url).into(),
            Entry::Intercepted => {
                let host = head::host_name(headers).unwrap_or(contract::chatwork::hosts::API);
                format!("https://{}", host.to_ascii_lowercase()).into()
            }
        }
    }

    /// Answers a request that no service sees. Where a world is concerned its journal says so.
    fn refuse(
        &self,
        mount: Mount,
        parts: &Parts,
        refusal: &Refusal,
        unread: Option<Incoming>,
        started: Option<Instant>,
    ) -> Response {
        let mut response = refusal::response(mount.service(), refusal.status, &refusal.words);
        if let Some(body) = unread.filter(|body| !body.is_end_stream()) {
            // The rest of the body is not worth having, nor is the connection. Whoever asked first, by
            // `Expect: 100-continue`, sends no body; reading on would invite it.
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            if !parts.headers.contains_key(http::header::EXPECT) {
                tokio::spawn(body::drain(body, self.limits.drain_time));
            }
        } else if refusal.status == StatusCode::REQUEST_TIMEOUT {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if refusal.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        let wall = clock::wall();
        let Some(service) = mount.service() else {
            control::date(&mut response, wall);
            self.log(started, &parts.method, &parts.uri, &response, "-");
            return response;
        };
        let index = self.registry.index();
        let cell = Arc::clone(self.select(&index, mount, parts, b"").unwrap_or_else(|_| self.registry.default_world()));
        let capture = Capture::of(service, &parts.method, &parts.uri, &parts.headers, b"", index.secrets());
        // The words quote the request.
        let mut words = Vec::with_capacity(refusal.words.len());
        index.secrets().mask_into(&mut words, refusal.words.as_bytes());
        drop(index);
        let response = cell.lock().refuse(capture, response, &String::from_utf8_lossy(&words), wall);
        self.log(started, &parts.method, &parts.uri, &response, cell.id());
        response
    }

    /// The world of a request: that of its token or OAuth client, else that of `X-Mock-World`, else the default one. A
    /// download's address names its world.
    fn select<'a>(
        &'a self,
        index: &'a Index,
        mount: Mount,
        parts: &Parts,
        body: &[u8],
    ) -> Result<&'a Arc<Cell>, Refusal> {
        if mount == Mount::Download {
            let id =
                parts.uri.path().strip_prefix(DOWNLOAD).and_then(|rest| rest.split('/').next()).unwrap_or_default();
            return index.by_id(id).ok_or_else(|| unknown_world(id));
        }
        let by_token = match mount {
            Mount::Service(Service::Chatwork) => {
                let by_token = |token: &HeaderValue| index.by_token(token.as_bytes());
                let api_token = parts.headers.get_all(CHATWORK_TOKEN).iter().find_map(by_token);
                api_token.or_else(|| whose::access_token(index, &parts.headers))
            }
            Mount::OAuth => whose::client(index, parts, body),
            _ => {
                parts.headers.get_all(AUTHORIZATION).iter().find_map(|value| index.by_token(bearer(value.as_bytes())?))
            }
        };
        by_token.map_or_else(|| self.named_world(index, &parts.headers), Ok)
    }

    /// The world that `X-Mock-World` names, or the default one.
    pub(crate) fn named_world<'a>(&'a self, index: &'a Index, headers: &HeaderMap) -> Result<&'a Arc<Cell>, Refusal> {
        let Some(id) = headers.get(WORLD) else { return Ok(self.registry.default_world()) };
        let id = String::from_utf8_lossy(id.as_bytes());
        index.by_id(&id).ok_or_else(|| unknown_world(&id))
    }

    fn most_body(&self, mount: Mount, parts: &Parts) -> usize {
        let path = parts.uri.path();
        match mount {
            Mount::Control => self.limits.control_bytes,
            Mount::Service(Service::Chatwork)
                if parts.method == Method::POST && path.starts_with("/v2/rooms/") && path.ends_with("/files") =>
            {
                self.limits.upload_bytes
            }
            _ => self.limits.body_bytes,
        }
    }

    fn mounts(&self, entry: Entry) -> String {
        if !self.prefix.is_empty() {
            return format!("this mock serves everything below {}", self.prefix);
        }
        let words = if entry == Entry::Intercepted {
            let control = &self.control_url;
            return format!(
                "instead of the real hosts, /v2, /packages/oauth2/login.php, /token, /chatday and /download are served; \
                 the control API is at {control}"
            );
        } else if self.has_control_listener {
            "this address serves /v2 (Chatwork), /packages/oauth2/login.php and /token (its OAuth 2.0), /chatday (Chatday) \
             and /download, the control listener /_mock"
        } else {
            "this mock serves /v2 (Chatwork), /packages/oauth2/login.php and /token (its OAuth 2.0), /chatday (Chatday), \
             /download and /_mock (control API)"
        };
        words.to_owned()
    }
}

/// The token of `Bearer <token>`; the scheme in any case (RFC 9110, 11.1).
pub(crate) fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| token.trim_ascii())
}

pub(crate) fn unknown_world(id: &str) -> Refusal {
    Refusal::new(
        StatusCode::NOT_FOUND,
        format!("unknown world '{id}': POST /_mock/worlds makes one and answers its id"),
    )
}

/// `GET http://host/path` is as good as `GET /path` (RFC 9112, 3.2.2); services see the latter only.
fn make_origin_form(uri: &mut Uri) {
    if uri.authority().is_some() {
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        *uri = target.parse().unwrap_or_default();
    }
}
