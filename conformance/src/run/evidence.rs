//! What a report shows of an exchange: bounded, on few lines, without the secret.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::ask::secret::Secret;
use courier::exchange::{Answer, Delivery, Exchange, Outcome, excerpt};

/// One exchange as a report shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What part it played: the case's name, `control before` or `control after`.
    pub step: String,
    /// What was sent.
    pub request: Sent,
    /// What came back; nothing when there was no head.
    pub response: Option<Received>,
    /// What went wrong on the way, by its stable name.
    pub fault: Option<String>,
    /// How long it took.
    pub duration_ms: u64,
}

/// A request as a report shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// `POST`.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Names and values in order; secret values are described, not shown.
    pub headers: Vec<(String, String)>,
    /// The start of the body.
    pub body: String,
    /// How long the body was.
    pub body_bytes: usize,
    /// The exact bytes, where `body` does not show them as they are. Nothing when it does, and for a body that holds the
    /// secret or has more than 64 KiB.
    #[serde(default)]
    pub body_base64: Option<String>,
}

/// An answer as a report shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// Status of the head.
    pub status: u16,
    /// Such as `HTTP/1.1`.
    pub version: String,
    /// Names and values in order.
    pub headers: Vec<(String, String)>,
    /// The start of the body.
    pub body: String,
    /// How much of the body was read.
    pub body_bytes: usize,
}

impl Evidence {
    /// What may be shown of an exchange.
    pub fn of(step: &str, exchange: &Exchange, secret: &Secret) -> Self {
        let response = match &exchange.outcome {
            Outcome::Answered(answer) => Some(received(answer, secret)),
            Outcome::Silent(_) => None,
        };
        Self {
            step: step.to_owned(),
            request: sent(&exchange.sent, secret),
            response,
            fault: exchange.fault().map(|fault| fault.name().to_owned()),
            duration_ms: millis(exchange.took),
        }
    }
}

/// Whole milliseconds.
pub fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn sent(delivery: &Delivery, secret: &Secret) -> Sent {
    let headers = delivery.headers.iter();
    let body = secret.mask(&excerpt(&delivery.body, BODY_SHOWN));
    Sent {
        method: delivery.method.to_string(),
        target: secret.mask(&delivery.target),
        headers: headers.map(|(name, value)| (name.to_string(), bounded(&secret.mask(value.shown())))).collect(),
        body_base64: exact(&delivery.body, &body, secret),
        body,
        body_bytes: delivery.body.len(),
    }
}

fn received(answer: &Answer, secret: &Secret) -> Received {
    let headers = answer.headers.iter();
    Received {
        status: answer.status.as_u16(),
        version: format!("{:?}", answer.version),
        headers: headers
            .map(|(name, value)| (name.to_string(), bounded(&secret.mask(&String::from_utf8_lossy(value.as_bytes())))))
            .collect(),
        body: secret.mask(&excerpt(&answer.body, BODY_SHOWN)),
        body_bytes: answer.body.len(),
    }
}

fn exact(body: &[u8], shown: &str, secret: &Secret) -> Option<String> {
    let holds_secret = || {
        let text = String::from_utf8_lossy(body);
        secret.mask(&text) != text
    };
    (body != shown.as_bytes() && body.len() <= BODY_KEPT && !holds_secret()).then(|| STANDARD.encode(body))
}

fn bounded(text: &str) -> String {
    excerpt(text.as_bytes(), HEADER_SHOWN)
}

/// Characters of a body in a report.
const BODY_SHOWN: usize = 2_048;
/// Bytes of a body that a report keeps for repeating it.
const BODY_KEPT: usize = 64 * 1024;
/// Characters of a header's value in a report.
const HEADER_SHOWN: usize = 256;

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use contract::service::Service;

    use super::*;

    fn delivery(body: &'static [u8]) -> Delivery {
        Delivery {
            method: http::Method::POST,
            target: "/hook".to_owned(),
            headers: Vec::new(),
            body: Bytes::from_static(body),
        }
    }

    fn secret() -> Secret {
        Secret::new(Service::Chatday, "a-long-shared-secret", None).unwrap()
    }

    #[test]
    fn the_exact_bytes_are_kept_where_the_text_does_not_show_them() {
        let kept = |body| sent(&delivery(body), &secret()).body_base64;
        assert_eq!(kept("สวัสดี 😀".as_bytes()), None);
        assert_eq!(kept(b"{}\n").as_deref(), Some("e30K"));
        assert_eq!(kept(b"\xff\0").as_deref(), Some("/wA="));
        assert_eq!(kept(b"\n a-long-shared-secret"), None, "a secret is not kept in another notation");
    }

    #[test]
    fn evidence_masks_a_secret_that_the_receiver_echoes() {
        let answer = Answer {
            status: http::StatusCode::OK,
            version: http::Version::HTTP_11,
            headers: http::HeaderMap::new(),
            body: Bytes::from_static(b"expected a-long-shared-secret"),
            cut: None,
        };
        let exchange = Exchange {
            sent: delivery(b"x"),
            outcome: Outcome::Answered(answer),
            took: std::time::Duration::from_millis(3),
        };
        let evidence = Evidence::of("case", &exchange, &secret());
        assert_eq!(evidence.response.unwrap().body, "expected [secret]");
    }
}
