"""Completion errors that prove that nothing ran, by .NET's texts (P-10, P-11; measured on 9.0.1).

.NET says "Failed to invoke" of what it refuses before the method runs, and "An unexpected error
occurred invoking" of what the method itself threw. Only the first proves anything. A text counts
from its first character, for a method's own exception may say what it likes behind its colon.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["PROOFS", "proof_of_refusal"]

_FAILED: Final = "Failed to invoke '{target}' due to an error on the server."

PROOFS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Unknown hub method '{target}'": "unknown method",  # until ASP.NET Core 8
        f"{_FAILED} HubException: Method does not exist.": "unknown method",
        _FAILED: "arguments",  # without EnableDetailedErrors
        f"{_FAILED} InvalidDataException: ": "arguments",  # and why
        "Failed to invoke '{target}' because user is unauthorized": "unauthorized",
    }
)
"""Text to what it proves; one that ends in a space is the beginning of a text."""


def proof_of_refusal(target: str, error: str) -> str | None:
    """What a Completion's error proves to have kept `target` from running; None if nothing."""
    for template, proof in PROOFS.items():
        text = template.replace("{target}", target)
        if error == text or (text.endswith(" ") and error.startswith(text)):
            return proof
    return None
