use super::*;
use crate::chatwork::state::State;
use crate::core::{Defaults, Origin};
use contract::chatwork::oauth::token::Registration;
use contract::reader::{Faults, Node};
use contract::time::UnixMillis;
use contract::wire::form::Form;
use proptest::prelude::*;
use serde_json::json;

const START: i64 = 1_760_000_000;
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn load(oauth: &Value) -> Result<OAuth, Vec<String>> {
    let value = json!({"accounts": [{"id": 1, "name": "森 葵"}, {"id": 2, "name": "Ben"}], "oauth": oauth});
    let faults = Faults::default();
    let (defaults, now) = (Defaults::default(), UnixMillis::from_seconds(START));
    let origin = Origin { seed: 7, world_id: "default", now, defaults: &defaults };
    let state = State::load(&Node::root(&value, &faults), &origin);
    let faults: Vec<String> = faults.into_sorted().iter().map(ToString::to_string).collect();
    if faults.is_empty() { Ok(state.oauth) } else { Err(faults) }
}

fn world() -> OAuth {
    load(&json!({"clients": [
        {"client_id": "server", "client_secret": "server-secret", "name": "サーバー", "redirect_uris": ["https://s.example/cb"]},
        {"client_id": "app", "name": "แอป", "kind": "public", "redirect_uris": ["app:/cb", "https://app.example/cb"]},
    ]}))
    .unwrap()
}

fn at(second: i64) -> Stamp<'static> {
    Stamp { seed: 7, world_id: "default", second }
}

fn consent(oauth: &OAuth, query: &str) -> Consent {
    let form = Form::decode(format!("response_type=code&{query}").as_bytes());
    let find = |id: &str| -> Option<Registration<'_>> { oauth.registration(id) };
    Consent::read(&form, find).unwrap()
}

/// A code of the confidential client for what the query asks, given at the start.
fn approved(oauth: &mut OAuth, query: &str) -> String {
    let consent = consent(oauth, query);
    oauth.approve(&consent, AccountId(1), at(START))
}

const SERVER: &str = "client_id=server&scope=rooms.all:read";
const LASTING: &str = "client_id=server&scope=rooms.all:read offline_access";

fn fault(fault: Fault) -> TokenError {
    TokenError::Grant(fault)
}

#[test]
fn a_code_gives_tokens_once_and_when_it_comes_again_they_are_gone() {
    let mut oauth = world();
    let code = approved(&mut oauth, SERVER);
    let issued = oauth.exchange("server", &code, None, None, at(START)).unwrap();
    let renewed = oauth.refresh("server", &issued.refresh_token, None, at(START)).unwrap();
    assert_eq!(renewed.refresh_token, issued.refresh_token);
    assert_ne!(renewed.access_token, issued.access_token);
    for token in [&issued.access_token, &renewed.access_token] {
        assert_eq!(oauth.bearer(token, START).unwrap().account, AccountId(1));
    }
    assert_eq!(oauth.exchange("app", &code, None, None, at(START)), Err(fault(Fault::CodeUnknown)));
    assert!(oauth.bearer(&issued.access_token, START).is_ok(), "somebody else's attempt revokes nothing");
    assert_eq!(oauth.exchange("server", &code, None, None, at(START + 999)), Err(fault(Fault::CodeUsed)));
    for token in [&issued.access_token, &renewed.access_token] {
        assert_eq!(oauth.bearer(token, START), Err(BadBearer::Unknown));
    }
    let again = oauth.refresh("server", &issued.refresh_token, None, at(START));
    assert_eq!(again, Err(fault(Fault::RefreshUnknown)));
}

#[test]
fn everything_ends_at_its_second() {
    let mut oauth = world();
    let code = approved(&mut oauth, SERVER);
    assert_eq!(oauth.clone().exchange("server", &code, None, None, at(START + 60)), Err(fault(Fault::CodeExpired)));
    let issued = oauth.exchange("server", &code, None, None, at(START + 59)).unwrap();
    assert!(oauth.bearer(&issued.access_token, START + 59 + 1799).is_ok());
    assert_eq!(oauth.bearer(&issued.access_token, START + 59 + 1800), Err(BadBearer::Expired));
    let fourteen_days = START + 59 + 14 * 86_400;
    assert!(oauth.clone().refresh("server", &issued.refresh_token, None, at(fourteen_days - 1)).is_ok());
    let late = oauth.refresh("server", &issued.refresh_token, None, at(fourteen_days));
    assert_eq!(late, Err(fault(Fault::RefreshExpired)));

    let code = approved(&mut oauth, LASTING);
    let issued = oauth.exchange("server", &code, None, None, at(START)).unwrap();
    assert!(oauth.refresh("server", &issued.refresh_token, None, at(START + 100 * 365 * 86_400)).is_ok());
}

#[test]
fn the_exchange_repeats_the_redirect_uri_and_proves_the_challenge() {
    let mut oauth = world();
    let query = format!(
        "client_id=app&scope=users.all:read&redirect_uri=app:/cb&code_challenge={CHALLENGE}&code_challenge_method=S256"
    );
    let code = approved(&mut oauth, &query);
    let mut attempt = |uri: Option<&str>, verifier: Option<&str>| {
        oauth.exchange("app", &code, uri, verifier, at(START)).map(|issued| issued.scopes.to_string())
    };
    assert_eq!(attempt(None, Some(VERIFIER)), Err(TokenError::Missing("redirect_uri")));
    let other = "https://app.example/cb";
    assert_eq!(attempt(Some(other), Some(VERIFIER)), Err(fault(Fault::RedirectDiffers)));
    assert_eq!(attempt(Some("app:/cb"), None), Err(TokenError::Missing("code_verifier")));
    assert_eq!(attempt(Some("app:/cb"), Some(CHALLENGE)), Err(fault(Fault::VerifierWrong)));
    assert_eq!(attempt(Some("app:/cb"), Some(VERIFIER)).as_deref(), Ok("users.all:read"), "no failure used it up");

    // Left out of the consent request, it may still be named, if it is the registered one.
    for (uri, fits) in [(None, true), (Some("https://s.example/cb"), true), (Some("https://s.example/"), false)] {
        let code = approved(&mut oauth, SERVER);
        assert_eq!(oauth.exchange("server", &code, uri, Some(VERIFIER), at(START)).is_ok(), fits, "{uri:?}");
    }
}

#[test]
fn a_refresh_may_narrow_for_once_and_never_widen() {
    let mut oauth = world();
    let code = approved(&mut oauth, SERVER);
    let refresh = oauth.exchange("server", &code, None, None, at(START)).unwrap().refresh_token;
    let mut ask = |scopes: &str| {
        let scopes = Scopes::read(scopes).unwrap();
        oauth.refresh("server", &refresh, Some(scopes), at(START)).map(|issued| issued.scopes.to_string())
    };
    assert_eq!(ask("rooms.info:read").as_deref(), Ok("rooms.info:read"));
    assert_eq!(ask("rooms.all:read").as_deref(), Ok("rooms.all:read"), "what was granted stays granted");
    assert_eq!(ask("rooms.info:read rooms:write"), Err(TokenError::ScopeNotGranted(Scope::RoomsWrite)));
    assert_eq!(oauth.refresh("app", &refresh, None, at(START)), Err(fault(Fault::RefreshUnknown)));
}

#[test]
fn what_nobody_can_use_any_more_is_let_go() {
    let mut oauth = world();
    for round in 0..1000 {
        let consent = consent(&oauth, SERVER);
        let now = at(START + round * 1000);
        let code = oauth.approve(&consent, AccountId(1), now);
        if round % 2 == 0 {
            oauth.exchange("server", &code, None, None, now).unwrap();
        }
    }
    // Half of them can be refreshed for 14 days, which is some 1200 rounds; the others are over after a day.
    assert!((500..700).contains(&oauth.permits.len()), "{}", oauth.permits.len());
    let sizes = (oauth.by_code.len(), oauth.by_refresh.len(), oauth.by_access.len());
    assert_eq!(sizes, (oauth.permits.len(), 500, 500));
}

#[test]
fn an_export_comes_back_whole_and_holds_no_access_token() {
    let mut oauth = world();
    let codes = [approved(&mut oauth, SERVER), approved(&mut oauth, LASTING), approved(&mut oauth, SERVER)];
    let issued = oauth.exchange("server", &codes[0], None, None, at(START)).unwrap();
    oauth.exchange("server", &codes[1], None, None, at(START)).unwrap();
    let dump = oauth.dump();
    assert!(!dump.to_string().contains(&issued.access_token));
    let back = load(&dump).unwrap();
    assert_eq!(back, oauth);
    assert_eq!(back.bearer(&issued.access_token, START).unwrap().client_id, "server");
    assert_eq!(load(&world().dump()).unwrap(), world());
}

#[test]
fn a_description_may_give_tokens_to_begin_with_and_leaves_ids_and_secrets_to_the_seed() {
    let oauth = load(&json!({
        "clients": [{"name": "A", "redirect_uris": ["https://a.example/"]}, {"client_id": "b", "name": "B", "kind": "public", "redirect_uris": ["b:/"]}],
        "issued": {"permits": [{"client_id": "b", "account": 2, "scopes": ["users.all:read"], "refresh_token": "kept-since-last-week", "refresh_expires": "3 days"}]},
    }));
    let mut oauth = oauth.unwrap();
    let first = oauth.clients[0].clone();
    assert_eq!((first.client_id.len(), first.secret.unwrap().0.len()), (32, 32));
    assert_eq!(oauth.card("http://m")["client_id"], first.client_id);
    assert!(first.scopes.cover(Scope::OfflineAccess) && !oauth.clients[1].scopes.cover(Scope::OfflineAccess));
    let issued = oauth.refresh("b", "kept-since-last-week", None, at(START + 3 * 86_400 - 1)).unwrap();
    assert_eq!(oauth.bearer(&issued.access_token, START).unwrap().account, AccountId(2));
    assert!(oauth.refresh("b", "kept-since-last-week", None, at(START + 3 * 86_400)).is_err());
}

#[test]
fn every_fault_of_a_description_is_named_with_its_place_and_no_secret() {
    let faults = load(&json!({
        "clients": [
            {"client_id": "a:b", "name": "A", "redirect_uris": ["http://a.example/", "x"], "client_secret": "s3cret!"},
            {"client_id": "b", "name": "B", "kind": "public", "client_secret": "secret-of-b", "redirect_uris": [], "scopes": ["offline_access"]},
            {"client_id": "b", "kind": "secret", "name": "B2", "redirect_uri": "https://b.example/", "scopes": ["rooms"], "grants": []},
            {"client_id": "c", "name": "C", "redirect_uris": ["https://c.example/", "https://c.example/", "c:/"], "scopes": []},
            {"client_id": "c", "name": "C2", "redirect_uris": ["https://c.example/"]},
        ],
        "issued": {"counter": 0, "permits": [
            {"client_id": "z", "account": 9, "scopes": ["users.all:read"], "code": "short", "code_challenge": "x"},
            {"client_id": "c", "account": 1, "scopes": ["users.all:read"], "refresh_token": "twice-the-same"},
            {"client_id": "c", "account": 1, "scopes": ["users.all:read"], "refresh_token": "twice-the-same",
             "access_tokens": [{"digest": "0", "scopes": [], "expires": "soon"}]},
        ]},
        "cleints": [],
    }))
    .unwrap_err();
    let (scopes, faults): (Vec<String>, Vec<String>) = faults
        .into_iter()
        .partition(|fault| fault.starts_with("/oauth/clients/2/scopes/0: expected one of offline_access, "));
    assert_eq!(scopes.len(), 1);
    assert_eq!(
        faults,
        [
            "/oauth/cleints: unknown key 'cleints': did you mean 'clients'?",
            "/oauth/clients/0/client_id: a client_id is 1 to 255 visible ASCII characters without a colon",
            "/oauth/clients/0/client_secret: a secret is a text of 8 to 255 visible ASCII characters",
            "/oauth/clients/0/redirect_uris/0: plain http is taken only on 127.0.0.1, [::1] or localhost: give https there",
            "/oauth/clients/0/redirect_uris/1: a redirect URI is an absolute URI without a fragment, such as https://app.example/callback",
            "/oauth/clients/1/client_secret: a public client has no secret: leave the key out, or make it a confidential one",
            "/oauth/clients/1/redirect_uris: expected 1 to 5 redirect URIs, found a list of 0",
            "/oauth/clients/1/scopes: offline_access is for confidential clients alone: take it out, or change 'kind'",
            "/oauth/clients/2: the key 'redirect_uris' is missing",
            "/oauth/clients/2/grants: a client without a grant can do nothing: name one, or leave the key out",
            "/oauth/clients/2/kind: expected one of confidential, public, found the text \"secret\"",
            "/oauth/clients/2/redirect_uri: unknown key 'redirect_uri': did you mean 'redirect_uris'?",
            "/oauth/clients/3/redirect_uris/1: this redirect URI is listed already",
            "/oauth/clients/3/redirect_uris/2: a confidential client is a server: give an https URI",
            "/oauth/clients/3/scopes: at least one scope is needed",
            "/oauth/clients/4: another client has this client_id already",
            "/oauth/issued/counter: the counter is below the number of a permit: leave the key out, or raise it",
            "/oauth/issued/permits/0/account: no account has the id 9: add it to 'accounts', or name another one",
            "/oauth/issued/permits/0/client_id: no client has this id: add it to 'clients', or name another one",
            "/oauth/issued/permits/0/code: a code has an end: give 'code_expires' as a time",
            "/oauth/issued/permits/0/code: a secret is a text of 8 to 255 visible ASCII characters",
            "/oauth/issued/permits/0/code_challenge: a code_challenge is 43 to 128 of a-z, A-Z, 0-9, '-', '.', '_' and '~'",
            "/oauth/issued/permits/1/scopes: the client is not registered for 'users.all:read'",
            "/oauth/issued/permits/2: another permit has this number, code or token already",
            "/oauth/issued/permits/2/access_tokens/0/digest: expected the SHA-256 of the token: 64 hex digits",
            "/oauth/issued/permits/2/access_tokens/0/expires: expected a time: Unix seconds, RFC 3339, or a duration such as \"26h ago\" or \"3 days\", found the text \"soon\"",
            "/oauth/issued/permits/2/access_tokens/0/scopes: at least one scope is needed",
            "/oauth/issued/permits/2/scopes: the client is not registered for 'users.all:read'",
        ]
    );
    assert!(!faults.join("").contains("s3cret") && !faults.join("").contains("twice"));
}

/// What may happen to the tokens of one consent.
#[derive(Clone, Debug)]
enum Step {
    Approve { pkce: bool },
    Exchange { code: usize, right: bool },
    Refresh { token: usize },
    Wait(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        any::<bool>().prop_map(|pkce| Step::Approve { pkce }),
        (any::<usize>(), prop::bool::weighted(0.8)).prop_map(|(code, right)| Step::Exchange { code, right }),
        any::<usize>().prop_map(|token| Step::Refresh { token }),
        prop_oneof![0_i64..70, 0_i64..2000, 0_i64..1_300_000].prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 1..40)
}

/// The life of tokens, told independently: lists of what was given out, and one rule for each.
#[derive(Default)]
struct Model {
    /// Code, whether it needs the verifier, its beginning, and whether it was used.
    codes: Vec<(String, bool, i64, bool)>,
    /// Refresh token, its code, its beginning.
    refreshes: Vec<(String, usize, i64)>,
    /// Access token, its code, its beginning.
    accesses: Vec<(String, usize, i64)>,
    revoked: std::collections::BTreeSet<usize>,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn tokens_live_and_die_as_an_independent_model_says(steps in steps()) {
        let (mut oauth, mut model, mut now) = (world(), Model::default(), START);
        for step in steps {
            match step {
                Step::Wait(seconds) => now += seconds,
                Step::Approve { pkce } => {
                    let query = format!("{SERVER}&code_challenge={CHALLENGE}&code_challenge_method=S256");
                    let consent = consent(&oauth, if pkce { &query } else { SERVER });
                    let code = oauth.approve(&consent, AccountId(1), at(now));
                    model.codes.push((code, pkce, now, false));
                }
                Step::Exchange { code, right } if !model.codes.is_empty() => {
                    let place = code % model.codes.len();
                    let (code, pkce, begin, used) = &mut model.codes[place];
                    let verifier = if right { VERIFIER } else { CHALLENGE };
                    let answer = oauth.exchange("server", code, None, Some(verifier), at(now));
                    let good = !*used && now < *begin + 60 && (right || !*pkce);
                    prop_assert_eq!(answer.is_ok(), good);
                    if *used {
                        model.revoked.insert(place);
                    }
                    if let Ok(issued) = answer {
                        *used = true;
                        model.refreshes.push((issued.refresh_token, place, now));
                        model.accesses.push((issued.access_token, place, now));
                    }
                }
                Step::Refresh { token } if !model.refreshes.is_empty() => {
                    let (token, code, begin) = model.refreshes[token % model.refreshes.len()].clone();
                    let answer = oauth.refresh("server", &token, None, at(now));
                    prop_assert_eq!(answer.is_ok(), now < begin + 14 * 86_400 && !model.revoked.contains(&code));
                    if let Ok(issued) = answer {
                        model.accesses.push((issued.access_token, code, now));
                    }
                }
                Step::Exchange { .. } | Step::Refresh { .. } => {}
            }
            for (token, code, begin) in &model.accesses {
                let good = now < begin + 1800 && !model.revoked.contains(code);
                prop_assert_eq!(oauth.bearer(token, now).is_ok(), good);
            }
        }
        prop_assert_eq!(load(&oauth.dump()).unwrap(), oauth);
    }
}
