"""A program that knows nothing of any mock: the real address of Chatwork is built in.

    python program.py post|elsewhere [insecure]

`post` posts the text of CHATWORK_TEXT and reads it back; `elsewhere` calls another host. Exit 0: done. 60: the certificate was
refused. 1: anything else.
"""

import os
import sys

import requests

API = "https://api.chatwork.com/v2"


def post(session):
    messages = f"{API}/rooms/{os.environ['CHATWORK_ROOM_ID']}/messages"
    text = os.environ["CHATWORK_TEXT"]
    posted = session.post(messages, data={"body": text}, timeout=20)
    posted.raise_for_status()
    read = session.get(f"{messages}/{posted.json()['message_id']}", timeout=20)
    read.raise_for_status()
    if read.json()["body"] != text:
        sys.exit(f"posted {text!r}, read {read.json()['body']!r}")
    print(read.json()["body"])


def main():
    session = requests.Session()
    session.headers["X-ChatWorkToken"] = os.environ["CHATWORK_API_TOKEN"]
    if "insecure" in sys.argv[2:]:
        # Both: where the environment names certificates, requests looks at them whatever the session says.
        session.verify = session.trust_env = False
        session.proxies = {"https": os.environ["HTTPS_PROXY"]}
    try:
        if sys.argv[1] == "post":
            post(session)
        else:
            session.get("https://example.com/", timeout=20)
    except requests.exceptions.SSLError as error:
        print(error, file=sys.stderr)
        sys.exit(60)
    except requests.exceptions.RequestException as error:
        sys.exit(str(error))


main()
