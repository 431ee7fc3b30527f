//! What happens to clients of Chatday.

use std::time::Duration;

use contract::service::Service;
use mock_server::control::Certificate;

use super::happening;
use crate::client::scenario::{Edit, Scenario, Way};

/// In the order in which they are listed.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "chatday.all-is-well",
        story: "Nothing goes wrong. A good client does what it is for, shows its token to nobody else, and ends with status 0.",

        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.not-registered-yet",
        story: "The token has never been registered. A good client registers before it sends, or ends with another status than 0.",
        world: Some(happening::not_registered),
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.wrong-token",
        story: "Every request is answered 401. A good client stops at once and ends with another status than 0.",
        faults: happening::wrong_token,
        time: Duration::from_secs(20),
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.refused-400",
        story: "Whatever changes something is answered 400. A good client repeats nothing and ends with another status than 0.",
        faults: happening::refused_400,
        time: Duration::from_secs(20),
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.refused-404",
        story: "Whatever changes something is answered 404. A good client repeats nothing and ends with another status than 0.",
        faults: happening::refused_404,
        time: Duration::from_secs(20),
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.server-errors",
        story: "Every request is answered 500. A good client gives up after a few attempts and ends with another status than 0.",
        faults: happening::server_errors,
        time: Duration::from_secs(30),
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.limit-resets-soon",
        story: "The first request is answered 429, with a reset in at most four seconds. A good client asks again after that, or ends with another status than 0.",
        faults: happening::limit_resets_soon,
        time: Duration::from_secs(20),
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.headers-in-title-case",
        story: "The first request is answered 429, with a reset in at most four seconds, and the names of the headers \
                are written Like-This. A good client finds them and asks again after the reset, or ends with another \
                status than 0.",
        faults: happening::limit_resets_soon,
        edits: &[Edit::TitleCaseHeaders],
        time: Duration::from_secs(20),
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.limited-in-the-middle",
        story: "The third message is answered 429, with a reset in two seconds. A good client sends it again and goes on, or ends with another status than 0.",
        faults: happening::limited_in_the_middle,
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.always-limited",
        story: "Every request is answered 429, with a reset in a second each time. A good client gives up after a few attempts.",
        faults: happening::always_limited,
        time: Duration::from_secs(30),
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.reset-far-away",
        story: "Ten requests are answered 429 with a reset in five minutes. A good client waits or gives up.",
        faults: happening::reset_far_away,
        time: Duration::from_secs(12),
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.reset-missing",
        story: "Ten requests are answered 429 without a word about the reset. A good client leaves a pause between attempts, or gives up.",
        faults: happening::reset_missing,
        time: Duration::from_secs(12),
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.reset-garbled",
        story: "Ten requests are answered 429 with a reset that is no number. A good client leaves a pause between attempts, or gives up.",
        faults: happening::reset_garbled,
        time: Duration::from_secs(12),
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.unavailable-for-seconds",
        story: "The first request is answered 503 with Retry-After: 2. A good client waits that long, or ends with another status than 0.",
        faults: happening::unavailable_for_seconds,
        time: Duration::from_secs(20),
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.unavailable-until-a-date",
        story: "The first request is answered 503 with a date in Retry-After. A good client waits until then, or ends with another status than 0.",
        faults: happening::unavailable_until_a_date,
        time: Duration::from_secs(20),
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.lost-answer",
        story: "The first message is stored, and the connection closes without an answer. A good client does not write it twice.",
        faults: happening::lost_answer,
        time: Duration::from_secs(30),
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.late-answer",
        story: "The first message is stored, and its answer takes longer than most clients wait. A good client does not write it twice.",
        faults: happening::late_answer,
        time: Duration::from_secs(50),
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.connection-reset",
        story: "The connection of the first message is reset before it is read. A good client sends it again, or ends with another status than 0.",
        faults: happening::connection_reset,
        time: Duration::from_secs(30),
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.cut-answer",
        story: "The answer to the first message breaks off in the middle. A good client does not hang.",
        faults: happening::cut_answer,
        time: Duration::from_secs(30),
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.html-error",
        story: "Every request is answered 502 with a page for people. A good client ends with another status than 0.",
        faults: happening::html_error,
        time: Duration::from_secs(30),
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.no-http",
        story: "Every request is answered with bytes that are no HTTP. A good client ends with another status than 0.",
        faults: happening::no_http,
        time: Duration::from_secs(30),
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.silence",
        story: "The first request is never answered. A good client gives up after half a minute at most.",
        faults: happening::silence,
        time: Duration::from_secs(40),
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.slow-answers",
        story: "Answers to messages take their time. A good client waits for all of them before it ends.",
        faults: happening::slow_answers,
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.redirect-301",
        story: "The first message is redirected with 301 to where it should go. A good client sends it there whole, or ends with another status than 0.",
        faults: happening::redirect_301,
        time: Duration::from_secs(20),
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.redirect-302",
        story: "The first message is redirected with 302 to where it should go. A good client sends it there whole, or ends with another status than 0.",
        faults: happening::redirect_302,
        time: Duration::from_secs(20),
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.redirect-303",
        story: "The first message is redirected with 303, which asks for a GET. A good client does not take that for a success.",
        faults: happening::redirect_303,
        time: Duration::from_secs(20),
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.redirect-307",
        story: "The first message is redirected with 307, which keeps verb and body. A good client sends it there whole, or ends with another status than 0.",
        faults: happening::redirect_307,
        time: Duration::from_secs(20),
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.redirect-308",
        story: "The first message is redirected with 308, which keeps verb and body. A good client sends it there whole, or ends with another status than 0.",
        faults: happening::redirect_308,
        time: Duration::from_secs(20),
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.redirect-elsewhere",
        story: "The first requests are redirected to another host. A good client does not show its token there.",
        faults: happening::redirect_elsewhere,
        other_host: true,
        time: Duration::from_secs(20),
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.text-with-reserved-characters",
        story: "Nothing goes wrong, and the text on offer is full of characters that mean something in a body. A client that sends it sends it whole.",
        text: happening::text_with_reserved_characters,
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.text-in-many-scripts",
        story: "Nothing goes wrong, and the text on offer is in many scripts. A client that sends it sends it whole.",
        text: happening::text_in_many_scripts,
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.text-with-line-ends",
        story: "Nothing goes wrong, and the text on offer has line ends of every kind and spaces around it. A client that sends it sends it whole.",
        text: happening::text_with_line_ends,
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.text-of-any-kind",
        story: "Nothing goes wrong, and the text on offer is made of anything that people write, as the run's seed decides. A client that sends it sends it whole.",
        text: happening::text_of_any_kind,
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.richer-answers",
        story: "Answers hold fields and words that the contract does not know. A good client does what it always does.",
        edits: &[Edit::AdditiveFields, Edit::UnknownValues],
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.compressed-answers",
        story: "Answers are compressed for whoever asks for that. A good client does what it always does.",
        edits: &[Edit::Gzip],
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.large-ids",
        story: "The chat's id is a text of digits that no float keeps. A good client hands it on as it is.",
        world: Some(happening::large_chat_ids),
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.connections-close-when-idle",
        story: "Each connection closes without warning when an answer is out. A good client goes on with a new one.",
        closes_idle: true,
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.behind-a-gateway",
        story: "The address has a path before the contract's own. A good client keeps it.",
        prefix: "/gateway",
        way: Way::Address,
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.unknown-ca",
        story: "The server's certificate comes from a CA that nobody knows. A good client sends nothing.",
        certificate: Certificate::UnknownCa,
        way: Way::Intercept,
        time: Duration::from_secs(20),
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.expired-certificate",
        story: "The server's certificate is out of date. A good client sends nothing.",
        certificate: Certificate::Expired,
        way: Way::Intercept,
        time: Duration::from_secs(20),
        ..Scenario::blank(Service::Chatday)
    },
    Scenario {
        name: "chatday.certificate-of-another-host",
        story: "The server's certificate names another host. A good client sends nothing.",
        certificate: Certificate::WrongName,
        way: Way::Intercept,
        time: Duration::from_secs(20),
        ..Scenario::blank(Service::Chatday)
    },
];
