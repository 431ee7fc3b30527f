#!/usr/bin/env python3
"""A client of Chatwork on requests: who am I, a batch of three messages, what is new, a file. Its environment: the README."""

import os

from session import FLAW, TEXT, Service, first, need, now, run

TOKEN = os.environ["CHATWORK_API_TOKEN"]
ROOM = os.environ["CHATWORK_BASE_URL"].rstrip("/") + "/rooms/" + os.environ["CHATWORK_ROOM_ID"]
ME = os.environ["CHATWORK_BASE_URL"].rstrip("/") + "/me"


class Chatwork(Service):
    def limit_pause(self, answer):
        if "per room" in answer.text or answer.headers.get("x-ratelimit-remaining", "0") != "0":
            return 10  # a room takes ten posts in ten seconds
        reset = answer.headers.get("x-ratelimit-reset", "")
        pause = int(reset) - now(answer) if reset.isdecimal() and len(reset) < 12 else -1
        return first(pause if pause > 0 else None, super().limit_pause(answer))


def job():
    service = Chatwork("X-ChatWorkToken", TOKEN)
    me = need(service.json(service.call("GET", ME)), "account_id")
    print("I am", me)
    for text in (TEXT, "2: ขอบคุณ", "3: またね 👋"):
        kind = "json" if FLAW == "json-argument" else "data"
        posted = service.json(service.call("POST", f"{ROOM}/messages", **{kind: {"body": text}}))
        print("posted", need(posted, "message_id"))
    new = service.json(service.call("GET", f"{ROOM}/messages")) or []
    print(len(new), "new messages")
    # requests quotes names that are not ASCII by itself.
    parts = {"file": ("レポート.csv", "ก,ข\n1,2\n".encode(), "text/csv"), "message": (None, "CSV です")}
    print("file", need(service.json(service.call("POST", f"{ROOM}/files", files=parts)), "file_id"))


run(job, [TOKEN])
