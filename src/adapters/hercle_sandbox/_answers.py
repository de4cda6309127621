"""HTTP as all of the sandbox's endpoints do it: the vendor's errors, keys, bodies with a limit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias, TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from hercle_sandbox._guard import Key
from hercle_sandbox._rows import Json, dumps

__all__ = ["Refused", "answering", "decoded", "failure", "json_answer", "read_body"]

T = TypeVar("T")

MOST_BODY_BYTES: Final = 64 * 1024


def failure(
    code: str,
    message: str,
    *,
    param: str | None = None,
    kind: str = "invalid_request_error",
) -> Mapping[str, Json]:
    """The vendor's error object."""
    return {"error": {"code": code, "message": message, "param": param, "type": kind}}


class Refused(Exception):
    """A request ends with an error; `body` has it as the vendor documents it."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        param: str | None = None,
        kind: str = "invalid_request_error",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = failure(code, message, param=param, kind=kind)


Tell: TypeAlias = Callable[[Refused], Mapping[str, object]]
"""The body of an error's answer."""


def _as_the_vendor(refused: Refused) -> Mapping[str, object]:
    return refused.body


def json_answer(status: int, content: object, headers: Mapping[str, str] | None = None) -> Response:
    """An answer in JSON."""
    return Response(dumps(content), status, headers, media_type="application/json")


def answering(
    key: Key, answer: Callable[[Request], Awaitable[Response]], *, tell: Tell = _as_the_vendor
) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint for Starlette's `Route`: for who knows the key. `tell` says how no is said."""

    async def endpoint(request: Request) -> Response:
        try:
            _authenticate(request, key)
            return await answer(request)
        except Refused as refused:
            return json_answer(refused.status, tell(refused))

    return endpoint


def _authenticate(request: Request, key: Key) -> None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    kind = "authentication_error"
    if scheme.lower() != "bearer":
        raise Refused(401, "authentication_required", "An API key is required", kind=kind)
    if not key.opens(token.strip()):
        raise Refused(401, "invalid_api_key", "The API key is not valid", kind=kind)


async def read_body(request: Request) -> bytes:
    """The whole body. Raises `Refused` for one that is too long, or cut short by its client."""
    body = b""
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BODY_BYTES:
                raise Refused(
                    413, "invalid_request", f"The body passes the limit of {MOST_BODY_BYTES} bytes"
                )
    except ClientDisconnect:  # nobody is there to read this
        raise Refused(400, "invalid_request", "The body was cut short") from None
    return body


def decoded(body: bytes | msgspec.Raw, type: type[T]) -> T:
    """A body as a `type`. Raises `Refused` for one that is none."""
    try:
        return msgspec.json.decode(body, type=type)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Refused(
            400, "invalid_request", f"The request body could not be read: {error}"
        ) from None
