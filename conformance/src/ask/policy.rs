//! What counts as an acknowledgement, and what the user declared about the subject.

use std::sync::Arc;

use contract::chatday::{Profile, webhook as chatday};
use contract::chatwork::webhook as chatwork;
use contract::service::Service;

use super::effects::Effect;
use super::secret::Secret;
use courier::exchange::{Answer, Exchange, Fault, Outcome};

/// What the judges need to know besides the exchanges.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The service whose contract is judged.
    pub service: Service,
    /// What fills the gaps of Chatday's document. Unused for Chatwork.
    pub profile: Arc<Profile>,
    /// What a forged event may be answered with.
    pub forgery_answer: ForgeryAnswer,
    /// The setting and the room that Chatwork's events come from. Unused for Chatday.
    pub origin: Origin,
    /// Whether every text says that it comes from a conformance test: people may read it.
    pub marked: bool,
    /// A secret that was valid once, and is no more.
    pub old_secret: Option<Secret>,
    /// What the integration does with a valid text event, if the user declared it.
    pub effect: Option<Effect>,
}

/// Where Chatwork's events come from. A receiver may rightly refuse what is not of its own setting or room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// `webhook_setting_id`; a made-up one unless it is declared.
    pub setting_id: Option<String>,
    /// `room_id`; a made-up one unless it is declared.
    pub room_id: Option<u64>,
    /// The account that the integration's token belongs to, where that is known: others write, and mention it.
    pub account: Option<u64>,
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
    pub fn acknowledgement(&self) -> String {
        match self.service {
            Service::Chatwork => format!("status {}", chatwork::ANSWER_STATUS.as_u16()),
            Service::Chatday => format!(
                "status {} and the JSON body {}",
                self.profile.webhook.answer.status.as_u16(),
                chatday::acknowledgement(&self.profile)
            ),
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
        match (&answer.cut, self.service) {
            (None, _) | (Some(Fault::TooLarge), Service::Chatwork) => self.examine_answer(answer),
            (Some(fault), _) => Err(Refusal {
                name: fault.name(),
                message: format!("the status is {}, but {fault}", answer.status.as_u16()),
            }),
        }
    }

    fn examine_answer(&self, answer: &Answer) -> Result<(), Refusal> {
        match self.service {
            Service::Chatwork => match chatwork::judge_answer(answer.status, &answer.body) {
                Ok(()) | Err(chatwork::AnswerFault::Size(_)) => Ok(()),
                Err(chatwork::AnswerFault::Status(found)) => Err(Refusal {
                    name: if found.is_redirection() { "redirect" } else { "status" },
                    message: format!(
                        "the event was answered with status {}, not {}",
                        found.as_u16(),
                        chatwork::ANSWER_STATUS.as_u16()
                    ),
                }),
            },
            Service::Chatday => chatday::judge_answer(&self.profile, answer.status, &answer.headers, &answer.body)
                .map_err(|faults| {
                    let sentences: Vec<String> = faults.iter().map(ToString::to_string).collect();
                    Refusal { name: faults.first().map_or("answer", fault_name), message: sentences.join("; ") }
                }),
        }
    }
}

fn fault_name(fault: &chatday::AnswerFault) -> &'static str {
    use chatday::AnswerFault as Fault;
    match fault {
        Fault::Redirect { .. } => "redirect",
        Fault::Status { .. } => "status",
        Fault::Encoded { .. } => "encoded-body",
        Fault::MediaType { .. } => "media-type",
        Fault::EmptyBody { .. } => "empty-body",
        Fault::NotJson { .. } => "not-json",
        Fault::NotObject { .. } => "not-an-object",
        Fault::KeyMissing { .. } => "key-missing",
        Fault::OtherWord { .. } => "other-word",
    }
}

fn sentence(fault: &Fault) -> String {
    format!("the event got no answer: {fault}")
}
