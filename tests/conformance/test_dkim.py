# SPDX-License-Identifier: BSD-2-Clause
"""73 DKIM probes: what RFC 6376, 8301 and 8463 call good passes, what they
call bad fails, and what they call good but a receiver must not act on is
refused by rule."""
import re

import pytest
import suite
from dkim_messages import (BODY, CLOCK, DOMAIN, HEADER, NOW, EdKey, LongKey, RsaKey, message,
                           relaxed_body, sign, text64)

COUNTS = {"pass": 24, "fail": 35, "rule": 14}
KEYS = {}


def keys():
    if not KEYS:
        KEYS.update(k=RsaKey(2048), k1024=RsaKey(1024), k512=RsaKey(512), k4096=RsaKey(4096),
                    k8192=LongKey(), e=EdKey())
    return KEYS


def key_records():
    key, rsa = keys(), "v=DKIM1; k=rsa; p="
    spki = text64(key["k"].public())
    spaced = " ".join(re.findall(".{1,60}", spki))
    out = {name: rsa + text64(key[name].public()) for name in
           ("k", "k1024", "k512", "k4096", "k8192")}
    out |= {"e": "v=DKIM1; k=ed25519; p=" + text64(key["e"].raw()),
            "ebad": "v=DKIM1; k=ed25519; p=" + text64(key["e"].public()),
            "ts": "v=DKIM1; t=s; p=" + spki, "ty": "v=DKIM1; t=y; p=" + spki,
            "svc": "v=DKIM1; s=tlsrpt; p=" + spki, "h1": "v=DKIM1; h=sha1; p=" + spki,
            "rev": "v=DKIM1; p=", "v2": "v=DKIM2; p=" + spki,
            "vlate": "k=rsa; v=DKIM1; p=" + spki,
            "junk": "v=DKIM1; p=!!!not base64!!!", "spc": "v=DKIM1 ; k=rsa ; p=" + spaced,
            "pk1": "v=DKIM1; p=" + text64(key["k"].pkcs1()),
            "dup": f"v=DKIM1; p={spki}; p=", "unk": "v=DKIM1; zz=1; n=note; p=" + spki}
    return out


def zone():
    """Everything else about the sender is in order."""
    out = {f"{name}._domainkey.{DOMAIN}": {"TXT": [record]}
           for name, record in key_records().items()}
    out[f"tmp._domainkey.{DOMAIN}"] = "SERVFAIL"
    out[f"k._domainkey.sub.{DOMAIN}"] = out[f"k._domainkey.{DOMAIN}"]
    for name in (DOMAIN, "victim.example", "com"):
        out[name] = {"TXT": ["v=spf1 ip4:192.0.2.1 -all"]}
        out[f"_dmarc.{name}"] = {"TXT": ["v=DMARC1; p=reject"]}
    return out


def s(key="k", **changes):
    return sign(keys()[key], **changes)


def tagged(**tags):
    return s(tags=tags)


def replaced(old, new):
    return s(change=lambda text: text.replace(old, new))


def twins(signature, **tags):
    """A signature behind a copy of it that says something else; b= as it was."""
    copy = signature
    for name, value in tags.items():
        copy = re.sub(f" {name}=[^;]*;", f" {name}={value};", copy)
    return [copy, signature]


def probes():
    """(name, what must come of it, message)"""
    spoof = [("From", " ceo@victim.example"), *HEADER]
    utf8 = [("From", " Алиса <alice@example.com>"), HEADER[1], ("Subject", " тест ü"), HEADER[3]]
    spaced = [("From ", " alice@example.com"), *HEADER[1:]]
    no_from = HEADER[1:]
    whole = len(relaxed_body(BODY))
    from_twice = "From:From:To:Subject:Date"
    ed = dict(key="e", tags={"s": "e"})
    return [
        ("baseline", "pass", message([s()])),
        ("ed25519", "pass", message([s(**ed)])),
        ("ed25519-key-spki", "fail", message([s("e", tags={"s": "ebad"})])),
        ("dual-ed-rsa", "pass", message([s(**ed), s()])),
        ("rsa-sha1", "fail", message([s(hash="sha1")])),
        ("rsa512", "fail", message([s("k512", tags={"s": "k512"})])),
        ("rsa1024", "pass", message([s("k1024", tags={"s": "k1024"})])),
        ("rsa4096", "pass", message([s("k4096", tags={"s": "k4096"})])),
        ("rsa8192", "rule", message([s("k8192", tags={"s": "k8192"})])),
        ("pkcs1-key", "pass", message([tagged(s="pk1")])),
        ("body-altered", "fail", message([s()], body=BODY + b"x\r\n")),
        ("l-appended", "rule", message([s(length=whole)], body=BODY + b"evil\r\n")),
        ("l-zero", "rule", message([s(length=0)], body=b"anything\r\n")),
        ("l-too-long", "fail", message([tagged(l="9999")])),
        ("l-negative", "fail", message([tagged(l="-1")])),
        ("from-unsigned", "fail", message([s(names="To:Subject:Date")])),
        ("two-from", "rule", message([s()], header=spoof)),
        ("two-from-oversigned", "fail", message([s(names=from_twice)], header=spoof)),
        ("two-subjects", "rule", message([s()], header=[("Subject", " pay now"), *HEADER])),
        ("oversigned", "pass",
         message([s(names="From:From:To:To:Subject:Subject:Date:Date")])),
        ("only-from-signed", "rule", message([s(names="From")])),
        ("expired", "fail", message([tagged(t="1000000000", x="1000000600")])),
        ("from-the-future", "fail", message([tagged(t=str(NOW + 86400))])),
        ("x-before-t", "fail", message([tagged(x=str(NOW - 120))])),
        ("i-outside-d", "fail", message([tagged(i="@evil.example")])),
        ("i-suffix-trick", "fail", message([tagged(i="a@notexample.com")])),
        ("i-below-d", "pass", message([tagged(i="x@m.example.com")])),
        ("key-t-s-below", "fail", message([tagged(s="ts", i="x@m.example.com")])),
        ("key-t-s", "pass", message([tagged(s="ts", i="@example.com")])),
        ("key-t-y", "rule", message([tagged(s="ty")])),
        ("key-service", "fail", message([tagged(s="svc")])),
        ("key-h-sha1", "fail", message([tagged(s="h1")])),
        ("key-revoked", "fail", message([tagged(s="rev")])),
        ("key-version", "fail", message([tagged(s="v2")])),
        ("key-version-not-first", "fail", message([tagged(s="vlate")])),
        ("key-junk", "fail", message([tagged(s="junk")])),
        ("key-folded", "pass", message([tagged(s="spc")])),
        ("key-two-p", "fail", message([tagged(s="dup")])),
        ("key-unknown-tags", "pass", message([tagged(s="unk")])),
        ("key-temperror", "fail", message([tagged(s="tmp")])),
        ("key-missing", "fail", message([tagged(s="nope")])),
        ("v-2", "fail", message([tagged(v="2")])),
        ("no-v", "fail", message([s(without=("v",))])),
        ("two-d", "fail", message([replaced("; b=", "; d=example.com; b=")])),
        ("two-d-that-differ", "fail", message([replaced("; b=", "; d=victim.example; b=")])),
        ("c-unknown", "fail", message([tagged(c="nofws")])),
        ("q-http", "fail", message([tagged(q="http/get")])),
        ("q-list", "pass", message([tagged(q="x/unknown:dns/txt")])),
        ("q-dns-special", "fail", message([tagged(q="dns/special")])),
        ("unknown-tag", "pass", message([tagged(zz="x")])),
        ("folded-bh", "pass", message([s(fold=True)])),
        ("folded-h", "pass", message([s(names="From : To :\r\n\tSubject : Date")])),
        ("h-names-what-is-absent", "pass", message([s(names="From:To:Subject:Date:X-None")])),
        ("last-semicolon", "pass", message([s(tail=";")])),
        ("d-with-parenthesis", "fail", message([tagged(d="example.com(.evil.example")])),
        ("s-with-nul", "fail", message([tagged(s="k\x00.x")])),
        ("s-plain", "pass", message([tagged(s="k")])),
        ("d-upper-case", "pass", message([tagged(d="EXAMPLE.com")])),
        ("d-final-dot", "fail", message([tagged(d="example.com.")])),
        ("d-top-level", "rule", message([tagged(d="com")])),
        ("utf8-header", "pass", message([s(header=utf8)], header=utf8)),
        ("from-space-colon", "rule", message([s(header=spaced)], header=spaced)),
        ("empty-body", "pass", message([s(body=b"")], body=b"")),
        ("same-b-same-tags", "rule", message([s(), s()])),
        ("same-b-wider-cover", "rule", message(twins(s(names="From"), h="From:To:Subject:Date"))),
        ("same-b-other-body-hash", "rule", message(twins(s(), bh=text64(bytes(32))))),
        ("same-b-later-expiry", "rule",
         message(twins(tagged(x=str(NOW - 10)), x=str(NOW + 600)))),
        ("thirty-bad-one-good", "rule",
         message([tagged(s=f"nope{i}") for i in range(30)] + [s()])),
        ("good-then-bad", "pass", message([s(), tagged(s="nope")])),
        ("malformed-then-good", "pass", message([" v=1; a=rsa-sha256; d", s()])),
        ("no-tags-then-good", "pass", message([" v=1; a=rsa-sha256", s()])),
        ("no-signature", "fail", message([])),
        ("no-from", "fail", message([s(header=no_from)], header=no_from)),
    ]


def believed(answer):
    return answer["facts"]["auth.dkim"] == "pass" and answer["disposition"] == "accepted"


@pytest.fixture(scope="module")
def judged(judge):
    cases = probes()
    answers = judge([
        {"id": name, "raw": suite.raw(raw), "client": "192.0.2.1", "helo": "mail.example.com",
         "mail_from": f"alice@{DOMAIN}", "rcpt": "bob@example.net", "dns": zone(), "now": CLOCK}
        for name, _, raw in cases])
    return list(zip(cases, answers))


def test_shorter_keys_by_configuration(alone):
    raw = {name: m for name, _, m in probes()}
    answers = alone([
        {"id": name, "raw": suite.raw(raw[name]), "client": "192.0.2.1", "helo": "mail.example.com",
         "mail_from": f"alice@{DOMAIN}", "rcpt": "bob@example.net", "dns": zone(), "now": CLOCK,
         "options": {"min_key_bits": "2048"}} for name in ("rsa1024", "baseline", "ed25519")])
    assert [a["facts"]["auth.dkim"] for a in answers] == ["policy", "pass", "pass"]


def test_counts():
    got = {}
    for _, want, _ in probes():
        got[want] = got.get(want, 0) + 1
    assert got == COUNTS


def test_probes(judged):
    wrong = [(name, want, answer["reason"], answer["smtp"]["text"])
             for (name, want, _), answer in judged if believed(answer) != (want == "pass")]
    assert wrong == []


def test_temporary_failure_is_temporary(judged):
    answer = {name: a for (name, _, _), a in judged}["key-temperror"]
    assert answer["facts"]["auth.dkim"] == "temperror"
    assert answer["smtp"]["code"] == 451


def test_every_signature_is_reported(judged):
    facts = {name: a["facts"] for (name, _, _), a in judged}
    assert "result=fail" in facts["body-altered"]["auth.signature.1"]
    assert "result=policy" in facts["rsa-sha1"]["auth.signature.1"]
    assert "result=permerror" in facts["good-then-bad"]["auth.signature.2"]
    assert "auth.signature.10" in facts["thirty-bad-one-good"]
    assert "auth.signature.11" not in facts["thirty-bad-one-good"]
