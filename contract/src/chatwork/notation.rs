//! The message notation, as far as the contract feels it: who is mentioned
//! (clauses `chatwork.notation.*`). Everything else is plain text that is stored and returned verbatim.

use std::collections::BTreeSet;

/// Who a message mentions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mentions {
    /// Accounts named by `[To:…]` or `[rp aid=…]`.
    pub accounts: BTreeSet<u64>,
    /// Whether `[toall]` names everyone.
    pub everyone: bool,
}

/// Longest text between the brackets of a tag that can mention somebody, in bytes. It keeps the scan linear.
const TAG_MAX: usize = 128;

/// Reads the mentions of a text in one pass. Tags inside `[qt]…[/qt]` (which nest) and `[code]…[/code]` do not count;
/// a block that is never closed is no block.
pub fn mentions(body: &str) -> Mentions {
    // One entry for each open quote: what was mentioned inside it so far, given up when the quote is closed.
    let mut open_quotes: Vec<Mentions> = Vec::new();
    let mut outside = Mentions::default();
    let mut code_can_close = true;
    let mut rest = body;
    while let Some(bracket) = rest.find('[') {
        rest = rest.get(bracket..).unwrap_or_default();
        if let Some(inside) = rest.strip_prefix("[code]").filter(|_| code_can_close) {
            let close = inside.find("[/code]");
            code_can_close = close.is_some();
            rest = close.and_then(|at| inside.get(at + "[/code]".len()..)).unwrap_or(inside);
        } else if let Some(inside) = rest.strip_prefix("[qt]") {
            open_quotes.push(Mentions::default());
            rest = inside;
        } else if let Some(after) = rest.strip_prefix("[/qt]") {
            open_quotes.pop();
            rest = after;
        } else {
            let close = rest.bytes().take(TAG_MAX).position(|byte| byte == b']');
            let inside = close.and_then(|close| rest.get(1..close)).unwrap_or_default();
            tag(inside, open_quotes.last_mut().unwrap_or(&mut outside));
            rest = rest.get(1..).unwrap_or_default();
        }
    }
    for unclosed in open_quotes {
        outside.accounts.extend(unclosed.accounts);
        outside.everyone |= unclosed.everyone;
    }
    outside
}

fn tag(inside: &str, found: &mut Mentions) {
    if inside == "toall" {
        found.everyone = true;
    } else if let Some(id) = inside.strip_prefix("To:") {
        found.accounts.extend(account(id));
    } else if let Some(attributes) = inside.strip_prefix("rp ") {
        let named = attributes.split_ascii_whitespace().find_map(|attribute| attribute.strip_prefix("aid="));
        found.accounts.extend(named.and_then(account));
    }
}

fn account(digits: &str) -> Option<u64> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(body: &str) -> (Vec<u64>, bool) {
        let found = mentions(body);
        (found.accounts.into_iter().collect(), found.everyone)
    }

    #[test]
    fn to_reply_and_toall_mention() {
        assert_eq!(of("[To:1002]Ben [To:1002] [To:1003]ชิเอะ\nสวัสดี"), (vec![1002, 1003], false));
        assert_eq!(of("[rp aid=2739132 to=93207172-1007287785163345920] sue445\ntest"), (vec![2_739_132], false));
        assert_eq!(of("[toall] おはよう"), (vec![], true));
    }

    #[test]
    fn quotes_and_code_are_inert_and_what_follows_them_is_not() {
        assert_eq!(of("[qt][qtmeta aid=1 time=2][To:5]x[/qt][To:6]"), (vec![6], false));
        assert_eq!(of("[qt]a[qt][To:1][/qt][To:2][/qt][To:3]"), (vec![3], false));
        assert_eq!(of("[code][To:5][toall][/code][To:7]"), (vec![7], false));
        assert_eq!(of("[qt][code][/qt][To:8]"), (vec![8], false));
    }

    #[test]
    fn what_only_looks_like_a_mention_is_text() {
        for body in
            ["[To:]", "[To:abc]", "[to:5]", "To:5]", "[To:5", "[picon:5]", "[rp to=1-2]", "[rpaid=5]", "[ToAll]"]
        {
            assert_eq!(of(body), (vec![], false), "{body}");
        }
        assert_eq!(of("[qt][To:9]"), (vec![9], false), "an unclosed quote is text");
        assert_eq!(of("[qt]a[qt][To:1][/qt][To:2]"), (vec![2], false), "only the inner quote is closed");
        assert_eq!(of("[/qt][code][To:4]"), (vec![4], false));
        assert_eq!(of("[[To:9]"), (vec![9], false));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(body in "(\\[|\\]|qt|/qt|code|/code|To:|rp aid=|toall|[0-9]{1,3}|ก|😀| ){0,40}") {
            let _ = mentions(&body);
        }
    }
}
