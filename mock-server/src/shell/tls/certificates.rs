//! The certificates that are served: one good one for this machine's names, one for the mocked hosts, and the bad ones.
//! They are made at each start and never written down.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use contract::time::UnixMillis;
use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType, SigningKey,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::NoServerSessionStorage;

use super::authority::{Authority, DAY, set_time};
use crate::control::Certificate;

/// Who the mock speaks for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    /// Names and addresses of this machine and of the public URL.
    pub(crate) local: Vec<String>,
    /// The hosts of the real services, lower case.
    pub(crate) mocked: Vec<String>,
}

impl Names {
    /// Whether this is a host of a real service; the case of names does not matter, nor does a dot at the end.
    pub(crate) fn is_mocked(&self, name: &str) -> bool {
        let name = name.strip_suffix('.').unwrap_or(name);
        self.mocked.iter().any(|host| host.eq_ignore_ascii_case(name))
    }
}

/// What a handshake can be answered with.
#[derive(Debug)]
pub(super) struct Certificates {
    local: Arc<ServerConfig>,
    mocked: Arc<ServerConfig>,
    bad: BTreeMap<Certificate, Arc<ServerConfig>>,
}

impl Certificates {
    pub(super) fn make(authority: &Authority, names: &Names, now: UnixMillis) -> Result<Self, String> {
        let now = now.seconds();
        let good = |names: &[String]| served(&Wanted::good(authority, names, now), Some(authority.issuer()));
        let mut bad = BTreeMap::new();
        for kind in Certificate::ALL.into_iter().filter(|kind| *kind != Certificate::Good) {
            let own = format!("{}.localhost", kind.name());
            let all: Vec<String> = names.local.iter().chain(&names.mocked).cloned().chain([own]).collect();
            bad.insert(kind, spoilt(kind, authority, &all, now)?);
        }
        Ok(Self { local: good(&names.local)?, mocked: good(&names.mocked)?, bad })
    }

    /// The certificate of a kind; the good one depends on who is asked for.
    pub(super) fn of(&self, kind: Certificate, is_mocked: bool) -> &Arc<ServerConfig> {
        let good = if is_mocked { &self.mocked } else { &self.local };
        self.bad.get(&kind).unwrap_or(good)
    }
}

/// A certificate that is bad in one way only.
fn spoilt(kind: Certificate, authority: &Authority, names: &[String], now: i64) -> Result<Arc<ServerConfig>, String> {
    let mut wanted = Wanted { kind, ..Wanted::good(authority, names, now) };
    let mut issuer = Some(authority.issuer());
    let stranger;
    match kind {
        Certificate::Good => {}
        Certificate::Expired => (wanted.begins, wanted.ends) = (now - 30 * DAY, now - DAY),
        Certificate::NotYetValid => (wanted.begins, wanted.ends) = (now + 30 * DAY, now + 60 * DAY),
        Certificate::WrongName => wanted.names = &*WRONG_NAMES,
        Certificate::UnknownCa => {
            stranger = Authority::for_one_process(UnixMillis(now.saturating_mul(1000)))?;
            issuer = Some(stranger.issuer());
        }
        Certificate::SelfSigned => issuer = None,
    }
    served(&wanted, issuer)
}

/// What a certificate is to say.
struct Wanted<'a> {
    kind: Certificate,
    names: &'a [String],
    begins: i64,
    ends: i64,
}

impl<'a> Wanted<'a> {
    fn good(authority: &Authority, names: &'a [String], now: i64) -> Self {
        // 396 days in all: what browsers and Apple's systems take, and no longer than the CA's own time.
        Self { kind: Certificate::Good, names, begins: now - DAY, ends: (now + 395 * DAY).min(authority.ends) }
    }

    fn params(&self) -> Result<CertificateParams, rcgen::Error> {
        let mut params = CertificateParams::default();
        params.distinguished_name.remove(DnType::CommonName);
        params.distinguished_name.push(DnType::CommonName, format!("mock-server: {}", self.kind.name()));
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        set_time(&mut params, self.begins, self.ends);
        for name in self.names {
            params.subject_alt_names.push(match name.parse::<IpAddr>() {
                Ok(address) => SanType::IpAddress(address),
                Err(_) => SanType::DnsName(name.as_str().try_into()?),
            });
        }
        Ok(params)
    }
}

/// Makes and signs a certificate; without an issuer, by itself.
fn served(wanted: &Wanted<'_>, issuer: Option<&Issuer<'_, impl SigningKey>>) -> Result<Arc<ServerConfig>, String> {
    let failed = |error: rcgen::Error| format!("a certificate could not be made: {error}");
    let key = KeyPair::generate().map_err(failed)?;
    let params = wanted.params().map_err(failed)?;
    let certificate = match issuer {
        Some(issuer) => params.signed_by(&key, issuer),
        None => params.self_signed(&key),
    };
    let der: CertificateDer<'static> = certificate.map_err(failed)?.der().clone();
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![der], key))
        .map_err(|error| format!("a certificate cannot be served: {error}"))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    // Every handshake shows its certificate: a session that is taken up again would not.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

static WRONG_NAMES: std::sync::LazyLock<Vec<String>> =
    std::sync::LazyLock::new(|| vec!["wrong-name.example".to_owned()]);
