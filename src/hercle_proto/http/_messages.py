"""Requests and responses as values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeAlias

from attrs import field, frozen

from hercle_proto._errors import InvalidArgument
from hercle_proto._headers import check_headers, check_target, is_token
from hercle_proto.http._dates import parse_date

if TYPE_CHECKING:
    from attrs import Attribute

__all__ = ["USER_AGENT", "Headers", "Request", "Response"]

Headers: TypeAlias = Sequence[tuple[str, str]]
"""Names and values, in order. Names are compared without letter case."""

USER_AGENT: Final = ("User-Agent", "hercle-proto")

_CONNECTION_HEADERS: Final = frozenset(
    {"connection", "content-length", "expect", "host", "transfer-encoding", "upgrade"}
)
"""The connection's own business: a caller's would contradict the framing."""


def _pairs(headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in headers)


def _check_method(_: Request, __: Attribute[str], method: str) -> None:
    if not is_token(method):
        raise InvalidArgument("method", "must be a token such as GET", repr(method[:20]))


def _check_target(_: Request, __: Attribute[str], target: str) -> None:
    check_target(target)


def _check_headers(_: Request, __: Attribute[Headers], headers: Headers) -> None:
    check_headers(headers, ours=_CONNECTION_HEADERS)


@frozen(repr=False)
class Request:
    """One request, valid by construction: else `InvalidArgument`, which shows no header's value."""

    method: str = field(validator=_check_method)
    target: str = field(validator=_check_target)
    headers: Headers = field(default=(), converter=_pairs, validator=_check_headers)
    body: bytes = b""

    def __repr__(self) -> str:
        path, mark, _ = self.target.partition("?")
        query = "?…" if mark else ""
        sizes = f"{len(self.headers)} headers, {len(self.body)} bytes"
        return f"<Request {self.method} {path}{query}, {sizes}>"


@frozen(repr=False)
class Response:
    """A whole answer. Its repr shows neither headers nor body: cookies and preimages come there."""

    status: int
    headers: Headers
    body: bytes

    def header(self, name: str) -> str | None:
        """The first value of a header; letter case does not count."""
        wanted = name.lower()
        return next((value for each, value in self.headers if each.lower() == wanted), None)

    @property
    def date(self) -> datetime | None:
        """The server's clock when it answered, if it told."""
        return parse_date(self.header("Date"))

    def __repr__(self) -> str:
        return f"<Response {self.status}, {len(self.headers)} headers, {len(self.body)} bytes>"
