"""The driver for plain threads: one with a selector does the work, and any thread may call."""

from __future__ import annotations

import os
import socket
import threading
from contextlib import contextmanager, suppress
from errno import EAFNOSUPPORT, EINPROGRESS, EWOULDBLOCK
from functools import partial
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from hercle_adapters._session import SessionBase
from hercle_adapters._tcp import CONNECT_ERRORS, READ_SIZE, lost, tune, unopened
from hercle_proto._contract import NEED_DATA

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import Self

    from hercle_proto._contract import Command, Endpoint, Event, Machine

__all__ = ["Session", "drive"]

R = TypeVar("R")
Address: TypeAlias = tuple[
    Any, ...
]  # (family, type, protocol, name, address), as getaddrinfo gives it

_LONGEST_SLEEP: Final = 24 * 3600.0
"""What every selector takes."""


@contextmanager
def drive(machine: Machine) -> Generator[Session]:
    """Drive a machine for as long as the block lasts.

    Entering waits for its first connection and raises why there never will be one. Leaving in order
    says goodbye; an error drops everything at once.
    """
    session = Session(machine)
    try:
        session._begin()
        yield session
        session._leave()
    finally:
        session._stop()


class Session(SessionBase[threading.Event]):
    """A machine at work in a thread of its own. Any thread may use it.

    Iterate over it for events: what nobody asked for, oldest first. The iteration ends when the
    session is closed and nothing is left; two iterations at a time compete.
    """

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine, clock=monotonic, bell=threading.Event)
        self._lock = (
            threading.Lock()
        )  # a C lock: no interrupt comes between taking it and the block
        self._stopping = False
        self._selector = DefaultSelector()
        self._waker, self._woken = socket.socketpair()
        self._waker.setblocking(False)  # full is as good as sent
        self._selector.register(self._woken, EVENT_READ, lambda _: self._woken.recv(READ_SIZE))
        self._thread = threading.Thread(target=self._run, name=__name__, daemon=True)
        self._thread.start()

    def call(self, command: Command[R], timeout: float | None = None) -> R:
        """Have a command carried out and return its answer.

        `timeout` is in seconds; None is the machine's own limit. Raises what it ended with.
        Interrupted before it was sent, it is taken back; else its end is the event `AnsweredLate`.
        """
        with self._lock:
            call, bell = self._submit(command, timeout)
        try:
            bell.wait()
        finally:
            with self._lock:
                self._abandon(call)
        return self._result(call)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Event:
        while True:
            with self._lock:
                if (event := self._next_event()) is not NEED_DATA:
                    return event
                if self._over:
                    raise StopIteration
                news = self._listen()
            news.wait()

    # -- the block ---------------------------------------------------------------------------------

    def _begin(self) -> None:
        with self._lock:
            bell = self._start()
        bell.wait()
        self._result(self.machine.ready)

    def _leave(self) -> None:
        with self._lock:
            self._say_goodbye()
        while True:
            with self._lock:
                if self._over:
                    break
                news = self._listen()
            news.wait()
        self._raise_crash()

    def _stop(self) -> None:
        with self._lock:
            self._stopping = True
            self._schedule()
        self._thread.join()
        self._waker.close()

    # -- the thread --------------------------------------------------------------------------------

    def _run(self) -> None:
        with self._selector, self._woken:
            try:
                while not self._stopping:
                    self._round()
                with self._lock:
                    self._finish()
            except BaseException as error:  # noqa: BLE001 - nobody may wait for a thread that is gone
                with self._lock:
                    self._end(error)

    def _round(self) -> None:
        sleep = min(max(0.0, self._alarm_at - monotonic()), _LONGEST_SLEEP)
        ready = self._selector.select(sleep)
        with self._lock:
            self._pump_due = True  # at the end of this round, so nobody needs to wake us for it
            for key, mask in ready:
                key.data(mask)
            if self._alarm_at <= monotonic():
                self._fire()
            self._pump()
            if self._crash is not None:
                self._end(None)

    def _line(self, stream: int) -> _Line:
        return _Line(self, stream)

    def _arm(self, deadline: float) -> None:
        """The next round looks at `_alarm_at` itself."""

    def _schedule(self) -> None:
        with suppress(OSError):
            self._waker.send(b"!")

    def _end(self, crash: BaseException | None) -> None:
        if threading.current_thread() is self._thread:
            super()._end(crash)
        else:  # sockets are the thread's
            self._crash = self._crash or crash
            self._schedule()


class _Line:
    """A stream: being resolved, then sockets that connect, then the first of them that did."""

    def __init__(self, session: Session, stream: int) -> None:
        self._session = session
        self._stream = stream
        self._resolved: list[Address] | Exception | None = None
        self._dialing: set[socket.socket] = set()
        self._sock: socket.socket | None = None
        self._unsent = b""
        self._watched = 0
        self._ended = self._broken = False

    def open(self, endpoint: Endpoint) -> None:
        resolve = partial(socket.getaddrinfo, endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
        try:
            self._resolved = resolve(flags=socket.AI_NUMERICHOST)
        except (
            CONNECT_ERRORS
        ):  # a name: looking it up cannot be interrupted, so a thread does, which may outlive us
            threading.Thread(
                target=self._look_up, args=(resolve,), name=__name__, daemon=True
            ).start()

    def look(self, *, wanted: bool) -> None:
        if self._resolved is not None:
            resolved, self._resolved = self._resolved, None
            self._connect(resolved)
        if self._sock is not None:
            self._write(self._sock)
        if self._sock is not None:
            reading = (wanted or self._broken) and not self._ended
            self._watch(self._sock, EVENT_READ * reading | EVENT_WRITE * bool(self._unsent))

    def drop(self) -> None:
        self._hang_up()
        if self._sock is not None:
            self._watch(self._sock, 0)
            self._sock.close()
            self._sock = None

    # -- opening -----------------------------------------------------------------------------------

    def _look_up(self, resolve: Callable[[], list[Address]]) -> None:
        try:
            resolved: list[Address] | Exception = resolve()
        except CONNECT_ERRORS as error:
            resolved = error
        with self._session._lock:
            self._resolved = resolved
            self._session._pump_soon()

    def _connect(self, resolved: list[Address] | Exception) -> None:
        if isinstance(resolved, Exception):
            self._session._failed(self._stream, unopened(resolved))
            return
        families = dict.fromkeys(address[0] for address in resolved)
        for family in families:  # side by side, for one of them may lead nowhere
            self._dial([address for address in resolved if address[0] == family])

    def _dial(self, addresses: list[Address], error: int = 0) -> None:
        """Try the first of some addresses; when that fails, the next."""
        while addresses:
            family, kind, protocol, _, address = addresses.pop(0)
            try:
                sock = socket.socket(family, kind, protocol)
            except OSError as unsupported:
                error = unsupported.errno or EAFNOSUPPORT
                continue
            sock.setblocking(False)
            error = sock.connect_ex(address)
            if error in (0, EINPROGRESS, EWOULDBLOCK):
                self._dialing.add(sock)
                self._session._selector.register(
                    sock, EVENT_WRITE, partial(self._answered, sock, addresses)
                )
                return
            sock.close()
        if not self._dialing:
            self._session._failed(self._stream, unopened(OSError(error, os.strerror(error))))

    def _answered(self, sock: socket.socket, others: list[Address], _: int) -> None:
        if sock not in self._dialing:  # hung up by what came in the same round
            return
        self._dialing.remove(sock)
        self._session._selector.unregister(sock)
        if error := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            sock.close()
            self._dial(others, error)
            return
        self._hang_up()
        self._sock = sock
        tune(sock)
        self._session._opened(self._stream)

    def _hang_up(self) -> None:
        while self._dialing:
            sock = self._dialing.pop()
            self._session._selector.unregister(sock)
            sock.close()

    # -- open --------------------------------------------------------------------------------------

    def _watch(self, sock: socket.socket, mask: int) -> None:
        if mask != self._watched:
            if self._watched:
                self._session._selector.unregister(sock)
            if mask:
                self._session._selector.register(sock, mask, self._ready)
            self._watched = mask

    def _ready(self, mask: int) -> None:
        if mask & EVENT_READ and self._sock is not None:
            self._read(self._sock)

    def _read(self, sock: socket.socket) -> None:
        try:
            data = sock.recv(READ_SIZE)
        except BlockingIOError:
            return
        except OSError as error:
            self._session._failed(self._stream, lost(error))
            return
        self._ended = not data
        self._session._received(self._stream, data)
        if self._ended and self._broken:
            self._session._failed(self._stream, lost(None))

    def _write(self, sock: socket.socket) -> None:
        while not self._broken and (data := self._unsent or self._session._pull(self._stream)):
            try:
                sent = sock.send(data)
            except BlockingIOError:
                sent = 0
            except OSError as error:
                self._broken = True  # go on reading: what the peer said last is still there
                if self._ended:
                    self._session._failed(self._stream, lost(error))
                return
            self._unsent = data[sent:]
            if self._unsent:
                return
