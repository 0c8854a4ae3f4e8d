# SPDX-License-Identifier: BSD-2-Clause
"""The real `front' program with this process as its engine.

What the front asks is answered by `rcpt' and `message', or kept for the test
where these are None; all frames are kept in the order they came."""
import fcntl
import os
import pathlib
import signal
import socket
import struct
import threading
import time

import pack

BUILD = pathlib.Path(os.environ.get("top_builddir") or pathlib.Path(__file__).parents[2]).resolve()
WAIT_S = 30
HIGH_FD = 200  # above every number the child is to see
ACCEPTED = (250, "2.0.0", "evt_0 accepted", "evt_0")
RCPT_OK = (250, "2.1.5", "ok", "")
PROBE = b"probe@mx.example"
# Offset of tcpi_data_segs_in in struct tcp_info (linux/tcp.h).
DATA_SEGMENTS_IN = 152


def _spawn(argv, fds):
    """Starts argv with descriptors as fds says: {number there: number here}."""
    high = {there: fcntl.fcntl(here, fcntl.F_DUPFD_CLOEXEC, HIGH_FD)
            for there, here in fds.items()}
    actions = [(os.POSIX_SPAWN_DUP2, here, there) for there, here in high.items()]
    try:
        return os.posix_spawn(argv[0], argv, os.environ, file_actions=actions)
    finally:
        for fd in high.values():
            os.close(fd)


def _listen():
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", 0))
    sock.listen(512)
    return sock


class Front:
    """with Front([pack.TLS_NONE], ...) as front: one listener a mode."""

    def __init__(self, modes=(pack.TLS_NONE,), certificates=(), rcpt=RCPT_OK, message=ACCEPTED,
                 **limits):
        self.rcpt, self.message = rcpt, message
        self.frames, self._news = [], threading.Condition()
        listeners = [_listen() for _ in modes]
        self.ports = [s.getsockname()[1] for s in listeners]
        names = [(f"127.0.0.1:{port}", mode) for port, mode in zip(self.ports, modes)]
        self.engine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        pairs = {}
        for i, (certificate, key) in enumerate(certificates):
            pairs |= {f"tls.cert.{i}": certificate, f"tls.key.{i}": key}
        settings = pack.memfd(pack.settings(names, tls_count=len(certificates), **limits))
        secrets = pack.memfd(pack.secrets(pairs))
        fds = {3: theirs.fileno(), 4: settings, 5: secrets}
        fds |= {6 + i: s.fileno() for i, s in enumerate(listeners)}
        self.pid = _spawn([str(BUILD / "front"), "front"], fds)
        self.status = None
        for sock in (theirs, *listeners):
            sock.close()
        os.close(settings)
        os.close(secrets)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.wait(pack.READY)
        self.send(pack.INTAKE, 0, b"\1")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            self.ended()
        self.close_engine()
        self._reader.join(WAIT_S)
        for frame in self.frames:
            for fd in frame.fds:
                os.close(fd)

    def _read(self):
        while True:
            try:
                frame = pack.frame_recv(self.engine)
            except OSError:
                frame = None
            with self._news:
                self.frames += frame.split() if frame else [pack.Frame(None, 0, b"")]
                self._news.notify_all()
            if frame is None:
                return
            answer = {pack.RCPT: self.rcpt, pack.MESSAGE: self.message}.get(frame.kind)
            if answer is not None:
                self.reply(frame.ident, *answer)

    def reply(self, ident, code, enhanced, text, event=""):
        body = pack.u16(code) + pack.span(enhanced) + pack.span(text) + pack.span(event)
        pack.frame_send(self.engine, pack.REPLY, ident, body)

    def send(self, kind, ident, body=b""):
        pack.frame_send(self.engine, kind, ident, body)

    def kinds(self):
        """What came, without READY."""
        with self._news:
            return [f.kind for f in self.frames if f.kind != pack.READY]

    def wait(self, kind, nth=1):
        """The nth frame of a kind."""
        end = time.monotonic() + WAIT_S
        with self._news:
            while True:
                found = [f for f in self.frames if f.kind == kind]
                if len(found) >= nth:
                    return found[nth - 1]
                if self.frames and self.frames[-1].kind is None:
                    raise AssertionError(f"the front ended, no frame {kind}: {self.frames}")
                assert self._news.wait(end - time.monotonic()), f"no frame {kind}"

    def connect(self):
        """A client, as soon as there is a place for one."""
        while True:
            client = Client(self.ports[-1], greet=False)
            if client.code() == 220:
                return client
            client.sock.close()

    def settled(self):
        """What came, once everything done before has reached us: the front is
        one loop, so that it does before what a new session asks, and what was
        seen goes with a message at the latest.  Nothing of the probe is left."""
        def of_probe():
            return {f.ident for f in self.frames if f.kind == pack.RCPT and PROBE in f.body}

        with self.connect() as probe:
            assert probe.talk("EHLO probe.example", "MAIL FROM:<>", f"RCPT TO:<{PROBE.decode()}>",
                              "DATA") == [250, 250, 250, 354]
            probe.send(b"x\r\n.\r\n")
            with self._news:
                assert self._news.wait_for(lambda: any(
                    f.kind == pack.MESSAGE and f.ident in of_probe() for f in self.frames), WAIT_S)
                ident, = of_probe()
                self.frames = [f for f in self.frames if f.ident != ident or f.kind == pack.EARLY]
            if self.message is None:
                self.reply(ident, 450, "4.2.1", "a probe")
            probe.reply()
        return self.kinds()

    def close_engine(self):
        try:
            self.engine.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._reader.join(WAIT_S)
        self.engine.close()

    def ended(self):
        """Waits for its end; the exit status, or minus the signal."""
        if self.status is None:
            _, status = os.waitpid(self.pid, 0)
            self.status = os.waitstatus_to_exitcode(status)
        return self.status

    def early(self, nth=1):
        """(client, reason, text) of the nth refusal before RCPT."""
        u = pack.Unpack(self.wait(pack.EARLY, nth).body)
        out = tuple(u.span().decode() for _ in range(3))
        assert u.done()
        return out


class Client:
    """A client that sends exactly the bytes it is told to."""

    def __init__(self, port, greet=True):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=WAIT_S)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""
        if greet:
            assert self.reply().startswith("220 ")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data.encode() if isinstance(data, str) else data)

    def _line(self):
        while b"\r\n" not in self._rest:
            more = self.sock.recv(65536)
            assert more, f"closed after {self._rest!r}"
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\r\n")
        return line.decode("ascii")

    def reply(self):
        """One reply, its lines joined by newlines."""
        lines = [self._line()]
        while lines[-1][3] == "-":
            lines.append(self._line())
        return "\n".join(lines)

    def code(self):
        return int(self.reply()[:3])

    def talk(self, *commands):
        """One command after the other; the code of each."""
        codes = []
        for command in commands:
            self.send(command + "\r\n")
            codes.append(self.code())
        return codes

    def say(self, command):
        self.send(command + "\r\n")
        return self.reply()

    def all(self):
        """Everything until the end of the connection."""
        while True:
            try:
                more = self.sock.recv(65536)
            except ConnectionResetError:
                more = b""
            if not more:
                return self._rest
            self._rest += more

    def segments(self):
        """Data segments received so far."""
        info = self.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192)
        return struct.unpack_from("=I", info, DATA_SEGMENTS_IN)[0]

    def until_data(self, sender="a@b.example", rcpt="task.linear@mx.example"):
        codes = self.talk("EHLO c.example", f"MAIL FROM:<{sender}>", f"RCPT TO:<{rcpt}>", "DATA")
        assert codes == [250, 250, 250, 354]

    def starttls(self, context):
        assert self.talk("EHLO c.example", "STARTTLS") == [250, 220]
        self.sock = context.wrap_socket(self.sock)
