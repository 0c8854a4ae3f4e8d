# SPDX-License-Identifier: BSD-2-Clause
"""Packages of npm for tests, of the versions a lock file names, in a folder of
the build that "make clean" removes."""
import fcntl
import filecmp
import shutil
import subprocess

import pytest

from role import BUILD


def _fetch(folder):
    """Where npm is missing or cannot be asked, what needs it is not proved."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    out = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund",
                          "--prefer-offline"], cwd=folder, capture_output=True, text=True, check=False)
    if out.returncode != 0:
        pytest.skip("npm ci: " + " ".join(out.stderr.split())[:200])


def modules(source):
    """A folder with the node_modules of source/package-lock.json in it."""
    folder = BUILD / "npm" / source.name
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / "installed-lock.json"
    with open(folder / "npm.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several tests at a time
        wanted = source / "package-lock.json"
        if not done.exists() or not filecmp.cmp(wanted, done, shallow=False):
            for name in ("package.json", "package-lock.json"):
                shutil.copyfile(source / name, folder / name)  # not its mode: a source may be read-only
            _fetch(folder)
            shutil.copyfile(wanted, done)
    return folder
