//! What is refused, and how. Statuses and words are the profile's.

use contract::chatday::clauses::{
    ERROR_BAD_REQUEST, ERROR_ENVELOPE, ERROR_MEDIA_TYPE, ERROR_METHOD, ERROR_TOO_LARGE, ERROR_UNKNOWN_PATH,
    MESSAGE_UNKNOWN_TYPE_SENT, SEND_UNKNOWN_CHAT,
};
use contract::chatday::errors::ErrorKind;
use contract::chatday::profile::UnknownTypes;
use contract::service::Service;
use http::header::CONTENT_TYPE;
use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::super::found::{deviates, moot, settle};
use super::verdicts::{Aspect, body, chat, expect, found, register, registered, send, send_text};
use crate::ask::server::{Call, Facts, Server, Talk, Who};
use crate::check::{Area, Check, Kind, Needs, Plan};

const BASE: Check = Check { kind: Kind::Api, area: Area::Refusals, ..Check::blank(Service::Chatday) };
const WRITING: Check = Check { needs: Needs::Write, ..BASE };

/// In report order.
pub const CHECKS: &[Check] = &[
    Check {
        id: "chatday.api.unknown-path-is-404",
        title: "an unknown path is answered 404",
        rationale: "A client with a misspelt path has to learn that from the status.",
        hint: "Answer 404 in the envelope of errors, also where the framework answers.",
        clauses: &[&ERROR_UNKNOWN_PATH],
        plan: Plan::Dialogue {
            calls: &["GET of a path that is not there"],
            hold: |server| {
                let heard = server.recall(&nowhere(server.facts()));
                expect(&heard, status(server.facts(), ErrorKind::UnknownPath), "an unknown path")
            },
        },
        ..BASE
    },
    Check {
        id: "chatday.api.wrong-method-is-405",
        title: "a wrong method is answered 405 with Allow",
        rationale: "Allow tells whoever writes a client which method is meant.",
        hint: "Answer 405 with Allow: POST to a GET of Send Message's path.",
        clauses: &[&ERROR_METHOD],
        plan: Plan::Dialogue { calls: &["GET messages"], hold: wrong_method },
        ..BASE
    },
    Check {
        id: "chatday.api.errors-stand-in-their-envelope",
        title: "every refusal has status ERROR and errors with at least one sentence, as JSON",
        rationale: "Clients show the sentences to people; without them nobody knows what is wrong.",
        hint: "Answer {\"status\":\"ERROR\",\"errors\":[\"…\"]} as application/json with every refusal.",
        clauses: &[&ERROR_ENVELOPE],
        plan: Plan::Dialogue {
            calls: &["GET of a path that is not there, and of register without a token"],
            hold: envelopes,
        },
        ..BASE
    },
    Check {
        id: "chatday.api.malformed-json-is-400",
        title: "a body that is no JSON is answered 400",
        rationale: "A client that builds JSON by hand learns from 400 that a quotation mark went missing.",
        hint: "Answer 400 where the body cannot be parsed, not 500.",
        clauses: &[&ERROR_BAD_REQUEST],
        plan: Plan::Dialogue {
            calls: &["POST messages with half a JSON text"],
            hold: |server| {
                let call = send(server.facts(), "{\"message\":");
                refused(server, &call, ErrorKind::MalformedJson, "half a JSON text")
            },
        },
        ..WRITING
    },
    Check {
        id: "chatday.api.missing-field-is-named",
        title: "a missing or ill-typed field is answered 400, and named",
        rationale: "Whoever writes a client then sees at once which key is wrong.",
        hint: "Answer 400 with a sentence that holds the field's name.",
        clauses: &[&ERROR_BAD_REQUEST],
        plan: Plan::Dialogue { calls: &["POST messages without type, data, message or chat_id"], hold: missing },
        ..WRITING
    },
    Check {
        id: "chatday.api.not-json-is-415",
        title: "a body that is not sent as JSON is answered 415",
        rationale: "A form that is read as JSON is refused with a sentence about JSON syntax, which does not tell \
                    what is wrong.",
        hint: "Look at the media type first, and answer 415.",
        clauses: &[&ERROR_MEDIA_TYPE],
        plan: Plan::Dialogue { calls: &["POST messages as text/plain"], hold: not_json },
        ..WRITING
    },
    Check {
        id: "chatday.api.too-large-is-413",
        title: "a body over the limit of the profile is answered 413",
        rationale: "A client that sends a whole picture learns that it should send a URL.",
        hint: "Look at the length before the body is read, and answer 413.",
        clauses: &[&ERROR_TOO_LARGE],
        hostile: true,
        plan: Plan::Dialogue {
            calls: &["POST messages with a body over the limit (this machine only)"],
            hold: too_large,
        },
        ..WRITING
    },
    Check {
        id: "chatday.api.unknown-chat-is-refused",
        title: "a message to a chat that does not exist is answered 404",
        rationale: "A chat may be closed. 200 would say that a customer got what nobody got.",
        hint: "Look the chat up among those of the token's application, and answer 404.",
        clauses: &[&SEND_UNKNOWN_CHAT],
        plan: Plan::Dialogue { calls: &["GET register", "POST messages to a made-up chat"], hold: unknown_chat },
        ..WRITING
    },
    Check {
        id: "chatday.api.unknown-type-is-as-the-profile-says",
        title: "a message of an unknown type is refused, or accepted where the profile says so",
        rationale: "The form of data depends on the type: data of an unknown one cannot be shown.",
        hint: "Answer 400 with the types that you know, or set send.unknown_types in your profile.",
        clauses: &[&MESSAGE_UNKNOWN_TYPE_SENT],
        plan: Plan::Dialogue { calls: &["GET register", "POST messages of a made-up type"], hold: unknown_type },
        ..WRITING
    },
];

fn status(facts: &Facts, kind: ErrorKind) -> StatusCode {
    facts.profile.errors.get(&kind).map_or(StatusCode::BAD_REQUEST, |rule| rule.status)
}

fn nowhere(facts: &Facts) -> Call {
    Call::get(format!("{}/no-such-path", facts.profile.send.path))
}

fn wrong_method(server: &mut dyn Server) -> Talk {
    let facts = server.facts().clone();
    let (register, send) = (&facts.profile.register, &facts.profile.send);
    if send.method == Method::GET || (register.path == send.path && register.method == Method::GET) {
        return Err(moot("the profile gives GET a meaning on the path of Send Message"));
    }
    let heard = server.recall(&Call::get(send.path.clone()));
    expect(&heard, status(&facts, ErrorKind::MethodNotAllowed), "GET of Send Message's path")?;
    let found = found(&facts, &heard, &[Aspect::Headers]);
    settle(server, found)
}

fn envelopes(server: &mut dyn Server) -> Talk {
    let facts = server.facts().clone();
    let calls = [nowhere(&facts), register(&facts).by(Who::Nobody), register(&facts).by(Who::Stranger)];
    let mut all = Vec::new();
    for call in &calls {
        let heard = server.recall(call);
        if heard.answer()?.status().is_success() {
            continue;
        }
        all.extend(found(&facts, &heard, &[Aspect::Body, Aspect::Media]));
    }
    // Which status an error has is asked of each error by itself.
    all.retain(|found| found.violation.place != "status");
    settle(server, all)
}

fn refused(server: &mut dyn Server, call: &Call, kind: ErrorKind, what: &str) -> Talk {
    let heard = server.recall(call);
    expect(&heard, status(server.facts(), kind), what)
}

fn missing(server: &mut dyn Server) -> Talk {
    registered(server)?;
    let facts = server.facts().clone();
    let keys = &facts.profile.keys;
    let whole = body(&facts, chat(&facts)?, "text", &Value::from("conformance test"));
    let without = |outer: &str, inner: Option<&str>| {
        let mut body = whole.clone();
        match inner {
            None => drop(body.remove(outer)),
            Some(inner) => {
                body.get_mut(outer).and_then(Value::as_object_mut).map(|message: &mut Map<_, _>| message.remove(inner));
            }
        }
        Value::Object(body)
    };
    let mut ill_typed = whole.clone();
    ill_typed.insert(keys.message.clone(), json!("text"));
    let cases = [
        (without(&keys.message, None), &keys.message),
        (without(&keys.chat_id, None), &keys.chat_id),
        (without(&keys.message, Some(&keys.kind)), &keys.kind),
        (without(&keys.message, Some(&keys.data)), &keys.data),
        (Value::Object(ill_typed), &keys.message),
    ];
    for (body, field) in cases {
        let heard = server.recall(&send(&facts, body.to_string()));
        expect(&heard, status(&facts, ErrorKind::InvalidField), &format!("a body without a proper '{field}'"))?;
        let errors = heard.json().unwrap_or_default()[&keys.errors].to_string();
        if !errors.contains(field.as_str()) {
            return Err(deviates(
                "not-named",
                format!("the refusal does not name the field '{field}'"),
                format!("a sentence with '{field}'"),
                errors,
            ));
        }
    }
    Ok(())
}

fn not_json(server: &mut dyn Server) -> Talk {
    let mut call = send_text(server.facts(), "as text/plain")?;
    call.headers.retain(|(name, _)| *name != CONTENT_TYPE);
    call.headers.push((CONTENT_TYPE, "text/plain".to_owned()));
    refused(server, &call, ErrorKind::NotJson, "a body that is not sent as JSON")
}

fn too_large(server: &mut dyn Server) -> Talk {
    let facts = server.facts().clone();
    let text = Value::from("x".repeat(facts.profile.limits.body_bytes + 1));
    let call = send(&facts, Value::Object(body(&facts, chat(&facts)?, "text", &text)).to_string());
    refused(server, &call, ErrorKind::BodyTooLarge, "a body over the limit")
}

fn unknown_chat(server: &mut dyn Server) -> Talk {
    registered(server)?;
    let facts = server.facts().clone();
    let nobody = facts.profile.ids.chat_id.render("9007199254740001");
    let body = body(&facts, nobody, "text", &Value::from("conformance test"));
    let call = send(&facts, Value::Object(body).to_string());
    refused(server, &call, ErrorKind::UnknownChat, "a message to a chat that is not there")
}

fn unknown_type(server: &mut dyn Server) -> Talk {
    registered(server)?;
    let facts = server.facts().clone();
    let body = body(&facts, chat(&facts)?, "conformance-test", &json!({"x": 1}));
    let heard = server.recall(&send(&facts, Value::Object(body).to_string()));
    let expected = match facts.profile.send.unknown_types {
        UnknownTypes::Refuse => status(&facts, ErrorKind::InvalidField),
        UnknownTypes::Accept => facts.profile.send.status,
    };
    expect(&heard, expected, "a message of an unknown type")
}
