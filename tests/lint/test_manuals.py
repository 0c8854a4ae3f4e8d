# SPDX-License-Identifier: BSD-2-Clause
"""The manuals of the stages as they are installed: with the options of the
stage's own table."""
import re
import shutil

import pytest
import tree

PAGES = sorted((tree.BUILD / "man").glob("mailtri-*.7"))


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_options_are_in_the_page(page):
    text = page.read_text()
    assert '.\\" OPTIONS' not in text
    section = re.search(r"^\.Sh OPTIONS\n(.*?)^\.Sh ", text, re.M | re.S).group(1)
    source = (tree.TOP / "plugins" / page.stem.removeprefix("mailtri-") / page.name).read_text()
    assert ".It Cm " in section and ".It Cm " not in re.search(
        r"^\.Sh OPTIONS\n(.*?)^\.Sh ", source, re.M | re.S).group(1)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_page_is_clean(page):
    if shutil.which("mandoc") is None:
        pytest.skip("mandoc is not installed")
    assert tree.mandoc(page) == []
