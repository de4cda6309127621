"""The PyPI package `bolt11` as a second opinion: what it reads and writes, in our terms.

It takes no Python newer than 3.12, so it is imported by the first question to it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from importlib import import_module
from types import ModuleType
from typing import Any, Final

from attrs import evolve

from hercle_proto.bolt11 import Hop, Network, PaymentRequest
from written_requests import Written, check_fields

__all__ = [
    "FAULTS",
    "MISSING",
    "REFUSED",
    "differences",
    "package",
    "reads_what_we_write",
    "view",
    "writes_what_we_read",
]

MISSING: Final = sys.version_info >= (3, 13)
"""Whether the package has nothing for this Python."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_NUMBER: Final = 2**59
_THOUSAND_BITCOIN: Final = 10**14


def package() -> ModuleType:
    """The package itself."""
    return import_module("bolt11")


# -- its known faults ------------------------------------------------------------------------------


def _fallback_is(request: PaymentRequest, *first: str) -> bool:
    return bool(request.fallbacks) and request.fallbacks[0].startswith(first)


FAULTS: Final[Mapping[str, tuple[str, Callable[[PaymentRequest], bool]]]] = {
    "it gives addresses from witness version 1 up the checksum of version 0": (
        "fallbacks",
        lambda r: _fallback_is(r, "bc1", "tb1") and r.fallbacks[0].split("1", 1)[1][0] != "q",
    ),
    "it knows no addresses of signet and regtest": (
        "fallbacks",
        lambda r: r.network in {Network.SIGNET, Network.REGTEST} and bool(r.fallbacks),
    ),
    "it keeps one fallback address only": ("fallbacks", lambda r: len(r.fallbacks) > 1),
    "it loses the last of five hops, which need no padding": (
        "route_hints",
        lambda r: any(len(hops) % 5 == 0 for hops in r.route_hints),
    ),
    "it reads what a hop costs as signed numbers": (
        "route_hints",
        lambda r: any(_is_large(hop) for hops in r.route_hints for hop in hops),
    ),
    "it tells one bit of a feature of which both are set": (
        "features",
        lambda r: any(bit ^ 1 in r.features for bit in r.features),
    ),
}
"""Where it reads something else than was written: the field, and in which requests."""

REFUSED: Final[Mapping[str, Callable[[PaymentRequest], bool]]] = {
    "it takes no number zero, which needs no words": (
        lambda r: any(item.tag in "xc" and not item.data for item in r.fields)
    ),
}
"""What it refuses though it is right."""


def _is_large(hop: Hop) -> bool:
    costs = (hop.fee_base_msat, hop.fee_proportional_millionths)
    return any(cost >= 1 << 31 for cost in costs) or hop.cltv_expiry_delta >= 1 << 15


# -- reading ---------------------------------------------------------------------------------------


def view(text: str) -> dict[str, Any]:
    """What it reads, by the names of our fields. Raises whatever it raises."""
    found = package().decode(text)
    features = found.features.feature_list if found.features else {}
    try:
        fallbacks = (found.fallback.address,) if found.fallback else ()
    except ValueError:
        fallbacks = ("none that it knows",)
    return {
        "network": found.currency,
        "amount_msat": found.amount_msat,
        "created_at": _EPOCH + timedelta(seconds=found.date),
        "expiry_seconds": found.expiry,
        "payment_hash": bytes.fromhex(found.payment_hash),
        "payment_secret": bytes.fromhex(found.payment_secret),
        "description": found.description,
        "description_hash": _octets(found.description_hash),
        "metadata": _octets(found.metadata),
        "payee": bytes.fromhex(found.payee),
        "min_final_cltv_expiry": found.min_final_cltv_expiry,
        "fallbacks": fallbacks,
        "route_hints": tuple(tuple(map(_hop, hint.routes)) for hint in found.route_hints),
        "features": {2 * feature.value + state.value for feature, state in features.items()},
    }


def _octets(text: str | None) -> bytes | None:
    return None if text is None else bytes.fromhex(text)


def _hop(route: Any) -> Hop:
    block, transaction, output = map(int, route.short_channel_id.split("x"))
    return Hop(
        bytes.fromhex(route.public_key),
        block << 40 | transaction << 16 | output,
        route.base_fee,
        route.ppm_fee,
        route.cltv_expiry_delta,
    )


def reads_what_we_write(written: Written) -> None:
    """It reads every field as we do, but for its known faults."""
    assert differences(written.encode()) == []


def differences(text: str) -> list[str]:
    """What it reads otherwise than we do, its known faults apart."""
    request = PaymentRequest.parse(text, check_signature=False)
    if any(refuses(request) for refuses in REFUSED.values()):
        return []
    excused = {name for name, concerns in FAULTS.values() if concerns(request)}
    return [
        f"{name}: {getattr(request, name)!r} and {value!r}"
        for name, value in view(text).items()
        if name not in excused and getattr(request, name) != value
    ]


# -- writing ---------------------------------------------------------------------------------------


def writes_what_we_read(written: Written) -> None:
    """We read every field that it writes."""
    written = _writable(written)
    check_fields(PaymentRequest.parse(_write(written), check_signature=False), written)


def _writable(written: Written) -> Written:
    """The same without what it cannot write: thousands of bitcoin (it loses their zeros), numbers
    from 2**59 and zeros, addresses that it does not know, both bits of a feature.
    """
    arguments = dict(written.arguments)
    if arguments["amount_msat"] and arguments["amount_msat"] % _THOUSAND_BITCOIN == 0:
        arguments["amount_msat"] = 1
    for name in ("expiry_seconds", "min_final_cltv_expiry"):
        if arguments[name] is not None:
            arguments[name] = arguments[name] % _MAX_NUMBER or 1
    chain = {Network.BITCOIN: ("bc1q", "1", "3"), Network.TESTNET: ("tb1q", "m", "n", "2")}
    known = chain.get(arguments["network"], ())
    arguments["fallbacks"] = tuple(
        each for each in arguments["fallbacks"] if each.startswith(known)
    )
    bits = arguments["features"]
    arguments["features"] = frozenset(bit for bit in bits if bit % 2 or bit + 1 not in bits)
    arguments["name_payee"] = False
    return evolve(written, arguments=arguments)


def _write(written: Written) -> str:
    """A request by its encoder."""
    bolt11, told = package(), written.arguments
    network: Network = told["network"]
    tags = [
        (name, value)
        for name, value in (
            ("payment_hash", told["payment_hash"].hex()),
            ("payment_secret", told["payment_secret"].hex()),
            ("description", told["description"]),
            ("description_hash", told["description_hash"] and told["description_hash"].hex()),
            ("expire_time", told["expiry_seconds"]),
            ("min_final_cltv_expiry", told["min_final_cltv_expiry"]),
            ("metadata", None if told["metadata"] is None else told["metadata"].hex()),
            *(("fallback", bolt11.Fallback.from_address(a, network)) for a in told["fallbacks"]),
            *(("route_hint", _route_hint(hops)) for hops in told["route_hints"]),
            ("features", _features(told["features"])),
        )
        if value is not None
    ]
    invoice = bolt11.Bolt11(
        currency=str(network),
        date=(told["created_at"] - _EPOCH) // timedelta(seconds=1),
        tags=bolt11.Tags([bolt11.Tag(bolt11.TagChar[name], value) for name, value in tags]),
        amount_msat=told["amount_msat"],
    )
    text: str = bolt11.encode(invoice, written.key.hex())
    return text


def _route_hint(hops: tuple[Hop, ...]) -> Any:
    bolt11 = package()
    return bolt11.RouteHint(
        [
            bolt11.Route(
                hop.node_id.hex(),
                f"{hop.short_channel_id >> 40}x{hop.short_channel_id >> 16 & 0xFFFFFF}"
                f"x{hop.short_channel_id & 0xFFFF}",
                hop.fee_base_msat,
                hop.fee_proportional_millionths,
                hop.cltv_expiry_delta,
            )
            for hop in hops
        ]
    )


def _features(bits: frozenset[int]) -> Any:
    bolt11 = package()
    named = len(bolt11.Feature)
    return (
        bolt11.Features.from_feature_list(
            {
                (bolt11.Feature if bit // 2 < named else bolt11.FeatureExtra)(bit // 2): (
                    bolt11.FeatureState(bit % 2)
                )
                for bit in sorted(bits)
            }
        )
        if bits
        else None
    )
