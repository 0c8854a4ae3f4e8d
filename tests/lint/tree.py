# SPDX-License-Identifier: BSD-2-Clause
"""The files of the project: what git would commit, or the tarball's."""
import os
import pathlib
import re
import subprocess

TOP = pathlib.Path(os.environ.get("top_srcdir") or pathlib.Path(__file__).parents[2]).resolve()
BUILD = pathlib.Path(os.environ.get("top_builddir") or TOP).resolve()
# What autoreconf and make leave at the top level of a tarball or of a tree
# that was built in place.
GENERATED = {"Makefile.in", "man", "aclocal.m4", "build-aux", "configure", "configure~", "autom4te.cache"}


def _git_files():
    out = subprocess.run(["git", "-C", str(TOP), "ls-files", "-z", "-co", "--exclude-standard"],
                         capture_output=True, check=False)
    if out.returncode != 0 or not (TOP / ".git").exists():
        return None
    return [name for name in out.stdout.decode().split("\0") if name and (TOP / name).exists()]


def _walked_files():
    found = []
    for where, folders, files in os.walk(TOP):
        if where == str(TOP):
            folders[:] = [f for f in folders if not f.startswith(("_", "build", ".git", "autom4te"))]
        folders[:] = [f for f in folders if f != "__pycache__" and not f.startswith(".")]
        found += [os.path.relpath(os.path.join(where, f), TOP) for f in files]
    return found


def files(*suffixes):
    """Paths relative to TOP, those that end with one of the suffixes."""
    names = _git_files()
    if names is None:
        names = _walked_files()
    return sorted(n for n in names if not suffixes or n.endswith(suffixes))


def text(name):
    return (TOP / name).read_text(errors="replace")


# Whether a page that is referred to is installed is the machine's affair; and
# RECORDS is no typing error of ERRORS.
NOT_OURS = re.compile(r"referenced manual not found|outdated mandoc.db|possible typo in section name")


def mandoc(*pages):
    """What mandoc has to say of manual pages, its remarks on style included."""
    out = subprocess.run(["mandoc", "-Tlint", "-Wstyle", *pages], cwd=TOP, capture_output=True,
                         text=True, check=False)
    return [line for line in (out.stdout + out.stderr).splitlines() if not NOT_OURS.search(line)]
