"""Reflex's answers for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from rich.text import Text

from hercle_cli._show import console, moment, sats, show_fields, show_table
from hercle_cli._text import counted, plain, visible
from hercle_proto.reflex import (
    Aggregated,
    CountryTotal,
    DestinationTotal,
    FoundInvoices,
    InvoiceTag,
    OpenValue,
    PushedInvoice,
    ReflexDestination,
    ReflexInvoice,
    When,
)

__all__ = ["show_found", "show_pushed", "show_totals"]


# -- what was pushed -------------------------------------------------------------------------------


def show_pushed(pushed: PushedInvoice, *, saved: bool) -> None:
    """The invoice as Reflex read it, and what is known of where the money goes."""
    invoice = pushed.invoice or ReflexInvoice()
    named = f"Invoice {visible(invoice.id)}" if invoice.id else "The invoice"
    title = "was pushed." if saved else "was looked at, and not saved."
    console().print(Text(f"{named} {title}", style="bold"))
    show_fields(
        ("Amount", _amount(invoice.amount_msats)),
        ("Description", invoice.description),
        ("Tags", _tags(invoice.tags)),
        ("Destination", invoice.destination),
        ("Payment hash", invoice.payment_hash),
        ("Created", moment(invoice.invoice_created_at)),
        ("Expires", moment(invoice.invoice_expiry_at)),
    )
    for destination in pushed.checks.destinations if pushed.checks else ():
        _show_destination(destination)


def _show_destination(destination: ReflexDestination) -> None:
    console().print(f"Checks of {visible(destination.pubkey or 'a destination')}:", soft_wrap=True)
    checks = destination.checks
    channels = checks.channels.list if checks and checks.channels else ()
    addresses = [address for channel in channels for address in channel.addresses]
    flagged = [address for address in addresses if _open(address.flags)]
    ips = checks.ips if checks else None
    statistics = ips.statistics if ips else None
    countries = statistics.country if statistics else ()
    types = statistics.types if statistics else ()
    show_fields(
        ("Found in", destination.field_location),
        ("Report of", _when(checks.report_date if checks else None)),
        ("Channels", f"{len(channels):,}"),
        *(("Flagged address", f"{a.address or a.id}: {_open(a.flags)}") for a in flagged),
        ("IP addresses", f"{len(ips.list if ips else ()):,}"),
        ("Countries", ", ".join(_share(s.country or s.country_code, s.percent) for s in countries)),
        ("Types", ", ".join(_share(s.type, s.percent) for s in types)),
    )


def _share(name: str | None, percent: Decimal | None) -> str:
    return (name or "?") + ("" if percent is None else f" {plain(percent)} %")


# -- what was found --------------------------------------------------------------------------------


def show_found(found: FoundInvoices, *, totals: bool) -> None:
    """A table, in the order of the answer, and what all that was found adds up to."""
    if found.list:
        _show_rows(found.list)
    else:
        console().print("No invoices were found.")
    if totals:
        show_totals(found)


def _show_rows(invoices: Sequence[ReflexInvoice]) -> None:
    show_table(
        ("ID", "Amount", "Description", "Destination", "Pushed", "Tags"),
        (
            (
                invoice.id,
                _amount(invoice.amount_msats),
                invoice.description,
                invoice.destination,
                moment(invoice.created_at),
                _tags(invoice.tags),
            )
            for invoice in invoices
        ),
    )


def show_totals(found: FoundInvoices) -> None:
    """What they add up to."""
    totals = found.aggregated or Aggregated()
    if totals.total is not None:
        number = "" if totals.total.count is None else counted(totals.total.count)
        told = (number, _amount(totals.total.amount_msat))
        console().print(f"\nAll together: {', '.join(filter(None, told))}")
    stats = totals.stats
    interval = totals.aggregation_interval or "interval"
    by_interval = ((_when(each.date), each.count, each.amount_msat) for each in totals.list)
    _show_totals(f"By {interval}", "From", by_interval)
    countries: Sequence[CountryTotal] = stats.countries if stats else ()
    _show_totals(
        "By country",
        "Country",
        ((each.country, each.count, each.amount_msat) for each in countries),
    )
    nodes: Sequence[DestinationTotal] = stats.destinations if stats else ()
    _show_totals(
        "By destination", "Node", ((each.pubkey, each.count, each.amount_msat) for each in nodes)
    )


def _show_totals(
    title: str, heading: str, rows: Iterable[tuple[str | None, int | None, int | None]]
) -> None:
    texts = [(name, "" if n is None else f"{n:,}", _amount(msat)) for name, n, msat in rows]
    if texts:
        console().print(f"\n{visible(title)}:")
        show_table((heading, "Invoices", "Amount"), texts)


# -- values ----------------------------------------------------------------------------------------


def _amount(msat: int | None) -> str:
    return "" if msat is None else sats(msat)


def _when(when: When) -> str:
    return moment(when) if isinstance(when, datetime) else when or ""


def _open(value: OpenValue) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value or "")


def _tags(tags: Sequence[InvoiceTag]) -> str:
    return ", ".join(f"{tag.key}={_value(tag)}" for tag in tags)


def _value(tag: InvoiceTag) -> str:
    if tag.number_value is not None:
        return plain(tag.number_value)
    if tag.boolean_value is not None:
        return str(tag.boolean_value).lower()
    return tag.string_value or ""
