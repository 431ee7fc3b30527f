//! Download URLs: made by `GET file`, served without a token for 30 seconds
//! (clause `chatwork.files.download-url`).

use contract::chatwork::limits::DOWNLOAD_URL_SECONDS;
use contract::time::UnixMillis;
use contract::wire::form::Form;
use contract::wire::{Request, Response};
use hmac::{Hmac, KeyInit, Mac};
use http::header::{ALLOW, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, Method, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::Sha256;

use super::State;
use crate::chatwork::state::{File, FileId};
use crate::core::Turn;

/// The path prefix of downloads, in front of world, file and name.
pub(crate) const MOUNT: &str = "/download";

/// What stays as it is in the last segment of a download's path.
const NAME: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_').remove(b'~');

/// Where a file can be had until 30 seconds from now.
pub(super) fn url(state: &State, file: &File, base_url: &str, world_id: &str, now: UnixMillis) -> String {
    let expires = now.seconds().saturating_add(DOWNLOAD_URL_SECONDS);
    let signature = signature(state, world_id, file.id, expires);
    let name = utf8_percent_encode(&file.filename, NAME);
    format!("{base_url}{MOUNT}/{world_id}/{}/{name}?Expires={expires}&Signature={signature}", file.id)
}

impl State {
    /// Serves a file to whoever has its URL: `/download/{world}/{file}/{name}?Expires=…&Signature=…`. An old, changed or
    /// unknown URL is 403, as the content network behind the real ones answers.
    pub fn download(&self, request: &Request, turn: &mut Turn<'_>) -> Response {
        turn.operation = Some("download-file");
        if request.method() != Method::GET && request.method() != Method::HEAD {
            let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "Downloads are fetched with GET");
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        match self.downloadable(request, turn) {
            Some(file) => whole(file),
            None => text(StatusCode::FORBIDDEN, "The download URL is not valid, or it is older than 30 seconds"),
        }
    }

    fn downloadable(&self, request: &Request, turn: &Turn<'_>) -> Option<&File> {
        let mut segments = request.uri().path().strip_prefix(MOUNT)?.split('/').skip(1);
        let (world_id, file_id) = (segments.next()?, FileId(segments.next()?.parse().ok()?));
        let query = Form::decode(request.uri().query()?.as_bytes());
        let expires: i64 = query.value("Expires")?.parse().ok()?;
        let expected = mac(self, world_id, file_id, expires)?;
        let given = from_hex(query.value("Signature")?)?;
        expected.verify_slice(&given).ok()?;
        (world_id == turn.world_id && turn.now.seconds() < expires).then(|| self.any_file(file_id)).flatten()
    }
}

fn signature(state: &State, world_id: &str, file: FileId, expires: i64) -> String {
    let bytes = mac(state, world_id, file, expires).map(|mac| mac.finalize().into_bytes());
    bytes.iter().flatten().map(|byte| format!("{byte:02x}")).collect()
}

/// Keyed by the world, so that a URL of one world opens nothing in another.
fn mac(state: &State, world_id: &str, file: FileId, expires: i64) -> Option<Hmac<Sha256>> {
    let mut mac = <Hmac<Sha256>>::new_from_slice(&state.seed().to_be_bytes()).ok()?;
    mac.update(format!("{world_id}/{file}/{expires}").as_bytes());
    Some(mac)
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

fn whole(file: &File) -> Response {
    let mut response = Response::new(file.content.clone());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(file.filesize()));
    let name = utf8_percent_encode(&file.filename, NAME);
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename*=UTF-8''{name}")) {
        headers.insert(CONTENT_DISPOSITION, value);
    }
    response
}

fn text(status: StatusCode, sentence: &'static str) -> Response {
    let mut response = Response::new(sentence.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(sentence.len()));
    response
}
