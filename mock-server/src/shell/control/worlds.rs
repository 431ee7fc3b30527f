//! Every call that is answered at once.

use std::sync::Arc;

use bytes::Bytes;
use contract::wire::Response;
use http::StatusCode;
use serde_json::json;

use super::super::{Shared, clock};
use super::faults;
use super::input::{self, Words};
use super::route::Route;
use crate::control::event::Change;
use crate::core::refusal::{errors, json as answer};
use crate::core::registry::Cell;

/// Carries a call out. An error is a list of faults of what the caller sent.
pub(super) fn call(shared: &Shared, cell: &Arc<Cell>, route: &Route, body: &Bytes) -> Result<Response, Words> {
    let wall = clock::wall();
    let ok = StatusCode::OK;
    Ok(match route {
        Route::Health => answer(ok, &json!({"status": "ok"})),
        Route::Info => answer(ok, &shared.info()),
        Route::CreateWorld => {
            let new = input::new_world(body)?;
            let made = shared.registry.create(new.seed, new.world.as_ref(), wall);
            let made = made.map_err(|faults| input::words(faults, if new.world.is_some() { "/world" } else { "" }))?;
            answer(StatusCode::CREATED, &made.lock().card(&shared.base_url))
        }
        Route::DeleteWorld(id) => match shared.registry.delete(id) {
            Ok(true) => no_content(),
            Ok(false) => errors(StatusCode::NOT_FOUND, &[format!("unknown world '{id}'")]),
            Err(faults) => return Err(input::words(faults, "")),
        },
        Route::Reset => {
            shared.registry.reset(cell, wall).map_err(|faults| input::words(faults, ""))?;
            answer(ok, &cell.lock().card(&shared.base_url))
        }
        Route::State => {
            let state = cell.lock().dump(wall);
            answer(ok, &state)
        }
        Route::ReplaceState => {
            let state = input::json(body)?;
            shared.registry.restore(cell, &state, wall).map_err(|faults| input::words(faults, ""))?;
            answer(ok, &cell.lock().card(&shared.base_url))
        }
        Route::Settings => answer(ok, &cell.lock().settings()),
        Route::ChangeSettings => {
            let change = input::json(body)?;
            let mut world = cell.lock();
            world.set_settings(&change).map_err(|faults| input::words(faults, ""))?;
            answer(ok, &world.settings())
        }
        Route::ClearRequests => {
            cell.lock().clear_journal();
            no_content()
        }
        Route::Clock => answer(ok, &cell.lock().clock(wall)),
        Route::Chat(id) => match cell.lock().chat(id) {
            Some(chat) => answer(ok, &chat),
            None => errors(StatusCode::NOT_FOUND, &[format!("this world has no chat '{id}'")]),
        },
        Route::Tls | Route::ServeCertificate => {
            let Some(tls) = &shared.tls else {
                let words = "this mock serves no TLS: start it with --tls-listen or --intercept-listen";
                return Ok(errors(StatusCode::NOT_FOUND, &[words]));
            };
            if *route == Route::ServeCertificate {
                let certificate = input::certificate_change(body)?.certificate;
                tls.serve(certificate);
                shared.registry.default_world().lock().tell(Change::Certificate { certificate });
            }
            answer(ok, &tls.state())
        }
        Route::Faults(call) => faults::call(cell, call, body)?,
        // These wait, come in pieces or choose their world themselves, so they are not answered here.
        Route::Expect
        | Route::Events
        | Route::Requests
        | Route::ApproveOAuth
        | Route::ChangeClock
        | Route::Deliveries(_)
        | Route::Webhooks(_) => errors(StatusCode::NOT_FOUND, &["this call is answered elsewhere"]),
    })
}

pub(super) fn no_content() -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}
