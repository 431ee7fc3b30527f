//! The mock's own CA: made on first use and kept in a directory, or made for one process only.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use contract::time::UnixMillis;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData as _,
    date_time_ymd,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use sha2::{Digest as _, Sha256};

use crate::file::{read, write_secret, write_whole};

/// The CA's certificate, for clients to trust.
const CERTIFICATE_FILE: &str = "ca.pem";
/// The CA's key. Whoever has it can speak for every host to whoever trusts the CA.
const KEY_FILE: &str = "ca-key.pem";
/// Held while the two are looked at and made, so that mocks that start at the same time have one CA.
const LOCK_FILE: &str = ".lock";

/// Signs the mock's certificates.
#[derive(Debug)]
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    file: Option<PathBuf>,
    /// End of its time, in Unix seconds.
    pub(super) ends: i64,
}

impl Authority {
    /// A CA for this process only.
    ///
    /// # Errors
    /// The system has no randomness.
    pub(crate) fn for_one_process(now: UnixMillis) -> Result<Self, String> {
        let (certificate, key) = make(now.seconds()).map_err(|error| format!("a CA could not be made: {error}"))?;
        Self::open(&certificate, &key, now.seconds())
    }

    /// The CA of a directory, made there if it has none. The directory is made too.
    ///
    /// # Errors
    /// One sentence: what is wrong with which file, and what to do.
    pub(crate) fn kept_in(directory: &Path, now: UnixMillis) -> Result<Self, String> {
        make_directory(directory)?;
        // Its parent is the directory that was just made. Where files cannot be locked, the two are still whole each.
        let lock = File::options().create(true).truncate(false).write(true).open(directory.join(LOCK_FILE));
        let _held = lock.ok().filter(|lock| lock.lock().is_ok());
        let directory = fs::canonicalize(directory).unwrap_or_else(|_| directory.to_owned());
        let (certificate_file, key_file) = (directory.join(CERTIFICATE_FILE), directory.join(KEY_FILE));
        if !key_file.exists() {
            if certificate_file.exists() {
                return Err(format!(
                    "{} has no {KEY_FILE} beside it: put the key back, or delete the certificate to have a new CA made",
                    certificate_file.display()
                ));
            }
            renew(&certificate_file, &key_file, now)?;
        } else if !certificate_file.exists() {
            // The key alone signs nothing that anybody could trust: the mock was stopped between the two.
            renew(&certificate_file, &key_file, now)?;
        } else {
            keep_private(&key_file);
        }
        let (certificate, key) = (read(&certificate_file)?, read(&key_file)?);
        let mut authority = Self::open(&certificate, &key, now.seconds()).map_err(|words| {
            format!(
                "{words} ({CERTIFICATE_FILE} and {KEY_FILE} in {}): delete both files to have a new CA made, or give \
                 another --ca-dir",
                directory.display()
            )
        })?;
        authority.file = Some(certificate_file);
        Ok(authority)
    }

    /// The CA's certificate as text.
    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    /// The file that it stands in.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    pub(super) fn issuer(&self) -> &Issuer<'static, KeyPair> {
        &self.issuer
    }

    fn open(certificate: &str, key: &str, now: i64) -> Result<Self, String> {
        let key = KeyPair::from_pem(key).map_err(|_| "the CA's key file holds no private key that can be used")?;
        let der = CertificateDer::from_pem_slice(certificate.as_bytes())
            .map_err(|_| "the CA's certificate file holds no certificate")?;
        let (_, parsed) = x509_parser::parse_x509_certificate(&der)
            .map_err(|error| format!("the CA's certificate cannot be read: {error}"))?;
        if parsed.public_key().raw != key.subject_public_key_info() {
            return Err("the CA's certificate belongs to another key".to_owned());
        }
        let usage = parsed.key_usage().ok().flatten();
        if !parsed.is_ca() || usage.is_some_and(|usage| !usage.value.key_cert_sign()) {
            return Err("the CA's certificate is not that of a CA: it may not sign others".to_owned());
        }
        let (begins, ends) = (parsed.validity().not_before.timestamp(), parsed.validity().not_after.timestamp());
        let day = |seconds: i64| UnixMillis(seconds.saturating_mul(1000)).to_rfc3339();
        if now > ends {
            return Err(format!("the CA's certificate has expired at {}", day(ends)));
        }
        if now < begins {
            return Err(format!("the CA's certificate begins to hold at {} only: is the clock right?", day(begins)));
        }
        let issuer = Issuer::from_ca_cert_der(&der, key).map_err(|error| format!("the CA cannot be used: {error}"))?;
        Ok(Self { issuer, pem: certificate.to_owned(), file: None, ends })
    }
}

/// Certificate and key of a new CA, as text.
fn make(now: i64) -> Result<(String, String), rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::default();
    // Each CA has a name of its own: some clients look issuers up by name, and two alike would be mixed up.
    let fingerprint = Sha256::digest(key.subject_public_key_info());
    let short: String = fingerprint.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    params.distinguished_name.push(DnType::CommonName, format!("mock-server CA {short}"));
    params.distinguished_name.push(DnType::OrganizationName, "mock-server, for tests only");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    set_time(&mut params, now - DAY, now + TEN_YEARS);
    Ok((params.self_signed(&key)?.pem(), key.serialize_pem()))
}

/// The key comes first: a certificate is never there without it.
fn renew(certificate_file: &Path, key_file: &Path, now: UnixMillis) -> Result<(), String> {
    let (certificate, key) = make(now.seconds()).map_err(|error| format!("a CA could not be made: {error}"))?;
    write_secret(key_file, &key)?;
    write_whole(certificate_file, &certificate)?;
    tracing::info!("made a CA: {} is for clients to trust", certificate_file.display());
    Ok(())
}

fn make_directory(directory: &Path) -> Result<(), String> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory).map_err(|error| {
        format!("--ca-dir: cannot make the directory {}: {error}: give another one", directory.display())
    })
}

/// A key that others may read is taken out of their hands.
#[cfg(unix)]
fn keep_private(file: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let Ok(found) = fs::metadata(file) else { return };
    let mode = found.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        match fs::set_permissions(file, fs::Permissions::from_mode(0o600)) {
            Ok(()) => tracing::warn!(
                "{} had the mode {mode:o}, so that others could read the CA's key; it has 600 now. If somebody may have \
                 read it, delete it and {CERTIFICATE_FILE}",
                file.display()
            ),
            Err(error) => tracing::warn!(
                "{} has the mode {mode:o}: others can read the CA's key, and that cannot be changed: {error}",
                file.display()
            ),
        }
    }
}

#[cfg(not(unix))]
fn keep_private(_file: &Path) {}

/// When a certificate begins and ends to hold, in Unix seconds.
pub(super) fn set_time(params: &mut CertificateParams, begins: i64, ends: i64) {
    let moment = |seconds: i64| date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds.max(0).unsigned_abs());
    (params.not_before, params.not_after) = (moment(begins), moment(ends));
}

pub(super) const DAY: i64 = 86_400;
const TEN_YEARS: i64 = 3652 * DAY;
