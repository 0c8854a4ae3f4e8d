# SPDX-License-Identifier: BSD-2-Clause
"""DKIM-Signature fields in every form the RFC allows, and some that it does
not; keys that are the same in every run."""
import random
import re
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from dkim_messages import HASHES, relaxed_body, relaxed_field, text64

NOW = 1767225600  # 2026-01-01T00:00:00Z
CLOCK = "2026-01-01T00:00:00Z"
SMALL_PRIMES = [n for n in range(3, 2000, 2) if all(n % d for d in range(3, int(n ** .5) + 1, 2))]


def prime(rng, bits):
    """A number of so many bits that is a prime, as far as anybody will see."""
    while True:
        n = rng.getrandbits(bits) | 3 << (bits - 2) | 1
        if n % 65537 != 1 and all(n % p for p in SMALL_PRIMES) and pow(2, n - 1, n) == 1 \
                and pow(3, n - 1, n) == 1:
            return n


class Rsa:
    kind = "rsa"

    def __init__(self, bits):
        rng = random.Random(bits)
        p, q = prime(rng, bits // 2), prime(rng, bits // 2)
        d = pow(65537, -1, (p - 1) * (q - 1))
        public = rsa.RSAPublicNumbers(65537, p * q)
        self.key = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p),
                                         public).private_key()
        self.text = text64(self._public(serialization.PublicFormat.SubjectPublicKeyInfo))
        self.pkcs1 = text64(self._public(serialization.PublicFormat.PKCS1))

    def _public(self, form):
        return self.key.public_key().public_bytes(serialization.Encoding.DER, form)

    def sign(self, data, algorithm):
        return self.key.sign(data, padding.PKCS1v15(), HASHES[algorithm][1])


class Ed:
    kind = "ed25519"

    def __init__(self, seed=b"\x07" * 32):
        self.key = ed25519.Ed25519PrivateKey.from_private_bytes(seed)
        self.text = text64(self.key.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw))

    def sign(self, data, algorithm):
        return self.key.sign(HASHES[algorithm][0](data).digest())


KEYS = {}


def keys():
    """Made once, before the processes that share them part."""
    if not KEYS:
        KEYS.update(k1=Rsa(1024), k2=Rsa(2048), k0=Rsa(768), e=Ed())
    return KEYS


def simple_body(body):
    body = body if body.endswith(b"\r\n") or not body else body + b"\r\n"
    while body.endswith(b"\r\n\r\n"):
        body = body[:-2]
    return body or b"\r\n"


def canonical_body(form, body):
    if form == "simple":
        return simple_body(body)
    return relaxed_body(body if body.endswith(b"\r\n") or not body else body + b"\r\n")


def canonical_field(form, name, value):
    return relaxed_field(name, value) if form == "relaxed" else f"{name}:{value}\r\n"


@dataclass
class Signature:
    """How one field is made; the defaults make a good one."""
    key: str
    domain: str
    names: list
    forms: tuple = ("relaxed", "relaxed")
    hash: str = "sha256"
    tags: dict = field(default_factory=dict)  # over the usual; None: left out
    selector: str = None
    length: int = None
    glue: str = "; "
    colon: str = ":"
    first: bool = False  # b= and bh= stand in front
    before: object = None  # of the text with an empty b=, before it is signed
    behind: object = None  # of the whole value, afterwards
    fold: str = "\r\n\t"  # within b=

    def _tags(self, body):
        body = canonical_body(self.forms[1], body)[:self.length]
        out = {"v": "1", "a": f"{keys()[self.key].kind}-{self.hash}", "c": "/".join(self.forms),
               "d": self.domain, "s": self.selector or self.key, "t": str(NOW - 60),
               "h": self.colon.join(self.names),
               "bh": text64(HASHES[self.hash][0](body).digest()), **self.tags}
        if self.length is not None:
            out.setdefault("l", str(self.length))
        return {k: v for k, v in out.items() if v is not None}

    def value(self, fields, body):
        tags = self._tags(body)
        parts = [f"{k}={v}" for k, v in tags.items()]
        parts.insert(1 if self.first else len(parts), "b=")
        text = " " + self.glue.join(parts)
        if self.before:
            text = self.before(text)
        pool = {}
        for name, value in fields:
            pool.setdefault(name.lower(), []).append((name, value))
        data = ""
        for name in self.names:
            if pool.get(name.lower()):
                data += canonical_field(self.forms[0], *pool[name.lower()].pop())
        # What surrounds the value of b= goes with it (RFC 6376 3.7).
        empty = re.sub(r"(?<=[; \t\n])b=\s+(?=;|$)", "b=", text)
        data += canonical_field(self.forms[0], "DKIM-Signature", empty)[:-2]
        made = text64(keys()[self.key].sign(data.encode("utf-8"), self.hash))
        at = re.search(r"(?<=[; \t\n])b=", text).end()
        text = text[:at] + self.fold.join(re.findall(".{1,70}", made)) + text[at:]
        return self.behind(text) if self.behind else text
