"""Compares a created invoice with its command, by the design's table of checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from attrs import frozen
from msgspec.structs import replace

from hercle_proto._errors import InvalidInvoice, InvoiceMismatch, MissingExtra
from hercle_proto.bolt11 import Network, PaymentRequest, node_id, unverified_amount
from hercle_proto.client import Answered, Moment, Rejected, ServerClock
from hercle_proto.hercle._commands import CreateLightningInvoice
from hercle_proto.hercle._matching import means
from hercle_proto.hercle._models import CreatedInvoice
from hercle_proto.hercle._rules import DEFAULT_EXPIRY_HOURS
from hercle_proto.hercle._verification import (
    CHECKS,
    Agrees,
    CheckResult,
    Disagrees,
    NotChecked,
    Reaction,
    Verification,
    VerificationPolicy,
)

__all__ = ["Verifier"]

_MSAT_PER_SAT: Final = 1000
_SECONDS_PER_HOUR: Final = 3600
_ABOUT: Final = 60
"""Seconds by which a duration may differ."""
_ANY_KEY: Final = bytes(31) + b"\x01"
_DEFAULT: Final = VerificationPolicy()


class Verifier:
    """Judges the invoices that one session creates.

    It remembers who signed the first of them. Raises `MissingExtra` for a policy that expects a
    payee where the extra `bolt11` is missing, for nothing could ever prove it.
    """

    def __init__(
        self,
        policy: VerificationPolicy = _DEFAULT,
        *,
        clock: ServerClock | None = None,
        production: bool = False,
    ) -> None:
        self._policy = policy
        self._network = Network.BITCOIN if production else policy.expected_network
        self._first_payee: bytes | None = None
        self.clock = clock or ServerClock()
        if policy.expected_payee is not None:
            node_id(_ANY_KEY)

    def judge(
        self, command: CreateLightningInvoice, created: CreatedInvoice, *, now: float
    ) -> Answered | Rejected:
        """How the command ends that this answers: the invoice, verified, or an `InvoiceMismatch`
        with it.
        """
        text = created.encoded_payment_request or ""
        request: PaymentRequest | None = None
        try:
            request = PaymentRequest.parse(text, require_secret=False, check_signature=False)
            results = self._compare(command, request, now)
        except InvalidInvoice as error:
            results = _unreadable(text, error)
        for check in CHECKS:
            if self._policy.reaction(check) is Reaction.IGNORE:
                results[check] = NotChecked("the policy ignores it")
        verification = Verification(**results)
        created = replace(created, verification=verification)
        found = verification.disagreements
        if any(self._policy.reaction(check) is Reaction.RAISE for check in found):
            return Rejected(InvoiceMismatch(created, request, found, command=command))
        return Answered(created)

    def _compare(
        self, command: CreateLightningInvoice, request: PaymentRequest, now: float
    ) -> dict[str, CheckResult]:
        signer, signature = _signer(request)
        facts = _Facts(
            command=command,
            request=request,
            signer=signer,
            expected_payee=self._policy.expected_payee,
            first_payee=self._first_payee,
            network=self._network,
            moment=self.clock.at(now),
        )
        self._first_payee = self._first_payee or signer
        compared = {check: compare(facts) for check, compare in _COMPARISONS.items()}
        return {**compared, "signature": signature, "readable": Agrees()}


def _unreadable(text: str, error: InvalidInvoice) -> dict[str, CheckResult]:
    results: dict[str, CheckResult] = dict.fromkeys(
        CHECKS, NotChecked("the payment request is unreadable")
    )
    got = f"none: {error.reason} (at character {error.position})" if text else "none"
    if (prefix := unverified_amount(text)) is not None:
        shown = f"{_msat(prefix.amount_msat)} on {prefix.network}"
        results["amount"] = NotChecked(f"the payment request is unreadable; it begins as {shown}")
        got += f"; it begins as {shown}"
    results["readable"] = Disagrees("a payment request", got)
    return results


def _signer(request: PaymentRequest) -> tuple[bytes | None, CheckResult]:
    try:
        return request.payee, Agrees()
    except InvalidInvoice as error:
        return None, Disagrees("a signature by its payee", f"none: {error.reason}")
    except MissingExtra as missing:
        return None, NotChecked(str(missing))


# -- the checks ------------------------------------------------------------------------------------


@frozen(kw_only=True)
class _Facts:
    """All that there is to compare."""

    command: CreateLightningInvoice
    request: PaymentRequest
    signer: bytes | None
    expected_payee: bytes | None
    first_payee: bytes | None
    network: Network | None
    moment: Moment | None


def _amount(facts: _Facts) -> CheckResult:
    asked, got = facts.command.amount_sats * _MSAT_PER_SAT, facts.request.amount_msat
    return Agrees() if got == asked else Disagrees(_msat(asked), _msat(got))


def _msat(amount_msat: int | None) -> str:
    return "no amount" if amount_msat is None else f"{amount_msat:,} msat"


def _payee(facts: _Facts) -> CheckResult:
    expected = facts.expected_payee
    if expected is None:
        return NotChecked("no payee is expected")
    if facts.signer is None:
        return Disagrees(expected.hex(), "nobody")
    return _same_node(expected, facts.signer)


def _same_payee(facts: _Facts) -> CheckResult:
    if facts.signer is None:
        return NotChecked("it is not known who signed it")
    if facts.first_payee is None:
        return NotChecked("it is the session's first")
    return _same_node(facts.first_payee, facts.signer)


def _same_node(asked: bytes, got: bytes) -> CheckResult:
    return Agrees() if got == asked else Disagrees(asked.hex(), got.hex())


def _network(facts: _Facts) -> CheckResult:
    asked, got = facts.network, facts.request.network
    if asked is None:
        return NotChecked("no network is expected")
    return Agrees() if got is asked else Disagrees(asked.value, got.value)


def _unexpired(facts: _Facts) -> CheckResult:
    moment, ends = facts.moment, facts.request.expires_at
    if moment is None:
        return NotChecked("nobody told the time: there was no Date header, and no utc_now")
    if moment.utc - ends > moment.within:
        return Disagrees(f"what ends after {_shown(moment.utc)}", f"what ended {_shown(ends)}")
    return Agrees()


def _shown(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")


def _memo(facts: _Facts) -> CheckResult:
    asked, request = facts.command.memo, facts.request
    if not asked:
        return NotChecked("no memo was asked for")
    if means(request, asked):
        return Agrees()
    got = "another text's hash" if request.description is None else repr(request.description)
    return Disagrees(repr(asked), got)


def _duration(facts: _Facts) -> CheckResult:
    asked = (facts.command.expiry_hours or DEFAULT_EXPIRY_HOURS) * _SECONDS_PER_HOUR
    got = facts.request.expiry_seconds
    return Agrees() if abs(got - asked) <= _ABOUT else Disagrees(f"{asked:,} s", f"{got:,} s")


_COMPARISONS: Final[Mapping[str, Callable[[_Facts], CheckResult]]] = MappingProxyType(
    {
        "amount": _amount,
        "payee": _payee,
        "same_payee": _same_payee,
        "network": _network,
        "unexpired": _unexpired,
        "memo": _memo,
        "duration": _duration,
    }
)
