# SPDX-License-Identifier: BSD-2-Clause
"""Seals a message as a forwarder does (RFC 8617)."""
import hashlib
import re
from dataclasses import dataclass

from dkim_messages import NOW, EdKey, relaxed_body, relaxed_field, text64

NAMES = "From:To:Subject:Date:Message-ID:Reply-To:Content-Type:MIME-Version"


@dataclass
class Sealer:
    """One host that adds a set; the defaults make a good one."""
    key: object
    domain: str
    results: str  # behind the instance
    names: str = NAMES
    message: tuple = ()  # (name, value) tags over those of the message signature
    cv: str = None
    message_domain: str = None
    selector: str = "a"


def signed(key, data):
    return "\r\n\t".join(re.findall(".{1,72}", text64(key.sign(data.encode("utf-8"), "sha256"))))


def message_signature(sealer, number, header, body):
    kind = "ed25519" if isinstance(sealer.key, EdKey) else "rsa"
    tags = {"i": str(number), "a": f"{kind}-sha256", "c": "relaxed/relaxed",
            "d": sealer.message_domain or sealer.domain, "s": sealer.selector, "t": str(NOW - 60),
            "h": sealer.names, "bh": text64(hashlib.sha256(relaxed_body(body)).digest()),
            **dict(sealer.message)}
    text = " " + "; ".join(f"{k}={v}" for k, v in tags.items()) + "; b="
    pool = {}
    for name, value in header:
        pool.setdefault(name.lower(), []).append(value)
    data = ""
    for name in tags["h"].split(":"):
        if pool.get(name.lower()):
            data += relaxed_field(name, pool[name.lower()].pop())
    return text + signed(sealer.key, data + relaxed_field("ARC-Message-Signature", text)[:-2])


def seal(sealer, header, body):
    """The header with one set more, in front."""
    def of(name):
        return [v for n, v in header if n == name][::-1]

    number = len(of("ARC-Seal")) + 1
    results = f" i={number}; {sealer.results}"
    message = message_signature(sealer, number, header, body)
    cv = sealer.cv or ("none" if number == 1 else "pass")
    kind = "ed25519" if isinstance(sealer.key, EdKey) else "rsa"
    text = (f" i={number}; a={kind}-sha256; t={NOW - 60}; cv={cv}; d={sealer.domain}; "
            f"s={sealer.selector}; b=")
    data = ""
    for a, m, s in zip(of("ARC-Authentication-Results") + [results],
                       of("ARC-Message-Signature") + [message], of("ARC-Seal") + [text]):
        data += relaxed_field("ARC-Authentication-Results", a)
        data += relaxed_field("ARC-Message-Signature", m) + relaxed_field("ARC-Seal", s)
    return [("ARC-Seal", text + signed(sealer.key, data[:-2])), ("ARC-Message-Signature", message),
            ("ARC-Authentication-Results", results), *header]
