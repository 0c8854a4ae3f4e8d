# SPDX-License-Identifier: BSD-2-Clause
"""What may happen to a signature, its key, and what was signed."""
import re

from kinds import kind
from signer import NOW, canonical_body, keys
from world import COVERED, ELSEWHERE, key_record, make_signature, publish_key, sentence


def later(c):
    """The function changes what was signed."""
    return c.behind.append


def keyed(c, *, rsa=True):
    """A signature whose key is (not) RSA, and the name of the key's record."""
    s = c.signature
    if (keys()[s.key].kind == "rsa") != rsa:
        c.signatures[0] = s = make_signature(c, s.domain, c.rng.choice(("k1", "k2")) if rsa else "e")
    return s, f"{s.key}._domainkey.{s.domain}"


def key_says(c, *tags, rsa=True, behind=()):
    """The record of the key is made of these and its own p=."""
    s, name = keyed(c, rsa=rsa)
    key = keys()[s.key]
    c.zone[name] = {"TXT": ["; ".join([*tags, f"p={key.text}", *behind])]}
    return s


def replaced(field, old, new):
    def change(c):
        for f in c.fields:
            if f[0].lower() == field.lower():
                f[1] = re.sub(old, new, f[1], count=1)
    return change


# ---- the body ----

@kind("dkim")
def body_byte(c):
    """one byte of the body is another one"""
    def change(c):
        at = c.rng.randrange(len(c.body) + 1)
        c.body = c.body[:at] + b"~" + c.body[at + 1:].lstrip(b"\n")
    later(c)(change)


@kind("dkim")
def body_more(c):
    """a line is appended to the body"""
    later(c)(lambda c: setattr(c, "body", c.body + b"more\r\n"))


@kind("dkim")
def body_empty_lines(c):
    """empty lines are appended to the body, which no form signs"""
    later(c)(lambda c: setattr(c, "body", c.body + b"\r\n" * c.rng.randint(1, 3)))


@kind("dkim")
def body_wider(c):
    """white space within the body is doubled"""
    c.body = b"two words\r\n" + c.body
    later(c)(lambda c: setattr(c, "body", c.body.replace(b" ", c.rng.choice((b"  ", b"\t")), 1)))


@kind("dkim")
def body_line_ends(c):
    """white space is appended to a line of the body"""
    c.body = b"a line\r\n" + c.body
    later(c)(lambda c: setattr(c, "body", c.body.replace(b"\r\n", c.rng.choice(
        (b" \r\n", b"\t \r\n")), 1)))


@kind("dkim")
def body_unended(c):
    """the last line of the body has no CRLF"""
    c.body += b"the end"


@kind("dkim")
def body_none(c):
    """there is no body"""
    c.body = b""


# ---- the header ----

@kind("dkim")
def subject_altered(c):
    """a signed field says something else"""
    later(c)(replaced("Subject", r"\S", "Z"))


@kind("dkim")
def field_refolded(c):
    """a signed field is folded elsewhere"""
    later(c)(replaced("To", r"[ \t\r\n]+<", c.rng.choice(("\r\n <", "\r\n\t <", "   <"))))


@kind("dkim")
def field_renamed(c):
    """the name of a signed field is in another case"""
    def change(c):
        at = [f for f in c.fields if f[0] == "To"]
        at[0][0] = c.rng.choice(("TO", "to"))
    later(c)(change)


@kind("dkim")
def fields_reordered(c):
    """the fields stand in another order"""
    def change(c):
        n = len(c.signatures)
        rest = c.fields[n:]
        c.rng.shuffle(rest)
        c.fields[n:] = rest
    later(c)(change)


@kind("dkim")
def trace_added(c):
    """a field that nobody signed is put in front"""
    later(c)(lambda c: c.fields.insert(0, ["Received", " from a by b; today"]))


@kind("dkim")
def covered_added(c):
    """Reply-To is added to a mail that was signed without"""
    c.fields = [f for f in c.fields if f[0] != "Reply-To"]
    c.signature.names = [n for n in c.signature.names if n.lower() != "reply-to"]
    later(c)(lambda c: c.fields.append(["Reply-To", f" ann@{c.author}"]))


@kind("dkim")
def absent_added(c):
    """a field is added that was signed as absent"""
    c.signature.names = [n for n in c.signature.names if n.lower() != "cc"] + ["Cc"]
    later(c)(lambda c: c.fields.append(["Cc", " bob@example.net"]))


@kind("dkim")
def subject_twice(c):
    """a second Subject, in front or behind"""
    later(c)(lambda c: c.fields.insert(c.rng.choice((0, len(c.fields))),
                                       ["Subject", " " + sentence(c.rng)]))


@kind("dkim")
def from_twice(c):
    """a second From of somebody else, in front or behind"""
    later(c)(lambda c: c.fields.insert(c.rng.choice((0, len(c.fields))),
                                       ["From", f" eve@{ELSEWHERE}"]))


# ---- what is signed ----

@kind("dkim")
def h_without_from(c):
    """From is not signed"""
    c.signature.names = [n for n in c.signature.names if n.lower() != "from"]


@kind("dkim")
def h_without_covered(c):
    """one of the fields that must be covered is not signed"""
    there = sorted({n for n, _ in c.fields} & set(COVERED) - {"From"})
    out = c.rng.choice(there).lower()
    c.signature.names = [n for n in c.signature.names if n.lower() != out]


@kind("dkim")
def h_from_alone(c):
    """From is signed and nothing else"""
    c.signature.names = ["From"]


@kind("dkim")
def h_oversigned(c):
    """each field is signed once more than it is there"""
    c.signature.names = c.signature.names * 2


@kind("dkim")
def h_folded(c):
    """white space and line breaks between the names of h="""
    c.signature.colon = c.rng.choice((" : ", " :\r\n\t", ":\r\n  ", "  :  "))


@kind("dkim")
def h_empty_name(c):
    """h= has an empty name in it"""
    c.signature.colon = "::"


# ---- the tags ----

def tagged(case, **tags):
    case.signature.tags.update(tags)


@kind("dkim")
def l_whole(c):
    """l= counts the whole body"""
    c.signature.length = len(canonical_body(c.signature.forms[1], c.body))


@kind("dkim")
def l_more(c):
    """l=, and a line behind what it counts"""
    l_whole(c)
    later(c)(lambda c: setattr(c, "body", c.body + b"more\r\n"))


@kind("dkim")
def l_odd(c):
    """l= beyond the body, or no number"""
    tagged(c, l=c.rng.choice(("99999", "-1", "x", "")))


@kind("dkim")
def x_past(c):
    """x= is over, by minutes or days"""
    ago = c.rng.choice((60, 3600, 30000, 40000, 864000))
    tagged(c, t=str(NOW - ago - 60), x=str(NOW - ago))


@kind("dkim")
def x_before_t(c):
    """x= is before t=, both ahead or not"""
    tagged(c, t=str(NOW + 250), x=str(NOW + 200))


@kind("dkim")
def t_ahead(c):
    """t= is ahead, by a minute or by days"""
    tagged(c, t=str(NOW + c.rng.choice((60, 200, 3600, 30000, 40000, 864000))), x=None)


@kind("dkim")
def t_odd(c):
    """t= or x= is no number"""
    tagged(c, **{c.rng.choice(("t", "x")): c.rng.choice(("soon", "-1", "1e9"))})


@kind("dkim")
def t_absent(c):
    """no t= and no x="""
    tagged(c, t=None, x=None)


@kind("dkim")
def a_sha1(c):
    """rsa-sha1"""
    keyed(c)
    c.signature.hash = "sha1"


@kind("dkim")
def a_unknown(c):
    """an algorithm that nobody knows"""
    tagged(c, a=c.rng.choice(("rsa-sha512", "dsa-sha256", "sha256", "rsa")))


@kind("dkim")
def a_of_another_key(c):
    """a= names the other kind of key"""
    s = c.signature
    tagged(c, a="rsa-sha256" if keys()[s.key].kind == "ed25519" else "ed25519-sha256")


@kind("dkim")
def a_case(c):
    """a= in upper case"""
    keyed(c)
    tagged(c, a=f"{keys()[c.signature.key].kind}-sha256".upper())


@kind("dkim")
def c_absent(c):
    """no c=: simple in both"""
    c.signature.forms = ("simple", "simple")
    tagged(c, c=None)


@kind("dkim")
def c_half(c):
    """c= names the form of the header alone: simple for the body"""
    c.signature.forms = (c.rng.choice(("simple", "relaxed")), "simple")
    tagged(c, c=c.signature.forms[0])


@kind("dkim")
def c_unknown(c):
    """c= names a form that there is not"""
    tagged(c, c=c.rng.choice(("nofws", "relaxed/nofws", "strict/simple", "relaxed/relaxed/relaxed")))


@kind("dkim")
def v_odd(c):
    """v= is missing or another one"""
    tagged(c, v=c.rng.choice((None, "2", "1.0", "0.5")))


@kind("dkim")
def q_other(c):
    """q= does not offer dns/txt"""
    tagged(c, q=c.rng.choice(("http/get", "dns", "dns/special")))


@kind("dkim")
def q_list(c):
    """q= offers dns/txt among others"""
    keyed(c)
    tagged(c, q=c.rng.choice(("dns/txt:x/unknown", "x/unknown:dns/txt")))


@kind("dkim")
def i_below(c):
    """i= is below d=; its key may say that it is not for those"""
    tagged(c, i=f"@deep.{c.signature.domain}")


@kind("dkim")
def i_outside(c):
    """i= is not within d="""
    tagged(c, i="ann@" + c.rng.choice(("elsewhere.example", "not" + c.signature.domain, "com")))


@kind("dkim")
def d_case(c):
    """d= and s= in another case"""
    s = c.signature
    tagged(c, d=s.domain.upper(), s=s.key.upper(), i=None)


@kind("dkim")
def d_odd(c):
    """d= is no domain name, and a key may be had for it"""
    odd = c.rng.choice(("a(b).example.com", "example.com.", "a b.example.com", "com", "-a.example.com"))
    publish_key(c, odd.lower().rstrip("."), c.signature.key)
    tagged(c, d=odd, i=None)


@kind("dkim")
def s_unknown(c):
    """there is no key of this name"""
    tagged(c, s="nobody")


@kind("dkim")
def s_unanswered(c):
    """the key cannot be asked for"""
    tagged(c, s="down")
    c.zone[f"down._domainkey.{c.signature.domain}"] = c.rng.choice(("SERVFAIL", "TIMEOUT"))


@kind("dkim")
def tag_repeated(c):
    """a tag stands twice, with the same or another value"""
    again = c.rng.choice(("d=example.com", "s=k1", "c=simple", "zz=1; zz=2", "v=1"))
    c.signature.before = lambda text: text + "; " + again


@kind("dkim")
def tag_unknown(c):
    """tags that nobody knows"""
    tagged(c, **{c.rng.choice(("zz", "r_1", "Zed")): c.rng.choice(("1", "", "a=b"))})


@kind("dkim")
def tag_broken(c):
    """what should be a tag is none"""
    c.signature.before = lambda text: text.replace(" v=1", " v=1; " + c.rng.choice(
        ("zz", "=1", "1a=2", "", "z-z=1")), 1)


@kind("dkim")
def tags_ended(c):
    """a semicolon behind the last tag"""
    c.signature.behind = lambda value: value + c.rng.choice((";", " ;", ";\r\n "))


@kind("dkim")
def bh_altered(c):
    """bh= is that of another body"""
    tagged(c, bh=c.rng.choice(("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "AAAA", "", "!")))


@kind("dkim")
def bh_folded(c):
    """bh= on several lines"""
    s = c.signature
    s.before = lambda text: re.sub(r"(?<=bh=.{9})", c.rng.choice((" ", "\r\n ", "\r\n\t")), text,
                                   count=1)


@kind("dkim")
def b_altered(c):
    """one character of b= is another one"""
    c.signature.behind = lambda value: re.sub(r"([; \t\n]b=.{5}).", lambda m: m.group(1) + (
        "A" if m.group(0)[-1] != "A" else "B"), value, count=1)


@kind("dkim")
def b_short(c):
    """b= is cut short, empty, or no base64"""
    new = c.rng.choice((r"\1\2", r"\1", r"\1!!!!"))
    c.signature.behind = lambda value: re.sub(r"([; \t\n]b=)([^;]{8})[^;]*", new, value, count=1)


@kind("dkim")
def b_folded(c):
    """b= on many lines, with white space around it"""
    c.signature.fold = c.rng.choice(("\r\n\t ", "\r\n  ", " ", "\r\n "))


@kind("dkim")
def b_surrounded(c):
    """b= stands in front and white space behind its value"""
    keyed(c)
    c.signature.first, c.signature.glue = True, " ; "


# ---- the key ----

@kind("dkim")
def key_version(c):
    """v= of the key is another one, not the first, or absent"""
    first, last = c.rng.choice((("v=DKIM2", None), ("v=dkim1", None), ("k=rsa", "v=DKIM1"),
                                ("k=rsa", None)))
    key_says(c, first, behind=[last] if last else [])


@kind("dkim")
def key_kind(c):
    """k= of the key is unknown, or the other one"""
    key_says(c, "v=DKIM1", "k=" + c.rng.choice(("dsa", "ed25519", "rsa2", "")))


@kind("dkim")
def key_hashes(c):
    """h= of the key, with and without sha256"""
    key_says(c, "v=DKIM1", "h=" + c.rng.choice(("sha1", "sha1:sha256", "sha256", "sha512", "SHA1")))


@kind("dkim")
def key_services(c):
    """s= of the key, with and without mail"""
    key_says(c, "v=DKIM1", "s=" + c.rng.choice(("*", "email", "tlsrpt", "x:email", "other", "other:x")))


@kind("dkim")
def key_testing(c):
    """t=y: the key is for tests"""
    key_says(c, "v=DKIM1", "t=" + c.rng.choice(("y", "y:s", "s:y")))


@kind("dkim")
def key_strict(c):
    """t=s: the key is not for names below, and i= is one"""
    s = key_says(c, "v=DKIM1", "t=" + c.rng.choice(("s", "x:s")))
    s.tags["i"] = c.rng.choice(("@below.", "@", "ann@")) + s.domain


@kind("dkim")
def key_revoked(c):
    """p= is empty"""
    _, name = keyed(c)
    c.zone[name] = {"TXT": [c.rng.choice(("v=DKIM1; p=", "p=", "v=DKIM1; k=rsa; p= ;"))]}


@kind("dkim")
def key_broken(c):
    """p= is no key, or missing"""
    s, name = keyed(c)
    text = keys()[s.key].text
    c.zone[name] = {"TXT": [c.rng.choice((
        "v=DKIM1; p=!!!!", "v=DKIM1; k=rsa", f"v=DKIM1; p={text[:60]}", f"v=DKIM1 p={text}",
        f"v=DKIM1; p={keys()['e'].text}", f"v=DKIM1, p={text}"))]}


@kind("dkim")
def key_spaced(c):
    """white space within p= and around the tags"""
    s, name = keyed(c)
    text = " ".join(re.findall(".{1,60}", keys()[s.key].text))
    c.zone[name] = {"TXT": [f"v=DKIM1 ; k=rsa ; p={text} ;"]}


@kind("dkim")
def key_pkcs1(c):
    """p= is an RSAPublicKey"""
    s, name = keyed(c)
    c.zone[name] = {"TXT": [f"v=DKIM1; k=rsa; p={keys()[s.key].pkcs1}"]}


@kind("dkim")
def key_tag_repeated(c):
    """a tag of the key stands twice"""
    key_says(c, "v=DKIM1", behind=[c.rng.choice(("p=", "k=rsa; k=rsa", "n=1; n=2"))])


@kind("dkim")
def key_short(c):
    """768 bits"""
    c.signatures[0] = make_signature(c, c.signature.domain, "k0")


@kind("dkim")
def key_ed25519(c):
    """an Ed25519 key: as it must be, too short, too long, in the form of RSA"""
    s, name = keyed(c, rsa=False)
    text = keys()[s.key].text
    c.zone[name] = {"TXT": ["v=DKIM1; k=ed25519; p=" + c.rng.choice(
        (text, text, text[:40], "AAAA" + text, "MCowBQYDK2VwAyEA" + text))]}


@kind("dkim")
def key_twice(c):
    """two records at the name of the key"""
    s, name = keyed(c)
    both = [key_record(c.rng, s.key), c.rng.choice(("v=DKIM1; p=", "a note", key_record(c.rng, "k2")))]
    c.rng.shuffle(both)
    c.zone[name] = {"TXT": both}


# ---- several ----

def add(c, made):
    c.signatures.insert(c.rng.randint(0, len(c.signatures)), made)


@kind("dkim")
def several_good(c):
    """another signature of the same, with another key"""
    add(c, make_signature(c, c.signature.domain, "e" if c.signature.key != "e" else "k1"))


@kind("dkim")
def several_one_bad(c):
    """another signature that is no good"""
    made = make_signature(c, c.signature.domain)
    made.tags.update(c.rng.choice(({"s": "nobody"}, {"bh": "AAAA"}, {"x": "1"}, {"v": "3"})))
    add(c, made)


@kind("dkim")
def several_foreign(c):
    """another signature of somebody else"""
    add(c, make_signature(c, ELSEWHERE))


@kind("dkim")
def several_unanswered(c):
    """another signature whose key cannot be asked for"""
    made = make_signature(c, c.signature.domain)
    made.tags["s"] = "down"
    c.zone[f"down._domainkey.{made.domain}"] = "SERVFAIL"
    add(c, made)


@kind("dkim")
def several_twins(c):
    """the same signature twice"""
    later(c)(lambda c: c.fields.insert(0, list(c.fields[0])))


@kind("dkim")
def unsigned(c):
    """no signature"""
    c.signatures = []
