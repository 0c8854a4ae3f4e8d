# SPDX-License-Identifier: BSD-2-Clause
"""The chain validation suite of RFC 8617, and what it leaves open."""
import pytest
import suite
import yaml
from dkim_messages import CLOCK

CASES, COUNTS = 171, {"Pass": 54, "Fail": 109, "None": 5, "": 3}


def load():
    """(name, message, what must come of it, zone)"""
    with open(suite.corpus("arc", "arc-draft-validation-tests.yml"), "rb") as f:
        for document in yaml.safe_load_all(f):
            zone = {name.lower(): {"TXT": [text]} for name, text in document["txt-records"].items()}
            for name, test in sorted(document["tests"].items()):
                yield name, test["message"], test["cv"] or "", zone


def line(name, text, zone):
    message = text.replace("\n", "\r\n").encode("utf-8")
    return {"id": name, "raw": suite.raw(message), "client": "192.0.2.1", "helo": "mail.example.com",
            "mail_from": "ann@example.net", "rcpt": "task.linear@example.net", "dns": zone,
            "now": CLOCK}


@pytest.fixture(scope="module")
def cases():
    return list(load())


def test_counts(cases):
    got = {}
    for _, _, want, _ in cases:
        got[want] = got.get(want, 0) + 1
    assert got == COUNTS and len(cases) == CASES


def test_validation(judge, cases):
    answers = judge([line(name, text, zone) for name, text, _, zone in cases])
    wrong = []
    for (name, _, want, _), answer in zip(cases, answers):
        got = answer["facts"]["auth.arc"]
        # Where the suite leaves it open the last host said "fail" (RFC 8617 5.2 step 2).
        if got != (want.lower() or "fail"):
            wrong.append((name, want, got))
    assert wrong == []


def chain(sets):
    """So many sets of which each has a key of its own, and no good seal."""
    fields = []
    for i in range(1, sets + 1):
        where = f"i={i}; a=rsa-sha256; d=d{i}.example; s=s; b=AAAA"
        fields += [f"ARC-Seal: cv={'none' if i == 1 else 'pass'}; {where}",
                   f"ARC-Message-Signature: {where}; bh=AAAA; h=From",
                   f"ARC-Authentication-Results: i={i}; d{i}.example; none"]
    return "".join(f + "\n" for f in fields) + suite.MESSAGE.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("sets", [10, 11])
def test_a_chain_of_strangers_asks_ten_keys_at_most(judge, sets):
    answer, plain = judge([line("chain", chain(sets), {}), line("plain", chain(0), {})])
    assert answer["facts"]["auth.arc"] == "fail"
    assert answer["dns_queries"] - plain["dns_queries"] == 10


def test_a_key_that_cannot_be_asked_for_is_temporary_and_no_verdict(judge, cases):
    name, text, _, zone = next(case for case in cases if case[0] == "cv_pass_i1_1")
    answer, good = judge([line(name, text, dict.fromkeys(zone, "SERVFAIL")),
                          line(name, text, zone)])
    assert answer["facts"]["auth.arc"] == "temperror"
    assert good["facts"]["auth.arc"] == "pass"
    assert answer["reason"] == good["reason"]
