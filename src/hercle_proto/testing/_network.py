"""Virtual time, and streams that cut, delay, swallow and break what they carry."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from heapq import heappop, heappush
from itertools import count, cycle
from typing import Protocol

from attrs import define, field, frozen

from hercle_proto._contract import Failure, Why

__all__ = ["Clock", "Fate", "Peer", "Wire"]


class Peer(Protocol):
    """The other side of one stream, without I/O."""

    def receive_data(self, data: bytes, *, now: float) -> None:
        """Empty: the client's end."""
        ...

    def data_to_send(self, *, now: float) -> bytes: ...

    def next_deadline(self) -> float | None: ...

    def handle_timer(self, *, now: float) -> None: ...

    @property
    def hung_up(self) -> bool:
        """Nothing more will come: the client is to see an orderly end."""
        ...


@frozen(kw_only=True)
class Fate:
    """What the network does to one stream. Times are seconds, bytes those of both directions."""

    opens_after: float = 0.0
    failure: Failure | None = None
    """Instead of opening."""
    latency: float = 0.0
    cuts: tuple[int, ...] = (65536,)
    """Sizes of the segments, over and over."""
    breaks_after: int | None = None
    """Then both sides see it broken."""
    swallows_after: int | None = None
    """Then nothing arrives any more, and nobody is told."""
    stops_reading_after: int | None = None
    """Then the peer reads no more; what it says still arrives."""


class Clock:
    """Virtual time, and what is to happen when. At one instant, first come, first served."""

    def __init__(self, now: float) -> None:
        self.now = now
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def after(self, delay: float, what: Callable[[], None]) -> None:
        """Let something happen in `delay` seconds."""
        heappush(self._agenda, (self.now + delay, next(self._order), what))

    def next_due(self) -> float | None:
        """When the next thing happens."""
        return self._agenda[0][0] if self._agenda else None

    def take_due(self) -> Callable[[], None] | None:
        """The next thing that should have happened by now."""
        if self._agenda and self._agenda[0][0] <= self.now:
            return heappop(self._agenda)[2]
        return None


@define(eq=False)
class Wire:
    """One stream as the network sees it. `breaks` is told when it breaks."""

    number: int
    peer: Peer
    fate: Fate
    clock: Clock
    breaks: Callable[[Wire, Failure], None]
    open: bool = False
    gone: bool = False
    """The machine has forgotten it, or was told that it is lost."""
    arrived: deque[bytes] = field(factory=deque)
    """For the machine, once it wants it; empty bytes are the orderly end."""
    _cuts: cycle[int] = field(init=False)
    _carried: int = 0
    _uploading: int = 0
    _peer_done: bool = False

    def __attrs_post_init__(self) -> None:
        self._cuts = cycle(self.fate.cuts)

    @property
    def talks(self) -> bool:
        """Whether the peer is still there."""
        return self.open and not self._peer_done

    @property
    def may_pull(self) -> bool:
        """A writer pulls when all that it pulled before is with the peer."""
        return self.open and not self.gone and not self._uploading

    def close(self) -> None:
        """The client closed it."""
        self.gone = True
        self._end_peer()

    def upload(self, data: bytes) -> None:
        """From the client to the peer."""
        self._uploading = len(data)
        for segment in self._segments(data):
            self.clock.after(self.fate.latency, partial(self._uploaded, segment))

    def download(self) -> bool:
        """From the peer to the client: it writes when it likes and hangs up at most once."""
        if not self.talks:
            return False
        data = self.peer.data_to_send(now=self.clock.now)
        self._peer_done = self.peer.hung_up
        for segment in [*self._segments(data), *([b""] if self._peer_done else [])]:
            self.clock.after(self.fate.latency, partial(self._downloaded, segment))
        return bool(data) or self._peer_done

    def _uploaded(self, segment: bytes) -> None:
        if not self._carries(len(segment)):
            return
        stop = self.fate.stops_reading_after
        if stop is not None and self._carried > stop:
            return
        self._uploading -= len(segment)
        if self.talks:
            self.peer.receive_data(segment, now=self.clock.now)

    def _downloaded(self, segment: bytes) -> None:
        if self._carries(len(segment)):
            self.arrived.append(segment)

    def _carries(self, size: int) -> bool:
        """Whether it still carries; it breaks when its time has come."""
        if self.gone:
            return False
        self._carried += size
        if self.fate.breaks_after is not None and self._carried > self.fate.breaks_after:
            self.gone = True
            self._end_peer()
            self.breaks(self, Failure(Why.LOST, "the network broke it"))
            return False
        swallow = self.fate.swallows_after
        return swallow is None or self._carried <= swallow

    def _end_peer(self) -> None:
        if self.talks:
            self._peer_done = True
            self.peer.receive_data(b"", now=self.clock.now)

    def _segments(self, data: bytes) -> list[bytes]:
        segments = []
        while data:
            size = next(self._cuts)
            segments.append(data[:size])
            data = data[size:]
        return segments
