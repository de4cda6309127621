"""Hercle's commands: frozen values that go over SignalR and REST alike. An invalid one cannot
exist.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable
from decimal import Decimal
from typing import Any, ClassVar, Final, TypeVar

from attrs import field, frozen

from hercle_proto._contract import Command
from hercle_proto._errors import InvalidArgument
from hercle_proto.hercle import _rules
from hercle_proto.hercle._models import CreatedInvoice, InvoiceSnapshot

__all__ = ["CreateLightningInvoice", "GetLightningInvoices", "HercleCommand"]

_MARK: Final = re.compile(r"[a-z2-7]{8}")
"""What `marked` draws."""

R_co = TypeVar("R_co", covariant=True)


def _rule(check: Callable[[object], None]) -> Callable[[Any, Any, object], None]:
    """A rule as an attrs validator."""
    return lambda _instance, _attribute, value: check(value)


def _check_memo(command: CreateLightningInvoice, _attribute: object, value: str | None) -> None:
    _rules.check_memo(value, long=command.long_memo)


def _check_mark(command: CreateLightningInvoice, _attribute: object, value: str | None) -> None:
    if value is None:
        return
    if not (_MARK.fullmatch(str(value)) and (command.memo or "").endswith(f"#{value}")):
        rule = (
            "must be what a session made the memo end in, after a '#'; "
            "make it None if you change the memo"
        )
        raise InvalidArgument("mark", rule, f"{value!r:.40}")


class HercleCommand(Command[R_co]):
    """What all commands of Hercle share: a hub method, and a ClientId that their answers come back
    with.
    """

    __slots__ = ()

    target: ClassVar[str]
    """The hub method."""

    client_id: str | None

    @property
    @abstractmethod
    def arguments(self) -> tuple[object, ...]:
        """The hub method's positional arguments, null included."""

    @property
    def correlation_id(self) -> str | None:
        return self.client_id


@frozen
class GetLightningInvoices(HercleCommand[InvoiceSnapshot]):
    """All invoices ever created; the API has no filter and no paging.

    `client_id` is 1 to 36 characters, unique among the commands in flight; None is a fresh UUID.
    Source: the vendor's page "Get Lightning Invoices" (WebSocket and REST).
    """

    repeatable: ClassVar[bool] = True
    target: ClassVar[str] = "GetLightningInvoices"

    client_id: str | None = field(default=None, validator=_rule(_rules.check_client_id))

    @property
    def arguments(self) -> tuple[object, ...]:
        return (self.client_id,)


@frozen
class CreateLightningInvoice(HercleCommand[CreatedInvoice]):
    """A new invoice over `amount_btc`.

    The amount is a `Decimal` in BTC: more than 0, whole satoshi, at most 21,000,000 (`for_sats`
    takes an int). `memo` is at most 639 bytes of UTF-8 unless `long_memo`. `expiry_hours` is 1 to
    720; None is the vendor's 24. `client_id` is 1 to 36 characters, unique among the commands in
    flight; None is a fresh UUID. `memo_mark` has the session append ` #` and 8 characters to the
    memo, by which `Reconcile` knows the invoice again; a memo without room for it is refused then.
    Raises `InvalidArgument`. It is not repeatable: sent and unanswered it ends in `OutcomeUnknown`.
    Source: the vendor's page "Create Lightning Invoice" (WebSocket and REST).
    """

    target: ClassVar[str] = "CreateLightningInvoice"

    amount_btc: Decimal = field(converter=_rules.amount_btc)
    memo: str | None = field(default=None, validator=_check_memo)
    expiry_hours: int | None = field(default=None, validator=_rule(_rules.check_expiry_hours))
    client_id: str | None = field(
        default=None, kw_only=True, validator=_rule(_rules.check_client_id)
    )
    long_memo: bool = field(default=False, kw_only=True, repr=False)
    memo_mark: bool = field(default=False, kw_only=True, repr=False)
    mark: str | None = field(default=None, kw_only=True, repr=False, validator=_check_mark)
    """What the session put at the memo's end. Leave it out; for another memo it must be None."""

    @classmethod
    def for_sats(
        cls,
        sats: int,
        memo: str | None = None,
        expiry_hours: int | None = None,
        *,
        client_id: str | None = None,
        long_memo: bool = False,
        memo_mark: bool = False,
    ) -> CreateLightningInvoice:
        """The same for a whole number of satoshi."""
        return cls(
            _rules.btc_from_sats(sats),
            memo,
            expiry_hours,
            client_id=client_id,
            long_memo=long_memo,
            memo_mark=memo_mark,
        )

    @property
    def amount_sats(self) -> int:
        """The amount in satoshi."""
        return _rules.sats_from_btc(self.amount_btc)

    @property
    def arguments(self) -> tuple[object, ...]:
        return (self.client_id, self.amount_btc, self.memo, self.expiry_hours)
