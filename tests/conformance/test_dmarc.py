# SPDX-License-Identifier: BSD-2-Clause
"""DMARC by RFC 9989: where the policy stands, whose organisation it is, and
what is asked for.  SPF gives the identifier; each refusal has a benign twin."""
from dataclasses import dataclass

import pytest
import suite

PASS = "v=spf1 ip4:192.0.2.1 -all"
REJECT = "v=DMARC1; p=reject"


@dataclass
class Case:
    name: str
    header: str  # the From domain
    envelope: str  # the MAIL FROM domain, whose SPF passes
    records: dict  # _dmarc records
    want: str  # auth.dmarc
    policy: str = "reject"
    missing: bool = False  # the From domain does not exist

    def zone(self):
        out = {self.envelope: {"TXT": [PASS]}}
        if not self.missing:
            out.setdefault(self.header, {"A": ["192.0.2.9"]})
        for domain, record in self.records.items():
            out[f"_dmarc.{domain}"] = (record if record in ("SERVFAIL", "TIMEOUT") else
                                       {"TXT": record if isinstance(record, list) else [record]})
        return out

    def line(self):
        raw = suite.MESSAGE.replace(b"ann@example.net", f"ann@{self.header}".encode())
        return {"id": self.name, "raw": suite.raw(raw), "client": "192.0.2.1",
                "helo": "mail.example.net", "mail_from": f"ann@{self.envelope}",
                "rcpt": "task.linear@example.net", "dns": self.zone()}


DEEP = "a.b.c.d.e.f.g.h.i.example.com"
CASES = [
    Case("same", "example.com", "example.com", {"example.com": REJECT}, "pass"),
    Case("below", "example.com", "m.example.com", {"example.com": REJECT}, "pass"),
    Case("above", "m.example.com", "example.com", {"example.com": REJECT}, "pass"),
    Case("siblings", "a.example.com", "b.example.com", {"example.com": REJECT}, "pass"),
    Case("strict-below", "example.com", "m.example.com",
         {"example.com": REJECT + "; aspf=s"}, "fail"),
    Case("strict-same", "example.com", "example.com",
         {"example.com": REJECT + "; aspf=s"}, "pass"),
    Case("another", "example.com", "evil.example", {"example.com": REJECT}, "fail"),
    Case("suffix-trick", "example.com", "notexample.com", {"example.com": REJECT}, "fail"),
    Case("prefix-trick", "example.com", "example.com.evil.example",
         {"example.com": REJECT, "evil.example": REJECT}, "fail"),
    Case("one-letter", "paypal.com", "x.com", {"paypal.com": REJECT, "x.com": REJECT}, "fail"),
    Case("one-letter-from", "x.com", "evil.com", {"x.com": REJECT, "evil.com": REJECT}, "fail"),
    Case("one-letter-twin", "x.com", "m.x.com", {"x.com": REJECT}, "pass"),
    Case("enforced-though-none", "example.com", "evil.example",
         {"example.com": "v=DMARC1; p=none"}, "fail", "none"),
    Case("sp", "m.example.com", "evil.example",
         {"example.com": REJECT + "; sp=quarantine"}, "fail", "quarantine"),
    Case("sp-not-at-the-top", "example.com", "evil.example",
         {"example.com": REJECT + "; sp=none"}, "fail"),
    Case("np", "ghost.example.com", "evil.example",
         {"example.com": "v=DMARC1; p=none; sp=none; np=reject"}, "fail", missing=True),
    Case("np-of-what-exists", "m.example.com", "evil.example",
         {"example.com": "v=DMARC1; p=none; np=reject"}, "fail", "none"),
    Case("t", "example.com", "evil.example", {"example.com": REJECT + "; t=y"}, "fail",
         "quarantine"),
    Case("own-record-first", "m.example.com", "evil.example",
         {"m.example.com": "v=DMARC1; p=quarantine", "example.com": REJECT}, "fail",
         "quarantine"),
    Case("registry", "giant.bank.example", "mega.bank.example",
         {"bank.example": REJECT + "; psd=y"}, "fail"),
    Case("registry-twin", "giant.bank.example", "m.giant.bank.example",
         {"bank.example": REJECT + "; psd=y"}, "pass"),
    Case("registry-without-psd", "example.com", "evil.com",
         {"com": REJECT, "example.com": REJECT}, "fail"),
    Case("suffix-of-others", "victim.github.io", "evil.github.io", {"github.io": REJECT}, "fail"),
    Case("psd-n-parts", "a.b.example.com", "c.example.com",
         {"b.example.com": REJECT + "; psd=n", "example.com": REJECT}, "fail"),
    Case("psd-n-twin", "a.b.example.com", "c.b.example.com",
         {"b.example.com": REJECT + "; psd=n", "example.com": REJECT}, "pass"),
    Case("deep", DEEP, "example.com", {"example.com": REJECT}, "pass"),
    Case("deep-record-passed-over", DEEP, "example.com",
         {DEEP.split(".", 1)[1]: "v=DMARC1; p=none", "example.com": REJECT}, "pass"),
    Case("two-records", "example.com", "example.com",
         {"example.com": [REJECT, "v=DMARC1; p=none"]}, "none", "absent"),
    Case("another-record-beside", "example.com", "example.com",
         {"example.com": [REJECT, "v=spf1 -all"]}, "pass"),
    Case("no-record", "example.com", "example.com", {}, "none", "absent"),
    Case("no-p", "example.com", "example.com", {"example.com": "v=DMARC1"}, "pass", "none"),
    Case("odd-p", "example.com", "example.com", {"example.com": "v=DMARC1; p=r"}, "none",
         "absent"),
    Case("odd-p-with-rua", "example.com", "example.com",
         {"example.com": "v=DMARC1; p=r; rua=mailto:a@example.com"}, "pass", "none"),
    Case("servfail", "example.com", "example.com", {"example.com": "SERVFAIL"}, "temperror",
         "absent"),
    Case("timeout", "example.com", "example.com", {"example.com": "TIMEOUT"}, "temperror",
         "absent"),
    Case("failure-above", "m.example.com", "m.example.com", {"example.com": "TIMEOUT"},
         "temperror", "absent"),
    Case("failure-above-that-does-not-matter", "m.example.com", "m.example.com",
         {"m.example.com": REJECT, "example.com": "TIMEOUT"}, "pass"),
    Case("failure-that-hides-an-organisation", "m.example.com", "example.com",
         {"m.example.com": REJECT, "com": "TIMEOUT"}, "temperror"),
]


@pytest.fixture(scope="module")
def answers(judge):
    return dict(zip([c.name for c in CASES], judge([c.line() for c in CASES])))


def test_results(answers):
    wrong = [(c.name, c.want, answers[c.name]["facts"]["auth.dmarc"],
              c.policy, answers[c.name]["facts"]["auth.dmarc.policy"]) for c in CASES
             if answers[c.name]["facts"]["auth.dmarc"] != c.want
             or answers[c.name]["facts"]["auth.dmarc.policy"] != c.policy]
    assert wrong == []


def test_failures_are_temporary(answers):
    """Nobody is refused for good, or believed, where an answer is wanting."""
    codes = {answers[c.name]["smtp"]["code"] for c in CASES if c.want == "temperror"}
    assert codes == {451}


def test_nothing_else_is_asked(answers):
    """Eight names of the walk, and those of SPF and HELO."""
    assert max(a["dns_queries"] for a in answers.values()) <= 12
