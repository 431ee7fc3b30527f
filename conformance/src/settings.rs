//! What was typed, resolved: files read, secrets checked, addresses found. The only place that reads the environment.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use contract::chatday::Profile;
use contract::service::Service;
use tokio::runtime;
use tokio::time::timeout;

use crate::ask::effects::Effect;
use crate::ask::policy::{ForgeryAnswer, Origin, Policy};
use crate::ask::secret::Secret;
use crate::catalog::Selection;
use crate::check::{Check, Kind};
use crate::cli;
use crate::run::stop::Stop;
use crate::run::{clock, session};
use crate::sample::reply::Api;
use courier::address::Endpoint;
use courier::exchange::Fault;
use courier::socket::{CONNECT_TIMEOUT, EXCHANGE_TIMEOUT, Socket};

/// A webhook run, ready to begin.
#[derive(Debug)]
pub struct WebhookRun {
    /// The chosen checks; never empty.
    pub checks: Vec<&'static Check>,
    /// What the session is made of.
    pub session: session::Settings,
    /// A deviation from a SHOULD fails the run.
    pub strict: bool,
    /// How long to wait for the subject to come up.
    pub patience: Duration,
    /// Report files, created before anything is sent.
    pub reports: Vec<(cli::ReportKind, File)>,
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
    let endpoint = Endpoint::parse(&typed.url).map_err(|refused| Unusable(refused.to_string()))?;
    let checks = choose(typed)?;
    let profile = profile(typed.service, typed.profile.as_deref())?;
    let secret = secret(typed.service, &typed.secret)?;
    let origin = origin(typed)?;
    let address = address(&endpoint)?;
    endpoint
        .guard(address.as_ref().ok().copied(), &typed.allow_remote)
        .map_err(|refused| Unusable(refused.to_string()))?;
    let reports = if typed.plan { Vec::new() } else { create(&typed.report)? };
    let contracted = match typed.service {
        Service::Chatwork => EXCHANGE_TIMEOUT,
        Service::Chatday => Duration::from_millis(profile.webhook.timeout_ms),
    };
    let timeout = typed.timeout.unwrap_or(contracted).max(Duration::from_millis(1));
    let session = session::Settings {
        socket: Socket { address, authority: endpoint.authority.clone(), connect_timeout: CONNECT_TIMEOUT, timeout },
        endpoint,
        secret,
        policy: Policy {
            service: typed.service,
            profile,
            forgery_answer: match typed.forgery_answer {
                cli::ForgeryAnswer::Refuse => ForgeryAnswer::Refuse,
                cli::ForgeryAnswer::Any => ForgeryAnswer::Any,
            },
            origin,
            old_secret: old_secret(typed)?,
            effect: typed.effect.map(|effect| match effect {
                cli::EffectArg::Reply => Effect::Reply,
                cli::EffectArg::None => Effect::None,
            }),
        },
        seed: typed.seed,
        now: clock::now(),
        rate: typed.rate,
        max_time: None,
        stop,
    };
    Ok(WebhookRun { checks, session, strict: typed.strict, patience: typed.wait, reports })
}

fn origin(typed: &cli::Webhook) -> Result<Origin, Unusable> {
    let origin = Origin { setting_id: typed.setting_id.clone(), room_id: typed.room_id };
    if typed.service != Service::Chatwork && origin != Origin::default() {
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

fn old_secret(typed: &cli::Webhook) -> Result<Option<Secret>, Unusable> {
    let variable = typed.old_secret_env.as_deref();
    variable.map(|variable| secret_from(typed.service, variable, "--old-secret-env")).transpose()
}

fn secret_from(service: Service, variable: &str, flag: &str) -> Result<Secret, Unusable> {
    if !is_variable_name(variable) {
        // It may be the secret itself, typed by mistake: it is not repeated.
        return Err(Unusable(format!(
            "{flag} takes the name of an environment variable (letters, digits and _), not the secret itself"
        )));
    }
    #[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
    let text = std::env::var(variable)
        .map_err(|_| Unusable(format!("{flag} {variable}: there is no such environment variable; export it first")))?;
    Secret::new(service, &text, Some(variable)).map_err(|unusable| Unusable(format!("{flag} {variable}: {unusable}")))
}

/// Finds the service's API that a sample integration calls; nothing when none was named.
///
/// # Errors
/// One sentence that does not hold the token.
pub fn api(typed: &cli::Sample) -> Result<Option<Api>, Unusable> {
    let (Some(base), Some(variable)) = (&typed.api_base, &typed.api_token_env) else { return Ok(None) };
    let named = |refused: courier::address::Refused| Unusable(format!("--api-base: {refused}"));
    let endpoint = Endpoint::parse(base).map_err(named)?;
    let address = address(&endpoint)?;
    endpoint.guard(address.as_ref().ok().copied(), &[]).map_err(named)?;
    let prefix = endpoint.target.trim_end_matches('/').to_owned();
    #[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
    let token = std::env::var(variable).unwrap_or_default();
    if token.is_empty() || http::HeaderValue::from_str(&token).is_err() {
        return Err(Unusable(
            "--api-token-env takes the name of an environment variable that holds the API's token".to_owned(),
        ));
    }
    Ok(Some(Api {
        socket: Socket {
            address,
            authority: endpoint.authority,
            timeout: EXCHANGE_TIMEOUT,
            connect_timeout: CONNECT_TIMEOUT,
        },
        prefix,
        token,
    }))
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
    Ok(checks)
}

fn read(file: &Path, what: &str) -> Result<String, Unusable> {
    fs::read_to_string(file)
        .map_err(|error| Unusable(format!("{what} cannot be read from {}: {error}", file.display())))
}

fn create(reports: &[cli::ReportFile]) -> Result<Vec<(cli::ReportKind, File)>, Unusable> {
    let created = reports.iter().map(|report| {
        let file = File::create(&report.file)
            .map_err(|error| Unusable(format!("the report {} cannot be written: {error}", report.file.display())))?;
        Ok((report.kind, file))
    });
    created.collect()
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
