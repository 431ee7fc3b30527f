//! What the sample answers: the acknowledgement that the service asks for, and refusals.

use bytes::Bytes;
use contract::chatday::{Profile, webhook as chatday};
use contract::chatwork::webhook as chatwork;
use contract::service::Service;
use contract::wire::Response;
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use super::flaw::Flaw;

/// Makes acknowledgements.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answers<'a> {
    pub(super) service: Service,
    pub(super) profile: &'a Profile,
    pub(super) flaw: Option<Flaw>,
}

impl Answers<'_> {
    /// The acknowledgement of an event.
    pub(super) fn acknowledgement(&self) -> Response {
        let status = match self.flaw {
            Some(Flaw::Answers204) => return answer(StatusCode::NO_CONTENT, JSON, String::new()),
            Some(Flaw::AnswersRedirect) => return redirect(StatusCode::PERMANENT_REDIRECT, "/webhook/"),
            Some(Flaw::AnswerSpoilt) if self.service == Service::Chatwork => StatusCode::ACCEPTED,
            Some(Flaw::Answers201) => StatusCode::CREATED,
            _ => StatusCode::OK,
        };
        let media_type = if self.flaw == Some(Flaw::AnswersHtml) { "text/html" } else { JSON };
        answer(status, media_type, self.body())
    }

    fn body(&self) -> String {
        match self.service {
            Service::Chatwork if self.flaw == Some(Flaw::TooLongAnswer) => "x".repeat(chatwork::ANSWER_BODY_MAX + 1),
            Service::Chatwork => json!({"ok": true}).to_string(),
            Service::Chatday => {
                let right = chatday::acknowledgement(self.profile);
                match self.flaw {
                    Some(Flaw::AnswerSpoilt) => right.to_lowercase(),
                    Some(Flaw::AnswersNothing) => String::new(),
                    Some(Flaw::AnswersList) => format!("[{right}]"),
                    _ => right,
                }
            }
        }
    }
}

/// A refusal with one sentence.
pub(super) fn error(status: StatusCode, sentence: &str) -> Response {
    answer(status, JSON, json!({"error": sentence}).to_string())
}

/// An answer that sends elsewhere.
pub(super) fn redirect(status: StatusCode, location: &'static str) -> Response {
    let mut redirect = answer(status, "text/plain", String::new());
    redirect.headers_mut().insert(header::LOCATION, HeaderValue::from_static(location));
    redirect
}

fn answer(status: StatusCode, media_type: &'static str, body: String) -> Response {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

const JSON: &str = "application/json";
