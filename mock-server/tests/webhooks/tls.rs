//! Webhooks over TLS: who is trusted, and that nothing of a request goes to whom nobody trusts.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use contract::chatwork::signature::WebhookKey;
use mock_server::control::Certificate;
use mock_server::{Builder, MockServer};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};

use crate::chatday::{register, visitor};
use crate::receiver::Receiver;
use crate::support::{api, deliveries, each, ok, other_writes, post, refused, room_setting, settled};

/// A made-up CA.
struct Ca {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Ca {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        // A name of its own: of two that are called alike it is the signature that does not fit, not the name.
        params.distinguished_name.push(DnType::CommonName, format!("{:?}", &key.public_key_raw()[..8]));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    /// The one that a mock keeps in a directory.
    fn kept_in(directory: &Path) -> Self {
        let read = |name: &str| fs::read_to_string(directory.join(name)).unwrap();
        let pem = read("ca.pem");
        let key = KeyPair::from_pem(&read("ca-key.pem")).unwrap();
        Self { issuer: Issuer::from_ca_cert_pem(&pem, key).unwrap(), pem }
    }

    /// What a receiver with a certificate of this CA serves.
    fn server(&self, name: &str) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        Arc::new(builder.with_single_cert(vec![certificate.der().clone()], key).unwrap())
    }
}

fn builder() -> Builder {
    MockServer::builder().frozen_clock(None)
}

/// A mock that trusts a CA.
fn trusting(ca: &Ca) -> MockServer {
    builder().webhook_ca(&*ca.pem).start().unwrap()
}

/// Verdict, fault and reason of a delivery.
fn fault(delivery: &Value) -> (&str, &str, &str) {
    fn text(value: &Value) -> &str {
        value.as_str().unwrap_or_default()
    }
    (text(&delivery["verdict"]), text(&delivery["attempts"][0]["fault"]), text(&delivery["why"]))
}

/// Takes one connection, and does something with it.
fn listener<T: Send + 'static>(
    each: impl FnOnce(std::net::TcpStream) -> T + Send + 'static,
) -> (SocketAddr, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (address, std::thread::spawn(move || each(listener.accept().unwrap().0)))
}

#[test]
fn both_services_deliver_over_tls_to_a_receiver_whose_ca_was_named() {
    let (first, second) = (Ca::new(), Ca::new());
    // Named one by one, or as one text with both.
    let mocks = [
        builder().webhook_ca(&*first.pem).webhook_ca(&*second.pem).start().unwrap(),
        builder().webhook_ca([&*first.pem, &*second.pem].concat()).start().unwrap(),
    ];
    for mock in mocks {
        let chatwork = Receiver::over_tls(first.server("localhost"), false);
        let (_, token) = room_setting(&mock, &chatwork.https_url());
        post(&mock, "สวัสดี 🌸");
        let request = chatwork.wait_for(1).remove(0);
        let signature = WebhookKey::from_token(&token).unwrap().sign(&request.body);
        assert_eq!(request.header("x-chatworkwebhooksignature"), Some(&*signature));
        let authority = format!("localhost:{}", chatwork.address.port());
        assert_eq!(request.header("host"), Some(&*authority));
        assert_eq!(request.json()["webhook_event"]["body"], "สวัสดี 🌸");

        let chatday = Receiver::over_tls(second.server("localhost"), false);
        let signature = register(&mock);
        let set = ok(&mock, "PUT", "/chatday/webhook", &json!({"url": chatday.https_url()}));
        assert_eq!(set["url"], chatday.https_url());
        assert_eq!(visitor(&mock, "こんにちは 🌸")["delivery"]["verdict"], "delivered");
        let request = chatday.wait_for(1).remove(0);
        assert_eq!(request.header("x-chatday-signature-token"), Some(&*signature));
        assert_eq!(request.json()["message"]["data"], "こんにちは 🌸");
        assert_eq!(each(&settled(&mock), "verdict"), ["delivered"; 2]);
    }
}

#[test]
fn an_address_is_verified_as_a_name_is() {
    let ca = Ca::new();
    let mock = trusting(&ca);
    let receiver = Receiver::over_tls(ca.server("127.0.0.1"), false);
    room_setting(&mock, &format!("https://{}/hook", receiver.address));
    post(&mock, "to the address");
    room_setting(&mock, &receiver.https_url());
    post(&mock, "to both");
    let deliveries = settled(&mock);
    assert_eq!(each(&deliveries, "verdict"), ["delivered", "delivered", "failed"]);
    assert!(fault(&deliveries[2]).2.contains("the certificate is not for 'localhost'"), "{}", deliveries[2]);
}

#[test]
fn a_certificate_of_the_mock_s_own_ca_is_trusted() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("webhooks-own-ca");
    let _ = fs::remove_dir_all(&directory);
    let mock = builder().ca_dir(&directory).start().unwrap();
    let receiver = Receiver::over_tls(Ca::kept_in(&directory).server("localhost"), false);
    room_setting(&mock, &receiver.https_url());
    post(&mock, "hello");
    assert_eq!(each(&settled(&mock), "verdict"), ["delivered"]);
}

#[test]
fn nothing_of_a_request_goes_to_a_receiver_that_nobody_trusts() {
    let mock = trusting(&Ca::new());
    let receiver = Receiver::over_tls(Ca::new().server("localhost"), false);
    room_setting(&mock, &receiver.https_url());
    post(&mock, "hello");
    let delivery = settled(&mock).remove(0);
    let (verdict, name, why) = fault(&delivery);
    assert_eq!((verdict, name, &delivery["attempts"][0]["answer"]), ("failed", "tls", &Value::Null));
    assert!(why.contains("an authority that is not trusted here") && why.contains("--webhook-ca-file FILE"), "{why}");
    assert_eq!(mock.webhooks().unwrap()[0]["failed"], 1, "it counts towards switching off");

    register(&mock);
    ok(&mock, "PUT", "/chatday/webhook", &json!({"url": receiver.https_url()}));
    let told = visitor(&mock, "hello")["delivery"].clone();
    assert_eq!(fault(&told), ("waiting", "tls", why), "to be repeated, as every other failure");
    for failure in receiver.wait_for_failures(2) {
        assert!(failure.contains("UnknownCA"), "{failure}");
    }
    assert!(receiver.requests().is_empty());
    assert_eq!(api(&mock, "GET", "/me", &[]).0, 200, "the mock goes on serving");
}

#[test]
fn every_bad_certificate_is_told_of_in_words_of_its_own() {
    let other = MockServer::builder().tls_listen(SocketAddr::from(([127, 0, 0, 1], 0))).start().unwrap();
    let mock = builder().webhook_ca(other.tls().unwrap().ca_pem).start().unwrap();
    let address = other.info().unwrap().tls_url.unwrap();
    room_setting(&mock, &format!("{}/v2/me", address.replace("127.0.0.1", "localhost")));
    for (kind, words) in [
        (Certificate::Expired, "the certificate has expired"),
        (Certificate::NotYetValid, "the certificate is not valid yet"),
        (Certificate::WrongName, "the certificate is not for 'localhost'"),
        (Certificate::UnknownCa, "an authority that is not trusted here"),
        (Certificate::SelfSigned, "an authority that is not trusted here"),
    ] {
        other.set_certificate(kind).unwrap();
        post(&mock, kind.name());
        let delivery = settled(&mock).pop().unwrap();
        let (verdict, name, why) = fault(&delivery);
        assert_eq!((verdict, name), ("failed", "tls"), "{kind:?}");
        assert!(why.contains(words), "{kind:?}: {why}");
    }
    assert!(other.requests().unwrap().is_empty());
    // Whoever took a good one once looks again the next time.
    for kind in [Certificate::Good, Certificate::Expired] {
        other.set_certificate(kind).unwrap();
        post(&mock, "once more");
        settled(&mock);
    }
    let last: Vec<Value> = deliveries(&mock).split_off(5);
    assert_eq!(last[0]["attempts"][0]["answer"]["status"], 401, "{}", last[0]);
    assert_eq!(last[1]["attempts"][0]["fault"], "tls", "{}", last[1]);
    assert_eq!(other.requests().unwrap().len(), 1);
}

#[test]
fn a_receiver_without_tls_gets_no_plain_request() {
    let (address, came) = listener(|mut stream| {
        let mut came = vec![0; 4096];
        let read = stream.read(&mut came).unwrap();
        came.truncate(read);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        // What else comes: there is no second try without TLS.
        let _ = stream.read_to_end(&mut came);
        came
    });
    let mock = trusting(&Ca::new());
    room_setting(&mock, &format!("https://{address}/hook"));
    post(&mock, "for your eyes only");
    let delivery = settled(&mock).remove(0);
    let (verdict, name, why) = fault(&delivery);
    assert_eq!((verdict, name), ("failed", "tls"));
    assert!(why.contains("speaks no TLS: is it an http:// endpoint?"), "{why}");
    let came = came.join().unwrap();
    let text = String::from_utf8_lossy(&came);
    assert_eq!(came[0], 22, "a handshake");
    assert!(!text.contains("POST") && !text.contains("/hook") && !text.contains("eyes only"), "{text}");
}

#[test]
fn a_receiver_that_hangs_up_in_the_handshake() {
    let (address, _) = listener(|mut stream| {
        // The whole hello, so that closing does not reset.
        let mut head = [0; 5];
        stream.read_exact(&mut head).unwrap();
        stream.read_exact(&mut vec![0; usize::from(head[3]) << 8 | usize::from(head[4])]).unwrap();
    });
    let mock = trusting(&Ca::new());
    room_setting(&mock, &format!("https://{address}/hook"));
    post(&mock, "hello");
    let delivery = settled(&mock).remove(0);
    let (verdict, name, why) = fault(&delivery);
    assert_eq!((verdict, name), ("failed", "tls"));
    assert!(why.contains("hung up during the handshake"), "{why}");
}

#[test]
fn a_handshake_without_end_ends_with_the_time_for_connecting_and_holds_up_the_backlog_twice_only() {
    // Nobody accepts: connections come about in the backlog, and that is all.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mock = trusting(&Ca::new());
    // Long enough that the two are told apart: whoever waited for the whole time-out would fail here.
    let webhooks = json!({"connect_timeout_ms": 200, "timeout_ms": 60_000, "switch_off_after": null});
    mock.set_settings(&json!({"chatwork": {"webhooks": webhooks}})).unwrap();
    room_setting(&mock, &format!("https://{}/hook", listener.local_addr().unwrap()));
    let started = Instant::now();
    for number in 0..66 {
        other_writes(&mock, 1002, &format!("{number}"));
    }
    let deliveries = settled(&mock);
    // Two alone, then 32 at once: four time-outs and not 66, which are 13 seconds.
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    for delivery in &deliveries {
        let (verdict, name, why) = fault(delivery);
        assert_eq!((verdict, name), ("failed", "tls"));
        assert!(why.contains("the handshake did not end in time"), "{why}");
    }
    assert_eq!(deliveries.len(), 66);
}

#[test]
fn a_dropped_answer_is_a_failure_of_something_that_came() {
    let ca = Ca::new();
    let mock = trusting(&ca);
    let receiver = Receiver::over_tls(ca.server("localhost"), false);
    room_setting(&mock, &receiver.https_url());
    ok(&mock, "POST", "/deliveries/modes", &json!({"mode": {"drop_answer": true}, "times": 5}));
    // So long that it is not on its way at a stroke.
    let text = "ก".repeat(65_535);
    for _ in 0..6 {
        other_writes(&mock, 1002, &text);
    }
    let deliveries = settled(&mock);
    let mut expected = vec!["failed"; 5];
    expected.push("delivered");
    assert_eq!(each(&deliveries, "verdict"), expected);
    assert_eq!(deliveries[0]["attempts"][0]["fault"], "answer-dropped");
    let requests = receiver.wait_for(6);
    assert!(requests.iter().all(|request| request.json()["webhook_event"]["body"] == text.as_str()));
}

#[test]
fn a_dropped_answer_that_never_comes_is_bounded_by_the_time_out() {
    let ca = Ca::new();
    let mock = trusting(&ca);
    mock.set_settings(&json!({"chatwork": {"webhooks": {"timeout_ms": 300}}})).unwrap();
    let receiver = Receiver::over_tls(ca.server("localhost"), true);
    room_setting(&mock, &receiver.https_url());
    ok(&mock, "POST", "/deliveries/modes", &json!({"mode": {"drop_answer": true}}));
    let started = Instant::now();
    post(&mock, "hello");
    let delivery = settled(&mock).remove(0);
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    assert_eq!(delivery["attempts"][0]["fault"], "answer-dropped");
    assert_eq!(receiver.requests().len(), 1);
}

#[test]
fn https_urls_follow_the_rules_of_hosts() {
    let mock = builder().webhook_ca(Ca::new().pem).allow_webhook_host("a..b").start().unwrap();
    register(&mock);
    let urls = [
        ("https://192.0.2.7/hook", "--allow-webhook-host 192.0.2.7"),
        ("https://a..b/hook", "'a..b' cannot stand in a certificate"),
        ("wss://127.0.0.1/hook", "webhooks go to http and https URLs, not to the scheme 'wss'"),
    ];
    for (url, words) in urls {
        let chatwork = json!({"url": url, "events": ["mention_to_me"]});
        for (method, path, body) in
            [("POST", "/chatwork/webhooks", chatwork), ("PUT", "/chatday/webhook", json!({"url": url}))]
        {
            let (status, errors) = refused(&mock, method, path, &body);
            assert_eq!((status, errors.len()), (400, 1), "{path} {url}");
            assert!(errors[0].starts_with("/url: ") && errors[0].contains(words), "{errors:?}");
        }
    }
    for url in ["https://localhost/", "https://127.0.0.2:9/x?y=1", "https://[::1]/"] {
        ok(&mock, "POST", "/chatwork/webhooks", &json!({"url": url, "events": ["mention_to_me"]}));
        ok(&mock, "PUT", "/chatday/webhook", &json!({"url": url}));
    }
}

#[test]
fn a_world_s_https_target_elsewhere_is_refused_when_it_is_to_be_called() {
    let world = json!({"chatwork": {
        "accounts": [{"id": 1, "name": "葵"}],
        "rooms": [{"id": 5001, "members": [1]}],
        "webhooks": [{"account": 1, "room": 5001, "events": ["message_created"], "url": "https://192.0.2.7/hook"}],
    }});
    let mock = builder().webhook_ca(Ca::new().pem).world(world).start().unwrap();
    post(&mock, "x");
    let delivery = settled(&mock).remove(0);
    assert_eq!(fault(&delivery).0, "refused");
    assert!(fault(&delivery).2.contains("--allow-webhook-host 192.0.2.7"), "{delivery}");
}

#[test]
fn a_ca_that_is_none_ends_the_start() {
    for pem in ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\n"] {
        let words = builder().webhook_ca(Ca::new().pem).webhook_ca(pem).start().unwrap_err().to_string();
        assert!(words.starts_with("a CA for webhooks cannot be used: it holds no certificate in PEM form"), "{words}");
        assert_eq!(words.lines().count(), 1, "{words}");
    }
}
