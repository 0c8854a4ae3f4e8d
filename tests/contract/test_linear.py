# SPDX-License-Identifier: BSD-2-Clause
"""What linear-dispatch asks and what the fake answers are held against the
schema Linear publishes."""
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
CORPORA = os.environ.get("MAILTRI_CORPORA", "")
SCHEMA = pathlib.Path(CORPORA or "/nonexistent") / "linear" / "schema.graphql"
PRINTER = BUILD / "plugins" / "linear-dispatch" / "test_linear"
ISSUE_ID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"

sys.path.insert(0, str(HERE.parent / "fake"))
import linear  # noqa: E402

pytestmark = pytest.mark.skipif(
    not CORPORA or not SCHEMA.exists() or not PRINTER.exists(),
    reason="linear/schema.graphql of MAILTRI_CORPORA is not here")


@pytest.fixture(scope="module")
def modules():
    """The folder with graphql in it, of the version the lock file names."""
    folder = BUILD / "tests" / "contract"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        if not (folder / name).exists():
            shutil.copy(HERE / name, folder)
    if not (folder / "node_modules" / "graphql").exists():
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                       cwd=folder, check=True, capture_output=True, text=True)
    return folder


def documents():
    out = subprocess.run([PRINTER, "--documents"], check=True, capture_output=True, text=True)
    return json.loads(out.stdout)


def variables(api):
    team, label, user = api.teams["ENG"], api.labels[0], api.users[0]
    return {
        "IssueBefore": {"id": ISSUE_ID}, "IssueAfter": {"id": ISSUE_ID}, "Probe": {},
        "Lookup": {"team": team["key"], "labels": [label["name"]], "withLabels": True,
                   "assignee": user["email"], "withAssignee": True},
        "Create": {"input": {"id": ISSUE_ID, "teamId": team["id"], "title": "t",
                             "description": "d", "priority": 2, "labelIds": [label["id"]],
                             "assigneeId": user["id"]}},
    }


def ask(api, document, given):
    _, status, reply = api.answer(api.token, json.dumps({"query": document, "variables": given}))
    assert status == 200, reply
    return reply["data"]


def cases():
    api, texts = linear.Linear(), documents()
    given = variables(api)
    assert set(texts) == set(given)
    order = ["Create"] + [name for name in texts if name != "Create"]
    return [{"name": name, "document": texts[name], "variables": given[name],
             "data": ask(api, texts[name], given[name])} for name in order]


def validate(modules, rows):
    out = subprocess.run(["node", HERE / "validate.mjs", modules, SCHEMA], check=True,
                         capture_output=True, text=True, input=json.dumps(rows))
    return json.loads(out.stdout)


def test_documents_and_replies_fit_the_schema(modules):
    found = validate(modules, cases())
    assert found == {name: [] for name in found}


@pytest.mark.parametrize("name, change", [
    ("Create", lambda c: c.update(document=c["document"].replace("identifier", "nickname"))),
    ("Lookup", lambda c: c.update(document=c["document"].replace("eqIgnoreCase", "equals"))),
    ("Create", lambda c: c["variables"]["input"].update(colour="red")),
    ("Create", lambda c: c["variables"]["input"].update(priority="high")),
    ("Create", lambda c: c["data"]["issueCreate"]["issue"].update(identifier=None)),
    ("Probe", lambda c: c["data"].update(viewer=None)),
])
def test_what_does_not_fit_is_found(modules, name, change):
    row = next(c for c in cases() if c["name"] == name)
    change(row)
    assert validate(modules, [row])[name] != []


def test_every_input_field_of_the_fake_is_known():
    """The fake refuses what Linear would refuse, and takes what it takes."""
    text = SCHEMA.read_text(encoding="utf-8")
    body = text[text.index("\ninput IssueCreateInput {"):]
    body = body[:body.index("\n}")]
    names = {line.split(":")[0].strip() for line in body.splitlines()
             if line.startswith("  ") and ":" in line and not line.startswith("   ")}
    assert linear.ISSUE_INPUT <= names
