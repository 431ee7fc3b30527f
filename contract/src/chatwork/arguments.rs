//! Reads a request's parameters against an operation's row: where they travel in an edition, what is missing, what is
//! outside its constraint. The first fault in the documented order is reported
//! (clause [`FIRST_FAULT`](super::clauses::FIRST_FAULT)).

use std::collections::BTreeSet;

use bytes::Bytes;
use http::header::CONTENT_TYPE;

use super::Edition;
use super::endpoints::{Carrier, Endpoint};
use super::errors::ApiError;
use super::limits::LINK_CODE_MAX;
use super::params::{Kind, Param};
use crate::wire::form::Form;
use crate::wire::multipart::{self, Part};
use crate::wire::{Request, header};

/// One value that keeps its constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A text, a link code or a message id.
    Text(String),
    /// A flag.
    Flag(bool),
    /// An integer.
    Integer(i64),
    /// Ids in the order given, each once.
    Ids(Vec<u64>),
    /// One of a parameter's words.
    Word(&'static str),
    /// A file.
    File(Part),
}

impl Value {
    /// Reads a text; `None` when it is outside the parameter's constraint.
    pub fn read(param: &Param, text: &str) -> Option<Self> {
        match param.kind {
            Kind::Text { least, most } => {
                let fits = text.len() >= least && most.is_none_or(|most| at_most(text, most));
                fits.then(|| Self::Text(text.to_owned()))
            }
            Kind::Flag => match text {
                "0" => Some(Self::Flag(false)),
                "1" => Some(Self::Flag(true)),
                _ => None,
            },
            Kind::Integer => is_digits(text).then(|| text.parse().ok()).flatten().map(Self::Integer),
            Kind::MessageId => is_digits(text).then(|| Self::Text(text.to_owned())),
            Kind::Ids { least } => ids(text).filter(|ids| ids.len() >= least).map(Self::Ids),
            Kind::OneOf(words) => words.iter().find(|word| **word == text).map(|word| Self::Word(word)),
            Kind::LinkCode => {
                let fits = (1..=LINK_CODE_MAX).contains(&text.len())
                    && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
                fits.then(|| Self::Text(text.to_owned()))
            }
            Kind::File { .. } => None,
        }
    }
}

/// The parameters of one request, all within their constraints.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    values: Vec<(&'static str, Value)>,
}

impl Arguments {
    /// A text that may be left out.
    pub fn text(&self, param: &Param) -> Option<&str> {
        match self.value(param) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// A flag, `false` when it was left out and has no default.
    pub fn flag(&self, param: &Param) -> bool {
        matches!(self.value(param), Some(Value::Flag(true)))
    }

    /// An integer that may be left out.
    pub fn integer(&self, param: &Param) -> Option<i64> {
        match self.value(param) {
            Some(Value::Integer(number)) => Some(*number),
            _ => None,
        }
    }

    /// A list of ids; empty when it was left out.
    pub fn ids(&self, param: &Param) -> &[u64] {
        match self.value(param) {
            Some(Value::Ids(ids)) => ids,
            _ => &[],
        }
    }

    /// A word that may be left out.
    pub fn word(&self, param: &Param) -> Option<&'static str> {
        match self.value(param) {
            Some(Value::Word(word)) => Some(word),
            _ => None,
        }
    }

    /// A file that may be left out.
    pub fn file(&self, param: &Param) -> Option<&Part> {
        match self.value(param) {
            Some(Value::File(part)) => Some(part),
            _ => None,
        }
    }

    fn value(&self, param: &Param) -> Option<&Value> {
        self.values.iter().find(|(name, _)| *name == param.name).map(|(_, value)| value)
    }
}

/// Reads the parameters of a request to an operation.
///
/// # Errors
/// [`ApiError::Required`] or [`ApiError::Invalid`] for the first parameter that is missing or outside its constraint.
pub fn read(endpoint: &'static Endpoint, edition: Edition, request: &Request) -> Result<Arguments, ApiError> {
    let mut arguments = Arguments::default();
    if endpoint.params.is_empty() {
        return Ok(arguments);
    }
    let sent = Sent::collect(endpoint.carrier, edition, request);
    for param in endpoint.params {
        if let Some(value) = sent.value(param)? {
            arguments.values.push((param.name, value));
        }
    }
    Ok(arguments)
}

/// The names of an operation's parameters that a request carries in its query.
pub fn query_names(endpoint: &Endpoint, request: &Request) -> Vec<&'static str> {
    if request.uri().query().is_none() {
        return Vec::new();
    }
    let query = query(request);
    endpoint.params.iter().map(|param| param.name).filter(|name| query.value(name).is_some()).collect()
}

/// What a request sent, before it is held against the constraints.
struct Sent {
    form: Form,
    parts: Vec<Part>,
}

impl Sent {
    fn collect(carrier: Carrier, edition: Edition, request: &Request) -> Self {
        let reads_query = match carrier {
            Carrier::Query | Carrier::FormOrQuery => true,
            Carrier::Form | Carrier::Multipart => edition == Edition::Documented,
        };
        let mut form = if reads_query { query(request) } else { Form::default() };
        let mut parts = Vec::new();
        match carrier {
            Carrier::Query => {}
            // The form stands behind the query, so it wins.
            Carrier::Form | Carrier::FormOrQuery => form.append(form_body(request)),
            Carrier::Multipart => parts = multipart_body(request),
        }
        Self { form, parts }
    }

    fn value(&self, param: &'static Param) -> Result<Option<Value>, ApiError> {
        if let Kind::File { most } = param.kind {
            let Some(part) = self.part(param.name) else { return Err(ApiError::Required(param)) };
            return if part.data.len() > most {
                Err(ApiError::Invalid(param))
            } else {
                Ok(Some(Value::File(part.clone())))
            };
        }
        let from_part = self.part(param.name).map(|part| String::from_utf8_lossy(&part.data));
        let text = from_part.as_deref().or_else(|| self.form.value(param.name));
        match text {
            None | Some("") if param.required => Err(ApiError::Required(param)),
            Some(text) => Value::read(param, text).ok_or(ApiError::Invalid(param)).map(Some),
            None => Ok(param.default.and_then(|default| Value::read(param, default))),
        }
    }

    fn part(&self, name: &str) -> Option<&Part> {
        self.parts.iter().rev().find(|part| part.name == name)
    }
}

fn query(request: &Request) -> Form {
    request.uri().query().map(|query| Form::decode(query.as_bytes())).unwrap_or_default()
}

/// The body as a form; empty when its content type says that it is something else
/// (clauses `chatwork.transport.json-ignored` and `.content-type-missing`).
fn form_body(request: &Request) -> Form {
    if request.body().is_empty() {
        return Form::default();
    }
    match header::is_of(request.headers(), "application/x-www-form-urlencoded") {
        None | Some(true) => Form::decode(request.body()),
        Some(false) => Form::default(),
    }
}

fn multipart_body(request: &Request) -> Vec<Part> {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let body: &Bytes = request.body();
    multipart::decode(content_type, body).unwrap_or_default()
}

/// Whether a text has at most so many code points, without counting long texts to their end.
fn at_most(text: &str, most: usize) -> bool {
    text.len() <= most || text.chars().nth(most).is_none()
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn ids(text: &str) -> Option<Vec<u64>> {
    // A body holds some 100,000 ids: looking for each among all others would take minutes.
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    if text.trim().is_empty() {
        return Some(found);
    }
    for item in text.split(',') {
        let id: u64 = Some(item.trim()).filter(|item| is_digits(item))?.parse().ok()?;
        if seen.insert(id) {
            found.push(id);
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::super::params as p;
    use super::super::{Operation, params::BODY};
    use super::*;
    use proptest::prelude::*;

    fn request(method: &str, target: &str, content_type: Option<&str>, body: &str) -> Request {
        let mut builder = http::Request::builder().method(method).uri(target);
        if let Some(content_type) = content_type {
            builder = builder.header(CONTENT_TYPE, content_type);
        }
        builder.body(Bytes::from(body.to_owned())).unwrap()
    }

    fn post(edition: Edition, target: &str, content_type: Option<&str>, body: &str) -> Result<String, String> {
        let endpoint = Endpoint::of(Operation::PostMessages);
        read(endpoint, edition, &request("POST", target, content_type, body))
            .map(|arguments| format!("{} {}", arguments.text(&BODY).unwrap(), arguments.flag(&p::SELF_UNREAD)))
            .map_err(|error| error.text().into_owned())
    }

    const FORM: Option<&str> = Some("application/x-www-form-urlencoded; charset=UTF-8");

    #[test]
    fn where_parameters_are_taken_from_depends_on_the_edition() {
        let missing = Err("Parameter 'body' is required".to_owned());
        let target = "/v2/rooms/1/messages?body=q&self_unread=1";
        assert_eq!(post(Edition::Documented, target, FORM, "body=f"), Ok("f true".into()));
        assert_eq!(post(Edition::Documented, target, None, ""), Ok("q true".into()));
        assert_eq!(post(Edition::July2025, target, FORM, "body=f"), Ok("f false".into()));
        assert_eq!(post(Edition::July2025, target, None, ""), missing);
    }

    #[test]
    fn only_form_bodies_are_read() {
        let missing = Err("Parameter 'body' is required".to_owned());
        for content_type in ["application/json", "text/plain", "multipart/form-data; boundary=x"] {
            assert_eq!(post(Edition::July2025, "/", Some(content_type), "body=f"), missing, "{content_type}");
        }
        assert_eq!(post(Edition::July2025, "/", None, "body=สวัสดี+%F0%9F%98%80"), Ok("สวัสดี 😀 false".into()));
        assert_eq!(post(Edition::July2025, "/", FORM, "body="), missing);
        assert_eq!(post(Edition::July2025, "/", FORM, "body=a&body=b"), Ok("b false".into()));
    }

    #[test]
    fn delete_takes_its_parameters_from_either_place_in_both_editions() {
        let endpoint = Endpoint::of(Operation::DeleteRoom);
        for edition in Edition::ALL {
            for (target, body) in [("/v2/rooms/1?action_type=leave", ""), ("/v2/rooms/1", "action_type=leave")] {
                let arguments = read(endpoint, edition, &request("DELETE", target, FORM, body)).unwrap();
                assert_eq!(arguments.word(&p::ACTION_TYPE), Some("leave"));
            }
        }
    }

    #[test]
    fn each_constraint_holds_at_its_edge() {
        let fits = |param: &Param, text: &str| Value::read(param, text).is_some();
        assert!(fits(&p::NAME, &"あ".repeat(255)) && !fits(&p::NAME, &"あ".repeat(256)));
        assert!(fits(&BODY, &"😀".repeat(65_535)) && !fits(&BODY, &"😀".repeat(65_536)) && !fits(&p::NEW_NAME, ""));
        assert!(fits(&p::CODE, &"a".repeat(50)) && !fits(&p::CODE, &"a".repeat(51)) && !fits(&p::CODE, "a.b"));
        assert!(!fits(&p::CODE, "") && !fits(&p::CODE, "é"));
        assert!(fits(&p::FORCE, "1") && !fits(&p::FORCE, "2") && !fits(&p::FORCE, "true") && !fits(&p::FORCE, ""));
        assert!(fits(&p::TASK_LIMIT, "1760000000000") && !fits(&p::TASK_LIMIT, "-1") && !fits(&p::TASK_LIMIT, "1.5"));
        assert!(
            fits(&p::TO_IDS, "1, 2,2") && !fits(&p::TO_IDS, "1,,2") && !fits(&p::TO_IDS, "") && !fits(&p::TO_IDS, "x")
        );
        assert!(fits(&p::MEMBERS_MEMBER, "") && fits(&p::DESCRIPTION, ""));
        assert!(fits(&p::ICON_PRESET, "magcup") && !fits(&p::ICON_PRESET, "Group"));
        assert!(fits(&p::UNREAD_FROM, "1999000111222333444") && !fits(&p::UNREAD_FROM, "1a"));
        assert_eq!(Value::read(&p::TO_IDS, "3,1,3"), Some(Value::Ids(vec![3, 1])));
    }

    #[test]
    fn a_file_is_taken_up_to_its_limit_and_refused_one_byte_beyond() {
        let endpoint = Endpoint::of(Operation::PostFiles);
        let upload = |size: usize| {
            let body = format!(
                "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n{}\r\n--b--\r\n",
                "x".repeat(size)
            );
            read(endpoint, Edition::July2025, &request("POST", "/", Some("multipart/form-data; boundary=b"), &body))
        };
        assert_eq!(upload(5_242_880).unwrap().file(&p::FILE).unwrap().data.len(), 5_242_880);
        assert_eq!(upload(5_242_881).unwrap_err(), ApiError::Invalid(&p::FILE));
        let form = request("POST", "/", FORM, "file=x");
        assert_eq!(read(endpoint, Edition::July2025, &form).unwrap_err(), ApiError::Required(&p::FILE));
    }

    proptest! {
        #[test]
        fn whatever_is_sent_is_read_or_refused_with_a_sentence(
            operation in 0_usize..32, query in "[a-z_=&%+0-9]{0,60}", body in proptest::collection::vec(any::<u8>(), 0..200)
        ) {
            let endpoint = &super::super::endpoints::ENDPOINTS[operation];
            let mut sent = request(endpoint.method.as_str(), &format!("/x?{query}"), FORM, "");
            *sent.body_mut() = Bytes::from(body);
            for edition in Edition::ALL {
                if let Err(error) = read(endpoint, edition, &sent) {
                    prop_assert!(!error.text().is_empty());
                    prop_assert_eq!(error.status().as_u16(), 400);
                }
            }
        }
    }
}
