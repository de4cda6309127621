"""HTTP and WebSocket clients of a few lines, which say exactly what they are told to."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from attrs import frozen
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)

__all__ = ["HANDSHAKE", "Answer", "RawClient", "request"]

HANDSHAKE = {"protocol": "json", "version": 1}
_PATIENCE = 10.0


@frozen
class Answer:
    """An HTTP response; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> Answer:
    """One exchange on a connection of its own. A `Host` among the headers is the only one."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_PATIENCE)
    try:
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection.request(method, target, body, dict(headers or {}))
        response = connection.getresponse()
        names = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, names, response.read())
    finally:
        connection.close()


class RawClient:
    """A WebSocket connection that asks for an upgrade and keeps what came of it.

    `status` is 101 if there is one. Received records are parsed; pings are left out.
    """

    def __init__(
        self, url: str, *, headers: Sequence[tuple[str, str]] = (), handshake: bool = True
    ) -> None:
        parts = urlsplit(url)
        self._socket = socket.create_connection((parts.hostname, parts.port), _PATIENCE)
        self._wsproto = WSConnection(ConnectionType.CLIENT)
        self._records: list[str] = []
        self._text = ""
        self.status: int | None = None
        self.body = b""
        self.closed: int | None = None
        self.frames = 0
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        named = [(name.encode(), value.encode()) for name, value in headers]
        self._send(Request(host=parts.netloc, target=target, extra_headers=named))
        while self.status is None and self._read():
            pass
        while self.status != 101 and self._read():  # the body of a refusal
            pass
        if self.status == 101 and handshake:
            self.send(HANDSHAKE)
            assert self.receive() == {}

    def send(self, *records: object) -> None:
        """Records in one text frame."""
        self.send_text("".join(f"{json.dumps(record)}\x1e" for record in records))

    def send_text(self, text: str) -> None:
        """A text frame."""
        self._send(TextMessage(data=text))

    def receive(self) -> Any:
        """The next record that is no ping; None at the end of the connection."""
        while True:
            while self._records:
                record = json.loads(self._records.pop(0))
                if record != {"type": 6}:
                    return record
            if not self._read():
                return None

    def invoke(self, target: str, *arguments: object, key: str | None = "1") -> Any:
        """Call a method, and return the next record."""
        self.send(invocation(target, *arguments, key=key))
        return self.receive()

    def close(self, code: int = 1000) -> None:
        """Say goodbye, and wait for the answer."""
        self._send(CloseConnection(code=code))
        while self._read():
            pass

    def drop(self) -> None:
        """Be gone, without a word."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    def _send(self, event: Any) -> None:
        self._socket.sendall(self._wsproto.send(event))

    def _read(self) -> bool:
        """Read once; False at the end."""
        try:
            data = self._socket.recv(65536)
        except ConnectionResetError:
            data = b""
        if not data:
            return False
        self._wsproto.receive_data(data)
        for event in self._wsproto.events():
            match event:
                case AcceptConnection():
                    self.status = 101
                case RejectConnection(status_code=status):
                    self.status = status
                case RejectData(data=body):
                    self.body += body
                case TextMessage(data=text, message_finished=finished):
                    self._text += text
                    if finished:
                        *whole, rest = self._text.split("\x1e")
                        assert rest == "", "a frame holds whole records"
                        self._records += whole
                        self._text = ""
                        self.frames += 1
                case CloseConnection(code=code) if self.closed is None:
                    self.closed = code
                    if self._wsproto.state.name == "REMOTE_CLOSING":
                        self._send(event.response())
                case _:
                    pass
        return True


def invocation(target: str, *arguments: object, key: str | None = "1") -> dict[str, object]:
    """An Invocation as JSON."""
    message: dict[str, object] = {"type": 1, "target": target, "arguments": arguments}
    return message if key is None else {**message, "invocationId": key}
