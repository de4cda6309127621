"""What must stand in no file: hosts of package registries, paths of somebody's machine."""

from __future__ import annotations

import re

import pytest

import sources

TRACKED = sources.tracked_files()

# Written with a class of one character each, so that this file does not hold what it looks for.
FORBIDDEN = {
    "a registry's host": re.compile(
        r"py[p]i\.org|python[h]osted|npm[j]s\.(?:com|org)|registry\.[y]arnpkg|nug[e]t\.org|deb[i]an\.org"
    ),
    "somebody's path": re.compile(r"(?<![\w.])/(?:wor[k]|roo[t]|hom[e]/\w+|User[s]/\w+|op[t])/"),
    "an index of packages": re.compile(r"--(?:extra-)?inde[x]-url|--find-link[s]|--trusted-hos[t]"),
}


@pytest.mark.skipif(TRACKED is None, reason="not a checkout")
@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str) -> None:
    found = []
    for path in TRACKED or ():
        text = path.read_text("utf-8", errors="ignore")
        for number, line in enumerate(text.splitlines(), 1):
            if FORBIDDEN[what].search(line):
                found.append(f"{path.relative_to(sources.ROOT)}:{number}: {line.strip()[:100]}")
    assert not found, "\n".join([what, *found])


@pytest.mark.skipif(TRACKED is None, reason="not a checkout")
def test_adapters_is_a_source_root_and_no_package() -> None:
    assert not (sources.SOURCE_ROOTS[1] / "__init__.py").exists()


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("a registry's host", "https://files.python" + "hosted.org/packages/x.whl"),
        ("a registry's host", '"resolved": "https://registry.npm' + 'js.org/ws"'),
        ("somebody's path", "open('/ho" + "me/alice/key')"),
        ("somebody's path", "see /wo" + "rk/main/README.md"),
        ("an index of packages", "--extra-ind" + "ex-url https://host/simple"),
    ],
)
def test_the_search_finds(what: str, line: str) -> None:
    assert FORBIDDEN[what].search(line)
