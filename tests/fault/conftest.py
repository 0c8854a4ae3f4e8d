# SPDX-License-Identifier: BSD-2-Clause
"""The world of tests/e2e, with one sending domain, for what takes power and
processes away from mailtri."""
import os
import pathlib
import shutil
import sys
import tempfile

import pytest

TOP = pathlib.Path(os.environ.get("top_srcdir") or pathlib.Path(__file__).parents[2]).resolve()
BUILD = pathlib.Path(os.environ.get("top_builddir") or TOP).resolve()
sys.path[:0] = [str(TOP / "contrib/lib"), str(TOP / "tests/lib")]

import sender  # noqa: E402
from instance import Programs  # noqa: E402
from nameserver import find_unbound  # noqa: E402
from world import World  # noqa: E402


@pytest.fixture(scope="session")
def domain():
    return sender.Domain("good.example")


@pytest.fixture(scope="module")
def world(domain, request):
    if not (BUILD / "mailtrid").exists():
        pytest.skip("mailtrid is not built here")
    if find_unbound() is None:
        pytest.skip("unbound is not installed")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="mailtri-fault-"))
    try:
        with World(folder, Programs.built(BUILD, folder / "stages")) as made:
            made.nameserver.serve(domain.zone())
            made.start_linear()
            yield made
    finally:
        if request.session.testsfailed and os.environ.get("MAILTRI_KEEP"):
            print(f"left for a look: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
