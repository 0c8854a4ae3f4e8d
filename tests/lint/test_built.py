# SPDX-License-Identifier: BSD-2-Clause
"""What the built files link and export: no more than their job needs."""
import re
import subprocess

import pytest
import tree

# Program or stage: libraries beyond libc it may link itself.
GLIB = {"libgmime-3.0", "libglib-2.0", "libgobject-2.0", "libgio-2.0"}
PROGRAMS = {
    "mailtrid": {"libconfuse", "libidn2"},
    "mailtrictl": {"libconfuse", "libidn2", "libjansson", "libssl", "libcrypto"},
    "front": {"libidn2", "libssl", "libcrypto"},
    "engine": {"libidn2", "libsqlite3", "libcrypto", "libjansson"},
    "parser": GLIB,
    "worker": set(),
    "worker-net": {"libcurl", "libssl", "libcrypto"},
    "resolver": {"libunbound"},
    "keys": {"libcrypto"},
}
STAGES = {
    "auth": {"libspf2", "libopendkim", "libopendmarc", "libpsl", "libidn2", "libcrypto"},
    "allowlist": {"libcrypto"},
    "linear-dispatch": {"libjansson", "libxml2"},
    "webhook-dispatch": {"libjansson", "libcrypto"},
    "answer": set(),
}
EVERYWHERE = {"libc", "libm", "ld-linux-x86-64", "ld-linux-aarch64", "libseccomp",
              "libasan", "libubsan", "liblsan", "libtsan", "libgcc_s"}
# Stages ask the message's clock; libcurl's connect() finds that a socket the
# resolver dialled has a peer.
LENT = {"worker": {"time"}, "worker-net": {"connect"}}
ENTRY = "mailtri_stage_v1"
# The key cache of auth stands in for the one libcrypto function libopendkim
# parses keys with.
ALSO_EXPORTED = {"auth": {"d2i_PUBKEY_bio"}}


def program(name):
    return tree.BUILD / name


def stage(name):
    path = tree.BUILD / ".libs" / f"{name}.so"
    if not path.exists():
        pytest.skip(f"configured --without-{name}")
    return path


def needed(path):
    out = subprocess.run(["readelf", "-d", path], capture_output=True, text=True, check=True).stdout
    names = re.findall(r"\(NEEDED\).*\[([^\]]+)\]", out)
    return {re.sub(r"\.so.*", "", n) for n in names} - EVERYWHERE


def exported(path, kinds):
    """Functions others can bind to; copies of libc's variables are none."""
    out = subprocess.run(["nm", "-D", "--defined-only", path], capture_output=True, text=True,
                         check=True).stdout
    rows = [line.split() for line in out.splitlines()]
    return {r[2].split("@")[0] for r in rows if len(r) == 3 and r[1] in kinds
            and not r[2].startswith(("__asan", "__ubsan", "__odr_asan", "_init", "_fini"))}


def sanitized(path):
    return b"__asan_init" in path.read_bytes()


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_links_what_it_needs(name):
    assert needed(program(name)) <= PROGRAMS[name]


@pytest.mark.parametrize("name", STAGES)
def test_stage_links_what_it_needs(name):
    assert needed(stage(name)) <= STAGES[name]


@pytest.mark.parametrize("name", STAGES)
def test_stage_exports_its_entry_alone(name):
    symbols = exported(stage(name), "TWViDBR")
    assert ENTRY in symbols
    assert symbols - {ENTRY} <= ALSO_EXPORTED.get(name, set())


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_exports_nothing(name):
    """Stages bind to nothing of the core; worker lends them its clock, worker-net
    lends libcurl its connect()."""
    path = program(name)
    if sanitized(path):
        return  # its runtime is of the program and has to export
    assert exported(path, "T") == LENT.get(name, set())


@pytest.mark.parametrize("name", [*PROGRAMS, *STAGES])
def test_hardening(name):
    path = program(name) if name in PROGRAMS else stage(name)
    dynamic = subprocess.run(["readelf", "-dlW", path], capture_output=True, text=True,
                             check=True).stdout
    assert "BIND_NOW" in dynamic or "NOW" in dynamic
    assert "GNU_RELRO" in dynamic
    assert re.search(r"GNU_STACK.*RW ", dynamic)
    assert "RWE" not in dynamic


def test_the_service_keeps_memory_from_disks():
    """Keys and mail: no core, no swap."""
    unit = (tree.BUILD / "etc/mailtri.service").read_text().splitlines()
    assert {"MemorySwapMax=0", "LimitCORE=0", "NoNewPrivileges=yes", "UMask=0077"} <= set(unit)
