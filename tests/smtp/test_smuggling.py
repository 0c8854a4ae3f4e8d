# SPDX-License-Identifier: BSD-2-Clause
"""End-of-data smuggling on the wire: the published forms, each with a twin
that is refused for nothing."""
import pytest

import pack
from fake_engine import Client, Front

# The union of the published tools: what some server took for the end.
FORMS = [b"\n.\n", b"\r.\r", b"\r.\n", b"\n.\r", b"\n.\r\n", b"\r\n.\n", b"\r.\r\n", b"\r\n.\r",
         b"\r\n\0.\r\n", b"\r\n.\0\r\n", b"\r\n.\r\r\n", b"\r\r\n.\r\r\n"]
HEAD = b"Subject: outer\r\n\r\nouter"
SMUGGLED = (b"MAIL FROM:<admin@victim.example>\r\nRCPT TO:<pay.bank@mx.example>\r\nDATA\r\n"
            b"Subject: smuggled\r\n\r\ninner\r\n.\r\n")
END = b"\r\n.\r\n"


def name(form):
    return form.replace(b"\r", b"CR ").replace(b"\n", b"LF ").replace(b"\0", b"NUL ").decode()


@pytest.fixture(name="front", scope="module")
def _front():
    with Front(errors_hard=1000) as front:
        yield front


def offer(front, *pieces):
    """A message in these pieces, each sent after the front has surely read
    the one before, and all that was answered until the end."""
    with Client(front.ports[0]) as c:
        c.until_data()
        for piece in pieces[:-1]:
            c.send(piece)
            with Client(front.ports[0]) as other:  # one loop: it has been read
                assert other.talk("NOOP") == [250]
        c.send(pieces[-1] + b"QUIT\r\n")
        return c.all().decode().splitlines()


def check(front, *pieces):
    before = front.kinds().count(pack.MESSAGE)
    heard = offer(front, *pieces)
    assert len(heard) == 1, heard  # one answer, then the end: nothing was taken for a command
    assert heard[0].startswith("550 5.6.0 smtp.data.bare: ")
    assert front.settled().count(pack.MESSAGE) == before
    asked = [f for f in front.frames if f.kind == pack.RCPT]
    assert all(b"pay.bank" not in f.body for f in asked)


@pytest.mark.parametrize("form", FORMS, ids=name)
def test_form_plain(front, form):
    check(front, HEAD + form + END)


@pytest.mark.parametrize("form", FORMS, ids=name)
def test_form_followed_by_commands(front, form):
    check(front, HEAD + form + SMUGGLED)


@pytest.mark.parametrize("form", FORMS, ids=name)
def test_form_split_at_each_byte(front, form):
    for at in range(len(form) + 1):
        check(front, HEAD + form[:at], form[at:] + SMUGGLED)


@pytest.mark.parametrize("form", FORMS, ids=name)
def test_benign_twin(front, form):
    """The same bytes with CRLF for each line end and no NUL: a line more in
    the message, with its dot stuffed."""
    twin = form.replace(b"\0", b"").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    twin = twin.replace(b"\n.", b"\n..").replace(b"\n", b"\r\n")
    before = front.kinds().count(pack.MESSAGE)
    for at in range(len(twin) + 1):
        heard = offer(front, HEAD + twin[:at], twin[at:] + b"inner" + END)
        assert heard == ["250 2.0.0 evt_0 accepted", "221 2.0.0 bye"]
        got = front.wait(pack.MESSAGE, before + at + 1).message()
        assert got == HEAD + twin.replace(b"\n..", b"\n.") + b"inner\r\n"


def test_pipelined_mail_after_the_true_end(front):
    """What follows CRLF.CRLF is commands, as RFC 2920 has it."""
    with Client(front.ports[0]) as c:
        c.until_data()
        c.send(HEAD + END + b"MAIL FROM:<x@y.example>\r\nRCPT TO:<z@mx.example>\r\nDATA\r\n")
        assert [c.code() for _ in range(4)] == [250, 250, 250, 354]
        c.send(b"second\r\n.\r\n")
        assert c.code() == 250


def test_no_end_without_the_last_byte(front):
    before = front.kinds().count(pack.MESSAGE)
    with Client(front.ports[0]) as c:
        c.until_data()
        c.send(HEAD + END[:-1])
        front.settled()
        assert front.kinds().count(pack.MESSAGE) == before
        c.send(END[-1:])
        assert c.code() == 250
