//! HTTP Basic of a client (RFC 6749, 2.3.1; RFC 7617).

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use form_urlencoded::parse;

/// Padding is left out by some clients.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Name and secret of `Basic …`, in both readings: form-decoded first, then as they stand
/// (clause `chatwork.oauth.client-basic-form`). `None` for another scheme and for what is no credentials.
pub(super) fn read(value: &[u8]) -> Option<[(String, String); 2]> {
    let (scheme, encoded) = value.split_at_checked("Basic ".len())?;
    if !scheme.eq_ignore_ascii_case(b"Basic ") {
        return None;
    }
    let bytes = LENIENT.decode(encoded.trim_ascii()).ok()?;
    let (id, secret) = std::str::from_utf8(&bytes).ok()?.split_once(':')?;
    Some([(decoded(id), decoded(secret)), (id.to_owned(), secret.to_owned())])
}

/// One form-encoded word. What else means something in a form (`&`, `=`) stands for itself.
fn decoded(word: &str) -> String {
    let word = word.replace('&', "%26").replace('=', "%3D");
    parse(word.as_bytes()).next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    fn basic(text: &str) -> Option<[(String, String); 2]> {
        read(format!("bAsIc {}", STANDARD.encode(text)).as_bytes())
    }

    #[test]
    fn both_readings_are_given() {
        let pair = |id: &str, secret: &str| (id.to_owned(), secret.to_owned());
        assert_eq!(basic("a%20b:c+d%3A"), Some([pair("a b", "c d:"), pair("a%20b", "c+d%3A")]));
        assert_eq!(basic("id:a:b"), Some([pair("id", "a:b"), pair("id", "a:b")]));
        assert_eq!(basic("id:a&b=c"), Some([pair("id", "a&b=c"), pair("id", "a&b=c")]));
        assert_eq!(basic(":"), Some([pair("", ""), pair("", "")]));
        assert_eq!(basic("no colon"), None);
        assert_eq!(read(b"Basic aWQ6YQ"), read(b"Basic aWQ6YQ=="));
        for value in [&b"Bearer aWQ6YQ=="[..], b"Basic", b"Basic ", b"Basic !!!!", b"Basic /zo=", b"\xff"] {
            assert_eq!(read(value), None);
        }
    }

    proptest! {
        #[test]
        fn what_is_form_encoded_is_found_again(id in "[^:]{0,20}", secret in ".{0,20}") {
            let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let [decoded, _] = basic(&format!("{}:{}", encode(&id), encode(&secret))).unwrap();
            prop_assert_eq!(decoded, (id.clone(), secret.clone()));
            let [_, raw] = basic(&format!("{id}:{secret}")).unwrap();
            prop_assert_eq!(raw, (id, secret));
        }

        #[test]
        fn no_bytes_make_reading_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = read(&bytes);
            let _ = read(&[b"Basic ", &bytes[..]].concat());
        }
    }
}
