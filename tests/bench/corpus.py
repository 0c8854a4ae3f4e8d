# SPDX-License-Identifier: BSD-2-Clause
"""Signed mails by the thousand: 4 KiB each, no two alike, from eight domains.

Signing is done here and not by python3-dkim, which takes 10 ms for a mail
where OpenSSL takes half of one; what is written needs no canonicalization
but the names of its fields in lower case."""
import base64
import hashlib
import random

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

import sender

DOMAINS = [f"sender{n}.example" for n in range(8)]
SIZE = 4096
LINE = 72
WORDS = ("order invoice shipment meeting report budget quarter review customer update schedule "
         "please confirm delivery project status request payment account").split()
SIGNED = ("from", "to", "subject", "date", "message-id", "mime-version", "content-type")


def _fields(domain, number, recipient):
    return [("From", f"Sender {number} <user{number}@{domain}>"), ("To", recipient),
            ("Subject", f"Order number {number} of the quarter"),
            ("Date", "Mon, 05 Jan 2026 10:00:00 +0000"),
            ("Message-ID", f"<{number}.{random.getrandbits(64):x}@{domain}>"),
            ("MIME-Version", "1.0"), ("Content-Type", "text/plain; charset=utf-8")]


def _body(size):
    lines, length = [], 0
    while length < size:
        line = " ".join(random.choices(WORDS, k=9))[:LINE].rstrip()
        lines.append(line)
        length += len(line) + 2
    return "\r\n".join(lines) + "\r\n"


def _signature(domain, fields, body):
    """The DKIM-Signature field of RFC 6376, relaxed/relaxed, rsa-sha256."""
    value = (f"v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain.name}; s={domain.selector}; "
             f"h={':'.join(SIGNED)}; "
             f"bh={base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()}; b=")
    signed = "".join(f"{name.lower()}:{text}\r\n" for name, text in fields)
    signed += f"dkim-signature:{value}"
    raw = domain.key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return ("DKIM-Signature", value + base64.b64encode(raw).decode())


def mail(domain, number, recipient, size=SIZE):
    fields = _fields(domain.name, number, recipient)
    head = sum(len(n) + len(v) + 4 for n, v in fields) + 720  # and the signature
    body = _body(size - head)
    fields.insert(0, _signature(domain, fields, body))
    return "".join(f"{n}: {v}\r\n" for n, v in fields) + "\r\n" + body


def forged(domain, recipient):
    """A mail in that domain's name, of which one word was changed after it was signed."""
    return mail(domain, 0, recipient).replace("Order number", "Order numbre", 1).encode()


def write(path, domains, count, recipient, first):
    """A corpus for tests/bench/load; mails are numbered from first."""
    with open(path, "wb") as out:
        for number in range(first, first + count):
            domain = domains[number % len(domains)]
            data = (mail(domain, number, recipient).replace("\r\n.", "\r\n..") + ".\r\n").encode()
            out.write(f"{len(data)} bench@{domain.name}\n".encode() + data)


def zone(domains, network):
    """SPF with one include, DKIM, DMARC: 5 questions a mail."""
    records = {}
    for domain in domains:
        records |= domain.zone(spf=f"v=spf1 include:_spf.{domain.name} -all")
        records[f"_spf.{domain.name}"] = {"TXT": [f"v=spf1 ip4:{network} ~all"]}
    return records


def domains():
    return [sender.Domain(name) for name in DOMAINS]
