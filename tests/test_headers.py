"""What may stand in a request's head; refusals name the place and never the value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hercle_proto import InvalidArgument
from hercle_proto._headers import check_headers, check_target, is_token, is_visible

SECRET = "s3cret"
OURS = frozenset({"host"})


@pytest.mark.parametrize(
    ("header", "rule"),
    [
        (("", SECRET), "name"),
        ((f"Authorization: {SECRET}", "x"), "name"),
        (("A", f"{SECRET}\r\nB: x"), "value"),
        (("A", f" {SECRET}"), "value"),
        (("A", f"{SECRET}\xe4"), "value"),
        (("HOST", SECRET), "itself"),
    ],
)
def test_a_bad_header_is_told_by_its_place(header: tuple[str, str], rule: str) -> None:
    with pytest.raises(InvalidArgument, match=rule) as caught:
        check_headers([("A", "b"), header], ours=OURS)
    assert caught.value.argument == "headers[1]"
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("value", ["", "a", "a \t b"])
def test_good_headers(value: str) -> None:
    check_headers(iter([("X-A", value), ("x-a", value)]), ours=OURS)


@pytest.mark.parametrize("target", ["", "x", f"/{SECRET} ", f"/{SECRET}\xe4", f"http://{SECRET}/"])
def test_a_bad_target(target: str) -> None:
    with pytest.raises(InvalidArgument, match="target: must begin with '/'") as caught:
        check_target(target)
    assert SECRET not in str(caught.value)


@given(st.text())
def test_what_is_taken_is_ascii_without_spaces(text: str) -> None:
    visible = bool(text) and all("!" <= each <= "~" for each in text)
    assert is_visible(text) is visible
    assert visible or not is_token(text)
