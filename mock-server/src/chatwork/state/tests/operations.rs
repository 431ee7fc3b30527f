//! Tasks and files.

use super::*;
use crate::chatwork::state::{
    Error, FileId, LimitType, MessageId, NewFile, NewTask, Roles, TaskFilter, TaskId, TaskStatus, TasksAdded,
};

const TASK: NewTask<'_> =
    NewTask { body: "ซื้อนม", assignees: &[BEN], limit_time: 1_760_054_399, limit_type: LimitType::Date };

fn body(state: &State, id: MessageId) -> String {
    state.message(AOI, GROUP, id, START).unwrap().body.to_string()
}

#[test]
fn one_message_announces_a_task_for_each_assignee() {
    let mut state = world();
    let both = NewTask { assignees: &[BEN, AOI, BEN], ..TASK };
    let TasksAdded { tasks, message } = state.add_tasks(AOI, GROUP, &both, START).unwrap();
    assert_eq!(tasks, [TaskId(31), TaskId(32)]);
    assert_eq!(
        body(&state, message),
        "[info][title][dtext:task_added][/title][task aid=2 st=open lt=1760054399 ltype=date]ซื้อนม[/task]\
         [task aid=1 st=open lt=1760054399 ltype=date]ซื้อนม[/task][/info]"
    );
    let view = state.room_view(BEN, GROUP).unwrap();
    assert_eq!((view.task_num, view.mytask_num, view.message_num), (2, 1, 1));
    assert_eq!(state.task(BEN, GROUP, tasks[1]).unwrap().message_id, message);
}

#[test]
fn a_task_without_limit_has_the_time_zero() {
    let mut state = world();
    let new = NewTask { limit_type: LimitType::None, ..TASK };
    let added = state.add_tasks(AOI, GROUP, &new, START).unwrap();
    assert_eq!(state.task(AOI, GROUP, added.tasks[0]).unwrap().limit_time, 0);
    assert!(body(&state, added.message).contains("lt=0 ltype=none"));
}

#[test]
fn tasks_are_for_members_and_by_writers() {
    let mut state = world();
    let before = state.clone();
    let stranger = NewTask { assignees: &[BEN, DUNG], ..TASK };
    assert_eq!(state.add_tasks(AOI, GROUP, &stranger, START), Err(Error::AssigneeNotMember(DUNG)));
    let nobody = NewTask { assignees: &[], ..TASK };
    assert_eq!(state.add_tasks(AOI, GROUP, &nobody, START), Err(Error::NoAssignee));
    assert_eq!(state.add_tasks(DUNG, GROUP, &TASK, START), Err(Error::NotMember));
    assert_eq!(state.may_assign(AOI, GROUP, &[BEN]), Ok(()));
    assert_eq!(state.may_assign(AOI, GROUP, &[BEN, DUNG]), Err(Error::AssigneeNotMember(DUNG)));
    assert_eq!(state.may_assign(DUNG, GROUP, &[BEN]), Err(Error::NotMember));
    assert_eq!(state.set_task_status(AOI, GROUP, TaskId(9), TaskStatus::Done, START), Err(Error::UnknownTask));
    assert_eq!(state, before);
}

#[test]
fn who_may_only_read_finishes_tasks_as_every_member_does() {
    let mut state = world();
    state.set_members(AOI, GROUP, &Roles { admin: vec![AOI], member: vec![], readonly: vec![BEN] }).unwrap();
    let id = state.add_tasks(AOI, GROUP, &NewTask { assignees: &[BEN], ..TASK }, START).unwrap().tasks[0];
    assert!(state.set_task_status(BEN, GROUP, id, TaskStatus::Done, START).unwrap().is_some());
    assert_eq!(state.status(BEN).mytask_num, 0);
    assert_eq!(state.set_task_status(BEN, GROUP, id, TaskStatus::Open, START), Ok(None));
    assert_eq!(state.status(BEN).mytask_num, 1);
}

#[test]
fn a_finished_task_is_announced_once_and_a_reopened_one_counts_again() {
    let mut state = world();
    let id = state.add_tasks(AOI, GROUP, &TASK, START).unwrap().tasks[0];
    let message = state.set_task_status(BEN, GROUP, id, TaskStatus::Done, START).unwrap().unwrap();
    assert_eq!(
        body(&state, message),
        "[info][title][dtext:task_done][/title][task aid=2 st=done lt=1760054399 ltype=date]ซื้อนม[/task][/info]"
    );
    assert_eq!(state.set_task_status(BEN, GROUP, id, TaskStatus::Done, START), Ok(None));
    assert_eq!((state.status(BEN).mytask_num, state.room_view(AOI, GROUP).unwrap().task_num), (0, 0));
    assert_eq!(state.set_task_status(BEN, GROUP, id, TaskStatus::Open, START), Ok(None));
    assert_eq!((state.status(BEN).mytask_num, state.room_view(AOI, GROUP).unwrap().message_num), (1, 2));
}

#[test]
fn task_lists_are_newest_first_filtered_and_capped() {
    let mut state = world();
    for _ in 0..120 {
        state.add_tasks(AOI, GROUP, &TASK, START).unwrap();
    }
    state.add_tasks(BEN, GROUP, &NewTask { assignees: &[AOI, BEN], ..TASK }, START).unwrap();
    let filter = TaskFilter { account: Some(BEN), ..TaskFilter::default() };
    let listed: Vec<u64> = state.list_tasks(AOI, GROUP, filter).unwrap().iter().map(|task| task.id.0).collect();
    assert_eq!(listed, std::iter::once(152).chain((52..=150).rev()).collect::<Vec<u64>>());
    let mine = state.my_tasks(BEN, Some(BEN), TaskStatus::Open);
    assert_eq!(mine.iter().map(|mine| (mine.task.id, mine.room.name)).collect::<Vec<_>>(), [(TaskId(152), "企画")]);
    assert_eq!(state.my_tasks(BEN, None, TaskStatus::Open).len(), 100);
    assert!(state.my_tasks(BEN, None, TaskStatus::Done).is_empty());
    assert_eq!(state.status(BEN).mytask_num, 121);

    let my_chat = state.account(BEN).unwrap().my_room;
    for room in [my_chat, my_chat] {
        state.add_tasks(BEN, room, &TASK, START).unwrap();
    }
    let mine: Vec<u64> = state.my_tasks(BEN, None, TaskStatus::Open).iter().map(|mine| mine.task.id.0).collect();
    assert_eq!((mine.len(), &mine[..3]), (100, &[154, 153, 152][..]), "the cap is for all rooms together");
    for id in [153, 154] {
        state.set_task_status(BEN, my_chat, TaskId(id), TaskStatus::Done, START).unwrap();
    }
    assert_eq!(state.my_tasks(BEN, None, TaskStatus::Done).len(), 2);
}

#[test]
fn a_file_is_announced_with_its_size_and_the_uploaders_words() {
    let mut state = world();
    let content = vec![b'x'; 135_926];
    let new = NewFile { filename: "資料 ✨.txt", content: content.clone().into(), message: Some("[To:2]どうぞ") };
    let added = state.add_file(AOI, GROUP, new, after(4)).unwrap();
    assert_eq!(
        body(&state, added.message),
        "[info][title][dtext:file_uploaded][/title][preview id=71 ht=150][download:71]資料 ✨.txt (132.74 KB)\
         [/download][/info][To:2]どうぞ"
    );
    assert_eq!(counts(&state, BEN, GROUP), (1, 1));
    let file = state.file(BEN, GROUP, added.file).unwrap();
    assert_eq!((file.filesize(), file.upload_time), (135_926, START.seconds() + 4));
    assert_eq!(state.any_file(FileId(71)).unwrap().content, content);
    assert_eq!(state.file(CHIE, GROUP, added.file), Err(Error::NotMember));
    assert_eq!(state.file(AOI, DIRECT, added.file), Err(Error::UnknownFile));
}

#[test]
fn file_lists_are_newest_first_and_capped() {
    let mut state = world();
    for count in 0..105 {
        let by = if count == 50 { BEN } else { AOI };
        let new = NewFile { filename: "a", content: Default::default(), message: None };
        state.add_file(by, GROUP, new, START).unwrap();
    }
    let ids = |uploader| -> Vec<u64> {
        state.list_files(BEN, GROUP, uploader).unwrap().iter().map(|file| file.id.0).collect()
    };
    assert_eq!(ids(None), (76..=175).rev().collect::<Vec<u64>>());
    assert_eq!(ids(Some(BEN)), [121]);
    assert_eq!(ids(Some(CHIE)), [0; 0]);
}
