//! Access tokens: JWTs signed with RS256 (clause `chatwork.oauth.access-token`). PKCS #1 v1.5 signs the same bytes to the
//! same bytes, so the same world gives the same tokens.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use contract::chatwork::oauth::{AUDIENCE, ISSUER, Scopes};
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::{Pkcs1v15Sign, PrivateKey};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::chatwork::state::ids::AccountId;

/// What a token says.
pub(super) struct Claims<'a> {
    pub(super) account: AccountId,
    pub(super) client_id: &'a str,
    pub(super) scopes: &'a Scopes,
    /// Unix second.
    pub(super) issued: i64,
    /// Unix second.
    pub(super) expires: i64,
    pub(super) jti: &'a str,
}

/// The whole token.
pub(super) fn sign(claims: &Claims<'_>) -> String {
    #[derive(Serialize)]
    struct Payload<'a> {
        aud: &'a str,
        sub: String,
        scope: Vec<&'a str>,
        iss: &'a str,
        exp: i64,
        iat: i64,
        jti: &'a str,
        client_id: &'a str,
    }
    let payload = Payload {
        aud: AUDIENCE,
        sub: claims.account.to_string(),
        scope: claims.scopes.iter().map(|scope| scope.name()).collect(),
        iss: ISSUER,
        exp: claims.expires,
        iat: claims.issued,
        jti: claims.jti,
        client_id: claims.client_id,
    };
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let signed = format!("{}.{}", encode(HEADER), encode(&serde_json::to_vec(&payload).unwrap_or_default()));
    let signature = encode(&signature(signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// Empty without a key; a test reads the one that is built in.
fn signature(bytes: &[u8]) -> Vec<u8> {
    let key = KEY.as_ref();
    key.and_then(|key| key.sign(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(bytes)).ok()).unwrap_or_default()
}

const HEADER: &[u8] = br#"{"alg":"RS256","typ":"JWT"}"#;
const PEM: &str = include_str!("../../../../../fixtures/chatwork/oauth/signing-key.pem");
static KEY: LazyLock<Option<PrivateKey>> = LazyLock::new(|| PrivateKey::from_pkcs8_pem(PEM).ok());

#[cfg(test)]
mod tests {
    use super::*;
    use rsa::PublicKey;
    use rsa::pkcs8::DecodePublicKey as _;
    use serde_json::{Value, json};

    const PUBLIC: &str = include_str!("../../../../../fixtures/chatwork/oauth/signing-key.pub.pem");

    fn token() -> String {
        let scopes = Scopes::read("users.all:read rooms.info:read").unwrap();
        sign(&Claims {
            account: AccountId(1001),
            client_id: "client",
            scopes: &scopes,
            issued: 1_760_000_000,
            expires: 1_760_001_800,
            jti: "0123",
        })
    }

    #[test]
    fn a_token_says_what_the_official_samples_say() {
        let token = token();
        let decode = |part: &str| -> Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap() };
        let parts: Vec<&str> = token.split('.').collect();
        assert_eq!(parts.len(), 3);
        assert_eq!(decode(parts[0]), json!({"alg": "RS256", "typ": "JWT"}));
        assert_eq!(
            decode(parts[1]),
            json!({
                "aud": "https://api.chatwork.com", "sub": "1001", "scope": ["users.all:read", "rooms.info:read"],
                "iss": "https://oauth.chatwork.com", "exp": 1_760_001_800, "iat": 1_760_000_000, "jti": "0123",
                "client_id": "client",
            })
        );
    }

    #[test]
    fn a_token_verifies_with_the_published_key_and_is_always_the_same() {
        let token = token();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let key = PublicKey::from_public_key_pem(PUBLIC).unwrap();
        let verifies =
            |signed: &str| key.verify(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(signed), &signature).is_ok();
        assert!(verifies(signed) && !verifies(&signed.to_uppercase()));
        assert_eq!(token, self::token());
    }
}
