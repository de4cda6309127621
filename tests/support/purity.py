"""Finds what a module of the core must not do: input and output, threads, clocks, chance.

It reads the syntax tree, so it also sees what is imported inside a function, and single names of
modules that are otherwise allowed (`datetime.now`, `uuid.uuid4`), which linters of imports do not.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass

MODULES = frozenset(
    """
    _thread asyncio concurrent ctypes dbm fcntl fileinput ftplib getpass glob http imaplib importlib
    io mmap multiprocessing os pathlib platform poplib queue random sched secrets select selectors
    shelve shutil signal smtplib socket socketserver sqlite3 ssl subprocess tempfile threading time
    urllib xmlrpc zoneinfo
    """.split()
)
"""Standard modules with files, sockets, processes, threads, event loops, clocks or chance."""

ALLOWED = frozenset({"io.BytesIO", "io.StringIO", "urllib.parse"})
"""What may be used of them nevertheless."""

NAMES = frozenset(
    """
    datetime.date.today datetime.datetime.now datetime.datetime.today datetime.datetime.utcnow
    sys.stderr sys.stdin sys.stdout
    uuid.getnode uuid.uuid1 uuid.uuid4 uuid.uuid6 uuid.uuid7
    """.split()
)
"""Single names of modules that may be used otherwise."""

BUILTINS = frozenset({"__import__", "breakpoint", "eval", "exec", "input", "open", "print"})

DEPENDENCIES = frozenset({"attrs", "cattrs", "h11", "hercle_proto", "msgspec", "wsproto"})
EXTRA_DEPENDENCIES = {
    "bolt11": frozenset({"btclib_secp256k1"}),
    "testing": frozenset({"hypothesis"}),
}

LEVELS = {
    "testing": 6,
    "hercle": 5,
    "reflex": 5,
    "client": 4,
    "transport": 3,
    "http": 3,
    "hub": 2,
    "bolt11": 1,
}
"""A package imports from lower levels only. Private modules at the top are below all of them."""


@dataclass(frozen=True)
class _Import:
    line: int
    name: str
    binds: dict[str, str]  # a name in this module → what it stands for
    runs: bool  # not under `if TYPE_CHECKING:`

    @property
    def top(self) -> str:
        return self.name.partition(".")[0]


def impurities(source: str, module: str) -> list[str]:
    """What is wrong with the module of this dotted name, as `LINE: WHAT`. Empty: all is well."""
    tree = ast.parse(source)
    found = [*_bad_imports(tree, module), *_bad_names(tree)]
    return [f"{line}: {what}" for line, what in sorted(found)]


def _bad_imports(tree: ast.Module, module: str) -> Iterator[tuple[int, str]]:
    here = _part(module)
    for imported in _imports(tree):
        there = _part(imported.name)
        if imported.top == "":
            yield imported.line, "imports by a relative name"
        elif imported.top in sys.stdlib_module_names:
            if _forbidden(imported.name):
                yield imported.line, f"imports {imported.name}"
        elif imported.top not in DEPENDENCIES | EXTRA_DEPENDENCIES.get(here, frozenset()):
            yield imported.line, f"imports {imported.top}, on which the core does not depend"
        elif imported.top != "hercle_proto" or not imported.runs or there not in LEVELS:
            pass
        elif there != here and LEVELS[there] >= LEVELS.get(here, 0):
            yield imported.line, f"imports {imported.name} from a layer above or beside"


def _bad_names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    known: dict[str, str] = {}
    for imported in _imports(tree):
        if not _forbidden(imported.name):
            known.update(imported.binds)
    own = _own_names(tree)
    inner = {node.value for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node not in inner:
            name = _full_name(node, known)
            if name is not None and _forbidden(name):
                yield node.lineno, f"uses {name}"
        elif isinstance(node, ast.Name) and node.id in BUILTINS - own:
            yield node.lineno, f"uses {node.id}"


def _imports(tree: ast.Module) -> Iterator[_Import]:
    for_types = _for_types(tree)
    for node in ast.walk(tree):
        runs = node not in for_types
        match node:
            case ast.Import(names=names):
                for alias in names:
                    top = alias.name.partition(".")[0]
                    binds = {alias.asname: alias.name} if alias.asname else {top: top}
                    yield _Import(node.lineno, alias.name, binds, runs)
            case ast.ImportFrom(module=origin, names=names, level=level):
                for alias in names:
                    name = f"{'.' * level}{origin or ''}.{alias.name}"
                    yield _Import(node.lineno, name, {alias.asname or alias.name: name}, runs)
            case _:
                pass


def _own_names(tree: ast.Module) -> set[str]:
    """The names of variables and parameters of the module, which may be those of built-ins."""
    own: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=str(name), ctx=ast.Store()) | ast.arg(arg=str(name)):
                own.add(name)
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                own.add(name)
            case _:
                pass
    return own


def _for_types(tree: ast.Module) -> set[ast.AST]:
    """Whatever stands under `if TYPE_CHECKING:` and so never runs."""
    return {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for statement in node.body
        for inner in ast.walk(statement)
    }


def _forbidden(name: str) -> bool:
    parts = name.split(".")
    prefixes = {".".join(parts[:count]) for count in range(1, len(parts) + 1)}
    # A bare `import urllib` gives nothing yet; what is used of it is judged where it is used.
    return name != "urllib" and not prefixes & ALLOWED and bool(prefixes & (MODULES | NAMES))


def _full_name(node: ast.Attribute, known: dict[str, str]) -> str | None:
    """The full name of a chain of attributes, if it begins with something imported."""
    parts = [node.attr]
    value = node.value
    while isinstance(value, ast.Attribute):
        parts.append(value.attr)
        value = value.value
    if not isinstance(value, ast.Name) or value.id not in known:
        return None
    return ".".join([known[value.id], *reversed(parts)])


def _part(name: str) -> str:
    """The part of the core that a name belongs to: "hub" of "hercle_proto.hub._codec.JSON"."""
    return name.split(".")[1] if "." in name else ""
