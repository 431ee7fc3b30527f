//! What each operation that reads answers with, and how answers are written.

use std::sync::Arc;

use contract::chatwork::clauses::{
    CONTACTS, DOWNLOAD_URL, EMPTY_LIST, FIELDS, IDS, JSON_BODY, JSON_TEXT, LINK, LIST_CAP, MESSAGES_NEW_ONLY, MY_TASKS,
    NO_CONTENT, PROFILE, REQUESTS, ROOM_FIELDS, STATUS,
};
use contract::service::Service;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use super::super::found::{deviates, moot, settle, unsettled};
use super::tour;
use super::verdicts::{Aspect, found, shaped};
use crate::ask::server::{Call, Heard, Server, Talk};
use crate::check::{Area, Check, Kind, Level, Plan};

const BASE: Check = Check { kind: Kind::Api, area: Area::Answers, ..Check::blank(Service::Chatwork) };

const SHAPE: Check = Check {
    level: Level::Must,
    rationale: "Clients read fields by name and kind. A field that is missing, null or of another kind breaks them in the \
                place where it is used, long after the answer came.",
    hint: "Answer with every field of the contract (mock-server openapi chatwork prints them), each of its kind: \
           message ids as texts of digits, other ids and times as integers, nothing null.",
    ..BASE
};

/// A check of what one operation that reads answers with.
macro_rules! reads {
    ($($id:literal $path:literal $what:literal [$($clause:ident)+] $call:expr;)+) => {
        /// Status and body of each operation that reads, in the order of the reference.
        pub const READS: &[Check] = &[$(Check {
            id: $id,
            title: concat!("GET ", $path, " answers ", $what, ", as documented"),
            clauses: &[$(&$clause),+],
            plan: Plan::Dialogue { calls: &[concat!("GET ", $path)], hold: |server| {
                let path: fn(&mut dyn Server) -> Talk<String> = $call;
                let path = path(server)?;
                shaped(server, &Call::get(path))
            } },
            ..SHAPE
        }),+];
    };
}

reads! {
    "chatwork.api.get-me" "/me" "the 19 fields of a profile" [PROFILE IDS] |_| Ok("/me".to_owned());
    "chatwork.api.get-my-status" "/my/status" "six counts" [STATUS] |_| Ok("/my/status".to_owned());
    "chatwork.api.get-my-tasks" "/my/tasks" "open tasks, each with its room" [MY_TASKS IDS LIST_CAP]
        |_| Ok("/my/tasks".to_owned());
    "chatwork.api.get-contacts" "/contacts" "contacts of 8 fields" [CONTACTS IDS] |_| Ok("/contacts".to_owned());
    "chatwork.api.get-rooms" "/rooms" "chats of 13 fields" [ROOM_FIELDS IDS] |_| Ok("/rooms".to_owned());
    "chatwork.api.get-room" "/rooms/{room_id}" "one chat with its description" [ROOM_FIELDS IDS]
        |server| Ok(format!("/rooms/{}", tour::any_room(server)?));
    "chatwork.api.get-members" "/rooms/{room_id}/members" "members of 8 fields" [FIELDS IDS]
        |server| Ok(format!("/rooms/{}/members", tour::any_room(server)?));
    "chatwork.api.get-messages" "/rooms/{room_id}/messages?force=1" "at most 100 messages" [FIELDS MESSAGES_NEW_ONLY IDS LIST_CAP]
        |server| Ok(tour::messages(tour::room_with(server, "message_num", "messages")?));
    "chatwork.api.get-message" "/rooms/{room_id}/messages/{message_id}" "one message" [FIELDS IDS]
        |server| Ok(tour::one_message(server)?.0);
    "chatwork.api.get-tasks" "/rooms/{room_id}/tasks" "at most 100 open tasks" [FIELDS LIST_CAP IDS]
        |server| Ok(format!("/rooms/{}/tasks", tour::room_with(server, "task_num", "tasks")?));
    "chatwork.api.get-task" "/rooms/{room_id}/tasks/{task_id}" "one task" [FIELDS IDS] |server| Ok(tour::one_task(server)?.0);
    "chatwork.api.get-files" "/rooms/{room_id}/files" "at most 100 files" [FIELDS LIST_CAP IDS]
        |server| Ok(format!("/rooms/{}/files", tour::room_with(server, "file_num", "files")?));
    "chatwork.api.get-file" "/rooms/{room_id}/files/{file_id}" "one file" [FIELDS IDS DOWNLOAD_URL]
        |server| Ok(tour::one_file(server)?.0);
    "chatwork.api.get-link" "/rooms/{room_id}/link" "the invitation link, or {\"public\":false}" [LINK]
        |server| Ok(format!("/rooms/{}/link", tour::group(server)?));
    "chatwork.api.get-incoming-requests" "/incoming_requests" "contact requests of 9 fields" [REQUESTS IDS LIST_CAP]
        |_| Ok("/incoming_requests".to_owned());
}

const ALL: &[&str] = &["GET of every path that reads", "GET of a path that is not there"];

/// How answers are written, whatever the operation.
pub const WRITING: &[Check] = &[
    Check {
        id: "chatwork.api.answers-are-json",
        level: Level::Must,
        title: "every answer with a body is JSON and says so, refusals too",
        rationale: "Clients choose how to read a body by its content type. A page in HTML, as a proxy or a crash makes it, is \
                    read as JSON by some and thrown away by others.",
        hint: "Send Content-Type: application/json; charset=utf-8 with every body, also where the framework answers.",
        clauses: &[&JSON_BODY],
        plan: Plan::Dialogue { calls: ALL, hold: media },
        ..BASE
    },
    Check {
        id: "chatwork.api.charset-is-declared",
        title: "the content type names the charset UTF-8",
        rationale: "Every recorded answer has it. Some older clients guess Latin-1 without it.",
        hint: "Send application/json; charset=utf-8, not application/json alone.",
        clauses: &[&JSON_BODY],
        plan: Plan::Dialogue { calls: &["GET /me"], hold: charset },
        ..BASE
    },
    Check {
        id: "chatwork.api.json-is-compact-ascii",
        title: "JSON text is compact, and characters outside ASCII are escaped",
        rationale: "Every recorded answer is written so. It should not matter to clients, but it does to those that \
                    take answers apart by hand.",
        hint: "Write JSON without spaces, and characters outside ASCII as \\uxxxx in small letters.",
        clauses: &[&JSON_TEXT],
        plan: Plan::Dialogue { calls: ALL, hold: spelling },
        ..BASE
    },
    Check {
        id: "chatwork.api.times-are-unix-seconds",
        level: Level::Must,
        title: "every time is given in Unix seconds, or is 0",
        rationale: "A time in milliseconds lies fifty thousand years ahead, and a client that sorts or compares by it \
                    goes wrong without saying why.",
        hint: "Answer send_time, update_time, upload_time, last_update_time and limit_time in seconds.",
        clauses: &[&IDS],
        plan: Plan::Dialogue { calls: ALL, hold: times },
        ..BASE
    },
    Check {
        id: "chatwork.api.empty-list-is-204",
        level: Level::Must,
        title: "an empty list is answered 204, never 200 with []",
        rationale: "Clients look at the status to know that there is nothing, and so do those that wait for something new.",
        hint: "Answer 204 without a body where the list would be empty.",
        clauses: &[&EMPTY_LIST],
        plan: Plan::Dialogue {
            calls: &["GET of every list", "GET /rooms/{room_id}/files?account_id=1"],
            hold: empty_list,
        },
        ..BASE
    },
    Check {
        id: "chatwork.api.no-content-has-no-body",
        level: Level::Must,
        title: "204 has no body and no content type",
        rationale: "A client that trusts the content type parses a body that is not there; bytes after the head of a 204 \
                    are read as the start of the next answer.",
        hint: "Leave body and Content-Type out of a 204.",
        clauses: &[&NO_CONTENT],
        plan: Plan::Dialogue {
            calls: &["GET of every list", "GET /rooms/{room_id}/files?account_id=1"],
            hold: no_content,
        },
        ..BASE
    },
];

fn media(server: &mut dyn Server) -> Talk {
    let found = tour::whole(server)?.iter().flat_map(|heard| found(heard, &[Aspect::Media])).collect();
    settle(server, found)
}

fn spelling(server: &mut dyn Server) -> Talk {
    let found = written(server)?.iter().flat_map(|heard| found(heard, &[Aspect::Text])).collect();
    settle(server, found)
}

/// Every answer that is JSON.
fn written(server: &mut dyn Server) -> Talk<Vec<Arc<Heard>>> {
    let mut heard = tour::whole(server)?;
    heard.retain(|heard| heard.json().is_some());
    if heard.is_empty() { Err(unsettled("no answer is JSON, so there is none to look at")) } else { Ok(heard) }
}

fn charset(server: &mut dyn Server) -> Talk {
    let heard = server.recall(&Call::get("/me"));
    heard.answer()?;
    let declared = heard.header(&CONTENT_TYPE).unwrap_or("none");
    let mut parameters = declared.split(';').skip(1).filter_map(|parameter| parameter.trim().split_once('='));
    let fits = parameters.any(|(name, value)| {
        name.eq_ignore_ascii_case("charset") && value.trim_matches('"').eq_ignore_ascii_case("utf-8")
    });
    if fits {
        return Ok(());
    }
    Err(deviates("no-charset", "GET /me does not declare its charset", "application/json; charset=utf-8", declared))
}

fn times(server: &mut dyn Server) -> Talk {
    for heard in written(server)? {
        let Some(body) = heard.json() else { continue };
        if let Some((key, value)) = odd_time(&body) {
            let words = heard.call.words();
            server.show(&[heard]);
            return Err(deviates(
                "no-second",
                format!("{words} answers {key} {value}, which is no time of this century in seconds"),
                "a Unix second, or 0",
                format!("{key} {value}"),
            ));
        }
    }
    Ok(())
}

/// A time that can be none: before this API was, or beyond any due date.
fn odd_time(body: &Value) -> Option<(String, i64)> {
    match body {
        Value::Array(items) => items.iter().find_map(odd_time),
        Value::Object(fields) => fields.iter().find_map(|(key, value)| {
            let time = value.as_i64().filter(|_| key.ends_with("_time"));
            let odd = |time: &i64| *time != 0 && !(1_000_000_000..100_000_000_000).contains(time);
            time.filter(odd).map(|time| (key.clone(), time)).or_else(|| odd_time(value))
        }),
        _ => None,
    }
}

/// Every list, and one that is empty: files of an account that nobody has.
fn lists(server: &mut dyn Server) -> Talk<Vec<Arc<Heard>>> {
    let room = tour::any_room(server)?;
    for list in ["files", "tasks"] {
        server.recall(&Call::get(format!("/rooms/{room}/{list}?account_id=1")));
    }
    tour::whole(server)
}

fn empty_list(server: &mut dyn Server) -> Talk {
    let found = lists(server)?.iter().flat_map(|heard| found(heard, &[Aspect::EmptyList])).collect();
    settle(server, found)
}

fn no_content(server: &mut dyn Server) -> Talk {
    let heard = lists(server)?;
    let found: Vec<_> = heard.iter().flat_map(|heard| found(heard, &[Aspect::NoContent])).collect();
    if found.is_empty() && !heard.iter().any(|heard| heard.status() == Some(204)) {
        return Err(moot("no answer was 204, so there is none to look at"));
    }
    settle(server, found)
}
