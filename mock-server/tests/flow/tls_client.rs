//! A TLS client that trusts what it is told to trust.

use std::io;
use std::net::TcpStream;
use std::sync::Arc;

use mock_server::Mock;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, SignatureScheme, StreamOwned};

use crate::support::Client;

pub(crate) type TlsClient = Client<StreamOwned<ClientConnection, TcpStream>>;

impl TlsClient {
    pub(crate) fn tls(&self) -> &ClientConnection {
        &self.inner().conn
    }
}

/// A client that trusts one CA.
pub(crate) fn trusting(ca_pem: &str, protocols: &[&str]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap()).unwrap();
    let mut config = builder().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    Arc::new(config)
}

/// A client that trusts the mock's CA.
pub(crate) fn trusting_mock(mock: &Mock) -> Arc<ClientConfig> {
    trusting(&mock.tls().unwrap().ca_pem, &[])
}

/// A client that looks at nothing.
pub(crate) fn careless() -> Arc<ClientConfig> {
    let verifier = Arc::new(Careless(ring::default_provider()));
    Arc::new(builder().dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

/// Shakes hands as if the stream led to a host.
pub(crate) fn shake(mut stream: TcpStream, host: &str, config: &Arc<ClientConfig>) -> Result<TlsClient, rustls::Error> {
    let name = ServerName::try_from(host.to_owned()).unwrap();
    let mut connection = ClientConnection::new(Arc::clone(config), name).unwrap();
    while connection.is_handshaking() {
        if let Err(error) = connection.complete_io(&mut stream) {
            return Err(inner(error));
        }
    }
    Ok(Client::over(StreamOwned::new(connection, stream)))
}

/// Dials a mock's TLS port as if it were a host.
pub(crate) fn dial(mock: &Mock, host: &str, config: &Arc<ClientConfig>) -> Result<TlsClient, rustls::Error> {
    shake(Client::connect(&tls_address(mock)).into_stream(), host, config)
}

/// `host:port` of a mock's TLS listener.
pub(crate) fn tls_address(mock: &Mock) -> String {
    mock.info().unwrap().tls_url.unwrap().strip_prefix("https://").unwrap().to_owned()
}

fn inner(error: io::Error) -> rustls::Error {
    let words = error.to_string();
    error
        .into_inner()
        .and_then(|inner| inner.downcast::<rustls::Error>().ok())
        .map_or_else(|| panic!("no TLS error: {words}"), |error| *error)
}

fn builder() -> rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier> {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
}

#[derive(Debug)]
struct Careless(CryptoProvider);

impl ServerCertVerifier for Careless {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
