//! What the generator makes: steps that name people, rooms and messages by their place among what exists when the step
//! is taken. A step keeps its sense when others are taken out in front of it, so that shrinking works.

use contract::chatwork::Operation;

/// One request, or a restart, some time after the one before.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// Milliseconds since the step before.
    pub(crate) wait: i64,
    pub(crate) who: Who,
    pub(crate) op: Op,
}

/// Whose token a request carries, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Who {
    Person(usize),
    NoToken,
    EmptyToken,
    WrongToken,
    TwoTokens(usize),
    TokenInQuery(usize),
}

#[derive(Clone, Debug)]
pub(crate) enum Op {
    Call {
        operation: Operation,
        room: RoomRef,
        item: ItemRef,
        /// In the order in which they are sent; those left out are not here.
        args: Vec<(&'static str, Arg)>,
    },
    /// A verb and a path that no operation has.
    Nowhere(&'static str, &'static str),
    /// The world is written down and read again.
    Reload,
}

/// Which room, for the caller. Places count from the oldest.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RoomRef {
    /// One that the caller is in.
    Mine(usize),
    /// A group that the caller is in; another room of theirs if there is none.
    Group(usize),
    /// A group that the caller is an admin of; another room of theirs if there is none.
    Admin(usize),
    /// Any, the deleted ones included.
    Any(usize),
    Unknown,
}

/// Which message, task, file or request. Places count from the newest.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ItemRef {
    /// Of the room, or for the caller.
    Here(usize),
    /// Of the room, and the caller's own.
    Own(usize),
    /// Of the whole world.
    There(usize),
    Unknown,
}

/// One parameter's value.
#[derive(Clone, Debug)]
pub(crate) enum Arg {
    Text(TextRef),
    /// A place among the people of the world; one place beyond is an account that nobody has.
    Person(usize),
    People(Vec<usize>),
    /// Members of the room.
    Members(Vec<usize>),
    /// People whom the caller may bring into a group; the first is the caller.
    Invitable(Vec<usize>),
    Message(ItemRef),
    /// The digits of a message's id, spelled as no id is.
    MessageSpelled(&'static str, ItemRef),
    Flag(bool),
    Word(&'static str),
    Number(i64),
    Code(CodeRef),
    File {
        name: Option<&'static str>,
        size: usize,
    },
    /// Against the parameter's constraint. Empty counts as missing where the parameter is required.
    Bad(&'static str),
    /// So many characters, more than the parameter takes.
    TooLong(usize),
}

/// A text, by whom it calls.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TextRef {
    Plain(usize),
    To(usize),
    Reply(usize),
    Everyone,
    Twice(usize),
    /// Called in a quote, which is inert, and somebody else outside of it.
    QuotedAndTo(usize, usize),
    InCode(usize),
    /// A quote that is not closed is none.
    OpenQuote(usize),
    /// As long as a text of so many characters may be.
    Longest(usize),
}

/// The code of a link.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CodeRef {
    Fixed(usize),
    /// One that a room has.
    Taken(usize),
}
