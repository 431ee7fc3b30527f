//! Where the subject is: a URL taken apart, and the guard that keeps a run on this machine.

use std::io;
use std::net::SocketAddr;

use http::Uri;

/// The URL of an endpoint, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Host name or address, without brackets.
    pub host: String,
    /// Whether TLS is spoken: the URL begins with `https://`.
    pub secure: bool,
    /// Port; 80, or 443 under TLS, when the URL has none.
    pub port: u16,
    /// The `Host` header: as the URL spells it.
    pub authority: String,
    /// Path and query; at least `/`.
    pub target: String,
}

/// Why a URL is not judged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not a URL.
    #[error("'{0}' is no URL: expected a form like http://127.0.0.1:8080/webhook")]
    NoUrl(String),
    /// Another scheme.
    #[error("'{0}' has the scheme '{1}': expected http:// or https://")]
    Scheme(String, String),
    /// User and password in it.
    #[error("the URL holds a user name or password: remove it, it would end up in reports")]
    UserInfo,
    /// Another machine.
    #[error("'{host}' is not this machine: if the run is meant for it, add --allow-remote {host}")]
    Remote {
        /// As the URL spells it.
        host: String,
    },
}

impl Endpoint {
    /// Takes a URL apart.
    ///
    /// # Errors
    /// [`Refused`], with what to do.
    pub fn parse(url: &str) -> Result<Self, Refused> {
        let no_url = || Refused::NoUrl(url.to_owned());
        let uri: Uri = url.parse().map_err(|_| no_url())?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(no_url()) };
        if authority.as_str().contains('@') {
            return Err(Refused::UserInfo);
        }
        let secure = match scheme {
            "http" => false,
            "https" => true,
            other => return Err(Refused::Scheme(url.to_owned(), other.to_owned())),
        };
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = authority.port_u16().unwrap_or(if secure { 443 } else { 80 });
        // A port that is no number leaves `port_u16` empty: then the authority still has its colon.
        let spelt_port = authority.as_str().strip_prefix(authority.host()).unwrap_or_default();
        if host.is_empty() || port == 0 || (!spelt_port.is_empty() && authority.port_u16().is_none()) {
            return Err(no_url());
        }
        let target = uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
        Ok(Self { host, secure, port, authority: authority.as_str().to_owned(), target })
    }

    /// The URL with this path and query.
    pub fn url(&self, target: &str) -> String {
        format!("{}://{}{target}", if self.secure { "https" } else { "http" }, self.authority)
    }

    /// Finds the address, once for the whole run: what was checked is what is connected to.
    ///
    /// # Errors
    /// What the resolver says.
    pub async fn resolve(&self) -> io::Result<SocketAddr> {
        let mut found: Vec<SocketAddr> = tokio::net::lookup_host((self.host.as_str(), self.port)).await?.collect();
        // `localhost` is often both; receivers in development mostly listen on IPv4 alone.
        found.sort_by_key(SocketAddr::is_ipv6);
        found.first().copied().ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no address"))
    }

    /// Refuses an address that is not this machine, and a name without an address, unless its host was named.
    ///
    /// # Errors
    /// [`Refused::Remote`].
    pub fn guard(&self, address: Option<SocketAddr>, allowed: &[String]) -> Result<(), Refused> {
        let named = allowed.iter().any(|host| host.eq_ignore_ascii_case(&self.host));
        if named || address.is_some_and(|address| address.ip().to_canonical().is_loopback()) {
            return Ok(());
        }
        Err(Refused::Remote { host: self.host.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart() {
        let endpoint = Endpoint::parse("http://127.0.0.1:8080/hook?team=1").unwrap();
        assert_eq!((endpoint.host.as_str(), endpoint.port), ("127.0.0.1", 8080));
        assert_eq!(endpoint.target, "/hook?team=1");
        assert_eq!(Endpoint::parse("http://localhost").unwrap().target, "/");
        assert_eq!(Endpoint::parse("http://localhost").unwrap().port, 80);
        let secure = Endpoint::parse("https://localhost/x").unwrap();
        assert_eq!((secure.port, secure.url("/y").as_str()), (443, "https://localhost/y"));
        let v6 = Endpoint::parse("http://[::1]:9/x").unwrap();
        assert_eq!((v6.host.as_str(), v6.authority.as_str()), ("::1", "[::1]:9"));
    }

    #[test]
    fn what_cannot_be_judged_is_refused_with_a_reason() {
        assert!(matches!(Endpoint::parse("ftp://example.com/"), Err(Refused::Scheme(..))));
        assert!(matches!(Endpoint::parse("127.0.0.1:80/x"), Err(Refused::NoUrl(_))));
        assert!(matches!(Endpoint::parse("/x"), Err(Refused::NoUrl(_))));
        assert!(matches!(Endpoint::parse("http://localhost:99999/"), Err(Refused::NoUrl(_))));
        let refused = Endpoint::parse("http://me:hunter2@localhost/").unwrap_err();
        assert_eq!(refused, Refused::UserInfo);
        assert!(!refused.to_string().contains("hunter2"));
    }

    #[test]
    fn another_machine_has_to_be_named() {
        let endpoint = Endpoint::parse("http://hooks.example:80/").unwrap();
        let remote = Some("192.0.2.7:80".parse().unwrap());
        assert!(endpoint.guard(remote, &[]).is_err());
        assert!(endpoint.guard(remote, &["other.example".to_owned()]).is_err());
        assert_eq!(endpoint.guard(remote, &["Hooks.Example".to_owned()]), Ok(()));
        assert!(endpoint.guard(None, &[]).is_err());
        assert_eq!(endpoint.guard(Some("127.0.0.2:80".parse().unwrap()), &[]), Ok(()));
        assert_eq!(endpoint.guard(Some("[::ffff:127.0.0.1]:80".parse().unwrap()), &[]), Ok(()));
    }
}
