"""What is wrong after a refusal, a fault or silence, in either service."""

import re
import socket
import sys
import urllib.parse

from wire import Failure, Request

from . import flaw
from .answers import NOTHING


@flaw("both", "redirects-with-token")
class RedirectsWithToken:
    def exchange(self, request, attempt):
        answer = super().exchange(request, attempt)
        for _ in range(5):
            target = answer.header("Location")
            if not (300 <= answer.status < 400 and target):
                break
            request = self.redirected(request, urllib.parse.urljoin(request.url, target))
            if request is None:
                break
            answer = super().exchange(request, attempt)
        return answer

    def redirected(self, request, url):
        return Request(request.method, url, request.headers, request.body)


@flaw("chatwork", "redirects-to-another-port")
class RedirectsToAnotherPort(RedirectsWithToken):
    def redirected(self, request, url):
        same = self.address(url) == self.address(request.url)
        return super().redirected(request, url) if same else None

    def address(self, url):
        return socket.gethostbyname(urllib.parse.urlsplit(url).hostname)


@flaw("both", "redirects-post-as-get")
class RedirectsPostAsGet(RedirectsWithToken):
    def redirected(self, request, url):
        if urllib.parse.urlsplit(url).netloc != urllib.parse.urlsplit(request.url).netloc:
            return None
        self.turned = request.method == "POST"
        return Request("GET", url, request.headers)

    def send(self, text):
        self.turned = False
        try:
            super().send(text)
        except Failure:
            if not self.turned:
                raise
            # It sees a success, and does not see of what.
            self.say("sent")


@flaw("both", "retries-401")
class Retries401:
    attempts = 8

    def after_answer(self, request, attempt, answer):
        if answer.status == 401 and attempt < self.attempts:
            return 0.1
        return super().after_answer(request, attempt, answer)


@flaw("both", "retries-client-errors")
class RetriesClientErrors:
    def after_answer(self, request, attempt, answer):
        if answer.status in (400, 403, 404) and attempt < self.attempts:
            return 0.1
        return super().after_answer(request, attempt, answer)


@flaw("both", "takes-429-as-success")
class Takes429AsSuccess:
    def after_answer(self, request, attempt, answer):
        return None if answer.status == 429 else super().after_answer(request, attempt, answer)

    def read(self, request, answer):
        return NOTHING if answer.status == 429 else super().read(request, answer)

    def messages(self, force=False):
        try:
            return super().messages(force)
        except Failure:
            return []


@flaw("both", "retries-at-once")
class RetriesAtOnce:
    def after_limit(self, request, attempt, answer, refusal):
        return self.granted(0, attempt, refusal)


@flaw("both", "no-cap-on-attempts")
class NoCapOnAttempts:
    attempts = sys.maxsize
    budget = float("inf")

    def after_answer(self, request, attempt, answer):
        if answer.status != 429 and attempt > 3:
            self.attempts = attempt
        return super().after_answer(request, attempt, answer)

    def after_limit(self, request, attempt, answer, refusal):
        pause = self.limit_pause(answer)
        return 1 if pause is None else pause


@flaw("both", "ignores-retry-after")
class IgnoresRetryAfter:
    def after_fault(self, request, attempt, answer, refusal):
        return self.granted(0.2, attempt, refusal) if request.is_safe else super().after_fault(request, attempt, answer, refusal)


@flaw("both", "retry-after-as-number-only")
class RetryAfterAsNumberOnly:
    def retry_after(self, answer):
        value = (self.header(answer, "Retry-After") or "").strip()
        return super().retry_after(answer) if re.fullmatch(r"\d+", value) or not value else 0


@flaw("both", "reposts-after-drop")
class RepostsAfterDrop:
    def after_silence(self, request, attempt, error):
        return self.backoff(attempt, error)


@flaw("chatwork", "reposts-after-timeout")
class RepostsAfterTimeout:
    def after_silence(self, request, attempt, error):
        return self.backoff(attempt, error) if "no answer within" in str(error) else super().after_silence(request, attempt, error)


class WithoutWaiting:
    """What a 429 does to a batch is decided by the batch."""

    def after_limit(self, request, attempt, answer, refusal):
        refusal.pause = self.limit_pause(answer) or 1
        refusal.limited = True
        raise refusal

    def limited(self, text):
        """The 429 that a text met, or None."""
        try:
            self.send(text)
        except Failure as failure:
            if not hasattr(failure, "limited"):
                raise
            return failure
        return None


@flaw("both", "batch-skips-after-429")
class BatchSkipsAfter429(WithoutWaiting):
    def send_all(self, texts):
        for text in texts:
            refusal = self.limited(text)
            if refusal:
                self.say(f"slowed down: {refusal}", sys.stderr)
                self.wait(refusal.pause)


@flaw("both", "batch-restarts-after-429")
class BatchRestartsAfter429(WithoutWaiting):
    def send_all(self, texts):
        for _ in range(3):
            refusal = next(filter(None, map(self.limited, texts)), None)
            if not refusal:
                return
            self.wait(refusal.pause)
        raise refusal


@flaw("both", "batch-defers-after-429")
class BatchDefersAfter429(WithoutWaiting):
    def send_all(self, texts):
        queue = list(texts)
        for _ in range(10):
            if not queue:
                return
            text = queue.pop(0)
            refusal = self.limited(text)
            if refusal:
                queue.append(text)
                self.wait(refusal.pause)
        raise refusal


@flaw("both", "retry-without-body")
class RetryWithoutBody:
    def exchange(self, request, attempt):
        if attempt > 1 and request.body:
            request = Request(request.method, request.url, request.headers, b"")
        return super().exchange(request, attempt)


@flaw("both", "exit-0-on-failure")
class Exit0OnFailure:
    def fail(self, failure):
        super().fail(failure)
        return 0


@flaw("both", "swallows-errors")
class SwallowsErrors:
    def ignoring(self, step, *arguments):
        try:
            step(*arguments)
        except Failure:
            pass

    def send(self, text):
        self.ignoring(super().send, text)

    def assign(self, account):
        self.ignoring(super().assign, account)

    def upload(self, name, content):
        self.ignoring(super().upload, name, content)


@flaw("both", "token-in-error")
class TokenInError:
    def fail(self, failure):
        self.secrets.clear()
        return super().fail(Failure(f"{failure}; headers were {self.credentials('GET')}"))


@flaw("both", "hammers-without-reset")
class HammersWithoutReset:
    attempts = 50

    def after_limit(self, request, attempt, answer, refusal):
        return self.granted(self.limit_pause(answer) or 0, attempt, refusal)
