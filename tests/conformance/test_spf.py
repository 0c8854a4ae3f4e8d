# SPDX-License-Identifier: BSD-2-Clause
"""The RFC 7208 suite, results and explanations, and the include bomb."""
import pytest
import suite
import yaml

TYPES = ("A", "AAAA", "MX", "PTR", "TXT")
CASES = 203


def latin(text):
    """A ZONE.json string: bytes as U+0000 ... U+00FF."""
    return text.encode("utf-8").decode("latin-1")


def value(kind, data):
    if kind == "TXT":
        return [latin(s) for s in data] if isinstance(data, list) else latin(data)
    if kind == "MX":
        return [data[0], latin(data[1])]
    return latin(data)


def records(items):
    """One name of the suite as one of ZONE.json.  An SPF record stands for
    TXT unless TXT is given; a bare TIMEOUT is about the types not listed
    before it."""
    has_txt = any(isinstance(i, dict) and "TXT" in i for i in items)
    out = {}
    for item in items:
        if item == "TIMEOUT":
            for kind in TYPES:
                out.setdefault(kind, "TIMEOUT")
            continue
        for kind, data in item.items():
            if kind == "SPF":
                if has_txt:
                    continue
                kind = "TXT"
            if data == "NONE":
                continue
            if data == "TIMEOUT":
                out[kind] = "TIMEOUT"
            elif kind == "CNAME":
                out[kind] = latin(data)
            else:
                out.setdefault(kind, []).append(value(kind, data))
    return out


def zone(document):
    out = {latin(name).lower().rstrip("."): records(items)
           for name, items in (document.get("zonedata") or {}).items()}
    out.setdefault("error.example.com", "TIMEOUT")
    return out


def load():
    path = suite.corpus("spf", "rfc7208-tests.yml")
    with open(path, "rb") as f:
        for document in yaml.safe_load_all(f):
            if not document:
                continue
            for name, test in document["tests"].items():
                yield name, test, zone(document)


def expected(test):
    result = test["result"]
    return result if isinstance(result, list) else [result]


def wrong(test, answer):
    facts = answer["facts"]
    if facts["auth.spf"] not in expected(test):
        return f"want {expected(test)} got {facts['auth.spf']} ({answer['smtp']['text']})"
    want = test.get("explanation")
    if want is None:
        return None
    want = "" if want == "DEFAULT" else want
    if facts["auth.spf.explanation"] != want:
        return f"want {want!r} got {facts['auth.spf.explanation']!r}"
    return None


def test_rfc7208(judge):
    tests = list(load())
    answers = judge([
        {"id": name, "raw": suite.raw(suite.MESSAGE), "client": test["host"],
         "helo": test["helo"] or "", "mail_from": test["mailfrom"] or "",
         "rcpt": "task.linear@example.net", "dns": dns} for name, test, dns in tests])
    failures = [f"{name}: {wrong(test, answer)}" for (name, test, _), answer in zip(tests, answers)
                if wrong(test, answer)]
    assert failures == []
    assert len(tests) == CASES


def bomb(exists):
    """Nine includes, nine in each, nine in each, nine times "a" in each."""
    def record(prefix, depth):
        names = [f"{prefix}{i}" for i in range(9)]
        if depth == 3:
            dns[f"{prefix}.bomb.example"] = {"TXT": ["v=spf1 " + " ".join(
                f"a:{n}.bomb.example" for n in names)]}
            if exists:
                dns.update({f"{n}.bomb.example": {"A": ["198.51.100.1"]} for n in names})
            return
        dns[f"{prefix}.bomb.example"] = {"TXT": ["v=spf1 " + " ".join(
            f"include:{n}.bomb.example" for n in names)]}
        for n in names:
            record(n, depth + 1)
    dns = {}
    record("r", 0)
    return dns


@pytest.mark.parametrize("exists", [True, False])
def test_bomb(judge, exists):
    answer, = judge([{
        "id": "bomb", "raw": suite.raw(suite.MESSAGE), "client": "192.0.2.1",
        "helo": "mail.example.net", "mail_from": "a@r.bomb.example",
        "rcpt": "task.linear@example.net", "dns": bomb(exists)}])
    assert answer["facts"]["auth.spf"] == "permerror"
    assert answer["dns_queries"] <= 12
