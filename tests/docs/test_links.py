"""Links between the pages of the documentation lead somewhere."""

from __future__ import annotations

import re

import pytest

import markdown_pages
from markdown_pages import Page


@pytest.mark.parametrize("page", markdown_pages.all_pages(), ids=lambda page: page.path.name)
def test_links_lead_somewhere(page: Page) -> None:
    astray = []
    for link in page.links:
        if re.match(r"[a-z][a-z+.-]*:", link):
            continue  # elsewhere, and no business of a test that runs without a network
        name, _, anchor = link.partition("#")
        path = (page.path.parent / name).resolve() if name else page.path
        if not path.exists() or (
            anchor and path.suffix == ".md" and anchor not in markdown_pages.read(path).anchors
        ):
            astray.append(link)
    assert astray == []
