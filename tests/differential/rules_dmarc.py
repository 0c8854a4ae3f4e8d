# SPDX-License-Identifier: BSD-2-Clause
"""Why libopendmarc and the stage may differ: libopendmarc is of RFC 7489 and
has faults of its own."""
import re

from compare import pairs
from rules import rule

SUFFIXES = ("com", "org", "net", "de", "uk", "co.uk", "io", "github.io")


def above(name):
    """The name and all that it is below of, the longest first."""
    labels = name.split(".")
    return [".".join(labels[i:]) for i in range(len(labels))]


def identifiers(p):
    """What passed."""
    spf = [p.said.spf_domain] if p.said.spf == "pass" else []
    return [*spf, *(s["d"] for s in p.said.signatures if s["result"] == "pass")]


def records(p, name):
    return p.case.txt(f"_dmarc.{name}") or []


def found(p):
    """(where, record) that stands nearest to the author, whatever it is worth."""
    for name in above(p.said.author):
        for text in records(p, name):
            if re.match(r"\s*v\s*=\s*DMARC1", text, re.I):
                return name, text
    return None, ""


def tags(p):
    return pairs(found(p)[1])


def value(p, name):
    return dict(reversed(tags(p))).get(name)


def organisation(name):
    """As these names are made: one label more than the suffix."""
    return next((n for n in above(name) if n.partition(".")[2] in SUFFIXES), name)


def strict(p, name):
    return value(p, name) == "s"


@rule("libopendmarc", "ours: what the DNS does not answer is 451", "ours", "temperror")
def unanswered(p):
    """the record cannot be asked for"""
    return any(p.case.txt(f"_dmarc.{n}") is None for n in above(p.said.author)[:2]) and \
        not records(p, p.said.author)


@rule("libopendmarc", "RFC 9989 4.10", "ours", "none")
def several(p):
    """of two records none counts"""
    good = [t for t in records(p, found(p)[0] or "") if t.startswith("v=DMARC1")]
    return len(good) > 1


@rule("libopendmarc", "RFC 9989 4.8", "ours", "none")
def version_spelled(p):
    """DMARC1 is in upper case"""
    return bool(re.match(r"\s*v\s*=\s*(?!DMARC1)(?i:DMARC1)", found(p)[1]))


@rule("libopendmarc", "RFC 9989 4.7 v=", "ours", "none")
def version_first(p):
    """v= stands first"""
    return found(p)[0] is None and any(("v", "DMARC1") in pairs(t) for n in above(p.said.author)
                                       for t in records(p, n))


@rule("libopendmarc", "RFC 9989 4.8", "ours", "none")
def tag_without_value(p):
    """a tag has a value, and stands once"""
    names = [n for n, _ in tags(p)]
    return any(v == "" for _, v in tags(p)) or len(names) != len(set(names))


@rule("libopendmarc", "RFC 9989 4.7 p=", "theirs", "none")
def policy_missing(p):
    """without p= the record asks for nothing, and is one"""
    return value(p, "v") == "DMARC1" and (value(p, "p") or "").lower() not in (
        "none", "quarantine", "reject", "n", "q", "r") and found(p)[0] in above(p.said.author)[:2]


@rule("libopendmarc", "RFC 9989 4.7 p=", "ours", "none")
def policy_shortened(p):
    """libopendmarc takes the first letter of a policy for the whole"""
    return value(p, "p") in ("r", "q", "n") and value(p, "rua") is None


@rule("libopendmarc", "RFC 9989 4.7", "theirs", "none")
def odd_value(p):
    """a value that is none of those known is passed over with its tag"""
    return any((n, v) in (("adkim", "x"), ("sp", "x")) for n, v in tags(p))


@rule("libopendmarc", "ours: no_dmarc_record = evaluate", "theirs", "none")
def evaluated(p):
    """alignment is judged as if a record stood there"""
    return "no_dmarc_record" in p.case.options and found(p)[0] is None


@rule("libopendmarc", "RFC 9989 4.4", "ours", "fail")
def strictly(p):
    """strict alignment is the same name, and no name below it"""
    return strict(p, "aspf") and strict(p, "adkim") and p.said.author not in identifiers(p)


@rule("libopendmarc", "RFC 9989 4.4 and 4.10.2", "ours", "fail")
def letter(p):
    """libopendmarc takes an organisation of one letter for its suffix"""
    own, others = organisation(p.said.author), {organisation(d) for d in identifiers(p)}
    return any(o.index(".") == 1 for o in others | {own}) and own not in others and \
        found(p)[0] is not None


@rule("libopendmarc", "RFC 9989 4.4 and 4.10.2", "ours", "fail")
def suffix(p):
    """a public suffix is nobody's organisation"""
    return bool(identifiers(p)) and all(d in SUFFIXES for d in identifiers(p)) and \
        found(p)[0] is not None


@rule("libopendmarc", "RFC 9989 4.10.2", "ours", "fail")
def registry(p):
    """psd=y: what is below is an organisation each"""
    name = next((n for n in above(p.said.author)[1:]
                 for t in records(p, n) if ("psd", "y") in pairs(t)), None)
    if name is None:
        return False
    own = above(p.said.author)[-name.count(".") - 2]
    return not any(own in above(d) for d in identifiers(p))


@rule("libopendmarc", "RFC 9989 4.10.2", "ours", "fail")
def apart(p):
    """psd=n: an organisation within another"""
    name = next((n for n in above(p.said.author)
                 for t in records(p, n) if ("psd", "n") in pairs(t)), None)
    return name is not None and not any(name in above(d) for d in identifiers(p))


@rule("libopendmarc", "RFC 9989 4.10", "theirs", "none")
def above_the_suffix(p):
    """the record stands above what the public suffix list calls the organisation"""
    return found(p)[0] in SUFFIXES
