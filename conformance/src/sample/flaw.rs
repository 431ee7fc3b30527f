//! Ways to get a receiver wrong, one at a time. Each has been seen in public code.

mod list;

use std::fmt;
use std::str::FromStr;

use contract::service::Service;

pub use list::Flaw;

use crate::check::Level;

/// What is known of a flaw.
#[derive(Clone, Copy, Debug)]
pub struct Card {
    /// The flaw.
    pub flaw: Flaw,
    /// The word that names it.
    pub word: &'static str,
    /// What the receiver does, in one line.
    pub what: &'static str,
    /// The row of the catalogue of mistakes that it belongs to, such as 13 for R13.
    pub row: u8,
    /// How much it weighs in a receiver of Chatwork; nothing where such a receiver cannot have it.
    pub chatwork: Option<Level>,
    /// The same for Chatday.
    pub chatday: Option<Level>,
}

impl Flaw {
    /// All that is known of it.
    pub fn card(self) -> Card {
        // A card for each variant: the list makes both.
        Self::ALL.into_iter().find(|card| card.flaw == self).unwrap_or(Self::ALL[0])
    }

    /// The word that names it.
    pub fn word(self) -> &'static str {
        self.card().word
    }

    /// How much it weighs in a receiver of this service; nothing where such a receiver cannot have it.
    pub fn weight(self, service: Service) -> Option<Level> {
        match service {
            Service::Chatwork => self.card().chatwork,
            Service::Chatday => self.card().chatday,
        }
    }

    /// Whether a receiver of this service can have it.
    pub fn concerns(self, service: Service) -> bool {
        self.weight(service).is_some()
    }

    /// The flaws that a receiver of this service can have.
    pub fn of(service: Service) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().map(|card| card.flaw).filter(move |flaw| flaw.concerns(service))
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Flaw {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        if let Some(card) = Self::ALL.into_iter().find(|card| card.word == word) {
            return Ok(card.flaw);
        }
        let near = Self::ALL.into_iter().max_by(|one, other| {
            strsim::jaro_winkler(word, one.word).total_cmp(&strsim::jaro_winkler(word, other.word))
        });
        let near = near.map(|card| card.word).filter(|near| strsim::jaro_winkler(word, near) > 0.7);
        let guess = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        let words = Self::ALL.map(|card| card.word).join(", ");
        Err(format!("unknown flaw '{word}'{guess} There are: {words}"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_flaw_has_a_word_of_its_own_and_a_line_that_says_what_it_does() {
        let mut seen = BTreeSet::new();
        for card in Flaw::ALL {
            assert!(seen.insert(card.word), "{} stands twice", card.word);
            assert!(card.word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'));
            assert!(card.what.ends_with('.') && card.what.len() < 120, "{}", card.word);
            assert!((1..=63).contains(&card.row), "{}", card.word);
            assert!(card.chatwork.is_some() || card.chatday.is_some(), "{} concerns nobody", card.word);
            assert_eq!(card.word.parse(), Ok(card.flaw));
        }
        assert!(Flaw::ALL.len() >= 60);
    }

    #[test]
    fn a_misspelt_word_finds_its_neighbour() {
        let refused = "accepts-mising".parse::<Flaw>().unwrap_err();
        assert!(refused.contains("did you mean accepts-missing?"), "{refused}");
    }
}
