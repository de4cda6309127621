"""Reflex's GraphQL as HTTP requests, and what the answers mean.

Sources: the vendor's page on its API (endpoint, key, cookie), the GraphQL specification, section 7
(an answer without `data` was refused before anything ran), and Apollo's error codes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, TypeVar, cast

import msgspec
from attrs import Attribute, field, frozen
from msgspec.json import Decoder

from hercle_proto._border import DECODING_FAILURES
from hercle_proto._contract import Command
from hercle_proto._credentials import bearer
from hercle_proto._errors import (
    GraphQLError,
    InvalidArgument,
    LocalProtocolError,
    RemoteProtocolError,
    Unauthorized,
)
from hercle_proto._numbers import number_from_wire
from hercle_proto._statuses import KEY_REFUSED, REQUEST_TIMEOUT
from hercle_proto._texts import presentable
from hercle_proto.client import Answered, Outcome, Refused, Unclear, failure_of
from hercle_proto.http import USER_AGENT, Request, Response, Url
from hercle_proto.reflex._commands import ReflexCommand
from hercle_proto.reflex._structure import structure

__all__ = ["ReflexApi"]

R = TypeVar("R")

_TIMEZONE_COOKIE: Final = "amboss-reflex-api-timezone"
_TIMEZONE: Final = re.compile(r"[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+)*")
_LONGEST_TIMEZONE: Final = 64

_UNAUTHENTICATED: Final = "UNAUTHENTICATED"
_PROOFS: Final = frozenset(
    {
        _UNAUTHENTICATED,
        "BAD_USER_INPUT",
        "FORBIDDEN",
        "GRAPHQL_PARSE_FAILED",
        "GRAPHQL_VALIDATION_FAILED",
    }
)
"""Codes that say no before anything is carried out, unless they are of a part of the answer."""

_LONGEST_PATH: Final = 20
"""Parts of an error's path that are kept; no document of ours goes as deep."""

_MOST_ERRORS: Final = 100
"""Errors of an answer that are looked at. Where there are more, they prove nothing."""

_PLAIN: Final = Decoder(object, float_hook=number_from_wire)


def _check_timezone(_: object, attribute: Attribute[Any], value: object) -> None:
    if value is None:
        return
    rule = "must be the name of a time zone, such as 'America/New_York', or None for UTC"
    if not isinstance(value, str):
        raise InvalidArgument(attribute.name, rule, type(value).__name__)
    if len(value) > _LONGEST_TIMEZONE or not _TIMEZONE.fullmatch(value):
        raise InvalidArgument(attribute.name, rule, repr(value[:_LONGEST_TIMEZONE]))


@frozen
class ReflexApi:
    """Fulfils `HttpApi` for Reflex. `timezone` is the one of totals by interval; None is UTC."""

    url: Url
    timezone: str | None = field(default=None, validator=_check_timezone)

    def admit(self, command: Command[R]) -> Command[R]:
        """The command. Raises `LocalProtocolError` for one that is not Reflex's."""
        if not isinstance(command, ReflexCommand):
            raise LocalProtocolError(f"{command.name} is no command of Reflex")
        return command

    def request(self, command: Command[Any], *, key: str | None) -> Request:
        """The request for a command."""
        command = cast("ReflexCommand[Any]", command)  # admitted
        headers = [USER_AGENT, ("Accept", "application/json"), ("Content-Type", "application/json")]
        if self.timezone is not None:
            headers.append(("Cookie", f"{_TIMEZONE_COOKIE}={self.timezone}"))
        if key is not None:
            headers.append(("Authorization", bearer(key)))
        body = msgspec.json.encode({"query": command.document, "variables": command.variables})
        return Request("POST", self.url.target, headers, body)

    def answered(
        self, command: Command[Any], response: Response, *, key: str | None, now: float
    ) -> Outcome:
        """What an answer means for its command. `key` is blotted out of what the server says."""
        command = cast("ReflexCommand[Any]", command)
        told = _graphql(response.body)
        if errors := _errors(told):
            return _failed(command, response, told, errors, key=key)
        if response.status >= 300:
            came = _something_came(command, told)
            return failure_of(command, response, key=key, where="Reflex", may_have_run=came)
        if "data" not in told:
            return Unclear(
                RemoteProtocolError(f"the answer (HTTP {response.status}) is none of GraphQL")
            )
        try:
            return Answered(_answer(command, told["data"]))
        except RemoteProtocolError as error:
            return Unclear(error)


def _graphql(body: bytes) -> dict[str, object]:
    """The answer's object; an empty one where it is none."""
    try:
        told = _PLAIN.decode(body)
    except DECODING_FAILURES:
        return {}
    return cast("dict[str, object]", told) if isinstance(told, dict) else {}


def _answer(command: ReflexCommand[Any], data: object) -> object:
    path = "$.data"
    for name in command.field_path:
        if not isinstance(data, dict):
            raise RemoteProtocolError(f"an answer that does not fit: no object at {path}")
        path = f"{path}.{name}"
        data = data.get(name)
    return structure(data, command.answer_type, path=path)


# -- errors ----------------------------------------------------------------------------------------


@frozen
class _Error:
    message: str = ""
    path: tuple[str | int, ...] = ()
    code: str | None = None


def _errors(told: dict[str, object]) -> list[object]:
    match told.get("errors"):
        case list(errors):
            return errors
        case None:
            return []
        case error:
            return [error]


def _error(told: object) -> _Error:
    match told:
        case dict():
            extensions, path = told.get("extensions"), told.get("path")
            code = extensions.get("code") if isinstance(extensions, dict) else told.get("code")
            message = told.get("message")
            return _Error(
                message if isinstance(message, str) else "",
                tuple(part for part in path[:_LONGEST_PATH] if isinstance(part, str | int))
                if isinstance(path, list)
                else (),
                code if isinstance(code, str) else None,
            )
        case str():
            return _Error(told)
        case _:
            return _Error()


def _failed(
    command: ReflexCommand[Any],
    response: Response,
    told: dict[str, object],
    all_errors: Sequence[object],
    *,
    key: str | None,
) -> Outcome:
    errors = [_error(each) for each in all_errors[:_MOST_ERRORS]]
    first = errors[0]
    error = GraphQLError(
        command,
        presentable(first.message, secret=key) or "no reason was given",
        path=[
            each if isinstance(each, int) else presentable(each, secret=key) for each in first.path
        ],
        code=first.code and presentable(first.code, secret=key),
        data=told.get("data"),
        more=len(all_errors) - 1,
    )
    if response.status in KEY_REFUSED or first.code == _UNAUTHENTICATED:
        error.__cause__ = Unauthorized(response.status, "Reflex")
    never_ran = len(all_errors) <= _MOST_ERRORS and _never_ran(
        command, response.status, told, errors
    )
    refused = command.repeatable or never_ran
    return Refused(error) if refused else Unclear(error)


def _something_came(command: ReflexCommand[Any], told: dict[str, object]) -> bool:
    """Whether there is data, which only comes of a command that was carried out."""
    return told.get("data") not in (None, {}, {command.field_path[0]: None})


def _never_ran(
    command: ReflexCommand[Any], status: int, told: dict[str, object], errors: Sequence[_Error]
) -> bool:
    """Whether an answer with errors proves that its command was not carried out."""
    if _something_came(command, told):
        return False
    if all(each.code in _PROOFS and len(each.path) <= len(command.field_path) for each in errors):
        return True
    if "data" in told or status == REQUEST_TIMEOUT:
        return False
    return 400 <= status < 500 or (status < 300 and not any(each.path for each in errors))
