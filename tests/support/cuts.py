"""Ways to cut bytes that a parser must read alike.

`CUTS` are the fixed ways, for `parametrize`; `any_cut` is a strategy for the others. However cut,
the pieces joined are the bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from hypothesis import strategies as st

__all__ = ["CUTS", "any_cut", "byte_by_byte", "cut_at", "whole"]


def whole(data: bytes) -> list[bytes]:
    """In one piece."""
    return [data]


def byte_by_byte(data: bytes) -> list[bytes]:
    """In as many pieces as there are bytes."""
    return [data[i : i + 1] for i in range(len(data))]


def cut_at(data: bytes, places: Sequence[int]) -> list[bytes]:
    """Before each of `places`; pieces may be empty."""
    bounds = [0, *sorted(places), len(data)]
    return [data[start:end] for start, end in pairwise(bounds)]


def in_halves(data: bytes) -> list[bytes]:
    """In the middle."""
    return cut_at(data, [len(data) // 2])


CUTS: dict[str, Callable[[bytes], list[bytes]]] = {
    "whole": whole,
    "byte by byte": byte_by_byte,
    "in halves": in_halves,
}


def any_cut(data: bytes) -> st.SearchStrategy[list[bytes]]:
    """Up to eight cuts anywhere; pieces may be empty."""
    places = st.lists(st.integers(0, len(data)), max_size=8)
    return places.map(lambda chosen: cut_at(data, chosen))
