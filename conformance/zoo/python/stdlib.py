"""A receiver with nothing but Python's standard library: http.server, a thread for each connection.

HTTP10=1 answers in HTTP/1.0, CLOSE=1 closes each connection; both are unusual and correct.
"""

import http.server
import json
import os
import time

from receiver import BODY_MAX, Receiver

RECEIVER = Receiver()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0" if os.environ.get("HTTP10") else "HTTP/1.1"
    timeout = 10  # seconds that a sender may be silent

    def do_POST(self):
        if self.path.split("?")[0] != "/webhook":
            return self.answer(404, {"error": "there is only /webhook"}, close=True)
        if self.headers.get("content-encoding", "identity").lower() != "identity":
            return self.answer(415, {"error": "send the body as it is"}, close=True)
        try:
            body = self.read_body()
        except ValueError as error:
            return self.answer(413 if str(error) == "large" else 400, {"error": "the body cannot be read"}, close=True)
        if body is None:
            self.close_connection = True
            return None
        time.sleep(RECEIVER.delay)
        return self.answer(*RECEIVER.handle(self.headers.get_all(RECEIVER.header, []), body))

    def read_body(self):
        """The whole body, None when the connection ended first."""
        if self.headers.get("transfer-encoding", "").lower() == "chunked" and RECEIVER.flaw != "ignores-chunked":
            return self.read_chunks()
        length = int(self.headers.get("content-length") or 0)
        if length < 0 or length > BODY_MAX:
            raise ValueError("large")
        body = self.rfile.read(length)
        return body if len(body) == length else None

    def read_chunks(self):
        body = b""
        while True:
            line = self.rfile.readline(1000)
            if not line:
                return None
            size = int(line.split(b";")[0], 16)
            if size < 0 or len(body) + size > BODY_MAX:
                raise ValueError("large")
            if size == 0:
                while self.rfile.readline(1000).strip():
                    pass
                return body
            chunk = self.rfile.read(size)
            self.rfile.readline(1000)
            if len(chunk) != size:
                return None
            body += chunk

    def other_method(self):
        self.answer(405, {"error": "events are sent with POST"}, {"Allow": "POST"}, close=True)

    do_GET = do_HEAD = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = other_method

    def answer(self, status, body, headers=None, close=False):
        data = b"" if self.command == "HEAD" else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if close or os.environ.get("CLOSE"):
            # What was not read cannot be told from the next request.
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        if RECEIVER.flaw:
            return  # its exceptions are the point
        super().handle_error(request, client_address)


if __name__ == "__main__":
    server = Server(("127.0.0.1", RECEIVER.port), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()
