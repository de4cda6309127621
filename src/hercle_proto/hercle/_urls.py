"""Where Hercle's APIs are."""

from __future__ import annotations

from typing import Final

from hercle_proto.http import Url

__all__ = [
    "HUB_PATH",
    "INVOICES_PATH",
    "PRODUCTION_URL",
    "SANDBOX_URL",
    "hub_url",
    "invoices_url",
    "is_production",
]

SANDBOX_URL: Final = "https://publicapi.sandbox.hercle.financial"
"""Where money is play money. The default everywhere."""

PRODUCTION_URL: Final = "https://publicapi.hercle.financial"

HUB_PATH: Final = "/ExecutionLiveServer/v1"
INVOICES_PATH: Final = "/api/v1/invoices"


def hub_url(url: str) -> Url:
    """The hub of an origin; a URL with another path is taken as it is. Raises `InvalidArgument`."""
    return _located(url, HUB_PATH, elsewhere=INVOICES_PATH)


def invoices_url(url: str) -> Url:
    """The REST invoices of an origin or of a hub's URL, likewise. Raises `InvalidArgument`."""
    return _located(url, INVOICES_PATH, elsewhere=HUB_PATH)


def is_production(url: Url) -> bool:
    """Whether money is real there."""
    return url.host == _PRODUCTION.host


_PRODUCTION: Final = Url.parse(PRODUCTION_URL)


def _located(url: str, path: str, *, elsewhere: str) -> Url:
    parsed = Url.parse(url, default_path=path)
    return parsed.with_path(path) if parsed.path == elsewhere else parsed
