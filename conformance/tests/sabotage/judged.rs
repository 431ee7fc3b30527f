//! A run over a mock of this process, whose answers may be spoilt.

use std::sync::Arc;

use conformance::api::run::Run;
use conformance::api::session::{Session, Settings};
use conformance::ask::secret::Secret;
use conformance::ask::server::Facts;
use conformance::catalog::Selection;
use conformance::check::Kind;
use conformance::run::clock;
use conformance::run::event::{CheckReport, Event};
use conformance::run::stop;
use contract::chatday::Profile;
use contract::chatwork::Edition;
use contract::service::Service;
use courier::address::Endpoint;
use courier::socket::{CONNECT_TIMEOUT, EXCHANGE_TIMEOUT, Socket};
use mock_server::MockServer;
use mock_server::witness::Witness;

/// The room of the built-in world that is written in.
const ROOM: &str = "5001";
/// The chat of the built-in world that is written to.
const CHAT: &str = "70001";

/// Every check of a service against a mock, or only some; writing ones included.
pub(crate) fn judge(
    service: Service,
    edition: Edition,
    (strict, only): (bool, Option<&str>),
    witness: Option<Arc<dyn Witness>>,
) -> Vec<CheckReport> {
    let builder = MockServer::builder().edition(edition).self_check(false);
    let builder = match witness {
        Some(witness) => builder.witness(witness),
        None => builder,
    };
    let mock = builder.start().unwrap();
    let endpoint = Endpoint::parse(mock.url(service)).unwrap();
    let (_stopper, stop) = stop::channel();
    let settings = Settings {
        socket: Socket {
            address: Ok(mock.local_address()),
            authority: endpoint.authority.clone(),
            connect_timeout: CONNECT_TIMEOUT,
            tls: None,
            timeout: EXCHANGE_TIMEOUT,
        },
        endpoint,
        token: Secret::token(mock.token(service), "TOKEN").unwrap(),
        facts: Facts {
            service,
            profile: Profile::default_profile(),
            edition,
            place: Some(if service == Service::Chatwork { ROOM } else { CHAT }.to_owned()),
            write: true,
            local: true,
            seed: 1,
        },
        now: clock::now(),
        rate: None,
        allowance: None,
        max_time: None,
        ca_file: None,
        stop,
    };
    let only = only.map(str::to_owned).into_iter().collect();
    let selection = Selection { service: Some(service), kind: Some(Kind::Api), only, ..Selection::default() };
    let mut session = Session::new(settings, Box::new(|_| {})).unwrap();
    let mut reports = Vec::new();
    let run = Run { checks: &selection.choose(), strict, patience: EXCHANGE_TIMEOUT };
    run.carry_out(&mut session, &mut |event| {
        if let Event::CheckFinished(report) = event {
            reports.push((**report).clone());
        }
    });
    reports
}
