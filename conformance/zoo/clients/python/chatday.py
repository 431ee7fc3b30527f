#!/usr/bin/env python3
"""A client of Chatday on Python's standard library.

    CHATDAY_BASE_URL=… CHATDAY_TOKEN=… CHATDAY_CHAT_ID=… python3 chatday.py

Registers, then sends a batch of messages in order. CHATDAY_REGISTER_URL and CHATDAY_SEND_URL say where, if the paths differ.
FLAW makes one mistake, by name; MANNER makes it unusual, not wrong: see the README beside it. Exit 0: all was done.
"""

import json
import sys

from client import Client, Settings, field
from wire import Failure, Request


class Chatday(Client):
    def __init__(self, settings):
        super().__init__(settings)
        self.base = settings.need("CHATDAY_BASE_URL")
        self.token = settings.need("CHATDAY_TOKEN")
        self.chat = settings.need("CHATDAY_CHAT_ID")
        self.secrets.add(self.token)

    def credentials(self, method):
        return [("Authorization", f"Bearer {self.token}")]

    def register_url(self):
        return self.settings.environment.get("CHATDAY_REGISTER_URL") or self.url("/register")

    def send_url(self):
        return self.settings.environment.get("CHATDAY_SEND_URL") or self.url("/messages")

    def register(self):
        """Activates the token. The signature token is kept for the webhook's receiver, and shown to nobody."""
        request = Request("GET", self.register_url(), self.credentials("GET"))
        answer = self.call(request)
        read = self.success(request, answer)
        signature = read.get("Chatday-Signature-Token") or self.header(answer, "Chatday-Signature-Token")
        if not isinstance(signature, str) or not signature:
            raise Failure(f"{request}: the answer has no Chatday-Signature-Token")
        self.secrets.add(signature)
        self.registered(signature)

    def registered(self, signature):
        self.say("registered")

    def success(self, request, answer):
        read = self.read(request, answer)
        if not isinstance(read, dict) or read.get("status") != "SUCCESS":
            raise Failure(f"{request}: status {answer.status}, but the answer does not say SUCCESS")
        return read

    def send(self, text):
        request = self.message_request(text)
        read = self.success(request, self.call(request))
        self.say(f"sent {field(request, read, 'message_id')}")

    def message_request(self, text):
        headers = [*self.credentials("POST"), ("Content-Type", self.media_type())]
        return Request("POST", self.send_url(), headers, self.encode(self.message(text)))

    def media_type(self):
        return "application/json" if "plain-json" in self.settings.manners else "application/json; charset=utf-8"

    def message(self, text):
        return {"message": {"type": "text", "data": text}, "chat_id": self.chat}

    def encode(self, message):
        return json.dumps(message, ensure_ascii="ascii-json" in self.settings.manners).encode("utf-8")

    def job(self):
        if "registered-before" not in self.settings.manners:
            self.register()
        self.send_all(self.texts())


if __name__ == "__main__":
    from flaws import with_flaw

    sys.exit(with_flaw(Chatday, "chatday")(Settings()).main())
