# SPDX-License-Identifier: BSD-2-Clause
"""Each suite is judged twice: by the stage alone behind the fake host, and by
`mailtrictl check --batch -` with the real roles."""
import os
import pathlib
import shlex
import shutil
import tempfile

import pytest
import suite

BUILD = pathlib.Path(os.environ.get("top_builddir") or ".").resolve()
ROUTE = 'route "task.linear@example.net"'


@pytest.fixture(scope="session")
def folder():
    """The roles run as somebody else: they must be able to look into it."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="mailtri-conformance-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def by_itself(_):
    runner = BUILD / "tests/conformance/auth_batch"
    if not runner.exists():
        pytest.skip("the stage auth is not built here")
    return suite.Judge([str(runner)])


def check(where):
    from instance import Bare, Instance, Programs
    programs = Programs.built(BUILD, where / "stages")
    if not programs.mailtrictl.exists():
        pytest.skip("mailtrictl is not built here")
    mailtri = Instance(where, programs, hostname="mx.example.net")
    for listener in mailtri.listen.values():
        listener["tls"] = Bare("none")  # nothing listens; no certificate is needed
    mailtri.configure({"pipeline": ["auth"],
                       ROUTE: {"intents": ["create_task"], "deliver": []}}, {})
    return suite.Judge([str(programs.mailtrictl), "check", "-c", str(mailtri.conf), "--batch", "-"],
                       MAILTRI_LIBEXEC=str(programs.roles))


def other(_):
    """MAILTRI_CHECK: another command that speaks these lines."""
    return suite.Judge(shlex.split(os.environ["MAILTRI_CHECK"]))


WAYS = [other] if "MAILTRI_CHECK" in os.environ else [by_itself, check]


@pytest.fixture(scope="session", params=WAYS, ids=[w.__name__ for w in WAYS])
def judge(request, folder):
    return request.param(folder)


@pytest.fixture(scope="session")
def alone(folder):
    """For what only the fake host shows."""
    return by_itself(folder)
