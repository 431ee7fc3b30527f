//! TLS towards the endpoint. Certificates are always verified: an endpoint whose certificate does not fit is not talked to.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::exchange::Fault;

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

impl Tls {
    /// Trusts what this machine trusts (`SSL_CERT_FILE` and `SSL_CERT_DIR` are honoured), and the authorities in `more`, a
    /// PEM text, besides.
    ///
    /// # Errors
    /// [`Unusable`], with what to do.
    pub fn new(host: &str, more: Option<&[u8]>) -> Result<Self, Unusable> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| Unusable::Name(host.to_owned()))?;
        let mut roots = RootCertStore::empty();
        // A certificate that this machine lists and nobody can read is no reason to refuse the others.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(pem) = more {
            let named: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
            let named = named.map_err(|error| Unusable::Authority(error.to_string()))?;
            if named.is_empty() {
                return Err(Unusable::Authority("nothing of the kind was found".to_owned()));
            }
            for certificate in named {
                roots.add(certificate).map_err(|error| Unusable::Authority(error.to_string()))?;
            }
        }
        if roots.is_empty() {
            return Err(Unusable::NoAuthority);
        }
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| Unusable::Library(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { config: Arc::new(config), name })
    }

    pub(crate) async fn connect(&self, stream: TcpStream) -> Result<Stream, Fault> {
        let connector = TlsConnector::from(Arc::clone(&self.config));
        match connector.connect(self.name.clone(), stream).await {
            Ok(stream) => Ok(Stream::Secure(Box::new(stream))),
            Err(error) => Err(Fault::Tls(sentence(&error, &self.name.to_str()))),
        }
    }
}

fn sentence(error: &io::Error, name: &str) -> String {
    let Some(found) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) else {
        return match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => {
                "the endpoint hung up during the handshake".to_owned()
            }
            _ => error.to_string(),
        };
    };
    match found {
        rustls::Error::InvalidCertificate(fault) => match fault {
            // A bad signature: an authority of the same name, with another key.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                "the certificate comes from an authority that is not trusted here; an endpoint has to send the whole chain, \
                 and a CA of your own has to be named"
                    .to_owned()
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "the certificate has expired".to_owned()
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "the certificate is not valid yet".to_owned()
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                format!("the certificate is not for '{name}'")
            }
            other => format!("the certificate is refused: {other}"),
        },
        rustls::Error::InvalidMessage(_) => "what answers there speaks no TLS: is it an http:// endpoint?".to_owned(),
        other => other.to_string(),
    }
}

/// A connection, with TLS or without.
#[derive(Debug)]
pub(crate) enum Stream {
    Plain(TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
}

impl Stream {
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
