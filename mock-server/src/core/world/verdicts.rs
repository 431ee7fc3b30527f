//! Verdicts on what became of a shipment: whether it was acknowledged, and what is at fault where it was not.

use bytes::Bytes;
use contract::chatwork::webhook;
use contract::service::Service;
use courier::exchange::{Answer, Fault, Outcome, TlsFault};
use http::HeaderValue;

use super::World;
use super::deliveries::Sent;
use crate::core::outbox::{Answered, Reported, Verdict};

impl World {
    /// What is noted of an attempt.
    pub(super) fn judge(&self, service: Service, sent: Sent) -> Reported {
        let failed = |fault, why| Reported {
            verdict: Verdict::Failed,
            answer: None,
            fault: Some(fault),
            why: Some(why),
            timed_out: false,
        };
        match sent {
            Sent::Refused(why) => Reported { verdict: Verdict::Refused, ..failed("target-refused", why) },
            Sent::AnswerDropped => failed(
                "answer-dropped",
                "the connection was closed before the answer was read: mode drop_answer".into(),
            ),
            Sent::Tried(Outcome::Silent(fault)) => {
                Reported { timed_out: is_timeout(&fault), ..failed(fault.name(), sentence(&fault)) }
            }
            Sent::Tried(Outcome::Answered(answer)) => {
                let kept = answer.body.get(..Answered::MOST_BODY).unwrap_or(&answer.body);
                let (status, length) = (answer.status.as_u16(), answer.body.len());
                let (fault, why) = self.fault_of(service, &answer).unzip();
                let timed_out = answer.cut.as_ref().is_some_and(is_timeout);
                let verdict = if fault.is_some() { Verdict::Failed } else { Verdict::Delivered };
                // Copies: a slice would keep everything that was read in memory, and the record counts what it keeps.
                let copied = |value: &HeaderValue| HeaderValue::from_bytes(value.as_bytes()).ok();
                let headers = answer.headers.iter().filter_map(|(name, value)| Some((name.clone(), copied(value)?)));
                let (headers, body) = (headers.collect(), Bytes::copy_from_slice(kept));
                let answer = Some(Answered { status, headers, body, length });
                Reported { verdict, answer, fault, why, timed_out }
            }
        }
    }

    /// What keeps an answer from acknowledging: name and sentence.
    fn fault_of(&self, service: Service, answer: &Answer) -> Option<(&'static str, String)> {
        if let Some(cut) = &answer.cut {
            return Some((cut.name(), sentence(cut)));
        }
        match service {
            Service::Chatwork => {
                let fault = webhook::judge_answer(answer.status, &answer.body).err()?;
                Some((fault.name(), fault.to_string()))
            }
            Service::Chatday => {
                let profile = self.chatday.profile();
                let judged =
                    contract::chatday::webhook::judge_answer(profile, answer.status, &answer.headers, &answer.body);
                let faults = judged.err()?;
                let words: Vec<String> = faults.iter().map(ToString::to_string).collect();
                Some((faults.first()?.name(), words.join("; ")))
            }
        }
    }
}

fn is_timeout(fault: &Fault) -> bool {
    matches!(fault, Fault::ConnectTimeout | Fault::Tls(TlsFault::Timeout) | Fault::HeadTimeout | Fault::BodyTimeout)
}

fn sentence(fault: &Fault) -> String {
    match fault {
        Fault::Tls(TlsFault::Untrusted) => format!("{fault}: start the mock with --webhook-ca-file FILE"),
        Fault::Stopped => "the mock ended before the answer had come".to_owned(),
        other => other.to_string(),
    }
}
