"""The border to msgspec."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hercle_proto import RemoteProtocolError
from hercle_proto._border import decode_json


@pytest.mark.parametrize(
    ("data", "type", "text"),
    [
        (b"", int, "a row: Input data was truncated"),
        (b"[1", list, "a row: Input data was truncated"),
        (b'{"a":"x"}', dict[str, int], r"a row: Expected `int`, got `str` - at `\$\[\.\.\.\]`"),
        (b'"\xff"', str, "a row: not UTF-8: invalid start byte"),
        (b"[" * 200_000, Any, "a row: nested too deeply"),
    ],
)
def test_failures_are_one_error(data: bytes, type: Any, text: str) -> None:
    with pytest.raises(RemoteProtocolError, match=text) as caught:
        decode_json(data, type, what="a row", clause="J-01")
    assert caught.value.clause == "J-01"
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview, msgspec.Raw])
def test_all_buffers_are_read(wrap: Any) -> None:
    assert decode_json(wrap(b"[1]"), list[int], what="a row") == [1]


@given(st.binary())
def test_nothing_else_is_raised(data: bytes) -> None:
    with suppress(RemoteProtocolError):
        decode_json(data, object, what="a row")
