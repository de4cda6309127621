"""TLS as a machine around a machine: drivers know TCP only, and all tell failures alike."""

from __future__ import annotations

import ssl
from contextlib import suppress
from functools import cache

from attrs import evolve

from hercle_adapters._tcp import READ_SIZE
from hercle_proto import Action, Buffer, Close, Failure, Machine, Open, Why
from hercle_proto._around import Around

__all__ = ["Tls"]


# Certificates and host names are verified. Built when first needed: it takes 20 ms.
_default_context = cache(ssl.create_default_context)


class Tls(Around):
    """The machine inside, with TLS on each of its streams whose endpoint asks for it.

    To the machine inside, such a stream is open when the handshake is done, so its time limit
    covers both. An end without the peer's close_notify may be a cut, and is `LOST`; a certificate
    that is not trusted is `UNTRUSTED`.
    """

    def __init__(self, machine: Machine, context: ssl.SSLContext | None = None) -> None:
        super().__init__(machine)
        self._context = context
        self._secured: dict[int, _Secured] = {}
        self._closes: list[Action] = []

    @property
    def closed(self) -> bool:
        return self._machine.closed and not self._closes

    def actions(self) -> list[Action]:
        closes, self._closes = self._closes, []
        return [*closes, *map(self._in_clear, self._machine.actions())]

    def _in_clear(self, action: Action) -> Action:
        match action:
            case Open(stream, endpoint) if endpoint.tls:
                self._secured[stream] = _Secured(self._context or _default_context(), endpoint.host)
                return Open(stream, evolve(endpoint, tls=False))
            case _:
                self._secured.pop(action.stream, None)
                return action

    def data_to_send(self, stream: int, *, now: float) -> bytes:
        if (secured := self._secured.get(stream)) is None:
            return self._machine.data_to_send(stream, now=now)
        if secured.open and not secured.unsent:
            secured.unsent = self._machine.data_to_send(stream, now=now)
        with suppress(ssl.SSLWantReadError):  # the peer changes keys: later
            while secured.unsent:
                secured.unsent = secured.unsent[secured.tls.write(secured.unsent) :]
        return secured.outgoing.read()

    def wants_data(self, stream: int) -> bool:
        secured = self._secured.get(stream)
        return (secured is not None and not secured.open) or self._machine.wants_data(stream)

    def stream_opened(self, stream: int, *, now: float) -> None:
        if (secured := self._secured.get(stream)) is None:
            self._machine.stream_opened(stream, now=now)
        else:
            self._advance(stream, secured, now)

    def stream_failed(self, stream: int, failure: Failure, *, now: float) -> None:
        self._secured.pop(stream, None)
        self._machine.stream_failed(stream, failure, now=now)

    def receive_data(self, stream: int, data: Buffer, *, now: float) -> None:
        if (secured := self._secured.get(stream)) is None:
            self._machine.receive_data(stream, data, now=now)
            return
        if data:
            secured.incoming.write(data)
        else:
            secured.incoming.write_eof()
        self._advance(stream, secured, now)

    def _advance(self, stream: int, secured: _Secured, now: float) -> None:
        """Pass on what the bytes so far amount to."""
        try:
            if not secured.open:
                secured.tls.do_handshake()
                secured.open = True
                self._machine.stream_opened(stream, now=now)
            while not secured.ended:
                data = secured.tls.read(READ_SIZE)
                secured.ended = not data
                self._machine.receive_data(stream, data, now=now)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            del self._secured[stream]
            self._closes.append(Close(stream))
            self._machine.stream_failed(stream, _failure(error, opened=secured.open), now=now)


class _Secured:
    """One stream: encrypted bytes on one side, plain ones on the other."""

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname=host)
        self.unsent = b""  # plain, taken from the machine inside
        self.open = self.ended = False


def _failure(error: ssl.SSLError, *, opened: bool) -> Failure:
    if isinstance(error, ssl.SSLCertVerificationError):
        return Failure(Why.UNTRUSTED, error.verify_message)
    reason = (error.reason or str(error)).lower().replace("_", " ")
    return Failure(Why.LOST if opened else Why.UNREACHABLE, f"TLS: {reason}")
