"""One HTTP exchange at a time, on Python's standard library: connections, certificates, the proxy, the time it may take.

Redirects are not followed, and nothing is repeated: whoever calls decides what follows an answer, or none.
"""

import http.client
import select
import socket
import ssl
import threading
import urllib.parse
import urllib.request
import zlib


class Failure(Exception):
    """What ends the program, in words for whoever started it."""


class Unreachable(Failure):
    """No connection: nothing was sent."""


class Untrusted(Failure):
    """The certificate was refused: nothing was sent."""


class OutcomeUnknown(Failure):
    """The request went out, and no whole answer came back."""


class Request:
    """What is sent. Built once for all attempts, so that they have the same bytes."""

    def __init__(self, method, url, headers, body=None):
        self.method, self.url, self.headers, self.body = method, url, headers, body

    @property
    def is_safe(self):
        """Whether it may be repeated without knowing what became of it."""
        return self.method in ("GET", "HEAD", "OPTIONS")

    def __str__(self):
        return f"{self.method} {urllib.parse.urlsplit(self.url).path}"


class Answer:
    """What came back, whole."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def header(self, name):
        """A header's value, whatever the case of its name; None where it is missing."""
        return self.headers.get(name)


class Wire:
    """Connections to whom it is asked to call. One wire belongs to one thread."""

    timeout = 5.0
    chunked = False

    def __init__(self, keep_alive=True, http_1_0=False):
        self.keep_alive, self.http_1_0 = keep_alive, http_1_0
        self.open = {}

    def exchange(self, request):
        parts = urllib.parse.urlsplit(request.url)
        place = (parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else 80))
        connection = self.connection(place)
        late = threading.Event()
        watchdog = self.watch(connection, late)
        try:
            self.send(connection, request, parts)
            response = connection.getresponse()
            body = self.read(response)
        except (OSError, http.client.HTTPException, ValueError, AttributeError) as error:
            # The last two come out of a TLS socket that the watchdog shut.
            self.forget(place, connection)
            is_late = late.is_set() or isinstance(error, TimeoutError)
            what = f"no answer within {self.timeout:g} s" if is_late else f"{type(error).__name__}: {error}"
            raise OutcomeUnknown(f"{request}: {what}") from error
        finally:
            if watchdog:
                watchdog.cancel()
        if response.will_close or not self.keep_alive:
            self.forget(place, connection)
        return Answer(response.status, response.headers, body)

    def send(self, connection, request, parts):
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.putrequest(request.method, target, skip_accept_encoding=True)
        for name, value in request.headers:
            connection.putheader(name, value)
        if not self.keep_alive:
            connection.putheader("Connection", "close")
        if request.body is not None and self.chunked:
            connection.putheader("Transfer-Encoding", "chunked")
            # In pieces, as a file would be read.
            pieces = (request.body[at : at + 512] for at in range(0, len(request.body), 512))
            connection.endheaders(pieces, encode_chunked=True)
            return
        if request.body is not None or request.method in ("POST", "PUT"):
            connection.putheader("Content-Length", str(len(request.body or b"")))
        connection.endheaders(request.body)

    def read(self, response):
        body = response.read()
        coding = (response.headers.get("Content-Encoding") or "identity").strip().lower()
        if coding in ("gzip", "x-gzip", "deflate"):
            try:
                body = zlib.decompress(body, wbits=47)  # either of them, by its head
            except zlib.error as error:
                raise http.client.HTTPException(f"the body is no {coding}") from error
        return body

    def connection(self, place):
        connection = self.open.get(place)
        if connection and self.is_alive(connection):
            return connection
        if connection:
            self.forget(place, connection)
        connection = self.dial(*place)
        if self.http_1_0:
            connection._http_vsn, connection._http_vsn_str = 10, "HTTP/1.0"
        try:
            connection.connect()
        except ssl.SSLCertVerificationError as error:
            raise Untrusted(f"the certificate of {place[1]} is refused: {error.verify_message}") from error
        except OSError as error:
            raise Unreachable(f"no connection to {place[1]}:{place[2]}: {error}") from error
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.open[place] = connection
        return connection

    def is_alive(self, connection):
        """Whether the peer has kept it open. What can be read before anything was asked is its end, or rubbish."""
        return connection.sock is not None and not select.select([connection.sock], [], [], 0)[0]

    def dial(self, scheme, host, port):
        if scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=self.timeout)
        proxy = urllib.request.getproxies().get("https")
        if not proxy or urllib.request.proxy_bypass(host):
            return http.client.HTTPSConnection(host, port, timeout=self.timeout, context=self.trust())
        proxy = urllib.parse.urlsplit(proxy if "//" in proxy else f"//{proxy}")
        connection = http.client.HTTPSConnection(proxy.hostname, proxy.port or 80, timeout=self.timeout, context=self.trust())
        connection.set_tunnel(host, port)
        return connection

    def trust(self):
        """Certificates are verified against the system's, or against those that SSL_CERT_FILE names."""
        return ssl.create_default_context()

    def watch(self, connection, late):
        """A time-out for the exchange as a whole: the socket's own begins anew with each byte."""

        def end():
            late.set()
            try:
                connection.sock.shutdown(socket.SHUT_RDWR)
            except (OSError, AttributeError):
                pass

        watchdog = threading.Timer(self.timeout, end)
        watchdog.daemon = True
        watchdog.start()
        return watchdog

    def forget(self, place, connection):
        self.open.pop(place, None)
        connection.close()

    def close(self):
        for connection in self.open.values():
            connection.close()
        self.open.clear()
