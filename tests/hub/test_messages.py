"""Messages as values."""

from __future__ import annotations

import pytest

from hercle_proto import InvalidArgument
from hercle_proto.hub import (
    NO_RESULT,
    Completion,
    Invocation,
    Message,
    Raw,
    StreamInvocation,
    StreamItem,
)

SECRET = "lnbc1secret"
KEY = {"Authorization": "Bearer k3y"}


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (
            Invocation("T", (Raw(b'"lnbc1secret"'), SECRET), "7", headers=KEY),
            (
                "Invocation(target='T', arguments=(<13 bytes>, <a value>), invocation_id='7', "
                "stream_ids=(), headers=<Authorization>)"
            ),
        ),
        (
            StreamInvocation("T", (SECRET,), "7", ("1",), KEY),
            (
                "StreamInvocation(target='T', arguments=(<a value>), invocation_id='7', "
                "stream_ids=('1',), headers=<Authorization>)"
            ),
        ),
        (
            StreamItem("7", SECRET),
            "StreamItem(invocation_id='7', item=<a value>, headers=<>)",
        ),
        (
            Completion("7", Raw(b'"lnbc1secret"')),
            "Completion(invocation_id='7', result=<13 bytes>, error=None, headers=<>)",
        ),
        (
            Completion("7"),
            "Completion(invocation_id='7', result=NO_RESULT, error=None, headers=<>)",
        ),
    ],
)
def test_a_repr_shows_sizes_and_no_values(message: Message, shown: str) -> None:
    assert repr(message) == shown


def test_a_completion_without_result_is_not_one_with_null() -> None:
    assert Completion("1") == Completion("1", NO_RESULT) != Completion("1", None)


@pytest.mark.parametrize("result", [None, 0, "x"])
def test_a_completion_has_no_result_beside_an_error(result: object) -> None:
    with pytest.raises(InvalidArgument, match="a result or an error"):
        Completion("1", result, "failed")
