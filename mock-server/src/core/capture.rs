//! A request as the journal keeps it: one block of bytes, in which no secret stands.

use std::collections::BTreeMap;

use contract::service::Service;
use contract::wire::header::{CHATDAY_SIGNATURE_TOKEN, CHATWORK_SIGNATURE, CHATWORK_TOKEN};
use http::header::{AUTHORIZATION, COOKIE, HeaderName, PROXY_AUTHORIZATION};
use http::{HeaderMap, Method, Uri};

use super::oauth_mask;

/// What stands in the place of a secret.
pub const MASK: &str = "[masked]";
/// Most bytes of one body that are kept: 1 MiB. What is beyond is cut, and the entry says so.
pub const MOST_BODY: usize = 1024 * 1024;

/// Tokens shorter than this many bytes are masked in headers only: as a piece of text they would be everywhere.
const SHORTEST: usize = 8;

/// The values that must not be written down, ready to be found in one pass over a text.
#[derive(Clone)]
pub struct Secrets {
    /// One bit for each hash of the first eight bytes of a secret: most positions of a text are ruled out here.
    bits: [u64; 64],
    by_prefix: BTreeMap<u64, Vec<Box<[u8]>>>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({} prefixes)", self.by_prefix.len())
    }
}

impl<'a> FromIterator<&'a str> for Secrets {
    fn from_iter<I: IntoIterator<Item = &'a str>>(values: I) -> Self {
        let mut secrets = Self { bits: [0; 64], by_prefix: BTreeMap::new() };
        for value in values {
            let Some(prefix) = value.as_bytes().first_chunk() else { continue };
            let prefix = u64::from_le_bytes(*prefix);
            let (word, bit) = place(prefix);
            if let Some(word) = secrets.bits.get_mut(word) {
                *word |= bit;
            }
            let alike = secrets.by_prefix.entry(prefix).or_default();
            alike.push(value.as_bytes().into());
            // The longest first: one secret may begin with another.
            alike.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        }
        secrets
    }
}

impl Secrets {
    /// Appends a text to `out`, with [`MASK`] in the place of each secret.
    pub fn mask_into(&self, out: &mut Vec<u8>, text: &[u8]) {
        let mut rest = text;
        while let Some((at, length)) = self.find(rest) {
            out.extend_from_slice(rest.get(..at).unwrap_or_default());
            out.extend_from_slice(MASK.as_bytes());
            rest = rest.get(at + length..).unwrap_or_default();
        }
        out.extend_from_slice(rest);
    }

    /// Where the first secret stands, and how long it is.
    fn find(&self, text: &[u8]) -> Option<(usize, usize)> {
        if self.by_prefix.is_empty() {
            return None;
        }
        text.windows(SHORTEST).enumerate().find_map(|(at, window)| {
            let prefix = u64::from_le_bytes(window.try_into().unwrap_or_default());
            let (word, bit) = place(prefix);
            if self.bits.get(word).is_none_or(|bits| bits & bit == 0) {
                return None;
            }
            let tail = text.get(at..).unwrap_or_default();
            let found = self.by_prefix.get(&prefix)?.iter().find(|secret| tail.starts_with(secret))?;
            Some((at, found.len()))
        })
    }
}

/// Word and bit for a prefix.
fn place(prefix: u64) -> (usize, u64) {
    let hash = prefix.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 52;
    ((hash >> 6) as usize, 1 << (hash & 63))
}

/// A request, masked, in one allocation. Made before the world is locked.
#[derive(Clone, Debug)]
pub struct Capture {
    /// The service that the request went to.
    pub service: Service,
    /// The method.
    pub method: Method,
    /// Path, query, headers (`name:value\n`), body, and then whatever [`Capture::push_tail`] added.
    text: Vec<u8>,
    ends: [usize; 4],
    /// Whether the body was longer than [`MOST_BODY`].
    pub body_is_cut: bool,
}

impl Capture {
    /// Takes down a request.
    pub fn of(
        service: Service,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        body: &[u8],
        secrets: &Secrets,
    ) -> Self {
        let (path, query) = (uri.path(), uri.query().unwrap_or_default());
        let kept = body.get(..MOST_BODY).unwrap_or(body);
        let size_of_headers: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 2).sum();
        // Room for the mask being longer than what it hides, and for the caller's name.
        let mut text = Vec::with_capacity(path.len() + query.len() + size_of_headers + kept.len() + 64);
        secrets.mask_into(&mut text, path.as_bytes());
        let path_end = text.len();
        let is_oauth = service == Service::Chatwork && oauth_mask::concerns(path);
        if is_oauth {
            oauth_mask::form_into(&mut text, query.as_bytes(), secrets);
        } else {
            mask_query_into(&mut text, query, secrets);
        }
        let query_end = text.len();
        for (name, value) in headers {
            text.extend_from_slice(name.as_str().as_bytes());
            text.push(b':');
            if is_secret(name) || is_secret_key(name.as_str()) {
                text.extend_from_slice(MASK.as_bytes());
            } else {
                secrets.mask_into(&mut text, value.as_bytes());
            }
            text.push(b'\n');
        }
        let headers_end = text.len();
        if is_oauth {
            oauth_mask::body_into(&mut text, headers, kept, secrets);
        } else {
            secrets.mask_into(&mut text, kept);
        }
        let ends = [path_end, query_end, headers_end, text.len()];
        Self { service, method: method.clone(), text, ends, body_is_cut: kept.len() < body.len() }
    }

    /// The path, as it stood in the target.
    pub fn path(&self) -> &[u8] {
        self.piece(0)
    }

    /// The query, without its question mark.
    pub fn query(&self) -> &[u8] {
        self.piece(1)
    }

    /// Names and values, in order. Names are lower case.
    pub fn headers(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.piece(2).split(|byte| *byte == b'\n').filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            Some((line.get(..colon)?, line.get(colon + 1..)?))
        })
    }

    /// The body, at most [`MOST_BODY`] of it.
    pub fn body(&self) -> &[u8] {
        self.piece(3)
    }

    /// Adds one more text behind the body, and gives it back later as [`Capture::tail`].
    pub fn push_tail(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
    }

    /// What [`Capture::push_tail`] added.
    pub fn tail(&self) -> &[u8] {
        self.text.get(self.ends[3]..).unwrap_or_default()
    }

    /// The same with at most so many bytes of the body; a character of UTF-8 is not cut in two.
    pub fn excerpt(&self, most_body: usize) -> Self {
        let body = self.body();
        if body.len() <= most_body {
            return self.clone();
        }
        let kept = excerpt(body, most_body).len();
        let [path, query, headers, _] = self.ends;
        let mut text = self.text.get(..headers + kept).unwrap_or_default().to_vec();
        text.extend_from_slice(self.tail());
        let ends = [path, query, headers, headers + kept];
        Self { service: self.service, method: self.method.clone(), text, ends, body_is_cut: true }
    }

    /// Bytes held on the heap.
    pub fn heap_size(&self) -> usize {
        self.text.capacity()
    }

    fn piece(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default();
        let end = self.ends.get(index).copied().unwrap_or_default();
        self.text.get(start..end).unwrap_or_default()
    }
}

/// Appends a query. Some clients send their token there, where it is of no use; it may be a real one.
fn mask_query_into(text: &mut Vec<u8>, query: &str, secrets: &Secrets) {
    for (index, pair) in query.split('&').enumerate() {
        if index > 0 {
            text.push(b'&');
        }
        match pair.split_once('=') {
            Some((name, value)) if !value.is_empty() && is_secret_key(name) => {
                text.extend_from_slice(name.as_bytes());
                text.push(b'=');
                text.extend_from_slice(MASK.as_bytes());
            }
            _ => secrets.mask_into(text, pair.as_bytes()),
        }
    }
}

/// Whether the value of a header with this name is masked whatever it is.
pub fn hides(name: &str) -> bool {
    is_secret_key(name) || HeaderName::from_bytes(name.as_bytes()).is_ok_and(|name| is_secret(&name))
}

/// Names that say of themselves that their value is a secret.
fn is_secret_key(name: &str) -> bool {
    let ends_with = |end: &&str| {
        let start = name.len().checked_sub(end.len());
        start.and_then(|start| name.get(start..)).is_some_and(|tail| tail.eq_ignore_ascii_case(end))
    };
    ["token", "secret", "password", "api-key", "api_key", "apikey", "signature"].iter().any(ends_with)
}

/// Headers whose value is a secret whatever it is.
fn is_secret(name: &HeaderName) -> bool {
    *name == CHATWORK_TOKEN
        || *name == AUTHORIZATION
        || *name == PROXY_AUTHORIZATION
        || *name == COOKIE
        || *name == CHATDAY_SIGNATURE_TOKEN
        || *name == CHATWORK_SIGNATURE
}

/// At most so many bytes from the beginning; a character of UTF-8 is not cut in two.
pub fn excerpt(bytes: &[u8], most: usize) -> &[u8] {
    let starts_character = |at: &usize| bytes.get(*at).is_none_or(|byte| byte & 0xC0 != 0x80);
    let kept = (most.saturating_sub(3)..=most).rev().find(starts_character).unwrap_or(most);
    bytes.get(..kept).unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    fn masked(secrets: &[&str], text: &str) -> String {
        let mut out = Vec::new();
        secrets.iter().copied().collect::<Secrets>().mask_into(&mut out, text.as_bytes());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_secret_is_masked_wherever_it_stands() {
        assert_eq!(masked(&[TOKEN], TOKEN), MASK);
        let text = format!("a={TOKEN}&b={TOKEN}สวัสดี");
        assert_eq!(masked(&["another-token", TOKEN], &text), format!("a={MASK}&b={MASK}สวัสดี"));
        assert_eq!(masked(&[TOKEN], "0123456789abcdef"), "0123456789abcdef", "half a secret is none");
        assert_eq!(masked(&[], TOKEN), TOKEN);
    }

    #[test]
    fn of_two_secrets_with_one_beginning_the_longer_is_masked_whole() {
        assert_eq!(masked(&["sametoken", "sametoken-and-more"], "x sametoken-and-more y"), format!("x {MASK} y"));
    }

    #[test]
    fn a_capture_gives_every_part_back_and_hides_token_headers() {
        let request = http::Request::post(format!("/v2/rooms/1/messages?token={TOKEN}"))
            .header("X-ChatWorkToken", "unknown-yet-secret")
            .header("x-note", TOKEN)
            .header("User-Agent", format!("bot/1.0 ({TOKEN})"))
            .header("Accept", "*/*")
            .body(())
            .unwrap();
        let secrets = [TOKEN].into_iter().collect();
        let body = format!("body=日本語 {TOKEN}");
        let (method, uri, headers) = (request.method(), request.uri(), request.headers());
        let mut capture = Capture::of(Service::Chatwork, method, uri, headers, body.as_bytes(), &secrets);
        capture.push_tail("chatwork/1");
        assert_eq!(capture.path(), b"/v2/rooms/1/messages");
        assert_eq!(capture.query(), format!("token={MASK}").as_bytes());
        assert_eq!(capture.body(), format!("body=日本語 {MASK}").as_bytes());
        assert_eq!(capture.tail(), b"chatwork/1");
        let headers: Vec<_> = capture.headers().collect();
        let mask = MASK.as_bytes();
        let agent = format!("bot/1.0 ({MASK})");
        assert_eq!(
            headers,
            [
                (&b"x-chatworktoken"[..], mask),
                (b"x-note", mask),
                (b"user-agent", agent.as_bytes()),
                (b"accept", b"*/*")
            ]
        );
    }

    #[test]
    fn values_whose_names_say_that_they_are_secret_are_masked_although_nobody_knows_them() {
        let request = http::Request::get("/v2/me?X-ChatWorkToken=real&force=1&token&access_token=a%20b&q=token")
            .header("x-chatwork-token", "real")
            .header("Chatday-Signature-Token", "real")
            .header("X-Api-Key", "real")
            .header("Idempotency-Key", "7")
            .body(())
            .unwrap();
        let (method, uri, headers) = (request.method(), request.uri(), request.headers());
        let capture = Capture::of(Service::Chatwork, method, uri, headers, b"", &[].into_iter().collect());
        let query = format!("X-ChatWorkToken={MASK}&force=1&token&access_token={MASK}&q=token");
        assert_eq!(String::from_utf8_lossy(capture.query()), query);
        let values: Vec<_> = capture.headers().map(|(_, value)| value).collect();
        assert_eq!(values, [MASK.as_bytes(), MASK.as_bytes(), MASK.as_bytes(), b"7"]);
    }

    #[test]
    fn a_long_body_is_cut_and_says_so() {
        let capture = |size: usize| {
            let uri = Uri::from_static("/chatday/messages");
            let secrets = [].into_iter().collect();
            Capture::of(Service::Chatday, &Method::POST, &uri, &HeaderMap::new(), &vec![b'x'; size], &secrets)
        };
        assert!(!capture(MOST_BODY).body_is_cut);
        assert!(capture(MOST_BODY + 1).body_is_cut);
        assert_eq!(capture(MOST_BODY + 1).body().len(), MOST_BODY);
    }
}
