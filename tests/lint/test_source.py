# SPDX-License-Identifier: BSD-2-Clause
"""What the source promises of itself: layers, lengths, words, licence."""
import posixpath
import re
import shutil
import statistics

import pytest
import tree

# A folder includes from base and from those to its left; engine is the parts
# of one program.
LAYERS = ["base", "conf", "smtp", "mail", "pipeline", "stage", "store", "queue", "dispatch",
          "audit", "ctl", "web", "engine", "master"]
TOP_LEVEL = {"configure.ac", "Makefile.am", "README.md", "LICENSE", "CHANGELOG.md",
             "CONTRIBUTING.md", "core", "include", "plugins", "etc", "tests", "contrib"}
FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 80
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*["<]([^">]+)[">]', re.M)
FUNCTION = re.compile(r"^[a-zA-Z_]\w*\([^;]*?\)[^;{}]*?^\{\n(.*?)^\}", re.M | re.S)
SOURCES = (".c", ".h", ".py", ".sh", ".mk", ".am", ".ac")

# word: why not
FORBIDDEN = {
    r"\bdlclose\s*\(": "a stage is never unloaded: destructors, threads and atexit outlive it",
    r"\bRTLD_GLOBAL\b": "stages must not see one another's symbols",
    r"\bRTLD_DEEPBIND\b": "breaks allocators and sanitizers",
    r"(?<![\w.>])system\s*\(": "no shell",
    r"(?<![\w.>])popen\s*\(": "no shell",
    r"\bv?sprintf\s*\(": "unbounded; snprintf or base/buf.h",
    r"\bstr(cpy|cat)\s*\(": "unbounded; base/buf.h",
    r"\bstrtok\s*\(": "keeps state behind one's back",
    r"\bgets\s*\(": "unbounded",
    r"\balloca\s*\(": "unbounded stack",
}


def c_files():
    return tree.files(".c", ".h")


def without_comments(source):
    """Comments and strings blanked, lines kept."""
    def blank(match):
        kept = match.group(0)
        if kept[0] == '"':
            return '""' + "\n" * kept.count("\n")
        return "\n" * kept.count("\n") + " "
    return re.sub(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"', blank, source, flags=re.S)


def functions(source):
    """(first line, lines of the body, first words) of each function."""
    for match in FUNCTION.finditer(source):
        yield (source.count("\n", 0, match.start()) + 1, match.group(1).count("\n"),
               match.group(0).split("(")[0])


def resolved(name, header):
    """"../store/store.h" and "./x.h" as a path from the folder all includes
    begin at; what has no dots is one."""
    if not header.startswith("."):
        return header
    path = posixpath.normpath(posixpath.join(posixpath.dirname(name), header))
    return path.removeprefix("core/").removeprefix("include/")


def forbidden_include(name, header):
    parts, header = name.split("/"), resolved(name, header)
    if parts[0] == "plugins":
        return header.split("/")[0] in LAYERS
    if parts[0] != "core" or len(parts) < 3 or "/" not in header:
        return False
    target = header.split("/")[0]
    if target not in LAYERS:
        return False
    return target != "base" and LAYERS.index(target) > LAYERS.index(parts[1])


def test_layers():
    wrong = [f"{name}: {header}" for name in c_files()
             for header in INCLUDE.findall(tree.text(name)) if forbidden_include(name, header)
             and not (name.startswith("plugins/") and "/test_" in name)]
    assert wrong == []


@pytest.mark.parametrize("name,header,wrong", [
    ("core/mail/view.c", "base/buf.h", False), ("core/mail/view.c", "conf/settings.h", False),
    ("core/mail/view.c", "store/store.h", True), ("core/base/buf.c", "conf/settings.h", True),
    ("plugins/auth/spf.c", "mailtri/stage.h", False), ("plugins/auth/spf.c", "base/buf.h", True),
    ("core/mail/view.c", "../store/store.h", True), ("core/mail/view.c", "./../base/buf.h", False),
    ("core/mail/view.c", "../mail/view.h", False), ("plugins/auth/spf.c", "../../core/base/buf.h", True),
    ("core/engine.c", "ctl/control.h", False)])
def test_layer_rule(name, header, wrong):
    assert forbidden_include(name, header) is wrong


@pytest.mark.parametrize("line", ['#include "store/store.h"', "#include <store/store.h>",
                                  '# include\t"../store/store.h"'])
def test_every_form_of_include_is_seen(line):
    (header,) = INCLUDE.findall(line)
    assert forbidden_include("core/mail/view.c", header)


def test_file_lengths():
    assert [n for n in c_files() if tree.text(n).count("\n") > FILE_LINES_MAX] == []


def test_function_lengths():
    long = [f"{name}:{line}: {what}() has {length} lines"
            for name in c_files() for line, length, what in functions(tree.text(name))
            if length > FUNCTION_LINES_MAX]
    assert long == []


def test_function_sizes_over_all():
    lengths = [length for name in c_files() if not name.startswith("tests/")
               for _, length, _ in functions(tree.text(name))]
    assert statistics.median(lengths) <= 15
    assert statistics.quantiles(lengths, n=10)[8] <= 50


def test_forbidden_words():
    found = []
    for name in c_files():
        source = without_comments(tree.text(name))
        for word, why in FORBIDDEN.items():
            for match in re.finditer(word, source):
                line = source.count("\n", 0, match.start()) + 1
                found.append(f"{name}:{line}: {match.group(0)} ({why})")
    assert found == []


def test_forbidden_words_are_found():
    planted = 'int a = "system(" /* strcpy( */;\n\tdlclose(h); xsystem(1); s->system(2);\n'
    hits = [w for w in FORBIDDEN if re.search(w, without_comments(planted))]
    assert hits == [r"\bdlclose\s*\("]


def test_licence_line():
    wanted = "SPDX-License-Identifier: BSD-2-Clause"
    missing = [n for n in tree.files(*SOURCES) if "\n".join(tree.text(n).split("\n")[:3]).find(wanted) < 0
               and n.split("/")[0] not in tree.GENERATED]
    assert missing == []


def test_top_level():
    entries = {name.split("/")[0] for name in tree.files()}
    extra = {e for e in entries - TOP_LEVEL - tree.GENERATED if not e.startswith(".")}
    assert extra == set()


def test_no_promises():
    promise = re.compile(r"\b(TODO|FIXME|XXX)\b")
    found = [f"{n}:{i}" for n in tree.files(*SOURCES)
             if n != "tests/lint/test_source.py" and n.split("/")[0] not in tree.GENERATED
             for i, line in enumerate(tree.text(n).split("\n"), 1) if promise.search(line)]
    assert found == []


def test_no_sleeps_in_tests():
    sleep = re.compile(r"\b(?:time\.sleep|u?sleep|nanosleep)\s*\(|^\s*sleep [0-9]", re.M)
    found = [n for n in tree.files(".c", ".h", ".py", ".sh")
             if n.startswith("tests/") or "/test_" in n
             if n != "tests/lint/test_source.py" and sleep.search(tree.text(n))]
    assert found == []


def test_manual_pages():
    if shutil.which("mandoc") is None:
        pytest.skip("mandoc is not installed")
    pages = [n for n in tree.files() if re.search(r"\.[1-8]$", n)]
    if not pages:
        pytest.skip("no manual pages in the tree")
    assert tree.mandoc(*pages) == []


def test_remarks_on_style_are_seen(tmp_path):
    if shutil.which("mandoc") is None:
        pytest.skip("mandoc is not installed")
    page = tmp_path / "page.7"
    page.write_text(tree.text("core/audit/mailtri-audit.5").replace("RECORDS", "RECORDS ", 1) + "x " * 60 + "\n")
    assert any("STYLE" in line for line in tree.mandoc(page))


def named_files(text):
    """Files a page names: `core/engine.c`, `dispatch/http.c`, `mail.h`."""
    return re.findall(r"`((?:[\w.-]+/)*[\w-]+\.(?:c|h|py|mk|ac|am|sh))`", text)


PAGES = ["README.md", "CONTRIBUTING.md", "core/HACKING.md", "tests/bench/README.md", "contrib/stage-template/README.md"]


@pytest.mark.parametrize("page", PAGES)
def test_what_pages_name_is_there(page):
    """By its path, or by the end of it."""
    known = "".join(f"/{name}\n" for name in tree.files())
    assert [n for n in named_files(tree.text(page)) if f"/{n}\n" not in known] == []


def test_names_in_pages_are_found():
    assert named_files("see `dispatch/pin.c`, `view.h`; `engine.c` has, not `x.y` nor plain/core.c") == [
        "dispatch/pin.c", "view.h", "engine.c"]
