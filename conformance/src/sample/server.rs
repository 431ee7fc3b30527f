//! A sample integration on a socket, on a thread of its own; it stops when its handle is dropped.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::runtime;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::receive::{Integration, PATH, Reaction};

/// A sample that is being served.
#[derive(Debug)]
pub struct Sample {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Sample {
    /// Serves an integration at an address; port 0 picks a free one. It accepts connections when this returns.
    ///
    /// # Errors
    /// When the address cannot be listened at.
    pub fn start(integration: Integration, listen: SocketAddr) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = watch::channel(false);
        let death = stop.clone();
        let thread = std::thread::Builder::new().name("sample".to_owned()).spawn(move || {
            // Without a listener there is nothing to serve; the judge sees a refused connection.
            let _ = runtime.block_on(serve(listener, Arc::new(integration), death, stopped));
        })?;
        Ok(Self { address, stop, thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where events go.
    pub fn url(&self) -> String {
        format!("http://{}{PATH}", self.address)
    }

    /// Waits until it ends by itself, which only a flaw makes it do.
    pub fn wait(mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Sample {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn serve(
    listener: std::net::TcpListener,
    integration: Arc<Integration>,
    death: watch::Sender<bool>,
    mut stopped: watch::Receiver<bool>,
) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(_) => {
                    // Out of file descriptors, most likely: accepting again at once would only spin.
                    tokio::time::sleep_until(Instant::now() + ACCEPT_PAUSE).await;
                    continue;
                }
            },
            _ = stopped.wait_for(|stopped| *stopped) => return Ok(()),
            Some(_) = connections.join_next() => continue,
        };
        let integration = Arc::clone(&integration);
        let death = death.clone();
        connections.spawn(async move {
            let service = service_fn(move |request| handle(Arc::clone(&integration), death.clone(), request));
            // A connection that ends badly is the peer's affair.
            let _ = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(IDLE)
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn handle(
    integration: Arc<Integration>,
    death: watch::Sender<bool>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, BODY_MAX).collect().await else {
        let mut refusal = Response::new(Full::default());
        *refusal.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        return Ok(refusal);
    };
    match integration.receive(&Request::from_parts(head, body.to_bytes())) {
        Reaction::Answer(answer) => Ok(answer.map(Full::new)),
        Reaction::Die => {
            death.send_replace(true);
            std::future::pending().await
        }
    }
}

/// The largest event that is read, in bytes.
const BODY_MAX: usize = 1024 * 1024;
/// After a connection could not be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);
/// How long a connection may be idle.
const IDLE: Duration = Duration::from_secs(10);
