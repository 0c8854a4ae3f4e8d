# SPDX-License-Identifier: BSD-2-Clause
"""Real parts for end-to-end tests: a DNS server, Linear's API behind TLS,
senders with keys, and mailtrid from the build folder."""
import os
import pathlib
import shutil
import sys
import tempfile

import pytest

TOP = pathlib.Path(os.environ.get("top_srcdir") or pathlib.Path(__file__).parents[2]).resolve()
BUILD = pathlib.Path(os.environ.get("top_builddir") or TOP).resolve()
sys.path.insert(0, str(TOP / "contrib/lib"))
sys.path.insert(0, str(TOP / "tests/e2e"))
sys.path.append(str(TOP / "tests/conformance"))

import sender  # noqa: E402
from instance import Programs  # noqa: E402
from nameserver import find_unbound  # noqa: E402
from world import ADDRESS, World, wait_until  # noqa: E402

# Sending domains by what is the matter with them.
GOOD, SECOND, STRANGER, NAKED = "good.example", "second.example", "stranger.example", "naked.example"


def private_folder():
    """A folder whose parents nobody else may write, where there is one: that
    is where stages may be loaded from."""
    base = os.environ.get("TMPDIR") or tempfile.gettempdir()
    return pathlib.Path(tempfile.mkdtemp(prefix="mailtri-e2e-", dir=base))


class Stand:
    """The world of a test session, and a mailtri in it."""

    def __init__(self, world, mailtri, domains):
        self.world, self.mailtri, self.domains = world, mailtri, domains
        self.linear, self.dns = world.linear, world.nameserver

    def client(self, **options):
        return self.world.client(self.mailtri, **options)

    def mail(self, subject="Order paper", who="ann", domain=GOOD, to=ADDRESS, body="", fields=()):
        """A correctly signed mail."""
        address = f"{who}@{domain}"
        return self.domains[domain].sign(
            sender.compose(f"{who.title()} <{address}>", to, subject, body, fields))

    def send(self, message, mail_from=f"ann@{GOOD}", to=ADDRESS, **client):
        return self.client(**client).send(mail_from, to, message)

    def delivered(self, event):
        """The queue's item once everything was handed over."""
        def look():
            item = self.mailtri.ctl_one("queue", "show", event)
            return item if item["state"] == "done" else None
        return wait_until(look, f"delivery of {event}")

    def records(self, event):
        return self.mailtri.ctl("audit", "show", event)

    def export_whole(self, path):
        """An export that holds every record there is."""
        def look():
            self.mailtri.export_audit(path)
            count = sum(1 for line in path.read_text().splitlines()
                        if not line.startswith('{"checkpoint"'))
            return count == self.record_count()
        wait_until(look, "a checkpoint over every record", 60)

    def record_count(self):
        return self.mailtri.status()["audit"]["records"]

    def newest(self, reason, timeout=20, since=0):
        """The newest audit record with that reason, once it is there; none before `since'."""
        def look():
            found = reversed(self.mailtri.records(since) if since else self.mailtri.recent_records())
            return next((r for r in found if r.get("reason") == reason), None)
        return wait_until(look, f"an audit record with {reason}", timeout)


def zones(domains):
    zone = {}
    for name, domain in domains.items():
        if name == NAKED:
            zone[name] = {"A": ["127.0.0.1"]}
        else:
            zone |= domain.zone()
    return zone


@pytest.fixture(scope="session")
def domains():
    return {name: sender.Domain(name, kind) for name, kind in
            ((GOOD, "rsa"), (SECOND, "ed25519"), (STRANGER, "rsa"), (NAKED, "rsa"))}


@pytest.fixture(scope="module")
def world(domains, request):
    for program in ("mailtrid", "mailtrictl"):
        if not (BUILD / program).exists():
            pytest.skip(f"{program} is not built here")
    if find_unbound() is None:
        pytest.skip("unbound is not installed")
    folder = private_folder()
    try:
        with World(folder, Programs.built(BUILD, folder / "stages")) as made:
            made.nameserver.serve(zones(domains))
            made.start_linear()
            yield made
    finally:
        if request.session.testsfailed and os.environ.get("MAILTRI_KEEP"):
            print(f"left for a look: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def start(world, domains):
    """start(name, stages={...}, **core options): a running Stand."""
    def make(name="mailtri", stages=None, **options):
        mailtri = world.instance(name)
        mailtri.configure(world.core_options(**options),
                          {**world.stage_options(mailtri, [GOOD, SECOND]), **(stages or {})})
        mailtri.start()
        return Stand(world, mailtri, domains)
    return make


@pytest.fixture(scope="module")
def stand(start):
    """One mailtri for all tests of a file that do not change it."""
    made = start()
    yield made
    assert made.mailtri.stop() == 0
