//! What hyper lets through although HTTP/1.1 forbids it, and how long a head may be. Pure: looks at a parsed head.

use http::header::{HOST, ORIGIN, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderMap, StatusCode, Version};

use super::limits::Limits;

/// Why a request is refused before anybody looks at what it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) words: String,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, words: impl Into<String>) -> Self {
        Self { status, words: words.into() }
    }
}

/// Gives an HTTP/2 request the `Host` that its `:authority` stands for (RFC 9113, 8.3.1), so that whoever looks later
/// finds it where HTTP/1.1 has it.
pub(crate) fn adopt_authority(parts: &mut Parts) -> Result<(), Refusal> {
    let Some(authority) = parts.uri.authority() else { return Ok(()) };
    if let Some(host) = parts.headers.get(HOST) {
        if host.as_bytes().eq_ignore_ascii_case(authority.as_str().as_bytes()) {
            return Ok(());
        }
        return Err(bad(":authority and Host name different hosts: send one of them (RFC 9113, 8.3.1)"));
    }
    if let Ok(host) = authority.as_str().parse() {
        parts.headers.insert(HOST, host);
    }
    Ok(())
}

/// Refuses a head that is too long or that breaks a rule of HTTP/1.1.
pub(crate) fn check(parts: &Parts, limits: &Limits) -> Result<(), Refusal> {
    let target = parts.uri.path_and_query().map_or(0, |target| target.as_str().len())
        + parts.uri.authority().map_or(0, |authority| authority.as_str().len())
        + parts.uri.scheme_str().map_or(0, |scheme| scheme.len() + "://".len());
    let line = parts.method.as_str().len() + target + "  HTTP/1.1".len();
    if line > limits.request_line_bytes {
        let most = limits.request_line_bytes;
        return Err(Refusal::new(
            StatusCode::URI_TOO_LONG,
            format!("the request line has {line} bytes, at most {most} are taken: send long values in the body"),
        ));
    }
    let fields: usize = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    let head = line + fields + 4;
    if head > limits.head_bytes {
        let most = limits.head_bytes;
        return Err(Refusal::new(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            format!(
                "the head of the request has {head} bytes, at most {most} are taken: send fewer or shorter headers"
            ),
        ));
    }
    check_host(&parts.headers, parts.version)?;
    if parts.headers.get_all(TRANSFER_ENCODING).iter().nth(1).is_some() {
        return Err(bad("the request has more than one Transfer-Encoding header: send one (RFC 9112, 6.1)"));
    }
    Ok(())
}

fn check_host(headers: &HeaderMap, version: Version) -> Result<(), Refusal> {
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) if is_authority(host.as_bytes()) => Ok(()),
        (Some(_), None) => Err(bad("the Host header is malformed: send host or host:port (RFC 9112, 3.2)")),
        (Some(_), Some(_)) => Err(bad("the request has more than one Host header: send one (RFC 9112, 3.2)")),
        // HTTP/1.0 knows no Host.
        (None, _) if version == Version::HTTP_10 => Ok(()),
        (None, _) if version == Version::HTTP_2 => {
            Err(bad("the request has neither :authority nor Host: send one of them (RFC 9113, 8.3.1)"))
        }
        (None, _) => Err(bad("the request has no Host header: HTTP/1.1 demands one (RFC 9112, 3.2)")),
    }
}

/// The name in a `Host` header, without its port.
pub(crate) fn host_name(headers: &HeaderMap) -> Option<&str> {
    let host = headers.get(HOST)?.to_str().ok()?;
    if host.starts_with('[') {
        return host.split_inclusive(']').next();
    }
    host.split(':').next()
}

/// Whether these bytes are `host` or `host:port` (RFC 3986, 3.2.2).
fn is_authority(bytes: &[u8]) -> bool {
    if let Some(rest) = bytes.strip_prefix(b"[") {
        let Some(end) = rest.iter().position(|byte| *byte == b']') else { return false };
        let (address, rest) = rest.split_at(end);
        let is_address = std::str::from_utf8(address).is_ok_and(|text| text.parse::<std::net::Ipv6Addr>().is_ok());
        return is_address && matches!(rest, b"]" | [b']', b':', ..]) && is_port(rest.get(2..).unwrap_or_default());
    }
    let end = bytes.iter().position(|byte| *byte == b':').unwrap_or(bytes.len());
    let (name, rest) = bytes.split_at(end);
    !name.is_empty() && is_name(name) && is_port(rest.get(1..).unwrap_or_default())
}

fn is_name(name: &[u8]) -> bool {
    let mut rest = name.iter();
    while let Some(byte) = rest.next() {
        let fits = match byte {
            b'%' => (0..2).all(|_| rest.next().is_some_and(u8::is_ascii_hexdigit)),
            byte => byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(byte),
        };
        if !fits {
            return false;
        }
    }
    true
}

/// An empty port is allowed (RFC 3986, 3.2.3).
fn is_port(bytes: &[u8]) -> bool {
    // `parse` alone would take a plus sign.
    bytes.iter().all(u8::is_ascii_digit)
        && (bytes.is_empty() || std::str::from_utf8(bytes).is_ok_and(|text| text.parse::<u16>().is_ok()))
}

fn bad(words: &str) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, words)
}

/// Who may call the control API: a page that a browser loaded from elsewhere must not, whatever name it has made
/// resolve to this machine (DNS rebinding).
#[derive(Clone, Debug)]
pub(crate) struct Hosts {
    /// Exactly these, with port: the listen addresses and the public URL's authority, lower case.
    pub(crate) exact: Vec<String>,
}

impl Hosts {
    pub(crate) fn allow(&self, headers: &HeaderMap) -> bool {
        headers.get(HOST).and_then(|host| host.to_str().ok()).is_some_and(|host| self.know(host))
    }

    /// Whether a page may change something here: one that this mock serves, or another one on this machine. A browser
    /// says in `Origin` where the page is from; whoever sends none is no page.
    pub(crate) fn allow_origins(&self, headers: &HeaderMap) -> bool {
        headers.get_all(ORIGIN).iter().all(|origin| {
            // `null`, the origin of files and of pages without one, has no authority.
            let authority = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
            authority.is_some_and(|(_, authority)| self.know(authority))
        })
    }

    fn know(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        // The port may be another one where it is mapped; the name is what rebinding needs.
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host.as_str(),
        };
        ["localhost", "127.0.0.1", "[::1]"].contains(&name) || self.exact.contains(&host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(request: http::request::Builder) -> Option<u16> {
        let (parts, ()) = request.body(()).unwrap().into_parts();
        check(&parts, &Limits::default()).err().map(|refusal| refusal.status.as_u16())
    }

    fn get(hosts: &[&str]) -> http::request::Builder {
        hosts.iter().fold(http::Request::get("/v2/me"), |request, host| request.header("host", *host))
    }

    #[test]
    fn a_request_has_exactly_one_well_formed_host() {
        for host in [
            "localhost",
            "127.0.0.1:4010",
            "[::1]:80",
            "[::1]",
            "api.chatwork.com",
            "a_b",
            "x:",
            "a%20b",
            "xn--p3t.jp:65535",
        ] {
            assert_eq!(status(get(&[host])), None, "{host}");
        }
        for host in [
            "",
            "a b",
            "a:b",
            "a:65536",
            "user@host",
            "http://a",
            "a/b",
            "[::1",
            "[zz]:1",
            "::1",
            "a,b c",
            ":80",
            "a:1:2",
            "a?b",
            "a%2",
            "[::1]x",
            "a#b",
        ] {
            assert_eq!(status(get(&[host])), Some(400), "{host}");
        }
        assert_eq!(status(get(&[])), Some(400));
        assert_eq!(status(get(&["a", "a"])), Some(400));
        assert_eq!(status(get(&[]).version(Version::HTTP_10)), None);
    }

    #[test]
    fn the_authority_of_http_2_becomes_the_host() {
        let adopt = |request: http::request::Builder| {
            let (mut parts, ()) = request.version(Version::HTTP_2).body(()).unwrap().into_parts();
            adopt_authority(&mut parts).and_then(|()| check(&parts, &Limits::default())).map(|()| {
                let host = parts.headers[HOST].to_str().unwrap().to_owned();
                assert_eq!(host_name(&parts.headers), host.split(':').next());
                host
            })
        };
        assert_eq!(adopt(http::Request::get("https://api.chatwork.com:443/v2/me")).unwrap(), "api.chatwork.com:443");
        let both = |host: &str| adopt(http::Request::get("https://a.example/").header("host", host));
        assert_eq!(both("A.example").unwrap(), "A.example");
        assert!(both("b.example").unwrap_err().words.contains("different hosts"));
        assert!(adopt(http::Request::get("/")).unwrap_err().words.contains(":authority"));
    }

    #[test]
    fn transfer_encoding_may_stand_once() {
        assert_eq!(status(get(&["a"]).header("transfer-encoding", "chunked")), None);
        let twice = get(&["a"]).header("transfer-encoding", "chunked").header("transfer-encoding", "chunked");
        assert_eq!(status(twice), Some(400));
    }

    #[test]
    fn line_and_head_are_bounded_to_the_byte() {
        let limits = Limits::default();
        let path = |size: usize| "x".repeat(size - "GET / HTTP/1.1".len());
        let line = |size| status(http::Request::get(format!("/{}", path(size))).header("host", "a"));
        assert_eq!(line(limits.request_line_bytes), None);
        assert_eq!(line(limits.request_line_bytes + 1), Some(414));
        let rest = "GET / HTTP/1.1\r\nhost: a\r\nx: \r\n\r\n".len();
        let head =
            |size: usize| status(http::Request::get("/").header("host", "a").header("x", "y".repeat(size - rest)));
        assert_eq!(head(limits.head_bytes), None);
        assert_eq!(head(limits.head_bytes + 1), Some(431));
    }

    #[test]
    fn only_names_of_this_machine_reach_the_control_api() {
        let hosts = Hosts { exact: vec!["mock.example:4010".into(), "0.0.0.0:4010".into()] };
        let allows =
            |host: &'static str| hosts.allow(&HeaderMap::from_iter([(HOST, http::HeaderValue::from_static(host))]));
        for host in ["localhost", "LOCALHOST:5000", "127.0.0.1:1", "[::1]:4010", "mock.example:4010", "0.0.0.0:4010"] {
            assert!(allows(host), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example", "mock.example", "127.0.0.1.evil.example:80", "[::2]:1"] {
            assert!(!allows(host), "{host}");
        }
    }
    #[test]
    fn pages_of_this_machine_may_change_things_and_others_may_not() {
        let hosts = Hosts { exact: vec!["mock.example:4010".into()] };
        let allows = |origins: &[&'static str]| {
            let pairs = origins.iter().map(|origin| (ORIGIN, http::HeaderValue::from_static(origin)));
            hosts.allow_origins(&pairs.fold(HeaderMap::new(), |mut headers, (name, value)| {
                headers.append(name, value);
                headers
            }))
        };
        for origin in ["http://localhost", "http://127.0.0.1:4010", "https://[::1]:3000", "http://MOCK.example:4010"] {
            assert!(allows(&[origin]), "{origin}");
        }
        for origin in ["http://evil.example", "null", "", "localhost", "http://localhost.evil.example", "http://"] {
            assert!(!allows(&[origin]), "{origin}");
        }
        assert!(allows(&[]));
        assert!(!allows(&["http://localhost", "http://evil.example"]));
    }
}
