//! Random operations against a model that keeps nothing but sets and counts by walking: the state's counts, caps and
//! walls must agree with it. `PROPTEST_CASES` sets how many sequences run.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::chatwork::state::{
    Error, IconPreset, LimitType, LinkOptions, MessageId, NewFile, NewGroup, NewTask, Plan, RequestId, Roles,
    TaskFilter, TaskId, TaskStatus,
};

/// One step. Numbers choose among what is there, so that most steps do something.
#[derive(Clone, Debug)]
enum Step {
    Post { by: usize, room: usize, body: &'static str, self_unread: bool, times: usize },
    Edit { by: usize, room: usize, message: usize, body: &'static str },
    Delete { by: usize, room: usize, message: usize },
    Read { by: usize, room: usize, message: Option<usize> },
    Unread { by: usize, room: usize, message: usize },
    Fetch { by: usize, room: usize, force: bool },
    AddTasks { by: usize, room: usize, assignees: Vec<usize> },
    SetStatus { by: usize, room: usize, task: usize, done: bool },
    AddFile { by: usize, room: usize },
    Create { by: usize, admins: Vec<usize>, members: Vec<usize>, link: bool },
    SetMembers { by: usize, room: usize, admins: Vec<usize>, members: Vec<usize>, readonly: Vec<usize> },
    Leave { by: usize, room: usize },
    Remove { by: usize, room: usize },
    Link { by: usize, room: usize, code: Option<&'static str> },
    Unlink { by: usize, room: usize },
    Accept { by: usize, request: u64 },
    Reject { by: usize, request: u64 },
}

fn body() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "こんにちは",
        "[To:1]",
        "[To:2]Ben [To:2]",
        "[toall] 🎉",
        "[rp aid=3 to=10-1]ครับ",
        "[To:4][To:1]chào",
        "[code][To:1][/code]",
        "[qt][qtmeta aid=1 time=1][toall][/qt]được",
    ])
}

fn step() -> impl Strategy<Value = Step> {
    let who = || 0_usize..4;
    let some = || 0_usize..1000;
    let people = |count| prop::collection::vec(0_usize..4, 0..count);
    let code = || prop::option::of(prop::sample::select(vec!["a", "b"]));
    let times = prop_oneof![20 => Just(1_usize), 1 => Just(110)];
    prop_oneof![
        6 => (who(), some(), body(), any::<bool>(), times)
            .prop_map(|(by, room, body, self_unread, times)| Step::Post { by, room, body, self_unread, times }),
        2 => (who(), some(), some(), body()).prop_map(|(by, room, message, body)| Step::Edit { by, room, message, body }),
        2 => (who(), some(), some()).prop_map(|(by, room, message)| Step::Delete { by, room, message }),
        3 => (who(), some(), prop::option::of(some()))
            .prop_map(|(by, room, message)| Step::Read { by, room, message }),
        3 => (who(), some(), some()).prop_map(|(by, room, message)| Step::Unread { by, room, message }),
        2 => (who(), some(), any::<bool>()).prop_map(|(by, room, force)| Step::Fetch { by, room, force }),
        2 => (who(), some(), people(3)).prop_map(|(by, room, assignees)| Step::AddTasks { by, room, assignees }),
        2 => (who(), some(), some(), any::<bool>())
            .prop_map(|(by, room, task, done)| Step::SetStatus { by, room, task, done }),
        1 => (who(), some()).prop_map(|(by, room)| Step::AddFile { by, room }),
        1 => (who(), people(3), people(3), any::<bool>())
            .prop_map(|(by, admins, members, link)| Step::Create { by, admins, members, link }),
        2 => (who(), some(), people(3), people(3), people(2)).prop_map(|(by, room, admins, members, readonly)| {
            Step::SetMembers { by, room, admins, members, readonly }
        }),
        1 => (who(), some()).prop_map(|(by, room)| Step::Leave { by, room }),
        1 => (who(), some()).prop_map(|(by, room)| Step::Remove { by, room }),
        1 => (who(), some(), code()).prop_map(|(by, room, code)| Step::Link { by, room, code }),
        1 => (who(), some()).prop_map(|(by, room)| Step::Unlink { by, room }),
        1 => (who(), 80_u64..84).prop_map(|(by, request)| Step::Accept { by, request }),
        1 => (who(), 80_u64..84).prop_map(|(by, request)| Step::Reject { by, request }),
    ]
}

/// What one member has not read and not fetched, as plain sets.
#[derive(Clone, Debug, Default)]
struct Seat {
    unread: BTreeSet<MessageId>,
    unfetched: BTreeSet<MessageId>,
}

#[derive(Default)]
struct Model {
    seats: BTreeMap<(RoomId, AccountId), Seat>,
    given: BTreeSet<MessageId>,
    now: i64,
}

impl Model {
    /// Takes notice of the messages that a step has added, and of who is in which room now.
    fn follow(&mut self, state: &State, self_unread: bool) {
        self.seats.retain(|(room, account), _| state.room(*account, *room).is_ok());
        for room in state.rooms.values() {
            // A seat that is new has read what was there before this step, but fetched nothing.
            let known: BTreeSet<MessageId> = room.messages().iter().map(|message| message.id).collect();
            for (account, _) in room.members() {
                self.seats.entry((room.id(), account)).or_insert_with(|| Seat {
                    unread: BTreeSet::new(),
                    unfetched: known.intersection(&self.given).copied().collect(),
                });
            }
            for message in room.messages().iter().filter(|message| !self.given.contains(&message.id)) {
                for (account, _) in room.members() {
                    let seat = self.seats.get_mut(&(room.id(), account)).unwrap();
                    seat.unfetched.insert(message.id);
                    if account != message.author || self_unread {
                        seat.unread.insert(message.id);
                    }
                }
            }
        }
        let last = self.given.last().copied();
        let new: Vec<MessageId> =
            state.rooms.values().flat_map(|room| room.messages()).map(|message| message.id).collect();
        let new: Vec<MessageId> = new.into_iter().filter(|id| !self.given.contains(id)).collect();
        assert!(new.iter().all(|id| Some(*id) > last), "a new id is higher than all before");
        self.given.extend(new);
    }

    fn mentions(&self, state: &State, room: RoomId, account: AccountId) -> usize {
        let calls = |message: &crate::chatwork::state::Message| {
            let body =
                message.body.replace("[code][To:1][/code]", "").replace("[qt][qtmeta aid=1 time=1][toall][/qt]", "");
            let tags = [format!("[To:{account}]"), format!("[rp aid={account} "), "[toall]".to_owned()];
            message.author != account && !message.deleted && tags.iter().any(|tag| body.contains(tag.as_str()))
        };
        let room_of = state.any_room(room).unwrap();
        self.seats[&(room, account)].unread.iter().filter(|id| calls(room_of.message(**id).unwrap())).count()
    }

    fn check(&self, state: &State) {
        for account in state.accounts().map(|account| account.id) {
            let views = state.rooms_of(account);
            let status = state.status(account);
            assert_eq!(status.unread_num, views.iter().map(|view| view.unread_num).sum::<usize>());
            assert_eq!(status.mention_num, views.iter().map(|view| view.mention_num as usize).sum::<usize>());
            assert_eq!(status.mytask_num, views.iter().map(|view| view.mytask_num as usize).sum::<usize>());
            assert_eq!(status.unread_room_num, views.iter().filter(|view| view.unread_num > 0).count());
            assert_eq!(status.mention_room_num, views.iter().filter(|view| view.mention_num > 0).count());
            assert_eq!(status.mytask_room_num, views.iter().filter(|view| view.mytask_num > 0).count());
            for view in &views {
                let room = state.any_room(view.label.room_id).unwrap();
                assert_eq!(view.unread_num, self.seats[&(room.id(), account)].unread.len());
                assert_eq!(view.mention_num as usize, self.mentions(state, room.id(), account));
                let open = |task: &&crate::chatwork::state::Task| task.status == TaskStatus::Open;
                assert_eq!(view.task_num as usize, room.tasks.values().filter(open).count());
                let mine = room.tasks.values().filter(open).filter(|task| task.account == account).count();
                assert_eq!(view.mytask_num as usize, mine);
                assert_eq!((view.message_num, view.file_num), (room.messages().len(), room.files.len()));
                assert!(room.messages().is_sorted_by(|one, next| one.id < next.id));
            }
            assert_eq!(views.len(), self.seats.keys().filter(|(_, seated)| *seated == account).count());
            assert!(state.my_tasks(account, None, TaskStatus::Open).len() <= 100);
            self.check_walls(state, account);
        }
    }

    /// Nothing of a room is reachable for those who are not in it.
    fn check_walls(&self, state: &State, account: AccountId) {
        let outside = state.rooms.values().filter(|room| !self.seats.contains_key(&(room.id(), account)));
        let mine: BTreeSet<TaskId> =
            state.my_tasks(account, None, TaskStatus::Open).iter().map(|mine| mine.task.id).collect();
        for room in outside {
            let id = room.id();
            assert_eq!(state.room(account, id).err(), Some(Error::NotMember));
            assert_eq!(state.room_view(account, id).err(), Some(Error::NotMember));
            assert_eq!(state.members(account, id).err(), Some(Error::NotMember));
            assert_eq!(state.link(account, id).err(), Some(Error::NotMember));
            assert_eq!(state.list_tasks(account, id, TaskFilter::default()).err(), Some(Error::NotMember));
            assert_eq!(state.list_files(account, id, None).err(), Some(Error::NotMember));
            for message in room.messages().iter().take(1) {
                assert_eq!(state.message(account, id, message.id, START).err(), Some(Error::NotMember));
            }
            assert!(room.tasks.keys().all(|task| !mine.contains(task)));
        }
    }

    /// Does one step on the state and the same on the sets. Gives the outcome without its details.
    fn take(&mut self, state: &mut State, step: &Step) -> Result<(), Error> {
        self.now += 1;
        let now = after(self.now);
        match step {
            Step::Post { by, room, body, self_unread, times } => {
                let room = room_for(state, *by, *room);
                for _ in 0..*times {
                    state.post_message(who(*by), room, body, *self_unread, now)?;
                }
                self.follow(state, *self_unread);
            }
            Step::Read { by, room, message } => {
                let room = room_for(state, *by, *room);
                let id = message.map(|index| message_at(state, room, index));
                let left = state.mark_read(who(*by), room, id);
                self.mark(room, who(*by), left.map(|left| left.unread_num), |unread| {
                    id.map_or_else(BTreeSet::new, |id| unread.iter().copied().filter(|other| *other > id).collect())
                })?;
            }
            Step::Unread { by, room, message } => {
                let room = room_for(state, *by, *room);
                let id = message_at(state, room, *message);
                let left = state.mark_unread(who(*by), room, id);
                let ids = state.any_room(room).unwrap().messages().iter().map(|message| message.id);
                let later: BTreeSet<MessageId> = ids.filter(|other| *other >= id).collect();
                self.mark(room, who(*by), left.map(|left| left.unread_num), |unread| unread | &later)?;
            }
            Step::Fetch { by, room, force } => {
                let room = room_for(state, *by, *room);
                let fetched = state.fetch_messages(who(*by), room, *force, now)?;
                let got: Vec<MessageId> = state.fetched(&fetched).map(|message| message.id).collect();
                let messages = state.any_room(room).unwrap().messages().iter().map(|message| message.id);
                let seat = self.seats.get_mut(&(room, who(*by))).unwrap();
                let wanted: Vec<MessageId> = messages.filter(|id| *force || seat.unfetched.contains(id)).collect();
                assert_eq!(got, wanted[wanted.len().saturating_sub(100)..]);
                seat.unfetched.clear();
            }
            other => change(state, other, now)?,
        }
        self.follow(state, false);
        Ok(())
    }

    /// Changes a seat's unread messages as told, and holds the answer against it.
    fn mark(
        &mut self,
        room: RoomId,
        account: AccountId,
        answer: Result<usize, Error>,
        change: impl Fn(&BTreeSet<MessageId>) -> BTreeSet<MessageId>,
    ) -> Result<(), Error> {
        if matches!(answer, Err(Error::NotMember | Error::UnknownMessage)) {
            return answer.map(|_| ());
        }
        let before = self.seats[&(room, account)].unread.clone();
        let changed = change(&before);
        let expected = if changed == before { Err(Error::NothingToChange) } else { Ok(changed.len()) };
        assert_eq!(answer, expected);
        self.seats.get_mut(&(room, account)).unwrap().unread = changed;
        answer.map(|_| ())
    }
}

fn who(index: usize) -> AccountId {
    AccountId(index as u64 + 1)
}

fn all(indexes: &[usize]) -> Vec<AccountId> {
    indexes.iter().map(|index| who(*index)).collect()
}

/// Mostly a room that the account is in, at times any.
fn room_for(state: &State, by: usize, index: usize) -> RoomId {
    let mine: Vec<RoomId> = state.rooms_of(who(by)).iter().map(|view| view.label.room_id).collect();
    let any: Vec<RoomId> = state.rooms.keys().copied().collect();
    let rooms = if index.is_multiple_of(8) { any } else { mine };
    rooms[index / 8 % rooms.len()]
}

fn message_at(state: &State, room: RoomId, index: usize) -> MessageId {
    let messages = state.any_room(room).unwrap().messages();
    messages.get(index % messages.len().max(1)).map_or(MessageId(1), |message| message.id)
}

/// The steps that leave what is read and fetched to [`Model::follow`].
fn change(state: &mut State, step: &Step, now: UnixMillis) -> Result<(), Error> {
    match step {
        Step::Edit { by, room, message, body } => {
            let room = room_for(state, *by, *room);
            state.edit_message(who(*by), room, message_at(state, room, *message), body, now)
        }
        Step::Delete { by, room, message } => {
            let room = room_for(state, *by, *room);
            state.delete_message(who(*by), room, message_at(state, room, *message), now)
        }
        Step::AddTasks { by, room, assignees } => {
            let assignees = all(assignees);
            let new =
                NewTask { body: "[To:2]牛乳", assignees: &assignees, limit_time: 1, limit_type: LimitType::Time };
            state.add_tasks(who(*by), room_for(state, *by, *room), &new, now).map(|_| ())
        }
        Step::SetStatus { by, room, task, done } => {
            let room = room_for(state, *by, *room);
            let tasks: Vec<TaskId> = state.any_room(room).unwrap().tasks.keys().copied().collect();
            let task = tasks.get(task % tasks.len().max(1)).copied().unwrap_or(TaskId(1));
            let status = if *done { TaskStatus::Done } else { TaskStatus::Open };
            state.set_task_status(who(*by), room, task, status, now).map(|_| ())
        }
        Step::AddFile { by, room } => {
            let content = vec![0xff, *room as u8].into();
            let new = NewFile { filename: "ภาพ.png", content, message: Some("[To:1]") };
            state.add_file(who(*by), room_for(state, *by, *room), new, now).map(|_| ())
        }
        Step::Create { by, admins, members, link } => {
            let roles = Roles { admin: all(admins), member: all(members), readonly: Vec::new() };
            let link = link.then_some(LinkOptions { code: None, need_acceptance: false, description: "" });
            let new = NewGroup {
                name: "新",
                description: "",
                icon: IconPreset::from_name("idea").unwrap(),
                roles: &roles,
                link,
            };
            state.create_group(who(*by), &new, now).map(|_| ())
        }
        Step::SetMembers { by, room, admins, members, readonly } => {
            let roles = Roles { admin: all(admins), member: all(members), readonly: all(readonly) };
            state.set_members(who(*by), room_for(state, *by, *room), &roles)
        }
        Step::Leave { by, room } => state.leave_room(who(*by), room_for(state, *by, *room)),
        Step::Remove { by, room } => state.delete_room(who(*by), room_for(state, *by, *room)),
        Step::Link { by, room, code } => {
            let options = LinkOptions { code: *code, need_acceptance: true, description: "x" };
            let room = room_for(state, *by, *room);
            match state.create_link(who(*by), room, options) {
                Err(Error::LinkExists) => state.update_link(who(*by), room, options),
                other => other,
            }
        }
        Step::Unlink { by, room } => state.delete_link(who(*by), room_for(state, *by, *room)),
        Step::Accept { by, request } => state.accept_request(who(*by), RequestId(*request), now).map(|_| ()),
        Step::Reject { by, request } => state.reject_request(who(*by), RequestId(*request)),
        Step::Post { .. } | Step::Read { .. } | Step::Unread { .. } | Step::Fetch { .. } => unreachable!(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn whatever_is_done_counts_agree_and_walls_hold(steps in prop::collection::vec(step(), 1..80)) {
        let mut value = description();
        value["requests"] = json!([{"from": 4, "to": 1}, {"from": 1, "to": 4}, {"from": 3, "to": 2}]);
        let mut state = load(&value).unwrap();
        let mut model = Model::default();
        model.follow(&state, false);
        for step in &steps {
            let before = state.clone();
            // A step that posts several times may be refused from the start only.
            if model.take(&mut state, step).is_err() {
                prop_assert_eq!(&state, &before, "refused, but changed: {:?}", step);
            }
            model.check(&state);
        }
        let again = load(&state.dump());
        prop_assert_eq!(again, Ok(state));
    }

    #[test]
    fn windows_settings_and_plans_survive_a_dump(
        used in any::<u32>(), opened in any::<i64>(), free in any::<bool>(), requests in 1_u32.., limited in any::<bool>()
    ) {
        let mut state = world();
        let window = crate::chatwork::state::Window { opened_second: opened, used };
        state.account_windows.insert(AOI, window);
        state.room_windows.insert(GROUP, window);
        state.settings.plan = if free { Plan::Free } else { Plan::Paid };
        state.settings.edition = crate::chatwork::state::Edition::July2025;
        state.settings.token_error = crate::chatwork::state::TokenError::Live;
        state.settings.limits.account = limited.then_some(crate::chatwork::state::Limit { requests, seconds: 9 });
        state.settings.limits.room = None;
        state.accounts.get_mut(&BEN).unwrap().plan = Some(Plan::Paid);
        state.accounts.get_mut(&BEN).unwrap().tokens.clear();
        state.by_token.retain(|_, owner| *owner != BEN);
        prop_assert_eq!(load(&state.dump()), Ok(state));
    }
}
