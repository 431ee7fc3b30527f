//! What becomes of a file. The API cannot delete one: it stays, and its message is deleted.

use contract::chatwork::clauses::{FILE_UPLOADED, REQUIRED};
use contract::service::Service;
use http::Method;

use super::super::found::{deviates, unsettled};
use super::messages::clear;
use super::text::upload;
use super::tour::{self, success};
use super::verdicts::kept;
use crate::ask::server::{Call, Server, Talk};
use crate::check::{Area, Check, Kind, Level, Needs, Plan};

const BASE: Check = Check {
    kind: Kind::Api,
    area: Area::Requests,
    needs: Needs::Write,
    level: Level::Must,
    ..Check::blank(Service::Chatwork)
};

/// In report order.
pub const CHECKS: &[Check] = &[
    Check {
        id: "chatwork.api.file-is-uploaded",
        title: "a file that is uploaded as multipart is answered with its id, and listed with its name and size",
        rationale: "Reports and pictures go this way. A size that differs means that bytes were lost or added.",
        hint: "Read the part 'file' to its end without touching line ends, and answer {\"file_id\":…}.",
        clauses: &[&FILE_UPLOADED],
        plan: Plan::Dialogue {
            calls: &[
                "GET /me",
                "POST /rooms/{room_id}/files",
                "GET /rooms/{room_id}/files/{file_id}",
                "DELETE /rooms/{room_id}/messages/{message_id}",
            ],
            hold: uploaded,
        },
        ..BASE
    },
    Check {
        id: "chatwork.api.upload-without-a-file-is-400",
        title: "an upload without the part 'file' is answered 400",
        rationale: "A client that names the part otherwise has to learn of it, and must not leave an empty file in \
                    the room.",
        hint: "Look for the part 'file' before anything is stored, and name it in the refusal.",
        clauses: &[&REQUIRED],
        plan: Plan::Dialogue { calls: &["POST /rooms/{room_id}/files without a file"], hold: without },
        ..BASE
    },
];

fn uploaded(server: &mut dyn Server) -> Talk {
    let (room, me) = (tour::place(server)?, tour::own_account(server)?);
    let bytes = b"conformance test\r\n\r\n\x00\xff--\n";
    let (media_type, body) = upload("conformance-test.txt", bytes, Some("conformance test: a file"));
    let heard = server.call(&Call::new(Method::POST, format!("/rooms/{room}/files")).carrying(&media_type, body));
    success(&heard)?;
    let answer = kept(server, &heard)?;
    let id = answer["file_id"].as_i64().ok_or_else(|| unsettled("the file has no integer id"))?;
    let heard = server.call(&Call::get(format!("/rooms/{room}/files/{id}")));
    success(&heard)?;
    let seen = kept(server, &heard);
    let message = heard.json().and_then(|file| file["message_id"].as_str().map(str::to_owned));
    let _ = clear(server, room, message.as_slice());
    server.show(&[heard]);
    let seen = seen?;
    if seen["filename"] == "conformance-test.txt"
        && seen["filesize"].as_u64() == Some(bytes.len() as u64)
        && seen["account"]["account_id"].as_u64() == Some(me)
    {
        return Ok(());
    }
    Err(deviates(
        "otherwise",
        "the file is not found as it was uploaded",
        format!("\"conformance-test.txt\" of {} bytes, by the caller", bytes.len()),
        format!("{} of {} bytes", seen["filename"], seen["filesize"]),
    ))
}

fn without(server: &mut dyn Server) -> Talk {
    let room = tour::place(server)?;
    let boundary = "conformance-boundary-7d1f0c";
    let part = "Content-Disposition: form-data; name=\"message\"\r\n\r\nconformance test";
    let body = format!("--{boundary}\r\n{part}\r\n--{boundary}--\r\n");
    let media_type = format!("multipart/form-data; boundary={boundary}");
    let heard = server.call(&Call::new(Method::POST, format!("/rooms/{room}/files")).carrying(&media_type, body));
    let status = heard.answer()?.status().as_u16();
    if status == 400 {
        return kept(server, &heard).map(drop);
    }
    Err(deviates(
        "not-400",
        format!("an upload without a file was answered with {status}"),
        "status 400",
        format!("status {status}"),
    ))
}
