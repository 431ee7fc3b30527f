//! A sample client: says one thing through the service's API, as a careful program would; or with one mistake.

use std::time::Duration;

use bytes::Bytes;
use contract::chatday::{Message, Profile};
use contract::service::Service;
use contract::time::UnixMillis;
use contract::wire::header::{CHATWORK_TOKEN, RATE_RESET};
use courier::exchange::{Answer, Delivery, Exchange, Hidden, Value as Header};
use http::{HeaderName, Method, StatusCode, header};
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use super::reply::Api;

/// One mistake of the sample client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Slip {
    /// Told to wait, it calls again at once, ten times.
    RetriesAtOnce,
    /// Whatever became of the message, it ends as if it had been sent.
    HidesErrors,
    /// The token stands in the address too, where servers and proxies write it down.
    TokenInQuery,
}

impl Slip {
    /// In a few words, for a heading.
    pub fn words(self) -> &'static str {
        match self {
            Self::RetriesAtOnce => "calls again at once when it is told to wait",
            Self::HidesErrors => "says that all went well whatever became of its message",
            Self::TokenInQuery => "writes its token into the address",
        }
    }
}

/// A client of one service.
#[derive(Debug)]
pub struct Caller {
    /// The service.
    pub service: Service,
    /// Where its API is, and what opens it.
    pub api: Api,
    /// The room or chat that it speaks in.
    pub place: String,
    /// What it says.
    pub text: String,
    /// Its mistake, if it makes one.
    pub slip: Option<Slip>,
    /// The wall clock.
    pub clock: fn() -> UnixMillis,
}

impl Caller {
    /// Says its text. Waits where the service asks it to, a few times; a message whose fate is not known is not sent again.
    ///
    /// # Errors
    /// One sentence on what was refused. A caller that hides errors has none.
    pub async fn speak(&self) -> Result<(), String> {
        let spoken = match self.service {
            Service::Chatwork => self.speak_chatwork().await,
            Service::Chatday => self.speak_chatday().await,
        };
        if self.slip == Some(Slip::HidesErrors) { Ok(()) } else { spoken }
    }

    async fn speak_chatwork(&self) -> Result<(), String> {
        self.call(Method::GET, "/me", None, Bytes::new()).await?;
        let form = form_urlencoded::Serializer::new(String::new()).append_pair("body", &self.text).finish();
        let path = format!("/rooms/{}/messages", self.place);
        let answer = self.call(Method::POST, &path, Some("application/x-www-form-urlencoded"), form.into()).await?;
        let sent: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        match sent["message_id"].as_str() {
            Some(_) => Ok(()),
            None => Err("the answer names no message".to_owned()),
        }
    }

    async fn speak_chatday(&self) -> Result<(), String> {
        let profile = Profile::default_profile();
        self.call(profile.register.method.clone(), &profile.register.path, None, Bytes::new()).await?;
        let keys = &profile.keys;
        let message = Message::text(self.text.clone()).to_wire(&profile);
        let body = serde_json::json!({ keys.message.as_str(): message, keys.chat_id.as_str(): self.place });
        let send = &profile.send;
        self.call(send.method.clone(), &send.path, Some("application/json"), body.to_string().into()).await?;
        Ok(())
    }

    /// Calls, and calls again where that is safe: after a refusal that says when, and after a failure of a call that only reads.
    async fn call(
        &self,
        method: Method,
        path: &str,
        content_type: Option<&str>,
        body: Bytes,
    ) -> Result<Answer, String> {
        let what = format!("{method} {path}");
        let delivery = self.delivery(method, path, content_type, body);
        let attempts = if self.slip == Some(Slip::RetriesAtOnce) { ATTEMPTS_OF_THE_IMPATIENT } else { ATTEMPTS };
        let mut last = String::new();
        for _ in 0..attempts {
            let exchange: Exchange = self.api.socket.exchange(&delivery).await;
            let Some(answer) = exchange.answer().filter(|answer| answer.cut.is_none()) else {
                last = format!("{what}: {}", exchange.outcome);
                if delivery.method == Method::GET { continue } else { return Err(last) }
            };
            if answer.status.is_success() {
                return Ok(answer.clone());
            }
            last = format!("{what} was refused with {}", answer.status);
            let pause = match answer.status {
                StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => self.pause(answer),
                _ => return Err(last),
            };
            match pause {
                _ if self.slip == Some(Slip::RetriesAtOnce) => {}
                Some(pause) => sleep_until(Instant::now() + pause).await,
                None => return Err(format!("{last}, and would have to be called again too late")),
            }
        }
        Err(last)
    }

    /// How long the service asks to wait; nothing where that is longer than anybody would wait for this program.
    fn pause(&self, answer: &Answer) -> Option<Duration> {
        let text = |name| answer.headers.get(name).and_then(|value| value.to_str().ok());
        let number = |name| text(name).and_then(|value| value.parse::<i64>().ok());
        // The reset is a moment on the service's clock, and so is the answer's date.
        let now = text(header::DATE).and_then(unix_seconds).unwrap_or_else(|| (self.clock)().seconds());
        // A reset in this second is over when the next one has begun.
        let reset = number(RATE_RESET).map(|reset| reset - now + 1);
        let retry_at = text(header::RETRY_AFTER).and_then(unix_seconds).map(|moment| moment - now + 1);
        let seconds = number(header::RETRY_AFTER).or(retry_at).or(reset).unwrap_or(1).max(1);
        (seconds <= PATIENCE).then(|| Duration::from_secs(seconds.unsigned_abs()))
    }

    fn delivery(&self, method: Method, path: &str, content_type: Option<&str>, body: Bytes) -> Delivery {
        let (name, value): (HeaderName, String) = match self.service {
            Service::Chatwork => (CHATWORK_TOKEN, self.api.token.clone()),
            Service::Chatday => (header::AUTHORIZATION, format!("Bearer {}", self.api.token)),
        };
        let token = Header::Secret(Hidden { sent: value, shown: "[token]".to_owned(), shell: "$TOKEN".to_owned() });
        let mut headers = vec![(name, token)];
        headers.extend(content_type.map(|kind| (header::CONTENT_TYPE, Header::Plain(kind.to_owned()))));
        let mut target = format!("{}{path}", self.api.prefix);
        if self.slip == Some(Slip::TokenInQuery) {
            target = format!("{target}?token={}", self.api.token);
        }
        Delivery { method, target, headers, body }
    }
}

/// The moment that an HTTP date names.
fn unix_seconds(date: &str) -> Option<i64> {
    let moment = jiff::fmt::rfc2822::parse(date).ok()?;
    Some(moment.timestamp().as_second())
}

/// How often one call is tried.
const ATTEMPTS: usize = 4;
const ATTEMPTS_OF_THE_IMPATIENT: usize = 10;
/// The longest that it waits, in seconds.
const PATIENCE: i64 = 5;

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    fn pause(headers: &[(HeaderName, &'static str)]) -> Option<u64> {
        let caller = Caller {
            service: Service::Chatwork,
            api: Api {
                socket: courier::socket::Socket {
                    address: Err(courier::exchange::Fault::ConnectRefused),
                    authority: String::new(),
                    timeout: Duration::ZERO,
                    connect_timeout: Duration::ZERO,
                    tls: None,
                },
                prefix: String::new(),
                token: "t0ken".to_owned(),
            },
            place: String::new(),
            text: String::new(),
            slip: None,
            clock: || UnixMillis::from_seconds(1_000_000_000),
        };
        let headers: HeaderMap =
            headers.iter().map(|(name, value)| (name.clone(), http::HeaderValue::from_static(value))).collect();
        let answer = Answer {
            status: StatusCode::TOO_MANY_REQUESTS,
            version: http::Version::HTTP_11,
            headers,
            body: Bytes::new(),
            cut: None,
        };
        caller.pause(&answer).map(|pause| pause.as_secs())
    }

    #[test]
    fn a_wait_is_measured_by_the_clock_of_the_answer_and_has_bounds() {
        let date = (header::DATE, "Sun, 09 Sep 2001 01:51:40 GMT");
        assert_eq!(pause(&[date.clone(), (RATE_RESET, "1000000302")]), Some(3), "the service is 300 s ahead");
        assert_eq!(pause(&[(RATE_RESET, "1000000002")]), Some(3));
        assert_eq!(pause(&[date.clone(), (header::RETRY_AFTER, "Sun, 09 Sep 2001 01:51:42 GMT")]), Some(3));
        assert_eq!(pause(&[(header::RETRY_AFTER, "2")]), Some(2));
        assert_eq!(pause(&[(RATE_RESET, "999999000")]), Some(1), "in the past");
        assert_eq!(pause(&[(RATE_RESET, "soon")]), Some(1));
        assert_eq!(pause(&[date, (RATE_RESET, "1000009999")]), None, "far away");
    }
}
