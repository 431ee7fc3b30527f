//! TLS over real sockets: good certificates and bad ones, both versions of HTTP, the CA on the disk.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use contract::service::Service;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use mock_server::control::{Certificate, Client as Verdict, Shaken};
use mock_server::{Limits, MockServer, StartError};
use rustls::{CertificateError, Error};
use tokio_rustls::TlsConnector;

use crate::support::{Client, address, messages};
use crate::tls_client::{TlsClient, careless, dial, shake, tls_address, trusting, trusting_mock};

const FREE: ([u8; 4], u16) = ([127, 0, 0, 1], 0);
/// Long enough that only a hanging server reaches it.
const PATIENCE: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(200);

fn mock() -> MockServer {
    MockServer::builder().tls_listen(SocketAddr::from(FREE)).start().unwrap()
}

fn directory(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("tls-{name}"));
    let _ = fs::remove_dir_all(&path);
    path
}

fn kept_in(directory: &Path) -> Result<MockServer, StartError> {
    MockServer::builder().tls_listen(SocketAddr::from(FREE)).ca_dir(directory).start()
}

fn get(mock: &MockServer, path: &str, host: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nX-ChatWorkToken: {}\r\n\r\n", mock.token(Service::Chatwork))
}

#[test]
fn good_certificates_name_this_machine_and_the_mocked_hosts_and_hold_for_at_most_397_days() {
    let mock = mock();
    let config = trusting_mock(&mock);
    for host in [
        "localhost",
        "127.0.0.1",
        "::1",
        "api.chatwork.com",
        "www.chatwork.com",
        "oauth.chatwork.com",
        "api.chatday.example",
    ] {
        let mut client = dial(&mock, host, &config).unwrap_or_else(|error| panic!("{host}: {error}"));
        assert_eq!(client.send(get(&mock, "/v2/me", "localhost")).answer().status, 200, "{host}");
        let chain = client.tls().peer_certificates().unwrap().to_vec();
        assert_eq!(chain.len(), 1, "the CA itself is not sent");
        let again = dial(&mock, host, &config).unwrap();
        let kind = again.tls().handshake_kind();
        assert_eq!(kind, Some(rustls::HandshakeKind::Full), "a session that is taken up again shows no certificate");
        let (_, certificate) = x509_parser::parse_x509_certificate(&chain[0]).unwrap();
        let time = certificate.validity();
        assert!(time.not_after.timestamp() - time.not_before.timestamp() <= 397 * 86_400, "{host}");
    }
    let error = dial(&mock, "example.com", &config).err().unwrap();
    assert!(matches!(error, Error::InvalidCertificate(CertificateError::NotValidForNameContext { .. })), "{error:?}");
}

/// Whether a client's error is the one that a bad certificate is made for.
fn is_the_right_error(kind: Certificate, error: &Error) -> bool {
    let Error::InvalidCertificate(found) = error else { return false };
    match kind {
        Certificate::Good => false,
        Certificate::Expired => matches!(found, CertificateError::ExpiredContext { .. }),
        Certificate::NotYetValid => matches!(found, CertificateError::NotValidYetContext { .. }),
        Certificate::WrongName => matches!(found, CertificateError::NotValidForNameContext { .. }),
        Certificate::UnknownCa | Certificate::SelfSigned => matches!(found, CertificateError::UnknownIssuer),
    }
}

#[test]
fn each_bad_certificate_is_bad_in_its_own_way_and_is_served_from_the_next_handshake_on() {
    let mock = mock();
    // One client for all: a session that it could take up again would hide the next certificate.
    let config = trusting_mock(&mock);
    for kind in Certificate::ALL.into_iter().filter(|kind| *kind != Certificate::Good) {
        let by_name = dial(&mock, &format!("{}.localhost", kind.name()), &config).err().unwrap();
        assert!(is_the_right_error(kind, &by_name), "{kind:?} by name: {by_name:?}");
        assert_eq!(mock.set_certificate(kind).unwrap().certificate, kind);
        for host in ["localhost", "api.chatwork.com"] {
            let error = dial(&mock, host, &config).err().unwrap();
            assert!(is_the_right_error(kind, &error), "{kind:?} for {host}: {error:?}");
        }
        let mut client = dial(&mock, "localhost", &careless()).unwrap();
        assert_eq!(client.send(get(&mock, "/v2/me", "localhost")).answer().status, 200, "{kind:?}");
        mock.set_certificate(Certificate::Good).unwrap();
        assert!(dial(&mock, "localhost", &config).is_ok(), "after {kind:?}");
    }
}

#[test]
fn the_mock_tells_who_refused_a_certificate_and_who_went_on() {
    let mock = mock();
    let config = trusting_mock(&mock);
    assert!(dial(&mock, "expired.localhost", &config).is_err());
    let mut client = dial(&mock, "expired.localhost", &careless()).unwrap();
    assert_eq!(client.send(get(&mock, "/v2/me", "localhost")).answer().status, 200);
    // A client that looks at the certificate after the handshake, and leaves.
    drop(dial(&mock, "wrong-name.localhost", &careless()).unwrap());
    let state = loop {
        let state = mock.tls().unwrap();
        if state.certificates.get(&Certificate::WrongName).is_some_and(|tally| tally.refused == 1) {
            break state;
        }
        std::thread::yield_now();
    };
    let expired = &state.certificates[&Certificate::Expired];
    assert_eq!((expired.handshakes, expired.refused, expired.went_on), (2, 1, 1));
    assert_eq!(expired.last_alert.as_deref(), Some("certificate_expired"));
    let told: Vec<_> = state.handshakes.iter().map(|shaken| (shaken.outcome, shaken.client, shaken.requests)).collect();
    let expected = [
        (Shaken::Alert, Verdict::Refused, 0),
        (Shaken::Established, Verdict::WentOn, 1),
        (Shaken::Established, Verdict::Refused, 0),
    ];
    assert_eq!(told, expected);
    let first = &state.handshakes[0];
    assert_eq!((first.id, first.sni.as_deref(), first.version.as_deref()), (1, Some("expired.localhost"), None));
    assert_eq!(state.handshakes[1].version.as_deref(), Some("TLSv1.3"));
}

/// An HTTP/2 client of a mock.
pub(crate) async fn http2_client<B>(mock: &MockServer, host: &str) -> http2::SendRequest<B>
where
    B: hyper::body::Body<Data = Bytes, Error = std::convert::Infallible> + Send + Unpin + 'static,
{
    let stream = tokio::net::TcpStream::connect(tls_address(mock)).await.unwrap();
    let config = trusting(&mock.tls().unwrap().ca_pem, &["h2"]);
    let name = rustls::pki_types::ServerName::try_from(host.to_owned()).unwrap();
    let stream = TlsConnector::from(config).connect(name, stream).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

#[tokio::test]
async fn http_2_is_served_with_many_requests_at_once_and_the_journal_has_the_host() {
    let mock = mock();
    let mut client = http2_client::<Full<Bytes>>(&mock, "api.chatwork.com").await;
    let mut answers = Vec::new();
    for number in 0..8 {
        client.ready().await.unwrap();
        let request = http::Request::post(format!("https://api.chatwork.com{}", messages(&mock)))
            .header("x-chatworktoken", mock.token(Service::Chatwork))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Full::from(format!("body=สวัสดี {number} 🙏")))
            .unwrap();
        answers.push(tokio::spawn(client.send_request(request)));
    }
    for answer in answers {
        let answer = answer.await.unwrap().unwrap();
        assert_eq!((answer.status().as_u16(), answer.version()), (200, http::Version::HTTP_2));
        assert!(answer.headers().contains_key("date") && !answer.headers().contains_key("connection"));
        assert!(answer.into_body().collect().await.unwrap().to_bytes().starts_with(b"{\"message_id\":\"1"));
    }
    let requests = mock.requests().unwrap();
    assert_eq!(requests.len(), 8);
    assert!(requests.iter().all(|request| request.headers["host"] == "api.chatwork.com"), "{requests:?}");
    let shaken = &mock.tls().unwrap().handshakes[0];
    assert_eq!((shaken.alpn.as_deref(), shaken.requests), (Some("h2"), 8));
}

#[tokio::test]
async fn the_bounds_hold_for_http_2_too() {
    let mock = mock();
    let mut client = http2_client(&mock, "localhost").await;
    let base = mock.info().unwrap().tls_url.unwrap();
    let mut ask = async |request: http::request::Builder, body: Vec<u8>| {
        client.ready().await.unwrap();
        let request = request.header("x-chatworktoken", mock.token(Service::Chatwork)).body(Full::from(body)).unwrap();
        let answer = client.send_request(request).await.unwrap();
        let status = answer.status().as_u16();
        (status, String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap())
    };
    let (status, words) = ask(http::Request::get(format!("{base}/v2/me?{}", "x".repeat(8200))), vec![]).await;
    assert_eq!((status, words.contains("at most 8192")), (414, true), "{words}");
    let (status, words) =
        ask(http::Request::get(format!("{base}/v2/me")).header("x", "y".repeat(33_000)), vec![]).await;
    assert_eq!((status, words.contains("at most 32768")), (431, true), "{words}");
    let (status, words) = ask(http::Request::post(format!("{base}/v2/nothing")), vec![b'x'; (1 << 20) + 1]).await;
    assert_eq!((status, words.contains("1048576")), (413, true), "{words}");
    let (status, words) = ask(http::Request::get("https://evil.example/_mock/info"), vec![]).await;
    assert_eq!((status, words.contains("DNS rebinding")), (403, true), "{words}");
    assert_eq!(ask(http::Request::get(format!("{base}/_mock/health")), vec![]).await.0, 200);
}

#[tokio::test]
async fn idle_connections_of_http_2_are_dropped() {
    let limits = Limits { head_time: SHORT, drain_time: SHORT, ..Limits::default() };
    let mock = MockServer::builder().tls_listen(SocketAddr::from(FREE)).limits(limits).start().unwrap();
    let mut client = http2_client(&mock, "localhost").await;
    let request: http::request::Builder =
        http::Request::get(format!("{}/_mock/health", mock.info().unwrap().tls_url.unwrap()));
    assert_eq!(client.send_request(request.body(Full::<Bytes>::default()).unwrap()).await.unwrap().status(), 200);
    let closed = async {
        while !client.is_closed() {
            tokio::task::yield_now().await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, closed).await.is_ok());
}

/// A body that begins and never ends.
struct Endless(Option<Bytes>);

impl hyper::body::Body for Endless {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
        self.0.take().map_or(Poll::Pending, |piece| Poll::Ready(Some(Ok(hyper::body::Frame::data(piece)))))
    }
}

#[tokio::test]
async fn bodies_that_pause_on_one_connection_of_http_2_are_each_408() {
    let limits = Limits { body_pause: SHORT, ..Limits::default() };
    let mock = MockServer::builder().tls_listen(SocketAddr::from(FREE)).limits(limits).start().unwrap();
    let mut client = http2_client(&mock, "localhost").await;
    let base = mock.info().unwrap().tls_url.unwrap();
    let mut answers = Vec::new();
    for _ in 0..3 {
        client.ready().await.unwrap();
        let body = Endless(Some(Bytes::from_static(b"body=half"))).boxed();
        let request = http::Request::post(format!("{base}{}", messages(&mock))).body(body).unwrap();
        answers.push(tokio::spawn(client.send_request(request)));
    }
    for answer in answers {
        let answer = tokio::time::timeout(PATIENCE, answer).await.unwrap().unwrap().unwrap();
        assert_eq!(answer.status(), 408);
    }
}

#[test]
fn half_a_handshake_is_dropped_in_time() {
    let limits = Limits { head_time: SHORT, ..Limits::default() };
    let mock = MockServer::builder().tls_listen(SocketAddr::from(FREE)).limits(limits).start().unwrap();
    let mut silent = Client::connect(&tls_address(&mock));
    let mut half = Client::connect(&tls_address(&mock));
    half.send([22, 3, 1, 0, 200, 1]);
    assert!(silent.is_closed() && half.is_closed());
    let outcomes: Vec<Shaken> = mock.tls().unwrap().handshakes.iter().map(|shaken| shaken.outcome).collect();
    assert_eq!(outcomes, [Shaken::TimedOut; 2]);
    let mut idle = dial(&mock, "localhost", &trusting_mock(&mock)).unwrap();
    assert_eq!(idle.send(get(&mock, "/v2/me", "localhost")).answer().status, 200);
    assert!(idle.try_answer().is_none(), "idle connections are dropped as without TLS");
}

#[test]
fn plain_http_on_the_tls_port_is_told_so() {
    let mock = mock();
    let mut client = Client::connect(&tls_address(&mock));
    let answer = client.send(get(&mock, "/v2/me", "localhost")).answer();
    assert_eq!((answer.status, answer.header("connection")), (400, Some("close")));
    assert!(answer.errors()[0].contains(&format!("http://{}", address(&mock))), "{answer:?}");
    assert!(client.is_closed());
    assert_eq!(mock.tls().unwrap().handshakes[0].outcome, Shaken::NotTls);
}

#[test]
fn the_control_api_over_tls_keeps_its_guard() {
    let mock = mock();
    let config = trusting_mock(&mock);
    let ask =
        |host: &str| dial(&mock, "localhost", &config).unwrap().send(get(&mock, "/_mock/info", host)).answer().status;
    assert_eq!((ask("evil.example"), ask(&tls_address(&mock)), ask("localhost")), (403, 200, 200));
}

#[test]
fn addresses_that_are_handed_out_over_tls_lead_back_over_tls() {
    let mock = mock();
    let base = mock.info().unwrap().tls_url.unwrap();
    let mut client = dial(&mock, "localhost", &trusting_mock(&mock)).unwrap();
    let url = download_url(&mut client, &mock, "localhost");
    let path = url.strip_prefix(&base).unwrap_or_else(|| panic!("{url}"));
    assert_eq!(client.send(get(&mock, path, "localhost")).answer().status, 200);
}

/// The address of a file that the built-in world has.
pub(crate) fn download_url(client: &mut TlsClient, mock: &MockServer, host: &str) -> String {
    let room = &mock.card().chatwork["room_id"];
    let files = client.send(get(mock, &format!("/v2/rooms/{room}/files"), host)).answer().json();
    let path = format!("/v2/rooms/{room}/files/{}?create_download_url=1", files[0]["file_id"]);
    let file = client.send(get(mock, &path, host)).answer().json();
    file["download_url"].as_str().unwrap_or_else(|| panic!("{file}")).to_owned()
}

#[test]
fn the_ca_is_made_once_and_its_key_is_nobody_else_s() {
    let directory = directory("kept");
    let first = kept_in(&directory).unwrap();
    let config = trusting_mock(&first);
    let pem = first.tls().unwrap().ca_pem;
    assert_eq!(fs::read_to_string(directory.join("ca.pem")).unwrap(), pem);
    assert_eq!(
        first.info().unwrap().ca_file.unwrap(),
        fs::canonicalize(&directory).unwrap().join("ca.pem").to_str().unwrap()
    );
    drop(first);
    let second = kept_in(&directory).unwrap();
    assert_eq!(second.tls().unwrap().ca_pem, pem);
    assert!(dial(&second, "api.chatwork.com", &config).is_ok(), "who trusted the first trusts the second");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let key = directory.join("ca-key.pem");
        assert_eq!((mode(&directory), mode(&key)), (0o700, 0o600));
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
        drop(kept_in(&directory).unwrap());
        assert_eq!(mode(&key), 0o600, "a key that others could read is taken out of their hands");
    }
}

#[test]
fn mocks_that_start_at_the_same_time_make_one_ca() {
    let directory = directory("race");
    let starts: Vec<_> = (0..8)
        .map(|_| {
            let directory = directory.clone();
            std::thread::spawn(move || kept_in(&directory).unwrap().tls().unwrap().ca_pem)
        })
        .collect();
    let all: Vec<String> = starts.into_iter().map(|start| start.join().unwrap()).collect();
    assert!(all.iter().all(|pem| *pem == all[0]));
}

#[test]
fn broken_and_foreign_ca_files_are_one_sentence() {
    let (ours, other) = (directory("ours"), directory("other"));
    drop((kept_in(&ours).unwrap(), kept_in(&other).unwrap()));
    let (certificate, key) = (ours.join("ca.pem"), ours.join("ca-key.pem"));
    let (good, good_key) = (fs::read_to_string(&certificate).unwrap(), fs::read_to_string(&key).unwrap());
    let foreign = fs::read_to_string(other.join("ca.pem")).unwrap();
    let words = |certificate_text: &str, key_text: &str| {
        fs::write(&certificate, certificate_text).unwrap();
        fs::write(&key, key_text).unwrap();
        kept_in(&ours).err().unwrap().to_string()
    };
    assert!(words("", &good_key).contains("holds no certificate"));
    assert!(words(&good.replace("MII", "MIJ"), &good_key).contains("cannot be read"));
    assert!(words(&good, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").contains("no private key"));
    let sentence = words(&foreign, &good_key);
    assert!(sentence.contains("belongs to another key") && sentence.contains("delete both files"), "{sentence}");
    assert!(!sentence.contains('\n'), "{sentence}");
    fs::write(&certificate, &good).unwrap();
    fs::remove_file(&key).unwrap();
    assert!(kept_in(&ours).err().unwrap().to_string().contains("has no ca-key.pem beside it"));
    let blocked = other.join("ca.pem/below");
    assert!(kept_in(&blocked).err().unwrap().to_string().contains("cannot make the directory"));
}

#[test]
fn with_require_https_plain_http_is_closed_without_an_answer_and_written_down() {
    let mock = MockServer::builder().tls_listen(SocketAddr::from(FREE)).require_https(true).start().unwrap();
    let base = mock.info().unwrap().tls_url.unwrap();
    assert_eq!(mock.url(Service::Chatwork), format!("{base}/v2"));
    let plain = mock.local_address().to_string();
    for path in ["/v2/me", "/chatday/register", "/download/x", "/token", "/packages/oauth2/login.php"] {
        let mut client = Client::connect(&plain);
        assert!(client.send(get(&mock, path, "localhost")).try_answer().is_none(), "{path}");
    }
    let health = "GET /_mock/health HTTP/1.1\r\nHost: localhost\r\n\r\n";
    assert_eq!(Client::connect(&plain).send(health).answer().status, 200);
    let requests = mock.requests().unwrap();
    let told: Vec<_> = requests.iter().map(|request| (request.status, request.violations[0].clause.as_str())).collect();
    let (chatwork, chatday) = ("chatwork.transport.https-only", "chatday.transport.https-only");
    assert_eq!(told, [(0, chatwork), (0, chatday), (0, chatwork), (0, chatwork), (0, chatwork)]);
    let config = trusting_mock(&mock);
    assert_eq!(dial(&mock, "localhost", &config).unwrap().send(get(&mock, "/v2/me", "localhost")).answer().status, 200);
    let error = MockServer::builder().require_https(true).start().err().unwrap();
    assert!(matches!(error, StartError::NoHttps), "{error}");
}

#[test]
fn a_mock_without_tls_says_so() {
    let mock = MockServer::start().unwrap();
    assert!(mock.tls().unwrap_err().to_string().contains("--tls-listen"));
    assert!(mock.set_certificate(Certificate::Expired).unwrap_err().to_string().contains("--tls-listen"));
}

#[test]
fn a_public_url_and_a_profile_s_hosts_are_named_in_the_certificates() {
    let profile = contract::chatday::Profile::from_toml("[hosts]\napi = [\"chat.example.jp\"]").unwrap();
    let mock = MockServer::builder()
        .tls_listen(SocketAddr::from(FREE))
        .public_url("https://mock.example:8443/")
        .profile(profile)
        .start()
        .unwrap();
    let config = trusting_mock(&mock);
    for host in ["mock.example", "chat.example.jp"] {
        assert!(shake(Client::connect(&tls_address(&mock)).into_stream(), host, &config).is_ok(), "{host}");
    }
    assert!(dial(&mock, "api.chatday.example", &config).is_err());
    assert_eq!(Arc::strong_count(&config), 1);
}
