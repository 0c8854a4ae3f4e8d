# SPDX-License-Identifier: BSD-2-Clause
"""STARTTLS: the gate before it, the boundary, what is negotiated."""
import base64
import re
import subprocess

import pytest

import pack
import pairs as pairs_of
from pairs import context
from fake_engine import WAIT_S, Client, Front

GATE = "530 5.7.0 Must issue a STARTTLS command first"


@pytest.fixture(name="pairs", scope="module")
def _pairs():
    """ECDSA with a chain of two, RSA alone."""
    return [pairs_of.chained(), pairs_of.alone(pairs_of.rsa_key())]


@pytest.fixture(name="front", scope="module")
def _front(pairs):
    modes = (pack.TLS_REQUIRED, pack.TLS_OFFERED, pack.TLS_NONE)
    with Front(modes, pairs, errors_hard=1000) as front:
        yield front


def s_client(front, *options):
    return subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{front.ports[0]}", "-starttls", "smtp",
         "-ign_eof", *options], input=b"QUIT\r\n", capture_output=True, timeout=WAIT_S,
        check=False)


def negotiated(done):
    """(protocol, cipher), None where the handshake failed."""
    found = re.search(rb"New, (\S+), Cipher is (\S+)", done.stdout)
    return None if not found or found[2] == b"(NONE)" else (found[1].decode(), found[2].decode())


@pytest.mark.parametrize("command", [
    "HELO c.example", "MAIL FROM:<a@b.example>", "RCPT TO:<a@mx.example>", "DATA", "RSET",
    "VRFY a", "EXPN a", "HELP", "AUTH PLAIN AGEAYg==", "BDAT 0 LAST", "ETRN x", "TURN", "XYZZY",
    "mail from:<a@b.example>", ""])
def test_gate(front, command):
    before = front.settled().count(pack.EARLY)
    with Client(front.ports[0]) as c:
        assert "250-STARTTLS" in c.say("EHLO c.example").split("\n")
        assert c.say(command) == GATE
        assert c.say("NOOP").startswith("250 ")
        c.starttls(context())
        lines = c.say("EHLO c.example")
        assert "STARTTLS" not in lines and "AUTH" not in lines
        assert c.say(command) != GATE
        assert c.say("STARTTLS").startswith("503 ")
    assert front.early(before + 1)[:2] == ("127.0.0.1", "smtp.tls.required")


def test_offered_and_none(front):
    with Client(front.ports[1]) as c:
        assert "250-STARTTLS" in c.say("EHLO c.example").split("\n")
        assert c.talk("MAIL FROM:<>", "STARTTLS", "RSET", "STARTTLS x") == [250, 503, 250, 501]
        c.starttls(context())
        assert c.talk("MAIL FROM:<>") == [503]  # EHLO again
    with Client(front.ports[2]) as c:
        assert "STARTTLS" not in c.say("EHLO c.example")
        assert c.talk("STARTTLS", "MAIL FROM:<>") == [502, 250]


def test_no_certificate_no_mail():
    with Front((pack.TLS_REQUIRED,)) as front, Client(front.ports[0]) as c:
        assert "STARTTLS" not in c.say("EHLO c.example")
        assert c.talk("STARTTLS", "MAIL FROM:<>") == [454, 530]


def test_one_mail_over_tls(front):
    before = front.settled()
    with Client(front.ports[0]) as c:
        c.starttls(context())
        c.until_data()
        c.send(b"x" * 70 + b"\r\n" + b"y\r\n" * 40000 + b".\r\n")
        assert c.code() == 250
        version, cipher = c.sock.version(), c.sock.cipher()[0]
        c.sock.unwrap()  # close_notify: a byte after the 250
    assert len(front.wait(pack.MESSAGE, before.count(pack.MESSAGE) + 1).message()) == 72 + 120000
    envelope = pack.envelope(front.wait(pack.RCPT, front.kinds().count(pack.RCPT)).body)
    assert envelope["tls"].decode() == f"{version} {cipher}"
    assert envelope["flags"] == 1 | 2
    front.wait(pack.SEEN, before.count(pack.SEEN) + 1)


def test_group_in_one_segment(front):
    with Client(front.ports[0]) as c:
        c.starttls(context())
        assert c.talk("NOOP") == [250]  # behind the session tickets
        before = c.segments()
        c.send(b"EHLO c.example\r\nMAIL FROM:<>\r\nRCPT TO:<a@mx.example>\r\nDATA\r\n")
        assert [c.code() for _ in range(4)] == [250, 250, 250, 354]
        assert c.segments() - before == 1


def test_talk_before_354_inside_tls(front):
    with Client(front.ports[0]) as c:
        c.starttls(context())
        c.send(b"EHLO c.example\r\nMAIL FROM:<>\r\nRCPT TO:<a@mx.example>\r\nDATA\r\nx")
        assert [c.code() for _ in range(4)] == [250, 250, 250, 554]


SCRIPTS = [b"NOOP\r\n", b"RSET\r\n", b"EHLO evil.example\r\n", b"MAIL FROM:<evil@b.example>\r\n",
           b"RCPT TO:<evil@mx.example>\r\n", b"QUIT\r\n",
           b"EHLO evil.example\r\nMAIL FROM:<evil@b.example>\r\nRCPT TO:<evil@mx.example>\r\n"]


@pytest.mark.parametrize("script", SCRIPTS)
def test_injection_in_the_same_write(front, script):
    """At every split: what is before it waits until it has surely been read."""
    line = b"STARTTLS\r\n"
    whole = line + script
    for at in range(len(whole)):
        with Client(front.ports[1]) as c:
            assert c.talk("EHLO c.example") == [250]
            c.send(whole[:at])
            if at >= len(line):
                heard = check_boundary(c, whole, at)
            else:
                with Client(front.ports[2]) as other:
                    assert other.talk("NOOP") == [250]
                c.send(whole[at:])
                heard = c.all()
                assert heard.startswith(b"554 5.5.0 smtp.early.tls: ")
            assert heard.count(b"\r\n") <= 1, heard
    assert all(b"evil" not in f.body for f in front.frames if f.kind == pack.RCPT)


def check_boundary(c, whole, at):
    """STARTTLS complete in the first write: with more behind it, 554; else
    220, and the rest meets a handshake, which it cannot be."""
    if at > len(b"STARTTLS\r\n"):
        heard = c.all()
        assert heard.startswith(b"554 5.5.0 smtp.early.tls: ")
        return heard
    assert c.code() == 220
    c.send(whole[at:])
    if len(whole) - at < 11:  # less than a record's header and type: wait is its right
        c.sock.shutdown(1)
    heard = c.all()
    assert b"250" not in heard and b"221" not in heard and b"503" not in heard
    return b""


@pytest.mark.parametrize("script", SCRIPTS)
def test_injection_twin(front, script):
    """The same commands inside TLS are answered."""
    with Client(front.ports[1]) as c:
        c.starttls(context())
        assert c.talk("EHLO c.example") == [250]
        c.send(script)
        assert c.code() in (221, 250, 503)


def test_nothing_survives_the_handshake(front):
    with Client(front.ports[1]) as c:
        assert c.talk("EHLO evil.example", "MAIL FROM:<evil@b.example>", "RSET") == [250] * 3
        c.starttls(context())
        assert c.talk("MAIL FROM:<>", "RCPT TO:<a@mx.example>", "DATA") == [503] * 3


def test_handshake_garbage_closes(front):
    before = front.settled().count(pack.EARLY)
    with Client(front.ports[0]) as c:
        assert c.talk("STARTTLS") == [220]
        c.send(b"EHLO c.example\r\n" * 3)
        assert b"250" not in c.all()
    assert front.early(before + 1)[1] == "smtp.tls.handshake"


@pytest.mark.parametrize("algorithms,kind", [
    ("ECDSA+SHA256", "ECDSA"), ("RSA-PSS+SHA256:RSA+SHA256", "RSA"),
    ("RSA-PSS+SHA256:RSA+SHA256:ECDSA+SHA256", "ECDSA|RSA")])
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_both_certificates(front, algorithms, kind, version):
    done = s_client(front, version, "-sigalgs", algorithms)
    assert negotiated(done)[0] == {"-tls1_2": "TLSv1.2", "-tls1_3": "TLSv1.3"}[version]
    assert re.search(rf"Peer signature type: ({kind})".encode(), done.stdout)
    assert b"221 2.0.0 bye" in done.stdout
    chain = re.findall(rb"^ *\d+ s:CN = (\S+)$", s_client(front, version, "-sigalgs",
                                                          "ECDSA+SHA256").stdout, re.M)
    assert chain == [b"mx.example", b"ca.example"]


@pytest.mark.parametrize("options", [
    ("-tls1_1",), ("-tls1",),
    ("-tls1_2", "-cipher", "AES128-GCM-SHA256"),  # RSA key transport
    ("-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA256"),  # CBC
    ("-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA"),
    ("-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256"),
    ("-tls1_2", "-cipher", "NULL"), ("-tls1_2", "-cipher", "aNULL"),
    ("-tls1_2", "-sigalgs", "RSA+SHA1"), ("-tls1_2", "-groups", "P-521"),
], ids=" ".join)
def test_weak_is_refused(front, options):
    level = () if "-cipher" in options else ("-cipher", "ALL:@SECLEVEL=0")
    if level == ():
        options = (*options[:-1], options[-1] + ":@SECLEVEL=0")
    done = s_client(front, *options, *level)
    assert negotiated(done) is None, done.stdout.decode()
    assert b"221 2.0.0" not in done.stdout
    assert b"CONNECTED" in done.stdout


def test_weak_twin(front):
    done = s_client(front, "-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0")
    assert negotiated(done) == ("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256")


def test_no_compression_no_early_data(front):
    done = s_client(front, "-tls1_2")
    assert b"Compression: NONE" in done.stdout
    assert b"Extended master secret: yes" in done.stdout
    done = s_client(front, "-tls1_3")
    assert b"Max Early Data: 0" in done.stdout


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_resumption(front, pairs, tmp_path, version):
    """By the ticket, by this process alone, and not by a ticket that was changed."""
    ticket = tmp_path / "session"
    assert b"\nNew, " in s_client(front, version, "-sess_out", str(ticket)).stdout
    again = s_client(front, version, "-sess_in", str(ticket))
    assert b"\nReused, " in again.stdout and b"221 2.0.0" in again.stdout
    pem = ticket.read_bytes()
    with Front((pack.TLS_REQUIRED,), pairs) as other:
        assert b"\nNew, " in s_client(other, version, "-sess_in", str(ticket)).stdout
    der = bytearray(base64.b64decode(b"".join(pem.splitlines()[1:-1])))
    at = re.search(rb"\xaa(\x81.|\x82..)\x04(\x81.|\x82..)", der, re.S).end()  # [10] ticket
    der[at + 60] ^= 1
    ticket.write_bytes(b"-----BEGIN SSL SESSION PARAMETERS-----\n" + base64.encodebytes(bytes(der))
                       + b"-----END SSL SESSION PARAMETERS-----\n")
    assert b"\nNew, " in s_client(front, version, "-sess_in", str(ticket)).stdout


def test_no_renegotiation(front):
    """`R' makes s_client ask for a new handshake: refused, and it gives up."""
    with subprocess.Popen(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{front.ports[0]}", "-starttls",
             "smtp", "-tls1_2"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE) as client:
        client.stdin.write(b"R\n")
        client.stdin.flush()
        said = client.stderr.read()
    assert b"RENEGOTIATING" in said
    assert b"no renegotiation" in said


def test_bad_pairs_are_refused(pairs):
    """Operator's errors: the front says so and does not start."""
    other = pairs_of.alone(pairs_of.ec_key())
    short = pairs_of.alone(pairs_of.rsa_key(1024))
    for wrong in ([(pairs[0][0], other[1])], [(b"nothing", other[1])], [(other[0], b"")],
                  [pairs[1], pairs[1]], [short]):
        with pytest.raises(AssertionError, match="the front ended"):
            Front((pack.TLS_REQUIRED,), wrong)
