//! TLS over real sockets: who is trusted, and what is said about a certificate that does not fit.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use courier::address::Endpoint;
use courier::exchange::{Delivery, Exchange, Fault};
use courier::socket::{CONNECT_TIMEOUT, Socket};
use courier::tls::Tls;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

/// A made-up authority.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    fn acceptor(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        change(&mut params);
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

/// Answers each connection with 200 and the request's first line, under TLS or, without an acceptor, plainly.
struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn start(acceptor: Option<TlsAcceptor>) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, mut stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                loop {
                    tokio::select! {
                        accepted = listener.accept() => serve(accepted.unwrap().0, acceptor.as_ref()).await,
                        _ = &mut stopped => return,
                    }
                }
            });
        });
        Self { address, stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        let _ = self.thread.take().unwrap().join();
    }
}

async fn serve(stream: TcpStream, acceptor: Option<&TlsAcceptor>) {
    match acceptor {
        None => answer(stream).await,
        Some(acceptor) => {
            if let Ok(stream) = acceptor.accept(stream).await {
                answer(stream).await;
            }
        }
    }
}

async fn answer(mut stream: impl AsyncReadExt + AsyncWriteExt + Unpin) {
    let mut read = [0; 4096];
    let Ok(count) = stream.read(&mut read).await else { return };
    let first = String::from_utf8_lossy(&read[..count]).lines().next().unwrap_or_default().to_owned();
    let _ =
        stream.write_all(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{first}", first.len()).as_bytes()).await;
    let _ = stream.shutdown().await;
}

fn exchange(server: &Server, host: &str, trusted: Option<&Authority>) -> Exchange {
    let endpoint = Endpoint::parse(&format!("https://{host}:{}/hook", server.address.port())).unwrap();
    let pem = trusted.map(Authority::pem);
    // An authority of its own where none is named: a machine without any would say something else.
    let pem = pem.unwrap_or_else(|| Authority::new().pem());
    let socket = Socket {
        address: Ok(server.address),
        authority: endpoint.authority.clone(),
        connect_timeout: CONNECT_TIMEOUT,
        tls: Some(Tls::new(&endpoint.host, Some(pem.as_bytes())).unwrap()),
        timeout: Duration::from_secs(5),
    };
    let delivery = Delivery {
        method: http::Method::POST,
        target: endpoint.target,
        headers: Vec::new(),
        body: Bytes::from_static(b"{}"),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(socket.exchange(&delivery))
}

/// What is said of the certificate.
fn refusal(exchange: &Exchange) -> String {
    match exchange.fault() {
        Some(fault @ Fault::Tls(_)) => {
            assert!(fault.name() == "tls" && fault.is_out_of_reach());
            fault.to_string()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_endpoint_whose_certificate_fits_is_talked_to() {
    let authority = Authority::new();
    for host in ["localhost", "127.0.0.1"] {
        let server = Server::start(Some(authority.acceptor(host, |_| ())));
        let exchange = exchange(&server, host, Some(&authority));
        assert_eq!(exchange.answer().map(|answer| answer.body.as_ref()), Some(b"POST /hook HTTP/1.1".as_slice()));
    }
}

#[test]
fn an_authority_that_nobody_named_is_not_trusted() {
    let server = Server::start(Some(Authority::new().acceptor("localhost", |_| ())));
    assert!(refusal(&exchange(&server, "localhost", None)).contains("an authority that is not trusted here"));
}

#[test]
fn a_certificate_for_another_name_or_another_time_is_refused() {
    let authority = Authority::new();
    let refused = |name: &str, change: fn(&mut CertificateParams)| {
        let server = Server::start(Some(authority.acceptor(name, change)));
        refusal(&exchange(&server, "localhost", Some(&authority)))
    };
    assert!(refused("hooks.example", |_| ()).contains("is not for 'localhost'"));
    assert!(refused("localhost", |params| params.not_after = date_time_ymd(2020, 1, 1)).contains("has expired"));
    assert!(refused("localhost", |params| params.not_before = date_time_ymd(4000, 1, 1)).contains("is not valid yet"));
}

#[test]
fn an_endpoint_without_tls_is_named_as_such() {
    let server = Server::start(None);
    assert!(refusal(&exchange(&server, "localhost", None)).contains("speaks no TLS"));
}
