//! A host that has nothing to do with the service: it writes down what it is sent, and answers 200 with `{}`.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener as StdListener};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::record::pairs;
use crate::ask::observed::ClientCall;

/// The host. It is served as long as this lives, on the runtime that it was started on.
#[derive(Debug)]
pub struct Stranger {
    url: String,
    calls: Arc<Mutex<Vec<ClientCall>>>,
    /// Ends what it holds when it is dropped.
    _serving: JoinSet<()>,
}

impl Stranger {
    /// Serves on a free port of this machine, under the name `localhost`: another host than the service's `127.0.0.1`.
    ///
    /// # Errors
    /// No port to be had.
    pub fn start(started: Instant) -> io::Result<Self> {
        let first = bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0))?;
        let port = first.local_addr()?.port();
        // Some resolvers name that one first; a machine without it has no such address.
        let second = bind(SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), port)).ok();
        let calls = Arc::new(Mutex::new(Vec::new()));
        let mut serving = JoinSet::new();
        for listener in [Some(first), second].into_iter().flatten() {
            serving.spawn(serve(TcpListener::from_std(listener)?, started, Arc::clone(&calls)));
        }
        Ok(Self { url: format!("http://localhost:{port}"), calls, _serving: serving })
    }

    /// Where it is, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What it was sent, in order.
    pub fn finish(self) -> Vec<ClientCall> {
        std::mem::take(&mut *self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn bind(address: SocketAddr) -> io::Result<StdListener> {
    let listener = StdListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

async fn serve(listener: TcpListener, started: Instant, calls: Arc<Mutex<Vec<ClientCall>>>) {
    let mut connections = JoinSet::new();
    let mut number = 0;
    while let Ok((stream, _)) = listener.accept().await {
        let (calls, connection) = (Arc::clone(&calls), number);
        number += 1;
        connections.spawn(async move {
            let service = service_fn(move |request| answer(request, started, connection, Arc::clone(&calls)));
            // What a client does to this connection is its own business.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    started: Instant,
    connection: usize,
    calls: Arc<Mutex<Vec<ClientCall>>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let at = started.elapsed();
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BODY_KEPT).collect().await.map(http_body_util::Collected::to_bytes);
    let body_of_answer = Bytes::from_static(b"{}");
    calls.lock().unwrap_or_else(PoisonError::into_inner).push(ClientCall {
        at,
        answered_at: Some(started.elapsed()),
        connection,
        method: head.method.to_string(),
        target: head.uri.to_string(),
        headers: pairs(&head.headers),
        body: body.unwrap_or_default(),
        status: 200,
        answer_headers: vec![("content-type".to_owned(), Bytes::from_static(JSON.as_bytes()))],
        answer_body: body_of_answer.clone(),
        operation: None,
        fault: None,
        violations: Vec::new(),
    });
    let mut answer = Response::new(Full::new(body_of_answer));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
    Ok(answer)
}

const JSON: &str = "application/json";
/// Bytes that are taken of a body.
const BODY_KEPT: usize = 1024 * 1024;
