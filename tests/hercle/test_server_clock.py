"""The server's clock is learnt from every answer that tells it, and judges what is over."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from hercle_proto import NEED_DATA, InvoiceMismatch, LocalProtocolError, Open
from hercle_proto.bolt11 import Network, encode
from hercle_proto.client import HubClient
from hercle_proto.hercle import CreateLightningInvoice, RestSession, hercle_rest, hercle_session
from hercle_proto.hub import Role
from hercle_proto.testing import Simulated
from hercle_proto.transport import UpgradeRequested, WebSocket
from rest_peer import Reaction, RestPeer

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
DATE = ("Date", "Fri, 01 May 2026 12:00:00 GMT")
HOUR = timedelta(hours=1)
URL = "http://127.0.0.1:5000"
COMMAND = CreateLightningInvoice.for_sats(1, None, 1)


def over_at(end: datetime) -> bytes:
    text = encode(
        bytes(31) + b"\x01",
        network=Network.REGTEST,
        amount_msat=1000,
        created_at=end - HOUR,
        payment_hash=bytes(32),
        payment_secret=bytes(32),
        description="",
        expiry_seconds=3600,
    )
    return json.dumps({"id": "inv_1", "encodedPaymentRequest": text}).encode()


def opened(session: HubClient) -> tuple[int, bytes]:
    """Its stream, and what it asks for first."""
    session.start(now=1000.0)
    (action,) = session.actions()
    assert isinstance(action, Open)
    session.stream_opened(action.stream, now=1001.0)
    return action.stream, session.data_to_send(action.stream, now=1001.0)


def hub(*, skip_negotiation: bool = False) -> HubClient:
    return hercle_session(
        "key",
        url=URL,
        entropy=Random(1).randbytes,
        skip_negotiation=skip_negotiation,
        utc_now=NOON - HOUR,
    )


def test_negotiate_tells_it() -> None:
    session = hub()
    assert session.server_clock_offset is None
    stream, _ = opened(session)
    assert session.server_clock_offset is None
    head = f"HTTP/1.1 404 Not Found\r\nDate: {DATE[1]}\r\nContent-Length: 0\r\n\r\n"
    session.receive_data(stream, head.encode(), now=1010.0)
    assert session.server_clock_offset == HOUR - timedelta(seconds=10)


@pytest.mark.parametrize("headers", [[DATE], []])
def test_the_upgrade_tells_it(headers: list[tuple[str, str]]) -> None:
    session = hub(skip_negotiation=True)
    stream, asked = opened(session)
    server = WebSocket(Role.SERVER, entropy=Random(2).randbytes, max_message_bytes=1000)
    server.receive_data(asked)
    assert isinstance(server.next_event(), UpgradeRequested)
    assert server.next_event() is NEED_DATA
    server.accept(headers)
    session.receive_data(stream, server.data_to_send(), now=1010.0)
    expected = HOUR - timedelta(seconds=10) if headers else None
    assert session.server_clock_offset == expected


class Rest:
    """A REST session at noon by our calendar, and a server that made one invoice."""

    def __init__(self, end: datetime, *headers: tuple[str, str]) -> None:
        self.session: RestSession = hercle_rest(
            "key", url=URL, entropy=Random(1).randbytes, utc_now=NOON
        )
        reaction = Reaction(201, over_at(end), headers)
        self.sim = Simulated(self.session, lambda _, __: RestPeer(lambda _: reaction))
        self.sim.start()


@pytest.mark.parametrize(
    ("end", "headers", "over"),
    [
        (NOON - timedelta(seconds=1), [DATE], True),
        (NOON, [DATE], False),
        (NOON - timedelta(seconds=299), [], False),
        (NOON - timedelta(seconds=301), [], True),
        (NOON - timedelta(seconds=299), [("Date", "noon")], False),
    ],
)
def test_over_rest(end: datetime, headers: list[tuple[str, str]], over: bool) -> None:
    world = Rest(end, *headers)
    call = world.sim.submit(COMMAND)
    world.sim.run_until(lambda: call.done)
    assert isinstance(call.error, InvoiceMismatch) is over
    assert (world.session.server_clock_offset is None) is (headers != [DATE])


def test_a_session_starts_once() -> None:
    world = Rest(NOON)
    with pytest.raises(LocalProtocolError, match="started"):
        world.session.start(now=99.0)
