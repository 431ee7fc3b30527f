//! Which hosts webhooks may go to: this machine, and those that whoever started the mock has named. And whom they have to
//! show themselves to be certified by, where the URL is an https one.

use std::net::SocketAddr;
use std::time::Duration;

use courier::address::{Endpoint, Refused};
use courier::exchange::Fault;
use courier::tls::{Authorities, Tls, Trust, Unusable};
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// The policy.
#[derive(Debug)]
pub(crate) struct Targets {
    /// Hosts named by `--allow-webhook-host`.
    allowed: Vec<String>,
    /// Trusted besides what this machine trusts.
    authorities: Authorities,
    /// Made when the first https URL is looked at: most mocks never see one, and this machine's list is long.
    trust: OnceCell<Trust>,
}

/// A target that may be called.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) endpoint: Endpoint,
    /// What was checked, so it is what is connected to; or why there is none.
    pub(crate) address: Result<SocketAddr, Fault>,
    /// Whom to trust, where TLS is spoken.
    pub(crate) tls: Option<Tls>,
}

impl Targets {
    /// Allows these hosts beside this machine, and trusts the CAs of these PEM texts besides what this machine trusts.
    ///
    /// # Errors
    /// One sentence: what is wrong with a CA.
    pub(crate) fn new<'a>(allowed: Vec<String>, cas: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut authorities = Authorities::default();
        for pem in cas {
            let added = authorities.add_pem(pem.as_bytes());
            added.map_err(|unusable| format!("a CA for webhooks cannot be used: {unusable}"))?;
        }
        Ok(Self { allowed, authorities, trust: OnceCell::new() })
    }

    /// Takes a URL apart, finds its address, and checks that.
    ///
    /// # Errors
    /// Why it may not be called, in one sentence with what to do.
    pub(crate) async fn find(&self, url: &str) -> Result<Target, String> {
        let endpoint = Endpoint::parse(url).map_err(|refused| words(&refused))?;
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
        let tls = if endpoint.secure { Some(self.tls(&endpoint.host).await?) } else { None };
        Ok(Target { endpoint, address, tls })
    }

    async fn tls(&self, host: &str) -> Result<Tls, String> {
        let trust = self.trust.get_or_try_init(|| {
            let authorities = self.authorities.clone();
            // It reads files.
            async {
                let made = spawn_blocking(move || Trust::new(&authorities)).await;
                made.map_err(|error| Unusable::Library(error.to_string()))?
            }
        });
        trust.await.and_then(|trust| trust.tls(host)).map_err(|unusable| tls_words(&unusable))
    }
}

fn tls_words(unusable: &Unusable) -> String {
    match unusable {
        Unusable::NoAuthority => format!("{unusable} with --webhook-ca-file FILE"),
        other => other.to_string(),
    }
}

fn words(refused: &Refused) -> String {
    match refused {
        Refused::NoUrl(url) => {
            let shown: String = url.chars().take(80).collect();
            format!("'{shown}' is no URL: expected one like http://127.0.0.1:8080/webhook")
        }
        Refused::Scheme(_, scheme) => format!("webhooks go to http and https URLs, not to the scheme '{scheme}'"),
        Refused::UserInfo => {
            "the URL holds a user name or password: leave it out, it would stand in every record".to_owned()
        }
        Refused::Remote { host } => format!(
            "the host '{host}' is not this machine: webhooks go to this machine only, unless the mock is started with \
             --allow-webhook-host {host}"
        ),
    }
}

/// How long a name may take to resolve.
const RESOLVE_TIME: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_https_url_is_called_over_tls_at_its_own_port_and_an_http_url_is_not() {
        // So that a machine that trusts nobody passes too.
        let key = rcgen::KeyPair::generate().unwrap();
        let ca = rcgen::CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap().pem();
        let targets = Targets::new(Vec::new(), [ca.as_str()]).unwrap();
        for (url, port, is_secure) in [
            ("https://127.0.0.1/hook", 443, true),
            ("https://127.0.0.1:80/hook", 80, true),
            ("http://127.0.0.1/hook", 80, false),
            ("http://127.0.0.1:443/hook", 443, false),
        ] {
            let target = targets.find(url).await.unwrap();
            assert_eq!((target.address.unwrap().port(), target.tls.is_some()), (port, is_secure), "{url}");
        }
    }
}
