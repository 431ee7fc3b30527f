//! What the journal keeps of requests to OAuth's two endpoints. There nearly everything is a secret, known to nobody before
//! it is sent: only what is known to be none is written down.

use contract::chatwork::oauth::{AUTHORIZE_PATH, TOKEN_PATH};
use contract::wire::form::Form;
use contract::wire::header;
use http::HeaderMap;

use super::capture::{MASK, Secrets};

/// Parameters whose values are no secrets.
const SHOWN: [&str; 11] = [
    "account_id",
    "approve",
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "deny",
    "grant_type",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
];

/// Whether a path is one of the two.
pub(super) fn concerns(path: &str) -> bool {
    path == AUTHORIZE_PATH || path == TOKEN_PATH
}

/// Appends a query or a form.
pub(super) fn form_into(text: &mut Vec<u8>, form: &[u8], secrets: &Secrets) {
    for (index, pair) in form.split(|byte| *byte == b'&').enumerate() {
        if index > 0 {
            text.push(b'&');
        }
        let decoded = Form::decode(pair);
        let (name, value) = decoded.pairs().next().unwrap_or_default();
        if SHOWN.contains(&name) {
            secrets.mask_into(text, pair);
            continue;
        }
        let equals = pair.iter().position(|byte| *byte == b'=');
        if let Some(equals) = equals {
            secrets.mask_into(text, pair.get(..=equals).unwrap_or_default());
        }
        // What has no name may be the value of one.
        if !value.is_empty() || (equals.is_none() && !pair.is_empty()) {
            text.extend_from_slice(MASK.as_bytes());
        }
    }
}

/// Appends a body. One that is no form, which neither endpoint reads, is left out whole: it may hold what a form would.
pub(super) fn body_into(text: &mut Vec<u8>, headers: &HeaderMap, body: &[u8], secrets: &Secrets) {
    let is_form = header::is_of(headers, "application/x-www-form-urlencoded") != Some(false);
    if is_form || body.is_empty() {
        form_into(text, body, secrets);
    } else {
        text.extend_from_slice(MASK.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use http::header::CONTENT_TYPE;
    use proptest::prelude::*;

    fn masked(form: &str) -> String {
        let mut text = Vec::new();
        form_into(&mut text, form.as_bytes(), &["0123456789secret"].into_iter().collect());
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn values_that_are_not_known_to_be_harmless_are_masked_however_their_names_are_written() {
        assert_eq!(
            masked(
                "grant_type=authorization_code&code=c1&redirect_uri=https%3A%2F%2Fa&code_verifier=v&client_secret=s"
            ),
            format!(
                "grant_type=authorization_code&code={MASK}&redirect_uri=https%3A%2F%2Fa&code_verifier={MASK}\
                 &client_secret={MASK}"
            )
        );
        assert_eq!(
            masked("c%6Fde=x&Code=y&refresh_token=&+scope=z"),
            format!("c%6Fde={MASK}&Code={MASK}&refresh_token=&+scope={MASK}")
        );
        assert_eq!(masked("state=0123456789secret&b4re"), format!("state={MASK}&{MASK}"));
        assert_eq!(masked(""), "");
    }

    #[test]
    fn a_body_that_is_no_form_is_left_out_whole() {
        let body = br#"{"code": "c1"}"#;
        let kept = |content_type: Option<&'static str>| {
            let (mut text, mut headers) = (Vec::new(), HeaderMap::new());
            if let Some(content_type) = content_type {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
            }
            body_into(&mut text, &headers, body, &std::iter::empty().collect());
            String::from_utf8(text).unwrap()
        };
        assert_eq!(kept(Some("application/json")), MASK);
        assert_eq!(kept(None), MASK);
        assert_eq!(kept(Some("application/x-www-form-urlencoded")), MASK);
    }

    proptest! {
        #[test]
        fn no_secret_of_a_token_request_is_kept(
            name in "code|client_secret|refresh_token|code_verifier|access_token", canary in "[a-z]{12}",
            before in "[a-z=+%0-9]{0,20}", after in "[a-z=&+%]{0,20}"
        ) {
            prop_assume!(!before.contains(&canary) && !after.contains(&canary));
            let text = masked(&format!("{before}&{name}={canary}&{after}"));
            prop_assert!(!text.contains(&canary), "{text}");
        }
    }
}
