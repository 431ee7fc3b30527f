//! A server whose API is judged: what a dialogue may ask of it, and what is known of each call that was made.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use contract::chatday::Profile;
use contract::chatwork::Edition;
use contract::judge::Violation;
use contract::service::Service;
use contract::time::UnixMillis;
use contract::wire::Response;
use courier::exchange::{Exchange, Outcome};
use courier::raw::Names;
use http::{HeaderName, Method};
use serde_json::Value;

use crate::run::verdict::Judgement;

/// What a step of a dialogue comes to. An error ends the dialogue with what was found.
pub type Talk<T = ()> = Result<T, Box<Judgement>>;

/// The server that a dialogue is held with.
pub trait Server: fmt::Debug {
    /// What is known beforehand.
    fn facts(&self) -> &Facts;

    /// Makes a call.
    fn call(&mut self, call: &Call) -> Arc<Heard>;

    /// What this very call was answered with before in this run; made now if it was not. For calls that change nothing.
    fn recall(&mut self, call: &Call) -> Arc<Heard>;

    /// Every call of the run so far, oldest first.
    fn log(&self) -> Vec<Arc<Heard>>;

    /// Tells which calls a judgement rests on, where it is not the last one alone.
    fn show(&mut self, heard: &[Arc<Heard>]);
}

/// What is known of a server beforehand, and what the user allows.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The service whose contract is judged.
    pub service: Service,
    /// What fills the gaps of Chatday's document.
    pub profile: Arc<Profile>,
    /// Which published state of Chatwork's API the server is to follow.
    pub edition: Edition,
    /// The room or chat that the user named.
    pub place: Option<String>,
    /// Whether something may be changed there.
    pub write: bool,
    /// Whether the server is on this machine.
    pub local: bool,
    /// The run's seed: what is made up follows from it.
    pub seed: u64,
}

/// One call, as a dialogue thinks of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The verb.
    pub method: Method,
    /// Path and query below the API's base.
    pub path: String,
    /// Who calls.
    pub who: Who,
    /// Headers besides the token's.
    pub headers: Vec<(HeaderName, String)>,
    /// Exact bytes.
    pub body: Bytes,
    /// How header names are spelt, where not as by every library.
    pub names: Option<Names>,
    /// Whether the scheme of `Authorization` is spelt in small letters.
    pub small_scheme: bool,
    /// Whether a refusal for too many requests is what the dialogue wants to see. Otherwise the call is made again later.
    pub wants_limit: bool,
    /// Whether it takes back what the run made: it goes out even when the run is stopped, or its time is over.
    pub tidies: bool,
    /// Whether reports leave the body out: it repeats what somebody wrote.
    pub private: bool,
}

/// Who makes a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// The owner of the token.
    Owner,
    /// Nobody: there is no token.
    Nobody,
    /// Somebody with a made-up token.
    Stranger,
    /// Somebody with a made-up access token of OAuth.
    StrangeBearer,
    /// The owner, with the token in the query instead of its header.
    InQuery,
}

/// One call and what came of it.
#[derive(Clone, Debug)]
pub struct Heard {
    /// What was asked.
    pub call: Call,
    /// What went over the wire.
    pub exchange: Exchange,
    /// When it was sent, since the run began.
    pub sent: Duration,
    /// When its answer was there, by this machine's clock.
    pub at: UnixMillis,
    /// What the contract's judge says of the answer, once it was asked: many checks look at the same one.
    pub violations: OnceLock<Vec<Violation>>,
}

impl Call {
    /// A call of the token's owner.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            who: Who::Owner,
            headers: Vec::new(),
            body: Bytes::new(),
            names: None,
            small_scheme: false,
            wants_limit: false,
            tidies: false,
            private: false,
        }
    }

    /// A GET of the token's owner.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    /// The same, made by somebody else.
    #[must_use]
    pub fn by(self, who: Who) -> Self {
        Self { who, ..self }
    }

    /// The same, to take back what the run made.
    #[must_use]
    pub fn tidying(self) -> Self {
        Self { tidies: true, ..self }
    }

    /// The same with a body.
    #[must_use]
    pub fn carrying(mut self, media_type: &str, body: impl Into<Bytes>) -> Self {
        self.headers.push((http::header::CONTENT_TYPE, media_type.to_owned()));
        self.body = body.into();
        self
    }

    /// Method and path, for sentences.
    pub fn words(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

impl Heard {
    /// The whole answer, as the contract's judges read it.
    ///
    /// # Errors
    /// There is none: nothing can be said.
    pub fn answer(&self) -> Talk<Response> {
        let unsettled = |why: String| Box::new(Judgement::Unsettled(format!("{}: {why}", self.call.words())));
        match &self.exchange.outcome {
            Outcome::Silent(fault) => Err(unsettled(fault.to_string())),
            Outcome::Answered(answer) => match &answer.cut {
                Some(fault) => Err(unsettled(format!("status {}, but {fault}", answer.status.as_u16()))),
                None => {
                    let mut response = Response::new(answer.body.clone());
                    *response.status_mut() = answer.status;
                    *response.headers_mut() = answer.headers.clone();
                    Ok(response)
                }
            },
        }
    }

    /// Status of the answer, whatever became of its body.
    pub fn status(&self) -> Option<u16> {
        match &self.exchange.outcome {
            Outcome::Answered(answer) => Some(answer.status.as_u16()),
            Outcome::Silent(_) => None,
        }
    }

    /// The body as JSON, if it is.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.exchange.answer()?.body).ok()
    }

    /// When it was answered, by the server's own clock where it tells the time, and otherwise by this machine's.
    pub fn moment(&self) -> UnixMillis {
        let told = self.header(&http::header::DATE).and_then(|text| jiff::fmt::rfc2822::parse(text).ok());
        told.map_or(self.at, |told| UnixMillis(told.timestamp().as_millisecond()))
    }

    /// A header of the answer that is one integer.
    pub fn number(&self, name: &HeaderName) -> Option<i64> {
        self.header(name)?.parse().ok()
    }

    /// A header of the answer, as text.
    pub fn header(&self, name: &HeaderName) -> Option<&str> {
        match &self.exchange.outcome {
            Outcome::Answered(answer) => answer.headers.get(name)?.to_str().ok(),
            Outcome::Silent(_) => None,
        }
    }
}
