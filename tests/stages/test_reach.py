# SPDX-License-Identifier: BSD-2-Clause
"""What a stage can read while it is loaded and while it opens, and what it can
keep of that."""
import ctypes
import errno
import os
import re
import shutil

import pytest
from instance import UNPRIVILEGED
from world import wait_until

LANDLOCK_CREATE_RULESET, GET_VERSION = 444, 1
PIPELINE = ["auth", "allowlist", "t-reach"]


def landlock():
    return ctypes.CDLL(None).syscall(LANDLOCK_CREATE_RULESET, None, 0, GET_VERSION) > 0


def owned(path):
    """As a file of the user that mailtri runs as."""
    path.chmod(0o600)
    if os.getuid() == 0:
        shutil.chown(path, UNPRIVILEGED)
    return path


def prepared(world, name, **options):
    """An instance, and what it has that no stage may read."""
    mailtri = world.instance(name)
    secret = world.stage_options(mailtri, ["good.example"])
    mailtri.configure(world.core_options(pipeline=PIPELINE), {**secret, "t-reach": options})
    for folder in (mailtri.folder, mailtri.etc):
        folder.chmod(0o755)
    credentials = mailtri.folder / "credentials"
    credentials.mkdir(mode=0o755)
    (credentials / "root").write_text("x" * 32)
    mailtri.environment["CREDENTIALS_DIRECTORY"] = str(credentials)
    return mailtri, [mailtri.state / "keys/root", owned(mailtri.etc / "linear.key"),
                     owned(credentials / "root"), mailtri.conf, mailtri.state / "queue.db"]


def list_paths(mailtri, paths):
    where = mailtri.programs.stages / "t-reach.paths"
    where.write_text("".join(f"{path}\n" for path in paths))
    where.chmod(0o644)
    return where


def attempts(mailtri):
    """What each worker tried, at loading and at opening."""
    log = (mailtri.folder / "mailtrid.log").read_text()
    return [(loading.split(), opening.split()) for loading, opening in
            re.findall(r"loading:([ a-z0-9]*) opening:([ a-z0-9]*)", log)]


@pytest.mark.skipif(not landlock(), reason="NOT PROVED: this kernel has no Landlock")
def test_secrets_are_out_of_reach_while_loading(world):
    """The root key, another stage's secret, a credential, the configuration,
    the store: at the second start, when all of them are there."""
    mailtri, paths = prepared(world, "reach")
    where = list_paths(mailtri, [])
    mailtri.start()
    assert mailtri.stop() == 0
    assert all(path.stat().st_size > 0 for path in paths)
    list_paths(mailtri, [*paths, where])
    (mailtri.folder / "mailtrid.log").write_text("")
    mailtri.start()
    tried = wait_until(lambda: attempts(mailtri), "a worker that tried")
    assert mailtri.stop() == 0
    refused = [str(errno.EACCES)] * len(paths)
    assert all(one == ([*refused, "read"], [*refused, "read"]) for one in tried), tried


@pytest.mark.parametrize("how", ["keep", "swap"])
def test_a_descriptor_that_is_kept_ends_the_worker(world, how):
    """And so a configuration with such a stage is not taken."""
    mailtri, _ = prepared(world, f"reach-{how}", **{how: True})
    list_paths(mailtri, [])
    with pytest.raises(Exception):
        mailtri.start()
    log = (mailtri.folder / "mailtrid.log").read_text()
    assert re.search(r"stage t-reach left descriptor \d+ open: .* must close", log)
