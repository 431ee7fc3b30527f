//! Redirect URIs: what one may look like, and what is hung on one.
//!
//! Simplification: a URI is looked at as text (RFC 3986: its characters, its scheme, a host where the scheme is http or
//! https). Two are the same when their texts are.

use super::ClientKind;
use crate::wire::form::Form;

/// Whether a text is an absolute URI without a fragment (RFC 6749, 3.1.2).
pub fn is_well_formed(uri: &str) -> bool {
    let Some((scheme, rest)) = uri.split_once(':') else { return false };
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let in_uri = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?[]@!$&'()*+,;=%".contains(&byte);
    let escaped = rest.split('%').skip(1).all(|after| {
        after.as_bytes().first_chunk().is_some_and(|pair: &[u8; 2]| pair.iter().all(u8::is_ascii_hexdigit))
    });
    let has_host = !is_web(scheme) || host(rest).is_some_and(|host| !host.is_empty());
    is_scheme && !rest.is_empty() && rest.bytes().all(in_uri) && escaped && has_host
}

/// Why a client of a kind may not be registered with a URI (clause `chatwork.oauth.redirect-uris`); `None` where it may.
/// Plain http is taken on this machine alone (clause `chatwork.oauth.redirect-loopback`).
pub fn objection(uri: &str, kind: ClientKind) -> Option<&'static str> {
    if !is_well_formed(uri) {
        return Some("a redirect URI is an absolute URI without a fragment, such as https://app.example/callback");
    }
    let (scheme, rest) = uri.split_once(':').unwrap_or_default();
    if scheme.eq_ignore_ascii_case("http") && !host(rest).is_some_and(is_loopback) {
        return Some("plain http is taken only on 127.0.0.1, [::1] or localhost: give https there");
    }
    if kind == ClientKind::Confidential && !is_web(scheme) {
        return Some("a confidential client is a server: give an https URI");
    }
    None
}

/// A redirect URI with parameters hung on it, behind those that it has.
pub fn with(uri: &str, parameters: &Form) -> String {
    let joint = match uri.split_once('?') {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{uri}{joint}{}", parameters.encode())
}

fn is_web(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}

/// The host of `//user@host:port/path`.
fn host(rest: &str) -> Option<&str> {
    let authority = rest.strip_prefix("//")?.split(['/', '?']).next()?;
    let place = authority.rsplit('@').next()?;
    if let Some(bracketed) = place.strip_prefix('[') {
        return bracketed.split_once(']').map(|(host, _)| host);
    }
    place.split(':').next()
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|ip: core::net::IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn absolute_uris_without_a_fragment_are_well_formed() {
        for uri in [
            "https://app.example/callback",
            "https://app.example",
            "http://127.0.0.1:8765/callback?a=b",
            "http://[::1]:8765/",
            "com.example.app:/callback",
            "com.example.app://callback",
            "https://app.example/%E0%B8%AA",
        ] {
            assert!(is_well_formed(uri), "{uri}");
        }
        for uri in [
            "",
            "callback",
            "/callback",
            "//app.example/callback",
            "https:",
            "https:///callback",
            "https:callback",
            "https://",
            "1https://app.example",
            "https://app.example/#top",
            "https://app.example/a b",
            "https://app.example/\"><script>",
            "https://app.example/สวัสดี",
            "https://app.example/%E",
            "https://app.example/%zz",
            "https://app.example\r\nx: y",
        ] {
            assert!(!is_well_formed(uri), "{uri}");
        }
    }

    #[test]
    fn who_may_have_which() {
        let may = |uri: &str, kind| objection(uri, kind).is_none();
        for uri in ["https://app.example/cb", "http://127.0.0.1:1/cb", "http://localhost/cb", "http://[::1]/cb"] {
            assert!(ClientKind::ALL.into_iter().all(|kind| may(uri, kind)), "{uri}");
        }
        for uri in ["http://app.example/cb", "http://127.0.0.1.app.example/", "http://localhost@app.example/", "cb"] {
            assert!(!ClientKind::ALL.into_iter().any(|kind| may(uri, kind)), "{uri}");
        }
        assert!(
            may("com.example.app:/cb", ClientKind::Public) && !may("com.example.app:/cb", ClientKind::Confidential)
        );
    }

    #[test]
    fn parameters_go_behind_those_that_are_there() {
        let mut form = Form::default();
        form.push("code", "a b");
        form.push("state", "ส&=");
        let hung = "code=a+b&state=%E0%B8%AA%26%3D";
        assert_eq!(with("https://a.example/cb", &form), format!("https://a.example/cb?{hung}"));
        assert_eq!(with("https://a.example/cb?", &form), format!("https://a.example/cb?{hung}"));
        assert_eq!(with("https://a.example/cb?x=1", &form), format!("https://a.example/cb?x=1&{hung}"));
        assert_eq!(with("com.example:/cb?x&", &form), format!("com.example:/cb?x&{hung}"));
    }

    proptest! {
        #[test]
        fn what_is_well_formed_can_stand_in_a_header(uri in "[a-z]{1,5}:(//)?\\PC{0,20}") {
            let _ = objection(&uri, ClientKind::Public);
            if is_well_formed(&uri) {
                prop_assert!(http::HeaderValue::try_from(with(&uri, &Form::default())).is_ok());
            }
        }
    }
}
