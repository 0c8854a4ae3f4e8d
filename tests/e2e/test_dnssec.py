# SPDX-License-Identifier: BSD-2-Clause
"""Signed zones served by a real unbound: what is signed rightly or not at all
is judged, what is signed and wrong is no answer, so the sender tries later."""
import os
import shutil
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../lib"))

import sender  # noqa: E402
import signed  # noqa: E402
from signed import PARENT, Zone  # noqa: E402

POLICY = "v=DMARC1; p=reject"
SOUND = ("secure", "insecure")
# What is spoilt, and what could not be judged for it.
LOST = {"altered-spf": "SPF", "altered-key": "DKIM", "altered-dmarc": "DMARC", "no-denial": "DMARC",
        "expired": "SPF", "stripped": "SPF", "other-key": "SPF"}


class Party(sender.Domain):
    """A sending domain below the signed parent."""

    def __init__(self, label):
        super().__init__(f"{label}.{PARENT}", kind="ed25519")

    @property
    def key_name(self):
        return f"{self.selector}._domainkey.{self.name}"


def zone_of(label, party):
    """The party's zone, with what is the matter with it."""
    records = party.zone(dmarc=None if label == "no-denial" else POLICY)
    alter = {"altered-spf": (party.name, "-all", "~all"),
             "altered-key": (party.key_name, "k=ed25519", "k=ed25519; t=s"),
             "altered-dmarc": (f"_dmarc.{party.name}", "reject", "none")}.get(label)
    spoilt = {"insecure": signed.NEVER_SIGNED, "expired": signed.EXPIRED,
              "stripped": signed.NOT_SIGNED, "other-key": signed.OTHER_KEY}.get(label)
    return Zone(party.name, records, spoilt, alter, unsign=label == "no-denial")


@pytest.fixture(scope="module", name="parties")
def _parties():
    return {label: Party(label) for label in (*SOUND, *LOST, "two-keys")}


@pytest.fixture(scope="module", name="second")
def _second(parties):
    return sender.Domain(parties["two-keys"].name, "ed25519", "s2")


@pytest.fixture(scope="module", name="server")
def _server(world, parties, second):
    if signed.missing_tools():
        pytest.skip(f"{signed.missing_tools()[0]} is not installed")
    zones = [zone_of(label, party) for label, party in parties.items() if label != "two-keys"]
    both = parties["two-keys"]
    zones.append(Zone(both.name, {**both.zone(), f"s2._domainkey.{both.name}": {
        "TXT": [sender.key_record(second.key, "ed25519")]}},
        alter=(both.key_name, "k=ed25519", "k=ed25519; t=s")))
    made = signed.SignedServer(world.folder / "signed", zones)
    yield made
    made.stop()
    shutil.rmtree(made.folder)


def asking(start, parties, name, **resolver):
    made = start(name, resolver=resolver, stages={"allowlist": {
        "group": "checks", "allow": [party.name for party in parties.values()]}})
    made.domains = {party.name: party for party in parties.values()}
    yield made
    assert made.mailtri.stop() == 0


@pytest.fixture(scope="module", name="validating")
def _validating(start, server, parties):
    yield from asking(start, parties, "validating", nameservers=[server.setting],
                      trust_anchor=server.anchor)


@pytest.fixture(scope="module", name="believing")
def _believing(start, server, parties):
    yield from asking(start, parties, "believing", nameservers=[server.setting])


def offered(stand, party, message=None):
    message = message or stand.mail(f"From {party.name}", domain=party.name)
    return stand.send(message, mail_from=f"ann@{party.name}", helo=f"mx.{party.name}")


@pytest.mark.parametrize("label", SOUND)
def test_signed_or_not(validating, parties, label):
    assert offered(validating, parties[label]).code == 250


@pytest.mark.parametrize("label", LOST)
def test_bogus_is_no_answer(validating, parties, label):
    answer = offered(validating, parties[label])
    assert (answer.code, answer.enhanced[:4]) == (451, "4.7."), str(answer)
    assert answer.reason == "auth.temperror" and LOST[label] in answer.text, str(answer)


@pytest.mark.parametrize("label", LOST)
def test_without_an_anchor_nothing_is_bogus(believing, parties, label):
    """Twins: the very same zones pass, or fail for good, where nobody validates."""
    answer = offered(believing, parties[label])
    assert answer.code == (550 if label == "no-denial" else 250), str(answer)


def test_a_second_signature_wins(validating, parties, second):
    """One key is bogus; the other signature stands on its own."""
    both = parties["two-keys"]
    plain = sender.compose(f"Ann <ann@{both.name}>", "task.linear@mailtri.example", "Twice")
    assert offered(validating, both, both.sign(plain)).code == 451
    again = sender.compose(f"Ann <ann@{both.name}>", "task.linear@mailtri.example", "Twice over")
    assert offered(validating, both, both.sign(second.sign(again))).code == 250
