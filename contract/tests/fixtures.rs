//! The fixtures of Chatwork hold the contract to the documents: bodies typed in from them must fit the shapes, and every
//! file must belong to something.

#![expect(clippy::disallowed_methods, reason = "a test reads the fixtures; only the crate itself does no I/O")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use contract::chatwork::endpoints::ENDPOINTS;
use contract::chatwork::errors::{ApiError, Denied};
use contract::chatwork::params::BODY;
use contract::chatwork::shapes;
use contract::chatwork::signature::WebhookKey;
use serde_json::Value;

fn shelf(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/chatwork").join(below)
}

fn read(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn files_below(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.insert(path);
        }
    }
    found
}

#[test]
fn every_documented_body_fits_the_shape_of_its_operation_and_no_file_is_left_over() {
    let mut left = files_below(&shelf("responses"));
    for endpoint in &ENDPOINTS {
        let Some(shape) = endpoint.body else { continue };
        let path = shelf("responses").join(endpoint.area).join(format!("{}.json", endpoint.name));
        assert_eq!(shape.mismatches(&read(&path)), [], "{}", endpoint.name);
        left.remove(&path);
    }
    assert_eq!(left, BTreeSet::new(), "files that belong to no operation");
}

#[test]
fn a_spoilt_body_does_not_fit() {
    for endpoint in &ENDPOINTS {
        let Some(shape) = endpoint.body else { continue };
        let body = read(&shelf("responses").join(endpoint.area).join(format!("{}.json", endpoint.name)));
        let mut spoilt = body.clone();
        let object = if spoilt.is_array() { &mut spoilt[0] } else { &mut spoilt };
        let first = object.as_object().unwrap().keys().next().unwrap().clone();
        object[&first] = Value::Null;
        assert_ne!(shape.mismatches(&spoilt), [], "{} with {first} null", endpoint.name);
    }
}

#[test]
fn published_errors_are_the_ones_that_the_contract_answers_with() {
    let answered = |error: ApiError| (error.status().as_u16(), error.text().into_owned());
    let mut left = files_below(&shelf("errors"));
    for (file, error) in [
        ("401-documented", ApiError::InvalidToken),
        ("400-required", ApiError::Required(&BODY)),
        ("400-endpoint", ApiError::InvalidEndpoint),
        ("403-get-room", ApiError::Forbidden(Denied::GetRoom)),
        ("403-get-messages", ApiError::Forbidden(Denied::GetMessages)),
        ("403-send-or-edit-message", ApiError::Forbidden(Denied::SendOrEditMessage)),
        ("429-room", ApiError::RoomLimit),
    ] {
        let path = shelf("errors").join(format!("{file}.json"));
        let body = read(&path);
        assert_eq!(shapes::ERRORS.mismatches(&body), [], "{file}");
        let documented = (file[..3].parse().unwrap(), body["errors"][0].as_str().unwrap().to_owned());
        assert_eq!(answered(error), documented, "{file}");
        left.remove(&path);
    }
    // The live spelling of the 401 is a setting of a world; the mock's wire tests claim it.
    left.remove(&shelf("errors/401-live.json"));
    assert_eq!(left, BTreeSet::new(), "files that belong to no error");
}

#[test]
fn each_webhook_vector_verifies_or_is_refused_as_it_says() {
    let vectors = read(&shelf("webhooks/vectors.json"));
    assert!(vectors.as_array().unwrap().len() >= 7);
    for vector in vectors.as_array().unwrap() {
        let text = |key: &str| vector[key].as_str().unwrap();
        let key = WebhookKey::from_token(text("token")).unwrap();
        let verifies = key.verifies(text("body").as_bytes(), text("signature"));
        assert_eq!(verifies, vector["verifies"], "{}", text("name"));
    }
}
