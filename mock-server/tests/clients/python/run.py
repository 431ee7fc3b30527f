"""PyPI pychatwork 1.0.5, unmodified, against a running mock: each of its calls, asserted.

    python run.py READY-FILE [EDITION]

READY-FILE is what `mock-server --ready-file` wrote; EDITION (default `documented`) is the one it was started with.
Exit 0: every call passed. 1: a call failed. 2: bad usage.

The client offers two of the 32 operations. It sends the body of a message in the query string of a POST: edition
`documented` takes that, edition `2025-07` answers as the service has done since 2025-07-03.
"""

import json
import re
import sys
import traceback

import pychatwork
import requests

from mock import Mock

GET = "GET /rooms/{room_id}/messages"
POST = "POST /rooms/{room_id}/messages"
METHODS = {GET: "get_messages", POST: "post_messages"}
EVERYDAY = "[info][title]สวัสดี[/title]こんにちは & 50% + a=b; xin chào 👩‍💻\nline 2[/info]"
NOBODY = 999_999_999
FAULT = "client's own fault: "
# Nobody is known to have asked: no limits in the answer, and no world's journal.
BEFORE_THE_SERVICE = (401, 414)
RATE = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


class Recorder:
    """Makes the calls, judges each, prints one line for it and keeps the score."""

    def __init__(self, edition):
        self.edition = edition
        self.passed = 0
        self.failures = []
        self.calls = {operation: [0, 0] for operation in METHODS}
        self.answered = None
        # The client hides the status. Its own HTTP library tells it, before the client sees the answer.
        original = requests.Session.send

        def send(session, request, **options):
            self.answered = original(session, request, **options)
            return self.answered

        requests.Session.send = send

    def client(self, world, token=None):
        """A client of a world. The base URL is a class constant: no file is touched."""
        pychatwork.ChatworkClient.BASE_URL = world.base_url + "/"
        return pychatwork.ChatworkClient(world.token if token is None else token)

    def call(self, world, operation, arguments, status, note="", token=None, gives=None, raises=None, sent=None):
        """One call. `gives` judges what the client returns; `raises` is the list that its exception must carry."""
        label = f"{operation}  pychatwork {METHODS[operation]}{f' ({note})' if note else ''}"
        result = None
        try:
            world.clear_journal()
            self.answered = None
            error = None
            try:
                result = getattr(self.client(world, token), METHODS[operation])(**arguments)
            except Exception as caught:  # the client raises bare `Exception`
                error = caught
            if self.answered is None:
                raise error or AssertionError("nothing was sent")
            answer = self.answered
            equal(answer.status_code, status, f"status (body {answer.text[:200]})")
            self.judge_headers(answer)
            if raises is None:
                if error is not None:
                    raise error
                if gives is not None:
                    gives(result)
            else:
                equal(type(error), Exception, "the client's exception")
                equal(error.args[0], json.loads(answer.text)["errors"], "what the exception carries")
                if raises is not ANY:
                    equal(error.args[0], raises, "the errors")
            if status not in BEFORE_THE_SERVICE:
                self.judge_journal(world, operation, status, sent)
        except Exception as failure:
            self.calls[operation][1] += 1
            self.fail(label, f"{type(failure).__name__}: {failure}")
        else:
            self.passed += 1
            self.calls[operation][0] += 1
            print(f"ok    {label}  {status}")
        return result

    def judge_headers(self, answer):
        for name in RATE:
            if answer.status_code in BEFORE_THE_SERVICE:
                equal(answer.headers.get(name), None, name)
            else:
                matches(r"[0-9]+", answer.headers.get(name, "(absent)"), name)
        wanted = None if answer.status_code == 204 else "application/json; charset=utf-8"
        equal(answer.headers.get("content-type"), wanted, "content-type")
        if not answer.content.isascii():
            raise AssertionError("text beyond ASCII is escaped on the wire")

    def judge_journal(self, world, operation, status, sent):
        entries = world.journal()
        equal(len(entries), 1, "requests in the journal")
        entry = entries[0]
        verb, template = operation.split(" ")
        equal(entry["method"], verb, "method in the journal")
        equal(entry["status"], status, "status in the journal")
        matches("/v2" + template.replace("{room_id}", "[^/]*"), entry["path"], "path in the journal")
        if world.token in json.dumps(entry):
            raise AssertionError("the token is not masked in the journal")
        if sent is not None:
            sent(entry)

    def scenario(self, name, world, play):
        print(f"\n# {name} (edition {self.edition})")
        try:
            play(self, world)
        except Exception:
            self.fail(f"{name}: broken off", traceback.format_exc())
        world.end()

    def fail(self, label, why):
        self.failures.append(label)
        print(f"FAIL  {label}\n      " + why.replace("\n", "\n      "))

    def summary(self):
        width = max(map(len, self.calls))
        print(f"\n{'operation'.ljust(width)}   calls  failed")
        for operation, (passed, failed) in self.calls.items():
            print(f"{operation.ljust(width)}  {passed + failed:6}  {failed:6}")
        covered = sum(1 for passed, _ in self.calls.values() if passed)
        print(f"{sum(map(sum, self.calls.values()))} calls, {covered} of 32 operations covered (the client offers {len(METHODS)})")
        if covered < len(METHODS):
            self.failures.append("an operation was never called as expected")
        for failure in self.failures:
            print(f"failed: {failure}")
        print(f"pychatwork 1.0.5, edition {self.edition}: {self.passed} passed, {len(self.failures)} failed")
        return not self.failures


ANY = object()


def equal(got, wanted, what):
    """Fails unless both are equal and of the same type."""
    if got != wanted or type(got) is not type(wanted):
        raise AssertionError(f"{what}: {got!r}, not {wanted!r}")


def matches(pattern, got, what):
    """Fails unless the whole text fits the pattern."""
    if re.fullmatch(pattern, got) is None:
        raise AssertionError(f"{what}: {got!r} does not fit {pattern}")


def messages_are(bodies=None):
    """A judgement of a list of messages: fields, order and types; and its bodies, when given."""

    def judge(messages):
        if not isinstance(messages, list) or not messages:
            raise AssertionError(f"a list that is not empty, not {messages!r}")
        for message in messages:
            equal(list(message), ["message_id", "account", "body", "send_time", "update_time"], "fields")
            matches("[1-9][0-9]*", message["message_id"], "message_id")
            equal(list(message["account"]), ["account_id", "name", "avatar_image_url"], "fields of account")
            equal([type(value) for value in message["account"].values()], [int, str, str], "types of account")
            equal([type(message[field]) for field in ("body", "send_time", "update_time")], [str, int, int], "types")
        if bodies is not None:
            equal([message["body"] for message in messages], bodies, "bodies")

    return judge


def posted(result):
    equal(list(result), ["message_id"], "fields")
    matches("[1-9][0-9]*", result["message_id"], "message_id")


def reading(run, world):
    room = {"room_id": world.room_id}
    run.call(world, GET, {**room, "force": True}, 200, "force=True", gives=messages_are())
    run.call(world, GET, room, 204, "nothing new since: an empty list", gives=lambda got: equal(got, [], "result"))
    run.call(world, GET, {"room_id": str(world.room_id), "force": True}, 200, "room id as text", gives=messages_are())
    run.call(world, GET, {"room_id": NOBODY}, 403, "a room that never was",
             raises=["You don't have permission to get messages in this room"])
    run.call(world, GET, {"room_id": "rid123"}, 400, "an id that is no number", raises=["Invalid Endpoint or HTTP method"])
    run.call(world, GET, {"room_id": ""}, 400, "no room id", raises=["Invalid Endpoint or HTTP method"])


def in_query(entry):
    equal(entry["body"], "", "the body in the journal")
    matches("body=.+", entry["query"], "the query in the journal")
    clauses = [violation["clause"] for violation in entry["violations"]]
    equal(clauses, ["chatwork.transport.body-only"], "what the mock tells its operator")


def posting(run, world):
    """Edition `documented`: parameters in the query count."""
    room = {"room_id": world.room_id}
    run.call(world, GET, {**room, "force": True}, 200, "before", gives=messages_are())

    fault = FAULT + "the body stands in the query"
    texts = [EVERYDAY, "%", "a+b c", "x" * 4000]
    for text in texts:
        note = f"{fault}; {text[:8].splitlines()[0]!r}…" if len(text) > 8 else f"{fault}; {text!r}"
        run.call(world, POST, {**room, "message": text}, 200, note, gives=posted, sent=in_query)
    run.call(world, GET, room, 200, "only the new ones, verbatim, in order", gives=messages_are(texts))
    run.call(world, POST, {**room, "message": "ก" * 1000}, 414, fault + "; 1,000 Thai characters make a line of 9 KB", raises=ANY)
    run.call(world, POST, {**room, "message": ""}, 400, "empty", raises=["Parameter 'body' is required"])
    run.call(world, POST, {"room_id": NOBODY, "message": "x"}, 403, "a room that never was",
             raises=["You don't have permission to send/edit message."])
    run.call(world, GET, room, 204, "refusals posted nothing", gives=lambda got: equal(got, [], "result"))


def posting_since_2025(run, world):
    """Edition `2025-07`: POST reads the form only, as the notice's own example shows."""
    room = {"room_id": world.room_id}
    run.call(world, GET, {**room, "force": True}, 200, "before", gives=messages_are())
    for text in [EVERYDAY, "%", "x" * 4000]:
        run.call(world, POST, {**room, "message": text}, 400, FAULT + "the body stands in the query, which is ignored",
                 raises=["Parameter 'body' is required"], sent=in_query)
    run.call(world, GET, room, 204, "nothing was posted", gives=lambda got: equal(got, [], "result"))


def tokens(run, world):
    room = {"room_id": world.room_id}
    for token, note in [("0" * 32, "unknown token"), ("", "empty token"), ("x", "short token")]:
        run.call(world, GET, room, 401, note, token=token, raises=["Invalid API token"])
        run.call(world, POST, {**room, "message": "x"}, 401, note, token=token, raises=["Invalid API token"])
    run.call(world, GET, {**room, "force": True}, 200, "the right token still works", gives=messages_are())


def room_limit(run, world):
    room = {"room_id": world.room_id}
    for number in range(10):
        run.call(world, POST, {**room, "message": f"ข้อความ {number}"}, 200, f"{number + 1} of 10 in 10 s", gives=posted)
    run.call(world, POST, {**room, "message": "11"}, 429, "eleventh in 10 s",
             raises=["Rate limit for message posting per room exceeded."])
    world.advance(10_000)
    run.call(world, POST, {**room, "message": "12"}, 200, "10 s later", gives=posted)


def main(arguments):
    if len(arguments) not in (1, 2):
        print("usage: python run.py READY-FILE [EDITION]", file=sys.stderr)
        return 2
    edition = arguments[1] if len(arguments) == 2 else "documented"
    mock, run = Mock(arguments[0]), Recorder(edition)
    run.scenario("reading", mock.world(), reading)
    run.scenario("tokens", mock.world(), tokens)
    if edition == "documented":
        run.scenario("posting", mock.world(), posting)
        run.scenario("10 posts in 10 s in a room", mock.world({"clock": {"frozen": True}}), room_limit)
    else:
        run.scenario("posting", mock.world(), posting_since_2025)
    return 0 if run.summary() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
