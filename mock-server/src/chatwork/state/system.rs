//! The texts that the service itself writes into a room. Their author is whoever did what they tell of.

use std::fmt::Write as _;

use super::file::File;
use super::ids::AccountId;
use super::task::Task;

/// A group was made. Several members stand one after the other.
pub(super) fn group_created(name: &str, members: impl Iterator<Item = AccountId>) -> String {
    let icons: String = members.map(|account| format!("[piconname:{account}]")).collect();
    format!(
        "[info][title][dtext:chatroom_groupchat_created][/title][dtext:chatroom_chatname_is]{name}[dtext:chatroom_set]\
         \n\n[dtext:chatroom_member_is]{icons}[dtext:chatroom_added][/info]"
    )
}

/// Tasks were added: one message for all of them, with one `[task]` element each.
pub(super) fn tasks_added<'a>(tasks: impl Iterator<Item = &'a Task>) -> String {
    about_tasks("task_added", tasks)
}

/// A task was finished.
pub(super) fn task_done(task: &Task) -> String {
    about_tasks("task_done", std::iter::once(task))
}

/// A file was uploaded, with a text of the uploader's behind it.
pub(super) fn file_uploaded(file: &File, message: Option<&str>) -> String {
    let (id, name, size) = (file.id, &file.filename, human_size(file.filesize()));
    format!(
        "[info][title][dtext:file_uploaded][/title][preview id={id} ht=150][download:{id}]{name} ({size})[/download]\
         [/info]{}",
        message.unwrap_or_default()
    )
}

fn about_tasks<'a>(title: &str, tasks: impl Iterator<Item = &'a Task>) -> String {
    let mut text = format!("[info][title][dtext:{title}][/title]");
    for task in tasks {
        let (account, status, limit) = (task.account, task.status.name(), task.limit_time);
        let (kind, body) = (task.limit_type.name(), &task.body);
        // Writing into a String cannot fail.
        let _ = write!(text, "[task aid={account} st={status} lt={limit} ltype={kind}]{body}[/task]");
    }
    text.push_str("[/info]");
    text
}

/// `512 B`, `132.74 KB`, `5.00 MB`: units of 1024, two decimals above bytes.
fn human_size(bytes: usize) -> String {
    const KB: usize = 1024;
    const MB: usize = 1024 * KB;
    // Hundredths in integers: rounded half up, and the same on every machine.
    let in_units = |unit: usize, name: &str| {
        let hundredths = (bytes as u128 * 200 / unit as u128).div_ceil(2);
        format!("{}.{:02} {name}", hundredths / 100, hundredths % 100)
    };
    match bytes {
        0..KB => format!("{bytes} B"),
        KB..MB => in_units(KB, "KB"),
        _ => in_units(MB, "MB"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_as_the_service_writes_them() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.00 KB"),
            (2232, "2.18 KB"),
            (135_926, "132.74 KB"),
            (1_048_575, "1024.00 KB"),
            (5_242_880, "5.00 MB"),
        ] {
            assert_eq!(human_size(bytes), text);
        }
    }
}
