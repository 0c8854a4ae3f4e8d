# SPDX-License-Identifier: BSD-2-Clause
"""Between the claim of a mail and the record of its call: whichever process
dies at whichever of these points, the target does it once.

MAILTRI_KILLS and MAILTRI_SEED as in test_kill.py.
"""
import contextlib

import pytest
from test_kill import Rig, WAY, has_points, judge

POINTS = ("committed", "before the attempt", "before the call", "in the call", "after the call",
          "before the record")
PHASES = [phase for phase in WAY if phase[0] in POINTS]


def test_killed_while_it_is_carried_out(world, domain, capsys):
    if not has_points():
        pytest.skip("needs --enable-faults")
    assert len(PHASES) == len(POINTS)
    with contextlib.closing(Rig(world, domain, "carried out", "90d")) as rig:
        judge(rig, PHASES, capsys, of=len(PHASES))
        assert rig.mailtri.stop() == 0
