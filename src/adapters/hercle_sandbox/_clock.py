"""The sandbox's calendar: this machine's, moved by as much as a test asks for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["MOST_OFFSET", "Clock", "Dated"]

MOST_OFFSET: Final = timedelta(days=20 * 365)
"""Either way: payment requests count seconds from 1970 on."""


class Clock:
    """Tells the time that invoices are made, run out and are closed by. For any thread."""

    def __init__(self) -> None:
        self._offset = timedelta(0)

    def now(self) -> datetime:
        """Aware UTC."""
        return datetime.now(UTC) + self._offset

    def set_offset(self, offset: timedelta) -> None:
        """Be that far ahead of this machine. Raises `ValueError` beyond `MOST_OFFSET`."""
        if abs(offset) > MOST_OFFSET:
            raise ValueError(f"the clock is moved by at most {MOST_OFFSET.days} days")
        self._offset = offset


_WITH_HEADERS: Final = frozenset(
    {"http.response.start", "websocket.accept", "websocket.http.response.start"}
)


class Dated:
    """ASGI middleware: every answer's `Date` is by the clock. The server must write none."""

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_dated(message: Message) -> None:
            if message["type"] in _WITH_HEADERS:
                date = format_datetime(self._clock.now(), usegmt=True).encode()
                message = {**message, "headers": [*message.get("headers", ()), (b"date", date)]}
            await send(message)

        await self._app(scope, receive, send_dated)
