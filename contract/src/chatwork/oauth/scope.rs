//! The scopes: what an access token may do.

use std::fmt;

macro_rules! scopes {
    ($($scope:ident $name:literal [$($part:ident)*] $words:literal $japanese:literal;)*) => {
        /// One scope.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "each variant's row describes it")]
        pub enum Scope {
            $($scope,)*
        }

        impl Scope {
            /// Every scope, in the documented order.
            pub const ALL: &[Self] = &[$(Self::$scope),*];

            /// The name that travels.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$scope => $name,)* }
            }

            /// What somebody who grants it allows.
            pub const fn words(self) -> &'static str {
                match self { $(Self::$scope => $words,)* }
            }

            /// The same in Japanese.
            pub const fn japanese(self) -> &'static str {
                match self { $(Self::$scope => $japanese,)* }
            }

            /// The scopes that an umbrella stands for, one step down; empty for a narrow one.
            pub const fn parts(self) -> &'static [Self] {
                match self { $(Self::$scope => &[$(Self::$part),*],)* }
            }
        }
    };
}

// name; what it stands for; what is allowed, in both languages of the consent page.
scopes! {
    OfflineAccess "offline_access" []
        "Keep this access until it is taken back" "許可が取り消されるまで継続してアクセスする";
    UsersAllRead "users.all:read" [ProfileRead StatusRead MyTasksRead]
        "See everything of your account" "自分のアカウントに紐づく情報をすべて閲覧する";
    ProfileRead "users.profile.me:read" [] "See your profile" "自分のプロフィールを閲覧する";
    StatusRead "users.status.me:read" [] "See your counts of unread messages" "自分の未読数を閲覧する";
    MyTasksRead "users.tasks.me:read" [] "See your tasks" "自分のタスク一覧を閲覧する";
    RoomsAll "rooms.all:read_write" [RoomsAllRead RoomsAllWrite]
        "Read and change everything in your chats" "チャットルームのすべてを閲覧・操作する";
    RoomsAllRead "rooms.all:read" [RoomsInfoRead MembersRead MessagesRead RoomTasksRead FilesRead]
        "Read everything in your chats" "チャットルームのすべてを閲覧する";
    RoomsAllWrite "rooms.all:write" [RoomsWrite RoomsInfoWrite MembersWrite MessagesWrite RoomTasksWrite FilesWrite]
        "Change everything in your chats" "チャットルームのすべてを操作する";
    RoomsWrite "rooms:write" [] "Create, leave and delete chats" "チャットルームを作成・退席・削除する";
    RoomsInfoRead "rooms.info:read" [] "See your chats and their links" "チャットルームの情報を閲覧する";
    RoomsInfoWrite "rooms.info:write" [] "Change chats and their links" "チャットルームの情報を変更する";
    MembersRead "rooms.members:read" [] "See the members of your chats" "チャットルームのメンバーを閲覧する";
    MembersWrite "rooms.members:write" [] "Change the members of your chats" "チャットルームのメンバーを変更する";
    MessagesRead "rooms.messages:read" [] "Read the messages in your chats" "メッセージを閲覧する";
    MessagesWrite "rooms.messages:write" [] "Write messages in your name" "メッセージを投稿・変更する";
    RoomTasksRead "rooms.tasks:read" [] "See the tasks of your chats" "チャットルームのタスクを閲覧する";
    RoomTasksWrite "rooms.tasks:write" [] "Create and close tasks" "タスクを追加・変更する";
    FilesRead "rooms.files:read" [] "See the files of your chats" "ファイルを閲覧する";
    FilesWrite "rooms.files:write" [] "Upload files" "ファイルをアップロードする";
    ContactsAll "contacts.all:read_write" [ContactsRead ContactsWrite]
        "See and change your contacts" "コンタクトを閲覧・操作する";
    ContactsRead "contacts.all:read" [] "See your contacts and who asks to be one" "コンタクトと承認依頼を閲覧する";
    ContactsWrite "contacts.all:write" [] "Accept and reject contact requests" "コンタクトの承認依頼に応答する";
}

impl Scope {
    /// The scope of a name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|scope| scope.name() == name)
    }

    /// Whether having this scope is enough where another one is asked for.
    pub fn covers(self, needed: Self) -> bool {
        self == needed || self.parts().iter().any(|part| part.covers(needed))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Some scopes, each once, in the order in which they were named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// Reads a scope text: names between spaces (RFC 6749, 3.3). A text of spaces is no scope at all.
    ///
    /// # Errors
    /// The first name that no scope has.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut scopes = Self::default();
        for name in text.split(' ').filter(|name| !name.is_empty()) {
            scopes.add(Scope::of(name).ok_or_else(|| name.to_owned())?);
        }
        Ok(scopes)
    }

    /// Adds one, unless it is there.
    pub fn add(&mut self, scope: Scope) {
        if !self.0.contains(&scope) {
            self.0.push(scope);
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In order.
    pub fn iter(&self) -> impl Iterator<Item = Scope> {
        self.0.iter().copied()
    }

    /// Whether they suffice for one that is asked for.
    pub fn cover(&self, needed: Scope) -> bool {
        self.iter().any(|scope| scope.covers(needed))
    }

    /// The first of others that these do not suffice for.
    pub fn lack_of(&self, others: &Self) -> Option<Scope> {
        others.iter().find(|other| !self.can_do(*other))
    }

    /// Whether these can do all that one scope can. Both halves of an umbrella are as good as the umbrella.
    fn can_do(&self, scope: Scope) -> bool {
        self.cover(scope) || (!scope.parts().is_empty() && scope.parts().iter().all(|part| self.can_do(*part)))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        let mut all = Self::default();
        scopes.into_iter().for_each(|scope| all.add(scope));
        all
    }
}

/// As they travel: names between single spaces.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.iter().enumerate() {
            write!(f, "{}{scope}", if index == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::endpoints::ENDPOINTS;
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_differ_and_lead_back_to_their_scopes() {
        assert_eq!(Scope::ALL.iter().map(|scope| scope.name()).collect::<BTreeSet<_>>().len(), 22);
        assert!(Scope::ALL.iter().all(|scope| Scope::of(scope.name()) == Some(*scope)));
        assert_eq!(Scope::of("rooms.all"), None);
    }

    #[test]
    fn every_operation_needs_a_narrow_scope_and_every_narrow_scope_has_an_operation() {
        let needed: BTreeSet<Scope> = ENDPOINTS.iter().map(|row| row.scope).collect();
        let narrow = Scope::ALL.iter().filter(|scope| scope.parts().is_empty() && **scope != Scope::OfflineAccess);
        assert_eq!(needed, narrow.copied().collect());
    }

    #[test]
    fn umbrellas_cover_what_the_table_says() {
        let covered = |umbrella: Scope| {
            let narrow = Scope::ALL.iter().filter(|scope| scope.parts().is_empty() && umbrella.covers(**scope));
            narrow.map(|scope| scope.name()).collect::<Vec<_>>().join(" ")
        };
        let read = "rooms.info:read rooms.members:read rooms.messages:read rooms.tasks:read rooms.files:read";
        assert_eq!(covered(Scope::RoomsAllRead), read);
        assert_eq!(covered(Scope::RoomsAllWrite), format!("rooms:write {}", read.replace("read", "write")));
        assert_eq!(covered(Scope::RoomsAll).split(' ').count(), 11);
        assert_eq!(covered(Scope::UsersAllRead), "users.profile.me:read users.status.me:read users.tasks.me:read");
        assert_eq!(covered(Scope::ContactsAll), "contacts.all:read contacts.all:write");
        assert_eq!(covered(Scope::OfflineAccess), "offline_access");
    }

    #[test]
    fn a_scope_text_is_names_between_spaces_and_the_first_unknown_one_is_told() {
        let read = |text: &str| Scopes::read(text).map(|scopes| scopes.to_string());
        assert_eq!(
            read(" rooms.all:read  rooms.all:read users.all:read ").as_deref(),
            Ok("rooms.all:read users.all:read")
        );
        assert_eq!(read("  ").as_deref(), Ok(""));
        assert_eq!(read("rooms.all:read rooms.all:reed ผิด"), Err("rooms.all:reed".to_owned()));
        assert_eq!(read("rooms.all:read,users.all:read"), Err("rooms.all:read,users.all:read".to_owned()));
    }

    #[test]
    fn both_halves_together_are_as_good_as_the_whole() {
        let halves = Scopes::read("rooms.all:read rooms.all:write").unwrap();
        assert_eq!(halves.lack_of(&Scopes::read("rooms.all:read_write").unwrap()), None);
        assert_eq!(halves.lack_of(&Scopes::read("rooms:write users.all:read").unwrap()), Some(Scope::UsersAllRead));
    }

    fn some_scopes() -> impl Strategy<Value = Scopes> {
        proptest::collection::vec(0..Scope::ALL.len(), 0..6)
            .prop_map(|places| places.into_iter().map(|place| Scope::ALL[place]).collect())
    }

    proptest! {
        #[test]
        fn more_scopes_never_cover_less(some in some_scopes(), more in some_scopes()) {
            let all: Scopes = some.iter().chain(more.iter()).collect();
            for scope in Scope::ALL {
                prop_assert!(!some.cover(*scope) || all.cover(*scope), "{scope}");
            }
            prop_assert_eq!(all.lack_of(&some), None);
            prop_assert_eq!(Scopes::read(&all.to_string()), Ok(all));
        }

        #[test]
        fn what_is_lacking_is_what_some_operation_would_be_refused(some in some_scopes(), wanted in some_scopes()) {
            let narrow = |scopes: &Scopes| -> BTreeSet<Scope> {
                Scope::ALL.iter().copied().filter(|it| it.parts().is_empty() && scopes.cover(*it)).collect()
            };
            prop_assert_eq!(some.lack_of(&wanted).is_none(), narrow(&wanted).is_subset(&narrow(&some)));
        }

        #[test]
        fn no_text_makes_reading_panic(text in "\\PC{0,60}") {
            let _ = Scopes::read(&text);
        }
    }
}
