# SPDX-License-Identifier: BSD-2-Clause
"""Nobody is taken for somebody else: every row of identity.py over the SMTP
port, each beside a twin that passes, and the 19 attacks of the espoofer paper
(Chen, Paxson, Jiang: Composition Kills, 2020) among them."""
import email.utils
import itertools
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import identity  # noqa: E402
from identity import A, ANN, EVE, PLAIN, V  # noqa: E402
from party import RECIPIENT, Party, new_key, offer, public  # noqa: E402

BODY = b"Please order paper.\r\n"
NUMBERS = itertools.count(1)

# Where the paper's server attacks stand in identity.py: (table, row).
ESPOOFER = {
    "A1": ("CLAIMED", "an unknown subdomain"),
    "A2": ("CLAIMED", "the null sender, an unknown subdomain greets"),
    "A3": ("CLAIMED", "a selector with a NUL"), "A4": ("CLAIMED", "d= with a quote"),
    "A5": ("CLAIMED", "d= with a parenthesis"), "A6": ("CLAIMED", "a parenthesis"),
    "A7": ("CLAIMED", "a quote"), "A8": ("FROM", "two, the attacker's first"),
    "A9": ("FROM", "space before the colon"), "A10": ("FROM", "the first line begins with a space"),
    "A11": ("FROM", "the colon on the next line"), "A12": ("FROM", "none, Sender instead"),
    "A13": ("FROM", "none, Resent-From instead"), "A14": ("FROM", "a list, the attacker first"),
    "A15": ("FROM", "an encoded word as an address"), "A16": ("FROM", "a long route"),
    "A17": ("FROM", "an escaped comma"), "A18": ("FROM", "a comma without space"),
    "A19": ("FROM", "an address behind the angle"),
}


def odd_keys(name, key):
    """Selectors of the victim whose keys are no good for what they sign."""
    good = f"p={public(key)}"
    records = {"revoked": "v=DKIM1; k=ed25519; p=", "other": f"v=DKIM1; k=ed25519; s=tlsrpt; {good}",
               "kind": f"v=DKIM1; k=rsa; {good}", "hash": f"v=DKIM1; k=ed25519; h=sha1; {good}",
               "garbage": "v=DKIM1; k=ed25519; p=!!!!"}
    return {f"{selector}._domainkey.{name}": {"TXT": [text]} for selector, text in records.items()}


class Field:
    """The field of the fight."""

    def __init__(self, start, world):
        self.victim, self.attacker = Party(V, "127.0.0.1"), Party(A, "127.0.0.66")
        world.nameserver.serve({**self.victim.zone(), **self.attacker.zone(),
                                **odd_keys(V, self.victim.key)})
        self.stand = start("attacked", stages={"allowlist": {"group": "checks", "allow": [V]}})

    @staticmethod
    def header(sender, party):
        """The usual fields behind these in the place of From."""
        return [*sender, b"To: " + RECIPIENT.encode(), b"Subject: Order paper",
                b"Date: " + email.utils.formatdate().encode(),
                b"Message-ID: <%d@%s>" % (next(NUMBERS), party.name.encode()),
                b"MIME-Version: 1.0", b"Content-Type: text/plain; charset=utf-8"]

    def send(self, party, mail_from, header, body=BODY, **options):
        client = self.stand.client(source=party.source, helo=f"mx.{party.name}")
        return offer(client, mail_from, header, body, **options)

    def refused(self, party, mail_from, header, body=BODY, **options):
        """It must be refused for who wrote it, before anybody asks who may;
        what is beyond ASCII is no better where that is announced."""
        beyond = any(byte > 0x7f for part in (mail_from, *header) for byte in part)
        for parameters in (b"", b" SMTPUTF8") if beyond else (b"",):
            answer = self.send(party, mail_from, header, body, parameters=parameters, **options)
            assert answer.code // 100 in (4, 5), f"accepted: {answer}"
            assert not answer.reason.startswith("allowlist"), f"believed: {answer}"

    def passes(self, sender=PLAIN, change=None, **tags):
        """The twin: the victim's own mail, from the victim's own host."""
        header = self.header([sender], self.victim)
        if change is not None:
            header = change(header)
        answer = self.send(self.victim, ANN, self.victim.sign(header, BODY, **tags))
        assert answer.code == 250, f"the twin is refused: {answer}"


@pytest.fixture(scope="module", name="field")
def _field(start, world):
    made = Field(start, world)
    yield made
    assert made.stand.mailtri.stop() == 0


def named(rows):
    return [pytest.param(*row, id=str(row[0])) for row in rows]


@pytest.mark.parametrize("name,sender,twin", named(identity.FROM))
def test_from(field, name, sender, twin):
    header = field.attacker.sign(field.header(sender, field.attacker), BODY)
    field.refused(field.attacker, EVE, header)
    # And with the victim's good signature on what the victim never wrote so.
    field.refused(field.attacker, EVE, field.victim.sign(field.header([PLAIN], field.victim), BODY)[:1]
                  + field.header(sender, field.victim))
    field.passes(twin or PLAIN)


@pytest.mark.parametrize("name,sender,twin", named(identity.TRUTH))
def test_the_truth_is_no_disguise(field, name, sender, twin):
    """Judged as the attacker, who may not write to us."""
    header = field.attacker.sign(field.header([sender], field.attacker), BODY)
    answer = field.send(field.attacker, EVE, header)
    assert (answer.code, answer.reason) == (550, "allowlist.denied"), str(answer)
    record = field.stand.newest(answer.reason)
    assert record["actor"]["email"].lower().endswith(A), record
    field.passes(twin)


@pytest.mark.parametrize("name,mail_from,helo,tags", named(identity.CLAIMED))
def test_claimed(field, name, mail_from, helo, tags):
    header = field.header([PLAIN], field.attacker)
    if tags is not None:
        header = field.attacker.sign(header, BODY, **tags)
    field.refused(field.attacker, mail_from, header, helo=helo)
    field.passes()


def test_what_nobody_altered_may_be_passed_on(field):
    """So what refuses the rows of ALTERED is what was altered."""
    made = field.victim.sign(field.header([PLAIN], field.victim), BODY)
    assert field.send(field.attacker, EVE, made).code == 250


@pytest.mark.parametrize("name,before,behind,change,tags,more", named(identity.ALTERED))
def test_altered(field, name, before, behind, change, tags, more):
    header = field.header([PLAIN], field.victim)
    made = field.victim.sign(header, BODY, **dict(tags))
    kept = [change.get(f.partition(b":")[0], f) for f in made]
    field.refused(field.attacker, EVE, [*before, *(f for f in kept if f is not None), *behind],
                  BODY + more)
    # The victim may say the same, if all of it is signed.
    field.passes(change=lambda h: [change.get(f.partition(b":")[0]) or f for f in h])


@pytest.mark.parametrize("said", identity.SAID)
def test_said(field, said):
    header = field.attacker.sign(field.header([PLAIN], field.attacker), BODY)
    field.refused(field.attacker, EVE, [said, *header])
    field.refused(field.attacker, EVE, [*header, said])
    field.passes(change=lambda h: [*h, said])


def test_the_paper_is_covered():
    for table, row in ESPOOFER.values():
        assert row in {r[0] for r in getattr(identity, table)}, row
    assert len(ESPOOFER) == 19


def test_so_many_are_different():
    names = [(table, str(r[0])) for table in ("FROM", "TRUTH", "CLAIMED", "ALTERED")
             for r in getattr(identity, table)] + [("SAID", str(s)) for s in identity.SAID]
    assert len(set(names)) == len(names) >= 150 + len(ESPOOFER)
