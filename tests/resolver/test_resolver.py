# SPDX-License-Identifier: BSD-2-Clause
"""The resolver against a real DNS server on loopback."""
import errno
import pathlib
import socket

import pytest

import pack
from nameserver import Nameserver, find_unbound
from relay import Relay
from role import Role
from signed import SignedZone

A, NS, CNAME, PTR, MX, TXT, AAAA = 1, 2, 5, 12, 15, 16, 28
OK, NODATA, NXDOMAIN, SERVFAIL, TIMEOUT, BOGUS = 0, 2, 3, 4, 5, 6
ZONE = {
    "a.example": {"A": ["192.0.2.1", "192.0.2.2"], "AAAA": ["2001:db8::1"]},
    "text.example": {"TXT": [["v=one ", "two", "", "three"]]},
    "long.example": {"TXT": ["x" * 700]},
    "mail.example": {"MX": [[10, "MX1.mail.example"], [300, "mx2.mail.example"]]},
    "1.2.0.192.in-addr.arpa": {"PTR": "A.Example"},
    "1.0.0.127.in-addr.arpa": {"PTR": "loop.example"},
    "alias.example": {"CNAME": "a.example"},
    "bad.example": "SERVFAIL", "slow.example": "TIMEOUT",
    "zone.test": {"TXT": "test"}, "zone.invalid": {"TXT": "invalid"},
    "lab.example": {"A": ["127.0.0.1"]},
    "two.example": {"A": ["127.0.0.2", "127.0.0.1"]},
    "mapped.example": {"AAAA": ["::ffff:127.0.0.1"]},
    "nowhere.example": {"TXT": "no address"},
}

pytestmark = pytest.mark.skipif(find_unbound() is None, reason="NOT PROVED: no unbound here")


@pytest.fixture(name="server", scope="module")
def _server(tmp_path_factory):
    server = Nameserver(pathlib.Path(tmp_path_factory.mktemp("dns")))
    server.serve(ZONE)
    yield server
    server.stop()


@pytest.fixture(name="relay")
def _relay(server):
    relay = Relay((server.address, server.port))
    yield relay
    relay.close()


class Resolver(Role):
    """The role, asked one thing after another."""

    def __init__(self, relay, **settings):
        super().__init__("resolver", pack.settings(nameservers=[relay.setting], **settings))
        self.last = 0

    def ask(self, *questions, deadline_ms=20000):
        self.last += 1
        body = b"".join(pack.span(name) + pack.u16(kind) for name, kind in questions)
        self.send(pack.ASK, self.last, pack.u32(deadline_ms) + pack.u32(len(questions)) + body)
        return self.last

    def answer(self):
        frame = self.receive()
        assert frame.kind == pack.ANSWER
        u = pack.Unpack(frame.body)
        out = {"id": frame.ident, "name": u.span(), "type": u.u16(), "status": u.u32(),
               "ttl": u.u32(), "secure": u.u32()}
        out["rr"] = [u.span() for _ in range(u.u32())]
        out["queries"] = u.u32()
        assert u.done()
        return out

    def get(self, name, kind, **options):
        ident = self.ask((name, kind), **options)
        answer = self.answer()
        assert answer["id"] == ident and answer["type"] == kind
        assert answer["name"] == (name if isinstance(name, bytes) else name.encode())
        return answer

    def dial(self, host, port, private=True, address=""):
        self.last += 1
        self.send(pack.DIAL, self.last, pack.span(host) + pack.u16(port)
                  + pack.u8(private) + pack.span(address))
        frame = self.receive()
        assert (frame.kind, frame.ident) == (pack.DIALLED, self.last)
        u = pack.Unpack(frame.body)
        error, text = u.u32(), u.span().decode()
        assert u.done()
        if error != 0:
            assert frame.fds == [] and text
            return error, text
        return socket.socket(fileno=frame.fds[0])


@pytest.fixture(name="resolver")
def _resolver(relay):
    with Resolver(relay) as resolver:
        yield resolver


RECORDS = [
    ("a.example", A, [bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2])]),
    ("A.eXample.", A, [bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2])]),
    ("a.example", AAAA, [socket.inet_pton(socket.AF_INET6, "2001:db8::1")]),
    ("alias.example", A, [bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2])]),
    ("alias.example", CNAME, [b"a.example"]),
    ("text.example", TXT, [b"v=one twothree"]),
    ("long.example", TXT, [b"x" * 700]),
    ("mail.example", MX, [b"\0\x0amx1.mail.example", b"\x01\x2cmx2.mail.example"]),
    ("1.2.0.192.in-addr.arpa", PTR, [b"a.example"]),
]


@pytest.mark.parametrize("name,kind,records", RECORDS)
def test_records(resolver, name, kind, records):
    answer = resolver.get(name, kind)
    assert answer["status"] == OK
    assert sorted(answer["rr"]) == sorted(records)
    assert (answer["queries"], answer["secure"], answer["ttl"]) == (1, 0, 60)


# Names libunbound would answer by itself, were it left to.
@pytest.mark.parametrize("name,kind", [("zone.test", TXT), ("zone.invalid", TXT),
                                       ("1.0.0.127.in-addr.arpa", PTR)])
def test_special_names_are_asked(resolver, relay, name, kind):
    assert resolver.get(name, kind)["status"] == OK
    assert relay.count(name) == 1


def test_absence(resolver):
    assert resolver.get("none.example", A)["status"] == NXDOMAIN
    assert resolver.get("none.example", TXT)["rr"] == []
    assert resolver.get("a.example", MX)["status"] == NODATA


def test_failure_is_no_absence(resolver):
    answer = resolver.get("bad.example", TXT)
    assert (answer["status"], answer["rr"], answer["ttl"]) == (SERVFAIL, [], 5)


def test_time_is_over(resolver):
    answer = resolver.get("slow.example", TXT, deadline_ms=300)
    assert (answer["status"], answer["rr"]) == (TIMEOUT, [])
    assert resolver.get("a.example", A)["status"] == OK  # and others are served


@pytest.mark.parametrize("name", ["", ".", "a..example", ".example", "x" * 64 + ".example",
                                  "x." * 127 + "xx"])
def test_impossible_names(resolver, relay, name):
    answer = resolver.get(name, TXT)
    assert (answer["status"], answer["queries"]) == (NXDOMAIN, 0)
    assert relay.questions == []


@pytest.mark.parametrize("name", [b"a\\b.example", b"a b.example", b"a\0b.example",
                                  b"\xff.example", b"a\"(;.example"])
def test_odd_names_are_asked_as_they_are(resolver, relay, name):
    assert resolver.get(name, TXT)["status"] == NXDOMAIN
    assert len(relay.questions) == 1
    assert relay.questions[0][0].count(".") == 1


def test_several_questions_in_one_frame(resolver):
    ident = resolver.ask(("a.example", A), ("mail.example", MX), ("none.example", A))
    answers = [resolver.answer() for _ in range(3)]
    assert {a["id"] for a in answers} == {ident}
    assert {(a["name"], a["status"]) for a in answers} == {
        (b"a.example", OK), (b"mail.example", OK), (b"none.example", NXDOMAIN)}


def test_single_flight(resolver, relay):
    relay.hold()
    asked = [resolver.ask((name, TXT)) for name in ("text.example", "TEXT.example", "text.example.")]
    relay.wait(1)
    relay.release()
    answers = [resolver.answer() for _ in asked]
    assert sorted(a["id"] for a in answers) == asked
    assert all(a["rr"] == [b"v=one twothree"] for a in answers)
    assert sum(a["queries"] for a in answers) == 1
    assert relay.count("text.example") == 1


def test_each_asker_has_his_own_deadline(resolver, relay):
    relay.hold()
    hasty = resolver.ask(("text.example", TXT), deadline_ms=50)
    patient = resolver.ask(("text.example", TXT))
    first = resolver.answer()
    assert (first["id"], first["status"]) == (hasty, TIMEOUT)
    relay.release()
    second = resolver.answer()
    assert (second["id"], second["status"]) == (patient, OK)


def test_cache_and_forget(resolver, relay):
    for name, kind in (("text.example", TXT), ("none.example", TXT), ("a.example", MX)):
        first, again = resolver.get(name, kind), resolver.get(name.upper(), kind)
        assert (first["queries"], again["queries"]) == (1, 0)
        assert (first["status"], first["rr"]) == (again["status"], again["rr"])
        assert relay.count(name) == 1
    resolver.send(pack.FORGET, 0)
    assert resolver.get("text.example", TXT)["queries"] == 1
    assert relay.count("text.example") == 2


def test_forget_asks_anew_what_is_in_flight(resolver, relay):
    relay.hold()
    resolver.ask(("text.example", TXT))
    relay.wait(1)
    resolver.send(pack.FORGET, 0)
    relay.wait(2)
    relay.release()
    assert resolver.answer()["status"] == OK


def test_server_comes_back(resolver, server):
    server.stop()
    try:
        assert resolver.get("a.example", A, deadline_ms=200)["status"] in (TIMEOUT, SERVFAIL)
    finally:
        server.serve(ZONE)
    resolver.send(pack.FORGET, 0)
    assert resolver.get("a.example", A)["status"] == OK


def test_unsigned_where_signed_is_due_is_bogus(relay, tmp_path):
    anchor = tmp_path / "anchor"
    anchor.write_text("example. IN DS 12345 13 2 " + "ab" * 32 + "\n")
    with Resolver(relay, trust_anchor=str(anchor)) as resolver:
        answer = resolver.get("a.example", A)
        assert (answer["status"], answer["rr"]) == (BOGUS, [])


@pytest.fixture(name="signed")
def _signed():
    signed = SignedZone()
    yield signed
    signed.close()


def test_signatures(signed, tmp_path):
    anchor = tmp_path / "anchor"
    anchor.write_text(signed.anchor)
    with Resolver(signed, trust_anchor=str(anchor)) as resolver:
        answer = resolver.get("ok.signed.example", A)
        assert (answer["status"], answer["secure"]) == (OK, 1)
        assert answer["rr"] == [bytes([192, 0, 2, 7])]
        forged = resolver.get("forged.signed.example", A)
        assert (forged["status"], forged["secure"], forged["rr"]) == (BOGUS, 0, [])
        again = resolver.get("ok.signed.example", A)
        assert (again["secure"], again["queries"]) == (1, 0)


def test_without_an_anchor_nothing_is_secure(signed):
    with Resolver(signed) as resolver:
        answer = resolver.get("ok.signed.example", A)
        assert (answer["status"], answer["secure"]) == (OK, 0)


@pytest.fixture(name="listener")
def _listener():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        yield listener


def _port(listener):
    return listener.getsockname()[1]


def _url(host, listener):
    return f"https://{host}:{_port(listener)}"


def _accepted(connection, listener):
    with connection, listener.accept()[0] as peer:
        connection.setblocking(True)
        connection.sendall(b"hello")
        return peer.recv(5) == b"hello"


def test_dial(relay, listener):
    with Resolver(relay, stages=[pack.stage("s", _url("lab.example", listener), True)]) as r:
        assert _accepted(r.dial("lab.example", _port(listener)), listener)
        assert relay.count("lab.example") == 2  # A and AAAA


def test_dial_next_address(relay, listener):
    with Resolver(relay, stages=[pack.stage("s", _url("two.example", listener), True)]) as r:
        assert _accepted(r.dial("two.example", _port(listener)), listener)


def test_dial_given_address(relay, listener):
    port = _port(listener)
    stage = pack.stage("s", "https://api.example", True, f"127.0.0.1:{port}")
    with Resolver(relay, stages=[stage]) as r:
        assert _accepted(r.dial("api.example", port, address="127.0.0.1"), listener)
        for wrong in ((443, True, "127.0.0.1"), (port, True, "127.0.0.2"), (port, True, ""),
                      (port, False, "127.0.0.1")):
            assert r.dial("api.example", *wrong)[0] == errno.EACCES
    assert relay.questions == []


def test_dial_number(relay, listener):
    with Resolver(relay, stages=[pack.stage("s", _url("127.0.0.1", listener), True)]) as r:
        assert _accepted(r.dial("127.0.0.1", _port(listener), address="127.0.0.1"), listener)
    assert relay.questions == []


def test_dial_stranger(relay, listener):
    with Resolver(relay, stages=[pack.stage("s", _url("lab.example", listener), True)]) as r:
        for host, port in (("a.example", _port(listener)), ("lab.example", 1),
                           ("lab.example.", _port(listener)), ("", 0)):
            assert r.dial(host, port)[0] == errno.EACCES
    assert relay.questions == []


@pytest.mark.parametrize("name", ["lab.example", "mapped.example"])
def test_dial_private_address_is_refused(relay, listener, name):
    """A public name that points home (DNS rebinding)."""
    with Resolver(relay, stages=[pack.stage("s", _url(name, listener))]) as r:
        error, text = r.dial(name, _port(listener))
        assert error == errno.EACCES and name in text


def test_dial_mapped_address_is_refused_even_so(relay, listener):
    with Resolver(relay, stages=[pack.stage("s", _url("mapped.example", listener), True)]) as r:
        assert r.dial("mapped.example", _port(listener))[0] == errno.EACCES


@pytest.mark.parametrize("name,error", [("none.example", errno.ENOENT),
                                        ("nowhere.example", errno.ENOENT),
                                        ("bad.example", errno.EAGAIN)])
def test_dial_without_address(relay, listener, name, error):
    with Resolver(relay, stages=[pack.stage("s", _url(name, listener), True)]) as r:
        assert r.dial(name, _port(listener))[0] == error


def test_dial_refused_by_peer(relay):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port, url = _port(listener), _url("lab.example", listener)
    with Resolver(relay, stages=[pack.stage("s", url, True)]) as r:
        assert r.dial("lab.example", port)[0] == errno.ECONNREFUSED


@pytest.mark.parametrize("kind,body", [(pack.ASK, b"\1"), (pack.ASK, pack.u32(1) + pack.u32(9)),
                                       (pack.DIAL, b""), (99, b"")])
def test_unreadable_frames_end_it(relay, kind, body):
    with Resolver(relay) as r:
        r.send(kind, 1, body)
        assert r.ended() == 1


def test_ends_with_the_engine(relay):
    with Resolver(relay) as r:
        r.ask(("slow.example", TXT))
        r.sock.close()
        assert r.ended() == 0
