//! Which hosts webhooks may go to: this machine, and those that whoever started the mock has named.

use std::net::SocketAddr;
use std::time::Duration;

use courier::address::{Endpoint, Refused};
use courier::exchange::Fault;
use tokio::time::timeout;

/// The policy.
#[derive(Clone, Debug, Default)]
pub(crate) struct Targets {
    /// Hosts named by `--allow-webhook-host`.
    pub(crate) allowed: Vec<String>,
}

/// A target that may be called.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) endpoint: Endpoint,
    /// What was checked, so it is what is connected to; or why there is none.
    pub(crate) address: Result<SocketAddr, Fault>,
}

impl Targets {
    /// Takes a URL apart, finds its address, and checks that.
    ///
    /// # Errors
    /// Why it may not be called, in one sentence with what to do.
    pub(crate) async fn find(&self, url: &str) -> Result<Target, String> {
        let endpoint = Endpoint::parse(url).map_err(|refused| words(&refused))?;
        if endpoint.secure {
            return Err(NO_TLS.to_owned());
        }
        let found = timeout(RESOLVE_TIME, endpoint.resolve()).await;
        let address = found.ok().and_then(Result::ok);
        endpoint.guard(address, &self.allowed).map_err(|refused| match (refused, address) {
            (Refused::Remote { host }, None) => format!(
                "the host '{host}' has no address, so nobody knows whether it is this machine: give an address such as \
                 127.0.0.1, or start the mock with --allow-webhook-host {host}"
            ),
            (refused, _) => words(&refused),
        })?;
        let address = address.ok_or_else(|| Fault::UnreachableDns(endpoint.host.clone()));
        Ok(Target { endpoint, address })
    }
}

fn words(refused: &Refused) -> String {
    match refused {
        Refused::NoUrl(url) => {
            let shown: String = url.chars().take(80).collect();
            format!("'{shown}' is no URL: expected one like http://127.0.0.1:8080/webhook")
        }
        Refused::Scheme(_, scheme) => format!("webhooks go to http URLs, not to the scheme '{scheme}'"),
        Refused::UserInfo => {
            "the URL holds a user name or password: leave it out, it would stand in every record".to_owned()
        }
        Refused::Remote { host } => format!(
            "the host '{host}' is not this machine: webhooks go to this machine only, unless the mock is started with \
             --allow-webhook-host {host}"
        ),
    }
}

/// What is said of an https URL.
const NO_TLS: &str =
    "this mock does not send over TLS: give an http URL, for example of the port behind your TLS proxy";
/// How long a name may take to resolve.
const RESOLVE_TIME: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_https_url_is_refused_and_never_called_in_plain_text() {
        let targets = Targets { allowed: vec!["127.0.0.1".to_owned()] };
        assert_eq!(targets.find("https://127.0.0.1:9/hook").await.unwrap_err(), NO_TLS);
        assert!(targets.find("http://127.0.0.1:9/hook").await.is_ok());
    }
}
