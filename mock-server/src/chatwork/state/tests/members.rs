//! Groups: making, changing, leaving, deleting, members, links; contacts.

use super::*;
use crate::chatwork::state::{
    Error, GroupCreated, IconPreset, LinkOptions, NewGroup, NewTask, RequestId, Role, Roles, RoomChange, TaskFilter,
};

fn roles(admin: &[AccountId], member: &[AccountId], readonly: &[AccountId]) -> Roles {
    Roles { admin: admin.to_vec(), member: member.to_vec(), readonly: readonly.to_vec() }
}

fn group(roles: &Roles) -> NewGroup<'_> {
    NewGroup {
        name: "เปิดตัว", description: "", icon: IconPreset::from_name("star").unwrap(), roles, link: None
    }
}

#[test]
fn a_new_group_starts_with_one_system_message_of_its_maker() {
    let mut state = world();
    let roles = roles(&[AOI], &[BEN], &[CHIE]);
    let GroupCreated { room, message } = state.create_group(AOI, &group(&roles), after(5)).unwrap();
    let first = state.message(BEN, room, message, START).unwrap();
    assert_eq!(
        &*first.body,
        "[info][title][dtext:chatroom_groupchat_created][/title][dtext:chatroom_chatname_is]เปิดตัว\
         [dtext:chatroom_set]\n\n[dtext:chatroom_member_is][piconname:1][piconname:2][piconname:3]\
         [dtext:chatroom_added][/info]"
    );
    assert_eq!((first.author, first.send_time), (AOI, START.seconds() + 5));
    assert_eq!((counts(&state, AOI, room), counts(&state, CHIE, room)), ((0, 0), (1, 0)));
    let view = state.room_view(CHIE, room).unwrap();
    assert_eq!((view.role, view.message_num), (Role::Readonly, 1));
    assert_eq!(view.label.icon_path, "https://appdata.chatwork.com/icon/ico_star.png");
    assert_eq!(state.post_message(CHIE, room, "x", false, START), Err(Error::ReadOnly));
}

#[test]
fn a_refused_group_changes_nothing() {
    let mut state = world();
    let before = state.clone();
    for (roles, error) in [
        (roles(&[], &[AOI], &[]), Error::NoAdmin),
        (roles(&[AOI], &[AOI], &[]), Error::TwoRoles(AOI)),
        (roles(&[AOI], &[DUNG], &[]), Error::NotInvitable(DUNG)),
        (roles(&[AOI], &[AccountId(99)], &[]), Error::NotInvitable(AccountId(99))),
    ] {
        assert_eq!(state.create_group(AOI, &group(&roles), START), Err(error));
    }
    assert_eq!(state, before);
}

#[test]
fn only_oneself_contacts_and_colleagues_can_be_invited() {
    let state = world();
    let may: Vec<bool> = [AOI, BEN, CHIE, DUNG, AccountId(99)].map(|id| state.may_invite(AOI, id)).to_vec();
    assert_eq!(may, [true, true, true, false, false]);
    assert!(state.may_invite(CHIE, DUNG));
}

#[test]
fn an_admin_changes_what_is_given_and_nothing_else() {
    let mut state = world();
    state
        .update_room(AOI, GROUP, &RoomChange { icon: IconPreset::from_name("beer"), ..RoomChange::default() })
        .unwrap();
    state.update_room(AOI, GROUP, &RoomChange { description: Some("説明"), ..RoomChange::default() }).unwrap();
    state.update_room(AOI, GROUP, &RoomChange::default()).unwrap();
    let view = state.room_view(BEN, GROUP).unwrap();
    assert_eq!((view.label.name, view.description), ("企画", "説明"));
    assert_eq!(view.label.icon_path, "https://appdata.chatwork.com/icon/ico_beer.png");
    assert_eq!(state.update_room(BEN, GROUP, &RoomChange::default()), Err(Error::NotAdmin));
    assert_eq!(state.update_room(AOI, DIRECT, &RoomChange::default()), Err(Error::NotAdmin));
}

#[test]
fn leaving_takes_ones_own_tasks_and_files_along() {
    let mut state = world();
    let task = NewTask { body: "買う", assignees: &[AOI, BEN], limit_time: 0, limit_type: Default::default() };
    state.add_tasks(AOI, GROUP, &task, START).unwrap();
    for by in [AOI, BEN] {
        let file =
            crate::chatwork::state::NewFile { filename: "a.txt", content: b"a".as_slice().into(), message: None };
        state.add_file(by, GROUP, file, START).unwrap();
    }
    state.leave_room(AOI, GROUP).unwrap();
    let view = state.room_view(BEN, GROUP).unwrap();
    assert_eq!((view.task_num, view.mytask_num, view.file_num, view.message_num), (1, 1, 1, 3));
    assert_eq!(state.room_view(AOI, GROUP), Err(Error::NotMember));
    assert!(state.rooms_of(AOI).iter().all(|view| view.label.room_id != GROUP));
    state.leave_room(BEN, GROUP).unwrap();
    assert!(state.any_room(GROUP).is_none(), "nobody is left");
}

#[test]
fn my_chat_and_direct_chats_can_be_neither_left_nor_deleted() {
    let mut state = world();
    let my_chat = state.account(AOI).unwrap().my_room;
    for room in [my_chat, DIRECT] {
        assert_eq!(state.leave_room(AOI, room), Err(Error::NotAGroup));
        assert_eq!(state.delete_room(AOI, room), Err(Error::NotAGroup));
    }
    assert_eq!(state.delete_room(BEN, GROUP), Err(Error::NotAdmin));
    assert_eq!(state.delete_room(DUNG, GROUP), Err(Error::NotMember));
    state.room_windows.insert(GROUP, Default::default());
    state.delete_room(AOI, GROUP).unwrap();
    assert_eq!(state.room_view(BEN, GROUP), Err(Error::NotMember));
    assert!(state.room_windows.is_empty(), "an export must not name a room that is gone");
}

#[test]
fn who_is_not_listed_leaves_and_comes_back_without_unread_messages() {
    let mut state = world();
    let task = NewTask { body: "見る", assignees: &[BEN], limit_time: 0, limit_type: Default::default() };
    state.add_tasks(AOI, GROUP, &task, START).unwrap();
    state.set_members(AOI, GROUP, &roles(&[AOI], &[], &[CHIE])).unwrap();
    assert_eq!(state.room_view(BEN, GROUP), Err(Error::NotMember));
    assert_eq!(state.status(BEN).mytask_num, 0);
    assert_eq!(state.room_view(AOI, GROUP).unwrap().task_num, 1, "the task stays behind");
    state.post_message(AOI, GROUP, "[toall]", false, START).unwrap();
    assert_eq!(counts(&state, CHIE, GROUP), (1, 1));
    state.set_members(AOI, GROUP, &roles(&[BEN], &[AOI], &[CHIE])).unwrap();
    assert_eq!((counts(&state, BEN, GROUP), counts(&state, CHIE, GROUP)), ((0, 0), (1, 1)));
    assert_eq!(state.status(BEN).mytask_num, 1);
    assert!(state.set_members(AOI, GROUP, &roles(&[AOI], &[], &[])).is_err());
    // Chie is no contact of Ben's and of another organization, but she is there already.
    assert_eq!(state.set_members(BEN, GROUP, &roles(&[BEN], &[CHIE], &[])), Ok(()));
    assert_eq!(state.set_members(BEN, GROUP, &roles(&[BEN], &[DUNG], &[])), Err(Error::NotInvitable(DUNG)));
}

#[test]
fn a_link_code_belongs_to_one_room() {
    let mut state = world();
    let options = |code| LinkOptions { code, need_acceptance: true, description: "" };
    assert_eq!(state.update_link(AOI, GROUP, options(None)), Err(Error::NoLink));
    assert_eq!(state.delete_link(AOI, GROUP), Err(Error::NoLink));
    state.create_link(AOI, GROUP, options(Some("launch-2025"))).unwrap();
    assert_eq!(state.create_link(AOI, GROUP, options(None)), Err(Error::LinkExists));
    assert_eq!(state.link(BEN, GROUP).unwrap().unwrap().url(), "https://example.chatwork.com/g/launch-2025");
    let roles = roles(&[AOI], &[], &[]);
    let taken = NewGroup { link: Some(options(Some("launch-2025"))), ..group(&roles) };
    assert_eq!(state.create_group(AOI, &taken, START), Err(Error::CodeTaken));
    state.update_link(AOI, GROUP, options(Some("launch-2025"))).unwrap();
    state.update_link(AOI, GROUP, options(None)).unwrap();
    assert_eq!(state.link(BEN, GROUP).unwrap().unwrap().code.len(), 10);
    state.create_group(AOI, &taken, START).unwrap();
    assert_eq!(state.update_link(AOI, GROUP, options(Some("launch-2025"))), Err(Error::CodeTaken));
    assert_eq!(state.create_link(BEN, GROUP, options(None)), Err(Error::NotAdmin));
    state.delete_link(AOI, GROUP).unwrap();
    assert_eq!(state.link(BEN, GROUP), Ok(None));
}

#[test]
fn an_accepted_request_makes_contacts_with_a_direct_chat() {
    let mut value = description();
    value["requests"] = json!([
        {"id": 81, "from": 4, "to": 1, "message": "よろしく"}, {"from": 1, "to": 4}, {"from": 4, "to": 2}
    ]);
    let mut state = load(&value).unwrap();
    assert_eq!(state.incoming_requests(AOI).len(), 1);
    assert_eq!(state.accept_request(BEN, RequestId(81), START).err(), Some(Error::UnknownRequest));
    let accepted = state.accept_request(AOI, RequestId(81), after(3)).unwrap();
    assert_eq!(accepted.account, DUNG);
    assert!(state.incoming_requests(AOI).is_empty() && state.incoming_requests(DUNG).is_empty());
    assert_eq!(state.contact(AOI, DUNG).unwrap().room, accepted.room);
    let view = state.room_view(DUNG, accepted.room).unwrap();
    assert_eq!((view.label.name, view.role, view.message_num), ("森 葵", Role::Member, 0));
    state.reject_request(BEN, RequestId(83)).unwrap();
    assert_eq!(state.reject_request(BEN, RequestId(83)), Err(Error::UnknownRequest));
    assert!(state.contact(BEN, DUNG).is_none());
}

#[test]
fn rooms_come_pinned_first_and_then_by_the_last_update() {
    let mut state = world();
    state.post_message(CHIE, DIRECT, "สวัสดีค่ะ", false, after(9)).unwrap();
    let order: Vec<(&str, RoomId)> =
        state.rooms_of(AOI).iter().map(|view| (view.label.name, view.label.room_id)).collect();
    let my_chat = state.account(AOI).unwrap().my_room;
    assert_eq!(order, [("マイチャット", my_chat), ("ชิเอะ", DIRECT), ("企画", GROUP)]);
    let none = TaskFilter::default();
    assert!(state.list_tasks(AOI, my_chat, none).unwrap().is_empty());
    assert_eq!(state.list_tasks(BEN, my_chat, none), Err(Error::NotMember));
}
