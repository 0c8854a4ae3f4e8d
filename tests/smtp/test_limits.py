# SPDX-License-Identifier: BSD-2-Clause
"""Numbers and deadlines: what a client can cost, and for how long."""
import pathlib
import time

import pytest

import pack
import pairs
from fake_engine import BUILD, Client, Front

IDLE = 400
IDLE_BYTES_MAX = 32 * 1024
SANITIZED_TIMES = 16


def drip(client, data, until=b"421 "):
    """One byte after the other until the front ends it: each byte comes well
    within any time for one read, so that only a total deadline can."""
    client.sock.settimeout(0.05)
    heard = b""
    sent = 0
    while until not in heard:
        try:
            heard += client.sock.recv(4096)
        except TimeoutError:
            client.send(data[sent % len(data):][:1])
            sent += 1
    return heard, sent


def test_connections_of_one_client():
    with Front(connections_per_client=3) as front:
        clients = [Client(front.ports[0]) for _ in range(3)]
        with Client(front.ports[0], greet=False) as c:
            assert c.all().startswith(b"421 4.7.0 smtp.full.client: ")
        assert front.early()[:2] == ("127.0.0.1", "smtp.full.client")
        assert clients[0].say("QUIT").startswith("221 ")
        assert clients[0].all() == b""
        clients[0].sock.close()
        with front.connect() as c:  # exactly one place is free again
            with Client(front.ports[0], greet=False) as d:
                assert d.all().startswith(b"421 4.7.0 ")
            assert c.talk("NOOP") == [250]


def test_connections_in_all():
    with Front(connections=2) as front:
        with Client(front.ports[0]), Client(front.ports[0]):
            with Client(front.ports[0], greet=False) as c:
                assert c.all().startswith(b"421 4.3.2 smtp.full: ")
        assert front.early()[1] == "smtp.full"
        front.connect().sock.close()


@pytest.mark.parametrize("line", [b"NOOP " + b"x" * 400, b"MAIL FROM:<a@b> " + b" " * 400],
                         ids=["noop", "mail"])
def test_slow_command(line):
    with Front(command_s=1) as front, Client(front.ports[0]) as c:
        heard, sent = drip(c, line)
        assert heard.startswith(b"421 4.4.2 smtp.timeout: ")
        assert sent > 2
        assert front.early()[1] == "smtp.timeout"


def test_slow_command_twin():
    """Each command has its time: a session may last longer than one."""
    with Front(command_s=1) as front, Client(front.ports[0]) as c:
        c.sock.settimeout(0.05)
        for _ in range(30):
            with pytest.raises(TimeoutError):
                c.sock.recv(1)
            c.sock.settimeout(30)
            assert c.talk("NOOP") == [250]
            c.sock.settimeout(0.05)


def test_slow_data():
    with Front(data_s=1) as front, Client(front.ports[0]) as c:
        c.until_data()
        heard, _ = drip(c, b"x\r\n")
        assert heard.startswith(b"421 4.4.2 smtp.timeout: ")
        front.wait(pack.END)
        assert pack.MESSAGE not in front.kinds()


def test_long_session():
    with Front(session_s=1) as front, Client(front.ports[0]) as c:
        heard, _ = drip(c, b"NOOP\r\n")
        assert b"421 4.4.2 smtp.timeout: " in heard


def test_slow_handshake():
    with Front((pack.TLS_REQUIRED, pack.TLS_NONE), [pairs.alone(pairs.ec_key())], command_s=1) as front:
        with Client(front.ports[0]) as c:
            assert c.talk("STARTTLS") == [220]
            c.send(b"\x16\x03\x01\x02\x00")  # the head of a record that never comes
            assert c.all() == b""
        assert front.early()[1] == "smtp.tls.handshake"


def test_errors_are_answered_slowly():
    """A second each beyond the soft limit, also those sent ahead; then no more."""
    with Front(errors_soft=2, errors_hard=5) as front, Client(front.ports[0]) as c:
        began = time.monotonic()
        c.send(b"XYZZY\r\n" * 5)
        assert [c.code() for _ in range(6)] == [500] * 5 + [421]
        assert time.monotonic() - began >= 2
        assert front.early()[1] == "smtp.errors"


def test_who_leaves_while_delayed():
    """Its place is free again, and nothing of it is left."""
    with Front(errors_soft=1, errors_hard=50, connections=2) as front:
        for _ in range(10):
            with front.connect() as c:
                c.send(b"XYZZY\r\n" * 10)
        assert set(front.settled()) <= {pack.EARLY}


def test_client_that_does_not_read():
    """Its answers are not kept without end."""
    with Front(command_s=1, errors_soft=1 << 30, errors_hard=1 << 30) as front:
        with Client(front.ports[0]) as c:
            c.sock.settimeout(1)
            sent = 0
            with pytest.raises(OSError):
                while sent < 1 << 28:
                    c.sock.sendall(b"NOOP\r\n" * 10000)
                    sent += 60000
            assert resident(front) < 64 << 20
        front.settled()


def resident(front):
    pages = int(pathlib.Path(f"/proc/{front.pid}/statm").read_text().split()[1])
    return pages * 4096


def test_idle_connections_are_small():
    sanitized = b"__asan_init" in (BUILD / "front").read_bytes()
    limit = IDLE_BYTES_MAX * (SANITIZED_TIMES if sanitized else 1)
    with Front((pack.TLS_REQUIRED,), [pairs.alone(pairs.ec_key())]) as front:
        for secure in (False, True):
            before = resident(front)
            clients = [Client(front.ports[0]) for _ in range(IDLE)]
            for c in clients:
                if secure:
                    c.starttls(pairs.context())
                assert c.talk("EHLO c.example") == [250]
            grown = (resident(front) - before) / IDLE
            assert grown <= limit, (secure, grown)
            for c in clients:
                c.sock.close()
