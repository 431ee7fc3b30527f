//! Files of a room.

use contract::chatwork::answer;
use contract::chatwork::errors::{ApiError, Denied};
use contract::chatwork::params;
use contract::chatwork::types;

use super::me::{account_filter, embedded};
use super::{Answer, Call, download, list_or_no_content, refused};
use crate::chatwork::state::{File, FileId, NewFile, State};

pub(super) fn list(call: &Call<'_>) -> Answer {
    let uploader = account_filter(call.arguments.integer(&params::UPLOADER));
    let found =
        call.state.list_files(call.caller, call.room(), uploader).map_err(|error| refused(error, Denied::GetFiles))?;
    let message_ids: Vec<String> = found.iter().map(|file| file.message_id.to_string()).collect();
    let items: Vec<types::File<'_>> = found
        .into_iter()
        .zip(&message_ids)
        .map(|(found, message_id)| file(call.state, found, message_id, None))
        .collect();
    Ok(list_or_no_content(&items))
}

pub(super) fn upload(call: &mut Call<'_>) -> Answer {
    let part = call.arguments.file(&params::FILE).ok_or(ApiError::Required(&params::FILE))?;
    let new = NewFile {
        // A part without a file name is still a file; it goes by the name of its field.
        filename: part.filename.as_deref().filter(|name| !name.is_empty()).unwrap_or(params::FILE.name),
        content: part.data.clone(),
        message: call.arguments.text(&params::FILE_MESSAGE),
    };
    let room = call.room();
    let added =
        call.state.add_file(call.caller, room, new, call.now).map_err(|error| refused(error, Denied::UploadFile))?;
    Ok(answer::ok(&types::FileId { file_id: added.file.0 }))
}

pub(super) fn show(call: &Call<'_>) -> Answer {
    let found = call
        .state
        .file(call.caller, call.room(), FileId(call.ids[1]))
        .map_err(|error| refused(error, Denied::GetFiles))?;
    let url = call
        .arguments
        .flag(&params::CREATE_DOWNLOAD_URL)
        .then(|| download::url(call.state, found, call.base_url, call.world_id, call.now));
    Ok(answer::ok(&file(call.state, found, &found.message_id.to_string(), url)))
}

fn file<'a>(state: &'a State, found: &'a File, message_id: &'a str, url: Option<String>) -> types::File<'a> {
    types::File {
        file_id: found.id.0,
        account: embedded(state, found.account),
        message_id,
        filename: &found.filename,
        filesize: found.filesize() as u64,
        upload_time: found.upload_time,
        download_url: url,
    }
}
