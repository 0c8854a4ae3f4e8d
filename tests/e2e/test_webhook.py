# SPDX-License-Identifier: BSD-2-Clause
"""A receiver made with the library `standardwebhooks`, in every mood: a mail
becomes one webhook it can trust, whatever it answers."""
import email.policy
import email.message
import hashlib
import json
import shutil
import ssl
import subprocess
import sys
import urllib.request

import pytest
from child import Child
from conftest import BUILD, GOOD, SECOND, TOP, Stand
from instance import Bare
from world import wait_until

sys.path.insert(0, str(TOP / "tests" / "lib"))
import npm  # noqa: E402

FAKE = TOP / "tests" / "fake" / "webhook"
SCHEMA = TOP / "plugins" / "webhook-dispatch" / "envelope.schema.json"
NAME = "hooks.receiver.example"
ADDRESS, OTHER = "task.hook@mailtri.example", "task.other@mailtri.example"
NEW = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OLD = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
STRANGER = "whsec_" + "A" * 32
RIGHT, WRONG = "", "No matching signature found"
QUICK = {"retry_min": Bare("1s"), "retry_max": Bare("1s")}


class Receiver:
    """The receiver in a process of its own, and what it was sent."""

    def __init__(self, world, modules):
        folder = world.folder / "receiver"
        folder.mkdir(parents=True, exist_ok=True)
        certificate, key, self.pin = world.authority.issue(NAME, "127.0.0.1")
        self.journal, self.authority = folder / "webhooks.jsonl", world.authority
        self.child = Child(
            ["node", str(FAKE / "receiver.mjs"), str(modules), str(certificate), str(key),
             str(self.journal), ",".join([NEW, OLD, STRANGER])], log=folder / "receiver.log")
        try:
            line = self.child.wait_line(lambda text: "listening on " in text)
        except BaseException:
            self.child.kill()
            raise
        self.address = line.rpartition(" ")[2]

    def _control(self, wanted=None):
        request = urllib.request.Request(f"https://{self.address}/control",
                                         data=wanted and json.dumps(wanted).encode())
        context = ssl.create_default_context(cafile=str(self.authority.path))
        with urllib.request.urlopen(request, context=context, timeout=20) as answer:
            return json.load(answer)

    def will(self, *steps):
        """What the next webhooks are answered."""
        self._control({"script": list(steps)})

    def made(self):
        return self._control()["made"]

    def requests(self):
        return self._control()["requests"]

    def webhooks(self, event):
        """Those that came for a mail, in order, their envelopes read."""
        if not self.journal.exists():
            return []
        rows = [json.loads(line) for line in self.journal.read_text().splitlines()]
        return [row | {"envelope": json.loads(row["body"])} for row in rows if event in row["body"]]

    def options(self, mailtri, **changes):
        """stages.d/webhook-dispatch.conf of an instance."""
        return {"endpoint": f"https://{NAME}:{self.address.rpartition(':')[2]}",
                "endpoint_connect": self.address, "endpoint_pin": [self.pin, self.authority.pin],
                "endpoint_ca": self.authority.path, "endpoint_private": True, "path": "/mail",
                "secret": mailtri.secret("webhook.secret", NEW), **changes}

    def stop(self):
        self.child.stop()


@pytest.fixture(scope="module")
def modules():
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    return npm.modules(FAKE)


@pytest.fixture(scope="module")
def receiver(world, modules):
    made = Receiver(world, modules)
    yield made
    made.stop()


def routes():
    return {f'route "{address}"': {"intents": ["create_task"], "deliver": ["webhook-dispatch"]}
            for address in (ADDRESS, OTHER)}


def configured(world, receiver, name, sections=None, **changes):
    """A mailtri that is not started: what it has, and what of that changes."""
    mailtri = world.instance(name)
    options = receiver.options(mailtri, **changes) | (sections or {})
    mailtri.configure(world.core_options(limits=QUICK, **routes()),
                      {**world.stage_options(mailtri, [GOOD, SECOND]), "webhook-dispatch": options})
    return mailtri


@pytest.fixture(scope="module")
def hooked(world, domains, receiver):
    mailtri = configured(world, receiver, "hooked", timeout=Bare("2s"),
                         sections={f'route "{OTHER}"': {"path": "/other", "include": ["headers"]}})
    mailtri.start()
    yield Stand(world, mailtri, domains)
    assert mailtri.stop() == 0


def send(stand, subject, to=ADDRESS, **more):
    return stand.send(stand.mail(subject, to=to, **more), to=to).event


def item(stand, event):
    return stand.mailtri.ctl_one("queue", "show", event)


def outcomes(stand, event):
    return [r["reason"] for r in stand.records(event) if r["reason"].startswith("webhook.")]


def state_is(stand, event, state):
    wait_until(lambda: item(stand, event)["state"] == state, f"{event} {state}")


def check_signed(webhooks):
    """One id, the same bytes, each signed anew and rightly."""
    assert {w["id"] for w in webhooks} == {webhooks[0]["id"]}
    assert webhooks[0]["id"].startswith("msg_") and len(webhooks[0]["id"]) == 36
    assert {w["body"] for w in webhooks} == {webhooks[0]["body"]}
    for w in webhooks:
        assert w["said"] == [RIGHT, WRONG, WRONG]
        assert (w["method"], w["path"], w["type"]) == ("POST", "/mail", "application/json")
        assert w["agent"].startswith("mailtri/")


def fits(modules, envelope):
    out = subprocess.run(["node", FAKE / "validate.mjs", modules, SCHEMA], check=True, text=True,
                         capture_output=True, input=json.dumps([envelope]))
    return json.loads(out.stdout) == [[]] or out.stdout


def rich():
    """Two bodies, an attachment, words of other charsets."""
    message = email.message.EmailMessage(policy=email.policy.SMTP)
    message["From"] = f'"Ähre, Ann" <ann@{GOOD}>'
    message["To"] = f"{ADDRESS}, Bob <bob@{GOOD}>"
    message["Cc"] = f"eve@{SECOND}"
    message["Subject"] = "SUBJECT"
    message["Date"] = "Wed, 31 Dec 2025 19:00:00 -0500"
    message["Message-ID"] = f"<rich@{GOOD}>"
    message["References"] = f"<root@{GOOD}> <parent@{GOOD}>"
    message.set_content("#priority high\nGrüße\n", charset="iso-8859-15")
    message.add_alternative("<p>Grüße</p>\n", subtype="html")
    message.add_attachment(b"%PDF-1", maintype="application", subtype="pdf", filename="Größe.pdf")
    return message.as_bytes().replace(b"SUBJECT", b"=?ISO-8859-1?Q?=C4pfel?= #shopping")


def test_what_arrives(hooked, receiver, modules):
    event = hooked.send(hooked.domains[GOOD].sign(rich()), to=ADDRESS).event
    hooked.delivered(event)
    webhook, = receiver.webhooks(event)
    check_signed([webhook])
    e = webhook["envelope"]
    assert fits(modules, e) is True
    assert e["from"] == {"address": f"ann@{GOOD}", "name": "Ähre, Ann"}
    assert [a["address"] for a in e["to"] + e["cc"]] == [ADDRESS, f"bob@{GOOD}", f"eve@{SECOND}"]
    assert e["subject"] == "Äpfel #shopping"
    assert (e["text"], e["html"]) == ("#priority high\nGrüße\n", "<p>Grüße</p>\n")
    assert e["date"] == "2026-01-01T00:00:00Z" and e["received"] > e["date"]
    assert (e["message_id"], e["references"]) == \
        (f"<rich@{GOOD}>", [f"<root@{GOOD}>", f"<parent@{GOOD}>"])
    assert [(c["name"], c["argument"]) for c in e["commands"]] == \
        [("priority", "high"), ("shopping", "")]
    attached, = e["attachments"]
    assert (attached["filename"], attached["size"]) == ("Größe.pdf", 6)
    assert attached["sha256"] == hashlib.sha256(b"%PDF-1").hexdigest()
    assert (e["authentication"]["dkim"], e["authentication"]["domains"]["dkim"]) == ("pass", GOOD)
    assert e["facts"]["allowlist.match"] == GOOD
    assert e["intent"] == {"verb": "create_task", "class": "create", "target": "hook", "params": {}}
    assert e["client"]["address"] == "127.0.0.1" and e["client"]["tls"].startswith("TLSv1.")
    assert e["envelope"] == {"mail_from": f"ann@{GOOD}", "rcpt": ADDRESS}
    assert e["route"] == ADDRESS and e["thread"] is None and e["truncated"] is False


def test_a_route_has_its_own_receiver(hooked, receiver, modules):
    event = send(hooked, "Elsewhere", to=OTHER)
    hooked.delivered(event)
    webhook, = receiver.webhooks(event)
    assert webhook["path"] == "/other"
    assert fits(modules, webhook["envelope"]) is True
    assert "text" not in webhook["envelope"]
    assert {"name": "Subject", "value": "Elsewhere"} in webhook["envelope"]["headers"]


JSON = {"Content-Type": "application/json"}

# what the receiver does: what each attempt ended with
TRIED_AGAIN = {
    "429": ([{"status": 429, "headers": {"Retry-After": "1"}}], ["webhook.limited", "webhook.accepted"]),
    "500": ([{"status": 500}] * 3, ["webhook.broken"] * 3 + ["webhook.accepted"]),
    "408": ([{"status": 408}], ["webhook.busy", "webhook.accepted"]),
    "425": ([{"status": 425}], ["webhook.busy", "webhook.accepted"]),
    "503 with garbage": ([{"status": 503, "headers": JSON, "body": "{\"id\u0000"}],
                         ["webhook.broken", "webhook.accepted"]),
    "dropped after the commit": ([{"end": "drop"}], ["webhook.silent", "webhook.exists"]),
    "silent after the commit": ([{"end": "silence"}], ["webhook.silent", "webhook.exists"]),
    "dropped, then 500": ([{"end": "drop"}, {"status": 500}],
                          ["webhook.silent", "webhook.broken", "webhook.exists"]),
    "garbage as 200": ([{"status": 200, "headers": JSON, "body": "}{\u0001\u20ac"}],
                       ["webhook.accepted"]),
    "409 at once": ([{"status": 409}], ["webhook.exists"]),
}


@pytest.mark.parametrize("mood", TRIED_AGAIN)
def test_one_webhook_a_mail(hooked, receiver, mood):
    """Tried until done: one id, made once."""
    steps, ends = TRIED_AGAIN[mood]
    receiver.will(*steps)
    event = send(hooked, f"Through {mood}")
    hooked.delivered(event)
    webhooks = receiver.webhooks(event)
    check_signed(webhooks)
    assert outcomes(hooked, event) == ends
    assert len(webhooks) == len(ends)
    assert receiver.made().get(webhooks[0]["id"], 0) == (0 if mood == "409 at once" else 1)
    stamps = [int(w["timestamp"]) for w in webhooks]
    assert stamps == sorted(stamps) and len(set(stamps)) == len(stamps)


def test_what_the_receiver_made_is_told(hooked, receiver):
    receiver.will({"status": 201, "headers": JSON, "body": json.dumps({"id": "order-7"})})
    event = send(hooked, "Named")
    hooked.delivered(event)
    assert item(hooked, event)["targets"][0]["resource_id"] == "order-7"


GIVEN_UP = {
    302: ("webhook.redirect", {"Location": "https://elsewhere.example/"}, ""),
    400: ("webhook.rejected", JSON, json.dumps({"message": "no such customer"})),
    404: ("webhook.rejected", {"Content-Type": "text/plain"}, "nothing lives here\nat all"),
}


@pytest.mark.parametrize("status", GIVEN_UP)
def test_what_the_receiver_refuses_is_dead(hooked, receiver, status):
    reason, headers, body = GIVEN_UP[status]
    receiver.will({"status": status, "headers": headers, "body": body})
    event = send(hooked, f"Refused with {status}")
    state_is(hooked, event, "dead")
    assert outcomes(hooked, event) == [reason]
    assert len(receiver.webhooks(event)) == 1
    hooked.mailtri.ctl("queue", "retry", event)
    hooked.delivered(event)
    assert receiver.made()[receiver.webhooks(event)[0]["id"]] == 1


@pytest.mark.parametrize("status,reason", [(410, "webhook.gone"), (401, "webhook.refused"),
                                           (403, "webhook.refused")])
def test_a_receiver_that_wants_none_keeps_the_mail(hooked, receiver, status, reason):
    receiver.will({"status": status})
    event = send(hooked, f"Kept by {status}")
    hooked.delivered(event)  # the pause is over after retry_max
    assert outcomes(hooked, event) == [reason, "webhook.accepted"]
    webhooks = receiver.webhooks(event)
    check_signed(webhooks)
    assert receiver.made()[webhooks[0]["id"]] == 1


def test_a_kill_between_call_and_record(world, domains, receiver):
    """The receiver has the webhook, and we do not know: it gets it once more
    under the same id, and says that it has it."""
    mailtri = configured(world, receiver, "hook-killed")
    mailtri.start()
    stand = Stand(world, mailtri, domains)
    receiver.will({"end": "silence"})
    event = send(stand, "Killed")
    wait_until(lambda: receiver.webhooks(event), "the first attempt")
    mailtri.kill()
    mailtri.start()
    stand.delivered(event)
    webhooks = receiver.webhooks(event)
    check_signed(webhooks)
    assert len(webhooks) == 2 and outcomes(stand, event)[-1] == "webhook.exists"
    assert receiver.made()[webhooks[0]["id"]] == 1
    assert mailtri.stop() == 0


def test_ids_are_of_the_mail(hooked, receiver):
    events = [send(hooked, f"Number {i}") for i in range(5)]
    for event in events:
        hooked.delivered(event)
    ids = [receiver.webhooks(event)[0]["id"] for event in events]
    made = receiver.made()
    assert len(set(ids)) == 5 and all(made[i] == 1 for i in ids)


def test_both_secrets_are_signed_with(world, domains, receiver):
    """While receivers change over, one that has only the old secret and one
    that has only the new verify the same webhook."""
    mailtri = world.instance("rotating")
    stages = world.stage_options(mailtri, [GOOD])
    stages["webhook-dispatch"] = receiver.options(
        mailtri, secret_previous=mailtri.secret("webhook.previous", OLD))
    mailtri.configure(world.core_options(limits=QUICK, **routes()), stages)
    mailtri.start()
    stand = Stand(world, mailtri, domains)
    event = send(stand, "Rotated")
    stand.delivered(event)
    webhook, = receiver.webhooks(event)
    assert webhook["said"] == [RIGHT, RIGHT, WRONG]
    del stages["webhook-dispatch"]["secret_previous"]
    mailtri.configure(world.core_options(limits=QUICK, **routes()), stages)
    mailtri.ctl("reload")
    event = send(stand, "Rotation is over")
    stand.delivered(event)
    webhook, = receiver.webhooks(event)
    assert webhook["said"] == [RIGHT, WRONG, WRONG]
    log = (mailtri.folder / "mailtrid.log").read_text(errors="replace")
    assert NEW[6:] not in log and OLD[6:] not in log
    assert mailtri.stop() == 0


@pytest.mark.parametrize("where", ["file", "route"])
def test_a_malformed_secret_is_named_and_not_shown(world, domains, receiver, where):
    """It does not come into force, and the right one goes on to sign."""
    mailtri = configured(world, receiver, f"malformed-{where}")
    mailtri.start()
    bad = {"secret": mailtri.secret("bad.secret", "whsec_Zm9vYmFy")}
    options = receiver.options(mailtri)
    options |= bad if where == "file" else {f'route "{OTHER}"': bad}
    mailtri.configure(world.core_options(limits=QUICK, **routes()), {
        **world.stage_options(mailtri, [GOOD]), "webhook-dispatch": options})
    out = mailtri.ctl_run("reload")
    said = out.stdout + out.stderr + (mailtri.folder / "mailtrid.log").read_text(errors="replace")
    assert out.returncode != 0
    assert "secret: it is not whsec_" in out.stderr and "openssl rand" in out.stderr
    assert (f"for route {OTHER}" in out.stderr) == (where == "route")
    assert "Zm9v" not in said
    stand = Stand(world, mailtri, domains)
    event = send(stand, "As before")
    stand.delivered(event)
    check_signed(receiver.webhooks(event))
    assert mailtri.stop() == 0


@pytest.mark.parametrize("option,value,words", [
    ("path", "mail", "begins with a slash"), ("include", ["attempt"], "attempt"),
    ("body_size", Bare("5M"), "body_size"), ("timeout", Bare("61s"), "timeout")])
def test_options_are_checked(world, receiver, option, value, words):
    code, text = configured(world, receiver, f"bad-{option}", **{option: value}).check_configuration()
    assert code != 0 and words in text, text


def test_the_wrong_server_learns_nothing(world, domains, receiver):
    """A pin that does not fit: not one request arrives."""
    mailtri = configured(world, receiver, "hook-pinned",
                         endpoint_pin=["sha256//" + c * 43 + "=" for c in "AB"])
    mailtri.start()
    stand = Stand(world, mailtri, domains)
    before = receiver.requests()
    event = send(stand, "To nobody")
    wait_until(lambda: len(outcomes(stand, event)) > 1, f"two attempts for {event}")
    assert set(outcomes(stand, event)) == {"webhook.unreachable"}
    assert receiver.requests() == before
    assert mailtri.stop() == 0
