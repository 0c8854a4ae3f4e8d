# SPDX-License-Identifier: BSD-2-Clause
"""The table of what may happen to a mail, one of it to each: a name, the
protocol it is about, and what it does."""
from collections import namedtuple

Kind = namedtuple("Kind", "name protocol says apply")
KINDS = []


def kind(protocol):
    """The function changes the case before it is signed; what it does to what
    was signed stands in Case.behind."""
    def add(function):
        KINDS.append(Kind(function.__name__.replace("_", "-"), protocol, function.__doc__, function))
        return function
    return add


@kind("none")
def nothing(c):
    """the mail as it was written"""
    del c


def all_kinds():
    import kinds_dkim, kinds_dmarc, kinds_spf  # noqa: E401, F401 (each adds its own)
    return KINDS
