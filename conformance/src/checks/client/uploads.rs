//! Files that a program uploads.

use contract::chatwork::clauses as chatwork_clauses;
use contract::chatwork::limits::FILE_MAX_BYTES;
use contract::service::Service;

use super::look::{deviates, line, media_type, parts};
use super::{blank, moot};
use crate::ask::observed::{ClientCall, Observation};
use crate::check::{Area, Check, Level, Plan};
use crate::run::verdict::Judgement;

/// Of clients of Chatwork, in report order.
pub const CHATWORK: &[Check] = &[Check {
    id: "chatwork.client.uploads-are-well-formed",
    area: Area::Requests,
    level: Level::Must,
    title: "a file is sent as multipart/form-data with a boundary, a readable name and at most 5 MB",
    rationale: "A boundary that the header does not name makes the whole body unreadable; a name in another encoding shows \
                    as garbage to everybody in the room.",
    hint: "Let the library write the Content-Type of a multipart body, with its boundary, and do not set it by hand. Give \
               the file name as UTF-8, and look at the size before the upload.",
    clauses: &[&chatwork_clauses::FILE_UPLOADED, &chatwork_clauses::FORM_BODY],
    plan: Plan::Scenarios { scenarios: &[], judge: uploads },
    ..blank(Service::Chatwork)
}];

fn uploads(seen: &Observation) -> Judgement {
    let uploads: Vec<&ClientCall> = seen.calls_of("post-files").collect();
    for call in &uploads {
        if let Some((name, level, actual)) = upload_fault(call) {
            let message = format!("{} is not an upload as the service takes it: {actual}", line(call));
            let expected = "multipart/form-data with the parts file (with a file name) and message, at most 5 MB";
            return deviates(name, level, message, expected, actual);
        }
    }
    if uploads.is_empty() { moot("the program uploaded no file") } else { Judgement::Held }
}

fn upload_fault(call: &ClientCall) -> Option<(&'static str, Level, String)> {
    let length = call.header("content-length").next().and_then(|value| std::str::from_utf8(value).ok()?.parse().ok());
    // The parts' own heads, and a message.
    if length.is_some_and(|length: usize| length > FILE_MAX_BYTES + 256 * 1024) {
        return Some(("file-too-large", Level::Should, "a body of more than 5 MB".to_owned()));
    }
    // Of a long body only the start is kept: its end cannot be judged.
    if call.body.len() >= MOST_KEPT {
        return None;
    }
    let parts = match parts(call) {
        None => {
            return Some(("upload-without-parts", Level::Must, format!("a body of the type '{}'", media_type(call))));
        }
        Some(Err(error)) => return Some(("upload-malformed", Level::Must, error)),
        Some(Ok(parts)) => parts,
    };
    let Some(file) = parts.iter().find(|part| part.name == "file") else {
        return Some(("upload-without-file", Level::Should, "no part named file".to_owned()));
    };
    match &file.filename {
        None => Some(("file-without-name", Level::Should, "a part file without a file name".to_owned())),
        Some(name) if name.contains('\u{fffd}') || name.starts_with("=?") => {
            Some(("file-name-garbled", Level::Should, "a file name that is no UTF-8".to_owned()))
        }
        Some(_) => None,
    }
}

/// How much of a body an observation keeps.
const MOST_KEPT: usize = 1024 * 1024;

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::checks::client::watched::*;
    use crate::checks::transcript::short;

    fn judged(call: ClientCall) -> String {
        short(&uploads(&seen(Service::Chatwork, "all-is-well", vec![call])))
    }

    #[test]
    fn an_upload_needs_its_boundary_its_part_and_a_readable_name() {
        let upload = |media_type: &str, body: &str| {
            let mut call = call(Service::Chatwork, 0, "POST", "/rooms/7/files", "post-files", 200);
            call.body = Bytes::from(body.replace('\n', "\r\n"));
            judged(with_type(call, media_type))
        };
        let part = |name: &str| format!("--x\nContent-Disposition: form-data; {name}\n\nabc\n--x--\n");
        let typed = "multipart/form-data; boundary=x";
        assert_eq!(upload(typed, &part("name=\"file\"; filename=\"日本.txt\"")), "held");
        assert_eq!(upload("multipart/form-data", &part("name=\"file\"; filename=\"a\"")), "must upload-malformed");
        assert_eq!(upload("application/json", "{}"), "must upload-without-parts");
        assert_eq!(upload(typed, &part("name=\"data\"; filename=\"a\"")), "should upload-without-file");
        assert_eq!(upload(typed, &part("name=\"file\"")), "should file-without-name");
        assert_eq!(upload(typed, &part("name=\"file\"; filename=\"=?utf-8?B?5pel?=\"")), "should file-name-garbled");
        assert_eq!(judged(look(Service::Chatwork, 0, 200)), "moot");
    }
}
