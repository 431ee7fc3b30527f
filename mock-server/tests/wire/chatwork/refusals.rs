//! Refusals that follow from the table alone: one snapshot for each endpoint and reason.

use contract::chatwork::endpoints::{Carrier, ENDPOINTS, Endpoint};
use contract::chatwork::params::{Kind, Param};

use crate::common::{AOI, Call, DUNG, MESSAGE, NOBODY, Wire};

/// Every endpoint of an area refuses those who bring no token, or nobody's.
pub(super) fn without_a_token(area: &str) {
    let mut wire = Wire::start();
    for endpoint in of(area) {
        let call = sample(endpoint, DUNG, 5001);
        let anonymous = Call { headers: call.headers.iter().skip(1).cloned().collect(), ..call.clone() };
        assert_eq!(wire.send(&anonymous).refusal(401), "Invalid API token", "{}", endpoint.name);
        let mut unknown = call;
        unknown.headers[0].1 = NOBODY.to_owned();
        assert_eq!(wire.send(&unknown).refusal(401), "Invalid API token", "{}", endpoint.name);
        keep!(wire, format!("{}.401", endpoint.name));
    }
}

/// Every endpoint below a room answers alike for a room that one is not in and for one that does not exist.
pub(super) fn for_strangers(area: &str) {
    let mut wire = Wire::start();
    let before = wire.state();
    for endpoint in of(area).filter(|endpoint| endpoint.path.contains("{room_id}")) {
        let stranger = wire.send(&sample(endpoint, DUNG, 5001)).refusal(403);
        let nowhere = wire.send(&sample(endpoint, AOI, 999_999_999)).refusal(403);
        assert_eq!(stranger, nowhere, "{}", endpoint.name);
        keep!(wire, format!("{}.403-stranger", endpoint.name));
    }
    wire.is_still(&before);
}

/// Every endpoint asks for each required parameter, and holds each parameter against its constraint.
pub(super) fn for_parameters(area: &str) {
    let mut wire = Wire::start();
    let before = wire.state();
    for endpoint in of(area) {
        for param in endpoint.params {
            let name = param.name;
            if param.required {
                let asked = wire.send(&with(endpoint, param, None)).refusal(400);
                assert_eq!(asked, format!("Parameter '{name}' is required"), "{}", endpoint.name);
                keep!(wire, format!("{}.400-without-{name}", endpoint.name));
            }
            let Some(bad) = outside(param) else { continue };
            let told = wire.send(&with(endpoint, param, Some(bad))).refusal(400);
            assert!(told.starts_with(&format!("Invalid parameter '{name}'")), "{}: {told}", endpoint.name);
            keep!(wire, format!("{}.400-{name}", endpoint.name));
        }
    }
    wire.is_still(&before);
}

fn of(area: &str) -> impl Iterator<Item = &'static Endpoint> {
    let mut rows = ENDPOINTS.iter().filter(move |endpoint| endpoint.area == area).peekable();
    assert!(rows.peek().is_some(), "no endpoint belongs to the area '{area}'");
    rows
}

/// A call that is right in every parameter. The token is its first header.
pub(super) fn sample(endpoint: &Endpoint, token: &str, room: u64) -> Call {
    let path = [("room_id", room.to_string().as_str()), ("message_id", MESSAGE[0]), ("task_id", "31")]
        .into_iter()
        .chain([("file_id", "71"), ("request_id", "81")])
        .fold(endpoint.path.to_owned(), |path, (name, id)| path.replace(&format!("{{{name}}}"), id));
    let call = Call::of(token, endpoint.method.as_str(), &path);
    let pairs: Vec<_> = endpoint.params.iter().filter(|param| param.required).filter_map(inside).collect();
    carry(endpoint, call, &pairs)
}

/// The same call of Aoi's with one parameter changed, or left out.
fn with(endpoint: &Endpoint, param: &Param, value: Option<&'static str>) -> Call {
    let plain = sample(endpoint, AOI, 5001);
    let call = Call { headers: plain.headers[..1].to_vec(), body: Vec::new(), ..plain };
    let others = endpoint.params.iter().filter(|other| other.required && other.name != param.name);
    let pairs: Vec<_> = others.filter_map(inside).chain(value.map(|value| (param.name, value))).collect();
    carry(endpoint, call, &pairs)
}

fn carry(endpoint: &Endpoint, mut call: Call, pairs: &[(&str, &str)]) -> Call {
    match endpoint.carrier {
        Carrier::Query => {
            let query: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
            if !query.is_empty() {
                call.target = format!("{}?{}", call.target, query.join("&"));
            }
            call
        }
        Carrier::Form | Carrier::FormOrQuery if pairs.is_empty() => call,
        Carrier::Form | Carrier::FormOrQuery => call.form(pairs),
        Carrier::Multipart => multipart(call, pairs),
    }
}

fn multipart(call: Call, pairs: &[(&str, &str)]) -> Call {
    let part = |(name, value): &(&str, &str)| {
        let filename = if *name == "file" { "; filename=\"a.txt\"" } else { "" };
        format!("--wire\r\ncontent-disposition: form-data; name=\"{name}\"{filename}\r\n\r\n{value}\r\n")
    };
    let parts: String = pairs.iter().map(part).collect();
    call.body("multipart/form-data; boundary=wire", format!("{parts}--wire--\r\n"))
}

/// A value that keeps a parameter's constraint, and that room 5001 knows.
fn inside(param: &&'static Param) -> Option<(&'static str, &'static str)> {
    let value = match param.kind {
        Kind::Text { .. } => "こんにちは",
        Kind::Flag => "1",
        Kind::Integer | Kind::Ids { .. } => "1001",
        Kind::MessageId => MESSAGE[0],
        Kind::OneOf(words) => words.first()?,
        Kind::LinkCode => "wire",
        Kind::File { .. } => "สวัสดี",
    };
    Some((param.name, value))
}

/// A short value outside a parameter's constraint, if there is one. Lengths are asked for where they belong.
fn outside(param: &Param) -> Option<&'static str> {
    match param.kind {
        Kind::Flag => Some("true"),
        Kind::Integer => Some("x1"),
        Kind::MessageId => Some("12a"),
        Kind::Ids { .. } => Some("1001,x"),
        Kind::OneOf(_) => Some("other"),
        Kind::LinkCode => Some("a.b"),
        Kind::Text { least, .. } if least > 0 && !param.required => Some(""),
        Kind::Text { .. } | Kind::File { .. } => None,
    }
}
