//! One line for a POSIX shell that sends a delivery again, byte for byte.

use std::fmt::Write as _;
use std::path::Path;

use http::header;

use super::replay::ReplayId;
use super::session::Session;
use crate::ask::case::Case;
use courier::address::Endpoint;
use courier::exchange::{Delivery, Value};
use courier::raw::Manner;

/// A command that sends a case again: a line for the shell, or a replay where no such line would send the same.
pub(super) fn again(check: &str, case: &Case, session: &Session) -> String {
    let settings = session.settings();
    let as_ever = case.manner.as_ref().is_none_or(|manner| *manner == Manner::default());
    let line = as_ever.then(|| curl(&settings.endpoint, &case.delivery, session.ca_file())).flatten();
    line.unwrap_or_else(|| replay_line(&replay_id(check, &case.name, session), session))
}

/// A command that replays.
pub(super) fn replay_line(id: &ReplayId, session: &Session) -> String {
    let settings = session.settings();
    let url = settings.endpoint.url(&settings.endpoint.target);
    let mut line = format!("conformance replay {} {}", quote(&id.to_string()), quote(&url));
    let _ = write!(line, " --secret-env {}", settings.secret.variable());
    if let Some(file) = session.ca_file() {
        let _ = write!(line, " --ca-file {}", quote(&file.to_string_lossy()));
    }
    let watched_at = session.watched_at().and_then(|url| Endpoint::parse(url).ok());
    if let Some(mock) = watched_at {
        let _ = write!(line, " --with-mock {}", quote(&mock.authority));
    }
    line
}

/// Names a case of this run.
pub(super) fn replay_id(check: &str, case: &str, session: &Session) -> ReplayId {
    ReplayId { check: check.to_owned(), seed: session.settings().seed, case: case.to_owned() }
}

/// A command that sends a delivery again. Values made from the secret take it from the environment. None when the body is
/// too large to be pasted.
///
/// What curl would add by itself is taken out, so that the endpoint sees the same headers.
pub fn curl(endpoint: &Endpoint, delivery: &Delivery, ca_file: Option<&Path>) -> Option<String> {
    if delivery.body.len() > PASTED {
        return None;
    }
    let url = endpoint.url(&delivery.target);
    let (feed, data) = match plain(&delivery.body) {
        Some(text) => (String::new(), quote(text)),
        None => (format!("printf {} | ", format_of(&delivery.body)), "@-".to_owned()),
    };
    let mut line = format!("{feed}curl -sS -i -X {}", delivery.method);
    if url.contains(['[', ']', '{', '}']) {
        line.push_str(" -g");
    }
    if url.contains("/.") {
        line.push_str(" --path-as-is");
    }
    if let Some(file) = ca_file {
        let _ = write!(line, " --cacert {}", quote(&file.to_string_lossy()));
    }
    let _ = write!(line, " {}", quote(&url));
    for (name, value) in &delivery.headers {
        let _ = match value {
            // curl drops a header that is given as `name:`; `name;` sends it empty.
            Value::Plain(text) if text.is_empty() => write!(line, " -H {}", quote(&format!("{name};"))),
            Value::Plain(text) => write!(line, " -H {}", quote(&format!("{name}: {text}"))),
            Value::Secret(hidden) => write!(line, " -H \"{name}: {}\"", hidden.shell),
        };
    }
    for unasked in [header::ACCEPT, header::USER_AGENT, header::CONTENT_TYPE] {
        if !delivery.headers.iter().any(|(name, _)| *name == unasked) {
            let _ = write!(line, " -H '{unasked}:'");
        }
    }
    if delivery.body.len() > WAITED_FOR {
        line.push_str(" -H 'expect:'");
    }
    let _ = write!(line, " --data-binary {data}");
    Some(line)
}

/// A text that may stand between quotes as it is: curl reads `@` at its start as a file's name, a NUL cannot be in an
/// argument, and what cannot be seen is easily lost when a line is copied.
fn plain(body: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(body).ok()?;
    let unseen = |character: char| {
        character.is_control()
            || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    (!text.starts_with('@') && !text.contains(unseen)).then_some(text)
}

/// The argument of `printf` that prints these bytes.
fn format_of(body: &[u8]) -> String {
    let mut format = String::from("'");
    for (place, byte) in body.iter().enumerate() {
        let _ = match byte {
            b'%' => write!(format, "%%"),
            b'\\' => write!(format, r"\\"),
            b'\'' => write!(format, r"'\''"),
            // Would be read as an option.
            b'-' if place == 0 => write!(format, r"\055"),
            b' '..=b'~' => write!(format, "{}", char::from(*byte)),
            other => write!(format, r"\{other:03o}"),
        };
    }
    format.push('\'');
    format
}

/// In single quotes, as every POSIX shell reads it.
pub(crate) fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Bytes of a body in a line that is there to be copied.
const PASTED: usize = 32 * 1024;
/// curl asks first whether it may send a body of more bytes.
const WAITED_FOR: usize = 1_024;

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderName;
    use proptest::prelude::*;

    use super::*;
    use courier::exchange::Hidden;

    fn delivery(value: Value, body: &'static [u8]) -> Delivery {
        Delivery {
            method: http::Method::POST,
            target: "/hook".to_owned(),
            headers: vec![(HeaderName::from_static("x-token"), value)],
            body: Bytes::from_static(body),
        }
    }

    fn line(value: Value, body: &'static [u8]) -> String {
        let endpoint = Endpoint::parse("http://127.0.0.1:9/hook").unwrap();
        curl(&endpoint, &delivery(value, body), None).unwrap()
    }

    #[test]
    fn a_curl_line_survives_the_shell_and_takes_the_secret_from_the_environment() {
        let hidden = Hidden { sent: "s3cret".into(), shown: "[secret]".into(), shell: "$TOKEN".into() };
        let line = line(Value::Secret(hidden), b"{\"text\":\"it's\"}");
        assert!(line.starts_with(r#"curl -sS -i -X POST 'http://127.0.0.1:9/hook' -H "x-token: $TOKEN" "#), "{line}");
        assert!(line.ends_with(r#" --data-binary '{"text":"it'\''s"}'"#), "{line}");
    }

    #[test]
    fn an_empty_header_is_sent_and_one_that_was_not_sent_is_not() {
        let line = line(Value::Plain(String::new()), b"{}");
        assert!(line.contains(" -H 'x-token;' -H 'accept:' -H 'user-agent:' -H 'content-type:' "), "{line}");
    }

    #[test]
    fn what_cannot_be_an_argument_comes_through_a_pipe() {
        assert!(line(Value::Plain(String::new()), b"-%\0\xff").starts_with(r"printf '\055%%\000\377' | curl "));
        assert!(line(Value::Plain(String::new()), b"@file").ends_with(" --data-binary @-"));
        assert!(!line(Value::Plain(String::new()), "ขอบคุณ 🙏".as_bytes()).contains("printf"));
    }

    #[test]
    fn a_body_that_nobody_would_paste_has_no_line() {
        let endpoint = Endpoint::parse("http://127.0.0.1:9/hook").unwrap();
        let of = |length| {
            let body = Bytes::from(vec![b'x'; length]);
            curl(&endpoint, &Delivery { body, ..delivery(Value::Plain("x".into()), b"") }, None)
        };
        assert!(of(PASTED).unwrap().contains("'expect:'"));
        assert_eq!(of(PASTED + 1), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn the_shell_prints_exactly_the_bytes(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let script = format!("printf {}", format_of(&body));
            let printed = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
            prop_assert!(printed.status.success());
            prop_assert_eq!(printed.stdout, body);
        }
    }
}
