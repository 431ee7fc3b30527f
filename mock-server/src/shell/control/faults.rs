//! The calls on a world's fault rules.

use contract::wire::Response;
use http::{Method, StatusCode};

use super::input::{self, Words};
use super::worlds::no_content;
use crate::control::FaultList;
use crate::core::faults::FaultId;
use crate::core::refusal::{errors, json as answer};
use crate::core::registry::Cell;

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FaultCall {
    List,
    Add,
    Clear,
    Show(String),
    Remove(String),
}

impl FaultCall {
    /// A call on all rules; HEAD is GET by now.
    pub(super) fn on_all(method: &Method) -> Option<Self> {
        match *method {
            Method::GET => Some(Self::List),
            Method::POST => Some(Self::Add),
            Method::DELETE => Some(Self::Clear),
            _ => None,
        }
    }

    /// A call on one rule.
    pub(super) fn on_one(method: &Method, id: String) -> Option<Self> {
        match *method {
            Method::GET => Some(Self::Show(id)),
            Method::DELETE => Some(Self::Remove(id)),
            _ => None,
        }
    }
}

/// Carries a call out. An error is a list of faults of what the caller sent.
pub(super) fn call(cell: &Cell, call: &FaultCall, body: &[u8]) -> Result<Response, Words> {
    let unknown = |id: &str| errors(StatusCode::NOT_FOUND, &[format!("this world has no fault rule '{id}'")]);
    Ok(match call {
        FaultCall::List => {
            let faults = cell.lock().faults();
            answer(StatusCode::OK, &FaultList { faults })
        }
        FaultCall::Add => {
            let rule = input::fault_rule(body)?;
            let added = cell.lock().add_fault(rule, body.len());
            answer(StatusCode::CREATED, &added.map_err(|fault| input::words(vec![fault], ""))?)
        }
        FaultCall::Clear => {
            cell.lock().clear_faults();
            no_content()
        }
        FaultCall::Show(id) => match FaultId::parse(id).and_then(|id| cell.lock().fault(id)) {
            Some(report) => answer(StatusCode::OK, &report),
            None => unknown(id),
        },
        FaultCall::Remove(id) => match FaultId::parse(id).filter(|id| cell.lock().remove_fault(*id)) {
            Some(_) => no_content(),
            None => unknown(id),
        },
    })
}
