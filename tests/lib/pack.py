# SPDX-License-Identifier: BSD-2-Clause
"""What the processes say to each other, from Python: packing (core/base/buf.h),
frames (core/base/frame.h), settings and secrets (core/conf/settings.h)."""
import fcntl
import os
import socket
import struct

HEADER = struct.Struct("<II")
FRAME_MAX = 180 * 1024
INLINE_MAX = 60 * 1024
FDS_MAX = 4
SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE

# core/base/proto.h
READY, RCPT, MESSAGE, END, SEEN, EARLY, REPLY, INTAKE = 10, 20, 21, 22, 23, 24, 30, 31
PARSE, APPLY, VIEW, EDITED, DIAL, DIALLED = 40, 41, 42, 43, 72, 73
ASK, ANSWER, FORGET = 80, 81, 82
TLS_REQUIRED, TLS_OFFERED, TLS_NONE = 0, 1, 2
SMTP, LMTP = 0, 1


def u8(n):
    return struct.pack("<B", n)


def u16(n):
    return struct.pack("<H", n)


def u32(n):
    return struct.pack("<I", n)


def u64(n):
    return struct.pack("<Q", n)


def i64(n):
    return struct.pack("<q", n)


def span(data):
    """A u32 length and the bytes; text as UTF-8."""
    data = data.encode() if isinstance(data, str) else data
    return u32(len(data)) + data


def text(value):
    """A string that may be unset (core/conf/pack.h)."""
    return u8(0) if value is None else u8(1) + span(value)


def strings(values):
    return u8(0) if values is None else u8(1) + u32(len(values)) + b"".join(map(text, values))


class Unpack:
    """Reads what was packed; struct.error where it is too short."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def _take(self, form):
        form = struct.Struct(form)
        value, = form.unpack_from(self.data, self.at)
        self.at += form.size
        return value

    def u8(self):
        return self._take("<B")

    def u16(self):
        return self._take("<H")

    def u32(self):
        return self._take("<I")

    def u64(self):
        return self._take("<Q")

    def span(self):
        return self._take(f"{self.u32()}s")

    def done(self):
        return self.at == len(self.data)


def memfd(data):
    """Sealed: the reader takes nothing that can still change."""
    fd = os.memfd_create("mailtri", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with open(fd, "wb", closefd=False) as file:
        file.write(data)
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, SEALS | fcntl.F_SEAL_SEAL)
    return fd


class Frame:
    """One packet: type, id, packed body, descriptors."""

    def __init__(self, kind, ident, body, fds=()):
        self.kind, self.ident, self.body, self.fds = kind, ident, body, list(fds)
        self.rode = False  # a SEEN that came with a MESSAGE

    def split(self):
        """A MESSAGE as two: the SEEN that rode with it, where one did, and itself."""
        if self.kind != MESSAGE:
            return [self]
        u = Unpack(self.body)
        if u.u8() == 0:
            u.span()
        else:
            u.u64()
        if u.done():
            return [self]
        seen = Frame(SEEN, 0, self.body[u.at:])
        seen.rode, self.body = True, self.body[:u.at]
        return [seen, self]

    def events(self):
        """Of a SEEN."""
        u, found = Unpack(self.body), []
        while not u.done():
            found.append(u.span().decode())
        return found

    def message(self):
        """The bytes of a `bytes' payload that is the whole body."""
        u = Unpack(self.body)
        if u.u8() == 0:
            data = u.span()
        else:
            size = u.u64()
            with open(self.fds.pop(0), "rb") as file:
                assert fcntl.fcntl(file, fcntl.F_GET_SEALS) & SEALS == SEALS
                data = os.pread(file.fileno(), size + 1, 0)
            assert len(data) == size
        assert u.done()
        return data


def frame_send(sock, kind, ident, body=b"", fds=()):
    socket.send_fds(sock, [HEADER.pack(kind, ident) + body], fds)


def frame_recv(sock):
    """None: the other end is closed."""
    data, fds, _, _ = socket.recv_fds(sock, FRAME_MAX, FDS_MAX)
    if not data:
        return None
    kind, ident = HEADER.unpack_from(data)
    return Frame(kind, ident, data[HEADER.size:], fds)


def envelope(body):
    """core/mail/envelope.h, as a dict."""
    u = Unpack(body)
    out = {name: u.span() for name in ("client", "helo", "sender", "rcpt", "listener", "tls", "upstream")}
    out |= {"flags": u.u32(), "port": u.u16(), "size": u.u64()}
    assert u.done()
    return out


LIMITS = {  # in the order of core/conf/settings.c
    "message_bytes": (u64, 25 << 20), "inflight_bytes": (u64, 256 << 20),
    "disk_reserve_bytes": (u64, 0), "connections": (u32, 1000),
    "connections_per_client": (u32, 1000), "errors_soft": (u32, 10), "errors_hard": (u32, 20),
    "command_s": (u32, 300), "data_s": (u32, 600), "session_s": (u32, 3600),
    "judge_ms": (u32, 60000), "drain_s": (u32, 300), "deliver_age_s": (u32, 432000), "retry_min_s": (u32, 60),
    "retry_max_s": (u32, 3600), "answers_per_sender": (u32, 50), "answers_per_thread": (u32, 20),
    "answer_reply_s": (u32, 2592000),
}


OPT_BOOL, OPT_STRING, OPT_TARGET = 1, 5, 9  # include/mailtri/stage.h


def stage(name, target, private=False, connect=None):
    """A stage that has one TARGET option, with what the host adds to it."""
    options = {"endpoint": (OPT_TARGET, 0, [target]),
               "endpoint_private": (OPT_BOOL, int(private), ["true" if private else "false"]),
               "endpoint_connect": (OPT_STRING, 0, connect and [connect])}
    out = text(name) + text(f"/nowhere/{name}.so") + text(name) + u32(1000) + u32(1) + u32(8) + u8(0)
    out += text(name) + text("1.0") + text("a stage") + u16(1) + u16(0) + u32(2) + u32(4)
    out += u32(len(options))
    for option, (kind, _, _) in options.items():
        out += text(option) + text(None) * 3 + u32(kind) + u32(0) + i64(0) + i64(0)
    out += u32(0) + u32(0) + u32(1) + text(None)
    for option, (_, number, values) in options.items():
        out += text(option) + i64(number) + strings(values)
    return out


def settings(listeners=(), hostname="mx.example", tls_count=0, nameservers=None,
             trust_anchor=None, stages=(), **limits):
    """Without routes.  listeners: (address, tls) or (address, tls, {"protocol": LMTP,
    "xclient": [...], "xforward": [...]}); stages: made by stage()."""
    out = b"".join(map(text, ("/etc/mailtri.conf", hostname, "/nowhere", "/nowhere",
                              "/nowhere", "/nowhere", "/nowhere", None)))
    out += u32(len(listeners))
    for address, tls, *more in listeners:
        more = more[0] if more else {}
        host, _, port = (None, None, 0) if address.startswith("unix:") else address.rpartition(":")
        out += text(address) + text(host) + u16(int(port)) + u8(more.get("protocol", SMTP)) + u8(tls)
        out += text(None) * 3 + strings(more.get("xclient")) + strings(more.get("xforward"))
    out += strings([f"cert{i}.pem" for i in range(tls_count)])
    out += strings([f"key{i}.pem" for i in range(tls_count)])
    out += strings(nameservers) + text(trust_anchor) + text(None)
    assert limits.keys() <= LIMITS.keys()
    for name, (pack, usual) in LIMITS.items():
        out += pack(limits.get(name, usual))
    return out + u32(len(stages)) + u32(0) + b"".join(stages) + u32(0)


def secrets(values):
    return b"".join(span(name) + span(value) for name, value in values.items())
