# SPDX-License-Identifier: BSD-2-Clause
"""That the benches still run, in their smallest form.  What they measure here,
on a machine that does something else, is nobody's figure."""
import json
import os
import pathlib
import subprocess

import pytest

TOP = pathlib.Path(os.environ.get("top_srcdir") or pathlib.Path(__file__).parents[2]).resolve()
BUILD = pathlib.Path(os.environ.get("top_builddir") or TOP).resolve()
ROLES = {"front", "engine", "parser", "worker", "keys", "resolver"}
RUN_S = 300


def run(name, *arguments, codes=(0,)):
    out = subprocess.run(["/usr/bin/python3", TOP / "tests/bench" / name, *arguments], check=False,
                         stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=RUN_S)
    assert out.returncode in codes, out.stderr
    return out.stdout


@pytest.mark.parametrize("name", ["auth", "bench", "cold", "dispatch", "hostile.py"])
def test_says_its_options(name):
    assert "usage: " in run(name, "--help")


def test_mailtri_alone():
    if os.getuid() != 0:
        pytest.skip("a namespace needs root")
    result = json.loads(run("bench", "--build", str(BUILD), "--alone", "--mails", "40", "--rounds", "1",
                            "--connections", "4", "--json", codes=(0, 1)))  # 1: over its limits
    assert set(result) == {"what", "servers", "roles_us", "budget_us", "limit_us", "limit_per_second",
                           "within_limits", "within_budget"}
    mailtri = result["servers"]["mailtri"]
    assert all(mailtri[name] > 0 for name in ("cpu_us", "per_second", "p50_ms", "p99_ms", "memory_mib"))
    used = {name.partition(":")[0] for name, spent in result["roles_us"].items() if spent > 0}
    assert used >= ROLES - {"keys"}


def test_the_stage_beside_the_library():
    result = json.loads(run("auth", "--build", str(BUILD), "--rounds", "1", "--json"))
    assert len(result) > 1
    assert all(row["stage_us"] > 0 and row["library_us"] > 0 for row in result.values())
