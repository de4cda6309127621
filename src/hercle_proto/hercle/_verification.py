"""What is checked of every invoice that was created, what came of it, and what follows.

Nobody can take a payment request's word for what was asked: a wrong amount, or another node's
request, is money lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final, TypeAlias

import attrs
from attrs import field, frozen

from hercle_proto._errors import InvalidArgument
from hercle_proto.bolt11 import Network

__all__ = [
    "CHECKS",
    "NOT_VERIFIED",
    "Agrees",
    "CheckResult",
    "Disagrees",
    "NotChecked",
    "Reaction",
    "Verification",
    "VerificationPolicy",
]

_NODE_ID_BYTES: Final = 33
_COMPRESSED: Final = (2, 3)


class Reaction(Enum):
    """What follows when a check finds a disagreement."""

    RAISE = "raise"
    """The command ends with `InvoiceMismatch`, which carries the invoice."""
    REPORT = "report"
    """The invoice is the answer, and its `verification` tells."""
    IGNORE = "ignore"
    """It is not even checked."""


@frozen
class Agrees:
    """Asked and got are the same."""


@frozen
class Disagrees:
    """They are not. Both are texts for people."""

    asked: str
    got: str

    def __str__(self) -> str:
        return f"asked for {self.asked}, got {self.got}"


@frozen
class NotChecked:
    """Nothing can be said, because of this."""

    why: str


CheckResult: TypeAlias = Agrees | Disagrees | NotChecked


def _node_id(value: bytes | str | None) -> bytes | None:
    rule = "a node id: 33 bytes that begin with 02 or 03, as they are or in hex"
    if value is None:
        return None
    try:
        octets = bytes.fromhex(value) if isinstance(value, str) else bytes(value)
    except ValueError:
        raise InvalidArgument("expected_payee", rule, "text that is no hex") from None
    if len(octets) != _NODE_ID_BYTES or octets[0] not in _COMPRESSED:
        raise InvalidArgument("expected_payee", rule, f"{len(octets)} other bytes")
    return octets


@frozen(kw_only=True)
class VerificationPolicy:
    """A reaction for each check, under the check's name in `Verification`, and what is expected.

    `expected_payee` pins the node that must have signed, by its id in bytes or hex. A signature
    alone proves no identity, for every node's requests have one. `expected_network` is where the
    invoice is to be paid; with production it is bitcoin's own, whatever is said here.
    """

    amount: Reaction = Reaction.RAISE
    payee: Reaction = Reaction.RAISE
    same_payee: Reaction = Reaction.REPORT
    network: Reaction = Reaction.RAISE
    unexpired: Reaction = Reaction.RAISE
    signature: Reaction = Reaction.RAISE
    memo: Reaction = Reaction.REPORT
    duration: Reaction = Reaction.REPORT
    readable: Reaction = Reaction.REPORT
    expected_payee: bytes | None = field(
        default=None, converter=_node_id, repr=lambda node: node and node.hex()
    )
    expected_network: Network | None = None

    def reaction(self, check: str) -> Reaction:
        """The reaction for a check by its name."""
        found: Reaction = getattr(self, check)
        return found


@frozen(kw_only=True)
class Verification:
    """What came of each check of a created invoice."""

    amount: CheckResult
    """Exactly what was asked for."""
    payee: CheckResult
    """Signed by the node that the policy expects."""
    same_payee: CheckResult
    """Signed by the same node as the session's first invoice."""
    network: CheckResult
    """To be paid on the network that is expected."""
    unexpired: CheckResult
    """Not over already, by the server's clock."""
    signature: CheckResult
    """Signed by some node, and by the one that it names if it does."""
    memo: CheckResult
    """Describes what was asked for: literally, as the same text to a reader, or by its hash."""
    duration: CheckResult
    """Valid for the hours that were asked for, give or take a minute."""
    readable: CheckResult
    """A payment request at all. If it is none, all the others are not checked."""

    @property
    def disagreements(self) -> Mapping[str, Disagrees]:
        """What disagrees, by the name of the check."""
        results = attrs.asdict(self, recurse=False).items()
        return {check: result for check, result in results if isinstance(result, Disagrees)}


CHECKS: Final = tuple(check.name for check in attrs.fields(Verification))
"""Their names."""

NOT_VERIFIED: Final = Verification(
    **dict.fromkeys(CHECKS, NotChecked("it is not known what was asked for"))
)
"""Of an invoice that answers no command of the session."""
