"""What is wrong with a request, in either service: its token, its text, its address."""

import urllib.parse

from wire import Request

from . import flaw


@flaw("both", "token-in-query")
class TokenInQuery:
    def call(self, request):
        mark = "&" if "?" in request.url else "?"
        url = f"{request.url}{mark}token={urllib.parse.quote(self.token)}"
        return super().call(Request(request.method, url, request.headers, request.body))


@flaw("chatwork", "token-in-user-agent")
class TokenInUserAgent:
    def credentials(self, method):
        return [*super().credentials(method), ("User-Agent", f"notifier/1.0 ({self.token})")]


@flaw("both", "utf-8-twice")
class Utf8Twice:
    def send(self, text):
        return super().send(text.encode("utf-8").decode("latin-1"))


@flaw("both", "trims-text")
class TrimsText:
    def send(self, text):
        return super().send(text.strip())


@flaw("both", "double-slash")
class DoubleSlash:
    def exchange(self, request, attempt):
        parts = urllib.parse.urlsplit(request.url)
        at = len(urllib.parse.urlsplit(self.base).path.rstrip("/"))
        path = f"{parts.path[:at]}/{parts.path[at:]}"
        return super().exchange(Request(request.method, parts._replace(path=path).geturl(), request.headers, request.body), attempt)


@flaw("both", "prefix-lost")
class PrefixLost:
    def exchange(self, request, attempt):
        parts = urllib.parse.urlsplit(request.url)
        base = urllib.parse.urlsplit(self.base).path.rstrip("/")
        usual = "/v2" if hasattr(self, "room") else "/chatday"
        url = parts._replace(path=usual + parts.path[len(base) :]).geturl()
        return super().exchange(Request(request.method, url, request.headers, request.body), attempt)
