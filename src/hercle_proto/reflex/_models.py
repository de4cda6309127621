"""What Reflex answers with: attrs values under the vendor's own names.

Which fields may be null, and of what type an undocumented one is, the vendor does not say. So every
field may be None, a list that is null is empty, texts are open, and whole numbers are taken as
numbers or as text. Timestamps are aware UTC.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from attrs import field, frozen

__all__ = [
    "Aggregated",
    "AggregatedStats",
    "Bucket",
    "ChannelAddress",
    "Checks",
    "City",
    "CountryShare",
    "CountryTotal",
    "DestinationChecks",
    "DestinationTotal",
    "FoundInvoices",
    "InvoiceTag",
    "Ip",
    "IpLocation",
    "IpStatistics",
    "Ips",
    "NodeChannel",
    "NodeChannels",
    "OpenValue",
    "PushedInvoice",
    "ReflexDestination",
    "ReflexInvoice",
    "RoutingHop",
    "Total",
    "TypeShare",
    "When",
]

OpenValue: TypeAlias = tuple[str, ...] | str | int | None
"""A scalar whose type nobody documents, or several."""

When: TypeAlias = datetime | str | None
"""A timestamp as aware UTC; text as it came where it is none, such as a day without a time."""


# -- invoices --------------------------------------------------------------------------------------


@frozen(kw_only=True)
class RoutingHop:
    """A node that a payment request's route hints lead over."""

    pubkey: str | None = None


@frozen(kw_only=True)
class InvoiceTag:
    """A tag as Reflex keeps it."""

    key: str | None = None
    string_value: str | None = None
    number_value: Decimal | None = None
    boolean_value: bool | None = None


@frozen(kw_only=True)
class ReflexInvoice:
    """An invoice as Reflex keeps it. Amounts are `amount_msats` here, `amount_msat` in totals."""

    account_id: str | None = field(default=None, repr=False)
    amount_msats: int | None = None
    amount_sats: int | None = None
    created_at: datetime | None = None
    """When it was pushed."""
    description: str | None = None
    destination: str | None = None
    id: str | None = None
    invoice_created_at: datetime | None = None
    invoice_expiry_at: datetime | None = None
    payment_hash: str | None = None
    payment_request: str | None = None
    routing_info: tuple[RoutingHop, ...] = ()
    tags: tuple[InvoiceTag, ...] = ()


# -- getInvoices -----------------------------------------------------------------------------------


@frozen(kw_only=True)
class Total:
    """All together."""

    amount_msat: int | None = None
    count: int | None = None


@frozen(kw_only=True)
class Bucket:
    """One interval. `date` is in the session's time zone."""

    amount_msat: int | None = None
    count: int | None = None
    date: When = None


@frozen(kw_only=True)
class CountryTotal:
    """What went to nodes of one country."""

    amount_msat: int | None = None
    count: int | None = None
    country: str | None = None
    pubkeys: OpenValue = None


@frozen(kw_only=True)
class DestinationTotal:
    """What went to one node."""

    amount_msat: int | None = None
    count: int | None = None
    pubkey: str | None = None


@frozen(kw_only=True)
class AggregatedStats:
    """Totals by country and by destination."""

    countries: tuple[CountryTotal, ...] = ()
    destinations: tuple[DestinationTotal, ...] = ()


@frozen(kw_only=True)
class Aggregated:
    """What the invoices add up to. `list` is by interval, of the length `aggregation_interval`."""

    aggregation_interval: str | None = None
    list: tuple[Bucket, ...] = ()
    stats: AggregatedStats | None = None
    total: Total | None = None


@frozen(kw_only=True)
class FoundInvoices:
    """The answer to `FindInvoices`. What was not asked for is empty or None.

    A row that came as null is an invoice of which nothing is told, so that a page is as long here
    as it was there.
    """

    aggregated: Aggregated | None = None
    list: tuple[ReflexInvoice, ...] = field(default=(), repr=lambda rows: f"<{len(rows)}>")


# -- pushInvoice -----------------------------------------------------------------------------------


@frozen(kw_only=True)
class ChannelAddress:
    """An on-chain address that a channel had to do with."""

    address: str | None = None
    flags: OpenValue = None
    id: str | None = None


@frozen(kw_only=True)
class NodeChannel:
    """A channel of the destination. `chan_id` is an int where it reads as one."""

    addresses: tuple[ChannelAddress, ...] = ()
    chan_id: int | str | None = None
    id: str | None = None


@frozen(kw_only=True)
class NodeChannels:
    """The destination's channels."""

    list: tuple[NodeChannel, ...] = ()


@frozen(kw_only=True)
class IpLocation:
    """Where an address is thought to be."""

    city: str | None = None
    country: str | None = None
    country_code: str | None = None
    id: str | None = None
    lat: Decimal | None = None
    lon: Decimal | None = None


@frozen(kw_only=True)
class Ip:
    """An IP address that the destination announces or announced."""

    created_at: datetime | None = None
    flags: OpenValue = None
    id: str | None = None
    ip_address: str | None = None
    ip_type: str | None = None
    is_current: bool | None = None
    is_hosting: bool | None = None
    is_proxy: bool | None = None
    is_residential_proxy: bool | None = None
    is_smartdns: bool | None = None
    is_tor: bool | None = None
    is_vpn: bool | None = None
    is_vpn_datacenter: bool | None = None
    isp: str | None = None
    locations: tuple[IpLocation, ...] = ()
    org: str | None = None
    port: int | None = None
    pubkey: str | None = None
    vpn_service_name: str | None = None


@frozen(kw_only=True)
class City:
    """A city of a country's share."""

    city: str | None = None


@frozen(kw_only=True)
class CountryShare:
    """How many of the addresses are in a country."""

    amount: int | None = None
    cities: tuple[City, ...] = ()
    country: str | None = None
    country_code: str | None = None
    percent: Decimal | None = None


@frozen(kw_only=True)
class TypeShare:
    """How many of the addresses are of a type."""

    amount: int | None = None
    percent: Decimal | None = None
    type: str | None = None


@frozen(kw_only=True)
class IpStatistics:
    """The addresses by country and by type."""

    country: tuple[CountryShare, ...] = ()
    types: tuple[TypeShare, ...] = ()


@frozen(kw_only=True)
class Ips:
    """The destination's IP addresses."""

    list: tuple[Ip, ...] = ()
    statistics: IpStatistics | None = None


@frozen(kw_only=True)
class DestinationChecks:
    """What was found out about a destination, and when."""

    channels: NodeChannels | None = None
    ips: Ips | None = None
    report_date: When = None


@frozen(kw_only=True)
class ReflexDestination:
    """A node that the payment request names; `field_location` says where in it."""

    checks: DestinationChecks | None = None
    field_location: str | None = None
    id: str | None = None
    pubkey: str | None = None


@frozen(kw_only=True)
class Checks:
    """What is known about where the money goes."""

    destinations: tuple[ReflexDestination, ...] = ()


@frozen(kw_only=True)
class PushedInvoice:
    """The answer to `PushInvoice`."""

    checks: Checks | None = None
    invoice: ReflexInvoice | None = None
