//! One uploaded file.

use std::fmt;

use bytes::Bytes;

use super::ids::{AccountId, FileId, MessageId};

/// One uploaded file.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// Its id.
    pub id: FileId,
    /// Who uploaded it.
    pub account: AccountId,
    /// The message that announced it.
    pub message_id: MessageId,
    /// Its name, as sent.
    pub filename: String,
    /// What is in it.
    pub content: Bytes,
    /// Unix seconds.
    pub upload_time: i64,
}

impl File {
    /// Bytes in the file.
    pub const fn filesize(&self) -> usize {
        self.content.len()
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File")
            .field("id", &self.id)
            .field("account", &self.account)
            .field("message_id", &self.message_id)
            .field("filename", &self.filename)
            .field("filesize", &self.filesize())
            .field("upload_time", &self.upload_time)
            .finish_non_exhaustive()
    }
}

/// A file to upload.
#[derive(Clone, Debug)]
pub struct NewFile<'a> {
    /// Its name.
    pub filename: &'a str,
    /// What is in it.
    pub content: Bytes,
    /// Text that follows the announcement.
    pub message: Option<&'a str>,
}

/// What [`State::add_file`](super::State::add_file) made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileAdded {
    /// The file.
    pub file: FileId,
    /// The message that announces it.
    pub message: MessageId,
}
