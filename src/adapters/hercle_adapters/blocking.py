"""The driver for plain threads: one with a selector does the work, and any thread may call."""

from __future__ import annotations

import os
import socket
import threading
from _thread import start_new_thread
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from time import monotonic
from typing import Self

from hercle_adapters import _machines, _paging, _tcp
from hercle_adapters._session import R, SessionBase
from hercle_proto import Command, Endpoint, Event, Machine

__all__ = ["Session", "drive", "iter_invoices", "open_hercle", "open_hercle_rest"]
__all__ += ["open_reflex", "open_signalr"]


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


open_hercle = _machines.opener(drive, _machines.hercle)
open_hercle_rest = _machines.opener(drive, _machines.hercle_rest)
open_reflex = _machines.opener(drive, _machines.reflex)
open_signalr = _machines.opener(drive, _machines.signalr)
iter_invoices = _paging.iter_blocking


class _Bell:
    """A lock, since interrupts break `threading.Event`. Rung once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()
        self.set = self._lock.release

    def wait(self) -> None:
        with self._lock:
            pass


class Session(SessionBase[_Bell]):
    """A machine at work in a thread of its own. Any thread may use it.

    Iterate over it for events: what nobody asked for, oldest first. The iteration ends when the
    session is closed and nothing is left; two iterations at a time compete.
    """

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine, monotonic, _Bell, _Line)
        self._lock = threading.Lock()  # in C: nothing interrupts between it and its block
        self._over = _Bell()
        self._waker: socket.socket | None = None

    def call(self, command: Command[R], timeout: float | None = None) -> R:
        """Have a command carried out and return its answer.

        `timeout` is in seconds; None is the machine's own limit. Raises what it ended with.
        Interrupted before it was sent, it is taken back; else its end is the event `AnsweredLate`.
        """
        with self._lock:
            call, bell = self._submit(command, timeout)
        try:
            bell.wait()
        except BaseException:
            with self._lock:
                self._abandon(call)
            raise
        return self._result(call)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Event:
        while True:
            with self._lock:
                if (event := self._next_event()) is not None:
                    return event
                if self._is_over():
                    raise StopIteration
                news = self._listen()
            news.wait()

    # -- the block ---------------------------------------------------------------------------------

    def _begin(self) -> None:
        with self._lock:
            bell = self._start()
        thread = threading.Thread(target=self._run, name=__name__, daemon=True)
        # an interrupt breaks `Thread.start` too, so it is called where none comes
        start_new_thread(self._ask, (lambda _: thread.start(), None))
        bell.wait()
        self._result(self.machine.ready)

    def _leave(self) -> None:
        with self._lock:
            self._feed(lambda now: self.machine.close(now=now))
        self._over.wait()
        self._raise_crash()

    def _stop(self) -> None:
        with self._lock:
            self._finish()
            self._schedule()
        if self._waker is not None:  # else the thread, if there will be one, ends as it begins
            self._over.wait()

    # -- the thread --------------------------------------------------------------------------------

    def _run(self) -> None:
        """What has to be closed is made here, where no interrupt comes."""
        with ExitStack() as ours:
            try:
                self._selector = ours.enter_context(DefaultSelector())
                self._waker, woken = map(ours.enter_context, socket.socketpair())
                self._selector.register(woken, EVENT_READ, lambda _: woken.recv(4096))
                self._schedule()
                while not self._is_over():
                    self._round()
            except BaseException as error:  # noqa: BLE001 - nobody waits for a dead thread
                with self._lock:
                    self._end(error)
        self._over.set()

    def _round(self) -> None:
        # at most a day, which every selector takes
        ready = self._selector.select(min(max(0.0, self._alarm_at - monotonic()), 86_400.0))
        with self._lock:
            self._pump_due = True  # at the end of this round, so nobody needs to wake us for it
            for key, mask in ready:
                key.data(mask)
            if self._alarm_at <= monotonic():
                self._fire()
            self._pump()

    def _schedule(self) -> None:
        if self._waker is not None:  # else the thread is about to look anyway
            with suppress(OSError):
                self._waker.send(b"!")


class _Line:
    """A stream: being resolved, then one socket after another that connects, then one that did."""

    def __init__(self, session: Session, stream: int) -> None:
        self._session = session
        self._stream = stream
        self._addresses: list[_tcp.Address] = []
        self._sock: socket.socket | None = None
        self._open: socket.socket | None = None  # the same one, once it is connected
        self._broken: OSError | None = None
        self._watched, self._unsent, self._ended = 0, b"", False

    def open(self, endpoint: Endpoint) -> None:
        self._addresses = _tcp.literal(endpoint)
        if not self._addresses:
            # nothing interrupts looking a name up: this thread may outlive the session
            threading.Thread(target=self._resolve, args=(endpoint,), daemon=True).start()

    def look(self, *, wanted: bool) -> None:
        if self._open is not None:
            self._write(self._open)
            reading = (wanted or self._broken is not None) and not self._ended
            self._watch(EVENT_READ * reading | EVENT_WRITE * bool(self._unsent))
        elif self._addresses and self._sock is None:
            self._dial()

    def drop(self) -> None:
        self._watch(0)
        if self._sock is not None:
            self._sock.close()
        self._sock = self._open = None

    def _watch(self, mask: int) -> None:
        if self._sock is not None and mask != self._watched:
            if self._watched:
                self._session._selector.unregister(self._sock)
            if mask:
                self._session._selector.register(self._sock, mask, self._ready)
            self._watched = mask

    def _resolve(self, endpoint: Endpoint) -> None:
        try:
            found = _tcp.resolve(endpoint)
        except _tcp.CONNECT_ERRORS as error:
            with self._session._lock:
                self._session._failed(self._stream, _tcp.unopened(error))
        else:
            with self._session._lock:
                # IPv4 first: where IPv6 leads nowhere, trying it would take all the time there is
                self._addresses = sorted(found, key=lambda address: address[0])
                self._session._pump_soon()

    def _dial(self, error: OSError | None = None) -> None:
        while self._addresses:
            family, kind, protocol, _, address = self._addresses.pop(0)
            try:
                self._sock = socket.socket(family, kind, protocol)
                self._sock.setblocking(False)
                with suppress(BlockingIOError):
                    self._sock.connect(address)
            except OSError as refusal:
                self.drop()
                error = refusal
            else:
                self._watch(EVENT_WRITE)
                return
        self._session._failed(self._stream, _tcp.unopened(error or OSError("no address")))

    def _ready(self, mask: int) -> None:
        if self._sock is None:  # dropped by what came in the same round
            return
        if self._open is not None:
            if mask & EVENT_READ:
                self._read(self._open)
        elif code := self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self.drop()
            self._dial(OSError(code, os.strerror(code)))
        else:
            self._open = self._sock
            _tcp.tune(self._open)
            self._session._opened(self._stream)

    def _read(self, sock: socket.socket) -> None:
        try:
            data = sock.recv(_tcp.READ_SIZE)
            if not data and self._broken is not None:  # the end that a reset leaves behind
                raise self._broken
        except OSError as error:
            if not isinstance(error, BlockingIOError):
                self._session._failed(self._stream, _tcp.lost(error))
            return
        self._ended = not data
        self._session._received(self._stream, data)

    def _write(self, sock: socket.socket) -> None:
        while self._broken is None and (data := self._unsent or self._session._pull(self._stream)):
            try:
                self._unsent = data[sock.send(data) :]
            except BlockingIOError:
                self._unsent = data
                return
            except OSError as error:
                self._broken, self._unsent = error, b""  # the peer's last words are to be read yet
                if self._ended:
                    self._session._failed(self._stream, _tcp.lost(error))
