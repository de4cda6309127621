"""HTTP statuses that more than one part judges by."""

from __future__ import annotations

from typing import Final

__all__ = ["KEY_REFUSED", "REQUEST_TIMEOUT"]

KEY_REFUSED: Final = frozenset({401, 403})
"""The key is not accepted, or may not do this."""

REQUEST_TIMEOUT: Final = 408
"""The one 4xx that does not say that nothing was carried out."""
