//! The forward proxy: clients that believe that they speak to the real hosts.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use contract::service::Service;
use mock_server::control::{Certificate, Listener, Shaken};
use mock_server::{Limits, MockServer};
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};

use crate::support::{Answer, Client};
use crate::tls::download_url;
use crate::tls_client::{TlsClient, careless, shake, trusting, trusting_mock};

const FREE: ([u8; 4], u16) = ([127, 0, 0, 1], 0);
const SHORT: Duration = Duration::from_millis(200);

fn mock() -> MockServer {
    MockServer::builder().intercept_listen(SocketAddr::from(FREE)).start().unwrap()
}

fn proxy(mock: &MockServer) -> Client {
    let url = mock.info().unwrap().intercept_proxy.unwrap();
    Client::connect(url.strip_prefix("http://").unwrap())
}

/// One request to the proxy itself.
fn ask(mock: &MockServer, request: &str) -> Answer {
    proxy(mock).send(format!("{request}\r\n\r\n")).answer()
}

/// A tunnel, and TLS in it.
pub(crate) fn tunnel(mock: &MockServer, host: &str) -> TlsClient {
    shake(open(mock, host).into_stream(), host, &trusting_mock(mock)).unwrap()
}

fn open(mock: &MockServer, host: &str) -> Client {
    let mut client = proxy(mock);
    let answer = client.send(format!("CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n")).answer();
    assert_eq!((answer.status, answer.body.as_str()), (200, ""), "{answer:?}");
    client
}

fn get(mock: &MockServer, path: &str, host: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nX-ChatWorkToken: {}\r\n\r\n", mock.token(Service::Chatwork))
}

#[test]
fn every_mocked_host_leads_to_the_mock_and_the_case_of_its_name_does_not_matter() {
    let mock = mock();
    for host in
        ["api.chatwork.com", "www.chatwork.com", "oauth.chatwork.com", "api.chatday.example", "API.Chatwork.com"]
    {
        let mut client = tunnel(&mock, host);
        assert_eq!(client.send(get(&mock, "/v2/me", host)).answer().status, 200, "{host}");
        assert_eq!(client.send(get(&mock, "/v2/me", &format!("{host}:443"))).answer().status, 200, "{host} kept alive");
    }
    let token = mock.token(Service::Chatday);
    let register =
        format!("GET /chatday/register HTTP/1.1\r\nHost: api.chatday.example\r\nAuthorization: Bearer {token}\r\n\r\n");
    assert_eq!(tunnel(&mock, "api.chatday.example").send(register).answer().status, 200);
    let shaken = &mock.tls().unwrap().handshakes[0];
    assert_eq!((shaken.listener, shaken.host.as_deref()), (Listener::Intercept, Some("api.chatwork.com")));
}

#[test]
fn the_pages_of_oauth_are_at_their_real_addresses() {
    let mock = mock();
    let ask = |host: &str, path: &str| tunnel(&mock, host).send(get(&mock, path, host)).answer();
    let consent = ask("www.chatwork.com", "/packages/oauth2/login.php?response_type=code&client_id=nobody");
    assert!(consent.status != 404 && !consent.body.contains("there is nothing"), "{consent:?}");
    let token = ask("oauth.chatwork.com", "/token");
    assert!(token.status != 404 && !token.body.contains("there is nothing"), "{token:?}");
}

#[test]
fn http_2_is_chosen_behind_the_proxy_by_who_offers_it() {
    let mock = mock();
    let config = trusting(&mock.tls().unwrap().ca_pem, &["h2", "http/1.1"]);
    let client = shake(open(&mock, "api.chatwork.com").into_stream(), "api.chatwork.com", &config).unwrap();
    assert_eq!(client.tls().alpn_protocol(), Some(&b"h2"[..]));
}

#[test]
fn another_host_is_502_and_nobody_is_dialled() {
    let mock = mock();
    let bystander = TcpListener::bind(SocketAddr::from(FREE)).unwrap();
    bystander.set_nonblocking(true).unwrap();
    let address = bystander.local_addr().unwrap();
    let port = address.port();
    for request in [
        format!("CONNECT {address} HTTP/1.1\r\nHost: {address}"),
        format!("CONNECT localhost:{port} HTTP/1.1\r\nHost: localhost:{port}"),
        format!("GET http://{address}/ HTTP/1.1\r\nHost: {address}"),
        // The Host header does not decide: the target does.
        format!("GET http://{address}/v2/me HTTP/1.1\r\nHost: api.chatwork.com"),
        "CONNECT api.chatwork.com.evil.example:443 HTTP/1.1\r\nHost: api.chatwork.com:443".to_owned(),
    ] {
        let answer = ask(&mock, &request);
        assert_eq!((answer.status, answer.header("connection")), (502, Some("close")), "{request}");
        let words = &answer.errors()[0];
        assert!(words.contains("is not mocked") && words.contains("api.chatwork.com, www.chatwork.com"), "{words}");
    }
    assert_eq!(bystander.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn a_connect_that_cannot_be_meant_is_told_why() {
    let mock = mock();
    for (target, status, expected) in [
        ("api.chatwork.com", 400, "host:port"),
        ("/v2/me", 400, "host:port"),
        ("http://api.chatwork.com:443", 400, "host:port"),
        ("user@api.chatwork.com:443", 400, "without a user"),
        ("api.chatwork.com:443443", 400, "host:port"),
        ("api.chatwork.com:80", 502, "port 443 only"),
        ("[::1]:443", 502, "[::1] is not mocked"),
    ] {
        let answer = ask(&mock, &format!("CONNECT {target} HTTP/1.1\r\nHost: api.chatwork.com:443"));
        let words = &answer.errors()[0];
        assert_eq!((answer.status, words.contains(expected)), (status, true), "{target}: {words}");
    }
    assert_eq!(ask(&mock, "CONNECT api.chatwork.com:443 HTTP/1.1").status, 400, "no Host");
    assert_eq!(proxy(&mock).send("CONNECT a b c\r\n\r\n").answer().status, 400);
    let origin = ask(&mock, "GET /v2/me HTTP/1.1\r\nHost: localhost");
    assert!(origin.status == 400 && origin.errors()[0].contains("forward proxy"), "{origin:?}");
}

#[test]
fn plain_http_to_a_mocked_host_is_refused_as_the_service_does_and_written_down_without_secrets() {
    let mock = mock();
    let token = mock.token(Service::Chatwork);
    let head = format!(
        "GET http://api.chatwork.com/v2/me HTTP/1.1\r\nHost: api.chatwork.com\r\nX-ChatWorkToken: {token}\r\n\
         Proxy-Authorization: Basic c2VjcmV0"
    );
    let answer = ask(&mock, &head);
    assert_eq!(answer.status, 502);
    assert!(answer.errors()[0].contains("takes no plain HTTP, use https://"), "{answer:?}");
    let request = &mock.requests().unwrap()[0];
    assert_eq!((request.status, request.path.as_str()), (0, "/v2/me"));
    assert_eq!(request.violations[0].clause, "chatwork.transport.https-only");
    assert_eq!(
        (&*request.headers["proxy-authorization"], &*request.headers["x-chatworktoken"]),
        ("[masked]", "[masked]")
    );
}

#[test]
fn the_control_api_is_neither_behind_the_proxy_nor_reached_through_it() {
    let mock = mock();
    let hidden = tunnel(&mock, "api.chatwork.com").send(get(&mock, "/_mock/info", "api.chatwork.com")).answer();
    assert_eq!((hidden.status, hidden.errors()[0].contains(mock.control_url())), (404, true), "{hidden:?}");
    for host in ["localhost", "127.0.0.1", "evil.example"] {
        let answer = tunnel(&mock, "api.chatwork.com").send(get(&mock, "/_mock/info", host)).answer();
        assert_eq!(answer.status, 421, "{host}");
        assert_eq!(tunnel(&mock, "api.chatwork.com").send(get(&mock, "/v2/me", host)).answer().status, 421, "{host}");
    }
    let own = mock.control_url();
    assert_eq!(ask(&mock, &format!("GET {own}/info HTTP/1.1\r\nHost: localhost")).status, 502);
}

#[test]
fn addresses_that_are_handed_out_behind_the_proxy_lead_back_through_it() {
    let mock = mock();
    let mut client = tunnel(&mock, "api.chatwork.com");
    let url = download_url(&mut client, &mock, "api.chatwork.com");
    let path = url.strip_prefix("https://api.chatwork.com").unwrap_or_else(|| panic!("{url}"));
    assert_eq!(client.send(get(&mock, path, "api.chatwork.com")).answer().status, 200);
}

#[test]
fn bad_certificates_are_served_behind_the_proxy_too() {
    let mock = mock();
    let config = trusting_mock(&mock);
    mock.set_certificate(Certificate::Expired).unwrap();
    assert!(shake(open(&mock, "api.chatwork.com").into_stream(), "api.chatwork.com", &config).is_err());
    let mut client = shake(open(&mock, "api.chatwork.com").into_stream(), "api.chatwork.com", &careless()).unwrap();
    assert_eq!(client.send(get(&mock, "/v2/me", "api.chatwork.com")).answer().status, 200);
    let expired = &mock.tls().unwrap().certificates[&Certificate::Expired];
    assert_eq!((expired.refused, expired.went_on), (1, 1));
}

#[test]
fn half_a_connect_and_a_tunnel_in_which_nothing_comes_are_dropped_in_time() {
    let limits = Limits { head_time: SHORT, ..Limits::default() };
    let mock = MockServer::builder().intercept_listen(SocketAddr::from(FREE)).limits(limits).start().unwrap();
    let mut half = proxy(&mock);
    half.send("CONNECT api.chatwork.com:443 HTTP/1.1\r\nHo");
    let mut silent = open(&mock, "api.chatwork.com");
    assert!(half.is_closed() && silent.is_closed());
    let mut plain = open(&mock, "api.chatwork.com");
    assert_eq!(plain.send(get(&mock, "/v2/me", "api.chatwork.com")).answer().status, 400, "no TLS in the tunnel");
    let outcomes: Vec<Shaken> = mock.tls().unwrap().handshakes.iter().map(|shaken| shaken.outcome).collect();
    assert_eq!(outcomes, [Shaken::TimedOut, Shaken::NotTls]);
}

#[test]
fn with_require_https_and_only_the_proxy_the_real_host_is_the_address() {
    let mock = MockServer::builder().intercept_listen(SocketAddr::from(FREE)).require_https(true).start().unwrap();
    assert_eq!(mock.url(Service::Chatwork), "https://api.chatwork.com/v2");
    assert!(mock.control_url().starts_with("http://127.0.0.1:"), "{}", mock.control_url());
}

#[test]
fn what_a_client_sends_along_with_connect_is_not_lost() {
    let mock = mock();
    let name = ServerName::try_from("api.chatwork.com").unwrap();
    let mut tls = ClientConnection::new(trusting_mock(&mock), name).unwrap();
    let mut hello = b"CONNECT api.chatwork.com:443 HTTP/1.1\r\nHost: api.chatwork.com:443\r\n\r\n".to_vec();
    tls.write_tls(&mut hello).unwrap();
    let mut stream = proxy(&mock).into_stream();
    stream.write_all(&hello).unwrap();
    // To the byte: what follows the head is TLS already.
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    assert!(head.starts_with(b"HTTP/1.1 200 "), "{head:?}");
    while tls.is_handshaking() {
        tls.complete_io(&mut stream).unwrap();
    }
    let mut client = Client::over(StreamOwned::new(tls, stream));
    assert_eq!(client.send(get(&mock, "/v2/me", "api.chatwork.com")).answer().status, 200);
}
