"""Mistakes that only a client of Chatwork can make, or that each service's client makes in its own way."""

import http.client
import json
import ssl
import sys
import threading
import time
import urllib.parse

from wire import Failure, Request, Untrusted

from . import flaw


@flaw("chatwork", "two-auth-headers")
class TwoAuthHeaders:
    def credentials(self, method):
        return [("X-ChatWorkToken", self.token), ("x-chatworktoken", self.token)]


@flaw("chatwork", "bearer-token")
class BearerToken:
    def credentials(self, method):
        return [("Authorization", f"Bearer {self.token}")]


@flaw("chatwork", "quoted-token")
class QuotedToken:
    def credentials(self, method):
        return [("X-ChatWorkToken", f'"{self.token}"')]


@flaw("chatwork", "no-token-on-reads")
class NoTokenOnReads:
    def credentials(self, method):
        return [] if method == "GET" else super().credentials(method)


@flaw("chatwork", "token-in-form")
class TokenInForm:
    def encode(self, form):
        return super().encode({**form, "token": self.token})


@flaw("chatwork", "token-to-avatar-host")
class TokenToAvatarHost:
    def who_am_i(self):
        request, me = self.get("/me")
        avatar = me.get("avatar_image_url") or ""
        # Real hosts are left alone.
        if urllib.parse.urlsplit(avatar).hostname in ("127.0.0.1", "localhost"):
            try:
                self.exchange(Request("GET", avatar, self.credentials("GET")), 1)
            except Failure as failure:
                self.say(f"no picture: {failure}", sys.stderr)
        return me["account_id"]


@flaw("chatwork", "fixed-backoff")
class FixedBackoff:
    def after_limit(self, request, attempt, answer, refusal):
        return self.granted(0.5 * 2 ** (attempt - 1), attempt, refusal)


@flaw("chatwork", "reset-as-delta")
class ResetAsDelta:
    budget = float("inf")

    def after_limit(self, request, attempt, answer, refusal):
        return self.granted(int(self.header(answer, "x-ratelimit-reset") or 1), attempt, refusal)


@flaw("chatwork", "reset-as-milliseconds")
class ResetAsMilliseconds:
    def after_limit(self, request, attempt, answer, refusal):
        reset = int(self.header(answer, "x-ratelimit-reset") or 0) / 1000
        return self.granted(max(0, reset - time.time()), attempt, refusal)


@flaw("chatwork", "trusts-any-reset")
class TrustsAnyReset:
    budget = furthest = float("inf")

    def wait(self, seconds):
        # More is too much for time.sleep.
        super().wait(min(seconds, 10**6))


@flaw("chatwork", "trusts-own-clock")
class TrustsOwnClock:
    attempts = 20

    def now(self, answer):
        return time.time()

    def after_limit(self, request, attempt, answer, refusal):
        # What is past by its own clock seems open.
        return self.granted(self.limit_pause(answer) or 0, attempt, refusal)


@flaw("chatwork", "resumes-in-one-instant")
class ResumesInOneInstant:
    def __init__(self, settings):
        super().__init__(settings)
        settings.manners.add("parallel")
        self.until = 0.0

    def texts(self):
        return [*super().texts(), "5th", "6th", "7th"]

    def note_limits(self, answer):
        pass

    def job(self):
        self.who_am_i()
        self.where_am_i()
        self.messages(force=True)
        self.send_all(self.texts())

    def wait(self, seconds):
        with self.lock:
            self.until = max(self.until, time.monotonic() + seconds)
        time.sleep(max(0, self.until - time.monotonic()))


@flaw("chatwork", "reads-account-bucket-only")
class ReadsAccountBucketOnly:
    def after_limit(self, request, attempt, answer, refusal):
        left = self.header(answer, "x-ratelimit-remaining") or "0"
        return self.granted(0, attempt, refusal) if left != "0" else super().after_limit(request, attempt, answer, refusal)


@flaw("chatwork", "ignores-remaining")
class IgnoresRemaining:
    attempts = 100

    def note_limits(self, answer):
        pass

    def after_limit(self, request, attempt, answer, refusal):
        return self.granted(0.2, attempt, refusal)


@flaw("chatwork", "retry-changes-text")
class RetryChangesText:
    def exchange(self, request, attempt):
        if attempt > 1 and request.body and request.body.startswith(b"body="):
            text = request.body.replace(b"&self_unread", b"+%282nd+try%29&self_unread")
            request = Request(request.method, request.url, request.headers, text)
        return super().exchange(request, attempt)


class OwnForm:
    """A form that is written otherwise."""

    def encode(self, form):
        return "&".join(f"{name}={self.escape(str(value))}" for name, value in form.items()).encode("utf-8")


@flaw("chatwork", "plus-unescaped")
class PlusUnescaped(OwnForm):
    def escape(self, value):
        return urllib.parse.quote(value, safe="+")


@flaw("chatwork", "percent-unescaped")
class PercentUnescaped(OwnForm):
    def escape(self, value):
        return urllib.parse.quote(value, safe="%")


@flaw("chatwork", "escapes-twice")
class EscapesTwice(OwnForm):
    def escape(self, value):
        return urllib.parse.quote(urllib.parse.quote(value))


@flaw("chatwork", "concatenates-form")
class ConcatenatesForm(OwnForm):
    def escape(self, value):
        return value.replace("\n", "%0A").replace(" ", "+")


@flaw("chatwork", "shift-jis")
class ShiftJis:
    def encode(self, form):
        return urllib.parse.urlencode(form, encoding="shift_jis", errors="replace").encode()


@flaw("chatwork", "drops-astral")
class DropsAstral:
    def send(self, text):
        return super().send("".join(letter for letter in text if ord(letter) < 0x10000))


@flaw("chatwork", "crlf-line-ends")
class CrlfLineEnds:
    def send(self, text):
        return super().send(text.replace("\n", "\r\n"))


@flaw("chatwork", "json-body")
class JsonBody:
    def form_type(self):
        return "application/json"

    def encode(self, form):
        return json.dumps(form).encode()


@flaw("chatwork", "no-content-type")
class NoContentType:
    def form_request(self, method, path, form):
        return self.request(method, path, body=self.encode(form))


@flaw("chatwork", "parameters-in-query")
class ParametersInQuery:
    def form_request(self, method, path, form):
        return self.request(method, path, query=form)


@flaw("chatwork", "falls-back-unverified")
class FallsBackUnverified:
    def exchange(self, request, attempt):
        try:
            return super().exchange(request, attempt)
        except Untrusted as error:
            self.say(f"warning: {error}", sys.stderr)
            self.wire().trust = ssl._create_unverified_context
            return super().exchange(request, attempt)


@flaw("chatwork", "polls-without-pause")
class PollsWithoutPause:
    def read_new(self):
        for _ in range(40):
            self.messages()
        super().read_new()


@flaw("chatwork", "token-in-debug-log")
class TokenInDebugLog:
    def make_wire(self):
        wire = super().make_wire()
        http.client.HTTPConnection.debuglevel = 1
        return wire


@flaw("chatwork", "file-name-in-shift-jis")
class FileNameInShiftJis:
    def file_name(self, name):
        return name.encode("shift_jis", "replace")


@flaw("chatwork", "multipart-without-boundary")
class MultipartWithoutBoundary:
    def multipart_type(self, boundary):
        return "multipart/form-data"
