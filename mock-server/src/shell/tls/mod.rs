//! TLS with certificates of the mock's own CA. It follows the wall's clock, not a world's: clients judge certificates by
//! theirs.

mod authority;
mod book;
mod certificates;
mod first;

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use contract::time::UnixMillis;
use rustls::pki_types::ServerName;
use rustls::server::Acceptor;
use rustls::{AlertDescription, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

pub(crate) use self::authority::Authority;
use self::book::{Book, Note};
use self::certificates::Certificates;
pub(crate) use self::certificates::Names;
pub(crate) use self::first::First;
use super::conduct::Resettable;
use super::mount::Role;
use super::{Shared, clock, listen};
use crate::control::{Certificate, Listener, Shaken, TlsState};
use crate::core::refusal;

/// What all TLS connections share.
#[derive(Debug)]
pub(crate) struct Tls {
    names: Names,
    ca_pem: String,
    ca_file: Option<String>,
    certificates: Certificates,
    served: Mutex<Certificate>,
    book: Mutex<Book>,
}

impl Tls {
    /// Makes the certificates.
    ///
    /// # Errors
    /// A name that no certificate can have, or no randomness.
    pub(crate) fn new(authority: &Authority, names: Names, now: UnixMillis) -> Result<Self, String> {
        Ok(Self {
            certificates: Certificates::make(authority, &names, now)?,
            names,
            ca_pem: authority.pem().to_owned(),
            ca_file: authority.file().map(Path::display).map(|file| file.to_string()),
            served: Mutex::default(),
            book: Mutex::default(),
        })
    }

    /// Who the mock speaks for.
    pub(crate) fn names(&self) -> &Names {
        &self.names
    }

    /// The CA's certificate as text.
    pub(crate) fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The file with the CA's certificate.
    pub(crate) fn ca_file(&self) -> Option<&str> {
        self.ca_file.as_deref()
    }

    /// Serves another certificate from the next handshake on.
    pub(crate) fn serve(&self, certificate: Certificate) {
        *lock(&self.served) = certificate;
    }

    /// What is served, and what clients made of it.
    pub(crate) fn state(&self) -> TlsState {
        let certificate = *lock(&self.served);
        let book = lock(&self.book);
        TlsState {
            certificate,
            ca_pem: self.ca_pem.clone(),
            ca_file: self.ca_file.clone(),
            certificates: book.tallies(),
            handshakes: book.list(),
            dropped: book.dropped(),
        }
    }

    /// The certificate for who asks for this name, or came through the proxy for this host.
    fn choose(&self, sni: Option<&str>, host: Option<&str>) -> (Certificate, Arc<ServerConfig>) {
        let kind = sni.and_then(Certificate::of_host).unwrap_or_else(|| *lock(&self.served));
        let is_mocked = sni.or(host).is_some_and(|name| self.names.is_mocked(name));
        (kind, Arc::clone(self.certificates.of(kind, is_mocked)))
    }

    /// The handshake. What there is to know about it is noted on the way.
    async fn shake<S>(&self, stream: First<S>, note: &mut Note) -> Option<TlsStream<First<S>>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let start = match LazyConfigAcceptor::new(Acceptor::default(), stream).await {
            Ok(start) => start,
            Err(error) => {
                note.fail(&error);
                return None;
            }
        };
        let hello = start.client_hello();
        note.sni = hello.server_name().map(str::to_owned);
        let offered = hello.alpn().into_iter().flatten().take(MOST_OFFERED);
        note.offered = offered.map(|name| String::from_utf8_lossy(name).into_owned()).collect();
        let (kind, config) = self.choose(note.sni.as_deref(), note.host.as_deref());
        note.certificate = Some(kind);
        match start.into_stream(config).await {
            Ok(stream) => {
                let (_, connection) = stream.get_ref();
                note.alpn = connection.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned());
                note.version = connection.protocol_version().map(|version| match version {
                    rustls::ProtocolVersion::TLSv1_2 => "TLSv1.2".to_owned(),
                    rustls::ProtocolVersion::TLSv1_3 => "TLSv1.3".to_owned(),
                    other => format!("{other:?}"),
                });
                note.outcome = Shaken::Established;
                Some(stream)
            }
            Err(error) => {
                note.fail(&error);
                None
            }
        }
    }
}

impl Note {
    fn fail(&mut self, error: &io::Error) {
        let found = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        (self.outcome, self.detail) = match found {
            Some(rustls::Error::AlertReceived(alert)) => (Shaken::Alert, Some(alert_name(*alert))),
            Some(error) => (Shaken::Failed, Some(error.to_string())),
            None => (Shaken::Closed, None),
        };
    }
}

/// Serves one connection that is to speak TLS. `host` is whom a client of the proxy asked for.
pub(crate) async fn welcome<S>(stream: S, listener: Listener, host: Option<String>, role: Role, shared: Arc<Shared>)
where
    S: AsyncRead + AsyncWrite + Resettable + Unpin + Send + 'static,
{
    let Some(tls) = &shared.tls else { return };
    let mut note = Note::new(listener, host, clock::wall());
    let shaken = tokio::select! {
        shaken = timeout(shared.limits.head_time, begin(tls, stream, &mut note)) => shaken,
        () = shared.stop.heard() => return,
    };
    match shaken {
        Ok(Begun::Established(stream)) => {
            let (meter, is_http2) = (Arc::clone(&note.meter), note.alpn.as_deref() == Some("h2"));
            tracing::debug!("{note}");
            lock(&tls.book).push(note);
            listen::converse_counted(stream, is_http2, role, &meter, &shared).await;
            meter.end();
        }
        Ok(Begun::Silent) => {}
        Ok(Begun::NotTls(stream)) => {
            tracing::warn!("a connection to the TLS port spoke no TLS (plain HTTP?): it was told so and closed");
            note.outcome = Shaken::NotTls;
            lock(&tls.book).push(note);
            let _ = timeout(shared.limits.drain_time, correct(stream, &shared.plain_url)).await;
        }
        Ok(Begun::Failed) | Err(_) => {
            tracing::warn!("{note}");
            lock(&tls.book).push(note);
        }
    }
}

/// How a connection began.
enum Begun<S> {
    Established(Box<TlsStream<First<S>>>),
    /// It was closed before a single byte: somebody looked whether the port is open.
    Silent,
    NotTls(First<S>),
    Failed,
}

async fn begin<S>(tls: &Tls, stream: S, note: &mut Note) -> Begun<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut stream = First::new(stream);
    match stream.look().await {
        Ok(Some(HANDSHAKE)) => match tls.shake(stream, note).await {
            Some(stream) => Begun::Established(Box::new(stream)),
            None => Begun::Failed,
        },
        Ok(Some(_)) => Begun::NotTls(stream),
        Ok(None) | Err(_) => Begun::Silent,
    }
}

/// Tells a client that speaks plain HTTP, and hears it out so that the answer is not lost.
async fn correct<S: AsyncRead + AsyncWrite + Unpin>(mut stream: First<S>, plain_url: &str) {
    let words = format!("this address speaks TLS: use https:// here; plain HTTP is served at {plain_url}");
    let body = refusal::errors(http::StatusCode::BAD_REQUEST, &[words]).into_body();
    let head = format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        body.len()
    );
    let answer = [head.as_bytes(), &body].concat();
    if stream.write_all(&answer).await.is_ok() && stream.shutdown().await.is_ok() {
        let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    }
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = self.sni.as_deref().or(self.host.as_deref()).unwrap_or("no name");
        let kind = self.certificate.map_or("no certificate", Certificate::name);
        let detail = self.detail.as_deref().unwrap_or_default();
        match self.outcome {
            Shaken::Established => {
                let (version, alpn) = (self.version.as_deref(), self.alpn.as_deref());
                write!(f, "TLS for {name}: {} {}, {kind}", version.unwrap_or_default(), alpn.unwrap_or("without ALPN"))
            }
            Shaken::Alert if self.certificate == Some(Certificate::Good) => {
                write!(
                    f,
                    "TLS for {name}: the client refused the good certificate, {detail}: does it trust the mock's CA?"
                )
            }
            Shaken::Alert => write!(f, "TLS for {name}: the client refused the certificate ({kind}): {detail}"),
            Shaken::Closed => write!(f, "TLS for {name}: the client closed during the handshake ({kind})"),
            Shaken::TimedOut => write!(f, "TLS for {name}: the handshake was not finished in time"),
            Shaken::NotTls => f.write_str("no TLS"),
            Shaken::Failed => write!(f, "TLS for {name}: the handshake failed: {detail}"),
        }
    }
}

/// Whether a text can be a name in a certificate.
pub(crate) fn is_name(text: &str) -> bool {
    ServerName::try_from(text).is_ok()
}

impl<S: Resettable> Resettable for TlsStream<S> {
    fn reset_when_dropped(&self) {
        self.get_ref().0.reset_when_dropped();
    }
}

impl<S: Resettable> Resettable for Box<TlsStream<S>> {
    fn reset_when_dropped(&self) {
        TlsStream::reset_when_dropped(self);
    }
}

/// The name of an alert as RFC 8446 spells it.
fn alert_name(alert: AlertDescription) -> String {
    let camel = format!("{alert:?}").replace("CA", "Ca").replace("PSK", "Psk");
    if !camel.chars().all(|character| character.is_ascii_alphabetic()) {
        return format!("alert {}", u8::from(alert));
    }
    let mut name = String::with_capacity(camel.len() + 4);
    for character in camel.chars() {
        if character.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(character.to_ascii_lowercase());
    }
    name
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// First byte of a TLS connection: the type of a record that holds a handshake (RFC 8446, 5.1).
const HANDSHAKE: u8 = 22;
/// Most offered protocols that are noted.
const MOST_OFFERED: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_are_spelt_as_in_the_rfc() {
        for (alert, name) in [
            (AlertDescription::CertificateExpired, "certificate_expired"),
            (AlertDescription::UnknownCA, "unknown_ca"),
            (AlertDescription::BadCertificate, "bad_certificate"),
            (AlertDescription::Unknown(200), "alert 200"),
        ] {
            assert_eq!(alert_name(alert), name);
        }
    }
}
