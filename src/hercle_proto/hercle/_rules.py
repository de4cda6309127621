"""What a command must fulfil before anything is sent.

Every rule raises `InvalidArgument`, which says what is asked, what came and what to do. The vendor
documents the length of a ClientId and the span of ExpiryHours; the memo's length is what a BOLT 11
invoice holds. What is refused here can cost nothing; what a server refuses has been sent already.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal
from typing import Final

from hercle_proto._errors import InvalidArgument

__all__ = [
    "DEFAULT_EXPIRY_HOURS",
    "MAX_BTC",
    "MAX_CLIENT_ID",
    "MAX_EXPIRY_HOURS",
    "MAX_MEMO_BYTES",
    "SATS_PER_BTC",
    "amount_btc",
    "btc_from_sats",
    "check_client_id",
    "check_expiry_hours",
    "check_memo",
    "sats_from_btc",
]

DEFAULT_EXPIRY_HOURS: Final = 24
MAX_CLIENT_ID: Final = 36
MAX_EXPIRY_HOURS: Final = 720
MAX_MEMO_BYTES: Final = 639
MAX_BTC: Final = 21_000_000
SATS_PER_BTC: Final = 100_000_000

_NO_CLIENT_ID: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_NO_MEMO: Final = re.compile(r"[\x00\ud800-\udfff]")
_SATOSHI: Final = Decimal("0.00000001")
_EXACT: Final = Context(prec=40)
"""Ours, so that no caller's context rounds an amount. 16 digits are in use."""


def check_client_id(value: object) -> None:
    """1 to 36 characters, no control character or lone surrogate; None is a fresh one."""
    rule = f"must be 1 to {MAX_CLIENT_ID} characters of text without control characters, or None"
    if value is None:
        return
    if not isinstance(value, str):
        raise InvalidArgument("client_id", rule, _kind(value))
    if not 1 <= len(value) <= MAX_CLIENT_ID:
        raise InvalidArgument("client_id", rule, f"{len(value)} characters")
    if bad := _NO_CLIENT_ID.search(value):
        raise InvalidArgument("client_id", rule, f"U+{ord(bad[0]):04X} at place {bad.start()}")


def _check_amount_btc(value: object) -> None:
    """A `Decimal`: finite, more than 0, whole satoshi by value, at most 21,000,000."""
    if not isinstance(value, Decimal):
        raise InvalidArgument(
            "amount_btc",
            "must be a Decimal, such as Decimal('0.001'), for money is never guessed "
            "(for satoshi: CreateLightningInvoice.for_sats(100_000))",
            _kind(value),
        )
    if not value.is_finite() or value <= 0 or value > MAX_BTC:
        rule = f"must be more than 0 and at most {MAX_BTC:,} BTC"
        raise InvalidArgument("amount_btc", rule, _shown(value))
    if _EXACT.quantize(value, _SATOSHI) != value:
        rule = "must be a whole number of satoshi (at most 8 decimals); round it yourself"
        raise InvalidArgument("amount_btc", rule, _shown(value))


def amount_btc(value: Decimal) -> Decimal:
    """A checked amount, without exponent and without zeros at its end: as it goes over the wire."""
    _check_amount_btc(value)
    return _plain(value)


def check_expiry_hours(value: object) -> None:
    """A whole number from 1 to 720; None is the vendor's default of 24."""
    rule = f"must be a whole number of hours (int) from 1 to {MAX_EXPIRY_HOURS}, or None for 24"
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidArgument("expiry_hours", rule, _kind(value))
    if not 1 <= value <= MAX_EXPIRY_HOURS:
        raise InvalidArgument("expiry_hours", rule, _shown(value))


def check_memo(value: object, *, long: bool) -> None:
    """Text without NUL and lone surrogates, at most 639 bytes of UTF-8 unless `long`; or None."""
    rule = "must be text without NUL characters and lone surrogates, or None"
    if value is None:
        return
    if not isinstance(value, str):
        raise InvalidArgument("memo", rule, _kind(value))
    if bad := _NO_MEMO.search(value):
        raise InvalidArgument("memo", rule, f"U+{ord(bad[0]):04X} at place {bad.start()}")
    size = len(value.encode())
    if size > MAX_MEMO_BYTES and not long:
        raise InvalidArgument(
            "memo",
            f"must be at most {MAX_MEMO_BYTES} bytes of UTF-8, as much as an invoice holds "
            "(long_memo=True lifts this)",
            f"{size:,} bytes",
        )


def btc_from_sats(sats: object) -> Decimal:
    """Satoshi, a whole number from 1 to 21,000,000 BTC's worth, as the plainest Decimal of BTC."""
    most = MAX_BTC * SATS_PER_BTC
    rule = f"must be a whole number (int) from 1 to {most:,}"
    if isinstance(sats, bool) or not isinstance(sats, int):
        raise InvalidArgument("sats", rule, _kind(sats))
    if not 1 <= sats <= most:
        raise InvalidArgument("sats", rule, _shown(sats))
    return _plain(_EXACT.scaleb(Decimal(sats), -8))


def sats_from_btc(amount_btc: Decimal) -> int:
    """A checked amount in satoshi, exactly."""
    return int(_EXACT.scaleb(amount_btc, 8))


def _plain(value: Decimal) -> Decimal:
    return Decimal(f"{_EXACT.normalize(value):f}")


def _kind(value: object) -> str:
    return type(value).__name__


def _shown(value: Decimal | int) -> str:
    """A number, never at the length of a caller's million digits."""
    number = Decimal(value)
    return str(number) if len(number.as_tuple().digits) <= 40 else "one of more than 40 digits"
