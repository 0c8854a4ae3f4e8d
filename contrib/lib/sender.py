# SPDX-License-Identifier: BSD-2-Clause
"""A mail domain that sends: its DNS records, its DKIM keys, its mail, and the
SMTP dialogue in which a mail is offered."""
import base64
import email.utils
import smtplib
import ssl
import uuid

import dkim
from cryptography.hazmat.primitives import serialization

import certs

# Clients of a demonstration are on loopback, so that is where these domains
# say they send from.
SPF = "v=spf1 ip4:127.0.0.0/8 -all"
SIGNED = [b"from", b"to", b"subject", b"date", b"message-id", b"mime-version", b"content-type"]
SMTP_TIMEOUT_S = 60


def key_record(key, kind):
    if kind == "ed25519":
        raw = key.public_key().public_bytes(serialization.Encoding.Raw,
                                            serialization.PublicFormat.Raw)
    else:
        raw = certs.public_der(key)
    return f"v=DKIM1; k={kind}; p={base64.b64encode(raw).decode()}"


class Domain:
    """One sending domain with a DKIM key."""

    def __init__(self, name, kind="rsa", selector="s1"):
        self.name, self.kind, self.selector = name, kind, selector
        self.key = certs.new_key(kind)

    def zone(self, spf=SPF, dmarc="v=DMARC1; p=reject"):
        """What it publishes."""
        records = {
            self.name: {"TXT": [spf] if spf else [], "A": ["127.0.0.1"], "MX": [[10, f"mx.{self.name}"]]},
            f"mx.{self.name}": {"A": ["127.0.0.1"], "TXT": [spf] if spf else []},
            f"{self.selector}._domainkey.{self.name}": {"TXT": [key_record(self.key, self.kind)]},
        }
        if dmarc:
            records[f"_dmarc.{self.name}"] = {"TXT": [dmarc]}
        return records

    def sign(self, message, **options):
        """The message with a signature of this domain in front."""
        if self.kind == "ed25519":
            key = base64.b64encode(self.key.private_bytes(
                serialization.Encoding.Raw, serialization.PrivateFormat.Raw,
                serialization.NoEncryption()))
            options.setdefault("signature_algorithm", b"ed25519-sha256")
        else:
            key = certs.private_pem(self.key, traditional=True)
        options.setdefault("include_headers", SIGNED)
        return dkim.sign(message, self.selector.encode(), self.name.encode(), key,
                         canonicalize=(b"relaxed", b"relaxed"), **options) + message


def compose(sender, recipient, subject, body="", fields=()):
    """A text mail with CRLF line ends; fields are extra (name, value)."""
    lines = [f"From: {sender}", f"To: {recipient}", f"Subject: {subject}",
             f"Date: {email.utils.formatdate()}",
             f"Message-ID: <{uuid.uuid4()}@{email.utils.parseaddr(sender)[1].partition('@')[2]}>",
             "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8",
             *(f"{name}: {value}" for name, value in fields), "", *body.split("\n"), ""]
    return "\r\n".join(lines).encode()


class Answer:
    """What the server said last: code, enhanced code, the text after it."""

    def __init__(self, code, text):
        self.code = code
        self.text = text.decode(errors="replace") if isinstance(text, bytes) else text
        words = self.text.split()
        has_enhanced = bool(words) and words[0].count(".") == 2
        self.enhanced = words[0] if has_enhanced else ""
        rest = words[1:] if has_enhanced else words
        self.event = next((w for w in rest if w.startswith("evt_")), "")
        self.reason = ""
        if rest and rest[0].endswith(":") and "." in rest[0]:
            self.reason = rest[0][:-1]

    def __str__(self):
        return f"{self.code} {' / '.join(self.text.splitlines())}"


class Client:
    """Who offers mail: from which address, under which name, to which port."""

    def __init__(self, port, helo, authority=None, source="127.0.0.1", host="127.0.0.1"):
        self.port, self.helo, self.source, self.host = port, helo, source, host
        self._tls = ssl.create_default_context(cafile=str(authority) if authority else None)
        self._tls.check_hostname = False  # by address; the authority is enough here
        if authority is None:
            self._tls.verify_mode = ssl.CERT_NONE

    def connect(self, starttls=True):
        """A session ready for MAIL.  Close it."""
        smtp = smtplib.SMTP(self.host, self.port, local_hostname=self.helo,
                            timeout=SMTP_TIMEOUT_S, source_address=(self.source, 0))
        try:
            smtp.ehlo()
            if starttls:
                smtp.starttls(context=self._tls)
                smtp.ehlo()
        except (OSError, smtplib.SMTPException):
            smtp.close()
            raise
        return smtp

    @staticmethod
    def offer(smtp, mail_from, recipient, message, *parameters):
        """One transaction in an open session; the deciding Answer."""
        answer = Answer(*smtp.mail(mail_from, [f"SIZE={len(message)}", *parameters]))
        if answer.code != 250:
            return answer
        answer = Answer(*smtp.rcpt(recipient))
        if answer.code != 250:
            smtp.rset()
            return answer
        try:
            return Answer(*smtp.data(message))
        except smtplib.SMTPDataError as error:
            return Answer(error.smtp_code, error.smtp_error)

    def send(self, mail_from, recipient, message, starttls=True):
        """One session, one mail, QUIT."""
        smtp = self.connect(starttls)
        try:
            answer = self.offer(smtp, mail_from, recipient, message)
            smtp.quit()
            return answer
        finally:
            smtp.close()
