//! What a report shows of an observation: a few requests, bounded and without secrets, and how the command ended.

use courier::exchange::excerpt;

use crate::ask::observed::{ClientCall, Ending, Observation};
use crate::run::evidence::{Evidence, Received, Sent, millis};

/// Secrets that are never shown.
#[derive(Clone, Debug, Default)]
pub(super) struct Masks(Vec<String>);

impl Masks {
    /// Of these secrets.
    #[cfg(test)]
    pub(super) fn of<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        Self(secrets.into_iter().filter(|secret| !secret.is_empty()).map(str::to_owned).collect())
    }

    /// Hides these secrets too.
    pub(super) fn add(&mut self, seen: &Observation) {
        self.0.extend(seen.given.all_secrets().into_iter().filter(|secret| !secret.is_empty()));
    }

    /// A text without the secrets, and without their starts where more than half of one is there.
    pub(super) fn mask(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| {
            let whole = text.replace(secret.as_str(), "[token]");
            let part: String = secret.chars().take(secret.chars().count().div_ceil(2).max(8)).collect();
            if part.len() < secret.len() { whole.replace(&part, "[part of the token]") } else { whole }
        })
    }
}

/// The requests that tell most: those that met a fault and what came next, else the first ones; and what reached a host that
/// has no business with it.
pub(super) fn of(seen: &Observation) -> Vec<Evidence> {
    let mut masks = Masks::default();
    masks.add(seen);
    let mut places: Vec<usize> = Vec::new();
    for place in (0..seen.calls.len()).filter(|place| seen.calls.get(*place).is_some_and(|call| call.fault.is_some())) {
        places.extend([place, place + 1]);
        if places.len() >= SHOWN {
            break;
        }
    }
    if places.is_empty() {
        places.extend(0..SHOWN);
    }
    places.dedup();
    let own = places.into_iter().take(SHOWN).filter_map(|place| {
        let call = seen.calls.get(place)?;
        let fault = call.fault.map(|fault| format!(", met '{fault}'")).unwrap_or_default();
        Some(evidence(&format!("request {} of {}{fault}", place + 1, seen.calls.len()), call, &masks))
    });
    let strays = seen.strays.iter().take(2).map(|call| evidence("request to the other host", call, &masks));
    own.chain(strays).collect()
}

/// How the command ended, for the end of a sentence: `; it ended with status 1, its stderr with "…"`.
pub(super) fn ending(seen: &Observation) -> String {
    let mut masks = Masks::default();
    masks.add(seen);
    let ended = match &seen.ending {
        Ending::Exited(0) if seen.reports_failure => "; the command told of a failure in what it answered".to_owned(),
        Ending::Exited(status) => format!("; the command ended with status {status}"),
        Ending::Signalled(signal) => format!("; signal {signal} ended the command"),
        Ending::TimedOut => format!("; the command was ended after {:.0} s", seen.took.as_secs_f64()),
        Ending::Flooded => "; the command was ended because it wrote without end".to_owned(),
        Ending::NotStarted(why) => format!("; the command could not be started: {why}"),
    };
    let text = masks.mask(&String::from_utf8_lossy(&seen.stderr));
    let last = text.lines().rev().map(str::trim).find(|line| !line.is_empty());
    let said = last.filter(|_| !seen.claims_success());
    let said = said.map(|line| format!(", its stderr with \"{}\"", excerpt(line.as_bytes(), LINE_SHOWN)));
    format!("{ended}{}", said.unwrap_or_default())
}

fn evidence(step: &str, call: &ClientCall, masks: &Masks) -> Evidence {
    let shown = |bytes: &[u8], most| excerpt(masks.mask(&String::from_utf8_lossy(bytes)).as_bytes(), most);
    let headers = |pairs: &[(String, bytes::Bytes)]| {
        pairs.iter().map(|(name, value)| (name.clone(), shown(value, HEADER_SHOWN))).collect::<Vec<_>>()
    };
    let response = (call.status != 0).then(|| Received {
        status: call.status,
        version: "HTTP/1.1".to_owned(),
        headers: headers(&call.answer_headers),
        body: shown(&call.answer_body, BODY_SHOWN),
        body_bytes: call.answer_body.len(),
    });
    let fault = match (call.status, call.answered_at) {
        (0, _) => Some("no-answer".to_owned()),
        (_, None) => Some("answer-cut".to_owned()),
        _ => None,
    };
    Evidence {
        step: step.to_owned(),
        request: Sent {
            method: call.method.clone(),
            target: shown(call.target.as_bytes(), HEADER_SHOWN),
            headers: headers(&call.headers),
            body: shown(&call.body, BODY_SHOWN),
            body_bytes: call.body.len(),
            body_base64: None,
        },
        response,
        fault,
        duration_ms: call.answered_at.map_or(0, |at| millis(at.saturating_sub(call.at))),
    }
}

/// Requests in a report.
const SHOWN: usize = 6;
/// Characters of a body.
const BODY_SHOWN: usize = 1_024;
/// Characters of a header's value, and of a target.
const HEADER_SHOWN: usize = 256;
/// Characters of the last line on stderr.
const LINE_SHOWN: usize = 160;
