"""A server's texts, made fit for an error, a log and a terminal."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

__all__ = ["LONGEST_TEXT", "blot", "presentable"]

LONGEST_TEXT: Final = 1000
"""Characters of a server's text that are kept."""

_BLOT: Final = "[key]"
_CUT: Final = "…"
_SHORTEST_BEGINNING: Final = 4
"""Characters of a key's beginning that tell that a text was cut within the key."""


def presentable(text: str, *, secret: str | None = None) -> str:
    """One line of what a server wrote: at most `LONGEST_TEXT` characters, and "…" if there was
    more.

    White space becomes single spaces; what else does not print (control characters, those that
    turn the writing direction, lone surrogates) becomes U+FFFD. Where `secret` occurs, as it is or
    percent-encoded, "[key]" stands: servers like to quote the header they refuse.
    """
    if secret:  # before it is cut to its length: the beginning of a key is not to be shown either
        room = LONGEST_TEXT + 3 * len(secret)  # for a key that begins in what is kept
        text = _blotted(text if len(text) <= room else text[:room] + _CUT, secret)
    kept = text[:LONGEST_TEXT]  # first, for a text may have megabytes
    line = " ".join(kept.split())
    line = "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in line)
    return line if len(text) <= LONGEST_TEXT else f"{line}{_CUT}"


def blot(error: Exception, secret: str | None) -> None:
    """Take the secret out of an error that quotes a server, which may have quoted it."""
    if secret:
        error.args = tuple(_without(each, secret) for each in error.args)
        for name, value in vars(error).items():
            setattr(error, name, _without(value, secret))


def _without(value: object, secret: str) -> object:
    return _blotted(value, secret) if isinstance(value, str) else value


def _blotted(text: str, secret: str) -> str:
    for spelling in (secret, quote(secret, safe="")):
        text = text.replace(spelling, _BLOT)
        if _CUT in text:  # by whoever did not know the key
            for end in range(len(spelling) - 1, _SHORTEST_BEGINNING - 1, -1):
                text = text.replace(spelling[:end] + _CUT, _BLOT + _CUT)
    return text
