# SPDX-License-Identifier: BSD-2-Clause
"""A question that fails: 451, never a pass and never a 550, whichever question
it is and however it fails; and what a signature leaves out."""
import pytest
import suite
from dkim_messages import CLOCK, DOMAIN, HEADER, EdKey, RsaKey, message, sign, text64

RSA, ED = RsaKey(2048), EdKey()
KINDS = ("SERVFAIL", "TIMEOUT", "BOGUS", "REFUSED")
LEAVES = "_spf.example.com"  # what the SPF record includes
WHOLE = [*HEADER, ("Message-ID", " <1@example.com>"), ("Reply-To", " alice@example.com"),
         ("MIME-Version", " 1.0"), ("Content-Type", " text/plain; charset=utf-8")]
NAMES = [n for n, _ in WHOLE]
QUESTIONS = (DOMAIN, LEAVES, f"_dmarc.{DOMAIN}", f"k._domainkey.{DOMAIN}")


def zone(**more):
    return {DOMAIN: {"TXT": [f"v=spf1 include:{LEAVES} -all"]},
            LEAVES: {"TXT": ["v=spf1 ip4:192.0.2.1 -all"]},
            f"_dmarc.{DOMAIN}": {"TXT": ["v=DMARC1; p=reject"]},
            f"k._domainkey.{DOMAIN}": {"TXT": ["v=DKIM1; p=" + text64(RSA.public())]},
            f"e._domainkey.{DOMAIN}": {"TXT": ["v=DKIM1; k=ed25519; p=" + text64(ED.raw())]}, **more}


def s(names=NAMES, key=RSA, **tags):
    return sign(key, header=WHOLE, names=":".join(names), tags=tags)


def line(name, signatures, header=None, **more):
    return {"id": name, "raw": suite.raw(message(signatures, header=header or WHOLE)),
            "client": "192.0.2.1", "helo": "mail.example.com", "mail_from": f"alice@{DOMAIN}",
            "rcpt": "task.linear@example.net", "dns": zone(), "now": CLOCK, **more}


def test_the_benign_twin(judge):
    (answer,) = judge([line("twin", [s()])])
    assert answer["disposition"] == "accepted", answer["smtp"]


@pytest.mark.parametrize("kind", KINDS)
def test_each_failure_of_each_question(judge, kind):
    lines = [line(name, [s()], dns=zone(**{name: kind})) for name in QUESTIONS]
    for name, answer in zip(QUESTIONS, judge(lines)):
        assert answer["disposition"] == "deferred", (name, answer["facts"])
        assert answer["smtp"]["code"] == 451 and answer["smtp"]["enhanced"].startswith("4.7.")
        assert answer["reason"] == "auth.temperror"


@pytest.mark.parametrize("kind", KINDS)
def test_a_second_good_signature_wins(judge, kind):
    down, good = s(s="down"), s(s="e", key=ED)
    lines = [line(str(i), both, dns=zone(**{f"down._domainkey.{DOMAIN}": kind}))
             for i, both in enumerate(([down, good], [good, down]))]
    for answer in judge(lines):
        assert answer["disposition"] == "accepted", answer["smtp"]
        assert answer["facts"]["auth.dkim"] == "pass"


@pytest.mark.parametrize("kind", KINDS)
def test_a_failure_heals_no_bad_signature(judge, kind):
    """The other of two signatures cannot be asked for: later, not never."""
    spoilt = s(s="e", key=ED).replace("b=", "b=AAAA", 1)
    (answer,) = judge([line("spoilt", [s(s="down"), spoilt],
                            dns=zone(**{f"down._domainkey.{DOMAIN}": kind}))])
    assert answer["disposition"] == "deferred" and answer["smtp"]["code"] == 451


@pytest.mark.parametrize("name", NAMES)
def test_what_an_intent_acts_on_is_covered(judge, name):
    """Left out: refused.  Not there at all: nothing is left out, but From."""
    less = [n for n in NAMES if n != name]
    without = [(n, v) for n, v in WHOLE if n != name]
    alone = sign(RSA, header=without, names=":".join(NAMES))
    out, absent = judge([line("out", [s(less)]), line("absent", [alone], header=without)])
    assert out["disposition"] == "rejected", out["facts"]
    assert out["facts"]["auth.dkim"] != "pass"
    assert (absent["disposition"] == "accepted") == (name != "From"), absent["smtp"]


@pytest.mark.parametrize("name", ["Reply-To", "Content-Type", "Message-ID"])
def test_added_on_the_way(judge, name):
    """Signed as absent or not: a field that came later is not covered."""
    before = [(n, v) for n, v in WHOLE if n != name]
    for names in (NAMES, [n for n in NAMES if n != name]):
        signature = sign(RSA, header=before, names=":".join(names))
        (answer,) = judge([line("added", [signature])])
        assert answer["disposition"] == "rejected"


@pytest.mark.parametrize("name, limit", [("a", 10), ("a", 11)])
def test_ten_terms(judge, name, limit):
    record = "v=spf1 " + " ".join(f"{name}:h{i}.{DOMAIN}" for i in range(limit)) + " ip4:192.0.2.1 -all"
    hosts = {f"h{i}.{DOMAIN}": {"A": ["192.0.2.77"]} for i in range(limit)}
    (answer,) = judge([line("terms", [s()], dns=zone(**{DOMAIN: {"TXT": [record]}}, **hosts))])
    assert answer["facts"]["auth.spf"] == ("pass" if limit == 10 else "permerror")
    if limit == 11:
        assert answer["smtp"]["code"] == 550 and answer["smtp"]["enhanced"] == "5.7.24"


@pytest.mark.parametrize("voids", [2, 3])
def test_two_voids(judge, voids):
    record = "v=spf1 " + " ".join(f"a:v{i}.{DOMAIN}" for i in range(voids)) + " ip4:192.0.2.1 -all"
    (answer,) = judge([line("voids", [s()], dns=zone(**{DOMAIN: {"TXT": [record]}}))])
    assert answer["facts"]["auth.spf"] == ("pass" if voids == 2 else "permerror")


@pytest.mark.parametrize("hosts", [10, 11])
def test_ten_names_of_an_mx(judge, hosts):
    more = {f"m{i}.{DOMAIN}": {"A": ["192.0.2.77"]} for i in range(hosts)}
    more[DOMAIN] = {"TXT": ["v=spf1 mx ip4:192.0.2.1 -all"],
                    "MX": [[i, f"m{i}.{DOMAIN}"] for i in range(hosts)]}
    (answer,) = judge([line("mx", [s()], dns=zone(**more))])
    assert answer["facts"]["auth.spf"] == ("pass" if hosts == 10 else "permerror")


def test_forty_questions(judge):
    """A sender who wants more is asked no more and not believed."""
    more = {DOMAIN: {"TXT": ["v=spf1 " + " ".join(f"mx:x{i}.{DOMAIN}" for i in range(9)) +
                             " ip4:192.0.2.1 -all"]}}
    for i in range(9):
        more[f"x{i}.{DOMAIN}"] = {"MX": [[k, f"m{i}-{k}.{DOMAIN}"] for k in range(9)]}
        more.update({f"m{i}-{k}.{DOMAIN}": {"A": ["192.0.2.77"]} for k in range(9)})
    signatures = [s(s=f"n{i}") for i in range(9)] + [s()]
    (answer,) = judge([line("forty", signatures, dns=zone(**more))])
    # The fake host counts envelope and message apart.
    assert answer["dns_queries"] <= (80 if "misuse" in answer else 40)
    assert answer["disposition"] != "accepted"


def test_an_approval_covers_all(alone):
    """Whatever the operator's list says; its benign twin covers all."""
    less = s(["From", "To", "Date"])
    options = {"options": {"covered": ["From"]}}
    approve = {"class": "approve"}
    read, out, twin = alone([line("read", [less], **options),
                             line("out", [less], **options, **approve),
                             line("twin", [s()], **options, **approve)])
    assert read["disposition"] == "accepted" and twin["disposition"] == "accepted"
    assert out["reason"] == "auth.dkim.policy" and out["smtp"]["enhanced"] == "5.7.21"
