# SPDX-License-Identifier: BSD-2-Clause
"""A message that kills the process judging it: the second death is its last,
over restarts and by whoever's retry; what others do to a worker is not its
doing."""
import contextlib
import os
import signal
import threading

import pytest
from world import ADDRESS, Bare, wait_until


def crasher(stand, act="abort", number=0, **mail):
    return stand.mail(f"Poison {act} {number}", fields=[("X-Test-Do", act)], **mail)


@pytest.fixture(scope="module")
def unproven(start):
    """The stage runs before anything is known of the sender."""
    made = start("unproven", stages={"t-hostile": {"deadline": Bare("1s")}},
                 pipeline=["t-hostile", "auth", "allowlist"])
    yield made
    assert made.mailtri.stop() == 0


@pytest.mark.parametrize("act", ["abort", "call ptrace", "hang", "forge"])
def test_the_second_death_refuses(unproven, act):
    message = crasher(unproven, act)
    answers = [unproven.send(message) for _ in range(3)]
    assert [a.code for a in answers] == [451, 554, 554]
    assert unproven.newest("host.poison")


def test_stages_that_share_a_worker(start):
    """Together they may take as long as the judge: a hang is counted all the same."""
    one = {"group": "both", "deadline": Bare("2s")}
    stand = start("both", stages={"t-hostile": one, "t-crash": one},
                  pipeline=["t-hostile", "t-crash", "auth", "allowlist"],
                  limits={"judge": Bare("4s")})
    message = crasher(stand, "hang")
    assert [stand.send(message).code for _ in range(3)] == [451, 554, 554]
    assert stand.newest("host.stage.timeout")
    assert stand.mailtri.stop() == 0


def rcpt(stand, sender):
    with contextlib.closing(stand.client().connect()) as smtp:
        smtp.mail(sender)
        return smtp.rcpt(ADDRESS)[0]


@pytest.mark.parametrize("act", ["abort", "hang"])
def test_the_second_death_at_rcpt_refuses(unproven, act):
    """By client, sender and recipient: whoever repeats his RCPT kills one worker."""
    sender = f"{act}.1@good.example"
    assert [rcpt(unproven, sender) for _ in range(3)] == [451, 550, 550]
    assert unproven.newest("host.poison.envelope")
    before = unproven.mailtri.roles()["worker:t-hostile"]
    assert rcpt(unproven, sender) == 550
    assert unproven.mailtri.roles()["worker:t-hostile"] == before
    assert rcpt(unproven, f"{act}.2@good.example") == 451
    assert unproven.send(unproven.mail("A sender that harms nobody")).code == 250


def test_it_is_not_run_again(unproven):
    message = crasher(unproven, number=1)
    assert [unproven.send(message).code for _ in range(2)] == [451, 554]
    assert unproven.send(unproven.mail("A worker is there again")).code == 250
    before = unproven.mailtri.roles()["worker:t-hostile"]
    assert unproven.send(message).code == 554
    assert unproven.mailtri.roles()["worker:t-hostile"] == before


def test_another_message_begins_anew(unproven):
    assert unproven.send(crasher(unproven, number=2)).code == 451
    assert unproven.send(crasher(unproven, number=3)).code == 451
    assert unproven.send(unproven.mail("Harmless")).code == 250


def test_it_survives_the_engine(unproven):
    first, second = crasher(unproven, number=4), crasher(unproven, number=5)
    assert unproven.send(first).code == 451
    assert [unproven.send(second).code for _ in range(2)] == [451, 554]
    assert unproven.mailtri.stop() == 0
    unproven.mailtri.start()
    assert unproven.send(first).code == 554
    assert unproven.send(second).code == 554


def test_a_proven_sender_is_held_for_an_operator(start):
    stand = start("proven", stages={"t-hostile": {}}, pipeline=["auth", "allowlist", "t-hostile"])
    message = crasher(stand)
    answers = [stand.send(message) for _ in range(2)]
    assert [a.code for a in answers] == [451, 250]
    assert stand.newest("host.poison.held")
    item = stand.mailtri.ctl_one("queue", "show", answers[1].event)
    assert item["state"] not in ("done", "active", "deferred")
    assert stand.linear.issues() == [] or all(
        issue["title"] != "Poison abort 0" for issue in stand.linear.issues())
    assert stand.mailtri.stop() == 0


def test_a_worker_killed_from_outside_blames_nobody(start):
    """An operator's kill -9, the kernel's for want of memory: 451 and no
    more, however often."""
    stand = start("outside", stages={"t-hostile": {"deadline": Bare("60s")}},
                  pipeline=["t-hostile", "auth", "allowlist"])
    message = crasher(stand, "hang")
    for _ in range(3):
        assert _send_and_kill(stand, message).code == 451
    assert stand.mailtri.stop() == 0


def _send_and_kill(stand, message):
    answers = []
    thread = threading.Thread(target=lambda: answers.append(stand.send(message)))
    thread.start()
    (pid,) = wait_until(lambda: _busy(stand), "a worker that hangs")
    os.kill(pid, signal.SIGKILL)
    thread.join(60)
    return answers[0]


def _busy(stand):
    """Workers of the group that have used the processor for a while."""
    found = []
    for pid in stand.mailtri.roles().get("worker:t-hostile", []):
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            ticks = int(file.read().rpartition(")")[2].split()[11])
        if ticks > 20:
            found.append(pid)
    return found
