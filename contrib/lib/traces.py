# SPDX-License-Identifier: BSD-2-Clause
"""What a run leaves behind: processes, files."""
import os
import pathlib


def _fields(pid):
    """/proc/PID/stat from the state on; None: it is gone, or but a zombie that
    nobody waits for."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields


def alive(pids):
    return [pid for pid in pids if _fields(pid)]


def processes(folder, session=None):
    """Those whose command line names the folder, or that are of the session."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        fields = _fields(path.name)
        try:
            if fields and (int(fields[3]) == session
                           or str(folder).encode() in (path / "cmdline").read_bytes()):
                found.append(path.name)
        except OSError:
            pass
    return found


def files(folder):
    return sorted(os.listdir(folder))
