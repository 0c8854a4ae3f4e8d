# SPDX-License-Identifier: BSD-2-Clause
"""Envelopes of all kinds are held against the schema that is published."""
import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
BUILD = pathlib.Path(os.environ.get("top_builddir", TOP))
FAKE = TOP / "tests" / "fake" / "webhook"
SCHEMA = TOP / "plugins" / "webhook-dispatch" / "envelope.schema.json"
PRINTER = BUILD / "plugins" / "webhook-dispatch" / "test_envelope"

sys.path.insert(0, str(TOP / "tests" / "lib"))
import npm  # noqa: E402

pytestmark = [
    pytest.mark.skipif(not PRINTER.exists(), reason="configured without webhook-dispatch or cmocka"),
    pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")]


@pytest.fixture(scope="module")
def folder():
    return npm.modules(FAKE)


@pytest.fixture(scope="module")
def envelopes():
    out = subprocess.run([PRINTER, "--envelopes"], check=True, capture_output=True)
    return [json.loads(line) for line in out.stdout.splitlines()]


def errors(folder, rows):
    out = subprocess.run(["node", FAKE / "validate.mjs", folder, SCHEMA], check=True,
                         capture_output=True, text=True, input=json.dumps(rows))
    return json.loads(out.stdout)


def test_envelopes_fit_the_schema(folder, envelopes):
    assert len(envelopes) == 5
    assert errors(folder, envelopes) == [[]] * 5


@pytest.mark.parametrize("change", [
    lambda e: e.update(attempt=1), lambda e: e.pop("truncated"), lambda e: e.update(version=2),
    lambda e: e.update(received="2026-01-01"), lambda e: e["intent"].update({"class": "write"}),
    lambda e: e["from"].pop("name"), lambda e: e["from"].update(extra=1),
    lambda e: e["attachments"][0].update(size=-1), lambda e: e["attachments"][0].update(sha256="0"),
    lambda e: e["facts"].update({"auth.unknown": "x"}), lambda e: e["thread"].pop("event"),
    lambda e: e["commands"][0].update(source="html"), lambda e: e.update(to=[e["from"]] * 101),
    lambda e: e["authentication"].update(spf="maybe")])
def test_what_does_not_fit_is_found(folder, envelopes, change):
    whole = json.loads(json.dumps(envelopes[1]))
    change(whole)
    assert errors(folder, [whole])[0] != []


def described(schema):
    """Every schema of a property, by its name."""
    for name, one in schema.get("properties", {}).items():
        yield name, one
        yield from described(one)
        yield from described(one.get("items", {}))


def test_everything_is_described_and_closed():
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    assert schema["$schema"].endswith("2020-12/schema")
    for name, one in [*described(schema), *schema["$defs"].items()]:
        assert one.get("description") or "const" in one, name
        if "properties" in one:
            assert one["additionalProperties"] is False, name
