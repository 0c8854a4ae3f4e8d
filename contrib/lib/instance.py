# SPDX-License-Identifier: BSD-2-Clause
"""One mailtri in a folder of its own: configuration, start, stop, questions."""
import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import socket
import stat
import subprocess

from child import Child, Failed, Notify, free_port

CALL_S = 60
UNPRIVILEGED = "nobody"
RACE, RACE_CHARS = "WARNING: ThreadSanitizer", 4000
ROLES = {"front", "engine", "parser", "worker", "worker-net", "resolver", "keys"}


@dataclasses.dataclass
class Programs:
    """Where an installation, or a build folder, has its files."""
    mailtrid: pathlib.Path
    mailtrictl: pathlib.Path
    roles: pathlib.Path
    stages: pathlib.Path

    @classmethod
    def installed(cls, prefix):
        prefix = pathlib.Path(prefix)
        return cls(prefix / "sbin/mailtrid", prefix / "sbin/mailtrictl",
                   prefix / "libexec/mailtri", prefix / "lib/mailtri/stages-1")

    @classmethod
    def built(cls, folder, stages):
        """Stages of a build are copied out of libtool's folders: a stage is
        only loaded from where nobody else may write."""
        folder, stages = pathlib.Path(folder), pathlib.Path(stages)
        stages.mkdir(parents=True, exist_ok=True)
        for so in [*folder.glob(".libs/*.so"), *folder.glob("tests/stages/.libs/*.so")]:
            shutil.copy(so, stages / so.name)
            (stages / so.name).chmod(0o755)
        roles = folder
        if os.getuid() == 0:
            roles = _reachable(folder, stages.parent / "roles", ROLES)
        return cls(folder / "mailtrid", folder / "mailtrictl", roles, stages)

    def within_reach(self, folder):
        """As root the roles become somebody else, who cannot enter root's
        home: what lies there is used through a copy in this folder."""
        if os.getuid() != 0:
            return self
        return dataclasses.replace(
            self, roles=_reachable(self.roles, pathlib.Path(folder) / "roles", ROLES),
            stages=_reachable(self.stages, pathlib.Path(folder) / "stages-copy", None))


def _reachable(source, copy, names):
    """The folder itself, or a copy of its files of these names (None: all)."""
    if all(p.stat().st_mode & stat.S_IXOTH for p in [source.resolve(), *source.resolve().parents]):
        return source
    copy.mkdir(exist_ok=True)
    for path in source.iterdir():
        if path.is_file() and (names is None or path.name in names):
            shutil.copy(path, copy / path.name)
            (copy / path.name).chmod(0o755)
    return copy


def _value(value):
    """Python's value as mailtri.conf writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (list, tuple)):
        return "{ " + ", ".join(_value(v) for v in value) + " }"
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def block(options, indent=""):
    """Lines of options; a dict in a dict is a section: {"route \\"a@b\\"": {...}}."""
    lines = []
    for name, value in options.items():
        if isinstance(value, dict):
            lines += [f"{indent}{name} {{", *block(value, indent + "\t"), f"{indent}}}"]
        else:
            lines.append(f"{indent}{name} = {value if isinstance(value, Bare) else _value(value)}")
    return lines


class Bare(str):
    """A word that is written without quotes: 90d, 25M, required."""


class Instance:
    """mailtrid with its configuration.  Folders: etc, state, run, logs."""

    def __init__(self, folder, programs, hostname="mx.mailtri.example"):
        self.folder, self.programs, self.hostname = pathlib.Path(folder), programs, hostname
        self.etc, self.state, self.run = (self.folder / n for n in ("etc", "state", "run"))
        self.conf = self.etc / "mailtri.conf"
        self.port = free_port()
        self.child, self.environment = None, {}
        self.listen = {f'listen "127.0.0.1:{self.port}"': {"tls": Bare("required")}}
        for path in (self.etc / "stages.d", self.state, self.run):
            path.mkdir(parents=True, exist_ok=True)

    def configure(self, options, stages):
        """Writes mailtri.conf: what every instance has, and these options;
        and a file for each stage that is named, be it empty."""
        if os.getuid() == 0:  # as in production: the roles are somebody else
            for path in (self.state, self.run):
                shutil.chown(path, UNPRIVILEGED)
            options = {"user": UNPRIVILEGED, **options}
        every = {"hostname": self.hostname, "state_dir": self.state, "run_dir": self.run,
                 "stage_dir": self.programs.stages, "libexec_dir": self.programs.roles}
        self.conf.write_text("\n".join(block({**every, **self.listen, **options})) + "\n")
        named = [options.get("pipeline", []),
                 *(v.get("deliver", []) for v in options.values() if isinstance(v, dict))]
        for name in {*stages, *(name for names in named for name in names)}:
            (self.etc / "stages.d" / f"{name}.conf").write_text(
                "".join(line + "\n" for line in block(stages.get(name, {}))))

    def secret(self, name, value):
        """A secret's file; the reference to it."""
        path = self.etc / name
        path.touch(mode=0o600)
        path.write_text(value)
        return f"file:{path}"

    def _environment(self):
        return {**os.environ, "MAILTRI_LIBEXEC": str(self.programs.roles), **self.environment}

    def start(self):
        """Returns when mailtrid says it is ready."""
        notify = Notify(self.folder / "notify")
        try:
            self.child = Child([str(self.programs.mailtrid), "-c", str(self.conf)],
                               log=self.folder / "mailtrid.log", cwd=self.folder,
                               env={**self._environment(), "NOTIFY_SOCKET": notify.path})
            notify.wait_ready(self.child)
        except Failed:
            self.kill()
            raise
        finally:
            notify.close()

    def stop(self):
        """The exit status of an orderly stop.  A role that ThreadSanitizer ended
        was started again, and nobody else would have noticed."""
        child, self.child = self.child, None
        code = child.stop() if child else 0
        log = self.folder / "mailtrid.log"
        text = log.read_text(errors="replace") if log.exists() else ""
        if RACE in text:
            raise Failed(text[text.index(RACE):][:RACE_CHARS])
        return code

    def kill(self):
        child, self.child = self.child, None
        if child:
            child.kill()

    def check_configuration(self):
        """mailtrid -n: (exit status, what it prints)."""
        out = subprocess.run([self.programs.mailtrid, "-n", "-c", self.conf], env=self._environment(),
                             capture_output=True, text=True, timeout=CALL_S, check=False)
        return out.returncode, out.stdout + out.stderr

    def ctl_run(self, *arguments, stdin=None):
        """mailtrictl as a completed process."""
        return subprocess.run([self.programs.mailtrictl, *map(str, arguments), "-c", self.conf],
                              env=self._environment(), input=stdin, capture_output=True, text=True,
                              timeout=CALL_S, check=False)

    def ctl(self, *arguments, stdin=None):
        """The objects mailtrictl ... --json prints, one a line."""
        out = self.ctl_run(*arguments, "--json", stdin=stdin)
        if out.returncode != 0:
            raise Failed(f"mailtrictl {' '.join(map(str, arguments))}: exit {out.returncode}: "
                         f"{out.stderr}{out.stdout}")
        return [json.loads(line) for line in out.stdout.splitlines() if line.strip()]

    def ctl_one(self, *arguments, stdin=None):
        return self.ctl(*arguments, stdin=stdin)[0]

    def status(self):
        return self.ctl_one("status")

    def records(self, start=0):
        """Audit records from that number on."""
        return self.ctl("audit", "list", "--from", start)

    def recent_records(self):
        """The newest ones, a page of them."""
        return self.ctl("audit", "list", "-n", 256)

    def export_audit(self, path):
        out = self.ctl_run("audit", "export")
        if out.returncode != 0:
            raise Failed(f"mailtrictl audit export: {out.stderr}")
        path.write_text(out.stdout)

    def verify_audit(self, path):
        """mailtrictl audit verify of an export, by the key of this instance."""
        return self.ctl_run("audit", "verify", path, "--key", self.status()["audit"]["key"])

    def roles(self):
        """{"front": [pid, ...], "worker:checks": [...]} of what mailtrid runs."""
        found = {}
        for pid in descendants(self.child.pid):
            with contextlib.suppress(OSError, IndexError):
                argv = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                name = pathlib.Path(argv[0].decode()).name
                if len(argv) > 2 and argv[1]:
                    name = argv[1].decode()
                found.setdefault(name, []).append(pid)
        return found


def descendants(pid):
    """Processes below pid, without pid."""
    found = []
    with contextlib.suppress(OSError):
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += [int(child), *descendants(int(child))]
    return found


def connects(port, host="127.0.0.1"):
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
        return True
    return False
