# SPDX-License-Identifier: BSD-2-Clause
"""Nobody is taken for somebody else: every row of identity.py over the SMTP
port, each beside a twin of its own that passes, and the 19 attacks of the
espoofer paper (Chen, Paxson, Jiang: Composition Kills, 2020) among them."""
import email.utils
import itertools
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import identity  # noqa: E402
from identity import A, ANN, EVE, PLAIN, V  # noqa: E402
from party import RECIPIENT, Party, offer, public  # noqa: E402

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


def more_keys(name, key):
    """Selectors of the victim whose keys are no good for what they sign, and
    others as odd that are."""
    good = f"p={public(key)}"
    records = {"revoked": "v=DKIM1; k=ed25519; p=", "other": f"v=DKIM1; k=ed25519; s=tlsrpt; {good}",
               "kind": f"v=DKIM1; k=rsa; {good}", "hash": f"v=DKIM1; k=ed25519; h=sha1; {good}",
               "garbage": "v=DKIM1; k=ed25519; p=!!!!",
               "again": f"k=ed25519; {good}", "noted": f"v=DKIM1; k=ed25519; n=p; {good}",
               "mail": f"v=DKIM1; k=ed25519; s=tlsrpt:email; {good}",
               "ed25519": f"v=DKIM1; {good}; k=ed25519", "sha256": f"v=DKIM1; k=ed25519; h=sha256; {good}",
               "spaced": f"v=DKIM1 ; k = ed25519 ; {good} ;"}
    records |= dict.fromkeys(("two.labels", "two.labels.0"), f"v=DKIM1; k=ed25519; {good}")
    return {f"{selector}._domainkey.{name}": {"TXT": [text]} for selector, text in records.items()}


def beyond_ascii(mail_from, header):
    return any(byte > 0x7f for part in (mail_from, *header) for byte in part)


def why(answer):
    return answer.reason or f"{answer.code} {answer.enhanced}"


class Field:
    """The field of the fight."""

    def __init__(self, start, world):
        self.victim, self.attacker = Party(V, "127.0.0.1"), Party(A, "127.0.0.66")
        world.nameserver.serve({**self.victim.zone(), **self.attacker.zone(),
                                **more_keys(V, self.victim.key)})
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

    def refused(self, party, mail_from, header, reasons, body=BODY, **options):
        """It must be refused for good, for one of these reasons and no other;
        what is beyond ASCII must be announced, and is no better then."""
        announced = beyond_ascii(mail_from, header) and reasons != {identity.BYTES}
        for parameters in (b"", b" SMTPUTF8") if announced else (b"",):
            answer = self.send(party, mail_from, header, body, parameters=parameters, **options)
            due = identity.UNANNOUNCED if announced and not parameters else reasons
            assert answer.code // 100 == 5 and why(answer) in due, f"not {due}: {answer}"

    def passes(self, header, body=BODY, mail_from=ANN, helo=None, **tags):
        """The twin: the victim's own mail, from the victim's own host."""
        made = self.victim.sign(header, body, **tags)
        options = {"parameters": b" SMTPUTF8"} if beyond_ascii(mail_from, made) else {}
        answer = self.send(self.victim, mail_from, made, body, helo=helo, **options)
        assert answer.code == 250, f"the twin is refused: {answer}"


@pytest.fixture(scope="module", name="field")
def _field(start, world):
    made = Field(start, world)
    yield made
    assert made.stand.mailtri.stop() == 0


def named(rows, columns):
    """Each row with all its columns, the last of them the reasons."""
    return [pytest.param(*row, *[None] * (columns - len(row)), id=str(row[0])) for row in rows]


def first_line(sender, made):
    """Where the point is that a field stands first, it does."""
    if not sender[0].startswith(b" "):
        return made
    return [sender[0], *(f for f in made if f is not sender[0])]


def twin_of(sender, twin):
    return twin or identity.shown(sender)


@pytest.mark.parametrize("name,sender,twin,reasons", named(identity.FROM, 4))
def test_from(field, name, sender, twin, reasons):
    reasons = reasons or {identity.FROM_INVALID}
    header = field.attacker.sign(field.header(sender, field.attacker), BODY)
    field.refused(field.attacker, EVE, first_line(sender, header), reasons)
    # And with a signature of the victim's that was good before From was this.
    made = field.victim.sign(field.header([PLAIN], field.victim), BODY)
    at = made.index(PLAIN)
    made[at:at + 1] = sender
    field.refused(field.attacker, EVE, first_line(sender, made), reasons)
    if not reasons & identity.OF_PROOF:  # nor is it clear if the victim says it
        header = field.victim.sign(field.header(sender, field.victim), BODY)
        field.refused(field.victim, ANN, first_line(sender, header), reasons)
    field.passes(field.header(twin_of(sender, twin), field.victim))


def test_what_the_victim_signed_is_believed_of_another_host(field):
    """So it is From that refuses the rows of FROM, not who sent them: the
    signature is good, and of the mail that was signed."""
    made = field.victim.sign(field.header([PLAIN], field.victim), BODY)
    assert field.send(field.attacker, EVE, made).code == 250


@pytest.mark.parametrize("name,sender,twin", named(identity.TRUTH, 3))
def test_the_truth_is_no_disguise(field, name, sender, twin):
    """Judged as the attacker, who may not write to us."""
    header = field.attacker.sign(field.header([sender], field.attacker), BODY)
    answer = field.send(field.attacker, EVE, header)
    assert (answer.code, answer.reason) == (550, "allowlist.denied"), str(answer)
    record = field.stand.newest(answer.reason)
    assert record["actor"]["email"].lower().endswith(A), record
    field.passes(field.header([twin], field.victim))


@pytest.mark.parametrize("name,mail_from,helo,tags,twin,reasons", named(identity.CLAIMED, 6))
def test_claimed(field, name, mail_from, helo, tags, twin, reasons):
    header = field.header([PLAIN], field.attacker)
    if tags is not None:
        header = field.attacker.sign(header, BODY, **tags)
    field.refused(field.attacker, mail_from, header, reasons or {identity.UNPROVED}, helo=helo)
    own_from, own_helo, own_tags = twin
    field.passes(field.header([PLAIN], field.victim), mail_from=own_from, helo=own_helo, **own_tags)


@pytest.mark.parametrize("name,before,behind,change,tags,more,good,reasons", named(identity.ALTERED, 8))
def test_altered(field, name, before, behind, change, tags, more, good, reasons):
    def changed(header):
        kept = [change.get(f.partition(b":")[0], f) for f in header]
        return [f for f in kept if f is not None]

    header = field.header([PLAIN], field.victim)
    made = changed(field.victim.sign(header, BODY, **dict(tags)))
    field.refused(field.attacker, EVE, [*before, *made, *behind], reasons or {identity.UNPROVED},
                  BODY + more)
    field.passes([*map(identity.renamed, before), *changed(field.header([PLAIN], field.victim)),
                  *map(identity.renamed, behind)], BODY + more, **(good or {}))


@pytest.mark.parametrize("said", identity.SAID)
def test_said(field, said):
    header = field.attacker.sign(field.header([PLAIN], field.attacker), BODY)
    field.refused(field.attacker, EVE, [said, *header], {identity.UNPROVED})
    field.refused(field.attacker, EVE, [*header, said], {identity.UNPROVED})
    field.passes([*field.header([PLAIN], field.victim), said])


def test_the_paper_is_covered():
    for table, row in ESPOOFER.values():
        assert row in {r[0] for r in getattr(identity, table)}, row
    assert len(ESPOOFER) == 19


def test_so_many_are_different():
    names = [(table, str(r[0])) for table in ("FROM", "TRUTH", "CLAIMED", "ALTERED")
             for r in getattr(identity, table)] + [("SAID", str(s)) for s in identity.SAID]
    assert len(set(names)) == len(names) >= 150 + len(ESPOOFER)


def test_so_many_have_a_twin_of_their_own():
    twins = [repr(twin_of(r[1], r[2])) for r in identity.FROM] + [repr(r[2]) for r in identity.TRUTH]
    twins += [repr(r[4]) for r in identity.CLAIMED] + [repr(s) for s in identity.SAID]
    assert len(set(twins)) == len(twins) >= 150
