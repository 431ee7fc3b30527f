//! What was typed, resolved: files read, secrets checked, addresses found. The only place that reads the environment.

mod api;
mod caller;
pub mod client;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use contract::chatday::Profile;
use contract::service::Service;
use tokio::runtime;
use tokio::time::timeout;

pub use api::{ApiRun, resolve_api};

use crate::ask::effects::Effect;
use crate::ask::policy::{ForgeryAnswer, Origin, Policy};
use crate::ask::secret::Secret;
use crate::catalog::Selection;
use crate::check::{Check, Kind};
use crate::cli;
use crate::client::beside::{Wish, no_token};
use crate::run::baseline::Baseline;
use crate::run::engine::Terms;
use crate::run::stop::Stop;
use crate::run::{clock, session};
use crate::sample::reply::Api;
use courier::address::{Endpoint, Refused};
use courier::exchange::Fault;
use courier::socket::{CONNECT_TIMEOUT, EXCHANGE_TIMEOUT, Socket};
use courier::tls::Tls;

pub use caller::caller;

/// A webhook run, ready to begin.
#[derive(Debug)]
pub struct WebhookRun {
    /// The chosen checks; never empty.
    pub checks: Vec<&'static Check>,
    /// What the session is made of.
    pub session: session::Settings,
    /// What is out of the ordinary about the run.
    pub terms: Terms,
    /// Where events go is not this machine.
    pub remote: bool,
    /// The mock that runs beside it.
    pub beside: Option<Wish>,
}

/// Why a run does not begin: a sentence for the person who typed it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unusable(pub String);

/// Resolves `conformance webhook`.
///
/// # Errors
/// One sentence: what, where, what to do.
pub fn resolve(typed: &cli::Webhook, stop: Stop) -> Result<WebhookRun, Unusable> {
    let checks = choose(typed)?;
    let run = resolve_for(&typed.url, typed.service, &typed.how, checks, typed.seed, stop)?;
    Ok(WebhookRun { terms: Terms { shard: typed.shard, ..run.terms }, ..run })
}

/// Resolves a run of these checks.
///
/// # Errors
/// One sentence: what, where, what to do.
pub fn resolve_for(
    url: &str,
    service: Service,
    how: &cli::How,
    checks: Vec<&'static Check>,
    seed: u64,
    stop: Stop,
) -> Result<WebhookRun, Unusable> {
    let endpoint = Endpoint::parse(url).map_err(|refused| Unusable(refused.to_string()))?;
    let profile = profile(service, how.profile.as_deref())?;
    let secret = secret(service, &how.secret)?;
    let origin = origin(service, how)?;
    let tls = tls(&endpoint, how.ca_file.as_deref())?;
    let address = address(&endpoint)?;
    endpoint
        .guard(address.as_ref().ok().copied(), &how.allow_remote)
        .map_err(|refused| Unusable(refused.to_string()))?;
    let remote = !address.as_ref().is_ok_and(|address| address.ip().to_canonical().is_loopback());
    let contracted = match service {
        Service::Chatwork => EXCHANGE_TIMEOUT,
        Service::Chatday => Duration::from_millis(profile.webhook.timeout_ms),
    };
    let timeout = how.timeout.unwrap_or(contracted).max(Duration::from_millis(1));
    let session = session::Settings {
        socket: Socket {
            address,
            authority: endpoint.authority.clone(),
            connect_timeout: CONNECT_TIMEOUT,
            tls,
            timeout,
        },
        endpoint,
        secret,
        policy: Policy {
            service,
            profile,
            forgery_answer: match how.forgery_answer {
                cli::ForgeryAnswer::Refuse => ForgeryAnswer::Refuse,
                cli::ForgeryAnswer::Any => ForgeryAnswer::Any,
            },
            origin,
            marked: remote,
            old_secret: old_secret(service, how)?,
            effect: how.effect.map(|effect| match effect {
                cli::EffectArg::Reply => Effect::Reply,
                cli::EffectArg::None => Effect::None,
            }),
        },
        seed,
        now: clock::now(),
        rate: how.rate.or(remote.then_some(REMOTE_RATE)),
        max_time: how.max_time,
        stop,
    };
    Ok(WebhookRun {
        checks: spared(checks, remote, how)?,
        session,
        terms: Terms::default(),
        remote,
        beside: beside(service, how)?,
    })
}

/// The file that `--baseline` names; without one nothing is known to fail.
///
/// # Errors
/// Every fault of the file, each with its place.
pub fn baseline(file: Option<&Path>) -> Result<Baseline, Unusable> {
    let Some(file) = file else { return Ok(Baseline::default()) };
    Baseline::from_toml(&read(file, "the baseline")?).map_err(|faults| {
        let lines: Vec<String> = faults.iter().map(|fault| format!("  {fault}")).collect();
        Unusable(format!("--baseline {} has faults:\n{}", file.display(), lines.join("\n")))
    })
}

/// Creates the report files before anything is sent.
///
/// # Errors
/// One sentence on the first that cannot be written.
pub fn create(reports: &[cli::ReportFile]) -> Result<Vec<(cli::ReportFile, File)>, Unusable> {
    let mut seen = BTreeSet::new();
    let created = reports.iter().map(|report| {
        if !seen.insert(&report.file) {
            return Err(Unusable(format!("two reports cannot both be written to {}", report.file.display())));
        }
        let file = File::create(&report.file)
            .map_err(|error| Unusable(format!("the report {} cannot be written: {error}", report.file.display())))?;
        Ok((report.clone(), file))
    });
    created.collect()
}

/// The file that GitHub shows under the job, opened for appending; None outside of GitHub Actions.
///
/// # Errors
/// One sentence when there is one and it cannot be written.
pub fn step_summary() -> Result<Option<File>, Unusable> {
    #[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
    let name = std::env::var_os("GITHUB_STEP_SUMMARY");
    let Some(name) = name.filter(|name| !name.is_empty()) else { return Ok(None) };
    let file = File::options().append(true).create(true).open(&name);
    file.map(Some).map_err(|error| {
        Unusable(format!("GITHUB_STEP_SUMMARY names {}, which cannot be written: {error}", name.display()))
    })
}

/// Without what an endpoint that others depend on is to be spared.
fn spared(checks: Vec<&'static Check>, remote: bool, how: &cli::How) -> Result<Vec<&'static Check>, Unusable> {
    if !remote {
        return Ok(checks);
    }
    let wanted = |hazard| how.include.contains(&hazard);
    let spared: Vec<_> = checks
        .into_iter()
        .filter(|check| (!check.hostile || wanted(cli::Hazard::Hostile)) && (!check.load || wanted(cli::Hazard::Load)))
        .collect();
    if spared.is_empty() {
        return Err(Unusable(
            "the chosen checks are hostile or put a load on the endpoint, and it is not on this machine: if the run is meant \
             for it, add --include hostile,load"
                .to_owned(),
        ));
    }
    Ok(spared)
}

fn tls(endpoint: &Endpoint, ca_file: Option<&Path>) -> Result<Option<Tls>, Unusable> {
    let more = match ca_file {
        Some(_) if !endpoint.secure => {
            return Err(Unusable("--ca-file belongs to an https:// endpoint: this one speaks no TLS".to_owned()));
        }
        Some(file) => Some(read(file, "the CA")?),
        None => None,
    };
    if !endpoint.secure {
        return Ok(None);
    }
    Tls::new(&endpoint.host, more.as_ref().map(String::as_bytes)).map(Some).map_err(|unusable| {
        let place = ca_file.map(|file| format!("--ca-file {}: ", file.display())).unwrap_or_default();
        Unusable(format!("{place}{unusable}"))
    })
}

fn origin(service: Service, how: &cli::How) -> Result<Origin, Unusable> {
    let origin = Origin { setting_id: how.setting_id.clone(), room_id: how.room_id, account: None };
    if service != Service::Chatwork && origin != Origin::default() {
        return Err(Unusable(
            "--setting-id and --room-id belong to --service chatwork: Chatday's events carry neither".to_owned(),
        ));
    }
    Ok(origin)
}

/// Reads and checks the shared secret.
///
/// # Errors
/// One sentence that does not hold the secret.
pub fn secret(service: Service, source: &cli::SecretSource) -> Result<Secret, Unusable> {
    if let Some(file) = &source.secret_file {
        let text = read(file, "the secret")?;
        return Secret::new(service, &text, None)
            .map_err(|unusable| Unusable(format!("--secret-file {}: {unusable}", file.display())));
    }
    secret_from(service, source.secret_env.as_deref().unwrap_or_default(), "--secret-env")
}

fn old_secret(service: Service, how: &cli::How) -> Result<Option<Secret>, Unusable> {
    let variable = how.old_secret_env.as_deref();
    variable.map(|variable| secret_from(service, variable, "--old-secret-env")).transpose()
}

fn secret_from(service: Service, variable: &str, flag: &str) -> Result<Secret, Unusable> {
    let text = variable_text(variable, flag)?;
    Secret::new(service, &text, Some(variable)).map_err(|unusable| Unusable(format!("{flag} {variable}: {unusable}")))
}

/// What stands in an environment variable.
fn variable_text(variable: &str, flag: &str) -> Result<String, Unusable> {
    if !is_variable_name(variable) {
        // It may be the secret itself, typed by mistake: it is not repeated.
        return Err(Unusable(format!(
            "{flag} takes the name of an environment variable (letters, digits and _), not the secret itself"
        )));
    }
    #[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
    std::env::var(variable)
        .map_err(|_| Unusable(format!("{flag} {variable}: there is no such environment variable; export it first")))
}

fn beside(service: Service, how: &cli::How) -> Result<Option<Wish>, Unusable> {
    let Some(address) = how.with_mock else { return Ok(None) };
    let token = how.api_token_env.as_deref().map(|variable| variable_text(variable, "--api-token-env")).transpose()?;
    if let Some(why) = token.as_deref().and_then(|token| no_token(service, token)) {
        let variable = how.api_token_env.as_deref().unwrap_or_default();
        return Err(Unusable(format!("--api-token-env {variable}: this is no API token: {why}")));
    }
    Ok(Some(Wish { address, token }))
}

/// Finds the service's API that a sample integration calls; nothing when none was named.
///
/// # Errors
/// One sentence that does not hold the token.
pub fn api(typed: &cli::Sample) -> Result<Option<Api>, Unusable> {
    let (Some(base), Some(variable)) = (&typed.api_base, &typed.api_token_env) else { return Ok(None) };
    #[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
    let token = std::env::var(variable).unwrap_or_default();
    if token.is_empty() || http::HeaderValue::from_str(&token).is_err() {
        return Err(Unusable(
            "--api-token-env takes the name of an environment variable that holds the API's token".to_owned(),
        ));
    }
    api_at("--api-base", base, typed.service, token).map(Some)
}

/// The base URL of a service's API, taken apart. The courier itself knows webhooks, and would suggest the URL of one.
fn base(url: &str, service: Service) -> Result<Endpoint, String> {
    Endpoint::parse(url).map_err(|refused| match refused {
        Refused::NoUrl(shown) => format!(
            "'{shown}' is no URL: expected the base URL of the API, such as http://127.0.0.1:4010{}",
            service.mount()
        ),
        other => other.to_string(),
    })
}

/// The service's API at a URL; `name` says where the URL was given.
fn api_at(name: &str, url: &str, service: Service, token: String) -> Result<Api, Unusable> {
    let endpoint = base(url, service).map_err(|refused| Unusable(format!("{name}: {refused}")))?;
    if endpoint.secure {
        return Err(Unusable(format!(
            "{name}: the sample calls its API over http only: give the http:// URL of the mock"
        )));
    }
    let address = address(&endpoint)?;
    endpoint.guard(address.as_ref().ok().copied(), &[]).map_err(|refused| Unusable(format!("{name}: {refused}")))?;
    let prefix = endpoint.target.trim_end_matches('/').to_owned();
    Ok(Api {
        socket: Socket {
            address,
            authority: endpoint.authority,
            timeout: EXCHANGE_TIMEOUT,
            connect_timeout: CONNECT_TIMEOUT,
            tls: None,
        },
        prefix,
        token,
    })
}

/// Reads the profile, or takes the default one.
///
/// # Errors
/// Every fault of the file, each with its place.
pub fn profile(service: Service, file: Option<&Path>) -> Result<Arc<Profile>, Unusable> {
    let Some(file) = file else { return Ok(Profile::default_profile()) };
    if service != Service::Chatday {
        return Err(Unusable(
            "--profile belongs to --service chatday: Chatwork's contract has no gaps to fill".to_owned(),
        ));
    }
    let text = read(file, "the profile")?;
    Profile::from_toml(&text).map(Arc::new).map_err(|faults| {
        let lines: Vec<String> = faults.iter().map(|fault| format!("  {fault}")).collect();
        Unusable(format!("--profile {} has faults:\n{}", file.display(), lines.join("\n")))
    })
}

fn choose(typed: &cli::Webhook) -> Result<Vec<&'static Check>, Unusable> {
    let selection = Selection {
        service: Some(typed.service),
        kind: Some(Kind::Webhook),
        only: typed.only.clone(),
        skip: typed.skip.clone(),
    };
    let checks = selection.choose();
    if checks.is_empty() {
        return Err(Unusable(format!(
            "--only and --skip leave no check to run: 'conformance list --service {}' prints the ids",
            typed.service
        )));
    }
    let Some(shard) = typed.shard else { return Ok(checks) };
    let total = checks.len();
    let held: Vec<_> = checks.into_iter().filter(|check| shard.holds(check.id)).collect();
    if held.is_empty() {
        return Err(Unusable(format!(
            "--shard {shard} holds none of the {total} chosen checks: split into fewer parts"
        )));
    }
    Ok(held)
}

/// Reads a file.
///
/// # Errors
/// One sentence.
pub fn read(file: &Path, what: &str) -> Result<String, Unusable> {
    fs::read_to_string(file)
        .map_err(|error| Unusable(format!("{what} cannot be read from {}: {error}", file.display())))
}

/// Finds the address; that there is none is for the run to report.
fn address(endpoint: &Endpoint) -> Result<Result<SocketAddr, Fault>, Unusable> {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Unusable(format!("the system refuses an event loop: {error}")))?;
    let found = runtime.block_on(async { timeout(CONNECT_TIMEOUT, endpoint.resolve()).await });
    // The resolver's thread may still be waiting; the run does not.
    runtime.shutdown_background();
    Ok(match found {
        Ok(Ok(address)) => Ok(address),
        Ok(Err(_)) | Err(_) => Err(Fault::UnreachableDns(endpoint.host.clone())),
    })
}

fn is_variable_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|first: char| first.is_ascii_digit())
        && text.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
}

/// Requests per second to a host that is not this machine, unless the user says otherwise.
const REMOTE_RATE: u32 = 2;
