//! Cases per second of the judge, as a ratio to a bare hyper client that sends as many requests to the same endpoint.
//!
//! The endpoint is a sample integration in this process. The judge runs the generated cases of three checks: texts, spellings,
//! and forged signatures with the control events around them; the bare client sends one fixed event as often as the judge
//! sent anything, as many at once, each on a connection of its own, and reads the answer. Rounds alternate, and the ratio is
//! the median of the rounds' ratios, so that a machine whose speed drifts does not decide. Nothing is asserted: figures are
//! for reading.
//!
//! `cargo bench -p conformance` runs 7 rounds of 2,000 cases a check; `-- --quick` runs 2 of 100, to see that it works.

use std::io::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use conformance::ask::policy::{ForgeryAnswer, Origin, Policy};
use conformance::ask::secret::Secret;
use conformance::catalog::Selection;
use conformance::check::Kind;
use conformance::run::engine::{JOBS, Run};
use conformance::run::session::{Session, Settings};
use conformance::run::stop;
use conformance::run::verdict::Verdict;
use conformance::sample::receive::Integration;
use conformance::sample::server::Sample;
use contract::chatday::Profile;
use contract::service::Service;
use contract::time::UnixMillis;
use courier::address::Endpoint;
use courier::exchange::Delivery;
use courier::socket::Socket;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Any Base64 will do.
const SECRET: &str = "W6agakRo0Il0Y2blfz7v5TKrGanFzCIWakZcezo/YeU=";
const CHECKS: [&str; 3] = ["*any-text-*", "*any-spelling-*", "*any-changed-*"];

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let (rounds, cases) = if quick { (2, 100) } else { (7, 2_000) };
    let mut table = format!(
        "{:<10}{:>9}{:>12}{:>14}{:>16}{:>8}\n",
        "service", "cases", "cases /s", "requests /s", "bare hyper /s", "ratio"
    );
    for service in Service::ALL {
        let secret = Secret::new(service, SECRET, None).expect("a secret");
        let integration = Integration::new(service, secret.clone(), Profile::default_profile(), None);
        let sample = Sample::start(integration, SocketAddr::from(([127, 0, 0, 1], 0))).expect("the sample starts");
        let mut figures = Vec::new();
        // The first round warms both up.
        for round in 0..=rounds {
            let (done, requests, took) = judged(service, &secret, &sample.url(), cases);
            let bare = bare_loop(service, &secret, &sample.url(), requests);
            if round > 0 {
                let (took, bare) = (took.as_secs_f64(), bare.as_secs_f64());
                let (done, requests) = (done as f64, requests as f64);
                figures.push([done, done / took, requests / took, requests / bare, bare / took]);
            }
        }
        let [done, per_second, requests, bare, ratio] = [0, 1, 2, 3, 4].map(|column| median(&figures, column));
        table +=
            &format!("{:<10}{done:>9.0}{per_second:>12.0}{requests:>14.0}{bare:>16.0}{ratio:>8.2}\n", service.name());
    }
    let _ = write!(std::io::stdout(), "{table}");
}

fn median(figures: &[[f64; 5]], column: usize) -> f64 {
    let mut column: Vec<f64> = figures.iter().map(|row| row[column]).collect();
    column.sort_by(f64::total_cmp);
    column[column.len() / 2]
}

fn settings(service: Service, secret: &Secret, url: &str) -> Settings {
    let endpoint = Endpoint::parse(url).expect("a URL");
    let address = SocketAddr::new(endpoint.host.parse().expect("an address"), endpoint.port);
    let (_stopper, stop) = stop::channel();
    Settings {
        socket: Socket {
            address: Ok(address),
            authority: endpoint.authority.clone(),
            connect_timeout: courier::socket::CONNECT_TIMEOUT,
            tls: None,
            timeout: Duration::from_secs(5),
        },
        endpoint,
        secret: secret.clone(),
        policy: Policy {
            service,
            profile: Profile::default_profile(),
            forgery_answer: ForgeryAnswer::Refuse,
            origin: Origin::default(),
            marked: false,
            old_secret: None,
            effect: None,
        },
        seed: 1,
        now: UnixMillis::from_seconds(1_760_000_000),
        rate: None,
        max_time: None,
        stop,
    }
}

/// Cases, requests and time of one run.
fn judged(service: Service, secret: &Secret, url: &str, cases: u64) -> (u64, u64, Duration) {
    let only = CHECKS.map(str::to_owned).to_vec();
    let checks = Selection { service: Some(service), kind: Some(Kind::Webhook), only, ..Selection::default() }.choose();
    let mut session = Session::new(settings(service, secret, url)).expect("a session");
    let started = Instant::now();
    let report = Run { checks: &checks, strict: false, patience: Duration::ZERO, cases, jobs: JOBS }
        .carry_out(&mut session, &mut |_| {});
    assert_eq!(report.verdict, Verdict::Pass, "the sample is correct");
    (report.summary.cases, report.summary.requests, started.elapsed())
}

/// How long as many requests take a client that does nothing else.
fn bare_loop(service: Service, secret: &Secret, url: &str, requests: u64) -> Duration {
    let session = Session::new(settings(service, secret, url)).expect("a session");
    let delivery = session.craft("bench").control();
    let address = *session.settings().socket.address.as_ref().expect("an address");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let started = Instant::now();
    runtime.block_on(async {
        let mut left = requests;
        while left > 0 {
            let wave = left.min(JOBS as u64);
            let mut flying = JoinSet::new();
            for _ in 0..wave {
                flying.spawn(one(address, delivery.clone()));
            }
            while flying.join_next().await.is_some() {}
            left -= wave;
        }
    });
    started.elapsed()
}

async fn one(address: SocketAddr, delivery: Delivery) {
    let stream = TcpStream::connect(address).await.expect("the sample accepts");
    stream.set_nodelay(true).expect("a socket");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("a connection");
    let driver = tokio::spawn(connection);
    let mut request = http::Request::builder()
        .method(delivery.method)
        .uri(delivery.target)
        .header(http::header::HOST, address.to_string());
    for (name, value) in &delivery.headers {
        request = request.header(name, value.sent());
    }
    let request = request.body(Full::<Bytes>::new(delivery.body)).expect("a request");
    let answer = sender.send_request(request).await.expect("an answer");
    assert_eq!(answer.status(), 200);
    answer.into_body().collect().await.expect("a body");
    driver.abort();
}
