"""POST /graphql: a GraphQL server as GraphQL servers are, over `_reflex`.

The schema is in `schema.graphql`, written from the vendor's page. A request that cannot be carried
out at all is 400 without `data`; what goes wrong while it is carried out is 200 with `errors`. An
error has a code under `extensions`, one of Apollo's.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, tzinfo
from importlib.resources import files
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

import msgspec
from anyio.to_thread import run_sync
from attrs import frozen
from graphql import (
    GraphQLError,
    build_schema,
    execute_sync,
    get_operation_ast,
    parse,
    validate,
)
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hercle_sandbox._answers import Refused, answering, decoded, json_answer, read_body
from hercle_sandbox._guard import Key
from hercle_sandbox._reflex import Reflex

__all__ = ["GRAPHQL_PATH", "SCHEMA", "graphql_refusal", "graphql_routes"]

GRAPHQL_PATH: Final = "/graphql"

SCHEMA: Final = build_schema(files("hercle_sandbox").joinpath("schema.graphql").read_text("utf-8"))

_TIMEZONE_COOKIE: Final = "amboss-reflex-api-timezone"

_Told: TypeAlias = Mapping[str, object]

_log = logging.getLogger("hercle_sandbox")


class _Asked(msgspec.Struct, rename="camel"):
    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None


@frozen
class _Answer:
    told: _Told
    status: int = 200


def graphql_routes(reflex: Reflex, key: Key) -> list[Route]:
    """The one route."""

    async def answer(request: Request) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise Refused(415, "invalid_request", "The body must be of type application/json")
        asked = decoded(await read_body(request), _Asked)
        zone = _zone(request.cookies.get(_TIMEZONE_COOKIE))
        answer = await run_sync(_carry_out, asked, reflex.root(zone))
        return json_answer(answer.status, answer.told)

    return [Route(GRAPHQL_PATH, answering(key, answer, tell=graphql_refusal), methods=["POST"])]


def _zone(name: str | None) -> tzinfo:
    """The time zone of that name; UTC where there is none."""
    try:
        return ZoneInfo(name) if name else UTC
    except (KeyError, ValueError, OSError):
        return UTC


def graphql_refusal(refused: Refused) -> _Told:
    """How no is said here: as GraphQL's errors, without data."""
    code = "UNAUTHENTICATED" if refused.status == 401 else "BAD_REQUEST"
    return {"errors": [{"message": str(refused), "extensions": {"code": code}}]}


def _carry_out(asked: _Asked, root: _Told) -> _Answer:
    try:
        document = parse(asked.query)
        problems = validate(SCHEMA, document)
    except GraphQLError as error:
        return _impossible([error], "GRAPHQL_PARSE_FAILED")
    except RecursionError:  # graphql-core before 3.3
        return _impossible([GraphQLError("The query is too deep")], "GRAPHQL_PARSE_FAILED")
    if problems:
        return _impossible(problems, "GRAPHQL_VALIDATION_FAILED")
    if get_operation_ast(document, asked.operation_name) is None:
        problem = GraphQLError("operationName must name one of the operations")
        return _impossible([problem], "OPERATION_RESOLUTION_FAILURE")
    result = execute_sync(
        SCHEMA,
        document,
        root,
        variable_values=asked.variables,
        operation_name=asked.operation_name,
    )
    errors = result.errors or ()
    if any(error.path is None for error in errors):  # variables that do not fit
        return _impossible(errors, "BAD_USER_INPUT")
    told: dict[str, object] = {"data": result.data}
    if errors:
        told["errors"] = [_ran_into(error) for error in errors]
    return _Answer(told)


def _impossible(errors: Iterable[GraphQLError], code: str) -> _Answer:
    return _Answer({"errors": [_told(error, code) for error in errors]}, 400)


def _ran_into(error: GraphQLError) -> _Told:
    """What a resolver raised. A bug of ours is told without what broke."""
    bug = error.original_error
    if bug is None or isinstance(bug, GraphQLError):
        return _told(error, "BAD_USER_INPUT")
    _log.error("A resolver failed", exc_info=bug)
    hidden = GraphQLError("The sandbox failed; its log says why", path=error.path)
    return _told(hidden, "INTERNAL_SERVER_ERROR")


def _told(error: GraphQLError, code: str) -> _Told:
    return {**error.formatted, "extensions": {"code": code, **(error.extensions or {})}}
