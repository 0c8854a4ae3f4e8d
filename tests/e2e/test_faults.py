# SPDX-License-Identifier: BSD-2-Clause
"""What a stage's death, its silence and its verdicts cost: the mail in hand,
never the daemon, never another session."""
import threading

import pytest
from conftest import GOOD
from instance import Bare
from world import ADDRESS, wait_until

PIPELINE = ["auth", "allowlist", "t-crash", "t-hang"]
OTHERS = 20


@pytest.fixture(scope="module")
def stand(start):
    """Each misbehaving stage in a worker of its own."""
    made = start("faults", pipeline=PIPELINE, limits={"judge": 20},
                 stages={"t-crash": {"group": "t-crash"}, "t-hang": {"group": "t-hang", "deadline": 2}})
    yield made
    assert made.mailtri.stop() == 0


def others(stand, answers):
    """Sessions that have nothing to do with the trouble."""
    def one(number):
        answers.append(stand.send(stand.mail(f"Bystander {number}")))
    threads = [threading.Thread(target=one, args=(n,)) for n in range(OTHERS)]
    for thread in threads:
        thread.start()
    return threads


@pytest.mark.parametrize("field", ["X-Test-Crash", "X-Test-Hang"])
def test_costs_the_mail_in_hand_a_451(stand, field):
    pid, answers = stand.mailtri.child.pid, []
    threads = others(stand, answers)
    answer = stand.send(stand.mail("Trouble", fields=[(field, "1")]))
    for thread in threads:
        thread.join()
    assert answer.code == 451
    assert answer.reason in ("host.stage.failed", "host.stage.timeout")
    assert [a.code for a in answers] == [250] * OTHERS, [str(a) for a in answers if a.code != 250]
    assert stand.mailtri.child.running() and stand.mailtri.child.pid == pid
    assert stand.send(stand.mail("After it")).code == 250


def test_a_crash_at_rcpt(stand):
    smtp = stand.client().connect()
    try:
        assert smtp.mail(f"crash@{GOOD}")[0] == 250
        assert smtp.rcpt(ADDRESS)[0] == 451
    finally:
        smtp.close()
    assert stand.send(stand.mail("After RCPT")).code == 250


@pytest.mark.parametrize("verdict,code", [("continue", 250), ("reject", 550), ("tempfail", 451), ("fail", 451)])
def test_verdicts(start, verdict, code):
    stand = start(f"verdict-{verdict}", pipeline=["auth", "allowlist", "t-verdict"],
                  stages={"t-verdict": {"verdict": verdict}})
    answer = stand.send(stand.mail(f"Verdict {verdict}"))
    assert answer.code == code
    if verdict in ("reject", "tempfail"):
        assert answer.reason == f"t-verdict.{verdict}"
    assert stand.mailtri.stop() == 0


def test_what_is_held_is_not_delivered(start):
    stand = start("held", pipeline=["auth", "allowlist", "t-verdict"],
                  stages={"t-verdict": {"hold": "somebody"}})
    answer = stand.send(stand.mail("Wait for it"))
    assert answer.code == 250
    assert stand.mailtri.ctl_one("queue", "show", answer.event)["state"] == "held"
    assert "Wait for it" not in [issue["title"] for issue in stand.linear.issues()]
    assert stand.mailtri.stop() == 0


def test_a_deferred_mail_is_not_its_own_replay(start):
    """auth claims the mail before a later stage defers it: the claim goes."""
    stand = start("claims", pipeline=["auth", "allowlist", "t-verdict"],
                  stages={"t-verdict": {"verdict": "tempfail"}})
    message = stand.mail("Again and again")
    assert [stand.send(message).code for _ in range(3)] == [451, 451, 451]
    assert stand.mailtri.stop() == 0


def test_a_start_without_the_disks_reserve(start):
    """It starts, says what is missing, and tells clients to come again."""
    stand = start("full", limits={"disk_reserve": Bare("1024G")})
    line = wait_until(lambda: next((s for s in stand.mailtri.child.lines if "intake is " in s), None),
                      "a word on the disk")
    assert "intake is closed" in line and "lower disk_reserve" in line
    answer = stand.send(stand.mail("No room"))
    assert (answer.code, answer.enhanced) == (452, "4.3.1")
    assert "no intake" in stand.mailtri.status()["disk"]
    assert stand.mailtri.stop() == 0
