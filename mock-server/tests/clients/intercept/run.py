"""Programs with https://api.chatwork.com built in, against a running mock that intercepts, led there by their environment alone.

    python run.py READY-FILE PYTHON RUST-PROGRAM

READY-FILE is what `mock-server --ready-file` wrote; PYTHON is one with requests; RUST-PROGRAM is the built client of rust/.
Exit 0: every expectation held. 1: one did not.
"""

import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
TEXT = "สวัสดี & こんにちは 100% + a=b 👩‍💻🙏"
BAD = ["expired", "not-yet-valid", "wrong-name", "unknown-ca", "self-signed"]
# Straight to the mock, whatever proxy the environment names.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Program:
    """One program, and how it is called."""

    def __init__(self, name, command, insecure=None, variables=None, reads=True):
        self.name, self.command, self.reads = name, command, reads
        # How it is told not to look at certificates: an argument, or variables. Neither: it cannot be told.
        self.insecure, self.variables = insecure, variables

    @property
    def can_be_careless(self):
        return self.insecure is not None or self.variables is not None


class Run:
    def __init__(self, ready):
        self.ready, self.passed, self.failures = ready, 0, []
        # Nothing of this machine's own settings for proxies and certificates.
        mine = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
        ca_file = ready["ca_file"]
        self.environment = mine | {
            "HTTPS_PROXY": ready["intercept_proxy"],
            "SSL_CERT_FILE": ca_file,
            "REQUESTS_CA_BUNDLE": ca_file,
            "CURL_CA_BUNDLE": ca_file,
            "NODE_EXTRA_CA_CERTS": ca_file,
            "CHATWORK_API_TOKEN": ready["chatwork"]["token"],
            "CHATWORK_ROOM_ID": str(ready["chatwork"]["room_id"]),
            "CHATWORK_TEXT": TEXT,
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def control(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.ready["control_url"] + path, method=method, data=data)
        with OPENER.open(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def call(self, program, mode, careless=False):
        environment, command = self.environment, [*program.command, mode]
        if careless:
            environment = environment | (program.variables or {})
            command += [program.insecure] if program.insecure else []
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)

    def hold(self, what, is_so, seen):
        if is_so:
            self.passed += 1
            print(f"ok    {what}")
        else:
            self.failures.append(what)
            print(f"FAIL  {what}\n      {seen}")


def exited(done):
    return f"exit {done.returncode}\n{done.stdout}{done.stderr}"


def good(run, programs):
    for program in programs:
        run.control("DELETE", "/requests")
        done = run.call(program, "post")
        run.hold(f"{program.name}: posts, with its address unchanged", done.returncode == 0, exited(done))
        requests = run.control("GET", "/requests")["requests"]
        calls = ["POST"] + (["GET"] if program.reads else [])
        hosts = {request["headers"]["host"] for request in requests}
        seen = ([request["method"] for request in requests], hosts)
        run.hold(f"{program.name}: the mock saw {' and '.join(calls)} for api.chatwork.com", seen == (calls, {"api.chatwork.com"}), seen)
        if program.reads:
            run.hold(f"{program.name}: reads its text back to the letter", done.stdout.strip() == TEXT, exited(done))
    newest = run.control("GET", f"/state")["chatwork"]
    stored = json.dumps(newest, ensure_ascii=False).count(json.dumps(TEXT, ensure_ascii=False)[1:-1])
    run.hold("the text of each is in the room", stored == len(programs), f"{stored} of {len(programs)}")


def elsewhere(run, programs):
    before = len(run.control("GET", "/tls")["handshakes"])
    for program in programs:
        done = run.call(program, "elsewhere")
        told = "502" in done.stderr
        run.hold(f"{program.name}: another host gets 502", done.returncode not in (0, 60) and told, exited(done))
        if not program.name.startswith("undici"):  # which shows the status only
            run.hold(f"{program.name}: is told why", "example.com is not mocked" in done.stderr, exited(done))
    after = len(run.control("GET", "/tls")["handshakes"])
    run.hold("nobody came as far as TLS", before == after, f"{before} handshakes before, {after} after")


def tally_of(run, kind, refusals):
    """What clients made of a certificate. One that looks after the handshake shows by its end that it refused: waited for."""
    for _ in range(100):
        tally = run.control("GET", "/tls")["certificates"][kind]
        if tally["refused"] >= refusals:
            break
        time.sleep(0.05)
    return tally


def bad(run, programs):
    for kind in BAD:
        run.control("PUT", "/tls", {"certificate": kind})
        for program in programs:
            done = run.call(program, "post")
            run.hold(f"{program.name}: refuses the certificate that is {kind}", done.returncode == 60, exited(done))
        tally = tally_of(run, kind, len(programs))
        told = (tally["refused"] >= len(programs), tally["went_on"])
        run.hold(f"the mock saw each refuse it, and nobody go on ({kind})", told == (True, 0), tally)
    # Switched off, to see that the bad one was really served.
    run.control("PUT", "/tls", {"certificate": "expired"})
    careless = [program for program in programs if program.can_be_careless]
    for program in careless:
        done = run.call(program, "post", careless=True)
        run.hold(f"{program.name}: goes on when told not to look", done.returncode == 0, exited(done))
    tally = run.control("GET", "/tls")["certificates"]["expired"]
    run.hold("the mock saw them go on", tally["went_on"] >= len(careless), tally)
    run.control("PUT", "/tls", {"certificate": "good"})


def main():
    ready_file, python, rust = sys.argv[1:]
    with open(ready_file, encoding="utf-8") as file:
        run = Run(json.load(file))
    curl = [str(HERE / "program.sh")]
    own = [
        Program("requests 2.34.2", [python, str(HERE / "program.py")], insecure="insecure"),
        Program("undici", ["node", str(HERE / "program.mjs")], variables={"NODE_TLS_REJECT_UNAUTHORIZED": "0"}),
        Program("curl, HTTP/1.1", ["bash", *curl, "--http1.1"], insecure="insecure"),
        Program("curl, HTTP/2", ["bash", *curl, "--http2"], insecure="insecure"),
    ]
    programs = [*own, Program("chatwork_client 0.1.1", [rust], reads=False)]
    good(run, programs)
    protocols = {shaken["alpn"] for shaken in run.control("GET", "/tls")["handshakes"]}
    run.hold("HTTP/2 and HTTP/1.1 were both spoken", {"h2", "http/1.1"} <= protocols, protocols)
    elsewhere(run, own)
    bad(run, programs)
    for failure in run.failures:
        print(f"failed: {failure}")
    print(f"programs behind the proxy: {run.passed} passed, {len(run.failures)} failed")
    sys.exit(1 if run.failures else 0)


main()
