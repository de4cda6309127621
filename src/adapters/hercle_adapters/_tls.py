"""TLS as a machine around a machine: drivers know TCP only, and all tell failures alike."""

from __future__ import annotations

import ssl
from functools import cache

from attrs import evolve

from hercle_adapters._tcp import READ_SIZE
from hercle_proto import Action, Buffer, Call, Close, Failure, Machine, Open, Why

__all__ = ["Tls"]


@cache
def _default_context() -> ssl.SSLContext:
    """Certificates and host names are verified. Built when first needed: it takes 20 ms."""
    return ssl.create_default_context()


class Tls:
    """The machine inside, with TLS on each of its streams whose endpoint asks for it.

    To the machine inside, such a stream is open when the handshake is done, so its time limit
    covers both. An end without the peer's close_notify may be a cut, and is `LOST`; a certificate
    that is not trusted is `UNTRUSTED`.
    """

    def __init__(self, machine: Machine, context: ssl.SSLContext | None = None) -> None:
        self._machine = machine
        self._context = context
        self._secured: dict[int, _Secured] = {}
        self._closes: list[Action] = []
        # what has nothing to do with streams goes straight to the machine inside
        self.start = machine.start
        self.close = machine.close
        self.submit = machine.submit
        self.abandon = machine.abandon
        self.settled = machine.settled
        self.next_event = machine.next_event
        self.next_deadline = machine.next_deadline
        self.handle_timer = machine.handle_timer

    @property
    def ready(self) -> Call[None]:
        return self._machine.ready

    @property
    def closed(self) -> bool:
        return self._machine.closed and not self._closes

    def actions(self) -> list[Action]:
        actions, self._closes = self._closes, []
        for action in self._machine.actions():
            match action:
                case Open(stream, endpoint) if endpoint.tls:
                    self._secured[stream] = _Secured(endpoint.host)
                    actions.append(Open(stream, evolve(endpoint, tls=False)))
                case _:
                    self._secured.pop(action.stream, None)
                    actions.append(action)
        return actions

    def data_to_send(self, stream: int, *, now: float) -> bytes:
        secured = self._secured.get(stream)
        if secured is None:
            return self._machine.data_to_send(stream, now=now)
        if secured.open and not secured.unsent:
            secured.unsent = self._machine.data_to_send(stream, now=now)
        return secured.encrypted()

    def wants_data(self, stream: int) -> bool:
        secured = self._secured.get(stream)
        return (secured is not None and not secured.open) or self._machine.wants_data(stream)

    def stream_opened(self, stream: int, *, now: float) -> None:
        secured = self._secured.get(stream)
        if secured is None:
            self._machine.stream_opened(stream, now=now)
        else:
            self._advance(stream, secured, now=now)

    def stream_failed(self, stream: int, failure: Failure, *, now: float) -> None:
        self._secured.pop(stream, None)
        self._machine.stream_failed(stream, failure, now=now)

    def receive_data(self, stream: int, data: Buffer, *, now: float) -> None:
        secured = self._secured.get(stream)
        if secured is None:
            self._machine.receive_data(stream, data, now=now)
        else:
            secured.receive(data)
            self._advance(stream, secured, now=now)

    def _advance(self, stream: int, secured: _Secured, *, now: float) -> None:
        """Pass on what the bytes so far amount to."""
        if not secured.open and secured.shake_hands(self._context or _default_context()):
            self._machine.stream_opened(stream, now=now)
        while (data := secured.decrypted()) is not None:
            self._machine.receive_data(stream, data, now=now)
        if secured.failure is not None:
            del self._secured[stream]
            self._closes.append(Close(stream))
            self._machine.stream_failed(stream, secured.failure, now=now)


class _Secured:
    """One stream: encrypted bytes on one side, plain ones on the other."""

    def __init__(self, host: str) -> None:
        self.open = False
        self.failure: Failure | None = None
        self.unsent = b""  # plain, taken from the machine inside
        self._ended = False
        self._host = host
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls: ssl.SSLObject | None = None

    def shake_hands(self, context: ssl.SSLContext) -> bool:
        try:
            if self._tls is None:
                self._tls = context.wrap_bio(
                    self._incoming, self._outgoing, server_hostname=self._host
                )
            self._tls.do_handshake()
            self.open = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLCertVerificationError as error:
            self.failure = Failure(Why.UNTRUSTED, error.verify_message)
        except (ssl.SSLError, ValueError) as error:  # ValueError: a host no certificate can have
            self.failure = Failure(Why.UNREACHABLE, _detail(error))
        return self.open

    def receive(self, data: Buffer) -> None:
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    def decrypted(self) -> bytes | None:
        """The next plain bytes, empty for the peer's orderly end. None: nothing, or no more."""
        if self._tls is None or not self.open or self._ended:
            return None
        try:
            data = self._tls.read(READ_SIZE)
        except ssl.SSLWantReadError:
            return None
        except ssl.SSLError as error:  # an end of file without the peer's goodbye, too
            self.failure = Failure(Why.LOST, _detail(error))
            return None
        self._ended = not data
        return data

    def encrypted(self) -> bytes:
        """What can be written now."""
        while self._tls is not None and self.unsent:
            try:
                self.unsent = self.unsent[self._tls.write(self.unsent) :]
            except ssl.SSLWantReadError:  # the peer changes keys: when it has answered
                break
        return self._outgoing.read()


def _detail(error: Exception) -> str:
    reason = getattr(error, "reason", None)
    return f"TLS: {reason.lower().replace('_', ' ') if reason else error}"
