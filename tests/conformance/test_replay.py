# SPDX-License-Identifier: BSD-2-Clause
"""What makes two mails one: the keys under which signed mail
is claimed, and which signatures count beside one another."""
import pytest
import suite
from dkim_messages import BODY, CLOCK, DOMAIN, HEADER, NOW, EdKey, RsaKey, message, sign, text64

ESP = "esp.example"
LATER = "later.example"  # a key of its cannot be asked for
IDENTIFIED = [*HEADER, ("Message-ID", " <1@example.com>")]
NAMES = "From:To:Subject:Date:Message-ID"
RSA, ED = RsaKey(2048), EdKey()


def signature(header=None, key=RSA, **tags):
    header = header or IDENTIFIED
    return sign(key, header=header, names=NAMES, tags={"s": "e" if key is ED else "k", **tags})


def zone():
    rsa, ed = (text64(k) for k in (RSA.public(), ED.raw()))
    return {DOMAIN: {"TXT": ["v=spf1 ip4:192.0.2.1 -all"]}, f"_dmarc.{DOMAIN}": {
                "TXT": ["v=DMARC1; p=reject"]},
            f"k._domainkey.{DOMAIN}": {"TXT": [f"v=DKIM1; p={rsa}"]},
            f"e._domainkey.{DOMAIN}": {"TXT": [f"v=DKIM1; k=ed25519; p={ed}"]},
            f"down._domainkey.{DOMAIN}": "TIMEOUT",
            f"down._domainkey.{LATER}": "TIMEOUT",
            f"k._domainkey.{LATER}": {"TXT": [f"v=DKIM1; p={rsa}"]},
            f"k._domainkey.{ESP}": {"TXT": [f"v=DKIM1; p={rsa}"]}}


def line(name, raw, rcpt="task.linear@example.net"):
    return {"id": name, "raw": suite.raw(raw), "client": "192.0.2.1", "helo": "mail.example.com",
            "mail_from": f"alice@{DOMAIN}", "rcpt": rcpt, "dns": zone(), "now": CLOCK}


def mail(signatures, header=None, body=BODY):
    return message(signatures, header=header or IDENTIFIED, body=body)


def test_a_good_signature_beside_a_failed_question(judge):
    """In either order: the failed one is not waited for, and not believed."""
    bad, good = signature(s="down"), signature()
    for answer in judge([line("first", mail([bad, good])), line("last", mail([good, bad]))]):
        assert answer["disposition"] == "accepted", answer["smtp"]
        assert answer["facts"]["auth.dkim"] == "pass"


def test_the_aligned_signature_counts(judge):
    esp, own = signature(d=ESP), signature()
    both, alone = judge([line("both", mail([esp, own])), line("alone", mail([esp]))])
    assert both["facts"]["auth.dkim.domain"] == DOMAIN
    assert alone["facts"]["auth.dkim.domain"] == ESP  # SPF is aligned, so it may pass
    assert alone["disposition"] == "accepted"


def anonymous(subject):
    """A mail with neither Message-ID nor Date."""
    header = [*HEADER[:2], ("Subject", f" {subject}")]
    return message([sign(RSA, header=header, names="From:To:Subject")], header=header)


@pytest.fixture(scope="module")
def keys(alone):
    """Claims of mails by name."""
    one, again = signature(), signature(t=str(NOW - 50))
    ed = signature(key=ED)
    other = [*HEADER, ("Message-ID", " <2@example.com>")]
    folded = [*HEADER, ("Message-ID", "\r\n  <1@example.com>")]
    raw = mail([one])
    cases = [
        line("first", raw),
        line("relayed", b"Received: from a by b; today\r\nX-Spam: no\r\n" + raw),
        line("signed-again", mail([again])),
        line("refolded", mail([one], header=folded)),
        line("other-spelling", raw, rcpt="Task.LINEAR@example.net"),
        line("other-id", mail([signature(other)], header=other)),
        line("other-recipient", raw, rcpt="task.linear@example.org"),
        line("ed", mail([ed])),
        line("esp", mail([signature(d=ESP)])),
        line("own-and-esp", mail([one, signature(d=ESP)])),
        line("own-and-unknown", mail([one, signature(d=LATER, s="down")])),
        line("known-later", mail([signature(d=LATER)])),
    ]
    cases += [line("bare", anonymous("yes")), line("bare-again", anonymous("yes")),
              line("bare-other-subject", anonymous("no"))]
    out = {}
    for case, answer in zip(cases, alone(cases)):
        assert answer["disposition"] == "accepted", (case["id"], answer["smtp"])
        out[case["id"]] = answer["claims"]
    return out


@pytest.mark.parametrize("name", ["relayed", "signed-again", "refolded", "other-spelling", "ed"])
def test_one_mail(keys, name):
    assert keys[name] == keys["first"]


@pytest.mark.parametrize("name", ["other-id", "other-recipient", "esp"])
def test_another_mail(keys, name):
    assert not set(keys[name]) & set(keys["first"])


def test_the_subject_tells_apart_what_nothing_else_does(keys):
    assert keys["bare"] == keys["bare-again"]
    assert not set(keys["bare"]) & set(keys["bare-other-subject"])


def test_taking_a_signature_off_makes_no_new_mail(keys):
    both = keys["own-and-esp"]
    assert keys["first"][0] in both and keys["esp"][0] in both
    assert both[0] == keys["first"][0]


def test_what_may_be_good_later_is_claimed(keys):
    """Its key could not be asked for: taken off the other, it is the same mail."""
    assert keys["known-later"][0] in keys["own-and-unknown"]
