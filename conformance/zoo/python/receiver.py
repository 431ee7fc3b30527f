"""What the Python receivers of the zoo share: settings, the signature, the event and the reply. No web framework in it."""

import base64
import collections
import hashlib
import hmac
import json
import os
import queue
import threading
import urllib.parse
import urllib.request

CHATWORK, CHATDAY = "chatwork", "chatday"
HEADERS = {CHATWORK: "x-chatworkwebhooksignature", CHATDAY: "x-chatday-signature-token"}
ANSWERS = {CHATWORK: {"ok": True}, CHATDAY: {"status": "SUCCESS"}}
BODY_MAX = 1024 * 1024


class Receiver:
    """One integration. `handle` gives status and JSON answer; replies go out later, on a thread of their own."""

    def __init__(self, env=os.environ):
        self.service = env["SERVICE"]
        if self.service not in HEADERS:
            raise SystemExit(f"SERVICE must be {CHATWORK} or {CHATDAY}")
        self.secret = env.get("SECRET", "")
        if not self.secret:
            raise SystemExit("SECRET is empty: give the webhook token or the Chatday-Signature-Token")
        self.flaw = env.get("FLAW", "")
        self.port = int(env.get("PORT", "0"))
        self.delay = int(env.get("DELAY_MS", "0")) / 1000
        self.forgery_status = int(env.get("FORGERY_STATUS", "401"))
        self.header = HEADERS[self.service]
        self.seen = collections.OrderedDict()
        self.lock = threading.Lock()
        self.replies = queue.Queue(maxsize=1000)
        self.api_base, self.api_token = env.get("API_BASE", ""), env.get("API_TOKEN", "")
        if self.api_base:
            threading.Thread(target=self._reply_for_ever, daemon=True).start()

    def is_genuine(self, given, body):
        """`given` holds every value of the header: there must be exactly one."""
        if len(given) != 1:
            return False
        return hmac.compare_digest(given[0].encode("utf-8"), self._right(body).encode("utf-8"))

    def _right(self, body):
        if self.service == CHATDAY:
            return self.secret
        if self.flaw == "decodes-ascii":
            body = body.decode("ascii").encode("ascii")
        if self.flaw == "dumps-again":
            body = json.dumps(json.loads(body), separators=(",", ":")).encode("ascii")
        key = base64.b64decode(self.secret)
        return base64.b64encode(hmac.new(key, body, hashlib.sha256).digest()).decode("ascii")

    def handle(self, given, body):
        if not self.is_genuine(given, body):
            return self.forgery_status, {"error": "the signature does not fit"}
        try:
            event = json.loads(body.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            return 400, {"error": "the body is no JSON"}
        if not isinstance(event, dict):
            return 400, {"error": "the body is no object"}
        if self.api_base:
            self._understand(event)
        return 200, ANSWERS[self.service]

    def _understand(self, event):
        call = self._chatwork(event) if self.service == CHATWORK else self._chatday(event)
        if call:
            try:
                self.replies.put_nowait(call)
            except queue.Full:
                pass

    def _chatwork(self, event):
        detail = event.get("webhook_event")
        if event.get("webhook_event_type") not in ("message_created", "message_updated", "mention_to_me"):
            return None
        if not isinstance(detail, dict):
            return None
        author = detail.get("account_id") or detail.get("from_account_id")
        room, message, text = detail.get("room_id"), detail.get("message_id"), detail.get("body")
        if not isinstance(text, str) or self._is_known((event["webhook_event_type"], message, detail.get("update_time"))):
            return None
        quoted = text.replace("[", "[\u200b")
        body = f"[rp aid={author} to={room}-{message}]\n{quoted}"
        form = urllib.parse.urlencode({"body": body[:65535]}, errors="replace").encode("ascii")
        return author, f"/rooms/{room}/messages", {"x-chatworktoken": self.api_token}, form

    def _chatday(self, event):
        message = event.get("message")
        if not isinstance(message, dict) or message.get("type") != "text" or not isinstance(message.get("data"), str):
            return None
        reply = {"message": {"type": "text", "data": f"you wrote: {message['data']}"[:5000]}, "chat_id": event.get("chat_id")}
        headers = {"authorization": f"Bearer {self.api_token}", "content-type": "application/json"}
        return None, "/chatday/messages", headers, json.dumps(reply).encode("ascii")

    def _is_known(self, key):
        with self.lock:
            if key in self.seen:
                return True
            self.seen[key] = True
            if len(self.seen) > 4096:
                self.seen.popitem(last=False)
            return False

    def _reply_for_ever(self):
        own = None
        while True:
            author, path, headers, body = self.replies.get()
            try:
                if self.service == CHATWORK and own is None:
                    own = json.loads(self._call("/me", headers, None))["account_id"]
                if author is None or author != own:
                    self._call(path, headers, body)
            except (OSError, ValueError, KeyError):
                pass  # The service is away: this reply is lost, the next one is tried.

    def _call(self, path, headers, body):
        request = urllib.request.Request(self.api_base.rstrip("/") + path, data=body, headers=headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read()
