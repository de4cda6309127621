"""A server's texts, made fit for an error, a log and a terminal."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

__all__ = ["LONGEST_TEXT", "blot", "presentable"]

LONGEST_TEXT: Final = 1000
"""Characters of a server's text that are kept."""

_BLOT: Final = "[key]"


def presentable(text: str, *, secret: str | None = None) -> str:
    """One line of what a server wrote: at most `LONGEST_TEXT` characters, and "…" if there was
    more.

    White space becomes single spaces; what else does not print (control characters, those that
    turn the writing direction, lone surrogates) becomes U+FFFD. Where `secret` occurs, as it is or
    percent-encoded, "[key]" stands: servers like to quote the header they refuse.
    """
    if secret:  # before anything is cut: the beginning of a key is not to be shown either
        for spelling in (secret, quote(secret, safe="")):
            text = text.replace(spelling, _BLOT)
    kept = text[:LONGEST_TEXT]  # first, for a text may have megabytes
    line = " ".join(kept.split())
    line = "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in line)
    return line if len(text) <= LONGEST_TEXT else f"{line}…"


def blot(error: Exception, secret: str | None) -> None:
    """Take the secret out of an error that quotes a server, which may have quoted it."""
    if secret and secret in str(error):
        error.args = tuple(_without(each, secret) for each in error.args)
        for name, value in vars(error).items():
            setattr(error, name, _without(value, secret))


def _without(value: object, secret: str) -> object:
    return presentable(value, secret=secret) if isinstance(value, str) else value
