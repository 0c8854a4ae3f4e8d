# SPDX-License-Identifier: BSD-2-Clause
"""What an operator does to a message: released, refused, discarded, replayed;
each audited, each refused where it makes no sense."""
import contextlib
import json
import os
import re
import sqlite3

import pytest
from instance import Bare
from world import wait_until

PATIENT = {"retry_min": Bare("1h"), "retry_max": Bare("1h")}
HOLDING = ["auth", "allowlist", "t-verdict"]


@pytest.fixture(scope="module")
def patient(start):
    """Tries again only when it is told to."""
    made = start("acts", limits=PATIENT)
    yield made
    made.linear.set_mode("ok")
    assert made.mailtri.stop() == 0


@pytest.fixture(scope="module")
def holding(start):
    made = start("holding", pipeline=HOLDING, stages={"t-verdict": {"hold": "operator"}})
    yield made
    assert made.mailtri.stop() == 0


def state(stand, event):
    """None: it is not in the queue any more."""
    out = stand.mailtri.ctl_run("queue", "show", event, "--json")
    return json.loads(out.stdout)["state"] if out.returncode == 0 else None


def become(stand, event, wanted):
    wait_until(lambda: state(stand, event) == wanted, f"{event} {wanted}")


def titled(stand, title):
    return [issue for issue in stand.linear.issues() if issue["title"] == title]


def done_by_operator(stand, event, act):
    """The one record of an act, which says who did it."""
    found = [r for r in stand.records(event) if r["action"]["type"] == f"mailtri.{act}"]
    assert len(found) == 1, found
    assert found[0]["operator"] == f"uid:{os.getuid()}"
    assert found[0]["authorization"] == {"permitted": True, "role": "operator", "policy": ""}
    assert found[0]["reason"] == f"operator.{act}"
    return found[0]


def refused(stand, *arguments):
    """The sentence of an act that is not done; nothing is audited for it."""
    before = stand.mailtri.status()["audit"]["records"]
    out = stand.mailtri.ctl_run("queue", *arguments)
    assert (out.returncode, out.stdout) == (1, ""), out
    assert stand.mailtri.status()["audit"]["records"] == before
    return out.stderr


def deferred(stand, title):
    stand.linear.set_mode("unavailable", 1)
    event = stand.send(stand.mail(title)).event
    become(stand, event, "deferred")
    return event


def dead(stand, title):
    stand.linear.set_mode("invalid", 1, "create")
    event = stand.send(stand.mail(title)).event
    become(stand, event, "dead")
    return event


def test_discarded_mail_is_never_delivered_and_its_key_goes(patient):
    event = deferred(patient, "Give up")
    assert patient.mailtri.ctl_one("queue", "discard", event) == {"event": event, "state": "erasing"}
    wait_until(lambda: state(patient, event) is None, f"{event} erased")
    done_by_operator(patient, event, "discard")
    records = patient.records(event)
    assert [r["reason"] for r in records if r["action"]["type"] == "mailtri.erase"] == \
        ["operator.discard"]
    assert {r["actor"]["email"] for r in records} <= {None, ""}  # the key went with it
    assert titled(patient, "Give up") == []
    out = patient.mailtri.ctl_run("explain", event)
    assert out.returncode == 1 and "its key is erased" in out.stderr
    assert "not in the queue" in refused(patient, "discard", event)
    assert patient.mailtri.ctl_run("audit", "verify").returncode == 0


def test_a_discarded_mail_cannot_come_again(patient):
    patient.linear.set_mode("unavailable", 1)
    message = patient.mail("Not twice")
    event = patient.send(message).event
    become(patient, event, "deferred")
    patient.mailtri.ctl("queue", "discard", event)
    wait_until(lambda: state(patient, event) is None, f"{event} erased")
    again = patient.send(message)
    assert again.code == 550 or again.event == event
    assert titled(patient, "Not twice") == []


def test_dead_mail_is_discarded(patient):
    event = dead(patient, "Dead and gone")
    assert patient.mailtri.ctl_run("queue", "discard", event).stdout == f"{event} is erasing\n"
    wait_until(lambda: state(patient, event) is None, f"{event} erased")
    done_by_operator(patient, event, "discard")


def test_mail_that_waited_long_is_tried_more_than_once(start):
    """A reply behind a mail that stood for longer than deliver_age."""
    stand = start("long-wait", limits=PATIENT)
    stand.linear.set_mode("unavailable")
    message = stand.mail("First")
    first = stand.send(message).event
    become(stand, first, "deferred")
    name = re.search(rb"Message-ID: (<[^>]+>)", message).group(1).decode()
    event = stand.send(stand.mail("Second", fields=[("In-Reply-To", name)])).event
    assert state(stand, event) == "active"
    assert stand.mailtri.stop() == 0
    with contextlib.closing(sqlite3.connect(stand.mailtri.state / "queue.db")) as db, db:
        db.execute("UPDATE outbox SET give_up = 1000 WHERE attempt = 0")
    stand.mailtri.start()
    stand.mailtri.ctl("queue", "discard", first)
    become(stand, event, "deferred")
    assert stand.mailtri.ctl_one("queue", "show", event)["targets"][0]["attempts"] == 1
    stand.linear.set_mode("ok")
    assert stand.mailtri.stop() == 0


def test_what_is_done_is_not_discarded(patient):
    patient.linear.set_mode("ok")
    event = patient.send(patient.mail("Kept")).event
    patient.delivered(event)
    assert f"{event} is done: only what is" in refused(patient, "discard", event)
    assert f"{event} is done: only what is held" in refused(patient, "release", event)
    assert f"{event} is done: only what is held" in refused(patient, "refuse", event)


def test_a_call_that_is_out_ends_first(patient):
    """Its outcome is recorded, whatever the operator wants."""
    patient.linear.set_mode("slow", 1, "create")
    event = patient.send(patient.mail("In the air")).event

    def calling():
        targets = patient.mailtri.ctl_one("queue", "show", event)["targets"]
        return targets[0]["state"] == "calling"
    wait_until(calling, f"a call for {event}")
    out = patient.mailtri.ctl_run("queue", "discard", event)
    if out.returncode != 0:  # else the call had ended between the two questions
        assert "an attempt is being made right now" in out.stderr or "is done" in out.stderr
    patient.delivered(event)
    assert len(titled(patient, "In the air")) == 1


def test_replay_of_what_was_delivered_finds_it(patient):
    patient.linear.set_mode("ok")
    event = patient.send(patient.mail("Once")).event
    before = patient.delivered(event)["targets"][0]
    assert patient.mailtri.ctl_one("queue", "replay", event)["state"] == "active"
    wait_until(lambda: patient.delivered(event)["targets"][0]["attempts"] == 2, "the second attempt")
    after = patient.delivered(event)["targets"][0]
    assert (after["state"], after["resource_id"]) == ("duplicate", before["resource_id"])
    assert len(titled(patient, "Once")) == 1
    done_by_operator(patient, event, "replay")


def test_replay_makes_again_what_is_gone(patient):
    """With the same idempotency key, which is the issue's id."""
    patient.linear.set_mode("ok")
    event = patient.send(patient.mail("Deleted by mistake")).event
    patient.delivered(event)
    patient.linear.forget(titled(patient, "Deleted by mistake")[0])
    patient.mailtri.ctl("queue", "replay", event)
    wait_until(lambda: patient.delivered(event)["targets"][0]["attempts"] == 2, "the second attempt")
    assert patient.delivered(event)["targets"][0]["state"] == "delivered"
    made = titled(patient, "Deleted by mistake")
    assert len(made) == 2 and made[0]["id"] == made[1]["id"]


def test_replay_of_the_dead(patient):
    event = dead(patient, "Risen")
    patient.mailtri.ctl("queue", "replay", event)
    patient.delivered(event)
    assert len(titled(patient, "Risen")) == 1
    event = deferred(patient, "Not yet")
    assert f"{event} is deferred: only what is done or dead" in refused(patient, "replay", event)
    patient.mailtri.ctl("queue", "discard", event)


def test_replays_are_counted_once_under_many(patient):
    """Ten operators at once: one attempt at a time, one issue."""
    patient.linear.set_mode("ok")
    event = patient.send(patient.mail("Ten hands")).event
    patient.delivered(event)
    codes = [patient.mailtri.ctl_run("queue", "replay", event).returncode for _ in range(10)]
    patient.delivered(event)
    assert codes[0] == 0 and set(codes) <= {0, 1}
    records = patient.records(event)
    assert sum(r["reason"] == "operator.replay" for r in records) == codes.count(0)
    assert len(titled(patient, "Ten hands")) == 1


def test_released(holding):
    event = holding.send(holding.mail("Let it go")).event
    assert state(holding, event) == "held"
    assert f"{event} is held: only what is deferred" in refused(holding, "retry", event)
    assert "does not wait for somebody" in refused(holding, "release", event, "somebody")
    assert "name of 1 to 39 bytes" in refused(holding, "release", event, "x" * 40)
    assert state(holding, event) == "held" and titled(holding, "Let it go") == []
    assert holding.mailtri.ctl_one("queue", "release", event)["state"] == "active"
    holding.delivered(event)
    assert done_by_operator(holding, event, "release")["action"]["target"] == "operator"
    assert f"{event} is done" in refused(holding, "release", event)
    assert len(titled(holding, "Let it go")) == 1


def test_refused(holding):
    event = holding.send(holding.mail("Never")).event
    assert holding.mailtri.ctl_one("queue", "refuse", event)["state"] == "refused"
    assert done_by_operator(holding, event, "refuse")["result"]["status"] == "refused"
    for act in ("release", "refuse", "discard", "replay", "retry"):
        assert f"{event} is refused: only what is" in refused(holding, act, event)
    assert titled(holding, "Never") == []


def test_held_mail_is_discarded(holding):
    event = holding.send(holding.mail("Held and gone")).event
    holding.mailtri.ctl("queue", "discard", event)
    wait_until(lambda: state(holding, event) is None, f"{event} erased")
    assert titled(holding, "Held and gone") == []


def test_every_releaser_must(start):
    """A stage's own releaser is named; the operator is none of them."""
    stand = start("named", pipeline=HOLDING, stages={"t-verdict": {"hold": "boss@good.example"}})
    event = stand.send(stand.mail("By name")).event
    assert "does not wait for operator" in refused(stand, "release", event)
    stand.mailtri.ctl("queue", "release", event, "boss@good.example")
    stand.delivered(event)
    assert done_by_operator(stand, event, "release")["action"]["target"] == ""  # no person in the log
    assert stand.mailtri.stop() == 0


def test_a_hold_that_nobody_ends_is_refused(start):
    stand = start("expiring", pipeline=HOLDING,
                  stages={"t-verdict": {"hold": "operator", "expire": Bare("1s")}})
    event = stand.send(stand.mail("Too late")).event
    become(stand, event, "refused")
    found = [r for r in stand.records(event) if r["reason"] == "hold.expired"]
    assert len(found) == 1 and found[0]["result"]["status"] == "refused"
    assert titled(stand, "Too late") == []
    assert stand.mailtri.stop() == 0


def test_usage(patient):
    for arguments in (("discard",), ("replay",), ("release",), ("refuse",), ("discard", "a", "b"),
                      ("release", "a", "b", "c"), ("replay", "a", "b")):
        assert patient.mailtri.ctl_run("queue", *arguments).returncode == 3, arguments
