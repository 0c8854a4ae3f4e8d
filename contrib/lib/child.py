# SPDX-License-Identifier: BSD-2-Clause
"""Processes that are started, waited for by what they say, and always ended."""
import os
import queue
import signal
import socket
import subprocess
import threading
import time

START_S = 30
STOP_S = 20


class Failed(Exception):
    """A process that did not start, or a wait that came to nothing."""


def free_port(kind=socket.SOCK_STREAM, address="127.0.0.1"):
    """A port nobody holds now.  Another may take it first: callers retry."""
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind((address, 0))
        return s.getsockname()[1]


class Child:
    """A process whose output is kept, line by line, for whoever waits.

    It leads its own group, so that what it started ends with it.
    """

    def __init__(self, argv, log=None, **options):
        self.lines, self.argv = [], argv
        self._news = queue.Queue()
        self._log = open(log, "ab", buffering=0) if log else None  # pylint: disable=R1732
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, start_new_session=True,
                                        **options)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self):
        return self.process.pid

    def _read(self):
        for raw in self.process.stdout:
            if self._log:
                self._log.write(raw)
            line = raw.decode(errors="replace").rstrip("\n")
            self.lines.append(line)
            self._news.put(line)
        self._news.put(None)

    def wait_line(self, wanted, timeout=START_S):
        """The first line not yet waited for that `wanted' (a function) likes."""
        end = time.monotonic() + timeout
        while True:
            try:
                line = self._news.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise Failed(f"{self.argv[0]}: nothing of what was waited for in {timeout} s\n"
                             + self.tail()) from None
            if line is None:
                raise Failed(f"{self.argv[0]}: ended with {self.process.wait()}\n" + self.tail())
            if wanted(line):
                return line

    def tail(self, count=20):
        return "\n".join(self.lines[-count:])

    def running(self):
        return self.process.poll() is None

    def signal(self, number):
        if self.running():
            self.process.send_signal(number)

    def stop(self):
        """TERM, then KILL for the group.  The exit status."""
        self.signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            pass
        return self.kill()

    def kill(self):
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        status = self.process.wait()
        self._reader.join(STOP_S)
        if self._log:
            self._log.close()
            self._log = None
        return status


class Notify:
    """The socket a service says READY=1 to: sd_notify(3)."""

    def __init__(self, path):
        self.path = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)

    def wait_ready(self, child, timeout=START_S):
        end = time.monotonic() + timeout
        while child.running():
            self._socket.settimeout(0.2)
            try:
                if b"READY=1" in self._socket.recv(4096).split(b"\n"):
                    return
            except TimeoutError:
                pass
            if time.monotonic() > end:
                raise Failed(f"{child.argv[0]}: not ready in {timeout} s\n" + child.tail())
        raise Failed(f"{child.argv[0]}: ended with {child.process.returncode}\n" + child.tail())

    def close(self):
        self._socket.close()
        os.unlink(self.path)
