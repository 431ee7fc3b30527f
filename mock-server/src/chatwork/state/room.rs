//! One room: who is in it, what was said, what is to be done.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use contract::chatwork::limits::ICON_PRESETS;

use super::file::File;
use super::ids::{AccountId, FileId, MessageId, RoomId, TaskId};
use super::member::{Member, Role};
use super::message::Message;
use super::page::Page;
use super::task::{Task, TaskStatus};

/// What a room is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// My Chat: one person alone.
    My,
    /// Two people.
    Direct,
    /// Any number, with roles.
    Group,
}

impl Kind {
    /// All three.
    pub const ALL: [Self; 3] = [Self::My, Self::Direct, Self::Group];

    /// The word of the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::My => "my",
            Self::Direct => "direct",
            Self::Group => "group",
        }
    }
}

/// The icon of a group: one of the contract's presets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IconPreset(&'static str);

impl IconPreset {
    /// What a group has that chose none.
    pub const GROUP: Self = Self(ICON_PRESETS[0]);

    /// All of them, in the order of the documents.
    pub fn all() -> impl Iterator<Item = Self> {
        ICON_PRESETS.into_iter().map(Self)
    }

    /// The icon of a word of the API.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::all().find(|icon| icon.0 == name)
    }

    /// The word of the API.
    pub const fn name(self) -> &'static str {
        self.0
    }

    /// Where the picture is.
    pub fn icon_path(self) -> &'static str {
        ICON_PATHS.get(self.0).map_or("", String::as_str)
    }
}

/// Written once, because rooms are listed often.
static ICON_PATHS: LazyLock<BTreeMap<&'static str, String>> = LazyLock::new(|| {
    let path = |preset: &&'static str| (*preset, format!("https://appdata.chatwork.com/icon/ico_{preset}.png"));
    ICON_PRESETS.iter().map(path).collect()
});

/// The invitation link of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The last part of its address; unique in the world.
    pub code: String,
    /// Whether an admin has to accept those who come by it.
    pub need_acceptance: bool,
    /// What is shown to those who follow it.
    pub description: String,
}

impl Link {
    /// The address to hand out.
    pub fn url(&self) -> String {
        format!("https://example.chatwork.com/g/{}", self.code)
    }
}

/// One room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    pub(super) id: RoomId,
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) icon: IconPreset,
    pub(super) members: BTreeMap<AccountId, Member>,
    /// By ascending id; never shorter than it was.
    pub(super) messages: Vec<Message>,
    pub(super) tasks: BTreeMap<TaskId, Task>,
    pub(super) files: BTreeMap<FileId, File>,
    pub(super) link: Option<Link>,
    pub(super) last_update_time: i64,
    pub(super) task_num: u32,
    /// The page of messages that was rendered last.
    pub(super) page: Page,
}

impl Room {
    pub(super) const fn new(id: RoomId, kind: Kind, last_update_time: i64) -> Self {
        Self {
            id,
            kind,
            name: String::new(),
            description: String::new(),
            icon: IconPreset::GROUP,
            members: BTreeMap::new(),
            messages: Vec::new(),
            tasks: BTreeMap::new(),
            files: BTreeMap::new(),
            link: None,
            last_update_time,
            task_num: 0,
            page: Page::new(),
        }
    }

    /// Its id.
    pub const fn id(&self) -> RoomId {
        self.id
    }

    /// What it is for.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Who is in it, by account id.
    pub fn members(&self) -> impl Iterator<Item = (AccountId, &Member)> {
        self.members.iter().map(|(id, member)| (*id, member))
    }

    /// One who is in it.
    pub fn member(&self, account: AccountId) -> Option<&Member> {
        self.members.get(&account)
    }

    /// All messages, by ascending id.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// One message; takes logarithmic time.
    pub fn message(&self, id: MessageId) -> Option<&Message> {
        self.place(id).and_then(|place| self.messages.get(place))
    }

    /// Unread messages of one who is in it.
    pub fn unread_num(&self, account: AccountId) -> usize {
        self.members.get(&account).map_or(0, |member| member.unread_num(self.messages.len()))
    }

    /// Open tasks of everybody.
    pub const fn task_num(&self) -> u32 {
        self.task_num
    }

    /// Where a message stands in the list.
    pub(super) fn place(&self, id: MessageId) -> Option<usize> {
        self.messages.binary_search_by_key(&id, |message| message.id).ok()
    }

    /// Appends a message and tells every member. The author has read it unless `self_unread`.
    pub(super) fn append(&mut self, message: Message, self_unread: bool) {
        let place = self.messages.len();
        for (id, member) in &mut self.members {
            let read = *id == message.author && !self_unread;
            member.arrived(place, read, message.mentions(*id));
        }
        self.last_update_time = message.send_time;
        self.messages.push(message);
        self.page.clear();
    }

    /// Changes a message's text, and the mention counts of those who have not read it.
    pub(super) fn rewrite(&mut self, place: usize, change: impl FnOnce(&mut Message)) {
        let Some(message) = self.messages.get_mut(place) else { return };
        let unread_by = |member: &Member| !member.has_read(place);
        for (id, member) in self.members.iter_mut().filter(|(_, member)| unread_by(member)) {
            member.mention_num = member.mention_num.saturating_sub(u32::from(message.mentions(*id)));
        }
        change(message);
        message.rendered.clear();
        self.page.clear();
        for (id, member) in self.members.iter_mut().filter(|(_, member)| unread_by(member)) {
            member.mention_num += u32::from(message.mentions(*id));
        }
    }

    /// Lets somebody in. Tasks that were left from an earlier stay are theirs again.
    pub(super) fn join(&mut self, account: AccountId, role: Role) {
        let mut member = Member::new(role, self.messages.len());
        member.mytask_num = self.open_tasks_of(account);
        self.members.insert(account, member);
    }

    pub(super) fn insert_task(&mut self, task: Task) {
        if task.status == TaskStatus::Open {
            self.count_task(task.account, true);
        }
        self.tasks.insert(task.id, task);
    }

    /// Changes a task's status. False if it has that status already.
    pub(super) fn set_status(&mut self, id: TaskId, status: TaskStatus) -> bool {
        let Some(task) = self.tasks.get_mut(&id).filter(|task| task.status != status) else { return false };
        task.status = status;
        let account = task.account;
        self.count_task(account, status == TaskStatus::Open);
        true
    }

    /// Removes the tasks that somebody has to do here, and the files they uploaded.
    pub(super) fn remove_belongings(&mut self, account: AccountId) {
        let open = self.open_tasks_of(account);
        self.tasks.retain(|_, task| task.account != account);
        self.files.retain(|_, file| file.account != account);
        self.task_num = self.task_num.saturating_sub(open);
        if let Some(member) = self.members.get_mut(&account) {
            member.mytask_num = 0;
        }
    }

    fn count_task(&mut self, account: AccountId, open: bool) {
        let step = |count: u32| if open { count.saturating_add(1) } else { count.saturating_sub(1) };
        self.task_num = step(self.task_num);
        if let Some(member) = self.members.get_mut(&account) {
            member.mytask_num = step(member.mytask_num);
        }
    }

    fn open_tasks_of(&self, account: AccountId) -> u32 {
        let open = |task: &&Task| task.account == account && task.status == TaskStatus::Open;
        u32::try_from(self.tasks.values().filter(open).count()).unwrap_or(u32::MAX)
    }
}
