# SPDX-License-Identifier: BSD-2-Clause
"""The parser role over its channel; and that ordinary mail, as Python's own
email package writes it, is never called ambiguous."""
import email.message
import email.policy
import os
import pathlib
import re
import struct

import pytest

import pack
from role import Role

MAIL = b"From: a@b.example\r\nSubject: x\r\nX-Old: 1\r\n\r\nbody\r\n"
FIELD_SPLICE, FIELD_ADD, FIELD_REMOVE = 2, 3, 4


def _bytes(data):
    """A `bytes' payload and its descriptors."""
    if len(data) <= pack.INLINE_MAX:
        return pack.u8(0) + pack.span(data), []
    return pack.u8(1) + pack.u64(len(data)), [pack.memfd(data)]


def _take(u, fds):
    if u.u8() == 0:
        return u.span()
    size, fd = u.u64(), fds.pop(0)
    with open(fd, "rb") as file:
        data = os.pread(file.fileno(), size + 1, 0)
    assert len(data) == size
    return data


class View:
    """As much of a block as these tests look at (core/mail/view.c)."""

    def __init__(self, block, raw):
        (self.magic, self.raw, self.ambiguous, self.fields, self.parts, findings, self.body,
         subject, subject_len) = struct.unpack_from("<9I", block)
        assert self.magic == 0x3157564d and self.raw == len(raw)
        self.subject = block[subject:subject + subject_len].decode()
        at = 36 + 20 * self.fields + 48 * self.parts
        self.findings = {block[a:a + n].decode() for a, n in
                         struct.iter_unpack("<2I", block[at:at + 8 * findings])}


def _send(parser, kind, ident, body, fds):
    parser.send(kind, ident, body, fds)
    for fd in fds:
        os.close(fd)


def _answer(parser, ident, raw=None):
    """(ok, why, edited bytes, view)"""
    frame = parser.receive()
    assert frame.ident == ident
    u = pack.Unpack(frame.body)
    good, why = u.u8(), u.span().decode()
    edited = _take(u, frame.fds) if frame.kind == pack.EDITED else None
    block = _take(u, frame.fds)
    assert u.done() and frame.fds == []
    if not good:
        assert why and not block
        return False, why, edited, None
    return True, why, edited, View(block, raw if edited is None else edited)


def parse(parser, raw, ident=1):
    _send(parser, pack.PARSE, ident, *_bytes(raw))
    good, why, _, view = _answer(parser, ident, raw)
    assert good, why
    return view


def apply(parser, raw, edits, ident=1):
    body, fds = _bytes(raw)
    packed = b"".join(pack.u32(op) + pack.u32(index) + pack.u64(offset) + pack.u64(length)
                      + pack.span(name) + pack.span(text)
                      for op, index, offset, length, name, text in edits)
    _send(parser, pack.APPLY, ident, pack.u32(len(edits)) + packed + body, fds)
    return _answer(parser, ident)


@pytest.fixture(name="parser", scope="module")
def _parser():
    with Role("parser") as parser:
        yield parser


def test_inline_and_by_descriptor(parser):
    view = parse(parser, MAIL, 7)
    assert (view.fields, view.parts, view.ambiguous, view.findings) == (3, 1, 0, set())
    assert (view.subject, view.body) == ("x", len(MAIL) - 6)
    large = MAIL + b"0123456789\r\n" * 20000
    assert parse(parser, large, 8).parts == 1


def test_view_by_descriptor(parser):
    """Decoded content is in the view: too large for a frame."""
    raw = (b"MIME-Version: 1.0\r\nContent-Type: application/x\r\n"
           b"Content-Transfer-Encoding: base64\r\n\r\n" + b"QUJD\r\n" * 50000)
    assert parse(parser, raw).findings == set()


def test_many_queued(parser):
    for ident in range(50):
        _send(parser, pack.PARSE, ident, *_bytes(MAIL + bytes([65 + ident]) * ident))
    for ident in range(50):
        assert _answer(parser, ident, MAIL + b"x" * ident)[0]


def test_apply(parser):
    good, why, edited, view = apply(parser, MAIL, [
        (FIELD_ADD, 0, 0, 0, "X-New", "2"), (FIELD_SPLICE, 1, 0, 1, "", "#task y"),
        (FIELD_REMOVE, 2, 0, 0, "", "")])
    assert good, why
    assert edited == b"X-New: 2\r\nFrom: a@b.example\r\nSubject: #task y\r\n\r\nbody\r\n"
    assert (view.fields, view.subject) == (3, "#task y")
    assert apply(parser, MAIL, [])[2] == MAIL
    large = MAIL + b"0123456789\r\n" * 20000
    assert apply(parser, large, [(FIELD_REMOVE, 2, 0, 0, "", "")])[2] == \
        large.replace(b"X-Old: 1\r\n", b"")


@pytest.mark.parametrize("edit", [
    (FIELD_ADD, 0, 0, 0, "X", "a\r\nFrom: c@d.example"), (FIELD_REMOVE, 3, 0, 0, "", ""),
    (FIELD_SPLICE, 1, 2, 0, "", "y"), (1, 0, 0, 1, "", "")])
def test_apply_refuses(parser, edit):
    good, why, edited, _ = apply(parser, MAIL, [edit])
    assert (good, why, edited) == (False, "an edit does not fit the message", b"")


def test_unreadable_request_is_an_answer(parser):
    for body in (b"", b"\x00\xff\xff\xff\xff", b"\x01" + pack.u64(5)):
        parser.send(pack.PARSE, 3, body)
        assert _answer(parser, 3)[:2] == (False, "the request cannot be read")
    parser.send(pack.APPLY, 4, pack.u32(257) + bytes(257 * 32) + pack.u8(0) + pack.span(MAIL))
    assert _answer(parser, 4)[:2] == (False, "the request cannot be read")
    assert parse(parser, MAIL).fields == 3


def test_unsealed_bytes_are_refused(parser):
    fd = os.memfd_create("unsealed", os.MFD_ALLOW_SEALING)
    os.write(fd, MAIL)
    _send(parser, pack.PARSE, 5, pack.u8(1) + pack.u64(len(MAIL)), [fd])
    assert not _answer(parser, 5)[0]


def _message(text="hello", subject="#task räksmörgås", **options):
    message = email.message.EmailMessage(policy=email.policy.SMTP)
    message["From"], message["To"] = "a@b.example", "task.linear@example.com"
    message["Subject"] = subject
    message.set_content(text, **options)
    return message


def _attached():
    message = _message("see attached\n")
    message.add_alternative("<p>see attached</p>", subtype="html")
    message.add_attachment(bytes(range(256)) * 40, maintype="application", subtype="pdf",
                           filename="räksmörgås och mycket mer som är långt.pdf")
    message.add_attachment("a;b\n1;2\n", subtype="csv", filename="a \"quoted\"; name.csv")
    return message


def _forwarded():
    message = _message("forwarded\n")
    message.add_attachment(_attached())
    return message


def _related():
    message = _message("x\n")
    message.add_alternative("<img src=cid:1>", subtype="html")
    message.get_payload()[1].add_related(b"\x89PNG" * 300, "image", "png", cid="<1>")
    message.add_attachment(_forwarded())
    return message


ORDINARY = [
    _message(), _message("räksmörgås\n" * 50, cte="quoted-printable"),
    _message("räksmörgås\n" * 50, cte="base64", charset="iso-8859-1"),
    _message("日本語\n", charset="iso-2022-jp", subject="日本語の長い題名" * 20),
    _message("x" * 3000 + "\n"), _attached(), _forwarded(), _related(),
]


@pytest.mark.parametrize("message", ORDINARY)
def test_ordinary_mail_is_not_ambiguous(parser, message):
    view = parse(parser, message.as_bytes())
    leaves = sum(not part.is_multipart() for part in message.walk())
    assert (view.ambiguous, view.findings, view.parts) == (0, set(), leaves)
    assert view.subject == message["Subject"]


def test_ends_with_the_engine():
    with Role("parser") as parser:
        parser.sock.close()
        assert parser.ended() == 0


def test_another_version_ends_it():
    with Role("parser") as parser:
        parser.send(99, 1)
        assert parser.ended() == 1


def _charsets():
    """The names of core/mail/charset.c."""
    source = (pathlib.Path(os.environ["top_srcdir"]) / "core/mail/charset.c").read_text()
    return re.findall(r'"([a-z0-9-]+)"', source.partition("charset_names[]")[2].partition("NULL")[0])


def test_a_locked_parser_knows_the_charsets_of_mail():
    """It can open no file any more, and iconv's converters are files."""
    names = _charsets()
    assert len(names) > 60
    with Role("parser") as parser:
        for charset in [*names, "latin1", "cp1252", "sjis", "nosuch"]:
            raw = (f"Content-Type: text/plain; charset={charset}\r\n\r\n".encode() + b"abcd\r\n" * 2)
            unknown = "mime.charset.unknown" in parse(parser, raw).findings
            assert unknown == (charset == "nosuch"), charset


def test_a_charset_that_is_not_loaded_is_unknown():
    with Role("parser") as parser:
        raw = b"Content-Type: text/plain; charset=ibm037\r\n\r\nabcd\r\n"
        assert "mime.charset.unknown" in parse(parser, raw).findings
        assert parse(parser, MAIL).findings == set()
