//! `conformance sample` and `conformance sample-client`: an integration, and a client, to try the judge on.

use std::io::Write;

use serde_json::json;

use super::{Failure, Voice};
use crate::cli::{self, LogLevel};
use crate::exit::Exit;
use crate::sample::receive::Integration;
use crate::sample::server::Sample;
use crate::settings;

pub(super) fn run(typed: &cli::Sample, voice: &mut Voice) -> Result<Exit, Failure> {
    if let Some(flaw) = typed.flaw.filter(|flaw| !flaw.concerns(typed.service)) {
        return Err(Failure::Usage(format!("a receiver of {} cannot have the flaw '{flaw}'", typed.service)));
    }
    let secret = settings::secret(typed.service, &typed.secret)?;
    let profile = settings::profile(typed.service, typed.profile.as_deref())?;
    let integration = Integration::new(typed.service, secret, profile, typed.flaw);
    let integration = match settings::api(typed)? {
        Some(api) => integration.with_api(api),
        None => integration,
    };
    let integration = match &typed.old_secret_env {
        Some(variable) => {
            let source = cli::SecretSource { secret_env: Some(variable.clone()), secret_file: None };
            integration.with_old_secret(settings::secret(typed.service, &source)?)
        }
        None => integration,
    };
    let sample = Sample::start(integration, typed.listen)
        .map_err(|error| Failure::Usage(format!("cannot listen at {}: {error}", typed.listen)))?;
    let ready = json!({
        "ready": true,
        "pid": std::process::id(),
        "service": typed.service.name(),
        "url": sample.url(),
        "flaw": typed.flaw.map(|flaw| flaw.word()),
    });
    let mut out = voice.results();
    writeln!(out, "{ready}")?;
    out.flush()?;
    drop(out);
    sample.wait();
    Ok(Exit::Passed)
}

/// Says its text once; the exit status says whether it was sent.
pub(super) fn call(typed: &cli::SampleClient, voice: &mut Voice) -> Result<Exit, Failure> {
    let caller = settings::caller(typed)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Harness(format!("the system refuses an event loop: {error}")))?;
    match runtime.block_on(caller.speak()) {
        Ok(()) => Ok(Exit::Passed),
        Err(sentence) => {
            voice.say(LogLevel::Error, &format!("not sent: {sentence}"));
            Ok(Exit::Failed)
        }
    }
}
