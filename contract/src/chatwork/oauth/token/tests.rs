use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use proptest::prelude::*;

const SECRET: &str = "s%20p:+";

fn find(id: &str) -> Option<Registration<'static>> {
    let (kind, secret) = match id {
        "server a" => (ClientKind::Confidential, Some(SECRET)),
        "app" => (ClientKind::Public, None),
        _ => return None,
    };
    let scopes: &'static Scopes = Box::leak(Box::new(Scopes::default()));
    let client_id = if id == "app" { "app" } else { "server a" };
    Some(Registration { client_id, kind, secret, redirect_uris: &[], scopes, grants: &GrantType::ALL })
}

fn authenticated(authorization: &[&str], body: &str) -> Result<String, TokenError> {
    let mut headers = HeaderMap::new();
    for value in authorization {
        headers.append(AUTHORIZATION, value.parse().unwrap());
    }
    authenticate(&headers, &Form::decode(body.as_bytes()), find).map(|client| client.client_id.to_owned())
}

fn basic(text: &str) -> String {
    format!("Basic {}", STANDARD.encode(text))
}

#[test]
fn a_confidential_client_authenticates_by_basic_encoded_or_plain_and_by_nothing_else() {
    let server = || Ok("server a".to_owned());
    assert_eq!(authenticated(&[&basic("server a:s%20p:+")], ""), server());
    assert_eq!(authenticated(&[&basic("server+a:s%2520p%3A%2B")], "client_id=server+a"), server());
    assert_eq!(authenticated(&[&basic("server a:x")], ""), Err(TokenError::SecretWrong));
    assert_eq!(authenticated(&[&basic("server a:")], ""), Err(TokenError::SecretWrong));
    let right = basic(&format!("server a:{SECRET}"));
    assert_eq!(authenticated(&[&right], "client_id=app"), Err(TokenError::ClientsDiffer));
    assert_eq!(authenticated(&[&right], "client_secret=x"), Err(TokenError::AuthenticatedTwice));
    assert_eq!(authenticated(&[&right, &right], ""), Err(TokenError::BasicMalformed));
    assert_eq!(authenticated(&["Bearer x"], "client_id=app"), Err(TokenError::BasicMalformed));
    assert_eq!(authenticated(&[], "client_id=server+a"), Err(TokenError::SecretMissing));
    assert_eq!(authenticated(&[], "client_id=server+a&client_secret=s"), Err(TokenError::SecretInBody));
}

#[test]
fn a_public_client_names_itself_in_the_body_and_has_no_secret() {
    assert_eq!(authenticated(&[], "client_id=app"), Ok("app".to_owned()));
    assert_eq!(authenticated(&[], "client_id=app&client_secret="), Ok("app".to_owned()), "an empty one is none");
    assert_eq!(authenticated(&[], "client_id=app&client_secret=x"), Err(TokenError::SecretOfPublic));
    assert_eq!(authenticated(&[&basic("app:")], ""), Err(TokenError::SecretOfPublic));
    assert_eq!(authenticated(&[], ""), Err(TokenError::ClientMissing));
    assert_eq!(authenticated(&[], "client_id=ap"), Err(TokenError::ClientUnknown("ap".to_owned())));
    assert_eq!(authenticated(&[&basic("a%20p:x")], ""), Err(TokenError::ClientUnknown("a%20p".to_owned())));
}

#[test]
fn an_unknown_client_is_told_in_the_recorded_words() {
    let response = refusal(&TokenError::ClientUnknown("abc".to_owned()), true);
    let body = r#"{"error":"invalid_client","error_description":"The client ID `abc` is unknown.","error_uri":null}"#;
    assert_eq!((response.status(), response.body()), (StatusCode::UNAUTHORIZED, &Bytes::from_static(body.as_bytes())));
    assert_eq!(response.headers()[WWW_AUTHENTICATE], "Basic realm=\"oauth.chatwork.com\"");
    assert!(!refusal(&TokenError::ClientMissing, false).headers().contains_key(WWW_AUTHENTICATE));
    assert!(!refusal(&TokenError::Grant(Fault::CodeUsed), true).headers().contains_key(WWW_AUTHENTICATE));
}

#[test]
fn success_has_five_fields_in_the_documented_order() {
    let scopes = Scopes::read("users.all:read rooms.info:read").unwrap();
    let response = granted(&Granted { access_token: "a", refresh_token: "r", scopes: &scopes });
    let body = r#"{"access_token":"a","token_type":"Bearer","expires_in":1800,"refresh_token":"r","scope":"users.all:read rooms.info:read"}"#;
    assert_eq!((response.status(), response.body()), (StatusCode::OK, &Bytes::from_static(body.as_bytes())));
    for (name, value) in [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store"), (PRAGMA, "no-cache")] {
        assert_eq!(response.headers()[name], value);
    }
}

fn read(body: &str, grants: &[GrantType]) -> Result<Grant, TokenError> {
    let client = Registration { grants, ..find("app").unwrap() };
    Grant::read(&Form::decode(body.as_bytes()), &client)
}

#[test]
fn each_grant_has_its_parameters() {
    let all = &GrantType::ALL;
    let verifier = "v".repeat(43);
    assert_eq!(
        read(&format!("grant_type=authorization_code&code=c&redirect_uri=u&code_verifier={verifier}"), all),
        Ok(Grant::Code { code: "c".into(), redirect_uri: Some("u".into()), verifier: Some(verifier) })
    );
    assert_eq!(
        read("grant_type=refresh_token&refresh_token=r&scope=+", all),
        Ok(Grant::Refresh { token: "r".into(), scopes: None })
    );
    assert_eq!(read("", all), Err(TokenError::Missing("grant_type")));
    assert_eq!(read("grant_type=authorization_code", all), Err(TokenError::Missing("code")));
    assert_eq!(read("grant_type=authorization_code&code=c&code_verifier=v", all), Err(TokenError::VerifierMalformed));
    assert_eq!(read("grant_type=refresh_token&refresh_token=", all), Err(TokenError::Missing("refresh_token")));
    assert_eq!(
        read("grant_type=refresh_token&refresh_token=r&scope=x", all),
        Err(TokenError::ScopeUnknown("x".to_owned()))
    );
    assert_eq!(read("grant_type=password", all), Err(TokenError::GrantUnsupported));
    assert_eq!(
        read("grant_type=refresh_token&refresh_token=r", &[GrantType::AuthorizationCode]),
        Err(TokenError::GrantNotAllowed(GrantType::RefreshToken))
    );
}

#[test]
fn only_a_form_without_repetition_is_read() {
    let ask = |content_type: Option<&str>, body: &'static str| {
        let mut builder = http::Request::builder();
        if let Some(content_type) = content_type {
            builder = builder.header(CONTENT_TYPE, content_type);
        }
        form(&builder.body(Bytes::from_static(body.as_bytes())).unwrap()).map(|form| form.encode())
    };
    assert_eq!(ask(None, "a=1&b=2").as_deref(), Ok("a=1&b=2"));
    assert_eq!(ask(Some("application/x-www-form-urlencoded; charset=UTF-8"), "a=1").as_deref(), Ok("a=1"));
    assert_eq!(ask(Some("application/json"), "{}"), Err(TokenError::NotAForm));
    assert_eq!(ask(None, "a=1&b=2&a=1"), Err(TokenError::Repeated("a".to_owned())));
}

#[test]
fn nothing_that_is_printed_for_developers_holds_a_secret() {
    let grant = Grant::Refresh { token: SECRET.into(), scopes: None };
    assert!(!format!("{grant:?} {:?}", find("server a")).contains(SECRET));
}

#[test]
fn a_request_names_its_client_in_one_of_three_places() {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, basic("a+b:c").parse().unwrap());
    let found = named_clients(&headers, b"client_id=d", "client_id=e");
    assert_eq!(found, ["a b", "a+b", "d", "e"]);
    assert_eq!(named_clients(&HeaderMap::new(), b"", ""), Vec::<String>::new());
}

proptest! {
    #[test]
    fn a_description_never_holds_what_rfc_6749_forbids(id in "\\PC{0,80}") {
        for error in [TokenError::ClientUnknown(id.clone()), TokenError::Repeated(id.clone()), TokenError::ScopeUnknown(id)] {
            let told = error.to_string();
            prop_assert!(told.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'), "{told}");
        }
    }
}
