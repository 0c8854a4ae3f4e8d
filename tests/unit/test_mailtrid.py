# SPDX-License-Identifier: BSD-2-Clause
"""mailtrid by itself: what -n says of every wrong configuration, and how the
roles are started, kept and stopped."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import pytest

TOP = pathlib.Path(os.environ.get("top_srcdir") or pathlib.Path(__file__).parents[2]).resolve()
BUILD = pathlib.Path(os.environ.get("top_builddir") or TOP).resolve()
sys.path.insert(0, str(TOP / "contrib/lib"))

from child import Child, free_port  # noqa: E402
from instance import descendants  # noqa: E402

MAILTRID = BUILD / "mailtrid"
PIN, OTHER_PIN = ("sha256//" + c * 43 + "=" for c in "AB")
ROLES = ("front", "engine", "parser", "worker", "resolver", "keys")

CORE = """hostname = "mx.example.com"
state_dir = "{dir}/state"
run_dir = "{dir}/run"
stage_dir = "{dir}/stages"
libexec_dir = "{libexec}"
listen "127.0.0.1:{port}" {{ tls = none }}
pipeline = {{ "t-conf" }}
route "task.linear@example.com" {{
    intents = {{ "create_task" }}
}}
"""
STAGE = "count = 3\n"


@pytest.fixture(scope="module", autouse=True)
def built():
    for name in ("mailtrid", *ROLES):
        if not (BUILD / name).exists():
            pytest.skip(f"{name} is not built here")
    os.umask(0o022)


class Setup:
    """A configuration in a folder of its own."""

    def __init__(self, folder):
        self.dir, self.port = folder, free_port()
        self.conf, self.stage = folder / "mailtri.conf", folder / "stages.d/t-conf.conf"
        self.libexec, self.environment = BUILD, {}
        for name in ("stages", "stages.d"):
            (folder / name).mkdir()
        for so in (BUILD / "tests/stages/.libs").glob("*.so"):
            shutil.copy(so, folder / "stages" / so.name)
            (folder / "stages" / so.name).chmod(0o755)
        self.write(CORE, STAGE)

    def write(self, core, stage):
        self.conf.write_text(core.format(dir=self.dir, libexec=self.libexec, port=self.port))
        self.stage.write_text(stage)

    def env(self):
        kept = {k: v for k, v in os.environ.items()
                if k not in ("MAILTRI_LIBEXEC", "NOTIFY_SOCKET", "CREDENTIALS_DIRECTORY")}
        return {**kept, **self.environment}

    def check(self, *options):
        return subprocess.run([MAILTRID, "-n", "-c", self.conf, *options], env=self.env(),
                              capture_output=True, text=True, timeout=60, check=False)

    def start(self):
        child = Child([str(MAILTRID), "-c", str(self.conf)], env=self.env())
        child.wait_line(lambda line: "ready: listening on" in line)
        return child


@pytest.fixture
def setup():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="mailtri-conf-"))
    yield Setup(folder)
    shutil.rmtree(folder, ignore_errors=True)


def with_line(text, old, new):
    assert old in text
    return text.replace(old, new)


def test_a_right_one_passes(setup):
    out = setup.check()
    assert out.returncode == 0, out.stdout
    assert out.stdout.splitlines() == [
        f"{setup.conf}:6: warning: listener 127.0.0.1:{setup.port} takes mail without TLS "
        "(tls = none): anybody on the way can read and change it"]


@pytest.mark.parametrize("options,warned", [
    ("", True), ("xforward = {{ unix }}", False), ("protocol = lmtp xclient = {{ unix }}", False)])
def test_a_socket_without_upstream_is_named(setup, options, warned):
    setup.write(with_line(CORE, '127.0.0.1:{port}" {{ tls = none', 'unix:{dir}/x" {{ ' + options), STAGE)
    out = setup.check()
    assert out.returncode == 0, out.stdout
    assert ("has no upstream: its clients have no address" in out.stdout) == warned


# What is changed in mailtri.conf: where the problem stands, and its words.
CORE_PROBLEMS = [
    ('hostname = "mx.example.com"', "hostname = mx_", "1: ", "hostname is"),
    ('state_dir = "{dir}/state"', "state_dir = state", "2: ", "absolute path"),
    ('state_dir = "{dir}/state"', "state_dirs = state", "2: ", "no such option 'state_dirs'"),
    ('listen "127.0.0.1:{port}" {{ tls = none }}', 'listen "localhost:25" {{ tls = none }}',
     "6: ", "no place to listen"),
    ("tls = none", "tls = maybe", "6: ", "one of required|offered|none"),
    ("tls = none", "", "6: ", "needs a certificate"),
    ("tls = none", "protocol = uucp", "6: ", "protocol is"),
    ("127.0.0.1:{port}\" {{ tls", "127.0.0.1:25\" {{ protocol = lmtp tls", "6: ", "port of SMTP"),
    ("tls = none", "tls = none mode = 660", "6: ", "is for a unix socket"),
    ("tls = none", "tls = none owner = root", "6: ", "is for a unix socket"),
    ("127.0.0.1:{port}\" {{", "unix:/x\" {{ mode = 66", "6: ", "three octal digits"),
    ("127.0.0.1:{port}\" {{", "unix:/x\" {{ mode = 1660", "6: ", "three octal digits"),
    ("127.0.0.1:{port}\" {{", "unix:/x\" {{ owner = no-such-user", "6: ", "add a system user"),
    ("127.0.0.1:{port}\" {{", "unix:/x\" {{ group = no-such-group", "6: ", "add a system group"),
    ("tls = none", "tls = none xclient = {{ 0.0.0.0/0 }}", "6: ", "everybody could claim"),
    ("tls = none", "tls = none xclient = {{ mx.example.com }}", "6: ", "no address or network"),
    ("tls = none", "tls = none xforward = {{ 192.0.2.1/24 }}", "6: ", "no address or network"),
    ("tls = none", "tls = none xforward = {{ unix }}", "6: ", "no address or network"),
    ("127.0.0.1:{port}\" {{", "unix:/x\" {{ xforward = {{ 127.0.0.1 }} ", "6: ", 'is named "unix"'),
    ('pipeline = {{ "t-conf" }}', 'pipeline = {{\n"t-conf",\n"t-conf" }}', "9: ", "twice"),
    ('pipeline = {{ "t-conf" }}', 'pipeline = {{ "../x" }}', "7: ", "no name of a stage"),
    ('pipeline = {{ "t-conf" }}', 'pipeline = {{ "t-conf", "dlp" }}', "7: ", "cannot be opened"),
    ("task.linear@example.com", "task", "8: ", "no intent address"),
    ("task.linear@example.com", "task.l\u202einear@example.com", "8: ", "no intent address"),
    ("task.linear@example.com", "task.linear@ex_\u00fc.com", "8: ", "no intent address"),
    ("task.linear@example.com", ".linear@example.com", "8: ", "no intent address"),
    ("task.linear@example.com", "task.linear@example..com", "8: ", "no intent address"),
    ('intents = {{ "create_task" }}', "", "8: ", "intents must be set"),
    ('"create_task"', '"Create Task"', "9: ", "an intent is"),
    ("intents =", 'deliver = {{ "t-conf" }}\nintents =', "9: ", "delivers nothing"),
    ("intents =", "retain = 0\nintents =", "9: ", "between 1s and"),
    ("pipeline", "limits {{ message = 2G }}\npipeline", "7: ", "between 1K and 1G"),
    ("pipeline", "limits {{ inflight = 1M }}\npipeline", "7: ", "smaller than message"),
    ("pipeline", 'resolver {{ nameservers = {{ "dns.example" }} }}\npipeline', "7: ", "no address"),
    ("pipeline", 'root_key = "hunter2"\npipeline', "7: ", "never stands in a"),
    ("pipeline", 'root_key = "file:/nowhere/root"\npipeline', "7: ", "No such file"),
    ("pipeline", 'tls {{ certificate = {{ "/nowhere/c" }} key = {{ "/nowhere/k" }} }}\npipeline',
     "7: ", "/nowhere/c: No such file or directory: make the file, or name the one"),
    ("pipeline", 'tls {{ certificate = {{ "/nowhere/c" }} key = {{ "/nowhere/k" }} }}\npipeline',
     "7: ", "/nowhere/k: No such file or directory: make the file, or name the one"),
    ("pipeline", 'tls {{ certificate = {{ "/nowhere/c" }} }}\npipeline', "7: ",
     "1 certificates and 0"),
    ('"create_task" }}\n}}', '"create_task" }}\n', "11: ", "not closed"),
]


@pytest.mark.parametrize("old,new,place,words", CORE_PROBLEMS)
def test_mailtri_conf(setup, old, new, place, words):
    setup.write(with_line(CORE, old, new), STAGE)
    out = setup.check()
    assert out.returncode == 78, out.stdout
    errors = [line for line in out.stdout.splitlines() if ": warning: " not in line]
    assert any(line.startswith(f"{setup.conf}:{place}") and words in line for line in errors), \
        out.stdout
    assert "hunter2" not in out.stdout


# A stage's file: the line of the problem, and its words.
STAGE_PROBLEMS = [
    ("count = x", 1, "a whole number"),
    ("count = 11", 1, "between 1 and 10"),
    ("\nnope = 1", 2, "no such option 'nope'"),
    ("mode = lax", 1, "one of strict|loose"),
    ("age = 5y", 1, "a duration"),
    ("room = big", 1, "a size"),
    ("enabled = yes", 1, "true or false"),
    ('key = "hunter2"', 1, "never stands in a configuration file"),
    ('key = "file:/nowhere/key"', 1, "No such file"),
    ('api = "http://h"', 1, "https://host"),
    ('api = "https://h"', 0, "api_pin must be set"),
    ('api = "https://h"\napi_pin = { "sha256//short=" }', 2, "no pin"),
    (f'api = "https://h"\napi_pin = {{ "{PIN}" }}', 2, "stands alone"),
    (f'api = "https://h"\napi_pin = {{ "{PIN}", "{PIN}" }}', 2, "stands alone"),
    (f'api = "https://h"\napi_pin = {{ "{PIN}", "none" }}', 2, '"none" is no pin'),
    ('api = "https://h"\napi_pin = {}', 0, "api_pin must be set"),
    (f'api = "https://h"\napi_pin = {{ "{PIN}", "{OTHER_PIN}" }}\napi_connect = "h:1"', 3, "numeric address"),
    ("on_error = accept", 1, "tempfail|skip|quarantine"),
    ("workers = 65", 1, "between 1 and 64"),
    ("concurrency = 0", 1, "between 1 and 32"),
    ("concurrency = 33", 1, "between 1 and 32"),
    ("concurrency = 32", 1, "for stages that deliver"),
    ("deadline = 2h", 1, "between 1s and 1h"),
    ('group = "A B"', 1, "group must be"),
    ('\nroute "other.x@example.com" { }', 2, "not in mailtri.conf"),
    ('route "task.linear@example.com" { }\nroute "TASK.linear@example.com" { }', 2, "two sections"),
    ('route "task.linear@example.com" {\n\tworkers = 2\n}', 2, "no such option 'workers'"),
    ('route "task.linear@example.com" {\n\tcount = 0\n}', 2, "between 1 and 10"),
    ('names = { "a", "b", "c", "d" }', 0, "names has more members"),
    ('route "task.linear@example.com" {\n\tcount = 1\n}', 1, "names has more members"),
    ("module = \"t-conf\" module =\n \"t-hang\"", 2, "set twice"),
    ("module =\n\"t-hang\"", 2, "on one line"),
]


@pytest.mark.parametrize("text,line,words", STAGE_PROBLEMS)
def test_stage_file(setup, text, line, words):
    setup.write(CORE, text + "\n")
    out = setup.check()
    assert out.returncode == 78, out.stdout
    place = f"{setup.stage}:{line}: t-conf: " if line else f"{setup.stage}: t-conf: "
    lines = out.stdout.splitlines()
    assert any(one.startswith(place) and words in one for one in lines), out.stdout
    assert "hunter2" not in out.stdout


def test_all_problems_of_all_files_at_once(setup):
    setup.write(with_line(with_line(CORE, "tls = none", "tls = maybe"), "hostname = ",
                          "hostname = _"), "count = x\nage = y\n")
    setup.conf.write_text(setup.conf.read_text().replace('_"mx.example.com"', '"_"'))
    out = setup.check().stdout
    for words in ("hostname is", "tls is", "count is", "age is"):
        assert words in out


def test_json(setup):
    setup.write(CORE, "count = x\n")
    out = setup.check("--json")
    assert out.returncode == 78
    found = [p for p in json.loads(out.stdout) if p["level"] == "error"]
    assert found == [{"file": str(setup.stage), "line": 1, "stage": "t-conf", "level": "error",
                      "text": 'count is "x", but must be a whole number'}]


def test_a_stage_file_nobody_names_is_an_info(setup):
    (setup.dir / "stages.d/dlp.conf").write_text("what = ever\n")
    out = setup.check()
    assert out.returncode == 0
    assert f"{setup.dir}/stages.d/dlp.conf: info: not in use" in out.stdout


def test_two_stages_of_one_module(setup):
    (setup.dir / "stages.d/second.conf").write_text('module = "t-verdict"\n')
    (setup.dir / "stages.d/third.conf").write_text(
        f'module = "{setup.dir}/stages/t-verdict.so"\n')
    setup.write(with_line(CORE, '"t-conf"', '"second", "third"'), STAGE)
    out = setup.check()
    assert "no such" not in out.stdout


@pytest.mark.parametrize("mode,words", [(0o666, "others may write it"), (0o775, "chmod go-w")])
def test_a_stage_others_may_write_is_refused(setup, mode, words):
    so = setup.dir / "stages/t-conf.so"
    so.chmod(mode)
    out = setup.check()
    assert out.returncode == 78
    assert f"{setup.conf}:7: t-conf: {so}: {words.split(' it')[0].split('chmod')[0]}" in out.stdout
    assert words in out.stdout


def test_a_stale_stage_is_refused(setup):
    shutil.copy(setup.dir / "stages/t-stale.so", setup.dir / "stages/t-conf.so")
    assert "no symbol mailtri_stage_v1" in setup.check().stdout


# Foreign code answers instead of a worker: what it may do, and what is said.
@pytest.mark.parametrize("script,words", [
    ("head -c 300000 /dev/zero", "more than 262144 bytes"),
    ("kill -SEGV $$", "ended with signal 11"),
    ("echo garbage", "cannot be read"),
    ("exit 3", "ended with exit 3"),
    ("echo no good >&2; echo second >&2; exit 1", "t-conf: no good"),
    ("printf 'red \\033[31m\\n' >&2; exit 1", "red ?[31m")])
def test_a_worker_that_lies(setup, script, words):
    setup.libexec = setup.dir / "libexec"
    setup.libexec.mkdir()
    worker = setup.libexec / "worker"
    worker.write_text(f"#!/bin/sh\n{script}\n")
    worker.chmod(0o755)
    setup.write(CORE, STAGE)
    out = setup.check()
    assert out.returncode == 78
    assert words in out.stdout
    assert "second" not in out.stdout


def test_an_unknown_user(setup):
    setup.write(with_line(CORE, "pipeline", "user = nobody-of-that-name\npipeline"), STAGE)
    out = setup.check()
    if os.geteuid() != 0:
        pytest.skip("only root changes users")
    assert out.returncode == 78
    assert f"{setup.conf}:7: user is" in out.stdout


def ctl_conf(setup, *options):
    if not (BUILD / "mailtrictl").exists():
        pytest.skip("mailtrictl is not built here")
    return subprocess.run([BUILD / "mailtrictl", "conf", "-c", setup.conf, *options],
                          env=setup.env(), capture_output=True, text=True, timeout=60,
                          check=True).stdout


def test_what_was_changed_is_printed(setup):
    setup.write(CORE, 'count = 5\nage = 90d\nnames = { "x" }\n'
                'route "task.linear@example.com" {\n\tcount = 1\n}\n')
    text = ctl_conf(setup, "-n")
    assert "count = 5" in text and 'names = { "x" }' in text
    assert "age =" not in text and "connections" not in text
    changed = json.loads(ctl_conf(setup, "-n", "--json"))
    assert changed["stages"]["t-conf"]["count"] == 5
    assert changed["route"] == {"task.linear@example.com": {"intents": ["create_task"]}}
    # What is printed is a configuration: read back, it is the same.
    core, stage = text.split(f"# {setup.dir}/stages.d/t-conf.conf")
    setup.conf.write_text(core)
    setup.stage.write_text(stage)
    assert ctl_conf(setup, "-n") == text


def test_defaults_are_printed(setup):
    text = ctl_conf(setup, "-d")
    for line in ("message = 25M", "retain = 90d", "tls = required", "count = 3",
                 "on_error = tempfail", 'names = { "a", "b" }'):
        assert re.search(rf"^\s*{re.escape(line)}$", text, re.M), line


def test_usage():
    assert subprocess.run([MAILTRID, "--nope"], capture_output=True, check=False).returncode == 64
    version = subprocess.run([MAILTRID, "-V"], capture_output=True, text=True, check=True)
    assert re.fullmatch(r"mailtrid \d+\.\d+\.\d+\n", version.stdout)


def wait_for(condition):
    end, pause = time.monotonic() + 30, threading.Event()
    while not condition():
        assert time.monotonic() < end
        pause.wait(0.02)


def lives(pid):
    """Not gone, nor waiting for whoever adopted it."""
    with contextlib.suppress(OSError):
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
        return stat.rsplit(")", 1)[1].split()[0] not in "ZX"
    return False


def names(child):
    found = {}
    for pid in descendants(child.pid):
        with contextlib.suppress(OSError):
            argv = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            found.setdefault(argv[0].decode(), []).append(pid)
    return found


ALL = {"mailtri: engine", "mailtri: front", "mailtri: keys", "mailtri: parser",
       "mailtri: resolver", "mailtri: worker:t-conf"}


def test_roles_start_and_stop(setup):
    setup.write(CORE, STAGE + "workers = 3\n")
    child = setup.start()
    try:
        running = names(child)
        assert set(running) == ALL
        assert len(running["mailtri: worker:t-conf"]) == 3
        assert (setup.dir / "run/control").stat().st_mode & 0o777 == 0o600
        assert (setup.dir / "state").stat().st_mode & 0o777 == 0o700
        assert (setup.dir / "state/keys/root").stat().st_mode & 0o777 == 0o400
        pids = descendants(child.pid)
    finally:
        assert child.stop() == 0
    assert not any(pathlib.Path(f"/proc/{pid}").exists() for pid in pids)
    assert not (setup.dir / "run/control").exists()


@pytest.mark.parametrize("role", sorted(ALL))
def test_a_killed_role_comes_back(setup, role):
    child = setup.start()
    try:
        os.kill(names(child)[role][0], signal.SIGKILL)
        child.wait_line(lambda line: f"{role.split(': ')[1]} ended (signal 9" in line)
        wait_for(lambda: set(names(child)) == ALL)
    finally:
        assert child.stop() == 0


def test_all_end_with_the_master(setup):
    child = setup.start()
    pids = descendants(child.pid)
    child.process.kill()
    child.process.wait()
    wait_for(lambda: not any(lives(pid) for pid in pids))
    child.kill()


def test_only_one_to_a_state(setup):
    child = setup.start()
    try:
        for old, new, words in (("{dir}/run", "{dir}/run2", "another mailtrid uses it"),
                                ("{port}", "0", "another mailtrid uses it")):
            setup.write(with_line(with_line(CORE, "{port}", "0"), old if old != "{port}" else "0",
                                  new), STAGE)
            out = subprocess.run([MAILTRID, "-c", setup.conf], env=setup.env(), timeout=60,
                                 capture_output=True, text=True, check=False)
            assert out.returncode == 1
            assert words in out.stderr
    finally:
        assert child.stop() == 0


def test_a_port_that_is_taken(setup):
    with socket.create_server(("127.0.0.1", setup.port)):
        out = subprocess.run([MAILTRID, "-c", setup.conf], env=setup.env(), timeout=60,
                             capture_output=True, text=True, check=False)
    assert out.returncode == 1
    assert f"cannot listen on 127.0.0.1:{setup.port}: Address already in use" in out.stderr


def test_a_lost_root_key_is_not_replaced(setup):
    assert setup.start().stop() == 0
    (setup.dir / "state/keys/root").unlink()
    out = subprocess.run([MAILTRID, "-c", setup.conf], env=setup.env(), timeout=60,
                         capture_output=True, text=True, check=False)
    assert out.returncode == 1
    assert "restore the key from the backup" in out.stderr
    assert not (setup.dir / "state/keys/root").exists()


def test_sockets_from_systemd_are_used(setup):
    with socket.create_server(("127.0.0.1", setup.port)) as listener:
        def pass_it():
            os.dup2(listener.fileno(), 3, inheritable=True)
            os.environ["LISTEN_PID"] = str(os.getpid())
        script = ('LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" -c "$1"')
        child = Child(["/bin/sh", "-c", script, str(MAILTRID), str(setup.conf)],
                      env=setup.env(), preexec_fn=pass_it, close_fds=False)
        try:
            child.wait_line(lambda line: f"ready: listening on 127.0.0.1:{setup.port}" in line)
        finally:
            assert child.stop() == 0


def test_a_role_that_never_works_ends_it(setup):
    setup.libexec = setup.dir / "libexec"
    setup.libexec.mkdir()
    for role in ROLES:
        (setup.libexec / role).symlink_to(BUILD / role)
    (setup.libexec / "keys").unlink()
    (setup.libexec / "keys").write_text("#!/bin/sh\nexit 9\n")
    (setup.libexec / "keys").chmod(0o755)
    setup.write(CORE, STAGE)
    out = subprocess.run([MAILTRID, "-c", setup.conf], env=setup.env(), timeout=60,
                         capture_output=True, text=True, check=False)
    assert out.returncode == 1
    assert "keys ended 5 times (exit 9) before mail could be taken" in out.stderr


def test_every_option_of_the_core_is_in_the_manual():
    table = (TOP / "core/conf/core.c").read_text()
    manual = (TOP / "etc/mailtri.conf.5").read_text()
    rows = re.findall(r'\{ \{ "(\w+)", (NULL|"[^"]*"|\w+),', table)
    assert len(rows) > 25
    for name, default in rows:
        entry = re.search(rf"^\.It Ic {name} No =.*?(?=^\.It |^\.El)", manual, re.M | re.S)
        assert entry, name
        if default.startswith('"') and default != '""':
            shown = rf"Default:\s+(\.Cm )?{re.escape(default[1:-1])}\b"
            assert re.search(shown, entry.group(0)), name
