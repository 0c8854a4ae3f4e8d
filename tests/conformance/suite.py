# SPDX-License-Identifier: BSD-2-Clause
"""What the conformance suites share: where the public corpora are, and how a
batch of messages is judged."""
import base64
import json
import os
import pathlib
import subprocess

import pytest

MESSAGE = (b"From: Ann <ann@example.net>\r\nTo: task.linear@example.net\r\n"
           b"Subject: probe\r\n"
           b"Date: Thu, 01 Jan 2026 00:00:00 +0000\r\nMessage-ID: <1@example.net>\r\n\r\nHello.\r\n")


def corpus(*parts):
    """A file of MAILTRI_CORPORA; NOT PROVED where that is not set.  Set and
    not there is a failure."""
    root = os.environ.get("MAILTRI_CORPORA")
    if not root:
        pytest.skip("NOT PROVED: MAILTRI_CORPORA is not set")
    path = pathlib.Path(root, *parts)
    assert path.exists(), f"{path} is missing"
    return path


class Judge:
    """A command that answers one JSON line with one JSON line."""

    def __init__(self, command, **environment):
        self.command, self.environment = command, {**os.environ, **environment}

    def __call__(self, cases):
        """One answer for each case, in order."""
        lines = "".join(json.dumps({"stages": ["auth"], **case}) + "\n" for case in cases)
        done = subprocess.run(self.command, input=lines, env=self.environment, capture_output=True,
                              text=True, check=False)
        assert done.returncode == 0, done.stderr
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        assert [a["id"] for a in answers] == [c["id"] for c in cases]
        return answers


def raw(message):
    return base64.b64encode(message).decode()
