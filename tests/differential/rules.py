# SPDX-License-Identifier: BSD-2-Clause
"""Why two judges may differ: each rule by the section that decides, narrow
enough to foretell what one of the two says wherever it applies."""
import re
from collections import namedtuple

from signer import NOW, keys
from world import COVERED

Rule = namedtuple("Rule", "name judges section who says why applies")
RULES = []
BOTH = ("python3-dkim", "libmail-dkim-perl")
SKEW = 300


def rule(judges, section, who, says):
    """Where the function is true of a point, `who' ("ours" or "theirs") says this."""
    judges = (judges,) if isinstance(judges, str) else judges

    def add(function):
        RULES.append(Rule(function.__name__.replace("_", "-"), judges, section, who, says,
                          function.__doc__, function))
        return function
    return add


def listed(text):
    return [w.strip() for w in text.split(":")]


# ---- DKIM, where we are stricter ----

@rule(BOTH, "RFC 8301 3.1", "ours", False)
def sha1(p):
    """rsa-sha1 must not be used to verify"""
    return p.tag("a", "").lower() == "rsa-sha1"


@rule(BOTH, "RFC 8301 3.2", "ours", False)
def short_key(p):
    """a key of less than 1024 bits is no key"""
    return p.key_tag("p") == keys()["k0"].text


@rule(BOTH, "RFC 6376 8.2; ours: l= counts as unsigned", "ours", False)
def length(p):
    """l= leaves the rest of the body to anybody"""
    return p.tag("l") is not None


@rule(BOTH, "RFC 6376 3.5 h=", "ours", False)
def from_unsigned(p):
    """From must be signed"""
    return "from" not in p.signed


@rule(BOTH, "RFC 6376 5.4 and 8.15; ours: `covered'", "ours", False)
def coverage(p):
    """a field that stands more often than it is signed"""
    return any(len(p.case.values(n)) > p.signed.count(n.lower()) for n in COVERED)


@rule(BOTH, "RFC 6376 3.6.1 t=", "ours", False)
def testing(p):
    """a key for tests proves nothing"""
    return "y" in listed(p.key_tag("t", ""))


@rule(BOTH, "RFC 6376 3.5 x=", "ours", False)
def expired(p):
    """x= is over, be it by a minute"""
    return p.tag("x", "").isdigit() and int(p.tag("x")) <= NOW


@rule(BOTH, "RFC 6376 3.5 x=", "ours", False)
def expires_before(p):
    """x= must be after t="""
    both = p.tag("x", ""), p.tag("t", "")
    return all(s.isdigit() for s in both) and int(both[0]) < int(both[1])


@rule(BOTH, "RFC 6376 3.5 t=", "ours", False)
def ahead(p):
    """a signature of the future, beyond what clocks differ by"""
    return p.tag("t", "").isdigit() and int(p.tag("t")) > NOW + SKEW


@rule(BOTH, "RFC 6376 3.5 t= and x=", "ours", False)
def no_time(p):
    """times are digits"""
    return any(not p.tag(n, "0").isdigit() for n in "tx")


@rule(BOTH, "RFC 6376 3.5 v=", "ours", False)
def version(p):
    """v= is required and is 1"""
    return p.tag("v") != "1"


@rule(BOTH, "RFC 6376 3.5 d=; ours: of two labels or more", "ours", False)
def no_domain(p):
    """d= is a domain name, and of more than a suffix"""
    label = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"
    return not re.fullmatch(rf"{label}(\.{label})+", p.tag("d", "").lower())


@rule(BOTH, "RFC 6376 3.2", "ours", False)
def tag_twice(p):
    """no tag may stand twice"""
    names = [n for n, _ in p.tags]
    return len(names) != len(set(names))


@rule(BOTH, "RFC 6376 3.2", "ours", False)
def no_tag(p):
    """each part is a tag: a name of letters, digits and underscores, and ="""
    parts = p.text.rstrip("; \r\n").split(";")
    return any(not re.match(r"\s*[A-Za-z][A-Za-z0-9_]*\s*=", part) for part in parts)


@rule(BOTH, "RFC 6376 3.5 bh=", "ours", False)
def no_hash(p):
    """bh= is there and holds a SHA-256"""
    return not re.fullmatch("[A-Za-z0-9+/]{43}=", re.sub(r"\s", "", p.tag("bh", "")))


@rule(BOTH, "ours: tags of one are not believed for another", "ours", False)
def twins(p):
    """two signatures with one b="""
    def value(text):
        return re.sub(r"\s", "", re.search(r"[; \t\n]b=([^;]*)", text).group(1))
    texts = p.case.values("DKIM-Signature")
    return sum(value(t) == value(p.text) for t in texts) > 1


# ---- DKIM, where the key is not for it ----

@rule(BOTH, "RFC 6376 3.6.2.2", "ours", False)
def keys_of_one_name(p):
    """which of two records is meant nobody knows"""
    return len(p.keys or ()) > 1


@rule(BOTH, "RFC 6376 3.6.1 v=", "ours", False)
def key_version(p):
    """v= of a key is DKIM1 and stands first, or is not there"""
    at = [i for i, (n, _) in enumerate(p.key) if n == "v"]
    return bool(at) and (at[0] != 0 or p.key[0][1] != "DKIM1")


@rule(BOTH, "RFC 6376 3.6.1 k=, RFC 8463 3", "ours", False)
def key_kind(p):
    """the key is of another kind than a= says"""
    return bool(p.key) and p.tag("a", "").lower().split("-")[0] != p.key_tag("k", "rsa").lower()


@rule(BOTH, "RFC 6376 3.6.1 h=", "ours", False)
def key_hash(p):
    """the key is not for SHA-256"""
    return "sha256" not in listed(p.key_tag("h", "sha256").lower())


@rule(BOTH, "RFC 6376 3.6.1 t=", "ours", False)
def key_strict(p):
    """the key is not for names below d="""
    i = p.tag("i", "@" + p.tag("d", "")).rpartition("@")[2]
    return "s" in listed(p.key_tag("t", "")) and i.lower() != p.tag("d", "").lower()


@rule(BOTH, "RFC 6376 3.2", "ours", False)
def key_tag_twice(p):
    """no tag of a key may stand twice"""
    names = [n for n, _ in p.key]
    return len(names) != len(set(names))


# ---- DKIM, where the others do not follow ----

@rule("libmail-dkim-perl", "RFC 8463 3", "theirs", False)
def no_ed25519(p):
    """Mail::DKIM knows no Ed25519"""
    return p.tag("a", "").lower().startswith("ed25519")


@rule("libmail-dkim-perl", "RFC 6376 3.6.1 p=", "theirs", False)
def no_pkcs1(p):
    """Mail::DKIM reads no RSAPublicKey, the form the RFC names"""
    return p.key_tag("p") in (keys()["k1"].pkcs1, keys()["k2"].pkcs1)


@rule("libmail-dkim-perl", "RFC 6376 3.4.3", "theirs", False)
def no_last_line(p):
    """Mail::DKIM adds no CRLF to a last line that has none"""
    body = p.case.body
    return bool(body) and not body.endswith(b"\r\n") and \
        p.tag("c", "simple/simple").partition("/")[2] != "relaxed"


@rule("python3-dkim", "RFC 6376 3.5 q=", "theirs", False)
def no_list_of_queries(p):
    """python3-dkim takes q= for one word"""
    return ":" in p.tag("q", "")


@rule("python3-dkim", "RFC 6376 3.5 a=, RFC 5234 2.3", "theirs", False)
def no_upper_case(p):
    """python3-dkim takes letter case in a= for a difference"""
    return p.tag("a", "") != p.tag("a", "").lower()


@rule("python3-dkim", "RFC 6376 3.7", "theirs", False)
def space_behind_b(p):
    """python3-dkim leaves white space behind b= in what is signed"""
    return bool(re.search(r"[; \t\n]b=[^;]*\s;", p.text))


@rule("python3-dkim", "RFC 6376 3.6.1 s=", "theirs", False)
def no_list_of_services(p):
    """python3-dkim takes s= of a key for one word"""
    return ":" in p.key_tag("s", "")


# ---- SPF ----

def spf_record(p):
    """The record asked for first; "" where there is none."""
    domain = p.case.helo if p.at == "helo" else p.case.envelope
    texts = [t for t in p.case.txt(domain) or () if t.lower().startswith("v=spf1")]
    return texts[0] if len(texts) == 1 else ""


@rule("python3-spf", "RFC 7208 6", "theirs", "permerror")
def modifier_twice(p):
    """python3-spf refuses unknown modifiers that stand more than once"""
    names = re.findall(r" ([a-z][a-z0-9_.-]*)=", spf_record(p).lower())
    return any(names.count(n) > 1 for n in names if n not in ("redirect", "exp"))


@rule("python3-spf", "RFC 7208 7.3", "ours", "permerror")
def no_parts(p):
    """a macro that keeps no part of its value"""
    return bool(re.search(r"%\{[a-zA-Z]0", spf_record(p)))


@rule("python3-spf", "RFC 7208 4.6.4", "theirs", "permerror")
def hosts_without_address(p):
    """python3-spf counts the hosts of one mx to the lookups that find nothing"""
    domain = p.case.envelope
    at = p.case.zone.get(domain.lower())
    hosts = at.get("MX", []) if isinstance(at, dict) else []
    return p.at != "helo" and spf_record(p).startswith("v=spf1 mx ") and \
        len([n for _, n in hosts if n not in p.case.zone]) > 2
