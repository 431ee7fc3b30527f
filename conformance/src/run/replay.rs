//! The name of one case, from which it can be sent again.

use std::fmt;
use std::str::FromStr;

/// `check@seed/case`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayId {
    /// The check's id.
    pub check: String,
    /// The run's seed.
    pub seed: u64,
    /// The case's name.
    pub case: String,
}

impl fmt::Display for ReplayId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}/{}", self.check, self.seed, self.case)
    }
}

impl FromStr for ReplayId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = text.split_once('@').and_then(|(check, rest)| {
            let (seed, case) = rest.split_once('/')?;
            Some(Self { check: check.to_owned(), seed: seed.parse().ok()?, case: case.to_owned() })
        });
        read.filter(|id| !id.check.is_empty() && !id.case.is_empty())
            .ok_or_else(|| format!("'{text}' is no replay id: expected CHECK@SEED/CASE, as reports print it"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_as_it_is_written_whatever_the_case_is_called() {
        for text in ["a.b.c@1/case", "a.b.c@18446744073709551615/ภาษาไทย 😀/2@3"] {
            assert_eq!(text.parse::<ReplayId>().unwrap().to_string(), text);
        }
        for refused in ["", "a.b.c", "a@1", "a@x/y", "@1/y", "a@1/"] {
            assert!(refused.parse::<ReplayId>().is_err(), "{refused}");
        }
    }
}
