//! TLS towards the endpoint. Certificates are always verified: an endpoint whose certificate does not fit is not talked to.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use rustls::client::Resumption;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{AlertDescription, CertificateError, ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::exchange::{Fault, TlsFault};

/// Authorities that are trusted besides those of this machine.
#[derive(Clone, Debug)]
pub struct Authorities(RootCertStore);

/// Whom to trust. Made once, for any number of endpoints.
#[derive(Clone, Debug)]
pub struct Trust(Arc<ClientConfig>);

/// Whom to trust, and as whom the endpoint has to show itself.
#[derive(Clone, Debug)]
pub struct Tls {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

/// Why TLS cannot be spoken at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// The host of the URL is neither a DNS name nor an address.
    #[error("'{0}' cannot stand in a certificate: give a DNS name or an address")]
    Name(String),
    /// A file of authorities without a certificate in it, or with a spoilt one.
    #[error("it holds no certificate in PEM form (-----BEGIN CERTIFICATE-----): {0}")]
    Authority(String),
    /// Neither this machine nor the caller names an authority.
    #[error(
        "this machine has no list of trusted authorities (Debian: package ca-certificates; or set SSL_CERT_FILE): install it, or name the CA"
    )]
    NoAuthority,
    /// The library refuses the settings.
    #[error("TLS cannot be set up: {0}")]
    Library(String),
}

impl Default for Authorities {
    fn default() -> Self {
        Self(RootCertStore::empty())
    }
}

impl Authorities {
    /// Adds all certificates of a PEM text.
    ///
    /// # Errors
    /// [`Unusable::Authority`]: there is none in it, or a spoilt one.
    pub fn add_pem(&mut self, pem: &[u8]) -> Result<(), Unusable> {
        let named: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        let named = named.map_err(|error| Unusable::Authority(error.to_string()))?;
        if named.is_empty() {
            return Err(Unusable::Authority("nothing of the kind was found".to_owned()));
        }
        for certificate in named {
            self.0.add(certificate).map_err(|error| Unusable::Authority(error.to_string()))?;
        }
        Ok(())
    }
}

impl Trust {
    /// Trusts what this machine trusts (`SSL_CERT_FILE` and `SSL_CERT_DIR` are honoured), and these authorities besides.
    /// The first one of a process reads the machine's list, which takes a while: not for a thread that must not wait.
    ///
    /// # Errors
    /// [`Unusable`], with what to do.
    pub fn new(named: &Authorities) -> Result<Self, Unusable> {
        let mut roots = machine().clone();
        roots.extend(named.0.roots.iter().cloned());
        if roots.is_empty() {
            return Err(Unusable::NoAuthority);
        }
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| Unusable::Library(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // A session that is taken up again shows no certificate, so nothing would be verified.
        config.resumption = Resumption::disabled();
        Ok(Self(Arc::new(config)))
    }

    /// For the endpoint at this host, spelt as in the URL without brackets.
    ///
    /// # Errors
    /// [`Unusable::Name`].
    pub fn tls(&self, host: &str) -> Result<Tls, Unusable> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| Unusable::Name(host.to_owned()))?;
        Ok(Tls { config: Arc::clone(&self.0), name })
    }
}

impl Tls {
    /// The same for a single endpoint: trusts what this machine trusts, and the authorities in `more`, a PEM text, besides.
    ///
    /// # Errors
    /// [`Unusable`], with what to do.
    pub fn new(host: &str, more: Option<&[u8]>) -> Result<Self, Unusable> {
        let mut named = Authorities::default();
        more.map_or(Ok(()), |pem| named.add_pem(pem))?;
        Trust::new(&named)?.tls(host)
    }

    pub(crate) async fn connect(&self, stream: TcpStream) -> Result<Stream, Fault> {
        let connector = TlsConnector::from(Arc::clone(&self.config));
        match connector.connect(self.name.clone(), stream).await {
            Ok(stream) => Ok(Stream::Secure(Box::new(stream))),
            Err(error) => Err(Fault::Tls(failure(&error, &self.name.to_str()))),
        }
    }
}

/// What this machine trusts. It is read once in a process: it is one long file, or hundreds of them.
fn machine() -> &'static RootCertStore {
    static MACHINE: OnceLock<RootCertStore> = OnceLock::new();
    MACHINE.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        // A certificate that this machine lists and nobody can read is no reason to refuse the others.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        roots
    })
}

/// What TLS itself said when reading or writing failed after the handshake; `None` where it was something else.
pub(crate) fn fault(error: &io::Error) -> Option<Fault> {
    let found = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    Some(Fault::Tls(of_library(found, "the host")))
}

fn failure(error: &io::Error, name: &str) -> TlsFault {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(found) => of_library(found, name),
        None => TlsFault::Other(match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
                "the endpoint hung up during the handshake: is it an http:// endpoint?".to_owned()
            }
            _ => error.to_string(),
        }),
    }
}

fn of_library(found: &rustls::Error, name: &str) -> TlsFault {
    TlsFault::Other(match found {
        rustls::Error::InvalidCertificate(fault) => match fault {
            // A bad signature: an authority of the same name, with another key.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => return TlsFault::Untrusted,
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "the certificate has expired".to_owned()
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "the certificate is not valid yet".to_owned()
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                format!("the certificate is not for '{name}'")
            }
            // What `openssl req -x509` makes unless it is told otherwise. The library has no other word for it.
            CertificateError::Other(other) if other.to_string() == "CaUsedAsEndEntity" => {
                "the certificate is that of a CA: an endpoint needs one of its own, which a CA has signed".to_owned()
            }
            other => format!("the certificate is refused: {other}"),
        },
        rustls::Error::InvalidMessage(_) => "what answers there speaks no TLS: is it an http:// endpoint?".to_owned(),
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => {
            "the endpoint wants its caller to have a certificate, and this one has none".to_owned()
        }
        other => other.to_string(),
    })
}

/// A connection, with TLS or without.
#[derive(Debug)]
pub(crate) enum Stream {
    Plain(TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// Whether TLS is spoken on it.
    pub(crate) fn is_secure(&self) -> bool {
        matches!(self, Self::Secure(_))
    }

    /// What carries it.
    pub(crate) fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Secure(stream) => stream.get_ref().0,
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Secure(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Secure(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Secure(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Secure(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_certificate_is_refused() {
        assert!(matches!(Tls::new("localhost", Some(b"")), Err(Unusable::Authority(_))));
        assert!(matches!(Tls::new("localhost", Some(b"-----BEGIN CERTIFICATE-----\nx")), Err(Unusable::Authority(_))));
        assert!(matches!(Tls::new("a b", None), Err(Unusable::Name(_))));
    }
}
