# SPDX-License-Identifier: BSD-2-Clause
"""No call home: what `mailtrictl conf --connections' lists is all that any
process of mailtri connects or sends to, seen by strace from start to stop."""
import contextlib
import os
import pathlib
import re
import shlex
import shutil

import pytest
from conftest import STRANGER
from instance import descendants

EXECUTED = re.compile(r'(\d+) +execve\("[^"]*/([^/"]+)"(?!.* = -1)')
BEGUN = re.compile(r"(\d+) +(?:<\.\.\. )?(?:v?fork|clone3?)(?:\(| resumed>).* = (\d+)$")
CALL = re.compile(r"(connect|sendto|sendmsg|sendmmsg)\(.*\{sa_family=(AF_\w+)")
PORT, NAME = re.compile(r"sin6?_port=htons\((\d+)\)"), re.compile(r'inet_(?:addr\(|pton\(AF_INET6, )"([^"]+)"')
UNIX = re.compile(r'sun_path=(@?"[^"]*")')
INTERNET = ("AF_INET", "AF_INET6")


@pytest.fixture
def traced(world):
    """mailtrid under strace, which watches every process that comes of it."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    if os.getuid() != 0:
        pytest.skip("a locked process shows what it does to root alone")
    log, script = world.folder / "strace.log", world.folder / "mailtrid-traced"
    # A search for leaks needs ptrace(), of which strace has the only one.
    script.write_text(f"#!/bin/sh\nASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 exec {strace} -D -f -qq -e trace=network,execve,clone,clone3,fork,vfork -e signal=none "
                      f"-o {log} {shlex.quote(str(world.programs.mailtrid))} \"$@\"\n")
    script.chmod(0o755)
    kept, world.programs.mailtrid = world.programs.mailtrid, script
    yield log
    world.programs.mailtrid = kept


def peers_called(log):
    """{(family, address or path, port)} of every call that names one."""
    called = set()
    for line in log.read_text().splitlines():
        call = CALL.search(line)
        if call and call[2] in INTERNET:
            called.add((call[2], NAME.search(line)[1], int(PORT.search(line)[1])))
        elif call:
            path = UNIX.search(line)
            called.add((call[2], path[1].strip('"') if path else line, 0))
    return called


def callers(log):
    """{family: the programs that named an address of it}."""
    program, found = {}, {}
    lines = log.read_text().splitlines()
    parent = {begun[2]: begun[1] for begun in map(BEGUN.match, lines) if begun}
    for line in lines:
        call, executed = CALL.search(line), EXECUTED.match(line)
        if executed:
            program[executed[1]] = executed[2]
        if call:
            who = line.split()[0]
            while who not in program:
                who = parent[who]
            found.setdefault(call[2], set()).add(program[who])
    return found


def reachable(stand, rows):
    """What the listed peers look like on the wire."""
    allowed = set()
    for row in rows:
        if row["protocol"] == "unix":
            path = row["host"].replace("$NOTIFY_SOCKET", str(stand.mailtri.folder / "notify"))
            allowed.add(("AF_UNIX", path, 0))
            continue
        named = row["addresses"] in ("public", "public, private")
        for address in stand.dns.ask(row["host"], "A") if named else [row["addresses"]]:
            allowed.add(("AF_INET6" if ":" in address else "AF_INET", address, row["port"]))
    return allowed


def listening(pid):
    """(address, port) of the TCP sockets these processes take connections on."""
    held = set()
    for one in [pid, *descendants(pid)]:
        for fd in pathlib.Path(f"/proc/{one}/fd").iterdir():
            with contextlib.suppress(OSError):
                held.add(os.readlink(fd))
    found = set()
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        field = line.split()
        if field[3] == "0A" and f"socket:[{field[9]}]" in held:
            address, port = field[1].split(":")
            found.add((".".join(str(b) for b in reversed(bytes.fromhex(address))), int(port, 16)))
    return found


def work(stand):
    """Mail that is accepted and delivered, and mail that is refused."""
    answer = stand.send(stand.mail("No call home"))
    assert answer.code == 250
    stand.delivered(answer.event)
    stranger = stand.mail("Refused", domain=STRANGER)
    assert stand.send(stranger, mail_from=f"ann@{STRANGER}").code == 550
    stand.mailtri.ctl_run("audit", "verify")


@pytest.mark.parametrize("by_name", [False, True], ids=["address", "name"])
def test_only_listed_peers_are_called(world, start, traced, by_name):
    options = {}
    if by_name:  # the resolver looks the host up before it dials
        options = world.linear.options(world.instance("secrets"))
        del options["endpoint_connect"]
        world.nameserver.serve({**world.nameserver.zone, world.linear.name: {"A": ["127.0.0.1"]}})
    traced.unlink(missing_ok=True)
    stand = start(f"connections-{by_name}", stages={"linear-dispatch": options} if by_name else {})
    rows = stand.mailtri.ctl("conf", "--connections")
    work(stand)
    assert listening(stand.mailtri.child.pid) == {
        (r["host"], r["port"]) for r in rows if r["kind"] == "listener" and r["port"]}
    assert stand.mailtri.stop() == 0
    called = peers_called(traced)
    # Whoever else speaks does it over what it was given: accepted, or dialled.
    assert callers(traced) == {"AF_INET": {"resolver"}, "AF_UNIX": {"mailtrid"}}
    peers = [row for row in rows if row["kind"] == "peer"]
    assert called - reachable(stand, peers) == set()
    # A peer that is not in the list is found: each that was called, left out.
    outside = [row for row in peers if row["protocol"] != "unix"]
    assert {row["protocol"] for row in outside} == {"dns", "https"}
    for row in outside:
        rest = reachable(stand, [other for other in peers if other is not row])
        assert [c[0] for c in called - rest] == ["AF_INET"], row
