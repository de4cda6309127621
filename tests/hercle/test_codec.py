"""Answers read in one pass mean what they mean in two."""

from __future__ import annotations

import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

import vendor
from hercle_proto import RemoteProtocolError
from hercle_proto.hercle import CreateLightningInvoice, GetLightningInvoices, HercleDialect
from hercle_proto.hercle._codec import HERCLE_JSON
from hercle_proto.hercle._envelope import Envelope
from hercle_proto.hub import JSON, Invocation, JsonCodec, Message, Raw, Record

DIALECT = HercleDialect(entropy=Random(7).randbytes)
COMMANDS = (GetLightningInvoices("g"), CreateLightningInvoice.for_sats(1000, client_id="c"))


def compact(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def record(argument: object, **more: object) -> bytes:
    """As .NET writes it."""
    return compact({"type": 1, "target": "executionEvents", "arguments": [argument], **more})


def meant(message: Message | None) -> object:
    """What comes of it, in a form that compares."""
    if not isinstance(message, Invocation):
        return message
    (what,) = DIALECT.received(message, vendor.InFlight(*COMMANDS), now=0.0)
    return str(what), repr(what)


def outcome(codec: JsonCodec, record: Record) -> object:
    try:
        return meant(codec.decode(record))
    except RemoteProtocolError as error:
        return str(error)


READ_AT_ONCE = {
    "a snapshot": record(vendor.envelope(vendor.SNAPSHOT, "g", [vendor.ROW] * 3)),
    "a creation": record(vendor.envelope(vendor.CREATED, "c", vendor.CREATION)),
    "another client's": record(vendor.envelope(vendor.CREATED, "x", vendor.CREATION)),
    "data alone": record({"data": vendor.CREATION}),
    "data in text": record(vendor.envelope(vendor.CREATED, "c", json.dumps(vendor.CREATION))),
    "a refusal": record(vendor.envelope("preChecksError", "c", {"message": "no"})),
    "a creation without an id": record(vendor.envelope(vendor.CREATED, "c", {})),
    "keys repeated": b'{"type":1,"target":"executionEvents","arguments":[{}],"arguments":['
    + compact(vendor.envelope(vendor.CREATED, "c", vendor.CREATION))
    + b"]}",
}
READ_AS_ANY = {
    "an odd row": record(vendor.envelope(vendor.SNAPSHOT, "g", [vendor.ROW, {"id": 7}])),
    "an odd field": record(vendor.envelope(vendor.CREATED, "c", {"id": "i", "message": 7})),
    "another kind": record(vendor.envelope("account.balances", "c", {"BTC": 1})),
    "no answer in it": record({"data": {}}),
    "an envelope in text": record(json.dumps(vendor.envelope(vendor.CREATED, "c", {"id": "i"}))),
    "two arguments": compact({"type": 1, "target": "executionEvents", "arguments": [{}, {}]}),
    "no arguments": compact({"type": 1, "target": "executionEvents", "arguments": []}),
    "headers": record({"data": vendor.CREATION}, headers={"a": "b"}),
    "a result wanted": record({"data": vendor.CREATION}, invocationId="7"),
    "another case": compact(
        {"type": 1, "target": "ExecutionEvents", "arguments": [{"data": vendor.CREATION}]}
    ),
    "another order": compact(
        {"target": "executionEvents", "arguments": [{"data": vendor.CREATION}], "type": 1}
    ),
    "white space": json.dumps(
        {"type": 1, "target": "executionEvents", "arguments": [{"data": vendor.CREATION}]}
    ).encode(),
}


@pytest.mark.parametrize("text", READ_AT_ONCE.values(), ids=READ_AT_ONCE)
def test_an_answer_is_read_at_once(text: bytes) -> None:
    message = HERCLE_JSON.decode(text)
    assert isinstance(message, Invocation)
    assert isinstance(message.arguments[0], Envelope)
    assert repr(message).count("<a value>") == 1
    assert meant(message) == meant(JSON.decode(text))


@pytest.mark.parametrize("text", READ_AS_ANY.values(), ids=READ_AS_ANY)
def test_every_other_message_is_read_as_any_hubs(text: bytes) -> None:
    message = HERCLE_JSON.decode(memoryview(text))
    assert message == JSON.decode(text)
    assert isinstance(message, Invocation)
    assert all(isinstance(argument, Raw) for argument in message.arguments)


@pytest.mark.parametrize("text", READ_AT_ONCE.values(), ids=READ_AT_ONCE)
@given(data=st.data())
def test_broken_answers_are_told_alike(text: bytes, data: st.DataObject) -> None:
    broken = bytearray(text)
    at = data.draw(st.integers(0, len(text) - 1))
    broken[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=2))
    assert outcome(HERCLE_JSON, broken) == outcome(JSON, broken)
