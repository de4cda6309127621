"""Hercle's API as its pages have it, on a genuine ASP.NET Core server: both roads, every fault."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from aspnetcore import AspNetCore
from drivers import Client
from hercle_proto import (
    AnsweredLate,
    ApiError,
    CommandRefused,
    ConnectionFailed,
    InvocationFailed,
    OutcomeUnknown,
    TimedOut,
    Unauthorized,
)
from hercle_proto.bolt11 import PaymentRequest
from hercle_proto.client import Connected, Reconnecting
from hercle_proto.hercle import (
    Candidates,
    CreatedInvoice,
    CreateLightningInvoice,
    ErrorAnswer,
    GetLightningInvoices,
    LightningInvoice,
    Reconcile,
    UnmatchedAnswer,
)
from hercle_proto.hercle._refusals import proof_of_refusal
from interop import AT_ONCE, Opens, events_until, never_opens, nothing
from relays import relay

QUERIES = [
    "",
    "?data=object",
    "?data=string",
    "?clientid=omit",
    "?data=string&clientid=omit",
    "?envelope=bare",
    "?data=string&envelope=bare",
]

HUB = "/ExecutionLiveServer/v1"


def sats(number: int, memo: str | None = None, hours: int | None = None) -> CreateLightningInvoice:
    return CreateLightningInvoice.for_sats(number, memo, hours)


def listed(hercle: Client) -> tuple[LightningInvoice, ...]:
    snapshot = hercle.call(GetLightningInvoices())
    assert snapshot.unreadable == ()
    return snapshot.invoices


def check_created(created: CreatedInvoice, amount_msat: int, memo: str, hours: int) -> None:
    """What the vendor promises of a new invoice."""
    request = PaymentRequest.parse(created.encoded_payment_request or "")
    assert request.amount_msat == amount_msat
    assert request.description == memo
    assert created.expires_at is not None
    left = created.expires_at - datetime.now(UTC)
    assert abs(left - timedelta(hours=hours)) < timedelta(minutes=1)


def check_listed(invoice: LightningInvoice, created: CreatedInvoice, sats: int, memo: str) -> None:
    """All fields of a row, against what its creation told."""
    assert invoice.id == created.id
    assert invoice.encoded_payment_request == created.encoded_payment_request
    assert invoice.expires_at == created.expires_at
    assert (invoice.status, invoice.memo, invoice.invoice_type) == ("OPEN", memo, "STANDARD")
    assert invoice.amount_original_value == Decimal(sats)
    assert invoice.amount_original_unit == "satoshi"
    assert invoice.created_at is not None
    assert invoice.created_at.tzinfo is UTC
    assert invoice.updated_at is None
    request = PaymentRequest.parse(invoice.encoded_payment_request or "")
    assert invoice.payment_hash == request.payment_hash.hex()
    assert invoice.bitcoin_network == "regtest"
    assert invoice.amount_preferred_currency_value_approx == Decimal(sats) * 65000 / 10**8


# -- creating and listing --------------------------------------------------------------------------


@pytest.mark.parametrize("query", QUERIES)
def test_the_hub(open_hercle: Opens, peer: AspNetCore, key: str, query: str) -> None:
    with open_hercle(key, url=f"{peer.url}{HUB}{query}") as hercle:
        assert listed(hercle) == ()
        first = hercle.call(CreateLightningInvoice(Decimal("0.001"), "Payment for services", 24))
        check_created(first, 100_000_000, "Payment for services", 24)
        assert (first.http_status_code, first.message) == (
            201,
            "Lightning invoice created successfully",
        )
        second = hercle.call(CreateLightningInvoice(Decimal("1e-8"), "Grüße ⚡", 720))
        check_created(second, 1000, "Grüße ⚡", 720)
        third = hercle.call(CreateLightningInvoice(Decimal("20999999.99999999")))
        check_created(third, 2_099_999_999_999_999_000, "", 24)
        rows = listed(hercle)
        assert len(rows) == 3
        check_listed(rows[0], first, 100_000, "Payment for services")
        check_listed(rows[1], second, 1, "Grüße ⚡")
        check_listed(rows[2], third, 2_099_999_999_999_999, "")
        assert [type(event) for event in events_until(hercle, Connected)] == [Connected]


def test_the_origin_is_enough(open_hercle: Opens, peer: AspNetCore, key: str) -> None:
    with open_hercle(key, url=peer.url) as hercle:
        created = hercle.call(sats(5, "by origin"))
        assert [row.id for row in listed(hercle)] == [created.id]


def test_without_negotiation(open_hercle: Opens, peer: AspNetCore, key: str) -> None:
    with open_hercle(key, url=peer.url, skip_negotiation=True) as hercle:
        created = hercle.call(sats(5))
        assert [row.id for row in listed(hercle)] == [created.id]


def test_many_at_the_same_time(open_hercle: Opens, peer: AspNetCore, key: str) -> None:
    with open_hercle(key, url=peer.url) as hercle:
        commands = [sats(number, f"number {number}") for number in range(1, 6)]
        calls = hercle.start_together(*commands)
        for number, call in enumerate(calls, 1):
            check_created(call.result(), number * 1000, f"number {number}", 24)
        assert len(listed(hercle)) == 5


def test_both_roads_lead_to_the_same_invoices(
    open_hercle: Opens, open_hercle_rest: Opens, peer: AspNetCore, key: str
) -> None:
    with open_hercle(key, url=peer.url) as hub, open_hercle_rest(key, url=peer.url) as rest:
        by_hub = hub.call(sats(1, "by the hub"))
        by_rest = rest.call(sats(2, "by REST", 1))
        check_created(by_rest, 2000, "by REST", 1)
        assert (by_rest.http_status_code, by_rest.message) == (None, None)
        assert [row.id for row in listed(hub)] == [by_hub.id, by_rest.id]
        assert listed(rest) == listed(hub)


def test_a_wrong_key_is_tried_once(open_hercle: Opens, peer: AspNetCore) -> None:
    with relay(peer.url) as counting:
        opening = open_hercle("wrong-key", url=counting.url, reconnect=AT_ONCE)
        refused = never_opens(opening, Unauthorized)
    assert refused.status == 401
    assert counting.connections == 1


def test_a_hub_without_these_methods(open_hercle: Opens, peer: AspNetCore, key: str) -> None:
    """It says that it has no such method, so surely nothing was made."""
    with open_hercle(key, url=f"{peer.url}/plain") as hercle:
        with pytest.raises(CommandRefused) as refused:
            hercle.call(sats(1))
        assert refused.value.code == "unknown method"
        with pytest.raises(CommandRefused):
            hercle.call(GetLightningInvoices())


@pytest.mark.parametrize(
    ("arguments", "proof"),
    [
        ((["an", "array"],), "arguments"),
        (("id", "0.001", None, None), "arguments"),
        (("id", 1, None, 1.5), "arguments"),
        (("id", 1, "fault:throw", None), None),
    ],
)
def test_what_an_error_proves(
    open_signalr: Opens,
    peer: AspNetCore,
    mortal: AspNetCore,
    key: str,
    arguments: tuple[object, ...],
    proof: str | None,
) -> None:
    """The table of .NET's texts, with details (`mortal` tells them) and without."""
    for server in (peer, mortal):
        with open_signalr(f"{server.url}{HUB}", key=key) as hub:
            with pytest.raises(InvocationFailed) as failure:
                hub.call(nothing("CreateLightningInvoice", *arguments))
            assert proof_of_refusal("CreateLightningInvoice", failure.value.reason) == proof


# -- faults ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["", "?data=string", "?clientid=omit"])
@pytest.mark.parametrize(
    ("memo", "reason", "code", "status"),
    [
        (
            "fault:refuse",
            "Lightning is not enabled for this account",
            "ACCOUNT_NOT_ENABLED",
            None,
        ),
        ("fault:status", "checks failed", None, 422),
    ],
)
def test_refused(
    open_hercle: Opens,
    peer: AspNetCore,
    key: str,
    query: str,
    memo: str,
    reason: str,
    code: str | None,
    status: int | None,
) -> None:
    with open_hercle(key, url=f"{peer.url}{HUB}{query}") as hercle:
        with pytest.raises(CommandRefused) as refused:
            hercle.call(sats(1, memo))
        assert refused.value.reason == reason
        assert refused.value.code == code
        assert refused.value.status == status
        assert listed(hercle) == ()


@pytest.mark.parametrize("memo", ["fault:refuse", "fault:status"])
def test_an_error_with_neither_client_id_nor_subject(
    open_hercle: Opens, peer: AspNetCore, key: str, memo: str
) -> None:
    """It may be about anything, so it refuses nothing."""
    with open_hercle(key, url=f"{peer.url}{HUB}?envelope=bare") as hercle:
        with pytest.raises(OutcomeUnknown) as unknown:
            hercle.call(sats(1, memo), timeout=0.2)
        assert isinstance(unknown.value.cause, TimedOut)
        [*_, error] = events_until(hercle, UnmatchedAnswer)
        assert isinstance(error, UnmatchedAnswer)
        assert isinstance(error.answer, ErrorAnswer)
        assert listed(hercle) == ()


def test_silent(open_hercle: Opens, peer: AspNetCore, key: str) -> None:
    with open_hercle(key, url=peer.url) as hercle:
        with pytest.raises(OutcomeUnknown) as unknown:
            hercle.call(sats(1, "fault:silent"), timeout=0.2)
        assert isinstance(unknown.value.cause, TimedOut)
        assert unknown.value.ended_at - unknown.value.sent_at >= 0.1
        found = hercle.call(Reconcile(unknown.value))
        assert isinstance(found, Candidates)
        assert [row.memo for row in found.rows] == ["fault:silent"]  # so it was made
        assert listed(hercle) == found.rows  # and looking it up made no other


def test_twice(open_hercle: Opens, peer: AspNetCore, key: str) -> None:
    with open_hercle(key, url=peer.url) as hercle:
        command = CreateLightningInvoice.for_sats(1, "fault:twice", client_id="mine")
        created = hercle.call(command)
        [*_, second] = events_until(hercle, UnmatchedAnswer)
        assert isinstance(second, UnmatchedAnswer)
        assert second.client_id == "mine"
        assert second.subject == "execution.invoice.created"
        assert second.answer == created
        assert [row.id for row in listed(hercle)] == [created.id]


def test_late(open_hercle: Opens, peer: AspNetCore, key: str) -> None:
    with open_hercle(key, url=peer.url) as hercle:
        created = hercle.call(sats(1, "fault:late:50"))
        check_created(created, 1000, "fault:late:50", 24)


def test_too_late(open_hercle: Opens, peer: AspNetCore, key: str) -> None:
    with open_hercle(key, url=peer.url) as hercle:
        with pytest.raises(OutcomeUnknown):
            hercle.call(sats(1, "fault:late:300"), timeout=0.1)
        [*_, late] = events_until(hercle, AnsweredLate)
        assert isinstance(late, AnsweredLate)
        assert isinstance(late.answer, CreatedInvoice)
        assert isinstance(late.command, CreateLightningInvoice)
        assert late.command.memo == "fault:late:300"
        assert [row.id for row in listed(hercle)] == [late.answer.id]


def test_early(open_hercle: Opens, peer: AspNetCore, key: str) -> None:
    """The event comes before the Completion, which is for nobody then."""
    with open_hercle(key, url=peer.url) as hercle:
        created = [hercle.call(sats(n, "fault:early")) for n in (1, 2, 3)]
        assert [row.id for row in listed(hercle)] == [each.id for each in created]
        late = hercle.call(sats(4, "fault:late:350"))  # by then the Completions have come
        assert len(listed(hercle)) == 4
        assert late.id not in {each.id for each in created}
        assert [type(event) for event in events_until(hercle, Connected)] == [Connected]


def test_drop(open_hercle: Opens, peer: AspNetCore, key: str) -> None:
    with open_hercle(key, url=peer.url, reconnect=AT_ONCE) as hercle:
        with pytest.raises(OutcomeUnknown) as unknown:
            hercle.call(sats(1, "fault:drop"))
        assert isinstance(unknown.value.cause, ConnectionFailed)
        assert [row.memo for row in listed(hercle)] == ["fault:drop"]  # made, and once
        kinds = [type(event) for event in (hercle.next_event() for _ in range(3))]
        assert kinds == [Connected, Reconnecting, Connected]


def test_throw(open_hercle: Opens, peer: AspNetCore, key: str) -> None:
    with open_hercle(key, url=peer.url) as hercle:
        with pytest.raises(OutcomeUnknown) as unknown:
            hercle.call(sats(1, "fault:throw"))
        assert isinstance(unknown.value.cause, ApiError)
        assert "the hub method failed" in str(unknown.value.cause)
        assert listed(hercle) == ()


def test_foreign(open_hercle: Opens, peer: AspNetCore, key: str) -> None:
    with open_hercle(key, url=peer.url) as hercle:
        created = hercle.call(sats(1, "fault:foreign"))
        [*_, foreign] = events_until(hercle, UnmatchedAnswer)
        assert isinstance(foreign, UnmatchedAnswer)
        assert foreign.client_id == "somebody-else"
        assert foreign.answer == created  # the server says the same twice
        assert [row.id for row in listed(hercle)] == [created.id]


def test_a_given_up_call_is_answered_late(open_hercle: Opens, peer: AspNetCore, key: str) -> None:
    with open_hercle(key, url=peer.url) as hercle:
        pending = hercle.start(sats(1, "fault:late:200"), timeout=0.1)
        others = [hercle.start(sats(number)) for number in (2, 3)]
        assert isinstance(pending.error(), OutcomeUnknown)
        assert all(isinstance(other.result(), CreatedInvoice) for other in others)
        [*_, late] = events_until(hercle, AnsweredLate)
        assert isinstance(late, AnsweredLate)
        assert len(listed(hercle)) == 3


# -- REST ------------------------------------------------------------------------------------------


def test_rest(open_hercle_rest: Opens, peer: AspNetCore, key: str) -> None:
    with open_hercle_rest(key, url=peer.url) as rest:
        assert listed(rest) == ()
        first = rest.call(CreateLightningInvoice(Decimal("0.001"), "Payment for services", 24))
        check_created(first, 100_000_000, "Payment for services", 24)
        second = rest.call(CreateLightningInvoice(Decimal("0.00000001")))
        check_created(second, 1000, "", 24)
        rows = listed(rest)
        assert len(rows) == 2
        check_listed(rows[0], first, 100_000, "Payment for services")
        check_listed(rows[1], second, 1, "")


def test_rest_keeps_its_connection(open_hercle_rest: Opens, peer: AspNetCore, key: str) -> None:
    with relay(peer.url) as counting, open_hercle_rest(key, url=counting.url) as rest:
        rest.call(sats(1))
        rest.call(sats(2))
        assert len(listed(rest)) == 2
    assert counting.connections == 1


@pytest.mark.parametrize("command", [GetLightningInvoices(), sats(1)], ids=["list", "create"])
def test_rest_with_a_wrong_key(
    open_hercle_rest: Opens, peer: AspNetCore, command: GetLightningInvoices
) -> None:
    with relay(peer.url) as counting, open_hercle_rest("wrong-key", url=counting.url) as rest:
        with pytest.raises(CommandRefused) as refused:
            rest.call(command)
        assert refused.value.status == 401
        assert isinstance(refused.value.__cause__, Unauthorized)
        assert "wrong-key" not in str(refused.value)
    assert counting.connections == 1


def test_rest_asks_who_gives_keys_once_more(
    open_hercle_rest: Opens, peer: AspNetCore, key: str
) -> None:
    keys = ["expired", key]
    with open_hercle_rest(lambda: keys.pop(0), url=peer.url) as rest:
        created = rest.call(sats(1))
        assert [row.id for row in listed(rest)] == [created.id]
    assert keys == []


def test_rest_at_the_wrong_place(open_hercle_rest: Opens, peer: AspNetCore, key: str) -> None:
    with open_hercle_rest(key, url=f"{peer.url}/api/v2/invoices") as rest:
        with pytest.raises(CommandRefused) as refused:
            rest.call(sats(1))
        assert refused.value.status == 404
