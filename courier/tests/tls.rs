//! TLS over real sockets: who is trusted, what is said about a certificate that does not fit, and that what was sent came.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use courier::exchange::{Delivery, Exchange, Fault, TlsFault};
use courier::socket::{CONNECT_TIMEOUT, Socket};
use courier::tls::{Authorities, Tls, Trust};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{WantsServerCert, WebPkiClientVerifier};
use rustls::{ConfigBuilder, HandshakeKind, RootCertStore, ServerConfig, WantsVerifier};
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
        acceptor(builder().with_no_client_auth(), certificate.der().clone(), &key)
    }

    /// One that wants certificates of its callers, signed by this authority too.
    fn demanding_acceptor(&self, name: &str) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &self.0).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        let provider = Arc::new(ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        acceptor(builder().with_client_cert_verifier(verifier), certificate.der().clone(), &key)
    }
}

fn builder() -> ConfigBuilder<ServerConfig, WantsVerifier> {
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    builder.with_safe_default_protocol_versions().unwrap()
}

fn acceptor(
    builder: ConfigBuilder<ServerConfig, WantsServerCert>,
    certificate: CertificateDer<'static>,
    key: &KeyPair,
) -> TlsAcceptor {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    TlsAcceptor::from(Arc::new(builder.with_single_cert(vec![certificate], key).unwrap()))
}

/// Requests, and whether the handshake before each was a whole one.
type Came = Mutex<Vec<(Vec<u8>, bool)>>;

/// Reads each connection's request whole, keeps it, and answers with 200 and its first line, under TLS or, without an
/// acceptor, plainly.
struct Server {
    address: SocketAddr,
    /// What came under TLS.
    came: Arc<Came>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn start(acceptor: Option<TlsAcceptor>) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, mut stopped) = oneshot::channel();
        let came: Arc<Came> = Arc::default();
        let kept = Arc::clone(&came);
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                loop {
                    tokio::select! {
                        accepted = listener.accept() => serve(accepted.unwrap().0, acceptor.as_ref(), &kept).await,
                        _ = &mut stopped => return,
                    }
                }
            });
        });
        Self { address, came, stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        let _ = self.thread.take().unwrap().join();
    }
}

async fn serve(mut stream: TcpStream, acceptor: Option<&TlsAcceptor>, came: &Came) {
    let Some(acceptor) = acceptor else {
        let request = request(&mut stream).await;
        answer(stream, &request).await;
        return;
    };
    match acceptor.accept(stream).into_fallible().await {
        Ok(mut stream) => {
            let whole = stream.get_ref().1.handshake_kind() == Some(HandshakeKind::Full);
            let request = request(&mut stream).await;
            // Before the answer, so that whoever has that finds this.
            came.lock().unwrap().push((request.clone(), whole));
            answer(stream, &request).await;
        }
        // Heard out, so that the alert is not lost.
        Err((_, mut stream)) => {
            let _ = stream.shutdown().await;
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
    }
}

/// As long as it says, or until it ends.
async fn request(stream: &mut (impl AsyncReadExt + Unpin)) -> Vec<u8> {
    let mut request = Vec::new();
    while !is_whole(&request) && matches!(stream.read_buf(&mut request).await, Ok(1..)) {}
    request
}

async fn answer(mut stream: impl AsyncWriteExt + Unpin, request: &[u8]) {
    let first = String::from_utf8_lossy(request).lines().next().unwrap_or_default().to_owned();
    let _ =
        stream.write_all(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{first}", first.len()).as_bytes()).await;
    let _ = stream.shutdown().await;
}

fn is_whole(request: &[u8]) -> bool {
    // What is no HTTP is answered as it is.
    if !request.is_empty() && !request[0].is_ascii_uppercase() {
        return true;
    }
    let Some(end) = request.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
    request.len() >= end + 4 + length.unwrap_or(0)
}

fn exchange(server: &Server, host: &str, trusted: Option<&Authority>) -> Exchange {
    // An authority of its own where none is named: a machine without any would say something else.
    let pem = trusted.map_or_else(|| Authority::new().pem(), Authority::pem);
    let socket = socket(server.address, Tls::new(host, Some(pem.as_bytes())).unwrap());
    wait(socket.exchange(&delivery(b"{}")))
}

fn socket(address: SocketAddr, tls: Tls) -> Socket {
    Socket {
        address: Ok(address),
        authority: format!("localhost:{}", address.port()),
        connect_timeout: CONNECT_TIMEOUT,
        tls: Some(tls),
        timeout: Duration::from_secs(5),
    }
}

fn delivery(body: &[u8]) -> Delivery {
    Delivery {
        method: http::Method::POST,
        target: "/hook".to_owned(),
        headers: Vec::new(),
        body: Bytes::copy_from_slice(body),
    }
}

fn wait<T>(what: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(what)
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

#[test]
fn a_handshake_without_end_ends_with_the_time_for_connecting() {
    // Nobody accepts: the connection comes about in the backlog, and that is all.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let tls = Tls::new("localhost", Some(Authority::new().pem().as_bytes())).unwrap();
    let mut socket = socket(listener.local_addr().unwrap(), tls);
    (socket.connect_timeout, socket.timeout) = (Duration::from_millis(100), Duration::from_secs(60));
    let exchange = wait(socket.exchange(&delivery(b"{}")));
    assert_eq!(exchange.fault(), Some(&Fault::Tls(TlsFault::Timeout)));
    assert!(exchange.took < Duration::from_secs(30), "{:?}", exchange.took);
}

#[test]
fn an_endpoint_that_shows_the_certificate_of_a_ca_is_told_so() {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = params.self_signed(&key).unwrap();
    let server = Server::start(Some(acceptor(builder().with_no_client_auth(), certificate.der().clone(), &key)));
    let tls = Tls::new("localhost", Some(certificate.pem().as_bytes())).unwrap();
    let exchange = wait(socket(server.address, tls).exchange(&delivery(b"{}")));
    assert!(refusal(&exchange).contains("is that of a CA"));
}

#[test]
fn an_endpoint_that_wants_a_certificate_is_told_of_as_such() {
    let authority = Authority::new();
    let server = Server::start(Some(authority.demanding_acceptor("localhost")));
    let words = "wants its caller to have a certificate";
    // It says so after the handshake, when the request is on its way already.
    assert!(refusal(&exchange(&server, "localhost", Some(&authority))).contains(words));
    let tls = Tls::new("localhost", Some(authority.pem().as_bytes())).unwrap();
    let fault = wait(socket(server.address, tls).send_only(&delivery(b"{}"))).unwrap_err();
    assert!(fault.to_string().contains(words), "{fault}");
}

#[test]
fn trust_is_made_once_for_many_endpoints_and_each_shows_its_certificate_every_time() {
    let (one, other) = (Authority::new(), Authority::new());
    let servers = [&one, &other].map(|authority| Server::start(Some(authority.acceptor("localhost", |_| ()))));
    let mut named = Authorities::default();
    named.add_pem([one.pem(), other.pem()].join("\n").as_bytes()).unwrap();
    let trust = Trust::new(&named).unwrap();
    for server in &servers {
        let socket = socket(server.address, trust.tls("localhost").unwrap());
        for _ in 0..2 {
            assert!(wait(socket.exchange(&delivery(b"{}"))).answer().is_some());
        }
        let whole: Vec<bool> = server.came.lock().unwrap().iter().map(|(_, whole)| *whole).collect();
        assert_eq!(whole, [true, true]);
    }
}

#[test]
fn what_is_sent_without_waiting_for_the_answer_comes_whole() {
    let authority = Authority::new();
    let server = Server::start(Some(authority.acceptor("localhost", |_| ())));
    let tls = Tls::new("localhost", Some(authority.pem().as_bytes())).unwrap();
    let (socket, body) = (socket(server.address, tls), vec![b'x'; 1 << 20]);
    for number in 1..=20 {
        wait(socket.send_only(&delivery(&body))).unwrap();
        // The server takes one connection after another: this one is answered when that one is done with.
        assert!(wait(socket.exchange(&delivery(b"{}"))).answer().is_some());
        let came = server.came.lock().unwrap();
        let (request, _) = &came[came.len() - 2];
        assert!(request.ends_with(&body), "number {number} ended after {} bytes", request.len());
    }
}
