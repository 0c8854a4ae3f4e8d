# SPDX-License-Identifier: BSD-2-Clause
"""The front on the wire: what a client hears, what the engine is told."""
import os
import signal
import socket

import pytest

import fake_engine
import pack
from fake_engine import Client, Front

MAIL = "MAIL FROM:<a@b.example>\r\n"
RCPT = "RCPT TO:<task.linear@mx.example>\r\n"
GROUP = "EHLO c.example\r\n" + MAIL + RCPT + "DATA\r\n"
BODY = b"Subject: x\r\n\r\nhello\r\n"


@pytest.fixture(name="front")
def _front():
    with Front() as front:
        yield front


def test_one_mail(front):
    with Client(front.ports[0]) as c:
        assert c.say("EHLO c.example").split("\n")[0] == "250-mx.example"
        assert c.say("MAIL FROM:<a@b.example> SIZE=21 BODY=8BITMIME") == "250 2.1.0 ok"
        assert c.say("RCPT TO:<Task.Linear@mx.example>") == "250 2.1.5 ok"
        assert c.say("DATA").startswith("354 ")
        c.send(BODY + b"..dot\r\n.\r\n")
        assert c.reply() == "250 2.0.0 evt_0 accepted"
        assert c.say("QUIT") == "221 2.0.0 bye"
        assert c.all() == b""
        port = c.sock.getsockname()[1]
    asked = front.wait(pack.RCPT)
    assert pack.envelope(asked.body) == {
        "client": b"127.0.0.1", "port": port, "helo": b"c.example", "sender": b"a@b.example",
        "rcpt": b"Task.Linear@mx.example", "tls": b"", "upstream": b"", "flags": 2 | 4, "size": 21,
        "listener": f"127.0.0.1:{front.ports[0]}".encode()}
    message = front.wait(pack.MESSAGE)
    assert message.ident == asked.ident != 0
    assert message.message() == BODY + b".dot\r\n"
    assert pack.Unpack(front.wait(pack.SEEN).body).span() == b"evt_0"
    assert front.kinds() == [pack.RCPT, pack.MESSAGE, pack.SEEN]


@pytest.mark.parametrize("size", [0, 2, pack.INLINE_MAX, pack.INLINE_MAX + 1, 3 << 20])
def test_bytes_of_every_size(front, size):
    line = b"x" * 70 + b"\r\n"
    body = (line * (size // len(line) + 1))[:size - 2] + b"\r\n" if size else b""
    body = body.replace(b"\r\r\n", b"x\r\n")
    with Client(front.ports[0]) as c:
        c.until_data()
        c.send(body + b".\r\n")
        assert c.code() == 250
    frame = front.wait(pack.MESSAGE)
    assert len(frame.fds) == (1 if size > pack.INLINE_MAX else 0)
    assert frame.message() == body


def test_group_in_one_segment(front):
    with Client(front.ports[0]) as c:
        before = c.segments()
        c.send(GROUP)
        assert [c.code() for _ in range(4)] == [250, 250, 250, 354]
        assert c.segments() - before == 1
        before = c.segments()
        c.send(BODY + b".\r\n")
        assert c.code() == 250
        c.send(MAIL + RCPT + "RSET\r\nNOOP\r\n")
        assert [c.code() for _ in range(4)] == [250] * 4
        assert c.segments() - before == 2


def test_group_in_order_when_the_engine_is_slow(front):
    front.rcpt = None
    with Client(front.ports[0]) as c:
        c.send(GROUP)
        asked = front.wait(pack.RCPT)
        front.reply(asked.ident, 550, "5.1.1", "smtp.rcpt.unknown: no such intent")
        assert c.reply().startswith("250-mx.example")
        assert c.reply() == "250 2.1.0 ok"
        assert c.reply() == "550 5.1.1 smtp.rcpt.unknown: no such intent"
        assert c.reply() == "554 5.5.1 no valid recipient"
        assert front.wait(pack.END).ident == asked.ident


def test_sessions_do_not_wait_for_each_other(front):
    front.rcpt = None
    with Client(front.ports[0]) as slow, Client(front.ports[0]) as fast:
        slow.send(GROUP)
        first = front.wait(pack.RCPT)
        fast.send(GROUP)
        second = front.wait(pack.RCPT, 2)
        assert first.ident != second.ident
        front.reply(second.ident, *fake_engine.RCPT_OK)
        assert [fast.code() for _ in range(4)] == [250, 250, 250, 354]
        front.reply(first.ident, *fake_engine.RCPT_OK)
        assert [slow.code() for _ in range(4)] == [250, 250, 250, 354]


@pytest.mark.parametrize("early", [b"", b"E", b"EHLO c.example\r\n", b"GET / HTTP/1.0\r\n\r\n"])
def test_talk_before_the_banner(front, early):
    os.kill(front.pid, signal.SIGSTOP)
    try:
        client = Client(front.ports[0], greet=False)
        client.send(early)
    finally:
        os.kill(front.pid, signal.SIGCONT)
    with client as c:
        if not early:
            assert c.reply() == "220 mx.example ESMTP"
            return
        assert c.all().startswith(b"554 5.5.0 smtp.early.banner:")
        assert front.early()[:2] == ("127.0.0.1", "smtp.early.banner")
        assert front.kinds() == [pack.EARLY]


@pytest.mark.parametrize("after", [b"", b"S", BODY + b".\r\n", b"QUIT\r\n"])
def test_talk_before_354(front, after):
    with Client(front.ports[0]) as c:
        c.send(GROUP.encode() + after)
        assert [c.code() for _ in range(3)] == [250] * 3
        if not after:
            assert c.code() == 354
            return
        assert c.all().startswith(b"554 5.5.0 smtp.early.data:")
        front.wait(pack.END)
        assert pack.MESSAGE not in front.kinds()


def test_reset_ends_the_transaction(front):
    with Client(front.ports[0]) as c:
        for again in ("RSET", "EHLO c.example", "QUIT"):
            c.talk("EHLO c.example", "MAIL FROM:<>", "RCPT TO:<a@mx.example>", again)
    assert front.wait(pack.END, 3)
    idents = [front.wait(pack.RCPT, n).ident for n in (1, 2, 3)]
    assert [front.wait(pack.END, n).ident for n in (1, 2, 3)] == idents


@pytest.mark.parametrize("how", ["close", "reset", "half"])
def test_leaving_while_judged_withdraws(front, how):
    front.message = None
    c = Client(front.ports[0])
    c.until_data()
    c.send(BODY + b".\r\n")
    judged = front.wait(pack.MESSAGE)
    if how == "reset":
        c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    if how == "half":
        c.sock.shutdown(socket.SHUT_WR)
        assert c.all() == b""
    c.sock.close()
    assert front.wait(pack.END).ident == judged.ident
    front.reply(judged.ident, *fake_engine.ACCEPTED)  # too late: nobody is hurt
    assert pack.SEEN not in front.settled()


def test_seen_needs_a_byte_after_the_250(front):
    """What was sent before the 250 does not prove that it was read."""
    front.message = None
    for byte_after in (False, True):
        c = Client(front.ports[0])
        c.until_data()
        c.send(BODY + b".\r\n" + b"NOOP\r\n")
        nth = 2 if byte_after else 1
        front.reply(front.wait(pack.MESSAGE, nth).ident, *fake_engine.ACCEPTED)
        assert [c.code(), c.code()] == [250, 250]
        if byte_after:
            c.send("Q")
            front.wait(pack.SEEN)
        c.sock.close()
        assert front.settled().count(pack.SEEN) == (1 if byte_after else 0)


@pytest.mark.parametrize("size", [10, pack.INLINE_MAX + 1])
def test_seen_goes_with_the_next_message(front, size):
    """In front of it, or by itself where none comes soon: told once, either way."""
    mails, rode = 0, False
    with Client(front.ports[0]) as c:
        while not rode:
            assert mails < 1000
            c.until_data()
            c.send((b"x" * 70 + b"\r\n") * (size // 72 + 1) + b".\r\n")
            assert c.code() == 250
            mails += 1
            with_it = [f for f in front.frames if f.kind in (pack.SEEN, pack.MESSAGE)]
            rode = any(f.rode for f in with_it)
    assert [f.kind for f in with_it][-2:] == [pack.SEEN, pack.MESSAGE] and with_it[-2].rode
    front.settled()
    told = [e for f in front.frames if f.kind == pack.SEEN for e in f.events()]
    assert told == ["evt_0"] * (mails - 1)


def test_unsent_bytes_in_the_kernel_prove_nothing(front):
    """The NOOP comes in its own segment, but before the 250."""
    front.message = None
    with Client(front.ports[0]) as c:
        c.until_data()
        c.send(BODY + b".\r\n")
        judged = front.wait(pack.MESSAGE)
        c.send("NOOP\r\n")
        front.reply(judged.ident, *fake_engine.ACCEPTED)
        assert [c.code(), c.code()] == [250, 250]
    assert pack.SEEN not in front.settled()


def test_refused_message_is_never_seen(front):
    front.message = (550, "5.7.26", "auth.dmarc.fail: not aligned", "")
    with Client(front.ports[0]) as c:
        c.until_data()
        c.send(BODY + b".\r\n")
        assert c.reply() == "550 5.7.26 auth.dmarc.fail: not aligned"
        assert c.talk("NOOP", "QUIT") == [250, 221]
    assert front.settled() == [pack.RCPT, pack.MESSAGE]


def test_engine_text_cannot_add_a_line(front):
    front.rcpt = (550, "5.7.1\r\n250 ok", "no\r\n250 2.0.0 yes\0\xff" + "x" * 2000, "")
    with Client(front.ports[0]) as c:
        c.talk("EHLO c.example", "MAIL FROM:<>")
        reply = c.say("RCPT TO:<a@mx.example>").split("\n")
        assert len(reply) > 1
        assert all(line.startswith(("550-5.0.0 ", "550 5.0.0 ")) for line in reply)
        assert max(map(len, reply)) <= 510
        assert c.talk("NOOP") == [250]


def test_intake_closed(front):
    with Client(front.ports[0]) as c:
        c.talk("EHLO c.example")
        front.send(pack.INTAKE, 0, pack.u8(0))
        while c.say("MAIL FROM:<a@b.example>") == "250 2.1.0 ok":  # until it has read it
            c.talk("RSET")
        assert c.say("MAIL FROM:<a@b.example>").startswith("452 4.3.1 ")
        front.send(pack.INTAKE, 0, pack.u8(1))
        while c.say("MAIL FROM:<a@b.example>").startswith("452 4.3.1 "):
            pass
        assert c.talk("RCPT TO:<a@mx.example>") == [250]


def test_engine_gone(front):
    front.message = None
    with Client(front.ports[0]) as judged, Client(front.ports[0]) as idle:
        judged.until_data()
        judged.send(BODY + b".\r\n")
        front.wait(pack.MESSAGE)
        front.close_engine()
        assert judged.all().startswith(b"451 4.3.0 ")
        assert idle.all().startswith(b"421 4.3.2 ")
    assert front.ended() == 75


@pytest.mark.parametrize("kind,body", [(pack.REPLY, b"\1"), (pack.INTAKE, b""), (99, b"")])
def test_unreadable_frame_ends_the_front(front, kind, body):
    front.send(kind, 1, body)
    assert front.ended() == 75


def test_termination_finishes_the_mail_in_hand(front):
    front.message = None
    with Client(front.ports[0]) as judged, Client(front.ports[0]) as idle:
        judged.until_data()
        judged.send(BODY + b".\r\n")
        ident = front.wait(pack.MESSAGE).ident
        os.kill(front.pid, signal.SIGTERM)
        assert idle.all().startswith(b"421 4.3.2 ")
        front.reply(ident, *fake_engine.ACCEPTED)
        assert judged.reply() == "250 2.0.0 evt_0 accepted"
        assert judged.all().startswith(b"421 4.3.2 ")
    assert front.ended() == 0


def test_replies_of_a_group_come_together():
    """RFC 2920, 3.2: what was pipelined in one packet is answered in one."""
    with Front() as front, front.connect() as c:
        for _ in range(20):
            c.send("NOOP\r\nRSET\r\nNOOP\r\n")
            assert c.sock.recv(65536).count(b"\r\n250 ") == 2
