# SPDX-License-Identifier: BSD-2-Clause
"""Sets the answers of two judges side by side, point by point: each signature
for itself, SPF of MAIL FROM and of HELO, and DMARC."""
import re
from dataclasses import dataclass

import judges


@dataclass
class Point:
    """One question that two judges answered."""
    judge: str
    case: object
    at: object  # number of the signature, or which SPF
    ours: object
    theirs: object
    said: object = None  # all that the stage said of the mail
    aligned: bool = False  # libopendmarc finds no record, and what would pass by one

    @property
    def differs(self):
        return self.ours != self.theirs

    @property
    def passes(self):
        """Whether the other believes it, too."""
        return self.theirs in (True, "pass") or self.aligned

    # What the rules look at: the mail and the DNS, never what was answered.

    @property
    def text(self):
        return self.case.values("DKIM-Signature")[self.at]

    @property
    def tags(self):
        """(name, value) of each tag, as they stand."""
        return pairs(self.text)

    def tag(self, name, otherwise=None):
        return dict(reversed(self.tags)).get(name, otherwise)

    @property
    def signed(self):
        return [n.strip().lower() for n in self.tag("h", "").split(":")]

    @property
    def keys(self):
        """The records of its key; None: they cannot be had."""
        name = f"{self.tag('s', '')}._domainkey.{self.tag('d', '')}"
        return self.case.txt(name)

    @property
    def key(self):
        return pairs(self.keys[0]) if self.keys else []

    def key_tag(self, name, otherwise=None):
        return dict(reversed(self.key)).get(name, otherwise)


def pairs(text):
    out = []
    for part in text.split(";"):
        if part.strip():
            name, _, value = part.partition("=")
            out.append((name.strip(), re.sub(r"\r\n", "", value).strip()))
    return out


class Programs:
    def __init__(self, build):
        self.stage = build / "tests/conformance/auth_batch"
        self.opendmarc = build / "tests/differential/opendmarc_batch"


def points(cases, programs):
    """Every point of these cases, and what the stage said of each of them."""
    ours = judges.stage(cases, programs.stage)
    others = zip(judges.dkimpy(cases), judges.mail_dkim(cases), judges.pyspf(cases),
                 judges.opendmarc(cases, ours, programs.opendmarc))
    out = []
    for case, o, (dkimpy, perl, spf, dmarc) in zip(cases, ours, others):
        signatures = [s["result"] == "pass" for s in o.signatures]
        for name, theirs in (("python3-dkim", dkimpy), ("libmail-dkim-perl", perl)):
            for i, mine in enumerate(signatures):
                out.append(Point(name, case, i, mine, bool(theirs) and theirs[i], o))
        out.append(Point("python3-spf", case, "mail_from", o.spf, spf[0], o))
        out.append(Point("python3-spf", case, "helo", o.helo, spf[1], o))
        if o.author:
            out.append(Point("libopendmarc", case, "dmarc", o.dmarc, dmarc[0], o,
                             dmarc[0] == "none" and "1" in dmarc[1:]))
    return ours, out


def false_passes(points_):
    """What we believe and nobody else does."""
    believed, backed = {}, set()
    for p in points_:
        if p.ours in (True, "pass"):
            believed[p.case.number, p.at] = p
        if p.passes:
            backed.add((p.case.number, p.at))
    return [p for where, p in believed.items() if where not in backed]
