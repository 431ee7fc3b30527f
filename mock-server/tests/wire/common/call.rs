//! One request.

use std::fmt::Write as _;

use contract::wire::form::Form;

/// One request, as it goes onto the socket. `Host` is added, and `Content-Length` where there is a body.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) verb: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Call {
    pub(crate) fn new(verb: &str, target: &str) -> Self {
        Self { verb: verb.to_owned(), target: target.to_owned(), headers: Vec::new(), body: Vec::new() }
    }

    /// Somebody's call of Chatwork; `path` is below `/v2`.
    pub(crate) fn of(token: &str, verb: &str, path: &str) -> Self {
        Self::new(verb, &format!("/v2{path}")).header("x-chatworktoken", token)
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("content-type", content_type)
    }

    pub(crate) fn form(self, pairs: &[(&str, &str)]) -> Self {
        let mut form = Form::default();
        pairs.iter().for_each(|(name, value)| form.push(*name, *value));
        self.body(FORM, form.encode())
    }

    /// A multipart body of one file, and a message beside it if there is one.
    pub(crate) fn upload(self, filename: &str, content: &[u8], message: Option<&str>) -> Self {
        let mut body = Vec::new();
        let disposition = "--wire\r\ncontent-disposition: form-data; name=";
        if let Some(message) = message {
            body.extend_from_slice(format!("{disposition}\"message\"\r\n\r\n{message}\r\n").as_bytes());
        }
        body.extend_from_slice(format!("{disposition}\"file\"; filename=\"{filename}\"\r\n\r\n").as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n--wire--\r\n");
        self.body("multipart/form-data; boundary=wire", body)
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\nhost: mock\r\n", self.verb, self.target);
        for (name, value) in &self.headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        if !self.body.is_empty() {
            write!(head, "content-length: {}\r\n", self.body.len()).unwrap();
        }
        [head.as_bytes(), b"\r\n", &self.body].concat()
    }

    pub(super) fn in_short(&self) -> String {
        self.told().chars().take(500).collect()
    }

    /// As snapshots show it: everything but host and length.
    pub(super) fn told(&self) -> String {
        let mut text = format!("{} {} HTTP/1.1\n", self.verb, self.target);
        for (name, value) in &self.headers {
            writeln!(text, "{name}: {value}").unwrap();
        }
        if !self.body.is_empty() {
            write!(text, "\n{}\n", String::from_utf8_lossy(&self.body)).unwrap();
        }
        text
    }
}

const FORM: &str = "application/x-www-form-urlencoded";
