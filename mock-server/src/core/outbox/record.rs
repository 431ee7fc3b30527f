//! The record of a delivery as the control API prints it.

use std::collections::BTreeMap;

use http::HeaderValue;

use super::delivery::{Answered, Attempt, Delivery};
use crate::control::delivery::{DeliveryAnswer, DeliveryAttempt, DeliveryRecord, SentRequest};
use crate::control::text_or_base64;
use crate::core::capture::{MASK, excerpt};

impl Delivery {
    /// The whole record. The value of a header that is a secret is masked; what else may hold one is the caller's.
    pub fn record(&self) -> DeliveryRecord {
        self.record_in_part(usize::MAX)
    }

    /// The record with at most so many bytes of the body that is sent.
    pub fn record_in_part(&self, most_body: usize) -> DeliveryRecord {
        let parcel = &self.parcel;
        let kept = excerpt(&parcel.body, most_body);
        let (body, body_base64) = text_or_base64(kept);
        let mut headers: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in &parcel.headers {
            add(&mut headers, name.as_str(), value);
        }
        let authority = parcel.url.parse::<http::Uri>().ok().and_then(|uri| uri.authority().map(ToString::to_string));
        headers.entry("host".to_owned()).or_insert_with(|| authority.unwrap_or_default());
        headers.entry("content-length".to_owned()).or_insert_with(|| parcel.body.len().to_string());
        headers.entry("connection".to_owned()).or_insert_with(|| "close".to_owned());
        DeliveryRecord {
            id: self.id,
            at_ms: self.at.0,
            service: parcel.service.name().to_owned(),
            event: parcel.event.to_owned(),
            setting: parcel.setting.clone(),
            url: parcel.url.clone(),
            verdict: self.verdict.word().to_owned(),
            why: self.why.clone(),
            due_ms: (!self.verdict.is_final()).then_some(self.due.0),
            modes: self.modes.iter().map(|mode| (*mode).to_owned()).collect(),
            replay_of: self.replay_of,
            copy_of: self.copy_of,
            request: SentRequest {
                method: parcel.method.to_string(),
                target: parcel.target.clone(),
                headers,
                body,
                body_base64,
                body_is_cut: kept.len() < parcel.body.len(),
            },
            attempts: self.attempts.iter().map(attempt).collect(),
        }
    }
}

fn attempt(attempt: &Attempt) -> DeliveryAttempt {
    DeliveryAttempt {
        began_ms: attempt.began.0,
        ended_ms: attempt.ended.map(|ended| ended.0),
        answer: attempt.answer.as_ref().map(answer),
        fault: attempt.fault.map(str::to_owned),
        why: attempt.why.clone(),
    }
}

fn answer(answered: &Answered) -> DeliveryAnswer {
    let (body, body_base64) = text_or_base64(&answered.body);
    let mut headers = BTreeMap::new();
    for (name, value) in &answered.headers {
        add(&mut headers, name.as_str(), value);
    }
    let length = answered.length;
    DeliveryAnswer { status: answered.status, headers, body, body_base64, length }
}

fn add(headers: &mut BTreeMap<String, String>, name: &str, value: &HeaderValue) {
    let value = if value.is_sensitive() { MASK.into() } else { String::from_utf8_lossy(value.as_bytes()) };
    headers
        .entry(name.to_owned())
        .and_modify(|all| {
            all.push_str(", ");
            all.push_str(&value);
        })
        .or_insert_with(|| value.into_owned());
}
