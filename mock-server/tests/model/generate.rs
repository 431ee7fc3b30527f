//! Steps, weighted so that most of them do something: valid calls by members on things that exist, and enough of the
//! others. Within each choice the simplest comes first, because shrinking goes there.

use contract::chatwork::Operation;
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::strategy::Union;

use crate::start::ACTORS;
use crate::step::{Arg, CodeRef, ItemRef, Op, RoomRef, Step, TextRef, Who};

type Args = Vec<BoxedStrategy<(&'static str, Option<Arg>)>>;

const ICONS: [&str; 4] = ["group", "star", "magcup", "travel"];
const NOWHERE: [(&str, &str); 8] = [
    ("GET", "/nowhere"),
    ("GET", "/rooms//messages"),
    ("GET", "/rooms/rid5201/messages"),
    ("PATCH", "/rooms/5201"),
    ("HEAD", "/me"),
    ("POST", "/me"),
    ("GET", "/rooms/5201/messages/read"),
    ("GET", "/rooms/-1"),
];

/// A sequence of steps; `most` milliseconds lie at most between two of them.
pub(crate) fn steps(length: usize, most: i64) -> impl Strategy<Value = Vec<Step>> {
    vec((0..=most, who(), op()).prop_map(|(wait, who, op)| Step { wait, who, op }), length)
}

fn who() -> impl Strategy<Value = Who> {
    prop_oneof![
        // The first is in every room of the start.
        60 => Just(Who::Person(0)),
        140 => (0..ACTORS).prop_map(Who::Person),
        1 => Just(Who::NoToken),
        1 => Just(Who::EmptyToken),
        1 => Just(Who::WrongToken),
        1 => (0..ACTORS).prop_map(Who::TwoTokens),
        1 => (0..ACTORS).prop_map(Who::TokenInQuery),
    ]
}

fn op() -> BoxedStrategy<Op> {
    use Operation as O;
    let in_room = |operation, args| call(operation, room().boxed(), Just(ItemRef::Unknown).boxed(), args);
    let in_led = |operation, args| call(operation, led_room().boxed(), Just(ItemRef::Unknown).boxed(), args);
    let with_item = |operation, args| call(operation, room().boxed(), item().boxed(), args);
    let alone = |operation, args| call(operation, Just(RoomRef::Unknown).boxed(), Just(ItemRef::Unknown).boxed(), args);
    let asked = |operation| call(operation, Just(RoomRef::Unknown).boxed(), item().boxed(), vec![]);
    Union::new_weighted(vec![
        (28, in_room(O::PostMessages, vec![need("body", body(), &["", LONG]), may("self_unread", flag(), FLAGS)])),
        (6, alone(O::GetMyStatus, vec![])),
        (4, alone(O::GetRooms, vec![])),
        (4, in_room(O::GetRoom, vec![])),
        (1, alone(O::GetMe, vec![])),
        (10, in_room(O::GetMessages, vec![may("force", flag(), FLAGS)])),
        (6, with_item(O::GetMessage, vec![])),
        (10, in_room(O::PutMessagesRead, vec![may("message_id", message(), &["abc", "", "-1"])])),
        (8, in_room(O::PutMessagesUnread, vec![need("message_id", message(), &["", "1x"])])),
        (8, with_item(O::PutMessage, vec![need("body", text(), &["", LONG])])),
        (8, with_item(O::DeleteMessage, vec![])),
        (14, in_room(O::PostTasks, new_task())),
        (5, in_room(O::GetTasks, vec![account_filter("account_id"), account_filter(BY), status("status")])),
        (3, with_item(O::GetTask, vec![])),
        (10, with_item(O::PutTaskStatus, vec![need("body", word(&["done", "open"]), &["", "Done"])])),
        (4, alone(O::GetMyTasks, vec![account_filter(BY), status("status")])),
        (5, in_room(O::PostFiles, vec![need("file", file(), &[]), may("message", text(), &["", LONG])])),
        (5, in_room(O::GetFiles, vec![account_filter("account_id")])),
        (4, with_item(O::GetFile, vec![may("create_download_url", flag(), FLAGS)])),
        (4, in_room(O::GetMembers, vec![])),
        (8, in_led(O::PutMembers, members().into())),
        (7, alone(O::PostRooms, new_room())),
        (3, in_led(O::PutRoom, vec![may("name", text(), NAMES), may("description", text(), &[""]), icon()])),
        (2, in_led(O::DeleteRoom, vec![need("action_type", word(&["leave", "delete"]), &["", "quit"])])),
        (3, in_room(O::GetLink, vec![])),
        (7, in_led(O::PostLink, link())),
        (5, in_led(O::PutLink, link())),
        (4, in_led(O::DeleteLink, vec![])),
        (2, alone(O::GetContacts, vec![])),
        (2, alone(O::GetIncomingRequests, vec![])),
        (4, asked(O::PutIncomingRequest)),
        (3, asked(O::DeleteIncomingRequest)),
        (1, Just(Op::Reload).boxed()),
        (2, proptest::sample::select(&NOWHERE[..]).prop_map(|(method, path)| Op::Nowhere(method, path)).boxed()),
    ])
    .boxed()
}

const BY: &str = "assigned_by_account_id";
/// Stands for a text that is one character too long.
const LONG: &str = "too long";
const FLAGS: &[&str] = &["true", "2", ""];
const NAMES: &[&str] = &["", LONG];

fn call(
    operation: Operation,
    room: BoxedStrategy<RoomRef>,
    item: BoxedStrategy<ItemRef>,
    args: Args,
) -> BoxedStrategy<Op> {
    (room, item, args)
        .prop_map(move |(room, item, args)| {
            let args = args.into_iter().filter_map(|(name, arg)| Some((name, arg?))).collect();
            Op::Call { operation, room, item, args }
        })
        .boxed()
}

fn need(
    name: &'static str,
    value: BoxedStrategy<Arg>,
    bad: &'static [&'static str],
) -> BoxedStrategy<(&'static str, Option<Arg>)> {
    weighted(0.98, or_bad(name, value, bad)).prop_map(move |arg| (name, arg)).boxed()
}

fn may(
    name: &'static str,
    value: BoxedStrategy<Arg>,
    bad: &'static [&'static str],
) -> BoxedStrategy<(&'static str, Option<Arg>)> {
    weighted(0.5, or_bad(name, value, bad)).prop_map(move |arg| (name, arg)).boxed()
}

fn or_bad(name: &'static str, value: BoxedStrategy<Arg>, bad: &'static [&'static str]) -> BoxedStrategy<Arg> {
    if bad.is_empty() {
        return value;
    }
    let bad = proptest::sample::select(bad).prop_map(move |text| match text {
        LONG => Arg::TooLong(if name == "name" { 256 } else { 65_536 }),
        other => Arg::Bad(other),
    });
    // A text that is too long takes its time to send.
    prop_oneof![60 => value, 2 => bad].boxed()
}

fn room() -> impl Strategy<Value = RoomRef> {
    prop_oneof![
        16 => (0..12_usize).prop_map(RoomRef::Group),
        8 => (0..12_usize).prop_map(RoomRef::Mine),
        2 => (0..40_usize).prop_map(RoomRef::Any),
        1 => Just(RoomRef::Unknown),
    ]
}

/// A room to do in what takes an admin.
fn led_room() -> impl Strategy<Value = RoomRef> {
    prop_oneof![
        16 => (0..12_usize).prop_map(RoomRef::Admin),
        4 => (0..12_usize).prop_map(RoomRef::Mine),
        2 => (0..40_usize).prop_map(RoomRef::Any),
    ]
}

fn item() -> impl Strategy<Value = ItemRef> {
    prop_oneof![
        10 => (0..12_usize).prop_map(ItemRef::Own),
        8 => (0..12_usize).prop_map(ItemRef::Here),
        1 => (0..200_usize).prop_map(ItemRef::There),
        1 => Just(ItemRef::Unknown),
    ]
}

fn person() -> impl Strategy<Value = usize> {
    prop_oneof![30 => 0..ACTORS, 1 => ACTORS..ACTORS + 2]
}

fn text() -> BoxedStrategy<Arg> {
    prop_oneof![
        12 => (0..9_usize).prop_map(TextRef::Plain),
        8 => person().prop_map(TextRef::To),
        3 => person().prop_map(TextRef::Reply),
        3 => Just(TextRef::Everyone),
        2 => person().prop_map(TextRef::Twice),
        2 => (person(), person()).prop_map(|(quoted, one)| TextRef::QuotedAndTo(quoted, one)),
        2 => person().prop_map(TextRef::InCode),
        1 => person().prop_map(TextRef::OpenQuote),
        1 => Just(TextRef::Longest(255)),
    ]
    .prop_map(Arg::Text)
    .boxed()
}

/// A text, once in a while the longest that a message can be.
fn body() -> BoxedStrategy<Arg> {
    prop_oneof![400 => text(), 1 => Just(Arg::Text(TextRef::Longest(65_535)))].boxed()
}

fn message() -> BoxedStrategy<Arg> {
    prop_oneof![
        20 => item().prop_map(Arg::Message),
        1 => item().prop_map(|item| Arg::MessageSpelled("0", item)),
        1 => item().prop_map(|item| Arg::MessageSpelled("99999999999999999999", item)),
    ]
    .boxed()
}

fn flag() -> BoxedStrategy<Arg> {
    any::<bool>().prop_map(Arg::Flag).boxed()
}

fn word(words: &'static [&'static str]) -> BoxedStrategy<Arg> {
    proptest::sample::select(words).prop_map(Arg::Word).boxed()
}

fn people(count: std::ops::Range<usize>) -> BoxedStrategy<Arg> {
    vec(person(), count).prop_map(Arg::People).boxed()
}

fn file() -> BoxedStrategy<Arg> {
    let name = proptest::sample::select(&[Some("a.txt"), Some("レポート.pdf"), None][..]);
    let size = proptest::sample::select(&[5, 0, 2232_usize][..]);
    (name, size).prop_map(|(name, size)| Arg::File { name, size }).boxed()
}

fn account_filter(name: &'static str) -> BoxedStrategy<(&'static str, Option<Arg>)> {
    may(name, person().prop_map(Arg::Person).boxed(), &["me", "-1", ""])
}

fn status(name: &'static str) -> BoxedStrategy<(&'static str, Option<Arg>)> {
    may(name, word(&["open", "done"]), &["closed", ""])
}

fn icon() -> BoxedStrategy<(&'static str, Option<Arg>)> {
    may("icon_preset", word(&ICONS), &["Group", ""])
}

fn code(name: &'static str) -> BoxedStrategy<(&'static str, Option<Arg>)> {
    let code = prop_oneof![
        4 => (0..4_usize).prop_map(CodeRef::Fixed),
        2 => (0..4_usize).prop_map(CodeRef::Taken),
    ];
    may(
        name,
        code.prop_map(Arg::Code).boxed(),
        &["two words", "コード", "", "y0123456789y0123456789y0123456789y0123456789y012345"],
    )
}

fn link() -> Args {
    vec![code("code"), may("need_acceptance", flag(), FLAGS), may("description", text(), &[""])]
}

/// Three lists, mostly of people who may be invited, with the caller as an admin.
fn members() -> [BoxedStrategy<(&'static str, Option<Arg>)>; 3] {
    let led = vec(1..6_usize, 0..2).prop_map(|others| Arg::Invitable(std::iter::once(0).chain(others).collect()));
    let admins = prop_oneof![6 => led, 1 => people(0..3)].boxed();
    let others = |most| {
        let invitable = vec(1..6_usize, 0..most).prop_map(Arg::Invitable);
        prop_oneof![6 => invitable, 1 => people(0..most)].boxed()
    };
    [
        need("members_admin_ids", admins, &["", "1001,x", "1001;1002"]),
        may("members_member_ids", others(3), &["", "x"]),
        may("members_readonly_ids", others(2), &["", "1001,,1002"]),
    ]
}

fn new_room() -> Args {
    let [admins, members, readonly] = members();
    vec![
        need("name", text(), NAMES),
        may("description", text(), &[""]),
        may("link", flag(), FLAGS),
        code("link_code"),
        may("link_need_acceptance", flag(), FLAGS),
        admins,
        members,
        readonly,
        icon(),
    ]
}

fn new_task() -> Args {
    let members = vec(0..6_usize, 1..4).prop_map(Arg::Members);
    let assignees = prop_oneof![8 => members, 1 => people(1..4)].boxed();
    let limit = proptest::sample::select(&[1_900_000_000, 0, 1_i64][..]).prop_map(Arg::Number).boxed();
    vec![
        need("body", text(), &["", LONG]),
        need("to_ids", assignees, &["", ",", "all"]),
        may("limit", limit, &["soon", "", "-5"]),
        may("limit_type", word(&["none", "date", "time"]), &["day", ""]),
    ]
}
