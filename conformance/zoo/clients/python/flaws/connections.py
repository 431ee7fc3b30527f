"""What is wrong with connections: certificates, time, how many there are and how long they are kept."""

import ssl
import sys
import threading
import time

from wire import Failure, OutcomeUnknown

from . import flaw


@flaw("both", "verification-off")
class VerificationOff:
    def make_wire(self):
        wire = super().make_wire()
        wire.trust = ssl._create_unverified_context
        return wire


@flaw("both", "host-name-unchecked")
class HostNameUnchecked:
    def make_wire(self):
        wire = super().make_wire()

        def trust():
            context = ssl.create_default_context()
            context.check_hostname = False
            return context

        wire.trust = trust
        return wire


@flaw("both", "no-timeout")
class NoTimeout:
    def make_wire(self):
        wire = super().make_wire()
        wire.timeout = None
        wire.watch = lambda connection, late: None
        return wire


@flaw("both", "leaks-connections")
class LeaksConnections:
    def wire(self):
        if not hasattr(self, "leaked"):
            self.leaked = []
        self.leaked.append(self.make_wire())
        return self.leaked[-1]

    def texts(self):
        return [*super().texts(), *(f"and {number}" for number in range(5, 13))] if not hasattr(self, "room") else super().texts()


@flaw("both", "reuses-dead-sockets")
class ReusesDeadSockets:
    def make_wire(self):
        wire = super().make_wire()
        wire.is_alive = lambda connection: True
        return wire

    def after_silence(self, request, attempt, error):
        raise error

    def send(self, text):
        try:
            return super().send(text)
        except OutcomeUnknown as error:
            raise Failure(str(error)) from error

    def find(self, text):
        raise Failure("the connection was lost")


@flaw("both", "exits-before-sending")
class ExitsBeforeSending:
    def send_all(self, texts):
        threading.Thread(target=super().send_all, args=[texts], daemon=True).start()
        time.sleep(1)

    def read_new(self):
        pass


@flaw("both", "floods")
class Floods:
    """Heads first, then bodies: all of them are under way at once, however fast the answers are."""

    workers = 14

    def send_all(self, texts):
        self.settings.manners.add("parallel")
        self.barrier = threading.Barrier(self.workers)
        try:
            super().send_all([f"{number}: {texts[0]}" for number in range(1, self.workers + 1)])
        except Failure as failure:
            self.say(f"not all got through: {failure}", sys.stderr)

    def assign(self, account):
        """The room is full by now."""

    def after_limit(self, request, attempt, answer, refusal):
        raise refusal

    def make_wire(self):
        wire = super().make_wire()
        usual = wire.send

        def send(connection, request, parts):
            if request.body is None or not hasattr(self, "barrier") or threading.current_thread() is threading.main_thread():
                return usual(connection, request, parts)
            connection.putrequest(request.method, parts.path, skip_accept_encoding=True)
            for name, value in [*request.headers, ("Content-Length", str(len(request.body)))]:
                connection.putheader(name, value)
            connection.endheaders()
            self.barrier.wait(timeout=4)
            time.sleep(0.3)
            connection.send(request.body)

        wire.send = send
        return wire
