//! One answer.

use bytes::Bytes;
use contract::wire::Response;
use serde_json::Value;

/// What came back, as it stood on the socket.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Status line and headers, without the empty line.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(super) fn read(whole: &[u8]) -> Option<Self> {
        let end = whole.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = String::from_utf8(whole[..end].to_vec()).expect("heads are ASCII");
        let status = head.split(' ').nth(1).and_then(|digits| digits.parse().ok()).expect("a status");
        Some(Self { status, head, body: whole[end + 4..].to_vec() })
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is text")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// Fails unless it has this status. Answers the body, null where there is none.
    #[track_caller]
    pub(crate) fn is(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}\n{}", self.head, self.text());
        if self.body.is_empty() { Value::Null } else { serde_json::from_slice(&self.body).expect("JSON") }
    }

    /// Fails unless it is a refusal in the service's own form. Answers its only sentence.
    #[track_caller]
    pub(crate) fn refusal(&self, status: u16) -> String {
        let body = self.is(status);
        let errors = body["errors"].as_array().unwrap_or_else(|| panic!("no list of errors: {body}"));
        assert_eq!(errors.len(), 1, "{body}");
        errors[0].as_str().expect("a sentence").to_owned()
    }

    /// `(limit, remaining, reset)` as the three headers give them.
    #[track_caller]
    pub(crate) fn limits(&self) -> (i64, i64, i64) {
        let number = |name: &str| self.header(name).unwrap_or_else(|| panic!("no {name}: {}", self.head));
        let [limit, remaining, reset] = ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"]
            .map(|name| number(name).parse().expect("an integer"));
        (limit, remaining, reset)
    }

    pub(super) fn as_response(&self) -> Response {
        let mut builder = http::Response::builder().status(self.status);
        for (name, value) in self.head.lines().skip(1).filter_map(|line| line.split_once(':')) {
            builder = builder.header(name, value.trim());
        }
        builder.body(Bytes::from(self.body.clone())).expect("a response")
    }
}
