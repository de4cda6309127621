"""The streams of a machine: numbers that grow and never come again, who owns each, and what the
driver is to do."""

from __future__ import annotations

from typing import Protocol

from hercle_proto._contract import Action, Buffer, Close, Endpoint, Failure, Open

__all__ = ["Owner", "Streams", "earliest"]


class Owner(Protocol):
    """What a stream's number stands for at the moment: the part of a machine that its input goes
    to."""

    def opened(self, *, now: float) -> None: ...

    def failed(self, failure: Failure, *, now: float) -> None: ...

    def received(self, data: Buffer, *, now: float) -> None: ...

    def data_to_send(self, *, now: float) -> bytes: ...

    def next_deadline(self) -> float | None: ...

    def handle_timer(self, *, now: float) -> None: ...


class Streams:
    """Every open stream and its owner."""

    def __init__(self) -> None:
        self._last = 0
        self._owners: dict[int, Owner] = {}
        self._actions: list[Action] = []

    def open(self, endpoint: Endpoint, owner: Owner) -> int:
        """Ask for a new stream."""
        self._last += 1
        self._owners[self._last] = owner
        self._actions.append(Open(self._last, endpoint))
        return self._last

    def hand_over(self, stream: int, owner: Owner) -> None:
        """The same stream means something else from now on, unless it is gone."""
        if stream in self._owners:
            self._owners[stream] = owner

    def close(self, stream: int) -> None:
        """Close it at once; harmless when it is gone."""
        if self._owners.pop(stream, None) is not None:
            self._actions.append(Close(stream))

    def close_all(self) -> None:
        """Close every stream at once."""
        for stream in [*self._owners]:
            self.close(stream)

    def lost(self, stream: int) -> Owner | None:
        """The driver has forgotten it: no `Close` follows. Gives the owner that is to be told."""
        return self._owners.pop(stream, None)

    def owner(self, stream: int) -> Owner | None:
        """Whose input it is; None once the number is gone."""
        return self._owners.get(stream)

    def owners(self) -> list[Owner]:
        """Whoever owns a stream now, each once."""
        return list({id(owner): owner for owner in self._owners.values()}.values())

    def __bool__(self) -> bool:
        return bool(self._owners)

    @property
    def drained(self) -> bool:
        """Whether the driver took every action."""
        return not self._actions

    def actions(self) -> list[Action]:
        """Drained."""
        actions, self._actions = self._actions, []
        return actions


def earliest(*deadlines: float | None) -> float | None:
    """The first of some deadlines, of which any may be missing."""
    return min((deadline for deadline in deadlines if deadline is not None), default=None)
