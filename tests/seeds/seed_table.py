"""Every field and argument of the four seeds, the vendors' pages: what stands on the wire, and what
it is here.

Within an answer no two values are equal, but for booleans, of which one is true at a time: so a
field read in another's place is noticed.

Long because it is one table.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, TypeAlias

from hercle_proto.bolt11 import Network, encode
from hercle_proto.hercle import LightningInvoice
from hercle_proto.reflex import (
    Aggregated,
    AggregatedStats,
    Bucket,
    ChannelAddress,
    Checks,
    City,
    CountryShare,
    CountryTotal,
    DestinationChecks,
    DestinationTotal,
    FoundInvoices,
    InvoiceTag,
    Ip,
    IpLocation,
    Ips,
    IpStatistics,
    NodeChannel,
    NodeChannels,
    PushedInvoice,
    ReflexDestination,
    ReflexInvoice,
    RoutingHop,
    Tag,
    Total,
    TypeShare,
)
from seed_kinds import (
    Argument,
    Field,
    ListOf,
    Seed,
    Spec,
    a_list,
    a_number,
    a_text,
    a_time,
    a_truth,
    a_when,
    a_whole,
    an_object,
    an_open,
)

__all__ = ["ARGUMENTS", "FIELDS", "KEY"]


# -- Hercle ----------------------------------------------------------------------------------------

KEY: Final = "good-key"
_NODE_KEY: Final = bytes(31) + b"\x01"


def _payment_request(hashed: bytes) -> str:
    return encode(
        _NODE_KEY,
        network=Network.REGTEST,
        amount_msat=100_000_000,
        created_at=datetime(2024, 3, 28, tzinfo=UTC),
        payment_hash=hashed,
        payment_secret=bytes(32),
        description="Payment for services",
        expiry_seconds=24 * 3600,
    )


_LISTED: Final[dict[str, Spec]] = {
    "id": a_text("inv_abc123def456"),
    "userId": a_text("user_789xyz"),
    "email": a_text("user@example.com"),
    "encodedPaymentRequest": a_text("lnbc10u1p3xnhl2pp5jmxtqn235tkjzf..."),
    "expiresAt": a_time(30),
    "status": a_text("OPEN", "CLOSED"),
    "createdAt": a_time(28),
    "updatedAt": a_time(29),
    "memo": a_text("Payment for services"),
    "paymentHash": a_text("a1b2" * 16),
    "paymentPreimage": a_text("b2c3" * 16),
    "nodeId": a_text("02" + "a1b2" * 16),
    "invoiceType": a_text("STANDARD"),
    "expirySecs": ("3600", 3600, ('"3600"', "true", "1.5", "[]", "{}"), "999"),
    "metadata": a_text("{}"),
    "umaPostTransactionData": a_text("uma"),
    "bitcoinNetwork": a_text("mainnet"),
    "amountOriginalValue": a_number("1000"),
    "amountOriginalUnit": a_text("satoshi"),
    "amountPreferredCurrencyUnit": a_text("USD"),
    "amountPreferredCurrencyValueRounded": a_number("1"),
    "amountPreferredCurrencyValueApprox": a_number("0.65"),
}

_CREATED: Final[dict[str, Spec]] = {
    "httpStatusCode": ("201", 201, ("true", '"x"', "1.5", "[]", "{}"), "200"),
    "id": a_text("inv_abc123def456"),
    "expiresAt": a_time(29),
    "message": a_text("Lightning invoice created successfully"),
    "encodedPaymentRequest": a_text(_payment_request(bytes(32)), _payment_request(b"\x01" * 32)),
}

_DOMAIN_EVENTS: Final[Spec] = (
    '[{"type": "CREATED"}, 0.5]',
    ({"type": "CREATED"}, Decimal("0.5")),
    ("true", '"x"', "7", "{}"),
    "[]",
)

_OVER_REST: Final[dict[str, Spec]] = {
    "invoices": ("[]", ListOf(LightningInvoice), ("true", '"x"', "7", "{}"), "[]"),
    **{f"invoices[].{name}": spec for name, spec in _LISTED.items()},
    "invoices[].domainEvents": _DOMAIN_EVENTS,
}


# -- Reflex ----------------------------------------------------------------------------------------

_INVOICE: Final[dict[str, Spec]] = {
    "": an_object(ReflexInvoice),
    ".account_id": a_text("account"),
    ".amount_msats": a_whole(100_000, as_text='"{}"'),
    ".amount_sats": a_whole(100),
    ".created_at": a_time(11),
    ".description": a_text("User withdrawal"),
    ".destination": a_text("02aa"),
    ".id": a_text("r1"),
    ".invoice_created_at": a_time(12),
    ".invoice_expiry_at": a_time(13),
    ".payment_hash": a_text("c9dc7c0e"),
    ".payment_request": a_text("lntb1u1"),
    ".routing_info": a_list(RoutingHop),
    ".routing_info.pubkey": a_text("02bb"),
    ".tags": a_list(InvoiceTag),
    ".tags.boolean_value": a_truth(),
    ".tags.key": a_text("user-id"),
    ".tags.number_value": a_number("534271.25"),
    ".tags.string_value": a_text("61274095"),
}

_AGGREGATED: Final[dict[str, Spec]] = {
    "": an_object(Aggregated),
    ".aggregation_interval": a_text("MONTH"),
    ".list": a_list(Bucket),
    ".list.amount_msat": a_whole(1001, as_text='"{}"'),
    ".list.count": a_whole(11),
    ".list.date": a_when(14),
    ".stats": an_object(AggregatedStats),
    ".stats.countries": a_list(CountryTotal),
    ".stats.countries.amount_msat": a_whole(1002),
    ".stats.countries.count": a_whole(12),
    ".stats.countries.country": a_text("CH"),
    ".stats.countries.pubkeys": an_open("02cc", "02dd"),
    ".stats.destinations": a_list(DestinationTotal),
    ".stats.destinations.amount_msat": a_whole(1003),
    ".stats.destinations.count": a_whole(13),
    ".stats.destinations.pubkey": a_text("02ee"),
    ".total": an_object(Total),
    ".total.amount_msat": a_whole(1004),
    ".total.count": a_whole(14),
}

_FOUND: Final[dict[str, Spec]] = {
    "getInvoices": an_object(FoundInvoices),
    "getInvoices.find_many": an_object(FoundInvoices),
    **{f"getInvoices.find_many.aggregated{name}": spec for name, spec in _AGGREGATED.items()},
    **{f"getInvoices.find_many.list{name}": spec for name, spec in _INVOICE.items()},
    "getInvoices.find_many.list": a_list(ReflexInvoice),
}

_CHANNELS: Final[dict[str, Spec]] = {
    "": an_object(NodeChannels),
    ".list": a_list(NodeChannel),
    ".list.addresses": a_list(ChannelAddress),
    ".list.addresses.address": a_text("bc1q"),
    ".list.addresses.id": a_text("a1"),
    ".list.addresses.flags": an_open("OFAC"),
    ".list.chan_id": ('"878742812000321537"', 878742812000321537, ("true", "1.5", "[]"), '"0x1"'),
    ".list.id": a_text("c1"),
}

_IPS: Final[dict[str, Spec]] = {
    "": an_object(Ips),
    ".list": a_list(Ip),
    ".list.created_at": a_time(15),
    ".list.id": a_text("i1"),
    ".list.ip_address": a_text("192.0.2.1"),
    ".list.ip_type": a_text("ipv4"),
    ".list.is_current": a_truth(),
    ".list.is_hosting": a_truth(),
    ".list.is_proxy": a_truth(),
    ".list.is_residential_proxy": a_truth(),
    ".list.is_smartdns": a_truth(),
    ".list.is_tor": a_truth(),
    ".list.is_vpn": a_truth(),
    ".list.is_vpn_datacenter": a_truth(),
    ".list.isp": a_text("Isp"),
    ".list.locations": a_list(IpLocation),
    ".list.locations.city": a_text("Zug"),
    ".list.locations.country": a_text("Switzerland"),
    ".list.locations.country_code": a_text("CH"),
    ".list.locations.id": a_text("l1"),
    ".list.locations.lat": a_number("47.17"),
    ".list.locations.lon": a_number("-8.5"),
    ".list.org": a_text("Org"),
    ".list.port": a_whole(9735),
    ".list.pubkey": a_text("02ff"),
    ".list.flags": an_open("SEEN", "OLD"),
    ".list.vpn_service_name": a_text("Vpn"),
    ".statistics": an_object(IpStatistics),
    ".statistics.country": a_list(CountryShare),
    ".statistics.country.amount": a_whole(21),
    ".statistics.country.cities": a_list(City),
    ".statistics.country.cities.city": a_text("Bern"),
    ".statistics.country.country": a_text("Austria"),
    ".statistics.country.country_code": a_text("AT"),
    ".statistics.country.percent": a_number("62.5"),
    ".statistics.types": a_list(TypeShare),
    ".statistics.types.amount": a_whole(22),
    ".statistics.types.percent": a_number("37.5"),
    ".statistics.types.type": a_text("tor"),
}

_DESTINATION: Final = "pushInvoice.checks.destinations"

_PUSHED: Final[dict[str, Spec]] = {
    "pushInvoice": an_object(PushedInvoice),
    **{f"pushInvoice.invoice{name}": spec for name, spec in _INVOICE.items()},
    "pushInvoice.checks": an_object(Checks),
    _DESTINATION: a_list(ReflexDestination),
    f"{_DESTINATION}.checks": an_object(DestinationChecks),
    f"{_DESTINATION}.checks.report_date": a_when(16),
    **{f"{_DESTINATION}.checks.channels{name}": spec for name, spec in _CHANNELS.items()},
    **{f"{_DESTINATION}.checks.ips{name}": spec for name, spec in _IPS.items()},
    f"{_DESTINATION}.id": a_text("d1"),
    f"{_DESTINATION}.pubkey": a_text("03aa"),
    f"{_DESTINATION}.field_location": a_text("DESTINATION"),
}

FIELDS: Final = tuple(
    Field(seed, name, *spec)
    for seed, specs in {
        Seed.LIST: _LISTED,
        Seed.CREATE: _CREATED,
        Seed.REST: _OVER_REST,
        Seed.FIND: _FOUND,
        Seed.PUSH: _PUSHED,
    }.items()
    for name, spec in specs.items()
)


# -- what is sent ----------------------------------------------------------------------------------

_USER: Final = Tag("user-id", string_value="61274095-7828-45dd-98e8-2daabdb39386")
_USER_ON_WIRE: Final = '{"key":"user-id","string_value":"61274095-7828-45dd-98e8-2daabdb39386"}'
_TAGS: Final = (
    Tag("product-id", number_value=534271),
    _USER,
    Tag("is-withdrawal", boolean_value=True),
)
_TAGS_ON_WIRE: Final = (
    '[{"key":"product-id","number_value":534271},'
    f'{_USER_ON_WIRE},{{"key":"is-withdrawal","boolean_value":true}}]'
)

_Sent: TypeAlias = tuple[object, str]
"""A value, and what it is on the wire."""

_HUB_ARGUMENTS: Final[dict[Seed, dict[str, tuple[object, str, tuple[_Sent, ...]]]]] = {
    Seed.LIST: {"ClientId": ("my-request-123", '"my-request-123"', ())},
    Seed.CREATE: {
        "ClientId": ("my-invoice-123", '"my-invoice-123"', ()),
        "AmountBtc": (
            Decimal("0.001"),
            "0.001",
            ((Decimal("1E-8"), "0.00000001"), (Decimal(21_000_000), "21000000")),
        ),
        "Memo": ("Payment for services", '"Payment for services"', ((None, "null"), ("", '""'))),
        "ExpiryHours": (24, "24", ((None, "null"), (720, "720"))),
    },
}

_LONG: Final = "12345678901234567890.12345678901234567891"  # as long as may be, and no float

_VARIABLES: Final[dict[Seed, dict[str, tuple[object, str, *tuple[_Sent, ...]]]]] = {
    Seed.FIND: {
        "page/limit": (7, "7"),
        "page/offset": (3, "3"),
        "sort/column": ("amount_sats", '"amount_sats"'),
        "sort/direction": ("ASC", '"ASC"'),
        "filter/from": (datetime(2023, 10, 1, 14, 18, 33, tzinfo=UTC), '"2023-10-01T14:18:33Z"'),
        "filter/to": (datetime(2023, 11, 1, 14, 18, 33, tzinfo=UTC), '"2023-11-01T14:18:33Z"'),
        "filter/tags": ((_USER,), f"[{_USER_ON_WIRE}]"),
        "filter/tags/0/key": (_USER.key, f'"{_USER.key}"'),
        "filter/tags/0/string_value": (_USER.string_value, f'"{_USER.string_value}"'),
    },
    Seed.PUSH: {
        "invoice/payment_request": ("lnbc1", '"lnbc1"'),
        "invoice/description": ("User withdrawal", '"User withdrawal"'),
        "invoice/tags": (_TAGS, _TAGS_ON_WIRE),
        "invoice/tags/1/key": (_USER.key, f'"{_USER.key}"'),
        "invoice/tags/0/number_value": (534271, "534271", (Decimal(_LONG), _LONG)),
        "invoice/tags/1/string_value": (_USER.string_value, f'"{_USER.string_value}"'),
        "invoice/tags/2/boolean_value": (True, "true", (False, "false")),
        "options/invoice/do_not_save": (True, "true", (False, "false")),
    },
}

_HEADERS: Final = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}


def _variable(seed: Seed, pointer: str, value: object, wire: str, *more: _Sent) -> Argument:
    steps = pointer.split("/")
    name = "/".join(step for step in steps if not step.isdecimal())
    path = tuple(int(step) if step.isdecimal() else step for step in steps)
    return Argument(seed, name, value, wire, ("variables", *path), more)


ARGUMENTS: Final = (
    *(
        Argument(seed, name, value, wire, ("arguments", place), more)
        for seed, arguments in _HUB_ARGUMENTS.items()
        for place, (name, (value, wire, more)) in enumerate(arguments.items())
    ),
    *(
        Argument(Seed.REST, name, value, f'"{value}"', ("headers", name.lower()))
        for name, value in _HEADERS.items()
    ),
    *(
        _variable(seed, pointer, *told)
        for seed, variables in _VARIABLES.items()
        for pointer, told in variables.items()
    ),
)
