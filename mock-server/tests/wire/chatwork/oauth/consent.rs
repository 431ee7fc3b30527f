//! The consent page.

use super::{AUTHORIZE, CHALLENGE, approve, authorize, for_app, for_server, redirected, with_bearer};
use crate::common::{Call, Wire};
use contract::wire::form::Form;

#[test]
fn the_page_says_who_asks_for_what_and_who_may_answer() {
    let mut wire = Wire::start();
    let answer = wire.send(&Call::new("GET", &for_server("rooms.all:read_write offline_access")));
    assert_eq!(answer.status, 200);
    keep!(wire, "oauth-authorize.200");
    let page = answer.text();
    for part in [
        "「議事録サーバー &lt;b&gt;&quot;&amp;&#39;」",
        "チャットルームのすべてを閲覧・操作する",
        "Read and change everything in your chats",
    ] {
        assert!(page.contains(part), "{page}");
    }
    for part in
        ["<option value=\"1001\" selected>森 葵 (1001)</option>", "<option value=\"1003\">ชัย ใจดี (1003)</option>"]
    {
        assert!(page.contains(part), "{page}");
    }
    assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("script"), "{policy}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(wire.send(&Call::new("HEAD", &for_server("rooms:write"))).status, 200);
}

#[test]
fn what_a_browser_sends_from_the_page_leads_to_the_client_with_a_code() {
    let mut wire = Wire::start();
    let hostile = "\"><script>alert('1')</script>\r\n&amp;สถานะ";
    let target = format!("{}&{}", for_app("rooms.messages:write users.all:read"), {
        let mut state = Form::default();
        state.push("state", hostile);
        state.encode()
    });
    let page = wire.send(&Call::new("GET", &target));
    assert_eq!(page.status, 200);
    let mut fields = hidden_fields(page.text());
    fields.extend([("account_id".to_owned(), "1002".to_owned()), ("approve".to_owned(), "1".to_owned())]);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let answer = wire.send(&Call::new("POST", AUTHORIZE).form(&fields));
    assert!(answer.header("location").unwrap().starts_with("example.app:/callback?code="));
    assert_eq!(redirected(&answer, "state").as_deref(), Some(hostile));
    let code = redirected(&answer, "code").unwrap();
    let body = wire.send(&Call::new("POST", "/token").form(&[
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("client_id", "wire-app"),
        ("redirect_uri", "example.app:/callback"),
        ("code_verifier", super::VERIFIER),
    ]));
    let token = body.is(200)["access_token"].as_str().unwrap().to_owned();
    assert_eq!(wire.send(&with_bearer(&token, "GET", "/me")).is(200)["account_id"], 1002);
}

#[test]
fn consent_and_its_refusal_need_no_browser() {
    let mut wire = Wire::start();
    let target = for_server("rooms.info:read");
    approve(&mut wire, &target, "1003");
    keep!(wire, "oauth-authorize.302-approved");
    let first = wire.send(&Call::new("POST", &target).form(&[("approve", "1")]));
    assert!(redirected(&first, "code").is_some(), "without account_id it is the first account");
    let denied = [&[("deny", "1")][..], &[("approve", "1"), ("deny", "1")]];
    for form in denied {
        wire.forget();
        let answer = wire.send(&Call::new("POST", &target).form(form));
        let told = ["error", "error_description", "code", "state"].map(|name| redirected(&answer, name));
        assert_eq!(
            told.map(|told| told.unwrap_or_default()),
            ["access_denied", "", "", "สถานะ 1"],
            "3001 as documented"
        );
    }
    keep!(wire, "oauth-authorize.302-3001");
}

#[test]
fn an_answer_that_says_neither_yes_nor_no_or_names_nobody_is_refused() {
    let mut wire = Wire::start();
    let target = for_server("rooms.info:read");
    for form in [
        &[("approve", "0")][..],
        &[("account_id", "1001")],
        &[("approve", "1"), ("account_id", "x")],
        &[("approve", "1"), ("account_id", "9")],
    ] {
        let answer = wire.send(&Call::new("POST", &target).form(form));
        assert_eq!((answer.status, answer.header("location")), (400, None), "{form:?}");
    }
    keep!(wire, "oauth-authorize.400-no-decision");
    let answer = wire.send(&Call::new("DELETE", &target));
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD, POST")));
    keep!(wire, "oauth-authorize.405");
}

#[test]
fn every_fault_has_its_documented_number() {
    let code = ("response_type", "code");
    let server = ("client_id", "wire-server");
    let scope = ("scope", "rooms.info:read");
    let state = ("state", "s");
    let method = ("code_challenge_method", "S256");
    let long = "a".repeat(129);
    let cases: [(&str, &[(&str, &str)]); 19] = [
        ("oauth-authorize.302-1001", &[server, scope, state]),
        ("oauth-authorize.302-4001", &[("response_type", "token"), server, scope, state]),
        ("oauth-authorize.302-4002", &[("response_type", "id_token"), server, scope, state]),
        ("oauth-authorize.302-5001", &[code, server, state]),
        ("oauth-authorize.302-5002", &[code, server, ("scope", "rooms.info:read rooms.info:reed"), state]),
        (
            "oauth-authorize.302-5002-not-registered",
            &[
                code,
                ("client_id", "wire-app"),
                ("redirect_uri", "https://app.example/callback"),
                ("scope", "rooms.all:read_write"),
                state,
            ],
        ),
        (
            "oauth-authorize.302-5002-offline",
            &[
                code,
                ("client_id", "wire-app"),
                ("redirect_uri", "https://app.example/callback"),
                ("scope", "offline_access"),
            ],
        ),
        ("oauth-authorize.400-11000", &[code, scope, state]),
        (
            "oauth-authorize.400-11000-unknown",
            &[code, ("client_id", "<i>zilch</i>"), scope, ("redirect_uri", "https://evil.example/"), state],
        ),
        ("oauth-authorize.400-13000", &[code, ("client_id", "wire-app"), scope, state]),
        ("oauth-authorize.400-14000", &[code, server, scope, ("redirect_uri", "javascript"), state]),
        (
            "oauth-authorize.400-14000-fragment",
            &[code, server, scope, ("redirect_uri", "https://minutes.example/callback?from=chat#x"), state],
        ),
        ("oauth-authorize.400-15000", &[code, server, scope, ("redirect_uri", "https://evil.example/"), state]),
        (
            "oauth-authorize.400-15000-almost",
            &[code, server, scope, ("redirect_uri", "https://minutes.example/callback?from=chat&x=1"), state],
        ),
        (
            "oauth-authorize.302-18000",
            &[code, server, scope, state, ("code_challenge", CHALLENGE), ("code_challenge_method", "plain")],
        ),
        ("oauth-authorize.302-18000-no-method", &[code, server, scope, state, ("code_challenge", CHALLENGE)]),
        ("oauth-authorize.302-19000", &[code, server, scope, state, ("code_challenge", "too-short"), method]),
        ("oauth-authorize.302-19000-long", &[code, server, scope, state, ("code_challenge", &long), method]),
        ("oauth-authorize.302-20000", &[code, server, scope, state, ("code_verifier", "too-short")]),
    ];
    let mut wire = Wire::start();
    let before = wire.state();
    for (name, parameters) in cases {
        let number = name.split(['.', '-']).nth(3).unwrap();
        for call in [
            Call::new("GET", &authorize(parameters)),
            Call::new("POST", &authorize(parameters)).form(&[("approve", "1")]),
        ] {
            wire.forget();
            let answer = wire.send(&call);
            if name.contains(".400") {
                assert_eq!((answer.status, answer.header("location")), (400, None), "{name}");
                assert!(answer.text().contains(&format!("Error {number}")), "{name}: {}", answer.text());
                assert!(!answer.text().contains("evil") && !answer.text().contains("zilch"), "{}", answer.text());
            } else {
                let told = redirected(&answer, "error_description").unwrap();
                assert!(told.starts_with(&format!("{number}: ")), "{name}: {told}");
                assert!(redirected(&answer, "error").is_some(), "{name}");
                assert_eq!(redirected(&answer, "state").is_some(), parameters.contains(&state), "{name}");
            }
        }
        keep!(wire, name);
    }
    wire.is_still(&before);
}

#[test]
fn parameters_that_are_wrong_only_a_little_are_noted() {
    let mut wire = Wire::start();
    let app = authorize(&[
        ("response_type", "code"),
        ("client_id", "wire-app"),
        ("scope", "users.all:read"),
        ("redirect_uri", "https://app.example/callback"),
    ]);
    assert_eq!(wire.send(&Call::new("GET", &app)).status, 200);
    assert_eq!(wire.noted(), ["chatwork.oauth.pkce-unasked"]);
    let early = format!("{}&code_verifier={}", for_server("rooms:write"), super::VERIFIER);
    assert_eq!(wire.send(&Call::new("GET", &early)).status, 200);
    assert_eq!(wire.noted(), ["chatwork.oauth.verifier-early"]);
    wire.send(&Call::new("GET", AUTHORIZE));
    assert_eq!(wire.noted(), ["chatwork.oauth.consent-codes"]);
}

/// Names and values of a page's hidden fields, as a browser reads them.
fn hidden_fields(page: &str) -> Vec<(String, String)> {
    let unescape = |text: &str| {
        let pairs = [
            ("&lt;", "<"),
            ("&gt;", ">"),
            ("&quot;", "\""),
            ("&#39;", "'"),
            ("&#10;", "\n"),
            ("&#13;", "\r"),
            ("&amp;", "&"),
        ];
        pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
    };
    let fields = page.split("<input type=\"hidden\" name=\"").skip(1).map(|rest| {
        let (name, rest) = rest.split_once("\" value=\"").unwrap();
        (name.to_owned(), unescape(rest.split_once('"').unwrap().0))
    });
    fields.collect()
}
