"""The openers take every option of the machines that they build, by the same names."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import get_type_hints

import attrs
import pytest

from hercle_adapters import _machines
from hercle_proto.client import ClientSettings
from hercle_proto.hercle import hercle_rest, hercle_session


@pytest.mark.parametrize(
    ("options", "machine"),
    [(_machines._Hercle, hercle_session), (_machines._Rest, hercle_rest)],
)
def test_options_of_hercle(options: type, machine: Callable[..., object]) -> None:
    ours = {"api_key", "entropy", "utc_now"}
    assert set(get_type_hints(options)) == {*signature(machine).parameters} - ours


def test_options_of_any_hub() -> None:
    names = {field.name for field in attrs.fields(ClientSettings)}
    assert set(get_type_hints(_machines._SignalR)) == names - {"url"}
