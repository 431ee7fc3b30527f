"""PyPI Authlib, unmodified, through OAuth 2.0 against a running mock: each step asserted.

    AUTHLIB_INSECURE_TRANSPORT=1 python run.py READY-FILE PUBLIC-KEY

READY-FILE is what `mock-server --ready-file` wrote, PUBLIC-KEY the PEM that access tokens verify with. The library refuses
plain http unless the variable is set; the mock is on this machine. Exit 0: every step passed. 1: one failed. 2: bad usage.

The library builds the authorize URLs, exchanges the codes, signs the calls and renews the tokens. Only consent, which is a
person's part, is given by plain HTTP: as a browser would from the page, or through the control API.
"""

import html
import json
import re
import sys
import traceback
import urllib.parse
from pathlib import Path

import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc6749.errors import MismatchingStateException, MissingCodeException
from authlib.oauth2.rfc6749.parameters import parse_authorization_code_response
from joserfc import jwk, jwt

DESCRIPTION = {
    "chatwork": {
        "accounts": [{"id": 1001, "name": "森 葵"}, {"id": 1002, "name": "ชิดชนก ใจดี"}],
        "rooms": [{"id": 5001, "name": "ห้อง 🚀", "members": [1001, 1002]}],
        "oauth": {
            "clients": [
                # A secret that form encoding changes: the library sends it as it is.
                {"client_id": "authlib-server", "client_secret": "s3cret+/%40=only-here", "name": "サーバー", "redirect_uris": ["http://127.0.0.1:8765/callback"]},
                {"client_id": "authlib-app", "name": "แอป", "kind": "public", "redirect_uris": ["http://127.0.0.1:8765/callback", "com.example.app:/callback"]},
            ]
        },
    }
}
CLIENTS = {
    "confidential": {"client_id": "authlib-server", "client_secret": "s3cret+/%40=only-here"},
    "public": {"client_id": "authlib-app", "token_endpoint_auth_method": "none"},
}
CALLBACK = "http://127.0.0.1:8765/callback"
SCOPE = "users.all:read rooms.messages:write"


class World:
    """A world of its own, by the control API."""

    def __init__(self, ready):
        self.control_url = ready["control_url"]
        made = requests.post(f"{self.control_url}/worlds", json={"seed": 7, "world": DESCRIPTION}, timeout=30)
        made.raise_for_status()
        card = made.json()
        self.id, self.base_url = card["id"], card["chatwork"]["base_url"]
        self.authorize_url, self.token_url = card["chatwork"]["oauth"]["authorize_url"], card["chatwork"]["oauth"]["token_url"]

    def control(self, method, path, body=None):
        answer = requests.request(method, self.control_url + path, json=body, headers={"X-Mock-World": self.id}, timeout=30)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def advance(self, seconds):
        self.control("POST", "/clock", {"advance_ms": seconds * 1000})

    def session(self, kind, scope=SCOPE, **options):
        return OAuth2Session(
            **CLIENTS[kind], scope=scope, redirect_uri=CALLBACK, code_challenge_method="S256", token_endpoint=self.token_url, **options
        )


def consent_in_a_browser(url, button, account_id="1001"):
    """Reads the page, fills its form in and follows to the client. Answers the address that the browser would go to."""
    page = requests.get(url, timeout=30)
    assert page.status_code == 200, (page.status_code, page.text)
    fields = {html.unescape(name): html.unescape(value) for name, value in re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.text)}
    assert f'<option value="{account_id}"' in page.text and f'<button name="{button}" value="1">' in page.text, page.text
    action = re.search(r'<form method="post" action="([^"]*)">', page.text).group(1)
    fields |= {"account_id": account_id, button: "1"}
    answer = requests.post(urllib.parse.urljoin(page.url, action), data=fields, allow_redirects=False, timeout=30)
    assert answer.status_code == 302, (answer.status_code, answer.text)
    return answer.headers["Location"]


def through(world, kind, scope=SCOPE, account_id="1001"):
    """The whole flow. Answers the session, the redirect that it got, and what it was called with."""
    session, verifier = world.session(kind, scope), generate_token(48)
    url, state = session.create_authorization_url(world.authorize_url, code_verifier=verifier)
    redirect = consent_in_a_browser(url, "approve", account_id)
    told = {"authorization_response": redirect, "code_verifier": verifier, "state": state}
    session.fetch_token(world.token_url, **told)
    return session, redirect, told


def whole_flow(world, kind, key):
    session, _, _ = through(world, kind, account_id="1002")
    token = session.token
    assert token["token_type"] == "Bearer" and token["expires_in"] == 1800 and token["scope"] == SCOPE, token
    claims = jwt.decode(token["access_token"], key, algorithms=["RS256"]).claims
    assert claims["aud"] == "https://api.chatwork.com" and claims["iss"] == "https://oauth.chatwork.com", claims
    assert claims["sub"] == "1002" and claims["scope"] == SCOPE.split() and claims["exp"] - claims["iat"] == 1800, claims
    me = session.get(f"{world.base_url}/me")
    assert me.status_code == 200 and me.json()["account_id"] == 1002 and me.json()["name"] == "ชิดชนก ใจดี", me.text
    posted = session.post(f"{world.base_url}/rooms/5001/messages", data={"body": "สวัสดี こんにちは 🚀"})
    assert posted.status_code == 200 and posted.json()["message_id"].isdigit(), posted.text
    beyond = session.get(f"{world.base_url}/contacts")
    assert beyond.status_code == 403 and "contacts.all:read" in beyond.json()["errors"][0], beyond.text


def renewal(world, kind, _):
    session, _, _ = through(world, kind)
    old = dict(session.token)
    world.advance(1800)
    late = session.get(f"{world.base_url}/me")
    told = 'Bearer error="invalid_token", error_description="The access token expired"'
    assert late.status_code == 401 and late.headers["WWW-Authenticate"] == told, (late.status_code, late.headers)
    new = session.refresh_token(world.token_url, refresh_token=old["refresh_token"])
    assert new["access_token"] != old["access_token"] and new["refresh_token"] == old["refresh_token"], new
    assert session.get(f"{world.base_url}/me").status_code == 200
    world.advance(14 * 86_400)
    assert raises(lambda: session.refresh_token(world.token_url)) == "invalid_grant"


def renewal_by_itself(world, kind, _):
    """The library renews a token whose end it sees coming; here its own record says that it has come."""
    session, _, _ = through(world, kind)
    first = session.token["access_token"]
    session.token = session.token | {"expires_at": 1}
    assert session.get(f"{world.base_url}/me").status_code == 200 and session.token["access_token"] != first


def narrower(world, kind, _):
    session, _, _ = through(world, kind)
    token = session.refresh_token(world.token_url, scope="users.all:read")
    assert token["scope"] == "users.all:read", token
    assert session.post(f"{world.base_url}/rooms/5001/messages", data={"body": "x"}).status_code == 403
    assert raises(lambda: session.refresh_token(world.token_url, scope="contacts.all:read")) == "invalid_scope"


def lasting(world, kind, _):
    session, _, _ = through(world, "confidential", scope="users.all:read offline_access")
    world.advance(5 * 365 * 86_400)
    session.refresh_token(world.token_url)
    assert session.get(f"{world.base_url}/me").status_code == 200
    app = world.session("public", scope="offline_access")
    url, state = app.create_authorization_url(world.authorize_url, code_verifier=generate_token(48))
    assert without_code(world.control("POST", "/oauth/approve", {"url": url})["redirect_to"], state) == "invalid_scope"


def denial(world, kind, _):
    session, verifier = world.session(kind), generate_token(48)
    url, state = session.create_authorization_url(world.authorize_url, code_verifier=verifier)
    for redirect in (consent_in_a_browser(url, "deny"), world.control("POST", "/oauth/approve", {"url": url, "deny": True})["redirect_to"]):
        assert without_code(redirect, state) == "access_denied"


def reuse(world, kind, _):
    session, _, told = through(world, kind)
    assert session.get(f"{world.base_url}/me").status_code == 200
    access = session.token["access_token"]
    assert raises(lambda: session.fetch_token(world.token_url, **told)) == "invalid_grant"
    answer = requests.get(f"{world.base_url}/me", headers={"Authorization": f"Bearer {access}"}, timeout=30)
    assert answer.status_code == 401, "a code that comes again takes its tokens along"


def wrong_verifier_and_late_code(world, kind, _):
    session, verifier = world.session(kind), generate_token(48)
    url, state = session.create_authorization_url(world.authorize_url, code_verifier=verifier)
    told = {"authorization_response": world.control("POST", "/oauth/approve", {"url": url})["redirect_to"], "state": state}
    assert raises(lambda: session.fetch_token(world.token_url, code_verifier=generate_token(48), **told)) == "invalid_grant"
    world.advance(60)
    assert raises(lambda: session.fetch_token(world.token_url, code_verifier=verifier, **told)) == "invalid_grant"


def forged_state(world, kind, _):
    session = world.session(kind)
    url, _ = session.create_authorization_url(world.authorize_url, code_verifier=generate_token(48))
    redirect = world.control("POST", "/oauth/approve", {"url": url})["redirect_to"]
    try:
        session.fetch_token(world.token_url, authorization_response=redirect, state="another")
    except (MismatchingStateException, OAuthError):
        return
    raise AssertionError("the library took a state that it did not send")


def wrong_secret(world, kind, _):
    session = OAuth2Session("authlib-server", "another-secret", token_endpoint=world.token_url, redirect_uri=CALLBACK)
    assert raises(lambda: session.fetch_token(world.token_url, code="x")) == "invalid_client"
    session = OAuth2Session("nobody", "x", redirect_uri=CALLBACK)
    assert raises(lambda: session.fetch_token(world.token_url, code="x")) == "invalid_client"
    # The library can send the secret in the body, which the documents do not know.
    session = OAuth2Session(**CLIENTS["confidential"], token_endpoint_auth_method="client_secret_post", redirect_uri=CALLBACK)
    assert raises(lambda: session.fetch_token(world.token_url, code="x")) == "invalid_client"
    assert raises(lambda: world.session("confidential").fetch_token(world.token_url, grant_type="password", username="a", password="b")) == "unsupported_grant_type"


def without_code(redirect, state):
    """The `error` of a redirect in which the library finds no code."""
    try:
        parse_authorization_code_response(redirect, state)
    except MissingCodeException:
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(redirect).query))
        assert query["state"] == state, redirect
        return query["error"]
    raise AssertionError("the library found a code")


def raises(call):
    """The `error` of the library's own exception."""
    try:
        call()
    except OAuthError as caught:
        return caught.error
    raise AssertionError("the library raised nothing")


def no_secret_in_the_journal(world, kind, _):
    session, redirect, told = through(world, kind)
    session.refresh_token(world.token_url)
    code = urllib.parse.parse_qs(urllib.parse.urlsplit(redirect).query)["code"][0]
    journal = json.dumps(world.control("GET", "/requests"), ensure_ascii=False)
    secrets = [code, told["code_verifier"], session.token["access_token"], session.token["refresh_token"], "s3cret+/%40=only-here"]
    assert "oauth-token" in journal and not [secret for secret in secrets if secret in journal], journal


STEPS = [whole_flow, renewal, renewal_by_itself, narrower, denial, reuse, wrong_verifier_and_late_code, forged_state, no_secret_in_the_journal]
ONCE = [lasting, wrong_secret]


def main(arguments):
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    ready = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    key = jwk.import_key(Path(arguments[1]).read_text(encoding="utf-8"), "RSA")
    failed = 0
    plan = [(step, kind) for kind in CLIENTS for step in STEPS] + [(step, "both") for step in ONCE]
    for step, kind in plan:
        label = f"{step.__name__.replace('_', ' ')}, {kind} client" if kind in CLIENTS else step.__name__.replace("_", " ")
        world = World(ready)
        try:
            step(world, kind, key)
            print(f"ok    {label}")
        except Exception:  # one step that fails hides no other
            failed += 1
            print(f"FAIL  {label}\n{traceback.format_exc()}")
        world.control("DELETE", f"/worlds/{world.id}")
    print(f"Authlib 1.9.10: {len(plan) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
