# SPDX-License-Identifier: BSD-2-Clause
"""Who may open the control socket and means ill: half frames, garbage, silence,
more connections than there are places, replies nobody reads.  The operator's
mailtrictl waits for none of them, and the daemon takes mail all the while."""
import contextlib
import json
import socket
import struct

import pytest

CALL = 200  # CONTROL_CALL
CROWD = 40  # more than CONTROL_CLIENTS_MAX
FLOOD = 200


@contextlib.contextmanager
def connected(stand):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as made:
        made.settimeout(60)
        made.connect(str(stand.mailtri.run / "control"))
        yield made


def frame(body, kind=CALL, number=1):
    return struct.pack("<II", kind, number) + body


def well(stand, engine):
    """The operator is served, mail is taken, by the engine of before."""
    assert stand.mailtri.ctl_one("status")["roles"]
    assert stand.send(stand.mail("Meanwhile")).code == 250
    assert stand.mailtri.roles()["engine"] == engine


@pytest.fixture(name="engine")
def _engine(stand):
    return stand.mailtri.roles()["engine"]


BAD = {
    "nothing": b"\0", "half a header": b"\xc8\0\0", "a header alone": frame(b""),
    "no JSON": frame(b"{"), "a list": frame(b"[]"), "no UTF-8": frame(b'{"command":"\xff"}'),
    "a name twice": frame(b'{"command":"status","command":"status"}'),
    "NUL": frame(b'{"command":"status\\u0000"}'), "too deep": frame(b"[" * 60000), "another type": frame(b"{}", 7),
    "an end": frame(b"{}", 202), "noise": bytes(range(256)) * 200,
    "too long": frame(b'{"command":"status","x":"' + b"x" * 65536 + b'"}'),
}


@pytest.mark.parametrize("name", BAD)
def test_garbage_closes_one_connection(stand, engine, name):
    with connected(stand) as one:
        one.send(BAD[name])
        assert one.recv(65536) == b""
    well(stand, engine)


@pytest.mark.parametrize("command", [None, 1, {}, "", "x" * 60000])
def test_a_command_that_is_none(stand, engine, command):
    with connected(stand) as one:
        one.send(frame(json.dumps({"command": command}).encode()))
        assert b"no such command" in one.recv(1 << 20)
    well(stand, engine)


def test_silent_crowd(stand, engine):
    """Whoever was there first and says nothing gives up its place."""
    with contextlib.ExitStack() as stack:
        for _ in range(CROWD):
            stack.enter_context(connected(stand))
        well(stand, engine)
    well(stand, engine)


def test_readers_that_do_not_read(stand, engine):
    """What is asked for and never read is bounded; the others are served."""
    ask = frame(json.dumps({"command": "status"}).encode())
    with contextlib.ExitStack() as stack:
        for _ in range(4):
            one = stack.enter_context(connected(stand))
            one.setblocking(False)
            with contextlib.suppress(OSError):  # full, or closed: both end it
                for _ in range(FLOOD):
                    one.send(ask)
        well(stand, engine)
    well(stand, engine)
