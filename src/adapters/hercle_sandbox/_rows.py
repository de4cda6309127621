"""Values as the vendor writes them: the 22 fields of an invoice, timestamps, JSON."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final, TypeAlias

import msgspec

from hercle_sandbox._store import Invoice

__all__ = ["Json", "dumps", "row", "timestamp"]

Json: TypeAlias = bool | int | Decimal | str | list["Json"] | dict[str, "Json"] | None

ACCOUNT_ID: Final = "user_sandbox"
ACCOUNT_EMAIL: Final = "sandbox@example.com"
USD_PER_BTC: Final = 65_000

dumps = msgspec.json.Encoder(decimal_format="number").encode
"""JSON as bytes; a `Decimal` is a plain number (none here is small enough for an exponent)."""


def timestamp(moment: datetime) -> str:
    """Such as 2024-03-28T17:03:12.456Z."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def row(invoice: Invoice, node_id: str, now: datetime) -> dict[str, Json]:
    """An invoice as `GetLightningInvoices` lists it at `now`: all keys, null included."""
    ended_at = invoice.ended_at(now)
    usd = Decimal(invoice.amount_msat * USD_PER_BTC).scaleb(-11)
    return {
        "id": invoice.id,
        "userId": ACCOUNT_ID,
        "email": ACCOUNT_EMAIL,
        "encodedPaymentRequest": invoice.payment_request,
        "expiresAt": timestamp(invoice.expires_at),
        "status": "CLOSED" if ended_at else "OPEN",
        "createdAt": timestamp(invoice.created_at),
        "updatedAt": timestamp(ended_at) if ended_at else None,
        "memo": invoice.memo,
        "paymentHash": invoice.payment_hash.hex(),
        "paymentPreimage": invoice.preimage.hex(),
        "nodeId": node_id,
        "invoiceType": "STANDARD",
        "expirySecs": invoice.expiry_seconds,
        "metadata": "{}",
        "umaPostTransactionData": "",
        "bitcoinNetwork": "regtest",
        "amountOriginalValue": invoice.amount_msat // 1000,
        "amountOriginalUnit": "satoshi",
        "amountPreferredCurrencyUnit": "USD",
        "amountPreferredCurrencyValueRounded": int(usd.to_integral_value(ROUND_HALF_EVEN)),
        "amountPreferredCurrencyValueApprox": usd.quantize(Decimal("0.01")),
    }
