//! OAuth 2.0 across worlds, resets and exports, and consent through the control API.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use contract::wire::form::Form;
use mock_server::control::event::{Change, Happening};
use mock_server::{Mock, MockServer};
use serde_json::{Value, json};

use crate::support::{Answer, address, call, exchange};

/// The `oauth` object of a world's card.
fn card(mock: &Mock, key: &str) -> String {
    mock.card().chatwork["oauth"][key].as_str().unwrap_or_else(|| panic!("no {key}: {:?}", mock.card())).to_owned()
}

fn authorize_url(mock: &Mock, scope: &str) -> String {
    let (url, client) = (card(mock, "authorize_url"), card(mock, "client_id"));
    format!("{url}?response_type=code&client_id={client}&scope={scope}&state=a+b")
}

fn parameter(url: &str, name: &str) -> Option<String> {
    Form::decode(url.split_once('?')?.1.as_bytes()).value(name).map(str::to_owned)
}

fn token(mock: &Mock, form: &str) -> Answer {
    let basic = STANDARD.encode(format!("{}:{}", card(mock, "client_id"), card(mock, "client_secret")));
    let (address, length) = (address(mock), form.len());
    let head = format!("POST /token HTTP/1.1\r\nHost: {address}\r\nAuthorization: Basic {basic}\r\n");
    let kind = "Content-Type: application/x-www-form-urlencoded";
    exchange(mock, format!("{head}{kind}\r\nContent-Length: {length}\r\n\r\n{form}"))
}

/// Access and refresh token of a world.
fn tokens(mock: &Mock) -> (String, String) {
    let url = authorize_url(mock, "users.all:read+rooms.all:read_write");
    let code = parameter(&mock.approve(&url, None).unwrap(), "code").unwrap();
    let body = token(mock, &format!("grant_type=authorization_code&code={code}")).json();
    let text = |key: &str| body[key].as_str().unwrap_or_else(|| panic!("{body}")).to_owned();
    (text("access_token"), text("refresh_token"))
}

fn me(mock: &Mock, token: &str) -> Answer {
    exchange(mock, format!("GET /v2/me HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n"))
}

#[test]
fn the_ready_line_says_where_oauth_is() {
    let mock = MockServer::start().unwrap();
    let info = call(&mock, "GET", "/info", "", "").json();
    let base = format!("http://{}", address(&mock));
    assert_eq!(
        info["chatwork"]["oauth"],
        json!({
            "authorize_url": format!("{base}/packages/oauth2/login.php"),
            "token_url": format!("{base}/token"),
            "client_id": "mock-client-launch-board",
            "client_secret": "mock-secret-of-launch-board-0000",
            "redirect_uri": "http://127.0.0.1:8765/callback",
        })
    );
    let bare = json!({"chatwork": {"accounts": [{"id": 1, "name": "森"}]}});
    let card = mock.new_world(None, Some(&bare)).unwrap().card().chatwork["oauth"].clone();
    assert_eq!((&card["client_id"], &card["redirect_uri"]), (&Value::Null, &Value::Null));
    assert_eq!(card["token_url"], format!("{base}/token"));
}

#[test]
fn a_client_and_its_tokens_select_their_world() {
    let mock = MockServer::start().unwrap();
    let (one, two) = (mock.new_world(None, None).unwrap(), mock.new_world(None, None).unwrap());
    let clients = [&mock, &one, &two].map(|world| card(world, "client_id"));
    assert!(clients[0] != clients[1] && clients[1] != clients[2]);
    let (access, refresh) = tokens(&one);
    assert_eq!(me(&mock, &access).status, 200, "the address is the same for all");
    assert_eq!(token(&one, &format!("grant_type=refresh_token&refresh_token={refresh}")).status, 200);
    assert_eq!(token(&two, &format!("grant_type=refresh_token&refresh_token={refresh}")).status, 400);
    let target = authorize_url(&two, "rooms:write").replace(&format!("http://{}", address(&two)), "");
    let page = format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(exchange(&mock, page).status, 200);
    let operations = |world: &Mock| -> Vec<(String, u16)> {
        let requests = world.requests().unwrap().into_iter();
        requests.map(|request| (request.operation.unwrap_or_default(), request.status)).collect()
    };
    let told =
        |list: &[(&str, u16)]| list.iter().map(|(name, status)| ((*name).to_owned(), *status)).collect::<Vec<_>>();
    assert_eq!(operations(&one), told(&[("oauth-token", 200), ("get-me", 200), ("oauth-token", 200)]));
    assert_eq!(operations(&two), told(&[("oauth-token", 400), ("oauth-authorize", 200)]));
    assert_eq!(operations(&mock), []);

    // What anybody can write is believed for the choice of the world, and for nothing else.
    let claims = URL_SAFE_NO_PAD.encode(json!({"client_id": clients[1], "sub": "1001"}).to_string());
    assert_eq!(me(&mock, &format!("e30.{claims}.c2ln")).status, 401);
    assert_eq!(one.requests().unwrap().last().unwrap().status, 401);

    one.delete_world().unwrap();
    assert_eq!(me(&mock, &access).status, 401);
    assert_eq!(mock.requests().unwrap().len(), 1);
}

#[test]
fn a_client_id_belongs_to_one_world() {
    let mock = MockServer::start().unwrap();
    let client = |id: &str| {
        json!({"world": {"chatwork": {"accounts": [{"id": 1, "name": "A"}], "oauth": {"clients": [
            {"client_id": id, "name": "C", "redirect_uris": ["https://c.example/"]}]}}}})
    };
    let taken = call(&mock, "POST", "/worlds", "", &client("mock-client-launch-board").to_string());
    assert_eq!(taken.status, 400);
    assert!(
        taken.errors()[0].contains("client_id that begins with 'mock' belongs to the world 'default'"),
        "{taken:?}"
    );
    assert_eq!(call(&mock, "POST", "/worlds", "", &client("another").to_string()).status, 201);
}

#[test]
fn a_reset_takes_all_tokens_back_and_an_export_keeps_them() {
    let server = MockServer::builder().frozen_clock(None).start().unwrap();
    let mut mock: Mock = Mock::clone(&server);
    let begin = mock.state().unwrap();
    let (access, refresh) = tokens(&mock);
    let kept = mock.state().unwrap();
    assert_ne!(kept["chatwork"]["oauth"], begin["chatwork"]["oauth"]);
    mock.reset().unwrap();
    assert_eq!(mock.state().unwrap(), begin);
    assert_eq!(me(&mock, &access).status, 401);
    mock.set_state(&kept).unwrap();
    assert_eq!(mock.state().unwrap(), kept);
    assert_eq!(me(&mock, &access).status, 200);
    mock.advance(Duration::from_secs(1800)).unwrap();
    assert_eq!(me(&mock, &access).status, 401);
    let renewed = token(&mock, &format!("grant_type=refresh_token&refresh_token={refresh}")).json();
    assert_eq!(me(&mock, renewed["access_token"].as_str().unwrap()).status, 200);
}

#[test]
fn consent_through_the_control_api_leads_where_the_page_would() {
    let mock = MockServer::start().unwrap();
    let world = mock.new_world(None, None).unwrap();
    let url = authorize_url(&world, "rooms.info:read");
    let mut events = world.events().unwrap();
    let to = world.approve(&url, Some(1003)).unwrap();
    let told = events.next_within(Duration::from_secs(10)).unwrap().map(|event| event.what);
    let consented = Change::Consented { client_id: card(&world, "client_id"), account_id: 1003 };
    assert_eq!(told, Some(Happening::State(consented)));
    assert!(to.starts_with("http://127.0.0.1:8765/callback?code=") && to.ends_with("&state=a+b"), "{to}");
    assert_eq!(world.deny(&url).unwrap(), "http://127.0.0.1:8765/callback?error=access_denied&state=a+b");
    // The client selects the world; the host does not matter.
    let real = url.replace(&format!("http://{}", address(&mock)), "https://www.chatwork.com");
    let answer = call(&mock, "POST", "/oauth/approve", "", &json!({"url": real}).to_string());
    assert!(answer.json()["redirect_to"].as_str().unwrap().contains("?code="), "{answer:?}");
    let told = world.approve(&url.replace("rooms.info", "rooms.inf0"), None).unwrap();
    assert!(parameter(&told, "error_description").unwrap().starts_with("5002: "), "{told}");

    let refused = |body: Value| {
        let answer = call(&mock, "POST", "/oauth/approve", "", &body.to_string());
        assert_eq!(answer.status, 400, "{answer:?}");
        answer.errors().join("; ")
    };
    assert_eq!(
        refused(json!({"url": url.replace(&card(&world, "client_id"), "x")})),
        "11000: There is no client with this client_id"
    );
    assert_eq!(refused(json!({"url": url, "account_id": 9})), "This world has no account with that account_id");
    assert_eq!(
        refused(json!({"url": "https://a.example/?x", "acount_id": 1})),
        "/acount_id: unknown key 'acount_id': did you mean 'account_id'?; \
         /url: expected an authorize URL: one whose path is /packages/oauth2/login.php, with a query"
    );
    assert_eq!(refused(json!({})), "the key 'url' is missing");
    let named = format!("X-Mock-World: {}\r\n", world.card().id);
    let other = json!({"url": authorize_url(&mock, "rooms:write")}).to_string();
    assert_eq!(call(&mock, "POST", "/oauth/approve", &named, &other).status, 400, "a world that is named is meant");
    assert_eq!(call(&mock, "GET", "/oauth/approve", "", "").status, 405);
}
