"""What pushed invoices add up to: by month, by country, by destination, and all together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import tzinfo
from typing import TypeAlias

from hercle_sandbox._checks import country_of
from hercle_sandbox._pushed import Payment
from hercle_sandbox._store import moment

__all__ = ["totals"]

_Told: TypeAlias = Mapping[str, object]
_Groups: TypeAlias = dict[str, list[Payment]]


def totals(payments: Sequence[Payment], zone: tzinfo) -> _Told:
    """Reflex's `aggregated`. Months are those of `zone`; ones without a payment are left out.

    Countries and destinations come with the largest amount first.
    """
    months = _grouped(payments, lambda payment: _month(payment, zone))
    nodes = _grouped(payments, lambda payment: payment.destination)
    countries = _grouped(payments, lambda payment: country_of(payment.destination))
    return {
        "aggregation_interval": "MONTH",
        "list": [{"date": month, **_total(months[month])} for month in sorted(months)],
        "stats": {
            "countries": [
                {"country": country, "pubkeys": _pubkeys(countries[country])}
                | _total(countries[country])
                for country in _largest_first(countries)
            ],
            "destinations": [
                {"pubkey": pubkey, **_total(nodes[pubkey])} for pubkey in _largest_first(nodes)
            ],
        },
        "total": _total(payments),
    }


def _month(payment: Payment, zone: tzinfo) -> str:
    """Its first day."""
    return moment(payment.created_ms).astimezone(zone).date().replace(day=1).isoformat()


def _pubkeys(payments: Iterable[Payment]) -> list[str]:
    return list(dict.fromkeys(payment.destination for payment in payments))


def _grouped(payments: Iterable[Payment], by: Callable[[Payment], str]) -> _Groups:
    groups: _Groups = {}
    for payment in payments:
        groups.setdefault(by(payment), []).append(payment)
    return groups


def _largest_first(groups: _Groups) -> list[str]:
    return sorted(groups, key=lambda name: (-_msat(groups[name]), name))


def _msat(payments: Iterable[Payment]) -> int:
    return sum(payment.amount_msat for payment in payments)


def _total(payments: Sequence[Payment]) -> dict[str, object]:
    return {"amount_msat": str(_msat(payments)), "count": len(payments)}
