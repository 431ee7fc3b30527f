//! Stands in for `contract::chatwork::notation` until that module is there; same form.

use std::collections::BTreeSet;

/// Who a message mentions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mentions {
    /// Accounts named by `[To:…]` or `[rp aid=…]`.
    pub(super) accounts: BTreeSet<u64>,
    /// Whether `[toall]` names everyone.
    pub(super) everyone: bool,
}

/// Reads the mentions of a text; those in quotes and code do not count.
pub(super) fn mentions(body: &str) -> Mentions {
    let mut found = Mentions::default();
    let mut rest = body;
    while let Some(tag) = rest.find('[').and_then(|at| rest.get(at..)) {
        rest = tag.get(1..).unwrap_or_default();
        let block = [("[code]", "[/code]"), ("[qt]", "[/qt]")].into_iter().find(|(open, _)| tag.starts_with(open));
        if let Some((_, close)) = block {
            rest = tag.split_once(close).map_or(rest, |(_, after)| after);
        } else if tag.starts_with("[toall]") {
            found.everyone = true;
        } else if let Some(id) = tag.strip_prefix("[To:").or_else(|| tag.strip_prefix("[rp aid=")) {
            let digits = id.split([']', ' ']).next().unwrap_or_default();
            found.accounts.extend(digits.parse::<u64>());
        }
    }
    found
}
