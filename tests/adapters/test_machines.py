"""The openers take every option of the machines that they build, by the same names."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import get_type_hints

import attrs
import pytest

from hercle_proto.client import ClientSettings, SignalROptions
from hercle_proto.hercle import HercleOptions, RestOptions, hercle_rest, hercle_session
from hercle_proto.reflex import ReflexOptions, reflex_session


@pytest.mark.parametrize(
    ("options", "machine"),
    [
        (HercleOptions, hercle_session),
        (RestOptions, hercle_rest),
        (ReflexOptions, reflex_session),
    ],
)
def test_options_of_vendors(options: type, machine: Callable[..., object]) -> None:
    ours = {"api_key", "entropy", "utc_now"}
    assert set(get_type_hints(options)) == {*signature(machine).parameters} - ours


def test_options_of_any_hub() -> None:
    names = {field.name for field in attrs.fields(ClientSettings)}
    assert set(get_type_hints(SignalROptions)) == names - {"url"}
