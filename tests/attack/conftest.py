# SPDX-License-Identifier: BSD-2-Clause
"""The world of tests/e2e, under attack."""
import importlib.util
import pathlib

_spec = importlib.util.spec_from_file_location(
    "e2e_conftest", pathlib.Path(__file__).parents[1] / "e2e/conftest.py")
e2e = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(e2e)
domains, world, start = e2e.domains, e2e.world, e2e.start
