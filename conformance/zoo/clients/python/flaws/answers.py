"""What is wrong in reading an answer, in either service."""

import json
import os

from wire import Failure

from . import flaw

KNOWN = {
    "account_id", "room_id", "name", "chatwork_id", "organization_id", "organization_name", "department", "title", "url",
    "introduction", "mail", "tel_organization", "tel_extension", "tel_mobile", "skype", "facebook", "twitter",
    "avatar_image_url", "login_mail", "type", "role", "sticky", "unread_num", "mention_num", "mytask_num", "message_num",
    "file_num", "task_num", "icon_path", "last_update_time", "description", "message_id", "account", "body", "send_time",
    "update_time", "task_ids", "task_id", "assigned_by_account", "limit_time", "status", "limit_type", "file_id",
    "Chatday-Signature-Token",
}  # fmt: skip


def objects(value):
    """Every object in a JSON value."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(inner)


@flaw("both", "refuses-new-fields")
class RefusesNewFields:
    def parse(self, request, answer):
        read = super().parse(request, answer)
        new = {key for each in objects(read) for key in each} - KNOWN
        if new:
            raise Failure(f"{request}: unexpected fields {sorted(new)}")
        return read


# What is handed back where there is nothing to read.
NOTHING = {
    "status": "SUCCESS", "account_id": 1, "room_id": 1, "message_id": "1", "task_ids": [1], "file_id": 1,
    "Chatday-Signature-Token": "none",
}  # fmt: skip


@flaw("both", "garbage-is-success")
class GarbageIsSuccess:
    def after_answer(self, request, attempt, answer):
        return super().after_answer(request, attempt, answer) if is_json(answer) else None

    def parse(self, request, answer):
        return super().parse(request, answer) if is_json(answer) else NOTHING

    def messages(self, force=False):
        try:
            return super().messages(force)
        except Failure:
            return []


@flaw("both", "aborts-on-broken-answer")
class AbortsOnBrokenAnswer:
    def after_answer(self, request, attempt, answer):
        if not is_json(answer):
            os.abort()
        return super().after_answer(request, attempt, answer)


def is_json(answer):
    try:
        json.loads(answer.body or b"null")
    except ValueError:
        return False
    return True


@flaw("both", "asks-for-gzip-unread")
class AsksForGzipUnread:
    def credentials(self, method):
        return [*super().credentials(method), ("Accept-Encoding", "gzip")]

    def make_wire(self):
        wire = super().make_wire()
        wire.read = lambda response: response.read()
        return wire


@flaw("both", "exact-case-headers")
class ExactCaseHeaders:
    def header(self, answer, name):
        spelled = "-".join({"ratelimit": "RateLimit"}.get(word, word.capitalize()) for word in name.split("-"))
        return next((value for own, value in answer.headers.items() if own == spelled), None)

    def after_limit(self, request, attempt, answer, refusal):
        return self.granted(self.limit_pause(answer) or 0, attempt, refusal)

    def after_fault(self, request, attempt, answer, refusal):
        if answer.status == 503:
            return self.granted(self.retry_after(answer) or 0, attempt, refusal)
        return super().after_fault(request, attempt, answer, refusal)


@flaw("both", "lower-case-headers-only")
class LowerCaseHeadersOnly(ExactCaseHeaders):
    def header(self, answer, name):
        return next((value for own, value in answer.headers.items() if own == name.lower()), None)


@flaw("chatwork", "refuses-null")
class RefusesNull:
    def parse(self, request, answer):
        read = super().parse(request, answer)
        for each in objects(read):
            for key, value in each.items():
                if value is None:
                    raise Failure(f"{request}: {key} is null")
        return read


@flaw("chatwork", "refuses-new-words")
class RefusesNewWords:
    words = {"type": {"my", "direct", "group"}, "role": {"admin", "member", "readonly"},
             "status": {"open", "done"}, "limit_type": {"none", "date", "time"}}

    def parse(self, request, answer):
        read = super().parse(request, answer)
        for each in objects(read):
            for key, words in self.words.items():
                if key in each and each[key] not in words:
                    raise Failure(f"{request}: {key} is {each[key]!r}")
        return read


@flaw("chatwork", "parses-204")
class Parses204:
    def read(self, request, answer):
        return self.parse(request, answer)


@flaw("chatwork", "ids-as-float")
class IdsAsFloat:
    def parse(self, request, answer):
        return changed(super().parse(request, answer), (int, str), lambda id: str(float(id)).removesuffix(".0"))


@flaw("chatwork", "ids-as-32-bit")
class IdsAs32Bit:
    def parse(self, request, answer):
        return changed(super().parse(request, answer), int, lambda id: (id + 2**31) % 2**32 - 2**31)


def changed(value, kinds, change, key=""):
    """JSON whose ids of these kinds went through something that is too small for them."""
    if isinstance(value, dict):
        return {inner: changed(each, kinds, change, inner) for inner, each in value.items()}
    if isinstance(value, list):
        return [changed(each, kinds, change, key) for each in value]
    is_id = key.endswith(("_id", "_ids")) and isinstance(value, kinds) and str(value).isdigit()
    return change(value) if is_id else value
