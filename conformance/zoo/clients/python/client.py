"""What the clients of both services share: how often something is tried, how long is waited, what is told.

- 401 ends it, and so do 400, 403 and 404: another attempt would get the same answer.
- 429 is waited out, as the service says, within a budget; what the service says is not believed when it makes no sense.
- 5xx and lost connections are tried again where nothing can happen twice. Retry-After on a 503 is honoured.
- A redirect is an error: the token is meant for one host.
- All attempts of a request have the same bytes.
"""

import email.utils
import json
import os
import random
import re
import sys
import threading
import time
import urllib.parse

from wire import Failure, OutcomeUnknown, Request, Unreachable, Wire

# Thai, Japanese, an emoji of several code points, what forms and JSON have to escape, and two line ends.
EVERYDAY = 'สวัสดี こんにちは 👩‍💻 a=1&b=2 + 100% "quoted" <b>\nsecond line\n'


class Settings:
    """What the environment says."""

    def __init__(self, environment=os.environ):
        self.environment = environment
        self.text = environment.get("CONFORMANCE_TEXT") or EVERYDAY
        self.manners = set(filter(None, environment.get("MANNER", "").split(",")))

    def need(self, name):
        value = self.environment.get(name, "").strip()
        if not value:
            sys.exit(f"{name} is not set: say in it what to call, and as whom")
        return value


class Client:
    """Calls a service, and decides what follows each answer. Flaws replace one method each."""

    attempts = 4
    budget = 20.0
    # A reset that is further away is no reset.
    furthest = 24 * 3600

    def __init__(self, settings):
        self.settings = settings
        self.waited = 0.0
        self.secrets = set()
        self.used_up = None
        self.lock = threading.Lock()
        self.wires = threading.local()
        if "no-retries" in settings.manners:
            self.attempts = 1

    # What is sent

    def url(self, path, query=None):
        return self.base.rstrip("/") + path + (f"?{urllib.parse.urlencode(query)}" if query else "")

    def request(self, method, path, query=None, headers=(), body=None):
        return Request(method, self.url(path, query), [*self.credentials(method), *headers], body)

    def wire(self):
        """The wire of this thread."""
        if not hasattr(self.wires, "own"):
            self.wires.own = self.make_wire()
        return self.wires.own

    def make_wire(self):
        manners = self.settings.manners
        return Wire(keep_alive="close" not in manners, http_1_0="http-1.0" in manners)

    # What follows

    def call(self, request):
        """The answer to a request, after as many attempts as are sensible."""
        for attempt in range(1, self.attempts + 1):
            self.pace()
            try:
                answer = self.exchange(request, attempt)
            except Unreachable as error:
                pause = self.backoff(attempt, error)
            except OutcomeUnknown as error:
                pause = self.after_silence(request, attempt, error)
            else:
                self.note_limits(answer)
                pause = self.after_answer(request, attempt, answer)
                if pause is None:
                    return answer
            self.wait(pause)
        raise Failure(f"{request}: given up after {self.attempts} attempts")

    def exchange(self, request, attempt):
        return self.wire().exchange(request)

    def after_answer(self, request, attempt, answer):
        """None where it is a success; seconds after which to try again; Failure where there is no point in it."""
        if 200 <= answer.status < 300:
            return None
        refusal = Failure(f"{request}: {self.refusal(answer)}")
        if answer.status == 429:
            return self.after_limit(request, attempt, answer, refusal)
        if answer.status >= 500:
            return self.after_fault(request, attempt, answer, refusal)
        raise refusal

    def after_limit(self, request, attempt, answer, refusal):
        pause = self.limit_pause(answer)
        return self.backoff(attempt, refusal) if pause is None else self.granted(pause, attempt, refusal)

    def after_fault(self, request, attempt, answer, refusal):
        pause = self.retry_after(answer) if answer.status == 503 else None
        if pause is not None:
            # The service asks for another attempt, so it did nothing with this one.
            return self.granted(pause, attempt, refusal)
        if not request.is_safe:
            raise refusal
        return self.backoff(attempt, refusal)

    def after_silence(self, request, attempt, error):
        if not request.is_safe:
            raise error
        return self.backoff(attempt, error)

    def backoff(self, attempt, error):
        return self.granted(0.4 * 2 ** (attempt - 1) * random.uniform(1, 1.3), attempt, error)

    def granted(self, pause, attempt, error):
        """The pause, or the error where it is the last attempt or the pause takes too long."""
        if attempt >= self.attempts:
            raise error
        if self.waited + pause > self.budget:
            raise Failure(f"{error}; another attempt would have to wait {pause:.0f} s, which is too long")
        return pause

    def wait(self, seconds):
        if "jitter" in self.settings.manners:
            seconds += random.uniform(0, 0.4)
        with self.lock:
            self.waited += seconds
        time.sleep(seconds)

    def limit_pause(self, answer):
        """How long after a 429 the window opens; None where the answer does not tell."""
        return self.retry_after(answer)

    def note_limits(self, answer):
        """Looks at how much credit is left."""

    def pace(self):
        """Waits before a call where there is no credit."""
        if self.used_up is not None:
            pause, self.used_up = self.used_up - time.monotonic(), None
            if pause > 0:
                self.wait(self.granted(pause, 0, Failure("the limit is used up")))

    def retry_after(self, answer):
        """Seconds; a date counts from the answer's own Date, so that nobody's clock has to be right."""
        value = (self.header(answer, "Retry-After") or "").strip()
        if re.fullmatch(r"\d{1,9}", value):
            seconds = int(value)
        else:
            date = parsed_date(value)
            if date is None:
                return None
            seconds = date - self.now(answer)
        return seconds if 0 <= seconds <= self.furthest else None

    def now(self, answer):
        date = parsed_date(self.header(answer, "Date"))
        return time.time() if date is None else date

    # What is read

    def header(self, answer, name):
        return answer.header(name)

    def read(self, request, answer):
        """The JSON of a success; None for 204. What is not known in it is left alone."""
        if answer.status == 204:
            return None
        return self.parse(request, answer)

    def parse(self, request, answer):
        try:
            return json.loads(answer.body.decode("utf-8"))
        except ValueError as error:
            raise Failure(f"{request}: status {answer.status}, but the body is no JSON ({error})") from error

    def refusal(self, answer):
        """A refusal in words: the service's own where there are some."""
        if 300 <= answer.status < 400:
            return f"status {answer.status} leads elsewhere; redirects are not followed"
        try:
            errors = json.loads(answer.body.decode("utf-8"))["errors"]
            words = "; ".join(map(str, errors)) if isinstance(errors, list) else str(errors)
        except (ValueError, KeyError, TypeError):
            words = "no reason given"
        if answer.status == 401:
            words += " (check the token)"
        return f"status {answer.status}: {words}"

    # What is told

    def say(self, line, stream=None):
        for secret in self.secrets:
            line = line.replace(secret, "***")
        print(line, file=stream or sys.stdout, flush=True)

    def main(self):
        """Does the job; the exit status says whether all of it was done."""
        try:
            self.job()
        except Failure as failure:
            return self.fail(failure)
        finally:
            self.wire().close()
        return 0

    def fail(self, failure):
        self.say(f"failed: {failure}", sys.stderr)
        return 1

    # How several texts are sent

    def texts(self):
        if "one-message" in self.settings.manners:
            return [self.settings.text]
        return [self.settings.text, "2nd: ยินดีต้อนรับ", "3rd: さようなら 🙏", "4th: 再见"]

    def send_all(self, texts):
        """In order; the first that fails ends it. In parallel, where that is wished, all are tried."""
        if "parallel" not in self.settings.manners:
            for text in texts:
                self.send(text)
            return
        failures = []

        def send(text):
            try:
                self.send(text)
            except Failure as failure:
                failures.append(failure)
            finally:
                self.wire().close()

        threads = [threading.Thread(target=send, args=[text]) for text in texts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]


def parsed_date(value):
    """A date of HTTP as seconds since 1970; None where it is none."""
    try:
        return email.utils.parsedate_to_datetime(value).timestamp()
    except (TypeError, ValueError, AttributeError, IndexError, OverflowError):
        return None


def field(request, answer, name):
    """A field that the next step needs."""
    value = answer.get(name) if isinstance(answer, dict) else None
    if value is None or isinstance(value, (bool, float, dict, list)) or value == "":
        raise Failure(f"{request}: the answer has no usable {name}")
    return value
