"""Write docs/coverage.md: every field and argument of the vendors' pages, and its test.

    python docs/draw_coverage.py

What is drawn is in tests/seeds/seed_page.py, beside the table that it is drawn from. A row that no
class has, or that has no test, is refused.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).parent
TESTS = HERE.parent / "tests"


def main() -> None:
    """Write the page."""
    sys.path += [str(TESTS / "seeds"), str(TESTS / "support")]
    (HERE / "coverage.md").write_text(import_module("seed_page").page(), "utf-8")


if __name__ == "__main__":
    main()
