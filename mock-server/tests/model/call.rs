//! One request, with every reference looked up: what is sent, and what the model knows about it.

use std::fmt;
use std::fmt::Write as _;

use bytes::Bytes;
use contract::chatwork::{Endpoint, Operation};
use contract::wire::Request;
use http::Method;

use crate::start::ACTORS;
use crate::state::{Calls, Kind, Model, Room};
use crate::step::{Arg, CodeRef, ItemRef, Op, RoomRef, TextRef, Who};

/// An id that nothing has.
const UNKNOWN: u64 = 999_999;
const PLAIN: [&str; 9] = [
    "hello",
    "สวัสดีค่ะ",
    "おはよう😀",
    "Xin chào",
    "a&b=c+d%20e;f",
    "[info][title]週報[/title]x[/info]\n\"quoted\"\t\\",
    " ",
    "[To:] [to:1001] [picon:1002] [To:x]",
    "[deleted]",
];
const CODES: [&str; 4] = ["launch-2025", "a", "B_2", "x0123456789x0123456789x0123456789x0123456789x01234"];

/// One request to send.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) who: Who,
    pub(crate) operation: Option<Operation>,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) room: u64,
    pub(crate) item: u64,
    pub(crate) args: Vec<(&'static str, Given)>,
}

/// A parameter's value, as the model sees it.
#[derive(Clone, Debug)]
pub(crate) enum Given {
    Text(String, Calls),
    Id(u64),
    People(Vec<u64>),
    Message(String),
    Flag(bool),
    Word(&'static str),
    Number(i64),
    Code(String),
    File(Option<&'static str>, Vec<u8>),
    Bad(String),
}

impl Call {
    /// Looks up what a step refers to. `None` for a step that is no request.
    pub(crate) fn resolve(who: Who, op: &Op, model: &Model) -> Option<Self> {
        let caller = account_of(who, model).unwrap_or(model.people[0].id);
        match op {
            Op::Reload => None,
            Op::Nowhere(method, path) => Some(Self {
                who,
                operation: None,
                method: Method::from_bytes(method.as_bytes()).unwrap(),
                path: format!("/v2{path}"),
                room: 0,
                item: 0,
                args: Vec::new(),
            }),
            Op::Call { operation, room, item, args } => {
                let endpoint = Endpoint::of(*operation);
                let room = room_id(*room, caller, model);
                let item = item_id(*operation, *item, room, caller, model);
                let mut path = format!("/v2{}", endpoint.path);
                for name in endpoint.path_ids() {
                    let id = if name == "room_id" { room } else { item };
                    path = path.replace(&format!("{{{name}}}"), &id.to_string());
                }
                let args = args.iter().map(|(name, arg)| (*name, given(arg, room, caller, model))).collect();
                Some(Self { who, operation: Some(*operation), method: endpoint.method.clone(), path, room, item, args })
            }
        }
    }

    /// A GET without parameters that refer to anything.
    pub(crate) fn get(account: usize, operation: Operation, room: u64, args: Vec<(&'static str, Given)>) -> Self {
        let path = format!("/v2{}", Endpoint::of(operation).path.replace("{room_id}", &room.to_string()));
        Self { who: Who::Person(account), operation: Some(operation), method: Method::GET, path, room, item: 0, args }
    }

    pub(crate) fn arg(&self, name: &str) -> Option<&Given> {
        self.args.iter().find(|(known, _)| *known == name).map(|(_, given)| given)
    }

    pub(crate) fn text(&self, name: &str) -> Option<(String, Calls)> {
        match self.arg(name)? {
            Given::Text(text, calls) => Some((text.clone(), calls.clone())),
            Given::Code(text) | Given::Message(text) => Some((text.clone(), Calls::default())),
            // Empty is a value where any text is one.
            Given::Bad(text) => Some((text.clone(), Calls::default())),
            _ => None,
        }
    }

    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        if let Some(Given::Flag(flag)) = self.arg(name) { Some(*flag) } else { None }
    }

    pub(crate) fn word(&self, name: &str) -> Option<&'static str> {
        if let Some(Given::Word(word)) = self.arg(name) { Some(word) } else { None }
    }

    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        if let Some(Given::Number(number)) = self.arg(name) { Some(*number) } else { None }
    }

    pub(crate) fn id(&self, name: &str) -> Option<u64> {
        if let Some(Given::Id(id)) = self.arg(name) { Some(*id) } else { None }
    }

    /// The accounts of a list, each once.
    pub(crate) fn people(&self, name: &str) -> Vec<u64> {
        let mut found = Vec::new();
        if let Some(Given::People(people)) = self.arg(name) {
            for id in people {
                if !found.contains(id) {
                    found.push(*id);
                }
            }
        }
        found
    }

    pub(crate) fn file(&self, name: &str) -> Option<(Option<&'static str>, Vec<u8>)> {
        if let Some(Given::File(file, content)) = self.arg(name) { Some((*file, content.clone())) } else { None }
    }

    /// The request itself. Parameters travel in the reverse of the documented order, which must not matter.
    pub(crate) fn request(&self, model: &Model) -> Request {
        let mut uri = self.path.clone();
        let mut builder = http::Request::builder().method(self.method.clone());
        let mut body = Bytes::new();
        let form = self.args.iter().rev().map(|(name, given)| format!("{name}={}", encode(&given.sent())));
        let form = form.collect::<Vec<_>>().join("&");
        if self.operation == Some(Operation::PostFiles) {
            builder = builder.header("content-type", "multipart/form-data; boundary=----b");
            body = self.multipart();
        } else if self.method == Method::GET {
            if !form.is_empty() {
                uri = format!("{uri}?{form}");
            }
        } else {
            builder = builder.header("content-type", "application/x-www-form-urlencoded");
            body = Bytes::from(form);
        }
        let token = |index: usize| model.people[index % ACTORS].token.clone();
        match self.who {
            Who::Person(index) => builder = builder.header("x-chatworktoken", token(index)),
            Who::NoToken => {}
            Who::EmptyToken => builder = builder.header("X-ChatWorkToken", ""),
            Who::WrongToken => builder = builder.header("X-ChatWorkToken", "token-of-0"),
            Who::TwoTokens(index) => {
                builder = builder.header("x-chatworktoken", token(index)).header("X-ChatWorkToken", token(index));
            }
            Who::TokenInQuery(index) => {
                let separator = if uri.contains('?') { '&' } else { '?' };
                let _ = write!(uri, "{separator}x-chatworktoken={}", token(index));
            }
        }
        builder.uri(uri).body(body).unwrap()
    }

    fn multipart(&self) -> Bytes {
        let mut body = Vec::new();
        for (name, given) in self.args.iter().rev() {
            body.extend_from_slice(format!("------b\r\ncontent-disposition: form-data; name=\"{name}\"").as_bytes());
            if let Given::File(Some(file), _) = given {
                body.extend_from_slice(format!("; filename=\"{file}\"").as_bytes());
            }
            body.extend_from_slice(b"\r\n\r\n");
            match given {
                Given::File(_, content) => body.extend_from_slice(content),
                other => body.extend_from_slice(other.sent().as_bytes()),
            }
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"------b--\r\n");
        Bytes::from(body)
    }
}

impl Given {
    fn sent(&self) -> String {
        match self {
            Self::Text(text, _) | Self::Message(text) | Self::Code(text) | Self::Bad(text) => text.clone(),
            Self::Id(id) => id.to_string(),
            Self::People(people) => people.iter().map(u64::to_string).collect::<Vec<_>>().join(","),
            Self::Flag(flag) => u8::from(*flag).to_string(),
            Self::Word(word) => (*word).to_owned(),
            Self::Number(number) => number.to_string(),
            Self::File(name, content) => format!("<{} bytes, {}>", content.len(), name.unwrap_or("no name")),
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)?;
        for (name, given) in &self.args {
            let sent = given.sent();
            let shown: String = sent.chars().take(60).collect();
            let rest = sent.chars().count() - shown.chars().count();
            write!(f, " {name}={shown:?}")?;
            if rest > 0 {
                write!(f, "+{rest}")?;
            }
        }
        Ok(())
    }
}

/// Who is calling; `None` for a request that carries no valid token.
pub(crate) fn account_of(who: Who, model: &Model) -> Option<u64> {
    if let Who::Person(index) = who { Some(model.people[index % ACTORS].id) } else { None }
}

/// Everything but letters and digits of ASCII as `%XX`.
fn encode(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

fn pick<T: Copy>(all: &[T], place: usize) -> Option<T> {
    all.get(place.checked_rem(all.len())?).copied()
}

fn newest<T: Copy>(all: &[T], place: usize) -> Option<T> {
    pick(&all.iter().rev().copied().collect::<Vec<_>>(), place)
}

fn room_id(room: RoomRef, caller: u64, model: &Model) -> u64 {
    let groups = |admin: bool, place: usize| {
        let fits = |room: &&Room| room.kind == Kind::Group && (!admin || room.role(caller) == Some("admin"));
        let found = pick(&model.rooms_of(caller).filter(fits).map(|room| room.id).collect::<Vec<_>>(), place);
        found.or_else(|| Some(room_id(RoomRef::Mine(place), caller, model)))
    };
    let found = match room {
        RoomRef::Group(place) => groups(false, place),
        RoomRef::Admin(place) => groups(true, place),
        RoomRef::Mine(place) => pick(&model.rooms_of(caller).map(|room| room.id).collect::<Vec<_>>(), place),
        RoomRef::Any(place) => {
            let all = model.rooms.iter().map(|room| room.id).chain(model.gone.iter().copied());
            pick(&all.collect::<Vec<_>>(), place)
        }
        RoomRef::Unknown => None,
    };
    found.unwrap_or(UNKNOWN)
}

/// The id of a message, task, file or request: `(id, owner)` of each candidate, oldest first.
fn item_id(operation: Operation, item: ItemRef, room: u64, caller: u64, model: &Model) -> u64 {
    let here = model.rooms.iter().filter(|candidate| candidate.id == room).collect::<Vec<_>>();
    let there = model.rooms.iter().collect::<Vec<_>>();
    let rooms = if let ItemRef::There(_) = item { there } else { here };
    let candidates: Vec<(u64, u64)> = match Endpoint::of(operation).path_ids().last() {
        Some("task_id") => rooms.iter().flat_map(|room| &room.tasks).map(|task| (task.id, task.account)).collect(),
        Some("file_id") => rooms.iter().flat_map(|room| &room.files).map(|file| (file.id, file.account)).collect(),
        Some("request_id") => {
            let own = |to: u64| matches!(item, ItemRef::There(_)) || to == caller;
            model.requests.iter().filter(|ask| own(ask.to)).map(|ask| (ask.id, caller)).collect()
        }
        _ => rooms.iter().flat_map(|room| &room.messages).map(|one| (one.id, one.author)).collect(),
    };
    let owned = |own: bool| candidates.iter().filter(move |(_, owner)| !own || *owner == caller).map(|(id, _)| *id);
    let found = match item {
        ItemRef::Here(place) | ItemRef::There(place) => newest(&owned(false).collect::<Vec<_>>(), place),
        ItemRef::Own(place) => newest(&owned(true).collect::<Vec<_>>(), place),
        ItemRef::Unknown => None,
    };
    found.unwrap_or(UNKNOWN)
}

fn given(arg: &Arg, room: u64, caller: u64, model: &Model) -> Given {
    // One place beyond the people is nobody.
    let person = |place: usize| match place % (ACTORS + 2) {
        place if place < ACTORS => model.people[place].id,
        ACTORS => model.people.last().map_or(UNKNOWN, |person| person.id),
        _ => UNKNOWN,
    };
    let message = |item| item_id(Operation::GetMessage, item, room, caller, model).to_string();
    match arg {
        Arg::Text(text) => {
            let (text, calls) = words(*text, &person);
            Given::Text(text, calls)
        }
        Arg::Person(place) => Given::Id(person(*place)),
        Arg::People(places) => Given::People(places.iter().map(|place| person(*place)).collect()),
        Arg::Members(places) => {
            let members: Vec<u64> =
                model.room(room).into_iter().flat_map(|room| &room.members).map(|one| one.account).collect();
            Given::People(places.iter().map(|place| pick(&members, *place).unwrap_or(UNKNOWN)).collect())
        }
        Arg::Invitable(places) => {
            let others = model.people.iter().map(|person| person.id).filter(|id| *id != caller);
            let found: Vec<u64> =
                std::iter::once(caller).chain(others.filter(|id| model.may_invite(caller, *id))).collect();
            Given::People(places.iter().filter_map(|place| pick(&found, *place)).collect())
        }
        Arg::Message(item) => Given::Message(message(*item)),
        Arg::MessageSpelled(prefix, item) => Given::Message(format!("{prefix}{}", message(*item))),
        Arg::Flag(flag) => Given::Flag(*flag),
        Arg::Word(word) => Given::Word(word),
        Arg::Number(number) => Given::Number(*number),
        Arg::Code(CodeRef::Fixed(place)) => Given::Code(CODES[place % CODES.len()].to_owned()),
        Arg::Code(CodeRef::Taken(place)) => {
            let taken: Vec<&str> =
                model.rooms.iter().filter_map(|room| room.link.as_ref()).map(|link| link.code.as_str()).collect();
            Given::Code(pick(&taken, *place).unwrap_or(CODES[0]).to_owned())
        }
        Arg::File { name, size } => Given::File(*name, (0..*size).map(|at| (at * 7 % 251) as u8).collect()),
        Arg::Bad(text) => Given::Bad((*text).to_owned()),
        Arg::TooLong(length) => Given::Bad("ก".repeat(*length)),
    }
}

/// A text and whom it calls, known from how it is made.
fn words(text: TextRef, person: &dyn Fn(usize) -> u64) -> (String, Calls) {
    let calls = |people: &[u64]| Calls { people: people.to_vec(), everyone: false };
    match text {
        TextRef::Plain(place) => (PLAIN[place % PLAIN.len()].to_owned(), Calls::default()),
        TextRef::To(one) => (format!("[To:{}] 見て", person(one)), calls(&[person(one)])),
        TextRef::Reply(one) => (format!("[rp aid={} to=5201-100] ok", person(one)), calls(&[person(one)])),
        TextRef::Everyone => ("[toall] 集合".to_owned(), Calls { people: Vec::new(), everyone: true }),
        TextRef::Twice(one) => (format!("[To:{0}][rp aid={0} to=1-2][To:{0}]", person(one)), calls(&[person(one)])),
        TextRef::QuotedAndTo(quoted, one) => {
            let (quoted, one) = (person(quoted), person(one));
            (format!("[qt][qtmeta aid={quoted} time=1][To:{quoted}][toall]x[/qt][To:{one}]"), calls(&[one]))
        }
        TextRef::InCode(one) => (format!("[code][To:{}][toall][/code]", person(one)), Calls::default()),
        TextRef::OpenQuote(one) => (format!("[qt] [To:{}]", person(one)), calls(&[person(one)])),
        TextRef::Longest(length) => (format!("{}ก", "x".repeat(length - 1)), Calls::default()),
    }
}
