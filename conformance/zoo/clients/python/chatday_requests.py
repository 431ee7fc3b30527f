#!/usr/bin/env python3
"""A client of Chatday on requests: registers, then sends three messages. Its environment: the README."""

import os

from session import FLAW, TEXT, Refused, Service, need, run

TOKEN = os.environ["CHATDAY_TOKEN"]
SECRETS = [TOKEN]


def success(service, answer):
    read = service.json(answer)
    if FLAW != "no-raise-for-status" and (not isinstance(read, dict) or read.get("status") != "SUCCESS"):
        raise Refused("the answer does not say SUCCESS")
    return read


def job():
    service = Service("Authorization", f"Bearer {TOKEN}")
    answer = service.call("GET", os.environ["CHATDAY_REGISTER_URL"])
    SECRETS.append(need(success(service, answer), "Chatday-Signature-Token"))
    print("registered")
    for text in (TEXT, "2: ขอบคุณครับ", "3: またね 👋"):
        message = {"message": {"type": "text", "data": text}, "chat_id": os.environ["CHATDAY_CHAT_ID"]}
        print("sent", need(success(service, service.call("POST", os.environ["CHATDAY_SEND_URL"], json=message)), "message_id"))


run(job, SECRETS)
