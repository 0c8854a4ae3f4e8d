# SPDX-License-Identifier: BSD-2-Clause
"""Writes DKIM messages that are right, wrong, or right and still not to be
believed, and the DNS they need.  A signer of our own: the libraries refuse to
write most of them."""
import base64
import hashlib
import re
import subprocess
import tempfile
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

CLOCK = "2026-01-01T00:00:00Z"
NOW = 1767225600  # the same
DOMAIN = "example.com"
HEADER = [("From", " Alice <alice@example.com>"), ("To", " bob@example.net"),
          ("Subject", " probe"), ("Date", " Thu, 01 Jan 2026 00:00:00 +0000")]
BODY = b"Hello world,\r\n\r\nthis is  a probe.\r\n"
HASHES = {"sha256": (hashlib.sha256, hashes.SHA256()), "sha1": (hashlib.sha1, hashes.SHA1())}


def text64(data):
    return base64.b64encode(data).decode()


def relaxed_field(name, value):
    value = re.sub(r"[ \t]+", " ", value.replace("\r\n", "")).strip()
    return f"{name.lower().strip()}:{value}\r\n"


def relaxed_body(body):
    lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    body = b"\r\n".join(lines)
    while body.endswith(b"\r\n\r\n"):
        body = body[:-2]
    return b"" if body == b"\r\n" else body


class LongKey:
    """8192 bits of several primes, made by openssl in a second and not in a
    minute; other libraries would not load it."""
    def __init__(self):
        self.pem = subprocess.run(
            ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:8192",
             "-pkeyopt", "rsa_keygen_primes:5"], capture_output=True, check=True).stdout

    def _run(self, args, data):
        with tempfile.NamedTemporaryFile() as pem:
            pem.write(self.pem)
            pem.flush()
            return subprocess.run([a if a != "KEY" else pem.name for a in args], input=data,
                                  capture_output=True, check=True).stdout

    def sign(self, data, algorithm):
        return self._run(["openssl", "dgst", f"-{algorithm}", "-sign", "KEY"], data)

    def public(self):
        return self._run(["openssl", "pkey", "-in", "KEY", "-pubout", "-outform", "DER"], b"")


class RsaKey:
    def __init__(self, bits):
        self.key = rsa.generate_private_key(65537, bits)

    def sign(self, data, algorithm):
        return self.key.sign(data, padding.PKCS1v15(), HASHES[algorithm][1])

    def public(self, form=serialization.PublicFormat.SubjectPublicKeyInfo):
        return self.key.public_key().public_bytes(serialization.Encoding.DER, form)

    def pkcs1(self):
        return self.public(serialization.PublicFormat.PKCS1)


class EdKey:
    def __init__(self):
        self.key = ed25519.Ed25519PrivateKey.generate()

    def sign(self, data, algorithm):
        return self.key.sign(HASHES[algorithm][0](data).digest())

    def public(self):
        return self.key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)

    def raw(self):
        return self.public()[-32:]


@dataclass
class Recipe:
    """How one DKIM-Signature is made; the defaults make a good one."""
    key: object
    header: list = field(default_factory=lambda: HEADER)
    body: bytes = BODY
    hash: str = "sha256"
    tags: dict = field(default_factory=dict)  # over the defaults
    without: tuple = ()  # tags left out
    names: str = "From:To:Subject:Date"
    length: int = None  # l=
    change: object = None  # of the text before it is signed
    fold: bool = False  # within bh=
    tail: str = ""  # behind b=


def default_tags(recipe):
    kind = "ed25519" if isinstance(recipe.key, EdKey) else "rsa"
    body = relaxed_body(recipe.body)
    if recipe.length is not None:
        body = body[:recipe.length]
    digest = text64(HASHES[recipe.hash][0](body).digest())
    if recipe.fold:
        digest = digest[:10] + "\r\n\t" + digest[10:]
    tags = {"v": "1", "a": f"{kind}-{recipe.hash}", "c": "relaxed/relaxed", "d": DOMAIN,
            "s": "k", "t": str(NOW - 60), "h": recipe.names, "bh": digest}
    if recipe.length is not None:
        tags["l"] = str(recipe.length)
    return tags


def signed_data(recipe, names, text):
    pool = {}
    for name, value in recipe.header:
        pool.setdefault(name.lower().strip(), []).append(value)
    out = ""
    for name in re.sub(r"\s", "", names).split(":"):
        values = pool.get(name.lower())
        if values:
            out += relaxed_field(name, values.pop())
    return (out + relaxed_field("DKIM-Signature", text)[:-2]).encode()


def sign(key, **changes):
    """The value of a DKIM-Signature field."""
    recipe = Recipe(key, **changes)
    tags = {**default_tags(recipe), **recipe.tags}
    for name in recipe.without:
        del tags[name]
    text = " " + "; ".join(f"{k}={v}" for k, v in tags.items()) + "; b="
    if recipe.change:
        text = recipe.change(text)
    data = signed_data(recipe, tags.get("h", ""), text + recipe.tail)
    signature = text64(key.sign(data, recipe.hash))
    return text + "\r\n\t".join(re.findall(".{1,72}", signature)) + recipe.tail


def message(signatures, header=None, body=BODY):
    out = "".join(f"DKIM-Signature:{s}\r\n" for s in signatures)
    out += "".join(f"{n}:{v}\r\n" for n, v in (HEADER if header is None else header))
    return out.encode() + b"\r\n" + body
