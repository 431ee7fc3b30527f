"""Mistakes that only a client of Chatday can make, or that each service's client makes in its own way."""

import html
import json
import urllib.parse

from wire import Failure

from . import flaw


@flaw("chatday", "two-auth-headers")
class TwoAuthHeaders:
    def credentials(self, method):
        return super().credentials(method) * 2


@flaw("chatday", "no-scheme")
class NoScheme:
    def credentials(self, method):
        return [("Authorization", self.token)]


@flaw("chatday", "token-in-own-header")
class TokenInOwnHeader:
    def credentials(self, method):
        return [("X-Chatday-Token", self.token)]


@flaw("chatday", "token-in-body")
class TokenInBody:
    def message(self, text):
        return {**super().message(text), "token": self.token}


@flaw("chatday", "registers-on-401")
class RegistersOn401:
    def job(self):
        for _ in range(8):
            try:
                return super().job()
            except Failure as failure:
                if "status 401" not in str(failure):
                    raise
                last = failure
        raise last


@flaw("chatday", "thai-in-tis-620")
class ThaiInTis620:
    def encode(self, message):
        return json.dumps(message, ensure_ascii=False).encode("tis-620", "replace")


@flaw("chatday", "html-escapes")
class HtmlEscapes:
    def message(self, text):
        return super().message(html.escape(text, quote=False))


@flaw("chatday", "form-body")
class FormBody:
    def media_type(self):
        return "application/x-www-form-urlencoded"

    def encode(self, message):
        form = {"message[type]": "text", "message[data]": message["message"]["data"], "chat_id": message["chat_id"]}
        return urllib.parse.urlencode(form).encode()


@flaw("chatday", "text-content-type")
class TextContentType:
    def media_type(self):
        return "text/plain; charset=utf-8"


@flaw("chatday", "message-as-text")
class MessageAsText:
    def message(self, text):
        return {"message": text, "chat_id": self.chat}


@flaw("chatday", "message-as-json-text")
class MessageAsJsonText:
    def message(self, text):
        message = super().message(text)
        return {**message, "message": json.dumps(message["message"], ensure_ascii=False)}


@flaw("chatday", "no-chat-id")
class NoChatId:
    def message(self, text):
        return {"message": super().message(text)["message"]}


@flaw("chatday", "signature-token-in-output")
class SignatureTokenInOutput:
    def registered(self, signature):
        self.secrets.discard(signature)
        self.say(f"registered; Chatday-Signature-Token is {signature}")


@flaw("chatday", "registers-for-each-message")
class RegistersForEachMessage:
    def send(self, text):
        self.register()
        super().send(text)


@flaw("chatday", "chat-id-as-number")
class ChatIdAsNumber:
    def message(self, text):
        return {**super().message(text), "chat_id": str(int(float(self.chat)))}


@flaw("chatday", "path-from-memory")
class PathFromMemory:
    def send_url(self):
        return self.url("/message")


@flaw("chatday", "form-turned-into-json")
class FormTurnedIntoJson:
    def message(self, text):
        fields = dict(urllib.parse.parse_qsl(f"data={text}&chat_id={self.chat}"))
        data = fields.pop("data", "")
        return {"message": {"type": "text", "data": data}, **fields}
