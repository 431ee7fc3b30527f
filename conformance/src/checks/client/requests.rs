//! What a request says, and how it is written.

use contract::chatday::clauses as chatday_clauses;
use contract::chatwork::clauses as chatwork_clauses;
use contract::chatwork::endpoints::{Carrier, ENDPOINTS, Endpoint};
use contract::route;
use contract::service::Service;
use contract::wire::form::Form;
use contract::wire::header::is_json;

use super::look::{deviates, json, line, media_type, parts};
use super::{blank, chatday, moot};
use crate::ask::observed::{ClientCall, Observation};
use crate::check::{Area, Check, Level, Plan};
use crate::run::verdict::Judgement;

const KNOWN: Check = Check {
    area: Area::Requests,
    title: "only operations that the contract knows are called",
    rationale: "Chatwork answers an unknown path or verb with 400, which programs take for a fault of their \
                parameters. Operations that were guessed, or taken from old documents, work against one's own test \
                double only.",
    hint: "Compare verb and path with the contract (mock-server openapi chatwork prints it). Look for an id that is \
           empty or no number, for a slash at the end, and for 'undefined' or 'null' in the path.",
    plan: Plan::Scenarios { scenarios: &[], judge: known },
    ..blank(Service::Chatwork)
};

const UNDERSTOOD: Check = Check {
    area: Area::Requests,
    level: Level::Must,
    title: "where nothing goes wrong, the service understands every request",
    rationale: "400 says that a parameter is missing, misspelt or of the wrong kind: the request can never succeed, and what it \
                was for does not happen.",
    hint: "The answer names the parameter. Look for lists that are written as name[]=1 instead of 1,2, for booleans \
           that are neither 0 nor 1, and for a body that was built and not sent.",
    plan: Plan::Scenarios { scenarios: &["all-is-well"], judge: understood },
    ..blank(Service::Chatwork)
};

const BASE: Check = Check {
    area: Area::Requests,
    title: "the contract's paths are joined to the address that was given",
    rationale: "A proxy, a gateway or a test double has its own address, often with a path before the contract's. A client with \
                the address built in, or that cuts the path off, reaches none of them.",
    hint: "Take the whole address from the environment and append the path to it with one slash. new URL('/rooms', base) and \
           urljoin(base, '/rooms') throw the base's own path away.",
    plan: Plan::Scenarios { scenarios: &["all-is-well", "behind-a-gateway"], judge: keeps_the_base },
    ..blank(Service::Chatwork)
};

/// Of clients of Chatwork, in report order.
pub const CHATWORK: &[Check] = &[
    Check {
        id: "chatwork.client.bodies-are-forms",
        area: Area::Requests,
        level: Level::Must,
        title: "parameters of POST and PUT go in the body as a form, and the request says so",
        rationale: "No operation reads a JSON body: its parameters count as missing, and the answer is 400 or, where all are \
                    optional, a success that changed nothing.",
        hint: "Send application/x-www-form-urlencoded: data= instead of json= in requests, new URLSearchParams(...) in fetch, \
               http_build_query in PHP, --data-urlencode in curl.",
        clauses: &[&chatwork_clauses::FORM_BODY],
        plan: Plan::Scenarios { scenarios: &[], judge: forms },
        ..blank(Service::Chatwork)
    },
    Check {
        id: "chatwork.client.parameters-go-in-the-body",
        area: Area::Requests,
        title: "parameters of POST and PUT are not in the query string, and ?method= is not used",
        rationale: "Since 2025-07-03 the service ignores the query of POST and PUT, and the override by ?method=: a \
                    message that is sent that way is answered 400, and a change that is sent that way changes \
                    nothing.",
        hint: "Move the parameters into a form body, and send PUT and DELETE as real verbs. If an old package sends \
               them, update it.",
        clauses: &[&chatwork_clauses::BODY_ONLY, &chatwork_clauses::METHOD_OVERRIDE_ABOLISHED],
        plan: Plan::Scenarios { scenarios: &[], judge: in_the_body },
        ..blank(Service::Chatwork)
    },
    Check {
        id: "chatwork.client.parameters-are-documented",
        area: Area::Requests,
        level: Level::May,
        title: "only documented parameters are sent",
        rationale: "The service ignores what it does not know: a misspelt parameter does nothing, and nobody is told.",
        hint: "Compare the name with the contract (mock-server openapi chatwork prints it).",
        clauses: &[&chatwork_clauses::KNOWN_REQUESTS],
        plan: Plan::Scenarios { scenarios: &[], judge: documented },
        ..blank(Service::Chatwork)
    },
    Check {
        id: "chatwork.client.requests-are-understood",
        clauses: &[&chatwork_clauses::REQUIRED, &chatwork_clauses::FORM_BODY],
        ..UNDERSTOOD
    },
    Check {
        id: "chatwork.client.only-known-operations",
        clauses: &[&chatwork_clauses::UNKNOWN_ENDPOINT, &chatwork_clauses::KNOWN_REQUESTS],
        ..KNOWN
    },
    Check { id: "chatwork.client.base-address-is-kept", clauses: &[&chatwork_clauses::BASE_ADDRESS], ..BASE },
];

/// Of clients of Chatday, in report order.
pub const CHATDAY: &[Check] = &[
    Check {
        id: "chatday.client.bodies-are-json",
        service: Service::Chatday,
        area: Area::Requests,
        title: "the body of Send Message is one JSON object, and the request says so",
        rationale: "A body of another kind, or JSON without its media type, is refused, and the end-user never sees the message.",
        hint: "Send Content-Type: application/json, and let a JSON library write the body: a text with a quote or a line end \
               breaks one that is put together by hand.",
        clauses: &[&chatday_clauses::SEND_JSON, &chatday_clauses::SEND_BODY],
        plan: Plan::Scenarios { scenarios: &[], judge: objects },
        ..blank(Service::Chatday)
    },
    chatday!(
        UNDERSTOOD,
        "chatday.client.requests-are-understood",
        &[&chatday_clauses::SEND_BODY],
        rationale: "400 says that a field is missing, misspelt or of the wrong kind: the request can never succeed, \
                    and the end-user never sees the message.",
        hint: "The answer names the field. Look for a key that is spelt otherwise, for data that does not fit the \
               message's type, and for a body that was built and not sent."
    ),
    chatday!(
        KNOWN,
        "chatday.client.only-known-operations",
        &[&chatday_clauses::ERROR_UNKNOWN_PATH, &chatday_clauses::CLIENT_KNOWN_REQUESTS],
        rationale: "By default Chatday answers an unknown path with 404, which programs take for a chat that is gone. \
                    Operations that were guessed, or taken from old documents, work against one's own test double \
                    only.",
        hint: "Compare verb and path with the contract (mock-server openapi chatday prints it). Look for a misspelt \
               path, a slash at the end, and GET in place of POST."
    ),
    chatday!(
        BASE,
        "chatday.client.base-address-is-kept",
        &[&chatday_clauses::CLIENT_BASE_ADDRESS],
        hint: "Take the whole address from the environment and append the path to it with one slash. new \
               URL('/messages', base) and urljoin(base, '/messages') throw the base's own path away."
    ),
];

/// The row of a Chatwork request.
fn endpoint(call: &ClientCall) -> Option<&'static Endpoint> {
    ENDPOINTS.iter().find(|endpoint| Some(endpoint.name) == call.operation.as_deref())
}

fn forms(seen: &Observation) -> Judgement {
    let carries = |call: &&ClientCall| {
        let form = endpoint(call).is_some_and(|row| matches!(row.carrier, Carrier::Form | Carrier::FormOrQuery));
        form && !call.body.is_empty()
    };
    let mut any = false;
    for call in seen.calls.iter().filter(carries) {
        any = true;
        let media_type = media_type(call);
        let found = match media_type.as_str() {
            "application/x-www-form-urlencoded" => continue,
            other if is_json(other) || (json(&call.body).is_some_and(|value| value.is_object())) => {
                ("json-for-a-form", Level::Must, "a JSON body, which no operation reads")
            }
            "" => ("form-without-its-type", Level::Must, "a body without Content-Type"),
            _ => ("another-type-for-a-form", Level::Should, "a body of another media type"),
        };
        let (name, level, what) = found;
        return deviates(
            name,
            level,
            format!("{} carries {what}", line(call)),
            "application/x-www-form-urlencoded",
            if media_type.is_empty() { "no Content-Type".to_owned() } else { media_type },
        );
    }
    if any { Judgement::Held } else { moot("the program sent no body with parameters") }
}

fn objects(seen: &Observation) -> Judgement {
    let sends: Vec<&ClientCall> = seen.calls_of("send-message").collect();
    for call in &sends {
        let media_type = media_type(call);
        let found = if !is_json(&media_type) {
            Some((
                "json-without-its-type",
                if media_type.is_empty() { "no Content-Type".to_owned() } else { media_type },
            ))
        } else if !json(&call.body).is_some_and(|value| value.is_object()) {
            Some(("no-json-object", format!("{} bytes that are no JSON object", call.body.len())))
        } else {
            None
        };
        if let Some((name, actual)) = found {
            let message = format!("{} does not carry a JSON object that is declared as such", line(call));
            return deviates(name, Level::Should, message, "a JSON object with Content-Type: application/json", actual);
        }
    }
    if sends.is_empty() { moot("the program sent no message") } else { Judgement::Held }
}

/// Names in the query of a POST or PUT.
fn query_names(call: &ClientCall) -> Vec<String> {
    if !matches!(call.method.as_str(), "POST" | "PUT") {
        return Vec::new();
    }
    Form::decode(call.query().unwrap_or_default().as_bytes()).pairs().map(|(name, _)| name.to_owned()).collect()
}

fn in_the_body(seen: &Observation) -> Judgement {
    let writes = |call: &&ClientCall| matches!(call.method.as_str(), "POST" | "PUT");
    if !seen.calls.iter().any(|call| writes(&call)) {
        return moot("the program made no POST or PUT");
    }
    let known = |call: &ClientCall| {
        ENDPOINTS.iter().flat_map(|row| row.params).any(|param| query_names(call).iter().any(|name| name == param.name))
    };
    let overriding = |call: &ClientCall| query_names(call).iter().any(|name| name == "method");
    let Some(call) = seen.calls.iter().find(|call| overriding(call) || known(call)) else { return Judgement::Held };
    let (name, what) = if overriding(call) {
        ("method-override", "asks for another verb by ?method=, which was abolished 2025-07-03")
    } else {
        ("parameters-in-the-query", "has parameters in its query string, which the service ignores since 2025-07-03")
    };
    deviates(
        name,
        Level::Should,
        format!("{} {what}", line(call)),
        "parameters in a form body, and the real verb",
        format!("in the query: {}", query_names(call).join(", ")),
    )
}

fn documented(seen: &Observation) -> Judgement {
    let mut any = false;
    for call in &seen.calls {
        let Some(row) = endpoint(call) else { continue };
        let mut names = Form::decode(call.query().unwrap_or_default().as_bytes())
            .pairs()
            .map(|(name, _)| name.to_owned())
            .filter(|name| name != "method")
            .collect::<Vec<_>>();
        match parts(call) {
            Some(parts) => names.extend(parts.unwrap_or_default().into_iter().map(|part| part.name)),
            None if json(&call.body).is_some_and(|value| value.is_object()) => {}
            None => names.extend(Form::decode(&call.body).pairs().map(|(name, _)| name.to_owned())),
        }
        any |= !names.is_empty();
        let unknown = names.iter().find(|name| !row.params.iter().any(|param| param.name == name.as_str()));
        if let Some(unknown) = unknown {
            let unknown: String = unknown.chars().take(60).collect();
            let known: Vec<&str> = row.params.iter().map(|param| param.name).collect();
            return deviates(
                "unknown-parameter",
                Level::May,
                format!(
                    "{} carries a parameter that the contract does not know, so it does nothing: {unknown:?}",
                    line(call)
                ),
                &if known.is_empty() { "no parameter".to_owned() } else { known.join(", ") },
                format!("{unknown:?}"),
            );
        }
    }
    if any { Judgement::Held } else { moot("the program sent no parameters") }
}

fn understood(seen: &Observation) -> Judgement {
    if seen.calls.is_empty() {
        return moot("the program made no request to the service");
    }
    let refused = |call: &&ClientCall| call.operation.is_some() && call.status == 400 && call.fault.is_none();
    let Some(call) = seen.calls.iter().find(refused) else { return Judgement::Held };
    // A suite may try on purpose what is refused, and be content.
    let level = if seen.claims_success() { Level::May } else { Level::Must };
    let answer: String = String::from_utf8_lossy(&call.answer_body).chars().take(200).collect();
    deviates(
        "not-understood",
        level,
        format!("{} was answered 400: {answer}", line(call)),
        "a request that the service can take",
        format!("400 {answer}"),
    )
}

fn known(seen: &Observation) -> Judgement {
    let below: Vec<&ClientCall> =
        seen.calls.iter().filter(|call| call.path().starts_with(&seen.given.prefix)).collect();
    // A slash too many is told of with the base address. Where a redirect leads is not the program's choice.
    let own = below.iter().take_while(|call| !(300..400).contains(&call.status));
    // Who the caller is comes before what it calls: a 401 says nothing about the path.
    let judged = |call: &&&ClientCall| !matches!(call.status, 0 | 401) && !call.path().contains("//");
    let unknown = own.filter(judged).find(|call| call.operation.is_none() && !is_routed(seen, call));
    match unknown {
        None if below.is_empty() => moot("the program made no request to the service"),
        None => Judgement::Held,
        Some(call) => deviates(
            "unknown-operation",
            Level::Should,
            format!("the contract does not know {}", line(call)),
            "a verb and a path of the contract",
            format!("{}, answered {}", line(call), call.status),
        ),
    }
}

/// Whether the contract knows verb and path, whoever calls.
fn is_routed(seen: &Observation, call: &ClientCall) -> bool {
    let below = call.path().strip_prefix(&seen.given.prefix).unwrap_or_default();
    let method = http::Method::from_bytes(call.method.as_bytes()).unwrap_or_default();
    method == http::Method::OPTIONS
        || (seen.service == Service::Chatwork
            && route::chatwork(&method, &format!("{}{below}", seen.service.mount())).is_some())
}

fn keeps_the_base(seen: &Observation) -> Judgement {
    if seen.calls.is_empty() {
        return moot("the program made no request to the service");
    }
    let mount = seen.service.mount();
    for call in &seen.calls {
        let path = call.path();
        let inside = path.starts_with(&seen.given.prefix);
        let without_mount = || {
            let method = http::Method::from_bytes(call.method.as_bytes()).unwrap_or_default();
            seen.service == Service::Chatwork && route::chatwork(&method, &format!("{mount}{path}")).is_some()
        };
        let found = if inside && path.contains("//") {
            Some(("double-slash", "has two slashes in a row"))
        } else if !inside && path.starts_with(mount) {
            Some(("prefix-dropped", "leaves out the path that the given address has before the contract's own"))
        } else if !inside && without_mount() {
            Some(("mount-dropped", "leaves out the path of the given address"))
        } else {
            None
        };
        if let Some((name, what)) = found {
            let message = format!("{} {what}", line(call));
            return deviates(name, Level::Should, message, &format!("{}/…", seen.given.prefix), line(call));
        }
    }
    Judgement::Held
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::checks::client::watched::*;
    use crate::checks::transcript::short;

    fn judged(judge: fn(&Observation) -> Judgement, call: ClientCall) -> String {
        let service = if call.target.starts_with("/chatday") { Service::Chatday } else { Service::Chatwork };
        short(&judge(&seen(service, "all-is-well", vec![call])))
    }

    #[test]
    fn json_for_a_form_and_a_form_without_its_type_fail() {
        let send = || send(Service::Chatwork, 0, "hello", 200);
        assert_eq!(judged(forms, send()), "held");
        assert_eq!(judged(forms, with_type(send(), "Application/X-WWW-Form-Urlencoded; charset=UTF-8")), "held");
        assert_eq!(judged(forms, with_type(send(), "")), "must form-without-its-type");
        assert_eq!(judged(forms, with_type(send(), "text/plain")), "should another-type-for-a-form");
        let json = ClientCall { body: Bytes::from(r#"{"body":"hello"}"#), ..send() };
        assert_eq!(judged(forms, with_type(json, "application/json")), "must json-for-a-form");
        assert_eq!(judged(forms, look(Service::Chatwork, 0, 200)), "moot");
    }

    #[test]
    fn a_message_to_chatday_is_a_declared_json_object() {
        let send = || send(Service::Chatday, 0, "hello", 200);
        assert_eq!(judged(objects, send()), "held");
        assert_eq!(
            judged(objects, with_type(send(), "application/x-www-form-urlencoded")),
            "should json-without-its-type"
        );
        assert_eq!(judged(objects, ClientCall { body: Bytes::from("[1]"), ..send() }), "should no-json-object");
        assert_eq!(judged(objects, look(Service::Chatday, 0, 200)), "moot");
    }

    #[test]
    fn a_query_on_post_and_an_override_are_warned_of_and_one_on_get_is_fine() {
        let post = |query: &str| {
            let mut call = send(Service::Chatwork, 0, "hello", 200);
            call.target += query;
            call
        };
        assert_eq!(judged(in_the_body, post("")), "held");
        assert_eq!(judged(in_the_body, post("?body=hello")), "should parameters-in-the-query");
        assert_eq!(judged(in_the_body, post("?method=PUT")), "should method-override");
        assert_eq!(judged(in_the_body, post("?traced=1")), "held");
        let list = call(Service::Chatwork, 0, "GET", "/rooms/7/messages?force=1", "get-messages", 200);
        assert_eq!(judged(in_the_body, list), "moot");
    }

    #[test]
    fn an_unknown_parameter_is_noted_wherever_it_stands() {
        let mut misspelt = send(Service::Chatwork, 0, "hello", 200);
        assert_eq!(judged(documented, misspelt.clone()), "held");
        misspelt.body = Bytes::from("body=x&self_unred=1");
        assert_eq!(judged(documented, misspelt), "may unknown-parameter");
        let list = call(Service::Chatwork, 0, "GET", "/rooms/7/messages?forced=1", "get-messages", 200);
        assert_eq!(judged(documented, list), "may unknown-parameter");
        assert_eq!(judged(documented, look(Service::Chatwork, 0, 200)), "moot");
    }

    #[test]
    fn a_request_that_the_service_cannot_take_fails_unless_it_is_on_purpose() {
        for service in Service::ALL {
            let watched = |status| seen(service, "all-is-well", vec![send(service, 0, "", status)]);
            let failed = crate::ask::observed::Ending::Exited(1);
            assert_eq!(short(&understood(&ended(watched(400), failed.clone()))), "must not-understood");
            assert_eq!(short(&understood(&watched(400))), "may not-understood");
            assert_eq!(short(&understood(&ended(watched(403), failed))), "held", "another matter");
            assert_eq!(short(&understood(&seen(service, "all-is-well", vec![]))), "moot");
        }
    }

    #[test]
    fn an_unknown_path_is_warned_of() {
        for service in Service::ALL {
            let mut call = look(service, 0, 404);
            assert_eq!(judged(known, call.clone()), "held");
            call.operation = None;
            call.target += "/x";
            assert_eq!(judged(known, call.clone()), "should unknown-operation");
            let nobody = ClientCall { status: 401, ..call.clone() };
            assert_eq!(judged(known, nobody), "held", "the path was not looked at");
            let redirected = look(service, 0, 302);
            assert_eq!(short(&known(&seen(service, "redirect-302", vec![redirected, call.clone()]))), "held");
            call.target = "/favicon.ico".to_owned();
            assert_eq!(short(&known(&seen(service, "all-is-well", vec![call]))), "moot");
        }
    }

    #[test]
    fn the_given_address_is_kept_with_its_own_path_and_one_slash() {
        let behind = |target: &str| {
            let mut call = look(Service::Chatwork, 0, 200);
            call.target = target.to_owned();
            let mut watched = seen(Service::Chatwork, "behind-a-gateway", vec![call]);
            watched.given.prefix = "/gateway/v2".to_owned();
            short(&keeps_the_base(&watched))
        };
        assert_eq!(behind("/gateway/v2/me"), "held");
        assert_eq!(behind("/gateway/v2//me"), "should double-slash");
        assert_eq!(behind("/v2/me"), "should prefix-dropped");
        assert_eq!(behind("/me"), "should mount-dropped");
        assert_eq!(behind("/favicon.ico"), "held");
        assert_eq!(short(&keeps_the_base(&seen(Service::Chatwork, "all-is-well", vec![]))), "moot");
    }
}
