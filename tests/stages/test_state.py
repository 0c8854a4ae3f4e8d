# SPDX-License-Identifier: BSD-2-Clause
"""What stages keep over messages: with which verdict it stays, for whom, and
for how long.  Every mail says what was kept before it."""
import pytest
from world import wait_until

NOTHING = ("nothing", "nothing")


@pytest.fixture(scope="module")
def stand(start):
    made = start("state", pipeline=["auth", "allowlist", "t-state", "t-state-2"],
                 stages={"t-state": {}, "t-state-2": {}})
    yield made
    assert made.mailtri.stop() == 0


def mail(stand, put=None, end=None):
    fields = [(name, value) for name, value in (("X-Test-Put", put), ("X-Test-End", end)) if value]
    return stand.send(stand.mail("Remember", fields=fields))


def kept(stand):
    """What each of the two stages finds."""
    answer = mail(stand)
    assert answer.code == 250, answer
    facts = stand.mailtri.ctl_one("explain", answer.event)["facts"]
    return facts["t-state.kept"], facts["t-state-2.kept"]


def put(stand, value, when="accepted", ttl=3600, stage="t-state", end=None):
    return mail(stand, f"{stage} {when} {ttl} {value}", end).code


def test_nothing_is_kept_at_first(stand):
    assert kept(stand) == NOTHING


def test_kept_of_an_accepted_mail_for_its_stage_alone(stand):
    assert put(stand, "one") == 250
    assert kept(stand) == ("one", "nothing")
    assert put(stand, "other", stage="t-state-2") == 250
    assert kept(stand) == ("one", "other")


# Who refuses: the stage itself, or one behind it.
@pytest.mark.parametrize("end,code", [("t-state reject", 550), ("t-state tempfail", 451),
                                      ("t-state-2 reject", 550), ("t-state-2 tempfail", 451)])
def test_a_refusal_drops_what_was_for_the_accepted(stand, end, code):
    assert put(stand, "before") == 250
    assert put(stand, "dropped", end=end) == code
    assert kept(stand)[0] == "before"
    assert put(stand, "stays", when="always", end=end) == code
    assert kept(stand)[0] == "stays"


def test_kept_over_a_stop(stand):
    assert put(stand, "lasting") == 250
    assert stand.mailtri.stop() == 0
    stand.mailtri.start()
    assert kept(stand)[0] == "lasting"


def test_kept_for_its_time(stand):
    assert put(stand, "brief", ttl=2) == 250
    wait_until(lambda: kept(stand)[0] == "nothing", "the end of what was kept")
