"""What an HTTP answer that is no success means for its command, whichever API it is.

Errors are read as documented by Hercle, `{"error": {"code", "message", "param", "type"}}`, and in
the other forms in which APIs and the servers in front of them say no. Only a 4xx proves that
nothing was carried out, and 408 does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypedDict

from hercle_proto._border import decode_json
from hercle_proto._contract import Command
from hercle_proto._errors import (
    ApiError,
    CommandRefused,
    InvalidArgument,
    RemoteProtocolError,
    Unauthorized,
)
from hercle_proto._statuses import KEY_REFUSED, REQUEST_TIMEOUT
from hercle_proto._texts import presentable
from hercle_proto.client._dialect import Refused, Unclear
from hercle_proto.http import Response, Url

__all__ = ["failure_of"]

_UNTOLD: Final = {
    401: "the key is not accepted; check it and its environment",
    403: "the key may not do this; check it and its environment",
    404: "nothing is at this URL; check it",
    429: "too many requests",
}
"""Reasons where the server gives none."""


class _Known(TypedDict):
    code: str | None
    status: int
    param: str | None


def failure_of(
    command: Command[Any],
    response: Response,
    *,
    key: str | None,
    where: str,
    may_have_run: bool = False,
) -> Refused | Unclear:
    """What an answer with a status of 300 or more means.

    `key` is blotted out of what the server says; `where` names the API in errors. `may_have_run`
    is whether something in the answer keeps even a 4xx from being a refusal.
    """
    status = response.status
    if status < 400:
        where_to = presentable(_not_followed(response), secret=key)
        return Unclear(RemoteProtocolError(f"{where_to} (HTTP {status})"))
    told, code, param = (presentable(text, secret=key) for text in _told(response.body))
    reason = told or _UNTOLD.get(status, "no reason was given")
    known = _Known(code=code or None, status=status, param=param or None)
    if may_have_run or status >= 500 or status == REQUEST_TIMEOUT:
        return Unclear(ApiError(reason, **known))
    refused = CommandRefused(command, reason, **known)
    if status in KEY_REFUSED:
        refused.__cause__ = Unauthorized(status, where)
    return Refused(refused)


def _not_followed(response: Response) -> str:
    """Redirects are not followed: the key would go where its owner did not send it."""
    location = response.header("Location") or ""
    try:
        where = Url.parse(location).host
    except InvalidArgument:
        where = "another path" if location.startswith("/") else "nowhere that could be read"
    return f"the answer redirects to {where}, which is not followed"


_MESSAGES: Final = ("message", "detail", "title", "statusError", "error_description")
"""Where a reason may stand: Hercle's, then problem details (RFC 9457), then OAuth's."""


def _told(body: bytes) -> tuple[str, str, str]:
    """Reason, code and parameter, each empty where the server tells none."""
    try:
        told = decode_json(body, object, what="an error")
    except RemoteProtocolError:
        text = body.decode("utf-8", "replace").strip()
        text = "" if text.startswith("<") else text  # a page of markup tells a person nothing
        return text, "", ""
    match told:
        case {"error": dict(error)}:
            return _reason(error), _text(error.get("code")), _text(error.get("param"))
        case {"error": str(error), **others}:
            return _reason(others) or error, error, _text(others.get("param"))
        case dict():
            return _reason(told), _text(told.get("code")), _text(told.get("param"))
        case _:
            return _text(told), "", ""


def _reason(told: Mapping[object, object]) -> str:
    reason = next((text for name in _MESSAGES if (text := _text(told.get(name)))), "")
    parameter = _text(told.get("param"))
    if parameter and parameter not in reason:
        reason = f"{reason} ({parameter})" if reason else parameter
    match told.get("errors"):
        case dict(errors):
            named = "; ".join(f"{name}: {_text(problem)}" for name, problem in errors.items())
            return f"{reason}: {named}" if reason else named
        case _:
            return reason


def _text(told: object) -> str:
    match told:
        case str():
            return told
        case bool() | None:
            return ""
        case int():
            return str(told)
        case list():
            return ", ".join(each for each in told if isinstance(each, str))
        case _:
            return ""
