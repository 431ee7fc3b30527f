//! What the contract says that a request answers, from the dossier and `contract::manual::decisions`: token, account
//! limit, path, parameters, rights, what lies below the room, state, room limit, in this order.

mod messages;
mod people;
mod rooms;
mod work;

use contract::chatwork::Operation;
use serde_json::Value;

use crate::call::{Call, Given, account_of};
use crate::state::{Calls, Message, Model, Room, Standing};

/// The parameters of each operation in the documented order; `!` behind a required one, `?` behind one whose empty
/// value is a value.
const DOCUMENTED: &[(Operation, &[&str])] = &[
    (Operation::GetMyTasks, &["assigned_by_account_id", "status"]),
    (
        Operation::PostRooms,
        &[
            "name!",
            "description?",
            "link",
            "link_code",
            "link_need_acceptance",
            "members_admin_ids!",
            "members_member_ids?",
            "members_readonly_ids?",
            "icon_preset",
        ],
    ),
    (Operation::PutRoom, &["name", "description?", "icon_preset"]),
    (Operation::DeleteRoom, &["action_type!"]),
    (Operation::PutMembers, &["members_admin_ids!", "members_member_ids?", "members_readonly_ids?"]),
    (Operation::GetMessages, &["force"]),
    (Operation::PostMessages, &["body!", "self_unread"]),
    (Operation::PutMessagesRead, &["message_id"]),
    (Operation::PutMessagesUnread, &["message_id!"]),
    (Operation::PutMessage, &["body!"]),
    (Operation::GetTasks, &["account_id", "assigned_by_account_id", "status"]),
    (Operation::PostTasks, &["body!", "to_ids!", "limit", "limit_type"]),
    (Operation::PutTaskStatus, &["body!"]),
    (Operation::GetFiles, &["account_id"]),
    (Operation::PostFiles, &["file!", "message"]),
    (Operation::GetFile, &["create_download_url"]),
    (Operation::PostLink, &["code", "need_acceptance", "description?"]),
    (Operation::PutLink, &["code", "need_acceptance", "description?"]),
];

/// The answer that a request should have.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    pub(crate) status: u16,
    pub(crate) body: Body,
    pub(crate) standing: Option<Standing>,
    /// Whether the answer says that the plan hides messages.
    pub(crate) limitation: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Body {
    /// What it would have said depends on ids that a refusal did not give.
    Unknown,
    Empty,
    Json(Value),
    /// An error whose text contains this.
    Error(String),
}

/// An answer that was received.
#[derive(Clone, Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    /// `null` without a body.
    pub(crate) body: Value,
}

/// Looks at the world without changing it: to learn ids that an answer does not tell.
pub(crate) trait Eyes {
    /// The body of a GET by an account.
    fn look(&self, account: u64, path: &str) -> Value;
    /// What a download address gives so many seconds from now, to whoever has it.
    fn download(&self, url: &str, later: i64) -> Option<Vec<u8>>;
}

/// One request by somebody whose token is valid.
struct Turn<'a> {
    caller: u64,
    now: i64,
    call: &'a Call,
    got: &'a Got,
    eyes: &'a dyn Eyes,
}

/// Why there is no success.
enum Stop {
    Refused(u16, String),
    /// It should have worked, but did not, so that there are no ids to learn.
    ShouldWork,
    /// An answer that contradicts an earlier one.
    Broken(String),
}

/// What success answers.
enum Success {
    Json(Value),
    /// A list: 204 when it is empty.
    List(Value),
    Nothing,
    /// Messages, and whether the plan hides some.
    Messages(Value, bool),
}

type Outcome = Result<Success, Stop>;

fn refuse<T>(status: u16, text: &str) -> Result<T, Stop> {
    Err(Stop::Refused(status, text.to_owned()))
}

impl Model {
    /// Predicts the answer to a request, and takes over what it changes.
    ///
    /// # Errors
    /// A sentence when the answer contradicts what earlier answers said.
    pub(crate) fn answer(&mut self, call: &Call, now: i64, got: &Got, eyes: &dyn Eyes) -> Result<Expected, String> {
        let plain = |status, body| Expected { status, body, standing: None, limitation: false };
        let Some(caller) = account_of(call.who, self) else {
            return Ok(plain(401, Body::Error("Invalid API token".to_owned())));
        };
        let counted = self.count_request(caller, now);
        let turn = Turn { caller, now, call, got, eyes };
        let outcome = match counted {
            Some((false, _)) => refuse(429, "Rate limit exceeded."),
            _ => self.allowed(&turn),
        };
        let mut expected = match outcome {
            Ok(Success::Json(value)) => plain(200, Body::Json(value)),
            Ok(Success::List(list)) if list.as_array().is_some_and(Vec::is_empty) => plain(204, Body::Empty),
            Ok(Success::List(list)) => plain(200, Body::Json(list)),
            Ok(Success::Nothing) => plain(204, Body::Empty),
            Ok(Success::Messages(list, limitation)) => {
                let empty = list.as_array().is_some_and(Vec::is_empty);
                let (status, body) = if empty { (204, Body::Empty) } else { (200, Body::Json(list)) };
                Expected { limitation, ..plain(status, body) }
            }
            Err(Stop::Refused(status, text)) => {
                let limitation = text == HIDDEN;
                let text = if limitation { String::new() } else { text };
                Expected { limitation, ..plain(status, Body::Error(text)) }
            }
            Err(Stop::ShouldWork) => plain(200, Body::Unknown),
            Err(Stop::Broken(sentence)) => return Err(sentence),
        };
        expected.standing = counted.map(|(_, standing)| standing);
        Ok(expected)
    }

    fn count_request(&mut self, caller: u64, now: i64) -> Option<(bool, Standing)> {
        let limit = self.account_limit?;
        let mut window = self.account_windows.get(&caller).copied();
        let counted = Self::count(&mut window, limit, now);
        self.account_windows.extend(window.map(|window| (caller, window)));
        Some(counted)
    }

    fn allowed(&mut self, turn: &Turn<'_>) -> Outcome {
        let Some(operation) = turn.call.operation else { return refuse(400, "Invalid Endpoint or HTTP method") };
        if let Some(text) = fault(operation, turn.call) {
            return refuse(400, &text);
        }
        match operation {
            Operation::GetMe => Ok(Success::Json(self.me(turn.caller))),
            Operation::GetMyStatus => Ok(Success::Json(self.status(turn.caller))),
            Operation::GetMyTasks => {
                let status = turn.call.word("status").unwrap_or("open");
                Ok(Success::List(self.my_tasks(turn.caller, turn.call.id("assigned_by_account_id"), status)))
            }
            Operation::GetContacts => Ok(Success::List(self.contacts(turn.caller))),
            Operation::GetIncomingRequests => Ok(Success::List(self.incoming(turn.caller))),
            Operation::PutIncomingRequest => self.accept(turn),
            Operation::DeleteIncomingRequest => self.reject(turn),
            Operation::GetRooms => Ok(Success::Json(self.room_list(turn.caller))),
            Operation::PostRooms => self.create_room(turn),
            Operation::GetRoom => self.show_room(turn),
            Operation::PutRoom => self.change_room(turn),
            Operation::DeleteRoom => self.leave_or_delete(turn),
            Operation::GetMembers => Ok(Success::Json(self.member_list(self.room_of(turn, "")?))),
            Operation::PutMembers => self.replace_members(turn),
            Operation::GetLink => Ok(Success::Json(crate::views::link_view(self.room_of(turn, "")?.link.as_ref()))),
            Operation::PostLink | Operation::PutLink => self.put_link(turn, operation),
            Operation::DeleteLink => self.delete_link(turn),
            Operation::GetMessages => self.fetch(turn),
            Operation::PostMessages => self.post_message(turn),
            Operation::PutMessagesRead => self.mark_read(turn),
            Operation::PutMessagesUnread => self.mark_unread(turn),
            Operation::GetMessage => self.show_message(turn),
            Operation::PutMessage | Operation::DeleteMessage => self.change_message(turn, operation),
            Operation::GetTasks => self.list_tasks(turn),
            Operation::PostTasks => self.add_tasks(turn),
            Operation::GetTask => self.show_task(turn),
            Operation::PutTaskStatus => self.set_status(turn),
            Operation::GetFiles => {
                Ok(Success::List(self.file_list(self.room_of(turn, "")?, turn.call.id("account_id"))))
            }
            Operation::PostFiles => self.add_file(turn),
            Operation::GetFile => self.show_file(turn),
        }
    }

    /// The room of a request, if the caller is in it.
    fn room_of(&self, turn: &Turn<'_>, text: &str) -> Result<&Room, Stop> {
        match self.room(turn.call.room).filter(|room| room.role(turn.caller).is_some()) {
            Some(room) => Ok(room),
            None => refuse(403, text),
        }
    }

    /// The room of a request, if the caller has one of these roles in it.
    fn room_as(&mut self, turn: &Turn<'_>, roles: &[&str], text: &str) -> Result<&mut Room, Stop> {
        let room = self.room_mut(turn.call.room);
        match room.filter(|room| room.role(turn.caller).is_some_and(|role| roles.contains(&role))) {
            Some(room) => Ok(room),
            None => refuse(403, text),
        }
    }

    fn count_post(&mut self, turn: &Turn<'_>) -> Result<(), Stop> {
        let Some(limit) = self.room_limit else { return Ok(()) };
        let mut window = self.room_windows.get(&turn.call.room).copied();
        let (allowed, _) = Self::count(&mut window, limit, turn.now);
        self.room_windows.extend(window.map(|window| (turn.call.room, window)));
        if allowed { Ok(()) } else { refuse(429, "Rate limit for message posting per room exceeded.") }
    }

    /// A message id that was just learned: higher than all before.
    fn fresh_message(&mut self, id: u64) -> Result<u64, Stop> {
        if id <= self.highest_message {
            return Err(Stop::Broken(format!("the new message id {id} is not above {}", self.highest_message)));
        }
        self.highest_message = id;
        Ok(id)
    }

    /// Looks up the message that the service itself wrote into a room last. It must hold all of `parts`.
    fn service_message(
        &mut self,
        turn: &Turn<'_>,
        room: u64,
        viewer: u64,
        parts: &[String],
        calls: Calls,
    ) -> Result<u64, Stop> {
        let list = turn.eyes.look(viewer, &format!("/v2/rooms/{room}/messages?force=1"));
        let newest = list.as_array().and_then(|list| list.last()).cloned().unwrap_or_default();
        let body = newest["body"].as_str().unwrap_or_default().to_owned();
        if newest["account"]["account_id"] != turn.caller || !parts.iter().all(|part| body.contains(part.as_str())) {
            return Err(Stop::Broken(format!("expected a system message with {parts:?}, the newest one is {newest}")));
        }
        let id = newest["message_id"].as_str().and_then(|id| id.parse().ok()).unwrap_or(0);
        let id = self.fresh_message(id)?;
        let message = Message { id, author: turn.caller, body, calls, sent: turn.now, updated: 0, deleted: false };
        if let Some(room) = self.room_mut(room) {
            room.say(message, false);
        }
        Ok(id)
    }
}

impl Turn<'_> {
    /// The answer, if it is a success.
    fn worked(&self) -> Result<&Value, Stop> {
        if self.got.status == 200 { Ok(&self.got.body) } else { Err(Stop::ShouldWork) }
    }

    /// A number that the answer tells.
    fn learned(&self, key: &str) -> Result<u64, Stop> {
        let body = self.worked()?;
        body[key].as_u64().ok_or_else(|| Stop::Broken(format!("no '{key}' in {body}")))
    }
}

/// Marks a refusal that says that the plan hides the message.
const HIDDEN: &str = "hidden by the plan";

/// The first parameter, in the documented order, that is missing or outside its constraint.
fn fault(operation: Operation, call: &Call) -> Option<String> {
    let (_, params) = DOCUMENTED.iter().find(|(known, _)| *known == operation)?;
    params.iter().find_map(|param| {
        let name = param.trim_end_matches(['!', '?']);
        match call.arg(name) {
            None if param.ends_with('!') => Some(format!("Parameter '{name}' is required")),
            Some(Given::Bad(text)) if text.is_empty() && param.ends_with('!') => {
                Some(format!("Parameter '{name}' is required"))
            }
            Some(Given::Bad(text)) if text.is_empty() && param.ends_with('?') => None,
            Some(Given::Bad(_)) => Some(format!("Invalid parameter '{name}'")),
            Some(Given::People(people)) if people.is_empty() && param.ends_with('!') => {
                Some(format!("Parameter '{name}' is required"))
            }
            _ => None,
        }
    })
}
