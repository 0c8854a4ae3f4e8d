# SPDX-License-Identifier: BSD-2-Clause
"""What linear-dispatch asks and what the fake answers are held against the
schema Linear publishes."""
import json
import os
import pathlib
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

sys.path[:0] = [str(HERE.parent / "fake"), str(HERE.parent / "lib")]
import linear  # noqa: E402
import npm  # noqa: E402

pytestmark = pytest.mark.skipif(
    not CORPORA or not SCHEMA.exists() or not PRINTER.exists(),
    reason="linear/schema.graphql of MAILTRI_CORPORA is not here")


@pytest.fixture(scope="module")
def modules():
    return npm.modules(HERE)


def documents():
    out = subprocess.run([PRINTER, "--documents"], check=True, capture_output=True, text=True)
    return json.loads(out.stdout)


def variables(api):
    team, label, user = api.teams["ENG"], api.labels[0], api.users[0]
    ids = {"labelIds": [label["id"]], "assigneeId": user["id"], "priority": 2,
           "projectId": api.projects[0]["id"], "stateId": api.states[0]["id"],
           "dueDate": "2026-12-24"}
    names = {"id": ISSUE_ID}
    return {
        "IssueBefore": names, "IssueAfter": names, "CommentBefore": names,
        "CommentAfter": names, "AttachedBefore": names, "AttachedAfter": names,
        "Probe": {"teams": [team["key"]]},
        "ProbeWrite": {"id": ISSUE_ID, "input": {"title": "mailtri"}},
        "Lookup": {"team": team["key"], "withLabels": True,
                   "labels": {"or": [{"name": {"eqIgnoreCase": label["name"]}}]},
                   "assignee": user["email"], "withAssignee": True,
                   "project": api.projects[0]["name"], "withProject": True,
                   "state": api.states[0]["name"], "withState": True},
        "Create": {"input": {"id": ISSUE_ID, "teamId": team["id"], "title": "t",
                             "description": "d", "createAsUser": "Ann", **ids}},
        "Update": {"id": "ENG-1", "input": {
            **{k: v for k, v in ids.items() if k != "labelIds"},
            "addedLabelIds": [label["id"]]}},
        "Archive": names,
        "Comment": {"input": {"id": ISSUE_ID, "issueId": ISSUE_ID, "body": "b",
                              "createAsUser": "Ann"}},
        "File": {"contentType": "image/png", "filename": "a.png", "size": 3},
        "Attach": {"input": {"id": ISSUE_ID, "issueId": ISSUE_ID, "title": "a.png",
                             "url": "https://uploads.linear.example/1"}},
    }


def ask(api, document, given):
    _, status, reply = api.answer("Bearer " + api.token, json.dumps({"query": document, "variables": given}))
    assert status == 200, reply
    return reply["data"]


def cases():
    api, texts = linear.Linear(token="lin_oauth_app_demo"), documents()
    given = variables(api)
    assert set(texts) == set(given)
    first = ["Create", "Comment", "Attach"]
    order = first + [name for name in texts if name not in first]
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
    ("Lookup", lambda c: c["variables"].update(labels={"some": []})),
    ("Lookup", lambda c: c.update(
        document=c["document"].replace("accessibleTeams", "allTeams"))),
    ("Update", lambda c: c["variables"]["input"].update(labels=[])),
    ("Comment", lambda c: c["variables"]["input"].update(text="b")),
    ("Comment", lambda c: c["data"]["commentCreate"].update(comment=None)),
    ("File", lambda c: c["variables"].update(size="3")),
    ("Attach", lambda c: c["variables"]["input"].pop("url")),
    ("AttachedBefore", lambda c: c["data"]["issue"].update(attachments=None)),
])
def test_what_does_not_fit_is_found(modules, name, change):
    row = next(c for c in cases() if c["name"] == name)
    change(row)
    assert validate(modules, [row])[name] != []


@pytest.mark.parametrize("kind, known", [
    ("IssueCreateInput", linear.ISSUE_INPUT), ("IssueUpdateInput", linear.UPDATE_INPUT),
    ("CommentCreateInput", linear.COMMENT_INPUT),
    ("AttachmentCreateInput", linear.ATTACHMENT_INPUT)])
def test_every_input_field_of_the_fake_is_known(kind, known):
    """The fake refuses what Linear would refuse, and takes what it takes."""
    text = SCHEMA.read_text(encoding="utf-8")
    body = text[text.index(f"\ninput {kind} {{"):]
    body = body[:body.index("\n}")]
    names = {line.split(":")[0].strip() for line in body.splitlines()
             if line.startswith("  ") and ":" in line and not line.startswith("   ")}
    assert known <= names
