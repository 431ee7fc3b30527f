"""Mistakes, one class each: what a class overrides is what its program gets wrong. `../flaws.json` says it in words."""

import os
import sys

FLAWS = {}


def flaw(service, name):
    """Registers a class as the flaw of this name; service is "chatwork", "chatday" or "both"."""

    def register(made):
        for each in ("chatwork", "chatday") if service == "both" else (service,):
            FLAWS[each, name] = made
        return made

    return register


def load():
    """Fills the table of flaws."""
    from . import answers, chatday, chatwork, connections, refusals, requests  # noqa: F401  (they register themselves)


def with_flaw(client, service):
    """The client with the flaw that FLAW names, or as it is."""
    load()
    name = os.environ.get("FLAW", "")
    if not name:
        return client
    if (service, name) not in FLAWS:
        names = sorted(name for each, name in FLAWS if each == service)
        print(f"FLAW={name} is unknown; there are: {', '.join(names)}", file=sys.stderr)
        sys.exit(2)
    return type("Flawed", (FLAWS[service, name], client), {})
