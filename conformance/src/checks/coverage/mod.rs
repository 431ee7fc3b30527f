//! Mistakes that webhook receivers and API clients really make, and what looks for each of them: checks, or the reason why
//! none can. `conformance list --coverage` prints these tables.

use contract::service::Service;

use crate::catalog;
use crate::check::Kind;

mod clients;
mod receivers;

/// One mistake.
#[derive(Debug)]
pub struct Row {
    /// Stable, for talking about it.
    pub number: u8,
    /// What goes wrong, in a sentence.
    pub mistake: &'static str,
    /// What looks for it.
    pub seen: &'static [Seen],
}

/// What looks for a mistake in integrations with one service, or with both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// These checks of both services; words of their ids.
    Both(&'static [&'static str]),
    /// These checks of Chatwork's.
    Chatwork(&'static [&'static str]),
    /// These checks of Chatday's.
    Chatday(&'static [&'static str]),
    /// Nothing, and why; or what remains unseen.
    Not(&'static str),
}

/// The mistakes of one kind of subject.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Whose mistakes they are.
    pub kind: Kind,
    /// Every one that is known.
    pub rows: &'static [Row],
}

/// Every table.
pub const TABLES: [Table; 2] =
    [Table { kind: Kind::Webhook, rows: receivers::ROWS }, Table { kind: Kind::Client, rows: clients::ROWS }];

impl Seen {
    /// The ids of its checks.
    fn ids(self, kind: Kind) -> Vec<String> {
        let noun = if kind == Kind::Webhook { "webhooks" } else { kind.word() };
        let of = |service: Service, words: &[&str]| {
            words.iter().map(|words| format!("{service}.{noun}.{words}")).collect::<Vec<_>>()
        };
        match self {
            Self::Both(words) => Service::ALL.into_iter().flat_map(|service| of(service, words)).collect(),
            Self::Chatwork(words) => of(Service::Chatwork, words),
            Self::Chatday(words) => of(Service::Chatday, words),
            Self::Not(_) => Vec::new(),
        }
    }
}

impl Row {
    /// The ids of the checks that look for it.
    pub fn ids(&self, kind: Kind) -> Vec<String> {
        self.seen.iter().flat_map(|seen| seen.ids(kind)).collect()
    }

    /// Why something of it is not looked for.
    pub fn reasons(&self) -> impl Iterator<Item = &'static str> {
        self.seen.iter().filter_map(|seen| match seen {
            Seen::Not(why) => Some(*why),
            Seen::Both(_) | Seen::Chatwork(_) | Seen::Chatday(_) => None,
        })
    }
}

/// The tables as a page of Markdown, with the levels under the default profile.
pub fn page() -> String {
    TABLES.iter().map(part).collect::<Vec<_>>().join("\n")
}

fn part(table: &Table) -> String {
    let whose = match table.kind {
        Kind::Webhook => "receiver",
        Kind::Client => "client",
        Kind::Api => "server",
    };
    let mut page = format!("| mistake of a {whose} | looked for by |\n| --- | --- |\n");
    for row in table.rows {
        let ids = row.ids(table.kind).into_iter().map(|id| {
            let mark = catalog::find(&id).map_or("", |check| match (check.hostile, check.load) {
                (_, true) => " (load)",
                (true, _) => " (hostile)",
                _ => "",
            });
            format!("`{id}`{mark}")
        });
        let all: Vec<String> = ids.chain(row.reasons().map(str::to_owned)).collect();
        page += &format!("| {} | {} |\n", row.mistake, all.join("<br>"));
    }
    page
}

const fn row(number: u8, mistake: &'static str, seen: &'static [Seen]) -> Row {
    Row { number, mistake, seen }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_mistake_has_a_check_or_a_reason_and_every_check_a_mistake() {
        for table in TABLES {
            let mut named = BTreeSet::new();
            for (row, number) in table.rows.iter().zip(1..) {
                assert_eq!(row.number, number, "{}", row.mistake);
                assert!(row.mistake.ends_with('.'), "{}", row.mistake);
                assert!(!row.seen.is_empty(), "{}", row.mistake);
                for id in row.ids(table.kind) {
                    assert!(catalog::find(&id).is_some(), "{}: there is no {id}", row.mistake);
                    named.insert(id);
                }
                for why in row.reasons() {
                    assert!(why.ends_with('.') || why.ends_with(')'), "{why}");
                }
            }
            let own = catalog::all().into_iter().filter(|check| check.kind == table.kind);
            let all: BTreeSet<String> = own.map(|check| check.id.to_owned()).collect();
            let forgotten: Vec<&String> = all.difference(&named).collect();
            assert!(forgotten.is_empty(), "looks for a mistake that is not in the table: {forgotten:?}");
        }
        assert_eq!(TABLES.map(|table| table.rows.len()), [63, 40]);
    }

    #[test]
    fn where_one_service_is_looked_at_the_other_is_too_or_there_is_a_reason() {
        for table in TABLES {
            for row in table.rows {
                for service in Service::ALL {
                    let seen = row.ids(table.kind).iter().any(|id| id.starts_with(service.name()));
                    // A signature in a query is Chatwork's alone.
                    let only = table.kind == Kind::Webhook && row.number == 18 && service == Service::Chatday;
                    assert!(seen || only || row.reasons().next().is_some(), "{} of {service}", row.mistake);
                }
            }
        }
    }
}
