//! From a request to an answer: token, limit, endpoint, scope, parameters, handler. The order is a decision
//! (`contract::manual::decisions`).

mod contacts;
mod download;
mod files;
mod link;
mod me;
mod members;
mod messages;
mod notes;
mod oauth;
mod recognise;
mod rooms;
mod tasks;

use bytes::Bytes;
use contract::chatwork::answer;
use contract::chatwork::arguments::{self, Arguments};
use contract::chatwork::clauses;
use contract::chatwork::endpoints::Operation;
use contract::chatwork::errors::{ApiError, Denied, Missing, Unfit};
use contract::chatwork::gate::{self, Credential};
use contract::chatwork::oauth::Scopes;
use contract::chatwork::params;
use contract::chatwork::ratelimit::Standing;
use contract::chatwork::{Edition, Endpoint};
use contract::route::{self, Found};
use contract::time::UnixMillis;
use contract::wire::form::Form;
use contract::wire::{Request, Response};
use http::{Method, StatusCode};

pub(crate) use oauth::{Approval, is_oauth};

use super::state::{AccountId, Error, RoomId, State};
use crate::core::Turn;

/// What a handler answers with.
type Answer = Result<Response, ApiError>;

/// Who called, and what they may do.
struct Caller {
    account: AccountId,
    /// What an access token may do; an API token may do everything.
    scopes: Option<Scopes>,
}

impl Caller {
    fn may(&self, endpoint: &Endpoint) -> Result<(), ApiError> {
        match &self.scopes {
            Some(scopes) if !scopes.cover(endpoint.scope) => Err(ApiError::ScopeMissing(endpoint.scope)),
            _ => Ok(()),
        }
    }
}

/// One authenticated request to a known endpoint, with its parameters read.
struct Call<'s> {
    state: &'s mut State,
    caller: AccountId,
    ids: [u64; 2],
    arguments: Arguments,
    now: UnixMillis,
    base_url: &'s str,
    world_id: &'s str,
}

impl Call<'_> {
    /// The room of the path.
    fn room(&self) -> RoomId {
        RoomId(self.ids[0])
    }

    /// Counts a message or task against the limit of its room. Called when nothing else stands against storing it.
    fn take_room_limit(&mut self) -> Result<(), ApiError> {
        let Some(limit) = self.state.settings.limits.room else { return Ok(()) };
        let room = self.room();
        let standing = self.state.room_windows.entry(room).or_default().take(limit, self.now);
        if standing.allowed { Ok(()) } else { Err(ApiError::RoomLimit) }
    }
}

impl State {
    /// Answers one request to the API. The path is whole, with `/v2`.
    pub fn handle(&mut self, request: &Request, turn: &mut Turn<'_>) -> Response {
        let Some(caller) = self.caller(request, turn) else {
            let error = ApiError::InvalidToken;
            let mut response = answer::refusal_with(error.status(), self.settings.token_error.text());
            if matches!(gate::credential(request.headers()), Credential::Bearer(_)) {
                answer::add_bearer_challenge(&mut response);
            }
            return response;
        };
        // Found first, so that the journal names the operation of a request that is over the limit too.
        let found = self.find(request, turn);
        let standing = self.take_account_limit(caller.account, turn.now);
        let mut response = if standing.is_some_and(|standing| !standing.allowed) {
            answer::refusal(&ApiError::AccountLimit)
        } else {
            self.serve(&caller, found, request, turn).unwrap_or_else(|error| answer::refusal(&error))
        };
        if let Some(standing) = standing {
            answer::add_rate_headers(&mut response, standing);
        }
        response
    }

    fn caller(&self, request: &Request, turn: &mut Turn<'_>) -> Option<Caller> {
        notes::token_elsewhere(self, request, turn);
        match gate::credential(request.headers()) {
            Credential::Token(token) => {
                let account = self.account_of_token(token)?;
                turn.token_id = Some(format!("chatwork/{account}"));
                Some(Caller { account, scopes: None })
            }
            Credential::Doubled => {
                turn.note(&clauses::TOKEN_ONCE, "the request carries more than one X-ChatWorkToken header");
                None
            }
            Credential::Bearer(token) => oauth::caller(self, token, turn),
            Credential::Missing | Credential::Unreadable => None,
        }
    }

    fn take_account_limit(&mut self, caller: AccountId, now: UnixMillis) -> Option<Standing> {
        let limit = self.settings.limits.account?;
        Some(self.account_windows.entry(caller).or_default().take(limit, now))
    }

    fn find(&self, request: &Request, turn: &mut Turn<'_>) -> Option<Found> {
        let overridden = overridden_method(request, self.settings.edition, turn);
        let method = overridden.as_ref().unwrap_or(request.method());
        let found = route::chatwork(method, request.uri().path());
        turn.operation = found.map(|found| found.endpoint.name);
        found
    }

    fn serve(&mut self, caller: &Caller, found: Option<Found>, request: &Request, turn: &mut Turn<'_>) -> Answer {
        let Found { endpoint, ids } = found.ok_or(ApiError::InvalidEndpoint)?;
        caller.may(endpoint)?;
        let (caller, edition) = (caller.account, self.settings.edition);
        notes::parameters(endpoint, edition, request, turn);
        let arguments = arguments::read(endpoint, edition, request)?;
        let (now, base_url, world_id) = (turn.now, turn.base_url, turn.world_id);
        dispatch(endpoint, &mut Call { state: self, caller, ids, arguments, now, base_url, world_id })
    }
}

fn dispatch(endpoint: &'static Endpoint, call: &mut Call<'_>) -> Answer {
    match endpoint.operation {
        Operation::GetMe => me::profile(call),
        Operation::GetMyStatus => me::status(call),
        Operation::GetMyTasks => me::tasks(call),
        Operation::GetContacts => contacts::list(call),
        Operation::GetRooms => rooms::list(call),
        Operation::PostRooms => rooms::create(call),
        Operation::GetRoom => rooms::show(call),
        Operation::PutRoom => rooms::update(call),
        Operation::DeleteRoom => rooms::remove(call),
        Operation::GetMembers => members::list(call),
        Operation::PutMembers => members::replace(call),
        Operation::GetMessages => messages::list(call),
        Operation::PostMessages => messages::post(call),
        Operation::PutMessagesRead => messages::mark_read(call),
        Operation::PutMessagesUnread => messages::mark_unread(call),
        Operation::GetMessage => messages::show(call),
        Operation::PutMessage => messages::edit(call),
        Operation::DeleteMessage => messages::remove(call),
        Operation::GetTasks => tasks::list(call),
        Operation::PostTasks => tasks::create(call),
        Operation::GetTask => tasks::show(call),
        Operation::PutTaskStatus => tasks::set_status(call),
        Operation::GetFiles => files::list(call),
        Operation::PostFiles => files::upload(call),
        Operation::GetFile => files::show(call),
        Operation::GetLink => link::show(call),
        Operation::PostLink => link::create(call),
        Operation::PutLink => link::update(call),
        Operation::DeleteLink => link::remove(call),
        Operation::GetIncomingRequests => contacts::requests(call),
        Operation::PutIncomingRequest => contacts::accept(call),
        Operation::DeleteIncomingRequest => contacts::reject(call),
    }
}

/// The verb that `?method=` asks for, where the edition still honours it. Only POST can be overridden.
fn overridden_method(request: &Request, edition: Edition, turn: &mut Turn<'_>) -> Option<Method> {
    let query = request.uri().query().filter(|query| request.method() == Method::POST && query.contains("method="))?;
    let wanted = match Form::decode(query.as_bytes()).value("method")? {
        "PUT" => Method::PUT,
        "DELETE" => Method::DELETE,
        _ => return None,
    };
    let honoured = edition.keeps(clauses::METHOD_OVERRIDE.holds);
    let outcome = if honoured { "honoured in this edition" } else { "ignored" };
    turn.note(&clauses::METHOD_OVERRIDE_ABOLISHED, format!("?method={wanted} was abolished 2025-07-03; {outcome}"));
    honoured.then_some(wanted)
}

/// What a refused operation answers. `denied` is what the caller wanted to do.
fn refused(error: Error, denied: Denied) -> ApiError {
    match error {
        Error::NotMember | Error::ReadOnly | Error::NotAdmin | Error::NotAuthor => ApiError::Forbidden(denied),
        Error::NotInvitable(_) => ApiError::Forbidden(Denied::InviteAccount),
        Error::NotAGroup => ApiError::Unfit(Unfit::NotAGroup),
        Error::UnknownMessage | Error::DeletedMessage | Error::HiddenMessage => ApiError::NotFound(Missing::Message),
        Error::UnknownTask => ApiError::NotFound(Missing::Task),
        Error::UnknownFile => ApiError::NotFound(Missing::File),
        Error::UnknownRequest => ApiError::NotFound(Missing::IncomingRequest),
        Error::NothingToChange => ApiError::Unfit(Unfit::AlreadyRead),
        Error::NoAdmin => ApiError::Required(&params::MEMBERS_ADMIN),
        Error::TwoRoles(_) => ApiError::Unfit(Unfit::MemberInTwoLists),
        Error::NoAssignee => ApiError::Required(&params::TO_IDS),
        Error::AssigneeNotMember(_) => ApiError::Unfit(Unfit::AssigneeNotAMember),
        Error::LinkExists => ApiError::Unfit(Unfit::LinkExists),
        Error::NoLink => ApiError::Unfit(Unfit::LinkDisabled),
        Error::CodeTaken => ApiError::Unfit(Unfit::LinkCodeTaken),
    }
}

/// 200 with a list, or 204 when it is empty (clause `chatwork.lists.empty`).
fn list_or_no_content<T: serde::Serialize>(items: &[T]) -> Response {
    if items.is_empty() { answer::no_content() } else { answer::ok(items) }
}

/// 200 with JSON text that is already written.
fn written(body: Bytes) -> Response {
    answer::with_body(StatusCode::OK, body)
}
