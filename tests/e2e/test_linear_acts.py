# SPDX-License-Identifier: BSD-2-Clause
"""What a mail may do in Linear beside a plain issue: tags and commands,
changes, archiving, attachments, HTML, quotes, authors; each once, whatever
Linear answers."""
import base64
import email.mime.multipart
import email.mime.text
import email.utils
import hashlib
import re
import uuid

import pytest
from conftest import GOOD, Stand
from instance import Bare
from world import ADDRESS, wait_until

QUICK = {"retry_min": Bare("1s"), "retry_max": Bare("1s")}
ROUTE = {"intents": ["create_task", "update_task", "delete_task"],
         "deliver": ["linear-dispatch"], "retain": Bare("90d")}


@pytest.fixture(scope="module")
def made_with(world, domains):
    """made_with(**options of linear-dispatch): a running Stand."""
    stands = []

    def make(name, **options):
        mailtri = world.instance(name)
        stages = world.stage_options(mailtri, [GOOD])
        linear = stages["linear-dispatch"]
        linear.update({"upload" + k.removeprefix("endpoint"): v for k, v in linear.items()
                       if k.startswith("endpoint")})
        linear.update(options)
        mailtri.configure(world.core_options(limits=QUICK, **{f'route "{ADDRESS}"': ROUTE}),
                          stages)
        mailtri.start()
        stands.append(mailtri)
        return Stand(world, mailtri, domains)
    yield make
    world.linear.set_mode("ok")
    world.linear.set(duplicate="error")
    for mailtri in stands:
        assert mailtri.stop() == 0


@pytest.fixture(scope="module")
def acts(made_with):
    return made_with("acts", attachments="upload", attachment_size=Bare("64K"))


def state(stand, kind="issues"):
    return stand.linear.state()[kind]


def titled(stand, title):
    return [issue for issue in state(stand) if issue["title"] == title]


def outcomes(stand, event):
    return [r["reason"] for r in stand.records(event) if r["reason"].startswith("linear.")]


def made(stand, message, title):
    """The one issue the mail became, and the mail's event."""
    event = stand.send(message).event
    stand.delivered(event)
    found = titled(stand, title)
    assert len(found) == 1
    return found[0], event


def dead(stand, event):
    wait_until(lambda: stand.mailtri.ctl_one("queue", "show", event)["state"] == "dead",
               f"the end of {event}")
    return outcomes(stand, event)[-1]


def multipart(stand, subject, *parts, kind="mixed"):
    message = email.mime.multipart.MIMEMultipart(kind)
    for name, value in (("From", f"Ann Example <ann@{GOOD}>"), ("To", ADDRESS),
                        ("Subject", subject), ("Date", email.utils.formatdate()),
                        ("Message-ID", f"<{uuid.uuid4()}@{GOOD}>")):
        message[name] = value
    for part in parts:
        message.attach(part)
    text = message.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return stand.domains[GOOD].sign(text)


def text_part(text, kind="plain"):
    return email.mime.text.MIMEText(text, kind, "utf-8")


def file_part(name, data, kind="application/pdf"):
    part = email.mime.text.MIMEText("", "plain")
    del part["Content-Type"], part["Content-Transfer-Encoding"]
    part["Content-Type"] = kind
    part["Content-Transfer-Encoding"] = "base64"
    part["Content-Disposition"] = f'attachment; filename="{name}"'
    part.set_payload(base64.encodebytes(data).decode())
    return part


# ---- tags and commands


def test_tags_and_commands_end_to_end(acts):
    issue, _ = made(acts, acts.mail(
        "#task Printer #bug !high @ann on fire due:2026-12-24 project:website",
        body="/state in progress\n/label mail\n\nIt burns.\n/priority low"), "Printer on fire")
    assert len(issue["labelIds"]) == 2
    assert (issue["priority"], issue["dueDate"]) == (2.0, "2026-12-24")
    assert issue["assignee"]["email"] == f"ann@{GOOD}"
    assert (issue["project"]["name"], issue["state"]["name"]) == ("Website", "In Progress")
    assert issue["description"].startswith("It burns.\n/priority low\n")


def test_what_is_not_there_is_noted(acts):
    issue, _ = made(acts, acts.mail("Strange #nolabel @nobody"), "Strange")
    assert 'Not found in Linear: label "nolabel", active user "nobody"' in issue["description"]


def test_or_fails_where_it_shall(made_with):
    strict = made_with("strict", on_unknown="fail")
    event = strict.send(strict.mail("Strict #nolabel")).event
    assert dead(strict, event) == "linear.lookup"
    assert titled(strict, "Strict") == []


# ---- changes and archiving


def test_a_mail_changes_and_archives_an_issue(acts):
    issue, _ = made(acts, acts.mail("To be changed"), "To be changed")
    name = issue["identifier"]
    event = acts.send(acts.mail(f"#update {name} !urgent", body="/state Done\n/label bug\n\n"
                                "It was the fuse.")).event
    acts.delivered(event)
    issue = titled(acts, "To be changed")[0]
    assert (issue["priority"], issue["state"]["name"]) == (1.0, "Done")
    assert len(issue["labelIds"]) == 1
    comments = [c for c in state(acts, "comments") if c["issueId"] == issue["id"]]
    assert len(comments) == 1 and comments[0]["body"].startswith("It was the fuse.")
    event = acts.send(acts.mail(f"#delete {name}")).event
    acts.delivered(event)
    assert outcomes(acts, event) == ["linear.archived"]
    assert titled(acts, "To be changed")[0]["archivedAt"] is not None
    event = acts.send(acts.mail(f"#delete {name} again")).event
    acts.delivered(event)
    assert len(state(acts, "comments")) == len(comments)


def test_what_changes_nothing_is_dead(acts):
    event = acts.send(acts.mail("#update ENG-1", body="words alone")).event
    assert dead(acts, event) == "linear.update"
    event = acts.send(acts.mail("#update ENG-999999 !low")).event
    assert dead(acts, event) == "linear.thread"


@pytest.mark.parametrize("mode", ["lost", "truncated", "ratelimited_429", "mistyped", "locked"])
def test_a_change_is_made_once(acts, mode):
    title = f"Changed through {mode}"
    issue, _ = made(acts, acts.mail(title), title)
    acts.linear.set_mode(mode, 1, "comment")
    event = acts.send(acts.mail(f"#update {issue['identifier']} !low",
                                body="/due 2026-12-24\nonce")).event
    acts.delivered(event)
    assert titled(acts, title)[0]["dueDate"] == "2026-12-24"
    assert len([c for c in state(acts, "comments") if c["issueId"] == issue["id"]]) == 1


# ---- once, both ways Linear may take an id it has


@pytest.mark.parametrize("duplicate", ["error", "existing"])
@pytest.mark.parametrize("mode", ["lost", "truncated", "mistyped"])
def test_an_issue_is_made_once(acts, mode, duplicate):
    title = f"Once through {mode}, {duplicate}"
    acts.linear.set(duplicate=duplicate)
    acts.linear.set_mode(mode, 1, "create")
    issue, event = made(acts, acts.mail(title), title)
    acts.linear.set(duplicate="error")
    assert outcomes(acts, event)[-1] == "linear.exists"
    assert issue["id"]


# ---- attachments


PDF = bytes(range(256)) * 16


def attached(stand, issue):
    return sorted(a["title"] for a in state(stand, "attachments") if a["issueId"] == issue["id"])


def test_attachments_are_uploaded_and_linked(acts):
    issue, _ = made(acts, multipart(
        acts, "With files", text_part("see there"), file_part("../a.pdf", PDF),
        file_part("b.svg", b"<svg/>", "image/svg+xml"), file_part("big.bin", bytes(70000))),
        "With files")
    assert attached(acts, issue) == ["a.pdf", "b.svg"]
    assert "Not uploaded: big.bin (69 KB, too large)" in issue["description"]
    uploads = {u["filename"]: u for u in state(acts, "uploads")}
    assert uploads["a.pdf"]["sha256"] == hashlib.sha256(PDF).hexdigest()
    assert uploads["b.svg"]["contentType"] == "application/octet-stream"


@pytest.mark.parametrize("mode, on", [
    ("upload_503", "all"), ("lost", "file"), ("lost", "attach"), ("truncated", "attach"),
    ("ratelimited", "file"), ("internal", "attach")])
def test_attachments_are_linked_once(acts, mode, on):
    title = f"Files through {mode} of {on}"
    acts.linear.set_mode(mode, 1, on)
    issue, event = made(acts, multipart(acts, title, text_part("x"), file_part("a.pdf", PDF),
                                        file_part("b.pdf", PDF[1:])), title)
    assert attached(acts, issue) == ["a.pdf", "b.pdf"]
    assert outcomes(acts, event)[-1] == "linear.exists"


@pytest.mark.parametrize("mode", ["upload_403", "upload_elsewhere", "upload_field"])
def test_what_is_refused_leaves_the_issue(acts, mode):
    title = f"Files refused by {mode}"
    acts.linear.set_mode(mode, 1)
    issue, event = made(acts, multipart(acts, title, text_part("x"), file_part("a.pdf", PDF)),
                        title)
    acts.linear.set_mode("ok")
    assert attached(acts, issue) == []
    assert outcomes(acts, event) == ["linear.created"]


# ---- HTML, quotes, authors


def test_html_becomes_markdown(acts):
    issue, _ = made(acts, multipart(acts, "In HTML", text_part(
        "<div>/priority high</div><h1>Fire</h1><ul><li>a <b>hot</b> one</ul>"
        "<img src='https://evil.example/x.png' alt='flame'><script>x()</script>"
        "<a href='https://good.example/(x)'>more</a><a href='javascript:x'>less</a>"
        "<div class='gmail_quote'><div>On 1 May 2026 Bob wrote:</div>"
        "<blockquote>old</blockquote></div>", "html")), "In HTML")
    text = issue["description"]
    assert text.startswith("# Fire\n\n- a **hot** one\n\n")
    assert "flame[more](https://good.example/%28x%29)less" in text
    assert "\n\n+++ Quoted text\n\nOn 1 May 2026 Bob wrote:\n\n> old\n\n+++\n\n---\n" in text
    assert issue["priority"] == 2.0
    assert "evil.example" not in text and "x()" not in text


def test_text_is_preferred_and_its_tail_folded(acts):
    issue, _ = made(acts, multipart(
        acts, "Both", text_part("new\n\nOn 1 May 2026 Bob wrote:\n> old\n"),
        text_part("<p>html", "html"), kind="alternative"), "Both")
    assert re.match(r"new\n\n\+\+\+ Quoted text\n\nOn 1 May 2026 Bob wrote:\n\\> old\n\n\+\+\+\n",
                    issue["description"])
    assert attached(acts, issue) == []


@pytest.mark.parametrize("token, author", [("lin_oauth_app_x", "Ann"), ("lin_oauth_user_x", None)])
def test_the_sender_is_the_author_where_the_key_allows(made_with, world, token, author):
    old = world.linear.token
    oauth = made_with(f"oauth-{author}")
    key = oauth.mailtri.secret("oauth.key", token)
    oauth.mailtri.stop()
    stages = world.stage_options(oauth.mailtri, [GOOD])
    stages["linear-dispatch"]["api_key"] = key
    oauth.mailtri.configure(world.core_options(limits=QUICK), stages)
    world.linear.set(token=token)
    oauth.mailtri.start()
    try:
        issue, _ = made(oauth, oauth.mail(f"By {author}"), f"By {author}")
    finally:
        world.linear.set(token=old)
    assert issue["createAsUser"] == author
    assert f"From ann@{GOOD} by mail" in issue["description"]
