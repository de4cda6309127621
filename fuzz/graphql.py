"""The answer of a GraphQL server: one byte for its status, then its body."""

from __future__ import annotations

from hercle_proto import GraphQLError
from hercle_proto.client import Answered, Refused, Unclear
from hercle_proto.http import Response, Url
from hercle_proto.reflex import (
    FindInvoices,
    FoundInvoices,
    GetHello,
    PushedInvoice,
    PushInvoice,
    ReflexApi,
)

KEY = "s3cret-key"
API = ReflexApi(Url.parse("https://reflex.example/graphql"))
COMMANDS = {
    FindInvoices(): FoundInvoices,
    PushInvoice("lnbc1"): PushedInvoice,
    GetHello(): str,
}
STATUSES = (200, 201, 302, 400, 401, 403, 404, 408, 422, 429, 500, 502, 503)


def target(data: bytes) -> None:
    """Any answer is one ending, and raises nothing. An answer is of its command's type and comes
    with a success; a push is refused only where nothing can have run. No text holds the key.
    """
    status = STATUSES[data[0] % len(STATUSES)] if data else 200
    for command, kind in COMMANDS.items():
        outcome = API.answered(command, Response(status, (), data[1:]), key=KEY, now=0)
        assert KEY not in repr(outcome)
        match outcome:
            case Answered(value):
                assert isinstance(value, kind)
                assert status < 300
            case Refused(error):
                assert error.command is command
                assert len(str(error)) < 4000
                assert isinstance(error, GraphQLError) or 400 <= status < 500
            case Unclear(cause):
                assert str(cause)
            case _:
                raise AssertionError(f"a {type(outcome).__name__} is none of Reflex's endings")
