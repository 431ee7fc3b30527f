//! `conformance api`, resolved.

use std::time::Duration;

use contract::chatwork::Edition;
use contract::service::Service;
use courier::socket::{CONNECT_TIMEOUT, EXCHANGE_TIMEOUT, Socket};

use super::{REMOTE_RATE, Unusable, address, base, is_variable_name, profile, read, tls};
use crate::api::REMOTE_REQUESTS;
use crate::api::session::Settings;
use crate::ask::secret::Secret;
use crate::ask::server::Facts;
use crate::catalog::Selection;
use crate::check::{Check, Kind};
use crate::cli;
use crate::run::clock;
use crate::run::stop::Stop;

/// A run over a server, ready to begin.
#[derive(Debug)]
pub struct ApiRun {
    /// The chosen checks; never empty.
    pub checks: Vec<&'static Check>,
    /// What the session is made of.
    pub session: Settings,
}

/// Resolves `conformance api`.
///
/// # Errors
/// One sentence: what, where, what to do.
pub fn resolve_api(typed: &cli::Api, stop: Stop) -> Result<ApiRun, Unusable> {
    let endpoint = base(&typed.url, typed.service).map_err(Unusable)?;
    if endpoint.target.contains('?') {
        return Err(Unusable("BASE_URL has a query: give the URL below which the API's paths lie".to_owned()));
    }
    let place = place(typed)?;
    if typed.service != Service::Chatwork && typed.chatwork_edition.is_some() {
        return Err(Unusable("--chatwork-edition belongs to --service chatwork".to_owned()));
    }
    let checks = choose(typed)?;
    let profile = profile(typed.service, typed.profile.as_deref())?;
    let token = token(&typed.token)?;
    let tls = tls(&endpoint, typed.ca_file.as_deref())?;
    let address = address(&endpoint)?;
    endpoint
        .guard(address.as_ref().ok().copied(), &typed.allow_remote)
        .map_err(|refused| Unusable(refused.to_string()))?;
    let local = address.as_ref().is_ok_and(|address| address.ip().to_canonical().is_loopback());
    let newest = if local { Edition::Documented } else { Edition::July2025 };
    let session = Settings {
        socket: Socket {
            address,
            authority: endpoint.authority.clone(),
            connect_timeout: CONNECT_TIMEOUT,
            tls,
            timeout: typed.timeout.unwrap_or(EXCHANGE_TIMEOUT).max(Duration::from_millis(1)),
        },
        endpoint,
        token,
        facts: Facts {
            service: typed.service,
            profile,
            edition: typed.chatwork_edition.unwrap_or(newest),
            place,
            write: typed.write,
            local,
            seed: typed.seed,
        },
        now: clock::now(),
        rate: typed.rate.or((!local).then_some(REMOTE_RATE)),
        // Who names a rate has thought about it.
        allowance: (!local && typed.rate.is_none()).then_some(REMOTE_REQUESTS),
        max_time: typed.max_time,
        ca_file: typed.ca_file.clone(),
        stop,
    };
    Ok(ApiRun { checks, session })
}

fn place(typed: &cli::Api) -> Result<Option<String>, Unusable> {
    let (flag, place) = match typed.service {
        Service::Chatwork if typed.chat_id.is_some() => {
            return Err(Unusable(
                "--chat-id belongs to --service chatday: Chatwork has rooms, see --room-id".to_owned(),
            ));
        }
        Service::Chatday if typed.room_id.is_some() => {
            return Err(Unusable(
                "--room-id belongs to --service chatwork: Chatday has chats, see --chat-id".to_owned(),
            ));
        }
        Service::Chatwork => ("--room-id", typed.room_id.map(|room| room.to_string())),
        Service::Chatday => ("--chat-id", typed.chat_id.clone().filter(|chat| !chat.is_empty())),
    };
    if typed.write && place.is_none() {
        return Err(Unusable(format!("--write changes something: say where with {flag} ID")));
    }
    Ok(place)
}

fn choose(typed: &cli::Api) -> Result<Vec<&'static Check>, Unusable> {
    let selection = Selection {
        service: Some(typed.service),
        kind: Some(Kind::Api),
        only: typed.only.clone(),
        skip: typed.skip.clone(),
    };
    let checks = selection.choose();
    if checks.is_empty() {
        return Err(Unusable(format!(
            "--only and --skip leave no check to run: 'conformance list --kind api --service {}' prints the ids",
            typed.service
        )));
    }
    Ok(checks)
}

fn token(source: &cli::TokenSource) -> Result<Secret, Unusable> {
    if let Some(file) = &source.token_file {
        let text = read(file, "the token")?;
        return Secret::token(&text, "API_TOKEN")
            .map_err(|unusable| Unusable(format!("--token-file {}: {unusable}", file.display())));
    }
    let variable = source.token_env.as_deref().unwrap_or_default();
    if !is_variable_name(variable) {
        // It may be the token itself, typed by mistake: it is not repeated.
        return Err(Unusable(
            "--token-env takes the name of an environment variable (letters, digits and _), not the token itself"
                .to_owned(),
        ));
    }
    #[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
    let text = std::env::var(variable).map_err(|_| {
        Unusable(format!("--token-env {variable}: there is no such environment variable; export it first"))
    })?;
    Secret::token(&text, variable).map_err(|unusable| Unusable(format!("--token-env {variable}: {unusable}")))
}
