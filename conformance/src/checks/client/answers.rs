//! How answers are read: those that are right, but not as the program knows them.

use contract::chatday::clauses as chatday_clauses;
use contract::chatwork::clauses as chatwork_clauses;
use contract::service::Service;

use super::look::{deviates, ending, line, plain, timed_out};
use super::{blank, chatday, moot};
use crate::ask::observed::{ClientCall, Observation};
use crate::check::{Area, Check, Level, Plan};
use crate::run::verdict::Judgement;

const RICHER: Check = Check {
    area: Area::Answers,
    title: "new fields and words in an answer do not stop the program",
    rationale: "Services add fields and words to their answers without a new version. A client that refuses what it does not \
                know stops on the day when that happens, everywhere at once.",
    hint: "Ignore unknown fields (no deny_unknown_fields, additionalProperties: false, FAIL_ON_UNKNOWN_PROPERTIES) and keep \
           unknown words as text.",
    plan: Plan::Scenarios { scenarios: &["richer-answers"], judge: reads_as_usual },
    ..blank(Service::Chatwork)
};

const COMPRESSED: Check = Check {
    area: Area::Answers,
    title: "a compressed answer is read, if the request asked for compression",
    rationale: "A client that sends Accept-Encoding: gzip without unpacking finds bytes where it expects JSON as soon as a \
                proxy compresses.",
    hint: "Leave Accept-Encoding to the library, which then unpacks too; in curl use --compressed instead of a header.",
    plan: Plan::Scenarios { scenarios: &["compressed-answers"], judge: reads_compressed },
    ..blank(Service::Chatwork)
};

const IDS: Check = Check {
    area: Area::Answers,
    level: Level::Must,
    title: "large ids are sent back exactly as they came",
    rationale: "Ids can be larger than 32 bits, and message ids larger than the 53 bits of a float. One that is read \
                as a number of the wrong size comes back as another id: the wrong room, or none.",
    hint: "Keep ids as text wherever they come as text, and as 64-bit integers elsewhere: no float, int32, parseInt, Number or \
           %d of a 32-bit type on the way from one answer to the next path.",
    plan: Plan::Scenarios { scenarios: &["large-ids"], judge: keeps_ids },
    ..blank(Service::Chatwork)
};

/// Of clients of Chatwork, in report order.
pub const CHATWORK: &[Check] = &[
    Check { id: "chatwork.client.new-fields-are-read", clauses: &[&chatwork_clauses::OPEN_ENDED_ANSWERS], ..RICHER },
    Check {
        id: "chatwork.client.compressed-answers-are-read",
        clauses: &[&chatwork_clauses::OPEN_ENDED_ANSWERS],
        ..COMPRESSED
    },
    Check {
        id: "chatwork.client.empty-lists-are-read",
        area: Area::Answers,
        level: Level::Must,
        title: "204 without a body is read as an empty list",
        rationale: "A list without entries is answered 204, with neither body nor Content-Type: a program that parses JSON \
                    without a look at the status fails on the first quiet day.",
        hint: "Look at the status first: with 204 the list is empty and there is nothing to parse.",
        clauses: &[&chatwork_clauses::EMPTY_LIST, &chatwork_clauses::NO_CONTENT],
        plan: Plan::Scenarios { scenarios: &["empty-account"], judge: reads_empty_lists },
        ..blank(Service::Chatwork)
    },
    Check { id: "chatwork.client.large-ids-come-back", clauses: &[&chatwork_clauses::IDS], ..IDS },
];

/// Of clients of Chatday, in report order.
pub const CHATDAY: &[Check] = &[
    chatday!(RICHER, "chatday.client.new-fields-are-read", &[&chatday_clauses::CLIENT_OPEN_ENDED_ANSWERS]),
    chatday!(COMPRESSED, "chatday.client.compressed-answers-are-read", &[&chatday_clauses::CLIENT_OPEN_ENDED_ANSWERS]),
    chatday!(
        IDS,
        "chatday.client.large-ids-come-back",
        &[&chatday_clauses::CHAT_ID_KIND],
        rationale: "The id of a chat can have more digits than a float keeps. One that is read as a number comes back \
                    as another id: the wrong chat, or none.",
        hint: "Keep the chat's id as text wherever it comes as text: no float, int32, parseInt or Number on the way \
               to the next request."
    ),
];

/// How a run differs from the one in which nothing was otherwise: a name, and what happened.
fn difference(seen: &Observation, plain: &Observation) -> Option<(&'static str, String)> {
    if timed_out(seen) {
        return Some(("hangs", ending(seen)));
    }
    if !seen.claims_success() {
        return Some(("stops", ending(seen)));
    }
    let (now, usually) = (seen.stored.len(), plain.stored.len());
    (now < usually).then(|| ("does-less", format!("it wrote {now} messages instead of {usually}")))
}

fn reads_as_usual(seen: &Observation) -> Judgement {
    let plain = match plain(seen) {
        Ok(plain) => plain,
        Err(why) => return moot(why),
    };
    if !seen.calls.iter().any(|call| !call.answer_body.is_empty()) {
        return moot("the program got no answer with a body");
    }
    match difference(seen, plain) {
        None => Judgement::Held,
        Some((name, what)) => deviates(
            name,
            Level::Should,
            format!(
                "with unknown fields and words in the answers the program does not do what it does otherwise: {what}"
            ),
            "the same end as where nothing is new",
            what,
        ),
    }
}

fn reads_compressed(seen: &Observation) -> Judgement {
    let plain = match plain(seen) {
        Ok(plain) => plain,
        Err(why) => return moot(why),
    };
    let compressed = |call: &&ClientCall| call.answer_header("content-encoding").is_some();
    if !seen.calls.iter().any(|call| compressed(&call)) {
        return moot("the program does not ask for compressed answers");
    }
    match difference(seen, plain) {
        None => Judgement::Held,
        Some((name, what)) => deviates(
            name,
            Level::Should,
            format!("the program asked for gzip, and with it does not do what it does otherwise: {what}"),
            "the same end as without compression",
            what,
        ),
    }
}

fn reads_empty_lists(seen: &Observation) -> Judgement {
    let plain = match plain(seen) {
        Ok(plain) => plain,
        Err(why) => return moot(why),
    };
    let lists = |call: &&ClientCall| call.method == "GET" && call.status == 204;
    let Some(call) = seen.calls.iter().find(lists) else {
        return moot("the program asked for no list that was empty");
    };
    let Some((name, what)) = difference(seen, plain) else { return Judgement::Held };
    // A program may need an entry and say so. One that fell over the missing JSON shows it in its words.
    let written = String::from_utf8_lossy(&[&seen.stdout[..], &seen.stderr[..]].concat()).into_owned();
    let word = PARSER_WORDS.into_iter().find(|word| written.contains(word));
    let level = if word.is_some() { Level::Must } else { Level::Should };
    deviates(
        name,
        level,
        format!("after {} was answered 204 the program does not do what it does otherwise: {what}", line(call)),
        "an empty list, and the same end as with entries",
        word.map_or_else(|| what.clone(), |word| format!("{what}, with '{word}' in what it wrote")),
    )
}

/// What JSON parsers of common languages say about nothing.
const PARSER_WORDS: [&str; 13] = [
    "JSONDecodeError",
    "Expecting value",
    "Unexpected end of JSON input",
    "SyntaxError",
    "unexpected end of JSON input",
    "EOF while parsing",
    "JsonException",
    "JsonParseException",
    "JSON::ParserError",
    "Syntax error",
    "unexpected token",
    "NoneType",
    "null given",
];

fn keeps_ids(seen: &Observation) -> Judgement {
    let plain = match plain(seen) {
        Ok(plain) => plain,
        Err(why) => return moot(why),
    };
    let place = seen.given.place.as_str();
    // A path may hold an id; Chatday's chat stands in the body.
    let names_place = |call: &&ClientCall| {
        call.path().split('/').skip(2).any(|part| part.bytes().all(|byte| byte.is_ascii_digit()) && !part.is_empty())
            || (seen.service == Service::Chatday && !call.body.is_empty())
    };
    if !seen.calls.iter().any(|call| names_place(&call)) {
        return moot("the program made no request that names an id");
    }
    let refused = |call: &ClientCall| matches!(call.status, 400 | 403 | 404);
    let usual =
        |call: &ClientCall| plain.calls.iter().any(|own| own.status == call.status && own.operation == call.operation);
    let changed = seen.calls.iter().find(|call| refused(call) && !usual(call));
    let Some(call) = changed else {
        // Where all was taken, what is stored lies in the room that was given, or in one that the program chose.
        return Judgement::Held;
    };
    let relation = call.path().split('/').find_map(|part| relation(place, part));
    deviates(
        "id-changed",
        Level::Must,
        format!(
            "with large ids {} is refused, which it is not with small ones{}",
            line(call),
            relation.map_or_else(String::new, |how| format!(": the id is what {how} makes of {place}"))
        ),
        "every id as the service gave it",
        format!("{}, answered {}", line(call), call.status),
    )
}

/// How a wrong id came from the right one, where that can be told.
fn relation(right: &str, wrong: &str) -> Option<&'static str> {
    let number: u64 = right.parse().ok()?;
    if wrong == right || wrong.is_empty() {
        return None;
    }
    let low = (number & 0xffff_ffff).to_string();
    let signed = i64::from((number & 0xffff_ffff) as u32 as i32).to_string();
    #[expect(clippy::cast_precision_loss, reason = "the loss is what is looked for")]
    let double = format!("{:.0}", number as f64);
    #[expect(clippy::cast_precision_loss, reason = "the loss is what is looked for")]
    let single = format!("{:.0}", number as f32);
    match wrong {
        _ if wrong == low || wrong == signed => Some("32 bits"),
        "2147483647" | "4294967295" | "-2147483648" => Some("the largest number of 32 bits"),
        _ if wrong == double => Some("a float of 64 bits"),
        _ if wrong == single => Some("a float of 32 bits"),
        _ if wrong.contains(['e', 'E', '.']) && wrong.starts_with(|first: char| first.is_ascii_digit()) => {
            Some("a float")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::ask::observed::Ending;
    use crate::checks::client::watched::*;
    use crate::checks::transcript::short;

    fn with_answers(service: Service) -> Observation {
        let mut call = send(service, 0, "hello", 200);
        call.answer_body = Bytes::from("{}");
        usually(seen(service, "richer-answers", vec![call]), &["hello"])
    }

    #[test]
    fn a_program_that_new_fields_stop_is_warned_of() {
        for service in Service::ALL {
            assert_eq!(short(&reads_as_usual(&with_answers(service))), "held");
            assert_eq!(short(&reads_as_usual(&ended(with_answers(service), Ending::Exited(1)))), "should stops");
            assert_eq!(short(&reads_as_usual(&ended(with_answers(service), Ending::TimedOut))), "should hangs");
            let mut less = with_answers(service);
            less.stored.clear();
            assert_eq!(short(&reads_as_usual(&less)), "should does-less");
        }
    }

    #[test]
    fn nothing_is_compared_with_a_plain_run_that_failed_or_is_missing() {
        let mut watched = with_answers(Service::Chatwork);
        let failed = ended((**watched.plain.as_ref().unwrap()).clone(), Ending::Exited(1));
        watched.plain = Some(failed.into());
        assert_eq!(short(&reads_as_usual(&watched)), "moot");
        watched.plain = None;
        assert_eq!(short(&reads_as_usual(&watched)), "moot");
    }

    #[test]
    fn who_does_not_ask_for_gzip_is_not_judged_by_it() {
        let mut watched = ended(with_answers(Service::Chatday), Ending::Exited(1));
        assert_eq!(short(&reads_compressed(&watched)), "moot");
        watched.calls[0] = answered(watched.calls[0].clone(), "content-encoding", "gzip");
        assert_eq!(short(&reads_compressed(&watched)), "should stops");
        assert_eq!(short(&reads_compressed(&ended(watched, Ending::Exited(0)))), "held");
    }

    #[test]
    fn a_crash_on_204_fails_and_another_end_is_warned_of() {
        let list = |status| call(Service::Chatwork, 0, "GET", "/rooms/7/messages", "get-messages", status);
        let watched = |status| usually(seen(Service::Chatwork, "empty-account", vec![list(status)]), &[]);
        assert_eq!(short(&reads_empty_lists(&watched(204))), "held");
        assert_eq!(short(&reads_empty_lists(&watched(200))), "moot");
        let mut stopped = ended(watched(204), Ending::Exited(1));
        assert_eq!(short(&reads_empty_lists(&stopped)), "should stops");
        stopped.stderr = Bytes::from("json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)");
        assert_eq!(short(&reads_empty_lists(&stopped)), "must stops");
    }

    #[test]
    fn an_id_that_lost_digits_is_seen_by_its_refusal() {
        let room = |path: &str, status| {
            let mut watched = seen(
                Service::Chatwork,
                "large-ids",
                vec![call(Service::Chatwork, 0, "POST", path, "post-messages", status)],
            );
            watched.given.place = "8589939593".to_owned();
            usually(watched, &["hello"])
        };
        assert_eq!(short(&keeps_ids(&room("/rooms/8589939593/messages", 200))), "held");
        let lost = keeps_ids(&room("/rooms/5001/messages", 403));
        assert_eq!(short(&lost), "must id-changed");
        let message = &lost.deviation().unwrap().message;
        assert!(message.ends_with("the id is what 32 bits makes of 8589939593"), "{message}");
        assert_eq!(short(&keeps_ids(&usually(seen(Service::Chatwork, "large-ids", vec![]), &[]))), "moot");
    }

    #[test]
    fn how_an_id_was_lost_is_recognised() {
        assert_eq!(relation("8589939593", "8589939593"), None);
        assert_eq!(relation("8589939593", "2147483647"), Some("the largest number of 32 bits"));
        assert_eq!(relation("9007199254740993", "9007199254740992"), Some("a float of 64 bits"));
        assert_eq!(relation("8589939593", "8589939712"), Some("a float of 32 bits"));
        assert_eq!(relation("8589939593", "8.589939593e+09"), Some("a float"));
    }
}
