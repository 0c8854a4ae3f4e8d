# SPDX-License-Identifier: BSD-2-Clause
"""A secret is known to the process that needs it, and stands nowhere else: not
in what mailtri prints, logs, keeps or sends, nor in /proc of anybody."""
import contextlib
import os
import pathlib
import stat

import pytest
from instance import Bare, descendants
from test_kept import disguises
from world import wait_until

SECRET = "lin_api_Vexillomancy0815Quagswag"
OTHER = "lin_api_Grumbleflux2342Yonderwock"
HOLDER = "worker-net:linear-dispatch"
SOON = {"retry_min": Bare("1s"), "retry_max": Bare("1s")}
COMMANDS = [("conf", "-n"), ("conf", "-d"), ("conf", "--connections"), ("status",), ("stages",),
            ("stages", "linear-dispatch"), ("queue", "list", "--all"), ("audit", "list"),
            ("audit", "export"), ("keys", "status"), ("reload",)]


def has(data, word=SECRET):
    return any(form in data for form in disguises(word.encode()))


def memory(pid):
    """What a process has in its memory: all that root may read of it; nothing
    where it has ended."""
    with contextlib.suppress(ProcessLookupError, FileNotFoundError), \
            open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            span, access, *_ = line.split()
            start, end = (int(n, 16) for n in span.split("-"))
            if access[0] != "r" or end - start > 1 << 28:
                continue
            with contextlib.suppress(OSError, OverflowError, ValueError):
                yield os.pread(mem.fileno(), end - start, start)


def remembers(pid, word=SECRET):
    return any(word.encode() in block for block in memory(pid))


def files(folder, but=()):
    return {str(p): p.read_bytes() for p in pathlib.Path(folder).rglob("*")
            if p.is_file() and p not in but}


def places(stand, secret_file):
    """Everything a stranger could look at, by where it is."""
    pids = [stand.mailtri.child.pid, *descendants(stand.mailtri.child.pid)]
    found = files(stand.mailtri.folder, but=[secret_file])
    for command in COMMANDS:
        out = stand.mailtri.ctl_run(*command)
        found[" ".join(command)] = (out.stdout + out.stderr).encode()
    found["mailtrid -n"] = stand.mailtri.check_configuration()[1].encode()
    for record in stand.mailtri.records():
        for command in (("audit", "show"), ("explain",), ("queue", "show")):
            out = stand.mailtri.ctl_run(*command, record["eventId"])
            found[f"{command[0]} {record['eventId']}"] = (out.stdout + out.stderr).encode()
    for pid in pids:
        for name in ("cmdline", "environ", "comm", "mountinfo"):
            with contextlib.suppress(OSError):
                found[f"/proc/{pid}/{name}"] = pathlib.Path(f"/proc/{pid}/{name}").read_bytes()
    return found


@pytest.fixture(scope="module")
def keyed(start, world):
    """One whose key has been used, refused and replaced."""
    made = start("secrets", limits=SOON)
    reference = made.mailtri.secret("linear-key", SECRET)
    made.secret_file = pathlib.Path(reference.partition(":")[2])
    options = world.stage_options(made.mailtri, ["good.example"])
    options["linear-dispatch"]["api_key"] = reference
    made.mailtri.configure(world.core_options(limits=SOON), options)
    if os.getuid() == 0:
        os.chown(made.secret_file, made.mailtri.state.stat().st_uid, -1)
    assert made.mailtri.ctl_run("reload").returncode == 0
    event = made.send(made.mail("With a key nobody knows")).event
    wait_until(lambda: any(r["reason"].startswith("linear.") for r in made.records(event)), "an attempt")
    yield made
    assert made.mailtri.stop() == 0


def test_it_stands_nowhere(keyed):
    found = places(keyed, keyed.secret_file)
    assert len(found) > len(COMMANDS) + 20
    assert [name for name, data in found.items() if has(data)] == []


@pytest.mark.skipif(os.getuid() != 0, reason="reads the memory of others")
def test_only_who_needs_it_knows_it(keyed):
    """And this search does find it, in the one process that must have it."""
    knowing = {name for name, pids in keyed.mailtri.roles().items() for pid in pids if remembers(pid)}
    assert knowing - {"mailtrid"} == {HOLDER}


def test_no_core_is_left_of_who_knows_it(keyed):
    for pids in keyed.mailtri.roles().values():
        for pid in pids:
            limits = pathlib.Path(f"/proc/{pid}/limits").read_text(encoding="ascii")
            core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
            assert core.split()[4:6] == ["0", "0"], core
            # Not dumpable: /proc/PID belongs to root, whoever the process is.
            assert os.stat(f"/proc/{pid}/mem").st_uid == 0


def test_a_new_one_takes_its_place_without_a_restart(keyed):
    """Old and new in turn: the old one is forgotten."""
    keyed.secret_file.write_text(OTHER)
    master = keyed.mailtri.child.pid
    assert keyed.mailtri.ctl_run("reload").returncode == 0
    assert keyed.mailtri.child.pid == master
    if os.getuid() == 0:
        holders = lambda: keyed.mailtri.roles().get(HOLDER, [])  # noqa: E731
        wait_until(lambda: holders() and all(remembers(p, OTHER) for p in holders()), "the new key")
        wait_until(lambda: not any(remembers(p) for p in holders()), "the old one's end")
    found = places(keyed, keyed.secret_file)
    assert [name for name, data in found.items() if has(data, OTHER)] == []


PLANTED = {
    "log": lambda stand: (stand.mailtri.folder / "mailtrid.log"),
    "state": lambda stand: (stand.mailtri.state / "planted"),
    "configuration": lambda stand: (stand.mailtri.etc / "planted.conf"),
}


@pytest.mark.parametrize("where", PLANTED)
def test_the_search_finds_what_is_planted(keyed, where):
    path = PLANTED[where](keyed)
    before = path.read_bytes() if path.exists() else None
    try:
        with path.open("ab") as file:
            file.write(b"key=" + SECRET.encode() + b"\n")
        assert has(places(keyed, keyed.secret_file)[str(path)])
    finally:
        if before is None:
            path.unlink()
        else:
            os.truncate(path, len(before))


def test_the_file_of_a_secret_is_nobody_elses(keyed):
    """One that others may read is refused, with the remedy."""
    mode = keyed.secret_file.stat().st_mode
    try:
        keyed.secret_file.chmod(mode | stat.S_IROTH)
        out = keyed.mailtri.ctl_run("reload")
        assert out.returncode != 0 and "chmod" in out.stderr + out.stdout
        assert not has((out.stdout + out.stderr).encode(), OTHER)
    finally:
        keyed.secret_file.chmod(mode)
