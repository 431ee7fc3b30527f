//! `/_mock/tls`: which certificate is served, and what clients made of it.

use std::collections::BTreeMap;

use contract::reader::Node;
use serde::{Deserialize, Serialize};

/// What is right or wrong with a certificate. Each of the bad ones is bad in this one way only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certificate {
    /// Nothing is wrong with it, for who trusts the mock's CA.
    #[default]
    Good,
    /// Its time is over since yesterday.
    Expired,
    /// Its time begins in thirty days.
    NotYetValid,
    /// It names another host.
    WrongName,
    /// It comes from a CA that nobody has: not from the mock's own.
    UnknownCa,
    /// It comes from nobody but itself.
    SelfSigned,
}

impl Certificate {
    /// All, the good one first.
    pub const ALL: [Self; 6] =
        [Self::Good, Self::Expired, Self::NotYetValid, Self::WrongName, Self::UnknownCa, Self::SelfSigned];

    /// Its name in JSON, and the first label of the host name that always gets it: `expired.localhost`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Expired => "expired",
            Self::NotYetValid => "not-yet-valid",
            Self::WrongName => "wrong-name",
            Self::UnknownCa => "unknown-ca",
            Self::SelfSigned => "self-signed",
        }
    }

    /// The certificate that a host name always gets, whatever is set.
    pub fn of_host(name: &str) -> Option<Self> {
        let (label, parent) = name.trim_end_matches('.').split_once('.')?;
        let found = Self::ALL.into_iter().find(|kind| label.eq_ignore_ascii_case(kind.name()))?;
        (parent.eq_ignore_ascii_case("localhost") && found != Self::Good).then_some(found)
    }
}

/// `PUT /_mock/tls`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateChange {
    /// What the next handshakes get.
    pub certificate: Certificate,
}

impl CertificateChange {
    /// Reads a change and notes every fault.
    pub fn load(node: &Node<'_>) -> Self {
        let object = node.object();
        let words = Certificate::ALL.map(|kind| (kind.name(), kind));
        let certificate = object.required("certificate").and_then(|node| node.one_of(&words));
        object.finish();
        Self { certificate: certificate.unwrap_or_default() }
    }
}

/// `GET /_mock/tls`. It belongs to the whole process, not to a world: TLS comes before any token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsState {
    /// What the next handshakes get, unless they ask for a name such as `expired.localhost`.
    pub certificate: Certificate,
    /// The CA's certificate, to be trusted by clients.
    pub ca_pem: String,
    /// The file that it stands in too, where there is one.
    pub ca_file: Option<String>,
    /// What clients made of each certificate that was served since the start.
    pub certificates: BTreeMap<Certificate, CertificateTally>,
    /// The newest handshakes, oldest first.
    pub handshakes: Vec<Handshake>,
    /// How many older ones are no longer listed; the tallies hold them all.
    pub dropped: u64,
}

/// What clients made of one certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateTally {
    /// Handshakes in which it was served.
    pub handshakes: u64,
    /// Of these, clients that refused it ([`Client::Refused`]).
    pub refused: u64,
    /// Clients that sent a request all the same ([`Client::WentOn`]).
    pub went_on: u64,
    /// The alert of the last client that said why it refused, as RFC 8446 spells it: `certificate_expired`.
    pub last_alert: Option<String>,
}

/// Where a handshake took place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Listener {
    /// At `--tls-listen`.
    Tls,
    /// Behind a CONNECT at `--intercept-listen`.
    Intercept,
}

/// How a handshake ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shaken {
    /// Both sides have their keys.
    Established,
    /// The client sent an alert.
    Alert,
    /// The client closed without a word.
    Closed,
    /// The client did not finish in time.
    TimedOut,
    /// The client spoke, but no TLS.
    NotTls,
    /// The two have no version, cipher or protocol in common, or the client broke a rule.
    Failed,
}

/// What a client thinks of the certificate, as far as it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Client {
    /// It broke off when it saw the certificate, with or without an alert; or it finished the handshake and left without
    /// a request, as clients do that look at the certificate afterwards.
    Refused,
    /// It sent at least one request.
    WentOn,
    /// It has sent no request yet, or the handshake failed for another reason.
    Undecided,
}

/// One handshake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handshake {
    /// Counts up from 1.
    pub id: u64,
    /// The wall's time at its start, RFC 3339.
    pub at: String,
    /// Where.
    pub listener: Listener,
    /// The host of the CONNECT.
    pub host: Option<String>,
    /// The name that the client asked for (SNI).
    pub sni: Option<String>,
    /// The protocols that the client offered (ALPN).
    pub offered: Vec<String>,
    /// The protocol that was chosen.
    pub alpn: Option<String>,
    /// `TLSv1.2` or `TLSv1.3`.
    pub version: Option<String>,
    /// What was served; none where it did not come to that.
    pub certificate: Option<Certificate>,
    /// How it ended.
    pub outcome: Shaken,
    /// The client's alert, or what failed.
    pub detail: Option<String>,
    /// Requests on this connection so far.
    pub requests: u64,
    /// What the client thinks of the certificate.
    pub client: Client,
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::reader::Faults;
    use serde_json::{Value, json};

    #[test]
    fn names_of_bad_certificates_are_host_names_and_json() {
        for kind in Certificate::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
            let bad = (kind != Certificate::Good).then_some(kind);
            assert_eq!(Certificate::of_host(&format!("{}.localhost", kind.name())), bad);
        }
        assert_eq!(Certificate::of_host("EXPIRED.localhost."), Some(Certificate::Expired));
        for name in ["localhost", "expired", "expired.example", "a.expired.localhost", ""] {
            assert_eq!(Certificate::of_host(name), None, "{name}");
        }
    }

    #[test]
    fn a_change_names_one_certificate() {
        let load = |value: Value| {
            let faults = Faults::default();
            let change = CertificateChange::load(&Node::root(&value, &faults));
            (change.certificate, faults.into_sorted().iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(load(json!({"certificate": "expired"})), (Certificate::Expired, vec![]));
        let (_, faults) = load(json!({"certificat": "old"}));
        assert!(faults[0].contains("did you mean 'certificate'") || faults[1].contains("certificate"), "{faults:?}");
        let (_, faults) = load(json!({"certificate": "old"}));
        assert!(faults[0].contains("one of good, expired, not-yet-valid"), "{faults:?}");
    }
}
