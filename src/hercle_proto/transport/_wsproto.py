"""The border to wsproto, and h11 below it: upgrade and control frames. Nobody else imports them.

Six traps, found in wsproto 1.3.2, are closed here:

1. a server that gets the end of the stream before a request says nothing: `ServerUpgrade.end` does;
2. a client that gets it during the upgrade says only "Bad HTTP message": `ClientUpgrade.end` says
   more;
3. after a frame that breaks a rule it stays OPEN, drops what follows and tells it like a close
   frame: `ControlFrames` tells the two apart, and `FrameReader` gives it nothing afterwards but the
   rest of that frame;
4. headers that should be ASCII and are not raise `UnicodeDecodeError`: `_feed` turns every failure
   into a value;
5. a server loses the bytes that came with the request: heads are cut off here, `trailing` is what
   came after;
6. it gives messages in pieces, without a limit: no data frame reaches it, `FrameReader` assembles.

A seventh: an interim answer (103, say) is a refusal for it, and is passed over here.

Both print targets and header values, keys included, in their exceptions and reprs. None leaves this
module, not even as a `__context__`: what is raised or told is made outside of `except`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from attrs import frozen
from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    Event,
    Ping,
    Pong,
    RejectConnection,
    RejectData,
    Request,
)
from wsproto.utilities import RemoteProtocolError as WsprotoError

from hercle_proto._errors import RemoteProtocolError
from hercle_proto.transport._events import HeaderPairs, Upgraded, UpgradeRefused, UpgradeRequested
from hercle_proto.transport._frames import Violation

__all__ = ["ClientUpgrade", "ControlFrames", "Headers", "PeerClose", "ServerUpgrade"]

# h11 takes 16 KiB, as node does; Kestrel 32, and cookies and tokens grow. Bodies of refusals are
# for people to read.
_HEAD_LIMIT = 64 * 1024
_BODY_LIMIT = 64 * 1024

_HEAD_END = re.compile(rb"\n\r?\n")

Headers = list[tuple[bytes, bytes]]


@frozen
class _Rejected:
    """What wsproto did not take, and what it would tell the peer."""

    why: str
    answer: Event


def _feed(wsproto: WSConnection, data: bytes) -> _Rejected | None:
    try:
        wsproto.receive_data(data)
    except WsprotoError as error:
        # The only ones that repeat the peer's words: "unrecognized extension …", "unrecognized
        # subprotocol …".
        offered = not str(error).startswith("unrecognized")
        why = str(error) if offered else "it takes an extension or subprotocol that was not offered"
        return _Rejected(why, error.event_hint or RejectConnection())
    except ValueError:
        return _Rejected("a header is not ASCII", RejectConnection())
    return None


def _pairs(headers: Iterable[tuple[bytes, bytes]]) -> HeaderPairs:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)


class _Head:
    """Cuts HTTP heads off, however reads end."""

    def __init__(self, of: str, prefix: bytes) -> None:
        self._of = of
        self._prefix = prefix
        self._data = bytearray()
        self.rest = b""

    def __len__(self) -> int:
        return len(self._data)

    def cut(self, data: bytes) -> bytes | RemoteProtocolError | None:
        """A head, with its empty line, once it is complete; `rest` then is what follows."""
        searched = max(0, len(self._data) - 2)
        self._data += data
        if not self._data.startswith(self._prefix[: len(self._data)]):
            return RemoteProtocolError(
                f"the {self._of} is not HTTP; check the port, and whether it speaks TLS"
            )
        end = _HEAD_END.search(self._data, searched)
        size = end.end() if end else len(self._data)
        if size > _HEAD_LIMIT:
            return RemoteProtocolError(
                f"the head of the {self._of} passes the limit of {_HEAD_LIMIT:,} bytes: "
                f"it has at least {size:,}"
            )
        if not end:
            return None
        head, self.rest = bytes(self._data[:size]), bytes(self._data[size:])
        self._data.clear()
        return head


class ClientUpgrade:
    """Asks for the upgrade and reads the answer."""

    def __init__(self) -> None:
        self._wsproto = WSConnection(ConnectionType.CLIENT)
        self._head = _Head("answer to the upgrade", b"HTTP/")
        self._refusal: RejectConnection | None = None
        self._body = bytearray()
        self.answer = b""  # a client has none, whatever comes
        self.trailing = b""

    def request(self, host: str, target: str, headers: Headers) -> bytes:
        """The request. No extension is offered: permessage-deflate costs ten times the CPU."""
        return self._wsproto.send(Request(host=host, target=target, extra_headers=headers))

    def receive(self, data: bytes) -> Upgraded | UpgradeRefused | RemoteProtocolError | None:
        """What the server decided, once it is known. After `Upgraded`, `trailing` holds frames."""
        while data:
            if self._refusal:
                chunk, data = data, b""
            else:
                head = self._head.cut(data)
                if not isinstance(head, bytes):
                    return head
                chunk, data = head, self._head.rest
            rejected = _feed(self._wsproto, chunk)
            complete = False
            for event in self._wsproto.events():
                match event:
                    case AcceptConnection():
                        self.trailing = data
                        return Upgraded(_pairs(event.extra_headers))
                    case RejectConnection(has_body=True):
                        self._refusal = event
                    case RejectData():
                        self._body += event.data
                        complete = event.body_finished
                    case _:
                        pass  # interim, such as 103
            if rejected:
                # With a broken body a refusal is still a refusal.
                return self._refused() or RemoteProtocolError(
                    f"the server's answer to the upgrade is no WebSocket handshake: {rejected.why}"
                )
            if complete or len(self._body) > _BODY_LIMIT:
                return self._refused()
        return None

    def end(self) -> UpgradeRefused | RemoteProtocolError:
        """The stream ended before the answer did."""
        return self._refused() or RemoteProtocolError(
            f"the connection ended {len(self._head):,} bytes into the answer to the upgrade"
            if self._head
            else "the connection ended before the upgrade was answered"
        )

    def control(self) -> ControlFrames:
        """What goes on after the upgrade."""
        return ControlFrames(self._wsproto)

    def _refused(self) -> UpgradeRefused | None:
        if self._refusal is None:
            return None
        headers = _pairs(self._refusal.headers)
        return UpgradeRefused(self._refusal.status_code, headers, bytes(self._body[:_BODY_LIMIT]))


class ServerUpgrade:
    """Reads the request and answers it."""

    def __init__(self) -> None:
        self._wsproto = WSConnection(ConnectionType.SERVER)
        self._head = _Head("upgrade request", b"")
        self._requested = False
        self._trailing = bytearray()
        self.answer = b""

    @property
    def trailing(self) -> bytes:
        """What came after the request, though a client should wait for the answer."""
        return bytes(self._trailing)

    def receive(self, data: bytes) -> UpgradeRequested | RemoteProtocolError | None:
        """The request, once complete. With an error, `answer` may hold what to tell the client."""
        if self._requested:
            self._trailing += data
            if len(self._trailing) <= _HEAD_LIMIT:
                return None
            return RemoteProtocolError("the client does not wait for the answer to its upgrade")
        head = self._head.cut(data)
        if not isinstance(head, bytes):
            return head
        if rejected := _feed(self._wsproto, head):
            self.answer = self._wsproto.send(rejected.answer)
            return RemoteProtocolError(f"this is no request for a WebSocket: {rejected.why}")
        self._requested = True
        self._trailing += self._head.rest
        (request,) = self._wsproto.events()
        assert isinstance(request, Request)
        headers = (("host", request.host), *_pairs(request.extra_headers))
        return UpgradeRequested(request.target, headers)

    def end(self) -> RemoteProtocolError:
        """The stream ended before the upgrade was answered."""
        if self._requested:
            return RemoteProtocolError("the connection ended before its upgrade was answered")
        if not self._head:
            return RemoteProtocolError("the connection ended before an upgrade was asked for")
        return RemoteProtocolError(
            f"the connection ended {len(self._head):,} bytes into an upgrade request"
        )

    def accept(self, headers: Headers) -> bytes:
        """The answer 101."""
        return self._wsproto.send(AcceptConnection(extra_headers=headers))

    def reject(self, status: int, headers: Headers, body: bytes) -> bytes:
        """Another answer; the connection is not kept alive."""
        ours = [(b"content-length", str(len(body)).encode()), (b"connection", b"close")]
        rejection = RejectConnection(status_code=status, headers=[*headers, *ours], has_body=True)
        return self._wsproto.send(rejection) + self._wsproto.send(RejectData(data=body))

    def control(self) -> ControlFrames:
        """What goes on after `accept`."""
        return ControlFrames(self._wsproto)


@frozen
class PeerClose:
    """The peer's close frame (1005: it has no code), and our answer, if it is one we owe."""

    code: int
    reason: str
    answer: bytes


class ControlFrames:
    """Reads and writes control frames, and says of other frames which rule they break."""

    def __init__(self, wsproto: WSConnection) -> None:
        self._wsproto = wsproto

    def receive(self, frames: bytes) -> bytes | PeerClose | Violation | None:
        """What `FrameReader` handed out: one control frame, or bytes from a breach on.

        A ping is told as its payload. None: a pong, or a header that is not complete.
        """
        self._wsproto.receive_data(frames)
        for event in self._wsproto.events():
            match event:
                case Ping():
                    return bytes(event.payload)
                case CloseConnection():
                    return self._closed(event)
                case _:
                    pass  # an unasked pong
        return None

    def _closed(self, event: CloseConnection) -> PeerClose | Violation:
        reason = event.reason or ""
        match self._wsproto.state:
            case ConnectionState.REMOTE_CLOSING:
                answer = self._wsproto.send(event.response())
                return PeerClose(int(event.code), reason, bytes(answer))
            case ConnectionState.CLOSED:
                return PeerClose(int(event.code), reason, b"")
            case _:
                return Violation(int(event.code), RemoteProtocolError(reason))

    def pong(self, payload: bytes) -> bytes:
        """An answer to a ping."""
        return bytes(self._wsproto.send(Pong(payload)))

    def close(self, code: int, reason: str) -> bytes:
        """A close frame; its reason is cut to what fits. At most one leaves."""
        return bytes(self._wsproto.send(CloseConnection(code, reason)))
