#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Whether the object contrib/quickstart --json printed shows what it must."""
import json
import pathlib
import sys

EXPECTED = [("250", ""), ("550", "auth.replay"), ("550", "auth.dkim.fail"),
            ("550", "allowlist.denied"), ("550", "smtp.rcpt.unknown")]


def main(path):
    result = json.loads(pathlib.Path(path).read_text())
    wrong = []
    for mail, (code, reason) in zip(result["mails"], EXPECTED, strict=True):
        if not mail["smtp"].startswith(code) or reason and mail["reason"] != reason:
            wrong.append(f"{mail['name']}: {mail['smtp']}")
        if not mail["event"]:
            wrong.append(f"{mail['name']}: no event")
    if not result["mails"][0]["resource_id"] or result["issues"] != 1:
        wrong.append(f"issues: {result['issues']}")
    if not (result["audit"]["verified"] and result["audit"]["flipped_byte_found"]):
        wrong.append(f"audit: {result['audit']}")
    print("\n".join(wrong) or "as it should be")
    return 1 if wrong else 0


sys.exit(main(sys.argv[1]))
