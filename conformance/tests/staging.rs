//! Bounds of a run and the way to hosts other than this machine: time, full disks, endpoints in trouble, TLS.

mod common;

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::program::{file, folder, has_curl, json, run, webhook};
use common::{Manner, Raw, read_request, sample};
use conformance::catalog::Selection;
use conformance::check::Kind;
use conformance::run::engine::Run;
use conformance::run::event::Event;
use conformance::run::session::Session;
use conformance::run::stop;
use conformance::run::verdict::Verdict;
use conformance::sample::flaw::Flaw;
use contract::service::Service;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use serde_json::{Value, json};

const WRONG: &str = "chatwork.webhooks.wrong-secret-is-refused";

#[test]
fn a_report_that_cannot_be_written_costs_the_others_nothing() {
    if !Path::new("/dev/full").exists() {
        return;
    }
    let folder = folder("full");
    let good = folder.join("good.json");
    let correct = sample(Service::Chatwork, None);
    let (code, out, err) = run(webhook(&correct.url()).args([
        "--report",
        "html=/dev/full",
        "--report",
        &format!("json={}", good.display()),
    ]));
    assert_eq!(code, 4);
    assert!(out.contains("✔ PASS"), "{out}");
    assert!(err.contains("error: the report /dev/full could not be written: "), "{err}");
    assert!(serde_json::from_str::<Value>(&fs::read_to_string(good).unwrap()).is_ok());
}

#[test]
fn what_is_not_judged_in_time_is_an_error() {
    // Answers nothing, so that one exchange takes the whole time-out.
    let endpoint = Raw::start(|mut stream, stopping| {
        if read_request(&mut stream).is_some() {
            while !stopping.load(Ordering::SeqCst) {
                std::thread::park_timeout(Duration::from_millis(10));
            }
        }
    });
    let (code, report) = json(webhook(&endpoint.url()).args(["--max-time", "1s", "--timeout", "60s"]));
    assert_eq!(code, 3);
    assert_eq!((&report["stopped"], &report["verdict"]), (&json!(false), &json!("error")));
    let message = report["checks"][1]["message"].as_str().unwrap();
    assert!(message.contains("the run's time was over"), "{message}");
}

#[test]
fn a_remote_endpoint_in_trouble_is_left_alone_after_five_answers_in_a_row() {
    let asked = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&asked);
    let endpoint = Raw::start(move |mut stream, _| {
        if read_request(&mut stream).is_some() {
            seen.fetch_add(1, Ordering::SeqCst);
            common::write(&mut stream, b"HTTP/1.1 503 X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
    });
    // As for a remote one; that an address of this machine is none is the settings' business.
    let (_stopper, stop) = stop::channel();
    let mut session = common::session(Service::Chatwork, &endpoint.url(), Manner::default(), stop).with_care();
    let checks =
        Selection { service: Some(Service::Chatwork), kind: Some(Kind::Webhook), ..Selection::default() }.choose();
    let mut messages = Vec::new();
    let run = Run { checks: &checks, strict: false, patience: Duration::ZERO, cases: 1, jobs: 1 };
    let report = run.carry_out(&mut session, &mut |event| {
        if let Event::CheckFinished(report) = event {
            messages.push(report.message.clone());
        }
    });
    assert_eq!(asked.load(Ordering::SeqCst), 5);
    assert!(!report.stopped, "nobody pressed Ctrl-C");
    assert_ne!(report.verdict, Verdict::Pass);
    assert!(messages.last().unwrap().contains("so it is left alone"), "{messages:?}");
}

// --- TLS

/// A plain endpoint behind TLS: the certificate in PEM of the authority that vouches for it, and its URL.
struct Tls {
    authority: String,
    url: String,
    _listener: Raw,
}

impl Tls {
    fn before(plain: SocketAddr) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // Unlike the endpoint's own: a certificate that names itself as its issuer counts as self-signed.
        params.distinguished_name.push(DnType::CommonName, "made-up authority");
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &authority).unwrap();
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key.serialize_der().try_into().unwrap())
            .unwrap();
        let config = Arc::new(config);
        let listener = Raw::start(move |mut stream, _| {
            let mut connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut secure = rustls::Stream::new(&mut connection, &mut stream);
            let Some(request) = whole_request(&mut secure) else { return };
            let mut behind = TcpStream::connect(plain).unwrap();
            behind.write_all(&request).unwrap();
            let mut answer = Vec::new();
            let _ = behind.read_to_end(&mut answer);
            let _ = secure.write_all(&answer).and_then(|()| secure.flush());
        });
        Self { authority: authority.pem(), url: listener.url().replace("http:", "https:"), _listener: listener }
    }
}

/// Head and body of one request, which asks for the connection to be closed.
fn whole_request(stream: &mut impl Read) -> Option<Vec<u8>> {
    let mut read = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
            if read.len() >= head.len() + 4 + length {
                let closing = b"connection: close\r\n".to_vec();
                let first = head.find("\r\n")? + 2;
                return Some([&read[..first], &closing, &read[first..]].concat());
            }
        }
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return None,
            Ok(count) => read.extend_from_slice(&piece[..count]),
        }
    }
}

#[test]
fn an_https_endpoint_is_judged_if_its_certificate_is_vouched_for_and_not_otherwise() {
    let folder = folder("tls");
    let correct = sample(Service::Chatwork, None);
    let tls = Tls::before(correct.address());
    let authority = file(&folder, "ca.pem", &tls.authority);
    let few = ["--only", WRONG, "--only", "chatwork.webhooks.valid-event-is-acknowledged"];
    let (code, out, err) = run(webhook(&tls.url).args(["--ca-file", &authority]).args(few));
    assert_eq!(code, 0, "{out}{err}");
    // Another authority, so that this does not depend on what the machine trusts.
    let other = file(&folder, "other.pem", &Tls::before(correct.address()).authority);
    let (code, report) = json(webhook(&tls.url).args(["--ca-file", &other]));
    assert_eq!((code, &report["summary"]["requests"]), (3, &json!(0)));
    let message = report["checks"][0]["message"].as_str().unwrap();
    assert!(message.contains("no TLS connection: the certificate comes from an authority"), "{message}");
    let flawed = sample(Service::Chatwork, Some(Flaw::VerificationOff));
    let tls = Tls::before(flawed.address());
    let authority = file(&folder, "flawed.pem", &tls.authority);
    let (code, report) = json(webhook(&tls.url).args(["--ca-file", &authority, "--only", WRONG]));
    assert_eq!(code, 1);
    let line = report["checks"][0]["reproduce"].as_str().unwrap();
    assert!(line.contains(" --cacert '"), "{line}");
    if has_curl() {
        let output = Command::new("sh").args(["-c", line]).output().unwrap();
        assert!(output.stdout.starts_with(b"HTTP/1.1 200"), "{line}\n{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn every_text_that_goes_to_another_machine_says_what_it_is() {
    for service in Service::ALL {
        let bodies = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&bodies);
        let endpoint = Raw::start(move |mut stream, _| {
            if let Some(request) = read_request(&mut stream) {
                seen.lock().unwrap().push(String::from_utf8_lossy(request.body()).into_owned());
                let body = r#"{"status":"SUCCESS"}"#;
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                common::write(&mut stream, format!("{head}{body}").as_bytes());
            }
        });
        let (_stopper, stop) = stop::channel();
        let session = common::session(service, &endpoint.url(), Manner::default(), stop);
        let mut settings = session.settings().clone();
        settings.policy.marked = true;
        let mut session = Session::new(settings).unwrap();
        let only = vec!["*.everyday-text-is-acknowledged".to_owned()];
        let checks =
            Selection { service: Some(service), kind: Some(Kind::Webhook), only, ..Selection::default() }.choose();
        Run { checks: &checks, strict: false, patience: Duration::ZERO, cases: 1, jobs: 1 }
            .carry_out(&mut session, &mut |_| ());
        let bodies = bodies.lock().unwrap();
        assert!(bodies.len() >= 6, "{service}: {bodies:?}");
        assert!(bodies.iter().all(|body| body.contains("conformance")), "{service}: {bodies:?}");
        assert!(bodies.iter().any(|body| body.contains("conformance test: ")), "{service}: {bodies:?}");
    }
}
