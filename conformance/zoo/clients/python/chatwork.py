#!/usr/bin/env python3
"""A client of Chatwork on Python's standard library.

    CHATWORK_BASE_URL=…/v2 CHATWORK_API_TOKEN=… CHATWORK_ROOM_ID=… python3 chatwork.py

Asks who it is and where, posts a batch of messages in order, reads what is new, gives itself a task and uploads a file.
FLAW makes one mistake, by name; MANNER makes it unusual, not wrong: see the README beside it. Exit 0: all was done.
"""

import sys
import time
import urllib.parse
import uuid

from client import Client, Settings, field
from wire import Failure, OutcomeUnknown

FORM = "application/x-www-form-urlencoded"
# A room takes ten posts in ten seconds.
ROOM_WINDOW = 10
FILE_NAME = "議事録 สรุป (1).txt"


class Chatwork(Client):
    def __init__(self, settings):
        super().__init__(settings)
        self.base = settings.need("CHATWORK_BASE_URL")
        self.token = settings.need("CHATWORK_API_TOKEN")
        self.room = settings.need("CHATWORK_ROOM_ID")
        self.secrets.add(self.token)
        # Messages that were there before, or are known to be ours.
        self.known = set()
        self.last = None

    def credentials(self, method):
        name = "x-chatworktoken" if "lower-case" in self.settings.manners else "X-ChatWorkToken"
        return [(name, self.token)]

    def get(self, path, query=None):
        request = self.request("GET", path, query)
        return request, self.read(request, self.call(request))

    def post(self, path, form):
        request = self.form_request("POST", path, form)
        return request, self.read(request, self.call(request))

    def form_request(self, method, path, form):
        return self.request(method, path, headers=[("Content-Type", self.form_type())], body=self.encode(form))

    def form_type(self):
        return FORM + ("; charset=UTF-8" if "charset" in self.settings.manners else "")

    def encode(self, form):
        quote = urllib.parse.quote if "percent-20" in self.settings.manners else urllib.parse.quote_plus
        return urllib.parse.urlencode(form, quote_via=quote).encode("ascii")

    # Limits

    def limit_pause(self, answer):
        """x-ratelimit-reset is a moment in Unix seconds. What is past or absurd tells nothing.

        It tells of the account's limit. A room's limit has no header of its own, but a documented window.
        """
        seconds = ROOM_WINDOW if self.is_of_room(answer) else self.reset_pause(answer)
        return super().limit_pause(answer) if seconds is None else seconds

    def is_of_room(self, answer):
        left = (self.header(answer, "x-ratelimit-remaining") or "").strip()
        return left not in ("", "0") or b"per room" in answer.body

    def reset_pause(self, answer):
        try:
            seconds = int((self.header(answer, "x-ratelimit-reset") or "").strip()) - self.now(answer)
        except ValueError:
            return None
        return seconds if 0 < seconds <= self.furthest else None

    def note_limits(self, answer):
        if answer.status < 300 and (self.header(answer, "x-ratelimit-remaining") or "").strip() == "0":
            pause = self.reset_pause(answer)
            if pause is not None:
                self.used_up = time.monotonic() + pause

    # The job

    def job(self):
        if "one-message" in self.settings.manners:
            return self.send_all(self.texts())
        me = self.who_am_i()
        self.where_am_i()
        self.known |= {message["message_id"] for message in self.messages(force=True)}
        if "read-only" in self.settings.manners:
            return
        self.send_all(self.texts())
        self.read_new()
        self.assign(me)
        self.upload(FILE_NAME, "内容\n".encode())
        if "leaves-room" in self.settings.manners:
            self.make_room_and_leave(me)

    def who_am_i(self):
        request, me = self.get("/me")
        account = field(request, me, "account_id")
        self.say(f"I am {account}")
        return account

    def where_am_i(self):
        request, room = self.get(f"/rooms/{self.room}")
        field(request, room, "room_id")
        self.say(f"room {self.room}: {room.get('type') or 'of some type'}")

    def messages(self, force=False):
        request, found = self.get(f"/rooms/{self.room}/messages", {"force": 1} if force else None)
        if found is None:
            return []
        if not isinstance(found, list):
            raise Failure(f"{request}: the answer is no list")
        return [message for message in found if isinstance(message, dict) and message.get("message_id")]

    def send(self, text):
        """Posts a text. Where it is not known whether it arrived, the room is asked; it is posted again only if it did not."""
        for attempt in (1, 2):
            try:
                request, posted = self.post(f"/rooms/{self.room}/messages", {"body": text, "self_unread": 0})
                message = field(request, posted, "message_id")
                break
            except OutcomeUnknown:
                if "no-retries" in self.settings.manners:
                    raise
                message = self.find(text)
                if message:
                    break
                if attempt == 2:
                    raise
        self.known.add(message)
        self.last = message
        self.say(f"posted {message}")
        return message

    def find(self, text):
        """The id of a message with this text that was not there before."""
        for message in self.messages(force=True):
            if message.get("body") == text and message["message_id"] not in self.known:
                return message["message_id"]
        return None

    def read_new(self):
        self.say(f"{len(self.messages())} new messages")
        if self.last is not None:
            self.get(f"/rooms/{self.room}/messages/{self.last}")

    def assign(self, account):
        form = {"body": "あとで読む", "to_ids": self.join([account]), "limit_type": "none"}
        request, made = self.post(f"/rooms/{self.room}/tasks", form)
        tasks = made.get("task_ids") if isinstance(made, dict) else None
        if not isinstance(tasks, list) or not tasks:
            raise Failure(f"{request}: the answer has no task_ids")
        self.get(f"/rooms/{self.room}/tasks/{tasks[0]}")
        self.say(f"task {tasks[0]}")

    def join(self, ids):
        return ",".join(map(str, ids))

    def upload(self, name, content):
        headers, body = self.multipart(name, content, "ไฟล์ 📎")
        request = self.request("POST", f"/rooms/{self.room}/files", headers=headers, body=body)
        wire = self.wire()
        wire.chunked = "chunked-upload" in self.settings.manners
        try:
            answer = self.call(request)
        finally:
            wire.chunked = False
        self.say(f"file {field(request, self.read(request, answer), 'file_id')}")

    def multipart(self, name, content, message):
        boundary = uuid.uuid4().hex
        quoted = self.file_name(name).replace(b"\\", b"\\\\").replace(b'"', b"%22")
        parts = [
            b'Content-Disposition: form-data; name="message"\r\n\r\n' + message.encode(),
            b'Content-Disposition: form-data; name="file"; filename="' + quoted + b'"\r\nContent-Type: text/plain\r\n\r\n' + content,
        ]
        line = b"--" + boundary.encode()
        body = b"".join(line + b"\r\n" + part + b"\r\n" for part in parts) + line + b"--\r\n"
        return [("Content-Type", self.multipart_type(boundary))], body

    def file_name(self, name):
        return name.encode()

    def multipart_type(self, boundary):
        return f"multipart/form-data; boundary={boundary}"

    def make_room_and_leave(self, account):
        """The parameter of DELETE stands in the query, as many clients have it."""
        request, made = self.post("/rooms", {"name": "ชั่วคราว", "members_admin_ids": account})
        room = field(request, made, "room_id")
        request = self.request("DELETE", f"/rooms/{room}", {"action_type": "leave"})
        self.read(request, self.call(request))
        self.say(f"left {room}")


if __name__ == "__main__":
    from flaws import with_flaw

    sys.exit(with_flaw(Chatwork, "chatwork")(Settings()).main())
