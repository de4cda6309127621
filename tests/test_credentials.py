"""Keys: stripped, checked, never echoed."""

from __future__ import annotations

import pytest

from hercle_proto import InvalidArgument
from hercle_proto._credentials import bearer, clean_key, current_key
from hercle_proto._errors import KeyUnavailable


@pytest.mark.parametrize("key", ["k3y", " k3y", "k3y\r\n", "\tk3y\u00a0"])
def test_white_space_round_a_key_is_stripped(key: str) -> None:
    assert clean_key(key) == "k3y"
    assert bearer(key) == "Bearer k3y"
    assert current_key(key) == "k3y"


@pytest.mark.parametrize("key", ["k3y x", "k3y\r\nX: y", "k3yé", "k3y\x00", "k3y\x7f", "k3y\ud800"])
def test_any_other_key_is_refused_and_not_echoed(key: str) -> None:
    with pytest.raises(InvalidArgument, match="visible ASCII") as caught:
        bearer(key)
    assert "k3y" not in repr(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("key", ["", " \n"])
def test_an_empty_key_is_called_so(key: str) -> None:
    with pytest.raises(InvalidArgument, match=r"token: .*an empty key"):
        clean_key(key, argument="token")


def test_a_function_is_asked_for_the_key() -> None:
    keys = iter(["one", "two\n", ""])
    assert [current_key(lambda: next(keys)) for _ in range(3)] == ["one", "two", None]
    assert current_key(None) is None


@pytest.mark.parametrize("given", [b"bytes", 7, ["list"]])
def test_a_function_that_gives_no_text(given: object) -> None:
    with pytest.raises(KeyUnavailable, match=f"gave a {type(given).__name__}"):
        current_key(lambda: given)  # type: ignore[arg-type, return-value]  # that is the point


def test_what_the_function_raises_stays_out() -> None:
    def broken() -> str:
        raise OSError("k3y is here")

    def refused() -> str:
        return clean_key("k3 y")

    with pytest.raises(KeyUnavailable, match="raised OSError") as caught:
        current_key(broken)
    assert caught.value.__context__ is None
    assert "k3y" not in repr(caught.value)
    with pytest.raises(InvalidArgument):
        current_key(refused)
