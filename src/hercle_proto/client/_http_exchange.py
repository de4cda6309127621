"""Exchanges as values, for whoever sends them with an HTTP client of their own."""

from __future__ import annotations

from typing import Generic, TypeVar, assert_never, cast

from attrs import field, frozen

from hercle_proto._contract import Command
from hercle_proto.client._dialect import Answered, Outcome, Refused, Rejected, Unclear
from hercle_proto.client._endings import unanswered
from hercle_proto.client._http_api import HttpApi
from hercle_proto.http import Headers, Response, check_key_transport, without_query

__all__ = ["HttpExchange", "exchange_for"]

R = TypeVar("R")


@frozen
class HttpExchange(Generic[R]):
    """A command as one HTTP request, and what an answer to it means.

    Send `method`, `url`, `headers` and `body` with any client that verifies certificates and
    follows no redirects, once; then give `answer` what came. The headers hold the key.
    """

    command: Command[R]
    method: str
    url: str = field(repr=without_query)
    headers: Headers = field(repr=False)
    body: bytes = field(repr=lambda body: f"<{len(body)} bytes>")
    _api: HttpApi = field(repr=False, alias="api")
    _key: str | None = field(repr=False, alias="key")

    def outcome(self, response: Response) -> Outcome:
        """What an answer means, as a value. Never raises.

        `response` has its status, its headers as pairs, and the body as clients give it: inflated.
        """
        # There is no session whose clock could tell the time; the answer's own Date does.
        return self._api.answered(self.command, response, key=self._key, now=0.0)

    def answer(self, response: Response, *, sent_at: float, now: float) -> R:
        """The command's answer. Raises what it ended with: `CommandRefused` and the like, or
        `NoAnswer`, or `OutcomeUnknown` where it is not repeatable.

        `sent_at` and `now` are seconds on a clock of yours, for `OutcomeUnknown` to tell.
        """
        outcome = self.outcome(response)
        match outcome:
            case Answered(value):
                return cast("R", value)
            case Refused(error) | Rejected(error):
                raise error
            case Unclear(cause):
                raise unanswered(self.command, cause, sent_at=sent_at, now=now)
            case _:
                assert_never(outcome)


def exchange_for(
    command: Command[R], api: HttpApi, *, key: str | None, allow_insecure: bool = False
) -> HttpExchange[R]:
    """The exchange for a command of an API. Raises `LocalProtocolError` for one that it does not
    have, and for a key that cannot be one or would travel in the clear.
    """
    if key is not None:
        check_key_transport(api.url, allow_insecure=allow_insecure)
    admitted = api.admit(command)
    request = api.request(admitted, key=key)
    url = f"{api.url.scheme}://{api.url.host_header}{request.target}"
    return HttpExchange(
        admitted, request.method, url, request.headers, request.body, api=api, key=key
    )
