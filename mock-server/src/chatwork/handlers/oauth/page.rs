//! The consent page: plain HTML without a script, in Japanese and English. Everything that somebody else wrote is escaped.

use std::fmt::Write as _;

use contract::chatwork::oauth::pkce::S256;
use contract::chatwork::oauth::{Consent, Scope};

use crate::chatwork::state::State;

/// The page that asks.
pub(super) fn question(state: &State, consent: &Consent) -> String {
    let name = state.oauth.client(&consent.client_id).map_or("", |client| client.name.as_str());
    let name = escape(name);
    let mut text = format!(
        "<h1>「{name}」がアクセスの許可を求めています<br><span lang=\"en\">“{name}” asks for access</span></h1>\n<ul>\n"
    );
    for scope in consent.scopes.iter() {
        push_scope(&mut text, scope);
    }
    text.push_str("</ul>\n<form method=\"post\" action=\"login.php\">\n");
    push_hidden(&mut text, consent);
    text.push_str(
        "<p><label>ログイン中のアカウント <span lang=\"en\">Signed in as</span>\n<select name=\"account_id\">\n",
    );
    for (index, account) in state.accounts().enumerate() {
        let selected = if index == 0 { " selected" } else { "" };
        let (id, name) = (account.id, escape(&account.name));
        let _ = writeln!(text, "<option value=\"{id}\"{selected}>{name} ({id})</option>");
    }
    let to = escape(&consent.redirect_to);
    let _ = write!(
        text,
        "</select></label></p>\n\
         <p><button name=\"approve\" value=\"1\">許可する <span lang=\"en\">Allow</span></button>\n\
         <button name=\"deny\" value=\"1\">拒否する <span lang=\"en\">Deny</span></button></p>\n</form>\n\
         <p>移動先 <span lang=\"en\">Goes on to</span> <code>{to}</code></p>\n"
    );
    document("アクセスの許可 – Allow access", &text)
}

/// The page that says that it does not work. `code` is the documented number.
pub(super) fn failure(code: Option<u32>, words: &str) -> String {
    let number = code.map_or_else(String::new, |code| format!(" {code}"));
    let text = format!(
        "<h1>エラー{number}<br><span lang=\"en\">Error{number}</span></h1>\n<p lang=\"en\">{}</p>\n",
        escape(words)
    );
    document("エラー – Error", &text)
}

fn document(title: &str, text: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"ja\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <p>模擬サーバー <span lang=\"en\">A mock: nobody's real account is touched</span></p>\n{text}</main>\n</body>\n</html>\n"
    )
}

fn push_scope(text: &mut String, scope: Scope) {
    let (japanese, words) = (scope.japanese(), scope.words());
    let _ = writeln!(text, "<li>{japanese}<br><span lang=\"en\">{words}</span> <code>{scope}</code></li>");
}

/// The request, so that the answer carries it along.
fn push_hidden(text: &mut String, consent: &Consent) {
    let scopes = consent.scopes.to_string();
    let fields = [
        ("response_type", Some("code")),
        ("client_id", Some(consent.client_id.as_str())),
        ("redirect_uri", consent.redirect_uri.as_deref()),
        ("scope", Some(scopes.as_str())),
        ("state", consent.state.as_deref()),
        ("code_challenge", consent.challenge.as_deref()),
        ("code_challenge_method", consent.challenge.as_ref().map(|_| S256)),
    ];
    for (name, value) in fields {
        if let Some(value) = value {
            let _ = writeln!(text, "<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(value));
        }
    }
}

/// A text as it may stand between tags and in a quoted attribute. Control characters, which HTML does not carry or
/// changes, become references where they have one.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            '\0' => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}

const STYLE: &str = "body{font-family:sans-serif;line-height:1.6;background:#f3f3f1;color:#222;margin:0}\
main{max-width:34rem;margin:2rem auto;padding:1.5rem;background:#fff;border-radius:.5rem}\
h1{font-size:1.2rem;overflow-wrap:anywhere}span[lang=en],p[lang=en]{color:#555}code{overflow-wrap:anywhere}\
button,select{font:inherit;padding:.4rem .8rem;max-width:100%}";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_that_somebody_wrote_can_leave_its_place() {
        assert_eq!(
            escape("<script>alert(\"1\")</script>&'\r\n\0สวัสดี 🚀"),
            "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;&#13;&#10;\u{fffd}สวัสดี 🚀"
        );
        let page = failure(Some(5002), "<img src=x onerror=alert(1)>");
        assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;") && page.contains("Error 5002"));
    }

    proptest! {
        #[test]
        fn an_escaped_text_holds_no_character_of_markup(text in ".*") {
            let escaped = escape(&text);
            prop_assert!(!escaped.contains(['<', '>', '"', '\'']));
        }
    }
}
