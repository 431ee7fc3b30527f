//! Tasks and files.

use serde_json::json;

use super::{Outcome, Stop, Success, Turn, refuse};
use crate::state::{Calls, File, Model, Task};

const WRITERS: &[&str] = &["admin", "member"];
const ANYONE: &[&str] = &["admin", "member", "readonly"];

impl Model {
    pub(super) fn list_tasks(&self, turn: &Turn<'_>) -> Outcome {
        let room = self.room_of(turn, "")?;
        let (account, by) = (turn.call.id("account_id"), turn.call.id("assigned_by_account_id"));
        let status = turn.call.word("status").unwrap_or("open");
        Ok(Success::List(self.task_list(room, account, by, status)))
    }

    pub(super) fn add_tasks(&mut self, turn: &Turn<'_>) -> Outcome {
        let to = turn.call.people("to_ids");
        let room = self.room_as(turn, WRITERS, "")?;
        if to.iter().any(|account| room.role(*account).is_none()) {
            return refuse(400, "");
        }
        self.count_post(turn)?;
        let (body, calls) = turn.call.text("body").unwrap_or_default();
        let (limit_type, limit) = match (turn.call.word("limit_type"), turn.call.number("limit")) {
            (Some("none"), _) | (_, None) => ("none", 0),
            (kind, Some(limit)) => (kind.unwrap_or("time"), limit),
        };
        let ids: Vec<u64> =
            turn.worked()?["task_ids"].as_array().into_iter().flatten().filter_map(|id| id.as_u64()).collect();
        if ids.len() != to.len() || !ids.iter().all(|id| self.seen_tasks.insert(*id)) {
            return Err(Stop::Broken(format!("{} people asked, but the new task ids are {ids:?}", to.len())));
        }
        let announced =
            |account: &u64| format!("[task aid={account} st=open lt={limit} ltype={limit_type}]{body}[/task]");
        let mut parts: Vec<String> = to.iter().map(announced).collect();
        parts.push("[info][title][dtext:task_added][/title]".to_owned());
        let message = self.service_message(turn, turn.call.room, turn.caller, &parts, calls.clone())?;
        let room = self.room_as(turn, WRITERS, "")?;
        for (id, account) in ids.iter().zip(to) {
            let (body, calls) = (body.clone(), calls.clone());
            let task =
                Task { id: *id, account, by: turn.caller, message, body, calls, limit, limit_type, status: "open" };
            room.tasks.push(task);
        }
        Ok(Success::Json(json!({"task_ids": ids})))
    }

    pub(super) fn show_task(&self, turn: &Turn<'_>) -> Outcome {
        let room = self.room_of(turn, "")?;
        let found = room.tasks.iter().find(|task| task.id == turn.call.item);
        found.map_or_else(|| refuse(404, ""), |task| Ok(Success::Json(self.task_view(task))))
    }

    pub(super) fn set_status(&mut self, turn: &Turn<'_>) -> Outcome {
        let status = turn.call.word("body").unwrap_or_default();
        let room = self.room_as(turn, ANYONE, "")?;
        let Some(task) = room.tasks.iter_mut().find(|task| task.id == turn.call.item) else { return refuse(404, "") };
        let changed = task.status != status;
        task.status = status;
        let (id, body, calls) = (task.id, task.body.clone(), task.calls.clone());
        if changed && status == "done" {
            turn.worked()?;
            let parts = ["[dtext:task_done]".to_owned(), body];
            self.service_message(turn, turn.call.room, turn.caller, &parts, calls)?;
        }
        Ok(Success::Json(json!({"task_id": id})))
    }

    pub(super) fn add_file(&mut self, turn: &Turn<'_>) -> Outcome {
        self.room_as(turn, WRITERS, "")?;
        let (name, content) = turn.call.file("file").unwrap_or_default();
        let name = name.unwrap_or("file").to_owned();
        let id = turn.learned("file_id")?;
        if !self.seen_files.insert(id) {
            return Err(Stop::Broken(format!("the new file id {id} is an old one")));
        }
        let (text, calls): (String, Calls) = turn.call.text("message").unwrap_or_default();
        let size = match content.len() {
            2232 => "2.18 KB".to_owned(),
            bytes => format!("{bytes} B"),
        };
        let part = format!(
            "[info][title][dtext:file_uploaded][/title][preview id={id} ht=150][download:{id}]{name} ({size})[/download][/info]{text}"
        );
        let message = self.service_message(turn, turn.call.room, turn.caller, &[part], calls)?;
        let file = File { id, account: turn.caller, message, name, content, time: turn.now };
        self.room_as(turn, WRITERS, "")?.files.push(file);
        Ok(Success::Json(json!({"file_id": id})))
    }

    pub(super) fn show_file(&self, turn: &Turn<'_>) -> Outcome {
        let room = self.room_of(turn, "")?;
        let Some(file) = room.files.iter().find(|file| file.id == turn.call.item) else { return refuse(404, "") };
        let mut value = self.file_view(file);
        if turn.call.flag("create_download_url") == Some(true) {
            let url = turn.worked()?["download_url"].as_str().unwrap_or_default();
            if turn.eyes.download(url, 29).as_ref() != Some(&file.content) || turn.eyes.download(url, 30).is_some() {
                return Err(Stop::Broken(format!("'{url}' does not give the file's bytes for exactly 30 seconds")));
            }
            value["download_url"] = json!(url);
        }
        Ok(Success::Json(value))
    }
}
