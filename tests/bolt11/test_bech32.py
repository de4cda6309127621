from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hercle_proto.bolt11 import _bech32 as bech32

data_text = st.text(bech32.CHARSET, max_size=80)


@pytest.mark.parametrize(
    ("hrp", "data", "constant"),
    [("a", "2uel5l", bech32.BECH32), ("a", "lqfn3a", bech32.BECH32M)],
)
def test_known_checksums(hrp: str, data: str, constant: int) -> None:
    assert bech32.residue(hrp, data) == constant
    assert bech32.checksum(hrp, data[:-6], constant) == data[-6:]


@given(data_text, st.sampled_from([bech32.BECH32, bech32.BECH32M]), st.data())
def test_one_changed_character_never_fits(data: str, constant: int, draw: st.DataObject) -> None:
    whole = data + bech32.checksum("lnbc", data, constant)
    assert bech32.residue("lnbc", whole) == constant
    at = draw.draw(st.integers(0, len(whole) - 1))
    other = draw.draw(st.sampled_from(bech32.CHARSET.replace(whole[at], "")))
    assert bech32.residue("lnbc", whole[:at] + other + whole[at + 1 :]) != constant


@given(st.integers(0, 2**200))
def test_numbers(value: int) -> None:
    shortest = bech32.words(value)
    assert not shortest.startswith("q")
    assert bech32.number(shortest) == value
    assert bech32.words(value, 50) == shortest.rjust(50, "q")


@given(st.binary(max_size=80))
def test_bytes(octets: bytes) -> None:
    assert bech32.to_bytes(bech32.from_bytes(octets)) == octets


@given(data_text)
def test_words_are_bytes_or_refused(data: str) -> None:
    try:
        octets = bech32.to_bytes(data)
    except ValueError:
        return
    assert bech32.from_bytes(octets) == data


@pytest.mark.parametrize("data", ["q", "qqq", "qp", "q" * 51])
def test_padding(data: str) -> None:
    with pytest.raises(ValueError, match="not the zeros"):
        bech32.to_bytes(data)
