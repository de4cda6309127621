"""A scripted REST server for `Simulated`: one connection of it, over h11."""

from __future__ import annotations

import json
from collections.abc import Callable

import h11
from attrs import Factory, define, frozen

__all__ = ["Asked", "Reaction", "RestPeer", "created", "error", "invoices"]


@frozen
class Asked:
    """A request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def fields(self) -> dict[str, object]:
        return json.loads(self.body)


@frozen
class Reaction:
    """What the server does about a request. `raw` is written as it is instead of an answer."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    delay: float = 0.0
    raw: bytes | None = None
    hang_up: bool = False
    silent: bool = False


def invoices(*ids: str, **how: object) -> Reaction:
    """A snapshot of invoices with these ids."""
    return Reaction(200, json.dumps({"invoices": [{"id": each} for each in ids]}).encode(), **how)


def created(id_: str = "inv_1", **how: object) -> Reaction:
    """An invoice was created."""
    return Reaction(201, json.dumps({"id": id_, "encodedPaymentRequest": "lnbc1"}).encode(), **how)


def error(status: int, message: str = "no", **how: object) -> Reaction:
    """An error as documented."""
    body = {"error": {"code": "c", "message": message, "type": "t"}}
    return Reaction(status, json.dumps(body).encode(), **how)


@define(eq=False)
class RestPeer:
    """Answers what `react` says."""

    react: Callable[[Asked], Reaction]
    hung_up: bool = False
    asked: list[Asked] = Factory(list)
    _http: h11.Connection = Factory(lambda: h11.Connection(h11.SERVER))
    _request: h11.Request | None = None
    _body: bytes = b""
    _due: list[tuple[float, Reaction]] = Factory(list)

    def receive_data(self, data: bytes, *, now: float) -> None:
        if not data:
            return  # the client is gone, perhaps in the middle of a request
        self._http.receive_data(data)
        while not isinstance(event := self._http.next_event(), type):
            match event:
                case h11.Request():
                    self._request, self._body = event, b""
                case h11.Data():
                    self._body += event.data
                case _:
                    self._take(now)

    def _take(self, now: float) -> None:
        assert self._request is not None
        headers = {name.decode(): value.decode() for name, value in self._request.headers}
        target = self._request.target.decode()
        self.asked.append(Asked(self._request.method.decode(), target, headers, self._body))
        reaction = self.react(self.asked[-1])
        if not reaction.silent:
            self._due.append((now + reaction.delay, reaction))

    def data_to_send(self, *, now: float) -> bytes:
        if not self._due or self._due[0][0] > now:
            return b""
        _, reaction = self._due.pop(0)
        self.hung_up = reaction.hang_up
        return self._written(reaction) if reaction.raw is None else reaction.raw

    def _written(self, reaction: Reaction) -> bytes:
        headers = [("Content-Length", str(len(reaction.body))), *reaction.headers]
        head = h11.Response(status_code=reaction.status, headers=headers)
        events = (head, h11.Data(data=reaction.body), h11.EndOfMessage())
        data = b"".join(self._http.send(event) or b"" for event in events)
        if self._http.our_state is h11.DONE:
            self._http.start_next_cycle()
        else:
            self.hung_up = True
        return data

    def next_deadline(self) -> float | None:
        return self._due[0][0] if self._due else None

    def handle_timer(self, *, now: float) -> None:
        """`data_to_send` looks for itself."""
