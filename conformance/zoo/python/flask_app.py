"""A receiver with Flask, served by Flask's own server."""

import json
import logging
import time

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.serving import make_server

from receiver import BODY_MAX, Receiver

RECEIVER = Receiver()
app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = BODY_MAX


def answer(status, body, headers=None):
    return Response(json.dumps(body), status, headers, mimetype="application/json")


@app.post("/webhook")
def webhook():
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        return answer(415, {"error": "send the body as it is"})
    if RECEIVER.flaw == "get-json":
        request.get_json()  # answers 415 where the media type is missing
    # The raw bytes, before anything parses them. Two headers of one name arrive joined by a comma, and fit nothing.
    body = request.get_data(cache=False)
    time.sleep(RECEIVER.delay)
    given = request.headers.get(RECEIVER.header)
    return answer(*RECEIVER.handle([] if given is None else [given], body))


@app.errorhandler(HTTPException)
def refused(error):
    headers = {"Allow": ", ".join(error.valid_methods)} if getattr(error, "valid_methods", None) else None
    return answer(error.code, {"error": error.name}, headers)


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", RECEIVER.port, app, threaded=True)
    print(server.port, flush=True)
    server.serve_forever()
