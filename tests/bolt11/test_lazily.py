"""A listing of 10,000 invoices decodes no payment request. Asking for an amount decodes one."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from unittest import mock

import pytest

import vendor
from hercle_proto import Machine
from hercle_proto.bolt11 import PaymentRequest
from hercle_proto.hercle import (
    Bookkeeper,
    GetLightningInvoices,
    hercle_rest,
    hercle_session,
)
from hercle_proto.hub import Invocation
from hercle_proto.testing import HubPeer, Simulated
from payment_requests import VECTORS, build
from rest_peer import Reaction, RestPeer

URL = "http://127.0.0.1:5000"
NOON = datetime(2026, 5, 7, 12, tzinfo=UTC)
REQUEST = build(VECTORS["valid"][1])
ROWS = [
    vendor.ROW | {"id": f"inv_{number}", "encodedPaymentRequest": REQUEST}
    for number in range(10_000)
]


def hub() -> Simulated:
    def answer(peer: HubPeer, invocation: Invocation) -> None:
        client_id = peer.argument(invocation, 0, str)
        event = vendor.envelope(vendor.SNAPSHOT, client_id, ROWS)
        peer.send(Invocation("executionEvents", (event,)))

    chance = Random(1)
    session = hercle_session("key", url=URL, entropy=chance.randbytes)
    return simulated(session, lambda *_: HubPeer(answer, entropy=chance.randbytes))


def rest() -> Simulated:
    body = json.dumps({"invoices": ROWS}).encode()
    session = hercle_rest("key", url=URL, entropy=Random(1).randbytes, utc_now=NOON)
    return simulated(session, lambda *_: RestPeer(lambda _: Reaction(200, body)))


def simulated(session: Machine, serve: Callable[..., HubPeer | RestPeer]) -> Simulated:
    books = Bookkeeper(session, entropy=Random(2).randbytes)
    simulated = Simulated(books, serve)
    simulated.start()
    return simulated


@pytest.mark.parametrize("road", [hub, rest])
def test_a_listing_decodes_none(road: Callable[[], Simulated]) -> None:
    network = road()
    with mock.patch.object(PaymentRequest, "parse", wraps=PaymentRequest.parse) as parse:
        snapshot = network.call(GetLightningInvoices())
        assert len(snapshot.invoices) == len(ROWS)
        repr(snapshot.invoices[0])
        assert snapshot.invoices[0] != snapshot.invoices[1]
        assert parse.call_count == 0
        assert snapshot.invoices[0].amount_msat == 250_000_000
        assert parse.call_count == 1
