# SPDX-License-Identifier: BSD-2-Clause
"""What may happen to an SPF record and to what it leads to."""
from kinds import kind
from world import ELSEWHERE, host, record, reverse, stranger


def own(c):
    """The term that names the client."""
    return f"ip{6 if c.six else 4}:{c.client}"


def says(c, *terms, more=()):
    """This is the record of the envelope's domain."""
    c.publish(c.envelope, TXT=[" ".join(["v=spf1", *terms]), *more])


def below(c, name, *terms):
    """A record at a name below the envelope's; its name."""
    at = f"{name}.{c.envelope}"
    c.publish(at, TXT=[" ".join(["v=spf1", *terms])])
    return at


def failing(c):
    return c.rng.choice(("SERVFAIL", "TIMEOUT"))


@kind("spf")
def record_none(c):
    """there is no record, or none that is SPF's"""
    c.publish(c.envelope, TXT=c.rng.choice(([], ["v=spf10 +all"], ["a note"], ["v=spf1+all"])))


@kind("spf")
def record_two(c):
    """two records"""
    says(c, own(c), "-all", more=[c.rng.choice(("v=spf1", "v=spf1 -all", f"V=SPF1 {own(c)}"))])


@kind("spf")
def record_spelled(c):
    """letter case of version and mechanisms, spaces at the end"""
    text = c.rng.choice(("V=SPF1 {} -ALL", "v=spf1 {}   ", "v=spf1   {}  -All", "v=sPf1 ?{} {}"))
    c.publish(c.envelope, TXT=[text.format(own(c).upper() if not c.six else own(c), own(c))])


@kind("spf")
def record_in_strings(c):
    """the record is in several strings, joined without a space"""
    text = f"v=spf1 ip4:203.0.113.0/24 {own(c)} -all"
    at = c.rng.randint(1, len(text) - 1)
    c.publish(c.envelope, TXT=[[text[:at], text[at:]]])


@kind("spf")
def record_unanswered(c):
    """the record cannot be asked for"""
    c.zone[c.envelope] = failing(c)


@kind("spf")
def record_beyond_ascii(c):
    """a byte beyond ASCII in the record"""
    says(c, own(c), "x=ü", "-all")


@kind("spf")
def client_another(c):
    """the client is somebody else"""
    c.client = stranger(c)


@kind("spf")
def client_other_family(c):
    """the client comes by the other IP"""
    c.client = "192.0.2.200" if c.six else "2001:db8::200"


@kind("spf")
def client_mapped(c):
    """an IPv4 client in the clothes of IPv6"""
    c.client = "192.0.2.9"
    says(c, "ip4:192.0.2.0/24", "-all")
    c.client = "::ffff:192.0.2.9"


@kind("spf")
def client_loopback(c):
    """the client is loopback, and permitted or not"""
    c.client = c.rng.choice(("127.0.0.1", "127.9.9.9", "::1"))
    says(c, c.rng.choice((own(c), "ip4:203.0.113.1", "ip4:127.0.0.0/8", "a:lo.example.com")), "-all")
    c.publish("lo.example.com", A=["127.0.0.1"], AAAA=["::1"])


@kind("spf")
def qualifier(c):
    """the term that matches says something else than pass"""
    says(c, c.rng.choice("-~?+") + own(c), c.rng.choice(("-all", "+all", "?all")))


@kind("spf")
def nothing_matches(c):
    """nothing matches, and perhaps no all"""
    says(c, "ip4:203.0.113.1", *c.rng.choice(((), ("-all",), ("~all",), ("?all",), ("+all",))))


@kind("spf")
def all_first(c):
    """what stands behind all does not count, and must be in order"""
    says(c, c.rng.choice("-+?") + "all", c.rng.choice((own(c), "redirect=none.example.com", "a:")))


@kind("spf")
def syntax(c):
    """a term that is wrong, in front or behind"""
    bad = c.rng.choice((
        "ip4:192.0.2", "ip4:192.0.2.1/33", "ip4:192.0.2.1/032", "ip4", "ip4:", "ip6:2001:db8::/129",
        "ip6:", "ip6:xyz", "a:", "a:/24", "a/33", "a//129", "a:example", "a:example.123", "mx:",
        "mx/24/24", "include", "include:", "include=a.example.com", "exists", "exists:", "ptr:",
        "all:x", "all/8", "redirect:a.example.com", "foo", "foo:bar", "-", "++all", "a:%{x}.com",
        "a:%{d", "a:%x", "a:a..b.com%", "exists:%{d0}.com", "=x", "redirect=", "exp=", "x=%{z}",
        "ip4:192.0.2.01", "ip4:192.0.2.1/", "a:b.com/", "a:-.c-m-", "v=%{d}%"))
    terms = [own(c), "-all"]
    terms.insert(c.rng.randint(0, 2), bad)
    says(c, *terms)


@kind("spf")
def modifiers(c):
    """modifiers: unknown ones, and known ones twice"""
    says(c, *c.rng.choice((
        ("x-a=1", own(c), "y.b-c_d=%{d}"), (own(c), "exp=e.example.com", "exp=e.example.com"),
        ("redirect=" + ELSEWHERE, "redirect=" + ELSEWHERE), ("-all", "x=1", "x=2"),
        (own(c), "1x=1"), ("exp=e.example.com", own(c)), (own(c), "default=pass", "op=x"))))


@kind("spf")
def modifier_first(c):
    """redirect= stands before the mechanisms"""
    target = below(c, "r", c.rng.choice((own(c), "ip4:203.0.113.9")), "-all")
    says(c, f"redirect={target}", c.rng.choice((own(c), "ip4:203.0.113.1")))


@kind("spf")
def include_result(c):
    """include of a record that says this or that of the client"""
    target = below(c, "i", c.rng.choice("+-~?") + own(c), c.rng.choice(("-all", "")))
    says(c, c.rng.choice("+-~?") + f"include:{target}", c.rng.choice(("-all", "~all", own(c))))


@kind("spf")
def include_none(c):
    """include of a name without a record"""
    says(c, f"include:none.{c.envelope}", own(c), "-all")


@kind("spf")
def include_broken(c):
    """include of a record that is wrong, or that cannot be asked for"""
    target = below(c, "i", "foo")
    if c.rng.random() < .5:
        c.zone[target] = failing(c)
    says(c, f"include:{target}", own(c), "-all")


@kind("spf")
def include_loop(c):
    """records that include each other"""
    target = below(c, "i", f"include:{c.envelope}")
    says(c, f"include:{target}", own(c))


@kind("spf")
def include_deep(c):
    """a chain of includes, nine to eleven of them"""
    depth = c.rng.randint(9, 11)
    for i in range(1, depth):
        below(c, f"i{i}", f"include:i{i + 1}.{c.envelope}")
    below(c, f"i{depth}", own(c))
    says(c, f"include:i1.{c.envelope}", "-all")


@kind("spf")
def redirect_result(c):
    """redirect= to a record that says this or that, is not there, or wrong"""
    target = f"r.{c.envelope}"
    c.publish(target, TXT=[c.rng.choice((f"v=spf1 {own(c)} -all", "v=spf1 ~all", "v=spf1", "v=spf1 foo",
                                         "none", record(c, target, 1)))])
    says(c, f"redirect={target}")


@kind("spf")
def redirect_unanswered(c):
    """redirect= to a name that cannot be asked for"""
    c.zone[f"r.{c.envelope}"] = failing(c)
    says(c, f"redirect=r.{c.envelope}")


@kind("spf")
def redirect_loop(c):
    """redirect= to itself, by itself or by way of another"""
    other = below(c, "r", f"redirect={c.envelope}")
    says(c, "redirect=" + c.rng.choice((c.envelope, other)))


@kind("spf")
def lookups(c):
    """nine to eleven terms that ask"""
    n = c.rng.randint(9, 11)
    says(c, *(f"a:{host(c, f'h{i}.{c.envelope}', stranger(c))}" for i in range(n)), own(c), "-all")


@kind("spf")
def voids(c):
    """one to four terms that find nothing"""
    terms = [c.rng.choice(("a:", "mx:", "exists:")) + f"v{i}.{c.envelope}" for i in range(
        c.rng.randint(1, 4))]
    says(c, *terms, own(c), "-all")


@kind("spf")
def mx_many(c):
    """nine to eleven hosts of an mx"""
    n = c.rng.randint(9, 11)
    c.publish(c.envelope, MX=[[i, host(c, f"m{i}.{c.envelope}", stranger(c))] for i in range(n)])
    says(c, "mx", own(c), "-all")


@kind("spf")
def mx_hosts(c):
    """an mx whose hosts are the client, others, or not there"""
    hosts = c.rng.sample((host(c, f"m1.{c.envelope}"), host(c, f"m2.{c.envelope}", stranger(c)),
                          f"m3.{c.envelope}"), 2)
    c.publish(c.envelope, MX=[[10 * i, name] for i, name in enumerate(hosts)])
    says(c, "mx", "-all")


@kind("spf")
def mx_hosts_none(c):
    """an mx of three or four hosts without an address"""
    c.publish(c.envelope, MX=[[i, f"n{i}.{c.envelope}"] for i in range(c.rng.randint(3, 4))])
    says(c, "mx", "-all")


@kind("spf")
def a_prefix(c):
    """a and mx with prefix lengths of all sizes"""
    near = host(c, f"near.{c.envelope}", "2001:db8::1" if c.six else "192.0.2.1")
    c.publish(c.envelope, MX=[[1, near]])
    four, six = c.rng.choice((0, 8, 24, 25, 31, 32)), c.rng.choice((0, 32, 112, 120, 127, 128))
    prefix = c.rng.choice((f"/{four}", f"//{six}", f"/{four}//{six}"))
    says(c, c.rng.choice((f"a:{near}", "mx")) + prefix, "-all")


@kind("spf")
def network_prefix(c):
    """ip4 and ip6 with prefix lengths of all sizes"""
    say = f"ip6:2001:db8::1/{c.rng.choice((0, 1, 32, 112, 120, 127, 128))}" if c.six else \
        f"ip4:192.0.2.1/{c.rng.choice((0, 1, 8, 24, 25, 31, 32))}"
    says(c, say, "-all")


@kind("spf")
def ptr(c):
    """ptr: the name of the client is within, outside, or does not lead back"""
    c.publish(reverse(c.client), PTR=[c.rng.choice((
        host(c, f"out.{c.envelope}"), host(c, "out.elsewhere.example"),
        host(c, f"not{c.envelope}"), host(c, f"bad.{c.envelope}", stranger(c)), c.envelope))])
    says(c, c.rng.choice(("ptr", f"ptr:{c.envelope}", "ptr:example.com")), "-all")


@kind("spf")
def ptr_none(c):
    """ptr: the client has no name"""
    c.zone.pop(reverse(c.client), None)
    says(c, "ptr", c.rng.choice(("-all", own(c))))


@kind("spf")
def ptr_many(c):
    """ptr: nine to twelve names, of which the last is within"""
    n = c.rng.randint(9, 12)
    names = [host(c, f"p{i}.elsewhere.example") for i in range(n - 1)]
    c.publish(reverse(c.client), PTR=[*names, host(c, f"out.{c.envelope}")])
    says(c, "ptr", "-all")


@kind("spf")
def term_unanswered(c):
    """what a term asks for cannot be had; one that matches stands behind"""
    c.zone[f"down.{c.envelope}"] = failing(c)
    says(c, c.rng.choice(("a:", "mx:", "exists:", "include:")) + f"down.{c.envelope}", own(c), "-all")


@kind("spf")
def term_unanswered_unneeded(c):
    """what a term behind the one that matches asks for cannot be had"""
    c.zone[f"down.{c.envelope}"] = failing(c)
    says(c, own(c), f"a:down.{c.envelope}", "-all")


@kind("spf")
def macros(c):
    """macros of each letter, with transformers"""
    local, _, domain = c.mail_from.partition("@")
    labels = domain.split(".")
    text, name = c.rng.choice((
        ("%{s}", f"{local}@{domain}"), ("%{o}", domain), ("%{d2}", ".".join(labels[-2:])),
        ("%{d1r}", labels[0]), ("%{dr}", ".".join(reversed(labels))), ("%{h}", c.helo),
        ("%{L}", local), ("%{l1r-}.x", local + ".x"), ("%{d9}", domain), ("a%%b", "a%b"),
        ("%{O1}", labels[-1]), ("%{v}", "ip6" if c.six else "in-addr"), ("%{o1r+}", domain),
        ("%{i}", reverse(c.client).rsplit(".", 2)[0] if not c.six else "x")))
    if text == "%{i}":
        name = ".".join(c.client.split(".")) if not c.six else ".".join(
            reversed(reverse(c.client).rsplit(".", 2)[0].split(".")))
    c.publish(f"{name}.m.example.com".lower(), A=["127.0.0.2"])
    says(c, f"exists:{text}.m.example.com", "-all")


@kind("spf")
def macro_p(c):
    """%{p}: the validated name of the client, or unknown"""
    c.zone.pop(reverse(c.client), None)
    name = "unknown"
    if c.rng.random() < .6:
        name = host(c, c.rng.choice((f"out.{c.envelope}", "out.elsewhere.example", c.envelope)))
        c.publish(reverse(c.client), PTR=[name])
    c.publish(f"{name}.p.example.com", A=["127.0.0.2"])
    says(c, "exists:%{p}.p.example.com", "-all")


@kind("spf")
def exists_family(c):
    """exists: asks for A, whatever the client's family"""
    c.publish(f"e.{c.envelope}", **{c.rng.choice(("A", "AAAA")): ["127.0.0.2"]})
    if "AAAA" in c.zone[f"e.{c.envelope}"]:
        c.zone[f"e.{c.envelope}"] = {"AAAA": ["::2"]}
    says(c, f"exists:e.{c.envelope}", "-all")


@kind("spf")
def explanation(c):
    """exp= of a fail: what it says never changes the result"""
    c.publish("e.example.com", TXT=[c.rng.choice(("See %{i}", "%{z}", "100% sure", "no%"))])
    says(c, c.rng.choice((own(c), "-all")), "exp=e.example.com")


@kind("spf")
def null_sender(c):
    """no sender: HELO counts"""
    c.publish(c.helo, TXT=[c.rng.choice((f"v=spf1 {own(c)} -all", "v=spf1 -all", "none"))])
    c.mail_from = ""


@kind("spf")
def helo_odd(c):
    """HELO is no domain name"""
    c.helo = c.rng.choice(("[192.0.2.1]", "localhost", "a..b.example.com", "mail",
                           "x" * 64 + ".example.com"))


@kind("spf")
def local_part(c):
    """a local part with dots, plus and quotes in a macro"""
    local = c.rng.choice(("a.b", "a+b", "a-b", "a_b", "a.b.c"))
    c.mail_from = f"{local}@{c.envelope}"
    c.publish(f"{local}.l.example.com", A=["127.0.0.2"])
    says(c, "exists:%{l}.l.example.com", "-all")


@kind("spf")
def sender_case(c):
    """the sender in another case"""
    domain = c.envelope
    c.mail_from = c.rng.choice((f"Ann@{domain.upper()}", f"ANN@{domain.title()}"))
    c.publish(domain, TXT=[f"v=spf1 {own(c)} -all"])


@kind("spf")
def spf_unaligned(c):
    """SPF passes for somebody else; DKIM is aligned"""
    c.mail_from = f"bounce@{ELSEWHERE}"
    says(c, own(c), "-all")


@kind("spf")
def grown(c):
    """a record grown at random of terms that are in order"""
    kinds = ("ip4:203.0.113.{}", "?a:g{}.example.com", "ip6:2001:db8:9::{}", "~ip4:198.51.100.{}/29",
             "mx:g{}.example.com", "exists:g{}.%{{d}}", "-ip4:203.0.113.{}", "include:i{}.example.com")
    terms = [c.rng.choice(kinds).format(i) for i in range(c.rng.randint(0, 7))]
    for i in range(7):
        c.publish(host(c, f"g{i}.example.com", stranger(c)), MX=[[1, f"g{i}.example.com"]])
        c.publish(f"i{i}.example.com", TXT=["v=spf1 " + c.rng.choice(("-all", "?all", own(c)))])
    terms.insert(c.rng.randint(0, len(terms)), c.rng.choice("+?") + own(c))
    says(c, *terms, c.rng.choice(("-all", "?all", "")))
