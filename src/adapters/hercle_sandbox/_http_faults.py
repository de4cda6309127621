"""Faults on demand over HTTP: what the next requests for a path end with, whoever makes them.

    status:CODE               that status, 300 to 599, and an error; nothing is carried out
    status:CODE:retry-after=S with a Retry-After of so many seconds
    delay:MS                  carried out, and answered MS milliseconds later
    cut                       carried out; the answer's headers and half its body, then the
                              connection is aborted
    malformed                 carried out; 200 with what is no JSON, though it says so
    html                      carried out; 200 with a page
    empty                     carried out; 200 with nothing

For GraphQL only:

    errors                    200 with an error and no data; nothing is carried out
    partial                   carried out; part of the data is null, and an error has its path: the
                              last field of the first object that has several

They are armed by `Running.arm`, or `POST /sandbox/faults`, and happen in the order they were armed
in. What the hub does wrong after negotiating is asked for by memos (`_faults`).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, Protocol, TypeAlias

import anyio
import msgspec
from attrs import evolve, frozen
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hercle_sandbox._answers import failure
from hercle_sandbox._faults import ABORT_EXTENSION
from hercle_sandbox._rows import dumps

__all__ = ["FaultyPaths", "HttpFaults"]

_MOST_TIMES: Final = 1000
_JSON: Final = b"application/json"


@frozen
class _Answer:
    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    @classmethod
    def of(
        cls, status: int, body: bytes, kind: bytes = _JSON, *more: tuple[bytes, bytes]
    ) -> _Answer:
        return cls(status, ((b"content-type", kind), *more), body)

    async def send(self, send: Send, most: int | None = None) -> None:
        """All of it, or the headers of all and so much of the body, with more to come."""
        length = (b"content-length", str(len(self.body)).encode())
        others = [header for header in self.headers if header[0].lower() != length[0]]
        start = {"type": "http.response.start", "status": self.status, "headers": [length, *others]}
        await send(start)
        body = self.body[:most]
        more = most is not None
        await send({"type": "http.response.body", "body": body, "more_body": more})


async def _carried_out(app: ASGIApp, scope: Scope, receive: Receive) -> _Answer:
    """What the application would have answered."""
    sent: list[Message] = []

    async def keep(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, keep)
    start, *bodies = sent
    body = b"".join(message.get("body", b"") for message in bodies)
    return _Answer(start["status"], tuple(start["headers"]), body)


class _Fault(Protocol):
    """An ASGI application in front of another."""

    async def __call__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None: ...


@frozen
class _Instead:
    """The application is not asked."""

    answer: _Answer

    async def __call__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        await self.answer.send(send)


@frozen
class _Changed:
    """The application is asked, and its answer is another."""

    change: Callable[[_Answer], _Answer]

    async def __call__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await _carried_out(app, scope, receive)
        await self.change(answer).send(send)


@frozen
class _Late:
    seconds: float

    async def __call__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await _carried_out(app, scope, receive)
        await anyio.sleep(self.seconds)
        await answer.send(send)


async def _cut(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    answer = await _carried_out(app, scope, receive)
    await answer.send(send, most=len(answer.body) // 2)
    scope["extensions"][ABORT_EXTENSION]()
    while (await receive())["type"] != "http.disconnect":
        pass


# -- what is armed ---------------------------------------------------------------------------------

_MESSAGE: Final = "This fault was asked for"


def _graphql_error(**more: object) -> dict[str, object]:
    return {"message": _MESSAGE, **more, "extensions": {"code": "INTERNAL_SERVER_ERROR"}}


def _status(code: str, retry_after: str | None) -> _Fault:
    more = [] if retry_after is None else [(b"retry-after", retry_after.encode())]
    body = dumps(failure("fault", _MESSAGE, kind="api_error"))
    return _Instead(_Answer.of(int(code), body, _JSON, *more))


def _always(answer: _Answer) -> _Fault:
    return _Changed(lambda _: answer)


def _partial(answer: _Answer) -> _Answer:
    told: Any = msgspec.json.decode(answer.body)
    part = told.get("data")
    if not isinstance(part, dict) or not part:
        return answer
    path: list[str] = []
    while True:
        *others, name = part
        path.append(name)
        if others or not isinstance(part[name], dict) or not part[name]:
            break
        part = part[name]
    part[name] = None
    told["errors"] = [*told.get("errors", ()), _graphql_error(path=path)]
    return evolve(answer, body=dumps(told))


_Builder: TypeAlias = Callable[..., _Fault]

_FAULTS: Final[Mapping[str, _Builder]] = MappingProxyType(
    {
        r"status:((?!304)[345]\d\d)(?::retry-after=(\d{1,6}))?": _status,
        r"delay:(\d{1,6})": lambda ms: _Late(int(ms) / 1000),
        "cut": lambda: _cut,
        "malformed": lambda: _always(_Answer.of(200, b'{"id": "inv_')),
        "html": lambda: _always(
            _Answer.of(200, b"<!DOCTYPE html><title>Sign in</title>", b"text/html; charset=utf-8")
        ),
        "empty": lambda: _always(_Answer.of(200, b"")),
    }
)
_GRAPHQL_FAULTS: Final[Mapping[str, _Builder]] = MappingProxyType(
    {
        **_FAULTS,
        "errors": lambda: _Instead(_Answer.of(200, dumps({"errors": [_graphql_error()]}))),
        "partial": lambda: _Changed(_partial),
    }
)


class HttpFaults:
    """What is armed, path by path. For any thread.

    `paths` can have faults; those that are GraphQL's have two more.
    """

    def __init__(self, paths: Mapping[str, bool]) -> None:
        self._known = {
            path: _GRAPHQL_FAULTS if graphql else _FAULTS for path, graphql in paths.items()
        }
        self._armed: dict[str, deque[_Fault]] = {path: deque() for path in paths}

    def arm(self, fault: str, *, path: str, times: int = 1) -> None:
        """Let the next `times` requests for `path` end with a fault, after those armed before.

        Raises `ValueError` for a fault or a path that there is not, and beyond 1000 times.
        """
        if path not in self._known:
            raise ValueError(f"path must be one of {', '.join(self._known)}, not {path!r}")
        if not 1 <= times <= _MOST_TIMES:
            raise ValueError(f"times must be from 1 to {_MOST_TIMES}, not {times}")
        for pattern, build in self._known[path].items():
            if match := re.fullmatch(pattern, fault, re.ASCII):
                self._armed[path].extend([build(*match.groups())] * times)
                return
        raise ValueError(f"{fault!r} is no fault of {path}")

    def take(self, path: str) -> _Fault | None:
        """The next one, which is armed no longer."""
        try:
            return self._armed[path].popleft()
        except (KeyError, IndexError):
            return None


class FaultyPaths:
    """ASGI middleware: the faults that are armed happen."""

    def __init__(self, app: ASGIApp, faults: HttpFaults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = self._faults.take(scope["path"]) if scope["type"] == "http" else None
        if fault is None:
            await self._app(scope, receive, send)
        else:
            await fault(self._app, scope, receive, send)
