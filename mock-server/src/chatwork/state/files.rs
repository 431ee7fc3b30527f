//! Uploading and listing files.

use contract::time::UnixMillis;

use super::file::{File, FileAdded, NewFile};
use super::happened::Happened;
use super::ids::{AccountId, FileId, RoomId};
use super::message::Message;
use super::{Error, LIST_CAP, State, system};

impl State {
    /// Uploads a file, and announces it in a message.
    ///
    /// # Errors
    /// [`Error::NotMember`], [`Error::ReadOnly`].
    pub fn add_file(
        &mut self,
        by: AccountId,
        room: RoomId,
        new: NewFile<'_>,
        now: UnixMillis,
    ) -> Result<FileAdded, Error> {
        self.room_as_writer(by, room)?;
        let id = self.counters.next_file();
        let message = self.counters.next_message();
        let file = File {
            id,
            account: by,
            message_id: message,
            filename: new.filename.to_owned(),
            content: new.content,
            upload_time: now.seconds(),
        };
        let text = system::file_uploaded(&file, new.message);
        let found = self.room_as_writer(by, room)?;
        found.append(Message::new(message, by, &text, now.seconds()), false);
        found.files.insert(id, file);
        self.happened.note(Happened::MessageCreated { room, message });
        Ok(FileAdded { file: id, message })
    }

    /// One file of a room.
    ///
    /// # Errors
    /// [`Error::NotMember`], [`Error::UnknownFile`].
    pub fn file(&self, account: AccountId, room: RoomId, id: FileId) -> Result<&File, Error> {
        self.room(account, room)?.files.get(&id).ok_or(Error::UnknownFile)
    }

    /// The files of a room, of one uploader if given: newest first, at most [`LIST_CAP`].
    ///
    /// # Errors
    /// [`Error::NotMember`].
    pub fn list_files(
        &self,
        account: AccountId,
        room: RoomId,
        uploader: Option<AccountId>,
    ) -> Result<Vec<&File>, Error> {
        let newest = self.room(account, room)?.files.values().rev();
        Ok(newest.filter(|file| uploader.is_none_or(|uploader| uploader == file.account)).take(LIST_CAP).collect())
    }

    /// Any file, whoever asks: for download addresses, whose signature is the permission.
    pub fn any_file(&self, id: FileId) -> Option<&File> {
        self.rooms.values().find_map(|room| room.files.get(&id))
    }
}
