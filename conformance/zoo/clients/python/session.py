"""What both programs on requests share: a session, and what follows an answer.

Written as one writes such a program: a session that keeps its connections, explicit time-outs, no redirects, a few attempts
for what can be repeated. FLAW makes one mistake that is usual with requests.
"""

import email.utils
import os
import re
import sys
import time

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

FLAWS = ("redirects-by-default", "no-raise-for-status", "no-timeout", "json-argument", "retry-adapter", "verify-false")
FLAW = os.environ.get("FLAW", "")
TEXT = os.environ.get("CONFORMANCE_TEXT") or "こんにちは สวัสดี 🙏 50% + a=b & c\nline 2\n"
# So many attempts of a call, and so many seconds of waiting in all.
ATTEMPTS, BUDGET = 4, 20


class Refused(Exception):
    """An answer that ends the program."""


class Service:
    """A service, called through one session."""

    def __init__(self, name, value):
        self.waited = 0
        self.session = requests.Session()
        self.session.headers[name] = value
        if FLAW == "retry-adapter":
            again = Retry(total=4, backoff_factor=0.1, status_forcelist=[500, 502, 503, 504], allowed_methods=None)
            self.session.mount("http://", HTTPAdapter(max_retries=again))
            self.session.mount("https://", HTTPAdapter(max_retries=again))
        if FLAW == "verify-false":
            requests.packages.urllib3.disable_warnings()
            self.session.verify = self.session.trust_env = False
            self.session.proxies = {"https": os.environ.get("HTTPS_PROXY", "")}

    def call(self, method, url, **arguments):
        if FLAW != "no-timeout":
            arguments["timeout"] = (3, 5)
        arguments["allow_redirects"] = FLAW == "redirects-by-default"
        for attempt in range(1, ATTEMPTS + 1):
            try:
                answer = self.session.request(method, url, **arguments)
            except requests.exceptions.ConnectTimeout as error:
                failure, pause = error, 0.5 * attempt
            except requests.exceptions.SSLError:
                raise
            except requests.exceptions.RequestException as error:
                # Nobody knows whether a POST arrived: whoever reads this has to look.
                failure, pause = error, 0.5 * attempt if method == "GET" else None
            else:
                failure, pause = self.judge(method, answer, attempt)
                if failure is None:
                    return answer
            if pause is None or self.waited + pause > BUDGET or attempt == ATTEMPTS:
                raise failure
            self.waited += pause
            time.sleep(pause)

    def judge(self, method, answer, attempt):
        """What is wrong with an answer, and seconds after which another attempt makes sense."""
        if answer.status_code < 300 or FLAW == "no-raise-for-status":
            return None, None
        refused = Refused(f"{method} {answer.request.path_url.split('?')[0]}: status {answer.status_code} {reason(answer)}")
        if answer.status_code == 429:
            return refused, first(self.limit_pause(answer), 1.5 * attempt)
        if answer.status_code == 503:
            return refused, first(retry_after(answer), 0.5 * attempt if method == "GET" else None)
        return refused, 0.5 * attempt if answer.status_code > 499 and method == "GET" else None

    def limit_pause(self, answer):
        return retry_after(answer)

    def json(self, answer):
        if answer.status_code == 204:
            return None
        try:
            # UTF-8, whatever the answer says of itself.
            answer.encoding = "utf-8"
            return answer.json()
        except ValueError as error:
            if FLAW == "no-raise-for-status":
                return {}
            raise Refused(f"status {answer.status_code}, and the body is no JSON: {error}") from error


def first(*values):
    return next((value for value in values if value is not None), None)


def date(value):
    try:
        return email.utils.parsedate_to_datetime(value).timestamp()
    except (TypeError, ValueError):
        return None


def now(answer):
    """The service's own time, so that no clock has to agree with another."""
    return first(date(answer.headers.get("Date")), time.time())


def retry_after(answer):
    value = answer.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d{1,6}", value):
        return int(value)
    moment = date(value)
    return None if moment is None else max(0, moment - now(answer))


def reason(answer):
    if answer.is_redirect:
        return "is a redirect, which is not followed"
    try:
        errors = answer.json()["errors"]
        return "; ".join(errors) if isinstance(errors, list) else str(errors)
    except (ValueError, KeyError, TypeError):
        return "without a reason"


def need(answer, name):
    """A field that has to be there."""
    value = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(value, (str, int)) or isinstance(value, bool):
        if FLAW == "no-raise-for-status":
            return 0
        raise Refused(f"the answer has no {name}")
    return value


def run(job, secrets):
    """Runs it: exit status 0 only where all of it was done."""
    if FLAW and FLAW not in FLAWS:
        sys.exit(f"FLAW={FLAW} is unknown; there are: {', '.join(FLAWS)}")
    try:
        job()
    except (Refused, requests.exceptions.RequestException) as error:
        words = f"failed: {error}"
        for secret in secrets:
            words = words.replace(secret, "***")
        sys.exit(words)
