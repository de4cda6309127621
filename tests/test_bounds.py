"""Bounds of settings say what is wrong with which one."""

from __future__ import annotations

from math import inf, nan

import pytest
from attrs import field, frozen

from hercle_proto import InvalidArgument
from hercle_proto._bounds import at_least, positive, within


@frozen
class Settings:
    patience: float = field(default=1.0, validator=positive)
    count: int = field(default=1, validator=at_least(1))
    share: float = field(default=0.5, validator=within(0, 1))


@pytest.mark.parametrize(
    "good", [{"patience": inf}, {"count": 1}, {"count": 10**9}, {"share": 0}, {"share": 1}]
)
def test_what_is_allowed(good):
    Settings(**good)


@pytest.mark.parametrize(
    ("bad", "text"),
    [
        ({"patience": 0}, "patience: must be greater than 0; got 0"),
        ({"patience": nan}, "patience: must be greater than 0; got nan"),
        ({"count": 0}, "count: must be at least 1; got 0"),
        ({"share": 1.5}, "share: must be from 0 to 1; got 1.5"),
        ({"share": nan}, "share: must be from 0 to 1; got nan"),
    ],
)
def test_what_is_not(bad, text):
    with pytest.raises(InvalidArgument) as caught:
        Settings(**bad)
    assert str(caught.value) == text
