# SPDX-License-Identifier: BSD-2-Clause
"""Who attacks and who is attacked: domains with keys, an exact writer of mail
and an exact dialogue, neither of which mends anything on the way."""
import base64
import hashlib
import re

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from sender import Answer

RECIPIENT = "task.linear@mailtri.example"
SIGNED = (b"from", b"to", b"subject", b"date", b"message-id", b"mime-version", b"content-type",
          b"reply-to")


def domain_zone(name, key, address, selector="k", dmarc="v=DMARC1; p=reject"):
    """What a careful domain publishes: one address may send, one key signs."""
    spf = f"v=spf1 ip4:{address} -all"
    return {name: {"TXT": [spf], "MX": [[10, f"mx.{name}"]]}, f"mx.{name}": {"TXT": [spf]},
            f"{selector}._domainkey.{name}": {"TXT": [f"v=DKIM1; k=ed25519; p={public(key)}"]},
            f"_dmarc.{name}": {"TXT": [dmarc]}}


def new_key():
    return ed25519.Ed25519PrivateKey.generate()


def public(key):
    return base64.b64encode(key.public_key().public_bytes(
        serialization.Encoding.Raw, serialization.PublicFormat.Raw)).decode()


def relaxed(field):
    name, _, value = field.partition(b":")
    value = re.sub(rb"[ \t]+", b" ", value.replace(b"\r\n", b"")).strip(b" \t")
    return name.strip(b" \t").lower() + b":" + value


def relaxed_body(body):
    lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    body = b"\r\n".join(lines).rstrip(b"\r\n")
    return body + b"\r\n" if body else b""


def signature(key, domain, header, body, **tags):
    """A DKIM-Signature field over these raw fields; tags replace ours, None
    leaves one out, length signs so many bytes only."""
    names = tags.pop("h", None)
    names = SIGNED if names is None else names
    length = tags.pop("length", None)
    canonical = relaxed_body(body)[:length]
    present = [n for n in names if any(relaxed(f).startswith(n + b":") for f in header)]
    chosen = tags.pop("names", None) or present
    parts = {"v": b"1", "a": b"ed25519-sha256", "c": b"relaxed/relaxed", "d": domain.encode(),
             "s": b"k", "h": b":".join(chosen),
             "bh": base64.b64encode(hashlib.sha256(canonical).digest())}
    if length is not None:
        parts["l"] = str(length).encode()
    parts |= {name: value for name, value in tags.items() if value is not None}
    text = b"DKIM-Signature: " + b"; ".join(
        name.encode() + b"=" + value for name, value in parts.items()
        if tags.get(name, b"") is not None) + b"; b="
    pool, data = list(header), b""
    for name in parts["h"].split(b":"):
        for at in range(len(pool) - 1, -1, -1):
            if relaxed(pool[at]).startswith(name.strip().lower() + b":"):
                data += relaxed(pool.pop(at)) + b"\r\n"
                break
    digest = hashlib.sha256(data + relaxed(text)).digest()
    return text + base64.b64encode(key.sign(digest))


class Party:
    """A domain that sends from one address."""

    def __init__(self, name, source):
        self.name, self.source, self.key = name, source, new_key()

    def zone(self):
        return domain_zone(self.name, self.key, self.source)

    def sign(self, header, body, **tags):
        return [signature(self.key, self.name, header, body, **tags), *header]


def offer(client, mail_from, header, body, helo=None, parameters=b""):
    """The dialogue, byte for byte; the Answer that decided."""
    if helo is not None:
        client.helo = helo
    smtp = client.connect()
    try:
        for line in (b"MAIL FROM:<" + mail_from + b">" + parameters,
                     b"RCPT TO:<" + RECIPIENT.encode() + b">"):
            smtp.send(line + b"\r\n")
            answer = Answer(*smtp.getreply())
            if answer.code != 250:
                return answer
        smtp.send(b"DATA\r\n")
        answer = Answer(*smtp.getreply())
        if answer.code != 354:
            return answer
        data = b"\r\n".join(header) + b"\r\n\r\n" + body
        smtp.send(re.sub(rb"(?m)^\.", b"..", data) + (b"" if data.endswith(b"\r\n") else b"\r\n")
                  + b".\r\n")
        return Answer(*smtp.getreply())
    finally:
        smtp.close()
