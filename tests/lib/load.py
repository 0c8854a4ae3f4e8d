# SPDX-License-Identifier: BSD-2-Clause
"""Senders that offer one mail after the other, each until it is answered for
good, and what they were told.  Plain SMTP, pipelined: cheap enough that the
load does not eat the machine it is to load."""
import base64
import hashlib
import socket
import struct
import threading

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from sender import SMTP_TIMEOUT_S, Answer
from world import ADDRESS

PROGRESS_S = 120
SIGNED = ("from", "to", "subject", "date", "message-id")


def small_mail(domain, title, to=ADDRESS):
    """A short mail, signed: about 1 KiB."""
    body = f"{title}\r\n"
    fields = [("From", f"ann@{domain.name}"), ("To", to), ("Subject", title),
              ("Date", "Mon, 05 Jan 2026 10:00:00 +0000"),
              ("Message-ID", f"<{title.replace(' ', '.')}@{domain.name}>")]
    digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
    value = (f"v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain.name}; s={domain.selector}; "
             f"h={':'.join(SIGNED)}; bh={digest}; b=")
    signed = "".join(f"{n.lower()}:{v}\r\n" for n, v in fields) + f"dkim-signature:{value}"
    raw = domain.key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    fields.insert(0, ("DKIM-Signature", value + base64.b64encode(raw).decode()))
    return ("".join(f"{n}: {v}\r\n" for n, v in fields) + "\r\n" + body).encode()


class Wire:
    """One session without TLS; OSError is all that can go wrong."""

    def __init__(self, port, helo):
        self._socket = socket.create_connection(("127.0.0.1", port), SMTP_TIMEOUT_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._in = self._socket.makefile("rb")
        try:
            self.read()
            self._socket.sendall(f"EHLO {helo}\r\n".encode())
            self.read()
        except OSError:
            self.close()
            raise

    def read(self):
        """(code, text) of one reply, however many lines it has."""
        lines = []
        while True:
            line = self._in.readline()
            if not line.endswith(b"\n"):
                raise ConnectionResetError("the session ended within a reply")
            lines.append(line[4:].strip())
            if line[3:4] != b"-":
                return int(line[:3]), b"\n".join(lines)

    def offer(self, mail_from, recipient, message):
        """The deciding Answer."""
        self._socket.sendall(f"MAIL FROM:<{mail_from}>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n".encode())
        answers = [Answer(*self.read()) for _ in range(3)]
        refused = next((a for a in answers[:2] if a.code != 250), None)
        if answers[2].code == 354:
            self._socket.sendall(message + b".\r\n")
            answers.append(Answer(*self.read()))
        return refused or answers[-1]

    def send(self, data):
        self._socket.sendall(data)

    def close(self, abruptly=False):
        """Abruptly: the other side sees a reset."""
        if abruptly:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._in.close()
        self._socket.close()


class Sender(threading.Thread):
    def __init__(self, load, number):
        super().__init__(daemon=True)
        self.load, self.number, self.wire = load, number, None

    def run(self):
        count = 0
        while not self.load.ended.is_set():
            title = f"{self.load.name} {self.number}.{count}"
            message = small_mail(self.load.domain, title)
            while not self._offer(title, message):
                if self.load.ended.is_set():
                    return
            count += 1
            self.load.ended.wait(self.load.pause_s)
        self._hang_up()

    def _hang_up(self):
        if self.wire is not None:
            self.wire.close()
            self.wire = None

    def _offer(self, title, message):
        self.load.open.wait()  # as long as nobody listens
        cuts = self.load.cuts
        try:
            if self.wire is None:
                self.wire = Wire(self.load.port, f"mx.{self.load.domain.name}")
            answer = self.wire.offer(f"ann@{self.load.domain.name}", ADDRESS, message)
        except OSError:
            self._hang_up()
            self.load.ended.wait(0.01)  # nobody listens for a moment
            return False
        if answer.code == 250 and self.load.cuts != cuts:
            self.load.unheard.add(title)
        elif answer.code == 250:
            self.load.acknowledge(title, answer.event)
        elif answer.code >= 500:
            self.load.refuse(title, answer)
        else:
            self._hang_up()
            self.load.ended.wait(0.01)
            return False
        return True


class Load:
    """The senders, and what they were told.  Clear `open' while nobody
    listens.  A sender pauses between two mails where more mails would not
    show more.

    Count `cuts' up before the power goes.  What is acknowledged across that
    moment is `unheard': a machine without power says nothing, but this one
    goes on, and an fdatasync() of ext4 that was under way when its journal was
    aborted can return 0."""

    def __init__(self, name, domain, port, senders, pause_s=0):
        self.name, self.domain, self.port, self.pause_s = name, domain, port, pause_s
        self.ended, self.open = threading.Event(), threading.Event()
        self.acknowledged, self.refused = {}, []  # {title: event}, [(title, answer)]
        self.cuts, self.unheard = 0, set()
        self._news = threading.Condition()
        self.open.set()
        self._senders = [Sender(self, n) for n in range(senders)]
        for one in self._senders:
            one.start()

    def acknowledge(self, title, event):
        with self._news:
            self.acknowledged[title] = event
            self._news.notify_all()

    def refuse(self, title, answer):
        with self._news:
            self.refused.append((title, str(answer)))
            self._news.notify_all()

    def wait_progress(self, count, tail=lambda: ""):
        """Until so many more mails were acknowledged."""
        self.wait_total(len(self.acknowledged) + count, tail)

    def wait_total(self, count, tail=lambda: ""):
        with self._news:
            while len(self.acknowledged) < count:
                assert self._news.wait(PROGRESS_S), \
                    f"no mail was accepted for {PROGRESS_S} s\n" + tail()

    def end(self):
        self.ended.set()
        self.open.set()
        for one in self._senders:
            one.join(PROGRESS_S)
