//! Whom the token is shown, and how.

use contract::chatday::clauses as chatday_clauses;
use contract::chatwork::clauses as chatwork_clauses;
use contract::service::Service;

use super::look::{deviates, is_send, line, succeeded};
use super::{blank, chatday, moot};
use crate::ask::observed::{ClientCall, Observation};
use crate::check::{Area, Check, Level, Plan};
use crate::run::verdict::Judgement;

const IN_ITS_HEADER: Check = Check {
    area: Area::Credentials,
    level: Level::Must,
    title: "every request carries the token, once and as it is, in its header",
    rationale: "The service knows its callers by this header alone. Without it, or with two of them, every request is \
                refused.",
    hint: "Set the header X-ChatWorkToken: TOKEN in one place for all requests. Look for spaces, quotes and line ends \
           around the token where it is read, and for code that adds the header a second time.",
    plan: Plan::Scenarios { scenarios: &[], judge: in_its_header },
    ..blank(Service::Chatwork)
};

const NOWHERE_ELSE: Check = Check {
    area: Area::Credentials,
    level: Level::Must,
    title: "the token stands in no URL, no body and no other header",
    rationale: "URLs are written down by every proxy, server and browser on the way, and bodies and user agents by \
                many. Whoever reads such a log has the account.",
    hint: "Send the token in its own header only. Look for it in query strings, form fields, the user agent, the referrer, \
           cookies and a second authentication header.",
    plan: Plan::Scenarios { scenarios: &[], judge: nowhere_else },
    ..blank(Service::Chatwork)
};

const STAYS: Check = Check {
    area: Area::Credentials,
    level: Level::Must,
    title: "another host gets the token neither by a redirect nor by a link",
    rationale: "Libraries that follow redirects drop Authorization when the host changes, but seldom a header such as \
                X-ChatWorkToken: the host that is redirected to then has the account. So has whoever serves a picture \
                that is fetched with the headers of the API.",
    hint: "Switch the following of redirects off (redirect: 'error' or 'manual', allow_redirects=False, no -L), or set the \
           token's header only for requests whose scheme, host and port are the service's own.",
    plan: Plan::Scenarios { scenarios: &["redirect-elsewhere", "picture-elsewhere"], judge: stays },
    ..blank(Service::Chatwork)
};

const NOT_WRITTEN: Check = Check {
    area: Area::Credentials,
    level: Level::Must,
    title: "the token is not written to stdout or stderr, whatever goes wrong",
    rationale: "What a program writes ends up in logs, CI pages and bug reports. Exceptions that show the request with its \
                headers are the usual way there.",
    hint: "Mask the token before anything is logged: in the debug output of the HTTP library, in printed configurations, in \
           command lines, and in the text of exceptions that hold the request.",
    plan: Plan::Scenarios { scenarios: &[], judge: not_written },
    ..blank(Service::Chatwork)
};

const CERTIFICATES: Check = Check {
    area: Area::Credentials,
    level: Level::Must,
    title: "a server whose certificate does not fit gets no request",
    rationale: "A client that takes any certificate shows its token to whoever stands between it and the service.",
    hint: "Leave the verification on (no verify=False, -k, rejectUnauthorized: false, CURLOPT_SSL_VERIFYPEER 0). For a CA of \
           your own give the library its file instead.",
    plan: Plan::Scenarios {
        scenarios: &["unknown-ca", "expired-certificate", "certificate-of-another-host"],
        judge: refuses_certificates,
    },
    ..blank(Service::Chatwork)
};

/// Of clients of Chatwork, in report order.
pub const CHATWORK: &[Check] = &[
    Check {
        id: "chatwork.client.token-in-its-header",
        clauses: &[&chatwork_clauses::TOKEN_HEADER, &chatwork_clauses::TOKEN_ONCE],
        ..IN_ITS_HEADER
    },
    Check {
        id: "chatwork.client.token-nowhere-else",
        clauses: &[&chatwork_clauses::TOKEN_SECRET, &chatwork_clauses::TOKEN_NOT_IN_QUERY],
        ..NOWHERE_ELSE
    },
    Check { id: "chatwork.client.token-stays-with-its-host", clauses: &[&chatwork_clauses::TOKEN_SECRET], ..STAYS },
    Check { id: "chatwork.client.token-is-not-written", clauses: &[&chatwork_clauses::TOKEN_SECRET], ..NOT_WRITTEN },
    Check {
        id: "chatwork.client.wrong-certificates-are-refused",
        clauses: &[&chatwork_clauses::HTTPS_ONLY, &chatwork_clauses::TOKEN_SECRET],
        ..CERTIFICATES
    },
];

/// Of clients of Chatday, in report order.
pub const CHATDAY: &[Check] = &[
    chatday!(
        IN_ITS_HEADER,
        "chatday.client.token-in-its-header",
        &[&chatday_clauses::AUTHORIZATION, &chatday_clauses::AUTHORIZATION_HEADER_ONLY],
        rationale: "The service knows its callers by this header alone. Without it, with another scheme, or with the \
                    token twice, every request is refused.",
        hint: "Set the header Authorization: Bearer TOKEN in one place for all requests. Look for spaces, quotes and \
               line ends around the token where it is read, and for a library that adds an Authorization header of \
               its own."
    ),
    chatday!(
        NOWHERE_ELSE,
        "chatday.client.token-nowhere-else",
        &[&chatday_clauses::CLIENT_TOKEN_SECRET, &chatday_clauses::AUTHORIZATION]
    ),
    Check {
        plan: Plan::Scenarios { scenarios: &["redirect-elsewhere"], judge: stays },
        ..chatday!(
            STAYS,
            "chatday.client.token-stays-with-its-host",
            &[&chatday_clauses::CLIENT_TOKEN_SECRET],
            title: "another host does not get the token by a redirect",
            rationale: "Not every library that follows redirects drops Authorization when the host changes: the host \
                        that is redirected to then has the account."
        )
    },
    chatday!(NOT_WRITTEN, "chatday.client.token-is-not-written", &[&chatday_clauses::CLIENT_TOKEN_SECRET]),
    chatday!(
        CERTIFICATES,
        "chatday.client.wrong-certificates-are-refused",
        &[&chatday_clauses::HTTPS_ONLY, &chatday_clauses::CLIENT_TOKEN_SECRET]
    ),
];

/// Name of the header, and the value that it must have.
fn header_of(seen: &Observation) -> (&'static str, String) {
    match seen.service {
        Service::Chatwork => ("x-chatworktoken", seen.given.token.clone()),
        Service::Chatday => ("authorization", format!("Bearer {}", seen.given.token)),
    }
}

fn in_its_header(seen: &Observation) -> Judgement {
    if seen.scenario.ends_with("redirect-elsewhere") {
        return moot("whoever is sent to another host may leave the token out from then on");
    }
    let (name, wanted) = header_of(seen);
    let below = |call: &&ClientCall| call.path().starts_with(&seen.given.prefix) && call.method != "OPTIONS";
    let calls: Vec<&ClientCall> = seen.calls.iter().filter(below).collect();
    let faults: Vec<(&ClientCall, String)> =
        calls.iter().filter_map(|call| Some((*call, fault_of(call, name, &wanted)?))).collect();
    let Some((call, actual)) = faults.first() else {
        return if calls.is_empty() { moot("the program made no request to the service") } else { Judgement::Held };
    };
    // A suite may try on purpose what happens without a token, and shows that it knows how to do the same with one.
    let alike = |one: &ClientCall, other: &ClientCall| one.method == other.method && one.path() == other.path();
    let right = |call: &&&ClientCall| fault_of(call, name, &wanted).is_none();
    let on_purpose = |(faulty, _): &(&ClientCall, String)| calls.iter().filter(right).any(|call| alike(call, faulty));
    // One that lost it on the way from a failure to the next attempt did not mean to, unless it always does that.
    let after_failure = |(faulty, _): &(&ClientCall, String)| {
        let without =
            |own: &ClientCall| alike(own, faulty) && fault_of(own, name, &header_of(own_run(seen)).1).is_some();
        let always = seen.plain.as_deref().is_some_and(|plain| plain.calls.iter().any(without));
        !always && calls.iter().any(|call| call.at < faulty.at && !succeeded(call) && alike(call, faulty))
    };
    let level = match (faults.iter().all(on_purpose), faults.iter().any(after_failure)) {
        (true, false) => Level::May,
        (true, true) => Level::Should,
        (false, _) => Level::Must,
    };
    let message = format!(
        "{} of {} requests did not carry the token as the service reads it: {}",
        faults.len(),
        calls.len(),
        line(call)
    );
    deviates("token-not-in-its-header", level, message, &format!("one header {name} with the token"), actual.clone())
}

/// The run in which nothing went wrong, whose token is another one.
fn own_run(seen: &Observation) -> &Observation {
    seen.plain.as_deref().unwrap_or(seen)
}

fn fault_of(call: &ClientCall, name: &str, wanted: &str) -> Option<String> {
    let values: Vec<&[u8]> = call.header(name).collect();
    let bearer =
        |value: &[u8]| name == "authorization" && value.get(..7).is_some_and(|s| s.eq_ignore_ascii_case(b"bearer "));
    match values[..] {
        [] => Some(format!("no header {name}")),
        [value] if value == wanted.as_bytes() => None,
        // The scheme's case does not matter.
        [value] if bearer(value) && value.get(7..) == wanted.as_bytes().get(7..) => None,
        [value] if contains(value, wanted.trim_start_matches("Bearer ")) => {
            Some(format!("one header {name} that holds the token and more, or another scheme"))
        }
        [_] => Some(format!("one header {name} without the token that was given")),
        [..] => Some(format!("{} headers {name}", values.len())),
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    !text.is_empty() && bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// Where a request shows a secret outside of its own header.
fn shown_in(call: &ClientCall, secret: &str, own_header: &str) -> Option<String> {
    let encoded: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let holds = |bytes: &[u8]| contains(bytes, secret) || contains(bytes, &encoded);
    if holds(call.target.as_bytes()) {
        return Some("the URL".to_owned());
    }
    if holds(&call.body) {
        return Some("the body".to_owned());
    }
    let other = call.headers.iter().find(|(name, value)| !name.eq_ignore_ascii_case(own_header) && holds(value));
    other.map(|(name, _)| format!("the header {}", name.to_ascii_lowercase()))
}

fn nowhere_else(seen: &Observation) -> Judgement {
    if seen.calls.is_empty() {
        return moot("the program made no request to the service");
    }
    let (own, _) = header_of(seen);
    let shown = |call: &ClientCall| {
        let token = shown_in(call, &seen.given.token, own).map(|place| ("the token", place));
        token.or_else(|| {
            seen.given.secrets.iter().find_map(|secret| Some(("the signature token", shown_in(call, secret, "")?)))
        })
    };
    match seen.calls.iter().find_map(|call| Some((call, shown(call)?))) {
        None => Judgement::Held,
        Some((call, (what, place))) => deviates(
            "token-elsewhere",
            Level::Must,
            format!("{what} stands in {place} of {} (what is shown of it is masked)", call.method),
            &format!("the token in the header {own} alone, the signature token nowhere"),
            format!("{what} in {place}"),
        ),
    }
}

fn stays(seen: &Observation) -> Judgement {
    let linked = seen.scenario.ends_with("picture-elsewhere");
    if linked && seen.strays.is_empty() {
        return moot("the program fetched nothing from the other host");
    }
    if !linked && !seen.calls.iter().any(|call| (300..400).contains(&call.status)) {
        return moot("the program made no request that was redirected");
    }
    let secrets = || std::iter::once(&seen.given.token).chain(&seen.given.secrets);
    let shown = seen.strays.iter().find_map(|call| secrets().find_map(|secret| shown_in(call, secret, "")));
    match shown {
        None => Judgement::Held,
        Some(place) => deviates(
            "token-shown-to-another-host",
            Level::Must,
            format!(
                "the service {} another host, and the program sent that host its token in {place}",
                if linked { "named a picture on" } else { "redirected to" }
            ),
            "no request to the other host, or one without the token",
            format!("a request to the other host with the token in {place}"),
        ),
    }
}

fn not_written(seen: &Observation) -> Judgement {
    for (stream, written) in [("stdout", &seen.stdout), ("stderr", &seen.stderr)] {
        if contains(written, &seen.given.token) {
            return deviates(
                "token-written",
                Level::Must,
                format!("the token stands in what the program wrote to {stream}"),
                "no token in what is written",
                format!("the token in {stream} (masked in this report)"),
            );
        }
    }
    // A program may be there to show the signature token, and nothing else; but never among its errors.
    let sends = seen.calls.iter().any(is_send);
    let streams = [("stderr", &seen.stderr, Level::Must), ("stdout", &seen.stdout, Level::Should)];
    for (stream, written, level) in streams {
        let shown = seen.given.secrets.iter().any(|secret| contains(written, secret));
        if shown && (stream == "stderr" || sends) {
            return deviates(
                "signature-token-written",
                level,
                format!("the signature token stands in what the program wrote to {stream}"),
                "no signature token in what is written along with other work",
                format!("the signature token in {stream} (masked in this report)"),
            );
        }
    }
    Judgement::Held
}

fn refuses_certificates(seen: &Observation) -> Judgement {
    let Some(call) = seen.calls.first() else {
        return if seen.refused_handshakes > 0 {
            Judgement::Held
        } else {
            moot("the program opened no TLS connection to the service")
        };
    };
    deviates(
        "certificate-not-checked",
        Level::Must,
        format!("a server whose certificate does not fit got a request: {}", line(call)),
        "the connection is broken off before any request",
        format!("{} requests", seen.calls.len()),
    )
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::checks::client::watched::*;
    use crate::checks::transcript::short;

    #[test]
    fn a_token_that_is_missing_doubled_padded_or_under_another_scheme_is_seen() {
        for service in Service::ALL {
            let judged = |change: fn(&mut ClientCall)| {
                let mut call = look(service, 0, 200);
                change(&mut call);
                short(&in_its_header(&seen(service, "all-is-well", vec![call])))
            };
            assert_eq!(judged(|_| ()), "held");
            assert_eq!(judged(|call| call.headers.truncate(1)), "must token-not-in-its-header");
            assert_eq!(judged(|call| call.headers.push(call.headers[1].clone())), "must token-not-in-its-header");
            assert_eq!(
                judged(|call| call.headers[1].1 = Bytes::from(format!("Basic {TOKEN}"))),
                "must token-not-in-its-header"
            );
            assert_eq!(judged(|call| call.headers[1].1 = Bytes::from("another")), "must token-not-in-its-header");
            assert_eq!(judged(|call| call.headers[1].0 = call.headers[1].0.to_uppercase()), "held");
        }
        let nobody = seen(Service::Chatwork, "all-is-well", vec![]);
        assert_eq!(short(&in_its_header(&nobody)), "moot");
    }

    #[test]
    fn one_request_without_a_token_among_others_may_be_on_purpose() {
        let mut without = look(Service::Chatwork, 0, 401);
        without.headers.truncate(1);
        let suite = seen(Service::Chatwork, "all-is-well", vec![without.clone(), look(Service::Chatwork, 20, 200)]);
        assert_eq!(short(&in_its_header(&suite)), "may token-not-in-its-header");
        let calls = vec![
            look(Service::Chatwork, 0, 503),
            ClientCall { at: ms(20), ..without.clone() },
            look(Service::Chatwork, 40, 200),
        ];
        let lost = seen(Service::Chatwork, "all-is-well", calls);
        assert_eq!(short(&in_its_header(&lost)), "should token-not-in-its-header", "on the way to the next attempt");
        let mut always = lost;
        always.plain = Some(suite.into());
        assert_eq!(short(&in_its_header(&always)), "may token-not-in-its-header", "it does that where all is well too");
        let reads = seen(Service::Chatwork, "all-is-well", vec![without, send(Service::Chatwork, 20, "hello", 200)]);
        assert_eq!(short(&in_its_header(&reads)), "must token-not-in-its-header", "it never reads with the token");
    }

    #[test]
    fn the_scheme_may_be_written_in_any_case() {
        let mut call = look(Service::Chatday, 0, 200);
        call.headers[1].1 = Bytes::from(format!("bearer {TOKEN}"));
        assert_eq!(short(&in_its_header(&seen(Service::Chatday, "all-is-well", vec![call]))), "held");
    }

    #[test]
    fn a_token_in_url_body_or_another_header_is_seen() {
        for service in Service::ALL {
            let judged = |change: fn(&mut ClientCall)| {
                let mut call = send(service, 0, "hello", 200);
                change(&mut call);
                short(&nowhere_else(&seen(service, "all-is-well", vec![call])))
            };
            assert_eq!(judged(|_| ()), "held");
            assert_eq!(judged(|call| call.target += &format!("?token={TOKEN}")), "must token-elsewhere");
            assert_eq!(judged(|call| call.body = Bytes::from(format!("a={TOKEN}"))), "must token-elsewhere");
            assert_eq!(
                judged(|call| call.headers.push(("User-Agent".into(), Bytes::from(TOKEN)))),
                "must token-elsewhere"
            );
            assert_eq!(judged(|call| call.body = Bytes::from(SIGNATURE)), "must token-elsewhere");
        }
        assert_eq!(short(&nowhere_else(&seen(Service::Chatwork, "all-is-well", vec![]))), "moot");
    }

    #[test]
    fn a_redirect_may_be_followed_but_not_with_the_token() {
        for service in Service::ALL {
            let mut watched = seen(service, "redirect-elsewhere", vec![met("redirect", look(service, 0, 302))]);
            assert_eq!(short(&stays(&watched)), "held", "not followed");
            watched.strays = vec![look(service, 5, 200)];
            assert_eq!(short(&stays(&watched)), "must token-shown-to-another-host");
            watched.strays[0].headers.truncate(1);
            assert_eq!(short(&stays(&watched)), "held", "followed without the token");
            assert_eq!(short(&stays(&seen(service, "redirect-elsewhere", vec![]))), "moot");
            let mut linked = seen(service, "picture-elsewhere", vec![met("picture", look(service, 0, 200))]);
            assert_eq!(short(&stays(&linked)), "moot", "it did not want the picture");
            linked.strays = vec![look(service, 5, 200)];
            assert_eq!(short(&stays(&linked)), "must token-shown-to-another-host");
        }
    }

    #[test]
    fn a_token_in_the_output_is_seen_and_so_is_a_signature_token_beside_other_work() {
        let mut watched = seen(Service::Chatday, "all-is-well", vec![]);
        watched.stdout = Bytes::from(format!("registered: {SIGNATURE}\n"));
        assert_eq!(short(&not_written(&watched)), "held", "it may be there to show it");
        watched.calls.push(send(Service::Chatday, 0, "hello", 200));
        assert_eq!(short(&not_written(&watched)), "should signature-token-written");
        watched.stderr = Bytes::from(format!("debug: {SIGNATURE}\n"));
        assert_eq!(short(&not_written(&watched)), "must signature-token-written");
        watched.stderr = Bytes::from(format!("headers: {{'Authorization': 'Bearer {TOKEN}'}}"));
        assert_eq!(short(&not_written(&watched)), "must token-written");
    }

    #[test]
    fn any_request_to_a_server_with_a_wrong_certificate_is_one_too_many() {
        let mut watched = seen(Service::Chatwork, "unknown-ca", vec![]);
        assert_eq!(short(&refuses_certificates(&watched)), "moot");
        watched.refused_handshakes = 1;
        assert_eq!(short(&refuses_certificates(&watched)), "held");
        watched.calls.push(look(Service::Chatwork, 0, 200));
        assert_eq!(short(&refuses_certificates(&watched)), "must certificate-not-checked");
    }
}
