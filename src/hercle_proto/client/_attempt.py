"""One attempt: from nothing to an open WebSocket, over as many streams as it takes.

Negotiate and upgrade share one kept-alive stream. A server may close it in between; then, as both
requests may be repeated, the upgrade is sent once more on a new one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, assert_never

from attrs import field, frozen

from hercle_proto._contract import NEED_DATA, Buffer, Entropy, Failure
from hercle_proto._credentials import bearer, current_key
from hercle_proto._errors import (
    ConnectionFailed,
    HercleProtoError,
    NegotiationFailed,
    RemoteProtocolError,
    TimedOut,
    Unauthorized,
)
from hercle_proto._texts import blot
from hercle_proto.client._negotiate import (
    MAX_REDIRECTS,
    Negotiated,
    Redirect,
    negotiate_request,
    read_negotiate,
    redirected,
    refusal,
    websocket_target,
)
from hercle_proto.http import (
    ExchangeFailed,
    HttpConnection,
    Response,
    Url,
    check_key_transport,
    parse_date,
)
from hercle_proto.hub import Role
from hercle_proto.transport import (
    Closed,
    Message,
    Upgraded,
    UpgradeRefused,
    UpgradeRequested,
    WebSocket,
)

if TYPE_CHECKING:
    from hercle_proto.client._clock import ServerClock
    from hercle_proto.client._settings import ClientSettings
    from hercle_proto.client._streams import Streams

__all__ = ["Attempt", "Established"]


@frozen
class Established:
    """The WebSocket is open on `stream`; what came behind the upgrade's answer waits in it."""

    stream: int
    websocket: WebSocket = field(repr=False)
    connection_id: str | None
    secret: str | None = field(repr=False)
    """The key or token that the connection was made with, and that the server knows."""


class Attempt:
    """Owner of its stream until `outcome` is there; then the stream is the machine's to hand over
    or close."""

    def __init__(
        self,
        settings: ClientSettings,
        url: Url,
        streams: Streams,
        *,
        entropy: Entropy,
        clock: ServerClock,
        now: float,
    ) -> None:
        self._settings = settings
        self._streams = streams
        self._entropy = entropy
        self._clock = clock
        self._home = self._url = url
        self._deadline = now + settings.connect_timeout
        self._token: str | None = None
        self._key_asked_again = False
        self._redirects = 0
        self._negotiated: Negotiated | None = None
        self._begin = self._negotiate
        self.stream = 0
        self._reused = False  # whether this stream carried another exchange before this one
        self._repeated = False  # whether the upgrade was sent on a second stream already
        self._http: HttpConnection | None = None
        self._websocket: WebSocket | None = None
        self.outcome: Established | HercleProtoError | None = None
        self._guarded(self._start)

    # -- an owner of streams -----------------------------------------------------------------------

    def opened(self, *, now: float) -> None:
        self._guarded(self._begin)

    def failed(self, failure: Failure, *, now: float) -> None:
        self._broken(ConnectionFailed(failure))

    def received(self, data: Buffer, *, now: float) -> None:
        if self._http is not None:
            self._http.receive_data(data)
        elif self._websocket is not None:
            self._websocket.receive_data(data)
        self._guarded(partial(self._advance, now))

    def data_to_send(self, *, now: float) -> bytes:
        if self._http is not None:
            return self._http.data_to_send()
        return self._websocket.data_to_send() if self._websocket is not None else b""

    def next_deadline(self) -> float | None:
        return None if self.outcome else self._deadline

    def handle_timer(self, *, now: float) -> None:
        if self.outcome is None and now >= self._deadline:
            what = f"connecting to {self._url.endpoint}"
            self.outcome = TimedOut(what, self._settings.connect_timeout)

    # -- steps ------------------------------------------------------------------------------- -----

    def _guarded(self, step: Callable[[], None]) -> None:
        """What goes wrong in a step is the attempt's end, never an exception of the machine's."""
        try:
            step()
        except HercleProtoError as error:
            may_ask_again = callable(self._settings.key) and not self._key_asked_again
            if isinstance(error, Unauthorized) and may_ask_again:
                self._key_asked_again = True
                self._guarded(self._start)
            else:
                blot(error, self._token)
                self.outcome = error.with_traceback(None)  # its frames hold keys and bodies

    def _start(self) -> None:
        """Begin, or begin anew: with the key of now, from where the user said."""
        self._url = self._home
        self._negotiated = None
        self._begin = self._upgrade if self._settings.skip_negotiation else self._negotiate
        self._token = self._ask_for_key()
        self._open()

    def _ask_for_key(self) -> str | None:
        key = current_key(self._settings.key)
        if key is not None:
            check_key_transport(self._url, allow_insecure=self._settings.allow_insecure)
        return key

    def _open(self) -> None:
        self._streams.close(self.stream)
        self._http = self._websocket = None
        self._reused = False
        self.stream = self._streams.open(self._url.endpoint, self)

    def _negotiate(self) -> None:
        self._http = HttpConnection(host=self._url.host_header)
        self._http.send(negotiate_request(self._url, headers=self._headers()))

    def _upgrade(self) -> None:
        self._http = None
        self._websocket = WebSocket(
            Role.CLIENT,
            entropy=self._entropy,
            max_message_bytes=self._settings.hub.max_message_bytes,
        )
        self._websocket.connect(
            host=self._url.host_header,
            target=websocket_target(self._url, self._negotiated),
            headers=self._headers(),
        )

    def _headers(self) -> list[tuple[str, str]]:
        # A redirect may lead to a stranger: the user's headers stay with the user's
        # origin, as the key does.
        home = self._url.origin == self._home.origin
        headers = [*self._settings.headers] if home else []
        if self._token is not None:
            # The key, or a redirect's token, wins over a header of the user's
            # (dotnet/aspnetcore#58146).
            headers = [(name, value) for name, value in headers if name.lower() != "authorization"]
            headers.append(("Authorization", bearer(self._token)))
        return headers

    def _advance(self, now: float) -> None:
        """Look at what came in."""
        while self.outcome is None:
            if self._http is not None:
                answer = self._http.next_event()
                if answer is NEED_DATA:
                    return
                self._negotiate_answered(self._http, answer, now)
            elif self._websocket is not None:
                event = self._websocket.next_event()
                if event is NEED_DATA:
                    return
                self._upgrade_answered(event, now)
            else:
                return  # the stream is being opened anew

    def _negotiate_answered(
        self, http: HttpConnection, answer: Response | ExchangeFailed, now: float
    ) -> None:
        if isinstance(answer, Response):
            self._clock.heed(answer.date, now=now)
        match answer:
            case ExchangeFailed(error):
                raise error
            case Response():
                self._follow(http, read_negotiate(answer))
            case _:
                assert_never(answer)

    def _follow(self, http: HttpConnection, negotiated: Negotiated | Redirect) -> None:
        match negotiated:
            case Redirect():
                self._redirects += 1
                if self._redirects >= MAX_REDIRECTS:  # N-26
                    raise NegotiationFailed(f"negotiate redirected {self._redirects} times")
                self._url, self._token = redirected(
                    self._url,
                    negotiated,
                    token=self._token,
                    allow_insecure=self._settings.allow_insecure,
                )
                self._open()
            case Negotiated():
                negotiated.require_websockets()
                self._negotiated = negotiated
                self._begin = self._upgrade
                if http.reusable:
                    self._reused = True
                    self._upgrade()
                else:
                    self._open()
            case _:
                assert_never(negotiated)

    def _upgrade_answered(
        self, event: Upgraded | UpgradeRefused | UpgradeRequested | Message | Closed, now: float
    ) -> None:
        match event:
            case UpgradeRequested() | Message():
                raise AssertionError(f"no {type(event).__name__} before a client's upgrade")
            case Upgraded(headers):
                self._clock.heed(parse_date(dict(headers).get("date")), now=now)
                assert self._websocket is not None
                known = self._negotiated.connection_id if self._negotiated else None
                self.outcome = Established(self.stream, self._websocket, known, self._token)
            case UpgradeRefused(status=status):
                raise refusal(status, "the WebSocket upgrade")
            case Closed(error=error):
                self._broken(error or RemoteProtocolError("the stream ended during the upgrade"))
            case _:
                assert_never(event)

    def _broken(self, error: HercleProtoError) -> None:
        """The stream ended. One that carried negotiate and said nothing to the upgrade is worth one
        more."""
        websocket = self._websocket
        if (
            self._reused
            and not self._repeated
            and websocket is not None
            and not websocket.answer_begun
        ):
            self._repeated = True
            self._open()
        else:
            self.outcome = error
