//! What a report shows of an exchange: bounded, on few lines, without the secret.

use std::fmt::Write as _;

use serde::Serialize;

use crate::ask::secret::Secret;
use courier::address::Endpoint;
use courier::exchange::{Answer, Delivery, Exchange, Outcome, Value, excerpt};

/// One exchange as a report shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
}

/// An answer as a report shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
    Sent {
        method: delivery.method.to_string(),
        target: secret.mask(&delivery.target),
        headers: headers.map(|(name, value)| (name.to_string(), bounded(&secret.mask(value.shown())))).collect(),
        body: secret.mask(&excerpt(&delivery.body, BODY_SHOWN)),
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

fn bounded(text: &str) -> String {
    excerpt(text.as_bytes(), HEADER_SHOWN)
}

/// A command that sends a delivery again. Values made from the secret take it from the environment.
pub fn curl(endpoint: &Endpoint, delivery: &Delivery) -> String {
    let mut line = format!("curl -sS -i -X {} {}", delivery.method, quote(&endpoint.url(&delivery.target)));
    for (name, value) in &delivery.headers {
        let _ = match value {
            // curl drops a header that is given as `name:`; `name;` sends it empty.
            Value::Plain(text) if text.is_empty() => write!(line, " -H {}", quote(&format!("{name};"))),
            Value::Plain(text) => write!(line, " -H {}", quote(&format!("{name}: {text}"))),
            Value::Secret(hidden) => write!(line, " -H \"{name}: {}\"", hidden.shell),
        };
    }
    let _ = write!(line, " --data-binary {}", quote(&String::from_utf8_lossy(&delivery.body)));
    line
}

/// In single quotes, as every POSIX shell reads it.
fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Characters of a body in a report.
const BODY_SHOWN: usize = 2_048;
/// Characters of a header's value in a report.
const HEADER_SHOWN: usize = 256;

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use contract::service::Service;
    use http::HeaderName;

    use super::*;
    use courier::exchange::Hidden;

    fn delivery(value: Value) -> Delivery {
        Delivery {
            method: http::Method::POST,
            target: "/hook".to_owned(),
            headers: vec![(HeaderName::from_static("x-token"), value)],
            body: Bytes::from_static(b"{\"text\":\"it's\"}"),
        }
    }

    #[test]
    fn a_curl_line_survives_the_shell_and_takes_the_secret_from_the_environment() {
        let endpoint = Endpoint::parse("http://127.0.0.1:9/hook").unwrap();
        let hidden = Hidden { sent: "s3cret".into(), shown: "[secret]".into(), shell: "$TOKEN".into() };
        assert_eq!(
            curl(&endpoint, &delivery(Value::Secret(hidden))),
            r#"curl -sS -i -X POST 'http://127.0.0.1:9/hook' -H "x-token: $TOKEN" --data-binary '{"text":"it'\''s"}'"#
        );
        assert!(curl(&endpoint, &delivery(Value::Plain(String::new()))).contains("-H 'x-token;'"));
    }

    #[test]
    fn evidence_masks_a_secret_that_the_receiver_echoes() {
        let secret = Secret::new(Service::Chatday, "a-long-shared-secret", None).unwrap();
        let answer = Answer {
            status: http::StatusCode::OK,
            version: http::Version::HTTP_11,
            headers: http::HeaderMap::new(),
            body: Bytes::from_static(b"expected a-long-shared-secret"),
            cut: None,
        };
        let exchange = Exchange {
            sent: delivery(Value::Plain("x".into())),
            outcome: Outcome::Answered(answer),
            took: std::time::Duration::from_millis(3),
        };
        let evidence = Evidence::of("case", &exchange, &secret);
        assert_eq!(evidence.response.unwrap().body, "expected [secret]");
    }
}
