//! The headers of an answer: content type and limits.

use http::header::CONTENT_TYPE;
use http::{HeaderName, StatusCode};

use super::{Strictness, Violation};
use crate::chatwork::clauses as c;
use crate::wire::{Response, header};

const RATE_HEADERS: [HeaderName; 3] = [header::RATE_LIMIT, header::RATE_REMAINING, header::RATE_RESET];

pub(super) fn judge(response: &Response, strictness: Strictness, found: &mut Vec<Violation>) {
    content_type(response, found);
    if response.status() == StatusCode::UNAUTHORIZED {
        if let Some(name) = RATE_HEADERS.iter().find(|name| response.headers().contains_key(*name)) {
            found.push(Violation::new(
                &c::NO_RATE_HEADERS_ON_401,
                name.as_str(),
                "no such header on 401",
                "it is there",
            ));
        }
    } else if !strictness.without_account_limit {
        rate(response, found);
    }
}

fn content_type(response: &Response, found: &mut Vec<Violation>) {
    let media_type = header::media_type(response.headers());
    let place = CONTENT_TYPE.as_str();
    match (response.status(), media_type) {
        (StatusCode::NO_CONTENT, None) => {}
        (StatusCode::NO_CONTENT, Some(other)) => {
            found.push(Violation::new(&c::NO_CONTENT, place, "no content type on 204", other));
        }
        (_, Some(json)) if json == "application/json" => {}
        (_, other) => {
            let actual = other.unwrap_or_else(|| "none".to_owned());
            found.push(Violation::new(&c::JSON_BODY, place, "application/json", actual));
        }
    }
}

fn rate(response: &Response, found: &mut Vec<Violation>) {
    let mut numbers = [0_u64; 3];
    for (name, number) in RATE_HEADERS.iter().zip(&mut numbers) {
        let mut values = response.headers().get_all(name).iter();
        let text = values.next().and_then(|value| value.to_str().ok());
        match text.and_then(|text| text.parse().ok()) {
            Some(parsed) if values.next().is_none() => *number = parsed,
            _ => {
                let actual = text.unwrap_or("nothing");
                found.push(Violation::new(&c::RATE_HEADERS, name.as_str(), "exactly one integer", actual));
                return;
            }
        }
    }
    let [limit, remaining, _] = numbers;
    if remaining > limit {
        let expected = format!("at most the limit of {limit}");
        found.push(Violation::new(&c::RATE_HEADERS, RATE_HEADERS[1].as_str(), expected, remaining.to_string()));
    }
}
