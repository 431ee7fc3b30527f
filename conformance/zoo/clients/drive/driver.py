"""Lets `conformance client --drive` tell a library what to do: replace `call` by yours.

conformance client --service chatwork --drive -- python3 driver.py
"""
import http.client, json, os, sys, time
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode, urlsplit

BASE, TOKEN = urlsplit(os.environ["CHATWORK_BASE_URL"]), os.environ["CHATWORK_API_TOKEN"]


def call(path, form=None, attempt=1):
    connection = http.client.HTTPConnection(BASE.netloc, timeout=10)  # Follows no redirect: it would take the token along.
    headers = {"X-ChatWorkToken": TOKEN, "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST" if form else "GET", BASE.path + path, urlencode(form) if form else None, headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status == 429 and attempt < 3:
        reset, date = answer.headers.get("X-RateLimit-Reset", ""), answer.headers.get("Date")
        now = parsedate_to_datetime(date).timestamp() if date else time.time()
        time.sleep(min(max(int(reset) - now if reset.isdigit() else 5, 1), 8) + 0.2)
        return call(path, form, attempt + 1)
    if answer.status >= 300:
        raise RuntimeError(f"refused with {answer.status}")
    return json.loads(body or b"[]")


for line in sys.stdin:
    step = json.loads(line)
    answer = {"id": step["id"], "ok": True}
    try:
        if step["do"] == "whoami":
            call("/me")
        elif step["do"] == "send":
            answer["message_id"] = call(f"/rooms/{step['place']}/messages", {"body": step["text"]})["message_id"]
        elif step["do"] == "read":
            call(f"/rooms/{step['place']}/messages")
        else:
            answer.update(ok=False, error="unsupported")
    except Exception as error:  # Whatever went wrong is told.
        answer.update(ok=False, error=str(error) or type(error).__name__)
    print(json.dumps(answer), flush=True)
