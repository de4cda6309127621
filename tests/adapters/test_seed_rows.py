"""Every row of the vendors' pages, in every driver, against the sandbox.

docs/coverage.md lists the rows. Here a value is compared with what the sandbox must have told; the
exact types by field are in tests/seeds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any, get_args, get_origin, get_type_hints

import attrs
import msgspec
import pytest
from graphql import FieldNode, OperationDefinitionNode, parse

from drivers import Client, Driver
from graphql_peer import DATA
from hercle_proto.bolt11 import Hop, Network, PaymentRequest, encode
from hercle_proto.hercle import (
    CreatedInvoice,
    CreateLightningInvoice,
    GetLightningInvoices,
    LightningInvoice,
)
from hercle_proto.reflex import (
    CountryTotal,
    DestinationTotal,
    FindInvoices,
    GetHello,
    InvoiceTag,
    Part,
    PushedInvoice,
    PushInvoice,
    ReflexInvoice,
    RoutingHop,
    Tag,
    Total,
)
from hercle_sandbox import Running, running_sandbox

pytestmark = pytest.mark.usefixtures("nothing_left")


@pytest.fixture
def sandbox(nothing_left: None) -> Iterator[Running]:
    with running_sandbox() as running:
        yield running


# -- Hercle ----------------------------------------------------------------------------------------

CREATE = CreateLightningInvoice(
    Decimal("0.00123456"), "Gr\u00fc\u00dfe \u26a1", 3, client_id="my-invoice-123"
)
LIST = GetLightningInvoices("my-request-123")


def as_listed(created: CreatedInvoice, row: LightningInvoice) -> LightningInvoice:
    """The row that must be there once the invoice is closed; its times and its preimage are proven
    by the payment request.
    """
    request = PaymentRequest.parse(created.encoded_payment_request or "")
    assert row.created_at is not None
    assert row.updated_at is not None
    assert row.created_at.replace(microsecond=0) == request.created_at
    assert row.created_at <= row.updated_at <= row.created_at + timedelta(minutes=1)
    preimage = bytes.fromhex(row.payment_preimage or "")
    assert sha256(preimage).digest() == request.payment_hash
    return LightningInvoice(
        id=created.id,
        user_id="user_sandbox",
        email="sandbox@example.com",
        encoded_payment_request=created.encoded_payment_request,
        expires_at=created.expires_at,
        status="CLOSED",
        created_at=row.created_at,
        updated_at=row.updated_at,
        memo=CREATE.memo,
        payment_hash=request.payment_hash.hex(),
        payment_preimage=preimage.hex(),
        node_id=request.payee.hex(),
        invoice_type="STANDARD",
        expiry_secs=3 * 3600,
        metadata="{}",
        uma_post_transaction_data="",
        bitcoin_network="regtest",
        amount_original_value=Decimal(123_456),
        amount_original_unit="satoshi",
        amount_preferred_currency_unit="USD",
        amount_preferred_currency_value_rounded=Decimal(80),
        amount_preferred_currency_value_approx=Decimal("80.25"),
        domain_events=row.domain_events,
    )


def types(struct: msgspec.Struct) -> dict[str, type]:
    return {name: type(getattr(struct, name)) for name in struct.__struct_fields__}


def only_invoice(client: Client) -> LightningInvoice:
    snapshot = client.call(LIST)
    assert snapshot.unreadable == ()
    (row,) = snapshot.invoices
    return row


def test_create_and_list(driver: Driver, sandbox: Running) -> None:
    with (
        driver.open(lambda by: by.open_hercle(sandbox.api_key, url=sandbox.url)) as hub,
        driver.open(lambda by: by.open_hercle_rest(sandbox.api_key, url=sandbox.url)) as rest,
    ):
        created = hub.call(CREATE)
        assert created.http_status_code == 201
        assert created.message == "Lightning invoice created successfully"
        request = PaymentRequest.parse(created.encoded_payment_request or "")
        assert (request.amount_msat, request.description) == (123_456_000, CREATE.memo)
        assert request.expiry_seconds == 3 * 3600
        assert created.expires_at is not None
        assert created.expires_at.replace(microsecond=0) == request.expires_at

        listed = only_invoice(hub)
        assert (listed.status, listed.updated_at) == ("OPEN", None)
        sandbox.close_invoice(created.id)
        over_hub, over_rest = only_invoice(hub), only_invoice(rest)
    assert over_hub == as_listed(created, over_hub)
    assert types(over_hub) == types(as_listed(created, over_hub))
    assert over_hub.domain_events is None
    told = [name for name in types(over_hub) if getattr(over_hub, name) is None]
    assert told == ["domain_events"]
    assert over_rest == msgspec.structs.replace(over_hub, domain_events=())
    assert types(over_rest) == {**types(over_hub), "domain_events": tuple}


@pytest.mark.parametrize("opener", ["open_hercle", "open_hercle_rest"])
def test_a_memo_and_hours_of_none(driver: Driver, sandbox: Running, opener: str) -> None:
    with driver.open(lambda by: getattr(by, opener)(sandbox.api_key, url=sandbox.url)) as client:
        created = client.call(CreateLightningInvoice.for_sats(1))
        row = only_invoice(client)
    assert (row.id, row.memo, row.expiry_secs) == (created.id, "", 24 * 3600)
    assert row.amount_original_value == 1


# -- Reflex ----------------------------------------------------------------------------------------

EXAMPLE: dict[str, Any] = json.loads((DATA / "push-invoice.json").read_text("utf-8"))
PUSH = PushInvoice(
    EXAMPLE["invoice"]["payment_request"],
    EXAMPLE["invoice"]["description"],
    [
        Tag.of("product-id", 534271),
        Tag.of("user-id", "61274095-7828-45dd-98e8-2daabdb39386"),
        Tag.of("is-withdrawal", True),
    ],
)
HOP = Hop(bytes.fromhex("02" + "11" * 32), 1, 0, 0, 40)
ROUTED = encode(
    bytes(31) + b"\x07",
    network=Network.REGTEST,
    amount_msat=250_000,
    created_at=datetime(2026, 5, 1, tzinfo=UTC),
    payment_hash=bytes(32),
    payment_secret=bytes(32),
    description="from the payment request",
    expiry_seconds=600,
    route_hints=[(HOP,)],
)
OTHER = PushInvoice(ROUTED, tags=[Tag.of("product-id", Decimal("7.5"))])


def as_kept(push: PushInvoice, told: ReflexInvoice) -> ReflexInvoice:
    """What Reflex must tell of it; when, and under which id, is its own."""
    request = PaymentRequest.parse(push.payment_request, require_secret=False)
    assert request.amount_msat is not None
    return ReflexInvoice(
        account_id="user_sandbox",
        amount_msats=request.amount_msat,
        amount_sats=request.amount_msat // 1000,
        created_at=told.created_at,
        description=push.description or request.description,
        destination=request.payee.hex(),
        id=told.id,
        invoice_created_at=request.created_at,
        invoice_expiry_at=request.expires_at,
        payment_hash=request.payment_hash.hex(),
        payment_request=push.payment_request,
        routing_info=tuple(
            RoutingHop(pubkey=hop.node_id.hex()) for hint in request.route_hints for hop in hint
        ),
        tags=tuple(
            InvoiceTag(
                key=tag.key,
                string_value=tag.string_value,
                number_value=None if tag.number_value is None else Decimal(tag.number_value),
                boolean_value=tag.boolean_value,
            )
            for tag in push.tags
        ),
    )


def asked_for(document: str) -> set[str]:
    """The dotted paths of the fields that a document selects."""

    def paths(above: str, node: FieldNode | OperationDefinitionNode) -> Iterator[str]:
        for each in node.selection_set.selections if node.selection_set else ():
            assert isinstance(each, FieldNode)
            yield f"{above}{each.name.value}"
            yield from paths(f"{above}{each.name.value}.", each)

    (operation,) = parse(document).definitions
    assert isinstance(operation, OperationDefinitionNode)
    return set(paths("", operation))


def told(value: object, above: str) -> Iterator[str]:
    """The dotted paths of what an answer holds, each of the type that its class declares."""
    for name, hint in get_type_hints(type(value)).items():
        found = getattr(value, name)
        if found is None or found == ():
            continue
        of_a_list = get_origin(hint) is tuple
        allowed = get_args(hint) if get_args(hint) and not of_a_list else (hint,)
        kinds = [get_origin(kind) or kind for kind in allowed]
        assert type(found) in kinds, f"{above}.{name} is a {type(found).__name__}"
        assert not isinstance(found, datetime) or found.tzinfo is UTC
        yield f"{above}.{name}"
        for each in found if isinstance(found, tuple) else (found,):
            if attrs.has(type(each)):
                yield from told(each, f"{above}.{name}")


def test_push(driver: Driver, sandbox: Running) -> None:
    assert json.loads(msgspec.json.encode(PUSH.variables)) == EXAMPLE
    url = f"{sandbox.url}/graphql"
    with driver.open(lambda by: by.open_reflex(sandbox.api_key, url=url)) as reflex:
        assert "sandbox" in reflex.call(GetHello())

        seen = reflex.call(PushInvoice(PUSH.payment_request, do_not_save=True))
        assert seen.invoice is not None
        assert seen.invoice.payment_request == PUSH.payment_request
        assert reflex.call(FindInvoices()).list == ()

        example, other = reflex.call(PUSH), reflex.call(OTHER)
    fields = {"pushInvoice"}
    for push, pushed in ((PUSH, example), (OTHER, other)):
        assert pushed.invoice is not None
        assert pushed.invoice == as_kept(push, pushed.invoice)
        assert pushed.invoice.created_at is not None
        assert abs(datetime.now(UTC) - pushed.invoice.created_at) < timedelta(minutes=1)
        check_destinations(pushed)
        fields |= set(told(pushed, "pushInvoice"))
    assert fields == asked_for(PUSH.document)


def check_destinations(pushed: PushedInvoice) -> None:
    """What is known of them is of the node itself, and adds up."""
    assert pushed.invoice is not None
    assert pushed.checks is not None
    destination, *hops = pushed.checks.destinations
    assert destination.pubkey == pushed.invoice.destination
    assert [hop.pubkey for hop in hops] == [hop.pubkey for hop in pushed.invoice.routing_info]
    for each in pushed.checks.destinations:
        assert each.checks is not None
        ips = each.checks.ips
        assert ips is not None
        assert ips.statistics is not None
        assert {ip.pubkey for ip in ips.list} == {each.pubkey}
        for shares in (ips.statistics.country, ips.statistics.types):
            assert sum(share.amount or 0 for share in shares) == len(ips.list)
            assert sum(share.percent or Decimal(0) for share in shares) == 100


def test_find(driver: Driver, sandbox: Running) -> None:
    url = f"{sandbox.url}/graphql"
    with driver.open(lambda by: by.open_reflex(sandbox.api_key, url=url, timezone="UTC")) as reflex:
        first = reflex.call(PUSH).invoice
        sandbox.set_clock_offset(timedelta(days=40))
        second = reflex.call(OTHER).invoice
        assert first is not None
        assert second is not None
        for find, rows in (
            (FindInvoices(), (second, first)),
            (FindInvoices(from_=first.created_at, to=first.created_at), (first,)),
            (FindInvoices(from_=second.created_at), (second,)),
            (FindInvoices(to=first.created_at), (first,)),
            (FindInvoices(tags=PUSH.tags), (first,)),
            (FindInvoices(tags=[Tag.of("user-id", "somebody-else")]), ()),
            (FindInvoices(tags=OTHER.tags), (second,)),
            (FindInvoices(limit=1), (second,)),
            (FindInvoices(limit=1, offset=1), (first,)),
            (FindInvoices(offset=2), ()),
            (FindInvoices(sort_direction="ASC"), (first, second)),
            (FindInvoices(sort_column="amount_msats", sort_direction="ASC"), (first, second)),
            (FindInvoices(sort_column="invoice_created_at"), (second, first)),
        ):
            assert reflex.call(find).list == rows, find
        check_totals(reflex, first, second)


def check_totals(reflex: Client, first: ReflexInvoice, second: ReflexInvoice) -> None:
    """Of both, of one, and in parts."""
    whole = reflex.call(FindInvoices(limit=1))
    totals = whole.aggregated
    assert totals is not None
    assert totals.stats is not None
    assert totals.aggregation_interval == "MONTH"
    assert totals.total == Total(amount_msat=350_000, count=2)
    months = [
        each.created_at.date().replace(day=1).isoformat()
        for each in (first, second)
        if each.created_at is not None
    ]
    assert [(month.date, month.amount_msat, month.count) for month in totals.list] == [
        (months[0], 100_000, 1),
        (months[1], 250_000, 1),
    ]
    assert totals.stats.destinations == (
        DestinationTotal(amount_msat=250_000, count=1, pubkey=second.destination),
        DestinationTotal(amount_msat=100_000, count=1, pubkey=first.destination),
    )
    check_countries(totals.stats.countries, {first.destination, second.destination})
    fields = {"getInvoices", "getInvoices.find_many"}
    for offset in range(2):
        found = reflex.call(FindInvoices(limit=1, offset=offset))
        fields |= set(told(found, "getInvoices.find_many"))
    assert fields == asked_for(FindInvoices().document)

    only = reflex.call(FindInvoices(tags=PUSH.tags)).aggregated
    assert only is not None
    assert only.total == Total(amount_msat=100_000, count=1)
    stats = reflex.call(FindInvoices(parts=Part.STATS))
    assert (stats.list, stats.aggregated) == (
        (),
        attrs.evolve(totals, aggregation_interval=None, list=(), total=None),
    )
    sums = reflex.call(FindInvoices(parts=Part.AGGREGATED))
    assert (sums.list, sums.aggregated) == ((), attrs.evolve(totals, stats=None))
    rows = reflex.call(FindInvoices(parts=Part.LIST))
    assert (rows.list, rows.aggregated) == ((second, first), None)


def check_countries(countries: tuple[CountryTotal, ...], nodes: set[str | None]) -> None:
    assert sum(country.amount_msat or 0 for country in countries) == 350_000
    assert sum(country.count or 0 for country in countries) == 2
    keys = [key for country in countries for key in as_tuple(country.pubkeys)]
    assert (len(keys), {*keys}) == (2, nodes)


def as_tuple(value: object) -> tuple[object, ...]:
    assert isinstance(value, tuple)
    return value
