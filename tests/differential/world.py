# SPDX-License-Identifier: BSD-2-Clause
"""A legitimate mail as the world writes them, each another one by its number:
sender, header, body, signature, and the DNS that proves it."""
import ipaddress
import random
from dataclasses import dataclass, field

from signer import Signature, keys

COVERED = ("From", "Subject", "Date", "To", "Reply-To", "Message-ID", "Content-Type",
           "MIME-Version")
ORGANISATIONS = ("example.com", "example.org", "example.net", "example.co.uk", "firm.de")
ELSEWHERE = "other.example.org"
WORDS = ("order", "paper", "by", "Friday", "please", "the", "meeting", "is", "at", "nine", "a", "I")


@dataclass
class Case:
    number: int
    rng: random.Random
    client: str = ""
    helo: str = ""
    mail_from: str = ""
    organisation: str = ""
    author: str = ""  # the domain of From
    fields: list = field(default_factory=list)
    body: bytes = b""
    signatures: list = field(default_factory=list)
    zone: dict = field(default_factory=dict)
    options: dict = field(default_factory=dict)
    behind: list = field(default_factory=list)  # changes of what was signed
    kind: str = ""

    @property
    def signature(self):
        return self.signatures[0]

    @property
    def envelope(self):
        """The domain whose SPF record counts."""
        return self.mail_from.rpartition("@")[2] or self.helo

    @property
    def six(self):
        return ":" in self.client

    def build(self):
        """Signs, and changes what is to be changed afterwards."""
        made = [["DKIM-Signature", s.value(self.fields, self.body)] for s in self.signatures]
        self.fields = made + [list(f) for f in self.fields]
        for change in self.behind:
            change(self)
        return self

    def raw(self):
        head = "".join(f"{n}:{v}\r\n" for n, v in self.fields)
        return head.encode("utf-8", "surrogateescape") + b"\r\n" + self.body

    def values(self, name):
        return [v for n, v in self.fields if n.lower() == name.lower()]

    def txt(self, name):
        """The TXT records of a name, each as one text; None: none can be had."""
        at = self.zone.get(name.lower())
        if at is None:
            return []
        texts = None if isinstance(at, str) else at.get("TXT", [])
        if texts is None or isinstance(texts, str):
            return None
        return ["".join(t) if isinstance(t, list) else t for t in texts]

    def publish(self, name, **records):
        self.zone.setdefault(name, {}).update(records)


def folded(rng, text):
    """The same words, on more lines and further apart, now and then."""
    if rng.random() < .6:
        return " " + text
    return rng.choice((" ", "  ", "\t", "\r\n ")) + text.replace(
        " ", rng.choice(("  ", "\r\n ", "\r\n\t", " \r\n  ")), 1)


def sentence(rng, most=9):
    return " ".join(rng.choice(WORDS) for _ in range(rng.randint(1, most)))


def author_field(rng, address):
    return rng.choice((f"Ann <{address}>", address, f'"Ann, of the office" <{address}>',
                       f"<{address}>", f"{address} (Ann)", f"Ann (at work) <{address}>",
                       f"=?utf-8?Q?Ann?= <{address}>", f"Ann Ж <{address}>"))


def make_header(c):
    rng = c.rng
    fields = [("From", " " + author_field(rng, f"ann@{c.author}")),
              ("To", folded(rng, "Tasks <task.linear@example.net>")),
              ("Subject", folded(rng, sentence(rng) + rng.choice(("", " ü", " Жук")))),
              ("Date", " Thu, 01 Jan 2026 00:00:00 +0000"),
              ("Message-ID", f" <{c.number}@{c.author}>")]
    if rng.random() < .6:
        fields += [("MIME-Version", " 1.0"),
                   ("Content-Type", folded(rng, "text/plain; charset=utf-8"))]
    if rng.random() < .3:
        fields.append(("Reply-To", f" ann@{c.author}"))
    if rng.random() < .3:
        fields.append(("X-Mailer", folded(rng, sentence(rng))))
    rng.shuffle(fields)
    if rng.random() < .5:
        fields.insert(0, ("Received", f" from {c.helo} by mx.example.net;\r\n\tThu, 01 Jan 2026"
                                      " 00:00:00 +0000"))
    return fields


def make_body(rng):
    ends = ("", "", "", " ", "\t", "  ")
    lines = [rng.choice(("", sentence(rng), sentence(rng, 30), "  " + sentence(rng),
                         sentence(rng) + "\t \t" + sentence(rng), "From here")) + rng.choice(ends)
             for _ in range(rng.randint(0, 12))]
    return "".join(line + "\r\n" for line in lines + [""] * rng.choice((0, 0, 0, 1, 2))).encode()


def key_record(rng, name):
    key = keys()[name]
    tags = [f"p={key.text}"] if key.kind == "rsa" and rng.random() < .5 else \
        [f"k={key.kind}", f"p={key.text}"]
    for more in ("n=a note", "s=email", "h=sha256", "t=s", "s=*", "zz=1"):
        if rng.random() < .08 and more[:2] not in [t[:2] for t in tags]:
            tags.insert(0, more)
    if rng.random() < .8:
        tags.insert(0, "v=DKIM1")
    return rng.choice((";", "; ", " ; ")).join(tags)


def publish_key(c, domain, name, record=None):
    record = record or key_record(c.rng, name)
    if len(record) > 200 and c.rng.random() < .5:  # as one has to, beyond 255
        record = [record[:200], record[200:]]
    c.publish(f"{name}._domainkey.{domain}", TXT=[record])


def make_signature(c, domain, key=None):
    rng = c.rng
    key = key or rng.choice(("k1", "k1", "k1", "k2", "e", "e"))
    there = [n for n, _ in c.fields if n != "Received"]
    names = [n for n in there if n in COVERED or rng.random() < .5]
    names += [n for n in names if rng.random() < .1]  # once more than they are there
    names += rng.choice(([], [], ["X-None"], ["List-Id", "Cc"]))
    if rng.random() < .3:
        names = [rng.choice((n.lower(), n.upper())) for n in names]
    made = Signature(key, domain, names, forms=(rng.choice(("simple", "relaxed")),
                                                rng.choice(("simple", "relaxed"))))
    made.glue = rng.choice(("; ", ";", ";\r\n\t", " ; ", ";\r\n "))
    made.colon = rng.choice((":", ":", ":", " : ", ":\r\n\t"))
    made.first = made.glue != " ; " and rng.random() < .2
    if rng.random() < .3:
        made.tags["x"] = str(1767225600 + 86400)
    if rng.random() < .3:
        made.tags["i"] = rng.choice(("@", "ann@")) + domain
    if rng.random() < .2:
        made.tags["q"] = "dns/txt"
    publish_key(c, domain, key)
    return made


def reverse(client):
    return ipaddress.ip_address(client).reverse_pointer


def neighbours(c, bits):
    return str(ipaddress.ip_network(f"{c.client}/{bits}", strict=False))


def address_type(c):
    return "AAAA" if c.six else "A"


def host(c, name, client=None):
    """A host at this address, and at another one of the other family."""
    own = address_type(c)
    c.publish(name, A=["203.0.113.8"], AAAA=["2001:db8:ffff::8"])
    c.publish(name, **{own: [client or c.client]})
    return name


def stranger(c):
    return "2001:db8:ffff::1" if c.six else "203.0.113.9"


def permitting(c, domain, depth=0):
    """A term that permits the client."""
    rng, wide = c.rng, 120 if c.six else 28
    way = rng.choice(("network", "network", "address", "a", "mx", "ptr", "exists", "include"))
    if way == "include" and depth < 3:
        below = f"s{depth}.{domain}"
        c.publish(below, TXT=[record(c, below, depth + 1)])
        return f"include:{below}"
    if way == "a":
        return rng.choice((f"a:{host(c, f'out.{domain}')}", f"A:{host(c, f'out.{domain}')}.",
                           f"a:{host(c, f'near.{domain}')}/28//120"))
    if way == "mx":
        mx = f"mx.{domain}"
        c.publish(mx, MX=[[10, host(c, f"in.{domain}")]])
        return f"mx:{mx}"
    if way == "ptr":
        c.zone.setdefault(reverse(c.client), {"PTR": []})["PTR"].append(host(c, f"out.{domain}"))
        return f"ptr:{domain}"
    if way == "exists":
        text, name = rng.choice((("%{ir}.ok", reverse(c.client).rsplit(".", 2)[0] + ".ok"),
                                 ("%{l}.of", "ann.of"), ("%{l}.%{v}", "ann." + (
                                     "ip6" if c.six else "in-addr"))))
        c.publish(f"{name}.{domain}", A=["127.0.0.2"])
        return f"exists:{text}.{domain}"
    return f"ip{6 if c.six else 4}:" + (neighbours(c, wide) if way == "network" else c.client)


def missing(c, domain, depth):
    """A term that the client does not match, and that is in order."""
    if depth == 0 and c.rng.random() < .3:
        return f"a:{host(c, f'far.{domain}', stranger(c))}"
    return c.rng.choice(("ip4:203.0.113.0/24", "ip6:2001:db8:ffff::/48", "-ip4:203.0.113.77"))


def record(c, domain, depth=0):
    """An SPF record that permits the client."""
    rng = c.rng
    terms = [missing(c, domain, depth) for _ in range(rng.choice((0, 0, 1, 2)))]
    if depth == 0 and rng.random() < .15:
        target = f"r.{domain}"
        c.publish(target, TXT=[record(c, target, 1)])
        return " ".join(["v=spf1", *terms, f"redirect={target}"])
    terms += [permitting(c, domain, depth), rng.choice(("-all", "~all", "?all", ""))]
    terms += rng.choice(([], [], ["exp=why.example.com"], ["x-note=1"]))
    return rng.choice((" ", " ", "  ")).join(["v=spf1", *(t for t in terms if t)])


def policy(rng):
    tags = ["p=" + rng.choice(("none", "quarantine", "reject"))]
    for more in ("rua=mailto:d@example.com", "sp=reject", "adkim=r", "aspf=r", "pct=100", "fo=1"):
        if rng.random() < .2:
            tags.append(more)
    return rng.choice((";", "; ", " ; ")).join(["v=DMARC1", *tags])


def legitimate(number, seed):
    """The mail of this number, before anything happens to it."""
    rng = random.Random(f"{seed}/{number}")
    c = Case(number, rng)
    c.client = f"2001:db8::{rng.randint(1, 0xfffe):x}" if rng.random() < .25 else \
        f"192.0.2.{rng.randint(1, 254)}"
    c.organisation = rng.choice(ORGANISATIONS)
    c.author = rng.choice((c.organisation, c.organisation, "sales." + c.organisation))
    c.helo = f"mail.{c.organisation}"
    envelope = rng.choice((c.organisation, c.organisation, "bounce." + c.organisation))
    c.mail_from = f"ann@{envelope}"
    c.publish(envelope, TXT=[record(c, envelope), *rng.choice(([], ["a verification=1"]))])
    if rng.random() < .3:
        c.publish(c.helo, TXT=[record(c, c.helo)])
    c.publish(f"_dmarc.{c.organisation}", TXT=[policy(rng)])
    c.publish(c.author, MX=[[10, c.helo]])
    c.fields, c.body = make_header(c), make_body(rng)
    c.signatures = [make_signature(c, rng.choice((c.organisation, c.author)))]
    return c
