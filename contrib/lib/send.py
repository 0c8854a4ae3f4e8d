#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Signs a mail and offers it: what contrib/quickstart --keep tells one to use."""
import argparse
import pathlib
import sys

from cryptography.hazmat.primitives import serialization

import sender


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("key", "domain", "to", "port", "authority"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--from", dest="who", default="ann", help="local part (ann)")
    parser.add_argument("subject")
    parser.add_argument("body", nargs="?", default="")
    options = parser.parse_args()
    domain = sender.Domain(options.domain)
    domain.key = serialization.load_pem_private_key(pathlib.Path(options.key).read_bytes(), None)
    address = f"{options.who}@{options.domain}"
    message = domain.sign(sender.compose(address, options.to, options.subject, options.body))
    answer = sender.Client(int(options.port), f"mx.{options.domain}", options.authority).send(
        address, options.to, message)
    print(answer)
    return 0 if answer.code == 250 else 1


if __name__ == "__main__":
    sys.exit(main())
