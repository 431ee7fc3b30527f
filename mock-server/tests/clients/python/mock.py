"""The mock's control plane, as far as these tests need it."""

import json
import urllib.request

# Straight to the mock, whatever proxy the environment names.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Mock:
    """A running mock, by what its ready file says."""

    def __init__(self, ready_file):
        with open(ready_file, encoding="utf-8") as file:
            self.ready = json.load(file)

    def world(self, description=None):
        """A world of its own, so that a scenario can be repeated and never meets another one."""
        asked = {"seed": 7} if description is None else {"seed": 7, "world": description}
        return World(self, self.control("POST", "/worlds", asked))

    def control(self, method, path, body=None, headers=None):
        """One call of the control plane; an answer that is not 2xx raises."""
        request = urllib.request.Request(self.ready["control_url"] + path, method=method, headers=dict(headers or {}))
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        with OPENER.open(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None


class World:
    """One isolated world."""

    def __init__(self, mock, made):
        self.mock = mock
        self.id = made["id"]
        self.base_url = made["chatwork"]["base_url"]
        self.token = made["chatwork"]["token"]
        self.account_id = made["chatwork"]["account_id"]
        self.room_id = made["chatwork"]["room_id"]

    def control(self, method, path, body=None):
        return self.mock.control(method, path, body, {"X-Mock-World": self.id})

    def journal(self):
        """What this world was asked since the journal was cleared, oldest first."""
        return self.control("GET", "/requests?service=chatwork")["requests"]

    def clear_journal(self):
        self.control("DELETE", "/requests")

    def advance(self, milliseconds):
        self.control("POST", "/clock", {"advance_ms": milliseconds})

    def end(self):
        self.mock.control("DELETE", f"/worlds/{self.id}")
