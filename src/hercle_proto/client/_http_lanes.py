"""The streams of a session over HTTP: which command goes out on which, and what came of it."""

from __future__ import annotations

import logging
from typing import Final

from attrs import evolve

from hercle_proto._contract import Entropy, Failure, Why
from hercle_proto._credentials import clean_key, current_key
from hercle_proto._errors import ConnectionFailed, HercleProtoError, SessionClosed
from hercle_proto.client._calls import Calls
from hercle_proto.client._dialect import Refused, Unclear
from hercle_proto.client._http_api import HttpApi
from hercle_proto.client._http_lane import Exchange, Lane
from hercle_proto.client._http_pause import Pause
from hercle_proto.client._http_settings import HttpSettings
from hercle_proto.client._streams import Streams
from hercle_proto.http import (
    ACCEPT_GZIP,
    ExchangeFailed,
    HttpConnection,
    Request,
    Response,
    check_key_transport,
)

__all__ = ["Lanes"]

_log = logging.getLogger("hercle_proto.client")

_UNAUTHORIZED: Final = 401
_FRESH: Final = 3.0
"""Seconds. A stream idle for longer may be gone already, and a create on it would end unknown."""
_LATE_ANSWER: Final = 60.0
"""Seconds that an answer has for coming when its caller has given up."""
_MOST_ASIDE: Final = 4
"""Streams kept for such answers; the oldest goes first."""

_UNASKED: Final = Failure(Why.LOST, "the server ended it, or spoke, before it was asked anything")


class Lanes:
    """One lane that commands go out on, and a few set aside for late answers."""

    def __init__(
        self,
        settings: HttpSettings,
        api: HttpApi,
        calls: Calls,
        streams: Streams,
        *,
        entropy: Entropy,
    ) -> None:
        self._settings = settings
        self._api = api
        self._calls = calls
        self._streams = streams
        self._key: str | None = None
        if settings.key is not None:
            check_key_transport(api.url, allow_insecure=settings.allow_insecure)
            self._key = clean_key(settings.key) if isinstance(settings.key, str) else None
        self._lane: Lane | None = None
        self._aside: list[Lane] = []
        self._pause = Pause(entropy=entropy)
        self._closing = False

    def close(self) -> None:
        """Nothing is opened or sent after this; what was sent may still be answered."""
        self._closing = True

    def next_deadline(self) -> float | None:
        """When what waits may be sent, if it may not be now."""
        return self._pause.until if self._calls.first_waiting is not None else None

    def look(self, *, now: float) -> None:
        """See what came of an input, then find a way out for the first command waiting."""
        for lane in [*self._aside, self._lane]:
            if lane is not None:
                self._look_at(lane, now)
        if not self._closing and not self._pause.holds(now=now):
            self._arrange(now)

    def _look_at(self, lane: Lane, now: float) -> None:
        match lane.http.next_event():
            case Response() as response:
                self._answered(lane, response, now)
            case ExchangeFailed(error):
                self._ended(lane, error, now)
            case _ if lane.lost is not None:
                self._ended(lane, lane.lost, now)
            case _ if not lane.http.reusable:
                self._ended(lane, ConnectionFailed(_UNASKED), now)
            case _:
                self._look_at_caller(lane, now)

    def _look_at_caller(self, lane: Lane, now: float) -> None:
        """What nobody waits for is not sent again, and has a while for being answered."""
        exchange = lane.exchange
        if exchange is not None and not exchange.wanted:
            if lane.asked:
                lane.wait_at_most(_LATE_ANSWER, "a late answer", now=now)
            else:
                lane.exchange = None
                self._not_repeated(exchange, now)
        if self._closing and not lane.asked:
            self._forget(lane)

    def _arrange(self, now: float) -> None:
        """See to it that the first command waiting will find a stream to go out on."""
        waiting, lane = self._calls.first_waiting, self._lane
        if waiting is None:
            return
        if lane is not None and lane.exchange is not None:
            if lane.exchange.wanted:
                return
            self._set_aside(lane, now)
        elif lane is not None:
            if waiting.command.repeatable or now - lane.idle_since <= _FRESH:
                return
            self._forget(lane)
        if self._key is None:
            try:
                self._key = current_key(self._settings.key)
            except HercleProtoError as error:
                self._calls.end_waiting(error, now=now)
                return
        self._open(None, now)

    def _answered(self, lane: Lane, response: Response, now: float) -> None:
        _log.debug("< HTTP %d, %d bytes", response.status, len(response.body))
        exchange = lane.exchange
        assert exchange is not None
        lane.proven = True
        lane.rest(now=now)
        outcome = self._api.answered(exchange.call.command, response, key=self._key, now=now)
        # sent once more only if surely refused: what is unclear may have been carried out
        refused = response.status == _UNAUTHORIZED and isinstance(outcome, Refused)
        again = refused and self._may_repeat(exchange) and self._new_key()
        if self._closing or lane is not self._lane or not lane.http.idle:
            self._forget(lane)
        if self._is_to_wait(exchange, response, now):
            self._calls.put_back(exchange.call)
        elif not again:
            self._calls.settle(exchange.call, outcome, now=now)
        elif self._lane is not None:
            self._lane.exchange = Exchange(exchange.call, outcome)
        else:
            self._open(Exchange(exchange.call, outcome), now)

    def _is_to_wait(self, exchange: Exchange, response: Response, now: float) -> bool:
        """Whether the command goes out again when the server is no longer busy."""
        call = exchange.call
        repeats = call.command.repeatable and exchange.wanted and not self._closing
        if repeats and self._pause.begin(response, now=now, due=self._calls.due(call)):
            _log.debug("= call %d waits for a server that is busy", call.id)
            return True
        self._pause.reset()
        return False

    def _ended(self, lane: Lane, cause: HercleProtoError, now: float) -> None:
        """The stream is of no more use: what of the exchange on it?"""
        self._forget(lane)
        exchange = lane.exchange
        if exchange is not None and lane.asked:
            repeatable = exchange.call.command.repeatable and not lane.http.answer_begun
            if repeatable and self._may_repeat(exchange):
                self._open(Exchange(exchange.call, Unclear(cause)), now)
            else:
                self._calls.settle(exchange.call, Unclear(cause), now=now)
            return
        if exchange is not None:
            self._not_repeated(exchange, now)
        if not lane.proven:  # the next stream would hardly do better
            self._calls.end_waiting(cause, now=now)

    def _not_repeated(self, exchange: Exchange, now: float) -> None:
        """It came to no second sending: the first decides."""
        assert exchange.otherwise is not None
        self._calls.settle(exchange.call, exchange.otherwise, now=now)

    def _may_repeat(self, exchange: Exchange) -> bool:
        return exchange.otherwise is None and exchange.wanted and not self._closing

    # -- streams and keys --------------------------------------------------------------------------

    def _open(self, exchange: Exchange | None, now: float) -> None:
        """Ask for a stream, for what goes out a second time or for what waits."""
        url = self._api.url
        http = HttpConnection(
            host=url.host_header,
            max_body_bytes=self._settings.max_answer_bytes,
            parameter="max_answer_bytes",
        )
        lane = self._lane = Lane(http, supply=self._supply)
        lane.exchange = exchange
        lane.stream = self._streams.open(url.endpoint, lane)
        lane.wait_at_most(self._settings.connect_timeout, f"connecting to {url.endpoint}", now=now)

    def _supply(self, lane: Lane, now: float) -> Request | None:
        """The next request for a lane that could write one: its own once more, or what waits."""
        if lane.exchange is None:
            if self._calls.first_waiting is None or self._pause.holds(now=now):
                return None
            lane.exchange = Exchange(self._calls.sent(now=now))
        else:
            lane.exchange.call.leaves(now=now)
        call = lane.exchange.call
        request = self._api.request(call.command, key=self._key)
        _log.debug("> %s %s, call %d", request.method, self._api.url, call.id)
        return evolve(request, headers=(ACCEPT_GZIP, *request.headers))

    def _new_key(self) -> bool:
        """Whether whoever gives the key has another one by now."""
        if not callable(self._settings.key):
            return False
        try:
            key = current_key(self._settings.key)
        except HercleProtoError as error:
            _log.debug("= no new key: %s", error)
            return False
        if key in (None, self._key):
            return False
        self._key = key
        return True

    def _set_aside(self, lane: Lane, now: float) -> None:
        self._lane = None
        self._aside.append(lane)
        if len(self._aside) > _MOST_ASIDE:
            self._ended(self._aside[0], SessionClosed("too many answers came late"), now)

    def _forget(self, lane: Lane) -> None:
        self._streams.close(lane.stream)
        if lane is self._lane:
            self._lane = None
        else:
            self._aside.remove(lane)
