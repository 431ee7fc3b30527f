//! A world that misbehaves on demand: which rule a request meets, and what it makes of it.

use bytes::Bytes;
use contract::reader::Fault;
use contract::service::Service;
use contract::time::UnixMillis;
use contract::wire::header::CHATWORK_TOKEN;
use contract::wire::{Request, Response};
use http::HeaderMap;
use http::header::{AUTHORIZATION, DATE};

use super::{DOWNLOAD, Surroundings, World};
use crate::control::event::Change;
use crate::control::{Deed, FaultMatch, FaultReport, FaultRule, RateLimited};
use crate::core::capture::{Capture, MASK};
use crate::core::conduct::{Conduct, Cut, Manner, Reply};
use crate::core::faults::{FaultId, Met};
use crate::core::journal::Entry;
use crate::core::matching::Seen;
use crate::core::turn::{Note, Turn};

/// What is known of a request before it is served.
#[derive(Debug, Default)]
struct Recognised {
    operation: Option<&'static str>,
    token_id: Option<String>,
    notes: Vec<Note>,
}

impl World {
    /// Makes of one request what is to be made of it, and writes it down.
    pub fn handle(&mut self, request: &Request, capture: Capture, around: Surroundings<'_>) -> Reply {
        if self.rules.is_empty() {
            return self.serve(request, capture, around, None).into();
        }
        let now = self.clock.now(around.wall);
        let recognised = self.recognise(request, capture.service, now, around.base_url);
        let seen = Seen {
            request: &capture,
            operation: recognised.operation,
            token_id: recognised.token_id.as_deref().unwrap_or_default().as_bytes(),
            status: 0,
        };
        match self.rules.choose(|rule| means(&rule.matching, seen, request.headers())) {
            None => self.serve(request, capture, around, None).into(),
            Some(met) => {
                let reply = self.misbehave(&met, request, capture, around, recognised);
                if met.is_used_up {
                    self.tell(Change::FaultUsedUp { fault: met.id.to_string() });
                }
                reply
            }
        }
    }

    /// Adds a fault rule. `bytes` is the size of the JSON that it was sent as.
    ///
    /// # Errors
    /// There are too many, or they are too large.
    pub fn add_fault(&mut self, rule: FaultRule, bytes: usize) -> Result<FaultReport, Fault> {
        let id = self.rules.add(rule, bytes)?;
        self.tell(Change::FaultAdded { fault: id.to_string() });
        self.fault(id).ok_or_else(|| Fault { pointer: String::new(), message: format!("the rule {id} is gone") })
    }

    /// One fault rule, without secrets.
    pub fn fault(&self, id: FaultId) -> Option<FaultReport> {
        self.rules.report(id).map(|report| self.without_token(report))
    }

    /// All fault rules in their order, without secrets.
    pub fn faults(&self) -> Vec<FaultReport> {
        self.rules.reports().map(|report| self.without_token(report)).collect()
    }

    /// Removes a fault rule; `false` where there is none with that id.
    pub fn remove_fault(&mut self, id: FaultId) -> bool {
        let removed = self.rules.remove(id);
        if removed {
            self.tell(Change::FaultRemoved { fault: id.to_string() });
        }
        removed
    }

    /// Removes all fault rules.
    pub fn clear_faults(&mut self) {
        self.rules.clear();
        self.tell(Change::FaultsCleared);
    }

    fn without_token(&self, mut report: FaultReport) -> FaultReport {
        if let Some(token) = report.rule.matching.secret() {
            let owner = self.chatwork.token_id_of(token).or_else(|| self.chatday.token_id_of(token));
            report.rule.matching.token = Some(owner.unwrap_or_else(|| MASK.to_owned()));
        }
        report
    }

    fn recognise(&self, request: &Request, service: Service, now: UnixMillis, base_url: &str) -> Recognised {
        let mut turn = Turn::new(now, base_url, &self.blueprint.id);
        match service {
            Service::Chatwork if request.uri().path().starts_with(DOWNLOAD) => turn.operation = Some("download-file"),
            Service::Chatwork => self.chatwork.recognise(request, &mut turn),
            Service::Chatday => self.chatday.recognise(request, &mut turn),
        }
        Recognised { operation: turn.operation, token_id: turn.token_id, notes: turn.notes }
    }

    /// Serves the request, or lets something else stand in the place of its answer, as the rule says.
    fn misbehave(
        &mut self,
        met: &Met,
        request: &Request,
        capture: Capture,
        around: Surroundings<'_>,
        recognised: Recognised,
    ) -> Reply {
        let (fault, action) = (met.id, met.action());
        let now = self.clock.now(around.wall);
        let served = |manner| (None, manner);
        let (stand_in, manner) = match &action.deed {
            Deed::Answer => served(Manner::Whole),
            Deed::Drip { bytes, pause_ms } => {
                served(Manner::Drip { bytes: usize::try_from(*bytes).unwrap_or(usize::MAX), pause_ms: *pause_ms })
            }
            Deed::CloseAfterBytes(after) => served(Manner::Cut { after: *after, by: Cut::Close }),
            Deed::DropAfterCommit => served(Manner::Cut { after: 0, by: Cut::Close }),
            Deed::Reset { after_bytes: 0 } => (Some(None), Manner::Cut { after: 0, by: Cut::Reset }),
            Deed::Reset { after_bytes } => served(Manner::Cut { after: *after_bytes, by: Cut::Reset }),
            Deed::Stall => (Some(None), Manner::Stall),
            Deed::Garbage(bytes) => (Some(None), Manner::Raw(bytes.clone().unwrap_or(Bytes::from_static(NO_HTTP)))),
            Deed::Respond(answer) => (Some(Some(answer.response())), Manner::Whole),
            Deed::RateLimit(limited) => {
                (Some(Some(self.limited(request, capture.service, limited, now))), Manner::Whole)
            }
        };
        let (response, status) = match stand_in {
            None => {
                let response = self.serve(request, capture, around, Some(fault));
                let status = response.status().as_u16();
                (response, status)
            }
            Some(response) => {
                let status = response.as_ref().map_or(0, |response| response.status().as_u16());
                let mut response = response.unwrap_or_default();
                let date = self.date(now);
                response.headers_mut().entry(DATE).or_insert(date);
                let Recognised { operation, token_id, notes } = recognised;
                let entry =
                    Entry { id: 0, event: 0, at: now, request: capture, status, fault: Some(fault), operation, notes };
                self.write_down(entry, token_id.as_deref());
                (response, status)
            }
        };
        let conduct = Conduct { fault, status, delay_ms: action.delay_ms, manner };
        Reply { response, conduct: Some(Box::new(conduct)) }
    }

    /// The documented answer of a limit that is not used up.
    fn limited(&mut self, request: &Request, service: Service, limited: &RateLimited, now: UnixMillis) -> Response {
        let mut response = match service {
            Service::Chatwork => self.chatwork.limited(request, limited.scope, limited.reset_in_s, now),
            Service::Chatday => {
                self.chatday.limited(limited.reset_in_s.map_or(1, |seconds| u64::try_from(seconds).unwrap_or(0)))
            }
        };
        limited.dress(response.headers_mut());
        response
    }
}

/// Whether a rule means a request. Its token is looked for in the headers themselves: what is captured is masked.
fn means(matching: &FaultMatch, seen: Seen<'_>, headers: &HeaderMap) -> bool {
    matching.secret().is_none_or(|token| carries(headers, token.as_bytes()))
        && matching.token_id().is_none_or(|pattern| crate::core::matching::glob(pattern, seen.token_id))
        && matching.request.fits(seen)
}

/// Whether a request carries this token where one of the services reads it.
fn carries(headers: &HeaderMap, token: &[u8]) -> bool {
    let bearer = |value: &[u8]| {
        let (scheme, rest) = value.split_at_checked("Bearer ".len())?;
        scheme.eq_ignore_ascii_case(b"Bearer ").then(|| rest.trim_ascii() == token)
    };
    headers.get_all(CHATWORK_TOKEN).iter().any(|value| value.as_bytes() == token)
        || headers.get_all(AUTHORIZATION).iter().any(|value| bearer(value.as_bytes()) == Some(true))
}

/// What `garbage` sends unless told: no line of it begins as an answer of HTTP does, and it is no text either.
const NO_HTTP: &[u8] = b"\x00\x01 these bytes are no HTTP \xff\xfe\r\n\r\n";
