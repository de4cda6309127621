"""The JSON hub protocol: records as data, both ways."""

from __future__ import annotations

import enum
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hercle_proto import InvalidArgument, RemoteProtocolError
from hercle_proto.hub import (
    JSON,
    Ack,
    CancelInvocation,
    Close,
    Completion,
    Invocation,
    Message,
    Ping,
    Raw,
    Sequence,
    StreamInvocation,
    StreamItem,
)

VECTORS = json.loads(
    (Path(__file__).parents[1] / "data" / "signalr-vectors.json").read_text("utf-8")
)
RS = b"\x1e"

NAMES = {
    1: "Invocation",
    2: "StreamItem",
    3: "Completion",
    4: "StreamInvocation",
    5: "CancelInvocation",
    6: "Ping",
    7: "Close",
    8: "Ack",
    9: "Sequence",
}


def raw(value: object) -> Raw:
    return Raw(json.dumps(value).encode())


def values(message: Message) -> dict[str, object]:
    """The fields of a received message, decoded, without those that hold their default."""
    fields = {}
    for field in msgspec.structs.fields(message):
        value = getattr(message, field.name)
        if isinstance(value, Raw):
            fields[field.name] = JSON.decode_value(value, object)
        elif field.name == "arguments":
            fields[field.name] = [JSON.decode_value(item, object) for item in value]
        elif value != field.default:
            fields[field.name] = list(value) if isinstance(value, tuple) else value
    return fields


def snake(name: str) -> str:
    return "".join("_" + char.lower() if char.isupper() else char for char in name)


# -- the vectors -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", [vector["json"] for vector in VECTORS["json_valid"]] + VECTORS["json_out_of_order"]
)
def test_valid_vectors_are_read_with_equal_values(text: str) -> None:
    expected = json.loads(text)
    message = JSON.decode(text.encode())
    assert message is not None
    assert type(message).__name__ == NAMES[expected.pop("type")]
    assert values(message) == {snake(key): value for key, value in expected.items()}


@pytest.mark.parametrize("vector", VECTORS["json_valid"], ids=lambda vector: vector["name"])
def test_valid_vectors_are_written_as_dotnet_writes_them(vector: dict[str, str]) -> None:
    message = JSON.decode(vector["json"].encode())
    assert message is not None
    assert JSON.encode(message) == vector["json"].encode() + RS


@pytest.mark.parametrize("text", VECTORS["json_invalid"])
def test_invalid_vectors_are_refused(text: str) -> None:
    with pytest.raises(RemoteProtocolError):
        JSON.decode(text.encode())


def test_unknown_types_are_ignored_and_unknown_keys_skipped() -> None:
    unknown_type, unknown_key = VECTORS["json_accept_and_ignore"]
    assert JSON.decode(unknown_type.encode()) is None
    assert JSON.decode(unknown_key.encode()) == Invocation("foo", (), "42")


# -- reading ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (b' \t\r\n{"type" : 6}\n', Ping()),
        (b'{"t\\u0079pe":6}', Ping()),
        (b'{"type":1,"type":6}', Ping()),
        (b'{"type":6,"headers":{"a":"b"}}', Ping()),
        (b'{"type":7}', Close()),
        (b'{"type":7,"allowReconnect":false}', Close()),
        (b'{"allowReconnect":true,"error":"","type":7}', Close(allow_reconnect=True, error="")),
        (b'{"type":8,"sequenceId":36}', Ack(36)),
        (b'{"type":9,"sequenceId":-1}', Sequence(-1)),
        (b'{"type":5,"invocationId":"1","headers":{"a":"b"}}', CancelInvocation("1", {"a": "b"})),
        (b'{"type":3,"invocationId":"1"}', Completion("1")),
        (b'{"type":3,"invocationId":"1","error":""}', Completion("1", error="")),
        (b'{"type":3,"invocationId":"1","result":null}', Completion("1", Raw(b"null"))),
        (b'{"type":2,"invocationId":"1","item":{}}', StreamItem("1", Raw(b"{}"))),
        (b'{"type":1,"target":"","arguments":[]}', Invocation("")),
        (b'{"type":1,"target":"t","arguments":[],"invocationId":""}', Invocation("t")),
        (b'{"type":1,"target":"t","arguments":[],"streamIds":[]}', Invocation("t")),
        (
            b'{"type":1,"target":"t","arguments":[],"target":"u","arguments":[ 1 ]}',
            Invocation("u", (Raw(b"1"),)),
        ),
        (
            b'{"type":4,"target":"t","arguments":[],"invocationId":"1","streamIds":["2"]}',
            StreamInvocation("t", (), "1", ("2",)),
        ),
        (b'{"type":10}', None),
        (b'{"type":-1}', None),
        (b'{"type":0,"item":1}', None),
    ],
)
def test_reading(record: bytes, message: Message | None) -> None:
    for whole in (record, bytearray(record), memoryview(record)):
        assert JSON.decode(whole) == message


@pytest.mark.parametrize(
    ("record", "clause", "text"),
    [
        # J-04: what `type` is
        (b"{}", "J-01", "missing required field `type`"),
        (b'{"type":null}', "J-01", r"\$\.type"),
        (b'{"type":true}', "J-01", r"\$\.type"),
        (b'{"type":"6"}', "J-01", r"\$\.type"),
        (b'{"type":6.0}', "J-01", r"\$\.type"),
        (b'{"type":6e0}', "J-01", r"\$\.type"),
        (b'{"Type":6}', "J-01", "missing required field `type`"),
        # null is no value of a known key
        (b'{"type":6,"headers":null}', "J-01", r"\$\.headers"),
        (b'{"type":6,"headers":{"a":1}}', "J-01", r"\$\.headers"),
        (b'{"type":6,"headers":[]}', "J-01", r"\$\.headers"),
        (b'{"type":1,"target":"t","arguments":null}', "J-01", r"\$\.arguments"),
        (b'{"type":1,"target":null,"arguments":[]}', "J-01", r"\$\.target"),
        (
            b'{"type":1,"target":"t","arguments":[],"invocationId":null}',
            "J-01",
            r"\$\.invocationId",
        ),
        (b'{"type":1,"target":"t","arguments":[],"invocationId":1}', "J-01", r"\$\.invocationId"),
        (b'{"type":1,"target":"t","arguments":[],"streamIds":null}', "J-01", r"\$\.streamIds"),
        (b'{"type":1,"target":"t","arguments":[],"streamIds":[null]}', "J-01", r"\$\.streamIds"),
        (b'{"type":7,"error":null}', "J-01", r"\$\.error"),
        (b'{"type":7,"allowReconnect":null}', "J-01", r"\$\.allowReconnect"),
        (b'{"type":7,"allowReconnect":"true"}', "J-01", r"\$\.allowReconnect"),
        (b'{"type":8,"sequenceId":"1"}', "J-01", r"\$\.sequenceId"),
        (b'{"type":8,"sequenceId":1.5}', "J-01", r"\$\.sequenceId"),
        # what must be there
        (b'{"type":1,"arguments":[]}', "J-05", "'target'"),
        (b'{"type":1,"target":"t"}', "J-05", "'arguments'"),
        (b'{"type":2,"item":1}', "J-07", "'invocationId'"),
        (b'{"type":2,"invocationId":"","item":1}', "J-07", "'invocationId'"),
        (b'{"type":2,"invocationId":"1"}', "J-07", "'item'"),
        (b'{"type":3}', "J-08", "'invocationId'"),
        (b'{"type":4,"target":"t","arguments":[]}', "J-06", "'invocationId'"),
        (b'{"type":4,"invocationId":"1","target":"t"}', "J-05", "'arguments'"),
        (b'{"type":5}', "J-10", "'invocationId'"),
        (b'{"type":8}', "J-11", "'sequenceId'"),
        (b'{"type":9}', "J-11", "'sequenceId'"),
        # a result and an error exclude each other as keys
        (b'{"type":3,"invocationId":"1","result":null,"error":"e"}', "J-09", "result and an error"),
        (b'{"type":3,"invocationId":"1","result":1,"error":null}', "J-01", r"\$\.error"),
        # what is no JSON object
        (b'\xef\xbb\xbf{"type":6}', "J-01", "malformed"),
        (b'{"type":6,}', "J-01", "trailing comma"),
        (b'{"type":6/**/}', "J-01", "malformed"),
        (b"{'type':6}", "J-01", "malformed"),
        (b'{"type":6}{"type":6}', "J-01", "trailing characters"),
        (b'{"type":6', "J-01", "truncated"),
        (b'{"type":06}', "J-01", "malformed"),
        (b"\x00", "J-01", "malformed"),
        (b'{"type":1,"target":"t","arguments":[NaN]}', "J-01", "malformed"),
        (b'{"type":1,"target":"t","arguments":["\n"]}', "J-01", "malformed"),
        # what is no Unicode
        (b'{"type":1,"target":"\xff","arguments":[]}', "J-01", "not UTF-8"),
        (b'{"type":1,"target":"\xed\xa0\x80","arguments":[]}', "J-01", "not UTF-8"),
        (b'{"type":1,"target":"\\ud800","arguments":[]}', "J-01", "hub message"),
    ],
)
def test_refusals(record: bytes, clause: str, text: str) -> None:
    with pytest.raises(RemoteProtocolError, match=text) as caught:
        JSON.decode(record)
    assert caught.value.clause == clause
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize("where", ["arguments", "unknown"])
def test_nesting_ends_in_an_error_and_not_in_a_crash(where: str) -> None:
    depth = 200_000
    nested = b"[" * depth + b"]" * depth
    record = b'{"type":1,"target":"t","arguments":[],"%b":[%b]}' % (where.encode(), nested)
    with pytest.raises(RemoteProtocolError, match="nested too deeply"):
        JSON.decode(record)


def test_moderate_nesting_is_fine() -> None:
    record = b'{"type":1,"target":"t","arguments":[%b]}' % (b"[" * 60 + b"]" * 60)
    assert isinstance(JSON.decode(record), Invocation)


def test_what_is_not_utf_8_in_an_argument_is_a_failed_binding() -> None:
    message = JSON.decode(b'{"type":1,"target":"t","arguments":["\xff"],"x":"\xff"}')
    assert isinstance(message, Invocation)
    (argument,) = message.arguments
    assert isinstance(argument, Raw)
    with pytest.raises(RemoteProtocolError, match="hub value: not UTF-8") as caught:
        JSON.decode_value(argument, str)
    assert caught.value.clause == "P-11"


@pytest.mark.parametrize(
    ("text", "type", "value"),
    [
        (b"0.00000001", Decimal, Decimal("0.00000001")),
        (b"21000000.00000000", Decimal, Decimal("21000000.00000000")),
        (b"[1,null]", list[int | None], [1, None]),
        (b"null", int | None, None),
        (b'{"a":1.5}', object, {"a": 1.5}),
    ],
)
def test_values_are_decoded_into_their_type(text: bytes, type: Any, value: object) -> None:
    decoded = JSON.decode_value(Raw(text), type)
    assert decoded == value
    assert repr(decoded) == repr(value)


@pytest.mark.parametrize(
    ("text", "type", "where"),
    [
        (b'{"a":[1,"x"]}', dict[str, list[int]], r"\$\[\.\.\.\]\[1\]"),
        (b"1e999", float, "out of range"),
        (b"1.0", int, "int"),
        (b"[" * 200_000, object, "nested too deeply"),
    ],
)
def test_values_that_do_not_fit_are_refused(text: bytes, type: Any, where: str) -> None:
    with pytest.raises(RemoteProtocolError, match=where):
        JSON.decode_value(Raw(text), type)


# -- writing ---------------------------------------------------------------------------------------


class Colour(enum.Enum):
    RED = "red"


@attrs.frozen
class Row:
    amount: Decimal
    memo: str | None = None


@pytest.mark.parametrize(
    ("message", "record"),
    [
        (
            Invocation("t", (1, "a"), "7", ("8",), {"k": "v"}),
            (
                b'{"type":1,"headers":{"k":"v"},"invocationId":"7","target":"t",'
                b'"arguments":[1,"a"],"streamIds":["8"]}'
            ),
        ),
        (Invocation("t"), b'{"type":1,"target":"t","arguments":[]}'),
        (
            StreamInvocation("t", (), "7"),
            b'{"type":4,"invocationId":"7","target":"t","arguments":[]}',
        ),
        (
            StreamItem("7", None, {"k": "v"}),
            b'{"type":2,"headers":{"k":"v"},"invocationId":"7","item":null}',
        ),
        (Completion("7"), b'{"type":3,"invocationId":"7"}'),
        (Completion("7", None), b'{"type":3,"invocationId":"7","result":null}'),
        (Completion("7", error=""), b'{"type":3,"invocationId":"7","error":""}'),
        (CancelInvocation("7"), b'{"type":5,"invocationId":"7"}'),
        (Ping(), b'{"type":6}'),
        (Close(), b'{"type":7}'),
        (
            Close(allow_reconnect=True, error="e"),
            b'{"type":7,"error":"e","allowReconnect":true}',
        ),
        (Ack(36), b'{"type":8,"sequenceId":36}'),
        (Sequence(19), b'{"type":9,"sequenceId":19}'),
    ],
)
def test_writing(message: Message, record: bytes) -> None:
    assert JSON.encode(message) == record + RS


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1e-8"), b"0.00000001"),
        (Decimal("1E+20"), b"100000000000000000000"),
        (Decimal("0.10"), b"0.10"),
        (-0.5, b"-0.5"),
        (True, b"true"),
        (None, b"null"),
        (2**70, b"1180591620717411303424"),
        ("\x1e\x00\u2028é", '"\\u001e\\u0000\u2028é"'.encode()),
        (b"\x00\x01", b'"AAE="'),
        ([Decimal("1e-8"), {"a": (Decimal("1e-8"),)}], b'[0.00000001,{"a":[0.00000001]}]'),
        ({1: 2}, b'{"1":2}'),
        (Row(Decimal("1e-8")), b'{"amount":0.00000001,"memo":null}'),
        (Colour.RED, b'"red"'),
        (UUID(int=1), b'"00000000-0000-0000-0000-000000000001"'),
        (datetime(2026, 1, 2, tzinfo=UTC), b'"2026-01-02T00:00:00Z"'),
        (Raw(b'{"a": 1}'), b'{"a": 1}'),
        ([Raw(b"1")], b"[1]"),
    ],
)
def test_values(value: object, text: bytes) -> None:
    assert JSON.encode_value(value) == Raw(text)
    assert (
        JSON.encode(StreamItem("1", value)) == b'{"type":2,"invocationId":"1","item":%b}\x1e' % text
    )


def cyclic() -> list[object]:
    items: list[object] = []
    items.append(items)
    return items


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (float("nan"), "not finite"),
        (float("-inf"), "not finite"),
        ([float("inf")], "not finite"),
        (Decimal("NaN"), "not finite"),
        (Decimal("1e41"), "exponent 41"),
        (Decimal("1" * 41), "41 digits"),
        (Row(Decimal("Infinity")), "not finite"),
        ("\ud800", "lone surrogate"),
        (object(), "type object"),
        ({(1, 2): 3}, "dict"),
        (cyclic(), "nested too deeply"),
    ],
)
def test_what_json_cannot_hold_is_refused(value: object, fault: str) -> None:
    with pytest.raises(InvalidArgument, match=fault) as caught:
        JSON.encode(Invocation("t", (value,)))
    assert caught.value.argument == "arguments"
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        (Invocation("\ud800"), "lone surrogate"),
        (Completion("1", error="\udfff"), "lone surrogate"),
        (Invocation("t", (Raw(b'"\x1e"'),)), "0x1E"),
    ],
)
def test_a_record_cannot_be_broken(message: Message, fault: str) -> None:
    with pytest.raises(InvalidArgument, match=fault) as caught:
        JSON.encode(message)
    assert caught.value.__context__ is None


# -- both ways -------------------------------------------------------------------------------------

text = st.text(st.characters(exclude_categories=["Cs"]))
ids = text.filter(bool)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
raws = json_values.map(raw)
headers = st.dictionaries(text, text, max_size=2)
arguments = st.lists(raws, max_size=3).map(tuple)
stream_ids = st.lists(text, max_size=2).map(tuple)
messages = st.one_of(
    st.builds(Invocation, text, arguments, st.none() | ids, stream_ids, headers),
    st.builds(StreamInvocation, text, arguments, ids, stream_ids, headers),
    st.builds(StreamItem, ids, raws, headers),
    st.builds(Completion, ids, raws, st.none(), headers),
    st.builds(
        lambda key, error, headers: Completion(key, error=error, headers=headers),
        ids,
        text,
        headers,
    ),
    st.builds(CancelInvocation, ids, headers),
    st.just(Ping()),
    st.builds(Close, st.booleans(), st.none() | text),
    st.builds(Ack, st.integers(0, 2**63 - 1)),
    st.builds(Sequence, st.integers(0, 2**63 - 1)),
)


@given(messages)
def test_what_is_written_is_read(message: Message) -> None:
    record = JSON.encode(message)
    assert record.find(RS) == len(record) - 1
    assert JSON.decode(memoryview(record)[:-1]) == message


@given(messages)
def test_written_records_are_json_for_others(message: Message) -> None:
    assert isinstance(json.loads(JSON.encode(message)[:-1]), dict)


@given(json_values)
def test_values_survive(value: object) -> None:
    assert JSON.decode_value(JSON.encode_value(value), object) == value


@given(st.decimals(-21_000_000, 21_000_000, places=8))
def test_amounts_survive_exactly(amount: Decimal) -> None:
    raw = JSON.encode_value(amount)
    assert not set(b'eE"') & set(bytes(memoryview(raw)))
    assert JSON.decode_value(raw, Decimal).as_tuple() == amount.as_tuple()
