"""`hercle decode`: what a payment request holds."""

from __future__ import annotations

import attrs
import msgspec

from hercle_cli._show import moment, sats, show_fields
from hercle_proto.bolt11 import Hop, PaymentRequest

__all__ = ["fields_of", "show_request"]


def fields_of(request: PaymentRequest) -> dict[str, object]:
    """Its fields for JSON, under our names for them; octets in hex."""
    return {
        "network": request.network.value,
        "amount_msat": request.amount_msat,
        "description": request.description,
        "description_hash": _hex(request.description_hash),
        "created_at": msgspec.to_builtins(request.created_at),
        "expires_at": msgspec.to_builtins(request.expires_at),
        "expiry_seconds": request.expiry_seconds,
        "payee": request.payee.hex(),
        "payment_hash": request.payment_hash.hex(),
        "payment_secret": _hex(request.payment_secret),
        "metadata": _hex(request.metadata),
        "min_final_cltv_expiry": request.min_final_cltv_expiry,
        "fallbacks": request.fallbacks,
        "route_hints": [[_hop(hop) for hop in hops] for hops in request.route_hints],
        "features": sorted(request.features),
    }


def _hex(octets: bytes | None) -> str | None:
    return None if octets is None else octets.hex()


def _hop(hop: Hop) -> dict[str, object]:
    return {**attrs.asdict(hop), "node_id": hop.node_id.hex()}


def show_request(request: PaymentRequest) -> None:
    """The same for people."""
    amount = "the payer chooses"
    if request.amount_msat is not None:
        amount = sats(request.amount_msat)
    show_fields(
        ("Network", request.network.value),
        ("Amount", amount),
        ("Description", request.description),
        ("Description hash", _hex(request.description_hash)),
        ("Created", moment(request.created_at)),
        ("Expires", moment(request.expires_at)),
        ("Payee", request.payee.hex()),
        ("Payment hash", request.payment_hash.hex()),
        ("Payment secret", _hex(request.payment_secret)),
        ("Metadata", _hex(request.metadata)),
        ("Final CLTV", f"{request.min_final_cltv_expiry:,} blocks"),
        *(("Fallback", address) for address in request.fallbacks),
        *(("Route hint", _path(hops)) for hops in request.route_hints),
        ("Features", ", ".join(str(bit) for bit in sorted(request.features))),
    )


def _path(hops: tuple[Hop, ...]) -> str:
    return " > ".join(f"{hop.node_id.hex()} by channel {hop.short_channel_id}" for hop in hops)
