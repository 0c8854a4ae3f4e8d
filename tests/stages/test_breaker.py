# SPDX-License-Identifier: BSD-2-Clause
"""A breaker opens only where the stage's own probe() fails: hostile mail
alone, however much of it, never switches a check off."""
from world import wait_until

FAILURES = 12  # more than BREAKER_FAILURES


def fail_often(stand, name):
    for n in range(FAILURES):
        answer = stand.send(stand.mail(f"{name} {n}", fields=[("X-Test-Fail", "yes")]))
        assert answer.code == 451


def test_breaker(start, world):
    folder = world.folder / "health"
    folder.mkdir(mode=0o755)
    healthy = folder / "ok"
    healthy.touch()
    stand = start("breaker", stages={"t-probe": {"folder": folder}},
                  pipeline=["auth", "allowlist", "t-probe"])
    fail_often(stand, "Healthy")
    assert stand.send(stand.mail("Healthy")).code == 250
    assert not [r for r in stand.mailtri.records() if r.get("reason") == "host.stage.unavailable"]

    healthy.unlink()
    fail_often(stand, "Ill")
    wait_until(lambda: stand.send(stand.mail("Ill")).code == 451, "an open breaker")
    assert stand.newest("host.stage.unavailable")

    healthy.touch()
    wait_until(lambda: stand.send(stand.mail("Well again")).code == 250, "a closed breaker")
    assert stand.mailtri.stop() == 0
