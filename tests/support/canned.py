"""A peer that says what it was told to say, request by request, and remembers what it heard."""

from __future__ import annotations

import json


def answer(status: int, body: object = None, *, headers: str = "", reason: str = "X") -> bytes:
    """An HTTP answer; a body that is not bytes goes as JSON."""
    content = (
        body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    )
    head = f"HTTP/1.1 {status} {reason}\r\nContent-Length: {len(content)}\r\n{headers}\r\n"
    return head.encode() + content


def negotiated(**changes) -> dict[str, object]:
    """The body of an ordinary answer to negotiate."""
    return {
        "negotiateVersion": 1,
        "connectionId": "public-id",
        "connectionToken": "secret-token",
        "availableTransports": [{"transport": "WebSockets", "transferFormats": ["Text"]}],
        **changes,
    }


class CannedPeer:
    """Answers the n-th request (its head, without a body) with the n-th of `answers`.

    An answer may be None (silence) or b"" (hang up).
    """

    def __init__(self, *answers: bytes | None) -> None:
        self.requests: list[str] = []
        self._answers = [*answers]
        self._in = b""
        self._out = b""
        self.hung_up = False

    def receive_data(self, data: bytes, *, now: float) -> None:
        self.hung_up |= not data
        self._in += data
        while b"\r\n\r\n" in self._in:
            head, _, self._in = self._in.partition(b"\r\n\r\n")
            self.requests.append(head.decode())
            said = self._answers.pop(0) if self._answers else None
            self.hung_up |= said == b""
            self._out += said or b""

    def data_to_send(self, *, now: float) -> bytes:
        data, self._out = self._out, b""
        return data

    def next_deadline(self) -> None:
        return None

    def handle_timer(self, *, now: float) -> None:
        """Nothing is ever due."""
