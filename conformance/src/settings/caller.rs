//! What the sample client is given in its environment: the names are those that every client under judgement finds.

use contract::service::Service;

use super::{Unusable, api_at};
use crate::cli;
use crate::run::clock;
use crate::sample::caller::Caller;
use crate::sample::reply::Api;

/// The sample client, as its environment has it.
///
/// # Errors
/// One sentence on the variable that is missing or cannot be used.
pub fn caller(typed: &cli::SampleClient) -> Result<Caller, Unusable> {
    let (base, token, place) = match typed.service {
        Service::Chatwork => ("CHATWORK_BASE_URL", "CHATWORK_API_TOKEN", "CHATWORK_ROOM_ID"),
        Service::Chatday => ("CHATDAY_BASE_URL", "CHATDAY_TOKEN", "CHATDAY_CHAT_ID"),
    };
    let api = api_at(base, &variable(base)?, typed.service, variable(token)?)?;
    let prefix = match typed.service {
        Service::Chatwork => api.prefix.clone(),
        // The profile's paths are whole ones.
        Service::Chatday => api.prefix.trim_end_matches(typed.service.mount()).to_owned(),
    };
    Ok(Caller {
        service: typed.service,
        api: Api { prefix, ..api },
        place: variable(place)?,
        text: found("CONFORMANCE_TEXT").unwrap_or_else(|| TEXT.to_owned()),
        slip: typed.flaw,
        clock: clock::now,
    })
}

fn variable(name: &str) -> Result<String, Unusable> {
    found(name).ok_or_else(|| Unusable(format!("the sample client needs {name}; 'conformance client' sets it")))
}

#[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
fn found(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

const TEXT: &str = "สวัสดี, こんにちは 👋 a=b&c%d+e";
