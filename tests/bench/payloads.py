"""What the neutral server sends: events and snapshots as the vendor's pages have them."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from functools import cache

__all__ = ["CLIENT_ID", "TARGET", "event", "frame", "row", "snapshot_frames"]

CLIENT_ID = "b5f6a1c2-6c1d-4b7e-9a53-0d6f3e2a7c11"
TARGET = "executionEvents"

_START = datetime(2024, 3, 28, 16, 3, 12, 456000, tzinfo=UTC)
_BECH32 = str.maketrans("0123456789abcdef", "qpzry9x8gf2tvdw0")


def frame(first: int, payload: bytes) -> bytes:
    """A frame without mask: FIN and opcode, then the payload."""
    size = len(payload)
    if size < 126:
        return bytes((first, size)) + payload
    if size < 1 << 16:
        return bytes((first, 126)) + size.to_bytes(2, "big") + payload
    return bytes((first, 127)) + size.to_bytes(8, "big") + payload


def fragments(payload: bytes, size: int) -> bytes:
    """A text message in continuation frames, as ASP.NET Core sends a large one."""
    starts = range(0, len(payload), size)
    return b"".join(
        frame(
            (0x80 if start + size >= len(payload) else 0) | (0x01 if start == 0 else 0),
            payload[start : start + size],
        )
        for start in starts
    )


def event(index: int) -> bytes:
    """The record of an invoice's creation, about 417 bytes."""
    data = {
        "httpStatusCode": 201,
        "id": _identifier(f"invoice {index}"),
        "expiresAt": _timestamp(index),
        "message": "Lightning invoice created successfully",
        "encodedPaymentRequest": f"lnbc10u1p{_bech32(index, 10)}",
    }
    # Another client's, so it answers no call and is an event.
    client_id = _identifier(f"client {index % 100}")
    return _record("execution.invoice.created", client_id, data)


@cache
def snapshot_frames(invoices: int, fragment: int, emoji: int) -> bytes:
    """The answer to GetLightningInvoices in fragments of `fragment` bytes.

    Every `emoji`-th memo has one; 0: none has.
    """
    rows = [row(index, emoji=bool(emoji) and index % emoji == 0) for index in range(invoices)]
    return fragments(_record("lightspark.invoices.snapshot", CLIENT_ID, rows), fragment)


def _record(subject: str, client_id: str, data: object) -> bytes:
    argument = {
        "channel": TARGET,
        "topic": subject.partition(".")[0],
        "subject": subject,
        "type": "message",
        "clientId": client_id,
        "data": data,
    }
    return _json({"type": 1, "target": TARGET, "arguments": [argument]}) + b"\x1e"


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def row(index: int, *, emoji: bool = False) -> dict[str, object]:
    sats = 100 + index * 7919 % 5_000_000
    dollars = sats * 65_000 / 100_000_000
    return {
        "id": f"inv_{_digest(f'invoice {index}')[:12]}",
        "userId": f"user_{_digest('user')[:24]}",
        "email": "payments@example.com",
        "encodedPaymentRequest": f"lnbc{sats * 10}n1p{_bech32(index, 90)}",
        "expiresAt": _timestamp(index + 3600),
        "status": "OPEN" if index % 3 else "CLOSED",
        "createdAt": _timestamp(index),
        "updatedAt": None if index % 3 else _timestamp(index + 60),
        "memo": f"Payment {'🐢 ' if emoji else ''}for order {index}",
        "paymentHash": _digest(f"hash {index}"),
        "paymentPreimage": _digest(f"preimage {index}"),
        "nodeId": f"02{_digest('node')}",
        "invoiceType": "STANDARD",
        "expirySecs": 3600,
        "metadata": "{}",
        "umaPostTransactionData": "",
        "bitcoinNetwork": "mainnet",
        "amountOriginalValue": sats,
        "amountOriginalUnit": "satoshi",
        "amountPreferredCurrencyUnit": "USD",
        "amountPreferredCurrencyValueRounded": round(dollars),
        "amountPreferredCurrencyValueApprox": round(dollars, 2),
    }


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _identifier(text: str) -> str:
    digits = _digest(text)
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))


def _bech32(index: int, length: int) -> str:
    return hashlib.shake_128(index.to_bytes(4)).hexdigest(length)[:length].translate(_BECH32)


def _timestamp(seconds: int) -> str:
    moment = _START + timedelta(seconds=seconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
