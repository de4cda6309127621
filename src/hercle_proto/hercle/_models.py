"""What Hercle answers with, typed.

`LightningInvoice` and `CreatedInvoice` are hot: ten thousand come in a snapshot, or one in each of
ten thousand events. They are frozen msgspec Structs (docs/decisions.md has the measurements); all
else is attrs.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Clamped, Context, Decimal, DecimalException, Rounded
from typing import Any, Final

import msgspec
from attrs import field, frozen

from hercle_proto._errors import InvalidArgument, InvalidInvoice, RemoteProtocolError
from hercle_proto._numbers import decimal_from_wire
from hercle_proto._timestamps import to_utc
from hercle_proto.bolt11 import PaymentRequest, unverified_amount
from hercle_proto.hercle._verification import NOT_VERIFIED, Verification

__all__ = [
    "CreatedInvoice",
    "InvoiceSnapshot",
    "LightningInvoice",
    "UnreadableRow",
    "to_vendor",
]

_NOT_SHOWN: Final = frozenset(
    {
        "domain_events",
        "email",
        "metadata",
        "payment_preimage",
        "uma_post_transaction_data",
        "user_id",
    }
)
"""In no repr: the secrets, and free-form fields that may name people (UMA data does)."""

_MASK: Final = "***"
_MASKED: Final = ("email", "paymentPreimage", "userId")


class LightningInvoice(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """An invoice as the vendor lists it, under snake_case names; frozen.

    Only `id` is required. Timestamps are aware UTC, numbers `Decimal` or int, never float.
    `status`, `invoice_type`, `bitcoin_network` and the units are open strings: values nobody
    documented are kept. `status` CLOSED does not tell paid from expired. The preferred-currency
    values are the vendor's estimate, not for accounting. The preimage comes even with open invoices
    and proves payment: keep it secret; it, e-mail and user id are in no repr.

    Source: "Get Lightning Invoices"; `domain_events` comes over REST only and is None otherwise.
    """

    # gc=False: JSON holds no cycles, so the collector need not walk a hundred thousand rows.

    id: str
    user_id: str | None = None
    email: str | None = None
    encoded_payment_request: str | None = None
    expires_at: datetime | None = None
    status: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    memo: str | None = None
    payment_hash: str | None = None
    payment_preimage: str | None = None
    node_id: str | None = None
    invoice_type: str | None = None
    expiry_secs: int | None = None
    metadata: str | None = None
    uma_post_transaction_data: str | None = None
    bitcoin_network: str | None = None
    amount_original_value: Decimal | None = None
    amount_original_unit: str | None = None
    amount_preferred_currency_unit: str | None = None
    amount_preferred_currency_value_rounded: Decimal | None = None
    amount_preferred_currency_value_approx: Decimal | None = None
    domain_events: tuple[object, ...] | None = None

    def __post_init__(self) -> None:
        for moment in (self.expires_at, self.created_at, self.updated_at):
            if moment is not None and moment.tzinfo is not UTC:
                self._move_to_utc()
                break
        for number in (
            self.amount_original_value,
            self.amount_preferred_currency_value_rounded,
            self.amount_preferred_currency_value_approx,
        ):
            if number is not None and not _is_ordinary(number):
                self._check_numbers()
                break

    def _move_to_utc(self) -> None:
        for name in ("expires_at", "created_at", "updated_at"):
            moment: datetime | None = getattr(self, name)
            if moment is not None:
                msgspec.structs.force_setattr(self, name, to_utc(moment))

    def _check_numbers(self) -> None:
        names = zip(self.__struct_fields__, self.__struct_encode_fields__, strict=True)
        for ours, theirs in names:
            number = getattr(self, ours)
            if isinstance(number, Decimal):
                try:
                    decimal_from_wire(number)
                except RemoteProtocolError as error:
                    got = str(error)
                else:
                    continue
                raise InvalidArgument(theirs, "must be a finite number of sane size", got)

    @property
    def amount_msat(self) -> int | None:
        """Millisatoshi by the payment request; by what it begins with, if it was cut short.

        None where there is no readable amount. The listing's own amount has an open unit.
        """
        if (request := self._payment_request) is not None:
            return request.amount_msat
        prefix = unverified_amount(self.encoded_payment_request or "")
        return None if prefix is None else prefix.amount_msat

    def is_expired(self, *, at: datetime) -> bool | None:
        """Whether paying it is over at a time with its zone, by `expires_at`, else by the payment
        request. None where neither tells. Raises `InvalidArgument` for a naive time.
        """
        if at.tzinfo is None:
            raise InvalidArgument("at", "must be a time with its zone", "a naive one")
        expires_at = self.expires_at
        if expires_at is None and (request := self._payment_request) is not None:
            expires_at = request.expires_at
        return None if expires_at is None else expires_at <= at

    @property
    def _payment_request(self) -> PaymentRequest | None:
        try:
            return PaymentRequest.parse(
                self.encoded_payment_request or "", require_secret=False, check_signature=False
            )
        except InvalidInvoice:
            return None

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        shown = (name for name in self.__struct_fields__ if name not in _NOT_SHOWN)
        pairs = ((name, getattr(self, name)) for name in shown)
        return [(name, value) for name, value in pairs if value is not None]

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.__rich_repr__())
        return f"{type(self).__name__}({shown})"


@frozen
class UnreadableRow:
    """A row of a snapshot that is no invoice: its place, where in it the trouble is, and its JSON
    as it came.
    """

    index: int
    path: str
    """Such as `$.expiresAt`, under the vendor's names; `$` is the row itself."""
    problem: str
    raw: bytes = field(repr=False)


@frozen
class InvoiceSnapshot:
    """All invoices in the vendor's order, and the rows that could not be read. Both together are
    what was sent.
    """

    invoices: tuple[LightningInvoice, ...] = field(repr=lambda rows: f"<{len(rows)}>")
    unreadable: tuple[UnreadableRow, ...] = ()


class CreatedInvoice(msgspec.Struct, frozen=True, gc=False):
    """The invoice that was created. Over REST there is neither a message nor a status code.

    `verification` tells how its payment request compares with what was asked for. Two are equal if
    the server told the same of them, be it verified or not. Source: "Create Lightning Invoice".
    """

    id: str
    expires_at: datetime | None = None
    message: str | None = None
    encoded_payment_request: str | None = None
    http_status_code: int | None = None
    verification: Verification = NOT_VERIFIED

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CreatedInvoice) and self._told() == other._told()

    def __hash__(self) -> int:
        return hash(self._told())

    def _told(self) -> tuple[object, ...]:
        return (
            self.id,
            self.expires_at,
            self.message,
            self.encoded_payment_request,
            self.http_status_code,
        )


def to_vendor(
    value: LightningInvoice | CreatedInvoice, *, show_secrets: bool = False
) -> dict[str, object]:
    """The same under the vendor's field names: JSON's types, with numbers as int or `Decimal`.

    Preimage, e-mail and user id are masked unless `show_secrets`. `domainEvents` is left out where
    there is none.
    """
    if isinstance(value, CreatedInvoice):
        return {
            "httpStatusCode": value.http_status_code,
            "id": value.id,
            "expiresAt": msgspec.to_builtins(value.expires_at),
            "message": value.message,
            "encodedPaymentRequest": value.encoded_payment_request,
        }
    plain: dict[str, object] = msgspec.to_builtins(value, builtin_types=(Decimal,))
    if value.domain_events is None:
        del plain["domainEvents"]
    if not show_secrets:
        plain.update({name: _MASK for name in _MASKED if plain[name] is not None})
    return plain


_ORDINARY: Final = Context(prec=20, Emin=-20, Emax=20, traps=[Clamped, Rounded])


def _is_ordinary(number: Decimal) -> bool:
    """Whether a number is well within the bounds of `decimal_from_wire`, in a tenth of its time."""
    try:
        return number.is_finite() and _ORDINARY.plus(number) is not None
    except DecimalException:
        return False
