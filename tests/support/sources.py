"""Where the project's files are, and how their code is counted."""

from __future__ import annotations

import ast
import io
import subprocess
import tokenize
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE_ROOTS = (ROOT / "src", ROOT / "src" / "adapters")
PACKAGES = ("hercle_proto", "hercle_adapters", "hercle_sandbox", "hercle_cli")

_NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}


def package_folder(package: str) -> Path:
    """The folder of one of our packages."""
    root = SOURCE_ROOTS[0] if package == "hercle_proto" else SOURCE_ROOTS[1]
    return root / package


def modules(package: str) -> list[Path]:
    """All modules of one of our packages."""
    return sorted(package_folder(package).rglob("*.py"))


def dotted_name(path: Path) -> str:
    """The name that a source file is imported by."""
    root = SOURCE_ROOTS[1] if path.is_relative_to(SOURCE_ROOTS[1]) else SOURCE_ROOTS[0]
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def tracked_files() -> list[Path] | None:
    """The files under version control, or None outside a checkout."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def code_lines(source: str) -> int:
    """The lines that hold code: no blanks, no comments, no docstrings."""
    documented = {
        (node.body[0].lineno, node.body[0].col_offset)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and ast.get_docstring(node, clean=False) is not None
    }
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in _NO_CODE and token.start not in documented:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines)
