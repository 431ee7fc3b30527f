//! What counts as an acknowledgement, and what the user declared about the subject.

use contract::chatwork::webhook as chatwork;
use contract::service::Service;
use http::StatusCode;

use super::exchange::{Answer, Exchange, Fault, Outcome};

/// What the judges need to know besides the exchanges.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The service whose contract is judged.
    pub service: Service,
    /// What a forged event may be answered with.
    pub forgery_answer: ForgeryAnswer,
}

/// What a forged event may be answered with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForgeryAnswer {
    /// A refusal. The answer of a valid event looks like acting on it.
    #[default]
    Refuse,
    /// Anything: the user declares that forged events are dropped without effect.
    Any,
}

/// Why an answer does not acknowledge an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Stable name of the difference.
    pub name: &'static str,
    /// One sentence.
    pub message: String,
}

impl Policy {
    /// What acknowledges an event, in words.
    pub fn acknowledgement(&self) -> &'static str {
        match self.service {
            Service::Chatwork => "status 200",
            Service::Chatday => "status 200 and the JSON body {\"status\":\"SUCCESS\"}",
        }
    }

    /// Whether an exchange acknowledges an event.
    pub fn accepts(&self, exchange: &Exchange) -> bool {
        self.examine(exchange).is_ok()
    }

    /// Holds an exchange against what acknowledges an event. How long a Chatwork answer may be is a question of its own.
    ///
    /// # Errors
    /// The first difference.
    pub fn examine(&self, exchange: &Exchange) -> Result<(), Refusal> {
        let answer = match &exchange.outcome {
            Outcome::Answered(answer) => answer,
            Outcome::Silent(fault) => return Err(Refusal { name: fault.name(), message: sentence(fault) }),
        };
        self.examine_status(answer)?;
        match (&answer.cut, self.service) {
            (None, _) | (Some(Fault::TooLarge), Service::Chatwork) => self.examine_body(answer),
            (Some(fault), _) => Err(Refusal { name: fault.name(), message: format!("the status is 200, but {fault}") }),
        }
    }

    fn examine_status(&self, answer: &Answer) -> Result<(), Refusal> {
        let wanted = match self.service {
            Service::Chatwork => chatwork::ANSWER_STATUS,
            Service::Chatday => StatusCode::OK,
        };
        if answer.status == wanted {
            return Ok(());
        }
        let name = if answer.status.is_redirection() { "redirect" } else { "status" };
        let message = format!("the event was answered with status {}, not {}", answer.status.as_u16(), wanted.as_u16());
        Err(Refusal { name, message })
    }

    fn examine_body(&self, answer: &Answer) -> Result<(), Refusal> {
        let _ = answer;
        Ok(())
    }
}

fn sentence(fault: &Fault) -> String {
    format!("the event got no answer: {fault}")
}
