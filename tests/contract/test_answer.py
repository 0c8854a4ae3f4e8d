# SPDX-License-Identifier: BSD-2-Clause
"""Answers as another mail program reads them."""
import email
import email.policy
import html.parser
import os
import pathlib
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("top_builddir", TOP))
WRITER = BUILD / "plugins" / "answer" / "test_answer"
OUTCOMES = ["done", "refused", "held", "failed"]
FIELDS = ["From", "To", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To", "References",
          "Auto-Submitted", "Mailtri-Mark", "MIME-Version", "Content-Type"]
LINK = "https://linear.app/i/ENG-7"

pytestmark = pytest.mark.skipif(not WRITER.exists(), reason="the stage's unit test is not built")


@pytest.fixture(scope="module", name="mails")
def _mails(tmp_path_factory):
    """{file name: bytes}"""
    folder = tmp_path_factory.mktemp("mails")
    subprocess.run([WRITER, "--mails", folder], check=True)
    return {path.stem: path.read_bytes() for path in folder.iterdir()}


def names():
    return [name + more for name in OUTCOMES for more in ("", "-hostile")]


class Page(html.parser.HTMLParser):
    """Tags and text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.links, self.words = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name == "href"]

    def handle_data(self, data):
        self.words += data


@pytest.mark.parametrize("name", names())
def test_it_is_a_sound_mail(mails, name):
    raw = mails[name]
    assert raw.replace(b"\r\n", b"").isascii() and b"\n" not in raw.replace(b"\r\n", b"")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 78
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert mail.keys() == FIELDS
    assert [part.defects for part in mail.walk()] == [[], [], []]
    assert [header.defects for header in mail.values() if header.defects] == []
    assert mail["From"].addresses[0].addr_spec == "mailtri@mailtri.example"
    assert mail["Subject"] == "Re: Gr\u00fc\u00dfe an alle, die das hier lesen, und an die anderen auch"
    assert mail["References"].split() == ["<zero@good.example>", "<one@good.example>"]
    assert mail["Date"].datetime.isoformat() == "2026-01-01T00:00:00+00:00"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.parametrize("name", names())
def test_text_and_page_say_the_same(mails, name):
    mail = email.message_from_bytes(mails[name], policy=email.policy.default)
    text, page = mail.get_body(["plain"]).get_content(), Page(mail.get_body(["html"]).get_content())
    for body in (text, page.words):
        assert "evt_00000000000000000000000000" in body
        assert "Gr\u00fc\u00dfe an alle" in body and "secret body" not in body
    hostile, done = name.endswith("-hostile"), name.startswith("done")
    assert (LINK in text) == (done and not hostile)
    assert page.links == ([LINK] if done and not hostile else [])
    assert "script" not in page.tags
    if not done:
        said = '<script>alert("1")</script> . {{event}}' if hostile else "All is well."
        assert said in text and said in page.words
        assert "Reason: a Bcc: x@y.example" in text or not hostile
