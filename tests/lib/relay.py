# SPDX-License-Identifier: BSD-2-Clause
"""A relay that takes mail by SMTP in TLS and writes down all it was told, and
that lies and falls silent on demand."""
import base64
import contextlib
import socket
import ssl
import threading

GREETING = b"220 relay.example ESMTP\r\n"
# mode: the reply to a command, in place of the usual one
REPLIES = {
    "no-starttls": {b"STARTTLS": b"454 4.7.0 not now\r\n"},
    "bad-login": {b"AUTH": b"535 5.7.8 no\r\n"},
    "must-login": {b"MAIL": b"530 5.7.0 log in\r\n"},
    "unknown": {b"RCPT": b"550 5.1.1 nobody\r\n"},
    "later": {b"RCPT": b"451 4.7.1 later\r\n"},
    "refuses-data": {b".": b"554 5.6.0 no\r\n"},
    "defers-data": {b".": b"452 4.3.1 full\r\n"},
    "closes-at-end": {b".": b""},
    "closes-at-rcpt": {b"RCPT": b""},
    "long": {b"RCPT": b"550 " + b"x" * 900 + b"\r\n"},
    "endless": {b"RCPT": b"550-x\r\n" * 20000 + b"550 x\r\n"},
}
INJECTED = {"inject": b"250 2.0.0 of somebody in the middle\r\n", "inject-open": b"250 2.0.0"}


class Relay:
    """with Relay(authority) as relay: relay.port, relay.pin; relay.mode is how
    the next conversations go, relay.commands and relay.mails what was heard."""

    def __init__(self, authority, implicit=False, plain=False):
        certificate, key, self.pin = authority.issue("relay.example", "127.0.0.1")
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.implicit, self.plain = implicit, plain
        self.mode, self.commands, self.clear, self.mails = "ok", [], [], []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()

    def forget(self, mode="ok"):
        self.mode = mode
        self.commands, self.clear, self.mails = [], [], []

    def _serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            with peer, contextlib.suppress(OSError):
                self._converse(peer)

    def _extensions(self, secure):
        lines = [b"relay.example", b"SIZE 10485760"]
        if not secure and not self.plain and self.mode != "no-offer":
            lines.append(b"STARTTLS")
        if secure or self.mode == "early-auth":
            lines.append(b"AUTH PLAIN LOGIN" if self.mode != "early-auth" or not secure else b"DSN")
        return b"".join(b"250-" + line + b"\r\n" for line in lines[:-1]) + b"250 " + lines[-1] + b"\r\n"

    def _converse(self, peer, secure=None):
        """Until the client or this mode ends it; by itself again in TLS."""
        if secure is None:
            secure = self.implicit
            if secure:
                peer = self.context.wrap_socket(peer, server_side=True)
            peer.sendall(GREETING)
        stream = peer.makefile("rb")
        for line in stream:
            line = line.rstrip(b"\r\n")
            (self.commands if secure or self.plain else self.clear).append(line)
            verb = line.split(b" ")[0].upper()
            reply = self._reply(verb, secure)
            if verb == b"QUIT" and self.mode == "silent-quit":
                stream.read()  # until the client is gone
                return
            if reply == b"":
                return
            peer.sendall(reply)
            if reply.startswith(b"220"):
                with self.context.wrap_socket(peer, server_side=True) as inner:
                    self._converse(inner, True)
                return
            if reply.startswith(b"354"):
                self._take(stream)
                reply = self._reply(b".", secure)
                if reply == b"":
                    return
                peer.sendall(reply)

    def _reply(self, verb, secure):
        told = REPLIES.get(self.mode, {}).get(verb)
        if told is not None:
            return told
        return {b"EHLO": self._extensions(secure), b"QUIT": b"221 2.0.0 bye\r\n", b"AUTH": b"235 2.7.0 welcome\r\n",
                b"STARTTLS": b"220 go on\r\n" + INJECTED.get(self.mode, b""),
                b"DATA": b"354 go on\r\n"}.get(verb, b"250 2.0.0 fine\r\n")

    def _take(self, stream):
        data = b""
        for line in stream:
            if line == b".\r\n":
                break
            data += line[1:] if line.startswith(b".") else line
        self.mails.append(data)

    def login(self):
        """What the client logged in with: (user, password) or None."""
        for line in self.commands:
            if line.startswith(b"AUTH PLAIN "):
                return tuple(base64.b64decode(line.split()[2]).decode().split("\0")[1:])
        return None
