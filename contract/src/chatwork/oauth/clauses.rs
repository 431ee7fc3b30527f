//! The sentences on OAuth 2.0. That a bad Bearer token is 401, and an API token counts before it, stands in
//! [`chatwork::clauses`](crate::chatwork::clauses).

use crate::chatwork::clauses::clauses;
use crate::chatwork::source::source;
use crate::clause::Clause;

clauses! {
    GRANTS = Clause::documented("chatwork.oauth.grants", source!(OA, PDF25),
        "Access tokens are had by the authorization code grant (RFC 6749, 4.1), also with PKCE, and by refreshing; there is no other grant.");
    SCOPES = Clause::documented("chatwork.oauth.scopes", source!(RAML, PDF25, REF),
        "Scopes are names between spaces; an umbrella such as rooms.all:read stands for the narrower ones of the table.");
    SCOPE_NEEDED = Clause::documented("chatwork.oauth.scope-needed", source!(RAML, REF),
        "Each operation needs one scope; an access token without it is answered 403.");
    SCOPE_TEXT = Clause::assumed("chatwork.oauth.scope-text",
        "The body of that 403 is not published: here it is a sentence that begins as the known ones do and names the scope. No header is added.");
    CONSENT_REQUEST = Clause::documented("chatwork.oauth.consent-request", source!(OA, PDF25),
        "The consent page takes response_type=code, client_id, scope, redirect_uri (required where several are registered), state, code_challenge and code_challenge_method=S256.");
    CONSENT_CODES = Clause::documented("chatwork.oauth.consent-codes", source!(PDF25),
        "What is wrong with a consent request has a number: 1001, 3001, 4001, 4002, 5001, 5002, 11000, 13000, 14000, 15000, 18000, 19000, 20000.");
    CONSENT_REDIRECTS = Clause::assumed("chatwork.oauth.consent-redirects",
        "Faults of client_id and redirect_uri are shown on a page and never redirect; all others go to the client as RFC 6749, 4.1.2.1 has it, with the number in error_description.");
    CONSENT_ORDER = Clause::assumed("chatwork.oauth.consent-order",
        "Of several faults the first is told: client_id, redirect_uri, response_type, scope, code_challenge_method, code_challenge, code_verifier. An empty parameter counts as left out.");
    CLIENT_UNKNOWN = Clause::assumed("chatwork.oauth.client-unknown",
        "A client_id that nobody has is told as 11000, as a missing one is.");
    SCOPE_REGISTERED = Clause::assumed("chatwork.oauth.scope-registered",
        "A scope that the client is not registered for is told as 5002, as an unknown one is.");
    VERIFIER_EARLY = Clause::assumed("chatwork.oauth.verifier-early",
        "A code_verifier belongs to the token request: on the consent page a malformed one is 20000, a well-formed one is ignored.");
    APPROVED = Clause::documented("chatwork.oauth.approved", source!(OA),
        "Consent redirects to the client with code, and with state where it was sent.");
    DENIED = Clause::documented("chatwork.oauth.denied", source!(OA, PDF25),
        "A refusal of consent (3001) redirects to the client with error=access_denied, and with state where it was sent.");
    REDIRECT_URIS = Clause::documented("chatwork.oauth.redirect-uris", source!(OA, PDF25),
        "A client has 1 to 5 redirect URIs: https for confidential clients; public ones may have a scheme of their own, never http.");
    REDIRECT_LOOPBACK = Clause::assumed("chatwork.oauth.redirect-loopback",
        "Plain http is taken on 127.0.0.1, [::1] and localhost, where a mock is used.");
    REDIRECT_EXACT = Clause::assumed("chatwork.oauth.redirect-exact",
        "A redirect URI is registered when one has exactly its text, port included.");
    CODE_LIFETIME = Clause::documented("chatwork.oauth.code-lifetime", source!(OA),
        "A code can be exchanged for one minute.");
    CODE_ONCE = Clause::assumed("chatwork.oauth.code-once",
        "A code is exchanged once. When it comes again, it is refused, and every token that came of it is revoked (RFC 6749, 4.1.2). An attempt that is refused does not use it up.");
    PKCE = Clause::documented("chatwork.oauth.pkce", source!(OA, PDF25),
        "Where a code_challenge was sent (43 to 128 of [a-zA-Z0-9-._~]), the exchange needs the code_verifier.");
    PKCE_METHOD = Clause::assumed("chatwork.oauth.pkce-method",
        "S256 is the only method, so a challenge without a method is refused (18000): by RFC 7636 it would mean 'plain'. A method without a challenge is 19000.");
    PKCE_UNASKED = Clause::assumed("chatwork.oauth.pkce-unasked",
        "A code_verifier where no challenge was sent is ignored. So is, as the documents allow it, a public client without PKCE.");
    TOKEN_REQUEST = Clause::documented("chatwork.oauth.token-request", source!(OA, PDF25),
        "The token endpoint is POST with a form body: grant_type, and code, redirect_uri, code_verifier or refresh_token, scope.");
    TOKEN_REDIRECT = Clause::documented("chatwork.oauth.token-redirect", source!(OA, "RFC 6749, 4.1.3"),
        "redirect_uri is that of the consent request; required where it was sent there.");
    TOKEN_PARAMETERS_ONCE = Clause::assumed("chatwork.oauth.token-parameters-once",
        "A parameter that stands twice in a token request makes it an invalid_request (RFC 6749, 3.2). On the consent page the last one counts.");
    CLIENT_BASIC = Clause::documented("chatwork.oauth.client-basic", source!(OA, PDF25),
        "A confidential client authenticates by HTTP Basic; a public one sends its client_id in the body, and no secret.");
    CLIENT_BASIC_FORM = Clause::assumed("chatwork.oauth.client-basic-form",
        "Name and secret in Basic may be form-encoded, as RFC 6749, 2.3.1 has it, or plain, as many clients send them.");
    CLIENT_SECRET_IN_BODY = Clause::assumed("chatwork.oauth.client-secret-in-body",
        "A client_secret in the body authenticates nobody: invalid_client. RFC 6749 lets a server take it, but the documents name Basic alone. Both at once are an invalid_request.");
    CLIENT_UNKNOWN_TEXT = Clause::observed("chatwork.oauth.client-unknown-text", "a published log",
        "An unknown client is answered 401 {\"error\":\"invalid_client\",\"error_description\":\"The client ID `…` is unknown.\",\"error_uri\":null}.");
    CLIENT_CHALLENGE = Clause::assumed("chatwork.oauth.client-challenge",
        "A 401 to a client that sent Authorization carries WWW-Authenticate: Basic (RFC 6749, 5.2).");
    CLIENT_GRANTS = Clause::assumed("chatwork.oauth.client-grants",
        "A client that may not use a grant is an unauthorized_client. No client of the service is known to be so: a world says it.");
    TOKEN_ERRORS = Clause::documented("chatwork.oauth.token-errors", source!(PDF25),
        "Errors are JSON: error, error_description, and error_uri, which is null. The status is 400, and 401 for invalid_client.");
    TOKEN_ERROR_TEXTS = Clause::assumed("chatwork.oauth.token-error-texts",
        "The sentences in error_description are ours.");
    TOKEN_ANSWER = Clause::documented("chatwork.oauth.token-answer", source!(PDF25),
        "Success is JSON with access_token, token_type (Bearer), expires_in, refresh_token and scope.");
    TOKEN_HEADERS = Clause::documented("chatwork.oauth.token-headers", source!(PDF25),
        "Answers of the token endpoint have content-type application/json, cache-control no-store and pragma no-cache.");
    EXPIRES_IN = Clause::assumed("chatwork.oauth.expires-in",
        "expires_in is an integer of seconds, as the table has it and RFC 6749 asks for; the samples print a text.");
    ACCESS_TOKEN = Clause::documented("chatwork.oauth.access-token", source!(PDF25),
        "An access token is a JWT signed with RS256: aud https://api.chatwork.com, iss https://oauth.chatwork.com, sub (the account id as text), scope (a list), exp, iat, jti, client_id.");
    ACCESS_LIFETIME = Clause::assumed("chatwork.oauth.access-lifetime",
        "An access token is good for 30 minutes (1800 s): the table says 15, one sample lives 15 and one 30, and recorded answers say 1800.");
    REFRESH_LIFETIME = Clause::documented("chatwork.oauth.refresh-lifetime", source!(OA, PDF25),
        "A refresh token is good for 14 days; with offline_access, which only confidential clients get, without end.");
    REFRESH_KEPT = Clause::assumed("chatwork.oauth.refresh-kept",
        "Refreshing answers with the same refresh token, whose end stays where it was.");
    REFRESH_SCOPE = Clause::documented("chatwork.oauth.refresh-scope", source!(OA, "RFC 6749, 6"),
        "A refresh may ask for fewer scopes than were granted; for more it is an invalid_scope.");
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_are_unique_and_start_with_the_service() {
        let ids: BTreeSet<&str> = ALL.iter().map(|clause| clause.id).collect();
        assert_eq!(ids.len(), ALL.len());
        assert!(ids.iter().all(|id| id.starts_with("chatwork.oauth.") && id.split('.').count() == 3));
    }
}
