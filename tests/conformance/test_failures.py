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


@pytest.mark.parametrize("kind", KINDS)
def test_what_aligns_may_come_later(alone, kind):
    """alignment = both: a stranger's signature passes, our own cannot be asked for."""
    other = {"s._domainkey.other.example": {"TXT": ["v=DKIM1; p=" + text64(RSA.public())]}}
    both = {"options": {"alignment": "both"}}
    signatures = [s(d="other.example", s="s"), s(s="down")]
    later, never = alone([
        line("later", signatures, dns=zone(**other, **{f"down._domainkey.{DOMAIN}": kind}), **both),
        line("never", signatures, dns=zone(**other), **both)])
    assert later["reason"] == "auth.temperror" and later["smtp"]["code"] == 451
    assert never["reason"] == "auth.dkim.unaligned" and never["smtp"]["code"] == 550


def passed_on(**more):
    """Written to alice herself, handed to us by somebody else's server."""
    eve = {"other.example": {"TXT": ["v=spf1 ip4:192.0.2.1 -all"]}}
    return line("on", [s()], mail_from="eve@other.example", dns=zone(**eve), **more)


def test_written_to_somebody_else(alone):
    to = dict(WHOLE)["To"].strip()
    strict = {"options": {"addressed": "true"}}
    free, strict_, approval, named, own = alone([
        passed_on(), passed_on(**strict), passed_on(**{"class": "approve"}),
        passed_on(**{**strict, "rcpt": to}), line("own", [s()], **strict)])
    assert free["disposition"] == "accepted"
    for refused in (strict_, approval):
        assert refused["reason"] == "auth.addressed" and refused["smtp"]["enhanced"] == "5.7.1"
    assert named["disposition"] == "accepted" and own["disposition"] == "accepted"


def test_what_matches_first_is_asked_for(judge):
    """Records with more terms than ever may be evaluated, and two that are."""
    hosts = {f"i{n}.{DOMAIN}": {"TXT": ["v=spf1 " + " ".join(
        f"a:h{n}{k}.{DOMAIN}" for k in range(8))]} for n in range(4)}
    hosts[DOMAIN] = {"TXT": ["v=spf1 " + " ".join(f"include:i{n}.{DOMAIN}" for n in range(4)) + " -all"]}
    hosts[f"h00.{DOMAIN}"] = {"A": ["192.0.2.1"]}
    (answer,) = judge([line("first", [s()], dns=zone(**hosts))])
    assert answer["facts"]["auth.spf"] == "pass"


@pytest.mark.parametrize("name, all_, route, reason", [
    ("min_key_bits", "4096", "1024", "auth.dkim.policy"),
    ("alignment", "both", "any", "auth.spf.unaligned"),
])
def test_a_route_relaxes_no_approval(alone, name, all_, route, reason):
    """What stands outside all routes holds for an approval in any."""
    zones = zone(**{"other.example": {"TXT": ["v=spf1 ip4:192.0.2.1 -all"]}})
    both = {"options": {name: all_}, "route_options": {name: route}, "dns": zones,
            "rcpt": dict(WHOLE)["To"].strip()}
    if name == "alignment":
        both["mail_from"] = "alice@other.example"
    free, approval = alone([line("free", [s()], **both),
                            line("approval", [s()], **both, **{"class": "approve"})])
    assert free["disposition"] == "accepted", free["reason"]
    assert approval["reason"] == reason
