# SPDX-License-Identifier: BSD-2-Clause
"""Who judges: the stage, and four that others wrote.  Each takes cases and
gives one answer for each."""
import json
import pathlib
import re
import subprocess
import types

import signer

HERE = pathlib.Path(__file__).resolve().parent
NET = "mx.example.net"


def run(command, lines):
    done = subprocess.run(command, input="".join(line + "\n" for line in lines).encode(),
                          capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]
    answers = done.stdout.decode("utf-8", "surrogateescape").splitlines()
    assert len(answers) == len(lines), (len(answers), len(lines), done.stderr[-500:])
    return answers


# ---- the stage ----

class Ours:
    """What the stage says, in the words the others can be compared with."""

    def __init__(self, answer):
        facts = answer["facts"]
        assert answer["misuse"] == "", answer
        self.accepted = answer["disposition"] == "accepted"
        self.reason, self.text = answer["reason"], answer["smtp"]["text"]
        self.spf, self.helo, self.dmarc = (facts.get(f"auth.{k}") for k in
                                           ("spf", "spf.helo", "dmarc"))
        self.author = facts.get("auth.dmarc.domain", "")
        self.spf_domain = facts.get("auth.spf.domain", "")
        self.dkim = facts.get("auth.dkim")
        rows = [facts[f"auth.signature.{n}"] for n in range(1, 11) if f"auth.signature.{n}" in facts]
        self.signatures = [dict(p.partition("=")[::2] for p in row.split("; ")) for row in rows]


def stage(cases, program):
    import suite
    lines = [json.dumps({"id": c.number, "raw": suite.raw(c.raw()), "client": c.client,
                         "helo": c.helo, "mail_from": c.mail_from, "dns": c.zone,
                         "rcpt": "task.linear@example.net", "now": signer.CLOCK,
                         "options": c.options}) for c in cases]
    return [Ours(json.loads(line)) for line in run([str(program)], lines)]


# ---- python3-dkim ----

def dkimpy(cases):
    """True or False for each signature."""
    import dkim
    dkim.time = types.SimpleNamespace(time=lambda: signer.NOW)
    return [_dkimpy(dkim, c) for c in cases]


def _dkimpy(dkim, c):
    def answer(name, timeout=5):
        texts = c.txt(name.decode("latin-1").rstrip("."))
        if texts is None:
            raise dkim.DnsTimeoutError("no answer")
        return texts[0].encode("latin-1") if texts else None

    try:
        judge = dkim.DKIM(c.raw())
    except dkim.MessageFormatError:
        return None
    out = []
    for i in range(len(c.values("DKIM-Signature"))):
        try:
            out.append(bool(judge.verify(i, dnsfunc=answer)))
        except Exception:  # it raises whatever it stumbles over
            out.append(False)
    return out


# ---- libmail-dkim-perl ----

def mail_dkim(cases):
    """True or False for each signature."""
    lines = []
    for c in cases:
        names = {}
        for name in c.zone:
            if "._domainkey." in name:
                names[name] = c.txt(name)
        lines.append(json.dumps({"raw": c.raw().hex(), "keys": names, "now": signer.NOW}))
    answers = run(["perl", str(HERE / "mail_dkim.pl")], lines)
    return [[word == "pass" for word in line.split()] for line in answers]


# ---- python3-spf ----

def pyspf(cases):
    """(SPF of MAIL FROM, of HELO)"""
    import spf
    spf.time = types.SimpleNamespace(time=lambda: signer.NOW)
    out = []
    for c in cases:
        spf.DNSLookup = lambda name, kind, strict, timeout, c=c: _records(spf, c, name, kind)
        # What is no domain name is not asked about: RFC 7208 4.3.
        out.append((spf.query(c.client, c.mail_from, c.helo, receiver=NET).check()[0],
                    spf.query(c.client, "", c.helo, receiver=NET).check()[0]))
    return out


def _records(spf, c, name, kind):
    at = c.zone.get(name.lower().rstrip("."), {})
    found = at if isinstance(at, str) else at.get(kind, [])
    if isinstance(found, str):
        if found == "NXDOMAIN":
            return []
        raise spf.TempError(found)
    if kind == "TXT":
        found = [[s.encode("latin-1") for s in ([t] if isinstance(t, str) else t)] for t in found]
    elif kind == "MX":
        found = [tuple(r) for r in found]
    return [((name, kind), r) for r in found]


# ---- libopendmarc ----

def opendmarc(cases, ours, program):
    """(verdict, SPF aligned, DKIM aligned), of what the stage found to pass."""
    lines = []
    for c, o in zip(cases, ours):
        passed = [s["d"] for s in o.signatures if s["result"] == "pass"]
        records = [(name[7:], text) for name in c.zone if name.startswith("_dmarc.")
                   for text in c.txt(name) or []]
        lines.append("\x1f".join([o.author, o.spf_domain if o.spf == "pass" else "",
                                  str(len(passed)), *passed,
                                  *(re.sub(r"[\x1f\n]", "?", f"{n}={t}") for n, t in records)]))
    return [tuple(line.split()) for line in run([str(program)], lines)]
