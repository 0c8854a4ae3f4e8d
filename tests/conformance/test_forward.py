# SPDX-License-Identifier: BSD-2-Clause
"""Trusted forwarders: what a list that changed a mail is believed, and what
nobody is."""
import dataclasses

import pytest
import suite
from arc_messages import NAMES, Sealer, seal
from dkim_messages import BODY, CLOCK, DOMAIN, HEADER, NOW, EdKey, RsaKey, message, sign, text64

LIST, OTHER, STRANGER = "lists.example.org", "relay.example", "stranger.example"
RSA, ED = RsaKey(2048), EdKey()
ORIGINAL = [*HEADER, ("Message-ID", " <1@example.com>")]
PASSED = (f"mx.{LIST}; spf=pass (we asked) smtp.mailfrom=alice@{DOMAIN};\r\n\tdkim=pass "
          f"header.d={DOMAIN} header.b=\"AbC/d\";\r\n\tdmarc=pass (p=reject) header.from={DOMAIN}")
ALTERED = BODY + b"-- \r\nYou get this for you are on the list.\r\n"
TAGGED = [(n, " [list] probe" if n == "Subject" else v) for n, v in ORIGINAL]
CLIENT, HELO = "198.51.100.7", f"out1.{LIST}"
GOOD = Sealer(RSA, LIST, PASSED)


def zone(**more):
    rsa, ed = (text64(k) for k in (RSA.public(), ED.raw()))
    out = {DOMAIN: {"TXT": ["v=spf1 ip4:192.0.2.1 -all"]},
           f"_dmarc.{DOMAIN}": {"TXT": ["v=DMARC1; p=reject"]},
           f"k._domainkey.{DOMAIN}": {"TXT": [f"v=DKIM1; p={rsa}"]},
           HELO: {"TXT": [f"v=spf1 ip4:{CLIENT} -all"]}}
    for domain in (LIST, f"arc.{LIST}", "example.org", OTHER, STRANGER, "org"):
        out[f"a._domainkey.{domain}"] = {"TXT": [f"v=DKIM1; p={rsa}"]}
        out[f"e._domainkey.{domain}"] = {"TXT": [f"v=DKIM1; k=ed25519; p={ed}"]}
    return {**out, **more}


SIGNED = sign(RSA, header=ORIGINAL, names="From:To:Subject:Date:Message-ID")


def mail(*sealers, header=TAGGED, body=ALTERED, signatures=(SIGNED,)):
    header = [*[("DKIM-Signature", s) for s in signatures], *header]
    for sealer in sealers:
        header = seal(sealer, header, body)
    return message([], header=header, body=body)


def line(raw, name="mail", options=None, **more):
    return {"id": name, "raw": suite.raw(raw), "client": CLIENT, "helo": HELO,
            "mail_from": f"alice@{DOMAIN}", "rcpt": "task.linear@example.net", "dns": zone(),
            "now": CLOCK, "options": {"trusted_forwarders": [LIST], **(options or {})}, **more}


def change(**of):
    return dataclasses.replace(GOOD, **of)


def one(judge, raw, **more):
    (answer,) = judge([line(raw, **more)])
    assert answer["misuse"] == ""
    return answer


def results_of(answer):
    return next(e["value"] for e in answer["edits"] if e["name"] == "Authentication-Results")


def test_a_list_is_believed(alone):
    answer = one(alone, mail(GOOD))
    facts = answer["facts"]
    assert answer["disposition"] == "accepted", answer["smtp"]
    assert facts["auth.forwarder"] == LIST and facts["auth.forwarder.result"] == "pass"
    # What we found stays what we found.
    assert (facts["auth.spf"], facts["auth.dkim"], facts["auth.dmarc"], facts["auth.arc"]) == (
        "fail", "fail", "fail", "pass")
    assert f"policy.forwarder={LIST}" in results_of(answer)
    assert "dmarc=fail" in results_of(answer)


@pytest.mark.parametrize("options", [{"trusted_forwarders": []},
                                     {"trusted_forwarders": [OTHER]}], ids=str)
def test_nobody_is_believed_who_is_not_listed(alone, options):
    answer = one(alone, mail(GOOD), options=options)
    assert answer["reason"] == "auth.dmarc.fail"
    assert answer["facts"]["auth.forwarder.result"] == "none"
    assert answer["facts"]["auth.forwarder"] == ""


def test_never_for_an_approval(alone):
    answer = one(alone, mail(GOOD), **{"class": "approve"})
    assert answer["reason"] == "auth.dmarc.fail" and answer["disposition"] == "rejected"


GOOD_WAYS = {
    "ed25519": mail(change(key=ED, selector="e")),
    "below the name": mail(change(domain=f"arc.{LIST}")),
    "of its organisation": mail(change(domain="example.org")),
    "signature taken off": mail(GOOD, signatures=()),
    "reply-to added": mail(GOOD, header=[*ORIGINAL, ("Reply-To", " list@lists.example.org")],
                           body=BODY),
    "from quoted": mail(change(results=PASSED.replace(f"from={DOMAIN}", f"from=\"{DOMAIN}\""))),
    "helo reported too": mail(change(results=PASSED + "; spf=none smtp.helo=mail.example.com")),
    "as others write": mail(change(results=f"mx.{LIST} 1; spf=pass smtp.mailfrom={DOMAIN}; "
                                   f"dmarc=pass action=none header.from={DOMAIN.upper()};dkim=pass "
                                   "(good) header.i=@example.com; arc=none")),
}


@pytest.mark.parametrize("name", GOOD_WAYS)
def test_believed(alone, name):
    answer = one(alone, GOOD_WAYS[name])
    assert answer["disposition"] == "accepted", (answer["smtp"], answer["facts"])
    assert answer["facts"]["auth.forwarder"] == LIST


def says(text):
    return mail(change(results=f"mx.{LIST}; {text}"))


ALL = "spf=pass smtp.mailfrom=a@b.c; dkim=pass header.d=x.y; "
BAD_WAYS = {
    "no chain": mail(),
    "chain broken": mail(GOOD).replace(b"on the list", b"off the list"),
    "results altered": mail(GOOD).replace(b"dkim=pass", b"dkim=good"),
    "sealed by a stranger": mail(change(domain=STRANGER)),
    "message signed by a stranger": mail(change(message_domain=STRANGER)),
    "sealed by the other's": mail(change(domain=OTHER)),
    "sealed by a suffix": mail(change(domain="org")),
    "subject left out": mail(change(names=NAMES.replace("Subject:", ""))),
    "from left out": mail(change(names=NAMES.replace("From:", ""))),
    "date left out": mail(change(names=NAMES.replace("Date:", ""))),
    "expired": mail(change(message=(("x", str(NOW - 1)),))),
    "of the future": mail(change(message=(("t", str(NOW + 3600)),))),
    "dmarc failed": says(ALL + f"dmarc=fail header.from={DOMAIN}"),
    "dmarc said twice": says(ALL + f"dmarc=pass header.from={DOMAIN}; dmarc=fail header.from=x.y"),
    "dmarc for another": says(ALL + "dmarc=pass header.from=example.net"),
    "dmarc for one below": says(ALL + "dmarc=pass header.from=a.example.com"),
    "dmarc for nobody": says(ALL + "dmarc=pass"),
    "dmarc for two": says(ALL + f"dmarc=pass header.from=x.y header.from={DOMAIN}"),
    "dmarc in a comment": says(ALL + f"x-a=b (; dmarc=pass header.from={DOMAIN})"),
    "dmarc in a string": says(ALL + f"x-a=b reason=\"; dmarc=pass header.from={DOMAIN}\""),
    "from in a comment": says(ALL + f"dmarc=pass (header.from={DOMAIN})"),
    "from of another": says(ALL + f"dmarc=pass smtp.from={DOMAIN}"),
    "unreadable": says(ALL + f"dmarc=pass header.from={DOMAIN}; x=(open"),
    "no results": says("none"),
    "spf had failed": says(f"spf=fail smtp.mailfrom=x.y; dkim=pass header.d=x.y; "
                           f"dmarc=pass header.from={DOMAIN}"),
    "spf not told": says(f"dkim=pass header.d=x.y; dmarc=pass header.from={DOMAIN}"),
    "spf of helo alone failed otherwise": says(
        f"spf=fail smtp.mailfrom=x.y; spf=pass smtp.helo=x.y; dkim=pass; dmarc=pass "
        f"header.from={DOMAIN}"),
    "dkim had failed": says(f"spf=pass smtp.mailfrom=x.y; dkim=fail header.d=x.y; "
                            f"dmarc=pass header.from={DOMAIN}"),
    "a second stranger": mail(dataclasses.replace(GOOD, domain=STRANGER), GOOD),
    "not the last one's own": mail(GOOD, dataclasses.replace(GOOD, domain=STRANGER)),
    "a signature with l=": mail(GOOD, signatures=(
        sign(RSA, header=ORIGINAL, names="From:To:Subject:Date:Message-ID", length=5),)),
}


@pytest.mark.parametrize("name", BAD_WAYS)
def test_not_believed(alone, name):
    answer = one(alone, BAD_WAYS[name])
    assert answer["disposition"] == "rejected", answer["facts"]
    assert answer["smtp"]["code"] == 550 and answer["facts"]["auth.forwarder"] == ""
    assert answer["claims"] == []


def test_two_of_a_chain(alone):
    """Each listed; the client is the last of them."""
    first = dataclasses.replace(GOOD, domain=OTHER)
    last = change(results=f"mx.{LIST}; arc=pass; dmarc=fail header.from={DOMAIN}")
    raw = mail(first, last)
    assert one(alone, raw, options={"trusted_forwarders": [LIST, OTHER]})["disposition"] == "accepted"
    assert one(alone, raw)["disposition"] == "rejected"
    # The same from a host of the first: it did not seal last.
    elsewhere = {"helo": f"out.{OTHER}",
                 "dns": zone(**{f"out.{OTHER}": {"TXT": [f"v=spf1 ip4:{CLIENT} -all"]}})}
    answer = one(alone, raw, options={"trusted_forwarders": [LIST, OTHER]}, **elsewhere)
    assert answer["disposition"] == "rejected"


@pytest.mark.parametrize("helo", [f"{LIST}.evil.example", f"evil{LIST}", "example.org", "org",
                                  "[198.51.100.7]", ""])
def test_a_host_of_another_name(alone, helo):
    answer = one(alone, mail(GOOD), helo=helo,
                 dns=zone(**{helo: {"TXT": [f"v=spf1 ip4:{CLIENT} -all"]}}) if helo else zone())
    assert answer["disposition"] == "rejected"
    assert answer["facts"]["auth.forwarder.result"] == "none"


@pytest.mark.parametrize("record, verdict", [
    ({"TXT": ["v=spf1 -all"]}, "rejected"), ({"TXT": ["v=spf1 ?all"]}, "rejected"),
    ({"TXT": ["v=spf1 ip4:300.0.0.1"]}, "rejected"),
    ({"TXT": ["v=spf1 -all"], "A": [CLIENT]}, "rejected"), ({"A": ["192.0.2.99"]}, "rejected"),
    ({"A": ["192.0.2.99", CLIENT]}, "accepted"), ({}, "rejected"), ("SERVFAIL", "deferred"),
    ("TIMEOUT", "deferred"), ({"TXT": ["unrelated"], "A": "SERVFAIL"}, "deferred")], ids=str)
def test_the_host_proves_its_name(alone, record, verdict):
    """By SPF, or where it publishes none by its address."""
    answer = one(alone, mail(GOOD), dns=zone(**{HELO: record}))
    assert answer["disposition"] == verdict, answer["facts"]
    assert answer["smtp"]["code"] == {"rejected": 550, "deferred": 451, "accepted": 0}[verdict]


@pytest.mark.parametrize("name, verdict", [
    (f"_dmarc.{DOMAIN}", "deferred"), (f"k._domainkey.{DOMAIN}", "deferred"), (DOMAIN, "deferred"),
    (f"a._domainkey.{LIST}", "deferred")])
def test_what_cannot_be_judged_is_not_excused(alone, name, verdict):
    answer = one(alone, mail(GOOD), dns=zone(**{name: "SERVFAIL"}))
    assert answer["disposition"] == verdict and answer["smtp"]["code"] == 451


def test_what_no_forwarder_did(alone):
    """A broken SPF record and a missing DMARC record were so before."""
    answer = one(alone, mail(GOOD), dns=zone(**{DOMAIN: {"TXT": ["v=spf1 bogus:x"]}}))
    assert answer["disposition"] == "rejected"
    answer = one(alone, mail(GOOD), dns=zone(**{f"_dmarc.{DOMAIN}": {}}))
    assert answer["disposition"] == "rejected" and answer["facts"]["auth.dmarc"] == "none"


def test_no_fault_of_the_host_spoils_a_mail_that_passes(alone):
    answer = one(alone, mail(header=ORIGINAL, body=BODY), client="192.0.2.1",
                 dns=zone(**{HELO: "SERVFAIL"}))
    assert answer["disposition"] == "accepted"
    assert answer["facts"]["auth.forwarder"] == ""
    assert answer["facts"]["auth.forwarder.result"] == "temperror"


def test_forwarded_unchanged(alone):
    """SPF alone broke: the signature of the author still names the mail."""
    raw = mail(GOOD, header=ORIGINAL, body=BODY)
    answer = one(alone, raw)
    assert answer["disposition"] == "accepted" and answer["facts"]["auth.forwarder"] == LIST
    assert answer["facts"]["auth.dkim"] == "pass"
    direct = one(alone, mail(header=ORIGINAL, body=BODY), client="192.0.2.1")
    assert direct["claims"][0] in answer["claims"] and len(answer["claims"]) == 2
    stripped = one(alone, raw.replace(b"DKIM-Signature:", b"X-Signature:"))
    assert set(stripped["claims"]) & set(answer["claims"])


def test_replay(alone):
    """The key is of what the forwarder signed and of nothing else."""
    def claims(raw, **more):
        answer = one(alone, raw, **more)
        assert answer["disposition"] == "accepted", answer["facts"]
        return answer["claims"]

    raw = mail(GOOD)
    first = claims(raw)
    other_id = [(n, v.replace("1@", "2@")) for n, v in TAGGED]
    assert len(first) == 1
    assert claims(b"Received: from a by b; today\r\nX-Spam: no\r\n" + raw) == first
    assert claims(mail(change(message=(("t", str(NOW - 90)),)))) == first
    assert claims(mail(GOOD, signatures=())) == first
    assert claims(raw, mail_from="bounce@lists.example.org", rcpt="Task.LINEAR@example.net") == first
    for another in (mail(GOOD, header=other_id), mail(GOOD, body=ALTERED + b"more\r\n"),
                    mail(change(domain="example.org"))):
        assert claims(another)[0] != first[0]
    assert claims(raw, rcpt="task.linear@example.org") != first
