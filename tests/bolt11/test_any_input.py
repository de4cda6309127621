"""Requests are read as they were written; any other text is a value or `InvalidInvoice`.

`test_full_counts.py` tries both much more often.
"""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hercle_proto.bolt11 import InvalidInvoice, PaymentRequest
from hercle_proto.bolt11 import _bech32 as bech32
from mutated_requests import KINDS, value_or_invalid
from payment_requests import VECTORS, build, sealed
from written_requests import Written, round_trip, written

LETTERS = st.sampled_from(bech32.CHARSET)
SOME = build(VECTORS["valid"][0])


@given(written())
def test_round_trip(request: Written) -> None:
    round_trip(request)


@pytest.mark.parametrize("kind", KINDS)
@given(chance=st.randoms(use_true_random=False))
def test_mutated_requests(kind: str, chance: Random) -> None:
    value_or_invalid(KINDS[kind](chance))


@given(st.text() | st.text(LETTERS, max_size=200).map(lambda data: sealed("lnbc", data)))
def test_any_text(text: str) -> None:
    value_or_invalid(text)


LONG = {
    "data": "lnbc1" + "q" * 10**7,
    "no separator": "q" * 10**7,
    "separators": "lnbc" + "1" * 10**7,
    "digits": "lnbc" + "9" * 10**7 + "m1" + "q" * 117,
    "space": " " * 10**7,
    "not ASCII": "\U0001f422" * 10**7,
    "a scheme again and again": "lightning:" * 10**6,
    "many requests": SOME * 10**5,
    "behind the request": SOME + "\0" * 10**7,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_long_texts_are_refused(text: str) -> None:
    assert isinstance(value_or_invalid(text), InvalidInvoice)


def test_any_amount_of_space_around_a_request() -> None:
    space = " \t\r\n" * 10**6
    assert PaymentRequest.parse(space + SOME + space) == PaymentRequest.parse(SOME)
