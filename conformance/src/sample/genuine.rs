//! Whether an event is genuine: the secret in its header, or the signature over its bytes.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD, URL_SAFE};
use contract::chatday::Profile;
use contract::chatwork::signature::WebhookKey;
use contract::chatwork::webhook::QUERY_PARAMETER;
use contract::service::Service;
use contract::wire::Request;
use contract::wire::header::CHATWORK_SIGNATURE;
use http::HeaderName;
use subtle::ConstantTimeEq;

use super::flaw::Flaw;
use super::spelling::hashed;
use crate::ask::secret::Secret;

/// Tells genuine events from forged ones.
#[derive(Debug)]
pub(super) struct Gate {
    service: Service,
    secret: Secret,
    /// For [`Flaw::KeepsOldSecret`] alone: whoever is correct has forgotten it.
    old: Option<Secret>,
    profile: Arc<Profile>,
    flaw: Option<Flaw>,
    /// For [`Flaw::RemembersSignatures`] alone.
    seen: Mutex<BTreeSet<String>>,
}

impl Gate {
    pub(super) fn new(service: Service, secret: Secret, profile: Arc<Profile>, flaw: Option<Flaw>) -> Self {
        Self { service, secret, old: None, profile, flaw, seen: Mutex::default() }
    }

    /// The same, with a secret that was valid once.
    pub(super) fn with_old_secret(self, old: Secret) -> Self {
        Self { old: Some(old), ..self }
    }

    /// The secret, for the flaws that tell it.
    pub(super) fn secret(&self) -> &Secret {
        &self.secret
    }

    /// Whether the request comes from the service.
    pub(super) fn is_genuine(&self, request: &Request) -> bool {
        if self.flaw == Some(Flaw::VerificationOff) || self.is_believed_unseen(request) {
            return true;
        }
        let Some(given) = self.given(request) else { return self.flaw == Some(Flaw::AcceptsMissing) };
        let right = self.right_value(request.body());
        let fits = bool::from(right.as_bytes().ct_eq(given.as_bytes()));
        if fits && self.flaw == Some(Flaw::RemembersSignatures) {
            self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(given.clone().into_owned());
        }
        fits || self.is_taken_all_the_same(&given, &right, request)
    }

    /// What the signature's header says, if it says anything at all.
    pub(super) fn header<'a>(&self, request: &'a Request) -> Option<&'a str> {
        request.headers().get(self.name()).and_then(|value| value.to_str().ok())
    }

    /// The header that carries the secret or the signature.
    pub(super) fn name(&self) -> HeaderName {
        match self.service {
            Service::Chatwork => CHATWORK_SIGNATURE,
            Service::Chatday => self.profile.webhook.signature_header.clone(),
        }
    }

    /// What the header of a real event with this body holds.
    pub(super) fn right_value(&self, body: &[u8]) -> String {
        let secret = self.secret.reveal();
        match (self.service, self.flaw) {
            (Service::Chatday, _) => secret.to_owned(),
            (Service::Chatwork, Some(Flaw::UndecodedToken)) => {
                signature_under(secret.as_bytes(), body).unwrap_or_default()
            }
            (Service::Chatwork, Some(Flaw::KeyAsText)) => {
                let key = STANDARD.decode(secret).unwrap_or_default();
                signature_under(String::from_utf8_lossy(&key).as_bytes(), body).unwrap_or_default()
            }
            (Service::Chatwork, flaw) => self.secret.key().map(|key| key.sign(&hashed(flaw, body))).unwrap_or_default(),
        }
    }

    /// The value that is to be judged: that of the header, which has to stand exactly once.
    fn given<'a>(&self, request: &'a Request) -> Option<Cow<'a, str>> {
        let mut values = request.headers().get_all(self.name()).iter();
        match self.flaw {
            Some(Flaw::DecodesQueryTwice) => return query_copy(request).map(|copy| Cow::Owned(copy.replace('+', " "))),
            Some(Flaw::QueryUndecoded) => return raw_query_copy(request).map(Cow::Borrowed),
            Some(Flaw::FirstHeaderWins) => return values.next()?.to_str().ok().map(Cow::Borrowed),
            Some(Flaw::LastHeaderWins) => return values.next_back()?.to_str().ok().map(Cow::Borrowed),
            _ => {}
        }
        let value = values.next()?.to_str().ok()?;
        values.next().is_none().then_some(Cow::Borrowed(value))
    }

    fn is_believed_unseen(&self, request: &Request) -> bool {
        let claims = |address: &str| {
            let forwarded = request.headers().get("x-forwarded-for").and_then(|value| value.to_str().ok());
            forwarded.is_some_and(|list| list.split(',').next().is_some_and(|first| first.trim() == address))
        };
        match self.flaw {
            Some(Flaw::TrustsForwardedFor) => claims("127.0.0.1") || claims("::1"),
            Some(Flaw::EitherPlace) => query_copy(request).is_some_and(|copy| copy == self.right_value(request.body())),
            _ => false,
        }
    }

    fn is_taken_all_the_same(&self, given: &str, right: &str, request: &Request) -> bool {
        let body = request.body();
        match self.flaw {
            Some(Flaw::AcceptsEmpty) => given.trim().is_empty(),
            Some(Flaw::AcceptsNull) => matches!(given, "null" | "undefined"),
            Some(Flaw::PrefixCompare) => !given.is_empty() && right.starts_with(given),
            Some(Flaw::IgnoresSuffix) => given.starts_with(right),
            Some(Flaw::IgnoresPrefix) => given.ends_with(right),
            Some(Flaw::IgnoresCase) => given.eq_ignore_ascii_case(right),
            Some(Flaw::IgnoresBlanks) => given.split_ascii_whitespace().collect::<String>() == right,
            Some(Flaw::AcceptsHex) => given.eq_ignore_ascii_case(&hexadecimal(right)),
            Some(Flaw::AcceptsUrlSafe) => URL_SAFE.decode(given).is_ok_and(|given| STANDARD.encode(given) == right),
            Some(Flaw::AcceptsNamedDigest) => given.strip_prefix("sha256=") == Some(right),
            Some(Flaw::LenientBase64) => decoded_leniently(given) == STANDARD.decode(right).ok(),
            Some(Flaw::EmptyKey) => signature_under(b"", body).as_deref() == Some(given),
            Some(Flaw::RemembersSignatures) => self.seen.lock().unwrap_or_else(PoisonError::into_inner).contains(given),
            Some(Flaw::KeepsOldSecret) => self.old.as_ref().is_some_and(|old| match old.key() {
                Some(key) => key.verifies(body, given),
                None => given == old.reveal(),
            }),
            Some(Flaw::AcceptsSampleSecret) => match self.service {
                Service::Chatday => SAMPLE_TOKENS.contains(&given),
                Service::Chatwork => SAMPLE_KEYS
                    .iter()
                    .any(|token| WebhookKey::from_token(token).is_ok_and(|key| key.verifies(body, given))),
            },
            _ => false,
        }
    }
}

fn hexadecimal(signature: &str) -> String {
    STANDARD.decode(signature).unwrap_or_default().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// As PHP, Python and Node decode Base64 unless they are told otherwise: what is not of the alphabet is left out.
fn decoded_leniently(given: &str) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    let digits = given.split('=').next().unwrap_or_default();
    let digits: String = digits.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/')).collect();
    LENIENT.decode(digits).ok()
}

fn query_copy(request: &Request) -> Option<String> {
    let mut pairs = form_urlencoded::parse(request.uri().query()?.as_bytes());
    pairs.find(|(key, _)| key == QUERY_PARAMETER).map(|(_, value)| value.into_owned())
}

fn raw_query_copy(request: &Request) -> Option<&str> {
    let mut pairs = request.uri().query()?.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| *key == QUERY_PARAMETER).map(|(_, value)| value)
}

fn signature_under(key: &[u8], body: &[u8]) -> Option<String> {
    WebhookKey::from_bytes(key).ok().map(|key| key.sign(body))
}

/// Tokens that stand in public examples, and words that people put where a secret should be.
const SAMPLE_KEYS: [&str; 2] = ["iY/hmitgwCBlc5DnjAZ8pyRG1HF0zFflfmKmtCDg1wk=", "c2VjcmV0"];
const SAMPLE_TOKENS: [&str; 4] = ["secret", "changeme", "Chatday-Signature-Token", "<Chatday-Signature-Token>"];
