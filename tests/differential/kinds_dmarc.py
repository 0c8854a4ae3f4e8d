# SPDX-License-Identifier: BSD-2-Clause
"""What may happen to a DMARC record, and to who is aligned with whom."""
from kinds import kind
from world import ELSEWHERE, make_signature, publish_key


def says(c, *texts, at=None):
    c.zone[f"_dmarc.{at or c.organisation}"] = {"TXT": list(texts)}


def written_by(c, author):
    """Another author, with the same envelope and the same signature."""
    c.author = author
    c.fields = [(n, f" ann@{author}") if n == "From" else (n, v) for n, v in c.fields]
    c.publish(author, A=["192.0.2.1"])


def signed_by(c, domain):
    c.signatures = [make_signature(c, domain)]


def sent_by(c, domain):
    """SPF passes for this one."""
    c.mail_from = f"ann@{domain}"
    c.publish(domain, TXT=[f"v=spf1 ip{6 if c.six else 4}:{c.client} -all"])


def unproved(c):
    """Neither SPF nor DKIM is the author's."""
    sent_by(c, ELSEWHERE)
    signed_by(c, ELSEWHERE)


@kind("dmarc")
def dmarc_none(c):
    """there is no record"""
    del c.zone[f"_dmarc.{c.organisation}"]


@kind("dmarc")
def dmarc_two(c):
    """two records"""
    says(c, "v=DMARC1; p=none", c.rng.choice(("v=DMARC1; p=reject", "v=DMARC1; p=none")))


@kind("dmarc")
def dmarc_beside(c):
    """the record, and something else beside it"""
    both = ["v=DMARC1; p=reject", c.rng.choice(("v=spf1 -all", "a note", "v=DMARC2; p=none"))]
    c.rng.shuffle(both)
    says(c, *both)


@kind("dmarc")
def dmarc_version(c):
    """v= is another one, or not the first"""
    says(c, c.rng.choice(("v=DMARC2; p=none", "p=none; v=DMARC1", "v=dmarc1; p=none", "v=DMARC1",
                          "v=DMARC1 p=none", "V=DMARC1; p=none", "v = DMARC1 ; p = none")))


@kind("dmarc")
def dmarc_policy(c):
    """p= of all kinds, with and without rua="""
    says(c, "v=DMARC1; " + c.rng.choice(("p=none", "p=quarantine", "p=reject", "p=NONE", "p=r", "p=",
                                         "p=other", "sp=none"))
         + c.rng.choice(("", "; rua=mailto:a@example.com")))


@kind("dmarc")
def dmarc_tags(c):
    """other tags, some of them odd"""
    says(c, "v=DMARC1; p=reject; " + c.rng.choice((
        "pct=50", "pct=x", "zz=1", "fo=1:d:s", "ri=3600", "rf=afrf", "np=reject", "t=n", "psd=u",
        "adkim=x", "sp=x", "aspf=", "p=none", "zz", ";", "rua=", "rua=http://x", "t=y", "np=odd")))


@kind("dmarc")
def dmarc_spaced(c):
    """white space everywhere, in several strings"""
    text = c.rng.choice(("v=DMARC1;p=none", "v=DMARC1 ;  p = reject ;", "v=DMARC1;\tp=none",
                         " v=DMARC1; p=none"))
    at = c.rng.randint(1, len(text) - 1)
    says(c, [text[:at], text[at:]])


@kind("dmarc")
def dmarc_unanswered(c):
    """the record cannot be asked for"""
    c.zone[f"_dmarc.{c.organisation}"] = c.rng.choice(("SERVFAIL", "TIMEOUT"))


@kind("dmarc")
def dmarc_nobody(c):
    """nothing that passes is the author's"""
    unproved(c)


@kind("dmarc")
def dmarc_spf_alone(c):
    """SPF is aligned, the signature is somebody else's"""
    sent_by(c, c.organisation)
    signed_by(c, ELSEWHERE)


@kind("dmarc")
def dmarc_dkim_alone(c):
    """the signature is aligned, SPF passes for somebody else"""
    sent_by(c, ELSEWHERE)
    signed_by(c, c.organisation)


@kind("dmarc")
def aligned_strictly(c):
    """adkim=s and aspf=s, with names that are the same, below, or above"""
    tags = [t for t in ("adkim=s", "aspf=s") if c.rng.random() < .7]
    says(c, "; ".join(["v=DMARC1", "p=reject", *tags]))
    names = (c.organisation, f"m.{c.organisation}", f"n.m.{c.organisation}", f"xy.{c.organisation}")
    sent_by(c, c.rng.choice(names))
    signed_by(c, c.rng.choice(names))


@kind("dmarc")
def aligned_below(c):
    """author, envelope and signature at names of all depths below"""
    names = [f"{p}{c.organisation}" for p in ("", "aa.", "bb.", "cc.aa.", "dd.cc.aa.")]
    written_by(c, c.rng.choice(names))
    sent_by(c, c.rng.choice(names))
    signed_by(c, c.rng.choice(names))


@kind("dmarc")
def aligned_never(c):
    """names that only look like the author's"""
    org = c.organisation
    near = c.rng.choice((f"not{org}", f"{org}.evil.org", f"{org.split('.')[0]}.evil.org", f"x{org}"))
    sent_by(c, near)
    signed_by(c, near)


@kind("dmarc")
def one_letter(c):
    """an organisation of one letter sends for a neighbour under the same suffix"""
    suffix = c.organisation.split(".", 1)[1]
    sent_by(c, f"x.{suffix}")
    signed_by(c, f"x.{suffix}")


@kind("dmarc")
def one_letter_author(c):
    """the author's organisation has one letter"""
    org = f"x.{c.organisation.split('.', 1)[1]}"
    written_by(c, c.rng.choice((org, f"mm.{org}")))
    says(c, "v=DMARC1; p=reject", at=org)
    other = c.rng.choice((org, f"nn.{org}", c.organisation))
    sent_by(c, other)
    signed_by(c, other)


@kind("dmarc")
def suffix_signs(c):
    """the public suffix itself sends and signs"""
    suffix = c.organisation.split(".", 1)[1]
    if "." not in suffix:
        written_by(c, "example.co.uk")
        says(c, "v=DMARC1; p=reject", at="example.co.uk")
        suffix = "co.uk"
    sent_by(c, suffix)
    signed_by(c, suffix)


@kind("dmarc")
def suffix_of_others(c):
    """a neighbour below a public suffix that is somebody's, with a record there"""
    written_by(c, "victim.github.io")
    c.publish("_dmarc.github.io", TXT=["v=DMARC1; p=reject"])
    if c.rng.random() < .5:
        c.publish("_dmarc.victim.github.io", TXT=["v=DMARC1; p=reject"])
    other = c.rng.choice(("evil.github.io", "mm.victim.github.io", "github.io"))
    sent_by(c, other)
    signed_by(c, other)


@kind("dmarc")
def psd_registry(c):
    """psd=y: each name below is an organisation of its own"""
    c.publish("_dmarc.bank.org", TXT=["v=DMARC1; p=reject; psd=y"])
    written_by(c, "giant.bank.org")
    other = c.rng.choice(("mega.bank.org", "mm.giant.bank.org", "giant.bank.org", "bank.org"))
    sent_by(c, other)
    signed_by(c, other)


@kind("dmarc")
def psd_apart(c):
    """psd=n: an organisation within another"""
    c.publish("_dmarc.bb." + c.organisation, TXT=["v=DMARC1; p=reject; psd=n"])
    written_by(c, c.rng.choice(("aa.bb.", "bb.")) + c.organisation)
    other = c.rng.choice(("", "cc.", "cc.bb.", "bb.")) + c.organisation
    sent_by(c, other)
    signed_by(c, other)


@kind("dmarc")
def own_record(c):
    """the author's name has a record of its own, stricter or laxer than that above"""
    written_by(c, f"aa.{c.organisation}")
    says(c, "v=DMARC1; p=none" + c.rng.choice(("", "; aspf=s; adkim=s")), at=c.author)
    other = c.rng.choice((c.author, c.organisation, f"mm.{c.author}"))
    sent_by(c, other)
    signed_by(c, other)


@kind("dmarc")
def author_case(c):
    """the author's domain in another case"""
    upper = c.author.upper()
    c.fields = [(n, f" Ann <ann@{upper}>") if n == "From" else (n, v) for n, v in c.fields]


@kind("dmarc")
def sub_policy(c):
    """sp= and np= of what is above the author"""
    says(c, "v=DMARC1; p=none; sp=reject" + c.rng.choice(("", "; np=quarantine")))
    written_by(c, f"aa.{c.organisation}")
    if c.rng.random() < .5:
        unproved(c)


@kind("dmarc")
def public_suffixes(c):
    """organisations by the public suffix list: names of all depths"""
    c.options["public_suffixes"] = "true"
    c.rng.choice((aligned_below, aligned_never, aligned_strictly, dmarc_nobody))(c)


@kind("dmarc")
def evaluated(c):
    """no record, and evaluated as if one stood there"""
    c.options["no_dmarc_record"] = "evaluate"
    dmarc_none(c)


@kind("dmarc")
def key_elsewhere(c):
    """d= is aligned, but its key lies elsewhere"""
    s = c.signature
    c.zone.pop(f"{s.key}._domainkey.{s.domain}", None)
    publish_key(c, ELSEWHERE, s.key)
    sent_by(c, ELSEWHERE)
