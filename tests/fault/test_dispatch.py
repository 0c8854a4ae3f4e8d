# SPDX-License-Identifier: BSD-2-Clause
"""Between the claim of a mail and the record of its call: whichever process
dies at whichever of these points, the target does it once.

MAILTRI_KILLS and MAILTRI_SEED as in test_kill.py.
"""
import contextlib
import random
import re

import pytest
from test_kill import Rig, WAY, has_points, judge

POINTS = ("committed", "before the attempt", "dialling", "before the call", "in the call",
          "after the call", "before the record")
PHASES = [phase for phase in WAY if phase[0] in POINTS]


def test_killed_while_it_is_carried_out(world, domain, capsys):
    if not has_points():
        pytest.skip("needs --enable-faults")
    assert len(PHASES) == len(POINTS)
    with contextlib.closing(Rig(world, domain, "carried out", "90d")) as rig:
        judge(rig, PHASES, capsys, of=len(PHASES))
        assert rig.mailtri.stop() == 0


def test_a_call_outlives_the_resolver(world, domain):
    """The next one dials: nobody waits for an answer that cannot come."""
    if not has_points():
        pytest.skip("needs --enable-faults")
    dialling, = (phase for phase in WAY if phase[0] == "dialling")
    with contextlib.closing(Rig(world, domain, "dialled", "90d")) as rig:
        rig.restart_with(dialling[2])
        log = rig.mailtri.folder / "mailtrid.log"
        begun = log.stat().st_size
        for _ in range(3):
            rig.kill("resolver", dialling, random)
        rig.settle()
        said = log.read_text()[begun:]
        assert said.count("the resolver is gone") >= 3
        # What the restart interrupted is found to be there; nothing else is tried twice.
        assert {"delivered"} <= set(re.findall(r" outcome=(\w+)", said)) <= {"delivered", "duplicate"}
