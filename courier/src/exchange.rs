//! What is sent, and what came back: values without any opinion.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, StatusCode, Version};
use serde::Serialize;

/// One request as it goes over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// `POST` for every webhook.
    pub method: http::Method,
    /// Path and query.
    pub target: String,
    /// In the order they are sent. `Host` and `Content-Length` come from the connection.
    pub headers: Vec<(HeaderName, Value)>,
    /// Exact bytes.
    pub body: Bytes,
}

/// The value of a header, and how it may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// May be shown as it is.
    Plain(String),
    /// Made from the secret.
    Secret(Hidden),
}

/// A value that is made from the secret: only its description is ever shown. Debug output has the description alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden {
    /// What is sent.
    pub sent: String,
    /// What it is, in words.
    pub shown: String,
    /// A shell expression that gives it, from the environment variable that holds the secret.
    pub shell: String,
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hidden({})", self.shown)
    }
}

impl Value {
    /// What is sent.
    pub fn sent(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Secret(hidden) => &hidden.sent,
        }
    }

    /// What may be shown.
    pub fn shown(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Secret(hidden) => &hidden.shown,
        }
    }
}

/// One request and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// What was sent.
    pub sent: Delivery,
    /// What came back.
    pub outcome: Outcome,
    /// From the start of connecting to the end of the answer.
    pub took: Duration,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A head, and as much of a body as came.
    Answered(Answer),
    /// No head.
    Silent(Fault),
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Status of the head.
    pub status: StatusCode,
    /// HTTP version of the head.
    pub version: Version,
    /// Headers, in the order they came.
    pub headers: HeaderMap,
    /// The body, or what came of it.
    pub body: Bytes,
    /// What cut the body short, if anything did. Status and body are judged apart.
    pub cut: Option<Fault>,
}

/// Why there is no answer, or no whole one. Each has a name that reports print.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "name", content = "detail")]
pub enum Fault {
    /// The host's name has no address.
    UnreachableDns(String),
    /// Nothing listens there.
    ConnectRefused,
    /// The connection did not come about in time.
    ConnectTimeout,
    /// The connection did not come about for another reason.
    ConnectFailed(String),
    /// The certificate does not fit, or no TLS connection came about for another reason.
    Tls(TlsFault),
    /// No whole head before the deadline.
    HeadTimeout,
    /// No whole body before the deadline.
    BodyTimeout,
    /// The head has more bytes or headers than any receiver needs.
    HeadTooLarge,
    /// The body did not end within the cap.
    TooLarge,
    /// The connection ended before the answer did.
    Cut,
    /// What came is no HTTP.
    Protocol(String),
    /// More interim (1xx) answers than anyone waits for.
    InterimFlood,
    /// Nothing was sent: too many exchanges in a row had got no answer.
    GivenUp,
    /// The request was cut short, or no answer was awaited: the sender hung up on purpose.
    HungUp,
    /// Nothing was sent, or nothing awaited any more: the run was stopped.
    Stopped,
}

/// Why no TLS connection came about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsFault {
    /// The handshake did not end in time.
    #[error("the handshake did not end in time: is it an http:// endpoint?")]
    Timeout,
    /// Nobody here knows who signed the certificate.
    #[error(
        "the certificate comes from an authority that is not trusted here; an endpoint has to send the whole chain, and a CA \
         of your own has to be named"
    )]
    Untrusted,
    /// Anything else, in one sentence.
    #[error("{0}")]
    Other(String),
}

impl Serialize for TlsFault {
    /// Its sentence.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Fault {
    /// The stable name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::UnreachableDns(_) => "unreachable-dns",
            Self::ConnectRefused => "connect-refused",
            Self::ConnectTimeout => "connect-timeout",
            Self::ConnectFailed(_) => "connect-failed",
            Self::Tls(_) => "tls",
            Self::HeadTimeout => "head-timeout",
            Self::BodyTimeout => "body-timeout",
            Self::HeadTooLarge => "head-too-large",
            Self::TooLarge => "too-large",
            Self::Cut => "cut",
            Self::Protocol(_) => "protocol",
            Self::InterimFlood => "interim-flood",
            Self::GivenUp => "given-up",
            Self::HungUp => "hung-up",
            Self::Stopped => "stopped",
        }
    }

    /// Whether the subject was never reached, so that nothing can be said about it.
    pub fn is_out_of_reach(&self) -> bool {
        match self {
            Self::UnreachableDns(_)
            | Self::ConnectRefused
            | Self::ConnectTimeout
            | Self::ConnectFailed(_)
            | Self::Tls(_)
            | Self::GivenUp
            | Self::Stopped => true,
            Self::HeadTimeout
            | Self::BodyTimeout
            | Self::HeadTooLarge
            | Self::TooLarge
            | Self::Cut
            | Self::Protocol(_)
            | Self::InterimFlood
            | Self::HungUp => false,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnreachableDns(host) => write!(f, "the name '{host}' has no address"),
            Self::ConnectRefused => f.write_str("the connection was refused: nothing listens there"),
            Self::ConnectTimeout => f.write_str("the connection did not come about in time"),
            Self::ConnectFailed(why) => write!(f, "the connection failed: {why}"),
            Self::Tls(why) => write!(f, "no TLS connection: {why}"),
            Self::HeadTimeout => f.write_str("no answer before the deadline"),
            Self::BodyTimeout => f.write_str("the answer did not end before the deadline"),
            Self::HeadTooLarge => f.write_str("the head of the answer is too large"),
            Self::TooLarge => f.write_str("the body of the answer is too large"),
            Self::Cut => f.write_str("the connection ended before the answer did"),
            Self::Protocol(why) => write!(f, "the answer is no HTTP: {why}"),
            Self::InterimFlood => f.write_str("interim (1xx) answers without end"),
            Self::GivenUp => f.write_str("nothing was sent: too many exchanges in a row had got no answer"),
            Self::HungUp => f.write_str("the sender hung up on purpose, and awaited no answer"),
            Self::Stopped => f.write_str("the run was stopped"),
        }
    }
}

impl Exchange {
    /// The answer, if there is a head and a whole body.
    pub fn answer(&self) -> Option<&Answer> {
        match &self.outcome {
            Outcome::Answered(answer) if answer.cut.is_none() => Some(answer),
            Outcome::Answered(_) | Outcome::Silent(_) => None,
        }
    }

    /// What went wrong on the way, with the head or with the body.
    pub fn fault(&self) -> Option<&Fault> {
        match &self.outcome {
            Outcome::Answered(answer) => answer.cut.as_ref(),
            Outcome::Silent(fault) => Some(fault),
        }
    }
}

impl fmt::Display for Outcome {
    /// One line: status and the start of the body, or the fault.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silent(fault) => write!(f, "{} ({fault})", fault.name()),
            Self::Answered(answer) => {
                write!(f, "{}", answer.status.as_u16())?;
                match &answer.cut {
                    Some(fault) => write!(f, ", then {} after {} bytes of body", fault.name(), answer.body.len()),
                    None if answer.body.is_empty() => f.write_str(" with an empty body"),
                    None => write!(f, " {}", excerpt(&answer.body, EXCERPT)),
                }
            }
        }
    }
}

/// The start of a body as one line of text, at most `most` characters. Control characters are escaped, and so are those
/// that make a line read in another order than it is written.
pub fn excerpt(body: &[u8], most: usize) -> String {
    let text = String::from_utf8_lossy(body);
    let mut line: String = text.chars().take(most).flat_map(visible).collect();
    if text.chars().nth(most).is_some() {
        line.push('…');
    }
    line
}

fn visible(character: char) -> impl Iterator<Item = char> {
    let unseen = character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    let escaped = unseen.then(|| character.escape_default());
    let plain = escaped.is_none().then_some(character);
    escaped.into_iter().flatten().chain(plain)
}

/// Characters of a body in one line of a report.
const EXCERPT: usize = 160;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_one_line_and_bounded() {
        assert_eq!(excerpt("ขอบคุณ\n".as_bytes(), 20), "ขอบคุณ\\n");
        assert_eq!(excerpt(b"abcdef", 3), "abc…");
        assert_eq!(excerpt(b"\x1b[31m", 10), "\\u{1b}[31m");
        assert_eq!(excerpt("مرحبا \u{202e}txt".as_bytes(), 20), "مرحبا \\u{202e}txt");
    }

    #[test]
    fn a_value_made_from_the_secret_shows_only_its_description() {
        let hidden = Hidden { sent: "s3cret".into(), shown: "[secret]".into(), shell: "$TOKEN".into() };
        let value = Value::Secret(hidden);
        assert_eq!(value.shown(), "[secret]");
        assert!(!format!("{value:?}").contains("s3cret"));
    }
}
