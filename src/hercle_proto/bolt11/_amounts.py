"""The human-readable part: which network, and how much, in exact integers."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from attrs import frozen

from hercle_proto._errors import InvalidInvoice
from hercle_proto.bolt11._bech32 import CHARSET

__all__ = ["MAX_MSAT", "SCHEME", "Network", "Prefix", "unverified_amount"]


class Network(StrEnum):
    """The chain a request is to be paid on, by its prefix."""

    BITCOIN = "bc"
    TESTNET = "tb"
    SIGNET = "tbs"
    REGTEST = "bcrt"


_NETWORKS: Final = {network.value: network for network in Network}


_MSAT_PER_BTC: Final = 10**11

MAX_MSAT: Final = 21_000_000 * _MSAT_PER_BTC
"""All the bitcoin there will be: what asks for more is no amount."""

_MULTIPLIERS: Final = {"": 1, "m": 10**3, "u": 10**6, "n": 10**9, "p": 10**12}
"""The letters, as the number of them in one bitcoin; the largest unit first."""

_PARTS: Final = re.compile(r"ln([^0-9]*)([0-9]*)(.*)", re.DOTALL)
_MAX_DIGITS: Final = len(str(21_000_000 * 10**12))

SCHEME: Final = "lightning:"
"""What may stand before a payment request, in any case."""

_CUT: Final = re.compile(
    # The separator is the last `1`; what follows it must not be the rest of an amount.
    rf"(ln[a-z]{{2,4}}(?:[0-9]{{1,{_MAX_DIGITS}}}[munp]?)?)1(?![0-9]*+[munp]?+(?![a-z0-9]))"
    rf"[{CHARSET}]{{7,}}+(?![a-z0-9])"
)


@frozen
class Prefix:
    """What stands before the separator: a network, and an amount unless the payer chooses it."""

    network: Network
    amount_msat: int | None

    @classmethod
    def parse(cls, text: str) -> Prefix:
        """Read such as `lnbc2500u`. Raises `InvalidInvoice`."""
        parts = _PARTS.fullmatch(text)
        if parts is None:
            raise InvalidInvoice(0, "it does not begin with 'ln'")
        network, digits, multiplier = parts.groups()
        if network not in _NETWORKS:
            raise InvalidInvoice(2, "the network is none of bc, tb, tbs and bcrt")
        at = parts.start(2)
        if not digits:
            return cls(_NETWORKS[network], None)
        if multiplier not in _MULTIPLIERS:
            raise InvalidInvoice(parts.start(3), "the amount's multiplier is none of m, u, n and p")
        if digits.startswith("0"):
            raise InvalidInvoice(at, "the amount is zero or has leading zeros")
        if len(digits) > _MAX_DIGITS:
            raise InvalidInvoice(at, "the amount is more than 21,000,000 bitcoin")
        amount_msat, beyond = divmod(int(digits) * _MSAT_PER_BTC, _MULTIPLIERS[multiplier])
        if beyond:
            raise InvalidInvoice(at, "the amount is not a whole number of millisatoshi")
        if amount_msat > MAX_MSAT:
            raise InvalidInvoice(at, "the amount is more than 21,000,000 bitcoin")
        return cls(_NETWORKS[network], amount_msat)

    def __str__(self) -> str:
        return f"ln{self.network}{'' if self.amount_msat is None else _shortest(self.amount_msat)}"


def _shortest(amount_msat: int) -> str:
    """The amount with the largest multiplier that leaves it a whole number, as a writer should."""
    return next(
        f"{amount_msat * per_btc // _MSAT_PER_BTC}{letter}"
        for letter, per_btc in _MULTIPLIERS.items()
        if amount_msat * per_btc % _MSAT_PER_BTC == 0
    )


def unverified_amount(text: str) -> Prefix | None:
    """Network and amount of a payment request that was cut short: `lnbc10u1p3xnhl2pp5jm...`.

    Nothing vouches for them: checksum and signature are gone. None unless the prefix is there
    beyond doubt, which takes the separator and the time stamp's seven characters behind it.
    """
    cut = _CUT.match(text.strip().lower().removeprefix(SCHEME))
    if cut is None:
        return None
    try:
        return Prefix.parse(cut[1])
    except InvalidInvoice:
        return None
