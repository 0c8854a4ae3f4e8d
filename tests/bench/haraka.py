# SPDX-License-Identifier: BSD-2-Clause
"""Haraka with mailauth, two processes.  It discards in memory: nothing of what
it accepts is durable, so it does less than the others."""
import os
import pathlib
import shutil
import subprocess
import sys

from child import Child
from peer import Peer, address_answers
from world import wait_until

HERE = pathlib.Path(__file__).resolve().parent / "haraka"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / \
    "mailtri-bench/haraka"
SETTINGS = {
    "plugins": "rcpt_to.in_host_list\nmailauth_check\nqueue/discard\n",
    "me": "mx.bench.example\n", "log.ini": "[main]\nlevel=warn\n",
}


class Haraka(Peer):
    label = "Haraka+mailauth"
    programs = {"node": "nodejs", "npm": "npm"}
    load_options = ("-q",)  # it leaves Nagle on

    @classmethod
    def prepare(cls):
        """Its modules as the lock file has them, once for all builds."""
        lock = (HERE / "package-lock.json").read_text()
        if (CACHE / "installed").exists() and (CACHE / "installed").read_text() == lock:
            return
        shutil.rmtree(CACHE, ignore_errors=True)
        CACHE.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, CACHE)
        subprocess.run(["npm", "ci", "--no-fund", "--no-audit", "--loglevel=error"], cwd=CACHE,
                       check=True, stdout=sys.stderr)
        (CACHE / "installed").write_text(lock)

    def start(self):
        modules, config = CACHE / "node_modules", self.folder / "config"
        for name in ("config", "plugins", "queue"):
            (self.folder / name).mkdir()
        for path in (modules / "Haraka/config").glob("*.ini"):  # as "haraka -i" does
            shutil.copy(path, config)
        (self.folder / "node_modules").symlink_to(modules)
        (self.folder / "package.json").write_text("{}")
        shutil.copy(HERE / "mailauth_check.js", self.folder / "plugins")
        for name, text in {**SETTINGS, "host_list": f"{self.domain}\n",
                           "smtp.ini": f"listen={self.address}:{self.port}\nnodes=2\n"}.items():
            (config / name).write_text(text)
        self.children.append(Child(
            ["node", str(modules / "Haraka/bin/haraka"), "-c", str(self.folder)],
            log=self.folder / "log",
            env={**os.environ, "YES_REALLY_DO_DISCARD": "1", "HARAKA": str(self.folder)}))
        wait_until(lambda: address_answers(self.address, self.port), "Haraka's greeting")
