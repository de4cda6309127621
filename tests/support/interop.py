"""What tests against other people's servers share."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import pytest

from drivers import Client
from hercle_proto import Event
from hercle_proto.client import Invoke, ReconnectPolicy

__all__ = ["AT_ONCE", "Opens", "events_until", "never_opens", "nothing"]

E = TypeVar("E", bound=Exception)

AT_ONCE = ReconnectPolicy(first_delay=0, delays=(0.05,))
"""Where it is not the delays that are tested."""

Opens = Callable[..., AbstractContextManager[Client]]
"""Opens a session by some driver, which has the name and the arguments of the driver's own."""


def events_until(session: Client, last: type[Event]) -> list[Event]:
    """Events up to the next one of a kind."""
    events = []
    for event in session.events():
        events.append(event)
        if isinstance(event, last):
            break
    return events


def never_opens(opening: AbstractContextManager[Client], error: type[E]) -> E:
    """Why a session does not open, which it must not."""
    with pytest.raises(error) as failure, opening:
        pytest.fail("it opened")
    return failure.value


def nothing(target: str, *arguments: Any) -> Invoke[None]:
    """Calls a method that answers with nothing."""
    return Invoke(target, arguments, returns=type(None))
