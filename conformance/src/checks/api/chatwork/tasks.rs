//! What becomes of a task. The API cannot delete one: what is made here stays, done.

use contract::chatwork::clauses::{NOT_FOUND, TASK_CREATED, TASK_LIMIT, TASK_STATUS};
use contract::service::Service;
use http::Method;
use serde_json::Value;

use super::super::found::{deviates, unsettled};
use super::text::{form, message};
use super::tour::{self, NO_ITEM, success};
use super::verdicts::kept;
use crate::ask::server::{Call, Server, Talk};
use crate::check::{Area, Check, Kind, Level, Needs, Plan};

const BASE: Check =
    Check { kind: Kind::Api, area: Area::Requests, needs: Needs::Write, ..Check::blank(Service::Chatwork) };

const POST: &str = "POST /rooms/{room_id}/tasks for the caller";
const ONE: &str = "GET /rooms/{room_id}/tasks/{task_id}";
const PUT: &str = "PUT /rooms/{room_id}/tasks/{task_id}/status";

/// In report order.
pub const CHECKS: &[Check] = &[
    Check {
        id: "chatwork.api.task-is-made-for-its-assignee",
        level: Level::Must,
        title: "a new task has its assignee and its text as given, and is answered with its id",
        rationale: "A program that hands out work relies on who got it and on what it says.",
        hint: "Make one task for each account of to_ids, open, assigned by the caller; answer {\"task_ids\":[…]}.",
        clauses: &[&TASK_CREATED],
        plan: Plan::Dialogue { calls: &["GET /me", POST, ONE, PUT], hold: made },
        ..BASE
    },
    Check {
        id: "chatwork.api.task-is-closed",
        level: Level::Must,
        title: "PUT of a task's status closes the task and answers its id",
        rationale: "Programs that mirror tasks elsewhere close them here. The parameter for the new status really is \
                    called body.",
        hint: "Read body=open|done, and answer {\"task_id\":…}.",
        clauses: &[&TASK_STATUS],
        plan: Plan::Dialogue { calls: &[POST, PUT, ONE], hold: closed },
        ..BASE
    },
    Check {
        id: "chatwork.api.task-keeps-its-time",
        title: "a task's limit is stored as given, even in the past",
        rationale: "Reminders fire at limit_time. One that is rounded or moved fires on another day.",
        hint: "Store limit as it comes.",
        clauses: &[&TASK_LIMIT],
        plan: Plan::Dialogue { calls: &[POST, ONE, PUT], hold: timed },
        ..BASE
    },
    Check {
        id: "chatwork.api.unknown-task-is-not-closed",
        level: Level::Must,
        title: "closing a task that is not in the room is answered 404",
        rationale: "The API cannot delete tasks, but they go when their assignee leaves the room: a program learns from 404 that it may forget one.",
        hint: "Look the task up in the room, and answer 404 in the envelope of errors where it is not there.",
        clauses: &[&NOT_FOUND],
        plan: Plan::Dialogue { calls: &["PUT /rooms/{room_id}/tasks/{unknown}/status"], hold: unknown },
        ..BASE
    },
];

/// Makes a task for the caller, goes on with its path, and closes it whatever came of that.
fn with_task(server: &mut dyn Server, more: &[(&str, &str)], then: impl FnOnce(&mut dyn Server, &str) -> Talk) -> Talk {
    let room = tour::place(server)?;
    let me = tour::own_account(server)?.to_string();
    let text = message("a task", server.facts().seed);
    let pairs: Vec<_> =
        [("body", text.as_str()), ("to_ids", me.as_str())].into_iter().chain(more.iter().copied()).collect();
    let heard = server.call(&form(Method::POST, format!("/rooms/{room}/tasks"), &pairs));
    success(&heard)?;
    let id = heard.json().and_then(|body| body["task_ids"][0].as_i64());
    let answered = kept(server, &heard).map(drop);
    let Some(id) = id else {
        answered?;
        return Err(unsettled("the task that was made has no integer id, so it cannot be followed, nor closed"));
    };
    let path = format!("/rooms/{room}/tasks/{id}");
    let outcome = match answered {
        Ok(()) => then(server, &path),
        early => early,
    };
    let _ = server.call(&closing(&path).tidying());
    outcome
}

fn closing(path: &str) -> Call {
    form(Method::PUT, format!("{path}/status"), &[("body", "done")])
}

fn close(server: &mut dyn Server, path: &str) -> Talk<Value> {
    let heard = server.call(&closing(path));
    success(&heard)?;
    kept(server, &heard)
}

fn look(server: &mut dyn Server, path: &str) -> Talk<Value> {
    let heard = server.call(&Call::get(path));
    success(&heard)?;
    kept(server, &heard)
}

fn made(server: &mut dyn Server) -> Talk {
    let me = tour::own_account(server)?;
    let text = message("a task", server.facts().seed);
    with_task(server, &[("limit_type", "none")], |server, path| {
        let seen = look(server, path)?;
        let account = |key: &str| seen[key]["account_id"].as_u64();
        if seen["body"] == text.as_str()
            && seen["status"] == "open"
            && account("account") == Some(me)
            && account("assigned_by_account") == Some(me)
        {
            return Ok(());
        }
        Err(deviates(
            "otherwise",
            "the task does not read back as it was made",
            format!("an open task from and for the caller: {text}"),
            format!("status {}: {}", seen["status"], seen["body"]),
        ))
    })
}

fn closed(server: &mut dyn Server) -> Talk {
    with_task(server, &[("limit_type", "none")], |server, path| {
        let answer = close(server, path)?;
        if path.rsplit('/').next() != Some(&answer["task_id"].to_string()) {
            return Err(deviates(
                "another-id",
                "closing a task is answered with another id",
                path,
                answer["task_id"].to_string(),
            ));
        }
        let seen = look(server, path)?;
        if seen["status"] == "done" {
            return Ok(());
        }
        Err(deviates(
            "still-open",
            "the closed task is not done",
            "status \"done\"",
            format!("status {}", seen["status"]),
        ))
    })
}

fn timed(server: &mut dyn Server) -> Talk {
    // Long past, so that nobody is reminded.
    with_task(server, &[("limit", "1500000001"), ("limit_type", "time")], |server, path| {
        let seen = look(server, path)?;
        if seen["limit_time"] == 1_500_000_001 && seen["limit_type"] == "time" {
            return Ok(());
        }
        Err(deviates(
            "another-time",
            "the task's time is not the one that was given",
            "limit_type \"time\", limit_time 1500000001",
            format!("limit_type {}, limit_time {}", seen["limit_type"], seen["limit_time"]),
        ))
    })
}

fn unknown(server: &mut dyn Server) -> Talk {
    let room = tour::place(server)?;
    let call = form(Method::PUT, format!("/rooms/{room}/tasks/{NO_ITEM}/status"), &[("body", "done")]);
    let heard = server.call(&call);
    let status = heard.answer()?.status().as_u16();
    if status == 404 {
        return kept(server, &heard).map(drop);
    }
    Err(deviates(
        "not-404",
        format!("{} was answered with {status}", call.words()),
        "status 404",
        format!("status {status}"),
    ))
}
