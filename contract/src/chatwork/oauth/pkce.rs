//! Proof Key for Code Exchange (RFC 7636), method S256 only.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The one method that is supported (clause `chatwork.oauth.pkce-method`).
pub const S256: &str = "S256";

/// Whether a text can be a challenge or a verifier: 43 to 128 of `[a-zA-Z0-9-._~]`.
pub fn is_well_formed(text: &str) -> bool {
    (43..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

/// The challenge of a verifier: the Base64url of its SHA-256, without padding.
pub fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

/// Whether a verifier belongs to a challenge. Takes the same time for every verifier of one length.
pub fn verifies(verifier: &str, against: &str) -> bool {
    challenge(verifier).as_bytes().ct_eq(against.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_vector_of_rfc_7636_appendix_b_verifies() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(challenge(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert!(verifies(verifier, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"));
        assert!(!verifies(verifier, verifier), "the method is not 'plain'");
    }

    #[test]
    fn length_and_alphabet_hold_at_their_edges() {
        for (length, fits) in [(0, false), (42, false), (43, true), (128, true), (129, false)] {
            assert_eq!(is_well_formed(&"a".repeat(length)), fits, "{length}");
        }
        let with = |character: char| is_well_formed(&format!("{}{character}", "a".repeat(42)));
        assert!("azAZ09-._~".chars().all(with));
        assert!(!"+/= \u{e9}ส%".chars().any(with));
    }

    proptest! {
        #[test]
        fn a_challenge_is_well_formed_and_only_its_own_verifier_fits(
            one in "[a-zA-Z0-9._~-]{43,128}", other in "[a-zA-Z0-9._~-]{43,128}"
        ) {
            prop_assert!(is_well_formed(&challenge(&one)));
            prop_assert!(verifies(&one, &challenge(&one)));
            prop_assert_eq!(verifies(&other, &challenge(&one)), one == other);
        }
    }
}
