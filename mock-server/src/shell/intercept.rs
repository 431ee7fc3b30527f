//! A forward proxy that leads to the mock itself: a client with the real URL built in reaches it by `HTTPS_PROXY`.
//! Nothing is ever dialled from here; a host that is not mocked is refused.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use contract::wire::Response;
use http::header::CONNECTION;
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::ext::ReasonPhrase;
use hyper::upgrade::OnUpgrade;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::head::{self, Refusal};
use super::mount::{Entry, Mount, Role};
use super::outgoing::Streams;
use super::stream::Patient;
use super::{Shared, clock, control, listen, tls};
use crate::control::Listener;
use crate::core::refusal;

/// What is served behind a CONNECT. The control API is not: there a client could only take it for the real service.
pub(super) const BEHIND: Role = Role { entry: Entry::Intercepted, services: true, control: false };

/// Serves one connection to the proxy.
pub(super) async fn converse(stream: TcpStream, shared: Arc<Shared>) {
    let proxy = Proxy { shared: Arc::clone(&shared), tunnel: Arc::default() };
    let tunnel = Arc::clone(&proxy.tunnel);
    let io = Patient::new(stream, shared.limits.write_pause, Arc::default());
    let connection = listen::builder(&shared).serve_connection(io, proxy).with_upgrades();
    let ended =
        listen::until_told(connection, |connection| connection.graceful_shutdown(), &Streams::default(), &shared.stop)
            .await;
    if let Err(error) = ended {
        tracing::debug!("a connection to the proxy ended: {error}");
    }
    let opened = tunnel.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(Tunnel { host, upgrade }) = opened else { return };
    // Bounded, although it is there by now: an answer that could not be written never becomes a tunnel.
    let Ok(Ok(upgraded)) = timeout(shared.limits.head_time, upgrade).await else { return };
    // The stream that was put in, without hyper around it.
    let Ok(parts) = upgraded.downcast::<Patient<TcpStream>>() else { return };
    let stream = tls::First::behind(parts.read_buf, parts.io.into_inner());
    tls::welcome(stream, Listener::Intercept, Some(host), BEHIND, shared).await;
}

/// A connection that a CONNECT has opened.
#[derive(Debug)]
struct Tunnel {
    host: String,
    upgrade: OnUpgrade,
}

/// What a client of the proxy is answered.
#[derive(Debug)]
struct Proxy {
    shared: Arc<Shared>,
    tunnel: Arc<Mutex<Option<Tunnel>>>,
}

impl hyper::service::Service<http::Request<Incoming>> for Proxy {
    type Response = http::Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn call(&self, mut request: http::Request<Incoming>) -> Self::Future {
        let upgrade = hyper::upgrade::on(&mut request);
        let (parts, _) = request.into_parts();
        let shared = &self.shared;
        let asked = head::check(&parts, &shared.limits).and_then(|()| {
            if parts.method == Method::CONNECT { shared.tunnel_for(&parts) } else { Err(shared.no_tunnel(&parts)) }
        });
        let mut response = match asked {
            Ok(host) => {
                tracing::info!("CONNECT {host}:443: intercepted");
                *self.tunnel.lock().unwrap_or_else(PoisonError::into_inner) = Some(Tunnel { host, upgrade });
                Response::default()
            }
            Err(refused) => {
                tracing::warn!("the proxy refused {} with {}: {}", parts.method, refused.status, refused.words);
                let mut response = refusal::errors(refused.status, &[&refused.words]);
                // Clients show the reason where a CONNECT fails; hardly one shows the body.
                if let Ok(reason) = ReasonPhrase::try_from(refused.words.into_bytes()) {
                    response.extensions_mut().insert(reason);
                }
                // Whoever got it wrong may have more underway that is no HTTP.
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                response
            }
        };
        control::date(&mut response, clock::wall());
        ready(Ok(response.map(Full::new)))
    }
}

impl Shared {
    /// The host that a CONNECT opens a tunnel to.
    fn tunnel_for(&self, parts: &Parts) -> Result<String, Refusal> {
        let target = parts.uri.authority().filter(|_| parts.uri.scheme().is_none());
        let Some((target, port)) = target.and_then(|target| Some((target, target.port_u16()?))) else {
            let words = format!("malformed CONNECT: its target is host:port, such as {}:443", self.example_host());
            return Err(Refusal::new(StatusCode::BAD_REQUEST, words));
        };
        if target.as_str().contains('@') {
            let words = "malformed CONNECT: its target is host:port, without a user";
            return Err(Refusal::new(StatusCode::BAD_REQUEST, words));
        }
        let host = target.host();
        if !self.is_mocked(host) {
            return Err(self.foreign(host));
        }
        if port != 443 {
            let words = format!("{host} is mocked at port 443 only, where the real service listens; not at {port}");
            return Err(Refusal::new(StatusCode::BAD_GATEWAY, words));
        }
        Ok(host.trim_end_matches('.').to_ascii_lowercase())
    }

    /// Why anything but a CONNECT leads nowhere.
    fn no_tunnel(&self, parts: &Parts) -> Refusal {
        let Some(host) = parts.uri.host() else {
            let words = format!(
                "this address is a forward proxy: set HTTPS_PROXY to it, and ask for https://{}; the mock itself is at {}",
                self.example_host(),
                self.plain_url
            );
            return Refusal::new(StatusCode::BAD_REQUEST, words);
        };
        if !self.is_mocked(host) {
            return self.foreign(host);
        }
        let mount = Mount::of(parts.uri.path(), BEHIND);
        let words = match mount.service() {
            Some(service) => {
                self.hang_up(mount, parts, "plain HTTP through the proxy");
                service.https_only().words
            }
            None => "the service is reached over HTTPS only.",
        };
        Refusal::new(StatusCode::BAD_GATEWAY, format!("{host} takes no plain HTTP, use https://: {words}"))
    }

    /// A host that is nobody's business here.
    fn foreign(&self, host: &str) -> Refusal {
        let words = format!(
            "{host} is not mocked, and this proxy connects to nobody: it answers for {} only; let NO_PROXY name what is \
             to be reached directly",
            self.mocked().join(", ")
        );
        Refusal::new(StatusCode::BAD_GATEWAY, words)
    }

    fn example_host(&self) -> &str {
        self.mocked().first().map_or(contract::chatwork::hosts::API, String::as_str)
    }
}
