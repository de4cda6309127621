"""The client's half of one HTTP/1.1 connection, over h11: one exchange at a time, kept alive.

h11 quotes what it refuses, header values and so keys included. Hence two rules here: what we send
is checked before h11 sees it (`Request`), and h11's exceptions end in this module, neither as
cause nor as context of ours.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import h11
from attrs import frozen

from hercle_proto._contract import NEED_DATA, Failure, NeedData, Why
from hercle_proto._errors import (
    ConnectionFailed,
    HercleProtoError,
    InvalidArgument,
    LocalProtocolError,
    RemoteProtocolError,
)
from hercle_proto.http._body import Body
from hercle_proto.http._messages import Request, Response

if TYPE_CHECKING:
    from hercle_proto._contract import Buffer

__all__ = ["DEFAULT_MAX_BODY_BYTES", "ExchangeFailed", "HttpConnection", "HttpEvent"]

DEFAULT_MAX_BODY_BYTES: Final = 16 * 2**20
_MAX_HEAD_BYTES: Final = 64 * 2**10
_HOST = re.compile(r"[A-Za-z0-9._:\[\]-]+")
_SENDS_LENGTH: Final = frozenset({"POST", "PUT", "PATCH"})
_BODILESS: Final = frozenset({204, 304})


@frozen
class ExchangeFailed:
    """The exchange ended without an answer, and so did the connection."""

    error: HercleProtoError


HttpEvent: TypeAlias = Response | ExchangeFailed


class _State(Enum):
    IDLE = "idle"
    EXCHANGING = "exchanging"
    ENDED = "ended"


class HttpConnection:
    """Requests in, responses out, without I/O.

    `host` goes into every `Host` header. A body above `max_body_bytes` is refused at its announced
    length, or as soon as it has grown that long; `parameter` is what the error tells to raise. A
    body in gzip (for requests that hold `ACCEPT_GZIP`) is inflated, and what it becomes is counted
    too.
    """

    def __init__(
        self,
        *,
        host: str,
        max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
        parameter: str = "max_body_bytes",
    ) -> None:
        if not _HOST.fullmatch(host):
            raise InvalidArgument(
                "host", "must be an ASCII host, perhaps with a port", "something else"
            )
        self._host = host
        self._max_body_bytes = max_body_bytes
        self._parameter = parameter
        self._h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEAD_BYTES)
        self._state = _State.IDLE
        self._method = ""
        self._outgoing = bytearray()
        self._head: h11.Response | None = None
        self._body: Body | None = None
        self._event: HttpEvent | None = None
        self._answer_begun = False

    @property
    def idle(self) -> bool:
        """Whether a request may be sent now."""
        return self._state is _State.IDLE

    @property
    def reusable(self) -> bool:
        """Whether it is good for another exchange, after the present one if there is one."""
        return self._state is not _State.ENDED

    @property
    def answer_begun(self) -> bool:
        """Whether a byte has come since the last request was sent."""
        return self._answer_begun

    def send(self, request: Request) -> None:
        """Queue a request. `LocalProtocolError` unless `idle`."""
        if not self.idle:
            raise LocalProtocolError(
                f"a request can be sent on an idle connection only; this one is {self._state.value}"
            )
        headers = [("Host", self._host), *request.headers]
        if request.body or request.method in _SENDS_LENGTH:
            headers.append(("Content-Length", str(len(request.body))))
        head = h11.Request(
            method=request.method,
            target=request.target,
            headers=[(name.encode("ascii"), value.encode("ascii")) for name, value in headers],
        )
        for event in (head, h11.Data(data=request.body), h11.EndOfMessage()):
            self._outgoing += self._h11.send(event) or b""
        self._method = request.method
        self._state = _State.EXCHANGING
        self._answer_begun = False

    def data_to_send(self) -> bytes:
        """Drained: the bytes to write."""
        data = bytes(self._outgoing)
        self._outgoing.clear()
        return data

    def receive_data(self, data: Buffer) -> None:
        """Take what was read, cut anywhere; empty is the end. Never raises because of the peer."""
        if self._state is not _State.EXCHANGING:
            # What nobody asked for, or the end: nothing to build on either way.
            self._state = _State.ENDED
            return
        self._answer_begun = self._answer_begun or bool(data)
        self._h11.receive_data(bytes(data))
        while self._advance(ended=not data):
            pass

    def next_event(self) -> HttpEvent | Literal[NeedData.NEED_DATA]:
        """How the last exchange ended: at most one event for each request sent."""
        event, self._event = self._event, None
        return event if event is not None else NEED_DATA

    def _advance(self, *, ended: bool) -> bool:
        """Take one event of h11's; False when there is none."""
        try:
            event = self._h11.next_event()
        except h11.RemoteProtocolError as exc:
            self._fail(self._lost() if ended else self._malformed(exc.error_status_hint))
            return False
        try:
            return self._take(event)
        except RemoteProtocolError as refusal:
            self._fail(refusal)
            return False

    def _take(self, event: h11.Event | type[h11.NEED_DATA | h11.PAUSED]) -> bool:
        match event:
            case h11.InformationalResponse():
                return True
            case h11.Response():
                self._head = event
                self._body = self._new_body(event)
                return True
            case h11.Data():
                assert self._body is not None
                self._body.add(event.data)
                return True
            case h11.EndOfMessage():
                self._finish()
                return False
            case _:  # nothing yet
                return False

    def _new_body(self, head: h11.Response) -> Body:
        has_body = self._method != "HEAD" and head.status_code not in _BODILESS
        coding = _value(head, b"content-encoding").decode("latin-1") if has_body else ""
        body = Body(coding, limit=self._max_body_bytes, parameter=self._parameter)
        body.announce(int(_value(head, b"content-length") or 0) if has_body else 0)
        return body

    def _finish(self) -> None:
        assert self._head is not None
        assert self._body is not None
        headers = tuple(
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in self._head.headers
        )
        self._event = Response(self._head.status_code, headers, self._body.finish())
        self._head = self._body = None
        both_done = self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE
        if both_done and self._h11.trailing_data == (b"", False):
            self._h11.start_next_cycle()
            self._state = _State.IDLE
        else:
            self._state = _State.ENDED

    def _fail(self, error: HercleProtoError) -> None:
        self._event = ExchangeFailed(error)
        self._head = self._body = None
        self._state = _State.ENDED

    def _lost(self) -> HercleProtoError:
        when = "in the middle of" if self._answer_begun else "before"
        return ConnectionFailed(
            Failure(Why.LOST, f"the server ended the connection {when} its answer")
        )

    def _malformed(self, status_hint: int) -> HercleProtoError:
        if status_hint == 431:
            return RemoteProtocolError(
                f"the head of the HTTP answer is longer than {_MAX_HEAD_BYTES:,} bytes"
            )
        if self._head is None:
            return RemoteProtocolError(
                "the answer is not HTTP/1.1 as it should be; is this the right port?"
            )
        return RemoteProtocolError("the body of the HTTP answer is malformed")


def _value(head: h11.Response, wanted: bytes) -> bytes:
    """All values of a header; h11 has its name in lower case."""
    return b", ".join(value for name, value in head.headers if name == wanted)
